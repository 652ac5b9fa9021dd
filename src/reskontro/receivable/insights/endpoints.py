"""HTTP of insights."""

from __future__ import annotations

from reskontro.ledger.books import open_books
from reskontro.receivable.insights.schemas import ADB_ANSWER
from reskontro.receivable.insights.service import FILTERS, KEPT, AgeingList, complete
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, Answer, Routes
from reskontro.web.replies import Reply

routes = Routes()


@routes.add(
    "listAdbIntervals",
    "GET",
    f"{CLIENT}/insights/adbintervals",
    tag="Insights",
    summary="The age distributed balance: open amounts by days after the due date",
    scope="read:arm",
    parameters=(*FILTERS, *LIST_PARAMETERS),
    answers={200: Answer("The intervals, by customer when level=customer", ADB_ANSWER, headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_adb_intervals(call: Call) -> Reply:
    """One page of the intervals."""
    now = call.services.clock.now()
    with call.services.database.transaction(call.client_no) as transaction:
        books = open_books(transaction, call.client_no)
        if "query" not in call.parameters:
            call.parameters = complete(call.parameters, books, now)
        return answer_list(call, transaction, AgeingList(call.client_no, now).listing(), KEPT)
