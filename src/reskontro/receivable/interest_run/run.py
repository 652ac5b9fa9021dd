"""INTEREST-RUN: its fields, its plan, its work and the file of a proposal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from reskontro.batches.kinds import ChunkContext, ItemResult, Refusal, RunKind
from reskontro.db.engine import Transaction
from reskontro.kit.messages import Message
from reskontro.receivable.drafts import OLDEST_DATE, Draft
from reskontro.receivable.interest_run.candidates import customers
from reskontro.receivable.interest_run.work import interest_kinds, work
from reskontro.receivable.reports.model import Column
from reskontro.receivable.runs.inputs import chosen_accounts, write_input
from reskontro.receivable.runs.proposals import proposal_file
from reskontro.receivable.runs.run import ENTITY, OPERATION, Run

CUSTOMERS_AT_A_TIME: Final = 500
COLUMNS: Final = (
    Column("customerNo", "Customer"),
    Column("accountNo", "Account", "integer"),
    Column("name", "Name"),
    Column("documentNos", "Claims"),
    Column("currency", "Currency"),
    Column("interestTo", "Interest to", "date"),
    Column("amount", "Interest", "amount"),
    Column("message", "Outcome"),
)
"""The columns of the proposal file."""


def _check(draft: Draft, today: date) -> None:
    """RANGE for an interestTo after today; its default is yesterday."""
    if draft.refused(("interestTo",)):
        return
    until: date = draft.values.setdefault("interestTo", today - timedelta(days=1))
    if not OLDEST_DATE <= until <= today:
        draft.find("RANGE", "interestTo", min=OLDEST_DATE, max=today)


def plan(transaction: Transaction, context: ChunkContext) -> Iterator[bytes] | Refusal:
    """The customers who may owe interest, as inputs; customers that were named and are unknown come first.

    Refusal with STATE-CONFLICT when the client charges no interest (config interest.enabled).
    """
    assert context.run is not None
    if not context.books.config("interest.enabled", context.today):
        message = Message("E", "STATE-CONFLICT", "actionType", "/actionType", {"status": "interest.enabled = false"})
        return Refusal([ItemResult("FAILED", client_reference=context.run.asked.get("clientReference"), messages=[message])])
    return _inputs(transaction, context)


def _inputs(transaction: Transaction, context: ChunkContext) -> Iterator[bytes]:
    assert context.run is not None
    asked = context.run.asked
    unknown, accounts = chosen_accounts(transaction, context.client_no, asked.get("customerNos"))
    yield from unknown
    until = date.fromisoformat(asked["interestTo"])
    yield from map(write_input, customers(transaction, context.client_no, interest_kinds(context), until, accounts))


INTEREST_RUN: Final = Run(
    action_type="INTEREST-RUN",
    kind=RunKind(
        name="actions.interest",
        entity=ENTITY,
        operation=OPERATION,
        plan=plan,
        work=work,
        finish=proposal_file("interest", COLUMNS),
        input_items=CUSTOMERS_AT_A_TIME,
    ),
    takes=frozenset(("interestTo",)),
    check=_check,
)
"""Late-payment interest of all claims, in notes."""
