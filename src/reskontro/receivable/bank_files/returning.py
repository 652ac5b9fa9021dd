"""What the bank takes back: the payment is found and reversed, so that the claims it settled are open again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from reskontro.batches.kinds import ItemResult
from reskontro.kit.ids import encode_id
from reskontro.ledger.log import LogEntry
from reskontro.ledger.payments import bank_account_key
from reskontro.ledger.reversal import PostedTransaction, load_payments, load_transactions, load_transactions_of
from reskontro.ledger.undo import take_back
from reskontro.receivable.bank_files.booking import BankDesk, BankPayment, Refused
from reskontro.receivable.bank_files.reading import kept_kid
from reskontro.receivable.bank_files.store import Returnable, note_returns, returnable_payments

REASON = "RETURNED"


def book_returns(desk: BankDesk, payments: Sequence[BankPayment]) -> list[ItemResult]:
    """Take back what a set of returns takes back, and write it; what is not found is booked as a negative payment.

    Found by the bank's reference, else by KID and amount; a payment is taken back once.
    """
    originals = _find(desk, payments)
    results: list[ItemResult] = []
    noted = []
    for payment, original in zip(payments, originals, strict=True):
        if original is None:
            results.append(desk.book(payment))
            continue
        try:
            results.append(_return(desk, payment, original))
        except Refused as refused:
            results.append(ItemResult("FAILED", messages=[refused.message]))
            continue
        noted.append((payment.key, original.payment_uuid))
    desk.write()
    note_returns(desk.transaction, desk.client_no, noted, desk.file_id, desk.context.now)
    return results


def _find(desk: BankDesk, payments: Sequence[BankPayment]) -> list[Returnable | None]:
    accounts = {payment.account: key for payment in payments if (key := _account_key(desk, payment)) is not None}
    references = [payment.archive_reference.lower() for payment in payments if payment.archive_reference is not None]
    kids = [kid for payment in payments if (kid := kept_kid(payment.references)) is not None]
    candidates = returnable_payments(desk.transaction, desk.client_no, list(accounts.values()), references, kids)
    taken: set[UUID] = set()
    found: list[Returnable | None] = []
    for payment in payments:
        account, kid = accounts.get(payment.account), kept_kid(payment.references)
        fitting = [c for c in candidates if c.bank_account_key == account and c.amount == -payment.amount and c.payment_uuid not in taken]
        reference = payment.archive_reference.lower() if payment.archive_reference is not None else None
        chosen = next((c for c in fitting if reference is not None and c.reference_key == reference), None)
        chosen = chosen or next((c for c in fitting if kid is not None and c.kid == kid), None)
        if chosen is not None:
            taken.add(chosen.payment_uuid)
        found.append(chosen)
    _load(desk, [original for original in found if original is not None])
    return found


def _account_key(desk: BankDesk, payment: BankPayment) -> str | None:
    """The key under which payments to the account are kept, None when nothing can be booked on it."""
    try:
        return bank_account_key(desk.books, desk.context.today, desk.terms(payment).bank_account_no)
    except Refused:
        return None


def _load(desk: BankDesk, originals: Sequence[Returnable]) -> None:
    """Look up the transactions of the payments, with their items and matches, a statement per table."""
    load_transactions(desk, [(original.gl_year, original.transaction_no) for original in originals])
    desk.load_items(original.ar_item_id for original in originals if original.ar_item_id is not None)
    placed = [item for original in originals if original.suspense and original.ar_item_id and (item := desk.item(original.ar_item_id))]
    load_transactions_of(desk, placed)
    load_payments(desk, list(desk.posted.values()))
    desk.load_matches(item.ar_item_id for posted in desk.posted.values() for item in posted.items)
    desk.customers.load((), {item.account_no for item in desk.looked_up()})


def _return(desk: BankDesk, payment: BankPayment, original: Returnable) -> ItemResult:
    day, _, warnings = desk.posting_day_of(payment.booking_date)
    customer = desk.customers.find_account(original.account_no) if original.account_no is not None else None
    customer_no = customer.customer_no if customer is not None else None
    for posted in _transactions(desk, original):
        take_back(desk, posted, max(day, posted.posting.gl_date), desk.origin, customer_no=customer_no, reason=REASON)
    desk.log(LogEntry("PAYMENT-RETURNED", "PAYMENT", encode_id(original.payment_uuid), desk.origin, original.ar_item_id, customer_no))
    return ItemResult(
        "CREATED",
        "PAYMENT-RETURNED",
        original.account_no,
        customer_no,
        ar_item_id=original.ar_item_id,
        payment_uuid=original.payment_uuid,
        messages=list(warnings),
    )


def _transactions(desk: BankDesk, original: Returnable) -> list[PostedTransaction]:
    """What is to be taken back: the booking of the payment, after the transaction that gave it to a customer when it was nobody's at first."""
    booking = desk.posted[original.gl_year, original.transaction_no]
    if not original.suspense or original.ar_item_id is None:
        return [booking]
    item = desk.item(original.ar_item_id)
    assert item is not None
    return [*load_transactions_of(desk, [item]), booking]
