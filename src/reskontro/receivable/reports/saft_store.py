"""SQL of SAF-T. Everything is read in one snapshot, large results through cursors of the server, so that memory does not grow with the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id
from reskontro.receivable.reports.saft_elements import CustomerEntry, GlLine

ROWS_FETCHED: Final = 2_000
"""Rows that are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Span:
    """The periods of a file: from one to another of a fiscal year of a client."""

    client_no: int
    gl_year: int
    from_period: int
    to_period: int

    def values(self, **more: Any) -> dict[str, Any]:
        """The values of statements about it."""
        return {
            "client_no": self.client_no,
            "gl_year": self.gl_year,
            "from_period": self.from_period,
            "to_period": self.to_period,
            **more,
        }


_IN_SPAN: Final = "g.client_no = %(client_no)s and g.gl_year = %(gl_year)s and g.gl_period between %(from_period)s and %(to_period)s"
_BEFORE: Final = "(a.gl_year, a.gl_period) < (%(gl_year)s, %(from_period)s)"
_UP_TO: Final = "(a.gl_year, a.gl_period) <= (%(gl_year)s, %(to_period)s)"
_GATHERED: Final = "set local work_mem = '64MB'; set local jit = off"
"""Sums over all items are gathered in memory; compiling the statements would take longer than running them. The settings end with the transaction."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted in a journal to an account."""

    journal: str
    gl_account: str
    vat_codes: Sequence[str]
    transactions: int
    """Those whose first line lies on this account."""
    debit: Decimal
    credit: Decimal


def posted(transaction: Transaction, span: Span) -> list[Posted]:
    """Sums of the lines themselves, by journal and account."""
    transaction.execute(_GATHERED)
    rows = transaction.execute(
        "select journal, gl_account, array_remove(array_agg(distinct vat_code), null), sum(transactions)::bigint, sum(debit), sum(credit) from ("
        "select g.journal, g.gl_account, g.vat_code, count(*) filter (where g.line_no = 1) as transactions,"
        " coalesce(sum(g.amount) filter (where g.amount > 0), 0) as debit, coalesce(-sum(g.amount) filter (where g.amount < 0), 0) as credit"
        f" from gl_item g where {_IN_SPAN} group by 1, 2, 3) part group by 1, 2 order by 1, 2".encode(),
        span.values(),
    )
    return [Posted(*row) for row in rows]


def unbalanced(transaction: Transaction, span: Span) -> tuple[int, Decimal, Decimal] | None:
    """The first transaction whose lines do not add up to 0, with its debit and credit; None when all do."""
    row = transaction.execute(
        "select g.transaction_no, coalesce(sum(g.amount) filter (where g.amount > 0), 0), coalesce(-sum(g.amount) filter (where g.amount < 0), 0)"
        f" from gl_item g where {_IN_SPAN} group by 1 having sum(g.amount) <> 0 order by 1 limit 1".encode(),
        span.values(),
    ).fetchone()
    return None if row is None else (row[0], row[1], row[2])


def control_balances(transaction: Transaction, span: Span) -> dict[str, tuple[Decimal, Decimal]]:
    """Opening and closing of each control account as its AR items add up to them."""
    rows = transaction.execute(
        f"select a.control_account, coalesce(sum(a.base_original_amount) filter (where {_BEFORE}), 0), sum(a.base_original_amount)"
        f" from ar_item a where a.client_no = %(client_no)s and {_UP_TO} group by 1".encode(),
        span.values(),
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def dimensions_used(transaction: Transaction, span: Span) -> list[tuple[int, str]]:
    """Dimensions with the values that lines of the span have."""
    rows = transaction.execute(
        "select distinct (e ->> 'dimensionNo')::int, e ->> 'value' from gl_item g cross join jsonb_array_elements(g.dimensions) e"
        f" where {_IN_SPAN} and g.dimensions is not null order by 1, 2".encode(),
        span.values(),
    )
    return [(row[0], row[1]) for row in rows]


def _rows(transaction: Transaction, name: str, statement: str, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with transaction.cursor(name=name) as cursor:
        cursor.itersize = ROWS_FETCHED
        cursor.execute(statement.encode(), values)
        while rows := cursor.fetchmany(ROWS_FETCHED):
            yield from rows


def customers(transaction: Transaction, span: Span) -> Iterator[CustomerEntry]:
    """The customers that have a balance at the beginning or the end, or postings between, by account number."""
    rows = _rows(
        transaction,
        "saft_customers",
        "select c.account_no, c.customer_no, c.name, c.customer_category, c.organization_no, c.phone_no, c.details #>> '{emailAddressDocument,0}',"
        " c.details ->> 'bankAccountNo', c.due_days, c.currency, c.details -> 'postalAddress', b.control_account, b.opening, b.closing"
        " from (select a.account_no, a.control_account, coalesce(sum(a.base_original_amount)"
        f" filter (where {_BEFORE}), 0) as opening, sum(a.base_original_amount) as closing, bool_or(not ({_BEFORE})) as moved"
        f" from ar_item a where a.client_no = %(client_no)s and {_UP_TO} group by 1, 2) b"
        " join customer c on c.client_no = %(client_no)s and c.account_no = b.account_no"
        " where b.opening <> 0 or b.closing <> 0 or b.moved order by c.account_no, b.control_account",
        span.values(),
    )
    for _, group in groupby(rows, key=lambda row: row[0]):
        found = list(group)
        head = found[0]
        yield CustomerEntry._make((*head[1:10], head[10] or {}, [(row[11], row[12], row[13]) for row in found]))


_LINES: Final = (
    "select g.transaction_no, g.line_no, g.gl_period, g.gl_date::text, g.document_date::text, g.gl_account, g.amount, g.currency, g.currency_amount,"
    " g.exchange_rate, g.vat_code, g.dimensions, g.line_text, (g.created_at at time zone %(time_zone)s)::date::text, g.created_by, g.batch_uuid,"
    " d.document_type, d.document_no, c.customer_no, a.kid, a.due_date::text, a.ar_item_type, a.document_no, a.reference_no"
    " from gl_item g"
    # The document is looked up once a transaction, the item and its customer only for the lines that have one.
    " left join document d on d.client_no = %(client_no)s and d.document_uuid = case when g.line_no = 1 then g.document_uuid end"
    " left join ar_item a on a.client_no = %(client_no)s and a.ar_item_id = g.ar_item_id"
    " left join customer c on c.client_no = %(client_no)s and c.account_no = g.account_no"
    f" where {_IN_SPAN} and g.journal = %(journal)s order by g.transaction_no, g.line_no"
)
_BATCH: Final = GlLine._fields.index("batch")


def transactions(transaction: Transaction, span: Span, journal: str, time_zone: str) -> Iterator[list[GlLine]]:
    """The transactions of a journal by number, each as its lines."""
    # Sorted it would be written to disk and read again; by the primary key it comes in order, line by line.
    transaction.execute("set local enable_sort = off; set local enable_hashjoin = off; set local enable_mergejoin = off")
    batch_uuid: UUID | None = None
    batch: str | None = None
    lines: list[GlLine] = []
    for row in _rows(transaction, "saft_lines", _LINES, span.values(journal=journal, time_zone=time_zone)):
        if row[_BATCH] != batch_uuid:
            batch_uuid = row[_BATCH]
            batch = None if batch_uuid is None else encode_id(batch_uuid)
        line = GlLine._make((*row[:_BATCH], batch, *row[_BATCH + 1 :]))
        if lines and lines[0].transaction_no != line.transaction_no:
            yield lines
            lines = []
        lines.append(line)
    if lines:
        yield lines
