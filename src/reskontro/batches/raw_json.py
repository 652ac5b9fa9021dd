"""JSON cut into its parts as they were sent, without looking into them.

The decoder refuses a text with half a surrogate pair wherever it is, but in an item that is the item's own error. So where it refuses, the
parts are found in a copy of the same length, in which these escapes are harmless, and are cut out of the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

Part = msgspec.Raw | bytes

_ESCAPE = re.compile(rb"\\(?:u[dD][89a-fA-F][0-9a-fA-F]{2}|.)", re.DOTALL)
_OPENING = re.compile(rb"\s*\{\s*")
_KEY = re.compile(rb'("(?:[^"\\]|\\.)*")\s*:\s*', re.DOTALL)
_COMMA = re.compile(rb"\s*,\s*")
_BETWEEN = re.compile(rb"[\s,]*")
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_any = msgspec.json.Decoder(msgspec.Raw)


class RepeatedKey(ValueError):
    """The outermost object has a key twice."""


def check(data: bytes) -> None:
    """Raise msgspec.DecodeError or RecursionError unless the bytes are one JSON value, half surrogate pairs aside."""
    try:
        _any.decode(data)
    except msgspec.DecodeError:
        _any.decode(_harmless(data))


def members(data: bytes) -> dict[str, bytes]:
    """The values of an object by key; raises msgspec.ValidationError for another value, msgspec.DecodeError, RecursionError or RepeatedKey."""
    copy = data
    try:
        values = _object.decode(data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        copy = _harmless(data)
        values = _object.decode(copy)
    return {key: data[start:end] for key, start, end in _spans(copy, values)}


def elements(data: bytes) -> Sequence[Part]:
    """The elements of an array; raises msgspec.ValidationError for another value, msgspec.DecodeError or RecursionError."""
    try:
        return _array.decode(data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        parts = _array.decode(_harmless(data))
    found: list[bytes] = []
    position = data.index(b"[") + 1
    for part in parts:
        between = _BETWEEN.match(data, position)
        assert between is not None
        position = between.end() + len(memoryview(part))
        found.append(data[between.end() : position])
    return found


def _harmless(data: bytes) -> bytes:
    return _ESCAPE.sub(lambda escape: b"\\u0041" if len(escape.group()) == 6 else escape.group(), data)


def _spans(data: bytes, values: dict[str, msgspec.Raw]) -> Iterator[tuple[str, int, int]]:
    """(key, start, end) of every value. A repeated key shows: then the bytes after the key are not those of its (last) value."""
    opening = _OPENING.match(data)
    assert opening is not None
    position, seen = opening.end(), 0
    while (match := _KEY.match(data, position)) is not None:
        key = msgspec.json.decode(match.group(1))
        value = bytes(values[key])
        if not data.startswith(value, match.end()):
            raise RepeatedKey(f"the key {key[:64]} is repeated")
        position, seen = match.end() + len(value), seen + 1
        yield key, match.end(), position
        comma = _COMMA.match(data, position)
        if comma is None:
            break
        position = comma.end()
    if seen != len(values):
        raise RepeatedKey("a key of the body is repeated")
