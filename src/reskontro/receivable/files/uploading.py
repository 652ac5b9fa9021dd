"""Uploading files: each is judged by itself; those that are in order are stored together, bank files with the batch that imports them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from reskontro.batches.kinds import Kinds, RunKind
from reskontro.batches.starting import queue_run
from reskontro.batches.store import get_batch
from reskontro.db.engine import Transaction, lock_client
from reskontro.db.objects import ObjectStoreFault
from reskontro.kit.errors import Problem
from reskontro.kit.ids import encode_id, new_id
from reskontro.kit.messages import Language, Messages, outcome_text, render, wire_messages
from reskontro.ledger.books import open_books
from reskontro.ledger.log import LogEntry, append_log
from reskontro.receivable.drafts import Draft
from reskontro.receivable.files import store
from reskontro.receivable.files.content import Stored, object_key, store_content, store_object
from reskontro.receivable.files.kinds import ATTACHMENT_MEDIA, UNTOLD, WrongKind, judge
from reskontro.receivable.files.schemas import FILE_NAME_MAX, FILE_TYPE_MAX, FILE_UPLOAD, NoBase64, read_base64, runs_by_name
from reskontro.receivable.files.store import FileRecord
from reskontro.receivable.files.types import ATTACHMENT, INCOMING, media_of
from reskontro.receivable.writes import origin_of
from reskontro.web.calls import Call
from reskontro.web.idempotency import run_once
from reskontro.web.replies import Reply

_MIB: Final = 1 << 20
_CONTENT_LOCK: Final = 7_305_553
RETRY_AFTER_SECONDS: Final = "5"


def import_name(file_type: str) -> str:
    """The name of the batch kind that imports files of a type; a type without such a kind is only stored."""
    return f"import-{file_type.lower()}"


_Key = tuple[str, bytes]
"""Type and SHA-256 of a file: what makes two files the same."""


@dataclass(slots=True)
class _Upload:
    """One file of the call, and what becomes of it."""

    draft: Draft
    file_type: str = ""
    content: bytes = b""
    content_type: str = ""
    sha256: bytes = b""
    record: FileRecord | None = None
    is_new: bool = False
    batch_uuid: UUID | None = None

    @property
    def key(self) -> _Key:
        return self.file_type, self.sha256


def upload(call: Call, sent: Sequence[dict[str, Any]]) -> Reply:
    """Store the files of a call; raises Problem TOO-MANY-ITEMS, NOT-FOUND, CLIENT-NOT-ACTIVE, and FILES-REJECTED when none is in order."""
    most = call.services.settings.files_max
    if len(sent) > most:
        raise Problem("TOO-MANY-ITEMS", f"a call may have at most {most} files")

    placed = _Placed(call)
    try:
        while True:
            try:
                reply = run_once(call, lambda transaction: _register(call, transaction, sent, placed))
                break
            except _ContentFirst as first:
                placed.place(first.uploads)
    except Problem:
        # Its transaction was rolled back; after a failure of another kind nobody knows whether it was.
        placed.drop_all()
        raise
    placed.drop_unused()
    return reply


def _register(call: Call, transaction: Transaction, sent: Sequence[dict[str, Any]], placed: _Placed) -> Reply:
    """Judge the files and store those in order; raises _ContentFirst as long as some belong into the object store and are not placed there."""
    books = open_books(transaction, call.client_no)
    books.require_active()
    today = books.today(call.services.clock.now())
    allowed, size_mib_max = books.config("files.allowedTypes", today), books.config("files.maxSizeMiB", today)
    uploads = [_read(index, raw, allowed, size_mib_max) for index, raw in enumerate(sent)]
    documents = _documents(transaction, call.client_no, uploads)
    good = [one for one in uploads if not one.draft.failed]
    if not good:
        raise Problem("FILES-REJECTED", members=_answer(call, uploads))
    _store(call, transaction, good, documents, placed)
    return Reply(207 if len(good) < len(uploads) else 200, _answer(call, uploads))


class _ContentFirst(Exception):
    """These files are to be registered, and their contents are not in the object store yet: the transaction ends before they are put there."""

    def __init__(self, uploads: Sequence[_Upload]) -> None:
        super().__init__()
        self.uploads = uploads


class _Placed:
    """The contents that a call has put into the object store, which takes its time: neither a connection nor a lock is held meanwhile."""

    def __init__(self, call: Call) -> None:
        self._client_no = call.client_no
        self._objects = call.services.database.objects
        self._contents: dict[_Key, tuple[UUID, Stored]] = {}
        self._used: set[_Key] = set()

    def lacks(self, key: _Key) -> bool:
        """Whether such a content belongs into the object store and was not put there by this call."""
        return self._objects is not None and key not in self._contents

    def place(self, uploads: Sequence[_Upload]) -> None:
        """Put contents into the store, each under the id its file is going to have; raises Problem UNAVAILABLE."""
        assert self._objects is not None, "without a store there is nothing to place"
        for one in uploads:
            file_id = new_id()
            try:
                self._contents[one.key] = file_id, store_object(self._objects, self._client_no, file_id, [one.content])
            except ObjectStoreFault as fault:
                raise Problem("UNAVAILABLE", str(fault), headers={"Retry-After": RETRY_AFTER_SECONDS}) from fault

    def use(self, key: _Key) -> tuple[UUID, Stored] | None:
        """Id and content for the row of a file; None when its content goes into the database."""
        self._used.add(key)
        return self._contents.get(key)

    def drop_unused(self) -> None:
        """Take away what another call has stored before, or what the answer of another call with the same key was given for."""
        self._drop(self._contents.keys() - self._used)

    def drop_all(self) -> None:
        """Take away everything, since no row was committed."""
        self._drop(self._contents)

    def _drop(self, keys: Iterable[_Key]) -> None:
        for key in keys:
            assert self._objects is not None
            self._objects.drop(object_key(self._client_no, self._contents[key][0]))


# ------------------------------------------------------------------------------------------------ judging


def _read(index: int, raw: dict[str, Any], allowed: Sequence[str], size_mib_max: int) -> _Upload:
    messages = Messages()
    draft = Draft(FILE_UPLOAD, "file", raw, FILE_UPLOAD.read(raw, messages), messages, index)
    upload = _Upload(draft)
    sent_type = draft.values.get("fileType")
    if sent_type is not None:
        upload.file_type = sent_type.upper()
        if upload.file_type not in INCOMING or upload.file_type not in allowed:
            draft.find("FILE-TYPE", "fileType", value=raw["fileType"])
            upload.file_type = ""
    sent_media = media_of(draft.values.get("contentType") or UNTOLD)
    if sent_media not in (*ATTACHMENT_MEDIA, UNTOLD):
        draft.find("CODE-UNKNOWN", "contentType", value=raw["contentType"])
        del draft.values["contentType"]
    if upload.file_type and runs_by_name(draft.values.get("fileName", "")):
        draft.find("FORMAT", "fileName", value=raw["fileName"])
    if upload.file_type and upload.file_type != ATTACHMENT and draft.was_sent("documentNo"):
        messages.unknown("E", "documentNo", "/documentNo")
    if "content" in draft.values:
        _read_content(upload, size_mib_max)
    return upload


def _read_content(upload: _Upload, size_mib_max: int) -> None:
    """FILE-CONTENT for what is not base64, too large, of another kind or with another digest."""
    draft = upload.draft
    # The text is not needed any longer, and may be long.
    content: str = draft.values.pop("content")
    if len(content) > (size_mib_max * _MIB + 2) // 3 * 4:
        draft.find("FILE-CONTENT", "content", detail=f"it is larger than {size_mib_max} MiB")
        return
    try:
        upload.content = read_base64(content)
    except NoBase64:
        draft.find("FILE-CONTENT", "content", detail="it is not base64 (RFC 4648, padded)")
        return
    upload.sha256 = hashlib.sha256(upload.content).digest()
    stated = draft.values.get("sha256")
    if len(upload.content) > size_mib_max * _MIB:
        draft.find("FILE-CONTENT", "content", detail=f"it is larger than {size_mib_max} MiB")
    elif stated is not None and stated.lower() != upload.sha256.hex():
        draft.find("FILE-CONTENT", "content", detail=f"its SHA-256 is {upload.sha256.hex()}")
    elif upload.file_type and not draft.refused(("contentType",)):
        try:
            upload.content_type = judge(upload.file_type, upload.content, draft.values.get("contentType"))
        except WrongKind as fault:
            draft.find("FILE-CONTENT", "content", detail=str(fault))


def _documents(transaction: Transaction, client_no: int, uploads: Sequence[_Upload]) -> dict[str, tuple[str, UUID | None]]:
    """Number and bundle of the documents named, by number without case; DOCUMENT-UNKNOWN for those that are not there."""
    named = [one for one in uploads if "documentNo" in one.draft.values and one.file_type in ("", ATTACHMENT)]
    rows = transaction.execute(
        "select document_key, document_no, document_bundle_id from document where client_no = %s and document_key = any(%s)",
        (client_no, [one.draft.values["documentNo"].lower() for one in named]),
    )
    found = {key: (number, bundle) for key, number, bundle in rows}
    for one in named:
        if one.draft.values["documentNo"].lower() not in found:
            one.draft.find("DOCUMENT-UNKNOWN", "documentNo", value=one.draft.raw["documentNo"])
    return found


# ------------------------------------------------------------------------------------------------ storing


def _store(call: Call, transaction: Transaction, uploads: Sequence[_Upload], documents: dict[str, tuple[str, UUID | None]], placed: _Placed) -> None:
    """Store what is not there yet, its content before the client's write lock is taken, since that may take its time."""
    client_no, now = call.client_no, call.services.clock.now()
    origin = origin_of(call)
    known: dict[_Key, FileRecord] = {}
    first: dict[_Key, _Upload] = {}
    # Whoever sends the same content at the same time waits, in one order for all, and finds it stored.
    for one in sorted(uploads, key=lambda upload: upload.key):
        if one.key not in known:
            record = _stored_before(transaction, client_no, one)
            if record is None and placed.lacks(one.key):
                first[one.key] = one
                continue
            if record is None:
                one.is_new = True
                record = _new_record(call, transaction, one, documents, placed)
            known[one.key] = record
    if first:
        raise _ContentFirst(list(first.values()))
    for one in uploads:
        one.record = known[one.key]
    lock_client(transaction, client_no)
    # The client may have been suspended in the meantime.
    transaction.books_version = None
    books = open_books(transaction, client_no, now)
    books.require_active()
    entries = []
    for one in uploads:
        assert one.record is not None
        if one.is_new:
            store.insert_file(transaction, one.record)
            entries.append(LogEntry("FILE-STORED", "FILE", encode_id(one.record.file_id), origin, document_no=one.record.document_no))
    if entries:
        append_log(transaction, client_no, now, entries)
    _queue_imports(call, transaction, uploads)


