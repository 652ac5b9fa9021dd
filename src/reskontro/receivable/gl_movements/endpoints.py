"""HTTP of GL movements."""

from __future__ import annotations

from reskontro.receivable.gl_movements.schemas import GL_MOVEMENT, LATEST_CLOSED
from reskontro.receivable.gl_movements.service import ACCOUNTS, BY_PERIOD, FILTERS, KEPT, LEVEL, latest_closed, listing
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, Answer, Routes
from reskontro.web.replies import Reply

routes = Routes()

_GL_MOVEMENTS = f"{CLIENT}/glmovements"


@routes.add(
    "listGlMovements",
    "GET",
    _GL_MOVEMENTS,
    tag="GlMovements",
    summary="Movements and balances of GL accounts, by account, year and period",
    scope="read:arm",
    parameters=(*FILTERS, *LIST_PARAMETERS),
    answers={200: Answer("Movements, exact at the time of reading", GL_MOVEMENT, list_key="glMovements", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_gl_movements(call: Call) -> Reply:
    """One page of the list of movements."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call.client_no, call.services.clock.now()), KEPT)


@routes.add(
    "getLatestClosedGlMovement",
    "GET",
    f"{_GL_MOVEMENTS}/latestclosed",
    tag="GlMovements",
    summary="Movements and balances of the latest closed period or year",
    scope="read:arm",
    parameters=(ACCOUNTS, LEVEL),
    answers={200: Answer("The latest closed period or year", LATEST_CLOSED)},
    problems=(404,),
)
def get_latest_closed_gl_movement(call: Call) -> Reply:
    """The latest closed period or year."""
    level, accounts = call.parameters.get("level", BY_PERIOD), call.parameters.get("glaccount")
    with call.services.database.transaction(call.client_no) as transaction:
        return Reply(200, latest_closed(transaction, call.client_no, call.services.clock.now(), accounts, level))
