"""Filters of GL accounts: numbers and ranges such as ``1500-1599``, as URLs give them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reskontro.kit.errors import Problem


class AccountRanges:
    """A set of account numbers given as single ones and ranges; ranges include both ends and compare as numbers."""

    def __init__(self, values: Iterable[str]) -> None:
        """Raises Problem INVALID-PARAMETER for a range that is none; what is no number at all matches nothing."""
        self.numbers: frozenset[str]
        self.bounds: tuple[tuple[int, int], ...]
        singles, bounds = set(), []
        for value in values:
            first, dash, last = (part.strip() for part in value.partition("-"))
            if not dash:
                singles.add(value)
            elif _is_number(first) and _is_number(last):
                bounds.append((int(first), int(last)))
            else:
                raise Problem("INVALID-PARAMETER", f"glaccount: {value[:40]} is no range of accounts")
        self.numbers, self.bounds = frozenset(singles), tuple(bounds)

    def __contains__(self, gl_account: str) -> bool:
        if gl_account in self.numbers:
            return True
        return bool(self.bounds) and any(first <= int(gl_account) <= last for first, last in self.bounds)


def _is_number(text: str) -> bool:
    return 1 <= len(text) <= 10 and text.isascii() and text.isdigit()
