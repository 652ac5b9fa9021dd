"""What a dunning run was asked to do, and by which plan and rates it does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reskontro.batches.kinds import ChunkContext, Origin
from reskontro.norway.announced import rates_in_use
from reskontro.norway.rates import Rates
from reskontro.receivable.dunning.rules import Plan


@dataclass(frozen=True, slots=True)
class Order:
    """The run in the terms of its rules. ``day`` is the day it stands for, which letters are dated."""

    day: date
    plan: Plan
    rates: Rates
    origin: Origin
    customer_nos: list[str] | None
    maximum_step: int | None
    only_validate: bool
    reference: str | None

    @classmethod
    def of(cls, context: ChunkContext) -> Order:
        """The order of a run's context."""
        run = context.run
        assert run is not None, "a dunning run was asked for"
        asked = run.asked
        only_validate = bool(asked.get("validateOnly"))
        # A letter is dated the day it is made, and its deadline counts from then: a run that had to wait is that of the day its turn comes.
        run_date = date.fromisoformat(asked["runDate"])
        return cls(
            day=run_date if only_validate else max(run_date, context.today),
            plan=plan_of(context),
            rates=rates_in_use(),
            origin=run.origin,
            customer_nos=asked.get("customerNos"),
            maximum_step=asked.get("maximumStep"),
            only_validate=only_validate,
            reference=asked.get("clientReference"),
        )


def plan_of(context: ChunkContext) -> Plan:
    """The client's plan of today."""
    books, today = context.books, context.today
    return Plan.of(
        books.config("dunning.plan", today),
        grace_days=books.config("dunning.graceDays", today),
        minimum_amount=books.config("dunning.minimumAmount", today),
        weekend_rule=books.config("dunning.weekendRule", today),
    )
