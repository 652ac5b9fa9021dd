"""What the searches of the rooms have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reskontro.db.engine import Transaction


def likely(condition: str) -> str:
    """A condition of which the planner is not to think that hardly any row meets it, and that chooses no index."""
    return f"case when {condition} then true else false end"


def found_ids(transaction: Transaction, statement: str, values: Sequence[Any]) -> list[Any]:
    """The first column of the rows that a search finds.

    Planned anew each time, since which index is best depends on the values, and without helpers: a page of a list is read by one process, so that
    many readers do not wait for each other.
    """
    transaction.execute("set local max_parallel_workers_per_gather = 0")
    return [row[0] for row in transaction.execute(statement.encode(), values, prepare=False)]
