"""SQL of batches and their results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from reskontro.batches.kinds import ItemResult
from reskontro.db.bulk import NULL, Stage, copy_json, copy_text
from reskontro.db.engine import Transaction
from reskontro.kit.json import store_json
from reskontro.kit.messages import Message, pack, unpack

OPEN_STATUSES = ("QUEUED", "PROCESSING")


@dataclass(slots=True)
class BatchRecord:
    """A batch as it is stored."""

    client_no: int
    batch_uuid: UUID
    entity: str
    operation: str
    kind: str
    status: str
    count_total: int
    count_processed: int
    count_successful: int
    count_failed: int
    cancel_requested: bool
    attempts: int
    retry_at: datetime | None
    actor: str
    user_id: str
    request_id: UUID
    parent_batch_uuid: UUID | None
    retry_batch_uuid: UUID | None
    file_id: UUID | None
    request: dict[str, Any] | None
    """What a run, report or import was asked to do."""
    input_total: int | None
    """How many inputs a run selected; None until it has, and for batches whose items were sent."""
    input_done: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.status not in OPEN_STATUSES

    @property
    def result(self) -> str | None:
        """SUCCESS, PARTIAL-SUCCESS or FAILED; None while it is open and when it was cancelled before anything was processed."""
        if not self.is_final or (self.status == "CANCELLED" and not self.count_processed):
            return None
        if self.count_processed and not self.count_successful:
            return "FAILED"
        return "SUCCESS" if not self.count_failed and self.status == "PROCESSED" else "PARTIAL-SUCCESS"


_COLUMNS = ", ".join(BatchRecord.__dataclass_fields__)


def insert_batch(
    transaction: Transaction,
    *,
    client_no: int,
    batch_uuid: UUID,
    entity: str,
    operation: str,
    kind: str,
    count_total: int,
    actor: str,
    user_id: str,
    request_id: UUID,
    now: datetime,
    parent_batch_uuid: UUID | None = None,
    file_id: UUID | None = None,
    request: Mapping[str, Any] | None = None,
) -> None:
    """Store a new batch as QUEUED."""
    transaction.execute(
        "insert into batch (client_no, batch_uuid, entity, operation, kind, status, count_total, actor, user_id, request_id,"
        " parent_batch_uuid, file_id, request, created_at) values (%s, %s, %s, %s, %s, 'QUEUED', %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(client_no, batch_uuid, entity, operation, kind, count_total, actor, user_id, request_id, parent_batch_uuid, file_id),
            *(None if request is None else store_json(request).decode(), now),
        ),
    )


def get_batch(transaction: Transaction, client_no: int, batch_uuid: UUID) -> BatchRecord | None:
    """The batch, None when the client has none of that id."""
    cursor = transaction.cursor(row_factory=class_row(BatchRecord))
    cursor.execute(f"select {_COLUMNS} from batch where client_no = %s and batch_uuid = %s", (client_no, batch_uuid))
    return cursor.fetchone()


def get_batches(transaction: Transaction, client_no: int, batch_uuids: Sequence[UUID]) -> dict[UUID, BatchRecord]:
    """Batches by id."""
    cursor = transaction.cursor(row_factory=class_row(BatchRecord))
    cursor.execute(f"select {_COLUMNS} from batch where client_no = %s and batch_uuid = any(%s)", (client_no, list(batch_uuids)))
    return {record.batch_uuid: record for record in cursor}


def oldest_open_batch(transaction: Transaction, client_no: int, besides: UUID | None = None) -> BatchRecord | None:
    """The batch whose turn it is: the first accepted one that is not final. With ``besides`` the one whose turn comes after that batch."""
    cursor = transaction.cursor(row_factory=class_row(BatchRecord))
    cursor.execute(
        f"select {_COLUMNS} from batch where client_no = %s and status in ('QUEUED', 'PROCESSING')"
        " and batch_uuid is distinct from %s order by status = 'QUEUED', accept_no limit 1",
        (client_no, besides),
    )
    return cursor.fetchone()


def clients_waiting(transaction: Transaction) -> list[int]:
    """Clients that have an open batch; for a system transaction."""
    # A loose index scan: one index probe per client, however many batches each of them has waiting.
    rows = transaction.execute(
        "with recursive waiting as ("
        " (select client_no from batch where status in ('QUEUED', 'PROCESSING') order by client_no limit 1)"
        " union all"
        " select (select b.client_no from batch b where b.status in ('QUEUED', 'PROCESSING') and b.client_no > w.client_no"
        " order by b.client_no limit 1) from waiting w where w.client_no is not null"
        ") select client_no from waiting where client_no is not null"
    )
    return [row[0] for row in rows]


def find_batches(transaction: Transaction, client_no: int, conditions: Sequence[str], values: Sequence[Any], limit: int) -> list[UUID]:
    """Ids of batches, newest first."""
    where = " and ".join(["client_no = %s", *conditions])
    rows = transaction.execute(f"select batch_uuid from batch where {where} order by accept_no desc limit %s".encode(), (client_no, *values, limit))
    return [row[0] for row in rows]


def advance(transaction: Transaction, batch: BatchRecord, successful: int, failed: int, now: datetime) -> str:
    """Count a committed chunk; returns the new status."""
    processed = batch.count_processed + successful + failed
    status = "PROCESSED" if processed >= batch.count_total else "PROCESSING"
    transaction.execute(
        "update batch set status = %s, count_processed = %s, count_successful = count_successful + %s, count_failed = count_failed + %s,"
        " attempts = 0, retry_at = null, started_at = coalesce(started_at, %s), finished_at = case when %s = 'PROCESSED' then %s end"
        " where client_no = %s and batch_uuid = %s",
        (status, processed, successful, failed, now, status, now, batch.client_no, batch.batch_uuid),
    )
    return status


def set_inputs(transaction: Transaction, batch: BatchRecord, total: int, now: datetime) -> bool:
    """Note how many inputs a run has selected; from now on its counters speak of them. False when it is no longer open."""
    changed = transaction.execute(
        "update batch set status = 'PROCESSING', input_total = %s, count_total = %s, attempts = 0, retry_at = null,"
        " started_at = coalesce(started_at, %s) where client_no = %s and batch_uuid = %s and status in ('QUEUED', 'PROCESSING')",
        (total, total, now, batch.client_no, batch.batch_uuid),
    )
    return changed.rowcount == 1


def advance_run(transaction: Transaction, batch: BatchRecord, results: Sequence[ItemResult], inputs: int, now: datetime, *, finished: bool) -> bool:
    """Count the results that ``inputs`` of a run have had; every input that is left counts as one item to come. False when it is no longer open."""
    failed = sum(result.result == "FAILED" for result in results)
    processed = batch.count_processed + len(results)
    left = 0 if finished else (batch.input_total or 0) - batch.input_done - inputs
    changed = transaction.execute(
        "update batch set status = %s, count_total = %s, count_processed = %s, count_successful = count_successful + %s,"
        " count_failed = count_failed + %s, input_done = input_done + %s, attempts = 0, retry_at = null,"
        " started_at = coalesce(started_at, %s), finished_at = %s"
        " where client_no = %s and batch_uuid = %s and status in ('QUEUED', 'PROCESSING')",
        (
            *("PROCESSED" if finished else "PROCESSING", processed + left, processed, len(results) - failed, failed, inputs, now),
            *(now if finished else None, batch.client_no, batch.batch_uuid),
        ),
    )
    return changed.rowcount == 1


def set_cancelled(transaction: Transaction, batch: BatchRecord, now: datetime) -> None:
    """End a batch where it stands."""
    transaction.execute(
        "update batch set status = 'CANCELLED', finished_at = %s where client_no = %s and batch_uuid = %s",
        (now, batch.client_no, batch.batch_uuid),
    )


def cancel_waiting(transaction: Transaction, batch: BatchRecord, now: datetime) -> bool:
    """End a batch that is not the client's oldest open one, so that no worker can have it in hand; returns whether it was that."""
    oldest = oldest_open_batch(transaction, batch.client_no)
    if oldest is None or oldest.batch_uuid == batch.batch_uuid:
        return False
    changed = transaction.execute(
        "update batch set status = 'CANCELLED', finished_at = %s where client_no = %s and batch_uuid = %s and status = 'QUEUED'",
        (now, batch.client_no, batch.batch_uuid),
    )
    return changed.rowcount == 1


