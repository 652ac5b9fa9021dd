"""GL items: the list, and one of them. They are written by postings only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.errors import not_found
from reskontro.ledger.books import open_books
from reskontro.ledger.gl_items_view import GlItemKey, gl_item_key, gl_lines
from reskontro.receivable.gl_items.filters import conditions_of
from reskontro.web.lists import Listing


def listing(client_no: int, now: datetime) -> Listing:
    """The list of GL items, by glYear, transactionNo, lineNo."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> list[list[int]]:
        conditions, values = conditions_of(filters, open_books(transaction, client_no), now)
        rows = transaction.execute(
            f"select g.gl_year, g.transaction_no, g.line_no from gl_item g where {' and '.join(conditions)}"
            " order by g.gl_year, g.transaction_no, g.line_no limit %s".encode(),
            (*values, limit),
            prepare=False,  # which index is best depends on the values
        )
        return [list(row) for row in rows]

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        return gl_lines(transaction, open_books(transaction, client_no), [GlItemKey(*key) for key in keys])

    return Listing("glItems", "glItems", "/glitems", find, load)


def show_gl_item(transaction: Transaction, client_no: int, identifier: UUID) -> dict[str, Any]:
    """One GL item; raises Problem NOT-FOUND, also for the id of another client's item."""
    books = open_books(transaction, client_no)
    key = gl_item_key(client_no, identifier)
    found = gl_lines(transaction, books, [key]) if key is not None else []
    if not found:
        raise not_found("the GL item")
    return found[0]
