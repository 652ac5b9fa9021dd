"""What the tests of bank files share: the client's accounts, mandates, and the content of files that were made."""

from __future__ import annotations

import base64
from typing import Any

from reskontro.batches.kinds import ChunkContext, Origin
from reskontro.db.engine import lock_client
from reskontro.kit.ids import new_id
from reskontro.ledger.books import open_books
from reskontro.receivable.mandates.registering import Registration, register
from tests.house import House

OCR_ACCOUNT = "12345678903"


def register_mandates(
    house: House, *kids: str, active: bool = True, notify: bool = False, account: str = OCR_ACCOUNT
) -> list[tuple[str, str | None]]:
    """(result, first code) for each KID of which the bank tells."""
    with house.database.transaction(house.client_no) as transaction:
        lock_client(transaction, house.client_no)
        now = house.clock.now()
        books = open_books(transaction, house.client_no, now)
        context = ChunkContext(house.client_no, books, now, books.today(now))
        sent = [Registration(kid or None, active, notify, account) for kid in kids]
        results = register(transaction, context, Origin("test", "test", new_id(), "BATCH"), sent, now)
    return [(result.result, result.errors[0].code if result.errors else None) for result in results]


def files_of(house: House, file_type: str) -> list[dict[str, Any]]:
    """The files of a type, by name."""
    listed: list[dict[str, Any]] = house.get(f"/files?filetype={file_type}").json()["files"]
    return sorted(listed, key=lambda file: str(file["fileName"]))


def content_of(house: House, file_id: str) -> bytes:
    """The content of a file."""
    return base64.b64decode(house.get(f"/files/{file_id}?expand=content").json()["content"])
