"""Aim: a series gives every number once, skips what is in use, and does not ask the database for every number."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from reskontro.receivable.customers.numbers import FreeNumbers


def in_use(numbers: set[int], asked: list[tuple[int, int]]) -> Callable[[int, int], set[int]]:
    """A database with these numbers that notes the questions."""

    def taken(first: int, last: int) -> set[int]:
        asked.append((first, last))
        return {number for number in numbers if first <= number <= last}

    return taken


def drawn(numbers: FreeNumbers, count: int) -> list[int]:
    """So many numbers, one after the other."""
    found = []
    for _ in range(count):
        found.append(numbers.next)
        numbers.take(numbers.next)
    return found


def test_draws_in_order_and_skips_what_is_in_use() -> None:
    """Numbers in the database, and those chosen meanwhile."""
    numbers = FreeNumbers(500001, in_use({500002}, []))
    assert drawn(numbers, 2) == [500001, 500003]
    numbers.take(500005)
    assert drawn(numbers, 2) == [500004, 500006]
    assert numbers.span == 6


def test_a_number_that_is_only_looked_at_is_not_given() -> None:
    """A failed item draws none."""
    numbers = FreeNumbers(1, in_use(set(), []))
    assert numbers.next == numbers.next == 1
    assert numbers.span == 0


def test_a_long_run_of_numbers_in_use_costs_few_questions() -> None:
    """A migration chose a hundred thousand numbers in a row."""
    asked: list[tuple[int, int]] = []
    numbers = FreeNumbers(1, in_use(set(range(1, 100_001)), asked))
    assert numbers.next == 100_001
    assert len(asked) < 10


@given(used=st.sets(st.integers(1, 60)), chosen=st.lists(st.integers(1, 60), max_size=10), count=st.integers(1, 30))
def test_never_gives_a_number_twice(used: set[int], chosen: list[int], count: int) -> None:
    """Whatever is in use and whatever callers choose, what is drawn is new, and the least that is free."""
    numbers = FreeNumbers(1, in_use(used, []), window=7)
    taken = set(used)
    for number in chosen:
        if number not in taken:
            numbers.take(number)
            taken.add(number)
    for number in drawn(numbers, count):
        assert number == min(set(range(1, 200)) - taken)
        taken.add(number)