def _stored_before(transaction: Transaction, client_no: int, one: _Upload) -> FileRecord | None:
    key = int.from_bytes(hashlib.sha256(f"{client_no}\x00{one.file_type}\x00".encode() + one.sha256).digest()[:4], "big", signed=True)
    transaction.execute("select pg_advisory_xact_lock(%s, %s)", (_CONTENT_LOCK, key))
    return store.uploaded_before(transaction, client_no, one.file_type, one.sha256)


def _new_record(call: Call, transaction: Transaction, one: _Upload, documents: dict[str, tuple[str, UUID | None]], placed: _Placed) -> FileRecord:
    content = placed.use(one.key)
    if content is None:
        file_id = new_id()
        content = file_id, store_content(transaction, call.client_no, file_id, [one.content])
    file_id, stored = content
    document_no, bundle = documents[one.draft.values["documentNo"].lower()] if "documentNo" in one.draft.values else (None, None)
    return FileRecord(
        call.client_no,
        file_id,
        one.file_type,
        "IN",
        one.draft.values["fileName"],
        one.content_type,
        stored.size,
        stored.sha256,
        stored.storage,
        document_no,
        bundle,
        None,
        None,
        call.services.clock.now(),
        call.user_id,
    )


def _queue_imports(call: Call, transaction: Transaction, uploads: Sequence[_Upload]) -> None:
    """Queue the import of new bank files, and of those whose last import did not come to its end well."""
    kinds = call.services.part(Kinds)
    seen: set[UUID] = set()
    for one in uploads:
        kind = kinds.get(import_name(one.file_type))
        if not isinstance(kind, RunKind):
            continue
        assert one.record is not None
        current = store.get_file(transaction, call.client_no, one.record.file_id)
        assert current is not None
        one.batch_uuid = current.batch_uuid
        if current.file_id not in seen and _wants_import(transaction, current):
            one.batch_uuid = queue_run(
                transaction,
                client_no=call.client_no,
                kind=kind,
                request={},
                actor=call.subject,
                user_id=call.user_id,
                request_id=call.request_id,
                now=call.services.clock.now(),
                file_id=current.file_id,
            )
            store.set_batch(transaction, call.client_no, current.file_id, one.batch_uuid)
        seen.add(current.file_id)


