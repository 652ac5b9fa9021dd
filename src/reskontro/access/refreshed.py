"""A value kept in memory and loaded again when it grows old: keys and the list of credentials."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from reskontro.kit.errors import Problem

Value = TypeVar("Value")

WAIT_SECONDS = 2.0
"""How long a caller waits for the load that another caller has begun."""

log = structlog.get_logger("reskontro.access")


class LoadFailed(Exception):
    """The source of a value cannot be read at the moment."""


class Refreshed(Generic[Value]):
    """Loads a value on demand, in the caller's thread, at most once at a time.

    Ages are measured from the beginning of a load, because the source may change while it is read, and on the
    monotonic clock of the machine: they are about how much time really passed, which a clock that is set or moved
    does not tell.
    """

    def __init__(
        self,
        load: Callable[[], Value],
        *,
        what: str,
        fresh_seconds: float,
        wait_after_seconds: float,
        usable_seconds: float,
        retry_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``load`` raises LoadFailed when it cannot.

        A value younger than ``fresh_seconds`` is given out as it is. Up to ``wait_after_seconds`` one caller loads
        while the others go on with the old value; beyond that they wait for it. When loading fails it is tried again
        after ``retry_seconds``, and the old value serves until it is ``usable_seconds`` old.
        """
        self._load = load
        self._what = what
        self._fresh_seconds = fresh_seconds
        self._wait_after_seconds = wait_after_seconds
        self._usable_seconds = usable_seconds
        self._retry_seconds = retry_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._held: tuple[Value, float] | None = None
        self._attempt_began = -float("inf")
        self._attempt_failed = False

    def moment(self) -> float:
        """The present moment on the clock by which ages are measured."""
        return self._monotonic()

    def current(self) -> Value | None:
        """The value when it is fresh, otherwise None; never waits."""
        held = self._held
        if held is not None and self._monotonic() - held[1] < self._fresh_seconds:
            return held[0]
        return None

    def get(self) -> Value:
        """The value, loaded when it is not fresh.

        Raises Problem UNAVAILABLE when there is none that is young enough.
        """
        held = self._held
        now = self._monotonic()
        if held is not None and now - held[1] < self._fresh_seconds:
            return held[0]
        may_go_on = held is not None and now - held[1] < self._wait_after_seconds
        return self._loaded_after(now - self._fresh_seconds, wait_seconds=0.0 if may_go_on else WAIT_SECONDS)

    def after(self, moment: float) -> Value:
        """The value as it was after that moment; an older one when loading fails. Raises Problem UNAVAILABLE."""
        return self._loaded_after(moment, wait_seconds=WAIT_SECONDS)

    def reload(self, at_most_every_seconds: float) -> Value:
        """Load the value now, unless that was tried so many seconds ago or less; raises Problem UNAVAILABLE."""
        moment = self._monotonic() - at_most_every_seconds
        if self._attempt_began > moment:
            return self._usable()
        return self._loaded_after(moment, wait_seconds=WAIT_SECONDS)

    def _loaded_after(self, moment: float, *, wait_seconds: float) -> Value:
        held = self._held
        if held is not None and held[1] > moment:
            return held[0]
        if self._lock.acquire(timeout=wait_seconds) if wait_seconds else self._lock.acquire(blocking=False):
            try:
                self._attempt(moment)
            finally:
                self._lock.release()
        return self._usable()

    def _attempt(self, moment: float) -> None:
        """Load the value, unless somebody has done so meanwhile or the last attempt failed only just now.

        The lock is held.
        """
        if self._held is not None and self._held[1] > moment:
            return
        began = self._monotonic()
        if self._attempt_failed and began - self._attempt_began < self._retry_seconds:
            return
        self._attempt_began = began
        self._attempt_failed = True
        try:
            self._held = (self._load(), began)
            self._attempt_failed = False
        except LoadFailed as error:
            log.warning("cannot be read", what=self._what, reason=str(error))
            # Whoever waited for this attempt must not begin another one at once, however long this one took.
            self._attempt_began = self._monotonic()

    def _usable(self) -> Value:
        held = self._held
        if held is None or self._monotonic() - held[1] >= self._usable_seconds:
            raise Problem("UNAVAILABLE", f"The {self._what} cannot be read at the moment", headers={"Retry-After": "1"})
        return held[0]
