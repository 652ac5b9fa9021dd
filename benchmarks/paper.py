"""Letters and reports on paper."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psutil

from benchmarks.installation import Installation
from benchmarks.runs import ITEMS_OF_A_CUSTOMER, overdue_client, run_action
from reskontro.receivable.letters.model import ClaimLine, Creditor, Fee, Interest, Letter, Payment, Receiver
from reskontro.receivable.letters.rendering import LetterSet, render_letter
from reskontro.receivable.reports.model import ClientHead, Column, Line, ReportTable, Section
from reskontro.receivable.reports.pdf import write_pdf

MIB = 1 << 20
_POLL_SECONDS = 0.2
_SET_LETTERS = 20


def letters(measured: Installation, scale: float) -> dict[str, Any]:
    """Letters of one page: by one core with nothing else to do, and by the workers from the end of a dunning run to the last letter rendered."""
    count = max(100, round(1_000 * scale)) // _SET_LETTERS * _SET_LETTERS
    render_letter(_letter(0))
    wall, core = time.perf_counter(), time.process_time()
    size = 0
    for first in range(0, count, _SET_LETTERS):
        together = LetterSet([_letter(number) for number in range(first, first + _SET_LETTERS)])
        size += sum(len(together.render(place)) for place in range(_SET_LETTERS))
    wall, core = time.perf_counter() - wall, time.process_time() - core
    queued = max(200, round(2_000 * scale))
    client_no = overdue_client(measured, queued * ITEMS_OF_A_CUSTOMER)
    started = time.perf_counter()
    run = run_action(measured, client_no, {"actionType": "DUNNING-RUN"})
    while _waiting(measured, client_no):
        time.sleep(_POLL_SECONDS)
    rendered = time.perf_counter() - started
    return {
        "pages": count,
        "pages/s": count / wall,
        "pages/s of one core": count / core,
        "bytes a letter": size / count,
        "letters of a dunning run": queued,
        "seconds of the run": run,
        "letters/s, from the POST of the run to the last PDF": queued / rendered,
    }


def _waiting(measured: Installation, client_no: int) -> int:
    with measured.house.database.transaction(client_no) as transaction:
        row = transaction.execute("select count(*) from file where client_no = %s and size is null", (client_no,)).fetchone()
    return int(row[0]) if row else 0


def _letter(number: int) -> Letter:
    day = date(2026, 11, 26)
    claim = ClaimLine(
        document_no=f"26{number:06d}",
        document_date=day - timedelta(days=60),
        due_date=day - timedelta(days=40),
        original=Decimal("1250.00"),
        open_amount=Decimal("1250.00"),
        text="Strøm og nettleie",
    )
    return Letter(
        kind="REMINDER",
        language="nb",
        letter_date=day,
        deadline=day + timedelta(days=14),
        creditor=Creditor(name="Fjordlys Kraft AS", organization_no="310044113", vat_registered=True, address_lines=("Havnegata 7", "6003 Ålesund")),
        receiver=Receiver(name=f"Kunde {number}", address_lines=(f"Prøveveien {number}", "0150 Oslo"), consumer=True),
        customer_no=str(100_000 + number),
        document_no=f"R26-{number:06d}",
        currency="NOK",
        next_step="COLLECTION-NOTICE",
        claims=(claim, replace(claim, document_no=f"27{number:06d}")),
        fees=(Fee(rule="REMINDER-FEE", amount=Decimal(38), base_amount=Decimal(750), fraction="1/20"),),
        interest=Interest(rate=Decimal("12.5")),
        payment=Payment(kid=f"{number:013d}", bank_account_no="86011117947"),
    )


def report_pdf(_measured: Installation, scale: float) -> dict[str, Any]:
    """A ledger specification as PDF, with what it adds to the memory of the process."""
    count = max(5_000, round(100_000 * scale))
    process = psutil.Process()
    for _ in write_pdf(_report(100)):
        pass
    before = process.memory_info().rss
    peak, size = before, 0
    wall, core = time.perf_counter(), time.process_time()
    for piece in write_pdf(_report(count)):
        size += len(piece)
        peak = max(peak, process.memory_info().rss)
    wall, core = time.perf_counter() - wall, time.process_time() - core
    return {
        "lines": count,
        "lines/s": count / wall,
        "lines/s of one core": count / core,
        "MiB of the file": size / MIB,
        "MiB of memory above a report of a page": (peak - before) / MIB,
    }


def _report(count: int) -> ReportTable:
    columns = (
        Column("glDate", "Bokføringsdato", "date"),
        Column("documentNo", "Dokumentnr."),
        Column("text", "Tekst", "text", 2.2),
        Column("debit", "Debet", "amount"),
        Column("credit", "Kredit", "amount"),
        Column("balance", "Saldo", "amount"),
    )

    def lines() -> Iterator[Line]:
        for number in range(count):
            amount = Decimal(number % 5_000) + Decimal("0.25")
            yield Line("POSTING", (date(2026, 10, 1 + number % 28), f"26{number:06d}", f"Faktura {number}", amount, None, amount * 3))

    return ReportTable(
        "LEDGER-SPECIFICATION",
        "Kundespesifikasjon",
        "nb",
        ClientHead(3107, "Fjordlys Kraft AS", "310044113"),
        "NOK",
        datetime(2026, 11, 26, 9, tzinfo=UTC),
        "Europe/Oslo",
        (),
        columns,
        [Section("100001 Kari Prøve", lines())],
    )


PAPER: dict[str, Callable[[Installation, float], dict[str, Any]]] = {"letters": letters, "report-pdf": report_pdf}
