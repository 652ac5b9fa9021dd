"""The list of payment reservations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.ledger.books import Books, open_books
from reskontro.ledger.moments import end_moment, first_moment
from reskontro.ledger.reservations import RUNNING, reservation_views
from reskontro.receivable.payment_reservations import store
from reskontro.receivable.payment_reservations.schemas import STATUSES
from reskontro.web.lists import Listing
from reskontro.web.operations import Parameter

FILTERS = (
    Parameter("status", "choices", "Status", values=STATUSES),
    Parameter("paymentid", "texts", "The caller's own ids"),
    Parameter("customerno", "texts", "Customer numbers"),
    Parameter("documentno", "texts", "Document numbers of the items"),
    Parameter("aritemid", "ids", "Items"),
    Parameter("expiresfrom", "moment", "Running out at or after"),
    Parameter("expiresto", "moment", "Running out before; of a date, on or before"),
)
_CUSTOMERS = "r.account_no in (select account_no from customer c where c.client_no = r.client_no and c.customer_key = any(%s))"
_DOCUMENTS = (
    "r.ar_item_id in (select a.ar_item_id from ar_item a where a.client_no = r.client_no and a.ar_item_id = r.ar_item_id"
    " and lower(a.document_no) = any(%s))"
)


def _statuses(wanted: Sequence[str], now: datetime) -> tuple[str, list[Any]]:
    """The condition for statuses as they are at the moment: one that ran out counts as expired, whatever is stored."""
    parts: list[str] = []
    values: list[Any] = []
    for status in wanted:
        if status == "ACTIVE":
            parts.append(f"({RUNNING})")
            values.append(now)
        elif status == "EXPIRED":
            parts.append("(r.status = 'EXPIRED' or (r.status = 'ACTIVE' and r.expires_at <= %s))")
            values.append(now)
        else:
            parts.append("r.status = %s")
            values.append(status)
    return f"({' or '.join(parts)})", values


def _conditions(filters: dict[str, Any], books: Books, now: datetime) -> tuple[list[str], list[Any]]:
    conditions: list[str] = ["r.client_no = %s"]
    values: list[Any] = [books.client_no]
    for name, value in filters.items():
        if name == "status":
            condition, moments = _statuses(value, now)
            conditions.append(condition)
            values.extend(moments)
            continue
        found: Any
        if name == "paymentid":
            condition, found = "r.payment_key = any(%s)", [text.lower() for text in value]
        elif name == "customerno":
            condition, found = _CUSTOMERS, [text.lower() for text in value]
        elif name == "documentno":
            condition, found = _DOCUMENTS, [text.lower() for text in value]
        elif name == "aritemid":
            condition, found = "r.ar_item_id = any(%s)", value
        elif name == "expiresfrom":
            condition, found = "r.expires_at >= %s", first_moment(value, books, now)
        elif name == "expiresto":
            condition, found = "r.expires_at < %s", end_moment(value, books, now)
        else:
            continue
        conditions.append(condition)
        values.append(found)
    return conditions, values


def listing(client_no: int, now: datetime) -> Listing:
    """The list of reservations, newest first. Opening it raises Problem NOT-FOUND for an unknown client."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> list[Any]:
        conditions, values = _conditions(filters, open_books(transaction, client_no), now)
        return store.ids(transaction, conditions, values, limit)

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        return reservation_views(transaction, client_no, [UUID(str(key)) for key in keys], now)

    return Listing("paymentreservations", "paymentReservations", "/paymentreservations", find, load)
