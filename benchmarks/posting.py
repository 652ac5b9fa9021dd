"""The measures of posting besides documents: payments that find their claim by KID, and journal entries on one hot account."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from benchmarks.data import CUSTOMERS, body
from benchmarks.installation import Installation
from benchmarks.limits import measure_limit
from benchmarks.sending import path_of, wait_for_batches, was_accepted, with_customers
from benchmarks.wire import request, run_load

PAYMENT_TABLES = ("document", "ar_item", "gl_item_2026", "match", "match_line", "payment", "log_item_2026", "batch_item")
JOURNAL_TABLES = ("gl_item_2026", "log_item_2026")
_KID_FIRST = 7_000_000_000
POSTINGS_A_CALL = 1_000


def _kid(number: int) -> str:
    """A KID with a check digit by MOD10."""
    digits = str(_KID_FIRST + number)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return f"{digits}{-total % 10}"


def _document(kind: str, number: int, day: str, vat: int) -> bytes:
    """An invoice of 500 kroner, or the payment of it."""
    amounts = {"exclVat": 500 - vat, "vat": vat, "inclVat": 500}
    values: dict[str, Any] = {
        "documentType": kind,
        "documentNo": f"{kind}{number:09d}",
        "customerNo": str(100_000 + number % CUSTOMERS + 1),
        "documentDate": day,
        "kid": _kid(number),
        "currencyAmounts": amounts,
    }
    if kind == "PY":
        values["payment"] = {"paymentMethod": "BANK", "bankReference": f"B{number:09d}", "payerName": "Kari Prøve"}
    return json.dumps(values, ensure_ascii=False).encode()


def payments(measured: Installation, scale: float) -> dict[str, float]:
    """Payments in batches of 10,000, each booked and matched with its claim by KID, beside the limit."""
    size, batches = 10_000, max(1, round(3 * scale))
    client_no = with_customers(measured)
    path = path_of(client_no, "/documents/batches")

    def send(kind: str, day: str, vat: int, first: int, count: int) -> float:
        items = [_document(kind, number, day, vat) for number in range(first, first + count)]
        started = time.perf_counter()
        run_load(measured.port, [request("POST", path, measured.token, body("documents", items))], 1, expect=was_accepted)
        wait_for_batches(measured, [client_no])
        return time.perf_counter() - started

    for number in range(batches):
        send("IN", "2026-10-05", 100, number * size, size)
    # The limit is that of the payments, so what the claims wrote is not counted in it.
    claims = _rows(measured, client_no)
    seconds = sum(send("PY", "2026-10-20", 0, number * size, size) for number in range(batches))
    with measured.house.database.transaction(client_no) as transaction:
        row = transaction.execute("select count(*) from ar_item where client_no = %s and open_amount <> 0", (client_no,)).fetchone()
    if row is None or row[0]:
        raise RuntimeError("there are claims and payments that did not find each other")
    rate = batches * size / seconds
    share = 1 - claims / _rows(measured, client_no)
    limit = measure_limit(measured.house, client_no, PAYMENT_TABLES, batches * size) / share
    return {"payments/s": rate, "limit, payments/s by COPY": limit, "share of the limit": rate / limit}


def _rows(measured: Installation, client_no: int) -> int:
    counts = " + ".join(f"(select count(*) from {table} where client_no = {client_no})" for table in PAYMENT_TABLES)
    with measured.house.database.transaction(client_no) as transaction:
        row = transaction.execute(f"select {counts}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def journal(measured: Installation, scale: float) -> dict[str, float]:
    """Journal postings of two entries, all of them on one account, 1,000 in a call and one call after the other, beside the limit."""
    client_no = measured.add_client()
    calls = max(3, round(20 * scale))
    entries = [{"glAccount": "1920", "debit": 125, "text": "Dagsoppgjør"}, {"glAccount": "3900", "credit": 125}]
    content = json.dumps({"autoPostings": [{"entries": entries}] * POSTINGS_A_CALL}, ensure_ascii=False).encode()
    sent = [request("POST", path_of(client_no, "/autopostings/journal"), measured.token, content)] * calls
    run_load(measured.port, sent[:2], 1, expect=lambda status: status == 200)
    load = run_load(measured.port, sent, 1, expect=lambda status: status == 200)
    rate = calls * POSTINGS_A_CALL / load.seconds
    limit = measure_limit(measured.house, client_no, JOURNAL_TABLES, (calls + 2) * POSTINGS_A_CALL)
    return {
        "journal postings/s": rate,
        "p99 ms of a call": load.percentile(0.99),
        "limit, journal postings/s by COPY": limit,
        "share of the limit": rate / limit,
    }


POSTING: dict[str, Callable[[Installation, float], dict[str, Any]]] = {"payments": payments, "journal": journal}
