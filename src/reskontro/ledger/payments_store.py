"""SQL of payments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from reskontro.db.bulk import NULL, Outbox, Stage, copy_day, copy_text, copy_value
from reskontro.db.engine import Transaction
from reskontro.ledger.payments import PaymentChange, PaymentRecord
from reskontro.ledger.seals import sealed_insert

_COLUMNS = (
    ("payment_uuid", "uuid"),
    ("ar_item_id", "uuid"),
    ("account_no", "integer"),
    ("document_uuid", "uuid"),
    ("amount", "numeric(18, 2)"),
    ("currency", "text"),
    ("payment_date", "date"),
    ("booking_date", "date"),
    ("payment_method", "text"),
    ("bank_account_no", "text"),
    ("bank_account_key", "text"),
    ("bank_reference", "text"),
    ("bank_reference_key", "text"),
    ("payer_name", "text"),
    ("payer_account_no", "text"),
    ("kid", "text"),
    ("payment_text", "text"),
    ("exception_code", "text"),
    ("file_id", "uuid"),
    ("batch_uuid", "uuid"),
    ("gl_year", "integer"),
    ("transaction_no", "integer"),
    ("suspense", "boolean"),
    ("fingerprint", "bytea"),
    ("fingerprint_no", "integer"),
)
_stage = Stage("stage_payment", _COLUMNS)
_NAMES = ", ".join(name for name, _ in _COLUMNS)


_INSERT = sealed_insert(
    "payment",
    f"client_no, {_NAMES}, created_at",
    f"select %s::integer as client_no, {_NAMES}, %s::timestamptz as created_at from stage_payment",
)


def insert_payments(outbox: Outbox, client_no: int, now: datetime, payments: Sequence[PaymentRecord]) -> None:
    """Write payments; their transactions are numbered by now."""
    lines = [
        f"{p.payment_uuid.hex}\t{_hex(p.ar_item_id)}\t{p.account_no or NULL}\t{_hex(p.document_uuid)}\t{p.amount:f}\t{p.currency}\t"
        f"{copy_day(p.payment_date)}\t{copy_day(p.booking_date)}\t{p.payment_method}\t{_text(p.bank_account_no)}\t{copy_text(p.bank_account_key)}\t"
        f"{_text(p.bank_reference)}\t{_text(p.bank_reference.lower()) if p.bank_reference is not None else NULL}\t{_text(p.payer_name)}\t"
        f"{_text(p.payer_account_no)}\t{_text(p.kid)}\t{_text(p.payment_text)}\t{p.exception_code or NULL}\t{_hex(p.file_id)}\t"
        f"{_hex(p.batch_uuid)}\t{p.posting.gl_year if p.posting else NULL}\t{p.posting.transaction_no if p.posting else NULL}\t"
        f"{'t' if p.suspense else 'f'}\t{NULL if p.fingerprint is None else copy_value(p.fingerprint)}\t{p.fingerprint_no or NULL}"
        for p in payments
    ]
    outbox.rows(_stage, lines, _INSERT, (client_no, now))


def _hex(value: UUID | None) -> str:
    return NULL if value is None else value.hex


def _text(value: str | None) -> str:
    return NULL if value is None else copy_text(value)


def taken_bank_references(transaction: Transaction, client_no: int, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which pairs of (bank account, reference), without case, a payment already has."""
    # One probe of the index for each key: the planner would rather join all payments of the client while it has no statistics.
    probe = (
        "select k.account, k.reference from unnest(%s::text[], %s::text[]) as k (account, reference) cross join lateral (select from payment p"
        " where p.client_no = %s and p.bank_account_key = k.account and p.bank_reference_key = k.reference and p.bank_reference_key is not null"
    )
    values = ([key[0] for key in keys], [key[1] for key in keys], client_no)
    # Payments of bank files stand in an index of their own.
    rows = transaction.execute(
        f"{probe} and p.fingerprint is null limit 1) one union {probe} and p.fingerprint is not null limit 1) one".encode(), (*values, *values)
    )
    return {(account, reference) for account, reference in rows}


class StoredPayment(NamedTuple):
    """A payment, whose it is, and the transaction that booked it."""

    payment_uuid: UUID
    ar_item_id: UUID | None
    gl_year: int | None
    transaction_no: int | None
    suspense: bool

    @property
    def key(self) -> tuple[int | None, int | None]:
        """(glYear, transactionNo) of its booking."""
        return self.gl_year, self.transaction_no


def payments_behind(transaction: Transaction, client_no: int, items: Sequence[UUID], transactions: Sequence[tuple[int, int]]) -> list[StoredPayment]:
    """The payments behind items, and those that the transactions (glYear, transactionNo) booked on the suspense account."""
    names = "p.payment_uuid, p.ar_item_id, p.gl_year, p.transaction_no, p.suspense"
    rows = transaction.execute(
        f"select {names} from payment p where p.client_no = %s and p.ar_item_id = any(%s)"
        f" union select {names} from payment p join unnest(%s::int[], %s::int[]) as k (gl_year, transaction_no)"
        " on p.gl_year = k.gl_year and p.transaction_no = k.transaction_no where p.client_no = %s and p.suspense".encode(),
        (client_no, list(items), [key[0] for key in transactions], [key[1] for key in transactions], client_no),
    )
    return [StoredPayment(*row) for row in rows]


def change_payments(transaction: Transaction, client_no: int, changes: Sequence[PaymentChange]) -> None:
    """Mark payments as reversed, or as nobody's again with the exception code of the change."""
    reversals = [change.payment_uuid for change in changes if change.reversed]
    if reversals:
        transaction.execute("update payment set reversed = true where client_no = %s and payment_uuid = any(%s)", (client_no, reversals))
    displaced = [change for change in changes if not change.reversed]
    if displaced:
        transaction.execute(
            "update payment p set ar_item_id = null, account_no = null, exception_code = coalesce(n.code, p.exception_code)"
            " from unnest(%s::uuid[], %s::text[]) as n (payment_uuid, code) where p.client_no = %s and p.payment_uuid = n.payment_uuid",
            ([change.payment_uuid for change in displaced], [change.exception_code for change in displaced], client_no),
        )
