"""The wire form of insights."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reskontro.batches.schemas import SUMMARY
from reskontro.kit.fields import Schema, day, decimal, integer, money, nested, nested_array, text
from reskontro.ledger.ageing import DAYS_MAX, Ageing
from reskontro.receivable.customers.schemas import NUMBER_MAX

_COUNT_MAX = 2**63 - 1

ADB_INTERVAL = Schema(
    "AdbInterval",
    [
        integer("intervalNo", 1, NUMBER_MAX, "From 1, which is not due", use="out"),
        integer("fromDays", 0, DAYS_MAX, "Days after the due date; null = without limit", use="out"),
        integer("toDays", 0, DAYS_MAX, "Days after the due date; null = without limit", use="out"),
        text("label", 20, '"not due", "1-30", "91+"', use="out"),
        money("amount", "Open amounts, credits negative", use="out"),
        money("debitAmount", "Open amounts of debits", use="out"),
        money("creditAmount", "Open amounts of credits, negative", use="out"),
        integer("itemCount", 0, _COUNT_MAX, "Number of open items", use="out"),
        integer("customerCount", 0, NUMBER_MAX, "Number of customers that have them", use="out"),
        decimal("percent", 2, "Of totalAmount; 0 when that is 0", use="out"),
        text("customerNo", 20, "Customer; with level=customer", use="out"),
        integer("accountNo", 1, NUMBER_MAX, "AR account; with level=customer", use="out"),
    ],
    "What was open in an interval of days after the due date",
)

ADB_ANSWER = Schema(
    "AdbAnswer",
    [
        nested("summary", SUMMARY, "The page", use="out", always=True),
        day("asOfDate", "At the end of this day", use="out", always=True),
        text("currency", 3, "Currency of the amounts", use="out", always=True),
        money("totalAmount", "All open amounts", use="out", always=True),
        nested_array("adbIntervals", ADB_INTERVAL, "The intervals, by customer with level=customer", use="out", always=True),
    ],
    "The age distributed balance",
)


def interval_view(ageing: Ageing, place: int, total: Decimal) -> dict[str, Any]:
    """An interval as answers show it; ``total`` is what its share is taken of."""
    interval = ageing.found[place]
    from_days, to_days = ageing.intervals.span(place)
    return {
        "intervalNo": place + 1,
        "fromDays": from_days,
        "toDays": to_days,
        "label": ageing.intervals.label(place),
        "amount": interval.amount,
        "debitAmount": interval.debit,
        "creditAmount": interval.credit,
        "itemCount": interval.item_count,
        "customerCount": interval.customer_count,
        "percent": interval.percent(total),
    }
