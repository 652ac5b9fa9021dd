"""Late-payment interest: simple, on the open principal, at the rate in force on each day.

Rules: forsinkelsesrenteloven §§ 2 and 3. The first interest day is the day after the due date, the payment day counts.
A day is 1/365 of a year, 1/366 in a leap year (Justisdepartementets lovavdeling, 26 June 2006). No interest on interest
(Rt. 1998 s. 198).
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from reskontro.norway.calendars import ONE_DAY
from reskontro.norway.rates import STATUTORY, DatedTable

DayCount = Literal["ACT-ACT", "ACT-365"]

DAYS_FROM_DEMAND: Final = 30
"""Where no due date was agreed, interest runs from 30 days after a written demand (§ 2)."""

ORE: Final = Decimal("0.01")

_EXACT = Context(prec=100)  # far more digits than products of amounts, rates and days have


class Reduction(NamedTuple):
    """A payment or credit and the part of it that covers principal."""

    day: date
    amount: Decimal


class Segment(NamedTuple):
    """Days, both ends included, in one half-year with one principal."""

    first_day: date
    last_day: date
    principal: Decimal
    rate: Decimal
    """Per cent a year."""

    @property
    def days(self) -> int:
        """How many interest days the segment has."""
        return (self.last_day - self.first_day).days + 1

    @property
    def year_days(self) -> int:
        """Days of its calendar year, 365 or 366."""
        return 366 if isleap(self.first_day.year) else 365


def due_day(*, due_date: date | None, demand_date: date | None) -> date:
    """The day after which interest runs: the agreed due date, else the 30th day after the demand. Raises ValueError
    without either.
    """
    if due_date is not None:
        return due_date
    if demand_date is None:
        raise ValueError("interest needs a due date or the date of a demand")
    return demand_date + timedelta(days=DAYS_FROM_DEMAND)


def _end_of_half_year(day: date) -> date:
    return date(day.year, 6, 30) if day.month <= 6 else date(day.year, 12, 31)


def _pieces(first_day: date, last_day: date, principal: Decimal, rates: DatedTable) -> Iterable[Segment]:
    """The span cut after every 30 June and 31 December."""
    while first_day <= last_day:
        end = min(_end_of_half_year(first_day), last_day)
        yield Segment(first_day, end, principal, rates.on(first_day))
        first_day = end + ONE_DAY


def segments(
    principal: Decimal,
    due: date,
    reductions: Iterable[Reduction],
    until: date,
    *,
    rates: DatedTable = STATUTORY.late_interest,
    first_day: date | None = None,
) -> tuple[Segment, ...]:
    """The interest days from the day after ``due`` to ``until``, cut at every 1 January, 1 July and change of
    principal.

    A reduction up to the due date lowers the principal from the start, a later one from the day after it. The segments
    end where the principal is zero or below. With ``first_day`` the days before it are left out, for interest that was
    charged up to some day. The rates must not change inside a half-year. Raises ValueMissing when a day has no rate.
    """
    start = due + ONE_DAY
    open_principal = principal
    by_day: dict[date, Decimal] = {}
    for reduction in reductions:
        if reduction.day <= due:
            open_principal -= reduction.amount
        else:
            by_day[reduction.day] = by_day.get(reduction.day, Decimal(0)) + reduction.amount

    result: list[Segment] = []
    skip_to = start if first_day is None else max(start, first_day)
    for day in sorted(by_day):
        if open_principal <= 0 or day >= until:
            break
        result.extend(_pieces(max(start, skip_to), day, open_principal, rates))
        start = day + ONE_DAY
        open_principal -= by_day[day]
    if open_principal > 0:
        result.extend(_pieces(max(start, skip_to), until, open_principal, rates))
    return tuple(result)


def interest_of(pieces: Iterable[Segment], day_count: DayCount = "ACT-ACT", unit: Decimal = ORE) -> Decimal:
    """The interest of the segments: the exact sum, rounded once to the unit, half away from zero."""
    by_year_length = {365: Decimal(0), 366: Decimal(0)}
    for piece in pieces:
        year_days = piece.year_days if day_count == "ACT-ACT" else 365
        amount_days = _EXACT.multiply(_EXACT.multiply(piece.principal, piece.rate), Decimal(piece.days))
        by_year_length[year_days] = _EXACT.add(by_year_length[year_days], amount_days)
    total = sum((Fraction(amount) / (100 * year_days) for year_days, amount in by_year_length.items()), Fraction(0))
    return round_fraction(total, unit)


def round_fraction(value: Fraction, unit: Decimal) -> Decimal:
    """An exact number rounded to the unit, half away from zero."""
    units = abs(value) / Fraction(unit)
    whole = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    return (Decimal(whole if value >= 0 else -whole) * unit).quantize(unit, ROUND_HALF_UP)


def late_interest(
    principal: Decimal,
    due: date,
    reductions: Iterable[Reduction],
    until: date,
    *,
    rates: DatedTable = STATUTORY.late_interest,
    first_day: date | None = None,
    day_count: DayCount = "ACT-ACT",
    unit: Decimal = ORE,
) -> Decimal:
    """The interest on a claim up to and including ``until``; arguments and errors as of ``segments`` and
    ``interest_of``.
    """
    return interest_of(segments(principal, due, reductions, until, rates=rates, first_day=first_day), day_count, unit)
