"""Number series without gaps: numbers are claimed for a whole set, in the transaction that uses them.

The caller holds the client's write lock, so nobody waits for the row, and a claim that is rolled back leaves no gap.
"""

from __future__ import annotations

from reskontro.db.engine import Transaction

YEARLESS = 0
"""The year of series that do not start anew each year."""


def claim(transaction: Transaction, client_no: int, series: str, year: int, count: int, *, start: int = 1) -> int:
    """Claim ``count`` consecutive numbers of a series and return the first.

    ``start`` is the least number the series gives: its first one, or the place it jumps forward to when it was raised
    later. A series never goes back.
    """
    if count < 1:
        raise ValueError("at least one number must be claimed")
    row = transaction.execute(
        "insert into number_series as s (client_no, series, series_year, last_no) values (%s, %s, %s, %s)"
        " on conflict (client_no, series, series_year) do update set last_no = greatest(s.last_no, %s) + %s"
        " returning last_no",
        (client_no, series, year, start - 1 + count, start - 1, count),
    ).fetchone()
    assert row is not None
    return int(row[0]) - count + 1


def last_claimed(transaction: Transaction, client_no: int, series: str, year: int) -> int:
    """The last number of a series that was given, 0 before the first."""
    row = transaction.execute(
        "select last_no from number_series where client_no = %s and series = %s and series_year = %s",
        (client_no, series, year),
    ).fetchone()
    return int(row[0]) if row else 0
