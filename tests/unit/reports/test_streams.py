"""Aim: a report of any length is written in the memory of a short one."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from reskontro.receivable.reports.csv import write_csv
from reskontro.receivable.reports.json import write_json_report
from reskontro.receivable.reports.model import ClientHead, Column, Line, ReportTable, Section
from reskontro.receivable.reports.xlsx import write_xlsx

COLUMNS = (Column("text", "Text"), Column("glDate", "Date", "date"), Column("debit", "Debit", "amount"))


def long_report(sections: int) -> ReportTable:
    """A report of sections of a thousand lines, none of which exists before it is asked for."""

    def lines(number: int) -> Iterator[Line]:
        for place in range(1_000):
            yield Line("POSTING", (f"{number}/{place} {'x' * 80}", date(2026, 10, 5), Decimal(place)))

    made = (Section(f"{number}", lines(number)) for number in range(sections))
    head = ClientHead(3107, "Prøve AS", "310044113")
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    return ReportTable("ACCOUNT-SPECIFICATION", "Accounts", "en", head, "NOK", moment, "Europe/Oslo", (), COLUMNS, made)


def peak(write: Callable[[ReportTable], Iterator[bytes]], sections: int) -> tuple[int, int]:
    """(most bytes held at a time, bytes written)."""
    tracemalloc.start()
    try:
        written = sum(map(len, write(long_report(sections))))
        return tracemalloc.get_traced_memory()[1], written
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("write", [write_csv, write_json_report, write_xlsx])
def test_memory_does_not_grow(write: Callable[[ReportTable], Iterator[bytes]]) -> None:
    """Ten times the lines are ten times the bytes, and no more memory than half of that again."""
    peak(write, 1)
    short, short_bytes = peak(write, 3)
    long, long_bytes = peak(write, 30)
    assert long_bytes > 5 * short_bytes
    assert long < 1.5 * short + 500_000
