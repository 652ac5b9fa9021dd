"""Aim: months belong to fiscal years by the month these begin with, and a posting finds the day it may be booked on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reskontro.kit.fields import Invalid
from reskontro.ledger.periods import (
    Calendar,
    Period,
    end_of_next_year,
    following_month,
    make_period,
    period_number,
    periods_between,
)

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
MONTHS = st.integers(1, 12)


def calendar(first: str, until: str, closed: int = 0, first_month: int = 1) -> Calendar:
    """A calendar whose first periods are closed."""
    periods = periods_between(date.fromisoformat(first), date.fromisoformat(until), first_month)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    shut = [replace(period, status="CLOSED", closed_at=moment, closed_by="anne") for period in periods[:closed]]
    return Calendar(shut + periods[closed:], first_month)


class TestNumbers:
    @pytest.mark.parametrize(
        ("day", "first_month", "expected"),
        [
            ("2026-01-01", 1, (2026, 1)),
            ("2026-12-31", 1, (2026, 12)),
            ("2026-06-30", 7, (2025, 12)),
            ("2026-07-01", 7, (2026, 1)),
            ("2026-01-31", 2, (2025, 12)),
            ("2026-12-01", 12, (2026, 1)),
            ("2026-11-30", 12, (2025, 12)),
        ],
    )
    def test_the_year_is_the_one_in_which_the_fiscal_year_begins(self, day: str, first_month: int, expected: tuple[int, int]) -> None:
        """glYear and glPeriod at the edges."""
        assert period_number(date.fromisoformat(day), first_month) == expected

    @given(DAYS, MONTHS)
    def test_a_month_later_is_the_next_period(self, day: date, first_month: int) -> None:
        """Twelve periods a year, one after the other."""
        year, period = period_number(day, first_month)
        following = period_number(following_month(day), first_month)
        assert following == ((year, period + 1) if period < 12 else (year + 1, 1))

    @given(DAYS, MONTHS)
    def test_a_period_is_the_whole_month_of_its_days(self, day: date, first_month: int) -> None:
        """From the first to the day before the next first."""
        period = make_period(day, first_month)
        assert period.from_date <= day <= period.to_date
        assert period.from_date.day == 1
        assert period.to_date + timedelta(days=1) == following_month(day)

    @given(DAYS, MONTHS)
    def test_periods_exist_to_the_end_of_the_next_fiscal_year(self, today: date, first_month: int) -> None:
        """That day is the last of period 12 of the year after today's."""
        last = end_of_next_year(today, first_month)
        assert period_number(last, first_month) == (period_number(today, first_month)[0] + 1, 12)
        assert period_number(last + timedelta(days=1), first_month)[1] == 1

    def test_there_is_no_gap_between_periods(self) -> None:
        """And none outside the bounds."""
        periods = periods_between(date(2025, 11, 1), date(2026, 2, 28), 1)
        assert [(period.gl_year, period.gl_period) for period in periods] == [
            (2025, 11),
            (2025, 12),
            (2026, 1),
            (2026, 2),
        ]
        assert periods_between(date(2026, 3, 1), date(2026, 2, 28), 1) == []


class TestCalendar:
    def test_finds_the_period_of_a_day(self) -> None:
        """None outside the ledger."""
        books = calendar("2026-01-01", "2027-12-31")
        found = books.period_of(date(2026, 2, 28))
        assert isinstance(found, Period)
        assert (found.gl_year, found.gl_period) == (2026, 2)
        assert books.period_of(date(2025, 12, 31)) is None
        assert books.period_of(date(2028, 1, 1)) is None
        assert books.period(2027, 12) is books.periods[-1]
        assert books.period(2028, 1) is None

    def test_an_open_day_is_used_as_it_is(self) -> None:
        """Today or in a later period."""
        day, period, was_closed = calendar("2026-01-01", "2027-12-31", closed=3).posting_day(date(2026, 4, 17))
        assert (day, period.gl_period, was_closed) == (date(2026, 4, 17), 4, False)

    def test_a_closed_day_becomes_the_first_open_one(self) -> None:
        """Also when the day lies before the start of the ledger."""
        books = calendar("2026-01-01", "2027-12-31", closed=3)
        for asked in (date(2026, 3, 31), date(2026, 1, 1), date(2019, 5, 5)):
            day, period, was_closed = books.posting_day(asked)
            assert (day, period.gl_period, was_closed) == (date(2026, 4, 1), 4, True)

    def test_a_day_after_the_last_period_is_out_of_range(self) -> None:
        """The finding names the days that can be used."""
        books = calendar("2026-01-01", "2027-12-31", closed=1)
        with pytest.raises(Invalid) as caught:
            books.posting_day(date(2028, 1, 1))
        assert caught.value.code == "RANGE"
        assert caught.value.parameters == {"min": "2026-02-01", "max": "2027-12-31"}

    def test_without_an_open_period_nothing_can_be_posted(self) -> None:
        """Everything is closed to the end."""
        books = calendar("2026-01-01", "2026-02-28", closed=2)
        assert books.oldest_open is None
        with pytest.raises(Invalid):
            books.posting_day(date(2026, 1, 15))

    def test_knows_the_ends_of_what_is_closed(self) -> None:
        """The oldest open and the latest closed period."""
        books = calendar("2026-07-01", "2027-06-30", closed=2, first_month=7)
        assert books.oldest_open is not None
        assert books.latest_closed is not None
        assert (books.oldest_open.gl_period, books.latest_closed.gl_period) == (3, 2)
        assert books.number_of(date(2020, 6, 30)) == (2019, 12)
