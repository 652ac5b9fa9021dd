"""The raw items of a batch as they lie in the database: slices of a JSON array, compressed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

import zstandard

from reskontro.batches.raw_json import Part, elements
from reskontro.db.engine import Transaction

SLICE_ITEMS = 2_000
SLICE_BYTES_MAX = 8 << 20
"""A slice is closed when its items have this many bytes, so that a worker's memory does not grow with the items."""

_COMPRESSION_LEVEL = 1
_local = threading.local()


def compress(items: Sequence[Part]) -> bytes:
    """Items as one compressed slice."""
    compressor: Any = getattr(_local, "compressor", None)
    if compressor is None:
        compressor = _local.compressor = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL)
    return compressor.compress(b"[" + b",".join(items) + b"]")  # type: ignore[no-any-return]


def expand(body: bytes) -> list[bytes]:
    """The raw items of a slice."""
    decompressor: Any = getattr(_local, "decompressor", None)
    if decompressor is None:
        decompressor = _local.decompressor = zstandard.ZstdDecompressor()
    return [bytes(item) for item in elements(decompressor.decompress(body))]


class Filling:
    """The slice that is being filled, with the rule of when it is full."""

    def __init__(self) -> None:
        self._members: list[Any] = []
        self._size = 0

    def take(self, items: Iterable[Any]) -> Iterator[list[Any]]:
        """Take items in; gives the lists that are full."""
        for item in items:
            length = len(memoryview(item))
            if len(self._members) >= SLICE_ITEMS or (self._members and self._size + length > SLICE_BYTES_MAX):
                yield self._members
                self._members, self._size = [], 0
            self._members.append(item)
            self._size += length

    def rest(self) -> Iterator[list[Any]]:
        """The last list, unless it is empty; nothing is taken in after it."""
        if self._members:
            yield self._members


def slices_of(items: Iterable[Any]) -> Iterator[list[Any]]:
    """The items in lists that fill a slice each."""
    filling = Filling()
    yield from filling.take(items)
    yield from filling.rest()


def insert_slice(transaction: Transaction, client_no: int, batch_uuid: UUID, first_index: int, count: int, body: bytes) -> None:
    """Store one slice."""
    transaction.execute(
        "insert into batch_slice (client_no, batch_uuid, first_index, item_count, body) values (%b, %b, %b, %b, %b)",
        (client_no, batch_uuid, first_index, count, body),
    )


def slice_at(transaction: Transaction, client_no: int, batch_uuid: UUID, index: int) -> tuple[int, list[bytes]] | None:
    """(first index, raw items) of the slice that holds the item of that index."""
    row = transaction.execute(
        "select first_index, body from batch_slice where client_no = %s and batch_uuid = %s and first_index <= %s order by first_index desc limit 1",
        (client_no, batch_uuid, index),
        binary=True,
    ).fetchone()
    return None if row is None else (row[0], expand(row[1]))
