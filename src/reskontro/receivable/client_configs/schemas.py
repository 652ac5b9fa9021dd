"""The wire form of client configs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, get_args

from reskontro.kit.fields import Schema, anything, boolean, choice, day, nested_array, text, texts
from reskontro.kit.messages import Language
from reskontro.ledger.books import Books
from reskontro.ledger.config_keys import ConfigKey, ConfigType

KEY_CHARACTERS_MAX = 60

CONFIG_VALUE = Schema(
    "ConfigValue",
    [
        anything("value", "The value; null where the default came back", use="out", always=True),
        day("validFrom", "First day; null = always", use="out"),
        day("validTo", "Last day; null = open", use="out"),
    ],
    "A value in its span of time",
)
CLIENT_CONFIG = Schema(
    "ClientConfig",
    [
        text("key", KEY_CHARACTERS_MAX, "Name of the config", use="out", always=True),
        choice("type", get_args(ConfigType), "Type of the value", use="out", always=True),
        texts("allowedValues", 30, "Values of an ENUM, else null", use="out"),
        anything("default", "Value without one of the client's own", use="out", always=True),
        boolean("isDefault", "Whether no own value is in force today", use="out", always=True),
        anything("value", "Value in force today", use="out", always=True),
        nested_array("values", CONFIG_VALUE, "All dated values, oldest first", use="out", always=True),
        text("description", 300, "Meaning, in the language asked for", use="out", always=True),
    ],
    "A client config",
)
CONFIG_WRITE = Schema(
    "ClientConfigWrite",
    [
        anything("value", "The new value; null = back to the default", required=True),
        day(
            "validFrom",
            "First day, default today; not before the first open period for keys that change postings. What the first posting fixes holds always",
        ),
    ],
    "A value to set from a day on",
)


def config_view(books: Books, entry: ConfigKey, today: date, language: Language) -> dict[str, Any]:
    """A config as answers show it."""
    dated = books.config_values.get(entry.key, [])
    values = []
    for place, (valid_from, value) in enumerate(dated):
        following = dated[place + 1][0] if place + 1 < len(dated) else None
        valid_to = None if following is None else following - timedelta(days=1)
        values.append({"value": value, "validFrom": valid_from, "validTo": valid_to})
    return {
        "key": entry.key,
        "type": entry.type,
        "allowedValues": None if entry.allowed_values is None else list(entry.allowed_values),
        "default": entry.default,
        "isDefault": not books.has_own_value(entry.key, today),
        "value": books.config(entry.key, today),
        "values": values,
        "description": entry.english if language == "en" else entry.norwegian,
    }
