"""HTTP of GL items."""

from __future__ import annotations

from reskontro.receivable.gl_items.filters import FILTERS
from reskontro.receivable.gl_items.schemas import GL_ITEM
from reskontro.receivable.gl_items.service import listing, show_gl_item
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, Answer, Routes
from reskontro.web.parameters import path_id
from reskontro.web.replies import Reply

routes = Routes()

_GL_ITEMS = f"{CLIENT}/glitems"


@routes.add(
    "listGlItems",
    "GET",
    _GL_ITEMS,
    tag="GlItems",
    summary="GL items, by year, transaction and line",
    scope="read:arm",
    parameters=(*FILTERS, *LIST_PARAMETERS),
    answers={200: Answer("GL items found", GL_ITEM, list_key="glItems", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_gl_items(call: Call) -> Reply:
    """One page of the list of GL items."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call.client_no, call.services.clock.now()))


@routes.add(
    "getGlItem",
    "GET",
    f"{_GL_ITEMS}/{{glitemid}}",
    tag="GlItems",
    summary="One GL item",
    scope="read:arm",
    answers={200: Answer("The GL item", GL_ITEM)},
    problems=(404,),
    quick=True,
)
def get_gl_item(call: Call) -> Reply:
    """One GL item."""
    identifier = path_id(call.path["glitemid"])
    with call.reading() as transaction:
        return Reply(200, show_gl_item(transaction, call.client_no, identifier))
