"""Matching, pure: which items a payment or a credit settles, in which order, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from reskontro.kit.money import ZERO, share
from reskontro.ledger.posting import OpenItem

CoverageOrder = Literal["COSTS-INTEREST-PRINCIPAL", "PRINCIPAL-INTEREST-COSTS", "OLDEST-FIRST"]

_RANKS: dict[str, dict[str, int]] = {
    "COSTS-INTEREST-PRINCIPAL": {"COST": 0, "INTEREST": 1, "PRINCIPAL": 2},
    "PRINCIPAL-INTEREST-COSTS": {"PRINCIPAL": 0, "INTEREST": 1, "COST": 2},
}


@dataclass(slots=True)
class MatchLine:
    """One item in a match; amounts are signed like the item."""

    item: OpenItem
    amount: Decimal
    base_amount: Decimal


@dataclass(slots=True)
class Match:
    """Items settled against each other: their amounts add up to zero in the one currency they share."""

    match_id: UUID
    account_no: int
    match_date: date
    source: str
    coverage_order: str
    created_by: str
    lines: list[MatchLine] = field(default_factory=list)
    status: str = "ACTIVE"
    undone_on: date | None = None
    undone_by: str | None = None

    @property
    def exchange_difference(self) -> Decimal:
        """What the base amounts miss to add up to zero: positive is a gain, and the base amount of the item that evens it out."""
        return -sum([line.base_amount for line in self.lines], ZERO)


def group_claims(items: Iterable[OpenItem]) -> list[list[OpenItem]]:
    """Open debit items by claim: a principal with the interest and costs that name it. Claims come by due date of the principal, then id.

    Items that belong to no principal in the set are claims of their own.
    """
    debits = [item for item in items if item.open_amount > 0]
    principals = {item.ar_item_id: [item] for item in debits if item.claim_kind == "PRINCIPAL"}
    alone: list[list[OpenItem]] = []
    for item in debits:
        if item.claim_kind == "PRINCIPAL":
            continue
        owner = principals.get(item.claim_ar_item_id) if item.claim_ar_item_id is not None else None
        if owner is not None:
            owner.append(item)
        else:
            alone.append([item])
    return sorted([*principals.values(), *alone], key=lambda claim: (claim[0].due_date, claim[0].ar_item_id.int))


def in_coverage_order(claim: Sequence[OpenItem], order: str) -> list[OpenItem]:
    """The items of a claim in the order in which a payment covers them; equal kinds by due date."""
    ranks = _RANKS.get(order)
    if ranks is None:
        return sorted(claim, key=lambda item: (item.due_date, item.ar_item_id.int))
    return sorted(claim, key=lambda item: (ranks[item.claim_kind], item.due_date, item.ar_item_id.int))


def base_part(item: OpenItem, amount: Decimal, base_decimals: int) -> Decimal:
    """The base amount of a part of an item: in proportion to what is open; the last part takes the rest."""
    if amount == item.open_amount:
        return item.base_open_amount
    if item.base_open_amount == item.open_amount:
        return amount
    return share(item.base_open_amount, amount, item.open_amount, base_decimals)


def allocate(
    credit: OpenItem,
    claims: Sequence[Sequence[OpenItem]],
    order: str,
    base_decimals: int,
    exact: Sequence[tuple[OpenItem, Decimal]] = (),
) -> list[MatchLine]:
    """Use what is open of a credit item on exact parts of items first, then on claims in turn; settles the items and returns the lines, the
    credit's own last.

    The exact parts are at most what is open of their items and of the credit, and their items are not among the claims. Empty when there is nothing
    to settle.
    """
    lines = [MatchLine(item, amount, base_part(item, amount, base_decimals)) for item, amount in exact]
    left = -credit.open_amount - sum([amount for _, amount in exact], ZERO)
    for claim in claims:
        if left <= 0:
            break
        for item in in_coverage_order(claim, order):
            part = min(left, item.open_amount)
            if part > 0:
                lines.append(MatchLine(item, part, base_part(item, part, base_decimals)))
                left -= part
    if not lines:
        return []
    used = credit.open_amount + left
    lines.append(MatchLine(credit, used, base_part(credit, used, base_decimals)))
    for line in lines:
        line.item.settle(line.amount, line.base_amount)
    return lines
