"""Texts of JSON numbers as senders may write them, and what the surface rules say of each: Decimal of the text is the judge."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

DIGITS_MAX = 15

plain_digits = st.text("0123456789", min_size=1, max_size=22)


@st.composite
def number_texts(draw: st.DrawFn, *, signs: tuple[str, ...] = ("", "-")) -> str:
    """A JSON number: signs, leading and trailing zeros where JSON allows them, many digits, exponents of both signs."""
    whole = draw(plain_digits).lstrip("0") or "0"
    text = draw(st.sampled_from(signs)) + whole
    if draw(st.booleans()):
        text += "." + draw(plain_digits) + "0" * draw(st.integers(0, 5))
    if draw(st.integers(0, 3)) == 0:
        exponent = st.sampled_from(["0", "1", "2", "3", "02", "10", "15", "40"])
        text += draw(st.sampled_from("eE")) + draw(st.sampled_from(["", "+", "-"])) + draw(exponent)
    return text


@st.composite
def money_texts(draw: st.DrawFn, *, signs: tuple[str, ...] = ("", "-")) -> str:
    """Mostly amounts that hold, in odd spellings; the others are any number."""
    if draw(st.integers(0, 2)) == 0:
        return draw(number_texts(signs=signs))
    cents = draw(st.integers(0, 10**DIGITS_MAX - 1) | st.integers(0, 1_000_000))
    value = Decimal(cents).scaleb(-2)
    spelling = draw(st.sampled_from(["plain", "zeros", "exponent", "shifted"]))
    text = format(value, "f")
    if spelling == "zeros":
        text += "0" * draw(st.integers(1, 20))
    elif spelling == "exponent":
        text = f"{cents}e-2"
    elif spelling == "shifted":
        text = f"{format(value.scaleb(-7), 'f')}E+7"
    return draw(st.sampled_from(signs)) + text


def exact_decimals(value: Decimal) -> int:
    """How many decimals a value needs, by counting on its digits."""
    text = format(value, "f")
    return len(text.partition(".")[2].rstrip("0"))


def exact_digits(value: Decimal) -> int:
    """How many digits a value has before the point and, without trailing zeros, after it."""
    whole, _, fraction = format(value.copy_abs(), "f").partition(".")
    return len(whole.lstrip("0")) + len(fraction.rstrip("0"))


def faults(value: Decimal, decimals: int = 2) -> set[str]:
    """The codes with which an amount may be refused; none: it must be taken, exactly."""
    found = set()
    if exact_decimals(value) > decimals:
        found.add("PRECISION")
    if exact_digits(value) > DIGITS_MAX:
        found.add("RANGE")
    return found
