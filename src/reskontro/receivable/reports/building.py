"""What the builders of reports have in common: what was asked for, the head of a report, and columns by their keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from reskontro.db.engine import Transaction
from reskontro.kit.messages import Language, Message
from reskontro.kit.money import quantise
from reskontro.ledger.books import Books, Period
from reskontro.norway.identities import currency_decimals
from reskontro.receivable.reports.model import Chart, ClientHead, Column, ColumnKind, Parameter, ReportTable, Section, Value
from reskontro.receivable.reports.texts import label, title_of
from reskontro.receivable.runs.inputs import named_customers

ROWS_AT_ONCE: Final = 5_000
"""Rows that a stream fetches from the server in one go."""

_KINDS: Final[dict[str, ColumnKind]] = {
    **dict.fromkeys(("accountNo", "customerCount", "days", "daysOverdue", "glPeriod", "glYear", "itemCount", "transactionNo"), "integer"),
    **dict.fromkeys(("documentDate", "dueDate", "glDate"), "date"),
    **dict.fromkeys(
        (
            "amount",
            "balance",
            "baseOpenAmount",
            "closingBalance",
            "compared",
            "credit",
            "creditAmount",
            "currencyAmount",
            "debit",
            "debitAmount",
            "difference",
            "openAmount",
            "openingBalance",
            "originalAmount",
            "totalAmount",
        ),
        "amount",
    ),
    "percent": "percent",
}
"""Kinds of the columns that are no texts."""
_WIDTHS: Final[dict[str, float]] = {
    "check": 3.0,
    "currency": 0.6,
    "customerName": 2.2,
    "customerNo": 0.9,
    "daysOverdue": 0.7,
    "glAccount": 0.7,
    "glAccountName": 2.6,
    "glPeriod": 0.5,
    "glYear": 0.6,
    "text": 2.2,
    "transactionNo": 0.8,
    "vatCode": 0.6,
}
"""Widths of the columns that need more or less room than the others."""


class ReportRefused(Exception):
    """The report cannot be made as asked; carries the findings. Nothing of its file is kept."""

    def __init__(self, messages: Sequence[Message]) -> None:
        super().__init__(", ".join(message.code for message in messages))
        self.messages = list(messages)


def unbalanced(place: str, found: Decimal, balance: Decimal) -> ReportRefused:
    """The refusal of a report whose lines do not come to the balance they lead to: the ledger is broken, and such a report must not be handed out."""
    return ReportRefused([Message("E", "UNBALANCED", "report", place, {"debit": found, "credit": balance})])


@dataclass(frozen=True, slots=True)
class Asked:
    """A report that was asked for. ``values`` are the fields of the request, complete with their defaults, and what names the file."""

    transaction: Transaction
    """Sees one moment for the whole report."""
    books: Books
    now: datetime
    today: date
    language: Language
    report_type: str
    values: dict[str, Any] = field(default_factory=dict)
    user_id: str = ""
    """Who asked."""
    currency: str = field(init=False)
    """The base currency; it does not change after the first posting."""
    _decimals: int = field(init=False)

    def __post_init__(self) -> None:
        # Asked for by every amount of every line.
        currency = str(self.books.config("base.currency", self.today))
        object.__setattr__(self, "currency", currency)
        object.__setattr__(self, "_decimals", currency_decimals(currency) or 0)

    @property
    def client_no(self) -> int:
        """Whose ledger it is."""
        return self.books.client_no

    def text(self, key: str, **values: str) -> str:
        """A label in the language of the report."""
        return label(key, self.language, **values)

    def column(self, key: str, **values: str) -> Column:
        """A column by its key."""
        return Column(key, label(key, self.language, **values), _KINDS.get(key, "text"), _WIDTHS.get(key, 1.0))

    def columns(self, keys: Iterable[str]) -> list[Column]:
        """Several columns by their keys."""
        return [self.column(key) for key in keys]

    def parameter(self, key: str, value: Value) -> Parameter:
        """Something that was asked for, by its key."""
        return Parameter(key, label(key, self.language), value)

    def amount(self, value: Decimal, currency: str | None = None) -> Decimal:
        """An amount with the decimals of a currency, the base currency unless another is given."""
        if currency is None or currency == self.currency:
            return quantise(value, self._decimals)
        return quantise(value, currency_decimals(currency) or 0)

    def table(
        self,
        parameters: Sequence[Parameter],
        columns: Sequence[Column],
        sections: Iterable[Section],
        charts: Sequence[Chart] = (),
        currency: str | None = None,
    ) -> ReportTable:
        """The report with its head."""
        client = self.books.client
        address = client.postal_address
        place = " ".join(part for part in (address.get("postalCode"), address.get("cityName")) if part)
        lines = [address.get(name) for name in ("addressLine1", "addressLine2", "addressLine3")]
        return ReportTable(
            self.report_type,
            title_of(self.report_type, self.language),
            self.language,
            ClientHead(client.client_no, client.name, client.organization_no, [line for line in (*lines, place) if line]),
            currency or self.currency,
            self.now,
            self.books.config("base.timeZone", self.today),
            parameters,
            columns,
            sections,
            charts,
        )


def periods_asked(asked: Asked) -> list[Period]:
    """The periods from ``fromPeriod`` to ``toPeriod`` of ``glYear`` that the ledger has."""
    values = asked.values
    return [
        period
        for period in asked.books.calendar.periods
        if period.gl_year == values["glYear"] and values["fromPeriod"] <= period.gl_period <= values["toPeriod"]
    ]


def period_parameters(asked: Asked, periods: Sequence[Period], narrowed_by: str | None = None) -> list[Parameter]:
    """The year, the periods and their days, and what the list of the field ``narrowed_by`` names, when there is one."""
    values = asked.values
    first, last = values["fromPeriod"], values["toPeriod"]
    parameters = [
        asked.parameter("glYear", values["glYear"]),
        asked.parameter("period", f"{first}" if first == last else f"{first}-{last}"),
        asked.parameter("fromDate", periods[0].from_date if periods else None),
        asked.parameter("toDate", periods[-1].to_date if periods else None),
    ]
    if narrowed_by is not None and values.get(narrowed_by):
        parameters.append(asked.parameter(narrowed_by, ", ".join(values[narrowed_by])))
    return parameters


def accounts_asked(asked: Asked) -> list[int] | None:
    """The account numbers of the customers that were asked for, those that there are; None for all customers."""
    wanted = asked.values.get("customerNos")
    if not wanted:
        return None
    return [customer.account_no for customer in named_customers(asked.transaction, asked.client_no, wanted) if customer.account_no is not None]


def period_name(period: Period) -> str:
    """A period as people name it: 10/2026."""
    return f"{period.gl_period}/{period.gl_year}"


def day_before(day: date) -> date:
    """The day before another."""
    return day - timedelta(days=1)
