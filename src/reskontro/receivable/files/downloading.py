"""Giving files out: what is known of one, and its content, which is read piece by piece while it is sent."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote
from uuid import UUID

from reskontro.db.engine import lock_client
from reskontro.db.objects import ObjectStoreFault
from reskontro.kit.errors import Problem, not_found
from reskontro.kit.ids import encode_id
from reskontro.kit.json import write_json
from reskontro.ledger.books import open_books
from reskontro.ledger.log import LogEntry, append_log
from reskontro.receivable.files import store
from reskontro.receivable.files.content import PIECE_BYTES, even_pieces, piece_count, piece_of, stored_object
from reskontro.receivable.files.store import FileRecord
from reskontro.receivable.files.types import media_of
from reskontro.receivable.files.writing import render_letter
from reskontro.receivable.writes import origin_of
from reskontro.web.calls import Call
from reskontro.web.operations import JSON, OCTETS
from reskontro.web.parameters import accepted_media
from reskontro.web.replies import Reply

CONTENT: Final = "content"
_PASSIVE: Final = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
"""Whatever a file holds, a browser that is led to it saves it and runs nothing."""
RETRY_AFTER_SECONDS: Final = "5"


def show_file(call: Call, file_id: UUID) -> Reply:
    """One file, with its content when that is asked for; raises Problem NOT-FOUND, NOT-ACCEPTABLE, UNAVAILABLE.

    Giving out a content is noted in the log, and a letter is rendered, before the first byte is sent.
    """
    record = _look_up(call, file_id)
    media = accepted_media(call.request.headers.get("accept"), (JSON, OCTETS, media_of(record.content_type)))
    if media == JSON and CONTENT not in call.parameters.get("expand", ()):
        return Reply(200, record.view())
    try:
        record = _hand_out(call, file_id)
        pieces = _content(call, record)
    except ObjectStoreFault as fault:
        raise Problem("UNAVAILABLE", str(fault), headers={"Retry-After": RETRY_AFTER_SECONDS}) from fault
    assert record.size is not None
    if media == JSON:
        head = write_json(record.view())[:-1] + b',"content":"'
        length = len(head) + -(-record.size // 3) * 4 + 2
        return Reply(200, None, {**_PASSIVE, "Content-Length": str(length)}, JSON, _as_json(head, pieces))
    headers = {**_PASSIVE, "Content-Length": str(record.size), "Content-Disposition": disposition(record.file_name)}
    return Reply(200, None, headers, OCTETS if media == OCTETS else record.content_type, pieces)


def _look_up(call: Call, file_id: UUID) -> FileRecord:
    with call.services.database.transaction(call.client_no) as transaction:
        open_books(transaction, call.client_no)
        record = store.get_file(transaction, call.client_no, file_id)
    if record is None:
        raise not_found("the file")
    return record


def _hand_out(call: Call, file_id: UUID) -> FileRecord:
    """Render a letter that nobody has read yet, and note the download."""
    with call.services.database.transaction(call.client_no) as transaction:
        render_letter(transaction, call.client_no, file_id)
        record = store.get_file(transaction, call.client_no, file_id)
        assert record is not None, "files stay"
        lock_client(transaction, call.client_no)
        entry = LogEntry("FILE-DOWNLOADED", "FILE", encode_id(file_id), origin_of(call), document_no=record.document_no)
        append_log(transaction, call.client_no, call.services.clock.now(), [entry])
    return record


def _content(call: Call, record: FileRecord) -> Iterator[bytes]:
    """The content in pieces, the first of which is there already: a content that cannot be had is no answer that breaks off."""
    pieces = _pieces(call, record)
    first = next(pieces, b"")
    return _after(first, pieces)


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _pieces(call: Call, record: FileRecord) -> Iterator[bytes]:
    """A short transaction for every piece, so that a slow reader keeps no connection."""
    size = record.size or 0
    database = call.services.database
    if record.storage == "STORE":
        yield from stored_object(database.objects, record.client_no, record.file_id, size)
        return
    for number in range(piece_count(size)):
        with database.transaction(record.client_no) as transaction:
            piece = piece_of(transaction, record.client_no, record.file_id, number)
        yield piece


def _as_json(head: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    for piece in even_pieces(pieces, PIECE_BYTES):
        yield base64.b64encode(piece)
    yield b'"}'


def disposition(file_name: str) -> str:
    """A Content-Disposition by which a browser saves a content under its name (RFC 6266)."""
    plain = "".join(character if character.isascii() and character.isprintable() and character not in '"\\%' else "_" for character in file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