def request_cancel(transaction: Transaction, client_no: int, batch_uuid: UUID) -> None:
    """Ask the worker that has the batch in hand to end it after its chunk."""
    transaction.execute("update batch set cancel_requested = true where client_no = %s and batch_uuid = %s", (client_no, batch_uuid))


def set_attempts(transaction: Transaction, batch: BatchRecord, attempts: int, retry_at: datetime) -> None:
    """Note that the next chunk failed for a technical reason, and when to try again."""
    transaction.execute(
        "update batch set attempts = %s, retry_at = %s where client_no = %s and batch_uuid = %s",
        (attempts, retry_at, batch.client_no, batch.batch_uuid),
    )


def set_retry_batch(transaction: Transaction, client_no: int, batch_uuid: UUID, retry_batch_uuid: UUID) -> None:
    """Note the batch that repeats the failures of this one."""
    transaction.execute("update batch set retry_batch_uuid = %s where client_no = %s and batch_uuid = %s", (retry_batch_uuid, client_no, batch_uuid))


# ------------------------------------------------------------------------------------------------ results

_RESULT_COLUMNS = (
    ("item_index", "integer"),
    ("result", "text"),
    ("outcome", "text"),
    ("account_no", "integer"),
    ("customer_no", "text"),
    ("document_no", "text"),
    ("document_uuid", "uuid"),
    ("ar_item_id", "uuid"),
    ("kid", "text"),
    ("client_reference", "text"),
    ("natural_key", "text"),
    ("messages", "jsonb"),
    ("payment_uuid", "uuid"),
    ("file_id", "uuid"),
)
_result_stage = Stage("stage_batch_item", _RESULT_COLUMNS)
_RESULT_NAMES = ", ".join(name for name, _ in _RESULT_COLUMNS)


