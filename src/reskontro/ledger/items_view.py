"""AR items and GL items as answers show them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.money import ZERO
from reskontro.ledger.books import Books
from reskontro.norway.vat import rate_on

_AR_COLUMNS = (
    "a.ar_item_id, a.account_no, c.customer_no, a.ar_item_type, a.claim_kind, a.claim_ar_item_id, a.document_uuid, a.document_no,"
    " a.reference_no, a.kid, a.item_date, a.due_date, a.gl_date, a.gl_year, a.gl_period, a.transaction_no, a.currency, a.original_amount,"
    " a.open_amount, a.base_original_amount, a.base_open_amount, a.exchange_rate, a.credited_amount, a.vat_amount, a.details, a.reversal,"
    " a.created_at, a.changed_at"
)


def _status(original: Decimal, opened: Decimal, base_open: Decimal) -> str:
    if not opened and not base_open:
        return "CLOSED"
    return "OPEN" if opened == original else "PARTIAL"


def _vat_open(vat: Decimal, original: Decimal, opened: Decimal) -> Decimal:
    """The VAT share of what is open: in proportion."""
    return (vat * opened / original).quantize(Decimal("0.01")) if original else ZERO


def ar_item_views(transaction: Transaction, client_no: int, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """AR items by id, every key present but those that need an expand value of their own."""
    rows = transaction.execute(
        f"select {_AR_COLUMNS} from ar_item a join customer c on c.client_no = a.client_no and c.account_no = a.account_no"
        " where a.client_no = %s and a.ar_item_id = any(%s)".encode(),
        (client_no, list(ids)),
    )
    views: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        (item_id, account_no, customer_no, kind, claim_kind, claim_id, document_uuid, document_no, reference_no, kid) = row[:10]
        (item_date, due_date, gl_date, gl_year, gl_period, transaction_no, currency, original, opened, base_original) = row[10:20]
        (base_open, rate, credited, vat, details, reversal, created_at, changed_at) = row[20:]
        views[item_id] = {
            "arItemId": item_id,
            "clientNo": client_no,
            "accountNo": account_no,
            "customerNo": customer_no,
            "subCustomerNo": details.get("subCustomerNo"),
            "arItemType": kind,
            "claimKind": claim_kind,
            "claimArItemId": claim_id,
            "status": _status(original, opened, base_open),
            "documentUuid": document_uuid,
            "documentNo": document_no,
            "referenceNo": reference_no,
            "kid": kid,
            "itemDate": item_date,
            "dueDate": due_date,
            "glDate": gl_date,
            "glYear": gl_year,
            "glPeriod": gl_period,
            "transactionNo": transaction_no,
            "currency": currency,
            "originalAmount": original,
            "openAmount": opened,
            "baseOriginalAmount": base_original,
            "baseOpenAmount": base_open,
            "exchangeRate": rate,
            "reservedAmount": ZERO,
            "creditedAmount": credited,
            "vatOpenAmount": _vat_open(vat, original, opened),
            "reminderLevel": 0,
            "lastReminderDate": None,
            "interestCalculatedUntil": None,
            "collectionStatus": "NONE",
            "collectionCaseId": None,
            "stopReminderUntil": None,
            "stopDebtCollectionUntil": None,
            "stopInterestCalcUntil": None,
            "disputed": False,
            "disputeReason": None,
            "ledgerNote": None,
            "sellerReference": None,
            "buyerReference": None,
            "dimensions": [],
            "reversal": reversal,
            "createdAt": created_at,
            "changedAt": changed_at,
        }
    return views


def gl_item_id(client_no: int, gl_year: int, transaction_no: int, line_no: int) -> UUID:
    """The public id of a GL line: client, year, transaction and line in 16 bytes."""
    return UUID(bytes=client_no.to_bytes(4, "big") + gl_year.to_bytes(2, "big") + transaction_no.to_bytes(8, "big") + line_no.to_bytes(2, "big"))


def gl_item_views(transaction: Transaction, books: Books, gl_year: int, transaction_nos: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The GL lines of transactions of one year, by transaction number, in the order of their lines."""
    rows = transaction.execute(
        "select g.transaction_no, g.line_no, g.gl_period, g.gl_date, g.document_date, g.journal, g.gl_account, g.amount, g.currency,"
        " g.currency_amount, g.exchange_rate, g.vat_code, g.line_text, g.account_no, c.customer_no, g.ar_item_id, g.document_uuid,"
        " d.document_type, d.document_no, d.kid, g.dimensions, g.reverses_transaction_no, g.batch_uuid, g.created_at, g.created_by"
        " from gl_item g"
        " left join document d on d.client_no = g.client_no and d.document_uuid = g.document_uuid"
        " left join customer c on c.client_no = g.client_no and c.account_no = g.account_no"
        " where g.client_no = %s and g.gl_year = %s and g.transaction_no = any(%s) order by g.transaction_no, g.line_no",
        (books.client_no, gl_year, list(transaction_nos)),
    )
    views: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        number, line_no, period, gl_date, document_date, journal, account, amount = row[:8]
        currency, currency_amount, rate, vat_code, text, account_no, customer_no, item_id, document_uuid = row[8:17]
        document_type, document_no, kid, dimensions, reverses, batch_uuid, created_at, created_by = row[17:]
        chart = books.account(account)
        views.setdefault(number, []).append(
            {
                "glItemId": gl_item_id(books.client_no, gl_year, number, line_no),
                "clientNo": books.client_no,
                "transactionNo": number,
                "lineNo": line_no,
                "glYear": gl_year,
                "glPeriod": period,
                "glDate": gl_date,
                "documentDate": document_date,
                "journal": journal,
                "glAccount": account,
                "glAccountName": chart.name if chart else None,
                "debit": max(amount, ZERO),
                "credit": max(-amount, ZERO),
                "currency": currency,
                "currencyAmount": currency_amount,
                "exchangeRate": rate,
                "vatCode": vat_code,
                "vatRate": rate_on(vat_code, document_date) if vat_code else None,
                "text": text,
                "accountNo": account_no,
                "customerNo": customer_no,
                "arItemId": item_id,
                "documentUuid": document_uuid,
                "documentType": document_type,
                "documentNo": document_no,
                "kid": kid,
                "dimensions": dimensions or [],
                "reversesTransactionNo": reverses,
                "reversedByTransactionNo": None,
                "batchUuid": batch_uuid,
                "createdAt": created_at,
                "createdBy": created_by,
            }
        )
    return views
