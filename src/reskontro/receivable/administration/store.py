"""The rows of administration.

Clients are read across clients: those statements run under the registry's policy, or as the client they are about.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from reskontro.db.bulk import insert_rows
from reskontro.db.engine import REGISTRY_LOCK, Transaction, as_client, as_system
from reskontro.ledger.books_store import ACCOUNT_COLUMNS, CLIENT_COLUMNS, RULE_COLUMNS, ClientRecord, new_version
from reskontro.ledger.chart import GlAccount
from reskontro.ledger.periods import Period
from reskontro.ledger.posting_rules import PostingRule

FIRST_GIVEN_NO = 1001
_COLUMNS = ", ".join(CLIENT_COLUMNS)


def lock_registry(transaction: Transaction) -> None:
    """Let one transaction at a time register clients, so that a number is given once."""
    transaction.execute("select pg_advisory_xact_lock(%s, 0)", (REGISTRY_LOCK,))


def client_exists(transaction: Transaction, client_no: int) -> bool:
    """Whether the number is taken."""
    with as_system(transaction):
        return transaction.execute("select 1 from client where client_no = %s", (client_no,)).fetchone() is not None


def free_client_no(transaction: Transaction) -> int:
    """The lowest number from 1001 on that nobody has; the caller holds the registry's lock."""
    with as_system(transaction):
        row = transaction.execute(
            "select n from (select %s as n union all select client_no + 1 from client where client_no >= %s) candidate"
            " where not exists (select 1 from client where client_no = n) order by n limit 1",
            (FIRST_GIVEN_NO, FIRST_GIVEN_NO),
        ).fetchone()
    assert row is not None
    return int(row[0])


def insert_client(transaction: Transaction, client: ClientRecord) -> None:
    """Register a client."""
    values = [getattr(client, column) for column in CLIENT_COLUMNS]
    values[CLIENT_COLUMNS.index("postal_address")] = Jsonb(client.postal_address)
    with as_client(transaction, client.client_no):
        insert_rows(transaction, "client", (*CLIENT_COLUMNS, "books_version"), [(*values, new_version())])


def update_client(transaction: Transaction, client: ClientRecord) -> None:
    """Store what may change of a client."""
    transaction.execute(
        "update client set name = %s, organization_no = %s, organization_no_scheme = %s, vat_registered = %s,"
        " in_business_register = %s, postal_address = %s, status = %s where client_no = %s",
        (
            client.name,
            client.organization_no,
            client.organization_no_scheme,
            client.vat_registered,
            client.in_business_register,
            Jsonb(client.postal_address),
            client.status,
            client.client_no,
        ),
    )


def find_clients(transaction: Transaction, client_nos: Sequence[int] | None, statuses: Sequence[str] | None, limit: int) -> list[int]:
    """Numbers of the clients among those given (None: all) with one of the statuses, in order."""
    with as_system(transaction):
        rows = transaction.execute(
            "select client_no from client where (%s::int[] is null or client_no = any(%s::int[]))"
            " and (%s::text[] is null or status = any(%s::text[])) order by client_no limit %s",
            (client_nos, client_nos, statuses, statuses, limit),
        )
        return [row[0] for row in rows]


def read_clients(transaction: Transaction, client_nos: Sequence[int]) -> list[ClientRecord]:
    """The clients of those numbers, in order of number."""
    with as_system(transaction):
        rows = transaction.execute(f"select {_COLUMNS} from client where client_no = any(%s) order by client_no".encode(), (list(client_nos),))
        return [ClientRecord(*row) for row in rows]


# --------------------------------------------------------------------------------------------- accounts, rules, periods


def is_posted(transaction: Transaction, client_no: int, gl_account: str) -> bool:
    """Whether anything was ever posted to an account; balances are kept in the commit of every posting."""
    row = transaction.execute("select 1 from account_balance where client_no = %s and gl_account = %s limit 1", (client_no, gl_account)).fetchone()
    return row is not None


def balance(transaction: Transaction, client_no: int, gl_account: str) -> Decimal:
    """Debit minus credit of all postings to an account, in base currency."""
    row = transaction.execute(
        "select coalesce(sum(debit - credit), 0) from account_balance where client_no = %s and gl_account = %s",
        (client_no, gl_account),
    ).fetchone()
    assert row is not None
    return Decimal(row[0])


def put_account(transaction: Transaction, client_no: int, account: GlAccount) -> None:
    """Store an account, new or changed."""
    values = [getattr(account, column) for column in ACCOUNT_COLUMNS]
    values[ACCOUNT_COLUMNS.index("required_dimensions")] = list(account.required_dimensions)
    _put(transaction, "gl_account", ("client_no", *ACCOUNT_COLUMNS), 2, [client_no, *values])


def put_rule(transaction: Transaction, client_no: int, rule: PostingRule) -> None:
    """Store a posting rule, new or changed."""
    values = [getattr(rule, column) for column in RULE_COLUMNS]
    _put(transaction, "posting_rule", ("client_no", *RULE_COLUMNS), 2, [client_no, *values])


def _put(transaction: Transaction, table: str, columns: Sequence[str], key_columns: int, values: Sequence[Any]) -> None:
    """Insert a row or replace what follows its key, which is made of the first columns."""
    statement = sql.SQL("insert into {table} ({columns}) values ({values}) on conflict ({key}) do update set {changes}").format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(sql.Placeholder() * len(columns)),
        key=sql.SQL(", ").join(map(sql.Identifier, columns[:key_columns])),
        changes=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in columns[key_columns:]),
    )
    transaction.execute(statement, values)


def update_period(transaction: Transaction, client_no: int, period: Period) -> None:
    """Store the status of a period."""
    transaction.execute(
        "update period set status = %s, closed_at = %s, closed_by = %s where client_no = %s and from_date = %s",
        (period.status, period.closed_at, period.closed_by, client_no, period.from_date),
    )


def control_differences(transaction: Transaction, client_no: int, periods: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Decimal]:
    """AR items minus the movement of the control accounts of each period, in base currency, added up from the items
    themselves.
    """
    rows = transaction.execute(
        "select gl_year, gl_period, sum(amount) from ("
        "  select gl_year, gl_period, base_original_amount as amount from ar_item where client_no = %s"
        "  union all"
        "  select b.gl_year, b.gl_period, b.credit - b.debit from account_balance b"
        "  join gl_account a on a.client_no = b.client_no and a.gl_account = b.gl_account"
        "  where b.client_no = %s and a.is_control"
        ") part where (gl_year, gl_period) in (select * from unnest(%s::int[], %s::int[])) group by gl_year, gl_period",
        (client_no, client_no, [year for year, _ in periods], [period for _, period in periods]),
    )
    return {(row[0], row[1]): Decimal(row[2]) for row in rows}
