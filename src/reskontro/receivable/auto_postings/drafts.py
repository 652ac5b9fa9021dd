"""Auto postings as they were sent: read with the fields of their method, and checked against each other; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from reskontro.kit.messages import Messages
from reskontro.ledger.posting import LedgerTransaction, OpenItem
from reskontro.norway.identities import currency_decimals
from reskontro.receivable.auto_postings.schemas import AUTO_POSTING
from reskontro.receivable.drafts import Draft, check_date_range

COMMON_FIELDS: Final = frozenset(("validateOnly", "clientReference", "postingDate", "text", "dimensions"))
"""What every method takes."""


@dataclass(slots=True)
class Outcome:
    """What a posting comes to: its transaction, the items it made or changed, and its amount in its currency."""

    posting: LedgerTransaction
    amount: Decimal
    items: list[OpenItem] = field(default_factory=list)


def read(index: int, raw: dict[str, Any], taken: frozenset[str], required: Sequence[str], today: date) -> Draft:
    """Read a posting of a method that takes the fields ``taken`` (besides the common ones) and needs those in ``required``."""
    messages = Messages()
    draft = Draft(AUTO_POSTING, "autoPosting", raw, AUTO_POSTING.read(raw, messages), messages, index)
    for name in raw:
        if name in AUTO_POSTING.by_name and draft.was_sent(name) and name not in taken and name not in COMMON_FIELDS:
            messages.unknown("E", name, f"/{name}")
            draft.values.pop(name, None)
    for name in required:
        if name not in draft.values and not draft.was_sent(name):
            draft.find("REQUIRED", name)
    check_date_range(draft, "paymentDate", today)
    return draft


def check_decimals(draft: Draft, currency: str) -> None:
    """PRECISION for amounts with decimals that the currency does not have."""
    if currency_decimals(currency) != 0:
        return
    values = draft.values
    if not _is_whole(values.get("amount")):
        draft.find("PRECISION", "amount", max=0)
    for name, keys in (("allocations", ("amount",)), ("entries", ("debit", "credit"))):
        for index, element in enumerate(values.get(name, ())):
            for key in keys:
                if not _is_whole(element.get(key)):
                    draft.find("PRECISION", name, inside=(index, key), max=0)


def _is_whole(amount: Decimal | None) -> bool:
    return amount is None or amount == amount.to_integral_value()


def check_references(drafts: Sequence[Draft]) -> None:
    """NOT-UNIQUE for a clientReference that an earlier posting of the call has."""
    seen: set[str] = set()
    for draft in drafts:
        reference = draft.values.get("clientReference")
        if reference is None:
            continue
        if reference in seen:
            draft.find("NOT-UNIQUE", "clientReference", value=reference)
        seen.add(reference)
