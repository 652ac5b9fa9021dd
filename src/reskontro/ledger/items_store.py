"""SQL that reads AR items into the form the pure modules work with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.ledger.posting import OpenItem

_COLUMNS = (
    "a.ar_item_id, a.account_no, a.ar_item_type, a.claim_kind, a.currency, a.due_date, a.gl_date, a.original_amount, a.base_original_amount,"
    " a.open_amount, a.base_open_amount, a.control_account, a.claim_ar_item_id, a.vat_amount, a.credited_amount, a.credited_vat,"
    " a.document_uuid, a.document_no, a.reference_no, a.kid, a.item_date, a.exchange_rate, a.reversal, a.details"
)
ITEM_COLUMNS = _COLUMNS
"""Columns of an AR item ``a`` in the order that ``item_of`` takes them."""


def item_of(row: Sequence[Any]) -> OpenItem:
    """The item of a row of ITEM_COLUMNS."""
    return OpenItem(*row)


def _read(transaction: Transaction, condition: str, values: tuple[Any, ...]) -> list[OpenItem]:
    rows = transaction.execute(f"select {_COLUMNS} from ar_item a where a.client_no = %s and {condition}".encode(), values)
    return [item_of(row) for row in rows]


def items_by_kid(transaction: Transaction, client_no: int, kids: Iterable[str]) -> list[OpenItem]:
    """All items, open or not, that have one of the KIDs."""
    return _read(transaction, "a.kid = any(%s)", (client_no, list(kids)))


def items_by_id(transaction: Transaction, client_no: int, ids: Iterable[UUID]) -> list[OpenItem]:
    """Items by id."""
    return _read(transaction, "a.ar_item_id = any(%s)", (client_no, list(ids)))


def open_items_of_claims(transaction: Transaction, client_no: int, principals: Iterable[UUID]) -> list[OpenItem]:
    """Open interest and cost items that belong to one of the principals."""
    return _read(transaction, "a.claim_ar_item_id = any(%s) and a.open_amount <> 0", (client_no, list(principals)))


def open_items_of_accounts(transaction: Transaction, client_no: int, accounts: Iterable[int]) -> list[OpenItem]:
    """All open items of customers."""
    return _read(transaction, "a.account_no = any(%s) and a.open_amount <> 0", (client_no, list(accounts)))


# Case is compared by the database on both sides, so that it does not matter which letters its locale knows. A transferred item bears the number
# and the reference of the document that it comes from; everything else is found through its document, which keeps the item's rows free of indexes.
_BY_DOCUMENT_NO = (
    f"select {_COLUMNS} from document d join ar_item a on a.client_no = d.client_no and a.ar_item_id = d.ar_item_id"
    " where d.client_no = %s and d.document_key = any(%s)"
    f" union all select {_COLUMNS} from ar_item a where a.client_no = %s and a.ar_item_type = 'TR' and lower(a.document_no) = any(%s)"
)
_BY_REFERENCE = (
    f"select {_COLUMNS} from document d join ar_item a on a.client_no = d.client_no and a.ar_item_id = d.ar_item_id"
    " where d.client_no = %s and lower(d.reference_no) = any(array(select lower(r) from unnest(%s::text[]) as r))"
    f" union all select {_COLUMNS} from ar_item a where a.client_no = %s and a.ar_item_type = 'TR'"
    " and lower(a.reference_no) = any(array(select lower(r) from unnest(%s::text[]) as r))"
)


def items_by_document_no(transaction: Transaction, client_no: int, keys: Iterable[str]) -> list[tuple[str, OpenItem]]:
    """All items, open or not, that bear one of the document numbers (given without case), with the number without case."""
    wanted = list(keys)
    rows = transaction.execute(_BY_DOCUMENT_NO.encode(), (client_no, wanted, client_no, wanted))
    return [(str(item.document_no).lower(), item) for item in map(item_of, rows)]


def items_by_reference(transaction: Transaction, client_no: int, keys: Iterable[str]) -> list[tuple[str, OpenItem]]:
    """All items, open or not, that bear one of the referenceNos (given without case), with the reference without case."""
    wanted = list(keys)
    rows = transaction.execute(_BY_REFERENCE.encode(), (client_no, wanted, client_no, wanted))
    return [(str(item.reference_no).lower(), item) for item in map(item_of, rows)]


def known_kids(transaction: Transaction, client_no: int, kids: Sequence[str]) -> set[str]:
    """Which of the KIDs some item already has."""
    rows = transaction.execute("select kid from ar_item where client_no = %s and kid = any(%s)", (client_no, list(kids)))
    return {row[0] for row in rows}


def open_totals(transaction: Transaction, client_no: int, accounts: Iterable[int]) -> dict[tuple[int, str], Any]:
    """What each customer owes, by (accountNo, currency)."""
    rows = transaction.execute(
        "select account_no, currency, sum(open_amount) from ar_item where client_no = %s and account_no = any(%s) and open_amount <> 0"
        " group by account_no, currency",
        (client_no, list(accounts)),
    )
    return {(account_no, currency): total for account_no, currency, total in rows}
