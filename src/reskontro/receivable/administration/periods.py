"""Periods of a client: the list with its control figure, closing and reopening."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Transaction
from reskontro.kit.errors import Problem, not_found, validation_failed
from reskontro.kit.messages import Messages
from reskontro.kit.money import ZERO
from reskontro.ledger.books import Books, Period, open_books, raise_version
from reskontro.ledger.log import LogEntry, append_log
from reskontro.receivable.administration import store
from reskontro.receivable.administration.book_schemas import PERIOD_WRITE
from reskontro.receivable.merging import refuse
from reskontro.web.lists import Listing

ROOT = "/period"


def listing(client_no: int, now: datetime) -> Listing:
    """The periods, oldest first; those that have come into being since the last call are made."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> Sequence[list[int]]:
        years, statuses = filters.get("glyear"), filters.get("status")
        periods = open_books(transaction, client_no, now).calendar.periods
        return [
            [period.gl_year, period.gl_period]
            for period in periods
            if (years is None or period.gl_year in years) and (statuses is None or period.status in statuses)
        ][:limit]

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        calendar = open_books(transaction, client_no).calendar
        found = [calendar.period(gl_year, gl_period) for gl_year, gl_period in keys]
        return period_views(transaction, client_no, [period for period in found if period is not None])

    return Listing("periods", "periods", "/periods", find, load)


def period_views(transaction: Transaction, client_no: int, periods: Sequence[Period]) -> list[dict[str, Any]]:
    """Periods as answers show them, each with AR items minus control accounts as the rows add up now."""
    differences = store.control_differences(transaction, client_no, [(period.gl_year, period.gl_period) for period in periods])
    return [
        {
            "clientNo": client_no,
            "glYear": period.gl_year,
            "glPeriod": period.gl_period,
            "fromDate": period.from_date,
            "toDate": period.to_date,
            "status": period.status,
            "closedAt": period.closed_at,
            "closedBy": period.closed_by,
            "controlDifference": differences.get((period.gl_year, period.gl_period), ZERO),
        }
        for period in periods
    ]


def known_period(books: Books, gl_year: int, gl_period: int) -> Period:
    """The period of that number; raises Problem NOT-FOUND."""
    period = books.calendar.period(gl_year, gl_period)
    if period is None:
        raise not_found(f"period {gl_year}/{gl_period}")
    return period


def put_period(
    transaction: Transaction,
    books: Books,
    gl_year: int,
    gl_period: int,
    sent: Mapping[str, Any],
    *,
    origin: Origin,
    now: datetime,
) -> dict[str, Any]:
    """Close or reopen a period; returns its view. The caller holds the client's write lock.

    Raises Problem NOT-FOUND, STATE-CONFLICT (409) or VALIDATION-FAILED.
    """
    period = known_period(books, gl_year, gl_period)
    messages = Messages()
    values = PERIOD_WRITE.read(sent, messages)
    status = values.get("status", period.status)
    if status != period.status:
        if status == "CLOSED":
            _require_oldest_open(books, period)
        else:
            _require_latest_closed(books, period)
            _check_reopening(books, period, values, origin, now, messages)
    if messages.error_count:
        raise validation_failed(messages.in_order(), ROOT)
    if status != period.status:
        if status == "CLOSED":
            period = close_period(transaction, books, period, origin=origin, now=now)
        else:
            period = _reopen_period(transaction, books, period, values["reason"], origin=origin, now=now)
    return period_views(transaction, books.client_no, [period])[0]


def close_period(transaction: Transaction, books: Books, period: Period, *, origin: Origin, now: datetime) -> Period:
    """Close the oldest open period; returns it as it is then. The caller holds the client's write lock, so nothing is
    posted meanwhile.

    Raises Problem STATE-CONFLICT when it is not the oldest open one, or when receivables and control accounts differ.
    """
    _require_oldest_open(books, period)
    key = (period.gl_year, period.gl_period)
    difference = store.control_differences(transaction, books.client_no, [key]).get(key, ZERO)
    if difference:
        raise Problem("STATE-CONFLICT", f"AR items and control accounts differ by {difference}; run reskontro verify")
    closed = Period(period.gl_year, period.gl_period, period.from_date, period.to_date, "CLOSED", now, origin.user_id)
    _store(transaction, books, closed, "PERIOD-CLOSED", None, origin, now)
    return closed


def _reopen_period(transaction: Transaction, books: Books, period: Period, reason: str, *, origin: Origin, now: datetime) -> Period:
    opened = Period(period.gl_year, period.gl_period, period.from_date, period.to_date)
    _store(transaction, books, opened, "PERIOD-REOPENED", reason, origin, now)
    return opened


def _store(
    transaction: Transaction,
    books: Books,
    period: Period,
    event: str,
    reason: str | None,
    origin: Origin,
    now: datetime,
) -> None:
    store.update_period(transaction, books.client_no, period)
    changes: list[dict[str, Any]] = [{"field": "status", "oldValue": "OPEN" if period.status == "CLOSED" else "CLOSED", "newValue": period.status}]
    if reason is not None:
        changes.append({"field": "reason", "oldValue": None, "newValue": reason})
    entry = LogEntry(event, "PERIOD", f"{period.gl_year}/{period.gl_period}", origin, changes=changes)
    append_log(transaction, books.client_no, now, [entry])
    raise_version(transaction, books.client_no)


def _require_oldest_open(books: Books, period: Period) -> None:
    oldest = books.calendar.oldest_open
    if oldest is None or oldest.from_date != period.from_date:
        name = "none" if oldest is None else f"{oldest.gl_year}/{oldest.gl_period}"
        raise Problem("STATE-CONFLICT", f"only the oldest open period can be closed: {name}")


def _require_latest_closed(books: Books, period: Period) -> None:
    latest = books.calendar.latest_closed
    if latest is None or latest.from_date != period.from_date:
        name = "none" if latest is None else f"{latest.gl_year}/{latest.gl_period}"
        raise Problem("STATE-CONFLICT", f"only the latest closed period can be reopened: {name}")


def _check_reopening(books: Books, period: Period, values: Mapping[str, Any], origin: Origin, now: datetime, messages: Messages) -> None:
    if "reason" not in values and not any(message.field == "reason" for message in messages.in_order()):
        refuse(messages, PERIOD_WRITE, "reason", "REQUIRED")
    two_persons = books.config("period.reopenTwoPersons", books.today(now))
    if two_persons and (period.closed_by or "").casefold() == origin.user_id.casefold():
        refuse(messages, PERIOD_WRITE, "status", "STATE-CONFLICT", status=f"{period.status} BY {period.closed_by}")
