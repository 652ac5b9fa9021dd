"""PERIOD-CLOSE: closes the oldest open period, after all batches that were accepted before it, and keeps what it closed with.

The lock of the period and the three files about it (trial balance, open items, control) are one commit, so a closed period always has them:
bokføringsforskriften § 7-6 wants the lock to be secure and described.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from reskontro.batches.kinds import ChunkContext, Item, ItemResult, RunKind
from reskontro.db.engine import Transaction
from reskontro.kit.errors import Problem
from reskontro.kit.messages import Message
from reskontro.ledger.books import Books, Period
from reskontro.receivable.administration.periods import close_period
from reskontro.receivable.drafts import Draft
from reskontro.receivable.insights.store import Question, portions
from reskontro.receivable.letters.model import letter_language
from reskontro.receivable.reports.building import Asked
from reskontro.receivable.reports.producing import make
from reskontro.receivable.reports.run import write_made
from reskontro.receivable.runs.proposals import FILE_TYPE as PROPOSAL
from reskontro.receivable.runs.run import ENTITY, OPERATION, Run

PAPER_ITEMS_MAX: Final = 2_000
"""With more open items than this their list is kept as CSV: nobody can post while it is made, and pages take a hundred times as long to draw."""


def _check(draft: Draft, today: date) -> None:
    for name in ("glYear", "glPeriod"):
        if name not in draft.values and not draft.was_sent(name):
            draft.find("REQUIRED", name)
    if draft.was_sent("customerNos"):
        draft.messages.unknown("E", "customerNos", "/customerNos")


def _plan(transaction: Transaction, context: ChunkContext) -> Iterable[bytes]:
    return [b"{}"]


def _work(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[list[ItemResult]]:
    assert context.run is not None
    reference = context.run.asked.get("clientReference")
    return [[replace(result, client_reference=reference) for result in _close(transaction, context)] for _ in items]


def _close(transaction: Transaction, context: ChunkContext) -> list[ItemResult]:
    """Close the period that was asked for, or say why not; the client's write lock is held, so nothing is posted meanwhile."""
    assert context.run is not None
    asked, books = context.run.asked, context.books
    period = books.calendar.period(asked["glYear"], asked["glPeriod"])
    if period is None:
        return [_refused(_no_such_period(books, asked["glYear"]))]
    if not period.is_open:
        return [ItemResult("UNCHANGED", "PERIOD-UNCHANGED")]
    oldest = books.calendar.oldest_open
    if oldest is None or oldest.from_date != period.from_date:
        return [_refused(_conflict(period))]
    if asked.get("validateOnly"):
        return [ItemResult("UNCHANGED", "PERIOD-PROPOSED"), _file(transaction, context, period, "CONTROL", "CSV", PROPOSAL)]
    try:
        with transaction.transaction():
            return _closed(transaction, context, period)
    except Problem as problem:
        # Receivables and control accounts differ: nothing is kept, and the period stays open until somebody has looked at it.
        if problem.code != "STATE-CONFLICT":
            raise
        return [_refused(_conflict(period))]


def _closed(transaction: Transaction, context: ChunkContext, period: Period) -> list[ItemResult]:
    """Make the files and close the period; raises Problem STATE-CONFLICT when it does not agree with itself."""
    assert context.run is not None
    files = [
        _file(transaction, context, period, "TRIAL-BALANCE"),
        _file(transaction, context, period, "OPEN-ITEMS", "PDF" if _open_items(transaction, context.client_no, period) <= PAPER_ITEMS_MAX else "CSV"),
        _file(transaction, context, period, "CONTROL"),
    ]
    close_period(transaction, context.books, period, origin=context.run.origin, now=context.now)
    return [ItemResult("UPDATED", "PERIOD-CLOSED"), *files]


def _conflict(period: Period) -> Message:
    return Message("E", "STATE-CONFLICT", "glPeriod", "/glPeriod", {"status": period.status})


def _refused(finding: Message) -> ItemResult:
    return ItemResult("FAILED", messages=[finding])


def _no_such_period(books: Books, gl_year: int) -> Message:
    """RANGE for the period when the ledger has others of the year, else for the year."""
    periods = books.calendar.periods
    of_year = [period.gl_period for period in periods if period.gl_year == gl_year]
    name, numbers = ("glPeriod", of_year) if of_year else ("glYear", [period.gl_year for period in periods] or [0])
    return Message("E", "RANGE", name, f"/{name}", {"min": min(numbers), "max": max(numbers)})


def _open_items(transaction: Transaction, client_no: int, period: Period) -> int:
    """How many items were open at the end of a period."""
    return sum(portion.item_count for portion in portions(transaction, Question(client_no, period.to_date)))


def _file(
    transaction: Transaction, context: ChunkContext, period: Period, report_type: str, report_format: str = "PDF", file_type: str | None = None
) -> ItemResult:
    """Make one of the files about a period, in the client's language."""
    assert context.run is not None
    values: dict[str, Any] = {"format": report_format, "glYear": period.gl_year, "fromPeriod": period.gl_period, "toPeriod": period.gl_period}
    if report_type == "OPEN-ITEMS":
        values = {"format": report_format, "asOfDate": period.to_date}
    language = letter_language(context.books.config("base.language", context.today))
    made = make(Asked(transaction, context.books, context.now, context.today, language, report_type, values, context.run.origin.user_id))
    file_id = write_made(transaction, context, made if file_type is None else replace(made, file_type=file_type))
    return ItemResult("CREATED", "FILE-CREATED" if file_type is None else "PROPOSAL-CREATED", file_id=file_id)


KIND: Final = RunKind("period-close", ENTITY, OPERATION, _plan, _work)
PERIOD_CLOSE: Final = Run("PERIOD-CLOSE", KIND, frozenset(("glYear", "glPeriod")), _check, extra_scope="admin:arm")
