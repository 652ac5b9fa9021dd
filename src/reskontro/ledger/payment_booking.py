"""Booking a payment that comes without a document: auto posting, capture of a reservation, bank file."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from reskontro.batches.kinds import Origin
from reskontro.kit.ids import new_id
from reskontro.ledger.booking import Booking, Control
from reskontro.ledger.claims import Meaning, settle_payment
from reskontro.ledger.item_desk import Debtor, ItemDesk
from reskontro.ledger.matching import Match
from reskontro.ledger.payments import record_of
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
    file_id: UUID | None = None,
) -> tuple[OpenItem, Match | None]:
    """Let a payment take effect: its AR item, the match with what it means, and the record of it; the transaction is the caller's to accept.

    ``details`` are PaymentDetails by wire name; without ``meaning`` the payment stays unapplied with its customer.
    """
    item = booking.item(posting, control, "PY", "CREDIT", kid=kid, details=item_details or {})
    desk.add_item(item)
    match, exception = None, None
    if meaning is not None:
        match, exception = settle_payment(desk, item, meaning, origin, customer_no=customer.customer_no, allocations=allocations)
    desk.add_payment(
        record_of(
            details,
            desk.books,
            desk.context.today,
            payment_uuid=new_id(),
            ar_item_id=item.ar_item_id,
            account_no=item.account_no,
            amount=-item.original_amount,
            currency=item.currency,
            payment_date=booking.document_date,
            booking_date=item.gl_date,
            kid=kid,
            exception_code=exception,
            file_id=file_id,
            batch_uuid=origin.batch_uuid,
            posting=posting,
        )
    )
    return item, match
