"""Quick reads: what one client's object needs is read from the event loop, without a thread and in one round trip.

A thread for every read costs more than the read: two hand-overs, and a fight for the interpreter at each. So a reader is an ordinary function
that runs in the event loop on ``Answers`` instead of a connection. When it asks for rows that are not there yet it is left by ``_Missing``, the
rows are fetched, and it is run again from its beginning; it must do nothing but read. A few connections carry the statements of all readers in
libpq's pipeline mode, and nothing here can fail: whenever anything is not as it should be the answer is None, and the caller takes the ordinary
way, which knows what to say.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, Final, TypeVar, cast

import psycopg
import structlog
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer

from reskontro.db.engine import Database, Transaction
from reskontro.kit.errors import Problem

CONNECTIONS = 2
IN_FLIGHT_MAX = 64
"""Reads that one connection carries at a time; more take the ordinary way."""
ROUNDS_MAX = 6
"""A reader that asks for more sets of rows, one after the other, is not quick."""
ROWS_MAX = 200
"""More rows than these are made into an answer by a thread, so that the event loop goes on."""
STATEMENT_TIMEOUT_MS = 2_000
ANSWER_SECONDS = 4.0
"""A server that has not answered by then has not kept its own limit: something between here and there is lost."""
OPEN_AGAIN_SECONDS = 1.0
VERSIONS_KEPT_MAX = 10_000
PREPARED_MAX = 200

_CLIENT: Final = b"select set_config('reskontro.client_no', $1, true)"
_VERSION: Final = b"select books_version from client where client_no = $1"
_INTEGER, _TEXT = 23, 25
"""Types of the parameters, by their numbers in PostgreSQL's catalogue."""

Result = TypeVar("Result")
Rows = list[tuple[Any, ...]]
log = structlog.get_logger("reskontro.quick")


class _Missing(BaseException):
    """The reader asks for rows that were not fetched yet; no ``except Exception`` may stop it."""

    def __init__(self, statement: bytes, parameters: Sequence[Any]) -> None:
        super().__init__()
        self.statement = statement
        self.parameters = parameters


class _Unfit(BaseException):
    """The reader wants what it cannot have here, or asked for something else when it was run again."""


_Fetched = tuple[bytes, Sequence[Any], Callable[[], Rows]]
"""A statement, its parameters, and what reads its rows."""


class _Rows:
    """The rows of a statement, with as much of a cursor as readers use."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __iter__(self) -> Any:
        return iter(self._rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row, None without one."""
        return self._rows[0] if self._rows else None

    def fetchall(self) -> Rows:
        """All rows."""
        return self._rows


class Answers:
    """Stands for a transaction while a quick reader runs: what was fetched for it, in the order in which it asks."""

    def __init__(self, books_version: int | None, fetched: Sequence[_Fetched]) -> None:
        self.books_version = books_version
        self._fetched = fetched
        self._place = 0

    def __getattr__(self, name: str) -> Any:
        """Whatever else a connection can do, it has to be a connection for that."""
        raise _Unfit

    def execute(self, statement: Any, parameters: Sequence[Any] = (), **options: Any) -> _Rows:
        """The rows of a statement that only reads."""
        if options or not isinstance(statement, str | bytes):
            raise _Unfit
        text = statement.encode() if isinstance(statement, str) else statement
        place = self._place
        if place == len(self._fetched):
            raise _Missing(text, parameters)
        known, given, load = self._fetched[place]
        if known != text or tuple(given) != tuple(parameters):
            raise _Unfit
        self._place += 1
        # Read anew each time: a reader may change what it was given.
        return _Rows(load())


