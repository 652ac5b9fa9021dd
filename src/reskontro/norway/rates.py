"""Sums and rates that the law fixes for spans of time, each with its source; outside the known dates the answer is an
error.

The rows come with the software (``data/*.csv``) and can be extended by an installation when a new half-year is
announced. A table carries its last value forward only when somebody has said so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from reskontro.norway.tables import read_rows


class ValueMissing(LookupError):
    """No value is known for a day: a legal sum or rate is never guessed."""

    def __init__(self, name: str, day: date) -> None:
        super().__init__(f"No {name} is known for {day.isoformat()}")
        self.name = name
        self.day = day


@dataclass(frozen=True, slots=True)
class DatedValue:
    """One value with its first and last day (None: open) and where it comes from."""

    value: Decimal
    valid_from: date
    valid_to: date | None
    source: str

    def holds_on(self, day: date) -> bool:
        """Whether the day lies in the span, both ends included."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class DatedTable:
    """Values of one kind in the order of their days; spans never overlap, but they may leave gaps."""

    name: str
    rows: tuple[DatedValue, ...]
    carry_forward: bool = False
    """Whether the last value also answers for the days after its span."""

    def __post_init__(self) -> None:
        """Raises ValueError when the rows are out of order or two of them hold on the same day."""
        last: DatedValue | None = None
        for row in self.rows:
            if row.valid_to is not None and row.valid_to < row.valid_from:
                raise ValueError(f"{self.name}: the span from {row.valid_from} ends before it begins")
            if last is not None and (last.valid_to is None or row.valid_from <= last.valid_to):
                raise ValueError(f"{self.name}: the spans from {last.valid_from} and {row.valid_from} overlap")
            last = row

    def row_on(self, day: date) -> DatedValue:
        """The row that answers for the day; raises ValueMissing when there is none."""
        index = bisect_right(self.rows, day, key=lambda row: row.valid_from) - 1
        if index >= 0:
            row = self.rows[index]
            if row.holds_on(day) or (self.carry_forward and index == len(self.rows) - 1):
                return row
        raise ValueMissing(self.name, day)

    def on(self, day: date) -> Decimal:
        """The value for the day; raises ValueMissing when there is none."""
        return self.row_on(day).value

    def is_known(self, day: date) -> bool:
        """Whether a row holds on the day itself, without carrying one forward."""
        return any(row.holds_on(day) for row in self.rows)

    def extended(self, rows: Iterable[DatedValue]) -> DatedTable:
        """The table with these rows added; one with the first day of an existing row takes its place.

        An open row before a new one ends the day before it. Raises ValueError when spans overlap in another way.
        """
        by_first_day = {row.valid_from: row for row in self.rows}
        by_first_day.update((row.valid_from, row) for row in rows)
        ordered = [by_first_day[first_day] for first_day in sorted(by_first_day)]
        for index, following in enumerate(ordered[1:]):
            if ordered[index].valid_to is None:
                ordered[index] = replace(ordered[index], valid_to=following.valid_from - timedelta(days=1))
        return replace(self, rows=tuple(ordered))

    def carrying_forward(self) -> DatedTable:
        """The table whose last value also answers for the days after its span."""
        return replace(self, carry_forward=True)


def constant_rate(rate: Decimal, source: str = "agreement") -> DatedTable:
    """A table with one rate for all days, for a rate that the parties agreed."""
    return DatedTable("agreed rate", (DatedValue(rate, date.min, None, source),))


def _dated_value(row: Mapping[str, str]) -> DatedValue:
    valid_to = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
    return DatedValue(Decimal(row["value"]), date.fromisoformat(row["valid_from"]), valid_to, row["source"])


def table_from_file(file_name: str, name: str) -> DatedTable:
    """The table of a data file with one kind of value."""
    return DatedTable(name, tuple(_dated_value(row) for row in read_rows(file_name)))


def tables_from_file(file_name: str, name: str) -> dict[str, DatedTable]:
    """The tables of a data file whose rows are of several kinds, by the kind's name."""
    rows: dict[str, list[DatedValue]] = {}
    for row in read_rows(file_name):
        rows.setdefault(row["name"], []).append(_dated_value(row))
    return {kind: DatedTable(f"{name} ({kind})", tuple(values)) for kind, values in rows.items()}


@dataclass(frozen=True, slots=True)
class Rates:
    """All sums and rates that change with time and that an installation may extend."""

    late_interest: DatedTable
    """Per cent a year, forsinkelsesrenteloven § 3; one row per half-year."""
    inkassosats: DatedTable
    """NOK, inkassoforskriften § 1-1."""
    compensation: DatedTable
    """NOK for EUR 40, forsinkelsesrenteloven § 3a; one row per half-year."""
    court_fee: DatedTable
    """NOK, the rettsgebyr R of rettsgebyrloven § 1."""

    def carrying_forward(self) -> Rates:
        """The same rates, the last value of each table answering for the days after it."""
        return replace(self, **{field.name: getattr(self, field.name).carrying_forward() for field in fields(self)})


STATUTORY: Final = Rates(
    late_interest=table_from_file("late_interest_rate", "late interest rate"),
    inkassosats=table_from_file("inkassosats", "inkassosats"),
    compensation=table_from_file("compensation", "compensation for recovery costs"),
    court_fee=table_from_file("court_fee", "court fee"),
)
"""What comes with the software."""
