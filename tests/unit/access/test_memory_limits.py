"""Caches that stay small, calls that are counted, values that are read again when they grow old."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from reskontro.access.bounded import BoundedCache, CallLimit
from reskontro.access.refreshed import LoadFailed, Refreshed
from reskontro.kit.errors import Problem

if TYPE_CHECKING:
    from conftest import Ticker


class TestBoundedCache:
    """The cache of verified tokens and secrets."""

    def test_least_recently_used_goes_first(self) -> None:
        """What was used last stays when the cache is full."""
        cache: BoundedCache[str, int] = BoundedCache(2)
        cache.put("a", 1)
        cache.put("b", 2)
        assert cache.get("a") == 1
        cache.put("c", 3)
        assert [cache.get(key) for key in "abc"] == [1, None, 3]
        assert len(cache) == 2

    def test_same_key_again(self) -> None:
        """A second value under a key replaces the first and takes no second place."""
        cache: BoundedCache[str, int] = BoundedCache(2)
        for value in (1, 2, 3):
            cache.put("a", value)
        assert (cache.get("a"), len(cache)) == (3, 1)

    def test_without_room(self) -> None:
        """A cache that could hold nothing is refused."""
        with pytest.raises(ValueError, match="one entry"):
            BoundedCache(0)

    def test_many_threads(self) -> None:
        """The limit holds while several threads put and get at once."""
        cache: BoundedCache[int, int] = BoundedCache(50)

        def work(start: int) -> None:
            for number in range(start, start + 2_000):
                cache.put(number % 97, number % 97)
                assert cache.get(number % 97) in (None, number % 97)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(work, range(4)))
        assert len(cache) == 50


class TestCallLimit:
    """Calls a minute per key."""

    def test_limit_and_wait(self, ticker: Ticker) -> None:
        """Exactly the limit passes in a minute; the wait is the rest of that minute, in whole seconds."""
        limit = CallLimit(3, monotonic=ticker)
        assert [limit.take("a") for _ in range(4)] == [None, None, None, 60]
        ticker.advance(59.5)
        assert limit.take("a") == 1
        ticker.advance(0.5)
        assert [limit.take("a") for _ in range(4)] == [None, None, None, 60]

    def test_keys_do_not_share(self, ticker: Ticker) -> None:
        """The calls of one key do not count for another."""
        limit = CallLimit(1, monotonic=ticker)
        assert [limit.take("a"), limit.take("b"), limit.take("a")] == [None, None, 60]

    def test_exact_under_threads(self, ticker: Ticker) -> None:
        """Calls at the same time are each counted once."""
        limit = CallLimit(100, monotonic=ticker)
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: limit.take("a"), range(300)))
        assert answers.count(None) == 100


class Source:
    """A source of numbers that can fail and can be held up."""

    def __init__(self) -> None:
        self.loads = 0
        self.fails = False
        self.may_end = threading.Event()
        self.may_end.set()
        self.began = threading.Event()

    def load(self) -> int:
        """The number of this load, counted from one."""
        self.loads += 1
        self.began.set()
        assert self.may_end.wait(10)
        if self.fails:
            raise LoadFailed("out of order")
        return self.loads


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def refreshed(source: Source, ticker: Ticker) -> Refreshed[int]:
    """Fresh for 10 seconds, waits from 20, usable for 100, tries again after 5."""
    return Refreshed(
        source.load,
        what="numbers",
        fresh_seconds=10,
        wait_after_seconds=20,
        usable_seconds=100,
        retry_seconds=5,
        monotonic=ticker,
    )


class TestRefreshed:
    """A value that is loaded again when it is old."""

    def test_loaded_on_demand_and_kept(self, refreshed: Refreshed[int], source: Source, ticker: Ticker) -> None:
        """Nothing is loaded before it is asked for, and once per age."""
        assert refreshed.current() is None
        assert source.loads == 0
        assert [refreshed.get(), refreshed.get()] == [1, 1]
        ticker.advance(9.9)
        assert (refreshed.get(), refreshed.current()) == (1, 1)
        ticker.advance(0.1)
        assert refreshed.current() is None
        assert (refreshed.get(), refreshed.current()) == (2, 2)

    def test_after(self, refreshed: Refreshed[int], ticker: Ticker) -> None:
        """A value from after a moment is loaded when the one at hand is older, however fresh it is."""
        moment = ticker()
        ticker.advance(0.1)
        assert refreshed.get() == 1
        assert refreshed.after(moment) == 1
        assert refreshed.after(ticker()) == 2

    def test_reload_is_not_too_frequent(self, refreshed: Refreshed[int], source: Source, ticker: Ticker) -> None:
        """A reload asked for again and again happens once per spacing, also while it fails."""
        assert refreshed.get() == 1
        assert refreshed.reload(3) == 1
        ticker.advance(3)
        assert [refreshed.reload(3), refreshed.reload(3)] == [2, 2]
        source.fails = True
        ticker.advance(3)
        assert [refreshed.reload(3), refreshed.reload(3)] == [2, 2]
        assert source.loads == 3

    def test_failing_source(self, refreshed: Refreshed[int], source: Source, ticker: Ticker) -> None:
        """The old value serves while the source fails, is tried for again now and then, and is given up in the end."""
        assert refreshed.get() == 1
        source.fails = True
        ticker.advance(50)
        assert [refreshed.get(), refreshed.get()] == [1, 1]
        assert source.loads == 2
        ticker.advance(5)
        assert refreshed.get() == 1
        assert source.loads == 3
        ticker.advance(45)
        with pytest.raises(Problem) as caught:
            refreshed.get()
        assert (caught.value.code, caught.value.headers) == ("UNAVAILABLE", {"Retry-After": "1"})
        source.fails = False
        ticker.advance(5)
        assert refreshed.get() == 5

    def test_never_loaded(self, refreshed: Refreshed[int], source: Source) -> None:
        """Without any value there is nothing to go on with."""
        source.fails = True
        with pytest.raises(Problem, match="numbers cannot be read"):
            refreshed.get()
        with pytest.raises(Problem, match="numbers cannot be read"):
            refreshed.after(refreshed.moment())

    def test_one_loads_while_others_go_on(self, refreshed: Refreshed[int], source: Source, ticker: Ticker) -> None:
        """While one thread loads, others get the old value at once; nobody loads twice."""
        assert refreshed.get() == 1
        ticker.advance(15)
        source.began.clear()
        source.may_end.clear()
        with ThreadPoolExecutor(1) as threads:
            loading = threads.submit(refreshed.get)
            assert source.began.wait(10)
            assert refreshed.get() == 1
            source.may_end.set()
            assert loading.result(10) == 2
        assert source.loads == 2

    def test_too_old_to_go_on(self, refreshed: Refreshed[int], source: Source, ticker: Ticker) -> None:
        """Beyond the waiting age everybody waits for the one who loads, and all get the new value of that one load."""
        assert refreshed.get() == 1
        ticker.advance(20)
        source.began.clear()
        source.may_end.clear()
        with ThreadPoolExecutor(4) as threads:
            waiting = [threads.submit(refreshed.get) for _ in range(4)]
            assert source.began.wait(10)
            source.may_end.set()
            assert [each.result(10) for each in waiting] == [2] * 4
        assert source.loads == 2
