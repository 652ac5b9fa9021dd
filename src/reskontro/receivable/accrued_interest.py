"""Late-payment interest that has accrued on a claim and was not charged yet: one implementation for auto postings and runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from reskontro.kit.money import ZERO
from reskontro.ledger.books import Books
from reskontro.ledger.item_desk import ItemDesk
from reskontro.ledger.posting import OpenItem
from reskontro.norway.announced import known_rates, rates_in_use
from reskontro.norway.identities import currency_decimals
from reskontro.norway.interest import ORE, DayCount, Reduction, Segment, due_day, interest_of, segments
from reskontro.norway.rates import DatedTable, constant_rate
from reskontro.receivable.claim_charges import CONSUMER

CALCULATED_UNTIL: Final = "interestCalculatedUntil"
"""The detail of an item that names its last interest day charged."""


class Accrued(NamedTuple):
    """Interest of one claim, rounded once, with the days it is for."""

    amount: Decimal
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the client charges on a day: the rates, the statutory ones that a consumer owes at most, how a year is counted, and the rounding."""

    rates: DatedTable
    statutory: DatedTable
    agreed: bool
    day_count: DayCount
    unit_of: Callable[[str], Decimal]

    @classmethod
    def of(cls, books: Books, base_currency: str, on: date) -> Terms:
        """The terms in force on a day."""
        statutory = rates_in_use().late_interest
        agreed = books.config("interest.rate", on) == "AGREED"
        own: Decimal = books.config("rounding.noteUnit", on)

        def unit(currency: str) -> Decimal:
            if currency == base_currency:
                return own
            return Decimal(1) if currency_decimals(currency) == 0 else ORE

        rates = constant_rate(books.config("interest.agreedRate", on)) if agreed else statutory
        return cls(rates, statutory, agreed, books.config("interest.dayCount", on), unit)

    def carried_forward(self, until: date) -> bool:
        """Whether the statutory rate of the last day is not known, and an earlier one stands for it."""
        return not known_rates().late_interest.is_known(until)


def reductions_of(desk: ItemDesk, item: OpenItem) -> list[Reduction]:
    """What payments and credits took off a claim, each on its own date; of several credits in one match the oldest come first."""
    found: list[Reduction] = []
    for match in desk.matches_of([item]):
        if match.status != "ACTIVE":
            continue
        left = sum([line.amount for line in match.lines if line.item is item], ZERO)
        credits = sorted((line for line in match.lines if line.amount < 0), key=lambda line: line.item.item_date or line.item.gl_date)
        for line in credits:
            part = min(left, -line.amount)
            if part > 0:
                found.append(Reduction(line.item.item_date or line.item.gl_date, part))
                left -= part
    return found


def interest_due_day(item: OpenItem) -> date:
    """The day after which interest runs: the due date, of costs not before the 30th day after they were charged (forsinkelsesrenteloven § 2)."""
    if item.claim_kind != "COST":
        return item.due_date
    return max(item.due_date, due_day(due_date=None, demand_date=item.item_date or item.gl_date))


def first_interest_day(item: OpenItem) -> date:
    """The first day that interest has not been charged for."""
    charged = item.details.get(CALCULATED_UNTIL)
    start = interest_due_day(item) + timedelta(days=1)
    return start if charged is None else max(start, date.fromisoformat(charged) + timedelta(days=1))


def accrued(desk: ItemDesk, item: OpenItem, until: date, rates: DatedTable, terms: Terms) -> Accrued:
    """The interest of a claim at given rates, up to and including ``until``; raises ValueMissing for a day without a rate."""
    days = segments(item.original_amount, interest_due_day(item), reductions_of(desk, item), until, rates=rates, first_day=first_interest_day(item))
    return Accrued(interest_of(days, terms.day_count, terms.unit_of(item.currency)), days)


def owed(desk: ItemDesk, item: OpenItem, until: date, terms: Terms, customer_category: str) -> tuple[Accrued, Accrued | None]:
    """(the interest by the client's rates, the most that may be charged: None for a business, which may agree on more)."""
    own = accrued(desk, item, until, terms.rates, terms)
    if customer_category != CONSUMER:
        return own, None
    return own, accrued(desk, item, until, terms.statutory, terms) if terms.agreed else own
