"""Wire fields that everything about payments has in common: the KID and the details of a payment."""

from __future__ import annotations

from typing import Any, Final

from reskontro.kit.fields import Field, Invalid, Schema, choice, text
from reskontro.norway import kid as kid_rules

PAYMENT_METHODS: Final = ("BANK", "AVTALEGIRO", "EFAKTURA", "CARD", "MOBILE", "CASH", "COLLECTION", "OTHER")

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
