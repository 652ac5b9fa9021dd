"""Matches as answers show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.fields import Schema, choice, day, identifier, integer, moment, money, nested_array, text

SOURCES: Final = (
    "KID",
    "DOCUMENT-NO",
    "REFERENCE",
    "CREDIT-NOTE",
    "MANUAL",
    "RUN",
    "SMALL-DIFFERENCE",
    "REVERSAL",
    "COLLECTION",
)
_NUMBER_MAX = 999_999_999

MATCH_LINE: Final = Schema(
    "MatchLine",
    [
        identifier("arItemId", "The item", required=True, always=True),
        money("amount", "Signed like the item; the lines of a match add up to 0", required=True, always=True),
    ],
    "What a match takes off one item",
)

MATCH: Final = Schema(
    "Match",
    [
        identifier("matchId", "Id of the match", always=True),
        integer("clientNo", 1, _NUMBER_MAX, "The client", always=True),
        integer("accountNo", 1, _NUMBER_MAX, "AR account of the customer", always=True),
        text("customerNo", 20, "The customer", always=True),
        day("matchDate", "Day from which it counts", always=True),
        choice("source", SOURCES, "What made it", always=True),
        text("coverageOrder", 30, "Order of coverage in force when it was made", always=True),
        nested_array("lines", MATCH_LINE, "The items with their amounts", always=True),
        choice("status", ("ACTIVE", "UNDONE"), "Whether it counts", always=True),
        moment("createdAt", "When it was made", always=True),
        text("createdBy", 64, "On whose behalf", always=True),
    ],
    "Items settled against each other",
)


def match_views(transaction: Transaction, client_no: int, ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """Matches by id, from the earliest matchDate on; those made on one day in the order of their making."""
    rows = transaction.execute(
        "select m.match_id, m.account_no, c.customer_no, m.match_date, m.source, m.coverage_order, m.status, m.created_at, m.created_by"
        " from match m join customer c on c.client_no = m.client_no and c.account_no = m.account_no"
        " where m.client_no = %s and m.match_id = any(%s) order by m.match_date, m.created_at, m.match_id",
        (client_no, list(ids)),
    )
    views: dict[UUID, dict[str, Any]] = {}
    for match_id, account_no, customer_no, match_date, source, coverage_order, status, created_at, created_by in rows:
        views[match_id] = {
            "matchId": match_id,
            "clientNo": client_no,
            "accountNo": account_no,
            "customerNo": customer_no,
            "matchDate": match_date,
            "source": source,
            "coverageOrder": coverage_order,
            "lines": [],
            "status": status,
            "createdAt": created_at,
            "createdBy": created_by,
        }
    lines = transaction.execute(
        "select match_id, ar_item_id, amount from match_line where client_no = %s and match_id = any(%s) order by match_id, line_no",
        (client_no, list(views)),
    )
    for match_id, item_id, amount in lines:
        views[match_id]["lines"].append({"arItemId": item_id, "amount": amount})
    return views


def matches_of_items(transaction: Transaction, client_no: int, item_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The matches, undone ones included, that each of the items has or had a part in; items without one are left out."""
    rows = transaction.execute(
        "select distinct ar_item_id, match_id from match_line where client_no = %s and ar_item_id = any(%s)", (client_no, list(item_ids))
    ).fetchall()
    items_of: dict[UUID, list[UUID]] = {}
    for item_id, match_id in rows:
        items_of.setdefault(match_id, []).append(item_id)
    found: dict[UUID, list[dict[str, Any]]] = {}
    for match_id, view in match_views(transaction, client_no, items_of).items():
        for item_id in items_of[match_id]:
            found.setdefault(item_id, []).append(view)
    return found
