"""Working through batches whose items nobody sent: runs, reports and imports.

A run goes in steps, each of them one commit: its inputs are planned, then worked through in sets, then it is finished. A worker that is killed
leaves the run at the end of its last step, and whoever takes it over goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any

from reskontro.batches.kinds import ChunkContext, Item, ItemResult, Origin, Refusal, RunKind, RunRequest, SourceCode
from reskontro.batches.slices import compress, insert_slice, slice_at, slices_of
from reskontro.batches.store import OPEN_STATUSES, BatchRecord, advance_run, insert_results, set_inputs
from reskontro.db.engine import WORKER_NAME, Database, Transaction, client_transaction, lock_client
from reskontro.kit.clock import Clock
from reskontro.kit.ids import encode_id
from reskontro.kit.json import read_json
from reskontro.kit.messages import Message
from reskontro.ledger.books import open_books
from reskontro.ledger.log import LogEntry, append_log

INPUTS_MAX = 5_000_000
"""A run with more inputs than this would not be a run of one client's ledger."""


class _Gone(Exception):
    """The run was cancelled while its step was under way: nothing of the step may stay."""


class RunSteps:
    """Takes the next step of a run."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._snapshot: Transaction | None = None

    def inputs_of_step(self, batch: BatchRecord, kind: RunKind, limit: int) -> int:
        """How many inputs the next step takes at most; 1 for a step that is none of inputs."""
        left = (batch.input_total or 0) - batch.input_done
        return max(1, min(kind.input_items, limit, left))

    def step(self, connection: Transaction, batch: BatchRecord, kind: RunKind, limit: int) -> Sequence[ItemResult] | None:
        """Take the next step; returns its results, None when the batch was cancelled meanwhile. Raises what the kind's functions raise."""
        try:
            if batch.input_total is None:
                return self._plan(connection, batch, kind)
            if batch.input_done < batch.input_total:
                return self._work(connection, batch, kind, self.inputs_of_step(batch, kind, limit))
            return self._finish(connection, batch, kind)
        except _Gone:
            return None

    def _plan(self, connection: Transaction, batch: BatchRecord, kind: RunKind) -> Sequence[ItemResult] | None:
        with client_transaction(connection, batch.client_no) as transaction:
            context = self._context(transaction, batch)
            planned = kind.plan(transaction, context)
            refused = list(planned.results) if isinstance(planned, Refusal) else []
            count = 0
            if not isinstance(planned, Refusal):
                for members in slices_of(planned):
                    insert_slice(transaction, batch.client_no, batch.batch_uuid, count, len(members), compress(members))
                    count += len(members)
                    assert count <= INPUTS_MAX, "a run selects too many inputs"
            insert_results(transaction, batch, 0, refused)
            # The log is written under the client's write lock; selecting the inputs took long, this does not.
            lock_client(transaction, batch.client_no)
            _note(transaction, context, "RUN-STARTED")
            if refused or not (count or kind.finish):
                _advance(transaction, batch, context, refused, 0, finished=True)
            elif not set_inputs(transaction, batch, count, context.now):
                raise _Gone
        return refused

    def _work(self, connection: Transaction, batch: BatchRecord, kind: RunKind, count: int) -> Sequence[ItemResult] | None:
        with self._at_work(connection, batch, kind) as step:
            transaction, context = step
            assert context.run is not None
            items = [Item(index, read_json(raw), context.run.origin) for index, raw in _inputs(transaction, batch, count)]
            groups = kind.work(transaction, context, items)
            assert len(groups) == len(items), "every input has its results"
            results = [result for group in groups for result in group]
            done = batch.input_done + len(items)
            insert_results(transaction, batch, batch.count_processed, results)
            finished = done >= (batch.input_total or 0) and kind.finish is None
            if finished and not kind.exclusive:
                lock_client(transaction, batch.client_no)
            _advance(transaction, batch, context, results, len(items), finished=finished)
        return results

    def _finish(self, connection: Transaction, batch: BatchRecord, kind: RunKind) -> Sequence[ItemResult] | None:
        with self._at_work(connection, batch, kind) as step:
            transaction, context = step
            results = kind.finish(transaction, context) if kind.finish is not None else []
            insert_results(transaction, batch, batch.count_processed, results)
            if not kind.exclusive:
                lock_client(transaction, batch.client_no)
            _advance(transaction, batch, context, results, 0, finished=True)
        return results

    @contextmanager
    def _at_work(self, connection: Transaction, batch: BatchRecord, kind: RunKind) -> Iterator[tuple[Transaction, ChunkContext]]:
        with ExitStack() as stack:
            transaction = stack.enter_context(client_transaction(connection, batch.client_no))
            if kind.exclusive:
                lock_client(transaction, batch.client_no)
            _check_still_there(transaction, batch)
            context = self._context(transaction, batch)
            if not kind.exclusive:
                if self._snapshot is None or self._snapshot.closed:
                    self._snapshot = self._database.connect(WORKER_NAME)
                reading = stack.enter_context(client_transaction(self._snapshot, batch.client_no, snapshot=True))
                context = replace(context, reading=reading)
            yield transaction, context

    def _context(self, transaction: Transaction, batch: BatchRecord) -> ChunkContext:
        now = self._clock.now()
        books = open_books(transaction, batch.client_no, now)
        source: SourceCode = "RUN" if batch.operation == "RUN" else "BATCH"
        origin = Origin(batch.actor, batch.user_id, batch.request_id, source, batch.batch_uuid)
        run = RunRequest(batch.batch_uuid, batch.request or {}, origin, batch.file_id)
        return ChunkContext(batch.client_no, books, now, books.today(now), run=run)

    def give_up(self, connection: Transaction, batch: BatchRecord, kind: RunKind) -> None:
        """Let a step that no attempt could take end as one failed item: the run goes on with the next input, or ends where there is none."""
        with suppress(_Gone), client_transaction(connection, batch.client_no) as transaction:
            lock_client(transaction, batch.client_no)
            planned = batch.input_total is not None and batch.input_done < batch.input_total
            found = list(_inputs(transaction, batch, 1)) if planned else []
            result = _given_up(kind, read_json(found[0][1]) if found else {})
            insert_results(transaction, batch, batch.count_processed, [result])
            last = not planned or (batch.input_done + 1 >= (batch.input_total or 0) and kind.finish is None)
            _advance(transaction, batch, self._context(transaction, batch), [result], 1 if planned else 0, finished=last)


