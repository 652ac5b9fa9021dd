"""Rate limits per client and process: requests a second and batch items an hour."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from reskontro.kit.errors import Problem

HOUR_SECONDS = 3600
CALLERS_KEPT_MAX = 10_000
Key = TypeVar("Key", int, int | str)


@dataclass(slots=True)
class _Window:
    started: float
    used: int = 0


class RateLimiter:
    """Counts in fixed windows; ``monotonic`` is the time source, in seconds."""

    def __init__(self, requests_per_second: int, items_per_hour: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._requests_per_second = requests_per_second
        self._items_per_hour = items_per_hour
        self._monotonic = monotonic
        self._requests: dict[int | str, _Window] = {}
        self._items: dict[int, _Window] = {}
        self._lock = threading.Lock()

    @staticmethod
    def _current(windows: dict[Key, _Window], key: Key, now: float, length: float) -> _Window:
        window = windows.get(key)
        if window is None or now - window.started >= length:
            window = windows[key] = _Window(now)
        return window

    def take_request(self, caller: int | str) -> dict[str, str]:
        """Count one request of a client, or of a subject for calls without a client, and return the rate headers; raises Problem RATE-LIMITED."""
        with self._lock:
            now = self._monotonic()
            if len(self._requests) > CALLERS_KEPT_MAX:
                self._requests = {key: kept for key, kept in self._requests.items() if now - kept.started < 1.0}
            window = self._current(self._requests, caller, now, 1.0)
            reset = max(1, round(window.started + 1.0 - now))
            window.used += 1
            headers = {
                "RateLimit-Limit": str(self._requests_per_second),
                "RateLimit-Remaining": str(max(self._requests_per_second - window.used, 0)),
                "RateLimit-Reset": str(reset),
            }
            refused = window.used > self._requests_per_second
        if refused:
            raise Problem("RATE-LIMITED", "too many requests", headers={**headers, "Retry-After": str(reset)})
        return headers

    def check_items(self, client_no: int) -> None:
        """Raise Problem RATE-LIMITED when the items accepted this hour have already reached the limit."""
        with self._lock:
            now = self._monotonic()
            window = self._current(self._items, client_no, now, HOUR_SECONDS)
            if window.used < self._items_per_hour:
                return
            wait = max(1, round(window.started + HOUR_SECONDS - now))
        raise Problem("RATE-LIMITED", "too many batch items this hour", headers={"Retry-After": str(wait)})

    def count_items(self, client_no: int, items: int) -> None:
        """Count items that were accepted; the batch that crosses the limit still passes."""
        with self._lock:
            self._current(self._items, client_no, self._monotonic(), HOUR_SECONDS).used += items
