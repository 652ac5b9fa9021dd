"""Writing in sets: rows go to a temporary stage table by COPY, and ``INSERT ... SELECT`` takes them to where they belong.

COPY straight into a table under row-level security is refused by PostgreSQL, hence the stage; it is made once per session and empties
itself at every commit. A small set needs no table: it goes as parameters of the statement, in which the stage is a subquery.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from functools import lru_cache
from threading import get_ident
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

from psycopg import sql

from reskontro.db.engine import Transaction
from reskontro.kit.json import store_json, store_json_lines

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"})
_ARRAY_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"'})
NULL = "\\N"


def copy_text(value: str) -> str:
    """A text in the text format of COPY."""
    return value if value.isprintable() and "\\" not in value else value.translate(_ESCAPES)


def copy_json(value: Any) -> str:
    """A JSON value in the text format of COPY, money as exact numbers."""
    # JSON has its own escapes for control characters, so that only their backslashes are left to escape.
    return store_json(value).decode().replace("\\", "\\\\")


def copy_json_values(values: Sequence[Any]) -> list[str]:
    """Several JSON values, each in the text format of COPY; cheaper than one by one."""
    return store_json_lines(values).decode().replace("\\", "\\\\").split("\n")[:-1]


def copy_array(values: Iterable[str]) -> str:
    """An array of texts in the text format of COPY."""
    return copy_text(text_array(values))


def text_array(values: Iterable[str]) -> str:
    """Texts as the literal of an array, for ``any(%s::text[])``: a list as a parameter is taken apart element by element."""
    listed = list(values)
    together = "".join(listed)
    if '"' in together or "\\" in together:
        listed = [value.translate(_ARRAY_ESCAPES) for value in listed]
    return '{"' + '","'.join(listed) + '"}' if listed else "{}"


def any_of(kind: str) -> str:
    """``any(...)`` over an array parameter of a type, for looking up the keys of a set.

    The planner takes what a query gathers for a few values and looks each up in the index; of a parameter with hundreds it may believe that they mean
    much of the table, and read all of it.
    """
    return f"any(array(select unnest(%s::{kind}[])))"


@lru_cache(maxsize=4096)
def copy_day(value: date) -> str:
    """A date in the text format of COPY; a set names few different ones many times."""
    return value.isoformat()


def copy_value(value: Any) -> str:
    """Any value that a column takes, in the text format of COPY; dicts become JSON, lists of texts arrays."""
    kind = type(value)
    if value is None:
        return NULL
    if isinstance(value, str):
        return copy_text(value)
    if kind is int:
        return str(value)
    if kind is Decimal:
        return format(value, "f")
    if isinstance(value, UUID):
        return value.hex
    if kind is bool:
        return "t" if value else "f"
    if isinstance(value, date):
        return value.isoformat()
    if kind is dict:
        return copy_json(value)
    if kind is list or kind is tuple:
        return copy_array(value)
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    raise TypeError(f"{kind.__name__} cannot be copied")


def inline_text(lines: Sequence[str]) -> str | None:
    """Ready lines as one text; None when there are too many for that, or when a value in them has a tab, a line feed or the like."""
    if len(lines) > INLINE_LINES_MAX:
        return None
    text = "\n".join(lines)
    # The subquery knows NULL and the doubled backslash, no other escapes.
    return None if len(text) > INLINE_CHARACTERS_MAX or "\\" in text.replace("\\\\", "").replace(NULL, "") else text


def _inline_value(number: int, kind: str) -> str:
    value = f"v[{number}]"
    return rf"replace({value}, '\\', '\')::{kind}" if kind in ("text", "text[]", "jsonb", "bytea") else f"{value}::{kind}"


class Stage:
    """A temporary table of the session that receives a set of rows."""

    def __init__(self, name: str, columns: Sequence[tuple[str, str]]) -> None:
        self.name = name
        self.columns = tuple(column for column, _ in columns)
        body = ", ".join(f"{column} {kind}" for column, kind in columns)
        values = ", ".join(f"{_inline_value(number, kind)} as {column}" for number, (column, kind) in enumerate(columns, 1))
        # Without the offset PostgreSQL would take the line apart anew for every column.
        split = f"select string_to_array(line, E'\\t', '{NULL}') as v from string_to_table(%s, E'\\n') as line offset 0"
        self._inline = f"with {name} as (select {values} from ({split}) lines)"
        self._create = f"create temp table {name} ({body}) on commit delete rows"
        self._copy = f"copy {name} ({', '.join(self.columns)}) from stdin"

    def copy(self, transaction: Transaction, lines: Sequence[str]) -> None:
        """Send rows that are ready lines in the text format of COPY (tabs between values, no line feed at the end)."""
        name = self.name
        if name not in transaction.stages and name not in transaction.stages_made:
            transaction.execute(self._create.encode())
            transaction.stages_made.add(name)
        elif name in transaction.stages_used:
            # The transaction sent an earlier set through it.
            transaction.execute(f"delete from {name}".encode())
        transaction.stages_used.add(name)
        with transaction.cursor().copy(self._copy.encode()) as copy:
            copy.write("\n".join(lines) + "\n")

    def inline(self, statement: str) -> str:
        """The statement with the stage as a subquery, whose text (see ``inline_text``) comes before the statement's own parameters."""
        return self._inline + (f",{statement[4:]}" if statement[:5].lower() == "with " else f" {statement}")

    def copy_rows(self, transaction: Transaction, rows: Iterable[Sequence[Any]]) -> None:
        """Send rows of values."""
        lines = ["\t".join(map(copy_value, row)) for row in rows]
        if lines:
            self.copy(transaction, lines)


