"""The VAT behind an AR item, per code and account, whatever was done to it since."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from reskontro.ledger.posting import OpenItem, Part
from reskontro.ledger.reversal import load_transactions_of

if TYPE_CHECKING:
    from reskontro.ledger.item_desk import ItemDesk

VAT_PARTS = "vatParts"
"""The detail of a transferred item that tells the VAT of the original: it has no VAT lines of its own."""


def vat_parts_of(desk: ItemDesk, item: OpenItem) -> list[Part]:
    """The VAT that the item's document posted, positive as an invoice credits, by code and account; a transferred item's is that of its original."""
    kept = item.details.get(VAT_PARTS)
    if kept is not None:
        return [Part(entry["glAccount"], Decimal(str(entry["amount"])), entry["vatCode"]) for entry in kept]
    accounts = {rule.vat_account for rule in desk.books.rules if rule.vat_account is not None}
    sums: dict[tuple[str, str], Decimal] = {}
    for posted in load_transactions_of(desk, [item]):
        for line in posted.posting.lines:
            if line.vat_code is not None and line.gl_account in accounts:
                key = (line.gl_account, line.vat_code)
                sums[key] = sums.get(key, Decimal(0)) - line.currency_amount
    return [Part(account, amount, code) for (account, code), amount in sums.items() if amount]
