"""Documents as answers show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.money import ZERO
from reskontro.ledger.books import Books
from reskontro.ledger.gl_items_view import gl_item_views
from reskontro.ledger.items_view import ar_item_views
from reskontro.receivable.customers import store as customer_store
from reskontro.receivable.customers.record import DISTRIBUTION_DEFAULTS, customer_view
from reskontro.receivable.documents.schemas import DOCUMENT, DOCUMENT_LINE

ARRAYS = frozenset(("emailAddress", "attachmentFiles", "attachmentCodes", "customCodes", "dimensions"))
_COLUMNS = (
    "document_uuid, account_no, document_type, customer_no, document_no, reference_no, document_date, due_date, gl_date, currency,"
    " exchange_rate, kid, excl_vat, vat, incl_vat, base_excl_vat, base_vat, base_incl_vat, ar_item_id, gl_year, gl_period, transaction_no,"
    " document_bundle_id, batch_uuid, details, created_at, created_by"
)
_NAMES = _COLUMNS.replace(" ", "").split(",")
_DETAIL_FIELDS = tuple(
    field.name
    for field in DOCUMENT.fields
    if field.use == "in-out" and field.name not in ("payment", "documentLines", "currencyAmounts", "baseAmounts", "distribution")
)
_LINE_FIELDS = tuple(field.name for field in DOCUMENT_LINE.fields)
_EXPANDED = frozenset(("arItem", "glItems", "customerDetails"))
_ORDER = tuple(field.name for field in DOCUMENT.fields if field.use != "in" and field.name not in _EXPANDED)


def _amounts(excl_vat: Decimal, vat: Decimal, incl_vat: Decimal) -> dict[str, Decimal]:
    return {"exclVat": excl_vat, "vat": vat, "inclVat": incl_vat}


def document_views(
    transaction: Transaction, books: Books, ids: Sequence[UUID], now: datetime, *, lines: bool, expand: Sequence[str], in_list: bool
) -> list[dict[str, Any]]:
    """Documents by id, in the order of the ids; those that are gone are left out."""
    client_no = books.client_no
    rows = transaction.execute(f"select {_COLUMNS} from document where client_no = %s and document_uuid = any(%s)".encode(), (client_no, list(ids)))
    found = {row[0]: dict(zip(_NAMES, row, strict=True)) for row in rows}
    records = [found[key] for key in ids if key in found]
    views = [_view(client_no, record) for record in records]
    if lines:
        _add_lines(transaction, client_no, views)
    else:
        for view in views:
            del view["documentLines"]
    payments = [view for view in views if view["documentType"] == "PY"]
    if payments:
        _add_payments(transaction, client_no, payments)
    today = books.today(now)
    if "aritem" in expand:
        items = ar_item_views(transaction, client_no, [view["arItemId"] for view in views if view["arItemId"]], now)
        for view in views:
            view["arItem"] = items.get(view["arItemId"])
    if "glitems" in expand:
        _add_gl_items(transaction, books, views)
    if "customer" in expand:
        _add_customers(transaction, books, views, today, in_list=in_list)
    return views


def _view(client_no: int, record: dict[str, Any]) -> dict[str, Any]:
    details = record["details"]
    view: dict[str, Any] = {}
    for name in _DETAIL_FIELDS:
        value = details.get(name)
        view[name] = [] if value is None and name in ARRAYS else value
    view["attachmentFiles"] = [{"fileId": UUID(file["fileId"]), "fileName": file.get("fileName")} for file in view["attachmentFiles"]]
    view |= {
        "documentUuid": record["document_uuid"],
        "clientNo": client_no,
        "accountNo": record["account_no"],
        "documentType": record["document_type"],
        "customerNo": record["customer_no"],
        "documentNo": record["document_no"],
        "referenceNo": record["reference_no"],
        "documentDate": record["document_date"],
        "dueDate": record["due_date"],
        "glDate": record["gl_date"],
        "currency": record["currency"],
        "exchangeRate": record["exchange_rate"],
        "kid": record["kid"],
        "currencyAmounts": _amounts(record["excl_vat"], record["vat"], record["incl_vat"]),
        "baseAmounts": _amounts(record["base_excl_vat"], record["base_vat"], record["base_incl_vat"]),
        "distribution": {**DISTRIBUTION_DEFAULTS, **(details.get("distribution") or {})},
        "documentLines": [],
        "arItemId": record["ar_item_id"],
        "glYear": record["gl_year"],
        "glPeriod": record["gl_period"],
        "transactionNo": record["transaction_no"],
        "documentBundleId": record["document_bundle_id"],
        "batchUuid": record["batch_uuid"],
        "createdAt": record["created_at"],
        "createdBy": record["created_by"],
    }
    if record["document_type"] == "PY":
        view["payment"] = None
    return {name: view[name] for name in _ORDER if name in view}


def _add_lines(transaction: Transaction, client_no: int, views: Sequence[dict[str, Any]]) -> None:
    by_document = {view["documentUuid"]: view for view in views}
    rows = transaction.execute(
        "select document_uuid, line_no, line_type, excl_vat, vat, incl_vat, vat_code, gl_account, details from document_line"
        " where client_no = %s and document_uuid = any(%s) order by document_uuid, line_no",
        (client_no, list(by_document)),
    )
    for document_uuid, line_no, line_type, excl_vat, vat, incl_vat, vat_code, gl_account, details in rows:
        line = {name: details.get(name) for name in _LINE_FIELDS}
        line |= {
            "lineNo": line_no,
            "lineType": line_type,
            "currencyAmounts": _amounts(ZERO if excl_vat is None else excl_vat, ZERO if vat is None else vat, ZERO if incl_vat is None else incl_vat),
            "vatCode": vat_code,
            "glAccount": gl_account,
            "dimensions": details.get("dimensions") or [],
        }
        by_document[document_uuid]["documentLines"].append(line)


def _add_payments(transaction: Transaction, client_no: int, views: Sequence[dict[str, Any]]) -> None:
    rows = transaction.execute(
        "select document_uuid, payment_method, bank_account_no, bank_reference, payer_name, payer_account_no from payment"
        " where client_no = %s and ar_item_id = any(%s)",
        (client_no, [view["arItemId"] for view in views]),
    )
    names = ("paymentMethod", "bankAccountNo", "bankReference", "payerName", "payerAccountNo")
    found = {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}
    for view in views:
        view["payment"] = found.get(view["documentUuid"])


def _add_gl_items(transaction: Transaction, books: Books, views: Sequence[dict[str, Any]]) -> None:
    by_year: dict[int, list[int]] = {}
    for view in views:
        if view["transactionNo"] is not None:
            by_year.setdefault(view["glYear"], []).append(view["transactionNo"])
    found = {year: gl_item_views(transaction, books, year, numbers) for year, numbers in by_year.items()}
    for view in views:
        view["glItems"] = found[view["glYear"]].get(view["transactionNo"], []) if view["transactionNo"] is not None else []


def _add_customers(transaction: Transaction, books: Books, views: Sequence[dict[str, Any]], today: date, *, in_list: bool) -> None:
    masking = books.config("privacy.ssnMasking", today)
    mask = masking == "ALWAYS" or (masking == "LISTS" and in_list)
    customers = customer_store.customers_by_account(transaction, books.client_no, {view["accountNo"] for view in views})
    found = {customer.account_no: customer_view(books.client_no, customer, mask_ssn=mask) for customer in customers}
    for view in views:
        view["customerDetails"] = found.get(view["accountNo"])
