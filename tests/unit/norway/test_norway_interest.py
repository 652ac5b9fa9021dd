"""Aim: late-payment interest is exact, simple, on the open principal, and the same however its days are cut."""

from __future__ import annotations

from calendar import isleap
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reskontro.norway.interest import Reduction, due_day, interest_of, late_interest, round_fraction, segments
from reskontro.norway.rates import STATUTORY, ValueMissing, constant_rate

FIRST, LAST = date(2018, 1, 1), date(2026, 12, 31)
amounts = st.decimals("0.01", "1000000", places=2)
days = st.dates(FIRST, LAST)
reductions = st.lists(st.builds(Reduction, days, st.decimals("0.01", "400000", places=2)), max_size=5)


def interest_day_by_day(principal: Decimal, due: date, paid: list[Reduction], until: date) -> Fraction:
    """The rule said slowly: for every day the open principal, the rate of the day, the length of its year."""
    total, day = Fraction(0), due + timedelta(days=1)
    while day <= until:
        open_principal = principal - sum(part.amount for part in paid if part.day < day)
        if open_principal <= 0:
            break
        rate = STATUTORY.late_interest.on(day)
        total += Fraction(open_principal) * Fraction(rate) / 100 / (366 if isleap(day.year) else 365)
        day += timedelta(days=1)
    return total


class TestLateInterest:
    @given(amounts, days, reductions, st.integers(0, 700))
    def test_equals_the_sum_over_every_single_day(self, principal: Decimal, due: date, paid: list[Reduction], length: int) -> None:
        """Segments are only a shorter way to write the days."""
        until = min(due + timedelta(days=length), LAST)
        expected = round_fraction(interest_day_by_day(principal, due, paid, until), Decimal("0.01"))
        assert late_interest(principal, due, paid, until) == expected

    @given(amounts, days, reductions, st.integers(1, 700), st.data())
    def test_charging_in_two_steps_covers_the_same_days(
        self, principal: Decimal, due: date, paid: list[Reduction], length: int, data: st.DataObject
    ) -> None:
        """Interest to a day and from the day after it on leave out nothing and count nothing twice."""
        until = min(due + timedelta(days=length), LAST)
        middle = data.draw(st.dates(due, max(due, until)))
        whole = segments(principal, due, paid, until)
        first = segments(principal, due, paid, middle)
        second = segments(principal, due, paid, until, first_day=middle + timedelta(days=1))
        exact = Decimal("0.000000000001")
        parts = interest_of(first, unit=exact) + interest_of(second, unit=exact)
        assert abs(parts - interest_of(whole, unit=exact)) <= exact
        assert sum(piece.days for piece in first + second) == sum(piece.days for piece in whole)

    def test_the_payment_day_counts_and_the_due_day_does_not(self) -> None:
        """Due 30 June, paid 1 July: one day at the rate of the new half-year."""
        pieces = segments(Decimal(10000), date(2026, 6, 30), [Reduction(date(2026, 7, 1), Decimal(10000))], LAST)
        assert [(piece.first_day, piece.last_day, piece.rate) for piece in pieces] == [(date(2026, 7, 1), date(2026, 7, 1), Decimal("12.25"))]

    def test_examples_of_the_acceptance_list(self) -> None:
        """33 days at 12.25 per cent, and a claim that crosses the half-year."""
        assert late_interest(Decimal(40000), date(2026, 9, 30), (), date(2026, 11, 2)) == Decimal("443.01")
        assert late_interest(Decimal(10000), date(2026, 6, 1), (), date(2026, 7, 31)) == Decimal("199.38")

    def test_an_agreed_rate_and_a_fixed_year_of_365_days(self) -> None:
        """Leap year, 10 per cent, 366 days: ACT-365 gives a day more than a year's interest."""
        due, until = date(2023, 12, 31), date(2024, 12, 31)
        rates = constant_rate(Decimal(10))
        assert late_interest(Decimal(3650), due, (), until, rates=rates) == Decimal("365.00")
        assert late_interest(Decimal(3650), due, (), until, rates=rates, day_count="ACT-365") == Decimal("366.00")

    def test_a_note_can_be_rounded_to_whole_kroner(self) -> None:
        """One rounding to the unit asked for."""
        assert late_interest(Decimal(40000), date(2026, 9, 30), (), date(2026, 11, 2), unit=Decimal(1)) == Decimal(443)

    def test_a_true_half_ore_goes_up(self) -> None:
        """365.00 over two days at 12.25 per cent is 0.245 exactly."""
        assert late_interest(Decimal(365), date(2026, 6, 30), (), date(2026, 7, 2)) == Decimal("0.25")

    def test_a_day_without_a_known_rate_is_refused(self) -> None:
        """One day into 2027 there is no answer, on the last day of 2026 there is."""
        assert late_interest(Decimal(1000), date(2026, 12, 1), (), LAST) > 0
        with pytest.raises(ValueMissing, match="late interest rate is known for 2027-01-01"):
            late_interest(Decimal(1000), date(2026, 12, 1), (), LAST + timedelta(days=1))
        with pytest.raises(ValueMissing):
            late_interest(Decimal(1000), date(2008, 12, 1), (), date(2009, 2, 1))

    def test_carried_forward_it_is_answered(self) -> None:
        """The last rate goes on when the installation has said so."""
        rates = STATUTORY.late_interest.carrying_forward()
        interest = late_interest(Decimal(36500), LAST, (), date(2027, 1, 1), rates=rates)
        assert interest == Decimal("12.25")


class TestDueDay:
    def test_without_an_agreed_due_date_interest_waits_thirty_days_after_the_demand(self) -> None:
        """The thirtieth day stands in for the due date; an agreed one comes first."""
        assert due_day(due_date=None, demand_date=date(2026, 9, 1)) == date(2026, 10, 1)
        assert due_day(due_date=date(2026, 9, 5), demand_date=date(2026, 9, 1)) == date(2026, 9, 5)

    def test_one_of_the_two_is_needed(self) -> None:
        """ValueError without any."""
        with pytest.raises(ValueError, match="due date or the date of a demand"):
            due_day(due_date=None, demand_date=None)


class TestRounding:
    @given(st.integers(-(10**6), 10**6))
    def test_halves_go_away_from_zero(self, units: int) -> None:
        """Half a unit more than a whole number of units, on both sides of zero."""
        unit = Decimal("0.01")
        half = Fraction(2 * units + 1, 200)
        expected = Decimal(units + 1 if units >= 0 else units) * unit
        assert round_fraction(half, unit) == expected
