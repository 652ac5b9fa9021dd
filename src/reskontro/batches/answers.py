"""Batches and results as answers: JSON with exactly the documented keys, NDJSON and CSV as streams that do not grow in memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reskontro.batches.kinds import ItemResult, Kinds
from reskontro.batches.slices import slice_at
from reskontro.batches.store import BatchRecord, StoredResult, read_results
from reskontro.db.engine import Database
from reskontro.kit.errors import Problem, validation_failed
from reskontro.kit.ids import encode_id
from reskontro.kit.json import JsonMalformed, read_json, write_json
from reskontro.kit.messages import Language, Message, outcome_text, render, wire_messages
from reskontro.web.calls import Call
from reskontro.web.replies import Reply

ROWS_AT_A_TIME = 1_000
CSV_COLUMNS = (
    "index",
    "status",
    "result",
    "message",
    "clientNo",
    "accountNo",
    "customerNo",
    "documentNo",
    "documentUuid",
    "clientReference",
    "warnings",
    "errors",
)


def batch_body(batch: BatchRecord, language: Language, *, diagnostics: bool = False) -> dict[str, Any]:
    """The batch without its items."""
    body: dict[str, Any] = {"clientNo": batch.client_no, "batchUuid": batch.batch_uuid, "status": batch.status}
    if batch.result:
        body["result"] = batch.result
    body["message"] = outcome_text(f"BATCH-{batch.status}", language)
    body["countNotProcessed"] = batch.count_total - batch.count_processed
    body["countProcessed"] = batch.count_processed
    body["countSuccessful"] = batch.count_successful
    body["countFailed"] = batch.count_failed
    if diagnostics:
        body |= diagnostics_of(batch)
    return body


def diagnostics_of(batch: BatchRecord) -> dict[str, Any]:
    """What expand=diagnostics and lists add; unset keys are absent."""
    more = {
        "entity": batch.entity,
        "operation": batch.operation,
        "userId": batch.user_id,
        "createdAt": batch.created_at,
        "startedAt": batch.started_at,
        "finishedAt": batch.finished_at,
        "parentBatchUuid": batch.parent_batch_uuid,
        "fileId": batch.file_id,
    }
    return {key: value for key, value in more.items() if value is not None}


def result_message(result: str, outcome: str | None, messages: Sequence[Message], language: Language) -> str:
    """The outcome in words: of a failed item the first error."""
    if result == "CANCELLED":
        return outcome_text("ITEM-CANCELLED", language)
    if outcome is not None:
        return outcome_text(outcome, language)
    return next(render(message, language) for message in messages if message.severity == "E")


def result_body(
    r: StoredResult | ItemResult, client_no: int, language: Language, *, index: int | None, diagnostics: bool, root: str = ""
) -> dict[str, Any]:
    """One result; ``index`` is given for items of a batch when diagnostics are asked for."""
    body: dict[str, Any] = {
        "status": "CANCELLED" if r.result == "CANCELLED" else "PROCESSED",
        "result": r.result,
        "message": result_message(r.result, r.outcome, r.messages, language),
        "clientNo": client_no,
    }
    known = {
        "accountNo": r.account_no,
        "customerNo": r.customer_no,
        "documentNo": r.document_no,
        "documentUuid": r.document_uuid,
        "arItemId": r.ar_item_id,
        "kid": r.kid,
        "paymentUuid": r.payment_uuid,
        "fileId": r.file_id,
    }
    body |= {key: value for key, value in known.items() if value is not None}
    if index is not None:
        body["index"] = index
    if diagnostics and r.client_reference is not None:
        body["clientReference"] = r.client_reference
    warnings = [message for message in r.messages if message.severity == "W"]
    errors = [message for message in r.messages if message.severity == "E"]
    if warnings:
        body["warnings"] = wire_messages(warnings, language, diagnostics=diagnostics, root=root)
    if errors:
        body["errors"] = wire_messages(errors, language, diagnostics=diagnostics, root=root)
    return body


def write_result(call: Call, result: ItemResult, location: Callable[[ItemResult], str] | None = None) -> Reply:
    """The answer of a single write: 201 or 200 with a WriteResult; raises Problem VALIDATION-FAILED for a failed one.

    Pointers start at the body's root, that is at the entity's key.
    """
    entity = call.operation.body.entity if call.operation.body else None
    root = f"/{entity}" if entity else ""
    if result.result == "FAILED":
        raise validation_failed(result.messages, root)
    body = result_body(result, call.client_no, call.language, index=None, diagnostics=True, root=root)
    if result.result == "CREATED":
        headers = {"Location": location(result)} if location else {}
        return Reply(201, body, headers)
    return Reply(200, body)


# ------------------------------------------------------------------------------------------------ the items of a batch


@dataclass(frozen=True, slots=True)
class ResultReader:
    """Reads the results of a batch in input order, those of cancelled items from the input itself."""

    database: Database
    kinds: Kinds
    batch: BatchRecord
    results: tuple[str, ...] | None
    """Only these result codes; None for all."""

    def read(self, *, after: int = -1, limit: int | None = None) -> Iterator[StoredResult]:
        """Results of items whose index is above ``after``, at most ``limit``; a short transaction for every thousand."""
        batch = self.batch
        if not (batch.is_final or batch.count_processed):
            return
        left = limit if limit is not None else batch.count_total
        wanted = None if self.results is None else [code for code in self.results if code != "CANCELLED"]
        while left > 0 and (wanted is None or wanted):
            size = min(left, ROWS_AT_A_TIME)
            with self.database.transaction(batch.client_no) as transaction:
                rows = read_results(transaction, batch, after=after, limit=size, results=wanted)
            yield from rows
            left -= len(rows)
            if len(rows) < size:
                break
            after = rows[-1].index
        if left > 0 and batch.status == "CANCELLED" and (self.results is None or "CANCELLED" in self.results):
            yield from self._cancelled(max(after + 1, batch.count_processed), left)

    def _cancelled(self, index: int, left: int) -> Iterator[StoredResult]:
        batch = self.batch
        kind = self.kinds[batch.kind]
        # The inputs of a run are counted apart from its results, which may be fewer or more.
        ahead = 0 if batch.input_total is None else batch.input_done - batch.count_processed
        while left > 0 and index < batch.count_total:
            with self.database.transaction(batch.client_no) as transaction:
                found = slice_at(transaction, batch.client_no, batch.batch_uuid, index + ahead)
            if found is None:
                return
            first, items = found
            for raw in items[index + ahead - first :][:left]:
                try:
                    account_no, customer_no, document_no, reference = kind.identify(read_json(raw))
                except JsonMalformed:
                    account_no = customer_no = document_no = reference = None
                yield StoredResult(index, "CANCELLED", "ITEM-CANCELLED", account_no, customer_no, document_no, None, None, None, reference, [])
                index, left = index + 1, left - 1


def json_chunks(
    head: dict[str, Any], results: Iterator[StoredResult], tail: dict[str, Any], language: Language, diagnostics: bool
) -> Iterator[bytes]:
    """A batch with its items as JSON, in pieces: ``head`` before ``items``, ``tail`` after it."""
    before = opening = write_json(head)[:-1] + b',"items":['
    for piece in _pieces(results):
        lines = [_line(r, head["clientNo"], language, diagnostics) for r in piece]
        yield before + b",".join(lines)
        before = b","
    end = (b"]," + write_json(tail)[1:]) if tail else b"]}"
    yield opening + end if before is opening else end


def ndjson_chunks(head: dict[str, Any], results: Iterator[StoredResult], language: Language, diagnostics: bool) -> Iterator[bytes]:
    """First line the batch, then one line per item."""
    before = write_json(head) + b"\n"
    for piece in _pieces(results):
        yield before + b"".join(_line(r, head["clientNo"], language, diagnostics) + b"\n" for r in piece)
        before = b""
    if before:
        yield before


def _line(r: StoredResult, client_no: int, language: Language, diagnostics: bool) -> bytes:
    return write_json(result_body(r, client_no, language, index=r.index if diagnostics else None, diagnostics=diagnostics))


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def csv_chunks(client_no: int, results: Iterator[StoredResult], language: Language) -> Iterator[bytes]:
    """RFC 4180 with a header line; messages as "field: text", joined by " | "."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for piece in _pieces(results):
        for r in piece:
            found = {
                severity: " | ".join(f"{m.field}: {render(m, language)}" for m in r.messages if m.severity == severity) for severity in ("W", "E")
            }
            cells = (
                r.index,
                "CANCELLED" if r.result == "CANCELLED" else "PROCESSED",
                r.result,
                result_message(r.result, r.outcome, r.messages, language),
                client_no,
                r.account_no,
                r.customer_no,
                r.document_no,
                encode_id(r.document_uuid) if r.document_uuid else None,
                r.client_reference,
                found["W"],
                found["E"],
            )
            writer.writerow([_cell(cell) for cell in cells])
        yield _drain(buffer)
    rest = _drain(buffer)
    if rest:
        yield rest


def _drain(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _pieces(results: Iterator[StoredResult]) -> Iterator[list[StoredResult]]:
    piece: list[StoredResult] = []
    for r in results:
        piece.append(r)
        if len(piece) >= ROWS_AT_A_TIME:
            yield piece
            piece = []
    if piece:
        yield piece


def retry_conflict(detail: str) -> Problem:
    """409 for a batch that cannot be cancelled or retried."""
    return Problem("STATE-CONFLICT", detail)
