"""Registering mandates as the bank tells of them: a set is looked up together, judged one after the other, and written together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reskontro.batches.kinds import ChunkContext, ItemResult, Origin
from reskontro.db.bulk import Outbox
from reskontro.db.engine import Transaction
from reskontro.kit.messages import Message
from reskontro.ledger.claims import owners_of_kid
from reskontro.ledger.log import LogEntry, send_log
from reskontro.norway.kid import normalise
from reskontro.receivable.customer_items import CustomerItemDesk
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.mandates.store import MandateRecord, mandates_by_kid, save_mandates


@dataclass(frozen=True, slots=True)
class Registration:
    """What the bank tells: there is a mandate for a KID (``active``), or there is none any longer. ``kid`` is None when the file leaves it blank."""

    kid: str | None
    active: bool
    notify: bool
    bank_account_no: str


def register(
    transaction: Transaction, context: ChunkContext, origin: Origin, registrations: Sequence[Registration], told_at: datetime
) -> list[ItemResult]:
    """Let registrations take effect in their order; a result for each. ``told_at`` is when their file came for the first time.

    CREATED for a mandate that is new, UPDATED for one that is changed or ended, UNCHANGED otherwise, also when a later file told of its KID before;
    FAILED with ITEM-UNKNOWN for a KID that belongs to no item and no customer, with TARGET-CONFLICT for one of items of several customers. The
    caller's transaction holds the client's write lock.
    """
    desk = _Desk(transaction, context, origin, told_at)
    desk.load([each.kid for each in registrations])
    results = [desk.register(each) for each in registrations]
    desk.write()
    return results


class _Desk:
    def __init__(self, transaction: Transaction, context: ChunkContext, origin: Origin, told_at: datetime) -> None:
        self._told_at = told_at
        self._transaction = transaction
        self._context = context
        self._origin = origin
        self._items = CustomerItemDesk(transaction, context)
        self._known: dict[str, MandateRecord] = {}
        self._changed: dict[str, MandateRecord] = {}
        self._log: list[LogEntry] = []

    def load(self, sent: Sequence[str | None]) -> None:
        """Look up mandates, items and customers."""
        kids = {kid for each in sent if (kid := normalise(each or "")) is not None}
        items = self._items
        self._known = mandates_by_kid(self._transaction, self._context.client_no, kids)
        items.load_kids(kids)
        items.customers.load_kids(kid for kid in kids if not items.items_with_kid(kid))
        owners = {account_no for kid in kids for account_no in owners_of_kid(items, kid)}
        items.customers.load((), owners | {each.account_no for each in self._known.values()})

    def register(self, sent: Registration) -> ItemResult:
        """Judge a registration and let it take effect."""
        kid = normalise(sent.kid or "")
        if kid is None:
            return _failed("ITEM-UNKNOWN", value=sent.kid or "")
        known = self._known.get(kid)
        if known is not None and (known.told_at > self._told_at or not sent.active):
            return self._end_or_pass(known)
        owners = owners_of_kid(self._items, kid)
        if not owners:
            return _failed("ITEM-UNKNOWN", value=kid)
        if len(owners) > 1:
            return _failed("TARGET-CONFLICT", fields="kid")
        customer = self._items.customers.find_account(owners[0])
        assert customer is not None, "an item has a customer"
        return self._keep(known, MandateRecord(kid, customer.account_no, sent.bank_account_no, sent.notify, sent.active, self._told_at), customer)

    def _end_or_pass(self, known: MandateRecord) -> ItemResult:
        """The end of a mandate, unless a later file has told of it."""
        customer = self._items.customers.find_account(known.account_no)
        assert customer is not None, "a mandate goes with its customer"
        if known.told_at > self._told_at:
            return _done("UNCHANGED", customer)
        return self._keep(known, replace(known, active=False, told_at=self._told_at), customer)

    def _keep(self, known: MandateRecord | None, new: MandateRecord, customer: Customer) -> ItemResult:
        self._known[new.kid] = self._changed[new.kid] = new
        before, after = _shown(known), _shown(new)
        if (before is None and after is None) or (known is not None and new == replace(known, told_at=new.told_at)):
            return _done("UNCHANGED", customer)
        changes = [{"field": "mandate", "oldValue": before, "newValue": after}]
        entity_id, customer_no = str(customer.account_no), customer.customer_no
        self._log.append(LogEntry("MANDATE-STORED", "CUSTOMER", entity_id, self._origin, customer_no=customer_no, changes=changes))
        return _done("UPDATED" if known is not None and known.active else "CREATED", customer)

    def write(self) -> None:
        """Send what changed, and note it in the log."""
        if not self._changed:
            return
        client_no, now = self._context.client_no, self._context.now
        with Outbox(self._transaction) as outbox:
            save_mandates(outbox, client_no, now, self._changed.values())
            send_log(outbox, client_no, now, self._log)


def _shown(mandate: MandateRecord | None) -> dict[str, Any] | None:
    return {"kid": mandate.kid, "notify": mandate.notify} if mandate is not None and mandate.active else None


def _done(result: str, customer: Customer) -> ItemResult:
    outcome = "MANDATE-UNCHANGED" if result == "UNCHANGED" else "MANDATE-STORED"
    return ItemResult(result, outcome, customer.account_no, customer.customer_no)  # type: ignore[arg-type]


def _failed(code: str, **parameters: object) -> ItemResult:
    return ItemResult("FAILED", messages=[Message("E", code, "kid", "/kid", parameters)])
