"""What happens to claims after they are posted, in plain Python: payments, fees, write-offs, matches, reservations, reversals, periods.

Amounts are in hundredths; items are known by their ids. None of the product's code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

RESERVED_HOURS = 72
CONTRA = {"IN": "3100", "PY": "1920", "FE": "3900", "WO": "7835"}


@dataclass
class Item:
    """An AR item; debts are above zero."""

    key: str
    kind: str
    customer: str
    amount: int
    due: date
    transaction: tuple[int, int]
    claim: str | None = None
    open: int = 0
    reversed: bool = False


@dataclass
class Match:
    """What was settled together: by item the signed part."""

    parts: dict[str, int]
    undone: bool = False
    final: bool = False
    """Made by a reversal, so that nobody can undo it."""


@dataclass
class Reservation:
    """An announced payment."""

    item: str
    amount: int
    expires: datetime
    captured: int = 0
    ended: bool = False
    released: bool = False

    @property
    def remaining(self) -> int:
        """What can still be captured."""
        return self.amount - self.captured

    def is_active(self, now: datetime) -> bool:
        """Whether it still counts."""
        return not self.ended and self.remaining > 0 and now < self.expires


@dataclass
class Events:
    """The state of one client."""

    items: dict[str, Item] = field(default_factory=dict)
    matches: dict[str, Match] = field(default_factory=dict)
    reservations: dict[str, Reservation] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)
    reversed: set[tuple[int, int]] = field(default_factory=set)
    counter_transactions: set[tuple[int, int]] = field(default_factory=set)
    last_numbers: dict[int, int] = field(default_factory=dict)
    closed_until: date = date(2025, 12, 31)
    closers: list[str] = field(default_factory=list)

    # ------------------------------------------------------------------------------------------------ posting

    def next_transaction(self, day: date) -> tuple[int, int]:
        """The number that the next transaction of a day's year gets."""
        self.last_numbers[day.year] = self.last_numbers.get(day.year, 0) + 1
        return day.year, self.last_numbers[day.year]

    def post(self, item: Item) -> None:
        """Book an item against the account of its kind."""
        item.open = item.amount
        self.items[item.key] = item
        self._add("1500", item.amount)
        self._add(CONTRA[item.kind], -item.amount)

    def _add(self, account: str, amount: int) -> None:
        self.balances[account] = self.balances.get(account, 0) + amount

    def debts(self) -> list[Item]:
        """Invoices that something is open of."""
        return [item for item in self.items.values() if item.kind == "IN" and item.open > 0]

    def credits(self) -> list[Item]:
        """Payments with money left."""
        return [item for item in self.items.values() if item.open < 0]

    def claim(self, principal: Item) -> list[Item]:
        """What a payment on a principal covers: its open fees by due date, then itself."""
        fees = [item for item in self.items.values() if item.claim == principal.key and item.open > 0]
        return [*sorted(fees, key=lambda item: item.due), *([principal] if principal.open > 0 else [])]

    def settle(self, credit: Item, debts: Iterable[Item]) -> dict[str, int]:
        """Use up a credit on debts in order; the parts of the match, nothing when there was nothing to settle."""
        parts: dict[str, int] = {}
        for debt in debts:
            part = min(-credit.open, debt.open)
            if part > 0:
                debt.open -= part
                credit.open += part
                parts[debt.key] = part
        if parts:
            parts[credit.key] = -sum(parts.values())
        return parts

    def undo(self, match: Match) -> None:
        """Open the items of a match again."""
        match.undone = True
        for key, part in match.parts.items():
            self.items[key].open += part

    # ------------------------------------------------------------------------------------------------ reversing

    def may_reverse(self, transaction: tuple[int, int]) -> bool:
        """Once, and neither a document nor a reversal."""
        made = [item for item in self.items.values() if item.transaction == transaction]
        return bool(made) and transaction not in self.reversed and all(item.kind != "IN" for item in made)

    def reverse(self, transaction: tuple[int, int]) -> None:
        """Undo the matches of its items, take back the postings and close the items."""
        self.reversed.add(transaction)
        for item in [item for item in self.items.values() if item.transaction == transaction]:
            for match in self.matches.values():
                if not match.undone and item.key in match.parts:
                    self.undo(match)
            item.open = 0
            item.reversed = True
            self._add("1500", -item.amount)
            self._add(CONTRA[item.kind], item.amount)

    # ------------------------------------------------------------------------------------------------ reserving

    def reserved(self, item: Item, now: datetime) -> int:
        """What is reserved of an item."""
        return sum(found.remaining for found in self.reservations.values() if found.item == item.key and found.is_active(now))

    # ------------------------------------------------------------------------------------------------ periods

    @property
    def oldest_open(self) -> date:
        """The first day of the oldest open period."""
        return self.closed_until + timedelta(days=1)

    def close(self, user: str) -> None:
        """Close the oldest open month."""
        first = self.oldest_open
        self.closed_until = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        self.closers.append(user)

    def reopen(self) -> None:
        """Open the latest closed month again."""
        self.closers.pop()
        self.closed_until = self.closed_until.replace(day=1) - timedelta(days=1)
