"""Connections: a pool under the serving role, transactions that belong to one client, and the check that the role cannot see past it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import Connection, pq
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool

from reskontro.db.objects import ObjectStore
from reskontro.kit.json import read_json

OWNER_ROLE = "reskontro_owner"
SERVING_ROLE = "reskontro_serving"
RECONNECT_SECONDS = 1.0
CONNECT_SECONDS = 10
"""A server that takes no connection by then is not there."""


class Session(Connection[TupleRow]):
    """A connection that knows which stages (temporary tables, see ``bulk``) it has, so that they are made once per session.

    What a transaction made is only there when it was committed.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.stages: set[str] = set()
        self.stages_made: set[str] = set()
        """Made by the open transaction."""
        self.stages_used: set[str] = set()
        """Filled by the open transaction; they empty themselves when it is committed."""
        self.books_version: int | None = None
        """Version of the client's books as of the beginning of the open transaction; None when that may be out of date, or no client is open."""
        self.objects: ObjectStore | None = None
        """Where the content of files goes when it is not to lie in the database."""
        self.settle: Callable[[], None] | None = None
        """Waits for what another thread is sending on this connection; None while nobody does (see ``bulk.Outbox``)."""

    if not TYPE_CHECKING:  # the types of its overloads stay those of the driver

        def cursor(self, *arguments: Any, **options: Any) -> Any:
            """A cursor, as soon as no other thread is sending."""
            if self.settle is not None:
                self.settle()
            return super().cursor(*arguments, **options)

    def command(self, text: str) -> pq.abc.PGresult:
        """Run statements without parameters in one round trip and return the result of the last.

        For the statements around every transaction: libpq is asked directly, which costs a fraction of a cursor.
        """
        result = self.pgconn.exec_(text.encode())
        if result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
            return result
        # An error without a code is libpq's own: the connection broke under the statement, whatever its state says yet.
        if self.pgconn.status != pq.ConnStatus.OK or result.error_field(pq.DiagnosticField.SQLSTATE) is None:
            raise psycopg.OperationalError("the connection to the database is lost")
        raise psycopg.errors.error_from_result(result)


Transaction = Session
"""A connection inside an open transaction."""


class UnsafeRole(RuntimeError):
    """The database role could bypass row-level security, so nothing is served under it."""


def check_serving_role(connection: Connection[Any]) -> None:
    """Raise UnsafeRole when the session's role is a superuser, may bypass row-level security, or owns a table."""
    row = connection.execute("select current_user, rolsuper or rolbypassrls from pg_roles where rolname = current_user").fetchone()
    assert row is not None
    if row[1]:
        raise UnsafeRole(f"role {row[0]} is a superuser or has BYPASSRLS; serve under a role without these, for instance {SERVING_ROLE}")
    owned = connection.execute(
        "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'public' and c.relkind in ('r', 'p') and pg_has_role(current_user, c.relowner, 'member')"
    ).fetchone()
    assert owned is not None
    if owned[0]:
        raise UnsafeRole(f"role {row[0]} owns {owned[0]} tables; serve under a role that owns none, for instance {SERVING_ROLE}")


def _read_stored(data: str | bytes) -> Any:
    return read_json(data.encode() if isinstance(data, str) else data)


class Database:
    """The database as the serving role sees it.

    Every statement runs in a transaction that names its client (``transaction``) or, for the few tables that are read across clients,
    says so (``system``). Row-level security lets a transaction see the rows of its client and nothing else.
    """

    def __init__(self, url: str, *, connections_max: int = 10, objects: ObjectStore | None = None) -> None:
        self.url = url
        self._objects = objects
        self._pool: ConnectionPool[Transaction] = ConnectionPool(
            url,
            min_size=1,
            max_size=connections_max,
            connection_class=Session,
            kwargs={"autocommit": True, "application_name": "reskontro"},
            configure=self._configure,
            open=False,
            timeout=10,
            # A pool asks for a lost server ever more rarely, and after an outage would stay away as long again. So it begins anew every second.
            reconnect_timeout=RECONNECT_SECONDS,
            reconnect_failed=ConnectionPool.check,
        )

    @property
    def objects(self) -> ObjectStore | None:
        """Where the content of files goes when it is not to lie in the database."""
        return self._objects

    def open(self) -> None:
        """Fill the pool and refuse an unsafe role; raises UnsafeRole or psycopg.OperationalError."""
        with self.connect() as connection:
            check_serving_role(connection)
        self._pool.open(wait=True, timeout=30)

    def close(self) -> None:
        """Give all connections back to the server."""
        self._pool.close()

    def connect(self, name: str = "reskontro") -> Transaction:
        """A connection of its own outside the pool, in autocommit mode: for workers that hold locks over many transactions.

        ``name`` is what the server's list of sessions shows.
        """
        connection = Session.connect(self.url, autocommit=True, application_name=name, connect_timeout=CONNECT_SECONDS)
        self._configure(connection)
        return connection

    def _configure(self, connection: Transaction) -> None:
        set_json_loads(_read_stored, connection)
        connection.prepare_threshold = 2
        connection.prepared_max = 500
        connection.objects = self._objects

    @contextmanager
    def transaction(self, client_no: int, *, snapshot: bool = False) -> Iterator[Transaction]:
        """A transaction that sees the rows of one client; commits at the end, rolls back on any exception.

        With ``snapshot`` all its statements see the same moment, and it cannot write.
        """
        with self._pool.connection() as connection, client_transaction(connection, client_no, snapshot=snapshot):
            yield connection

    @contextmanager
    def system(self) -> Iterator[Transaction]:
        """A transaction over the tables that are read across clients (clients, credentials, the queue); it sees no client's data."""
        with self._pool.connection() as connection, system_transaction(connection):
            yield connection


