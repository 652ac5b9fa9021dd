"""The worker: takes the next chunk of a client's oldest batch, processes it as a set and commits effects and results together.

One worker at a time works for a client: it holds an advisory lock on its own connection, so that a killed worker gives the client free with
its connection, and another goes on with the first uncommitted item. Clients take turns.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import psycopg
import structlog

from reskontro.batches.cleaning import CLEANING
from reskontro.batches.failures import duplicate, given_up, malformed
from reskontro.batches.kinds import BatchKind, ChunkContext, Item, ItemResult, Kinds, Origin, RunKind
from reskontro.batches.periodic import PeriodicJobs
from reskontro.batches.runs import RunSteps
from reskontro.batches.seen import SeenKeys
from reskontro.batches.slices import slice_at
from reskontro.batches.store import (
    BatchRecord,
    advance,
    clients_waiting,
    first_indexes,
    insert_results,
    oldest_open_batch,
    set_attempts,
    set_cancelled,
)
from reskontro.db.engine import BATCH_LOCK, WORKER_NAME, Database, Transaction, client_transaction, lock_client, system_transaction
from reskontro.kit.clock import Clock
from reskontro.kit.ids import encode_id
from reskontro.kit.json import JsonMalformed
from reskontro.kit.quick import read_sent
from reskontro.ledger.books import open_books
from reskontro.settings import Settings
from reskontro.web.metrics import Metrics
from reskontro.web.tracing import chunk_span

log = structlog.get_logger("reskontro.batches")

IDLE_SECONDS = 0.05
RECONNECT_SECONDS = 1.0
BACKOFF_FIRST_SECONDS = 0.1
BACKOFF_MAX_SECONDS = 5.0
CHUNKS_BETWEEN_COLLECTIONS = 50
SERVER_TROUBLE = ("08", "53", "57", "58")
"""Classes of SQLSTATE: connection, resources, intervention of an operator, system."""
QUERY_CANCELLED = "57014"


SWITCH_SECONDS = 0.0001
"""How long a thread may keep the interpreter from another: whoever comes back from the database must not wait for the one that parses."""


@dataclass(slots=True)
class ReadChunk:
    """A chunk that was read and prepared: its items, and in their places the results of those that cannot be read at all."""

    batch_uuid: UUID
    first: int
    raw_items: list[bytes]
    items: list[Item]
    results: list[ItemResult | None]


class Worker:
    """Works through the batches of all clients until it is told to stop."""

    def __init__(self, database: Database, kinds: Kinds, settings: Settings, clock: Clock, metrics: Metrics | None = None) -> None:
        self._database = database
        self._kinds = kinds
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._stopping = threading.Event()
        self._chunk_limit = settings.chunk_items
        self._seen = SeenKeys()
        self._chunks = 0
        self._last_served: dict[int, float] = {}
        self._jobs = PeriodicJobs((*kinds.jobs, CLEANING))
        self._runs = RunSteps(database, clock)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._reader_connection: Transaction | None = None
        self._ahead: Future[ReadChunk | None] | None = None

    def stop(self) -> None:
        """Finish the chunk in hand, then return from ``run``."""
        self._stopping.set()

    def run(self, *, until_idle: bool = False) -> None:
        """Work until ``stop``; with ``until_idle`` until nothing waits that could be done now."""
        sys.setswitchinterval(SWITCH_SECONDS)
        with _without_garbage_collection():
            while not self._stopping.is_set():
                try:
                    with self._database.connect(WORKER_NAME) as connection:
                        if self._work(connection, until_idle) and until_idle:
                            return
                except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                    log.warning("database unavailable", error=type(error).__name__)
                    self._stopping.wait(RECONNECT_SECONDS)

    def _work(self, connection: Transaction, until_idle: bool) -> bool:
        while not self._stopping.is_set():
            self._jobs.run_due(connection, self._settings, self._clock.now())
            with system_transaction(connection) as transaction:
                waiting = clients_waiting(transaction)
            worked = False
            # Whoever waited longest comes first, so that clients share the worker whatever the size of their batches.
            for client_no in sorted(waiting, key=lambda number: self._last_served.get(number, 0.0)):
                if self._stopping.is_set():
                    break
                if not _try_lock(connection, client_no):
                    continue
                try:
                    worked |= self._turn(connection, client_no)
                finally:
                    self._last_served[client_no] = time.monotonic()
                    if not connection.closed:
                        connection.execute("select pg_advisory_unlock(%s, %s)", (BATCH_LOCK, client_no))
            if not worked:
                if until_idle:
                    return True
                self._stopping.wait(IDLE_SECONDS)
        return False

    def _turn(self, connection: Transaction, client_no: int) -> bool:
        """Work for one client until nothing waits or its turn is over; returns whether anything was done."""
        ends = time.monotonic() + self._settings.turn_seconds
        worked = False
        while not self._stopping.is_set() and self._chunk(connection, client_no):
            worked = True
            if time.monotonic() > ends:
                break
        return worked

    def _chunk(self, connection: Transaction, client_no: int) -> bool:
        """Process one chunk of the client's oldest batch; False when there is none or it has to wait."""
        with client_transaction(connection, client_no) as transaction:
            batch = oldest_open_batch(transaction, client_no)
        if batch is None:
            return False
        if batch.retry_at is not None and batch.retry_at > self._clock.now() and not batch.cancel_requested:
            return False
        kind = self._kinds[batch.kind]
        if isinstance(kind, RunKind):
            return self._run_step(connection, batch, kind)
        limit = 1 if batch.attempts else self._chunk_limit
        count = min(limit, batch.count_total - batch.count_processed)
        chunk: ReadChunk | None = None
        try:
            if not batch.cancel_requested:
                chunk = self._take_chunk(connection, batch, kind, limit)
            if chunk is not None:
                count = len(chunk.raw_items)
                self._process(connection, batch, kind, chunk)
                self._chunk_limit = min(self._settings.chunk_items, self._chunk_limit * 2)
        except Exception as error:
            if _server_is_lost(connection, error):
                raise
            self._fault(connection, batch, count, lambda: self._give_up(connection, batch, kind))
            return True
        if chunk is None and batch.cancel_requested:
            self._finish_cancelled(connection, batch)
        elif chunk is None:
            log.error("the input of the batch has no such item", batch=encode_id(batch.batch_uuid), index=batch.count_processed)
            self._fault(connection, batch, 1, lambda: self._give_up(connection, batch, kind))
        return True

    def _run_step(self, connection: Transaction, batch: BatchRecord, kind: RunKind) -> bool:
        """Take the next step of a run, report or import."""
        if batch.cancel_requested:
            self._finish_cancelled(connection, batch)
            return True
        limit = 1 if batch.attempts else self._chunk_limit
        started = time.perf_counter()
        try:
            with chunk_span(batch.kind, batch.client_no, encode_id(batch.batch_uuid), self._runs.inputs_of_step(batch, kind, limit)):
                results = self._runs.step(connection, batch, kind, limit)
            self._chunk_limit = min(self._settings.chunk_items, self._chunk_limit * 2)
        except Exception as error:
            if _server_is_lost(connection, error):
                raise
            count = self._runs.inputs_of_step(batch, kind, limit)
            self._fault(connection, batch, count, lambda: self._runs.give_up(connection, batch, kind))
            return True
        self._note(kind, results or (), time.perf_counter() - started)
        return True

    # ------------------------------------------------------------------------------------------------ reading

    def _take_chunk(self, connection: Transaction, batch: BatchRecord, kind: BatchKind, limit: int) -> ReadChunk | None:
        """The next chunk: the one read ahead when it is that, else read now; None when the batch has no such item."""
        ahead, self._ahead = self._ahead, None
        chunk = ahead.result() if ahead is not None else None
        if chunk is not None and (chunk.batch_uuid, chunk.first) == (batch.batch_uuid, batch.count_processed) and len(chunk.raw_items) <= limit:
            return chunk
        return self._read_chunk(connection, batch, kind, batch.count_processed, limit)

    def _read_ahead(self, batch: BatchRecord, kind: BatchKind, index: int) -> None:
        """Read and prepare the chunk after the one in hand, which may be the first of the next batch, while that one is being written."""
        if self._chunk_limit == self._settings.chunk_items:
            self._ahead = self._reader.submit(self._read_in_thread, batch, kind, index)

    def _read_in_thread(self, batch: BatchRecord, kind: BatchKind, index: int) -> ReadChunk | None:
        try:
            if self._reader_connection is None or self._reader_connection.closed:
                self._reader_connection = self._database.connect(WORKER_NAME)
            if index >= batch.count_total:
                with client_transaction(self._reader_connection, batch.client_no) as transaction:
                    following = oldest_open_batch(transaction, batch.client_no, besides=batch.batch_uuid)
                its_kind = self._kinds[following.kind] if following is not None else None
                if following is None or not isinstance(its_kind, BatchKind):
                    return None
                batch, kind, index = following, its_kind, following.count_processed
            return self._read_chunk(self._reader_connection, batch, kind, index, self._settings.chunk_items)
        except Exception as error:
            # Nothing is lost: the chunk is read again when its turn comes, and then the fault shows.
            log.warning("reading ahead failed", error=type(error).__name__)
            return None

    def _read_chunk(self, connection: Transaction, batch: BatchRecord, kind: BatchKind, index: int, limit: int) -> ReadChunk | None:
        with client_transaction(connection, batch.client_no) as transaction:
            found = slice_at(transaction, batch.client_no, batch.batch_uuid, index)
            books = open_books(transaction, batch.client_no)
        if found is None or index - found[0] >= len(found[1]):
            return None
        raw_items = found[1][index - found[0] :][:limit]
        origin = Origin(batch.actor, batch.user_id, batch.request_id, "BATCH", batch.batch_uuid)
        chunk = ReadChunk(batch.batch_uuid, index, raw_items, [], [])
        for place, raw in enumerate(raw_items, index):
            try:
                chunk.items.append(Item(place, read_sent(raw, kind.quick), origin))
                chunk.results.append(None)
            except JsonMalformed as fault:
                chunk.results.append(malformed(kind, fault))
        if kind.prepare is not None:
            now = self._clock.now()
            kind.prepare(ChunkContext(batch.client_no, books, now, books.today(now)), chunk.items)
        return chunk

    def _finish_cancelled(self, connection: Transaction, batch: BatchRecord) -> None:
        with client_transaction(connection, batch.client_no) as transaction:
            lock_client(transaction, batch.client_no)
            current = oldest_open_batch(transaction, batch.client_no)
            if current is not None and current.batch_uuid == batch.batch_uuid:
                set_cancelled(transaction, current, self._clock.now())

    def _fault(self, connection: Transaction, batch: BatchRecord, count: int, give_up: Callable[[], None]) -> None:
        """Halve a chunk that failed; a single item is tried again later, and after the last attempt the fault is its result."""
        log.exception("chunk failed", batch=encode_id(batch.batch_uuid), client_no=batch.client_no, index=batch.count_processed, items=count)
        if count > 1:
            self._chunk_limit = max(1, count // 2)
            return
        attempts = batch.attempts + 1
        if attempts >= self._settings.chunk_attempts_max:
            give_up()
            return
        wait = min(BACKOFF_FIRST_SECONDS * 2**attempts, BACKOFF_MAX_SECONDS)
        with client_transaction(connection, batch.client_no) as transaction:
            set_attempts(transaction, batch, attempts, self._clock.now() + timedelta(seconds=wait))

    def _give_up(self, connection: Transaction, batch: BatchRecord, kind: BatchKind) -> None:
        with client_transaction(connection, batch.client_no) as transaction:
            lock_client(transaction, batch.client_no)
            current = oldest_open_batch(transaction, batch.client_no)
            if current is None or current.batch_uuid != batch.batch_uuid or current.count_processed != batch.count_processed:
                return
            found = slice_at(transaction, batch.client_no, batch.batch_uuid, batch.count_processed)
            raw = found[1][batch.count_processed - found[0]] if found is not None and batch.count_processed - found[0] < len(found[1]) else b"{}"
            result = given_up(kind, raw)
            insert_results(transaction, batch, batch.count_processed, [result])
            advance(transaction, batch, 0, 1, self._clock.now())

    def _process(self, connection: Transaction, batch: BatchRecord, kind: BatchKind, chunk: ReadChunk) -> None:
        started = time.perf_counter()
        first, raw_items, items, results = chunk.first, chunk.raw_items, chunk.items, chunk.results
        with chunk_span(batch.kind, batch.client_no, encode_id(batch.batch_uuid), len(raw_items)):
            with client_transaction(connection, batch.client_no) as transaction:
                lock_client(transaction, batch.client_no)
                if not _still_there(transaction, batch):
                    return
                now = self._clock.now()
                books = open_books(transaction, batch.client_no, now)
                following = first + len(raw_items)
                context = ChunkContext(batch.client_no, books, now, books.today(now), lambda: self._read_ahead(batch, kind, following))
                self._seen.catch_up(transaction, batch)
                fresh, keys = self._without_duplicates(transaction, batch, kind, items, results)
                done = kind.process(transaction, context, fresh) if fresh else []
                for item, result in zip(fresh, done, strict=True):
                    result.natural_key = keys.get(item.index)
                    results[item.index - first] = result
                final = [result for result in results if result is not None]
                assert len(final) == len(raw_items)
                failed = sum(result.result == "FAILED" for result in final)
                insert_results(transaction, batch, first, final)
                status = advance(transaction, batch, len(final) - failed, failed, now)
            self._seen.remember(batch, keys.values(), len(final), finished=status == "PROCESSED")
        self._note(kind, final, time.perf_counter() - started)

    def _without_duplicates(
        self, transaction: Transaction, batch: BatchRecord, kind: BatchKind, items: Sequence[Item], results: list[ItemResult | None]
    ) -> tuple[list[Item], dict[int, str]]:
        """The items whose natural key is new in the batch; the others get their result. Also returns the keys by index."""
        fresh: list[Item] = []
        keys: dict[int, str] = {}
        here: dict[str, int] = {}
        repeated: list[tuple[Item, str]] = []
        for item in items:
            key = kind.natural_key(item.sent.known)
            if key is None:
                fresh.append(item)
                continue
            keys[item.index] = key
            if key in here or self._seen.may_have(key):
                repeated.append((item, key))
                here.setdefault(key, item.index)
            else:
                here[key] = item.index
                fresh.append(item)
        if not repeated:
            return fresh, keys
        earlier = first_indexes(transaction, batch.client_no, batch.batch_uuid, [key for _, key in repeated])
        back: list[Item] = []
        for item, key in repeated:
            index = earlier.get(key, here[key])
            if index == item.index:
                # Two different keys with one digest: this one is new after all.
                back.append(item)
                continue
            results[item.index - batch.count_processed] = duplicate(kind, item, key, index)
        return sorted(fresh + back, key=lambda item: item.index), keys

    def _note(self, kind: BatchKind | RunKind, results: Sequence[ItemResult], seconds: float) -> None:
        self._chunks += 1
        if self._chunks % CHUNKS_BETWEEN_COLLECTIONS == 0:
            gc.collect()
        if self._metrics is None:
            return
        self._metrics.chunk_seconds.labels(kind.entity).observe(seconds)
        counts: dict[str, int] = {}
        for result in results:
            counts[result.result] = counts.get(result.result, 0) + 1
        for code, count in counts.items():
            self._metrics.items.labels(kind.entity, code).inc(count)


def _still_there(transaction: Transaction, batch: BatchRecord) -> bool:
    """Whether the batch is where it was when the chunk was read: somebody may have cancelled it before the lock was taken."""
    row = transaction.execute(
        "select status, count_processed, cancel_requested from batch where client_no = %s and batch_uuid = %s", (batch.client_no, batch.batch_uuid)
    ).fetchone()
    return row is not None and row[0] in ("QUEUED", "PROCESSING") and row[1] == batch.count_processed and not row[2]


def _server_is_lost(connection: Transaction, error: Exception) -> bool:
    """Whether an error means that no statement can succeed now, and not that something is wrong with the chunk."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    # The driver calls errors operational that an item can cause alone, such as a limit of the program or a cancelled statement.
    return connection.closed or error.sqlstate is None or (error.sqlstate[:2] in SERVER_TROUBLE and error.sqlstate != QUERY_CANCELLED)


def _try_lock(connection: Transaction, client_no: int) -> bool:
    row = connection.execute("select pg_try_advisory_lock(%s, %s)", (BATCH_LOCK, client_no)).fetchone()
    return bool(row and row[0])


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Parsed items hold no cycles; looking for some in tens of thousands of them would cost more than parsing them."""
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
