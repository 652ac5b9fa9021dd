"""Reservations that have run out: a periodic job ends them and notes it in the log. What is reserved does not wait for it."""

from __future__ import annotations

from datetime import datetime

from reskontro.batches.kinds import Origin
from reskontro.batches.periodic import PeriodicJob
from reskontro.db.engine import Transaction, client_transaction, lock_client, system_transaction
from reskontro.kit.ids import new_id
from reskontro.ledger.log import append_log
from reskontro.receivable.customers.store import customers_by_account
from reskontro.receivable.payment_reservations import store
from reskontro.receivable.payment_reservations.service import note
from reskontro.settings import Settings

EVERY_SECONDS = 60.0
AT_A_TIME = 1_000
_ACTOR = "reskontro"


def expire_reservations(connection: Transaction, settings: Settings, now: datetime) -> int:
    """End the reservations of all clients whose time is over, in small transactions; returns how many."""
    with system_transaction(connection) as transaction:
        clients = store.clients_with_expired(transaction, now)
    return sum(_expire_of(connection, client_no, now) for client_no in clients)


def _expire_of(connection: Transaction, client_no: int, now: datetime) -> int:
    origin = Origin(_ACTOR, _ACTOR, new_id(), "SYSTEM")
    total = 0
    while True:
        with client_transaction(connection, client_no) as transaction:
            lock_client(transaction, client_no)
            ended = store.expire(transaction, client_no, now, AT_A_TIME)
            if not ended:
                return total
            customers = {c.account_no: c.customer_no for c in customers_by_account(transaction, client_no, {row[2] for row in ended})}
            entries = [note("RESERVATION-EXPIRED", ended_id, customers.get(account), item_id, origin) for ended_id, item_id, account in ended]
            append_log(transaction, client_no, now, entries)
        total += len(ended)


EXPIRY = PeriodicJob("reservations expired", EVERY_SECONDS, expire_reservations)