ASIDE_FROM = 100
"""A set of so many items is sent aside; for fewer the thread would cost more than it saves."""
INLINE_LINES_MAX: Final = 200
"""So many rows go as parameters of their statement: a stage costs three round trips, and PostgreSQL empties its file at the commit."""
INLINE_CHARACTERS_MAX: Final = 100_000
"""Characters that are sent before an answer is waited for: more could fill the buffers of both sides, and each would wait for the other."""


class Outbox:
    """Rows and statements of a transaction on their way to the database, in the order given; for a ``with`` block.

    They are sent one after the other without waiting for what comes of each, or, with ``aside``, by a thread while the caller makes the next rows
    ready; whoever else uses the transaction meanwhile waits for what is under way. What the database refuses is raised at the latest when the block
    ends, so that the transaction is rolled back.
    """

    def __init__(self, transaction: Transaction, *, aside: bool = False) -> None:
        self._transaction = transaction
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="sender", initializer=self._note_thread) if aside else None
        self._thread: int | None = None
        self._settled_before: Callable[[], None] | None = None
        self._underway: list[Future[Any]] = []
        self._pipeline: AbstractContextManager[Any] | None = None
        self._unanswered = 0
        """Characters sent in the open pipeline."""

    @property
    def transaction(self) -> Transaction:
        """The transaction for a statement of one's own, which sees everything sent before: waits until it is there."""
        self._wait()
        return self._transaction

    def _note_thread(self) -> None:
        self._thread = get_ident()

    def _settle(self) -> None:
        if self._underway and get_ident() != self._thread:
            self._wait()

    def rows(self, stage: Stage, lines: Sequence[str], statement: str, parameters: Sequence[Any]) -> None:
        """Send ready lines, and the statement that takes them on from the stage; nothing without lines."""
        if not lines:
            return
        text = inline_text(lines) if self._sender is None else None
        if text is not None:
            self._pipe(stage.inline(statement), (text, *parameters), len(text))
        else:
            self._run(stage.copy, self._transaction, lines)
            self.execute(statement, parameters)

    def execute(self, statement: str, parameters: Sequence[Any]) -> None:
        """Run a statement whose result nobody asks for."""
        if self._sender is None:
            self._pipe(statement, parameters, len(statement))
        else:
            self._run(self._transaction.execute, statement.encode(), parameters)

    def _pipe(self, statement: str, parameters: Sequence[Any], characters: int) -> None:
        if self._unanswered + characters > INLINE_CHARACTERS_MAX:
            self._wait()
        if self._pipeline is None:
            pipeline = self._transaction.pipeline()
            pipeline.__enter__()
            self._pipeline = pipeline
        self._unanswered += characters
        self._transaction.execute(statement.encode(), parameters)

    def _run(self, send: Callable[..., Any], *arguments: Any) -> None:
        if self._sender is None:
            self._wait()
            send(*arguments)
        else:
            self._underway.append(self._sender.submit(send, *arguments))

    def _wait(self) -> None:
        self._end_pipeline(None, None, None)
        while self._underway:
            self._underway.pop(0).result()

    def _end_pipeline(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pipeline, self._pipeline, self._unanswered = self._pipeline, None, 0
        if pipeline is not None:
            pipeline.__exit__(kind, error, trace)

    def __enter__(self) -> Self:
        settle = self._settled_before = self._transaction.settle
        if settle is not None:
            settle()
        if self._sender is not None:
            self._transaction.settle = self._settle
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._wait()
            else:
                self._end_pipeline(kind, error, trace)
        finally:
            if self._sender is not None:
                self._sender.shutdown(cancel_futures=kind is not None)
            self._transaction.settle = self._settled_before


def insert_rows(transaction: Transaction, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert few rows with one statement; for sets of hundreds use a Stage."""
    if not rows:
        return
    one = sql.SQL("({})").format(sql.SQL(", ").join(sql.Placeholder() * len(columns)))
    statement = sql.SQL("insert into {} ({}) values {}").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join(one for _ in rows)
    )
    transaction.execute(statement, [value for row in rows for value in row])
