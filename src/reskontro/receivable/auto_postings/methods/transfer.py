"""transfer: an item, or a part of it, goes over to another customer; the giver's is closed, the receiver's takes its place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.kit.money import share
from reskontro.ledger.matching import base_part
from reskontro.ledger.posting import OpenItem
from reskontro.ledger.vat_shares import VAT_PARTS, vat_parts_of
from reskontro.norway.identities import currency_decimals
from reskontro.receivable.accrued_interest import CALCULATED_UNTIL
from reskontro.receivable.auto_postings.desk import PostingDesk, details_of, outcome
from reskontro.receivable.auto_postings.drafts import Outcome
from reskontro.receivable.auto_postings.methods.method import TARGET_FIELDS, Method
from reskontro.receivable.auto_postings.methods.write_off import JOURNAL, judge_item
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft


def _receiver(desk: PostingDesk, draft: Draft, giver: int | None) -> Customer | None:
    number: str | None = draft.values.get("toCustomerNo")
    if number is None:
        return None
    receiver = desk.customers.find(number)
    if receiver is None:
        draft.find("CUSTOMER-UNKNOWN", "toCustomerNo", value=draft.raw["toCustomerNo"])
    elif receiver.account_no == giver:
        draft.cross("TARGET-CONFLICT", "toCustomerNo", fields="toCustomerNo")
        return None
    return receiver


def _inherited(desk: PostingDesk, draft: Draft, item: OpenItem, amount: Decimal, day: str) -> dict[str, Any]:
    """What the receiver's item takes over from the giver's; ``amount`` signed like it."""
    decimals = currency_decimals(item.currency)
    details: dict[str, Any] = details_of(draft)
    if item.vat_amount:
        parts = vat_parts_of(desk, item)
        details[VAT_PARTS] = [{"glAccount": part.gl_account, "vatCode": part.vat_code, "amount": part.amount} for part in parts]
    if item.claim_kind == "PRINCIPAL" and day > item.due_date.isoformat():
        # The giver owes the interest up to this day.
        details[CALCULATED_UNTIL] = max(day, item.details.get(CALCULATED_UNTIL, ""))
    return {
        "due_date": item.due_date,
        "kid": item.kid,
        "document_no": item.document_no,
        "reference_no": item.reference_no,
        "vat_amount": share(item.vat_amount, amount, item.original_amount, 2 if decimals is None else decimals),
        "details": details,
    }


def post(desk: PostingDesk, draft: Draft, origin: Origin) -> Outcome | None:
    """Judge a transfer and let it take effect."""
    case = judge_item(desk, draft, credits_too=True)
    receiver = _receiver(desk, draft, case.item.account_no if case is not None else None)
    if case is None or receiver is None:
        return None
    control_account = desk.control_account(draft, receiver, case.day.day)
    if draft.failed or control_account is None:
        return None
    item = case.item
    amount = case.amount if item.open_amount > 0 else -case.amount
    base = base_part(item, amount, desk.base_decimals)
    booking = desk.booking(draft, case.day, JOURNAL, item.currency, item.exchange_rate, case.day.day, origin)
    taken = booking.control(control_account, receiver.account_no, amount, base)
    given = booking.control(item.control_account, item.account_no, -amount, -base)
    posting = booking.transaction([taken, given], [])
    desk.fix_control_account(receiver, control_account)
    desk.accept(posting, origin, case.customer.customer_no)
    new = booking.item(posting, taken, "TR", item.claim_kind, **_inherited(desk, draft, item, amount, case.day.day.isoformat()))
    closing = booking.item(posting, given, "TR", "CREDIT" if amount > 0 else "PRINCIPAL", details=details_of(draft))
    desk.add_item(new)
    desk.add_item(closing)
    match = desk.settler.settle_exactly(
        [(item, amount), (closing, -amount)],
        source="MANUAL",
        created_by=origin.user_id,
        batch_uuid=origin.batch_uuid,
        small_differences=False,
    )
    desk.log_match(match.match_id, origin, case.customer.customer_no)
    return outcome(posting, amount, [new, closing, item])


METHOD = Method("transfer", frozenset((*TARGET_FIELDS, "toCustomerNo", "amount", "currency")), ("toCustomerNo",), PostingDesk.load_targets, post)
