"""Time comes from a clock that is passed in, so that tests and demonstrations can move it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Anything that knows what time it is."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The current moment in UTC."""
        return datetime.now(UTC)


class MovableClock:
    """A clock that stands still until somebody moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The moment the clock was last set to."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Jump to a moment, forwards or backwards."""
        self._now = moment.astimezone(UTC)

    def advance(self, **delta: float) -> None:
        """Move on by a ``timedelta`` given in its keywords (days=1, hours=2)."""
        self._now += timedelta(**delta)


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name; raises KeyError (ZoneInfoNotFoundError) when there is none."""
    return ZoneInfo(name)


def today(clock: Clock, time_zone: str) -> date:
    """The date it is now in the time zone of a client."""
    return clock.now().astimezone(zone(time_zone)).date()


def wire_time(moment: datetime) -> str:
    """A moment as RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