def _text(value: str | None) -> str:
    if value is None:
        return NULL
    return value if value.isprintable() and "\\" not in value else copy_text(value.replace("\x00", "\ufffd"))


def insert_results(transaction: Transaction, batch: BatchRecord, first_index: int, results: Sequence[ItemResult]) -> None:
    """Store one row per item, in one statement."""
    if not results:
        return
    lines = []
    for index, r in enumerate(results, first_index):
        packed = pack(r.messages) if r.messages else None
        lines.append(
            f"{index}\t{r.result}\t{r.outcome or NULL}\t{NULL if r.account_no is None else r.account_no}\t{_text(r.customer_no)}\t"
            f"{_text(r.document_no)}\t{r.document_uuid.hex if r.document_uuid else NULL}\t{r.ar_item_id.hex if r.ar_item_id else NULL}\t"
            f"{r.kid or NULL}\t{_text(r.client_reference)}\t{_text(r.natural_key)}\t{NULL if packed is None else copy_json(packed)}\t"
            f"{r.payment_uuid.hex if r.payment_uuid else NULL}\t{r.file_id.hex if r.file_id else NULL}"
        )
    _result_stage.copy(transaction, lines)
    transaction.execute(
        f"insert into batch_item (client_no, batch_uuid, {_RESULT_NAMES}) select %s, %s, {_RESULT_NAMES} from stage_batch_item".encode(),
        (batch.client_no, batch.batch_uuid),
    )


@dataclass(slots=True)
class StoredResult:
    """A result as it is read back."""

    index: int
    result: str
    outcome: str | None
    account_no: int | None
    customer_no: str | None
    document_no: str | None
    document_uuid: UUID | None
    ar_item_id: UUID | None
    kid: str | None
    client_reference: str | None
    messages: list[Message]
    payment_uuid: UUID | None = None
    file_id: UUID | None = None


def read_results(transaction: Transaction, batch: BatchRecord, *, after: int, limit: int, results: Sequence[str] | None) -> list[StoredResult]:
    """Results whose index is above ``after``, in input order, at most ``limit``; only those with the given result codes.

    Of a batch in work only what was processed when ``batch`` was read, so that its counters and its items tell one story.
    """
    rows = transaction.execute(
        "select item_index, result, outcome, account_no, customer_no, document_no, document_uuid, ar_item_id, kid, client_reference, messages,"
        " payment_uuid, file_id from batch_item where client_no = %s and batch_uuid = %s and item_index > %s"
        " and item_index < %s and (%s::text[] is null or result = any(%s::text[])) order by item_index limit %s",
        (batch.client_no, batch.batch_uuid, after, batch.count_processed, results, results, limit),
    )
    return [_stored(row) for row in rows]


def _stored(row: Sequence[Any]) -> StoredResult:
    index, result, outcome, account_no, customer_no, document_no, document_uuid, ar_item_id, kid, reference, messages, payment_uuid, file_id = row
    numbers = (account_no, customer_no, document_no, document_uuid, ar_item_id, kid)
    return StoredResult(index, result, outcome, *numbers, reference, unpack(messages), payment_uuid, file_id)


def count_results(transaction: Transaction, client_no: int, batch_uuid: UUID, results: Sequence[str]) -> int:
    """How many stored results have one of the codes."""
    row = transaction.execute(
        "select count(*) from batch_item where client_no = %s and batch_uuid = %s and result = any(%s)", (client_no, batch_uuid, list(results))
    ).fetchone()
    return int(row[0]) if row else 0


def nth_result_index(transaction: Transaction, client_no: int, batch_uuid: UUID, results: Sequence[str], skip: int) -> int | None:
    """The item index of the result after ``skip`` results with one of the codes."""
    row = transaction.execute(
        "select item_index from batch_item where client_no = %s and batch_uuid = %s and result = any(%s) order by item_index offset %s limit 1",
        (client_no, batch_uuid, list(results), skip),
    ).fetchone()
    return None if row is None else int(row[0])


def read_natural_keys(transaction: Transaction, client_no: int, batch_uuid: UUID, first: int, end: int) -> Iterator[str]:
    """The natural keys that items from ``first`` up to ``end`` were sent with."""
    rows = transaction.execute(
        "select natural_key from batch_item where client_no = %s and batch_uuid = %s and item_index >= %s and item_index < %s"
        " and natural_key is not null",
        (client_no, batch_uuid, first, end),
    )
    return (row[0] for row in rows)


def first_indexes(transaction: Transaction, client_no: int, batch_uuid: UUID, keys: Sequence[str]) -> dict[str, int]:
    """For natural keys, the index of the first item of the batch that was sent with them."""
    rows = transaction.execute(
        "select natural_key, min(item_index) from batch_item where client_no = %s and batch_uuid = %s and natural_key = any(%s) group by natural_key",
        (client_no, batch_uuid, list(keys)),
    )
    return dict(rows.fetchall())
