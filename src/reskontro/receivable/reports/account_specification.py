"""ACCOUNT-SPECIFICATION (kontospesifikasjon, bokføringsforskriften § 3-1): per account and period every posting, between its opening and its
closing balance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from reskontro.kit.money import ZERO
from reskontro.ledger.movements import Movement, movements_of, read_sums
from reskontro.receivable.item_types import item_type
from reskontro.receivable.reports import texts
from reskontro.receivable.reports.building import ROWS_AT_ONCE, Asked, period_name, period_parameters, periods_asked, unbalanced
from reskontro.receivable.reports.model import Line, ReportTable, Section, Value

COLUMNS: Final = (
    *("glAccount", "glAccountName", "glYear", "glPeriod", "glDate", "documentDate", "transactionNo", "documentNo", "customerNo", "text", "journal"),
    *("vatCode", "debit", "credit", "balance", "currency", "currencyAmount"),
)
_SHOWN: Final = ("glDate", "documentDate", "transactionNo", "documentNo", "customerNo", "text", "vatCode", "debit", "credit", "balance")
# In the order of the index over accounts and dates, so that a page of rows can be sorted at a time.
_POSTINGS: Final = (
    "select g.gl_account, g.gl_period, g.gl_date, g.document_date, g.transaction_no, d.document_no, d.document_type, c.customer_no, g.line_text,"
    " g.journal, g.vat_code, g.amount, g.currency, g.currency_amount from gl_item g"
    " left join document d on d.client_no = g.client_no and d.document_uuid = g.document_uuid"
    " left join customer c on c.client_no = g.client_no and c.account_no = g.account_no"
    " where g.client_no = %s and g.gl_year = %s and g.gl_account = any(%s) and g.gl_date between %s and %s"
    " order by g.gl_account, g.gl_date, g.transaction_no, g.line_no"
)


def build(asked: Asked) -> ReportTable:
    """The report; accounts without balance and postings in a period have no section for it."""
    periods = periods_asked(asked)
    parameters = period_parameters(asked, periods, "glAccounts")
    return asked.table(parameters, asked.columns(COLUMNS), _or_note(asked, _sections(asked)))


def _or_note(asked: Asked, sections: Iterator[Section]) -> Iterator[Section]:
    """The sections, or one that says that there are none."""
    first = next(sections, None)
    if first is None:
        yield Section("", (), _SHOWN, asked.text("no-lines"))
    else:
        yield first
        yield from sections


def _sections(asked: Asked) -> Iterator[Section]:
    books, year, periods = asked.books, asked.values["glYear"], periods_asked(asked)
    wanted = asked.values.get("glAccounts") or list(books.accounts)
    accounts = sorted(set(wanted) & books.accounts.keys())
    if not periods:
        return
    sums = read_sums(asked.transaction, asked.client_no, year, accounts)
    with asked.transaction.cursor("account_specification", scrollable=False) as cursor:
        cursor.itersize = ROWS_AT_ONCE
        span = (periods[0].from_date, periods[-1].to_date)
        cursor.execute(_POSTINGS.encode(), (asked.client_no, year, accounts, *span))
        groups = groupby(cursor, key=lambda row: (row[0], row[1]))
        key, rows = next(groups, (None, iter(())))
        for account in accounts:
            movements = movements_of(books.accounts[account], sums.get(account, {}), [[period] for period in periods])
            for period, movement in zip(periods, movements, strict=True):
                if movement.is_empty:
                    continue
                name = books.accounts[account].name
                own = rows if key == (account, period.gl_period) else iter(())
                heading = f"{account} {name}, {asked.text('period').lower()} {period_name(period)}"
                yield Section(heading, _lines(asked, movement, name, period.from_date, period.to_date, own), _SHOWN)
                if own is rows:
                    key, rows = next(groups, (None, iter(())))


def _lines(asked: Asked, movement: Movement, name: str, first: date, last: date, rows: Iterator[Sequence[Any]]) -> Iterator[Line]:
    account, (year, period) = movement.gl_account, movement.first
    head = (account, name, year, period)

    def bound(day: date, text: str, balance: Decimal, debit: Value = None, credit: Value = None) -> tuple[Value, ...]:
        nothing: tuple[Value, ...] = (None,) * 4
        return (*head, day, *nothing, text, None, None, debit, credit, asked.amount(balance), asked.currency, None)

    balance = movement.opening
    yield Line("OPENING", bound(first, asked.text("opening"), balance))
    for row in rows:
        _, _, gl_date, document_date, transaction_no, document_no, document_type, customer_no, text, journal, vat_code, amount, *own = row
        balance += amount
        shown = text or (f"{item_type(document_type, asked.language)} {document_no}" if document_no else texts.journal(journal, asked.language))
        yield Line(
            "POSTING",
            (
                *head,
                gl_date,
                document_date,
                transaction_no,
                document_no,
                customer_no,
                shown,
                texts.journal(journal, asked.language),
                vat_code,
                asked.amount(max(amount, ZERO)),
                asked.amount(max(-amount, ZERO)),
                asked.amount(balance),
                own[0],
                asked.amount(own[1], own[0]),
            ),
        )
    if balance != movement.closing:
        raise unbalanced(f"/glAccounts/{account}", balance, movement.closing)
    debit, credit = asked.amount(movement.sums.debit), asked.amount(movement.sums.credit)
    yield Line("CLOSING", bound(last, asked.text("closing"), balance, debit, credit))
