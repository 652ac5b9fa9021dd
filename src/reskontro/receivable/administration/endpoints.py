"""HTTP of administration: clients."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from reskontro.access.principals import Principal
from reskontro.batches.kinds import Origin
from reskontro.db.engine import Transaction
from reskontro.ledger.books import open_books
from reskontro.receivable.administration import service, store
from reskontro.receivable.administration.schemas import CLIENT as CLIENT_SCHEMA
from reskontro.receivable.administration.schemas import CLIENT_STATUSES, client_view
from reskontro.web.calls import Call
from reskontro.web.idempotency import run_once
from reskontro.web.lists import LIST_PARAMETERS, Listing, answer_list
from reskontro.web.operations import ARM, CLIENT, Answer, Body, Parameter, Routes
from reskontro.web.replies import Reply

routes = Routes()

_CLIENTS = f"{ARM}/clients"
_BODY = Body("client", CLIENT_SCHEMA)
_STATUS = Parameter("status", "choices", "Status of the client", values=CLIENT_STATUSES)


def _origin(call: Call) -> Origin:
    return Origin(call.subject, call.user_id, call.request_id, "API")


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
)
def create_client(call: Call) -> Reply:
    """Create a client."""
    if call.caller.client_nos is not None:
        raise service.forbidden()
    sent = call.read_entity(_BODY)

    def work(transaction: Transaction) -> Reply:
        client = service.create_client(transaction, sent, clock=call.services.clock, origin=_origin(call))
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
        client = service.change_client(transaction, call.client_no, sent, clock=call.services.clock, origin=_origin(call))
        return Reply(200, client_view(client))

    return run_once(call, work)
