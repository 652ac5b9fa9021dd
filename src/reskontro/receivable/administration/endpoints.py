"""HTTP of administration: clients."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from reskontro.access.principals import Principal
from reskontro.db.engine import Transaction
from reskontro.kit.errors import Problem
from reskontro.ledger.books import Books, open_books
from reskontro.ledger.posting_rules import EVENTS
from reskontro.receivable.administration import gl_accounts, periods, posting_rules, service, store
from reskontro.receivable.administration.book_schemas import (
    GL_ACCOUNT,
    PERIOD,
    PERIOD_STATUSES,
    PERIOD_WRITE,
    POSTING_RULE,
)
from reskontro.receivable.administration.schemas import CLIENT as CLIENT_SCHEMA
from reskontro.receivable.administration.schemas import CLIENT_STATUSES, client_view
from reskontro.receivable.writes import change_books, origin_of
from reskontro.web.calls import Call
from reskontro.web.idempotency import run_once
from reskontro.web.lists import LIST_PARAMETERS, Listing, answer_list
from reskontro.web.operations import ARM, CLIENT, Answer, Body, Parameter, Routes
from reskontro.web.replies import Reply

routes = Routes()

_CLIENTS = f"{ARM}/clients"
_BODY = Body("client", CLIENT_SCHEMA)
_STATUS = Parameter("status", "choices", "Status of the client", values=CLIENT_STATUSES)


@routes.add(
    "listClients",
    "GET",
    _CLIENTS,
    tag="Administration",
    summary="Clients that the token may use, by number",
    scope="read:arm",
    parameters=(_STATUS, *LIST_PARAMETERS),
    answers={200: Answer("Clients found", CLIENT_SCHEMA, list_key="clients", headers=("Link", "X-Total-Count"))},
    any_client=True,
)
def list_clients(call: Call) -> Reply:
    """One page of the list of clients."""
    with call.services.database.transaction(0) as transaction:
        return answer_list(call, transaction, _clients(call.caller))


def _clients(caller: Principal) -> Listing:
    """The list as one caller sees it: who may use other clients cannot read on in it."""
    allowed = None if caller.client_nos is None else sorted(caller.client_nos)

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> Sequence[int]:
        return store.find_clients(transaction, allowed, filters.get("status"), limit)

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        return [client_view(client) for client in store.read_clients(transaction, keys)]

    scope = "all" if allowed is None else hashlib.sha256(repr(allowed).encode()).hexdigest()
    return Listing(f"clients of {scope}", "clients", "/clients", find, load)


@routes.add(
    "createClient",
    "POST",
    _CLIENTS,
    tag="Administration",
    summary="Create a client with the built-in chart, posting rules and periods",
    scope="admin:arm",
    body=_BODY,
    answers={201: Answer("The client was created", CLIENT_SCHEMA, headers=("Location",))},
    problems=(409, 422),
    any_client=True,
    all_clients=True,
)
def create_client(call: Call) -> Reply:
    """Create a client."""
    sent = call.read_entity(_BODY)

    def work(transaction: Transaction) -> Reply:
        client = service.create_client(transaction, sent, clock=call.services.clock, origin=origin_of(call))
        location = f"{call.services.public_url}{_CLIENTS}/{client.client_no}"
        return Reply(201, client_view(client), {"Location": location})

    return run_once(call, work)


@routes.add(
    "getClient",
    "GET",
    CLIENT,
    tag="Administration",
    summary="One client",
    scope="read:arm",
    answers={200: Answer("The client", CLIENT_SCHEMA)},
    problems=(404,),
)
def get_client(call: Call) -> Reply:
    """Show a client."""
    with call.services.database.transaction(call.client_no) as transaction:
        return Reply(200, client_view(open_books(transaction, call.client_no).client))


@routes.add(
    "updateClient",
    "PUT",
    CLIENT,
    tag="Administration",
    summary="Update a client; what is absent or null stays as it is",
    scope="admin:arm",
    body=_BODY,
    answers={200: Answer("The client was updated, or is unchanged", CLIENT_SCHEMA)},
    problems=(404, 409, 422),
)
def update_client(call: Call) -> Reply:
    """Change a client."""
    sent = call.read_entity(_BODY)

    def work(transaction: Transaction) -> Reply:
        client = service.change_client(transaction, call.client_no, sent, clock=call.services.clock, origin=origin_of(call))
        return Reply(200, client_view(client))

    return run_once(call, work)


# ------------------------------------------------------------------------------------------------------------ the books

_ACTIVE = Parameter("active", "boolean", "Only those that are active, or only those that are not")
_ACCOUNT_BODY = Body("glAccount", GL_ACCOUNT)
_RULE_BODY = Body("postingRule", POSTING_RULE)
_PERIOD_BODY = Body("period", PERIOD_WRITE)


def _path_number(call: Call, name: str) -> int:
    """A whole number of the path; raises Problem INVALID-PARAMETER. Numbers too long for any object become 0, which
    none has.
    """
    text = call.path[name]
    if not (text.isascii() and text.isdigit()):
        raise Problem("INVALID-PARAMETER", f"{name} must be an integer")
    return int(text) if len(text) <= 9 else 0


@routes.add(
    "listGlAccounts",
    "GET",
    f"{CLIENT}/glaccounts",
    tag="Administration",
    summary="GL accounts, by number",
    scope="read:arm",
    parameters=(
        Parameter("glaccount", "texts", "Account numbers or ranges such as 1500-1599"),
        _ACTIVE,
        *LIST_PARAMETERS,
    ),
    answers={200: Answer("Accounts found", GL_ACCOUNT, list_key="glAccounts", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_gl_accounts(call: Call) -> Reply:
    """One page of the chart of accounts."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, gl_accounts.listing(call.client_no))


