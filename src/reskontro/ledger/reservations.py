"""What is reserved for payments under way, and reservations as answers show them.

A reservation ends at the instant ``expiresAt``, whether or not a worker has been there to say so: every question here is asked as of a moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.money import ZERO, multiply
from reskontro.ledger.books import Books
from reskontro.ledger.posting import ONE
from reskontro.norway.identities import currency_decimals

REMAINING = "r.amount - r.captured_amount - r.released_amount"
RUNNING = "r.status = 'ACTIVE' and r.expires_at > %s"
"""Condition on ``payment_reservation r``; its value is the moment."""

_VIEW = (
    "select r.payment_reservation_id, r.payment_id, r.target_type, r.ar_item_id, a.document_uuid, a.document_no, a.reference_no,"
    " coalesce(a.kid, case when r.ar_item_id is null then c.customer_kid end), r.account_no, c.customer_no, r.amount, r.captured_amount,"
    " r.released_amount, r.currency, r.payment_method, r.reservation_text, r.status, r.expires_at, r.created_at, r.changed_at, r.captures"
    " from payment_reservation r left join customer c on c.client_no = r.client_no and c.account_no = r.account_no"
    " left join ar_item a on a.client_no = r.client_no and a.ar_item_id = r.ar_item_id where r.client_no = %s and "
)


def reserved_on_items(transaction: Transaction, client_no: int, ids: Sequence[UUID], now: datetime) -> dict[UUID, Decimal]:
    """What running reservations hold of each item, in its currency; items without one are left out."""
    rows = transaction.execute(
        f"select r.ar_item_id, sum({REMAINING}) from payment_reservation r where r.client_no = %s and r.ar_item_id = any(%s) and {RUNNING}"
        " group by r.ar_item_id".encode(),
        (client_no, list(ids), now),
    )
    return dict(rows.fetchall())


def reserved_by_target(transaction: Transaction, client_no: int, account_no: int, currency: str, now: datetime) -> dict[UUID | None, Decimal]:
    """What running reservations in a currency hold of each item of a customer, and under None of the customer itself."""
    rows = transaction.execute(
        f"select r.ar_item_id, sum({REMAINING}) from payment_reservation r where r.client_no = %s and r.account_no = %s"
        f" and r.currency = %s and {RUNNING} group by r.ar_item_id".encode(),
        (client_no, account_no, currency, now),
    )
    return dict(rows.fetchall())


def reserved_in_base(transaction: Transaction, books: Books, accounts: Iterable[int], today: date, now: datetime) -> dict[int, Decimal]:
    """What running reservations hold on customers and their items, in base currency: on an item at its rate, on a customer at the day's, or else at
    that of its newest item in the currency.
    """
    rows = transaction.execute(
        f"select r.account_no, r.currency, sum({REMAINING}), coalesce(a.exchange_rate, (select n.exchange_rate from ar_item n"
        " where n.client_no = r.client_no and n.account_no = r.account_no and n.currency = r.currency order by n.gl_date desc limit 1), 1),"
        " a.ar_item_id is not null"
        " from payment_reservation r left join ar_item a on a.client_no = r.client_no and a.ar_item_id = r.ar_item_id"
        f" where r.client_no = %s and r.account_no = any(%s) and {RUNNING}"
        " group by r.client_no, r.account_no, r.currency, a.exchange_rate, 5".encode(),
        (books.client_no, list(accounts), now),
    )
    base_currency = books.config("base.currency", today)
    decimals = currency_decimals(base_currency) or 0
    found: dict[int, Decimal] = {}
    for account_no, currency, amount, newest_rate, on_item in rows:
        rate = newest_rate
        if currency == base_currency:
            rate = ONE
        elif not on_item:
            rate = books.exchange_rate(currency, today) or newest_rate
        found[account_no] = found.get(account_no, ZERO) + multiply(amount, rate, decimals)
    return found


def running_count(transaction: Transaction, client_no: int, account_no: int, now: datetime) -> int:
    """How many reservations run on a customer and its items."""
    row = transaction.execute(
        f"select count(*) from payment_reservation r where r.client_no = %s and r.account_no = %s and {RUNNING}".encode(),
        (client_no, account_no, now),
    ).fetchone()
    assert row is not None
    return int(row[0])


def reservation_views(transaction: Transaction, client_no: int, ids: Sequence[UUID], now: datetime) -> list[dict[str, Any]]:
    """Reservations by id, in that order, as they are at the moment; unknown ones are left out."""
    rows = transaction.execute(f"{_VIEW} r.payment_reservation_id = any(%s)".encode(), (client_no, list(ids)))
    found = {row[0]: _view(client_no, row, now) for row in rows}
    return [found[reservation_id] for reservation_id in ids if reservation_id in found]


def reservations_of_items(transaction: Transaction, client_no: int, items: Sequence[UUID], now: datetime) -> dict[UUID, list[dict[str, Any]]]:
    """The reservations on each item, whatever their status, newest first."""
    views: dict[UUID, list[dict[str, Any]]] = {}
    rows = transaction.execute(
        f"{_VIEW} r.ar_item_id = any(%s) order by r.created_at desc, r.payment_reservation_id desc".encode(), (client_no, list(items))
    )
    for row in rows:
        views.setdefault(row[3], []).append(_view(client_no, row, now))
    return views


def _view(client_no: int, row: Sequence[Any], now: datetime) -> dict[str, Any]:
    reservation_id, payment_id, target_type, item_id, document_uuid, document_no, reference_no, kid, account_no, customer_no = row[:10]
    amount, captured, released, currency, method, text, status, expires_at, created_at, changed_at, captures = row[10:]
    if status == "ACTIVE" and expires_at <= now:
        status, released = "EXPIRED", amount - captured
    return {
        "paymentReservationId": reservation_id,
        "clientNo": client_no,
        "paymentId": payment_id,
        "targetType": target_type,
        "arItemId": item_id,
        "documentUuid": document_uuid,
        "documentNo": document_no,
        "referenceNo": reference_no,
        "kid": kid,
        "accountNo": account_no,
        "customerNo": customer_no,
        "amount": amount,
        "capturedAmount": captured,
        "releasedAmount": released,
        "remainingAmount": amount - captured - released,
        "currency": currency,
        "paymentMethod": method,
        "text": text,
        "status": status,
        "expiresAt": expires_at,
        "createdAt": created_at,
        "changedAt": changed_at,
        "captures": [_capture(capture) for capture in captures],
    }


def _capture(stored: dict[str, Any]) -> dict[str, Any]:
    shown = {name: stored[name] for name in ("amount", "paymentDate", "transactionNo", "glYear")}
    return {**shown, "arItemId": UUID(stored["arItemId"])}
