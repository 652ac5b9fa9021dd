"""Periods: the months of a client's fiscal years, and which of them take postings. Pure.

The fiscal year begins on the first of the month that the config ``gl.fiscalYearStart`` names; its number is that of the
calendar year in which it begins. Whatever lies before the start of the ledger counts as closed.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from reskontro.kit.fields import Invalid

PeriodStatus = Literal["OPEN", "CLOSED"]


@dataclass(frozen=True, slots=True)
class Period:
    """One month of a fiscal year."""

    gl_year: int
    gl_period: int
    from_date: date
    to_date: date
    status: PeriodStatus = "OPEN"
    closed_at: datetime | None = None
    closed_by: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it takes postings."""
        return self.status == "OPEN"


class PostingDay(NamedTuple):
    """Where a posting goes: the day that is used, its period, and whether another day was asked for that is closed."""

    day: date
    period: Period
    was_closed: bool


def period_number(day: date, first_month: int) -> tuple[int, int]:
    """glYear and glPeriod (1 to 12) of a day when fiscal years begin with that month (1 to 12)."""
    months = day.month - first_month
    return (day.year, months + 1) if months >= 0 else (day.year - 1, months + 13)


def month_of(day: date) -> tuple[date, date]:
    """First and last day of the month of a day."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def following_month(day: date) -> date:
    """The first of the month after that of the day."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def make_period(day: date, first_month: int) -> Period:
    """The open period of the month of a day."""
    gl_year, gl_period = period_number(day, first_month)
    first, last = month_of(day)
    return Period(gl_year, gl_period, first, last)


def end_of_next_year(today: date, first_month: int) -> date:
    """The last day of the fiscal year after the one in which a day lies: up to there periods exist."""
    gl_year, _ = period_number(today, first_month)
    last_month = date(gl_year + 2 if first_month > 1 else gl_year + 1, (first_month - 2) % 12 + 1, 1)
    return month_of(last_month)[1]


def periods_between(first: date, until: date, first_month: int) -> list[Period]:
    """The open periods of all months from that of ``first`` to that of ``until``; none when it lies before."""
    found = []
    day = first.replace(day=1)
    while day <= until:
        found.append(make_period(day, first_month))
        day = following_month(day)
    return found


class Calendar:
    """The periods of a client, one month after the other without a gap, ready to be asked many times."""

    def __init__(self, periods: Iterable[Period], first_month: int) -> None:
        self.periods: Sequence[Period] = sorted(periods, key=lambda period: period.from_date)
        self.first_month = first_month
        self._starts = [period.from_date for period in self.periods]
        self._days: dict[date, PostingDay] = {}
        self.oldest_open: Period | None = next((period for period in self.periods if period.is_open), None)
        self.latest_closed: Period | None = next((period for period in reversed(self.periods) if not period.is_open), None)
        self.last_day: date | None = self.periods[-1].to_date if self.periods else None

    def period_of(self, day: date) -> Period | None:
        """The period a day lies in; None before the start of the ledger and after the last period."""
        place = bisect_left(self._starts, day.replace(day=1))
        if place < len(self._starts) and self._starts[place] <= day <= self.periods[place].to_date:
            return self.periods[place]
        return None

    def number_of(self, day: date) -> tuple[int, int]:
        """glYear and glPeriod of any day, whether the period exists or not."""
        return period_number(day, self.first_month)

    def period(self, gl_year: int, gl_period: int) -> Period | None:
        """The period of that number, None when it does not exist."""
        return next((period for period in self.periods if (period.gl_year, period.gl_period) == (gl_year, gl_period)), None)

    def posting_day(self, day: date) -> PostingDay:
        """The day a posting gets: the day itself, or the first day of the oldest open period when the day is closed.

        Raises Invalid RANGE for a day after the last period, and for any day when no period is open.
        """
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._posting_day(day)
        return found

    def _posting_day(self, day: date) -> PostingDay:
        oldest = self.oldest_open
        if oldest is None or self.last_day is None or day > self.last_day:
            least = oldest.from_date if oldest is not None else self._starts[0] if self._starts else day
            raise Invalid("RANGE", min=least.isoformat(), max=(self.last_day or day).isoformat())
        period = self.period_of(day)
        if period is not None and period.is_open:
            return PostingDay(day, period, False)
        return PostingDay(oldest.from_date, oldest, True)
