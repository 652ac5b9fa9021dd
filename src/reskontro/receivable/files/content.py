"""The content of files: in pieces in the database, or as objects in the store of the installation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.db.objects import ObjectStore, ObjectStoreFault
from reskontro.kit.ids import encode_id

Storage = Literal["DATABASE", "STORE"]
PIECE_BYTES: Final = 768 << 10
"""Size of a piece; a multiple of three, so that each can be put into base64 by itself."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a content lies, how many bytes it has and its SHA-256."""

    storage: Storage
    size: int
    sha256: bytes


def object_key(client_no: int, file_id: UUID) -> str:
    """The name of a file's content in the object store."""
    return f"{client_no}/{encode_id(file_id)}"


def store_content(transaction: Transaction, client_no: int, file_id: UUID, pieces: Iterable[bytes]) -> Stored:
    """Store the content of a file before the row that names it; no more than a piece or two is in memory at a time.

    Raises ObjectStoreFault. What is stored without a row being committed is found by nobody.
    """
    if transaction.objects is not None:
        return store_object(transaction.objects, client_no, file_id, pieces)
    counted = _Counted(pieces)
    for number, piece in enumerate(counted):
        transaction.execute(
            "insert into file_piece (client_no, file_id, piece_no, body) values (%s, %s, %s, %b)", (client_no, file_id, number, piece)
        )
    return counted.stored("DATABASE")


def store_object(objects: ObjectStore, client_no: int, file_id: UUID, pieces: Iterable[bytes]) -> Stored:
    """Store the content of a file in the object store, which needs no transaction; raises ObjectStoreFault."""
    counted = _Counted(pieces)
    objects.put(object_key(client_no, file_id), counted)
    return counted.stored("STORE")


class _Counted:
    """Pieces of one size, once; counts their bytes and hashes them as they go by."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._digest = hashlib.sha256()
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in even_pieces(self._pieces, PIECE_BYTES):
            self._digest.update(piece)
            self._size += len(piece)
            yield piece

    def stored(self, storage: Storage) -> Stored:
        """What was stored, after the last piece."""
        return Stored(storage, self._size, self._digest.digest())


def even_pieces(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of one size, the last one maybe shorter."""
    waiting = bytearray()
    for piece in pieces:
        view = memoryview(piece)
        while view:
            taken = min(size - len(waiting), len(view))
            waiting += view[:taken]
            view = view[taken:]
            if len(waiting) == size:
                yield bytes(waiting)
                waiting.clear()
    if waiting:
        yield bytes(waiting)


def piece_of(transaction: Transaction, client_no: int, file_id: UUID, number: int) -> bytes:
    """One piece of a content that lies in the database; raises LookupError."""
    row = transaction.execute(
        "select body from file_piece where client_no = %s and file_id = %s and piece_no = %s", (client_no, file_id, number), binary=True
    ).fetchone()
    if row is None:
        raise LookupError("a file lacks a piece of its content")
    return bytes(row[0])


def piece_count(size: int) -> int:
    """How many pieces a content of so many bytes has."""
    return -(-size // PIECE_BYTES)


def stored_object(objects: ObjectStore | None, client_no: int, file_id: UUID, size: int) -> Iterator[bytes]:
    """The content of a file in the object store; raises ObjectStoreFault."""
    if objects is None:
        raise ObjectStoreFault("the file lies in a store that the settings do not name")
    return objects.read(object_key(client_no, file_id), size)