def _inputs(transaction: Transaction, batch: BatchRecord, count: int) -> Iterator[tuple[int, bytes]]:
    """The next inputs with their places, at most ``count``."""
    index = batch.input_done
    while count > 0 and index < (batch.input_total or 0):
        found = slice_at(transaction, batch.client_no, batch.batch_uuid, index)
        if found is None:
            raise LookupError("the inputs of the run are not whole")
        first, raw_items = found
        taken = raw_items[index - first :][:count]
        yield from enumerate(taken, index)
        index += len(taken)
        count -= len(taken)


def _check_still_there(transaction: Transaction, batch: BatchRecord) -> None:
    """Raises _Gone when somebody has cancelled the run since it was looked at."""
    row = transaction.execute(
        "select status, input_total, input_done, cancel_requested from batch where client_no = %s and batch_uuid = %s",
        (batch.client_no, batch.batch_uuid),
    ).fetchone()
    if row is None or row[0] not in OPEN_STATUSES or (row[1], row[2]) != (batch.input_total, batch.input_done) or row[3]:
        raise _Gone


def _advance(
    transaction: Transaction, batch: BatchRecord, context: ChunkContext, results: Sequence[ItemResult], inputs: int, *, finished: bool
) -> None:
    """Count what a step came to; the end of a run is noted in the log, for which the caller holds the client's write lock."""
    if not advance_run(transaction, batch, results, inputs, context.now, finished=finished):
        raise _Gone
    if finished:
        _note(transaction, context, "RUN-FINISHED")


def _note(transaction: Transaction, context: ChunkContext, event: str) -> None:
    run = context.run
    assert run is not None
    append_log(transaction, context.client_no, context.now, [LogEntry(event, "BATCH", encode_id(run.batch_uuid), run.origin)])


def _given_up(kind: RunKind, value: dict[str, Any]) -> ItemResult:
    account_no, customer_no, document_no, reference = kind.identify(value)
    message = Message("E", "INTERNAL-ERROR", kind.entity.lower(), "", {})
    return ItemResult("FAILED", None, account_no, customer_no, document_no, client_reference=reference, messages=[message])
