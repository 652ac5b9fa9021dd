"""Refused logins in the logs of the clients that the credential is for."""

from __future__ import annotations

from typing import Any

import structlog

from reskontro.access.token_endpoint import Refusal
from reskontro.batches.kinds import Origin
from reskontro.db.engine import Database, lock_client
from reskontro.kit.clock import Clock
from reskontro.ledger.books_store import read_version
from reskontro.ledger.log import LogEntry, append_log
from reskontro.web.calls import USER_ID_CHARACTERS_MAX

log = structlog.get_logger("reskontro.access")


def log_refusal(database: Database, clock: Clock, refusal: Refusal) -> None:
    """Add a refusal to the log of every client that the credential names; one for all clients names none.

    Runs aside, since a client's write lock may be held for a while; a client that cannot be written to is left out with a warning.
    """
    client_id = refusal.credential.client_id
    origin = Origin(client_id, client_id[:USER_ID_CHARACTERS_MAX], refusal.request_id, "API")
    changes: list[dict[str, Any]] = [
        {"field": "credential", "oldValue": None, "newValue": client_id},
        {"field": "reason", "oldValue": None, "newValue": refusal.reason},
        {"field": "refusals", "oldValue": None, "newValue": refusal.count},
    ]
    for client_no in refusal.credential.client_nos or ():
        try:
            with database.transaction(client_no) as transaction:
                if read_version(transaction, client_no) is None:
                    continue
                lock_client(transaction, client_no)
                append_log(transaction, client_no, clock.now(), [LogEntry("ACCESS-REFUSED", "CLIENT", str(client_no), origin, changes=changes)])
        except Exception as error:
            log.warning("refusal not logged", client_no=client_no, error=type(error).__name__)
