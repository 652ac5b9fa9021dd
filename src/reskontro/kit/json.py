"""JSON read exactly and written exactly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import jiter
import msgspec

from reskontro.kit.clock import wire_time
from reskontro.kit.ids import encode_id
from reskontro.kit.money import wire_number

DEPTH_MAX = 32
_BOM = b"\xef\xbb\xbf"
_POSITION = re.compile(r" at line \d+ column \d+$")
_NO_BRACKETS = re.compile(rb"[^\[\]{}]+")
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class JsonMalformed(ValueError):
    """The bytes are not the JSON that the surface rules ask for; the text says what is wrong."""

    def __init__(self, detail: str, key: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.key = key
        """The repeated key, when that is what is wrong."""


def _too_deep(data: bytes) -> bool:
    """Whether arrays and objects are nested deeper than allowed; looks at brackets outside strings."""
    if data.count(b"[") + data.count(b"{") <= DEPTH_MAX:
        return False
    depth = 0
    for byte in _NO_BRACKETS.sub(b"", _STRINGS.sub(b"", data)):
        if byte in b"[{":
            depth += 1
            if depth > DEPTH_MAX:
                return True
        else:
            depth -= 1
    return False


def read_json(data: bytes) -> Any:
    """The value of a JSON text with every number that has a fraction or exponent as Decimal.

    Raises JsonMalformed for a byte order mark, bytes that are not UTF-8, nesting deeper than 32, a repeated key, NaN and infinity, a lone
    surrogate, and whatever is no JSON.
    """
    if data.startswith(_BOM):
        raise JsonMalformed("a byte order mark is not allowed")
    if _too_deep(data):
        raise JsonMalformed(f"nested deeper than {DEPTH_MAX} levels")
    try:
        return jiter.from_json(data, allow_inf_nan=False, float_mode="decimal", catch_duplicate_keys=True, cache_mode="keys")
    except ValueError as error:
        text = str(error)
        repeated = re.match(r'Detected duplicate key "(.*)"', text, re.DOTALL)
        if repeated:
            key = repeated.group(1)
            raise JsonMalformed(f"the key {key[:100]} is repeated", key[:64]) from error
        raise JsonMalformed(_POSITION.sub("", text)[:200]) from error


def _wire(value: Any) -> Any:
    if isinstance(value, UUID):
        return encode_id(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


_encoder = msgspec.json.Encoder(enc_hook=_wire, decimal_format="number", uuid_format="canonical")


def _plain(value: Any) -> Any:
    """The value with amounts, ids and times in their wire form; containers are copied only when they hold some."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is dict:
        return {key: _plain(inner) for key, inner in value.items()}
    if kind is list or kind is tuple:
        return [_plain(inner) for inner in value]
    if kind is Decimal:
        number = wire_number(value)
        # Decimal writes numbers below 1e-6 with an exponent; the surface never does.
        return msgspec.Raw(format(number, "f").encode()) if isinstance(number, Decimal) and number.adjusted() < -6 else number
    if isinstance(value, UUID):
        return encode_id(value)
    if kind is datetime:
        return wire_time(value)
    if kind is date:
        return value.isoformat()
    raise TypeError(f"{kind.__name__} has no place in JSON")


def write_json(value: Any) -> bytes:
    """Compact UTF-8 JSON: Decimal as a plain number, UUID as 22 characters, dates and times in their wire form, keys in the order given."""
    return _encoder.encode(_plain(value))


def store_json(value: Any) -> bytes:
    """JSON for the database: exact, but with trailing zeros and ids as they are inside; nobody outside sees it."""
    return _encoder.encode(value)


def store_json_lines(values: Sequence[Any]) -> bytes:
    """The same for several values, each with a line feed after it."""
    return _encoder.encode_lines(values)


def write_json_indented(value: Any) -> bytes:
    """The same with four blanks of indentation, for people."""
    return msgspec.json.format(write_json(value), indent=4)


def canonical_json(value: Any) -> bytes:
    """The same with sorted keys, for hashing and comparing."""
    return _sorted_encoder.encode(_plain(value))


_sorted_encoder = msgspec.json.Encoder(order="sorted", decimal_format="number")
