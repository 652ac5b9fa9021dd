"""Taking a transaction back: the same lines with their sides exchanged, each item settled by the one that takes it back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from reskontro.batches.kinds import Origin
from reskontro.kit.ids import new_id
from reskontro.ledger import items_store, payments_store
from reskontro.ledger.item_desk import ItemDesk
from reskontro.ledger.payments import PLACED_FROM, PaymentChange
from reskontro.ledger.payments_store import StoredPayment
from reskontro.ledger.posting import GlLine, LedgerTransaction, OpenItem

JOURNAL = "REVERSAL"
REVERSED = "reversed"
"""The detail of an item whose transaction was taken back."""


@dataclass(slots=True, eq=False)
class PostedTransaction:
    """A transaction as it was posted, with its items; what is known of it in a set is one object."""

    posting: LedgerTransaction
    items: list[OpenItem] = field(default_factory=list)
    document_type: str | None = None
    is_reversal: bool = False
    is_reversed: bool = False
    reversed_by: LedgerTransaction | None = None
    """What took it back in this set."""
    payments: list[StoredPayment] | None = None
    """The payments behind it; None while nobody has asked."""


def load_transactions(desk: ItemDesk, keys: Iterable[tuple[int, int]]) -> None:
    """Look up transactions by (glYear, transactionNo) with their lines and items, one statement per table."""
    wanted = {key for key in keys if key not in desk.posted}
    if not wanted:
        return
    for row in items_store.transactions(desk.transaction, desk.client_no, sorted(wanted)):
        desk.posted[row.posting.gl_year, row.posting.transaction_no] = PostedTransaction(
            row.posting, [], row.document_type, row.is_reversal, row.is_reversed
        )
    found = [posted for key in wanted if (posted := desk.posted.get(key)) is not None]
    desk.load_items(line.ar_item_id for posted in found for line in posted.posting.lines if line.ar_item_id is not None)
    for posted in found:
        _attach_items(desk, posted)


def _attach_items(desk: ItemDesk, posted: PostedTransaction) -> None:
    for line in posted.posting.lines:
        if line.ar_item_id is not None:
            item = desk.item(line.ar_item_id)
            assert item is not None, "a line on a control account has an AR item"
            posted.items.append(item)


def load_transaction(desk: ItemDesk, gl_year: int, transaction_no: int) -> PostedTransaction | None:
    """A transaction by its number, None when there is none."""
    load_transactions(desk, [(gl_year, transaction_no)])
    return desk.posted.get((gl_year, transaction_no))


def load_transactions_of(desk: ItemDesk, items: Iterable[OpenItem]) -> list[PostedTransaction]:
    """The transactions that items were posted with, those of this set included."""
    members = list(items)
    stored = [item.ar_item_id for item in members if item.transaction is None]
    keys = items_store.transaction_keys(desk.transaction, desk.client_no, stored) if stored else {}
    load_transactions(desk, keys.values())
    found: list[PostedTransaction] = []
    for item in members:
        if item.transaction is None:
            posted = desk.posted[keys[item.ar_item_id]]
        else:
            posted = desk.posted_here.setdefault(id(item.transaction), PostedTransaction(item.transaction))
            if not posted.items:
                _attach_items(desk, posted)
        if posted not in found:
            found.append(posted)
    return found


def reverse(
    desk: ItemDesk, posted: PostedTransaction, day: date, origin: Origin, *, customer_no: str | None, reason: str | None = None
) -> LedgerTransaction:
    """Take a transaction back on an open day; its items are fully open, and closed by this. Returns the reversing transaction.

    The payment behind it counts as reversed; when the transaction only placed a payment, that is nobody's again.
    """
    assert not posted.is_reversed, "a transaction is reversed once"
    original = posted.posting
    period = desk.books.period_of(day)
    assert period is not None and period.is_open
    items = {item.ar_item_id: item for item in posted.items}
    new_ids: dict[UUID, UUID] = {item_id: new_id() for item_id in items}
    reversal = LedgerTransaction(
        JOURNAL,
        day,
        period.gl_year,
        period.gl_period,
        day,
        original.currency,
        original.exchange_rate,
        [_exchanged(line, new_ids) for line in original.lines],
        origin.user_id,
        batch_uuid=origin.batch_uuid,
        text=reason,
        reverses=original,
    )
    desk.transactions.append(reversal)
    for line in original.lines:
        if line.ar_item_id is not None:
            item = items[line.ar_item_id]
            back = _taking_back(item, new_ids[line.ar_item_id], reversal)
            desk.add_item(back)
            desk.settler.settle_exactly(
                [(item, item.open_amount), (back, back.open_amount)],
                source="REVERSAL",
                created_by=origin.user_id,
                batch_uuid=origin.batch_uuid,
                small_differences=False,
            )
            item.change_details({REVERSED: True})
    posted.is_reversed, posted.reversed_by = True, reversal
    _follow_payments(desk, posted)
    desk.log_transaction("TRANSACTION-REVERSED", reversal, origin, customer_no=customer_no)
    return reversal


def _exchanged(line: GlLine, new_ids: dict[UUID, UUID]) -> GlLine:
    item_id = new_ids[line.ar_item_id] if line.ar_item_id is not None else None
    return GlLine(line.gl_account, -line.amount, -line.currency_amount, line.vat_code, line.account_no, item_id, line.dimensions)


def _taking_back(item: OpenItem, item_id: UUID, reversal: LedgerTransaction) -> OpenItem:
    assert (item.open_amount, item.base_open_amount) == (item.original_amount, item.base_original_amount), "its matches are undone"
    negative = item.base_original_amount > 0 or item.original_amount > 0
    return OpenItem(
        ar_item_id=item_id,
        account_no=item.account_no,
        ar_item_type=item.ar_item_type,
        claim_kind="CREDIT" if negative else "PRINCIPAL",
        currency=item.currency,
        due_date=reversal.gl_date,
        gl_date=reversal.gl_date,
        original_amount=-item.original_amount,
        base_original_amount=-item.base_original_amount,
        open_amount=-item.original_amount,
        base_open_amount=-item.base_original_amount,
        control_account=item.control_account,
        vat_amount=-item.vat_amount,
        item_date=reversal.gl_date,
        exchange_rate=item.exchange_rate,
        reversal=True,
        transaction=reversal,
    )


def load_payments(desk: ItemDesk, transactions: Iterable[PostedTransaction]) -> None:
    """Look up the payments behind transactions, one statement for those not asked for before."""
    missing = [posted for posted in transactions if posted.payments is None]
    for posted in missing:
        posted.payments = []
    stored = [posted for posted in missing if posted.posting.transaction_no]
    if not stored:
        return
    keys = [(posted.posting.gl_year, posted.posting.transaction_no) for posted in stored]
    by_key: dict[tuple[int | None, int | None], PostedTransaction] = dict(zip(keys, stored, strict=True))
    by_item: dict[UUID | None, PostedTransaction] = {item.ar_item_id: posted for posted in stored for item in posted.items}
    ids = [item.ar_item_id for posted in stored for item in posted.items]
    for payment in payments_store.payments_behind(desk.transaction, desk.client_no, ids, keys):
        for owner in {id(p): p for p in (by_item.get(payment.ar_item_id), by_key.get(payment.key)) if p is not None}.values():
            assert owner.payments is not None
            owner.payments.append(payment)


def _follow_payments(desk: ItemDesk, posted: PostedTransaction) -> None:
    """The payment is reversed with its own booking; what only placed it leaves it unidentified again, for the reason it was before."""
    load_payments(desk, [posted])
    placed_from = {item.ar_item_id: item.details.get(PLACED_FROM) for item in posted.items}
    for payment in posted.payments or ():
        own_booking = not payment.suspense or payment.key == (posted.posting.gl_year, posted.posting.transaction_no)
        code = None if own_booking or payment.ar_item_id is None else placed_from.get(payment.ar_item_id)
        desk.changed_payments.append(PaymentChange(payment.payment_uuid, reversed=own_booking, exception_code=code))
