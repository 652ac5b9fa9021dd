"""OPEN-ITEMS: the items that were open at the end of a day, by customer, with what was open of each then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final

from reskontro.kit.money import ZERO
from reskontro.receivable.insights.store import OpenItemRow, Question, stream_open_items
from reskontro.receivable.reports.building import Asked, accounts_asked
from reskontro.receivable.reports.ledger_specification import posting_text
from reskontro.receivable.reports.model import Line, Parameter, ReportTable, Section, Value

COLUMNS: Final = (
    *("customerNo", "customerName", "accountNo", "documentNo", "itemType", "text", "reference", "kid", "documentDate", "dueDate", "daysOverdue"),
    *("currency", "originalAmount", "openAmount", "baseOpenAmount"),
)
_SHOWN: Final = ("documentNo", "text", "documentDate", "dueDate", "daysOverdue", "currency", "originalAmount", "openAmount", "baseOpenAmount")
_TOTALS_SHOWN: Final = ("text", "currency", "openAmount", "baseOpenAmount")


def question_of(asked: Asked) -> Question:
    """Whose items are asked for, and when."""
    return Question(asked.client_no, asked.values["asOfDate"], asked.values.get("currency"), accounts_asked(asked))


def day_parameters(asked: Asked) -> list[Parameter]:
    """The day, and what the report is limited to."""
    found = [asked.parameter("asOfDate", asked.values["asOfDate"])]
    if asked.values.get("currency"):
        found.append(Parameter("currency", asked.text("currencyOnly"), asked.values["currency"]))
    if asked.values.get("customerNos"):
        found.append(asked.parameter("customerNos", ", ".join(asked.values["customerNos"])))
    return found


def build(asked: Asked) -> ReportTable:
    """The report, a section for each customer with an open item."""
    columns = asked.columns(COLUMNS[:-1])
    columns.append(asked.column("baseOpenAmount", currency=asked.currency))
    return asked.table(day_parameters(asked), columns, _sections(asked))


def _sections(asked: Asked) -> Iterator[Section]:
    totals: dict[str, tuple[Decimal, Decimal]] = {}
    rows = stream_open_items(asked.transaction, question_of(asked))
    for first, own in by_customer(rows):
        yield Section(f"{first.customer_no} {first.customer_name}", _customer_lines(asked, first, own, totals), _SHOWN)
    yield Section(asked.text("total"), list(total_lines(asked, totals)), _TOTALS_SHOWN)


def by_customer(rows: Iterator[OpenItemRow]) -> Iterator[tuple[OpenItemRow, Iterator[OpenItemRow]]]:
    """The first item of each customer, and the others of it."""
    for _, group in groupby(rows, key=lambda row: row.account_no):
        own: Iterator[OpenItemRow] = group
        yield next(own), own


def _customer_lines(asked: Asked, first: OpenItemRow, others: Iterator[OpenItemRow], totals: dict[str, tuple[Decimal, Decimal]]) -> Iterator[Line]:
    own: dict[str, tuple[Decimal, Decimal]] = {}
    row: OpenItemRow | None = first
    while row is not None:
        yield Line("OPEN-ITEM", open_item_values(asked, row, asked.values["asOfDate"]))
        for sums in (own, totals):
            add(sums, row)
        row = next(others, None)
    for currency, (amount, base_amount) in sorted(own.items()):
        yield Line("SUBTOTAL", _sum_values(asked, (first.customer_no, first.customer_name, first.account_no), currency, amount, base_amount))


def add(sums: dict[str, tuple[Decimal, Decimal]], row: OpenItemRow) -> None:
    """Count an item into the sums of its currency: what is open in it, and in base currency."""
    amount, base_amount = sums.get(row.currency, (ZERO, ZERO))
    sums[row.currency] = (amount + row.open_amount, base_amount + row.base_open_amount)


def open_item_values(asked: Asked, row: OpenItemRow, day: date) -> tuple[Value, ...]:
    """An open item in the order of ``COLUMNS``."""
    return (
        row.customer_no,
        row.customer_name,
        row.account_no,
        row.document_no,
        row.ar_item_type,
        posting_text(asked, row.ar_item_type, reversal=row.reversal),
        row.reference_no,
        row.kid,
        row.item_date,
        row.due_date,
        max((day - row.due_date).days, 0),
        row.currency,
        asked.amount(row.original_amount, row.currency),
        asked.amount(row.open_amount, row.currency),
        asked.amount(row.base_open_amount),
    )


def _sum_values(asked: Asked, front: Sequence[Value], currency: str, amount: Decimal, base_amount: Decimal) -> tuple[Value, ...]:
    text = asked.text("total-in", currency=currency)
    return (*front, None, None, text, *(None,) * 5, currency, None, asked.amount(amount, currency), asked.amount(base_amount))


def total_lines(asked: Asked, totals: dict[str, tuple[Decimal, Decimal]]) -> Iterator[Line]:
    """All customers together: by currency, and in base currency when there are several."""
    for currency, (amount, base_amount) in sorted(totals.items()):
        yield Line("SUBTOTAL", _sum_values(asked, (None, None, None), currency, amount, base_amount))
    whole = sum((base_amount for _, base_amount in totals.values()), ZERO)
    yield Line("TOTAL", (None, None, None, None, None, asked.text("total"), *(None,) * 8, asked.amount(whole)))
