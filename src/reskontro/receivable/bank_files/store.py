"""SQL of imported bank files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from reskontro.db.engine import Transaction

Fingerprint = tuple[bytes, int]
"""The fingerprint of a payment, and which it is of equal ones."""


def imported_before(transaction: Transaction, client_no: int, file_type: str, transmission: str) -> UUID | None:
    """The file that a transmission came in first."""
    row = transaction.execute(
        "select file_id from bank_transmission where client_no = %s and file_type = %s and transmission_key = %s",
        (client_no, file_type, transmission),
    ).fetchone()
    return None if row is None else row[0]


def note_transmission(transaction: Transaction, client_no: int, file_type: str, transmission: str, file_id: UUID, now: datetime) -> None:
    """Remember which file a transmission came in; a file that is imported again is noted already."""
    transaction.execute(
        "insert into bank_transmission (client_no, file_type, transmission_key, file_id, created_at) values (%s, %s, %s, %s, %s)"
        " on conflict (client_no, file_type, transmission_key) do nothing",
        (client_no, file_type, transmission, file_id, now),
    )


class KnownPayment(NamedTuple):
    """A payment that was booked before, and whose it is now."""

    payment_uuid: UUID
    ar_item_id: UUID | None
    account_no: int | None
    customer_no: str | None
    is_return: bool


def known_payments(transaction: Transaction, client_no: int, fingerprints: Sequence[bytes]) -> dict[Fingerprint, KnownPayment]:
    """What was booked under one of the fingerprints, returns included."""
    columns = "p.payment_uuid, p.ar_item_id, p.account_no, c.customer_no"
    customer = "left join customer c on c.client_no = p.client_no and c.account_no = p.account_no"
    rows = transaction.execute(
        f"select p.fingerprint, p.fingerprint_no, {columns}, false from payment p {customer} where p.client_no = %s and p.fingerprint = any(%s)"
        f" union all select r.fingerprint, r.fingerprint_no, {columns}, true from bank_return r"
        f" join payment p on p.client_no = r.client_no and p.payment_uuid = r.payment_uuid {customer}"
        " where r.client_no = %s and r.fingerprint = any(%s)".encode(),
        (client_no, list(fingerprints), client_no, list(fingerprints)),
        binary=True,
    )
    return {(bytes(fingerprint), number): KnownPayment(*known) for fingerprint, number, *known in rows}


class Returnable(NamedTuple):
    """A payment that the bank may take back."""

    payment_uuid: UUID
    ar_item_id: UUID | None
    account_no: int | None
    gl_year: int
    transaction_no: int
    suspense: bool
    bank_account_key: str
    reference_key: str | None
    kid: str | None
    amount: Decimal


def returnable_payments(
    transaction: Transaction, client_no: int, accounts: Sequence[str], references: Sequence[str], kids: Sequence[str]
) -> list[Returnable]:
    """Payments to the accounts that were not taken back, with one of the bank's references or one of the KIDs, newest first."""
    columns = (
        "payment_uuid, ar_item_id, account_no, gl_year, transaction_no, suspense, bank_account_key, bank_reference_key, kid, amount, booking_date"
    )
    where = "client_no = %s and bank_account_key = any(%s) and not reversed and gl_year is not null and amount > 0"
    rows = transaction.execute(
        f"select {columns} from payment where {where} and bank_reference_key = any(%s) and fingerprint is not null"
        f" union select {columns} from payment where {where} and bank_reference_key = any(%s) and fingerprint is null"
        f" union select {columns} from payment where {where} and kid = any(%s)"
        " order by booking_date desc, gl_year desc, transaction_no desc".encode(),
        (*(client_no, list(accounts), list(references)), *(client_no, list(accounts), list(references)), *(client_no, list(accounts), list(kids))),
    )
    return [Returnable(*row[:-1]) for row in rows]


def note_returns(transaction: Transaction, client_no: int, returns: Sequence[tuple[Fingerprint, UUID]], file_id: UUID, now: datetime) -> None:
    """Mark payments as returned by the bank, and remember the returns."""
    if not returns:
        return
    ids = [payment_uuid for _, payment_uuid in returns]
    transaction.execute("update payment set exception_code = 'RETURNED' where client_no = %s and payment_uuid = any(%s)", (client_no, ids))
    transaction.execute(
        "insert into bank_return (client_no, fingerprint, fingerprint_no, payment_uuid, file_id, created_at)"
        " select %s, k.fingerprint, k.fingerprint_no, k.payment_uuid, %s, %s"
        " from unnest(%s::bytea[], %s::int[], %s::uuid[]) as k (fingerprint, fingerprint_no, payment_uuid)",
        (client_no, file_id, now, [key[0] for key, _ in returns], [key[1] for key, _ in returns], ids),
    )
