"""Starting a run: what was sent is read and checked whole, then the run is queued behind the client's earlier batches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from reskontro.batches.starting import start_run
from reskontro.db.engine import Transaction
from reskontro.kit.errors import validation_failed
from reskontro.kit.messages import Messages
from reskontro.ledger.books import open_books
from reskontro.receivable.actions.runs import RUNS
from reskontro.receivable.actions.schemas import ACTION, COMMON_FIELDS
from reskontro.receivable.drafts import Draft
from reskontro.receivable.runs.proposals import LANGUAGE
from reskontro.receivable.runs.run import Run
from reskontro.web.calls import Call
from reskontro.web.idempotency import run_once
from reskontro.web.replies import Reply


def read(raw: Mapping[str, Any], today: date) -> tuple[Draft, Run | None]:
    """The action as it was sent, with every finding about it, and its run when the type is one."""
    messages = Messages()
    sent = dict(raw)
    draft = Draft(ACTION, "action", sent, ACTION.read(sent, messages), messages)
    run = RUNS.get(draft.values.get("actionType", ""))
    if run is None:
        return draft, None
    for name in sent:
        if name in ACTION.by_name and draft.was_sent(name) and name not in run.takes and name not in COMMON_FIELDS:
            messages.unknown("E", name, f"/{name}")
            draft.values.pop(name, None)
    run.check(draft, today)
    return draft, run


def start(call: Call, raw: Mapping[str, Any]) -> Reply:
    """Queue a run once for an Idempotency-Key; returns the 202.

    Raises Problem INSUFFICIENT-SCOPE, NOT-FOUND, CLIENT-NOT-ACTIVE, VALIDATION-FAILED.
    """
    named = raw.get("actionType")
    wanted = RUNS.get(named.strip().upper()) if isinstance(named, str) else None
    if wanted is not None and wanted.extra_scope is not None:
        call.require_scope(wanted.extra_scope)

    def work(transaction: Transaction) -> Reply:
        now = call.services.clock.now()
        books = open_books(transaction, call.client_no, now)
        books.require_active()
        draft, run = read(raw, books.today(now))
        if draft.failed or run is None:
            raise validation_failed(draft.messages.in_order(), "/action")
        return start_run(call, transaction, run.kind, {**_stored(draft.values), LANGUAGE: call.language})

    return run_once(call, work)


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
