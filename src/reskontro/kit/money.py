"""Exact decimal amounts: how they are read, rounded and written. A binary float never touches them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

DIGITS_MAX = 15
"""An amount has at most this many digits, before and after the point together."""

_CONTEXT = Context(prec=60, rounding=ROUND_HALF_UP)
_UNIT = {0: Decimal(1), 2: Decimal("0.01")}
ZERO = Decimal(0)


def decimals_of(value: Decimal) -> int:
    """How many decimals the value needs; trailing zeros do not count."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0:
        return 0
    digits = value.as_tuple().digits
    while exponent < 0 and digits and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    return 0 if not digits else -exponent


def digits_of(value: Decimal) -> int:
    """How many digits the value has before the point and, without trailing zeros, after it."""
    return max(value.adjusted() + 1, 0) + decimals_of(value) if value else 1


def quantise(value: Decimal, decimals: int) -> Decimal:
    """The value rounded half away from zero to 0 or 2 decimals (any number works, the two of money are prepared)."""
    unit = _UNIT.get(decimals)
    return value.quantize(unit if unit is not None else Decimal(1).scaleb(-decimals), context=_CONTEXT)


def multiply(amount: Decimal, rate: Decimal, decimals: int) -> Decimal:
    """amount times rate, exact until it is rounded once, half away from zero."""
    return quantise(_CONTEXT.multiply(amount, rate), decimals)


def share(amount: Decimal, part: Decimal, whole: Decimal, decimals: int) -> Decimal:
    """amount times part over whole, rounded once half away from zero; 0 when whole is 0."""
    if not whole:
        return quantise(ZERO, decimals)
    if part == whole:
        return amount
    return quantise(_CONTEXT.divide(_CONTEXT.multiply(amount, part), whole), decimals)


def split(amount: Decimal, weights: Sequence[Decimal], decimals: int) -> list[Decimal]:
    """The amount in parts proportional to the weights; the last part with a weight takes what rounding leaves."""
    total = sum(weights, ZERO)
    parts = [share(amount, weight, total, decimals) if weight else ZERO for weight in weights]
    for position in range(len(weights) - 1, -1, -1):
        if weights[position]:
            parts[position] += amount - sum(parts, ZERO)
            break
    return parts


def wire_number(value: Decimal | None) -> int | Decimal | None:
    """The number as JSON writes it: no exponent, no trailing zeros."""
    if value is None:
        return None
    if value == value.to_integral_value():
        return int(value)
    return Decimal(format(value.normalize(_CONTEXT), "f"))
