"""Single operations on documents: show one, list them. Writing goes through ``batch``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.errors import not_found
from reskontro.kit.fields import NATURAL_KEY
from reskontro.ledger.books import Books, open_books
from reskontro.ledger.moments import end_moment, first_moment
from reskontro.norway.kid import normalise
from reskontro.receivable.documents.schemas import DOCUMENT_TYPES
from reskontro.receivable.documents.view import document_views
from reskontro.web.lists import Listing
from reskontro.web.operations import Parameter
from reskontro.web.parameters import within_integer

DOCUMENT_NO_CHARACTERS_MAX = 35

FILTERS = (
    Parameter("documenttype", "choices", "Types", values=DOCUMENT_TYPES),
    Parameter("customerno", "texts", "Customer numbers"),
    Parameter("accountno", "integers", "AR account numbers"),
    Parameter("documentno", "texts", "Document numbers"),
    Parameter("documentuuid", "ids", "Document ids"),
    Parameter("referenceno", "texts", "References"),
    Parameter("kid", "texts", "KIDs"),
    Parameter("documentdatefrom", "date", "Dated on or after"),
    Parameter("documentdateto", "date", "Dated on or before"),
    Parameter("duedatefrom", "date", "Due on or after"),
    Parameter("duedateto", "date", "Due on or before"),
    Parameter("createdfrom", "moment", "Stored at or after"),
    Parameter("createdto", "moment", "Stored before; of a date, on or before"),
    Parameter("batchuuid", "id", "Batch they came with"),
    Parameter("documentbundleid", "id", "Bundle they are in"),
)

_CONDITIONS = {
    "documenttype": "document_type = any(%s)",
    "accountno": "account_no = any(%s)",
    "documentuuid": "document_uuid = any(%s)",
    "documentdatefrom": "document_date >= %s",
    "documentdateto": "document_date <= %s",
    "duedatefrom": "due_date >= %s",
    "duedateto": "due_date <= %s",
    "batchuuid": "batch_uuid = %s",
    "documentbundleid": "document_bundle_id = %s",
}
_CUSTOMERS = "account_no in (select account_no from customer c where c.client_no = document.client_no and c.customer_key = any(%s))"
# Items are found by their KID; a letter without a fee has a KID but no item.
_KIDS = (
    "(document_uuid in (select document_uuid from ar_item a where a.client_no = document.client_no and a.kid = any(%s))"
    " or document_uuid in (select document_uuid from document l where l.client_no = document.client_no"
    " and l.ar_item_id is null and l.kid is not null and l.kid = any(%s)))"
)


def _conditions(filters: dict[str, Any], books: Books, now: datetime) -> tuple[list[str], list[Any]]:
    conditions: list[str] = ["client_no = %s"]
    values: list[Any] = [books.client_no]
    for name, value in filters.items():
        if name in _CONDITIONS:
            condition, found = _CONDITIONS[name], within_integer(value) if name == "accountno" else value
        elif name == "customerno":
            condition, found = _CUSTOMERS, [number.lower() for number in value]
        elif name == "documentno":
            condition, found = "document_key = any(%s)", [number.lower() for number in value]
        elif name == "referenceno":
            condition, found = "reference_key = any(array(select lower(v) from unnest(%s::text[]) v))", value
        elif name == "kid":
            found = [normalise(kid) or kid for kid in value]
            condition = _KIDS
            values.append(found)
        elif name == "createdfrom":
            condition, found = "created_at >= %s", first_moment(value, books, now)
        elif name == "createdto":
            condition, found = "created_at < %s", end_moment(value, books, now)
        else:
            continue
        conditions.append(condition)
        values.append(found)
    return conditions, values


def listing(client_no: int, now: datetime) -> Listing:
    """The list of documents, oldest first. Opening it raises Problem NOT-FOUND for an unknown client."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> list[Any]:
        conditions, values = _conditions(filters, open_books(transaction, client_no), now)
        rows = transaction.execute(
            f"select document_uuid from document where {' and '.join(conditions)} order by document_date, document_uuid limit %s".encode(),
            (*values, limit),
        )
        return [row[0] for row in rows]

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        expand = options.get("expand", ())
        ids = [UUID(str(key)) for key in keys]
        return document_views(transaction, open_books(transaction, client_no), ids, now, lines="lines" in expand, expand=expand, in_list=True)

    return Listing("documents", "documents", "/documents", find, load)


def show_document(transaction: Transaction, client_no: int, document_no: str, now: datetime, expand: Sequence[str]) -> dict[str, Any]:
    """One document with its lines; raises Problem NOT-FOUND."""
    books = open_books(transaction, client_no)
    row = None
    if len(document_no) <= DOCUMENT_NO_CHARACTERS_MAX and NATURAL_KEY.fullmatch(document_no):
        row = transaction.execute(
            "select document_uuid from document where client_no = %s and document_key = %s", (client_no, document_no.lower())
        ).fetchone()
    if row is None:
        raise not_found("the document")
    return document_views(transaction, books, [row[0]], now, lines=True, expand=expand, in_list=False)[0]
