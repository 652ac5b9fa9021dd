"""The scopes that a credential can hold, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

SCOPES: Final[dict[str, str]] = {
    "read:arm": "Read everything of the Accounts Receivable API",
    "write:arm": "Create and change customers, documents, payments and the other daily objects",
    "admin:arm": "Change clients, settings, codes and accounts",
}
"""Scope and what it allows. No scope includes another one."""


class ScopeUnknown(ValueError):
    """A scope is not in the table."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"unknown scope {scope!r}; known are {', '.join(SCOPES)}")
        self.scope = scope


def in_order(scopes: Iterable[str]) -> list[str]:
    """The scopes without repetition in the order of the table; raises ScopeUnknown."""
    wanted = set(scopes)
    for scope in sorted(wanted):
        if scope not in SCOPES:
            raise ScopeUnknown(scope)
    return [scope for scope in SCOPES if scope in wanted]
