"""Aim: whatever is open and however much is paid, a match adds up to zero, takes no more than is open, and goes in the order it promises."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from reskontro.ledger.matching import allocate, base_part, group_claims, in_coverage_order
from reskontro.ledger.posting import OpenItem

DAY = date(2026, 10, 1)
_cents = st.integers(1, 10**7).map(lambda cents: Decimal(cents) / 100)


def item(
    number: int, amount: Decimal | int, kind: str = "PRINCIPAL", *, due: int = 0, claim: int | None = None, base: Decimal | None = None
) -> OpenItem:
    """An open item of one customer."""
    value = Decimal(amount)
    base_value = value if base is None else base
    claim_id = UUID(int=claim) if claim is not None else None
    due_date = DAY + timedelta(days=due)
    return OpenItem(UUID(int=number), 1, "IN", kind, "NOK", due_date, DAY, value, base_value, value, base_value, "1500", claim_id)


class TestOrder:
    def test_claims_come_by_due_date_then_id(self) -> None:
        """The principal's due date decides; charges whose principal is not open are claims of their own."""
        items = [item(3, 10, due=5), item(2, 10, due=1), item(1, 10, due=1), item(4, 1, "COST", claim=3, due=0), item(5, 1, "COST", claim=9, due=2)]
        assert [[found.ar_item_id.int for found in claim] for claim in group_claims(items)] == [[1], [2], [5], [3, 4]]

    def test_credits_and_closed_items_are_no_claims(self) -> None:
        """Only what is owed can be settled."""
        assert group_claims([item(1, 0), item(2, -5, "CREDIT")]) == []

    def test_the_orders_inside_a_claim(self) -> None:
        """Equal kinds by due date; OLDEST-FIRST whatever the kind."""
        claim = [item(1, 10, due=3), item(2, 1, "INTEREST", due=1), item(3, 1, "COST", due=2), item(4, 1, "COST", due=0)]
        orders = {
            order: [found.ar_item_id.int for found in in_coverage_order(claim, order)]
            for order in ("COSTS-INTEREST-PRINCIPAL", "PRINCIPAL-INTEREST-COSTS", "OLDEST-FIRST")
        }
        assert orders == {
            "COSTS-INTEREST-PRINCIPAL": [4, 3, 2, 1],
            "PRINCIPAL-INTEREST-COSTS": [1, 2, 4, 3],
            "OLDEST-FIRST": [4, 2, 3, 1],
        }


class TestAllocation:
    @given(claims=st.lists(st.lists(_cents, min_size=1, max_size=3), max_size=4), paid=_cents)
    def test_nothing_is_lost_and_nothing_is_overdrawn(self, claims: list[list[Decimal]], paid: Decimal) -> None:
        """The lines add up to zero; either the credit or all claims are used up."""
        numbers = iter(range(1, 100))
        owed = [[item(next(numbers), amount) for amount in claim] for claim in claims]
        credit = item(100, -paid, "CREDIT")
        lines = allocate(credit, owed, "COSTS-INTEREST-PRINCIPAL", 2)
        assert sum((line.amount for line in lines), Decimal(0)) == 0
        everything = [found for claim in owed for found in claim]
        assert all(0 <= found.open_amount <= found.original_amount for found in everything)
        assert credit.open_amount == 0 or all(not found.open_amount for found in everything)
        assert sum((found.open_amount for found in everything), Decimal(0)) + credit.open_amount == sum(
            (found.original_amount for found in everything), Decimal(0)
        ) + (-paid)

    @given(amount=_cents, base=_cents, parts=st.lists(st.integers(1, 100), min_size=1, max_size=6))
    def test_the_last_part_takes_what_rounding_leaves(self, amount: Decimal, base: Decimal, parts: list[int]) -> None:
        """An item that is paid in parts ends at zero in both currencies."""
        owed = item(1, amount, base=base)
        for part in parts:
            share = min(owed.open_amount, Decimal(part))
            if share:
                owed.settle(share, base_part(owed, share, 2))
                assert owed.base_open_amount >= 0
        owed.settle(owed.open_amount, base_part(owed, owed.open_amount, 2))
        assert (owed.open_amount, owed.base_open_amount) == (0, 0)

    def test_exact_parts_go_first(self) -> None:
        """They are taken whatever the order; the claims share the rest."""
        first, second = item(1, 100), item(2, 100)
        credit = item(9, -120, "CREDIT")
        lines = allocate(credit, [[first]], "OLDEST-FIRST", 2, [(second, Decimal(30))])
        assert [(line.item.ar_item_id.int, line.amount) for line in lines] == [(2, 30), (1, 90), (9, -120)]
