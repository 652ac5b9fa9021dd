"""Giving a payment that is nobody's to a customer: from the suspense account to the customer's, as an AR item of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id
from reskontro.ledger.booking import Booking
from reskontro.ledger.item_desk import Debtor, ItemDesk
from reskontro.ledger.log import LogEntry
from reskontro.ledger.payments import PLACED_FROM
from reskontro.ledger.posting import GlLine, LedgerTransaction, OpenItem, Part
from reskontro.ledger.reversal import load_transaction, load_transactions

JOURNAL: Final = "PAYMENTS"


@dataclass(frozen=True, slots=True)
class KeptPayment:
    """A stored payment as far as placing it asks; ``amount`` is positive for money received."""

    payment_uuid: UUID
    ar_item_id: UUID | None
    amount: Decimal
    currency: str
    payment_date: date
    kid: str | None
    exception_code: str | None
    reversed: bool
    gl_year: int | None
    transaction_no: int | None

    @property
    def is_unidentified(self) -> bool:
        """Whether it stands on the suspense account and may be placed."""
        return self.ar_item_id is None and not self.reversed


def find_payments(transaction: Transaction, client_no: int, payment_uuids: Sequence[UUID]) -> dict[UUID, KeptPayment]:
    """Payments by id, those that there are."""
    rows = transaction.execute(
        "select payment_uuid, ar_item_id, amount, currency, payment_date, kid, exception_code, reversed, gl_year, transaction_no"
        " from payment where client_no = %s and payment_uuid = any(%s)",
        (client_no, list(payment_uuids)),
    )
    return {row[0]: KeptPayment(*row) for row in rows}


def find_payment(transaction: Transaction, client_no: int, payment_uuid: UUID) -> KeptPayment | None:
    """A payment by id, None when there is none."""
    return find_payments(transaction, client_no, [payment_uuid]).get(payment_uuid)


def load_bookings(desk: ItemDesk, payments: Iterable[KeptPayment]) -> None:
    """Look up the bookings of unidentified payments, one statement per table."""
    keys = ((kept.gl_year, kept.transaction_no) for kept in payments)
    load_transactions(desk, [(year, number) for year, number in keys if year is not None and number is not None])


def booking_of(desk: ItemDesk, payment: KeptPayment) -> LedgerTransaction:
    """The transaction that booked an unidentified payment on the suspense account."""
    assert payment.gl_year is not None and payment.transaction_no is not None, "an unidentified payment knows its booking"
    posted = load_transaction(desk, payment.gl_year, payment.transaction_no)
    assert posted is not None
    return posted.posting


def _suspense_line(booked: LedgerTransaction, payment: KeptPayment) -> GlLine:
    return next(line for line in booked.lines if line.currency_amount == -payment.amount)


def place_payment(desk: ItemDesk, payment: KeptPayment, customer: Debtor, control_account: str, day: date, origin: Origin) -> OpenItem:
    """Let an unidentified payment become an AR item of the customer on an open day, not before its booking; returns the item, still unapplied.

    The row of the payment follows with ``record_placings``. The base amount is the one it was booked with.
    """
    period = desk.books.period_of(day)
    assert period is not None and period.is_open
    booked = booking_of(desk, payment)
    suspense = _suspense_line(booked, payment)
    booking = Booking(
        JOURNAL,
        day,
        period,
        payment.payment_date,
        payment.currency,
        booked.exchange_rate,
        desk.base_decimals,
        origin.user_id,
    )
    control = booking.control(control_account, customer.account_no, -payment.amount, suspense.amount)
    posting = booking.transaction([control], [Part(suspense.gl_account, payment.amount, None)])
    details = {PLACED_FROM: payment.exception_code} if payment.exception_code is not None else {}
    item = booking.item(posting, control, "PY", "CREDIT" if payment.amount > 0 else "PRINCIPAL", kid=payment.kid, details=details)
    desk.transactions.append(posting)
    desk.add_item(item)
    if customer.control_account is None:
        desk.debtors.set_control_account(customer, control_account)
    desk.log(
        LogEntry("PAYMENT-PLACED", "PAYMENT", encode_id(payment.payment_uuid), origin, ar_item_id=item.ar_item_id, customer_no=customer.customer_no)
    )
    return item


def record_placings(transaction: Transaction, client_no: int, placed: Sequence[tuple[UUID, OpenItem, str | None]]) -> None:
    """Let the rows of placed payments name their items and customers, and the exceptions that are left; after the desk was written."""
    if placed:
        transaction.execute(
            "update payment p set ar_item_id = n.ar_item_id, account_no = n.account_no, exception_code = n.code"
            " from unnest(%s::uuid[], %s::uuid[], %s::int[], %s::text[]) as n (payment_uuid, ar_item_id, account_no, code)"
            " where p.client_no = %s and p.payment_uuid = n.payment_uuid",
            (
                [payment_uuid for payment_uuid, _, _ in placed],
                [item.ar_item_id for _, item, _ in placed],
                [item.account_no for _, item, _ in placed],
                [code for _, _, code in placed],
                client_no,
            ),
        )
