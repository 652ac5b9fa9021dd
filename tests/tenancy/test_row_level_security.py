"""With the application's own filter left out: what the serving role can see and do in a transaction of one client, and what it can never do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import Jsonb

from reskontro.db.engine import OWNER_ROLE, Database, UnsafeRole, check_serving_role
from reskontro.kit.clock import MovableClock
from reskontro.settings import Settings
from tests.conftest import NOW
from tests.house import serve
from tests.tenancy.stories import OURS, THEIRS, settle_in, tables

BOOKED = {
    "gl_item": ("amount", "gl_account", "gl_date", "currency_amount", "vat_code", "ar_item_id"),
    "document": ("incl_vat", "document_date", "customer_no", "details", "content_hash"),
    "document_line": ("incl_vat", "vat_code", "gl_account", "details"),
    "match_line": ("amount", "base_amount", "ar_item_id"),
    "ar_item": ("original_amount", "base_original_amount", "vat_amount", "gl_date", "account_no", "currency", "ar_item_type", "claim_kind"),
    "match": ("match_date", "source", "account_no"),
    "payment": ("amount", "payment_date", "bank_reference", "kid"),
    "log_item": ("hash", "event", "occurred_at", "actor", "sequence_no", "entity_id"),
}
"""Columns that are written once."""


@dataclass
class Rows:
    """A database with two clients: as the serving role sees it, and as a superuser does."""

    database: Database
    superuser: psycopg.Connection
    tenant: list[str]
    url: str

    def serving(self) -> psycopg.Connection[Any]:
        """A connection of the serving role."""
        return self.database.connect()

    def counts(self, client_no: int) -> dict[str, int]:
        """How many rows of a client each table has."""
        parts = [f"select '{table}', count(*) from {table} where client_no = {client_no}" for table in self.tenant]
        return dict(self.superuser.execute(" union all ".join(parts).encode()).fetchall())


@pytest.fixture(scope="module")
def rows(module_database: Database, postgres: str) -> Iterator[Rows]:
    """Two clients, each with rows in every table."""
    with serve(module_database, Settings(), MovableClock(NOW)) as house:
        settle_in(house, THEIRS)
        settle_in(house, OURS)
    url = make_conninfo(postgres, dbname=conninfo_to_dict(module_database.url)["dbname"])
    with psycopg.connect(url, autocommit=True) as superuser:
        yield Rows(module_database, superuser, [name for name, tenant in tables(superuser).items() if tenant], url)


def privileges(rows: Rows, table: str, kind: str) -> list[str]:
    """The columns of a table on which the serving role has a privilege."""
    role = conninfo_to_dict(rows.database.url)["user"]
    found = rows.superuser.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
        " and attidentity = '' and attgenerated = ''"
        " and has_column_privilege(%s, attrelid, attname, %s) order by attnum",
        (table, role, kind),
    )
    return [row[0] for row in found]


def may_delete(rows: Rows, table: str) -> bool:
    """Whether the serving role may delete rows of a table."""
    role = conninfo_to_dict(rows.database.url)["user"]
    row = rows.superuser.execute("select has_table_privilege(%s, %s::regclass, 'delete')", (role, table)).fetchone()
    return bool(row and row[0])


def refused(connection: psycopg.Connection[Any], statement: str, *values: Any) -> str:
    """The text with which the database refuses a statement; the open transaction goes on after it."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as caught, connection.transaction():
        connection.execute(statement.encode(), values)
    return str(caught.value)


def test_the_story_reaches_every_table(rows: Rows) -> None:
    """What follows would prove nothing about a table without rows of both clients."""
    for client_no in (OURS, THEIRS):
        assert [table for table, count in rows.counts(client_no).items() if not count] == []


