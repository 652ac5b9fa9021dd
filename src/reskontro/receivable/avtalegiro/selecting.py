"""Which claims a run sends, and which it takes back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from reskontro.db.engine import Transaction
from reskontro.receivable.avtalegiro import store
from reskontro.receivable.avtalegiro.store import Item, Payer, Sent
from reskontro.receivable.mandates.store import MandateRecord

FIRST_DAY: Final = 4
LAST_DAY: Final = 365
"""Claims are sent when they are due so many days after the day of the run."""
_CLAIMABLE_KID = re.compile("[0-9]{2,25}")
"""The bank takes claims whose KID is digits alone."""


@dataclass(frozen=True, slots=True)
class Due:
    """A claim to be sent, or taken back as it was sent. ``sent`` is the claim that stands in its place, the one to be taken back itself."""

    item: Item
    payer: Payer
    claim: Sent
    notify: bool
    sent: Sent | None


def to_send(transaction: Transaction, client_no: int, run_date: date, accounts: Sequence[int] | None, now: datetime) -> list[Due]:
    """The open items due 4 to 365 days after the run whose KID has a mandate, or whose customer's has, unless they are stopped or sent in this amount
    and for this date; by bank account and due date. What is reserved for other payments is not claimed. ``accounts`` None stands for all customers.
    """
    mandates = {mandate.kid: mandate for mandate in store.active_mandates(transaction, client_no, accounts)}
    owners = {mandate.account_no for mandate in mandates.values()}
    first, last = run_date + timedelta(days=FIRST_DAY), run_date + timedelta(days=LAST_DAY)
    items = [item for item in store.claimable_items(transaction, client_no, owners, first, last, now) if not item.stopped]
    known = store.payers(transaction, client_no, {item.account_no for item in items})
    sent = store.sent_of_items(transaction, client_no, [item.ar_item_id for item in items])
    found = []
    for item in items:
        payer, before = known[item.account_no], sent.get(item.ar_item_id)
        mandate = _mandate(mandates, item, payer)
        kid = _claimed_kid(mandate, item) if mandate is not None else None
        if mandate is None or kid is None or item.amount <= 0:
            continue
        if before is not None and (before.amount, before.due_date) == (item.amount, item.due_date):
            continue
        claim = Sent(item.ar_item_id, item.ar_item_id, item.account_no, kid, mandate.bank_account_no, item.amount, item.due_date)
        found.append(Due(item, payer, claim, mandate.notify, before))
    return sorted(found, key=_order)


def _mandate(mandates: dict[str, MandateRecord], item: Item, payer: Payer) -> MandateRecord | None:
    """The mandate for the item's own KID, else the one for the customer's, which holds for items with other KIDs and without one."""
    for kid in (item.kid, payer.customer_kid):
        mandate = mandates.get(kid) if kid else None
        if mandate is not None and mandate.account_no == item.account_no:
            return mandate
    return None


def _claimed_kid(mandate: MandateRecord, item: Item) -> str | None:
    """The KID of the claim: the item's own, or, where the mandate is that of the customer and the bank would not take it, the customer's. None when
    the bank takes neither.
    """
    return next((kid for kid in (item.kid, mandate.kid) if kid and _CLAIMABLE_KID.fullmatch(kid)), None)


def to_take_back(transaction: Transaction, client_no: int, run_date: date, accounts: Sequence[int] | None, now: datetime) -> list[Due]:
    """The claims sent for a day after the run's whose items are since paid, reserved, changed, disputed or handed over, as they were sent.

    A claim whose day has come is drawn already, or will not be.
    """
    sent = store.sent_after(transaction, client_no, run_date, accounts)
    items = store.items_by_id(transaction, client_no, [each.ar_item_id for each in sent], now)
    wrong = [(items[each.ar_item_id], each) for each in sent if _is_wrong(items[each.ar_item_id], each)]
    known = store.payers(transaction, client_no, {item.account_no for item, _ in wrong})
    return sorted((Due(item, known[item.account_no], each, False, each) for item, each in wrong), key=_order)


def _is_wrong(item: Item, sent: Sent) -> bool:
    return item.stopped or (item.amount, item.due_date) != (sent.amount, sent.due_date)


def _order(due: Due) -> tuple[str, date, int]:
    return due.claim.bank_account_no, due.claim.due_date, due.item.ar_item_id.int
