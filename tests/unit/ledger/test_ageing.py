"""Aim: open amounts fall into the interval of their days, and every figure of an interval is exact."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from reskontro.ledger.ageing import Ageing, Intervals, Portion

DAY = date(2026, 11, 22)
USUAL = (0, 30, 60, 90)


def portion(days: int, amount: str) -> Portion:
    """One item that has been due for so many days."""
    value, zero = Decimal(amount), Decimal(0)
    return Portion(DAY - timedelta(days=days), max(value, zero), min(value, zero), 1)


class TestIntervals:
    @pytest.mark.parametrize(
        ("days", "place"),
        [(-400, 0), (-1, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (5000, 4)],
    )
    def test_a_bound_belongs_to_the_interval_below(self, days: int, place: int) -> None:
        """What is due on the day has 0 days and is not due; the day after is the first of 1-30."""
        assert Intervals(USUAL).place_of(days) == place

    def test_labels_and_spans(self) -> None:
        """The first and the last interval have no limit on one side."""
        intervals = Intervals(USUAL)
        assert [intervals.label(place) for place in range(len(intervals))] == ["not due", "1-30", "31-60", "61-90", "91+"]
        assert [intervals.span(place) for place in range(len(intervals))] == [(None, 0), (1, 30), (31, 60), (61, 90), (91, None)]

    def test_a_single_bound_above_zero(self) -> None:
        """Up to the first bound counts as not due, whatever it is."""
        intervals = Intervals([14])
        assert [intervals.label(place) for place in range(2)] == ["not due", "15+"]
        assert (intervals.place_of(14), intervals.place_of(15)) == (0, 1)

    @pytest.mark.parametrize("bounds", [[], [-1, 30], [0, 0], [30, 10], [0, 10_000], list(range(21))])
    def test_bounds_that_are_none(self, bounds: list[int]) -> None:
        """No bounds, negative ones, ones that do not rise, too large and too many ones are refused."""
        with pytest.raises(ValueError, match="bounds"):
            Intervals(bounds)


class TestAgeing:
    def test_the_published_example(self) -> None:
        """Ten items on 22 November 2026, one of them a credit."""
        ageing = Ageing(Intervals(USUAL), DAY)
        items = [(-9, "1000"), (0, "200"), (1, "300"), (30, "400"), (21, "-150"), (31, "500"), (60, "600"), (61, "700"), (90, "800"), (91, "900")]
        for days, amount in items:
            ageing.add(portion(days, amount))
        found = [(one.amount, one.debit, one.credit, one.item_count, one.percent(ageing.total)) for one in ageing.found]
        assert ageing.total == 5250
        assert found == [
            (1200, 1200, 0, 2, Decimal("22.86")),
            (550, 700, -150, 3, Decimal("10.48")),
            (1100, 1100, 0, 2, Decimal("20.95")),
            (1500, 1500, 0, 2, Decimal("28.57")),
            (900, 900, 0, 1, Decimal("17.14")),
        ]

    def test_a_total_of_zero_has_no_shares(self) -> None:
        """A debit and an equal credit in two intervals: both amounts are there, their shares are 0."""
        ageing = Ageing(Intervals(USUAL), DAY)
        ageing.add(portion(0, "75.50"))
        ageing.add(portion(40, "-75.50"))
        assert ageing.total == 0
        assert [(one.amount, one.percent(ageing.total)) for one in ageing.found if one.item_count] == [(Decimal("75.50"), 0), (Decimal("-75.50"), 0)]

    def test_shares_are_rounded_half_away_from_zero(self) -> None:
        """1 of 800 is 0.125 per cent, -1 the same on the other side."""
        ageing = Ageing(Intervals(USUAL), DAY)
        for days, amount in ((0, "800"), (1, "1"), (40, "-1")):
            ageing.add(portion(days, amount))
        assert [one.percent(ageing.total) for one in ageing.found[:3]] == [Decimal("100.00"), Decimal("0.13"), Decimal("-0.13")]

    def test_customers_are_counted_in_each_interval_of_theirs(self) -> None:
        """Bits of places: three customers in the first interval only, two in the first and the last."""
        ageing = Ageing(Intervals(USUAL), DAY)
        ageing.count_customers(0b00001, 3)
        ageing.count_customers(0b10001, 2)
        assert [one.customer_count for one in ageing.found] == [5, 0, 0, 0, 2]
