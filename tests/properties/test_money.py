"""Exact money, without a database: from the text of a request to the value inside and back, and the arithmetic on it."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reskontro.kit.fields import Invalid, decimal, money, read_money
from reskontro.kit.json import JsonMalformed, read_json, write_json
from reskontro.kit.money import decimals_of, digits_of, multiply, quantise, share, split, wire_number
from tests.properties.numbers import exact_decimals, exact_digits, faults, money_texts, number_texts

amounts = st.integers(-(10**15) + 1, 10**15 - 1).map(lambda cents: Decimal(cents).scaleb(-2))
positive = st.integers(1, 10**15 - 1).map(lambda cents: Decimal(cents).scaleb(-2))
rates = st.integers(1, 10**14).map(lambda units: Decimal(units).scaleb(-10))


def rounded(value: Fraction, decimals: int) -> Fraction:
    """Half away from zero, by whole numbers alone."""
    scaled = abs(value) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole, 10**decimals)


class TestReading:
    @given(money_texts())
    @example("1.000000000000000001")
    @example("9999999999999.99")
    @example("999999999999999")
    @example("1e3")
    @example("-0")
    @example("0.10000000000000000000000000000000000")
    @example("0e99")
    def test_an_amount_is_what_its_text_says_or_is_refused(self, text: str) -> None:
        """The value equals Decimal of the text, or the code says which limit it breaks; never a neighbour of it."""
        expected = Decimal(text)
        try:
            value = read_money(read_json(text.encode()))
        except Invalid as invalid:
            assert invalid.code in faults(expected)
        else:
            assert faults(expected) == set()
            assert value == expected
            assert str(value) != "-0"

    @given(money_texts())
    def test_one_amount_has_one_spelling_inside(self, text: str) -> None:
        """Whatever the spelling, equal amounts are stored and hashed alike: sign, digits and exponent are the same."""
        expected = Decimal(text)
        if not faults(expected):
            respelled = format(expected, "f")
            assert read_money(read_json(text.encode())).as_tuple() == read_money(read_json(respelled.encode())).as_tuple()

    @given(number_texts(), st.sampled_from([0, 4, 6, 10]))
    def test_other_decimal_numbers_are_exact_too(self, text: str, decimals: int) -> None:
        """Rates and quantities: the value equals Decimal of the text, or a limit is broken."""
        expected = Decimal(text)
        try:
            value = decimal("x", decimals).check(read_json(text.encode()))
        except Invalid as invalid:
            assert invalid.code in faults(expected, decimals) | ({"RANGE"} if abs(expected) >= 10**15 else set())
        else:
            assert value == expected
            assert exact_decimals(value) <= decimals

    @given(st.text() | st.booleans() | st.none() | st.lists(st.integers()) | st.dictionaries(st.text(), st.integers()))
    def test_what_is_no_number_is_no_amount(self, value: object) -> None:
        """Texts, also those that look like numbers, booleans and structures are refused as TYPE."""
        with pytest.raises(Invalid) as refused:
            money("x").check(value)
        assert refused.value.code == "TYPE"

    @given(number_texts(), st.integers(-(10**25), 10**25))
    def test_any_number_can_be_read_or_is_malformed(self, text: str, exponent: int) -> None:
        """An exponent beyond anything is a finding like others, and costs no memory."""
        sent = f"{text.lower().partition('e')[0]}e{exponent}"
        try:
            read_money(read_json(sent.encode()))
        except (JsonMalformed, Invalid):
            assert exponent != 0 or faults(Decimal(sent))


class TestWriting:
    @given(amounts | rates)
    def test_numbers_leave_as_they_are(self, value: Decimal) -> None:
        """Written without exponent and trailing zeros, and read back as the same value."""
        text = write_json({"amount": value}).decode().removeprefix('{"amount":').removesuffix("}")
        assert Decimal(text) == value
        assert "e" not in text.lower()
        assert "." not in text or not text.endswith("0")
        assert Decimal(str(wire_number(value))) == value

    @given(amounts)
    def test_what_a_request_says_an_answer_says(self, value: Decimal) -> None:
        """Text to value to text to value, through both ends of the surface."""
        if not faults(value):
            inside = read_money(read_json(format(value, "f").encode()))
            assert json.loads(write_json(inside), parse_float=Decimal, parse_int=Decimal) == value

    @given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
    def test_counts_of_digits(self, value: Decimal) -> None:
        """Decimals and digits are counted as on paper; zero has one digit."""
        assert decimals_of(value) == exact_decimals(value)
        assert digits_of(value) == (exact_digits(value) or 1)


class TestArithmetic:
    @given(st.decimals(allow_nan=False, allow_infinity=False, places=15, min_value=-(10**15), max_value=10**15), st.sampled_from([0, 2, 4]))
    def test_rounding_is_half_away_from_zero(self, value: Decimal, decimals: int) -> None:
        """Against whole numbers."""
        assert Fraction(quantise(value, decimals)) == rounded(Fraction(value), decimals)

    @given(amounts, rates, st.sampled_from([0, 2]))
    def test_a_product_is_rounded_once(self, amount: Decimal, rate: Decimal, decimals: int) -> None:
        """Amount times rate equals the rounded exact product."""
        assert Fraction(multiply(amount, rate, decimals)) == rounded(Fraction(amount) * Fraction(rate), decimals)

    @given(amounts, positive, positive, st.sampled_from([0, 2]))
    def test_a_share_is_rounded_once_and_never_more_than_all(self, amount: Decimal, one: Decimal, other: Decimal, decimals: int) -> None:
        """A part over a whole: the rounded exact quotient, between nothing and the amount."""
        part, whole = sorted((one, other))
        got = share(amount, part, whole, 2)
        assert Fraction(got) == rounded(Fraction(amount) * Fraction(part) / Fraction(whole), 2)
        assert abs(got) <= abs(amount)
        assert got * amount >= 0

    @given(amounts, st.lists(st.integers(0, 10**6).map(lambda cents: Decimal(cents).scaleb(-2)), min_size=1, max_size=8))
    def test_the_parts_of_a_split_add_up(self, amount: Decimal, weights: list[Decimal]) -> None:
        """Nothing is lost or made; who has no weight gets nothing."""
        parts = split(amount, weights, 2)
        assert sum(parts) == (amount if any(weights) else 0)
        assert all(not part for part, weight in zip(parts, weights, strict=True) if not weight)
