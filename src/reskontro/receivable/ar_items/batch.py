"""Sets of changes to AR items: one look-up, one pass in input order, one write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from reskontro.batches.kinds import BatchKind, ChunkContext, Item, ItemResult, Origin
from reskontro.db.engine import Transaction
from reskontro.kit.fields import CLEARED
from reskontro.kit.messages import Message, Messages
from reskontro.ledger.items_view import INHERITED
from reskontro.ledger.posting import OpenItem
from reskontro.receivable.ar_items import details
from reskontro.receivable.ar_items.crediting import credit
from reskontro.receivable.ar_items.schemas import AR_ITEM_UPDATE
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.desk import DocumentDesk
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import ITEM_FIELDS, find_item

ENTITY: Final = "arItem"
_UNKNOWN: Final = ("ITEM-UNKNOWN", "DOCUMENT-UNKNOWN")
_NAMING_POINTERS: Final = frozenset(f"/{name}" for name in ITEM_FIELDS)


def read(raw: dict[str, Any]) -> Draft:
    """A request as it was sent; the keys that name the item are there or not, never cleared."""
    messages = Messages()
    values = AR_ITEM_UPDATE.read(raw, messages, keep_cleared=True)
    for name in (*ITEM_FIELDS, "creditNote"):
        if values.get(name) is CLEARED:
            del values[name]
    return Draft(AR_ITEM_UPDATE, ENTITY, raw, values, messages)


def process(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[ItemResult]:
    """Validate and apply a set of changes; see batches.kinds.Process."""
    desk = DocumentDesk(transaction, context)
    drafts = [read(item.value) for item in items]
    desk.load_targets(drafts)
    inherited: details.Inherited = {}
    if any(name in draft.values for draft in drafts for name in INHERITED):
        inherited = details.inherited_texts(transaction, context.client_no, desk.looked_up())
    results = [_change(desk, draft, inherited, item.origin) for item, draft in zip(items, drafts, strict=True)]
    desk.write()
    return results


def _change(desk: DocumentDesk, draft: Draft, inherited: details.Inherited, origin: Origin) -> ItemResult:
    found = find_item(desk, draft)
    if found is None:
        return _failed(draft, None)
    item, customer = found
    changes = details.propose(desk, draft, item, inherited)
    note = credit(desk, draft, item, customer, origin) if "creditNote" in draft.values else None
    if draft.failed:
        return _failed(draft, customer)
    if changes:
        details.apply(desk, item, changes, customer.customer_no, origin)
    if note is not None and (note.result == "CREATED" or not changes):
        outcome = "CREDIT-NOTE-CREATED" if note.result == "CREATED" else note.outcome
        return replace(note, outcome=outcome, messages=draft.messages.in_order())
    return _result("UPDATED" if changes else "UNCHANGED", item, customer, draft)


def _result(result: Any, item: OpenItem, customer: Customer, draft: Draft) -> ItemResult:
    return ItemResult(
        result,
        f"AR-ITEM-{result}",
        customer.account_no,
        customer.customer_no,
        item.document_no,
        item.document_uuid,
        item.ar_item_id,
        messages=draft.messages.in_order(),
    )


def _failed(draft: Draft, customer: Customer | None) -> ItemResult:
    return ItemResult(
        "FAILED",
        None,
        customer.account_no if customer else None,
        customer.customer_no if customer else None,
        messages=draft.messages.in_order(),
    )


def is_unknown_item(findings: Iterable[Message]) -> bool:
    """Whether findings say that the item which a change names does not exist."""
    return any(found.code in _UNKNOWN and found.pointer in _NAMING_POINTERS for found in findings)


def names_unknown(transaction: Transaction, context: ChunkContext, value: dict[str, Any]) -> bool:
    """Whether a change, as it was sent, names an item that does not exist; nothing is changed."""
    draft = read(value)
    find_item(DocumentDesk(transaction, context), draft)
    return is_unknown_item(draft.messages.in_order())


def identify(value: dict[str, Any]) -> tuple[int | None, str | None, str | None, str | None]:
    """Nothing of a request can be told before its item is found."""
    return None, None, None, None


AR_ITEMS_PUT = BatchKind(
    name="aritems.put",
    entity="AR-ITEMS",
    operation="PUT",
    key_field="arItemId",
    natural_key=lambda value: None,
    identify=identify,
    process=process,
)
"""Changes details of AR items and credits what is behind them; only ever sent one by one."""
