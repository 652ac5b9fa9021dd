"""MATCHING-RUN: its fields, its plan, its work and the file of a proposal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from reskontro.batches.kinds import ChunkContext, RunKind
from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id
from reskontro.kit.json import write_json
from reskontro.receivable.drafts import Draft
from reskontro.receivable.matching_run.store import customers_with_both, unidentified
from reskontro.receivable.matching_run.work import PAYMENT, work
from reskontro.receivable.reports.model import Column
from reskontro.receivable.runs.inputs import chosen_accounts, write_input
from reskontro.receivable.runs.proposals import proposal_file
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
    unknown, accounts = chosen_accounts(transaction, context.client_no, context.run.asked.get("customerNos"))
    yield from unknown
    for payment_uuid in unidentified(transaction, context.client_no, date.fromisoformat(context.run.asked["runDate"])):
        yield write_json({PAYMENT: encode_id(payment_uuid)})
    yield from map(write_input, customers_with_both(transaction, context.client_no, accounts))


MATCHING_RUN: Final = Run(
    action_type="MATCHING-RUN",
    kind=RunKind(name="actions.matching", entity=ENTITY, operation=OPERATION, plan=plan, work=work, finish=proposal_file("matching", COLUMNS)),
    takes=frozenset(("runDate",)),
    check=_check,
)
"""The matching rules for what is still open."""
