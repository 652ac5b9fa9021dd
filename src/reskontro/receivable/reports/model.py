"""What every report is before it becomes a file: a head, columns, and sections of lines that are read as a stream.

A builder makes a ``ReportTable`` and a writer (``pdf``, ``xlsx``, ``csv``, ``json``) turns it into bytes, so that all forms show the same
figures. Sections and their lines are iterated once and in order; where a report may be huge they come from a cursor, and memory does not
grow with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from reskontro.kit.clock import zone
from reskontro.kit.messages import Language
from reskontro.kit.shown import shown_amount, shown_date, shown_percent

Value = str | date | Decimal | int | None
"""What a cell holds; which of them, the kind of its column says. None is an empty cell."""
ColumnKind = Literal["text", "date", "amount", "integer", "percent"]
"""text: str; date: date; amount: Decimal in the currency of the report, or of the line; integer: int; percent: Decimal, 12.5 is 12.5 %."""
LineType = Literal["OPENING", "POSTING", "CLOSING", "OPEN-ITEM", "INTERVAL", "ACCOUNT", "CUSTOMER", "CONTROL", "PROPOSAL", "SUBTOTAL", "TOTAL"]
"""What a line is; the first key of a line in JSON and the first column in CSV."""
STRONG_LINES: Final[frozenset[str]] = frozenset({"OPENING", "CLOSING", "SUBTOTAL", "TOTAL"})
"""Lines that a reader looks for first: they are set off from the others on paper."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``key`` names it in JSON and CSV (camelCase), ``label`` on paper, in the language of the report.

    ``width`` is its share of the paper's width beside the others.
    """

    key: str
    label: str
    kind: ColumnKind = "text"
    width: float = 1.0

    @property
    def is_number(self) -> bool:
        """Whether it is set to the right."""
        return self.kind in ("amount", "integer", "percent")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a value for every column of the table, in the order of the columns."""

    line_type: LineType
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together, such as the postings of a customer in a period. Opening and closing balance are lines of it.

    On paper only ``shown`` columns appear (None: all of the table), since the ``heading`` says the rest once; ``note`` stands in the place of lines
    when there are none. Spreadsheets and data formats give every column in every line and no headings.
    """

    heading: str
    lines: Iterable[Line]
    shown: Sequence[str] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One row of figures of a chart, as many as the chart has labels."""

    name: str
    values: Sequence[Decimal]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: bars beside each other, or lines over time."""

    kind: Literal["bars", "line"]
    title: str
    labels: Sequence[str]
    series: Sequence[Series]


@dataclass(frozen=True, slots=True)
class ClientHead:
    """Whose ledger it is; bookkeeping regulations want it on every specification."""

    client_no: int
    name: str
    organization_no: str
    address: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that was asked for, such as the period: ``key`` for JSON, ``label`` and value for people."""

    key: str
    label: str
    value: Value


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A report. ``report_type`` names it in data formats, ``title`` on paper; ``prepared_at`` is the moment its figures were read.

    ``sections`` can be iterated once. ``currency`` is that of all amounts, but for columns that are said to be in the line's own.
    """

    report_type: str
    title: str
    language: Language
    client: ClientHead
    currency: str
    prepared_at: datetime
    time_zone: str
    parameters: Sequence[Parameter]
    columns: Sequence[Column]
    sections: Iterable[Section]
    charts: Sequence[Chart] = field(default_factory=tuple)

    @property
    def prepared_on(self) -> date:
        """The client's date on which it was prepared; it has to stand on every specification (bokføringsforskriften § 3-1)."""
        return self.prepared_at.astimezone(zone(self.time_zone)).date()

    def shown_columns(self, section: Section) -> list[tuple[int, Column]]:
        """The columns that a section shows on paper, each with its place among the values of a line, in the order the section names them."""
        places = {column.key: place for place, column in enumerate(self.columns)}
        keys = [column.key for column in self.columns] if section.shown is None else section.shown
        return [(places[key], self.columns[places[key]]) for key in keys]


def shown_value(value: Value, column: Column, language: Language) -> str:
    """A cell as it stands on paper."""
    if value is None:
        return ""
    if isinstance(value, date):
        return shown_date(value, language)
    if isinstance(value, Decimal):
        return shown_percent(value, language) if column.kind == "percent" else shown_amount(value, language)
    return str(value)
