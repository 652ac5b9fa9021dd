"""MATCHING-RUN: its fields, its plan, its work and the file of a proposal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from reskontro.batches.kinds import ChunkContext, ItemResult, RunKind
from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id
from reskontro.kit.json import write_json
from reskontro.receivable.drafts import Draft
from reskontro.receivable.matching_run.store import customers_with_both, unidentified
from reskontro.receivable.matching_run.work import PAYMENT, work
from reskontro.receivable.reports.model import Column
from reskontro.receivable.runs.inputs import named_customers, write_input
from reskontro.receivable.runs.proposals import write_proposal
from reskontro.receivable.runs.run import ENTITY, OPERATION, Run, check_run_date

COLUMNS: Final = (
    Column("customerNo", "Customer"),
    Column("accountNo", "Account", "integer"),
    Column("name", "Name"),
    Column("currency", "Currency"),
    Column("amount", "Amount", "amount"),
    Column("message", "Outcome"),
)
"""The columns of the proposal file."""


def _check(draft: Draft, today: date) -> None:
    check_run_date(draft, today, earlier=True)


def plan(transaction: Transaction, context: ChunkContext) -> Iterator[bytes]:
    """Unknown customers that were named, payments that are nobody's, then the customers with credit and claims."""
    assert context.run is not None
    accounts: list[int] | None = None
    numbers = context.run.asked.get("customerNos")
    if numbers:
        named = named_customers(transaction, context.client_no, numbers)
        yield from (write_input(unknown) for unknown in named if unknown.account_no is None)
        accounts = [known.account_no for known in named if known.account_no is not None]
    for payment_uuid in unidentified(transaction, context.client_no, date.fromisoformat(context.run.asked["runDate"])):
        yield write_json({PAYMENT: encode_id(payment_uuid)})
    for customer in customers_with_both(transaction, context.client_no, accounts):
        yield write_input(customer)


def finish(transaction: Transaction, context: ChunkContext) -> list[ItemResult]:
    """The proposal file of a run that only validated."""
    assert context.run is not None
    return write_proposal(transaction, context, "matching", COLUMNS) if context.run.asked.get("validateOnly") else []


MATCHING_RUN: Final = Run(
    action_type="MATCHING-RUN",
    kind=RunKind(name="actions.matching", entity=ENTITY, operation=OPERATION, plan=plan, work=work, finish=finish),
    takes=frozenset(("runDate",)),
    check=_check,
)
"""The matching rules for what is still open."""
