"""Aim: number series give every number once, without gaps, and never go back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Database, lock_client
from reskontro.kit.clock import MovableClock
from reskontro.ledger.series import claim, last_claimed
from reskontro.receivable.administration.service import create_client
from tests.unit.ledger.undone import undone


@pytest.fixture
def ledger(database: Database, clock: MovableClock) -> Database:
    """A database with client 1."""
    origin = Origin("test", "test", UUID(int=1), "SYSTEM")
    with database.system() as transaction:
        create_client(transaction, {"clientNo": 1, "name": "A", "organizationNo": "310044113"}, clock=clock, origin=origin)
    return database


def draw(database: Database, count: int, *, series: str = "in", year: int = 2026, start: int = 1) -> int:
    """The first of some numbers, claimed in a transaction of their own."""
    with database.transaction(1) as transaction:
        lock_client(transaction, 1)
        return claim(transaction, 1, series, year, count, start=start)


def test_sets_follow_each_other(ledger: Database) -> None:
    """Per series and year."""
    assert [draw(ledger, 3), draw(ledger, 1), draw(ledger, 2)] == [1, 4, 5]
    assert draw(ledger, 1, year=2027) == 1
    assert draw(ledger, 1, series="cn") == 1
    with ledger.transaction(1) as transaction:
        assert last_claimed(transaction, 1, "in", 2026) == 6
        assert last_claimed(transaction, 1, "py", 2026) == 0


def test_a_claim_that_is_rolled_back_leaves_no_gap(ledger: Database) -> None:
    """The number goes to the next who asks."""
    with undone(ledger) as transaction:
        assert claim(transaction, 1, "in", 2026, 5) == 1
    assert draw(ledger, 1) == 1


def test_the_start_moves_the_series_forward_only(ledger: Database) -> None:
    """First number of a new series; a later, higher one jumps, a lower one changes nothing."""
    assert draw(ledger, 2, series="account", year=0, start=500001) == 500001
    assert draw(ledger, 1, series="account", year=0, start=500001) == 500003
    assert draw(ledger, 2, series="account", year=0, start=600000) == 600000
    assert draw(ledger, 1, series="account", year=0, start=1) == 600002


def test_at_least_one_number_is_claimed(ledger: Database) -> None:
    """A set of none is a mistake of the caller."""
    with pytest.raises(ValueError, match="at least one"):
        draw(ledger, 0)


def test_writers_at_the_same_time_never_share_a_number(ledger: Database) -> None:
    """Eight threads, twenty sets each."""
    with ThreadPoolExecutor(8) as threads:
        firsts = list(threads.map(lambda number: draw(ledger, number % 3 + 1), range(160)))
    given = [first + offset for number, first in enumerate(firsts) for offset in range(number % 3 + 1)]
    assert sorted(given) == list(range(1, len(given) + 1))
