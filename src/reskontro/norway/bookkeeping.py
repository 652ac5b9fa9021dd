"""Rules of the Norwegian bookkeeping act that a ledger must satisfy: retention, time of invoicing, immutability and
totals.

Rules: bokføringsloven §§ 9 and 13, bokføringsforskriften §§ 5-2-2, 5-2-3 and 7-6, SAF-T Financial. A month is a pair of
year and month number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from reskontro.norway.calendars import ONE_DAY, add_months, is_working_day
from reskontro.norway.rates import ValueMissing
from reskontro.norway.tables import read_rows

DocumentClass = Literal["primary", "secondary"]
Action = Literal["post", "change_amount", "delete"]
Month = tuple[int, int]

RETENTION_MONTHS: Final[dict[DocumentClass, int]] = {"primary": 60, "secondary": 42}
"""Five years, and three years and six months, after the end of the fiscal year (bokføringsloven § 13)."""
MONTHLY_INVOICE_WORKING_DAYS: Final = 15
"""Continuous monthly supply is invoiced within so many working days of the next month (bokføringsforskriften § 5-2-3).
"""

_ZERO = Decimal(0)


def deletable_from(fiscal_year_end: date, document_class: DocumentClass) -> date:
    """The first day on which documents of that fiscal year may be deleted; they are kept through the day before."""
    return add_months(fiscal_year_end + ONE_DAY, RETENTION_MONTHS[document_class])


def invoice_by(delivered: date) -> date:
    """The last day to issue the sales document of a single delivery: one month later (bokføringsforskriften §
    5-2-2).
    """
    return add_months(delivered, 1)


def monthly_invoice_by(month: Month) -> date:
    """The last day to issue the sales document of a month's continuous supply: the fifteenth working day of the next
    month.
    """
    day = add_months(date(*month, 1), 1)
    working_days = int(is_working_day(day))
    while working_days < MONTHLY_INVOICE_WORKING_DAYS:
        day += ONE_DAY
        working_days += is_working_day(day)
    return day


class LedgerAction(NamedTuple):
    """Whether something may be done to the ledger; why not, and what to do instead."""

    reason: Literal["PERIOD_CLOSED", "IMMUTABLE"] | None
    correction: Literal["first_open_period", "reversal_and_new_posting"] | None

    @property
    def allowed(self) -> bool:
        """Whether it may be done."""
        return self.reason is None


def ledger_action(action: Action, period: Month, closed_periods: Collection[Month]) -> LedgerAction:
    """Nothing is done in a closed period, and what is posted is never changed or deleted in an open one
    (bokføringsloven § 9).
    """
    if period in closed_periods:
        return LedgerAction("PERIOD_CLOSED", "first_open_period")
    if action != "post":
        return LedgerAction("IMMUTABLE", "reversal_and_new_posting")
    return LedgerAction(None, None)


class Totals(NamedTuple):
    """The header figures of GeneralLedgerEntries in SAF-T."""

    number_of_entries: int
    """Transactions, not lines."""
    total_debit: Decimal
    total_credit: Decimal


def saft_totals(transactions: Iterable[Iterable[tuple[Decimal, Decimal]]]) -> Totals:
    """Count and sums of transactions given as lines of (debit, credit)."""
    count, debit, credit = 0, _ZERO, _ZERO
    for lines in transactions:
        count += 1
        for line_debit, line_credit in lines:
            debit += line_debit
            credit += line_credit
    return Totals(count, debit, credit)


def saft_version(period: Month) -> str:
    """The AuditFileVersion for a period; raises ValueMissing for one whose version is not known."""
    day = date(*period, 1)
    for row in read_rows("saft_version"):
        if date.fromisoformat(row["valid_from"]) <= day <= date.fromisoformat(row["valid_to"]):
            return row["version"]
    raise ValueMissing("SAF-T version", day)


def control_difference(open_items: Iterable[Decimal], gl_balance: Decimal) -> Decimal:
    """Open items less the balance of their control account; 0 when they agree, as they must at every period end."""
    return sum(open_items, _ZERO) - gl_balance
