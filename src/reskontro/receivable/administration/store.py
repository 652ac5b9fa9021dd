"""The rows of clients. They are read across clients: each statement runs under the registry's policy or as the client it is about."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from reskontro.db.bulk import insert_rows
from reskontro.db.engine import REGISTRY_LOCK, Transaction, as_client, as_system
from reskontro.ledger.books_store import CLIENT_COLUMNS, ClientRecord, new_version

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


def find_clients(
    transaction: Transaction, client_nos: Sequence[int] | None, statuses: Sequence[str] | None, limit: int
) -> list[int]:
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
        rows = transaction.execute(
            f"select {_COLUMNS} from client where client_no = any(%s) order by client_no".encode(), (list(client_nos),)
        )
        return [ClientRecord(*row) for row in rows]
