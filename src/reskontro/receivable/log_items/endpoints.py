"""HTTP of log items."""

from __future__ import annotations

from reskontro.receivable.log_items.filters import FILTERS
from reskontro.receivable.log_items.schemas import LOG_ITEM
from reskontro.receivable.log_items.service import CHANGES, listing, show_log_item
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, Answer, Routes, expand_parameter
from reskontro.web.parameters import path_id
from reskontro.web.replies import Reply

routes = Routes()

_LOG_ITEMS = f"{CLIENT}/logitems"


@routes.add(
    "listLogItems",
    "GET",
    _LOG_ITEMS,
    tag="LogItems",
    summary="Log items, by sequence number",
    scope="read:arm",
    parameters=(*FILTERS, *LIST_PARAMETERS, expand_parameter(CHANGES)),
    answers={200: Answer("Log items found", LOG_ITEM, list_key="logItems", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_log_items(call: Call) -> Reply:
    """One page of the log."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call.client_no, call.services.clock.now(), call.language))


@routes.add(
    "getLogItem",
    "GET",
    f"{_LOG_ITEMS}/{{logitemid}}",
    tag="LogItems",
    summary="One log item with its changes",
    scope="read:arm",
    answers={200: Answer("The log item", LOG_ITEM)},
    problems=(404,),
    quick=True,
)
def get_log_item(call: Call) -> Reply:
    """One log item."""
    identifier = path_id(call.path["logitemid"])
    with call.reading() as transaction:
        return Reply(200, show_log_item(transaction, call.client_no, identifier, call.language))
