"""The uploaded files that go with a claim when it is handed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id
from reskontro.receivable.files.store import files_of_documents, get_files
from reskontro.receivable.files.types import PDF, XML, media_of

_MEDIA: Final = {media: media for media in (PDF, "image/jpeg", "image/png", XML, "text/plain")} | {"text/xml": XML}
"""What the Collection API takes, by the media type of the file; others stay here."""


def attachments_of(transaction: Transaction, client_no: int, documents: Sequence[UUID]) -> dict[UUID, list[dict[str, str]]]:
    """By document: its attachments, oldest first, each with fileId, fileName and mimeType."""
    belonging = files_of_documents(transaction, client_no, "document_uuid", documents) if documents else {}
    if not belonging:
        return {}
    files = get_files(transaction, client_no, list(set().union(*belonging.values())))
    return {
        document_uuid: [
            {"fileId": encode_id(file_id), "fileName": files[file_id].file_name, "mimeType": _MEDIA[media_of(files[file_id].content_type)]}
            for file_id in sorted(members, key=lambda file_id: file_id.int)
            if file_id in files and media_of(files[file_id].content_type) in _MEDIA
        ]
        for document_uuid, members in belonging.items()
    }
