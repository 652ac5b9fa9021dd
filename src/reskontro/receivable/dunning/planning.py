"""Which customers a dunning run has to look at: one statement over the open items, taken as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from reskontro.batches.kinds import ChunkContext, ItemResult, Refusal
from reskontro.db.engine import Transaction
from reskontro.kit.messages import Message
from reskontro.ledger.collection import DUNNING_STOPPED
from reskontro.norway.rates import ValueMissing
from reskontro.receivable.dunning.order import Order
from reskontro.receivable.dunning.rules import Plan
from reskontro.receivable.runs.inputs import candidates, chosen_accounts, write_input

# What is settled by the claim's own row is asked here; holds, reservations and credits when the customer's turn comes. The last letter's deadline
# only ever counts as a later day than it is, so nobody is missed.
_CANDIDATES = (
    "select distinct a.account_no, c.customer_no from ar_item a join customer c on c.client_no = a.client_no and c.account_no = a.account_no"
    " where a.client_no = %s and a.open_amount > 0 and a.due_date <= %s and a.claim_kind in ('PRINCIPAL', 'INTEREST') and not a.reversal"
    " and coalesce(a.details ->> 'collectionStatus', '') <> all(%s) and coalesce((a.details ->> 'reminderLevel')::int, 0) < %s"
    " and coalesce(a.details -> 'letters' -> -1 ->> 'deadline', a.details ->> 'lastReminderDate', '0001-01-01')::date < %s"
    " and (%s::int[] is null or a.account_no = any(%s)) order by a.account_no"
)


def plan(transaction: Transaction, context: ChunkContext) -> Iterator[bytes] | Refusal:
    """The customers with a claim whose next step may be due, as inputs; customers that were named and are unknown come first.

    Refusal with VALUE-MISSING when the plan has a letter with a fee and nobody knows the inkassosats of the day.
    """
    order = Order.of(context)
    if any(step.fee for step in order.plan.steps):
        try:
            order.rates.inkassosats.on(order.day)
        except ValueMissing as missing:
            message = Message("E", "VALUE-MISSING", "runDate", "/runDate", {"name": missing.name, "date": missing.day})
            return Refusal([ItemResult("FAILED", client_reference=order.reference, messages=[message])])
    return _inputs(transaction, context, order)


def _inputs(transaction: Transaction, context: ChunkContext, order: Order) -> Iterator[bytes]:
    unknown, accounts = chosen_accounts(transaction, context.client_no, order.customer_nos)
    yield from unknown
    values = (
        context.client_no,
        order.plan.latest_due_date(order.day),
        list(DUNNING_STOPPED),
        _last_step(order.plan, order.maximum_step),
        order.day - timedelta(days=order.plan.grace_days),
        accounts,
        accounts,
    )
    yield from map(write_input, candidates(transaction, _CANDIDATES, values))


def _last_step(plan: Plan, maximum_step: int | None) -> int:
    last = plan.steps[-1].number if plan.steps else 0
    return last if maximum_step is None else min(last, maximum_step)
