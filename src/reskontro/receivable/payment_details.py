"""Wire fields that everything about payments has in common: the KID, amounts above 0, and the details of a payment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from reskontro.kit.fields import Field, Invalid, Schema, choice, read_money, text
from reskontro.ledger.booking import AMOUNT_MAX
from reskontro.norway import kid as kid_rules

PAYMENT_METHODS: Final = ("BANK", "AVTALEGIRO", "EFAKTURA", "CARD", "MOBILE", "CASH", "COLLECTION", "OTHER")
CENT: Final = Decimal("0.01")

PAYMENT_DETAILS: Final = Schema(
    "PaymentDetails",
    [
        choice("paymentMethod", PAYMENT_METHODS, "How it was paid; default BANK"),
        text("bankAccountNo", 34, "Receiving account, one of the client's; default its first"),
        text("bankReference", 64, "The bank's reference, unique with the account"),
        text("payerName", 140, "Who paid"),
        text("payerAccountNo", 34, "The payer's account"),
    ],
)


def _kid(value: Any) -> Any:
    if type(value) is not str:
        raise Invalid("TYPE", type="string")
    normalised = kid_rules.normalise(value) if value.strip() else None
    if normalised is None:
        raise Invalid("FORMAT", value=value)
    return normalised


def kid_field(description: str) -> Field:
    """A KID: 2 to 25 digits, the last may be a hyphen; blanks are removed."""
    return Field("kid", _kid, {"type": "string", "maxLength": 25}, description)


def _above_zero(value: Any) -> Decimal:
    amount = read_money(value)
    if amount <= 0:
        raise Invalid("RANGE", min=CENT, max=AMOUNT_MAX)
    return amount


def amount_field(name: str, description: str, **options: Any) -> Field:
    """An amount of money above 0."""
    return Field(name, _above_zero, {"type": "number", "exclusiveMinimum": 0}, description, **options)
