"""Log items: the list, and one of them. They are written with whatever they tell about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import MAXYEAR, datetime
from typing import Any, NamedTuple
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.errors import not_found
from reskontro.kit.messages import Language
from reskontro.ledger.books import open_books
from reskontro.ledger.log import GENESIS, log_years
from reskontro.ledger.log_events import event_text
from reskontro.receivable.log_items.filters import conditions_of
from reskontro.web.lists import Listing

CHANGES = "changes"
_READABLE_IDS = frozenset(("CONFIG", "CODE", "GL-ACCOUNT", "POSTING-RULE", "PERIOD", "CLIENT"))
"""Objects whose id says something to people."""


class LogItemKey(NamedTuple):
    """What names a log item inside a client."""

    log_year: int
    sequence_no: int


def log_item_id(client_no: int, log_year: int, sequence_no: int) -> UUID:
    """The public id of a log item: client, year and sequence number in 16 bytes."""
    return UUID(bytes=client_no.to_bytes(4, "big") + log_year.to_bytes(4, "big") + sequence_no.to_bytes(8, "big"))


def log_item_key(client_no: int, identifier: UUID) -> LogItemKey | None:
    """The key that an id of this client encodes; None for another client's id, and for one that no item can have."""
    raw = identifier.bytes
    log_year, sequence_no = int.from_bytes(raw[4:8], "big"), int.from_bytes(raw[8:], "big")
    if int.from_bytes(raw[:4], "big") != client_no or log_year > MAXYEAR or sequence_no >= 2**63:
        return None
    return LogItemKey(log_year, sequence_no)


def listing(client_no: int, now: datetime, language: Language) -> Listing:
    """The log, by sequenceNo."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> list[list[int]]:
        conditions, values = conditions_of(filters, open_books(transaction, client_no), now)
        found: list[list[int]] = []
        # Year by year, because inside a year the index has the order of the list. A clock that was set back over New Year's
        # Eve leaves neighbours in two years, so they are brought into order afterwards.
        for log_year in log_years(transaction, client_no):
            rows = transaction.execute(
                f"select log_year, sequence_no from log_item where {' and '.join(['client_no = %s', 'log_year = %s', *conditions])}"
                " order by sequence_no limit %s".encode(),
                (client_no, log_year, *values, limit),
                prepare=False,  # which index is best depends on the values
            )
            found += [list(row) for row in rows]
        return sorted(found, key=lambda key: key[1])[:limit]

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        with_changes = CHANGES in options.get("expand", ())
        return log_item_views(transaction, client_no, [LogItemKey(*key) for key in keys], language, with_changes=with_changes)

    return Listing("logItems", "logItems", "/logitems", find, load)


def show_log_item(transaction: Transaction, client_no: int, identifier: UUID, language: Language) -> dict[str, Any]:
    """One log item with its changes; raises Problem NOT-FOUND, also for the id of another client's item."""
    open_books(transaction, client_no)
    key = log_item_key(client_no, identifier)
    found = log_item_views(transaction, client_no, [key], language, with_changes=True) if key is not None else []
    if not found:
        raise not_found("the log item")
    return found[0]


_COLUMNS = (
    "log_year, sequence_no, occurred_at, event, entity_type, entity_id, customer_no, document_no, ar_item_id, batch_uuid, request_id,"
    " actor, user_id, source, changes, hash"
)


def log_item_views(
    transaction: Transaction, client_no: int, keys: Sequence[LogItemKey], language: Language, *, with_changes: bool
) -> list[dict[str, Any]]:
    """Log items by key, in the order of the keys; keys that no item has are left out."""
    rows = transaction.execute(
        f"select {_COLUMNS} from log_item where client_no = %s and log_year = any(%s) and sequence_no = any(%s)".encode(),
        (client_no, sorted({key.log_year for key in keys}), [key.sequence_no for key in keys]),
        binary=True,
    ).fetchall()
    hashes = _hashes(transaction, client_no, {row[1] - 1 for row in rows}, {row[1]: bytes(row[15]) for row in rows})
    found = {LogItemKey(*row[:2]): _view(client_no, row, hashes.get(row[1] - 1), language, with_changes=with_changes) for row in rows}
    return [found[key] for key in keys if key in found]


def _hashes(transaction: Transaction, client_no: int, wanted: set[int], known: dict[int, bytes]) -> dict[int, bytes]:
    """The hashes of items by sequence number; that of the item before the first is the beginning of the chain.

    One that is missing, which only ``verify`` may complain about, is left out.
    """
    found = {0: GENESIS} | known
    missing = sorted(wanted - found.keys())
    if missing:
        rows = transaction.execute(
            "select sequence_no, hash from log_item where client_no = %s and log_year = any(%s) and sequence_no = any(%s)",
            (client_no, log_years(transaction, client_no), missing),
            binary=True,
        )
        found |= {sequence_no: bytes(value) for sequence_no, value in rows}
    return found


def _view(client_no: int, row: Sequence[Any], previous_hash: bytes | None, language: Language, *, with_changes: bool) -> dict[str, Any]:
    log_year, sequence_no, occurred_at, event, entity_type, entity_id, customer_no, document_no, ar_item_id, batch_uuid = row[:10]
    request_id, actor, user_id, source, changes, own_hash = row[10:]
    view = {
        "logItemId": log_item_id(client_no, log_year, sequence_no),
        "clientNo": client_no,
        "sequenceNo": sequence_no,
        "occurredAt": occurred_at,
        "event": event,
        "entityType": entity_type,
        "entityId": entity_id,
        "customerNo": customer_no,
        "documentNo": document_no,
        "arItemId": ar_item_id,
        "batchUuid": batch_uuid,
        "requestId": request_id,
        "actor": actor,
        "userId": user_id,
        "source": source,
        "message": _message(event, document_no or customer_no or (entity_id if entity_type in _READABLE_IDS else None), language),
    }
    if with_changes:
        view["changes"] = changes or []
    return view | {"hash": bytes(own_hash).hex(), "previousHash": None if previous_hash is None else previous_hash.hex()}


def _message(event: str, subject: str | None, language: Language) -> str:
    text = event_text(event, language)
    return text if subject is None else f"{text}: {subject}"
