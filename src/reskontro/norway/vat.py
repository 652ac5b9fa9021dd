"""Output VAT: the SAF-T codes with their dated rates, the code that fits the amounts of a line, and VAT per rate.

The rates are set each year by the Storting (Stortingsvedtak om merverdiavgift); ``data/vat_code.csv`` has the row and
source of each.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Final, NamedTuple

from reskontro.norway.tables import read_rows

ORE: Final = Decimal("0.01")
_ZERO = Decimal(0)
_HUNDRED = Decimal(100)
_TOLERANCE_UNITS = 2

NO_TREATMENT_CODE: Final = "7"
"""Late interest, reminder fees and the compensation for recovery costs stand outside the VAT base (mval. § 4-1 second
paragraph).
"""

CONTROL_ACCOUNT = "1500"


class VatCode(NamedTuple):
    """One output code with the rate it had in a span of time."""

    code: str
    rate: Decimal
    """Per cent; 0 for the codes without VAT."""
    name: str
    income_account: str
    vat_account: str | None
    valid_from: date
    valid_to: date | None
    """Last day, None while the rate is in force."""
    source: str


VAT_CODES: Final[tuple[VatCode, ...]] = tuple(
    VatCode(
        row["code"],
        Decimal(row["rate"]),
        row["name"],
        row["income_account"],
        row["vat_account"] or None,
        date.fromisoformat(row["valid_from"]),
        date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        row["source"],
    )
    for row in read_rows("vat_code")
)
"""All rows of the table in its order."""


@lru_cache(maxsize=4096)
def output_codes_on(day: date) -> tuple[tuple[str, Decimal], ...]:
    """The output codes in force on the day, each with its rate in per cent, in the order of the table; empty before the
    first known day.
    """
    return tuple((row.code, row.rate) for row in VAT_CODES if row.valid_from <= day and (row.valid_to is None or day <= row.valid_to))


@lru_cache(maxsize=4096)
def _rates_on(day: date) -> dict[str, Decimal]:
    return dict(output_codes_on(day))


@lru_cache(maxsize=4096)
def _taxed_codes_on(day: date) -> tuple[tuple[str, Decimal], ...]:
    """Code and rate as a fraction of one, highest rate first, of the codes that carry VAT."""
    taxed = [(code, rate / _HUNDRED) for code, rate in output_codes_on(day) if rate]
    return tuple(sorted(taxed, key=lambda pair: pair[1], reverse=True))


STANDARD_CODES: Final = frozenset("0 1 11 12 13 14 15 20 21 22 3 31 32 33 5 51 52 6 7 81 82 83 84 85 86 87 88 89 91 92".split())
"""The codes of the SAF-T list, input and output."""


def is_standard_code(code: str) -> bool:
    """Whether a code is in the SAF-T list of standard VAT codes."""
    return code in STANDARD_CODES


def rate_on(code: str, day: date) -> Decimal | None:
    """The rate of an output code on the day in per cent, or None when the code is not in force."""
    return _rates_on(day).get(code)


def round_vat(value: Decimal, unit: Decimal = ORE) -> Decimal:
    """The amount rounded to the unit, half away from zero, so that a credit mirrors its invoice."""
    return value.quantize(unit, ROUND_HALF_UP)


def code_for_amounts(base: Decimal, vat: Decimal, day: date, unit: Decimal = ORE) -> str | None:
    """The code whose rate gives, on that base, the VAT nearest to the one used.

    unit is the last decimal of the currency (0.01 or 1). The VAT of a rate is rounded to it, and must be within two
    units; of two rates equally near the higher one is taken. None when no rate fits. VAT 0 is no matter of this
    function: its code depends on the customer.
    """
    best: str | None = None
    nearest = _TOLERANCE_UNITS * unit
    for code, fraction in _taxed_codes_on(day):
        distance = abs((base * fraction).quantize(unit, ROUND_HALF_UP) - vat)
        if not distance:
            # The highest rates come first, and nothing is nearer than this.
            return code
        if distance < nearest or (best is None and distance == nearest):
            best, nearest = code, distance
    return best


def rate_fits(code: str, base: Decimal, vat: Decimal, day: date, unit: Decimal = ORE) -> bool:
    """Whether the VAT is at most two units from what the code's rate gives on the base; False for a code that is not in
    force.
    """
    rate = _rates_on(day).get(code)
    return rate is not None and abs(round_vat(base * rate / _HUNDRED, unit) - vat) <= _TOLERANCE_UNITS * unit


class RateTotal(NamedTuple):
    """Base and VAT of one rate in a document."""

    rate: Decimal
    base: Decimal
    vat: Decimal


def vat_per_rate(lines: Iterable[tuple[Decimal, Decimal]]) -> tuple[RateTotal, ...]:
    """Base and VAT per rate, by rising rate, of lines given as (net, rate in per cent).

    VAT is computed on the summed base of a rate and rounded once to øre (EN 16931, BR-CO-17).
    """
    bases: dict[Decimal, Decimal] = {}
    for net, rate in lines:
        bases[rate] = bases.get(rate, _ZERO) + net
    return tuple(RateTotal(rate, bases[rate], round_vat(bases[rate] * rate / _HUNDRED)) for rate in sorted(bases))


def vat_of_gross(gross: Decimal, rate: Decimal, unit: Decimal = ORE) -> Decimal:
    """The VAT inside a gross amount, rounded; the net is what remains."""
    return round_vat(gross * rate / (_HUNDRED + rate), unit)


class PostingLine(NamedTuple):
    """One line of a general-ledger posting; one of debit and credit is 0."""

    account: str
    debit: Decimal
    credit: Decimal


@cache
def _accounts_of_rate(rate: Decimal) -> tuple[str, str]:
    for row in VAT_CODES:
        if row.rate == rate and row.vat_account is not None:
            return row.income_account, row.vat_account
    raise ValueError(f"{rate} per cent is no rate of output VAT")


def posting_of_gross(gross: Decimal, rate: Decimal, *, credit_note: bool = False) -> tuple[PostingLine, ...]:
    """The posting of an invoice over that gross amount: control account, income, VAT; of a credit note with the sides
    exchanged.

    Raises ValueError for a rate that output VAT never had.
    """
    income_account, vat_account = _accounts_of_rate(rate)
    vat = vat_of_gross(gross, rate)
    sides = ((CONTROL_ACCOUNT, gross, _ZERO), (income_account, _ZERO, gross - vat), (vat_account, _ZERO, vat))
    return tuple(PostingLine(account, *((credit, debit) if credit_note else (debit, credit))) for account, debit, credit in sides)
