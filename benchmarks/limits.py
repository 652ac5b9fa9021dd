"""The limit: how fast PostgreSQL takes the same finished rows by COPY into the same tables with the same indexes, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Sequence

import psycopg

from reskontro.runtime import House

DOCUMENT_TABLES = ("document", "document_line", "ar_item", "gl_item_2026", "log_item_2026", "batch_item")
CUSTOMER_TABLES = ("customer", "log_item_2026", "batch_item")
CHUNK_ITEMS = 1_000


def measure_limit(house: House, client_no: int, tables: Sequence[str], items: int) -> float:
    """Items a second: the client's rows are read out, and copied back into empty twins of the tables, a commit per thousand items."""
    with psycopg.connect(house.admin_url, autocommit=True) as connection:
        connection.execute("drop schema if exists limits cascade; create schema limits")
        rows: dict[str, list[bytes]] = {}
        columns: dict[str, str] = {}
        for table in tables:
            connection.execute(f"create table limits.{table} (like {table} including all)".encode())
            columns[table] = _columns(connection, table)
            with connection.cursor().copy(f"copy (select {columns[table]} from {table} where client_no = {client_no}) to stdout".encode()) as copy:
                rows[table] = [bytes(row) for row in copy]
        connection.execute("checkpoint")
        chunks = max(1, items // CHUNK_ITEMS)
        started = time.perf_counter()
        for chunk in range(chunks):
            with connection.transaction():
                for table, lines in rows.items():
                    part = lines[chunk * len(lines) // chunks : (chunk + 1) * len(lines) // chunks]
                    with connection.cursor().copy(f"copy limits.{table} ({columns[table]}) from stdin".encode()) as copy:
                        copy.write(b"".join(part))
        seconds = time.perf_counter() - started
        connection.execute("drop schema limits cascade")
    return items / seconds


def _columns(connection: psycopg.Connection, table: str) -> str:
    """The columns that COPY takes: those that PostgreSQL makes itself are not sent."""
    found = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum",
        (table,),
    )
    return ", ".join(row[0] for row in found)
