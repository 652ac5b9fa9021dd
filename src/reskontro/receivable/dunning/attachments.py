"""The uploaded files that go with a claim when it is handed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id
from reskontro.receivable.files.types import PDF, XML, media_of

_MEDIA: Final = {media: media for media in (PDF, "image/jpeg", "image/png", XML, "text/plain")} | {"text/xml": XML}
"""What the Collection API takes, by the media type of the file; others stay here."""
# What was uploaded for the documents, and what they name.
_BELONGING = (
    "select d.document_uuid, f.file_id from document d"
    " join file f on f.client_no = d.client_no and f.document_key = d.document_key and f.file_type = 'ATTACHMENT'"
    " where d.client_no = %s and d.document_uuid = any(%s)"
    " union select d.document_uuid, (named ->> 'fileId')::uuid from document d"
    " cross join lateral jsonb_array_elements(d.details -> 'attachmentFiles') named"
    " where d.client_no = %s and d.document_uuid = any(%s) and d.details ? 'attachmentFiles'"
)
_FILES = "select file_id, file_name, content_type from file where client_no = %s and file_id = any(%s) order by file_id"


def attachments_of(transaction: Transaction, client_no: int, documents: Sequence[UUID]) -> dict[UUID, list[dict[str, str]]]:
    """By document: its attachments, oldest first, each with fileId, fileName and mimeType."""
    ids = list(documents)
    if not ids:
        return {}
    owners: dict[UUID, list[UUID]] = {}
    for document_uuid, file_id in transaction.execute(_BELONGING, (client_no, ids, client_no, ids)):
        owners.setdefault(file_id, []).append(document_uuid)
    found: dict[UUID, list[dict[str, str]]] = {}
    if not owners:
        return found
    for file_id, name, content_type in transaction.execute(_FILES, (client_no, list(owners))):
        media = _MEDIA.get(media_of(content_type))
        if media is not None:
            for document_uuid in owners[file_id]:
                found.setdefault(document_uuid, []).append({"fileId": encode_id(file_id), "fileName": name, "mimeType": media})
    return found
