"""AR items as answers show them, as they are now or as they were at the end of a past day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.money import ZERO, share
from reskontro.ledger.collection import COLLECTION_STATUS, NO_COLLECTION
from reskontro.ledger.reservations import reserved_on_items
from reskontro.norway.identities import currency_decimals

AR_ITEM_TYPES: Final = ("IN", "CN", "IT", "RM", "PY", "FE", "RF", "WO", "SD", "TR", "MJ", "EX", "CO")
CLAIM_KINDS: Final = ("PRINCIPAL", "INTEREST", "COST", "CREDIT")
ITEM_STATUSES: Final = ("OPEN", "PARTIAL", "CLOSED")
INHERITED: Final = ("subCustomerNo", "ledgerNote", "sellerReference", "buyerReference")
"""Texts that an item shows from its document until it has its own; an empty one of its own says that it was cleared."""

_COLUMNS = (
    "a.ar_item_id, a.account_no, c.customer_no, a.ar_item_type, a.claim_kind, a.claim_ar_item_id, a.document_uuid, a.document_no,"
    " a.reference_no, a.kid, a.item_date, a.due_date, a.gl_date, a.gl_year, a.gl_period, a.transaction_no, a.currency, a.original_amount,"
    " a.base_original_amount, a.exchange_rate, a.vat_amount, a.details, a.reversal, a.created_at, a.changed_at,"
    " d.details -> 'subCustomerNo', d.details -> 'ledgerNote', d.details -> 'sellerReference', d.details -> 'buyerReference',"
    " d.details -> 'dimensions'"
)
_FROM = (
    " from ar_item a join customer c on c.client_no = a.client_no and c.account_no = a.account_no"
    " left join document d on d.client_no = a.client_no and d.document_uuid = a.document_uuid"
)
_NOW = f"select {_COLUMNS}, a.open_amount, a.base_open_amount, a.credited_amount{_FROM}"
SETTLED_BY: Final = (
    "select coalesce(sum(l.amount), 0) as amount, coalesce(sum(l.base_amount), 0) as base_amount from match_line l"
    " join match m on m.client_no = l.client_no and m.match_id = l.match_id"
    " where l.client_no = a.client_no and l.ar_item_id = a.ar_item_id"
    " and m.match_date <= %s and (m.undone_on is null or m.undone_on > %s)"
)
"""What matches had taken off an item ``a`` at the end of a day, which is given twice; an undone match counts up to the day before."""
_AS_OF = (
    f"select {_COLUMNS}, a.original_amount - s.amount, a.base_original_amount - s.base_amount,"
    " case when a.credited_amount = 0 then 0 else a.credited_amount - coalesce((select sum(n.incl_vat) from document n"
    " where n.client_no = a.client_no and n.reference_document_uuid = a.document_uuid and n.document_type = 'CN' and n.gl_date > %s), 0) end"
    f"{_FROM} cross join lateral ({SETTLED_BY}) s"
)


def item_status(original: Decimal, base_original: Decimal, opened: Decimal, base_open: Decimal) -> str:
    """OPEN, PARTIAL or CLOSED by what is left of an item."""
    if not opened and not base_open:
        return "CLOSED"
    return "OPEN" if opened == original and base_open == base_original else "PARTIAL"


def ar_item_views(
    transaction: Transaction, client_no: int, ids: Sequence[UUID], now: datetime, *, as_of: date | None = None
) -> dict[UUID, dict[str, Any]]:
    """AR items by id, every key present but those that need an expand value of their own.

    With ``as_of`` the status and the amounts are those of the end of that day, and ``now`` is that end; without it those of now.
    """
    statement, values = (_NOW, ()) if as_of is None else (_AS_OF, (as_of,) * 3)
    rows = transaction.execute(f"{statement} where a.client_no = %s and a.ar_item_id = any(%s)".encode(), (*values, client_no, list(ids)))
    views = {row[0]: _view(client_no, row) for row in rows}
    if as_of is None:
        reserved = reserved_on_items(transaction, client_no, list(views), now)
    else:
        reserved = _reserved_then(transaction, client_no, list(views), now)
    for item_id, amount in reserved.items():
        views[item_id]["reservedAmount"] = amount
    return views


def _view(client_no: int, row: Sequence[Any]) -> dict[str, Any]:
    (item_id, account_no, customer_no, kind, claim_kind, claim_id, document_uuid, document_no, reference_no, kid) = row[:10]
    (item_date, due_date, gl_date, gl_year, gl_period, transaction_no, currency, original, base_original, rate) = row[10:20]
    (vat, details, reversal, created_at, changed_at) = row[20:25]
    opened, base_open, credited = row[30:]
    texts = {name: details.get(name, inherited) or None for name, inherited in zip(INHERITED, row[25:29], strict=True)}
    return {
        "arItemId": item_id,
        "clientNo": client_no,
        "accountNo": account_no,
        "customerNo": customer_no,
        "subCustomerNo": texts["subCustomerNo"],
        "arItemType": kind,
        "claimKind": claim_kind,
        "claimArItemId": claim_id,
        "status": item_status(original, base_original, opened, base_open),
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
        "vatOpenAmount": share(vat, opened, original, currency_decimals(currency) or 0),
        "reminderLevel": details.get("reminderLevel", 0),
        "lastReminderDate": details.get("lastReminderDate"),
        "interestCalculatedUntil": details.get("interestCalculatedUntil"),
        "collectionStatus": details.get(COLLECTION_STATUS, NO_COLLECTION),
        "collectionCaseId": details.get("collectionCaseId"),
        "stopReminderUntil": details.get("stopReminderUntil"),
        "stopDebtCollectionUntil": details.get("stopDebtCollectionUntil"),
        "stopInterestCalcUntil": details.get("stopInterestCalcUntil"),
        "disputed": details.get("disputed", False),
        "disputeReason": details.get("disputeReason"),
        "ledgerNote": texts["ledgerNote"],
        "sellerReference": texts["sellerReference"],
        "buyerReference": texts["buyerReference"],
        "dimensions": details.get("dimensions", row[29]) or [],
        "reversal": reversal,
        "createdAt": created_at,
        "changedAt": changed_at,
    }


def _reserved_then(transaction: Transaction, client_no: int, ids: Sequence[UUID], moment: datetime) -> dict[UUID, Decimal]:
    """What reservations held of each item at a past moment; items without one are left out. A capture counts from its paymentDate on."""
    rows = transaction.execute(
        "select r.ar_item_id, sum(r.amount - coalesce((select sum((c ->> 'amount')::numeric) from jsonb_array_elements(r.captures) c"
        " where (c ->> 'paymentDate')::date < %s), 0)) from payment_reservation r"
        " where r.client_no = %s and r.ar_item_id = any(%s) and r.created_at < %s and r.expires_at >= %s"
        " and (r.status in ('ACTIVE', 'EXPIRED') or r.changed_at >= %s) group by r.ar_item_id",
        (moment.date(), client_no, list(ids), moment, moment, moment),
    )
    return dict(rows.fetchall())
