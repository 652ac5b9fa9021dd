"""Booking a payment that comes without a document: auto posting, capture of a reservation, bank file."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.kit.ids import new_id
from reskontro.ledger.booking import Booking, Control
from reskontro.ledger.claims import Meaning, settle_payment
from reskontro.ledger.item_desk import Debtor, ItemDesk
from reskontro.ledger.matching import Match
from reskontro.ledger.payments import PaymentRecord, record_of
from reskontro.ledger.posting import LedgerTransaction, OpenItem, Part

PAYMENT_JOURNAL = "PAYMENTS"


def payment_transaction(
    booking: Booking, customer: Debtor, control_account: str, bank_account: str, amount: Decimal
) -> tuple[LedgerTransaction, Control]:
    """The bank account against the customer's control account, and the control line; ``amount`` is what was paid."""
    control = booking.control(control_account, customer.account_no, -amount)
    return booking.transaction([control], [Part(bank_account, amount, None)]), control


def book_payment(
    desk: ItemDesk,
    booking: Booking,
    customer: Debtor,
    posting: LedgerTransaction,
    control: Control,
    meaning: Meaning | None,
    origin: Origin,
    *,
    details: dict[str, Any],
    kid: str | None = None,
    allocations: Sequence[tuple[OpenItem, Decimal]] = (),
    item_details: dict[str, Any] | None = None,
    kept: dict[str, Any] | None = None,
) -> tuple[OpenItem, Match | None, PaymentRecord]:
    """Let a payment take effect: its AR item, the match with what it means, and the record of it; the transaction is the caller's to accept.

    ``details`` are PaymentDetails by wire name, ``kept`` further members of the record; without ``meaning`` the payment stays unapplied with its
    customer.
    """
    item = booking.item(posting, control, "PY", "CREDIT", kid=kid, details=item_details or {})
    desk.add_item(item)
    match, exception = None, None
    if meaning is not None:
        match, exception = settle_payment(desk, item, meaning, origin, customer_no=customer.customer_no, allocations=allocations)
    record = _record(desk, booking, posting, -item.original_amount, origin, details, {"kid": kid, "exception_code": exception, **(kept or {})})
    record.ar_item_id, record.account_no = item.ar_item_id, item.account_no
    desk.add_payment(record)
    return item, match, record


def book_unidentified(
    desk: ItemDesk,
    booking: Booking,
    accounts: tuple[str, str],
    amount: Decimal,
    origin: Origin,
    *,
    details: dict[str, Any],
    kept: dict[str, Any],
) -> PaymentRecord:
    """Let a payment take effect that is nobody's, or that took money away: the bank account against the suspense account, and the record of it.

    ``accounts`` are those two; ``amount`` is negative when money left the bank account, and then the sides are exchanged.
    """
    bank, suspense = accounts
    posting = booking.transaction([], [Part(bank, amount, None), Part(suspense, -amount, None)])
    desk.transactions.append(posting)
    record = _record(desk, booking, posting, amount, origin, details, kept)
    record.suspense = True
    desk.add_payment(record)
    return record


def _record(
    desk: ItemDesk, booking: Booking, posting: LedgerTransaction, amount: Decimal, origin: Origin, details: dict[str, Any], kept: dict[str, Any]
) -> PaymentRecord:
    values = {
        "payment_uuid": new_id(),
        "ar_item_id": None,
        "account_no": None,
        "amount": amount,
        "currency": booking.currency,
        "payment_date": booking.document_date,
        "booking_date": booking.day,
        "batch_uuid": origin.batch_uuid,
        "posting": posting,
        **kept,
    }
    return record_of(details, desk.books, desk.context.today, **values)
