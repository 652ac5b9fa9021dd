"""Document bundles: the list, and one with what belongs to it. They are made by batches of documents and by runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.errors import not_found
from reskontro.ledger.books import open_books
from reskontro.ledger.moments import end_moment, first_moment
from reskontro.receivable.document_bundles.schemas import BUNDLE_TYPES
from reskontro.receivable.files.store import files_of_documents, get_files
from reskontro.receivable.sql import found_ids
from reskontro.web.lists import Listing
from reskontro.web.operations import Parameter

DOCUMENTS: Final = "documents"
FILES: Final = "files"
EVERYTHING: Final = (DOCUMENTS, FILES)

FILTERS = (
    Parameter("customerno", "texts", "Customer numbers"),
    Parameter("bundletype", "choices", "Types", values=BUNDLE_TYPES),
    Parameter("bundlereference", "texts", "References"),
    Parameter("batchuuid", "id", "Batch or run"),
    Parameter("createdfrom", "moment", "Made at this moment or later"),
    Parameter("createdto", "moment", "Made before; of a date, on or before"),
)

Condition = tuple[str, Any]


def listing(client_no: int, now: datetime) -> Listing:
    """The list of bundles, oldest first."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> list[UUID]:
        books = open_books(transaction, client_no)
        builders: dict[str, Callable[[Any], Condition]] = {
            "customerno": lambda numbers: (
                "account_no in (select c.account_no from customer c where c.client_no = b.client_no and c.customer_key = any(%s))",
                [number.lower() for number in numbers],
            ),
            "bundletype": lambda types: ("bundle_type = any(%s)", types),
            "bundlereference": lambda references: ("lower(bundle_reference) = any(%s)", [reference.lower() for reference in references]),
            "batchuuid": lambda batch_uuid: ("batch_uuid = %s", batch_uuid),
            "createdfrom": lambda moment: ("created_at >= %s", first_moment(moment, books, now)),
            "createdto": lambda moment: ("created_at < %s", end_moment(moment, books, now)),
        }
        built = [builders[name](value) for name, value in filters.items() if name in builders]
        return found_ids(
            transaction,
            f"select document_bundle_id from document_bundle b where {' and '.join(['client_no = %s', *(condition for condition, _ in built)])}"
            " order by created_at, document_bundle_id limit %s",
            (client_no, *(value for _, value in built), limit),
        )

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        return bundle_views(transaction, client_no, [UUID(str(key)) for key in keys], options.get("expand", ()))

    return Listing("documentBundles", "documentBundles", "/documentbundles", find, load)


def show_bundle(transaction: Transaction, client_no: int, identifier: UUID) -> dict[str, Any]:
    """One bundle with its documents and files; raises Problem NOT-FOUND."""
    open_books(transaction, client_no)
    found = bundle_views(transaction, client_no, [identifier], EVERYTHING)
    if not found:
        raise not_found("the document bundle")
    return found[0]


# A batch that is thrown away for its age was final long before.
_BUNDLES = (
    "select b.document_bundle_id, b.account_no, c.customer_no, b.bundle_type, b.bundle_reference, b.batch_uuid,"
    " case when batch.status in ('QUEUED', 'PROCESSING') then 'OPEN' else 'SEALED' end, b.created_at"
    " from document_bundle b join customer c on c.client_no = b.client_no and c.account_no = b.account_no"
    " left join batch on batch.client_no = b.client_no and batch.batch_uuid = b.batch_uuid"
    " where b.client_no = %s and b.document_bundle_id = any(%s)"
)
# Credit notes and payments state positive amounts that lower what the receiver owes.
_TOTALS = (
    "select document_bundle_id, count(*), case when min(currency) = max(currency) then min(currency) end,"
    " case when min(currency) = max(currency) then sum(case when document_type in ('CN', 'PY') then -incl_vat else incl_vat end) end"
    " from document where client_no = %s and document_bundle_id = any(%s) group by document_bundle_id"
)
_DOCUMENTS = (
    "select document_bundle_id, document_uuid, document_no, document_type, incl_vat from document"
    " where client_no = %s and document_bundle_id = any(%s) order by created_at, gl_year, transaction_no, document_uuid"
)
_MADE_FILES = "select document_bundle_id, file_id from file where client_no = %s and document_bundle_id = any(%s)"


def _files_of(transaction: Transaction, client_no: int, bundles: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """What was made for bundles, and the files of their documents, oldest first."""
    found = files_of_documents(transaction, client_no, "document_bundle_id", bundles)
    for bundle, file_id in transaction.execute(_MADE_FILES, (client_no, list(bundles))):
        found.setdefault(bundle, set()).add(file_id)
    return {bundle: sorted(members, key=lambda file_id: file_id.int) for bundle, members in found.items()}


def bundle_views(transaction: Transaction, client_no: int, ids: Sequence[UUID], expand: Sequence[str]) -> list[dict[str, Any]]:
    """Bundles by id, in the order of the ids; those that are gone are left out."""
    values = (client_no, list(ids))
    totals = {row[0]: row[1:] for row in transaction.execute(_TOTALS, values)}
    files = _files_of(transaction, client_no, ids)
    views: dict[UUID, dict[str, Any]] = {}
    for identifier, account_no, customer_no, bundle_type, reference, batch_uuid, status, created_at in transaction.execute(_BUNDLES, values):
        count, currency, total = totals.get(identifier, (0, None, None))
        views[identifier] = {
            "documentBundleId": identifier,
            "clientNo": client_no,
            "accountNo": account_no,
            "customerNo": customer_no,
            "bundleType": bundle_type,
            "bundleReference": reference,
            "batchUuid": batch_uuid,
            "status": status,
            "currency": currency,
            "totalInclVat": total,
            "documentCount": count,
            "fileCount": len(files.get(identifier, ())),
            "createdAt": created_at,
        }
        if DOCUMENTS in expand:
            views[identifier]["documents"] = []
    if DOCUMENTS in expand:
        for identifier, *document in transaction.execute(_DOCUMENTS, values):
            names = ("documentUuid", "documentNo", "documentType", "inclVat")
            views[identifier]["documents"].append(dict(zip(names, document, strict=True)))
    if FILES in expand:
        records = get_files(transaction, client_no, [file_id for members in files.values() for file_id in members])
        for identifier, view in views.items():
            view["files"] = [records[file_id].view() for file_id in files.get(identifier, ())]
    return [views[identifier] for identifier in ids if identifier in views]
