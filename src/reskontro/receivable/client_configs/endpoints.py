"""HTTP of client configs."""

from __future__ import annotations

from reskontro.db.engine import Transaction
from reskontro.ledger.books import Books, open_books
from reskontro.receivable.client_configs.schemas import CLIENT_CONFIG, CONFIG_WRITE, config_view
from reskontro.receivable.client_configs.service import known_key, listing, put_config
from reskontro.receivable.writes import change_books, origin_of
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, Answer, Body, Parameter, Routes
from reskontro.web.replies import Reply

routes = Routes()

_CONFIGS = f"{CLIENT}/clientconfigs"
_CONFIG = f"{_CONFIGS}/{{configkey}}"
_BODY = Body("clientConfig", CONFIG_WRITE)
_KEY = Parameter("key", "texts", "Keys, or beginnings of keys that end with a point")


@routes.add(
    "listClientConfigs",
    "GET",
    _CONFIGS,
    tag="ClientConfigs",
    summary="Client configs, by key",
    scope="read:arm",
    parameters=(_KEY, *LIST_PARAMETERS),
    answers={200: Answer("Configs found", CLIENT_CONFIG, list_key="clientConfigs", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_client_configs(call: Call) -> Reply:
    """One page of the configs."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call.client_no, call.services.clock.now(), call.language))


@routes.add(
    "getClientConfig",
    "GET",
    _CONFIG,
    tag="ClientConfigs",
    summary="One client config with its dated values",
    scope="read:arm",
    answers={200: Answer("The config", CLIENT_CONFIG)},
    problems=(404,),
)
def get_client_config(call: Call) -> Reply:
    """Show a config."""
    with call.services.database.transaction(call.client_no) as transaction:
        books = open_books(transaction, call.client_no)
        entry = known_key(call.path["configkey"])
        return Reply(200, config_view(books, entry, books.today(call.services.clock.now()), call.language))


@routes.add(
    "putClientConfig",
    "PUT",
    _CONFIG,
    tag="ClientConfigs",
    summary="Set a client config from a day on",
    scope="admin:arm",
    body=_BODY,
    answers={200: Answer("The config as it is now", CLIENT_CONFIG)},
    problems=(404, 409, 422),
)
def put_client_config(call: Call) -> Reply:
    """Set a config."""
    sent = call.read_entity(_BODY)
    entry = known_key(call.path["configkey"])

    def change(transaction: Transaction, books: Books) -> Reply:
        now = call.services.clock.now()
        changed = put_config(transaction, books, entry, sent, origin=origin_of(call), now=now)
        return Reply(200, config_view(changed, entry, changed.today(now), call.language))

    return change_books(call, change)
