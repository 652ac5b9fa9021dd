"""LEDGER-SPECIFICATION (kundespesifikasjon, bokføringsforskriften § 3-1 no. 3): per customer and period its number and name, every posting
with date and reference, between its opening and its closing balance.

It is read from the AR items, each of which is exactly one line on a control account, so its totals are the balances of those accounts; the
last lines say so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, NamedTuple

from reskontro.kit.money import ZERO
from reskontro.ledger.books import Period
from reskontro.ledger.movements import movements_of, read_sums
from reskontro.receivable.item_types import item_type
from reskontro.receivable.reports.building import ROWS_AT_ONCE, Asked, accounts_asked, period_name, period_parameters, periods_asked, unbalanced
from reskontro.receivable.reports.model import Line, ReportTable, Section, Value

COLUMNS: Final = (
    *("customerNo", "customerName", "accountNo", "glYear", "glPeriod", "glDate", "documentDate", "transactionNo", "documentNo", "itemType"),
    *("text", "dueDate", "kid", "debit", "credit", "balance", "currency", "currencyAmount"),
)
_SHOWN: Final = ("glDate", "documentDate", "transactionNo", "documentNo", "text", "dueDate", "debit", "credit", "balance")
_TOTALS_SHOWN: Final = ("text", "debit", "credit", "balance")
# One stream in the order of the customers: what each had before, as one row, and then its items one by one.
_STREAM: Final = (
    "select p.*, c.customer_no, c.name from ("
    "select a.account_no, false as is_item, null::date as gl_date, null::date as item_date, 0 as transaction_no, null::uuid as ar_item_id,"
    " null as document_no, null as ar_item_type, null::date as due_date, null as kid, sum(a.base_original_amount) as amount, null as currency,"
    " null::numeric as currency_amount, false as reversal"
    " from ar_item a where a.client_no = %(client_no)s and a.gl_date < %(first)s"
    " and (%(accounts)s::int[] is null or a.account_no = any(%(accounts)s))"
    " group by a.account_no having sum(a.base_original_amount) <> 0"
    " union all "
    "select a.account_no, true, a.gl_date, a.item_date, a.transaction_no, a.ar_item_id, a.document_no, a.ar_item_type, a.due_date, a.kid,"
    " a.base_original_amount, a.currency, a.original_amount, a.reversal from ar_item a where a.client_no = %(client_no)s"
    " and a.gl_date between %(first)s and %(last)s and (%(accounts)s::int[] is null or a.account_no = any(%(accounts)s))"
    ") p join customer c on c.client_no = %(client_no)s and c.account_no = p.account_no"
    " order by p.account_no, p.is_item, p.gl_date, p.transaction_no, p.ar_item_id"
)


class Posting(NamedTuple):
    """A row of the stream."""

    account_no: int
    is_item: bool
    gl_date: date
    item_date: date
    transaction_no: int
    ar_item_id: Any
    document_no: str | None
    ar_item_type: str
    due_date: date
    kid: str | None
    amount: Decimal
    currency: str
    currency_amount: Decimal
    reversal: bool
    customer_no: str
    name: str


@dataclass(slots=True)
class _Totals:
    """What has been seen so far."""

    opening: Decimal = ZERO
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    closing: Decimal = ZERO


def build(asked: Asked) -> ReportTable:
    """The report; customers without balance and postings in a period have no section for it."""
    periods = periods_asked(asked)
    parameters = period_parameters(asked, periods, "customerNos")
    return asked.table(parameters, asked.columns(COLUMNS), _sections(asked, periods))


def _sections(asked: Asked, periods: Sequence[Period]) -> Iterator[Section]:
    if not periods:
        return
    totals = _Totals()
    accounts = accounts_asked(asked)
    with asked.transaction.cursor("ledger_specification", scrollable=False) as cursor:
        cursor.itersize = ROWS_AT_ONCE
        asked.transaction.execute("set local work_mem = '64MB'")
        values = {"client_no": asked.client_no, "first": periods[0].from_date, "last": periods[-1].to_date, "accounts": accounts}
        cursor.execute(_STREAM.encode(), values)
        for _, rows in groupby(map(Posting._make, cursor), key=lambda row: row.account_no):
            yield from _customer(asked, periods, rows, totals)
    yield Section(asked.text("total"), _total_lines(asked, periods, totals, whole=accounts is None), _TOTALS_SHOWN)


@dataclass(slots=True)
class _Customer:
    """A customer whose rows are being read: the next one, and the balance so far."""

    rows: Iterator[Posting]
    row: Posting | None
    balance: Decimal = ZERO

    def has_until(self, day: date) -> bool:
        """Whether the next posting is of that day or earlier."""
        return self.row is not None and self.row.gl_date <= day

    def take(self) -> Posting:
        """The next posting, which there must be."""
        row = self.row
        assert row is not None
        self.row = next(self.rows, None)
        self.balance += row.amount
        return row


def _customer(asked: Asked, periods: Sequence[Period], rows: Iterator[Posting], totals: _Totals) -> Iterator[Section]:
    """The sections of one customer, a period each."""
    customer = _Customer(rows, next(rows))
    assert customer.row is not None
    head = (customer.row.customer_no, customer.row.name, customer.row.account_no)
    if not customer.row.is_item:
        totals.opening += customer.take().amount
    for period in periods:
        if customer.balance or customer.has_until(period.to_date):
            heading = f"{head[0]} {head[1]}, {asked.text('period').lower()} {period_name(period)}"
            lines = _lines(asked, head, period, customer, totals)
            yield Section(heading, lines, _SHOWN)
            # A reader that did not want the lines has left them in the stream.
            deque(lines, maxlen=0)
    totals.closing += customer.balance


def _lines(asked: Asked, head: tuple[str, str, int], period: Period, customer: _Customer, totals: _Totals) -> Iterator[Line]:
    front = (*head, period.gl_year, period.gl_period)
    yield Line("OPENING", _bound(asked, front, period.from_date, "opening", customer.balance))
    debit = credit = ZERO
    while customer.has_until(period.to_date):
        posting = customer.take()
        taken, given = max(posting.amount, ZERO), max(-posting.amount, ZERO)
        debit, credit = debit + taken, credit + given
        yield Line(
            "POSTING",
            (
                *front,
                posting.gl_date,
                posting.item_date,
                posting.transaction_no,
                posting.document_no,
                posting.ar_item_type,
                posting_text(asked, posting.ar_item_type, reversal=posting.reversal),
                posting.due_date,
                posting.kid,
                asked.amount(taken),
                asked.amount(given),
                asked.amount(customer.balance),
                posting.currency,
                asked.amount(posting.currency_amount, posting.currency),
            ),
        )
    totals.debit, totals.credit = totals.debit + debit, totals.credit + credit
    yield Line("CLOSING", _bound(asked, front, period.to_date, "closing", customer.balance, asked.amount(debit), asked.amount(credit)))


def posting_text(asked: Asked, kind: str, *, reversal: bool) -> str:
    """What a posting of a type of AR item is, in words."""
    name = item_type(kind, asked.language)
    return f"{name} ({asked.text('reversal')})" if reversal else name


def _bound(
    asked: Asked, front: tuple[Value, ...], day: date | None, key: str, balance: Decimal, debit: Value = None, credit: Value = None
) -> tuple[Value, ...]:
    """The values of a line that holds a balance."""
    return (*front, day, *(None,) * 4, asked.text(key), None, None, debit, credit, asked.amount(balance), asked.currency, None)


def _total_lines(asked: Asked, periods: Sequence[Period], totals: _Totals, *, whole: bool) -> Iterator[Line]:
    """All customers together and, when they are all there, the balance of the control accounts, which must be the same."""
    front = (None, asked.text("total"), None, periods[0].gl_year, None)
    first, last = periods[0].from_date, periods[-1].to_date
    yield Line("OPENING", _bound(asked, front, first, "opening", totals.opening))
    yield Line("TOTAL", _bound(asked, front, last, "closing", totals.closing, asked.amount(totals.debit), asked.amount(totals.credit)))
    if whole:
        balance = control_balance(asked, periods)
        if balance != totals.closing:
            raise unbalanced("/customers", totals.closing, balance)
        yield Line("CONTROL", _bound(asked, front, last, "control-account", balance))


def control_balance(asked: Asked, periods: Sequence[Period]) -> Decimal:
    """The balance of all control accounts at the end of the last period."""
    accounts = [account for account in asked.books.accounts.values() if account.is_control]
    sums = read_sums(asked.transaction, asked.client_no, periods[-1].gl_year, [account.gl_account for account in accounts])
    return sum((movements_of(account, sums.get(account.gl_account, {}), [periods])[0].closing for account in accounts), ZERO)
