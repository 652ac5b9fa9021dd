"""HTTP of codes."""

from __future__ import annotations

from reskontro.db.engine import Transaction
from reskontro.ledger.books import Books
from reskontro.receivable.codes.schemas import CODE, CODE_WRITE, code_view
from reskontro.receivable.codes.service import known_list, listing, put_code
from reskontro.receivable.writes import change_books, origin_of
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, Answer, Body, Parameter, Routes
from reskontro.web.replies import Reply

routes = Routes()

_CODES = f"{CLIENT}/codes"
_BODY = Body("code", CODE_WRITE)
_FILTERS = (
    Parameter("codetype", "texts", "Lists"),
    Parameter("code", "texts", "Codes"),
    Parameter("active", "boolean", "Only active ones (default), or only those that are not"),
)


@routes.add(
    "listCodes",
    "GET",
    _CODES,
    tag="Codes",
    summary="Codes of the system and of the client, by list and code",
    scope="read:arm",
    parameters=(*_FILTERS, *LIST_PARAMETERS),
    answers={200: Answer("Codes found", CODE, list_key="codes", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_codes(call: Call) -> Reply:
    """One page of the codes."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call.client_no, call.language))


@routes.add(
    "putCode",
    "PUT",
    f"{_CODES}/{{codetype}}/{{code}}",
    tag="Codes",
    summary="Create or change a code of a list that the client keeps",
    scope="admin:arm",
    body=_BODY,
    answers={200: Answer("Changed or unchanged", CODE), 201: Answer("Created", CODE)},
    problems=(404, 409, 422),
)
def put_client_code(call: Call) -> Reply:
    """Create or change a code."""
    sent = call.read_entity(_BODY)
    code_type = known_list(call.path["codetype"])

    def change(transaction: Transaction, books: Books) -> Reply:
        now = call.services.clock.now()
        record, created = put_code(transaction, books, code_type, call.path["code"], sent, origin=origin_of(call), now=now)
        return Reply(201 if created else 200, code_view(record, call.language, system=False))

    return change_books(call, change)
