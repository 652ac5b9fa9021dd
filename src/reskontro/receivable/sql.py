"""What the searches of the rooms have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from reskontro.db.engine import Transaction

Condition = tuple[str, list[Any]]
"""A condition as SQL, and the values of its placeholders."""


def chosen(builders: Mapping[str, Callable[[Any], Condition]], filters: Mapping[str, Any]) -> list[Condition]:
    """The conditions of the filters that were given, in their order; filters without a builder are passed over."""
    return [builders[name](value) for name, value in filters.items() if name in builders]


def taken_apart(conditions: Iterable[Condition]) -> tuple[list[str], list[Any]]:
    """The texts of the conditions, and all their values in one list."""
    found = list(conditions)
    return [text for text, _ in found], [value for _, values in found for value in values]


def lower(values: Iterable[str]) -> list[str]:
    """The values in lower case, as keys that compare without case are stored."""
    return [value.lower() for value in values]


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
