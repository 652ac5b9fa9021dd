"""HTTP of payments and matches."""

from __future__ import annotations

from reskontro.ledger.matches_view import MATCH
from reskontro.receivable.matching.payments import EXPAND_SUGGESTIONS, FILTERS, listing
from reskontro.receivable.matching.schemas import MATCH_REQUEST, PAYMENT
from reskontro.receivable.matching.service import create_match, undo
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, Answer, Body, Routes, expand_parameter
from reskontro.web.parameters import path_id
from reskontro.web.replies import Reply

routes = Routes()

_PAYMENTS = f"{CLIENT}/payments"
_MATCHES = f"{CLIENT}/matches"
_BODY = Body("match", MATCH_REQUEST)


@routes.add(
    "listPayments",
    "GET",
    _PAYMENTS,
    tag="Matching",
    summary="Payments, oldest first; with exceptions=true those with money left to place",
    scope="read:arm",
    parameters=(*FILTERS, *LIST_PARAMETERS, expand_parameter(EXPAND_SUGGESTIONS)),
    answers={200: Answer("Payments found", PAYMENT, list_key="payments", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_payments(call: Call) -> Reply:
    """One page of the list of payments."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call.client_no))


@routes.add(
    "createMatch",
    "POST",
    _MATCHES,
    tag="Matching",
    summary="Settle items against each other, or place a payment that is nobody's",
    scope="write:arm",
    body=_BODY,
    answers={201: Answer("The match was made", MATCH)},
    problems=(404, 409, 422),
)
def make_match(call: Call) -> Reply:
    """Make a match."""
    return create_match(call, call.read_entity(_BODY))


@routes.add(
    "undoMatch",
    "DELETE",
    f"{_MATCHES}/{{matchid}}",
    tag="Matching",
    summary="Undo a match; its items are open again, nothing is deleted",
    scope="write:arm",
    answers={200: Answer("The match is undone", MATCH)},
    problems=(404, 409, 422),
)
def remove_match(call: Call) -> Reply:
    """Undo a match."""
    return undo(call, path_id(call.path["matchid"]))
