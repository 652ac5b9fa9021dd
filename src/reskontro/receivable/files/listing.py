"""The list of files, without content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.ledger.books import open_books
from reskontro.ledger.moments import end_moment, first_moment
from reskontro.receivable.files.schemas import FILE_NAME_MAX
from reskontro.receivable.files.store import get_files
from reskontro.receivable.files.types import DIRECTIONS, FILE_TYPES
from reskontro.receivable.sql import found_ids
from reskontro.web.lists import Listing
from reskontro.web.operations import Parameter

FILTERS: Final = (
    Parameter("filetype", "choices", "Types", values=FILE_TYPES),
    Parameter("direction", "choices", "Uploaded or produced", values=DIRECTIONS),
    Parameter("filename", "text", "Part of the name", length_max=FILE_NAME_MAX),
    Parameter("documentno", "texts", "Documents they belong to"),
    Parameter("batchuuid", "id", "Batch or run that made or imported them"),
    Parameter("createdfrom", "moment", "Stored at this moment or later"),
    Parameter("createdto", "moment", "Stored before; of a date, on or before"),
)


def listing(client_no: int, now: datetime) -> Listing:
    """The list of files, newest first."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> list[UUID]:
        books = open_books(transaction, client_no)
        builders: dict[str, Callable[[Any], tuple[str, Any]]] = {
            "filetype": lambda types: ("file_type = any(%s)", types),
            "direction": lambda directions: ("direction = any(%s)", directions),
            "filename": lambda part: ("position(lower(%s) in file_name_key) > 0", part),
            "documentno": lambda numbers: ("document_key = any(%s)", [number.lower() for number in numbers]),
            "batchuuid": lambda batch_uuid: ("batch_uuid = %s", batch_uuid),
            "createdfrom": lambda moment: ("created_at >= %s", first_moment(moment, books, now)),
            "createdto": lambda moment: ("created_at < %s", end_moment(moment, books, now)),
        }
        built = [builders[name](value) for name, value in filters.items() if name in builders]
        where = " and ".join(["client_no = %s", *(condition for condition, _ in built)])
        statement = f"select file_id from file where {where} order by created_at desc, file_id limit %s"
        return found_ids(transaction, statement, (client_no, *(value for _, value in built), limit))

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        ids = [UUID(str(key)) for key in keys]
        found = get_files(transaction, client_no, ids)
        return [found[file_id].view() for file_id in ids if file_id in found]

    return Listing("files", "files", "/files", find, load)
