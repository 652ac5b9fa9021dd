"""Client configs: which keys there are, their defaults, and what a value must look like. Pure; dated values are in a
client's books.
"""

from __future__ import annotations

from typing import Any, Final

from reskontro.kit.fields import Invalid
from reskontro.kit.messages import Messages
from reskontro.ledger.config_keys import ConfigKey
from reskontro.ledger.config_table import KEYS

CONFIG_KEYS: Final[dict[str, ConfigKey]] = {entry.key: entry for entry in KEYS}
"""Every key in its documented order."""

_CANONICAL = {key.casefold(): key for key in CONFIG_KEYS}


def config_key(name: str) -> ConfigKey | None:
    """The key of that name, whatever its case; None when there is none."""
    canonical = _CANONICAL.get(name.casefold())
    return CONFIG_KEYS[canonical] if canonical is not None else None


def default_of(key: str) -> Any:
    """The value a client has without one of its own; not to be changed in place. Raises KeyError."""
    return CONFIG_KEYS[key].default


def read_value(key: str, value: Any, messages: Messages) -> Any:
    """The normalised value; findings go to ``messages``, with pointers that start at the value. Raises KeyError."""
    return CONFIG_KEYS[key].check(value, messages)


def check_value(key: str, value: Any) -> Any:
    """The normalised value; raises Invalid with the first finding, KeyError for an unknown key."""
    messages = Messages()
    found = read_value(key, value, messages)
    for message in messages.in_order():
        if message.severity == "E":
            raise Invalid(message.code, **{"field": message.field, **message.parameters})
    return found
