"""Salær: the most an agency may charge a debtor for collecting a claim.

Rules: inkassoforskriften (INKF) §§ 2-1 to 2-4 and inkassoloven § 17. A cap is a multiple of the inkassosats, kept to
the øre.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, NamedTuple

from reskontro.norway.fees import DebtorType
from reskontro.norway.rates import STATUTORY, Rates, ValueMissing
from reskontro.norway.tables import read_rows

Level = Literal["light", "heavy"]

HEAVY_MULTIPLE: Final = Decimal(2)
"""A heavy case, whose demand was missed by more than 28 days, has twice the light cap (INKF § 2-3)."""
NON_CONSUMER_MULTIPLE: Final = Decimal("1.5")
"""INKF § 2-1; only for the caps, not for the supplement of an instalment plan."""
VAT_MULTIPLE: Final = Decimal("1.25")
"""Added when the creditor cannot deduct the agency's VAT (INKF § 2-1)."""
PLAN_MULTIPLE: Final = Decimal("1.5")
"""The supplement for an instalment plan, in inkassosats (INKF § 2-4)."""
PLAN_INSTALMENTS_WITHOUT_SUPPLEMENT: Final = 4
"""A plan of up to so many instalments has no supplement."""

_ORE = Decimal("0.01")


class Band(NamedTuple):
    """The multiple of the inkassosats for claims up to a limit, which belongs to the band; None for the band without
    one.
    """

    upper_limit: Decimal | None
    multiple: Decimal
    valid_from: date
    valid_to: date | None
    source: str


BANDS: Final[tuple[Band, ...]] = tuple(
    Band(
        Decimal(row["upper_limit"]) if row["upper_limit"] else None,
        Decimal(row["multiplier"]),
        date.fromisoformat(row["valid_from"]),
        date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        row["source"],
    )
    for row in read_rows("salaer_band")
)
"""All bands; their span is that of the claim's due date, the lowest band of a span first."""

_LATEST_DUE_DATE = max(band.valid_from for band in BANDS)


def _multiple_of(band_base: Decimal, due_date: date) -> Decimal:
    for band in BANDS:
        in_span = band.valid_from <= due_date and (band.valid_to is None or due_date <= band.valid_to)
        if in_span and (band.upper_limit is None or band_base <= band.upper_limit):
            return band.multiple
    raise ValueMissing("salær band", due_date)


def cap(
    band_base: Decimal,
    covered_on: date,
    *,
    level: Level,
    debtor_type: DebtorType,
    creditor_vat_deductible: bool,
    due_date: date | None = None,
    rates: Rates = STATUTORY,
) -> Decimal:
    """The cap in NOK, rounded once to øre.

    band_base is the principal with the interest accrued before the due date, without late interest and fees. The
    inkassosats is that of the day the principal is covered, the bands are those of the claim's due date (None: a claim
    of the bands in force). Raises ValueMissing for a day outside the known ones.
    """
    amount = rates.inkassosats.on(covered_on) * _multiple_of(band_base, due_date or _LATEST_DUE_DATE)
    if level == "heavy":
        amount *= HEAVY_MULTIPLE
    if debtor_type != "consumer":
        amount *= NON_CONSUMER_MULTIPLE
    if not creditor_vat_deductible:
        amount *= VAT_MULTIPLE
    return amount.quantize(_ORE, ROUND_HALF_UP)


def plan_supplement(
    instalments: int,
    agreed_on: date,
    *,
    creditor_vat_deductible: bool,
    brought_to_court: bool,
    rates: Rates = STATUTORY,
) -> Decimal:
    """The supplement in NOK for an instalment plan: 0 for up to four instalments, or when the case has been brought to
    court.

    Raises ValueMissing for a day whose inkassosats is not known.
    """
    amount = rates.inkassosats.on(agreed_on) * PLAN_MULTIPLE
    if brought_to_court or instalments <= PLAN_INSTALMENTS_WITHOUT_SUPPLEMENT:
        return Decimal(0)
    if not creditor_vat_deductible:
        amount *= VAT_MULTIPLE
    return amount.quantize(_ORE, ROUND_HALF_UP)


def agency_fee_allowed(notice_deadline: date, order_reached_bank: date) -> bool:
    """Whether the debtor who paid then owes an agency fee: only after the deadline day of the notice (inkassoloven § 17
    third paragraph).
    """
    return order_reached_bank > notice_deadline
