"""Changing the details of an AR item: what was sent goes over what is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Transaction
from reskontro.kit.fields import CLEARED
from reskontro.kit.ids import encode_id
from reskontro.ledger.items_view import INHERITED
from reskontro.ledger.log import LogEntry
from reskontro.ledger.posting import OpenItem
from reskontro.receivable.customer_items import CustomerItemDesk
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import check_collection

_DATES: Final = ("stopReminderUntil", "stopDebtCollectionUntil", "stopInterestCalcUntil")
_DISPUTE: Final = ("disputed", "disputeReason")
DETAILS: Final = (*_DATES, *_DISPUTE, *INHERITED)
"""What can be changed besides the due date."""

Inherited = Mapping[UUID, Mapping[str, Any]]
"""By document: the texts that its item shows until it has its own."""


@dataclass(slots=True)
class Changes:
    """What becomes of an item: its details with the keys that change (None takes one away), its due date, and what the log says of it."""

    details: dict[str, Any] = field(default_factory=dict)
    due_date: date | None = None
    logged: list[dict[str, Any]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.logged)


def inherited_texts(transaction: Transaction, client_no: int, items: Iterable[OpenItem]) -> Inherited:
    """The texts of the documents behind items."""
    documents = {item.document_uuid for item in items if item.document_uuid is not None}
    if not documents:
        return {}
    columns = ", ".join(f"details ->> '{name}'" for name in INHERITED)
    rows = transaction.execute(
        f"select document_uuid, {columns} from document where client_no = %s and document_uuid = any(%s)".encode(), (client_no, list(documents))
    )
    return {row[0]: dict(zip(INHERITED, row[1:], strict=True)) for row in rows}


def propose(desk: CustomerItemDesk, draft: Draft, item: OpenItem, inherited: Inherited) -> Changes:
    """What a request changes; nothing happens yet.

    Findings: DATE-ORDER and STATE-CONFLICT for the due date, REQUIRED for a dispute without reason.
    """
    changes = Changes()
    _propose_due_date(desk, draft, item, changes)
    own = item.details
    of_document = inherited.get(item.document_uuid, {}) if item.document_uuid is not None else {}
    for name in DETAILS:
        if name not in draft.values:
            continue
        sent = draft.values[name]
        value = None if sent is CLEARED else sent
        if name in INHERITED:
            before = own.get(name, of_document.get(name)) or None
            # An empty text of its own keeps the item from showing its document's again.
            kept = value if value is not None or not of_document.get(name) else ""
        elif name == "disputed":
            before, value = own.get(name, False), bool(value)
            kept = value or None
        else:
            value = value.isoformat() if isinstance(value, date) else value
            before, kept = own.get(name), value
        if value != before:
            changes.details[name] = kept
            changes.logged.append({"field": name, "oldValue": before, "newValue": value})
    _check_dispute(draft, own, changes)
    return changes


def _propose_due_date(desk: CustomerItemDesk, draft: Draft, item: OpenItem, changes: Changes) -> None:
    sent = draft.values.get("dueDate")
    if sent is None:
        return
    if sent is CLEARED:
        draft.find("REQUIRED", "dueDate")
    elif sent < item.due_date:
        draft.find("DATE-ORDER", "dueDate", other=item.due_date)
    elif sent > item.due_date:
        check_collection(desk, draft, item)
        changes.due_date = sent
        changes.logged.append({"field": "dueDate", "oldValue": item.due_date.isoformat(), "newValue": sent.isoformat()})


def _check_dispute(draft: Draft, own: Mapping[str, Any], changes: Changes) -> None:
    """A dispute has a reason: looked at when one of the two was sent and both passed."""
    if not any(name in draft.values for name in _DISPUTE) or draft.refused(_DISPUTE):
        return
    result = {**own, **changes.details}
    if result.get("disputed") and not result.get("disputeReason"):
        draft.find("REQUIRED", "disputeReason")


def apply(desk: CustomerItemDesk, item: OpenItem, changes: Changes, customer_no: str, origin: Origin) -> None:
    """Let proposed changes take effect, and note them in the log."""
    item.change_details(changes.details)
    if changes.due_date is not None:
        item.due_date = changes.due_date
        desk.forget_claims(item.account_no)
    desk.log(
        LogEntry(
            "AR-ITEM-UPDATED",
            "AR-ITEM",
            encode_id(item.ar_item_id),
            origin,
            ar_item_id=item.ar_item_id,
            customer_no=customer_no,
            document_no=item.document_no,
            changes=changes.logged,
        )
    )
