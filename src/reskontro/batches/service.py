"""What can be done with a batch that was accepted: look at it, cancel it, repeat its failures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from reskontro.batches.answers import ResultReader, batch_body, csv_chunks, diagnostics_of, json_chunks, ndjson_chunks
from reskontro.batches.kinds import Kinds
from reskontro.batches.slices import compress, insert_slice, slice_at, slices_of
from reskontro.batches.starting import accepted
from reskontro.batches.store import (
    BatchRecord,
    cancel_waiting,
    count_results,
    find_batches,
    get_batch,
    get_batches,
    insert_batch,
    nth_result_index,
    read_results,
    request_cancel,
    set_cancelled,
    set_retry_batch,
)
from reskontro.db.engine import Transaction, lock_client
from reskontro.kit.errors import Problem, not_found
from reskontro.kit.ids import encode_id, new_id
from reskontro.ledger.books import open_books
from reskontro.ledger.moments import end_moment, first_moment
from reskontro.web.calls import Call
from reskontro.web.lists import PAGE_INSTEAD, PAGE_LEAST, Listing, link_headers, summary_of
from reskontro.web.operations import CSV, NDJSON
from reskontro.web.replies import Reply

ITEMS_WITHOUT_PAGING = 10_000
PAGE_DEFAULT = 1_000
PAGE_MAX = 10_000
CANCEL_WAIT_MS = 700


def _load(transaction: Transaction, call: Call, batch_uuid: UUID) -> BatchRecord:
    open_books(transaction, call.client_no)
    batch = get_batch(transaction, call.client_no, batch_uuid)
    oldest = call.services.clock.now() - timedelta(days=call.services.settings.retention_days)
    if batch is None or batch.created_at < oldest:
        raise not_found(f"Batch {encode_id(batch_uuid)}")
    return batch


def _status_of(batch: BatchRecord) -> int:
    if batch.is_final:
        return 200
    return 206 if batch.count_processed else 202


def _matching(transaction: Transaction, batch: BatchRecord, results: Sequence[str] | None) -> int:
    """How many (filtered) items there are now."""
    untouched = batch.count_total - batch.count_processed if batch.status == "CANCELLED" else 0
    if results is None:
        return batch.count_processed + untouched
    stored = [code for code in results if code != "CANCELLED"]
    return (count_results(transaction, batch.client_no, batch.batch_uuid, stored) if stored else 0) + (untouched if "CANCELLED" in results else 0)


def show_batch(call: Call, batch_uuid: UUID) -> Reply:
    """One batch with its items, as JSON, NDJSON or CSV; raises Problem NOT-FOUND."""
    parameters = call.parameters
    paged = "pageno" in parameters or "pagesize" in parameters
    if paged and call.media in (NDJSON, CSV):
        raise Problem("INVALID-PARAMETER", "pageno and pagesize are for JSON; this form gives all items at once")
    diagnostics = "diagnostics" in parameters.get("expand", ())
    results = tuple(parameters["result"]) if "result" in parameters else None
    with call.services.database.transaction(call.client_no) as transaction:
        batch = _load(transaction, call, batch_uuid)
        total = _matching(transaction, batch, results)
        page_no = parameters.get("pageno", 1)
        size = min(max(parameters.get("pagesize", PAGE_DEFAULT), 1), PAGE_MAX) if paged else ITEMS_WITHOUT_PAGING
        if paged and size < PAGE_LEAST:
            size = PAGE_INSTEAD
        after = _start(transaction, batch, results, (page_no - 1) * size)
    reader = ResultReader(call.services.database, call.services.part(Kinds), batch, results)
    head = batch_body(batch, call.language)
    more = diagnostics_of(batch) if diagnostics else {}
    status = _status_of(batch)
    headers = {} if status == 200 else {"Retry-After": "1"}
    if call.media == NDJSON:
        return Reply(status, None, headers, NDJSON, ndjson_chunks(head | more, reader.read(), call.language, diagnostics))
    if call.media == CSV:
        return Reply(status, None, headers, CSV + "; charset=utf-8", csv_chunks(call.client_no, reader.read(), call.language))
    link_values: dict[str, str] = {str(name): ",".join(parameters[name]) for name in ("result", "expand") if name in parameters}
    tail: dict[str, Any] = {}
    if paged or total > size:
        summary = summary_of(
            f"{call.client_url}/batches/{encode_id(batch_uuid)}",
            page_no,
            size,
            max(0, min(size, total - (page_no - 1) * size)),
            total,
            total,
            False,
            encode_id(batch_uuid),
            {**link_values, "pagesize": str(size)},
        )
        headers |= link_headers(summary)
        if paged:
            tail["summary"] = summary
        else:
            following = {key: value for key, value in summary.items() if key in ("nextPage", "totalCount")}
            headers |= link_headers(following)
    items = reader.read(after=after, limit=size) if after is not None else iter(())
    return Reply(status, None, headers, chunks=json_chunks(head, items, tail | more, call.language, diagnostics))


def _start(transaction: Transaction, batch: BatchRecord, results: Sequence[str] | None, skip: int) -> int | None:
    """The index after which a page begins; None when the page is past the end."""
    if skip <= 0:
        return -1
    if skip >= batch.count_total:
        return None
    if results is None:
        return skip - 1 if skip < batch.count_total else None
    stored = [code for code in results if code != "CANCELLED"]
    index = nth_result_index(transaction, batch.client_no, batch.batch_uuid, stored, skip) if stored else None
    if index is not None:
        return index - 1
    if batch.status != "CANCELLED" or "CANCELLED" not in results:
        return None
    before = count_results(transaction, batch.client_no, batch.batch_uuid, stored) if stored else 0
    index = batch.count_processed + skip - before
    return index - 1 if index < batch.count_total else None


def listing(call: Call) -> Listing:
    """The list of batches, newest first."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> Sequence[Any]:
        now = call.services.clock.now()
        books = open_books(transaction, call.client_no)
        oldest = now - timedelta(days=call.services.settings.retention_days)
        conditions, values = ["created_at >= %s"], [oldest]
        for name, column in (("status", "status"), ("entity", "entity")):
            if name in filters:
                conditions.append(f"{column} = any(%s)")
                values.append(filters[name])
        if "createdfrom" in filters:
            conditions.append("created_at >= %s")
            values.append(first_moment(filters["createdfrom"], books, now))
        if "createdto" in filters:
            conditions.append("created_at < %s")
            values.append(end_moment(filters["createdto"], books, now))
        if "result" in filters:
            conditions.append(f"{_RESULT_SQL} = any(%s)")
            values.append(filters["result"])
        return find_batches(transaction, call.client_no, conditions, values, limit)

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        records = get_batches(transaction, call.client_no, [UUID(str(key)) for key in keys])
        found = [records.get(UUID(str(key))) for key in keys]
        return [batch_body(record, call.language, diagnostics=True) for record in found if record is not None]

    return Listing("batches", "batches", "/batches", find, load)


