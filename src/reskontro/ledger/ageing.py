"""Ageing, pure: open amounts by the days since their due date.

Bounds b1 < b2 < ... make the intervals up to b1 (not due), b1+1 to b2, and so on, and the last one above the last bound.
What is due on the day itself has 0 days. A credit counts with its sign in the interval of its own due date.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from reskontro.kit.money import ZERO, quantise

DAYS_MAX: Final = 9_999
BOUNDS_MAX: Final = 20
"""As many as the config ``ageing.intervals`` can have."""
NOT_DUE: Final = "not due"
_HUNDRED = Decimal(100)


class Intervals:
    """The intervals of rising bounds."""

    def __init__(self, bounds: Sequence[int]) -> None:
        """Raises ValueError unless there are bounds, not too many, from 0 on and rising."""
        if not 1 <= len(bounds) <= BOUNDS_MAX:
            raise ValueError(f"there must be 1 to {BOUNDS_MAX} bounds")
        if bounds[0] < 0 or bounds[-1] > DAYS_MAX or any(upper <= lower for lower, upper in pairwise(bounds)):
            raise ValueError(f"bounds must rise and lie between 0 and {DAYS_MAX}")
        self.bounds = tuple(bounds)

    def __len__(self) -> int:
        return len(self.bounds) + 1

    def place_of(self, days: int) -> int:
        """The place, from 0, of the interval for so many days after the due date; negative days are before it."""
        return bisect_left(self.bounds, days)

    def span(self, place: int) -> tuple[int | None, int | None]:
        """First and last day of an interval; None where it has no limit."""
        first = None if place == 0 else self.bounds[place - 1] + 1
        return first, None if place == len(self.bounds) else self.bounds[place]

    def label(self, place: int) -> str:
        """What people call an interval: "not due", "1-30", "91+"."""
        first, last = self.span(place)
        if first is None:
            return NOT_DUE
        return f"{first}+" if last is None else f"{first}-{last}"


class Portion(NamedTuple):
    """Open items with one due date, added up; credits are negative."""

    due_date: date
    debit: Decimal
    credit: Decimal
    item_count: int


@dataclass(slots=True)
class Interval:
    """What is open in one interval."""

    debit: Decimal = ZERO
    credit: Decimal = ZERO
    item_count: int = 0
    customer_count: int = 0

    @property
    def amount(self) -> Decimal:
        """Debits and credits together."""
        return self.debit + self.credit

    def percent(self, total: Decimal) -> Decimal:
        """Its share of a total in per cent with two decimals, rounded half away from zero; 0 when the total is 0."""
        return quantise(_HUNDRED * self.amount / total, 2) if total else ZERO


@dataclass(slots=True)
class Ageing:
    """What is open at the end of a day, by interval."""

    intervals: Intervals
    as_of: date
    found: list[Interval] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.found = [Interval() for _ in range(len(self.intervals))]

    def add(self, portion: Portion) -> None:
        """Count in items of one due date."""
        interval = self.found[self.intervals.place_of((self.as_of - portion.due_date).days)]
        interval.debit += portion.debit
        interval.credit += portion.credit
        interval.item_count += portion.item_count

    def count_customers(self, places: int, customers: int) -> None:
        """Count in so many customers that have open items in each interval whose bit is set in ``places``."""
        for place, interval in enumerate(self.found):
            if places >> place & 1:
                interval.customer_count += customers

    @property
    def total(self) -> Decimal:
        """What is open altogether."""
        return sum((interval.amount for interval in self.found), ZERO)
