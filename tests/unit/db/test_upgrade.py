"""Aim: an upgrade that changes what is stored finds it, though row-level security hides it from everybody who names no client."""

from __future__ import annotations

import os

import psycopg
import pytest
from alembic import command
from psycopg.conninfo import make_conninfo

from reskontro.db import setup

CUSTOMER = (
    "insert into customer (client_no, account_no, customer_no, customer_key, name, search_name, customer_category, email_addresses, currency,"
    " language, registration_status_code, country_code, details, created_at, changed_at)"
    " values (1, 500001, 'A', 'a', 'A', 'a', 'CONS', '{}', 'NOK', 'no', 'NORMAL', 'NO', '{}', now(), now())"
)
MANDATE = (
    "insert into mandate (client_no, kid, account_no, bank_account_no, notify, active, created_at, changed_at)"
    " values (1, '0010017', 500001, '12345678903', false, true, '2026-01-01 12:00Z', '2026-02-02 12:00Z')"
)


def test_mandates_get_the_moment_of_their_news(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of revision 0010 were told of when they were changed last."""
    name, role = f"upgrade_{os.getpid()}", f"upgrade_serving_{os.getpid()}"
    to_head = command.upgrade
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f"create database {name}".encode())
        try:
            url = make_conninfo(postgres, dbname=name)
            with psycopg.connect(url, autocommit=True) as connection:
                setup._ensure_roles_in_turn(connection, role)
                monkeypatch.setattr(command, "upgrade", lambda config, _: to_head(config, "0010"))
                setup._run_migrations(url)
                monkeypatch.undo()
                connection.execute(CUSTOMER.encode())
                connection.execute(MANDATE.encode())
                setup.migrate(url, role)
                assert connection.execute("select told_at = changed_at, told_at is null from mandate").fetchall() == [(True, False)]
                forced = "select relforcerowsecurity from pg_class where relname = 'mandate'"
                assert connection.execute(forced).fetchall() == [(True,)]
        finally:
            server.execute(f"drop database {name} with (force)".encode())
            server.execute(f"drop role {role}".encode())
