"""The letters that wait for their content, for whoever renders them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.receivable.files import store
from reskontro.receivable.files.content import store_content


def clients_with_letters(transaction: Transaction) -> list[int]:
    """The clients that have letters which are not rendered yet; asked across clients."""
    return [row[0] for row in transaction.execute("select clients_with_letters_to_render()")]


def claim_letters(transaction: Transaction, client_no: int, after: UUID, limit: int) -> list[tuple[UUID, dict[str, Any]]]:
    """At most so many letters after an id that nobody else has in hand, oldest first: id, and what it says.

    They are the caller's until its transaction ends, however it ends.
    """
    rows = transaction.execute(
        "select file_id, letter from file where client_no = %s and size is null and file_id > %s order by file_id limit %s for update skip locked",
        (client_no, after, limit),
    )
    return [(row[0], row[1]) for row in rows]


def store_letter(transaction: Transaction, client_no: int, file_id: UUID, content: bytes) -> None:
    """Give a claimed letter its content; raises ObjectStoreFault."""
    store.set_content(transaction, client_no, file_id, store_content(transaction, client_no, file_id, [content]))
