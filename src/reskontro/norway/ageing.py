"""Ageing: what is open on a day, by how long it has been due.

No statutory form; the buckets run from the due date and hold what was open on the day, not what is open now. Due on the
day itself is not due. A credit counts with its sign in the bucket of its own due date.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

STANDARD_LIMITS: Final = (30, 60, 90)
"""Upper limits in days of the standard buckets."""

_ZERO = Decimal(0)


class Payment(NamedTuple):
    """A payment on an item, positive when it lowers it."""

    day: date
    amount: Decimal


class Item(NamedTuple):
    """A document with its payments; a credit has a negative amount."""

    document_date: date
    due_date: date
    amount: Decimal
    payments: Sequence[Payment] = ()

    def open_on(self, day: date) -> Decimal:
        """What is open at the end of that day; 0 before the document exists."""
        if self.document_date > day:
            return _ZERO
        return self.amount - sum((payment.amount for payment in self.payments if payment.day <= day), _ZERO)


def bucket_names(limits: Sequence[int]) -> tuple[str, ...]:
    """The names of the buckets for rising upper limits: not_due, 1-30 and so on, and the last one as 91+.

    Raises ValueError unless the limits are positive and rising.
    """
    lowest = 1
    names = ["not_due"]
    for limit in limits:
        if limit < lowest:
            raise ValueError("the limits of ageing buckets are positive and rising")
        names.append(f"{lowest}-{limit}")
        lowest = limit + 1
    return (*names, f"{lowest}+")


def bucket_of(due_date: date, as_of: date, limits: Sequence[int]) -> int:
    """The place of an item among ``bucket_names``: 0 while it is not due, then by the days since its due date."""
    days = (as_of - due_date).days
    return 0 if days <= 0 else 1 + bisect_left(limits, days)


def buckets(items: Iterable[Item], as_of: date, limits: Sequence[int] = STANDARD_LIMITS) -> dict[str, Decimal]:
    """What is open at the end of the day, by bucket; all buckets are there. Raises ValueError as ``bucket_names``."""
    names = bucket_names(limits)
    sums = [_ZERO] * len(names)
    for item in items:
        sums[bucket_of(item.due_date, as_of, limits)] += item.open_on(as_of)
    return dict(zip(names, sums, strict=True))
