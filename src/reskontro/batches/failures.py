"""Results of items that never reach the code of their kind: unreadable, sent twice, or given up after the last attempt."""

from __future__ import annotations

from reskontro.batches.kinds import BatchKind, Item, ItemResult
from reskontro.kit.json import JsonMalformed, read_json
from reskontro.kit.messages import Message


def given_up(kind: BatchKind, raw: bytes) -> ItemResult:
    """The result of an item that no attempt could process; its key counts as used, as that of any failed item."""
    try:
        value = read_json(raw)
    except JsonMalformed as fault:
        return malformed(kind, fault)
    account_no, customer_no, document_no, reference = kind.identify(value)
    message = Message("E", "INTERNAL-ERROR", kind.entity.lower().removesuffix("s"), "", {})
    key = kind.natural_key(value)
    return ItemResult("FAILED", None, account_no, customer_no, document_no, client_reference=reference, natural_key=key, messages=[message])


def malformed(kind: BatchKind, fault: JsonMalformed) -> ItemResult:
    """The result of an item that is no readable JSON object."""
    field = fault.key or kind.entity.lower().removesuffix("s")
    return ItemResult("FAILED", messages=[Message("E", "ITEM-MALFORMED", field, "", {"detail": fault.detail})])


def duplicate(kind: BatchKind, item: Item, key: str, first_index: int) -> ItemResult:
    """The result of an item whose natural key was sent before in the batch."""
    account_no, customer_no, document_no, reference = kind.identify(item.value)
    sent = item.value.get(kind.key_field)
    message = Message(
        "E", "DUPLICATE-IN-BATCH", kind.key_field, f"/{kind.key_field}", {"value": sent if isinstance(sent, str) else key, "index": first_index}
    )
    return ItemResult("FAILED", None, account_no, customer_no, document_no, client_reference=reference, natural_key=key, messages=[message])
