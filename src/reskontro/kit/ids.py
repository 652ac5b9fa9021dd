"""Identifiers: UUID version 7 inside, 22 characters of base64url on the wire."""

from __future__ import annotations

import os
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID, SafeUUID

_RANDOM_BYTES = 16 * 1024

_new, _set = object.__new__, object.__setattr__
_lock = threading.Lock()
_pool = b""
_offset = 0


class IdMalformed(ValueError):
    """The text is not 16 bytes in base64url without padding."""


def _forget_pool() -> None:
    """A forked process must not hand out the random bits of its parent again."""
    global _pool, _offset
    _pool, _offset = b"", 0


os.register_at_fork(after_in_child=_forget_pool)


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562): 48 bits of milliseconds, 74 random bits drawn from a pool that is refilled from the system."""
    global _pool, _offset  # noqa: PLW0603 - the pool is the module's, and the lock guards it
    with _lock:
        if _offset >= len(_pool):
            _pool, _offset = os.urandom(_RANDOM_BYTES), 0
        bits = int.from_bytes(_pool[_offset : _offset + 10], "big")
        _offset += 10
    value = (time.time_ns() // 1_000_000) & 0xFFFFFFFFFFFF
    value = value << 80 | 0x7 << 76 | (bits >> 68 & 0xFFF) << 64 | 0x2 << 62 | (bits & 0x3FFFFFFFFFFFFFFF)
    return _uuid(value)


def _uuid(value: int) -> UUID:
    """UUID(int=value) without its inspection of the arguments, which takes longer than all the rest."""
    made = _new(UUID)
    _set(made, "int", value)
    _set(made, "is_safe", SafeUUID.unknown)
    return made


def encode_id(value: UUID) -> str:
    """The 22 characters that stand for an id in URLs and bodies."""
    return urlsafe_b64encode(value.bytes)[:22].decode("ascii")


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
