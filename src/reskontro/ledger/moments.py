"""What a date-time parameter means: a moment as it is, a date as that whole day of the client."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from reskontro.kit.clock import zone
from reskontro.ledger.books import Books


def first_moment(value: datetime | date, books: Books, now: datetime) -> datetime:
    """Where a lower bound begins, included: of a date with its first moment in the client's time zone."""
    return value if isinstance(value, datetime) else _midnight(value, books, now)


def end_moment(value: datetime | date, books: Books, now: datetime) -> datetime:
    """Where an upper bound ends, excluded: of a date with the first moment of the next day."""
    if isinstance(value, datetime):
        return value
    return datetime.max.replace(tzinfo=UTC) if value == date.max else _midnight(value + timedelta(days=1), books, now)


def _midnight(day: date, books: Books, now: datetime) -> datetime:
    return datetime.combine(day, time(), zone(books.config("base.timeZone", books.today(now))))
