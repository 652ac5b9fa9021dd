"""SQL that reads AR items into the form the pure modules work with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from reskontro.db.bulk import any_of, text_array
from reskontro.db.engine import Transaction
from reskontro.ledger.matching import Match
from reskontro.ledger.posting import GlLine, LedgerTransaction, OpenItem

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
    return _read(transaction, f"a.kid is not null and a.kid = {any_of('text')}", (client_no, list(kids)))


def items_by_letter_kid(transaction: Transaction, client_no: int, kids: Iterable[str]) -> list[tuple[str, OpenItem]]:
    """(KID, item) of the claims named by letters that have no AR item of their own and one of these KIDs."""
    rows = transaction.execute(
        f"select l.kid, {_COLUMNS} from letter_claim l join ar_item a on a.client_no = l.client_no and a.ar_item_id = l.ar_item_id"
        " where l.client_no = %s and l.kid = any(%s)".encode(),
        (client_no, list(kids)),
    )
    return [(row[0], item_of(row[1:])) for row in rows]


def items_by_id(transaction: Transaction, client_no: int, ids: Iterable[UUID]) -> list[OpenItem]:
    """Items by id."""
    return _read(transaction, f"a.ar_item_id = {any_of('uuid')}", (client_no, list(ids)))


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
    f" union all select {_COLUMNS} from ar_item a where a.client_no = %s and a.transferred_no = any(%s)"
)
_BY_REFERENCE = (
    f"select {_COLUMNS} from document d join ar_item a on a.client_no = d.client_no and a.ar_item_id = d.ar_item_id"
    " where d.client_no = %s and d.reference_key = any(array(select lower(r) from unnest(%s::text[]) as r))"
    f" union all select {_COLUMNS} from ar_item a"
    " where a.client_no = %s and a.transferred_reference = any(array(select lower(r) from unnest(%s::text[]) as r))"
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


class MatchRow(NamedTuple):
    """A stored match still without lines, and its lines as (arItemId, amount, base amount)."""

    head: Match
    lines: list[tuple[UUID, Decimal, Decimal]]


_MATCHES = (
    "select m.match_id, m.account_no, m.match_date, m.source, m.coverage_order, m.created_by, m.status, m.undone_on, m.undone_by,"
    " l.ar_item_id, l.amount, l.base_amount from match m left join match_line l on l.client_no = m.client_no and l.match_id = m.match_id"
    " where m.client_no = %s and m.match_id "
)


def _matches(transaction: Transaction, condition: str, values: tuple[Any, ...]) -> list[MatchRow]:
    found: dict[UUID, MatchRow] = {}
    for row in transaction.execute(f"{_MATCHES}{condition} order by m.match_id, l.line_no".encode(), values):
        match_id, account_no, match_date, source, order, created_by, status, undone_on, undone_by, item_id, amount, base_amount = row
        if match_id not in found:
            match = Match(match_id, account_no, match_date, source, order, created_by, [], status, undone_on, undone_by)
            found[match_id] = MatchRow(match, [])
        if item_id is not None:
            found[match_id].lines.append((item_id, amount, base_amount))
    return list(found.values())


def matches_by_id(transaction: Transaction, client_no: int, ids: Iterable[UUID]) -> list[MatchRow]:
    """Matches by id, undone or not."""
    return _matches(transaction, "= any(%s)", (client_no, list(ids)))


def matches_of_items(transaction: Transaction, client_no: int, items: Iterable[UUID]) -> list[MatchRow]:
    """The matches that items are in, undone or not."""
    condition = "in (select match_id from match_line where client_no = %s and ar_item_id = any(%s))"
    return _matches(transaction, condition, (client_no, client_no, list(items)))


def items_by_document(transaction: Transaction, client_no: int, documents: Iterable[UUID]) -> list[OpenItem]:
    """The items that documents have made; a document that posted nothing has none."""
    rows = transaction.execute(
        f"select {_COLUMNS} from document d join ar_item a on a.client_no = d.client_no and a.ar_item_id = d.ar_item_id"
        " where d.client_no = %s and d.document_uuid = any(%s)".encode(),
        (client_no, list(documents)),
    )
    return [item_of(row) for row in rows]


def charges_of_claims(transaction: Transaction, client_no: int, principals: Iterable[UUID]) -> list[OpenItem]:
    """All interest and cost items, open or not, that belong to one of the principals."""
    return _read(transaction, "a.claim_ar_item_id = any(%s)", (client_no, list(principals)))


class TransactionRow(NamedTuple):
    """A stored transaction, the type of the document behind it, whether it takes another one back, and whether it was taken back."""

    posting: LedgerTransaction
    document_type: str | None
    is_reversal: bool
    is_reversed: bool


def transactions(transaction: Transaction, client_no: int, keys: Sequence[tuple[int, int]]) -> list[TransactionRow]:
    """Transactions by (glYear, transactionNo), with their lines in order."""
    years, numbers = [key[0] for key in keys], [key[1] for key in keys]
    rows = transaction.execute(
        "select g.gl_year, g.transaction_no, g.gl_period, g.gl_date, g.document_date, g.journal, g.gl_account, g.amount, g.currency,"
        " g.currency_amount, g.exchange_rate, g.vat_code, g.account_no, g.ar_item_id, g.document_uuid, g.batch_uuid, g.dimensions, g.created_by,"
        " g.reverses_transaction_no is not null, d.document_type, exists (select from gl_item r where r.client_no = %s"
        " and r.reverses_gl_year = g.gl_year and r.reverses_transaction_no = g.transaction_no)"
        " from unnest(%s::int[], %s::int[]) as k (gl_year, transaction_no)"
        " join gl_item g on g.client_no = %s and g.gl_year = k.gl_year and g.transaction_no = k.transaction_no"
        " left join document d on d.client_no = g.client_no and d.document_uuid = g.document_uuid"
        " order by g.gl_year, g.transaction_no, g.line_no",
        (client_no, years, numbers, client_no),
    )
    found: dict[tuple[int, int], TransactionRow] = {}
    for row in rows:
        gl_year, number, gl_period, gl_date, document_date, journal, gl_account, amount, currency, currency_amount, rate = row[:11]
        vat_code, account_no, item_id, document_uuid, batch_uuid, dimensions, created_by, is_reversal, document_type, is_reversed = row[11:]
        if (gl_year, number) not in found:
            posting = LedgerTransaction(
                journal, gl_date, gl_year, gl_period, document_date, currency, rate, [], created_by, document_uuid, batch_uuid, None, number
            )
            found[gl_year, number] = TransactionRow(posting, document_type, is_reversal, is_reversed)
        line = GlLine(gl_account, amount, currency_amount, vat_code, account_no, item_id, _dimensions(dimensions))
        found[gl_year, number].posting.lines.append(line)
    return list(found.values())


def _dimensions(stored: list[dict[str, Any]] | None) -> tuple[tuple[int, str], ...]:
    return tuple((entry["dimensionNo"], entry["value"]) for entry in stored or ())


def transaction_keys(transaction: Transaction, client_no: int, items: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """(glYear, transactionNo) of the transactions that items were posted with."""
    rows = transaction.execute(
        "select ar_item_id, gl_year, transaction_no from ar_item where client_no = %s and ar_item_id = any(%s)", (client_no, list(items))
    )
    return {item_id: (gl_year, number) for item_id, gl_year, number in rows}


def known_kids(transaction: Transaction, client_no: int, kids: Sequence[str]) -> set[str]:
    """Which of the KIDs some item already has."""
    # One probe of the index for each: in a ledger without statistics the planner would rather look through all items of the client.
    rows = transaction.execute(
        "select k from unnest(%s::text[]) k"
        " cross join lateral (select from ar_item a where a.client_no = %s and a.kid is not null and a.kid = k limit 1) taken",
        (text_array(kids), client_no),
    )
    return {row[0] for row in rows}


def open_totals(transaction: Transaction, client_no: int, accounts: Iterable[int]) -> dict[tuple[int, str], Any]:
    """What each customer owes, by (accountNo, currency)."""
    rows = transaction.execute(
        "select account_no, currency, sum(open_amount) from ar_item where client_no = %s and account_no = any(%s) and open_amount <> 0"
        " group by account_no, currency",
        (client_no, list(accounts)),
    )
    return {(account_no, currency): total for account_no, currency, total in rows}
