"""TRIAL-BALANCE: every account with what it opened with, debit, credit, and what it closes with, over one or more periods of a year."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from reskontro.kit.money import ZERO
from reskontro.ledger.movements import EARLIER_RESULT_ACCOUNT, Movement, movements_of, read_sums, result_of_earlier_years
from reskontro.receivable.reports.building import Asked, period_parameters, periods_asked
from reskontro.receivable.reports.model import Line, ReportTable, Section

COLUMNS = ("glAccount", "glAccountName", "openingBalance", "debit", "credit", "closingBalance")


def build(asked: Asked) -> ReportTable:
    """The report. Accounts without balance and movement are left out; with ``glAccounts`` only those are shown."""
    periods = periods_asked(asked)
    parameters = period_parameters(asked, periods, "glAccounts")
    return asked.table(parameters, asked.columns(COLUMNS), [Section("", list(_lines(asked)))])


def _lines(asked: Asked) -> Iterator[Line]:
    books, year = asked.books, asked.values["glYear"]
    wanted = asked.values.get("glAccounts")
    sums = read_sums(asked.transaction, asked.client_no, year, list(books.accounts))
    periods = periods_asked(asked)
    rows: list[tuple[str, str, Decimal, Decimal, Decimal, Decimal]] = []
    if periods:
        for account in books.accounts.values():
            movement: Movement = movements_of(account, sums.get(account.gl_account, {}), [periods])[0]
            if not movement.is_empty and (not wanted or account.gl_account in wanted):
                posted = movement.sums
                rows.append((account.gl_account, account.name, movement.opening, posted.debit, posted.credit, movement.closing))
        result = result_of_earlier_years(books, sums, year)
        if result and (not wanted or EARLIER_RESULT_ACCOUNT in wanted):
            rows.append((EARLIER_RESULT_ACCOUNT, asked.text("earlier-result"), result, ZERO, ZERO, result))
    rows.sort(key=lambda row: row[0])
    totals = [ZERO] * 4
    for number, name, *amounts in rows:
        yield Line("ACCOUNT", (number, name, *map(asked.amount, amounts)))
        totals = [total + amount for total, amount in zip(totals, amounts, strict=True)]
    yield Line("TOTAL", (None, asked.text("total"), *map(asked.amount, totals)))
