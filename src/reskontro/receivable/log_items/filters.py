"""The filters of the list of log items, as SQL conditions on ``log_item``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from reskontro.ledger.books import Books
from reskontro.ledger.log_events import LOG_EVENTS
from reskontro.ledger.moments import end_moment, first_moment
from reskontro.receivable.log_items.schemas import ENTITY_TYPES
from reskontro.receivable.sql import Condition, chosen, lower, taken_apart
from reskontro.web.operations import Parameter

FILTERS = (
    Parameter("event", "choices", "Events", values=tuple(LOG_EVENTS)),
    Parameter("entitytype", "choices", "Kinds of objects", values=ENTITY_TYPES),
    Parameter("entityid", "texts", "Ids or keys of objects, as entityId shows them"),
    Parameter("customerno", "texts", "Customer numbers"),
    Parameter("documentno", "texts", "Document numbers"),
    Parameter("aritemid", "ids", "AR items"),
    Parameter("batchuuid", "id", "Batch"),
    Parameter("actinguser", "texts", "Persons: userId of the log item"),
    Parameter("occurredfrom", "moment", "At this moment or later"),
    Parameter("occurredto", "moment", "Before this moment; of a date, on or before"),
    Parameter("sequencefrom", "integer", "From this sequence number on"),
)
# Ids compare exactly; keys that people choose compare without case.
_OF_ENTITIES = "(entity_id = any(%s) or (entity_type in ('CONFIG', 'CODE') and lower(entity_id) = any(%s)))"


def conditions_of(filters: dict[str, Any], books: Books, now: datetime) -> tuple[list[str], list[Any]]:
    """Conditions and their values for the filters that were given."""
    builders: dict[str, Callable[[Any], Condition]] = {
        "event": lambda events: ("event = any(%s)", [events]),
        "entitytype": lambda kinds: ("entity_type = any(%s)", [kinds]),
        "entityid": lambda ids: (_OF_ENTITIES, [ids, lower(ids)]),
        "customerno": lambda numbers: ("lower(customer_no) = any(%s)", [lower(numbers)]),
        "documentno": lambda numbers: ("lower(document_no) = any(%s)", [lower(numbers)]),
        "aritemid": lambda ids: ("ar_item_id = any(%s)", [ids]),
        "batchuuid": lambda identifier: ("batch_uuid = %s", [identifier]),
        "actinguser": lambda users: ("lower(user_id) = any(%s)", [lower(users)]),
        "occurredfrom": lambda moment: ("occurred_at >= %s", [first_moment(moment, books, now)]),
        "occurredto": lambda moment: ("occurred_at < %s", [end_moment(moment, books, now)]),
        "sequencefrom": lambda number: ("sequence_no >= %s", [number]),
    }
    return taken_apart(chosen(builders, filters))
