"""Throwing away what is no longer kept: old batches with their input and results, old idempotency keys, lists nobody can page through any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from reskontro.db.engine import Transaction, client_transaction, system_transaction
from reskontro.settings import Settings

ROWS_AT_A_TIME = 10_000
CLEANING_LOCK = 5
"""Class of the advisory lock that lets one worker clean at a time."""

_OLD_BATCHES = (
    "select batch_uuid from batch where client_no = %(client_no)s and created_at < %(before)s and status in ('PROCESSED', 'CANCELLED')"
    " order by created_at limit 100"
)


def clean(connection: Transaction, settings: Settings, now: datetime) -> int:
    """Delete what is too old, client by client, in small transactions; returns how many rows went. Another worker may be at it: then 0."""
    row = connection.execute("select pg_try_advisory_lock(%s, 0)", (CLEANING_LOCK,)).fetchone()
    if not (row and row[0]):
        return 0
    try:
        with system_transaction(connection) as transaction:
            clients = [entry[0] for entry in transaction.execute("select client_no from client order by client_no")]
        return sum(_clean_client(connection, client_no, settings, now) for client_no in clients)
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(%s, 0)", (CLEANING_LOCK,))


def _clean_client(connection: Transaction, client_no: int, settings: Settings, now: datetime) -> int:
    kept_since = now - timedelta(days=settings.retention_days)
    deleted = 0
    while True:
        with client_transaction(connection, client_no) as transaction:
            values = {"client_no": client_no, "before": kept_since}
            old = [entry[0] for entry in transaction.execute(_OLD_BATCHES.encode(), values)]
            if not old:
                break
            for table in ("batch_item", "batch_slice", "batch"):
                deleted += transaction.execute(
                    f"delete from {table} where client_no = %s and batch_uuid = any(%s)".encode(), (client_no, old)
                ).rowcount
    lists_since = now - timedelta(hours=settings.stored_list_hours)
    for table, before in (("idempotency_key", kept_since), ("stored_list", lists_since)):
        while True:
            with client_transaction(connection, client_no) as transaction:
                went = transaction.execute(
                    f"delete from {table} where ctid in (select ctid from {table} where client_no = %s and created_at < %s limit %s)".encode(),
                    (client_no, before, ROWS_AT_A_TIME),
                ).rowcount
            deleted += went
            if went < ROWS_AT_A_TIME:
                break
    return deleted
