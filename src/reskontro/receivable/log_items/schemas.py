"""The wire form of log items."""

from __future__ import annotations

from typing import Final, get_args

from reskontro.kit.fields import Schema, anything, choice, identifier, integer, moment, nested_array, text
from reskontro.ledger.log import EntityType
from reskontro.receivable.customers.schemas import NUMBER_MAX

ENTITY_TYPES: Final[tuple[str, ...]] = get_args(EntityType)
SOURCES: Final = ("API", "BATCH", "RUN", "SYSTEM")
SEQUENCE_NO_MAX: Final = 2**63 - 1

LOG_CHANGE = Schema(
    "LogChange",
    [
        text("field", 64, "Field", use="out"),
        anything("oldValue", "Before; ssn, bank account and phone masked", use="out"),
        anything("newValue", "After; ssn, bank account and phone masked", use="out"),
    ],
)

LOG_ITEM = Schema(
    "LogItem",
    [
        identifier("logItemId", "Id of the log item", use="out"),
        integer("clientNo", 1, NUMBER_MAX, "The client", use="out"),
        integer("sequenceNo", 1, SEQUENCE_NO_MAX, "Without gaps per client", use="out"),
        moment("occurredAt", "When it was done", use="out"),
        text("event", 40, "What was done: code list LOG-EVENT", use="out"),
        choice("entityType", ENTITY_TYPES, "To what kind of object", use="out"),
        text("entityId", 64, "To which of them", use="out"),
        text("customerNo", 20, "Customer; null when erased", use="out"),
        text("documentNo", 35, "Document", use="out"),
        identifier("arItemId", "AR item", use="out"),
        identifier("batchUuid", "Batch it was part of", use="out"),
        identifier("requestId", "Request that caused it", use="out"),
        text("actor", 64, "Subject of the token", use="out"),
        text("userId", 64, "Person on whose behalf", use="out"),
        choice("source", SOURCES, "Which door it came through", use="out"),
        text("message", 500, "In the language asked for", use="out"),
        nested_array("changes", LOG_CHANGE, "What was changed; in lists with expand=changes", use="out"),
        text("hash", 64, "SHA-256 over the record and previousHash, erasable values by their salted digests", use="out"),
        text("previousHash", 64, "Hash of the item before; zeros for the first", use="out"),
    ],
    "Something that was done; it cannot be changed or deleted",
)
