"""Every table that holds clients' data keeps them apart by itself: in its keys, so that the tables can be distributed, and by row-level security."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

SYSTEM_TABLES = {
    "alembic_version": "which migrations the database has had",
    "credential": "a credential may be good for several clients or for all of them",
    "signing_key": "tokens of all clients are signed with the same key",
}
"""Tables without client_no, each with the reason why it has none."""

UNIQUE_WITHOUT_CLIENT: dict[str, str] = {}
"""Keys that may do without client_no, each with its reason."""


@pytest.fixture(scope="module")
def schema(postgres: str, template: tuple[str, str]) -> Iterator[psycopg.Connection]:
    """A connection to the catalogue of a migrated database."""
    with psycopg.connect(make_conninfo(postgres, dbname=template[0]), autocommit=True) as connection:
        yield connection


def tables(schema: psycopg.Connection, *, with_client: bool) -> list[str]:
    """The tables of the schema public, partitions included, that have a column client_no, or those that have none."""
    rows = schema.execute(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'"
        " where c.relkind in ('r', 'p') and %s = exists"
        " (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'client_no' and not a.attisdropped) order by 1",
        (with_client,),
    )
    return [row[0] for row in rows]


def test_only_named_tables_do_without_client_no(schema: psycopg.Connection) -> None:
    """A table without client_no is a system table, and each of those is named here with its reason."""
    assert set(tables(schema, with_client=False)) == set(SYSTEM_TABLES)


def test_every_key_of_a_tenant_table_contains_client_no(schema: psycopg.Connection) -> None:
    """A unique index without client_no would let one client's value stop another's, and the table could not be distributed."""
    rows = schema.execute(
        "select t.relname, i.relname from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid"
        " where x.indisunique and t.relname = any(%s) and not exists (select 1 from pg_attribute a"
        " where a.attrelid = t.oid and a.attname = 'client_no' and a.attnum = any(x.indkey[0:x.indnkeyatts - 1]))",
        (tables(schema, with_client=True),),
    )
    assert [row for row in rows if row[1] not in UNIQUE_WITHOUT_CLIENT] == []


def test_every_tenant_table_has_a_primary_key(schema: psycopg.Connection) -> None:
    """Without one a row could not be named, and the table could not be distributed."""
    rows = schema.execute(
        "select t.relname from pg_class t where t.relname = any(%s) and t.relkind in ('r', 'p')"
        " and not exists (select 1 from pg_index x where x.indrelid = t.oid and x.indisprimary)",
        (tables(schema, with_client=True),),
    )
    assert rows.fetchall() == []


def test_every_foreign_key_of_a_tenant_table_carries_client_no(schema: psycopg.Connection) -> None:
    """A reference that left it out could point at a row of another client: client_no must be on both sides, in the same place."""
    rows = schema.execute(
        "select c.conname, t.relname from pg_constraint c join pg_class t on t.oid = c.conrelid"
        " join pg_attribute here on here.attrelid = c.conrelid and here.attname = 'client_no'"
        " left join pg_attribute there on there.attrelid = c.confrelid and there.attname = 'client_no'"
        " where c.contype = 'f' and t.relname = any(%s)"
        " and (array_position(c.conkey, here.attnum) is null"
        "  or array_position(c.conkey, here.attnum) is distinct from array_position(c.confkey, there.attnum))",
        (tables(schema, with_client=True),),
    )
    assert rows.fetchall() == []


def test_row_level_security_is_on_and_forced_everywhere(schema: psycopg.Connection) -> None:
    """Enabled, and forced so that even the owner is held to it; partitions are tables of their own and need it too."""
    rows = schema.execute(
        "select relname from pg_class where relname = any(%s) and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)",
        (tables(schema, with_client=True),),
    )
    assert rows.fetchall() == []


def test_every_tenant_table_has_the_policy_of_its_client(schema: psycopg.Connection) -> None:
    """For reading and for writing, for every role: the row's client is the transaction's client."""
    rows = schema.execute(
        "select tablename, qual, with_check from pg_policies where schemaname = 'public' and policyname = 'tenant'"
        " and cmd = 'ALL' and roles = '{public}' and permissive = 'PERMISSIVE'"
    ).fetchall()
    condition = "(client_no = current_client_no())"
    assert {row[0] for row in rows if row[1:] == (condition, condition)} == set(tables(schema, with_client=True))


def test_policies_across_clients_are_the_two_known_ones(schema: psycopg.Connection) -> None:
    """Only the registry of clients, and for reading the queue of batches, are open to a transaction of the system."""
    rows = schema.execute("select tablename, policyname, cmd from pg_policies where schemaname = 'public' and policyname <> 'tenant' order by 1")
    assert rows.fetchall() == [("batch", "system_queue", "SELECT"), ("client", "system_registry", "ALL")]


def test_no_view_and_no_definer_function_goes_around_the_policies(schema: psycopg.Connection) -> None:
    """Views run with their owner's rights and so do SECURITY DEFINER functions: there are none."""
    views = schema.execute("select viewname from pg_views where schemaname = 'public' union all select matviewname from pg_matviews").fetchall()
    definers = schema.execute(
        "select proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'public' where prosecdef"
    ).fetchall()
    assert (views, definers) == ([], [])
