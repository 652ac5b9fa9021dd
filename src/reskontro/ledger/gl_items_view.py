"""GL items as answers show them, and the public ids that name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.money import ZERO
from reskontro.ledger.books import Books
from reskontro.norway.vat import rate_on

JOURNALS: Final = ("SALES", "PAYMENTS", "NOTES", "AUTO", "MANUAL", "REVERSAL", "COLLECTION")


class GlItemKey(NamedTuple):
    """What names a line inside a client; keys sort as the list of GL items does."""

    gl_year: int
    transaction_no: int
    line_no: int


def gl_item_id(client_no: int, gl_year: int, transaction_no: int, line_no: int) -> UUID:
    """The public id of a GL line: client, year, transaction and line in 16 bytes."""
    return UUID(bytes=client_no.to_bytes(4, "big") + gl_year.to_bytes(2, "big") + transaction_no.to_bytes(8, "big") + line_no.to_bytes(2, "big"))


def gl_item_key(client_no: int, identifier: UUID) -> GlItemKey | None:
    """The key that an id of this client encodes; None for another client's id, and for one that no line can have."""
    raw = identifier.bytes
    number, line_no = int.from_bytes(raw[6:14], "big"), int.from_bytes(raw[14:], "big")
    if int.from_bytes(raw[:4], "big") != client_no or number >= 2**31 or line_no >= 2**15:
        return None
    return GlItemKey(int.from_bytes(raw[4:6], "big"), number, line_no)


_COLUMNS = (
    "g.gl_year, g.transaction_no, g.line_no, g.gl_period, g.gl_date, g.document_date, g.journal, g.gl_account, g.amount, g.currency,"
    " g.currency_amount, g.exchange_rate, g.vat_code, g.line_text, g.account_no, c.customer_no, g.ar_item_id, g.document_uuid,"
    " d.document_type, d.document_no, d.kid, g.dimensions, g.reverses_transaction_no, g.batch_uuid, g.created_at, g.created_by"
)
_FROM = (
    " from gl_item g"
    " left join document d on d.client_no = g.client_no and d.document_uuid = g.document_uuid"
    " left join customer c on c.client_no = g.client_no and c.account_no = g.account_no"
)


def gl_item_views(transaction: Transaction, books: Books, gl_year: int, transaction_nos: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The GL lines of transactions of one year, by transaction number, in the order of their lines."""
    rows = transaction.execute(
        f"select {_COLUMNS}{_FROM} where g.client_no = %s and g.gl_year = %s and g.transaction_no = any(%s)"
        " order by g.transaction_no, g.line_no".encode(),
        (books.client_no, gl_year, list(transaction_nos)),
    ).fetchall()
    views: dict[int, list[dict[str, Any]]] = {}
    for view in _views(transaction, books, rows):
        views.setdefault(view["transactionNo"], []).append(view)
    return views


def gl_lines(transaction: Transaction, books: Books, keys: Sequence[GlItemKey]) -> list[dict[str, Any]]:
    """GL lines by key, in the order of the keys; keys that no line has are left out."""
    rows = transaction.execute(
        # The years stand alone too, so that only their partitions are looked into.
        f"select {_COLUMNS}{_FROM} where g.client_no = %s and g.gl_year = any(%s)"
        " and (g.gl_year, g.transaction_no, g.line_no) in (select * from unnest(%s::int[], %s::int[], %s::smallint[]))".encode(),
        (
            books.client_no,
            sorted({key.gl_year for key in keys}),
            [key.gl_year for key in keys],
            [key.transaction_no for key in keys],
            [key.line_no for key in keys],
        ),
    ).fetchall()
    found = {GlItemKey(*row[:3]): view for row, view in zip(rows, _views(transaction, books, rows), strict=True)}
    return [found[key] for key in keys if key in found]


def _reversals(transaction: Transaction, client_no: int, transactions: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Which later transaction took back which of these; a booked line does not change, so it cannot say so itself."""
    asked = sorted(set(transactions))
    if not asked:
        return {}
    rows = transaction.execute(
        "select distinct reverses_gl_year, reverses_transaction_no, transaction_no from gl_item"
        " where client_no = %s and gl_year >= %s and reverses_transaction_no is not null"
        " and (reverses_gl_year, reverses_transaction_no) in (select * from unnest(%s::int[], %s::int[]))",
        (client_no, asked[0][0], [year for year, _ in asked], [number for _, number in asked]),
    )
    return {(year, number): reversal for year, number, reversal in rows}


def _views(transaction: Transaction, books: Books, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    reversals = _reversals(transaction, books.client_no, ((row[0], row[1]) for row in rows))
    views = []
    for row in rows:
        gl_year, number, line_no, period, gl_date, document_date, journal, account, amount = row[:9]
        currency, currency_amount, rate, vat_code, text, account_no, customer_no, item_id, document_uuid = row[9:18]
        document_type, document_no, kid, dimensions, reverses, batch_uuid, created_at, created_by = row[18:]
        chart = books.account(account)
        views.append(
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
                "text": text if text is not None or document_no is None else f"{document_type} {document_no}",
                "accountNo": account_no,
                "customerNo": customer_no,
                "arItemId": item_id,
                "documentUuid": document_uuid,
                "documentType": document_type,
                "documentNo": document_no,
                "kid": kid,
                "dimensions": dimensions or [],
                "reversesTransactionNo": reverses,
                "reversedByTransactionNo": reversals.get((gl_year, number)),
                "batchUuid": batch_uuid,
                "createdAt": created_at,
                "createdBy": created_by,
            }
        )
    return views
