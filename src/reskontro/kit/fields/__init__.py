"""Fields of wire objects, declared once: how a value is checked and normalised, and how the OpenAPI document describes it.

An object's fields are a ``Schema`` (``schema``), made of the field types of ``types``; ``values`` reads one value. ``None`` means absent. An
empty text means "default" in a create and "clear" in an update: it is kept as ``CLEARED`` and resolved by whoever knows the stored value.
"""

from __future__ import annotations

from reskontro.kit.fields.schema import Field, Schema
from reskontro.kit.fields.types import (
    anything,
    boolean,
    choice,
    day,
    decimal,
    identifier,
    integer,
    looked_up,
    moment,
    money,
    nested,
    nested_array,
    passed_on,
    text,
    texts,
)
from reskontro.kit.fields.values import CLEARED, NATURAL_KEY, Invalid, clean_text, parse_date, parse_moment, read_money

__all__ = [
    "CLEARED",
    "NATURAL_KEY",
    "Field",
    "Invalid",
    "Schema",
    "anything",
    "boolean",
    "choice",
    "clean_text",
    "day",
    "decimal",
    "identifier",
    "integer",
    "looked_up",
    "moment",
    "money",
    "nested",
    "nested_array",
    "parse_date",
    "parse_moment",
    "passed_on",
    "read_money",
    "text",
    "texts",
]
