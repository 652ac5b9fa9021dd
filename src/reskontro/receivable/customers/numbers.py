"""Numbers that are drawn for new customers: the next of a series that nobody has, one after the other for a whole set."""

from __future__ import annotations

from collections.abc import Callable, Collection

WINDOW = 1_000
WINDOW_MOST = 100_000


class FreeNumbers:
    """The free numbers of a series from a first one on.

    ``taken`` tells which numbers from a first to a last one are in use; it is asked for ever larger windows, so that a long run of numbers
    that callers chose costs few questions. Numbers that are taken meanwhile are skipped as well.
    """

    def __init__(self, first: int, taken: Callable[[int, int], Collection[int]], *, window: int = WINDOW) -> None:
        self.first = first
        self.last_taken: int | None = None
        self._taken = taken
        self._in_use: set[int] = set()
        self._candidate = first
        self._known_before = first
        self._window = window

    @property
    def next(self) -> int:
        """The number that would be drawn next."""
        number = self._candidate
        while True:
            while number >= self._known_before:
                self._in_use.update(self._taken(self._known_before, self._known_before + self._window - 1))
                self._known_before += self._window
                self._window = min(self._window * 2, WINDOW_MOST)
            if number not in self._in_use:
                self._candidate = number
                return number
            number += 1

    def take(self, number: int) -> None:
        """Note that a number is in use from now on: the next one was given out, or somebody chose one."""
        if number == self._candidate:
            self.last_taken = number
            self._candidate = number + 1
        else:
            self._in_use.add(number)

    @property
    def span(self) -> int:
        """How many numbers the series moves on by: those given out and those skipped between them."""
        return 0 if self.last_taken is None else self.last_taken - self.first + 1
