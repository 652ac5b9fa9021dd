"""Capturing: a reservation, or a part of it, becomes a booked payment."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from reskontro.batches.kinds import Origin
from reskontro.kit.errors import validation_failed
from reskontro.kit.messages import Messages
from reskontro.kit.money import multiply
from reskontro.ledger.booking import AMOUNT_MAX, Booking, Control, is_too_large
from reskontro.ledger.claims import Meaning, meant_by_customer, meant_by_items
from reskontro.ledger.payment_booking import PAYMENT_JOURNAL, book_payment, payment_transaction
from reskontro.ledger.posting import ONE, LedgerTransaction, OpenItem
from reskontro.norway.identities import currency_decimals
from reskontro.receivable.booking_desk import BookingDesk
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft, check_date_range
from reskontro.receivable.payment_reservations import store
from reskontro.receivable.payment_reservations.schemas import CAPTURE
from reskontro.receivable.payment_reservations.service import change, find_reservation, note, shown, wrong_state
from reskontro.receivable.payment_reservations.store import Reservation
from reskontro.web.calls import Call
from reskontro.web.replies import Reply

ENTITY = "capture"


def capture(call: Call, reservation_id: UUID, raw: dict[str, Any]) -> Reply:
    """Book a payment of the reserved amount or a part of it. Raises Problem NOT-FOUND, STATE-CONFLICT, VALIDATION-FAILED."""

    def work(desk: BookingDesk, origin: Origin) -> Reply:
        reservation = find_reservation(desk.transaction, desk.client_no, reservation_id)
        status = reservation.status_at(desk.context.now)
        if status != "ACTIVE":
            raise wrong_state(status)
        messages = Messages()
        draft = Draft(CAPTURE, ENTITY, raw, CAPTURE.read(raw, messages), messages)
        customer = desk.customers.find_account(reservation.account_no)
        assert customer is not None, "a reservation keeps its customer"
        booked = _book(desk, draft, reservation, customer, origin)
        if booked is None:
            raise validation_failed(messages.in_order(), f"/{ENTITY}")
        item, posting = booked
        desk.log(note("RESERVATION-CAPTURED", reservation_id, customer.customer_no, reservation.ar_item_id, origin))
        desk.write()
        _change(reservation, item, posting, final=bool(draft.values.get("final")))
        store.update_reservation(desk.transaction, desk.client_no, reservation, desk.context.now)
        return Reply(200, shown(desk, reservation_id))

    return change(call, work, lambda transaction: find_reservation(transaction, call.client_no, reservation_id))


def _book(desk: BookingDesk, draft: Draft, reservation: Reservation, customer: Customer, origin: Origin) -> tuple[OpenItem, LedgerTransaction] | None:
    """The payment's item and transaction; None with findings."""
    values = draft.values
    check_date_range(draft, "paymentDate", desk.context.today)
    payment_date: date = values.get("paymentDate") or desk.context.today
    amount: Decimal = values.get("amount", reservation.remaining)
    if amount > reservation.remaining:
        draft.find("AMOUNT-EXCEEDED", "amount", value=amount, available=reservation.remaining)
    if currency_decimals(reservation.currency) == 0 and amount != amount.to_integral_value():
        draft.find("PRECISION", "amount", max=0)
    desk.check_payment(draft)
    day = desk.posting_day(draft)
    if day is None:
        return None
    rate = desk.rate(draft, reservation.currency, payment_date)
    control_account = desk.control_account(draft, customer, day.day)
    desk.check_exchange_accounts(draft, reservation.currency, day.day)
    bank = desk.bank_gl_account(draft, day.day, "PY")
    if draft.failed or rate is None or control_account is None or bank is None:
        return None
    booking = desk.booking(draft, day, PAYMENT_JOURNAL, reservation.currency, rate, payment_date, origin)
    posting, control = payment_transaction(booking, customer, control_account, bank, amount)
    if is_too_large(posting):
        draft.find("RANGE", "amount", min=0, max=multiply(AMOUNT_MAX / rate, ONE, 0))
        return None
    return _take_effect(desk, draft, reservation, customer, booking, posting, control, control_account, origin), posting


def _take_effect(
    desk: BookingDesk,
    draft: Draft,
    reservation: Reservation,
    customer: Customer,
    booking: Booking,
    posting: LedgerTransaction,
    control: Control,
    control_account: str,
    origin: Origin,
) -> OpenItem:
    desk.fix_control_account(customer, control_account)
    desk.transactions.append(posting)
    details = dict(draft.values.get("payment") or {})
    if reservation.payment_method is not None:
        details.setdefault("paymentMethod", reservation.payment_method)
    meaning = _meaning(desk, reservation, booking)
    item, _, _ = book_payment(desk, booking, customer, posting, control, meaning, origin, details=details)
    return item


def _meaning(desk: BookingDesk, reservation: Reservation, booking: Booking) -> Meaning | None:
    """The claim of the item reserved on, or all claims of the customer; None when the client lets nothing be matched by itself."""
    if reservation.ar_item_id is not None:
        item = desk.item(reservation.ar_item_id)
        assert item is not None, "a reservation keeps its item"
        return meant_by_items(desk, [item], "MANUAL" if item.document_no is None else "DOCUMENT-NO")
    if not desk.books.config("matching.auto", booking.day):
        return None
    return meant_by_customer(desk, reservation.account_no, reservation.currency, "MANUAL")


def _change(reservation: Reservation, item: OpenItem, posting: LedgerTransaction, *, final: bool) -> None:
    amount = -item.original_amount
    reservation.captured += amount
    if final:
        reservation.released += reservation.remaining
    if not reservation.remaining:
        reservation.status = "CAPTURED"
    reservation.captures.append(
        {
            "amount": amount,
            "paymentDate": posting.document_date,
            "transactionNo": posting.transaction_no,
            "glYear": posting.gl_year,
            "arItemId": item.ar_item_id,
        }
    )
