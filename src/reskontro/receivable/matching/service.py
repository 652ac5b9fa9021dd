"""Making and undoing matches by hand."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from reskontro.batches.kinds import ChunkContext, Origin
from reskontro.db.engine import lock_client
from reskontro.kit.errors import Problem, not_found, validation_failed
from reskontro.kit.ids import new_id
from reskontro.kit.messages import Message
from reskontro.kit.money import ZERO
from reskontro.ledger.books import open_books
from reskontro.ledger.matches_view import match_views
from reskontro.ledger.matching import Match, group_claims, in_coverage_order
from reskontro.ledger.placing import place_payment, record_placings
from reskontro.ledger.posting import OpenItem
from reskontro.ledger.undo import find_match, undo_match
from reskontro.receivable.booking_desk import BookingDesk
from reskontro.receivable.matching.requests import ENTITY, MatchRequest, check, check_sides, read, read_lines
from reskontro.receivable.targets import collection_status
from reskontro.receivable.writes import origin_of
from reskontro.web.calls import Call
from reskontro.web.idempotency import run_once
from reskontro.web.replies import Reply

SOURCE: Final = "MANUAL"
_LASTING: Final = ("CREDIT-NOTE", "REVERSAL", "COLLECTION")
"""Sources of matches that nobody undoes by hand."""


def create_match(call: Call, raw: dict[str, Any]) -> Reply:
    """Match items, or place a payment and match it, once for the Idempotency-Key.

    Raises Problem NOT-FOUND, CLIENT-NOT-ACTIVE, STATE-CONFLICT for a payment that is placed, VALIDATION-FAILED.
    """

    def work(transaction: Any) -> Reply:
        desk = _desk(call, transaction)
        request = read(raw, desk)
        desk.books.require_active()
        if request.payment is not None and not request.payment.is_unidentified:
            state = "reversed" if request.payment.reversed else "already placed"
            raise Problem("STATE-CONFLICT", f"the payment is {state}")
        match = _make(desk, request, origin_of(call))
        return Reply(201, match_views(transaction, call.client_no, [match.match_id])[match.match_id])

    return run_once(call, work)


def _desk(call: Call, transaction: Any) -> BookingDesk:
    lock_client(transaction, call.client_no)
    now = call.services.clock.now()
    books = open_books(transaction, call.client_no, now)
    return BookingDesk(transaction, ChunkContext(call.client_no, books, now, books.today(now)))


def _make(desk: BookingDesk, request: MatchRequest, origin: Origin) -> Match:
    """Judge a request and let it take effect; raises Problem VALIDATION-FAILED."""
    draft = request.draft
    check(desk, request)
    if "lines" in draft.values:
        read_lines(request)
    elif request.payment is None and request.named:
        check_sides(request, request.named)
    control = None
    if request.customer is not None and not draft.failed:
        control = desk.control_account(draft, request.customer, request.match_date)
    if draft.failed:
        raise validation_failed(draft.messages.in_order(), f"/{ENTITY}")
    paid: OpenItem | None = None
    if request.payment is not None:
        assert request.customer is not None and control is not None
        paid = place_payment(desk, request.payment, request.customer, control, request.match_date, origin)
    match = _match(desk, request, paid, origin)
    desk.write()
    if paid is not None and request.payment is not None:
        exception = "OVERPAID" if paid.open_amount else None
        record_placings(desk.transaction, desk.client_no, [(request.payment.payment_uuid, paid, exception)])
    return match


def _match(desk: BookingDesk, request: MatchRequest, paid: OpenItem | None, origin: Origin) -> Match:
    """Match what is named; of a placed payment without names the customer's claims, and when there are none, nothing."""
    day = request.match_date
    items = request.named
    if request.amounts is not None:
        parts = list(zip(items, request.amounts, strict=True))
        if paid is not None:
            parts.append((paid, -sum(request.amounts, ZERO)))
    else:
        if paid is not None:
            items = [*(items or _claims(desk, request, paid)), paid]
        parts = use_up(items, desk.books.config("coverage.order", day))
        if not parts and request.named:
            check_sides(request, items)
            raise validation_failed(request.draft.messages.in_order(), f"/{ENTITY}")
    account_no = items[0].account_no
    if parts:
        match = desk.settler.settle_exactly(parts, source=SOURCE, created_by=origin.user_id, batch_uuid=None, match_date=day)
    else:
        order = desk.books.config("coverage.order", day)
        match = Match(new_id(), account_no, day, SOURCE, order, origin.user_id)
        desk.settler.effects.matches.append(match)
    owner = desk.customers.find_account(account_no)
    assert owner is not None, "an item has a customer"
    desk.log_match(match.match_id, origin, owner.customer_no)
    return match


def _claims(desk: BookingDesk, request: MatchRequest, paid: OpenItem) -> list[OpenItem]:
    """The customer's open claims that a placed payment settles: those booked by then that collection does not have."""
    return [
        item
        for item in desk.account_items(paid.account_no)
        if item.open_amount > 0
        and item.currency == paid.currency
        and item.gl_date <= request.match_date
        and item is not paid
        and collection_status(desk, item) is None
    ]


def use_up(items: Sequence[OpenItem], order: str) -> list[tuple[OpenItem, Decimal]]:
    """What of each item is settled when the credits, oldest first, are used up on the debits in the order of coverage: until one side is used up.

    Pure; debits come first. Empty when there is nothing on one of the sides.
    """
    debits = [item for claim in group_claims(items) for item in in_coverage_order(claim, order)]
    credits = sorted([item for item in items if item.open_amount < 0], key=lambda item: (item.item_date or item.gl_date, item.ar_item_id.int))
    left = min(sum([item.open_amount for item in debits], ZERO), -sum([item.open_amount for item in credits], ZERO))
    parts: list[tuple[OpenItem, Decimal]] = []
    for sign, side in ((1, debits), (-1, credits)):
        rest = left
        for item in side:
            part = min(rest, abs(item.open_amount))
            if part > 0:
                parts.append((item, sign * part))
                rest -= part
    return parts


def undo(call: Call, match_id: UUID) -> Reply:
    """Undo a match as of today.

    Raises Problem NOT-FOUND, CLIENT-NOT-ACTIVE, STATE-CONFLICT for one that is undone, VALIDATION-FAILED for one that nobody undoes by hand.
    """

    def work(transaction: Any) -> Reply:
        desk = _desk(call, transaction)
        match = find_match(desk, match_id)
        if match is None:
            raise not_found("the match")
        desk.books.require_active()
        if match.status == "UNDONE":
            raise Problem("STATE-CONFLICT", "the match is undone already")
        if match.source in _LASTING:
            raise validation_failed([Message("E", "STATE-CONFLICT", "matchId", "", {"status": match.source})])
        owner = desk.customers.find_account(match.account_no)
        assert owner is not None, "a match has a customer"
        undo_match(desk, match, origin_of(call), customer_no=owner.customer_no)
        desk.write()
        return Reply(200, match_views(transaction, call.client_no, [match_id])[match_id])

    return run_once(call, work)
