"""Using up credits on debits, pure: what a match by hand takes off each item."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reskontro.kit.ids import new_id
from reskontro.ledger.posting import OpenItem
from reskontro.receivable.matching.service import use_up

DAY = date(2026, 10, 1)


def open_item(amount: Decimal, days: int = 0) -> OpenItem:
    """An item with so much open, dated and due some days later."""
    day = DAY + timedelta(days=days)
    kind = "PRINCIPAL" if amount > 0 else "CREDIT"
    return OpenItem(new_id(), 1, "MJ", kind, "NOK", day, day, amount, amount, amount, amount, "1500", item_date=day)


cents = st.integers(-10_000, 10_000).filter(bool).map(lambda value: Decimal(value) / 100)
sides = st.lists(st.tuples(cents, st.integers(0, 30)).map(lambda entry: open_item(*entry)), max_size=8)


@given(sides)
def test_one_side_is_used_up(items: list[OpenItem]) -> None:
    """The parts add up to zero, stay within what is open with its sign, and leave something on one side at most."""
    parts = use_up(items, "OLDEST-FIRST")
    debit = sum((item.open_amount for item in items if item.open_amount > 0), Decimal(0))
    credit = -sum((item.open_amount for item in items if item.open_amount < 0), Decimal(0))
    assert sum(amount for _, amount in parts) == 0
    assert sum(amount for _, amount in parts if amount > 0) == min(debit, credit)
    assert all(0 < amount / item.open_amount <= 1 for item, amount in parts)
    assert len({item.ar_item_id for item, _ in parts}) == len(parts)


@given(sides)
def test_the_oldest_go_first(items: list[OpenItem]) -> None:
    """On each side only the last item used may keep something, and no item used is newer than one left out."""
    parts = use_up(items, "OLDEST-FIRST")
    for sign in (1, -1):
        used = [(item, amount) for item, amount in parts if (amount > 0) == (sign > 0)]
        assert all(item.open_amount == amount for item, amount in used[:-1])
        days = [item.due_date for item, _ in used]
        assert days == sorted(days)
        left_out = [item.due_date for item in items if (item.open_amount > 0) == (sign > 0) and all(item is not other for other, _ in used)]
        if used and left_out:
            assert max(days) <= min(left_out)