# The same as BatchRecord.result, for filtering.
_RESULT_SQL = (
    "case when status in ('QUEUED', 'PROCESSING') or (status = 'CANCELLED' and count_processed = 0) then null"
    " when count_processed > 0 and count_successful = 0 then 'FAILED'"
    " when count_failed = 0 and status = 'PROCESSED' then 'SUCCESS' else 'PARTIAL-SUCCESS' end"
)


def cancel_batch(call: Call, transaction: Transaction, batch_uuid: UUID) -> Reply:
    """Stop a batch: at once when no chunk of it is running, else as soon as that is finished. Raises Problem STATE-CONFLICT."""
    batch = _load(transaction, call, batch_uuid)
    open_books(transaction, call.client_no).require_active()
    if batch.is_final:
        raise Problem("STATE-CONFLICT", f"the batch is {batch.status}")
    try:
        with transaction.transaction():
            transaction.execute(f"set local lock_timeout = {CANCEL_WAIT_MS}")
            lock_client(transaction, call.client_no)
    except psycopg.errors.LockNotAvailable:
        # A batch that waits behind another one is in nobody's hands; the one in hand is ended by its worker.
        if cancel_waiting(transaction, batch, call.services.clock.now()):
            return Reply(200, batch_body(_load(transaction, call, batch_uuid), call.language))
        request_cancel(transaction, call.client_no, batch_uuid)
        batch = _load(transaction, call, batch_uuid)
        if batch.is_final:
            # The chunk in hand was the last one, and was committed meanwhile.
            return Reply(200, batch_body(batch, call.language))
        return Reply(202, batch_body(batch, call.language), {"Retry-After": "1"})
    batch = _load(transaction, call, batch_uuid)
    if batch.status == "CANCELLED":
        # Another call was quicker, and this one is a second cancel.
        raise Problem("STATE-CONFLICT", f"the batch is {batch.status}")
    # The chunk that was waited for may have been the last one: then the batch is processed, as if nobody had cancelled.
    if not batch.is_final:
        set_cancelled(transaction, batch, call.services.clock.now())
        batch = _load(transaction, call, batch_uuid)
    return Reply(200, batch_body(batch, call.language))