class QuickReads:
    """The connections for quick reads of one process. Everything but ``close`` is called in the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lines: list[_Line] = []
        self._opening: asyncio.Task[None] | None = None
        self._open_after = 0.0
        self._closed = False
        self._versions: dict[int, int | None] = {}

    async def read(self, client_no: int, reader: Callable[[Transaction], Result]) -> Result | None:
        """What the reader returns or raises as a Problem, for a transaction of that client; None when it has to be run the ordinary way."""
        fetched: list[_Fetched] = []
        # The version of the client's books as it was last time serves to find out what is asked for; the first fetch brings the true one.
        version, is_true = self._versions.get(client_no), False
        for _ in range(ROUNDS_MAX):
            missing: _Missing | None = None
            try:
                result = reader(cast(Transaction, Answers(version, fetched)))
                if is_true:
                    return result
            except Problem:
                if is_true:
                    raise
            except _Missing as asked:
                missing = asked
            except _Unfit:
                return None
            line = await self._line()
            found = await line.fetch(client_no, missing) if line is not None else None
            if found is None:
                return None
            version, load = found
            is_true = True
            if missing is not None:
                fetched.append((missing.statement, missing.parameters, load))
            if len(self._versions) >= VERSIONS_KEPT_MAX:
                self._versions.clear()
            self._versions[client_no] = version
        return None

    async def _line(self) -> _Line | None:
        """The connection with the least to do; the first caller after a loss opens them anew."""
        lines = [line for line in self._lines if line.usable]
        if len(lines) < CONNECTIONS and self._opening is None and not self._closed:
            loop = asyncio.get_running_loop()
            if loop.time() >= self._open_after:
                self._opening = loop.create_task(self._open(CONNECTIONS - len(lines)))
                if not lines:
                    await asyncio.shield(self._opening)
                    lines = [line for line in self._lines if line.usable]
        return min(lines, key=lambda line: line.in_flight) if lines else None

    async def _open(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            for line in self._lines:
                if not line.usable:
                    line.close()
            self._lines = [line for line in self._lines if line.usable]
            for _ in range(count):
                connection = await loop.run_in_executor(None, _connect, self._database)
                self._lines.append(_Line(connection, loop))
        except (psycopg.Error, OSError) as error:
            log.warning("no connection for quick reads", error=type(error).__name__)
            self._open_after = loop.time() + OPEN_AGAIN_SECONDS
        finally:
            self._opening = None

    def close(self) -> None:
        """Give the connections back to the server; the event loop has ended or is about to."""
        self._closed = True
        for line in self._lines:
            line.close()
        self._lines = []


def _connect(database: Database) -> Transaction:
    connection = database.connect("reskontro quick")
    try:
        connection.execute(f"set statement_timeout = {STATEMENT_TIMEOUT_MS}".encode())
        connection.pgconn.nonblocking = 1
        connection.pgconn.enter_pipeline_mode()
    except BaseException:
        connection.close()
        raise
    return connection


@lru_cache(maxsize=512)
def _numbered(statement: bytes) -> bytes:
    """The statement with ``$1`` for the first ``%s`` and so on."""
    first, *rest = statement.split(b"%s")
    return (first + b"".join(b"$%d%s" % (number, text) for number, text in enumerate(rest, 1))).replace(b"%%", b"%")


class _Fetch:
    """A read that is under way: how many results come before its end, and what has come."""

    __slots__ = ("expected", "future", "results")

    def __init__(self, expected: int, future: asyncio.Future[list[pq.abc.PGresult] | None]) -> None:
        self.expected = expected
        self.future = future
        self.results: list[pq.abc.PGresult] = []


class _Line:
    """One connection in pipeline mode: reads go out as they come, and come back in that order.

    The statements up to a sync are one transaction of the server, so ``set_config(..., true)`` holds for them and no longer.
    """

    def __init__(self, connection: Transaction, loop: asyncio.AbstractEventLoop) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._loop = loop
        self._socket = self._pgconn.socket
        self._under_way: deque[_Fetch] = deque()
        self._prepared: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self._transformer = Transformer(connection)
        self.usable = True
        self._closed = False
        loop.add_reader(self._socket, self._receive)

    @property
    def in_flight(self) -> int:
        """How many reads wait for their rows."""
        return len(self._under_way)

    async def fetch(self, client_no: int, missing: _Missing | None) -> tuple[int | None, Callable[[], Rows]] | None:
        """(version of the client's books, what reads the rows of what is missing); None when it cannot be had here."""
        if len(self._under_way) >= IN_FLIGHT_MAX:
            return None
        if len(self._prepared) >= PREPARED_MAX:
            # A new connection begins with none.
            self.usable = False
            return None
        fetch = _Fetch(0, self._loop.create_future())
        number = str(client_no).encode()
        values: Sequence[Any] = ()
        oids: tuple[int, ...] = ()
        if missing is not None and missing.parameters:
            try:
                values = self._transformer.dump_sequence(missing.parameters, [PyFormat.TEXT] * len(missing.parameters))
            except psycopg.Error:
                return None
            oids = tuple(self._transformer.types or ())
        try:
            fetch.expected += self._send(_CLIENT, (number,), (_TEXT,))
            fetch.expected += self._send(_VERSION, (number,), (_INTEGER,))
            if missing is not None:
                fetch.expected += self._send(_numbered(missing.statement), values, oids)
            self._pgconn.pipeline_sync()
            self._under_way.append(fetch)
            self._flush()
        except psycopg.Error as error:
            self._lose(error)
            return None
        done, _ = await asyncio.wait((fetch.future,), timeout=ANSWER_SECONDS)
        if not done:
            # The server is silent: the ordinary way finds out what is wrong, and these connections are opened anew.
            self._lose(TimeoutError())
            return None
        results = fetch.future.result()
        if results is None:
            return None
        # Those of statements that were prepared on the way say nothing.
        answers = [result for result in results if result.status == pq.ExecStatus.TUPLES_OK]
        version = answers[1].get_value(0, 0) if answers[1].ntuples else None
        if answers[-1].ntuples > ROWS_MAX:
            return None
        return (None if version is None else int(version)), partial(self._rows, answers[-1])

    def _rows(self, result: pq.abc.PGresult) -> Rows:
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    def _send(self, statement: bytes, values: Sequence[Any], oids: tuple[int, ...]) -> int:
        """Send a statement, prepared before or now; returns how many results it will have."""
        key = (statement, oids)
        name = self._prepared.get(key)
        results = 1
        if name is None:
            name = self._prepared[key] = b"quick_%d" % len(self._prepared)
            self._pgconn.send_prepare(name, statement, oids)
            results = 2
        self._pgconn.send_query_prepared(name, values)
        return results

    def _flush(self) -> None:
        if self._pgconn.flush():
            self._loop.add_writer(self._socket, self._send_rest)

    def _send_rest(self) -> None:
        try:
            if not self._pgconn.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.Error as error:
            self._lose(error)

    def _receive(self) -> None:
        """Take what has come, and answer the reads that are complete."""
        try:
            self._pgconn.consume_input()
            nothing = 0
            while self._under_way and not self._pgconn.is_busy():
                fetch = self._under_way[0]
                result = self._pgconn.get_result()
                if result is None:
                    # The end of one statement's results. Of a broken connection there is nothing but ends.
                    nothing += 1
                    if nothing > 1:
                        raise psycopg.OperationalError("the connection to the database is lost")
                    continue
                nothing = 0
                if result.status == pq.ExecStatus.PIPELINE_SYNC:
                    self._under_way.popleft()
                    if not fetch.future.done():
                        fetch.future.set_result(fetch.results if len(fetch.results) == fetch.expected else None)
                elif result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
                    fetch.results.append(result)
                elif result.status == pq.ExecStatus.FATAL_ERROR:
                    # The ordinary way meets the same error and says it. Nobody knows now what is prepared here: no new reads.
                    self.usable = False
        except psycopg.Error as error:
            self._lose(error)

    def _lose(self, error: Exception) -> None:
        if self.usable:
            log.warning("connection for quick reads lost", error=type(error).__name__)
        self.close()

    def close(self) -> None:
        """End the connection; reads under way take the ordinary way."""
        self.usable = False
        if self._closed:
            return
        self._closed = True
        if not self._loop.is_closed():
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._connection.close()
        while self._under_way:
            fetch = self._under_way.popleft()
            if not fetch.future.done() and not self._loop.is_closed():
                fetch.future.set_result(None)
