"""One value: how texts, numbers, amounts, dates and moments are read, and what is raised when a value breaks its rule."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from reskontro.kit.money import DIGITS_MAX, decimals_of, digits_of

AMOUNT_LIMIT = 10**DIGITS_MAX - 1
NATURAL_KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*", re.ASCII)


class _Cleared:
    """The value of a field that was sent as an empty text."""

    def __repr__(self) -> str:
        return "CLEARED"

    def __bool__(self) -> bool:
        return False


CLEARED: Final = _Cleared()


class Invalid(Exception):
    """A value breaks the rule of its field; carries the code and the parameters of the message."""

    def __init__(self, code: str, **parameters: Any) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


def read_string(value: Any) -> str:
    """The text that the value is; raises Invalid TYPE for anything else."""
    if type(value) is not str:
        raise Invalid("TYPE", type="string")
    return value


def clean_text(value: str, *, multiline: bool) -> str:
    """The text in NFC, without blanks at its ends; raises Invalid CHARACTER for control characters (tab and line feed pass in long texts)."""
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    if value.isprintable():  # no control characters, no lone surrogates, whatever the script
        return value.strip()
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cs") and not (multiline and character in "\n\t"):
            raise Invalid("CHARACTER")
    return value.strip()


def read_integral(value: Any) -> int:
    """The whole number that the value is (10.0 is 10; beyond 31 digits, some number as far out); raises Invalid TYPE."""
    kind = type(value)
    if kind is int:
        return int(value)
    if kind is Decimal:
        if value.adjusted() > 30:
            return 10**31 if value > 0 else -(10**31)
        if value == value.to_integral_value():
            return int(value)
    raise Invalid("TYPE", type="integer")


def inexact(number: Decimal, decimals: int, least: Decimal | int, most: Decimal | int) -> Invalid:
    """Why a number cannot be held with so many decimals and 15 digits."""
    if number.adjusted() >= DIGITS_MAX or decimals_of(number) <= decimals:
        return Invalid("RANGE", min=least, max=most)
    return Invalid("PRECISION", max=decimals)


_CENT = Decimal("0.01")
_NO_MONEY = Decimal("0.00")
_to_cents = Context(prec=DIGITS_MAX + 2, traps=[Inexact, InvalidOperation]).quantize
_to_few_cents = Context(prec=DIGITS_MAX, traps=[Inexact, InvalidOperation]).quantize


def read_money(value: Any) -> Decimal:
    """An exact amount with two decimals, at most 15 digits without trailing zeros; raises Invalid TYPE, PRECISION or RANGE.

    One amount has one spelling inside, so that equal contents have equal hashes. Currencies without decimals are held to that by whoever
    knows the currency.
    """
    if type(value) is not Decimal and type(value) is not int:
        raise Invalid("TYPE", type="number")
    try:
        # Nearly all amounts: with two decimals they have 15 digits at most.
        return _to_few_cents(value, _CENT) or _NO_MONEY
    except (Inexact, InvalidOperation):
        number = Decimal(value)
    try:
        amount = _to_cents(number, _CENT)
    except (Inexact, InvalidOperation):
        raise inexact(number, 2, -AMOUNT_LIMIT, AMOUNT_LIMIT) from None
    if amount.adjusted() >= DIGITS_MAX - 2 and digits_of(amount) > DIGITS_MAX:
        raise Invalid("RANGE", min=-AMOUNT_LIMIT, max=AMOUNT_LIMIT)
    return amount or _NO_MONEY


@lru_cache(maxsize=8192)
def parse_date(value: str) -> date | None:
    """The date behind YYYY-MM-DD, None when there is no such date or the text has another shape."""
    if len(value) != 10 or value[4] != "-" or value[7] != "-" or not value.isascii():
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def parse_moment(value: str) -> datetime | None:
    """The moment behind an RFC 3339 date-time with an offset, None when the text is none."""
    if not _MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        return None
