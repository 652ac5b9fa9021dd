"""How a PUT changes an object: what was sent goes over what is stored, and an empty text brings back the default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reskontro.kit.fields import CLEARED, Schema
from reskontro.kit.messages import Messages


def merged(sent: Mapping[str, Any], stored: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The stored view with the values that were sent; CLEARED becomes the default."""
    return {**stored, **{key: defaults[key] if value is CLEARED else value for key, value in sent.items()}}


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What differs, as the log keeps it."""
    return [{"field": key, "oldValue": before.get(key), "newValue": value} for key, value in after.items() if before.get(key) != value]


def refuse(messages: Messages, schema: Schema, key: str, code: str, **parameters: Any) -> None:
    """Note an error of one field of an object at the field's place."""
    messages.add("E", code, key, f"/{key}", (schema.field(key).position,), **parameters)