@contextmanager
def client_transaction(connection: Transaction, client_no: int, *, snapshot: bool = False) -> Iterator[Transaction]:
    """Run a transaction for one client on a connection that is in autocommit mode; see ``Database.transaction``."""
    number = int(client_no)
    opening = f"set local reskontro.client_no = '{number}'; select books_version from client where client_no = {number}"
    with _transaction(connection, opening, "begin isolation level repeatable read, read only" if snapshot else "begin") as answer:
        version = answer.get_value(0, 0) if answer.ntuples else None
        connection.books_version = int(version) if version is not None else None
        yield connection


@contextmanager
def system_transaction(connection: Transaction) -> Iterator[Transaction]:
    """Run a transaction across clients on a connection that is in autocommit mode."""
    with _transaction(connection, "set local reskontro.system = 'on'"):
        yield connection


@contextmanager
def _transaction(connection: Transaction, opening: str, begin: str = "begin") -> Iterator[pq.abc.PGresult]:
    connection.stages_made.clear()
    connection.stages_used.clear()
    connection.books_version = None
    try:
        yield connection.command(f"{begin}; {opening}")
    except BaseException:
        if not connection.closed:
            # A connection that breaks now has nothing to roll back, and what went wrong before is what counts.
            with suppress(psycopg.OperationalError):
                connection.command("rollback")
        raise
    answer = connection.command("commit")
    if answer.command_status != b"COMMIT":
        # A statement failed and somebody swallowed its error: the server has rolled back, so nothing may be said to be stored.
        raise psycopg.errors.InFailedSqlTransaction("the transaction had failed and was rolled back")
    connection.stages |= connection.stages_made


def lock_client(transaction: Transaction, client_no: int) -> None:
    """Take the client's write lock until the transaction ends.

    Whoever changes a client's ledger or master data holds it, so that numbers without gaps, balances, periods and look-ups of natural keys
    need no further locks. Writers in waiting are gathered into sets before they ask for it.
    """
    # The version is read after the lock was taken, by a statement of its own: it sees what the writer before has committed.
    answer = transaction.command(
        f"select pg_advisory_xact_lock({WRITE_LOCK}, {int(client_no)}); select books_version from client where client_no = {int(client_no)}"
    )
    version = answer.get_value(0, 0) if answer.ntuples else None
    transaction.books_version = int(version) if version is not None else None


WORKER_NAME = "reskontro worker"
"""The name under which workers connect; that is how they are counted."""
WRITE_LOCK = 1
"""Class of the advisory locks that serialise the writes of a client."""
BATCH_LOCK = 2
"""Class of the advisory locks that make one worker the only one to work on a client's batches."""
REGISTRY_LOCK = 4
"""Class of the advisory lock that lets one transaction at a time register clients."""


@contextmanager
def as_client(transaction: Transaction, client_no: int) -> Iterator[Transaction]:
    """Let an open transaction see and write the rows of another client inside the block, for instance those of a client just registered."""
    transaction.books_version = None
    with _setting(transaction, "reskontro.client_no", str(int(client_no))):
        yield transaction
    transaction.books_version = None


@contextmanager
def as_system(transaction: Transaction) -> Iterator[Transaction]:
    """Let an open transaction see, inside the block, the few tables that are read across clients."""
    with _setting(transaction, "reskontro.system", "on"):
        yield transaction


@contextmanager
def _setting(transaction: Transaction, name: str, value: str) -> Iterator[None]:
    """Set a parameter of the transaction for a block; a transaction that failed inside it is rolled back anyway and keeps nothing."""
    row = transaction.execute("select current_setting(%s, true), set_config(%s, %s, true)", (name, name, value)).fetchone()
    assert row is not None
    yield
    transaction.execute("select set_config(%s, %s, true)", (name, row[0] or ""))
