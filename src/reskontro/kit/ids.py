"""Identifiers: UUID version 7 inside, 22 characters of base64url on the wire."""

from __future__ import annotations

import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import b2a_base64
from typing import Any
from uuid import UUID, SafeUUID

_IDS_AT_ONCE = 1_000
_RANDOM_BYTES = 10
_URL_SAFE = bytes.maketrans(b"+/", b"-_")

_new, _set = object.__new__, object.__setattr__
_unknown = SafeUUID.unknown
_pool: list[int] = []
"""The lower 80 bits of ids to come: version, variant and what is random."""


class IdMalformed(ValueError):
    """The text is not 16 bytes in base64url without padding."""


class _FreshId(UUID):
    """An id made here: everything about it is written as rows in its time, so its hexadecimal form is made once and kept."""

    __slots__ = ("hex",)

    def __reduce__(self) -> tuple[Any, ...]:
        return UUID, (self.hex,)


# A forked process must not hand out the random bits of its parent again.
os.register_at_fork(after_in_child=_pool.clear)


def _refill() -> None:
    raw = os.urandom(_RANDOM_BYTES * _IDS_AT_ONCE)
    for place in range(0, len(raw), _RANDOM_BYTES):
        bits = int.from_bytes(raw[place : place + _RANDOM_BYTES], "big")
        _pool.append(0x7 << 76 | (bits >> 68 & 0xFFF) << 64 | 0x2 << 62 | (bits & 0x3FFFFFFFFFFFFFFF))


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562): 48 bits of milliseconds, 74 random bits drawn from a pool that is refilled from the system."""
    while True:
        try:
            # Taking one is a single step of the interpreter, so that no two threads take the same.
            lower = _pool.pop()
            break
        except IndexError:
            _refill()
    value = (time.time_ns() // 1_000_000 & 0xFFFFFFFFFFFF) << 80 | lower
    # UUID(int=value) without its inspection of the arguments, which takes longer than all the rest.
    made = _new(_FreshId)
    _set(made, "int", value)
    _set(made, "is_safe", _unknown)
    _set(made, "hex", value.to_bytes(16, "big").hex())
    return made


def encode_id(value: UUID) -> str:
    """The 22 characters that stand for an id in URLs and bodies."""
    return b2a_base64(value.int.to_bytes(16, "big"), newline=False)[:22].translate(_URL_SAFE).decode("ascii")


def decode_id(text: str) -> UUID:
    """The id behind 22 characters; raises IdMalformed for another length or alphabet and for spare bits that are not zero."""
    if len(text) != 22 or not text.isascii():
        raise IdMalformed(text)
    try:
        raw = urlsafe_b64decode(text + "==")
    except ValueError as error:
        raise IdMalformed(text) from error
    if len(raw) != 16 or urlsafe_b64encode(raw)[:22] != text.encode("ascii"):
        raise IdMalformed(text)
    return UUID(bytes=raw)
