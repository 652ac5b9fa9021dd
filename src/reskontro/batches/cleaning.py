"""Throwing away what is no longer kept: old batches with their input and results, old idempotency keys, lists nobody can page through any more."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from reskontro.batches.periodic import PeriodicJob
from reskontro.db.engine import Transaction, client_transaction, system_transaction
from reskontro.settings import Settings

EVERY_SECONDS = 300.0
SECONDS_MAX = 5.0
"""A worker cleans no longer than this at a time; what is left waits for the next time."""
ROWS_AT_A_TIME = 10_000
WITHOUT_CLIENT = 0
"""The number under which keys of calls without a client are kept."""
CLEANING_LOCK = 5
"""Class of the advisory lock that lets one worker clean at a time."""


def clean(connection: Transaction, settings: Settings, now: datetime) -> int:
    """Delete what is too old, client by client, in small transactions; returns how many rows went. Another worker may be at it: then 0."""
    row = connection.execute("select pg_try_advisory_lock(%s, 0)", (CLEANING_LOCK,)).fetchone()
    if not (row and row[0]):
        return 0
    ends = time.monotonic() + SECONDS_MAX
    deleted = 0
    try:
        with system_transaction(connection) as transaction:
            clients = [entry[0] for entry in transaction.execute("select client_no from client order by client_no")]
        for client_no in (WITHOUT_CLIENT, *clients):
            if time.monotonic() > ends:
                break
            deleted += _clean_client(connection, client_no, settings, now, ends)
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(%s, 0)", (CLEANING_LOCK,))
    return deleted


def _clean_client(connection: Transaction, client_no: int, settings: Settings, now: datetime, ends: float) -> int:
    kept_since = now - timedelta(days=settings.retention_days)
    lists_since = now - timedelta(hours=settings.stored_list_hours)
    deleted = 0
    for table, before in (("idempotency_key", kept_since), ("stored_list", lists_since)):
        deleted += _delete(connection, client_no, table, "created_at < %s", before, ends)
    while time.monotonic() < ends:
        with client_transaction(connection, client_no) as transaction:
            row = transaction.execute(
                "select batch_uuid from batch where client_no = %s and created_at < %s and status in ('PROCESSED', 'CANCELLED')"
                " order by created_at limit 1",
                (client_no, kept_since),
            ).fetchone()
        if row is None:
            break
        # Results and input first, in portions: a batch that is only half gone is still the oldest one next time.
        for table in ("batch_item", "batch_slice", "run_proposal"):
            deleted += _delete(connection, client_no, table, "batch_uuid = %s", row[0], ends)
        if time.monotonic() < ends:
            deleted += _delete(connection, client_no, "batch", "batch_uuid = %s", row[0], ends)
    return deleted


def _delete(connection: Transaction, client_no: int, table: str, condition: str, value: object, ends: float) -> int:
    """Delete the client's rows that fulfil the condition, a portion in each transaction; returns how many went."""
    rows = f"select ctid from {table} where client_no = %s and {condition} limit {ROWS_AT_A_TIME}"
    deleted = 0
    while time.monotonic() < ends:
        with client_transaction(connection, client_no) as transaction:
            went = transaction.execute(f"delete from {table} where ctid in ({rows})".encode(), (client_no, value)).rowcount
        deleted += went
        if went < ROWS_AT_A_TIME:
            break
    return deleted


CLEANING = PeriodicJob("rows cleaned away", EVERY_SECONDS, clean)
