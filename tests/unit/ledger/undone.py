"""A transaction that is undone on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reskontro.db.engine import Database, Transaction, lock_client


class _Undo(Exception):
    """Makes the transaction roll back."""


@contextmanager
def undone(database: Database, client_no: int = 1) -> Iterator[Transaction]:
    """A transaction with the client's write lock that is rolled back at the end of the block."""
    try:
        with database.transaction(client_no) as transaction:
            lock_client(transaction, client_no)
            yield transaction
            raise _Undo
    except _Undo:
        return
