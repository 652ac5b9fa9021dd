"""What a letter may charge: the statutory fee of the day on its oldest claim that may bear one, and the compensation of every claim between
businesses. Pure.

Law: inkassoforskriften §§ 1-1 to 1-3 (fees), 1-5 (not beside the compensation), forsinkelsesrenteloven §§ 3a and 4 d (compensation). In another
currency than NOK a sum is converted at the day's rate and rounded down; without a rate nothing is charged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from reskontro.kit.money import ZERO
from reskontro.ledger.posting import ONE
from reskontro.norway.fees import fee_fraction
from reskontro.norway.rates import Rates
from reskontro.receivable.claim_charges import COMPENSATION, CONSUMER, LETTER_TYPES, DayRules, fee_limit, in_currency
from reskontro.receivable.dunning.rules import Claim

PRINCIPAL: Final = "PRINCIPAL"


@dataclass(frozen=True, slots=True)
class Charging:
    """What decides what a letter of one customer and currency may charge on a day."""

    day: date
    rates: Rates
    days: DayRules
    customer_category: str
    currency: str
    krone: Decimal | None
    """Base units for a krone; None when nobody knows."""
    rate: Decimal | None
    """Base units for a unit of the currency; None when nobody knows."""

    def allowed(self, claim: Claim, code: str) -> Decimal:
        """The most that a fee may add to a claim, in the currency of the letter; 0 when that cannot be told. Raises ValueMissing."""
        krone = self.krone if self.krone is not None else ONE
        _, most = fee_limit(claim.item, claim.charges, self.customer_category, code, self.day, self.rates, self.days, krone=krone)
        if not most or self.krone is None or self.rate is None:
            return ZERO
        return in_currency(most, self.currency, self.krone, self.rate)


def compensations(charging: Charging, claims: Sequence[Claim]) -> list[tuple[Claim, Decimal]]:
    """The claims that owe the compensation and were not charged it yet, with what it adds to their other costs. Raises ValueMissing."""
    if charging.customer_category == CONSUMER:
        return []
    found = []
    for claim in claims:
        if claim.item.claim_kind == PRINCIPAL:
            amount = charging.allowed(claim, COMPENSATION)
            if amount > 0:
                found.append((claim, amount))
    return found


def letter_fee(charging: Charging, claims: Sequence[Claim], code: str) -> tuple[Claim, Decimal] | None:
    """The oldest claim that may bear the fee of a letter, with the fee; None when none may. Raises ValueMissing."""
    for claim in claims:
        if claim.item.claim_kind == PRINCIPAL:
            amount = charging.allowed(claim, code)
            if amount > 0:
                return claim, amount
    return None


def fraction_text(code: str, due_date: date) -> str:
    """What part of the inkassosats the fee of a letter is: ``1/20``."""
    return str(Fraction(fee_fraction(LETTER_TYPES[code], due_date)))
