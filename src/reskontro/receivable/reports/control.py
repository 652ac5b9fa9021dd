"""The control of a period, which is kept when it is closed (bokføringsforskriften § 7-6): what has to be equal at its end, and whether it is.

Both sides of every check are added up by themselves, from different rows, so that an agreement means something.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from reskontro.kit.money import ZERO
from reskontro.ledger.books import Period
from reskontro.ledger.movements import movements_of, read_sums, result_of_earlier_years
from reskontro.receivable.insights.store import Question, portions
from reskontro.receivable.reports.building import Asked, period_parameters, periods_asked
from reskontro.receivable.reports.model import Line, ReportTable, Section

COLUMNS: Final = ("check", "glAccount", "currency", "amount", "compared", "difference")
_ITEMS: Final = "select control_account, sum(base_original_amount) from ar_item where client_no = %s and gl_date <= %s group by control_account"
_CURRENCIES: Final = (
    "select g.currency, sum(g.currency_amount) from gl_item g"
    " where g.client_no = %s and g.gl_account = any(%s) and g.gl_date <= %s group by g.currency order by g.currency"
)


class Check(NamedTuple):
    """Two amounts that have to be equal."""

    name: str
    gl_account: str | None
    currency: str
    amount: Decimal
    compared: Decimal


def build(asked: Asked) -> ReportTable:
    """The report of the periods; a difference other than 0 is a fault of the ledger."""
    periods = periods_asked(asked)
    lines = [
        Line(
            "CONTROL",
            (
                *(check.name, check.gl_account, check.currency, asked.amount(check.amount, check.currency)),
                *(asked.amount(check.compared, check.currency), asked.amount(check.amount - check.compared, check.currency)),
            ),
        )
        for check in checks(asked, periods[0], periods[-1])
    ]
    return asked.table(period_parameters(asked, periods), asked.columns(COLUMNS), [Section("", lines)])


def checks(asked: Asked, first: Period, last: Period) -> Iterator[Check]:
    """The checks at the end of the last period."""
    books, base = asked.books, asked.currency
    sums = read_sums(asked.transaction, asked.client_no, last.gl_year, list(books.accounts))
    span = [period for period in books.calendar.periods if first.from_date <= period.from_date <= last.from_date]
    movements = {number: movements_of(account, sums.get(number, {}), [span])[0] for number, account in books.accounts.items()}
    control = [account.gl_account for account in books.accounts.values() if account.is_control]
    items: dict[str, Decimal] = dict(asked.transaction.execute(_ITEMS.encode(), (asked.client_no, last.to_date)).fetchall())
    for number in control:
        yield Check(asked.text("check-receivables", account=number), number, base, items.get(number, ZERO), movements[number].closing)
    opened = sum((part.debit + part.credit for part in portions(asked.transaction, Question(asked.client_no, last.to_date))), ZERO)
    yield Check(asked.text("check-open"), None, base, opened, sum((movements[number].closing for number in control), ZERO))
    for currency, balance in asked.transaction.execute(_CURRENCIES.encode(), (asked.client_no, control, last.to_date)).fetchall():
        parts = portions(asked.transaction, Question(asked.client_no, last.to_date, currency))
        yield Check(asked.text("check-currency", currency=currency), None, currency, sum((part.debit + part.credit for part in parts), ZERO), balance)
    debit = sum((movement.sums.debit for movement in movements.values()), ZERO)
    yield Check(asked.text("check-balance"), None, base, debit, sum((movement.sums.credit for movement in movements.values()), ZERO))
    opening = sum((movement.opening for movement in movements.values()), ZERO)
    yield Check(asked.text("check-opening"), None, base, opening, -result_of_earlier_years(books, sums, last.gl_year))
