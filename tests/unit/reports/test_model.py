"""Values of reports as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from reskontro.kit.messages import Language
from reskontro.kit.shown import shown_amount, shown_date
from reskontro.receivable.reports.model import ClientHead, Column, ReportTable, Section, shown_value


@pytest.mark.parametrize(
    ("value", "language", "expected"),
    [
        ("1250.00", "en", "1,250.00"),
        ("1250.00", "nb", "1\u00a0250,00"),
        ("-1234567.89", "nn", "-1\u00a0234\u00a0567,89"),
        ("0.00", "nb", "0,00"),
        ("999", "nb", "999"),
    ],
)
def test_amounts(value: str, language: Language, expected: str) -> None:
    assert shown_amount(Decimal(value), language) == expected


def test_dates() -> None:
    assert shown_date(date(2026, 10, 5), "en") == "2026-10-05"
    assert shown_date(date(2026, 10, 5), "nb") == "05.10.2026"


def test_cells() -> None:
    """Nothing is shown of None; a share has its sign."""
    assert shown_value(None, Column("a", "A", "amount"), "en") == ""
    assert shown_value(7, Column("a", "A", "integer"), "nb") == "7"
    assert shown_value(Decimal("12.50"), Column("a", "A", "percent"), "nb") == "12,50\u202f%"


def test_the_day_of_preparation_is_the_clients() -> None:
    """Half past eleven in the evening in UTC is the next day in Oslo."""
    head = ClientHead(1, "A", "310044113")
    table = ReportTable("AGEING", "Ageing", "en", head, "NOK", datetime(2026, 10, 31, 23, 30, tzinfo=UTC), "Europe/Oslo", (), (), ())
    assert table.prepared_on == date(2026, 11, 1)


def test_a_section_shows_the_columns_it_names() -> None:
    """In its own order, each with its place in the lines; without names all of them."""
    columns = (Column("a", "A"), Column("b", "B"), Column("c", "C"))
    table = ReportTable("AGEING", "", "en", ClientHead(1, "A", ""), "NOK", datetime(2026, 1, 1, tzinfo=UTC), "Europe/Oslo", (), columns, ())
    assert [(place, column.key) for place, column in table.shown_columns(Section("", (), ("c", "a")))] == [(2, "c"), (0, "a")]
    assert [column.key for _, column in table.shown_columns(Section("", ()))] == ["a", "b", "c"]
