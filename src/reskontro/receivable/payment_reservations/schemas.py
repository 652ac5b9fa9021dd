"""The wire form of payment reservations."""

from __future__ import annotations

from typing import Final

from reskontro.batches.schemas import FIELD_MESSAGE
from reskontro.kit.fields import Field, Schema, boolean, choice, day, identifier, integer, looked_up, moment, money, nested, nested_array, text
from reskontro.norway.identities import currency_code
from reskontro.receivable.customers.schemas import NUMBER_MAX
from reskontro.receivable.payment_details import PAYMENT_DETAILS, PAYMENT_METHODS, amount_field, kid_field

STATUSES: Final = ("ACTIVE", "CAPTURED", "RELEASED", "EXPIRED")

PAYMENT_RESERVATION_REQUEST: Final = Schema(
    "PaymentReservationRequest",
    [
        text("paymentId", 64, "The caller's own id of the payment, unique per client for ever", required=True),
        identifier("arItemId", "Item meant", conditional=True),
        identifier("documentUuid", "Document whose item is meant", conditional=True),
        text("documentNo", 35, "Document whose item is meant", conditional=True),
        text("referenceNo", 35, "Reference whose item is meant", conditional=True),
        kid_field("KID of the item, else of the customer meant"),
        integer("accountNo", 1, NUMBER_MAX, "AR account of the customer meant", conditional=True),
        text("customerNo", 20, "Customer meant", conditional=True),
        amount_field("amount", "How much is reserved", required=True),
        looked_up("currency", 3, currency_code, "CURRENCY-CODE", "ISO 4217; that of what is meant, also by default"),
        moment("expiresAt", "When it runs out; default by the config reservation.defaultHours"),
        choice("paymentMethod", PAYMENT_METHODS, "How it will be paid"),
        text("text", 200, "Text"),
    ],
    "Announces a payment for an item or a customer; all keys that mean one must agree",
)

PAYMENT_RESERVATION: Final = Schema(
    "PaymentReservation",
    [
        identifier("paymentReservationId", "Id of the reservation", use="out"),
        integer("clientNo", 1, NUMBER_MAX, "The client", use="out"),
        text("paymentId", 64, "The caller's own id of the payment", use="out"),
        choice("targetType", ("DOCUMENT", "CUSTOMER"), "Whether it is on an item or on a customer", use="out"),
        identifier("arItemId", "The item", use="out"),
        identifier("documentUuid", "Its document", use="out"),
        text("documentNo", 35, "Its document's number", use="out"),
        text("referenceNo", 35, "Its document's reference", use="out"),
        text("kid", 25, "KID of the item, or of the customer", use="out"),
        integer("accountNo", 1, NUMBER_MAX, "AR account of the customer", use="out"),
        text("customerNo", 20, "The customer", use="out"),
        money("amount", "What was reserved: captured, released and remaining together", use="out"),
        money("capturedAmount", "What has been booked", use="out"),
        money("releasedAmount", "What was given up, or ran out", use="out"),
        money("remainingAmount", "What is still reserved", use="out"),
        text("currency", 3, "ISO 4217", use="out"),
        text("paymentMethod", 20, "How it will be paid", use="out"),
        text("text", 200, "Text", use="out"),
        choice("status", STATUSES, "ACTIVE while something remains", use="out"),
        moment("expiresAt", "When it runs out", use="out"),
        moment("createdAt", "When it was made", use="out"),
        moment("changedAt", "When it last changed", use="out"),
        Field(
            "captures",
            lambda value: value,
            {"type": "array", "items": {"type": "object"}},
            "amount, paymentDate, transactionNo, glYear and arItemId of each capture",
            use="out",
        ),
        nested_array("warnings", FIELD_MESSAGE, "Findings; only in answers of writes", use="out"),
    ],
    "An amount of an item or a customer that is reserved for a payment under way",
)

CAPTURE: Final = Schema(
    "Capture",
    [
        amount_field("amount", "How much; default all that remains"),
        day("paymentDate", "When it was paid; default today"),
        boolean("final", "Release what then remains"),
        nested("payment", PAYMENT_DETAILS, "How it was paid"),
    ],
    "Turns a reservation, or a part of it, into a booked payment",
)
