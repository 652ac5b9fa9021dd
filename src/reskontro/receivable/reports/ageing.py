"""AGEING: open amounts by the days since their due date, in total, by customer, or item by item.

The figures are those of the insights: the same statements, for the items open at the end of the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

from reskontro.kit.money import ZERO
from reskontro.ledger.ageing import Ageing, Intervals, Portion
from reskontro.receivable.insights.store import OpenItemRow, portions_and_customers, stream_open_items, stream_portions
from reskontro.receivable.reports.building import Asked
from reskontro.receivable.reports.ledger_specification import posting_text
from reskontro.receivable.reports.model import Chart, Column, Line, ReportTable, Section, Series, Value
from reskontro.receivable.reports.open_items import by_customer, day_parameters, question_of

TOTAL_COLUMNS: Final = ("interval", "itemCount", "customerCount", "debitAmount", "creditAmount", "amount", "percent")
_CUSTOMER: Final = ("customerNo", "customerName", "accountNo")
_ITEM: Final = ("documentNo", "itemType", "text", "documentDate", "dueDate", "daysOverdue", "currency")
LEVELS: Final = ("TOTAL", "CUSTOMER", "ITEM")


def build(asked: Asked) -> ReportTable:
    """The report at the level that was asked for, with a bar for each interval."""
    intervals = Intervals(asked.values["intervals"])
    ageing = _whole(asked, intervals)
    parameters = day_parameters(asked)
    parameters.append(asked.parameter("intervals", ", ".join(str(bound) for bound in intervals.bounds)))
    level = asked.values["level"]
    currency = asked.values.get("currency") or asked.currency
    charts = [_chart(asked, ageing)]
    if level == "TOTAL":
        lines = list(_interval_lines(asked, ageing, currency))
        return asked.table(parameters, asked.columns(TOTAL_COLUMNS), [Section("", lines)], charts, currency)
    names = _CUSTOMER if level == "CUSTOMER" else (*_CUSTOMER, *_ITEM)
    columns = [*asked.columns(names), *_interval_columns(asked, intervals), asked.column("totalAmount")]
    sections = _by_customer(asked, ageing, currency) if level == "CUSTOMER" else _by_item(asked, ageing, currency, columns)
    return asked.table(parameters, columns, sections, charts, currency)


def _whole(asked: Asked, intervals: Intervals) -> Ageing:
    """All customers together."""
    question = question_of(asked)
    ageing = Ageing(intervals, question.as_of)
    portions, customers = portions_and_customers(asked.transaction, question, intervals)
    for portion in portions:
        ageing.add(portion)
    for places, count in customers:
        ageing.count_customers(places, count)
    return ageing


def interval_key(intervals: Intervals, place: int) -> str:
    """The key of the column of an interval: notDue, days1To30, days91AndMore."""
    first, last = intervals.span(place)
    if first is None:
        return "notDue"
    return f"days{first}AndMore" if last is None else f"days{first}To{last}"


def _name(asked: Asked, intervals: Intervals, place: int) -> str:
    """What people call an interval, in the language of the report."""
    return asked.text("not-due") if place == 0 else intervals.label(place)


def _interval_columns(asked: Asked, intervals: Intervals) -> list[Column]:
    return [Column(interval_key(intervals, place), _name(asked, intervals, place), "amount") for place in range(len(intervals))]


def _chart(asked: Asked, ageing: Ageing) -> Chart:
    names = [_name(asked, ageing.intervals, place) for place in range(len(ageing.intervals))]
    return Chart("bars", asked.text("open-by-age"), names, [Series(asked.text("amount"), [interval.amount for interval in ageing.found])])


def _interval_lines(asked: Asked, ageing: Ageing, currency: str) -> Iterator[Line]:
    total = ageing.total
    for place, interval in enumerate(ageing.found):
        amounts = (asked.amount(amount, currency) for amount in (interval.debit, interval.credit, interval.amount))
        name = _name(asked, ageing.intervals, place)
        yield Line("INTERVAL", (name, interval.item_count, interval.customer_count, *amounts, interval.percent(total)))
    sums = [sum(values, ZERO) for values in zip(*((one.debit, one.credit, one.amount) for one in ageing.found), strict=True)]
    count = sum(interval.item_count for interval in ageing.found)
    share = Decimal("100.00") if total else ZERO
    yield Line("TOTAL", (asked.text("total"), count, None, *(asked.amount(amount, currency) for amount in sums), share))


def _amounts(asked: Asked, ageing: Ageing, currency: str) -> list[Decimal]:
    """The amount of each interval, and all of them together."""
    return [asked.amount(amount, currency) for amount in (*(interval.amount for interval in ageing.found), ageing.total)]


def _by_customer(asked: Asked, whole: Ageing, currency: str) -> Iterator[Section]:
    yield Section("", _customer_lines(asked, whole, currency))


def _customer_lines(asked: Asked, whole: Ageing, currency: str) -> Iterator[Line]:
    rows = stream_portions(asked.transaction, question_of(asked))
    for account_no, own in groupby(rows, key=lambda row: row.account_no):
        ageing = Ageing(whole.intervals, whole.as_of)
        for row in own:
            ageing.add(row.portion)
        # What was open and is settled can leave a customer of whom nothing was open on that day.
        if any(interval.item_count for interval in ageing.found):
            yield Line("CUSTOMER", (row.customer_no, row.customer_name, account_no, *_amounts(asked, ageing, currency)))
    yield Line("TOTAL", (None, asked.text("total"), None, *_amounts(asked, whole, currency)))


def _by_item(asked: Asked, whole: Ageing, currency: str, columns: Sequence[Column]) -> Iterator[Section]:
    shown = [column.key for column in columns if column.key not in (*_CUSTOMER, "itemType", "currency")]
    rows = stream_open_items(asked.transaction, question_of(asked))
    for first, own in by_customer(rows):
        yield Section(f"{first.customer_no} {first.customer_name}", _item_lines(asked, whole, currency, first, own), shown)
    text = (None, None, None, None, None, asked.text("total"), None, None, None, None)
    yield Section(asked.text("total"), [Line("TOTAL", (*text, *_amounts(asked, whole, currency)))], shown)


def _item_lines(asked: Asked, whole: Ageing, currency: str, first: OpenItemRow, others: Iterator[OpenItemRow]) -> Iterator[Line]:
    """The items of one customer, each with its amount in the column of its interval."""
    own = Ageing(whole.intervals, whole.as_of)
    in_currency = asked.values.get("currency") is not None
    row: OpenItemRow | None = first
    while row is not None:
        amount = row.open_amount if in_currency else row.base_open_amount
        days = (whole.as_of - row.due_date).days
        place = whole.intervals.place_of(days)
        own.add(Portion(row.due_date, max(amount, ZERO), min(amount, ZERO), 1))
        cells: list[Value] = [None] * len(whole.intervals)
        cells[place] = asked.amount(amount, currency)
        text = posting_text(asked, row.ar_item_type, reversal=row.reversal)
        item = (row.document_no, row.ar_item_type, text, row.item_date, row.due_date, max(days, 0), row.currency)
        yield Line("OPEN-ITEM", (row.customer_no, row.customer_name, row.account_no, *item, *cells, asked.amount(amount, currency)))
        row = next(others, None)
    names = (first.customer_no, first.customer_name, first.account_no, None, None, asked.text("subtotal"), None, None, None, None)
    yield Line("SUBTOTAL", (*names, *_amounts(asked, own, currency)))
