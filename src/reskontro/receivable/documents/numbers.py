"""Numbers that documents get by themselves: document numbers of the series, and KIDs by the template."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from reskontro.batches.kinds import ChunkContext
from reskontro.db.engine import Transaction
from reskontro.ledger.items_store import known_kids
from reskontro.ledger.series import YEARLESS, claim, last_claimed
from reskontro.norway.kid import KidTemplate
from reskontro.receivable.customers.numbers import FreeNumbers
from reskontro.receivable.documents.store import existing_keys

KID_SERIES: Final = "kid"
_YEAR = "{yy}"
_WINDOW = 100


@dataclass(slots=True)
class _Series:
    config: dict[str, Any]
    name: str
    year: int
    numbers: FreeNumbers

    def text(self, number: int) -> str:
        return f"{self.config['prefix'].replace(_YEAR, f'{self.year % 100:02d}')}{number:0{self.config['length']}d}"


class DocumentNumbers:
    """Draws document numbers by type and year; numbers that callers have used are skipped, failed items draw none."""

    def __init__(self, transaction: Transaction, context: ChunkContext, used_here: Collection[str]) -> None:
        self._transaction = transaction
        self._context = context
        self._used_here = used_here
        self._series: dict[tuple[str, int], _Series] = {}

    def peek(self, document_type: str, document_year: int) -> str:
        """The number the next document of the type gets; it is drawn by ``draw``."""
        series = self._find(document_type, document_year)
        while (text := series.text(series.numbers.next)).lower() in self._used_here:
            series.numbers.take(series.numbers.next)
        return text

    def draw(self, document_type: str, document_year: int) -> None:
        """Take the number that ``peek`` told."""
        numbers = self._find(document_type, document_year).numbers
        numbers.take(numbers.next)

    def _find(self, document_type: str, document_year: int) -> _Series:
        name = f"series.{document_type.lower()}"
        config = self._context.books.config(name, self._context.today)
        year = document_year if _YEAR in config["prefix"] else YEARLESS
        key = (name, year)
        if key not in self._series:
            last = last_claimed(self._transaction, self._context.client_no, name, year)
            # The place where a series begins holds for its first year only: every other year starts at 1.
            here = any(other == name and drawn != year and series.numbers.span for (other, drawn), series in self._series.items())
            begins = year == YEARLESS or not (here or self._has_other_years(name, year))
            start = max(last + 1, int(config["next"]) if begins else 1)
            series = _Series(config, name, year, FreeNumbers(start, lambda low, high: set(), window=_WINDOW))
            series.numbers = FreeNumbers(start, self._taken(series), window=_WINDOW)
            self._series[key] = series
        return self._series[key]

    def _has_other_years(self, name: str, year: int) -> bool:
        row = self._transaction.execute(
            "select exists (select 1 from number_series where client_no = %s and series = %s and series_year not in (%s, %s))",
            (self._context.client_no, name, year, YEARLESS),
        ).fetchone()
        return bool(row and row[0])

    def _taken(self, series: _Series) -> Callable[[int, int], set[int]]:
        def taken(first: int, last: int) -> set[int]:
            keys = {series.text(number).lower(): number for number in range(first, last + 1)}
            return {keys[key] for key in existing_keys(self._transaction, self._context.client_no, keys)}

        return taken

    def write(self) -> None:
        """Claim what was drawn."""
        for series in self._series.values():
            if series.numbers.span:
                claim(self._transaction, self._context.client_no, series.name, series.year, series.numbers.span, start=series.numbers.first)


@dataclass(slots=True)
class KidNumbers:
    """Makes KIDs for the documents of a set: a serial per client, rendered with the account by the client's template.

    A KID that some item already has is skipped; whether one has is asked once for the whole set, by ``settle``.
    """

    transaction: Transaction
    context: ChunkContext
    template: KidTemplate
    algorithm: Any
    _first: int = 0
    _next: int = 0
    _taken: set[str] = field(default_factory=set)

    def draw(self, account_no: int) -> str:
        """A KID for a document of the account; raises norway.kid.KidTooLong."""
        if not self._first:
            self._first = self._next = last_claimed(self.transaction, self.context.client_no, KID_SERIES, YEARLESS) + 1
        while True:
            kid = self.template.render(self.context.client_no, account_no, self._next, self.algorithm)
            self._next += 1
            if kid is not None and kid not in self._taken:
                return kid

    def taken(self, kids: Iterable[str]) -> set[str]:
        """Which of these KIDs are in use; they are not drawn again."""
        wanted = list(kids)
        found = known_kids(self.transaction, self.context.client_no, wanted) if wanted else set()
        self._taken |= found
        return found

    def write(self) -> None:
        """Claim the serials that were drawn."""
        if self._next > self._first:
            claim(self.transaction, self.context.client_no, KID_SERIES, YEARLESS, self._next - self._first)