class TestInOneClientsTransaction:
    def test_reading_without_a_filter_finds_only_the_clients_rows(self, rows: Rows) -> None:
        """Every table, partitions asked for by their own name included, shows the rows of the transaction's client, and all of them."""
        expected = rows.counts(OURS)
        with rows.database.transaction(OURS) as transaction:
            found = {}
            for table in rows.tenant:
                answer = transaction.execute(f"select count(*), count(*) filter (where client_no <> %s) from {table}".encode(), (OURS,)).fetchone()
                found[table] = answer
            partitions = transaction.execute("select relname from pg_class where relispartition and relkind = 'r'").fetchall()
            foreign = [
                name
                for (name,) in partitions
                if transaction.execute(f"select 1 from {name} where client_no <> %s limit 1".encode(), (OURS,)).fetchone() is not None
            ]
        assert found == {table: (count, 0) for table, count in expected.items()}
        assert partitions
        assert foreign == []

    def test_asking_for_the_other_client_finds_nothing(self, rows: Rows) -> None:
        """A wrong number in a condition finds no rows."""
        with rows.database.transaction(OURS) as transaction:
            for table in rows.tenant:
                assert transaction.execute(f"select 1 from {table} where client_no = %s limit 1".encode(), (THEIRS,)).fetchone() is None, table

    def test_changing_without_a_filter_changes_only_the_clients_rows(self, rows: Rows) -> None:
        """UPDATE and DELETE of whole tables reach the rows of the transaction's client and no other; what may not be changed at all is refused."""
        expected, before = rows.counts(OURS), rows.counts(THEIRS)
        changed: dict[str, int] = {}
        with rows.serving() as connection:
            connection.execute(f"begin; set local reskontro.client_no = '{OURS}'".encode())
            for table in rows.tenant:
                columns = privileges(rows, table, "update")
                if columns:
                    changed[table] = connection.execute(f"update {table} set {columns[0]} = {columns[0]}".encode()).rowcount
                else:
                    assert "permission denied" in refused(connection, f"update {table} set client_no = client_no")
                if table == "customer":
                    # Those with documents are held by them; the numbers of the accounts are the same with both clients.
                    assert connection.execute("delete from customer where account_no not in (select account_no from document)").rowcount == 1
                elif may_delete(rows, table):
                    assert connection.execute(f"delete from {table}".encode()).rowcount == expected[table], table
                else:
                    assert "permission denied" in refused(connection, f"delete from {table}")
            connection.execute("commit")
        assert changed == {table: expected[table] for table in changed}
        assert len(changed) > 10
        assert rows.counts(THEIRS) == before

    def test_no_row_can_be_given_to_another_client(self, rows: Rows) -> None:
        """Moving a row to another client is refused, by the missing privilege or by the policy."""
        with rows.serving() as connection:
            connection.execute(f"begin; set local reskontro.client_no = '{THEIRS}'".encode())
            for table in rows.tenant:
                text = refused(connection, f"update {table} set client_no = %s", OURS)
                assert "row-level security" in text or "permission denied" in text
            connection.execute("rollback")

    def test_no_row_of_another_client_can_be_inserted(self, rows: Rows) -> None:
        """A copy of the other client's row, written in this client's transaction, is refused by the policy of every table."""
        reached = []
        with rows.serving() as connection:
            connection.execute(f"begin; set local reskontro.client_no = '{OURS}'".encode())
            for table in rows.tenant:
                columns = ", ".join(privileges(rows, table, "insert"))
                row = rows.superuser.execute(f"select to_jsonb(t) from {table} t where client_no = %s limit 1".encode(), (THEIRS,)).fetchone()
                assert row is not None
                if not columns:
                    continue
                statement = f"insert into {table} ({columns}) select {columns} from jsonb_populate_record(null::{table}, %s)"
                assert "row-level security" in refused(connection, statement, Jsonb(row[0])), table
                reached.append(table)
            connection.execute("rollback")
        assert set(rows.tenant) - set(reached) == set(), "every tenant table is written by somebody"


class TestWithoutAClient:
    def test_a_session_that_names_no_client_sees_nothing(self, rows: Rows) -> None:
        """A forgotten setting means no rows at all, and none can be written."""
        with rows.serving() as connection:
            for table in rows.tenant:
                assert connection.execute(f"select count(*) from {table}".encode()).fetchone() == (0,), table
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                connection.execute("insert into number_series (client_no, series, series_year, last_no) values (%s, 'x', 0, 1)", (OURS,))

    def test_the_setting_does_not_outlive_its_transaction(self, rows: Rows) -> None:
        """A connection that goes back to the pool remembers no client."""
        with rows.serving() as connection:
            connection.execute(f"begin; set local reskontro.client_no = '{OURS}'".encode())
            assert connection.execute("select count(*) > 0 from customer").fetchone() == (True,)
            connection.execute("commit")
            assert connection.execute("select count(*) from customer").fetchone() == (0,)

    def test_a_transaction_of_the_system_sees_no_clients_data(self, rows: Rows) -> None:
        """Across clients only the registry of clients and the queue of batches can be read, and the queue not written."""
        with rows.database.system() as transaction:
            seen = [table for table in rows.tenant if transaction.execute(f"select 1 from {table} limit 1".encode()).fetchone() is not None]
            changed = transaction.execute("update batch set attempts = attempts").rowcount
        assert seen == ["batch", "client"]
        assert changed == 0


