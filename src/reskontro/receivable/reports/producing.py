"""Making a report: which module builds which type, and how a built one becomes the bytes of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from reskontro.kit.messages import Message
from reskontro.receivable.letters.rendering import render_untagged
from reskontro.receivable.reports import (
    account_specification,
    ageing,
    control,
    csv,
    customer_statement,
    json,
    ledger_specification,
    open_items,
    pdf,
    trial_balance,
    xlsx,
)
from reskontro.receivable.reports.building import Asked, ReportRefused
from reskontro.receivable.reports.model import ReportTable
from reskontro.receivable.reports.saft import CONTENT_TYPE as SAFT_CONTENT
from reskontro.receivable.reports.saft import Unfit, saft

REPORT_FILE: Final = "REPORT"
"""The type of the files of all reports but SAF-T."""
SAFT_FILE: Final = "SAF-T"


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is being made: its pieces are made while they are taken, and ``warnings`` are whole when all are taken."""

    file_type: str
    file_name: str
    content_type: str
    pieces: Iterable[bytes]
    warnings: Sequence[Message] = ()


Build = Callable[[Asked], ReportTable]
Write = Callable[[ReportTable], Iterator[bytes]]
Produce = Callable[[Asked], Made]
"""Makes a file that is no table; raises ReportRefused, also while its pieces are taken."""

BUILDERS: Final[Mapping[str, Build]] = {
    "AGEING": ageing.build,
    "OPEN-ITEMS": open_items.build,
    "CUSTOMER-STATEMENT": customer_statement.build,
    "LEDGER-SPECIFICATION": ledger_specification.build,
    "ACCOUNT-SPECIFICATION": account_specification.build,
    "TRIAL-BALANCE": trial_balance.build,
    "CONTROL": control.build,
}
"""The builder of each type of report that is a table."""
WRITERS: Final[Mapping[str, tuple[Write, str]]] = {
    "CSV": (csv.write_csv, csv.CONTENT_TYPE),
    "JSON": (json.write_json_report, json.CONTENT_TYPE),
    "PDF": (pdf.write_pdf, pdf.CONTENT_TYPE),
    "XLSX": (xlsx.write_xlsx, xlsx.CONTENT_TYPE),
}
"""How a table becomes a file of each format, and what kind of content that is."""


def _saft(asked: Asked) -> Made:
    try:
        file = saft(asked.transaction, asked.books, asked.values, asked.now, asked.user_id)
    except Unfit as unfit:
        raise ReportRefused([unfit.message]) from None
    return Made(SAFT_FILE, file.file_name, SAFT_CONTENT, file.pieces, file.warnings)


def _statement(asked: Asked) -> Made:
    """A statement on paper begins with the letter that it is sent with, when something is owed."""
    letter = customer_statement.letter_of(asked)
    before = None if letter is None else partial(render_untagged, letter)
    pieces = pdf.write_pdf(customer_statement.build(asked), before)
    return Made(REPORT_FILE, file_name(asked.report_type, asked.values, "PDF"), pdf.CONTENT_TYPE, pieces)


PRODUCERS: Final[Mapping[tuple[str, str], Produce]] = {("SAF-T", "XML"): _saft, ("CUSTOMER-STATEMENT", "PDF"): _statement}
"""Types that are made in a format in a way of their own."""


def make(asked: Asked) -> Made:
    """The file that was asked for, of ``format``; raises ReportRefused, here or while its pieces are taken."""
    report_format = asked.values["format"]
    producer = PRODUCERS.get((asked.report_type, report_format))
    if producer is not None:
        return producer(asked)
    write, content_type = WRITERS[report_format]
    table = BUILDERS[asked.report_type](asked)
    return Made(REPORT_FILE, file_name(asked.report_type, asked.values, report_format), content_type, write(table))


def file_name(report_type: str, values: Mapping[str, Any], report_format: str) -> str:
    """The type, what it is about, and the days or periods: customer-statement-100001-2026-10-01-2026-10-31.pdf."""
    parts = [report_type.lower()]
    if values.get("customerNo"):
        parts.append(values["customerNo"])
    parts += [values[key].isoformat() for key in ("asOfDate", "fromDate", "toDate") if values.get(key)]
    if values.get("glYear"):
        parts.append(str(values["glYear"]))
        parts += [f"{number:02d}" for number in dict.fromkeys((values["fromPeriod"], values["toPeriod"]))]
    return f"{'-'.join(parts)}.{report_format.lower()}"
