"""Sets of customers: one look-up, one pass in input order, one write."""

from __future__ import annotations

from collections.abc import Sequence

from reskontro.batches.kinds import BatchKind, ChunkContext, Item, ItemResult, Process
from reskontro.db.engine import Transaction
from reskontro.kit.quick import QuickReader
from reskontro.receivable.customers.desk import CustomerDesk, policy_of
from reskontro.receivable.customers.rules import Draft
from reskontro.receivable.customers.schemas import CUSTOMER, customer_key, identify

_read_quickly = QuickReader(CUSTOMER, require=False)


def prepare(context: ChunkContext, items: Sequence[Item]) -> None:
    """Read customers and make every check that needs nothing stored."""
    policy = policy_of(context)
    for item in items:
        item.draft, item.prepared_for = Draft(item.sent, policy), context.policy_key


def _processing(*, may_create: bool) -> Process:
    def process(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[ItemResult]:
        desk = CustomerDesk(transaction, context)
        drafts = [item.draft if item.prepared_for == context.policy_key else Draft(item.sent, desk.policy) for item in items]
        desk.load_for(drafts)
        results: list[ItemResult] = []
        for item, draft in zip(items, drafts, strict=True):
            outcome = desk.propose(draft, may_create=may_create)
            if outcome.customer is not None:
                desk.accept(outcome, item.origin)
            results.append(outcome.item_result())
        desk.write(context.writing)
        return results

    return process


def _kind(operation: str, *, may_create: bool) -> BatchKind:
    return BatchKind(
        name=f"customers.{operation.lower()}",
        entity="CUSTOMERS",
        operation=operation,
        key_field="customerNo",
        natural_key=customer_key,
        identify=identify,
        process=_processing(may_create=may_create),
        prepare=prepare,
        quick=_read_quickly,
    )


CUSTOMERS_POST = _kind("POST", may_create=True)
"""Creates unknown customers and updates known ones."""

CUSTOMERS_PUT = _kind("PUT", may_create=False)
"""Updates known customers; an unknown one is an item that fails."""
