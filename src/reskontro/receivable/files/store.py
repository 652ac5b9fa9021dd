"""SQL of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row

from reskontro.db.engine import Transaction
from reskontro.receivable.files.content import Storage, Stored


@dataclass(slots=True)
class FileRecord:
    """A file as it is stored. Size, digest and storage of a letter are None until it is rendered."""

    client_no: int
    file_id: UUID
    file_type: str
    direction: str
    file_name: str
    content_type: str
    size: int | None
    sha256: bytes | None
    storage: Storage | None
    document_no: str | None
    document_bundle_id: UUID | None
    batch_uuid: UUID | None
    letter: dict[str, Any] | None
    created_at: datetime
    created_by: str

    def view(self) -> dict[str, Any]:
        """The file as answers show it, without content."""
        return {
            "fileId": self.file_id,
            "clientNo": self.client_no,
            "fileName": self.file_name,
            "fileType": self.file_type,
            "contentType": self.content_type,
            "direction": self.direction,
            "size": self.size,
            "sha256": bytes(self.sha256).hex() if self.sha256 is not None else None,
            "documentNo": self.document_no,
            "documentBundleId": self.document_bundle_id,
            "batchUuid": self.batch_uuid,
            "createdAt": self.created_at,
            "createdBy": self.created_by,
        }


_NAMES = tuple(FileRecord.__dataclass_fields__)
_COLUMNS = ", ".join(_NAMES)
# A letter is read only by whoever renders it.
_WITHOUT_LETTER = ", ".join("null::jsonb as letter" if name == "letter" else name for name in _NAMES)


def insert_file(transaction: Transaction, record: FileRecord) -> None:
    """Add the row of a file whose content is stored."""
    assert record.letter is None, "letters come in sets"
    transaction.execute(
        f"insert into file ({_COLUMNS}) values ({', '.join(['%s'] * len(_NAMES))})".encode(), tuple(getattr(record, name) for name in _NAMES)
    )


def get_file(transaction: Transaction, client_no: int, file_id: UUID, *, with_letter: bool = False) -> FileRecord | None:
    """A file by id, None when the client has none such."""
    cursor = transaction.cursor(row_factory=class_row(FileRecord))
    columns = _COLUMNS if with_letter else _WITHOUT_LETTER
    return cursor.execute(f"select {columns} from file where client_no = %s and file_id = %s".encode(), (client_no, file_id)).fetchone()


def get_files(transaction: Transaction, client_no: int, ids: Sequence[UUID]) -> dict[UUID, FileRecord]:
    """Files by id."""
    cursor = transaction.cursor(row_factory=class_row(FileRecord))
    rows = cursor.execute(f"select {_WITHOUT_LETTER} from file where client_no = %s and file_id = any(%s)".encode(), (client_no, list(ids)))
    return {record.file_id: record for record in rows}


def uploaded_before(transaction: Transaction, client_no: int, file_type: str, sha256: bytes) -> FileRecord | None:
    """The uploaded file of that type and content."""
    cursor = transaction.cursor(row_factory=class_row(FileRecord))
    return cursor.execute(
        f"select {_WITHOUT_LETTER} from file where client_no = %s and file_type = %s and sha256 = %s and direction = 'IN'".encode(),
        (client_no, file_type, sha256),
    ).fetchone()


def known_attachments(transaction: Transaction, client_no: int, ids: Iterable[UUID]) -> set[UUID]:
    """Which of the ids are those of uploaded attachments."""
    rows = transaction.execute(
        "select file_id from file where client_no = %s and file_id = any(%s) and file_type = 'ATTACHMENT'", (client_no, list(ids))
    )
    return {row[0] for row in rows}


def files_of_documents(
    transaction: Transaction, client_no: int, key: Literal["document_uuid", "document_bundle_id"], ids: Sequence[UUID]
) -> dict[UUID, set[UUID]]:
    """What was uploaded for documents and what they name, by their id or that of their bundle."""
    rows = transaction.execute(
        f"select d.{key}, f.file_id from document d"
        " join file f on f.client_no = d.client_no and f.document_key = d.document_key and f.file_type = 'ATTACHMENT'"
        f" where d.client_no = %s and d.{key} = any(%s)"
        f" union select d.{key}, (named ->> 'fileId')::uuid from document d"
        " cross join lateral jsonb_array_elements(d.details -> 'attachmentFiles') named"
        f" where d.client_no = %s and d.{key} = any(%s) and d.details ? 'attachmentFiles'".encode(),
        (client_no, list(ids), client_no, list(ids)),
    )
    found: dict[UUID, set[UUID]] = {}
    for owner, file_id in rows:
        found.setdefault(owner, set()).add(file_id)
    return found


def set_content(transaction: Transaction, client_no: int, file_id: UUID, stored: Stored) -> None:
    """Give a letter its content, unless it has it."""
    transaction.execute(
        "update file set size = %s, sha256 = %s, storage = %s where client_no = %s and file_id = %s and size is null",
        (stored.size, stored.sha256, stored.storage, client_no, file_id),
    )


def set_batch(transaction: Transaction, client_no: int, file_id: UUID, batch_uuid: UUID) -> None:
    """Note the batch that imports a bank file."""
    transaction.execute("update file set batch_uuid = %s where client_no = %s and file_id = %s", (batch_uuid, client_no, file_id))
