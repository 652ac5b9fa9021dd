"""writeoff and smalldifference: what is open of an item is given up, with its VAT share or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.kit.money import ZERO, share, split
from reskontro.ledger.booking import Booking
from reskontro.ledger.matching import base_part
from reskontro.ledger.posting import OpenItem, Part
from reskontro.ledger.reversal import load_transactions_of
from reskontro.ledger.vat_shares import vat_parts_of
from reskontro.norway.identities import currency_decimals
from reskontro.receivable.auto_postings.desk import PostingDesk, details_of, outcome
from reskontro.receivable.auto_postings.drafts import Outcome
from reskontro.receivable.auto_postings.methods.method import TARGET_FIELDS, Method
from reskontro.receivable.booking_desk import Day
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import ITEM_FIELDS, check_collection, check_currency, find_item

JOURNAL = "AUTO"


@dataclass(slots=True)
class _Case:
    item: OpenItem
    customer: Customer
    day: Day
    amount: Decimal
    """How much of the item, positive."""


def judge_item(desk: PostingDesk, draft: Draft, *, credits_too: bool) -> _Case | None:
    """The open item that is given up, and how much of it: by default all; None with findings."""
    found = find_item(desk, draft)
    day = desk.posting_day(draft)
    if found is None or day is None:
        return None
    item, customer = found
    desk.check_common(draft, item.currency, day.day)
    if not check_currency(draft, item.currency):
        return None
    key = draft.first_sent(ITEM_FIELDS)
    if not item.open_amount:
        draft.cross("STATE-CONFLICT", key, status="CLOSED")
        return None
    if item.open_amount < 0 and not credits_too:
        draft.cross("STATE-CONFLICT", key, status=item.claim_kind)
        return None
    check_collection(desk, draft, item)
    available = abs(item.open_amount)
    amount: Decimal = draft.values.get("amount", available)
    if amount > available:
        draft.find("AMOUNT-EXCEEDED", "amount", value=amount, available=available)
    return None if draft.refused(("amount",)) else _Case(item, customer, day, amount)


def _settle(desk: PostingDesk, draft: Draft, case: _Case, kind: str, parts: list[Part], source: str, origin: Origin, **details: Any) -> Outcome:
    """Book the item that closes or lowers the other one, and match them; ``parts`` are what stands against it, signed."""
    item = case.item
    sign = 1 if item.open_amount > 0 else -1
    booking = _booking(desk, draft, case, origin)
    base = base_part(item, sign * case.amount, desk.base_decimals)
    control = booking.control(item.control_account, item.account_no, -sign * case.amount, -base)
    posting = booking.transaction([control], parts)
    desk.accept(posting, origin, case.customer.customer_no)
    closing = booking.item(posting, control, kind, "CREDIT" if sign > 0 else "PRINCIPAL", details=details_of(draft) | details)
    desk.add_item(closing)
    match = desk.settler.settle_exactly(
        [(item, sign * case.amount), (closing, -sign * case.amount)],
        source=source,
        created_by=origin.user_id,
        batch_uuid=origin.batch_uuid,
        small_differences=False,
    )
    desk.log_match(match.match_id, origin, case.customer.customer_no)
    return outcome(posting, case.amount, [closing, item])


def _booking(desk: PostingDesk, draft: Draft, case: _Case, origin: Origin) -> Booking:
    return desk.booking(draft, case.day, JOURNAL, case.item.currency, case.item.exchange_rate, case.day.day, origin)


# ------------------------------------------------------------------------------------------------ write-off


def _load_write_offs(desk: PostingDesk, drafts: Sequence[Draft]) -> None:
    desk.load_targets(drafts)
    if any(draft.values.get("vatRelief") for draft in drafts):
        load_transactions_of(desk, [item for item in desk.looked_up() if item.vat_amount])


def _vat_share(desk: PostingDesk, draft: Draft, case: _Case) -> list[Part]:
    """The VAT share of what is written off, per code, on the accounts of VAT relief; ACCOUNT-UNKNOWN or ACCOUNT-CONTROL when one is not usable."""
    item, on = case.item, case.day.day
    decimals = 2 if currency_decimals(item.currency) is None else currency_decimals(item.currency) or 0
    total = share(item.vat_amount, case.amount, item.original_amount, decimals)
    posted = vat_parts_of(desk, item) if total else []
    amounts = split(total, [part.amount for part in posted], decimals)
    parts: list[Part] = []
    for part, amount in zip(posted, amounts, strict=True):
        if amount:
            account = desk.books.accounts_for("WRITE-OFF", on, vat_code=part.vat_code).vat_relief
            desk.check_account(draft, account)
            parts.append(Part(account or "", amount, part.vat_code))
    return parts


def post_write_off(desk: PostingDesk, draft: Draft, origin: Origin) -> Outcome | None:
    """Judge a write-off and let it take effect."""
    case = judge_item(desk, draft, credits_too=False)
    if case is None:
        return None
    reason = draft.values.get("reasonCode")
    loss = desk.books.accounts_for("WRITE-OFF", case.day.day, reason_code=reason).contra
    desk.check_account(draft, loss)
    if draft.failed or loss is None:
        return None
    relief = _vat_share(desk, draft, case) if draft.values.get("vatRelief") else []
    if draft.failed:
        return None
    parts = [Part(loss, case.amount - sum([part.amount for part in relief], ZERO), None), *relief]
    return _settle(desk, draft, case, "WO", parts, "MANUAL", origin, reasonCode=reason, reason=draft.values["reason"])


# ------------------------------------------------------------------------------------------------ small difference


def post_small_difference(desk: PostingDesk, draft: Draft, origin: Origin) -> Outcome | None:
    """Judge a small difference and let it take effect."""
    case = judge_item(desk, draft, credits_too=True)
    if case is None:
        return None
    item, on = case.item, case.day.day
    limit: Decimal = desk.books.config("matching.smallDifferenceLimit", on)
    if abs(item.base_open_amount) > limit:
        draft.cross("AMOUNT-EXCEEDED", "amount", value=abs(item.base_open_amount), available=limit)
    contra = desk.books.accounts_for("SMALL-DIFFERENCE", on).contra
    desk.check_account(draft, contra)
    if draft.failed or contra is None:
        return None
    sign = 1 if item.open_amount > 0 else -1
    return _settle(desk, draft, case, "SD", [Part(contra, sign * case.amount, None)], "SMALL-DIFFERENCE", origin)


WRITE_OFF = Method(
    "writeoff",
    frozenset((*TARGET_FIELDS, "amount", "currency", "reasonCode", "vatRelief", "reason")),
    ("reasonCode", "reason"),
    _load_write_offs,
    post_write_off,
)
SMALL_DIFFERENCE = Method("smalldifference", frozenset((*TARGET_FIELDS, "amount", "currency")), (), PostingDesk.load_targets, post_small_difference)
