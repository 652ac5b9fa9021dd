"""SQL of payment reservations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from reskontro.db.bulk import insert_rows
from reskontro.db.engine import Transaction
from reskontro.kit.json import store_json

_COLUMNS = (
    "payment_reservation_id",
    "payment_id",
    "account_no",
    "ar_item_id",
    "amount",
    "captured_amount",
    "released_amount",
    "currency",
    "payment_method",
    "status",
    "expires_at",
    "captures",
    "content_hash",
)
_READ = f"select {', '.join(_COLUMNS)} from payment_reservation where client_no = %s and "


@dataclass(slots=True)
class Reservation:
    """A reservation as it is stored, whether or not it has run out since."""

    payment_reservation_id: UUID
    payment_id: str
    account_no: int
    ar_item_id: UUID | None
    amount: Decimal
    captured: Decimal
    released: Decimal
    currency: str
    payment_method: str | None
    status: str
    expires_at: datetime
    captures: list[dict[str, Any]]
    content_hash: bytes

    @property
    def remaining(self) -> Decimal:
        """What is still reserved."""
        return self.amount - self.captured - self.released

    def status_at(self, now: datetime) -> str:
        """The status at a moment: a running one ends at the instant it expires."""
        return "EXPIRED" if self.status == "ACTIVE" and self.expires_at <= now else self.status


def _one(transaction: Transaction, condition: str, values: tuple[Any, ...]) -> Reservation | None:
    row = transaction.execute(f"{_READ}{condition}".encode(), values).fetchone()
    return None if row is None else Reservation(*row)


def reservation_by_id(transaction: Transaction, client_no: int, reservation_id: UUID) -> Reservation | None:
    """A reservation by id."""
    return _one(transaction, "payment_reservation_id = %s", (client_no, reservation_id))


def reservation_by_payment_id(transaction: Transaction, client_no: int, payment_id: str) -> Reservation | None:
    """A reservation by the caller's paymentId, whatever its case."""
    return _one(transaction, "payment_key = %s", (client_no, payment_id.lower()))


def insert_reservation(transaction: Transaction, client_no: int, reservation: Reservation, text: str | None, now: datetime, user_id: str) -> None:
    """Write a new reservation."""
    values = {
        "client_no": client_no,
        "payment_reservation_id": reservation.payment_reservation_id,
        "payment_id": reservation.payment_id,
        "payment_key": reservation.payment_id.lower(),
        "content_hash": reservation.content_hash,
        "target_type": "CUSTOMER" if reservation.ar_item_id is None else "DOCUMENT",
        "account_no": reservation.account_no,
        "ar_item_id": reservation.ar_item_id,
        "amount": reservation.amount,
        "currency": reservation.currency,
        "payment_method": reservation.payment_method,
        "reservation_text": text,
        "expires_at": reservation.expires_at,
        "created_at": now,
        "changed_at": now,
        "created_by": user_id,
    }
    insert_rows(transaction, "payment_reservation", tuple(values), [tuple(values.values())])


def update_reservation(transaction: Transaction, client_no: int, reservation: Reservation, now: datetime) -> None:
    """Write the state of a reservation."""
    transaction.execute(
        "update payment_reservation set captured_amount = %s, released_amount = %s, status = %s, captures = %s, changed_at = %s"
        " where client_no = %s and payment_reservation_id = %s",
        (
            reservation.captured,
            reservation.released,
            reservation.status,
            Jsonb(reservation.captures, dumps=store_json),
            now,
            client_no,
            reservation.payment_reservation_id,
        ),
    )


def ids(transaction: Transaction, conditions: Sequence[str], values: Sequence[Any], limit: int) -> list[UUID]:
    """The ids of reservations ``r`` that meet conditions, newest first."""
    rows = transaction.execute(
        "select r.payment_reservation_id from payment_reservation r"
        f" where {' and '.join(conditions)} order by r.created_at desc, r.payment_reservation_id desc limit %s".encode(),
        (*values, limit),
    )
    return [row[0] for row in rows]


def expire(transaction: Transaction, client_no: int, now: datetime, limit: int) -> list[tuple[UUID, UUID | None, int]]:
    """End running reservations whose time is over; returns (id, arItemId, accountNo) of at most so many."""
    rows = transaction.execute(
        "update payment_reservation set status = 'EXPIRED', released_amount = amount - captured_amount, changed_at = expires_at"
        " where client_no = %s and payment_reservation_id in (select payment_reservation_id from payment_reservation"
        " where client_no = %s and status = 'ACTIVE' and expires_at <= %s order by expires_at limit %s)"
        " returning payment_reservation_id, ar_item_id, account_no",
        (client_no, client_no, now, limit),
    )
    return rows.fetchall()


def clients_with_expired(transaction: Transaction, now: datetime) -> list[int]:
    """The clients that have reservations whose time is over; asked across clients."""
    return [row[0] for row in transaction.execute("select clients_with_expired_reservations(%s)", (now,))]
