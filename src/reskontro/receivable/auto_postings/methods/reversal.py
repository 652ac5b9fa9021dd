"""reversal: a transaction is taken back in full, once; its matches are undone first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from reskontro.batches.kinds import Origin
from reskontro.kit.money import ZERO
from reskontro.ledger.posting import OpenItem
from reskontro.ledger.reversal import JOURNAL, PostedTransaction, load_payments, load_transaction, load_transactions
from reskontro.ledger.undo import take_back
from reskontro.receivable.accrued_interest import CALCULATED_UNTIL
from reskontro.receivable.auto_postings.desk import PostingDesk, outcome
from reskontro.receivable.auto_postings.drafts import Outcome
from reskontro.receivable.auto_postings.methods.method import Method
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import collection_status

_CORRECTED_BY_CREDIT_NOTES = ("IN", "CN", "IT")
_COLLECTION = "COLLECTION"


def _keys(drafts: Sequence[Draft]) -> list[tuple[int, int]]:
    return [
        (draft.values["glYear"], draft.values["transactionNo"]) for draft in drafts if "glYear" in draft.values and "transactionNo" in draft.values
    ]


def _load(desk: PostingDesk, drafts: Sequence[Draft]) -> None:
    keys = _keys(drafts)
    load_transactions(desk, keys)
    found = [posted for key in keys if (posted := desk.posted.get(key)) is not None]
    load_payments(desk, found)
    items = [item for posted in found for item in posted.items]
    desk.load_matches(item.ar_item_id for item in items)
    desk.customers.load((), {item.account_no for item in desk.looked_up()})


def _status_against(desk: PostingDesk, posted: PostedTransaction) -> str | None:
    """The status that forbids taking a transaction back, None when nothing does."""
    if posted.is_reversed:
        return "REVERSED"
    if posted.is_reversal:
        return JOURNAL
    if posted.posting.journal == _COLLECTION:
        return _COLLECTION
    if posted.document_type in _CORRECTED_BY_CREDIT_NOTES:
        return posted.document_type
    key = (posted.posting.gl_year, posted.posting.transaction_no)
    if any(payment.suspense and payment.ar_item_id is not None and payment.key == key for payment in posted.payments or ()):
        return "MATCHED"  # the money has been given to a customer since; that is taken back first
    if posted.document_type is not None:
        return next((status for item in posted.items if (status := collection_status(desk, item)) is not None), None)
    return None


def _find(desk: PostingDesk, draft: Draft) -> PostedTransaction | None:
    """The transaction meant; None with CODE-UNKNOWN or STATE-CONFLICT."""
    keys = _keys([draft])
    if not keys:
        return None
    posted = load_transaction(desk, *keys[0])
    if posted is not None:
        load_payments(desk, [posted])
    if posted is None:
        draft.find("CODE-UNKNOWN", "transactionNo", value=draft.raw["transactionNo"])
        return None
    status = _status_against(desk, posted)
    if status is not None:
        draft.cross("STATE-CONFLICT", "transactionNo", status=status)
        return None
    return posted


def _give_back_days(desk: PostingDesk, item: OpenItem) -> OpenItem | None:
    """After interest was taken back its days are open again on the principal; returns that when it changed."""
    until = item.details.get("interestTo")
    principal = desk.item(item.claim_ar_item_id) if until is not None and item.claim_ar_item_id is not None else None
    if principal is None or principal.details.get(CALCULATED_UNTIL) != until:
        return None
    before: str | None = item.details.get("interestChargedBefore")
    principal.change_details({CALCULATED_UNTIL: before if before is None or date.fromisoformat(before) > principal.due_date else None})
    return principal


def post(desk: PostingDesk, draft: Draft, origin: Origin) -> Outcome | None:
    """Judge a reversal and let it take effect."""
    posted = _find(desk, draft)
    day = desk.posting_day(draft)
    if draft.failed or posted is None or day is None:
        return None
    accounts = {item.account_no for item in posted.items}
    owner = desk.customers.find_account(accounts.pop()) if len(accounts) == 1 else None
    touched = [line.item for match in desk.matches_of(posted.items) if match.status == "ACTIVE" for line in match.lines]
    reversal = take_back(desk, posted, day.day, origin, customer_no=owner.customer_no if owner is not None else None, reason=draft.values["reason"])
    made = [found for line in reversal.lines if line.ar_item_id is not None and (found := desk.item(line.ar_item_id)) is not None]
    principals = [principal for item in posted.items if (principal := _give_back_days(desk, item)) is not None]
    amount = sum([line.currency_amount for line in reversal.lines if line.currency_amount > 0], ZERO)
    if not amount:  # an exchange difference has amounts in base currency only
        amount = sum([line.amount for line in reversal.lines if line.amount > 0], ZERO)
    return outcome(reversal, amount, [*made, *posted.items, *touched, *principals])


METHOD = Method("reversal", frozenset(("transactionNo", "glYear", "reason")), ("transactionNo", "glYear", "reason"), _load, post)
