"""HTTP of AR items."""

from __future__ import annotations

import asyncio
from typing import Any

from reskontro.batches.answers import result_body
from reskontro.batches.collector import submit
from reskontro.batches.kinds import ChunkContext, ItemResult
from reskontro.batches.schemas import WRITE_RESULT
from reskontro.kit.errors import Problem, not_found, validation_failed
from reskontro.ledger.books import open_books
from reskontro.receivable.ar_items.batch import AR_ITEMS_PUT, is_unknown_item, names_unknown
from reskontro.receivable.ar_items.filters import FILTERS
from reskontro.receivable.ar_items.schemas import AR_ITEM, AR_ITEM_UPDATE
from reskontro.receivable.ar_items.service import EXPANSIONS, listing, show_item
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, Answer, Body, Routes, expand_parameter
from reskontro.web.parameters import path_id
from reskontro.web.replies import Reply

routes = Routes()

_AR_ITEMS = f"{CLIENT}/aritems"
_BODY = Body("arItem", AR_ITEM_UPDATE)
_EXPAND = expand_parameter(*EXPANSIONS)


@routes.add(
    "listArItems",
    "GET",
    _AR_ITEMS,
    tag="ArItems",
    summary="AR items by due date, as they are or as they were at the end of a day",
    scope="read:arm",
    parameters=(*FILTERS, *LIST_PARAMETERS, _EXPAND),
    answers={200: Answer("AR items found", AR_ITEM, list_key="arItems", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_ar_items(call: Call) -> Reply:
    """One page of the list of AR items."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call.client_no, call.services.clock.now()))


@routes.add(
    "getArItem",
    "GET",
    f"{_AR_ITEMS}/{{aritemid}}",
    tag="ArItems",
    summary="One AR item",
    scope="read:arm",
    parameters=(_EXPAND,),
    answers={200: Answer("The AR item", AR_ITEM)},
    problems=(404,),
    quick=True,
)
def get_ar_item(call: Call) -> Reply:
    """One AR item."""
    item_id = path_id(call.path["aritemid"])
    expand = call.parameters.get("expand", ())
    with call.reading() as transaction:
        return Reply(200, show_item(transaction, call.client_no, item_id, call.services.clock.now(), expand))


@routes.add(
    "updateArItem",
    "PUT",
    _AR_ITEMS,
    tag="ArItems",
    summary="Change details of an AR item, or credit the invoice or interest note behind it",
    scope="write:arm",
    body=_BODY,
    answers={200: Answer("The item was changed or is unchanged, or a credit note was made", WRITE_RESULT)},
    problems=(404, 409, 422),
)
async def update_ar_item(call: Call) -> Reply:
    """Change an AR item, credit it, or both."""
    root = f"/{_BODY.entity}"

    def answer(result: ItemResult) -> Reply:
        if result.result == "FAILED":
            if is_unknown_item(result.errors):
                raise not_found("the AR item")
            raise validation_failed(result.messages, root)
        return Reply(200, result_body(result, call.client_no, call.language, index=None, diagnostics=True, root=root))

    value = call.read_entity(_BODY)
    try:
        return await submit(call, AR_ITEMS_PUT, value, answer)
    except Problem as problem:
        if problem.code == "CLIENT-NOT-ACTIVE":
            # That the item does not exist is said before that the client takes no writes.
            await asyncio.get_running_loop().run_in_executor(call.services.threads, _require_item, call, value)
        raise


def _require_item(call: Call, value: dict[str, Any]) -> None:
    """Raise Problem NOT-FOUND when a change names an item that does not exist."""
    now = call.services.clock.now()
    with call.services.database.transaction(call.client_no) as transaction:
        books = open_books(transaction, call.client_no)
        if names_unknown(transaction, ChunkContext(call.client_no, books, now, books.today(now)), value):
            raise not_found("the AR item")
