"""The wire form of payments, and of matches that are asked for."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from reskontro.kit.fields import (
    NATURAL_KEY,
    Field,
    Invalid,
    Schema,
    anything,
    choice,
    day,
    identifier,
    integer,
    money,
    nested_array,
    text,
)
from reskontro.kit.ids import IdMalformed, decode_id
from reskontro.ledger.matches_view import MATCH_LINE
from reskontro.receivable.customers.schemas import NUMBER_MAX
from reskontro.receivable.payment_details import PAYMENT_METHODS

ITEMS_MAX: Final = 1_000
"""A match has at most so many items."""
PAYMENT_STATUSES: Final = ("MATCHED", "PARTIAL", "UNAPPLIED", "UNIDENTIFIED", "REVERSED")
EXCEPTION_CODES: Final = (
    "KID-INVALID",
    "KID-UNKNOWN",
    "KID-AMBIGUOUS",
    "ITEM-CREDITED",
    "ALREADY-PAID",
    "OVERPAID",
    "CURRENCY",
    "TEXT-ONLY",
    "NEGATIVE",
    "RETURNED",
    "IN-COLLECTION",
)


def _ids(value: Any) -> list[UUID]:
    """Ids in their order, each once."""
    if type(value) is not list:
        raise Invalid("TYPE", type="array")
    if len(value) > ITEMS_MAX:
        raise Invalid("COUNT", max=ITEMS_MAX)
    found: dict[UUID, None] = {}
    for index, element in enumerate(value):
        if type(element) is not str:
            raise Invalid("TYPE", type="string", _element=index)
        try:
            found[decode_id(element)] = None
        except IdMalformed:
            raise Invalid("FORMAT", value=element, _element=index) from None
    return list(found)


MATCH_REQUEST: Final = Schema(
    "MatchRequest",
    [
        identifier("paymentUuid", "Form 1: a payment that is nobody's, to be given to the customer named below and then matched"),
        text("customerNo", 20, "Form 1: the customer", pattern=NATURAL_KEY),
        Field(
            "arItemIds",
            _ids,
            {"type": "array", "items": {"type": "string", "minLength": 22, "maxLength": 22}, "maxItems": ITEMS_MAX},
            "Form 2, or what form 1 is to settle: these items, in the order of coverage",
        ),
        nested_array("lines", MATCH_LINE, "Form 3, or what form 1 is to settle: exact amounts", maximum=ITEMS_MAX),
        day("matchDate", "Day from which it counts; default today"),
    ],
    "Items to settle against each other, or a payment to place",
)

PAYMENT: Final = Schema(
    "Payment",
    [
        identifier("paymentUuid", "Id of the payment", always=True),
        integer("clientNo", 1, NUMBER_MAX, "The client", always=True),
        choice("status", PAYMENT_STATUSES, "By what is left to place", always=True),
        choice("exceptionCode", EXCEPTION_CODES, "Why something is left; null when nothing is"),
        money("amount", "What was paid", always=True),
        money("allocatedAmount", "What claims were settled with", always=True),
        money("unallocatedAmount", "What is left to place", always=True),
        text("currency", 3, "Currency", always=True),
        day("paymentDate", "When it was paid", always=True),
        day("bookingDate", "When it was booked", always=True),
        text("bankAccountNo", 140, "Receiving account"),
        text("bankReference", 140, "The bank's reference"),
        text("payerName", 140, "Who paid"),
        text("payerAccountNo", 140, "The payer's account"),
        text("kid", 140, "KID paid with"),
        text("text", 140, "Text of the payment"),
        choice("paymentMethod", PAYMENT_METHODS, "How it was paid", always=True),
        identifier("fileId", "Bank file it came with"),
        identifier("batchUuid", "Batch it came with"),
        identifier("arItemId", "Its AR item; null while nobody knows whose it is"),
        integer("accountNo", 1, NUMBER_MAX, "AR account; null while nobody knows whose it is"),
        text("customerNo", 20, "The customer; null while nobody knows whose it is"),
        Field(
            "suggestions",
            anything("suggestions").check,
            {"type": "array", "items": {"type": "object"}},
            "Open items it may be meant for, best first, with the reason; with expand=suggestions",
        ),
    ],
    "Money received, and what became of it",
)
