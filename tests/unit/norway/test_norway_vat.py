"""Aim: a line gets the VAT code of its date and amounts, and VAT is rounded once per rate."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reskontro.norway import vat

TODAY = date(2026, 10, 1)
KRONE = Decimal(1)
amounts = st.decimals("-99999999.99", "99999999.99", places=2)


class TestCodesInForce:
    def test_codes_and_rates_of_2026(self) -> None:
        """The nine output codes with 25, 15, 11.11 and 12 per cent."""
        assert dict(vat.output_codes_on(TODAY)) == {
            "3": Decimal(25),
            "31": Decimal(15),
            "32": Decimal("11.11"),
            "33": Decimal(12),
            "5": Decimal(0),
            "51": Decimal(0),
            "52": Decimal(0),
            "6": Decimal(0),
            "7": Decimal(0),
        }

    @pytest.mark.parametrize(
        ("day", "rate"),
        [
            (date(2017, 12, 31), 10),
            (date(2018, 1, 1), 12),
            (date(2020, 3, 31), 12),
            (date(2020, 4, 1), 6),
            (date(2021, 9, 30), 6),
            (date(2021, 10, 1), 12),
        ],
    )
    def test_the_low_rate_changes_on_its_days(self, day: date, rate: int) -> None:
        """First and last day of each rate."""
        assert vat.rate_on("33", day) == rate

    def test_before_the_first_known_day_no_code_is_in_force(self) -> None:
        """Nothing is guessed for older dates."""
        day = date(2011, 12, 31)
        assert vat.output_codes_on(day) == ()
        assert vat.rate_on("3", day) is None
        assert vat.code_for_amounts(Decimal(100), Decimal(25), day) is None
        assert not vat.rate_fits("3", Decimal(100), Decimal(25), day)

    def test_spans_of_a_code_neither_overlap_nor_leave_a_gap(self) -> None:
        """Each row of a code begins the day after the one before it, only the last is open, and every row has a
        source.
        """
        for code in {row.code for row in vat.VAT_CODES}:
            rows = sorted((row for row in vat.VAT_CODES if row.code == code), key=lambda row: row.valid_from)
            for earlier, later in pairwise(rows):
                assert earlier.valid_to is not None
                assert (later.valid_from - earlier.valid_to).days == 1
            assert rows[-1].valid_to is None
            assert all(row.source for row in rows)


class TestCodeForAmounts:
    @pytest.mark.parametrize(
        ("base", "used", "code"),
        [
            ("1000.00", "250.00", "3"),
            ("1000.00", "150.00", "31"),
            ("1000.00", "120.00", "33"),
            ("1000.00", "111.10", "32"),
            ("1000.00", "250.02", "3"),
            ("1000.00", "250.03", None),
            ("1000.00", "249.98", "3"),
            ("1000.00", "249.97", None),
            ("1.00", "0.12", "33"),
            ("1.00", "0.11", "32"),
            ("1.00", "0.13", "33"),
            ("1.00", "0.15", "31"),
            ("1.00", "0.20", None),
            ("0.20", "0.04", "3"),
            ("0.10", "0.01", "33"),
            ("-1000.00", "-250.00", "3"),
            ("-1000.00", "250.00", None),
        ],
    )
    def test_nearest_rate_within_two_units_and_the_higher_of_two_equal(self, base: str, used: str, code: str | None) -> None:
        """Two øre on either side; on tiny bases several rates come near and the higher one is taken."""
        assert vat.code_for_amounts(Decimal(base), Decimal(used), TODAY) == code

    def test_a_currency_without_decimals_is_compared_in_whole_units(self) -> None:
        """The same two units are then two whole ones."""
        assert vat.code_for_amounts(Decimal(1010), Decimal(255), TODAY, KRONE) == "3"
        assert vat.code_for_amounts(Decimal(1010), Decimal(256), TODAY, KRONE) is None

    def test_the_rate_of_the_day_decides(self) -> None:
        """6 per cent fits while it was the low rate, not today."""
        assert vat.code_for_amounts(Decimal(1000), Decimal(60), date(2020, 6, 1)) == "33"
        assert vat.code_for_amounts(Decimal(1000), Decimal(60), TODAY) is None

    @given(amounts, st.sampled_from(["3", "31", "33", "32"]))
    def test_vat_computed_by_a_rate_always_fits_it(self, base: Decimal, code: str) -> None:
        """Nobody who computes the VAT of a line correctly gets a finding."""
        rate = vat.rate_on(code, TODAY)
        assert rate is not None
        used = vat.round_vat(base * rate / 100)
        assert vat.rate_fits(code, base, used, TODAY)
        if abs(base) >= 1:
            assert vat.code_for_amounts(base, used, TODAY) == code

    def test_zero_rated_codes_fit_a_vat_of_zero_only_within_the_tolerance(self) -> None:
        """Two øre are rounding, three are not."""
        assert vat.rate_fits("52", Decimal(100), Decimal(0), TODAY)
        assert vat.rate_fits("52", Decimal(100), Decimal("0.02"), TODAY)
        assert not vat.rate_fits("52", Decimal(100), Decimal("0.03"), TODAY)
        assert not vat.rate_fits("1", Decimal(100), Decimal(25), TODAY)


class TestTotals:
    @given(st.lists(st.tuples(amounts, st.sampled_from([Decimal(25), Decimal(15), Decimal(12), Decimal(0)])), max_size=20))
    def test_a_credit_mirrors_its_invoice(self, lines: list[tuple[Decimal, Decimal]]) -> None:
        """The same lines with the opposite sign give the opposite base and VAT."""
        mirrored = vat.vat_per_rate([(-net, rate) for net, rate in lines])
        assert mirrored == tuple((rate, -base, -amount) for rate, base, amount in vat.vat_per_rate(lines))

    @given(amounts, st.sampled_from([Decimal(25), Decimal(15), Decimal(12), Decimal("11.11")]), st.booleans())
    def test_a_posting_balances(self, gross: Decimal, rate: Decimal, credit_note: bool) -> None:
        """Debit equals credit to the øre."""
        lines = vat.posting_of_gross(gross, rate, credit_note=credit_note)
        assert sum(line.debit for line in lines) == sum(line.credit for line in lines) == gross

    def test_a_rate_that_never_was_cannot_be_posted(self) -> None:
        """ValueError instead of a guessed account."""
        with pytest.raises(ValueError, match="no rate"):
            vat.posting_of_gross(Decimal(100), Decimal(24))