def _wants_import(transaction: Transaction, record: FileRecord) -> bool:
    if record.batch_uuid is None:
        return True
    batch = get_batch(transaction, record.client_no, record.batch_uuid)
    # One that was cancelled or failed in part goes on where it stopped: what was booked is known again by its fingerprint.
    return batch is not None and batch.is_final and batch.result != "SUCCESS"


# ------------------------------------------------------------------------------------------------ answering


def _answer(call: Call, uploads: Sequence[_Upload]) -> dict[str, Any]:
    failed = sum(one.draft.failed for one in uploads)
    return {
        "clientNo": call.client_no,
        "countSuccessful": len(uploads) - failed,
        "countFailed": failed,
        "files": [_result(one, call.language) for one in uploads],
    }


def _result(one: _Upload, language: Language) -> dict[str, Any]:
    draft = one.draft
    messages = draft.messages.in_order()
    errors = [message for message in messages if message.severity == "E"]
    if errors:
        result: dict[str, Any] = {"status": "PROCESSED", "result": "FAILED", "message": render(errors[0], language)}
        name, file_type = _echo(draft, "fileName", FILE_NAME_MAX), _echo(draft, "fileType", FILE_TYPE_MAX)
    else:
        assert one.record is not None
        code, outcome = ("CREATED", "FILE-STORED") if one.is_new else ("UNCHANGED", "FILE-UNCHANGED")
        result = {"status": "PROCESSED", "result": code, "message": outcome_text(outcome, language), "fileId": one.record.file_id}
        name, file_type = draft.values["fileName"], one.file_type
    result |= {"fileName": name, "fileType": file_type}
    if not errors and one.batch_uuid is not None:
        result["batchUuid"] = one.batch_uuid
    if "clientReference" in draft.values:
        result["clientReference"] = draft.values["clientReference"]
    for key, severity in (("warnings", "W"), ("errors", "E")):
        chosen = [message for message in messages if message.severity == severity]
        if chosen:
            result[key] = wire_messages(chosen, language, diagnostics=True, root=f"/files/{draft.index}")
    return result


def _echo(draft: Draft, name: str, length_max: int) -> str:
    sent = draft.raw.get(name)
    return sent[:length_max] if isinstance(sent, str) else ""
