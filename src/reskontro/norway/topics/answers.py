"""How the values of an answer are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from reskontro.kit.money import quantise
from reskontro.norway.inputs import Input

Calculation = Callable[[Input], dict[str, Any]]
Functions = Mapping[str, Calculation]


def money(value: Decimal) -> str:
    """The amount with two decimals, never as minus zero."""
    return format(quantise(value, 2) + 0, "f")


def plain(value: Decimal) -> str:
    """The number without trailing zeros and without exponent."""
    return format(value.normalize() + 0, "f")


def iso(day: date | None) -> str | None:
    """The date as YYYY-MM-DD, None as None."""
    return None if day is None else day.isoformat()
