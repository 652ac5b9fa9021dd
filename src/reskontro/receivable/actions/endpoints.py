"""HTTP of actions."""

from __future__ import annotations

from reskontro.batches.schemas import BATCH
from reskontro.receivable.actions.schemas import ACTION
from reskontro.receivable.actions.service import start
from reskontro.web.calls import Call
from reskontro.web.operations import CLIENT, Answer, Body, Routes
from reskontro.web.replies import Reply

routes = Routes()

_ONE = Body("action", ACTION)


@routes.add(
    "createAction",
    "POST",
    f"{CLIENT}/actions",
    tag="Actions",
    summary="Start a run over the ledger",
    scope="write:arm",
    body=_ONE,
    answers={202: Answer("Queued as a batch; Location is where it is seen", BATCH, headers=("Location", "Retry-After"))},
    problems=(404, 409, 413, 422),
)
def create_action(call: Call) -> Reply:
    """Start a run."""
    return start(call, call.read_entity(_ONE))
