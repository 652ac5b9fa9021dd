"""Accepting a batch: the whole body is read, split into raw items and stored in one commit; only then is it answered 202.

Nothing looks into the items here: what is wrong inside one is found when it is processed, and is that item's own error.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
from starlette.requests import Request

from reskontro.batches import raw_json
from reskontro.batches.kinds import BatchKind
from reskontro.batches.raw_json import Part, RepeatedKey
from reskontro.batches.slices import Filling, compress, insert_slice, slices_of
from reskontro.batches.starting import accepted
from reskontro.batches.store import insert_batch
from reskontro.db.engine import Transaction, client_transaction
from reskontro.kit.errors import Problem
from reskontro.kit.ids import new_id
from reskontro.kit.messages import Message
from reskontro.ledger.books import open_books
from reskontro.web.calls import Call, read_document, read_metadata
from reskontro.web.idempotency import Claim, claim_of, in_progress, keep_reply, stored_reply, try_lock
from reskontro.web.operations import NDJSON
from reskontro.web.replies import Reply
from reskontro.web.surface import content_media, in_time, read_body

_POLL_SECONDS = 0.05


def _check_text(body: bytes) -> None:
    if body.startswith(b"\xef\xbb\xbf"):
        raise Problem("MALFORMED-JSON", "a byte order mark is not allowed")
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            raise Problem("MALFORMED-JSON", "the body is not UTF-8") from None


def split_document(body: bytes, entity: str) -> tuple[str | None, Sequence[Part]]:
    """(userId, raw items) of a JSON batch; raises Problem MALFORMED-JSON or MALFORMED-BODY."""
    _check_text(body)
    try:
        values = raw_json.members(body)
    except msgspec.ValidationError:
        raise Problem("MALFORMED-BODY", "the body must be an object") from None
    except (msgspec.DecodeError, RecursionError, RepeatedKey) as error:
        raise Problem("MALFORMED-JSON", str(error)[:200]) from None
    for key in values:
        if key not in ("metadata", entity):
            raise Problem("MALFORMED-BODY", f"{key[:64]} is not a key of this body")
    user_id = read_metadata(read_document(values["metadata"])) if "metadata" in values else None
    if entity not in values:
        raise Problem("MALFORMED-BODY", f"{entity} is missing")
    try:
        items = raw_json.elements(values[entity])
    except (msgspec.DecodeError, RecursionError):
        raise Problem("MALFORMED-BODY", f"{entity} must be an array") from None
    if not items:
        raise Problem("MALFORMED-BODY", f"{entity} must have at least one element")
    for item in items:
        if bytes(memoryview(item)[:1]) != b"{":
            raise Problem("MALFORMED-BODY", f"every element of {entity} must be an object")
    return user_id, items


def _insert(call: Call, transaction: Transaction, kind: BatchKind, batch_uuid: UUID, count: int) -> None:
    insert_batch(
        transaction,
        client_no=call.client_no,
        batch_uuid=batch_uuid,
        entity=kind.entity,
        operation=kind.operation,
        kind=kind.name,
        count_total=count,
        actor=call.subject,
        user_id=call.user_id,
        request_id=call.request_id,
        now=call.services.clock.now(),
    )


def store_items(call: Call, transaction: Transaction, kind: BatchKind, items: Sequence[Any]) -> Reply:
    """Store items that are all here as a new batch; returns the 202."""
    batch_uuid = new_id()
    _insert(call, transaction, kind, batch_uuid, len(items))
    first = 0
    for members in slices_of(items):
        insert_slice(transaction, call.client_no, batch_uuid, first, len(members), compress(members))
        first += len(members)
    return accepted(call, transaction, batch_uuid)


def _accept_document(call: Call, kind: BatchKind, claim: Claim | None, items: Sequence[Part]) -> Reply | None:
    """One attempt to store a JSON batch; None while another call with its key runs."""
    services = call.services
    with services.database.transaction(call.client_no) as transaction:
        if claim is not None:
            if not try_lock(transaction, claim):
                return None
            kept = stored_reply(transaction, claim)
            if kept is not None:
                return kept
        open_books(transaction, call.client_no).require_active()
        reply = store_items(call, transaction, kind, items)
        if claim is not None:
            keep_reply(transaction, claim, reply, call.language, services.clock.now())
    return reply


async def accept_batch(call: Call, kind: BatchKind) -> Reply:
    """Accept a batch as JSON or NDJSON; raises Problem for what makes the whole body unacceptable, and then nothing is stored."""
    entity = call.operation.body.entity if call.operation.body else None
    assert entity is not None
    if content_media(call.request) == NDJSON:
        return await _accept_lines(call, kind, entity)
    settings = call.services.settings
    loop = asyncio.get_running_loop()
    call.body = await read_body(call.request, settings.batch_bytes_max, settings.body_idle_seconds)

    def begin() -> tuple[Sequence[Part], Claim | None, Reply | None]:
        """Split the body and try to store it, in one visit to a thread."""
        call.body_user_id, items = split_document(call.body, entity)
        if len(items) > settings.batch_items_max:
            raise Problem("TOO-MANY-ITEMS", f"a batch may have at most {settings.batch_items_max} items; send more as NDJSON")
        if len(call.body) > settings.item_bytes_max and any(len(memoryview(item)) > settings.item_bytes_max for item in items):
            raise Problem("PAYLOAD-TOO-LARGE", f"an item may have at most {settings.item_bytes_max} bytes")
        claim = claim_of(call, hashlib.sha256(call.body).digest()) if call.idempotency_key is not None else None
        return items, claim, _accept_document(call, kind, claim, items)

    deadline = time.monotonic() + settings.idempotency_wait_seconds
    items, claim, reply = await loop.run_in_executor(call.services.threads, begin)
    while reply is None:
        if time.monotonic() > deadline:
            raise in_progress()
        await asyncio.sleep(_POLL_SECONDS)
        reply = await loop.run_in_executor(call.services.threads, _accept_document, call, kind, claim, items)
    if "Idempotency-Replayed" not in reply.headers:
        call.services.rates.count_items(call.client_no, len(items))
    return reply


# ------------------------------------------------------------------------------------------------ NDJSON


def _line_fault(entity: str, line_no: int, detail: str, code: str = "MALFORMED-JSON") -> Problem:
    error = Message("E", "ITEM-MALFORMED", entity, f"/line/{line_no}", {"detail": detail})
    return Problem(code, f"line {line_no}: {detail}", errors=[error])


class _Lines:
    """Takes the bytes of an NDJSON body as they come and gives back checked items."""

    def __init__(self, entity: str, item_bytes_max: int) -> None:
        self._entity = entity
        self._item_bytes_max = item_bytes_max
        self._rest = b""
        self._line_no = 0
        self._first = True
        self.user_id: str | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """The items of the lines that this chunk completes."""
        lines = (self._rest + chunk).split(b"\n") if self._rest else chunk.split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > self._item_bytes_max + 2:
            raise Problem("PAYLOAD-TOO-LARGE", f"an item may have at most {self._item_bytes_max} bytes")
        return self._items(lines)

    def finish(self) -> list[bytes]:
        """The item of the last line, when it does not end with a line feed."""
        rest, self._rest = self._rest, b""
        return self._items([rest])

    def _items(self, lines: list[bytes]) -> list[bytes]:
        items: list[bytes] = []
        for line in lines:
            self._line_no += 1
            item = line.strip(b" \t\r")
            if not item:
                continue
            if len(item) > self._item_bytes_max:
                raise Problem("PAYLOAD-TOO-LARGE", f"line {self._line_no}: an item may have at most {self._item_bytes_max} bytes")
            self._check(item)
            if self._first:
                self._first = False
                if item.startswith(b"{") and b'"metadata"' in item and self._is_metadata(item):
                    continue
            items.append(item)
        return items

    def _check(self, item: bytes) -> None:
        if not item.isascii():
            try:
                item.decode("utf-8")
            except UnicodeDecodeError:
                raise _line_fault(self._entity, self._line_no, "not UTF-8") from None
        try:
            raw_json.check(item)
        except (msgspec.DecodeError, RecursionError) as error:
            raise _line_fault(self._entity, self._line_no, str(error)[:200]) from None
        if not item.startswith(b"{"):
            raise _line_fault(self._entity, self._line_no, "every line must be an object", "MALFORMED-BODY")

    def _is_metadata(self, item: bytes) -> bool:
        try:
            values = raw_json.members(item)
        except RepeatedKey:
            return False
        if set(values) != {"metadata"}:
            return False
        self.user_id = read_metadata(read_document(values["metadata"]))
        return True


async def _slices(lines: _Lines, request: Request, hasher: Any, bytes_max: int, idle_seconds: float) -> AsyncIterator[list[bytes]]:
    """The items of the body in lists that fill a slice each."""
    size = 0
    filling = Filling()
    async for chunk in in_time(request, idle_seconds):
        size += len(chunk)
        if size > bytes_max:
            raise Problem("PAYLOAD-TOO-LARGE", f"the body may have at most {bytes_max} bytes")
        if hasher is not None:
            hasher.update(chunk)
        for members in filling.take(lines.feed(chunk)):
            yield members
    for members in (*filling.take(lines.finish()), *filling.rest()):
        yield members


async def _accept_lines(call: Call, kind: BatchKind, entity: str) -> Reply:
    """Store an NDJSON body while it comes in, in one transaction on a connection of its own."""
    services = call.services
    settings = services.settings
    loop = asyncio.get_running_loop()
    lines = _Lines(entity, settings.item_bytes_max)
    hasher = hashlib.sha256() if call.idempotency_key is not None else None
    uploads = services.part(Uploads)
    uploads.begin()
    try:
        connection = await loop.run_in_executor(services.threads, services.database.connect)
    except BaseException:
        uploads.end()
        raise
    try:
        transaction = client_transaction(connection, call.client_no)
        run = loop.run_in_executor
        await run(services.threads, transaction.__enter__)
        try:
            batch_uuid = new_id()
            count = 0

            def store(first: int, members: list[bytes]) -> None:
                insert_slice(connection, call.client_no, batch_uuid, first, len(members), compress(members))

            async for members in _slices(lines, call.request, hasher, settings.stream_bytes_max, settings.body_idle_seconds):
                if count + len(members) > settings.stream_items_max:
                    raise Problem("TOO-MANY-ITEMS", f"a batch may have at most {settings.stream_items_max} items")
                await run(services.threads, store, count, members)
                count += len(members)
            if not count:
                raise Problem("MALFORMED-BODY", "the body has no item")
            call.body_user_id = lines.user_id

            def finish() -> Reply:
                claim = claim_of(call, hasher.digest()) if hasher is not None else None
                if claim is not None:
                    deadline = time.monotonic() + settings.idempotency_wait_seconds
                    while not try_lock(connection, claim):
                        if time.monotonic() > deadline:
                            raise in_progress()
                        time.sleep(_POLL_SECONDS)
                    kept = stored_reply(connection, claim)
                    if kept is not None:
                        raise _Replayed(kept)
                # The client may have been suspended while the body came in.
                connection.books_version = None
                open_books(connection, call.client_no).require_active()
                _insert(call, connection, kind, batch_uuid, count)
                reply = accepted(call, connection, batch_uuid)
                if claim is not None:
                    keep_reply(connection, claim, reply, call.language, services.clock.now())
                return reply

            reply = await run(services.threads, finish)
        except _Replayed as replayed:
            await run(services.threads, transaction.__exit__, type(replayed), replayed, None)
            return replayed.reply
        except BaseException as error:
            failure = error
            await run(services.threads, _leave, transaction, failure)
            raise
        await run(services.threads, transaction.__exit__, None, None, None)
        services.rates.count_items(call.client_no, count)
        return reply
    finally:
        uploads.end()
        connection.close()


class Uploads:
    """How many streams a process takes at a time: each has a connection and a transaction of its own for as long as it lasts."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._running = 0

    def begin(self) -> None:
        """Count one more; raises Problem UNAVAILABLE when there are enough. Called in the event loop only."""
        if self._running >= self._most:
            raise Problem("UNAVAILABLE", "too many streams are coming in; try again", headers={"Retry-After": "5"})
        self._running += 1

    def end(self) -> None:
        """Count one less."""
        self._running -= 1


class _Replayed(Exception):
    """The call was done before: roll back what was stored this time and give the kept answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


def _leave(transaction: Any, failure: BaseException) -> None:
    """Roll back; the failure itself is raised by the caller."""
    try:
        transaction.__exit__(type(failure), failure, failure.__traceback__)
    except BaseException as error:
        if error is not failure:
            raise