@routes.add(
    "putGlAccount",
    "PUT",
    f"{CLIENT}/glaccounts/{{glaccount}}",
    tag="Administration",
    summary="Create or change a GL account",
    scope="admin:arm",
    body=_ACCOUNT_BODY,
    answers={200: Answer("Changed or unchanged", GL_ACCOUNT), 201: Answer("Created", GL_ACCOUNT)},
    problems=(404, 409, 422),
)
def put_gl_account(call: Call) -> Reply:
    """Create or change an account."""
    sent = call.read_entity(_ACCOUNT_BODY)

    def change(transaction: Transaction, books: Books) -> Reply:
        now = call.services.clock.now()
        view, created = gl_accounts.put_account(transaction, books, call.path["glaccount"], sent, origin=origin_of(call), now=now)
        return Reply(201 if created else 200, view)

    return change_books(call, change)


@routes.add(
    "listPostingRules",
    "GET",
    f"{CLIENT}/postingrules",
    tag="Administration",
    summary="Posting rules, by number",
    scope="read:arm",
    parameters=(Parameter("event", "choices", "Events", values=EVENTS), _ACTIVE, *LIST_PARAMETERS),
    answers={200: Answer("Rules found", POSTING_RULE, list_key="postingRules", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_posting_rules(call: Call) -> Reply:
    """One page of the posting rules."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, posting_rules.listing(call.client_no))


@routes.add(
    "putPostingRule",
    "PUT",
    f"{CLIENT}/postingrules/{{postingruleno}}",
    tag="Administration",
    summary="Create or change a posting rule; the built-in ones can only be switched off",
    scope="admin:arm",
    body=_RULE_BODY,
    answers={200: Answer("Changed or unchanged", POSTING_RULE), 201: Answer("Created", POSTING_RULE)},
    problems=(404, 409, 422),
)
def put_posting_rule(call: Call) -> Reply:
    """Create or change a rule."""
    number = _path_number(call, "postingruleno")
    sent = call.read_entity(_RULE_BODY)

    def change(transaction: Transaction, books: Books) -> Reply:
        now = call.services.clock.now()
        view, created = posting_rules.put_rule(transaction, books, number, sent, origin=origin_of(call), now=now)
        return Reply(201 if created else 200, view)

    return change_books(call, change)


@routes.add(
    "listPeriods",
    "GET",
    f"{CLIENT}/periods",
    tag="Administration",
    summary="GL periods, by year and period",
    scope="read:arm",
    parameters=(
        Parameter("glyear", "integers", "Years"),
        Parameter("status", "choices", "Status", values=PERIOD_STATUSES),
        *LIST_PARAMETERS,
    ),
    answers={200: Answer("Periods found", PERIOD, list_key="periods", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_periods(call: Call) -> Reply:
    """One page of the periods."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, periods.listing(call.client_no, call.services.clock.now()))


@routes.add(
    "putPeriod",
    "PUT",
    f"{CLIENT}/periods/{{glyear}}/{{glperiod}}",
    tag="Administration",
    summary="Close or reopen a GL period at once",
    scope="admin:arm",
    body=_PERIOD_BODY,
    answers={200: Answer("Done, or already so", PERIOD)},
    problems=(404, 409, 422),
)
def put_period(call: Call) -> Reply:
    """Close or reopen a period."""
    gl_year, gl_period = _path_number(call, "glyear"), _path_number(call, "glperiod")
    sent = call.read_entity(_PERIOD_BODY)

    def change(transaction: Transaction, books: Books) -> Reply:
        now = call.services.clock.now()
        return Reply(200, periods.put_period(transaction, books, gl_year, gl_period, sent, origin=origin_of(call), now=now))

    return change_books(call, change, find=lambda books: periods.known_period(books, gl_year, gl_period))
