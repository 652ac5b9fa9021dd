"""Payment reservations: make one, capture or release it, let it run out, show them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from reskontro.batches.kinds import ChunkContext, Origin
from reskontro.db.engine import Transaction, lock_client
from reskontro.kit.errors import Problem, not_found, validation_failed
from reskontro.kit.ids import encode_id, new_id
from reskontro.kit.messages import Messages, wire_messages
from reskontro.kit.money import ZERO
from reskontro.ledger.books import open_books
from reskontro.ledger.claims import owners_of_kid
from reskontro.ledger.log import LogEntry, append_log
from reskontro.ledger.posting import OpenItem
from reskontro.ledger.reservations import reservation_views, reserved_by_target
from reskontro.norway.identities import currency_decimals
from reskontro.receivable.booking_desk import BookingDesk
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft
from reskontro.receivable.payment_reservations import store
from reskontro.receivable.payment_reservations.schemas import PAYMENT_RESERVATION_REQUEST
from reskontro.receivable.payment_reservations.store import Reservation
from reskontro.receivable.targets import (
    CUSTOMER_FIELDS,
    ITEM_FIELDS,
    check_currency,
    common_items,
    conflict,
    find_customer,
    missing,
    named_items,
)
from reskontro.receivable.writes import origin_of
from reskontro.web.calls import Call
from reskontro.web.idempotency import run_once
from reskontro.web.replies import Reply

ENTITY = "paymentReservation"
_TARGET_FIELDS = (*ITEM_FIELDS, "accountNo", "customerNo")
_NATURAL_KEYS = frozenset(("documentNo", "referenceNo", "customerNo"))
_content_encoder = msgspec.json.Encoder(order="sorted", decimal_format="number", uuid_format="canonical")


@dataclass(frozen=True, slots=True)
class _Target:
    """What is reserved on: an item, or without one the customer."""

    customer: Customer
    item: OpenItem | None
    currency: str


def change(call: Call, work: Callable[[BookingDesk, Origin], Reply], find: Callable[[Transaction], object] | None = None) -> Reply:
    """Run a write of an active client once for its Idempotency-Key, under the client's write lock.

    ``find`` raises Problem NOT-FOUND for an unknown object, which goes before the question whether the client is active.
    """

    def run(transaction: Transaction) -> Reply:
        lock_client(transaction, call.client_no)
        now = call.services.clock.now()
        books = open_books(transaction, call.client_no, now)
        if find is not None:
            find(transaction)
        books.require_active()
        desk = BookingDesk(transaction, ChunkContext(call.client_no, books, now, books.today(now)))
        return work(desk, origin_of(call))

    return run_once(call, run)


def shown(desk: BookingDesk, reservation_id: UUID) -> dict[str, Any]:
    """A reservation as answers show it."""
    return reservation_views(desk.transaction, desk.client_no, [reservation_id], desk.context.now)[0]


def find_reservation(transaction: Transaction, client_no: int, reservation_id: UUID) -> Reservation:
    """A reservation by id; raises Problem NOT-FOUND."""
    found = store.reservation_by_id(transaction, client_no, reservation_id)
    if found is None:
        raise not_found("the payment reservation")
    return found


def note(event: str, reservation_id: UUID, customer_no: str | None, item_id: UUID | None, origin: Origin) -> LogEntry:
    """What the log says of a reservation."""
    return LogEntry(event, "RESERVATION", encode_id(reservation_id), origin, ar_item_id=item_id, customer_no=customer_no)


# ------------------------------------------------------------------------------------------------ making one


def create(call: Call, raw: dict[str, Any]) -> Reply:
    """Make a reservation, or show the one that the same request made before.

    Raises Problem PAYMENT-ID-REUSED, VALIDATION-FAILED.
    """

    def work(desk: BookingDesk, origin: Origin) -> Reply:
        messages = Messages()
        draft = Draft(PAYMENT_RESERVATION_REQUEST, ENTITY, raw, PAYMENT_RESERVATION_REQUEST.read(raw, messages), messages)
        content_hash = _content_hash(
            {name: value.lower() if name in _NATURAL_KEYS and isinstance(value, str) else value for name, value in draft.values.items()}
        )
        known = None
        if "paymentId" in draft.values:
            known = store.reservation_by_payment_id(desk.transaction, desk.client_no, draft.values["paymentId"])
        if known is not None:
            # The first versions kept that of the keys as they were spelled.
            if draft.failed or known.content_hash not in (content_hash, _content_hash(draft.values)):
                raise Problem("PAYMENT-ID-REUSED", "the paymentId was used for another reservation")
            return Reply(200, shown(desk, known.payment_reservation_id))
        target = _judge(desk, draft)
        if draft.failed or target is None:
            raise validation_failed(messages.in_order(), f"/{ENTITY}")
        reservation = _insert(desk, draft, target, content_hash, origin)
        view = shown(desk, reservation.payment_reservation_id)
        if messages:
            view["warnings"] = wire_messages(messages.in_order(), call.language, diagnostics=True, root=f"/{ENTITY}")
        location = f"{call.client_url}/paymentreservations/{encode_id(reservation.payment_reservation_id)}"
        return Reply(201, view, {"Location": location})

    return change(call, work)


def _content_hash(values: Mapping[str, Any]) -> bytes:
    """What tells the contents of requests apart, whose paymentId it is aside."""
    return hashlib.sha256(_content_encoder.encode({**values, "paymentId": None})).digest()


def _judge(desk: BookingDesk, draft: Draft) -> _Target | None:
    """What is meant, after all checks; None with findings."""
    target = _find_target(desk, draft)
    _expiry(desk, draft)
    if target is None:
        return None
    amount: Decimal | None = draft.values.get("amount")
    if amount is None:
        return target
    if currency_decimals(target.currency) == 0 and amount != amount.to_integral_value():
        draft.find("PRECISION", "amount", max=0)
        return target
    available = _available(desk, target)
    if amount > available:
        warn = desk.books.config("reservation.overOpenAmount", desk.context.today) == "WARN"
        draft.find("AMOUNT-EXCEEDED", "amount", severity="W" if warn else "E", value=amount, available=available)
    return target


def _find_target(desk: BookingDesk, draft: Draft) -> _Target | None:
    """The item or customer that all keys mean; None with findings."""
    if missing(draft, _TARGET_FIELDS) or draft.refused(_TARGET_FIELDS):
        return None
    values = draft.values
    desk.load_targets([draft])
    customer = find_customer(desk, draft)
    if customer is None and any(name in values for name in CUSTOMER_FIELDS):
        return None
    bears_kid = "kid" in values and any(item.original_amount > 0 for item in desk.items_with_kid(values["kid"]))
    names = [name for name in ITEM_FIELDS if name in values and (name != "kid" or bears_kid)]
    found = named_items(desk, draft, names)
    if len(found) < len(names):
        return None
    if "kid" in values and not bears_kid:
        owners = owners_of_kid(desk, values["kid"])
        if not owners:
            draft.find("ITEM-UNKNOWN", "kid", value=draft.raw["kid"])
            return None
        owner = desk.customers.find_account(owners[0])
        assert owner is not None, "the KID is this customer's"
        # The customer's KID together with an item would mean two things.
        if found or (customer is not None and customer.account_no != owner.account_no):
            conflict(draft)
            return None
        customer = owner
    if found:
        items = common_items(draft, found, customer)
        if len(items) > 1:
            conflict(draft)
        if len(items) != 1:
            return None
        bearer = desk.customers.find_account(items[0].account_no)
        assert bearer is not None, "an item has a customer"
        return _Target(bearer, items[0], items[0].currency) if check_currency(draft, items[0].currency) else None
    assert customer is not None, "a key was sent"
    return _Target(customer, None, customer.currency) if check_currency(draft, customer.currency) else None


def _expiry(desk: BookingDesk, draft: Draft) -> None:
    """The moment it runs out becomes a value; RANGE for one that is over or too far away."""
    if draft.refused(("expiresAt",)):
        return
    now, books, today = desk.context.now, desk.books, desk.context.today
    latest = now + timedelta(hours=books.config("reservation.maximumHours", today))
    sent: datetime | None = draft.values.get("expiresAt")
    expires_at = sent or min(now + timedelta(hours=books.config("reservation.defaultHours", today)), latest)
    if not now < expires_at <= latest:
        draft.find("RANGE", "expiresAt", min=_moment(now), max=_moment(latest))
    draft.values["expiresAt"] = expires_at


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _available(desk: BookingDesk, target: _Target) -> Decimal:
    """What can still be reserved: of a customer the open debit items of the currency less all that is reserved on it and its items; of an item what
    is open of it less what is reserved on it, and no more than the reservations on the customer itself leave of all its items."""
    account_no, currency = target.customer.account_no, target.currency
    opened = {item.ar_item_id: item.open_amount for item in desk.account_items(account_no) if item.open_amount > 0 and item.currency == currency}
    reserved = reserved_by_target(desk.transaction, desk.client_no, account_no, currency, desk.context.now)
    if target.item is None:
        return max(sum(opened.values(), ZERO) - sum(reserved.values(), ZERO), ZERO)
    # An item that was paid past its reservations takes nothing from the others.
    free = {item_id: max(amount - reserved.get(item_id, ZERO), ZERO) for item_id, amount in opened.items()}
    return max(min(free.get(target.item.ar_item_id, ZERO), sum(free.values(), ZERO) - reserved.get(None, ZERO)), ZERO)


def _insert(desk: BookingDesk, draft: Draft, target: _Target, content_hash: bytes, origin: Origin) -> Reservation:
    values = draft.values
    reservation = Reservation(
        new_id(),
        values["paymentId"],
        target.customer.account_no,
        target.item.ar_item_id if target.item is not None else None,
        values["amount"],
        ZERO,
        ZERO,
        target.currency,
        values.get("paymentMethod"),
        "ACTIVE",
        values["expiresAt"],
        [],
        content_hash,
    )
    store.insert_reservation(desk.transaction, desk.client_no, reservation, values.get("text"), desk.context.now, origin.user_id)
    entry = note("RESERVATION-CREATED", reservation.payment_reservation_id, target.customer.customer_no, reservation.ar_item_id, origin)
    append_log(desk.transaction, desk.client_no, desk.context.now, [entry])
    return reservation


# ------------------------------------------------------------------------------------------------ releasing


def release(call: Call, reservation_id: UUID) -> Reply:
    """Give up what remains; a released one is shown as it is. Raises Problem NOT-FOUND, STATE-CONFLICT."""

    def work(desk: BookingDesk, origin: Origin) -> Reply:
        reservation = find_reservation(desk.transaction, desk.client_no, reservation_id)
        status = reservation.status_at(desk.context.now)
        if status in ("CAPTURED", "EXPIRED"):
            raise wrong_state(status)
        if status == "ACTIVE":
            reservation.released += reservation.remaining
            reservation.status = "RELEASED"
            store.update_reservation(desk.transaction, desk.client_no, reservation, desk.context.now)
            customer = desk.customers.find_account(reservation.account_no)
            assert customer is not None, "a reservation keeps its customer"
            entry = note("RESERVATION-RELEASED", reservation_id, customer.customer_no, reservation.ar_item_id, origin)
            append_log(desk.transaction, desk.client_no, desk.context.now, [entry])
        return Reply(200, shown(desk, reservation_id))

    return change(call, work, lambda transaction: find_reservation(transaction, call.client_no, reservation_id))


def wrong_state(status: str) -> Problem:
    """409 for a reservation whose status does not let it be captured or released."""
    return Problem("STATE-CONFLICT", f"Not possible in status {status}", norwegian=f"Ikke mulig i status {status}")


# ------------------------------------------------------------------------------------------------ showing


def show(transaction: Transaction, client_no: int, reservation_id: UUID, now: datetime) -> dict[str, Any]:
    """One reservation; raises Problem NOT-FOUND."""
    open_books(transaction, client_no)
    views = reservation_views(transaction, client_no, [reservation_id], now)
    if not views:
        raise not_found("the payment reservation")
    return views[0]
