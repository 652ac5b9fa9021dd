"""The AR items of a set together with the customers that owe them, looked up by the keys of requests."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from reskontro.batches.kinds import ChunkContext
from reskontro.db.engine import Transaction
from reskontro.ledger.item_desk import ItemDesk
from reskontro.ledger.posting import OpenItem
from reskontro.receivable.customers.desk import CustomerDesk
from reskontro.receivable.drafts import Draft


class CustomerItemDesk(ItemDesk):
    """What every desk of the receivable rooms builds on. The caller's transaction holds the client's write lock."""

    def __init__(self, transaction: Transaction, context: ChunkContext) -> None:
        self.customers = CustomerDesk(transaction, context)
        super().__init__(transaction, context, self.customers)

    def load_targets(self, drafts: Iterable[Draft]) -> None:
        """Look up the items and customers that postings mean, one statement per table, with the open claims round them."""
        known = [draft.values for draft in drafts]
        self.load_items(values["arItemId"] for values in known if "arItemId" in values)
        self.load_documents(values["documentUuid"] for values in known if "documentUuid" in values)
        self.load_document_nos(values["documentNo"] for values in known if "documentNo" in values)
        self.load_references(values["referenceNo"] for values in known if "referenceNo" in values)
        kids = {values["kid"] for values in known if "kid" in values}
        self.load_kids(kids)
        self.customers.load_kids(kid for kid in kids if not self.items_with_kid(kid))
        self.load_items(allocation["arItemId"] for values in known for allocation in values.get("allocations", ()) if "arItemId" in allocation)
        self.customers.load(
            (values[name] for values in known for name in ("customerNo", "toCustomerNo") if name in values),
            {item.account_no for item in self.looked_up()} | {values["accountNo"] for values in known if "accountNo" in values},
        )
        self.load_claims_meant()

    def load_claims_meant(self) -> None:
        """Look up the claims that the items looked up so far belong to, with their open interest and costs: what payments of them may settle."""
        principals = {principal for item in self.looked_up() for principal in claims_named(item)}
        self.load_items(principals)
        self.load_claims(principals)


def claims_named(item: OpenItem) -> list[UUID]:
    """The principals that an item belongs to: those it names, else itself."""
    named = item.details.get("claimArItemIds") or ([item.claim_ar_item_id] if item.claim_ar_item_id else [item.ar_item_id])
    return [claim if isinstance(claim, UUID) else UUID(claim) for claim in named]