def _items_to_retry(transaction: Transaction, batch: BatchRecord) -> Iterator[bytes]:
    """The failed and the cancelled items as they were sent, in their order."""
    current: tuple[int, list[bytes]] | None = None

    def raw(index: int) -> bytes:
        nonlocal current
        if current is None or not current[0] <= index < current[0] + len(current[1]):
            current = slice_at(transaction, batch.client_no, batch.batch_uuid, index)
        assert current is not None
        return current[1][index - current[0]]

    after = -1
    while rows := read_results(transaction, batch, after=after, limit=1_000, results=["FAILED"]):
        for row in rows:
            yield raw(row.index)
        after = rows[-1].index
    if batch.status == "CANCELLED":
        for index in range(batch.count_processed, batch.count_total):
            yield raw(index)


def retry_failed(call: Call, transaction: Transaction, batch_uuid: UUID) -> Reply:
    """Make a new batch of the failed and cancelled items. Raises Problem STATE-CONFLICT or NOTHING-TO-RETRY."""
    # Two calls at once: the second waits here and then finds the new batch.
    transaction.execute("select 1 from batch where client_no = %s and batch_uuid = %s for update", (call.client_no, batch_uuid))
    batch = _load(transaction, call, batch_uuid)
    open_books(transaction, call.client_no).require_active()
    if not batch.is_final:
        raise Problem("STATE-CONFLICT", f"the batch is {batch.status}; wait until it is final")
    if batch.entity not in ("CUSTOMERS", "DOCUMENTS"):
        raise Problem("STATE-CONFLICT", "only batches of customers and documents can be retried")
    if batch.retry_batch_uuid is not None:
        again = encode_id(batch.retry_batch_uuid)
        raise Problem("STATE-CONFLICT", f"the batch was retried before, as {again}", norwegian=f"Bunken er kjørt på nytt før, som {again}")
    new_uuid = new_id()
    count = 0
    for members in slices_of(_items_to_retry(transaction, batch)):
        insert_slice(transaction, call.client_no, new_uuid, count, len(members), compress(members))
        count += len(members)
    if not count:
        raise Problem("NOTHING-TO-RETRY", "no item of the batch failed or was cancelled")
    insert_batch(
        transaction,
        client_no=call.client_no,
        batch_uuid=new_uuid,
        entity=batch.entity,
        operation="RETRY",
        kind=batch.kind,
        count_total=count,
        actor=call.subject,
        user_id=call.user_id,
        request_id=call.request_id,
        now=call.services.clock.now(),
        parent_batch_uuid=batch_uuid,
    )
    call.services.rates.count_items(call.client_no, count)
    set_retry_batch(transaction, call.client_no, batch_uuid, new_uuid)
    return accepted(call, transaction, new_uuid)
