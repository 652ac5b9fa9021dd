"""DUNNING-RUN: its fields, its plan, its work and the file of a proposal."""

from __future__ import annotations

from datetime import date
from typing import Final

from reskontro.batches.kinds import RunKind
from reskontro.receivable.drafts import Draft
from reskontro.receivable.dunning.planning import plan
from reskontro.receivable.dunning.work import work
from reskontro.receivable.reports.model import Column
from reskontro.receivable.runs.proposals import proposal_file
from reskontro.receivable.runs.run import ENTITY, OPERATION, Run, check_run_date

CUSTOMERS_AT_A_TIME: Final = 1_000
COLUMNS: Final = (
    Column("customerNo", "Customer"),
    Column("accountNo", "Account", "integer"),
    Column("name", "Name"),
    Column("step", "Step", "integer"),
    Column("type", "Type"),
    Column("documentNos", "Claims"),
    Column("currency", "Currency"),
    Column("openAmount", "Open", "amount"),
    Column("credit", "Credit", "amount"),
    Column("compensation", "Compensation", "amount"),
    Column("fee", "Fee", "amount"),
    Column("totalAmount", "Total", "amount"),
    Column("deadline", "Deadline", "date"),
    Column("message", "Outcome"),
)
"""The columns of the proposal file."""


def _check(draft: Draft, today: date) -> None:
    check_run_date(draft, today, earlier=bool(draft.values.get("validateOnly")))


DUNNING_RUN: Final = Run(
    action_type="DUNNING-RUN",
    kind=RunKind(
        name="actions.dunning",
        entity=ENTITY,
        operation=OPERATION,
        plan=plan,
        work=work,
        finish=proposal_file("dunning", COLUMNS),
        input_items=CUSTOMERS_AT_A_TIME,
    ),
    takes=frozenset(("runDate", "maximumStep")),
    check=_check,
)
"""Reminders, collection notices and the hand-over."""
