"""What the writes of every room have in common: who acts, and how the books of a client are changed."""

from __future__ import annotations

from collections.abc import Callable

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Transaction, lock_client
from reskontro.ledger.books import Books, open_books
from reskontro.web.calls import Call
from reskontro.web.idempotency import run_once
from reskontro.web.replies import Reply


def origin_of(call: Call) -> Origin:
    """Who makes a call, for the log."""
    return Origin(call.subject, call.user_id, call.request_id, "API")


def change_books(call: Call, change: Callable[[Transaction, Books], Reply], *, find: Callable[[Books], object] | None = None) -> Reply:
    """Change the books of an active client, once for an Idempotency-Key, under the client's write lock.

    ``find`` raises Problem NOT-FOUND when the object of the call does not exist; that goes before the question whether
    the client is active. Raises Problem NOT-FOUND, CLIENT-NOT-ACTIVE, and whatever ``change`` raises.
    """

    def work(transaction: Transaction) -> Reply:
        lock_client(transaction, call.client_no)
        books = open_books(transaction, call.client_no, call.services.clock.now())
        if find is not None:
            find(books)
        books.require_active()
        return change(transaction, books)

    return run_once(call, work)
