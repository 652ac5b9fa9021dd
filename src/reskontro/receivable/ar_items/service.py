"""Single operations on AR items: show one, list them. Writing goes through ``batch``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.errors import not_found
from reskontro.ledger.books import Books, open_books
from reskontro.ledger.gl_items_view import gl_item_views
from reskontro.ledger.items_view import ar_item_views
from reskontro.ledger.matches_view import matches_of_items
from reskontro.ledger.moments import end_moment
from reskontro.ledger.reservations import reservations_of_items
from reskontro.receivable.ar_items.search import find_items
from reskontro.receivable.documents.view import document_views
from reskontro.web.lists import Listing

EXPANSIONS: Final = ("matches", "reservations", "document", "glitems")


def show_item(transaction: Transaction, client_no: int, item_id: UUID, now: datetime, expand: Sequence[str]) -> dict[str, Any]:
    """One AR item; raises Problem NOT-FOUND."""
    books = open_books(transaction, client_no)
    views = ar_item_views(transaction, client_no, [item_id], now)
    if item_id not in views:
        raise not_found("the AR item")
    _expand(transaction, books, list(views.values()), now, expand, lines=True)
    return views[item_id]


def listing(client_no: int, now: datetime) -> Listing:
    """The list of AR items by dueDate. Opening it raises Problem NOT-FOUND for an unknown client."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> list[UUID]:
        return find_items(transaction, open_books(transaction, client_no), filters, now, limit)

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        books = open_books(transaction, client_no)
        ids = [UUID(str(key)) for key in keys]
        as_of = date.fromisoformat(str(options["asofdate"])) if "asofdate" in options else None
        moment = now if as_of is None else end_moment(as_of, books, now)
        found = ar_item_views(transaction, client_no, ids, moment, as_of=as_of)
        views = [found[item_id] for item_id in ids if item_id in found]
        _expand(transaction, books, views, now, options.get("expand", ()), lines=False)
        return views

    return Listing("aritems", "arItems", "/aritems", find, load)


def _expand(transaction: Transaction, books: Books, views: Sequence[dict[str, Any]], now: datetime, expand: Sequence[str], *, lines: bool) -> None:
    """Add what was asked for besides the items' own keys; documents with their lines or without."""
    client_no = books.client_no
    ids = [view["arItemId"] for view in views]
    if "matches" in expand:
        matches = matches_of_items(transaction, client_no, ids)
        for view in views:
            view["matches"] = matches.get(view["arItemId"], [])
    if "reservations" in expand:
        reservations = reservations_of_items(transaction, client_no, ids, now)
        for view in views:
            view["reservations"] = reservations.get(view["arItemId"], [])
    if "document" in expand:
        uuids = [view["documentUuid"] for view in views if view["documentUuid"] is not None]
        found = document_views(transaction, books, uuids, now, lines=lines, expand=(), in_list=not lines)
        documents = {document["documentUuid"]: document for document in found}
        for view in views:
            view["document"] = documents.get(view["documentUuid"])
    if "glitems" in expand:
        _add_gl_items(transaction, books, views)


def _add_gl_items(transaction: Transaction, books: Books, views: Sequence[dict[str, Any]]) -> None:
    numbers: dict[int, list[int]] = {}
    for view in views:
        numbers.setdefault(view["glYear"], []).append(view["transactionNo"])
    found = {year: gl_item_views(transaction, books, year, wanted) for year, wanted in numbers.items()}
    for view in views:
        view["glItems"] = found[view["glYear"]].get(view["transactionNo"], [])
