"""Movements and balances of GL accounts, exact at any moment.

Every posting folds its sums into ``account_balance`` in its own commit, so a balance at the end of a month is read from
a few rows; one inside a month takes the items of that month besides.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from reskontro.db.engine import Transaction
from reskontro.kit.money import ZERO
from reskontro.ledger.books import Books, GlAccount, open_books
from reskontro.ledger.periods import Period, month_of

PeriodNumber = tuple[int, int]
"""glYear and glPeriod; they sort in time."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What was posted to an account in a period, in base currency."""

    debit: Decimal = ZERO
    credit: Decimal = ZERO
    item_count: int = 0

    @property
    def net(self) -> Decimal:
        """Debit minus credit."""
        return self.debit - self.credit

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.debit + other.debit, self.credit + other.credit, self.item_count + other.item_count)


@dataclass(frozen=True, slots=True)
class Movement:
    """An account in a span of periods of one year: its balance before, what was posted, and whether all is closed."""

    gl_account: str
    first: PeriodNumber
    last: PeriodNumber
    opening: Decimal
    sums: Sums
    is_closed: bool

    @property
    def closing(self) -> Decimal:
        """The balance at the end of the span."""
        return self.opening + self.sums.net

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a balance nor anything posted."""
        return not (self.opening or self.sums.item_count)


def read_sums(transaction: Transaction, client_no: int, until_year: int, accounts: Sequence[str]) -> dict[str, dict[PeriodNumber, Sums]]:
    """What was posted to accounts in each period up to the end of a year, by account and period."""
    rows = transaction.execute(
        "select gl_account, gl_year, gl_period, debit, credit, item_count from account_balance"
        " where client_no = %s and gl_year <= %s and gl_account = any(%s)",
        (client_no, until_year, list(accounts)),
    )
    return _by_account(rows)


def read_sums_where(
    transaction: Transaction, client_no: int, until_year: int, accounts: Sequence[str], condition: str, values: Sequence[Any]
) -> dict[str, dict[PeriodNumber, Sums]]:
    """The same, only from the items ``g`` that meet a condition: added up from the items themselves."""
    rows = transaction.execute(
        "select g.gl_account, g.gl_year, g.gl_period, coalesce(sum(g.amount) filter (where g.amount > 0), 0),"
        " coalesce(-sum(g.amount) filter (where g.amount < 0), 0), count(*) from gl_item g"
        f" where g.client_no = %s and g.gl_year <= %s and g.gl_account = any(%s) and {condition} group by 1, 2, 3".encode(),
        (client_no, until_year, list(accounts), *values),
    )
    return _by_account(rows)


def _by_account(rows: Iterable[Sequence[Any]]) -> dict[str, dict[PeriodNumber, Sums]]:
    found: dict[str, dict[PeriodNumber, Sums]] = {}
    for gl_account, gl_year, gl_period, debit, credit, item_count in rows:
        found.setdefault(gl_account, {})[gl_year, gl_period] = Sums(debit, credit, item_count)
    return found


def movements_of(account: GlAccount, sums: Mapping[PeriodNumber, Sums], spans: Sequence[Sequence[Period]]) -> list[Movement]:
    """The movement of an account in each span. A span is one or more periods of one year that follow each other; spans
    come in the order of time.

    An asset or liability opens with all that was posted before, an income or expense with what was posted before in the
    same year: the year's result is carried to equity in the main ledger, not here.
    """
    found = []
    posted = sorted(sums.items())
    place, balance, year = 0, ZERO, None
    for span in spans:
        first, last = (span[0].gl_year, span[0].gl_period), (span[-1].gl_year, span[-1].gl_period)
        if first[0] != year and not account.carries_balance:
            balance = ZERO
        year = first[0]
        while place < len(posted) and posted[place][0] < first:
            if account.carries_balance or posted[place][0][0] == year:
                balance += posted[place][1].net
            place += 1
        inside = Sums()
        while place < len(posted) and posted[place][0] <= last:
            inside += posted[place][1]
            place += 1
        closed = not any(period.is_open for period in span)
        found.append(Movement(account.gl_account, first, last, balance, inside, closed))
        balance += inside.net
    return found


def balance_on(transaction: Transaction, client_no: int, gl_account: str, day: date) -> Decimal:
    """The balance of an account at the end of a day in base currency, debit positive; 0 for an account that does not
    exist.

    An income or expense account counts from the start of the fiscal year. Raises Problem NOT-FOUND for an unknown client.
    """
    books = open_books(transaction, client_no)
    account = books.account(gl_account)
    if account is None:
        return ZERO
    first_day, last_day = month_of(day)
    gl_year, gl_period = books.period_number(day)
    # The items of the shorter part of the month are read: from its first day on, or back from its end.
    from_end = day.day > monthrange(day.year, day.month)[1] // 2
    whole = "(gl_year, gl_period) <= (%(gl_year)s, %(gl_period)s)" if from_end else "(gl_year, gl_period) < (%(gl_year)s, %(gl_period)s)"
    if not account.carries_balance:
        whole += " and gl_year = %(gl_year)s"
    part = "gl_date > %(day)s and gl_date <= %(last_day)s" if from_end else "gl_date >= %(first_day)s and gl_date <= %(day)s"
    of_account = "client_no = %(client_no)s and gl_account = %(gl_account)s"
    row = transaction.execute(
        f"select coalesce((select sum(debit - credit) from account_balance where {of_account} and {whole}), 0)"
        # Without the year, which the index does not have: so the items are read from the index alone.
        f" {'-' if from_end else '+'} coalesce((select sum(amount) from gl_item where {of_account} and {part}), 0)".encode(),
        {
            "client_no": client_no,
            "gl_account": gl_account,
            "gl_year": gl_year,
            "gl_period": gl_period,
            "day": day,
            "first_day": first_day,
            "last_day": last_day,
        },
    ).fetchone()
    assert row is not None
    return Decimal(row[0])


def spans_of(books: Books, years: Iterable[int], first: int = 1, last: int = 12, *, whole_years: bool = False) -> list[list[Period]]:
    """The periods of the years from one number to another, each a span of its own, or one span a year; years without
    periods have none.
    """
    wanted = set(years)
    by_year: dict[int, list[Period]] = {}
    for period in books.calendar.periods:
        if period.gl_year in wanted and first <= period.gl_period <= last:
            by_year.setdefault(period.gl_year, []).append(period)
    if whole_years:
        return list(by_year.values())
    return [[period] for periods in by_year.values() for period in periods]


EARLIER_RESULT_ACCOUNT: Final = "2050"
"""Where the result of earlier years belongs: the main ledger books it there, reports calculate it as long as nobody has."""


def result_of_earlier_years(books: Books, sums: Mapping[str, Mapping[PeriodNumber, Sums]], gl_year: int) -> Decimal:
    """What income and expense accounts came to in all years before one and nobody booked to equity, debit positive: a profit is negative.

    ``sums`` are those of all accounts as ``read_sums`` gives them. With it the opening balances of a year add up to 0.
    """
    return sum(
        (
            posted.net
            for account in books.accounts.values()
            if not account.carries_balance
            for (year, _), posted in sums.get(account.gl_account, {}).items()
            if year < gl_year
        ),
        ZERO,
    )
