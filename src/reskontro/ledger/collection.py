"""Where a claim is in collection: its status, and what the statuses mean for the creditor."""

from __future__ import annotations

from typing import Final

from reskontro.ledger.posting import OpenItem

COLLECTION_STATUS: Final = "collectionStatus"
"""The detail of an AR item that holds its status."""
NO_COLLECTION: Final = "NONE"
"""The status of an item that has none of its own."""
HANDED_OVER: Final = "HANDED-OVER"
COLLECTION_STATUSES: Final = (NO_COLLECTION, HANDED_OVER, "IN-COLLECTION", "REFUSED", "RETURNED", "CLOSED")
WITH_COLLECTION: Final = frozenset((HANDED_OVER, "IN-COLLECTION"))
"""Collection has the claim, and the creditor leaves it alone: no letter, fee, interest, write-off or match by hand. Payments and credit notes
go on."""
DUNNING_STOPPED: Final = WITH_COLLECTION | {"RETURNED", "CLOSED"}
"""The creditor sends no letters: collection has the claim, or had it and has given it back. A claim that it refused is dunned again."""


def is_with_collection(item: OpenItem) -> bool:
    """Whether collection has the item itself; of interest and costs that name a claim, the claim has to be asked as well."""
    return item.details.get(COLLECTION_STATUS) in WITH_COLLECTION