class TestBookedRows:
    @pytest.mark.parametrize(("table", "column"), [(table, column) for table, columns in BOOKED.items() for column in columns])
    def test_a_booked_value_cannot_be_changed(self, rows: Rows, table: str, column: str) -> None:
        """The serving role has no right to it, not even in the client's own transaction."""
        with rows.serving() as connection:
            connection.execute(f"begin; set local reskontro.client_no = '{THEIRS}'".encode())
            assert "permission denied" in refused(connection, f"update {table} set {column} = {column}")
            connection.execute("rollback")

    @pytest.mark.parametrize("table", [*BOOKED, "document_bundle", "used_account_no"])
    def test_a_booked_row_cannot_be_deleted(self, rows: Rows, table: str) -> None:
        """Neither one by one nor by emptying the table."""
        with rows.serving() as connection:
            connection.execute(f"begin; set local reskontro.client_no = '{THEIRS}'".encode())
            for statement in (f"delete from {table}", f"truncate {table}", f"truncate {table} cascade"):
                assert "permission denied" in refused(connection, statement)
            connection.execute("rollback")

    def test_partitions_are_no_way_around(self, rows: Rows) -> None:
        """The rows cannot be reached for writing under the name of a partition."""
        with rows.serving() as connection:
            connection.execute(f"begin; set local reskontro.client_no = '{THEIRS}'".encode())
            for statement in ("update gl_item_2026 set amount = 0", "delete from gl_item_2026", "delete from log_item_2026"):
                assert "permission denied" in refused(connection, statement)
            connection.execute("rollback")


class TestTheRole:
    @pytest.mark.parametrize(
        "statement",
        [
            "alter table customer disable row level security",
            "alter table customer no force row level security",
            "drop policy tenant on customer",
            "create policy all_rows on customer using (true)",
            "create or replace function current_client_no() returns integer language sql as 'select 1'",
            "alter role current_user bypassrls",
            f"set role {OWNER_ROLE}",
            "select password from reskontro_setup.serving_secret",
            "select rolpassword from pg_authid",
            "copy customer to program 'true'",
            "create table loot as select 1",
            "create schema loot",
            "drop table customer",
            "alter table gl_item alter column amount drop not null",
            "select setval(pg_get_serial_sequence('batch', 'accept_no'), 1)",
            "update alembic_version set version_num = 'x'",
            "delete from credential",
            "delete from signing_key",
        ],
    )
    def test_it_cannot(self, rows: Rows, statement: str) -> None:
        """The serving role cannot take the rules away, become somebody else, read secrets of the setup or make objects that last."""
        with rows.serving() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())

    def test_switching_the_filter_off_gives_an_error_and_no_rows(self, rows: Rows) -> None:
        """row_security = off means that a statement which would be filtered fails."""
        with rows.serving() as connection:
            connection.execute(f"begin; set local reskontro.client_no = '{OURS}'; set local row_security = off".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                connection.execute("select count(*) from customer")

    def test_nothing_is_served_under_a_superuser(self, rows: Rows) -> None:
        """The database refuses to open for a role that sees everything."""
        with pytest.raises(UnsafeRole, match="superuser"):
            Database(rows.url).open()

    def test_nothing_is_served_under_a_role_that_bypasses_the_filter(self, rows: Rows) -> None:
        """The same for BYPASSRLS without superuser."""
        self._expect(rows, "login bypassrls password 'x'", None, "BYPASSRLS")

    def test_nothing_is_served_under_the_owner(self, rows: Rows) -> None:
        """An owner could switch the filter off; a member of the owner can become it."""
        self._expect(rows, "login password 'x'", OWNER_ROLE, "owns")

    @staticmethod
    def _expect(rows: Rows, options: str, member_of: str | None, text: str) -> None:
        name = "unsafe_role"
        rows.superuser.execute(f"create role {name} {options}".encode())
        if member_of is not None:
            rows.superuser.execute(f"grant {member_of} to {name}".encode())
        try:
            with pytest.raises(UnsafeRole, match=text):
                Database(make_conninfo(rows.url, user=name, password="x")).open()
        finally:
            rows.superuser.execute(f"drop role {name}".encode())

    def test_the_serving_role_itself_passes(self, rows: Rows) -> None:
        """The check does not refuse everybody."""
        with rows.serving() as connection:
            check_serving_role(connection)
