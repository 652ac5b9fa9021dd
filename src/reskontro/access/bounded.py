"""Memory with a limit: a cache that drops what was used longest ago, and a counter of calls a minute."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

WINDOW_SECONDS = 60.0


class BoundedCache(Generic[Key, Value]):
    """At most ``entries_max`` values; safe to use from several threads."""

    def __init__(self, entries_max: int) -> None:
        if entries_max < 1:
            raise ValueError("a cache holds one entry at least")
        self._entries_max = entries_max
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        """The value, which counts as used now; None when there is none."""
        with self._lock:
            value = self._entries.get(key)
            if value is not None:
                self._entries.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> None:
        """Keep a value; the one used longest ago goes when there are too many."""
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            if len(self._entries) > self._entries_max:
                self._entries.popitem(last=False)

    def drop(self, key: Key) -> None:
        """Forget a value, if it is there."""
        with self._lock:
            self._entries.pop(key, None)

    def __len__(self) -> int:
        return len(self._entries)


class CallLimit:
    """Calls a minute per key, counted in windows that begin with a key's first call."""

    def __init__(self, calls_max: int, *, keys_max: int = 10_000, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._calls_max = calls_max
        self._monotonic = monotonic
        self._windows: BoundedCache[str, tuple[float, int]] = BoundedCache(keys_max)
        self._lock = threading.Lock()

    def take(self, key: str) -> int | None:
        """Count a call; returns None when it is allowed, otherwise the whole seconds until the next one is."""
        now = self._monotonic()
        with self._lock:
            began, calls = self._windows.get(key) or (now, 0)
            if now - began >= WINDOW_SECONDS:
                began, calls = now, 0
            if calls >= self._calls_max:
                return max(1, math.ceil(began + WINDOW_SECONDS - now))
            self._windows.put(key, (began, calls + 1))
            return None
