"""CUSTOMER-STATEMENT: what was posted on one customer from one day to another, between the balances before and after, and what was open
at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

from reskontro.kit.money import ZERO
from reskontro.kit.shown import shown_date
from reskontro.receivable.insights.store import Question, stream_open_items
from reskontro.receivable.letters.model import Letter
from reskontro.receivable.reports.building import ROWS_AT_ONCE, Asked, day_before
from reskontro.receivable.reports.ledger_specification import posting_text
from reskontro.receivable.reports.model import Chart, Line, Parameter, ReportTable, Section, Series, Value
from reskontro.receivable.reports.open_items import add
from reskontro.receivable.reports.statement_letter import statement_letter

COLUMNS: Final = (
    *("customerNo", "glDate", "documentDate", "transactionNo", "documentNo", "itemType", "text", "reference", "kid", "dueDate", "daysOverdue"),
    *("currency", "originalAmount", "openAmount", "debit", "credit", "balance"),
)
_POSTINGS_SHOWN: Final = ("glDate", "documentDate", "transactionNo", "documentNo", "text", "dueDate", "debit", "credit", "balance")
_FOREIGN_SHOWN: Final = (*_POSTINGS_SHOWN[:6], "currency", "originalAmount", *_POSTINGS_SHOWN[6:])
"""For customers with postings in another currency (bokføringsloven § 8 wants its amounts kept)."""
_OPEN_SHOWN: Final = ("documentNo", "text", "kid", "documentDate", "dueDate", "daysOverdue", "currency", "originalAmount", "openAmount")
_POINTS_MAX: Final = 60
"""A line over time has at most so many points; a longer span is shown by wider steps."""
_POSTINGS: Final = (
    "select a.gl_date, a.item_date, a.transaction_no, a.document_no, a.ar_item_type, a.reference_no, a.kid, a.due_date, a.currency,"
    " a.original_amount, a.base_original_amount, a.reversal from ar_item a"
    " where a.client_no = %s and a.account_no = %s and a.gl_date between %s and %s order by a.gl_date, a.transaction_no, a.ar_item_id"
)
_FOREIGN: Final = (
    "select exists (select from ar_item a where a.client_no = %s and a.account_no = %s and a.gl_date between %s and %s and a.currency <> %s)"
)
_BY_DAY: Final = (
    "select greatest(a.gl_date, %s), sum(a.base_original_amount) from ar_item a"
    " where a.client_no = %s and a.account_no = %s and a.gl_date <= %s group by 1 order by 1"
)


def build(asked: Asked) -> ReportTable:
    """The statement of the customer whose ``accountNo`` the request was given when its turn came."""
    account_no, first, last = asked.values["accountNo"], asked.values["fromDate"], asked.values["toDate"]
    row = asked.transaction.execute(
        "select customer_no, name, organization_no, details -> 'postalAddress' from customer where client_no = %s and account_no = %s",
        (asked.client_no, account_no),
    ).fetchone()
    assert row is not None, "the customer was looked up in the same moment"
    customer_no, name, organization_no, address = row
    parameters = [Parameter("customer", asked.text("customer"), f"{customer_no} {name}"), asked.parameter("accountNo", account_no)]
    if organization_no:
        parameters.append(asked.parameter("organizationNo", organization_no))
    if address_line(address):
        parameters.append(asked.parameter("address", address_line(address)))
    parameters += [asked.parameter("fromDate", first), asked.parameter("toDate", last)]
    balances = _balances(asked)
    opening = balances.pop(day_before(first), ZERO)
    sections = _sections(asked, customer_no, opening)
    return asked.table(parameters, asked.columns(COLUMNS), sections, [_chart(asked, opening, balances)])


def letter_of(asked: Asked) -> Letter | None:
    """The letter that the statement is sent with; None when it asks for nothing."""
    balances = _balances(asked)
    opening = balances.pop(day_before(asked.values["fromDate"]), ZERO)
    return statement_letter(asked, asked.amount(opening), asked.amount(sum(balances.values(), opening)))


def address_line(address: dict[str, Any] | None) -> str:
    """A postal address in one line."""
    if not address:
        return ""
    place = " ".join(address[key] for key in ("postalCode", "cityName") if address.get(key))
    parts = (address.get("addressLine1"), address.get("addressLine2"), address.get("addressLine3"), place, address.get("countryText"))
    return ", ".join(part for part in parts if part)


def _balances(asked: Asked) -> dict[date, Decimal]:
    """What each day with postings changed; all that was posted before stands under the day before the first."""
    values = asked.values
    rows = asked.transaction.execute(_BY_DAY.encode(), (day_before(values["fromDate"]), asked.client_no, values["accountNo"], values["toDate"]))
    return dict(rows.fetchall())


def _chart(asked: Asked, opening: Decimal, changes: dict[date, Decimal]) -> Chart:
    """The balance over time: at the beginning, after each day with postings, and at the end."""
    first, last = asked.values["fromDate"], asked.values["toDate"]
    days = (last - first).days
    step = max(-(-days // _POINTS_MAX), 1)
    points = sorted({first.fromordinal(first.toordinal() + offset) for offset in range(0, days + 1, step)} | {last})
    balance, values, pending = opening, [], sorted(changes.items())
    place = 0
    for point in points:
        while place < len(pending) and pending[place][0] <= point:
            balance += pending[place][1]
            place += 1
        values.append(asked.amount(balance))
    return Chart("line", asked.text("balance-over-time"), [point.isoformat() for point in points], [Series(asked.text("balance"), values)])


def _sections(asked: Asked, customer_no: str, opening: Decimal) -> Iterator[Section]:
    account_no, first, day = asked.values["accountNo"], asked.values["fromDate"], asked.values["toDate"]
    row = asked.transaction.execute(_FOREIGN.encode(), (asked.client_no, account_no, first, day, asked.currency)).fetchone()
    shown = _FOREIGN_SHOWN if row is not None and row[0] else _POSTINGS_SHOWN
    yield Section(asked.text("postings"), _posting_lines(asked, customer_no, opening), shown)
    heading = asked.text("open-items-on", day=shown_date(day, asked.language))
    yield Section(heading, _open_lines(asked, customer_no, day), _OPEN_SHOWN, asked.text("no-open-items"))


def _posting_lines(asked: Asked, customer_no: str, opening: Decimal) -> Iterator[Line]:
    first, last = asked.values["fromDate"], asked.values["toDate"]
    yield Line("OPENING", _bound(asked, customer_no, first, "opening", opening))
    balance, debit, credit = opening, ZERO, ZERO
    with asked.transaction.cursor("statement", scrollable=False) as cursor:
        cursor.itersize = ROWS_AT_ONCE
        for row in cursor.execute(_POSTINGS.encode(), (asked.client_no, asked.values["accountNo"], first, last)):
            gl_date, item_date, transaction_no, document_no, kind, reference, kid, due_date, currency, original, amount, reversal = row
            balance += amount
            taken, given = max(amount, ZERO), max(-amount, ZERO)
            debit, credit = debit + taken, credit + given
            yield Line(
                "POSTING",
                (
                    *(customer_no, gl_date, item_date, transaction_no, document_no, kind, posting_text(asked, kind, reversal=reversal)),
                    *(reference, kid, due_date, None, currency, asked.amount(original, currency), None),
                    *(asked.amount(taken), asked.amount(given), asked.amount(balance)),
                ),
            )
    yield Line("CLOSING", _bound(asked, customer_no, last, "closing", balance, asked.amount(debit), asked.amount(credit)))


def _bound(asked: Asked, customer_no: str, day: date, key: str, balance: Decimal, debit: Value = None, credit: Value = None) -> tuple[Value, ...]:
    """The values of a line that holds a balance."""
    return (customer_no, day, *(None,) * 4, asked.text(key), *(None,) * 4, asked.currency, None, None, debit, credit, asked.amount(balance))


def _open_lines(asked: Asked, customer_no: str, day: date) -> Iterator[Line]:
    totals: dict[str, tuple[Decimal, Decimal]] = {}
    for row in stream_open_items(asked.transaction, Question(asked.client_no, day, account_nos=[asked.values["accountNo"]])):
        add(totals, row)
        yield Line(
            "OPEN-ITEM",
            (
                *(
                    customer_no,
                    None,
                    row.item_date,
                    None,
                    row.document_no,
                    row.ar_item_type,
                    posting_text(asked, row.ar_item_type, reversal=row.reversal),
                ),
                *(row.reference_no, row.kid, row.due_date, max((day - row.due_date).days, 0), row.currency),
                *(asked.amount(row.original_amount, row.currency), asked.amount(row.open_amount, row.currency), None, None, None),
            ),
        )
    for currency, (amount, _) in sorted(totals.items()):
        text = asked.text("total-in", currency=currency)
        yield Line("TOTAL", (customer_no, *(None,) * 5, text, *(None,) * 4, currency, None, asked.amount(amount, currency), None, None, None))
