"""GL movements: the list by account and period or year, and the latest closed one. Nothing here is stored: it is read from the balances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from reskontro.db.engine import Transaction
from reskontro.kit.errors import not_found
from reskontro.ledger.account_ranges import AccountRanges
from reskontro.ledger.books import Books, Period, open_books
from reskontro.ledger.movements import Movement, movements_of, read_sums, read_sums_where, spans_of
from reskontro.receivable.dimensions import DIMENSION_FILTER, HAS_DIMENSION, wanted_dimensions
from reskontro.receivable.gl_movements.schemas import movement_view
from reskontro.web.lists import Listing
from reskontro.web.operations import Parameter

BY_PERIOD: Final = "period"
BY_YEAR: Final = "year"

ACCOUNTS = Parameter("glaccount", "texts", "Accounts or ranges such as 1500-1599")
LEVEL = Parameter("level", "choice", "One record for each period (default) or each year", values=(BY_PERIOD, BY_YEAR))
FILTERS = (
    Parameter("glyear", "integers", "Fiscal years; default the current one"),
    Parameter("glperiodfrom", "integer", "From this period of each year on; default 1"),
    Parameter("glperiodto", "integer", "Up to this period of each year; default 12"),
    ACCOUNTS,
    DIMENSION_FILTER,
    LEVEL,
    Parameter("nonzero", "boolean", "Leave out accounts without balance and movement in all of the periods (default true)"),
)
KEPT = ("level", "dimension")
"""Parameters of the first call that the following pages need besides the keys."""

Span = Sequence[Period]


def listing(client_no: int, now: datetime) -> Listing:
    """The list of movements, by glAccount, glYear, glPeriod. A key is the account, the year, and the first and the last
    period.
    """

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> list[list[Any]]:
        books = open_books(transaction, client_no, now)
        years = filters.get("glyear", [books.period_number(books.today(now))[0]])
        first, last = filters.get("glperiodfrom", 1), filters.get("glperiodto", 12)
        spans = spans_of(books, years, first, last, whole_years=filters.get("level") == BY_YEAR)
        accounts = _chosen(books, filters.get("glaccount"))
        shown = _movements(transaction, books, accounts, spans, filters.get("dimension"))
        if filters.get("nonzero", True):
            shown = _without_empty_accounts(shown)
        return [[movement.gl_account, *movement.first, movement.last[1]] for movement in shown[:limit]]

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        books = open_books(transaction, client_no)
        numbers = sorted({(year, first, last) for _, year, first, last in keys})
        spans = [span for year, first, last in numbers for span in spans_of(books, [year], first, last, whole_years=True)]
        accounts = [account for account in dict.fromkeys(key[0] for key in keys) if account in books.accounts]
        movements = _movements(transaction, books, accounts, spans, options.get("dimension"))
        by_key = {(movement.gl_account, *movement.first, movement.last[1]): movement for movement in movements}
        found = [by_key[key] for key in map(tuple, keys) if key in by_key]
        return _views(books, found, now, whole_years=options.get("level") == BY_YEAR)

    return Listing("glMovements", "glMovements", "/glmovements", find, load)


def latest_closed(transaction: Transaction, client_no: int, now: datetime, wanted: Sequence[str] | None, level: str) -> dict[str, Any]:
    """The latest closed period, or the latest year of which all periods are closed, with the movements of its accounts.

    Accounts without balance and movement are left out. Raises Problem NOT-FOUND while none is closed.
    """
    books = open_books(transaction, client_no)
    whole_years = level == BY_YEAR
    closed = [span for span in spans_of(books, (p.gl_year for p in books.calendar.periods), whole_years=whole_years) if _is_closed(span)]
    if not closed:
        raise not_found(f"a closed {level}")
    span = closed[-1]
    movements = _without_empty_accounts(_movements(transaction, books, _chosen(books, wanted), [span], None))
    return {
        "clientNo": client_no,
        "glYear": span[-1].gl_year,
        "glPeriod": span[-1].gl_period,
        "closedAt": span[-1].closed_at,
        "glMovements": _views(books, movements, now, whole_years=whole_years),
    }


def _is_closed(span: Span) -> bool:
    return not any(period.is_open for period in span)


def _chosen(books: Books, wanted: Sequence[str] | None) -> list[str]:
    if wanted is None:
        return list(books.accounts)
    ranges = AccountRanges(wanted)
    return [account for account in books.accounts if account in ranges]


def _movements(
    transaction: Transaction, books: Books, accounts: Sequence[str], spans: Sequence[Span], dimension: Sequence[str] | None
) -> list[Movement]:
    """The movements of accounts in spans, by account."""
    until_year = spans[-1][-1].gl_year if spans else 0
    if dimension is None:
        sums = read_sums(transaction, books.client_no, until_year, accounts)
    else:
        sums = read_sums_where(transaction, books.client_no, until_year, accounts, HAS_DIMENSION, wanted_dimensions(dimension))
    return [movement for account in accounts for movement in movements_of(books.accounts[account], sums.get(account, {}), spans)]


def _without_empty_accounts(movements: Iterable[Movement]) -> list[Movement]:
    movements = list(movements)
    used = {movement.gl_account for movement in movements if not movement.is_empty}
    return [movement for movement in movements if movement.gl_account in used]


def _views(books: Books, movements: Iterable[Movement], now: datetime, *, whole_years: bool) -> list[dict[str, Any]]:
    currency = books.config("base.currency", books.today(now))
    return [movement_view(books, movement, currency, whole_year=whole_years) for movement in movements]
