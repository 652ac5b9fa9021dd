"""GL accounts of a client: the list, and what may change of an account that was posted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Transaction
from reskontro.kit.errors import validation_failed
from reskontro.kit.messages import Messages
from reskontro.ledger.account_ranges import AccountRanges
from reskontro.ledger.books import Books, open_books, raise_version
from reskontro.ledger.log import LogEntry, append_log
from reskontro.receivable.administration import store
from reskontro.receivable.administration.book_schemas import (
    ACCOUNT_DEFAULTS,
    ACCOUNT_DIGITS,
    GL_ACCOUNT,
    account_of,
    account_view,
)
from reskontro.receivable.merging import changes_of, merged, refuse
from reskontro.web.lists import Listing

ROOT = "/glAccount"
_FIXED_BY_POSTING = ("accountType", "isControl")


def listing(client_no: int) -> Listing:
    """The chart of accounts, by number."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> Sequence[str]:
        wanted = AccountRanges(filters["glaccount"]) if "glaccount" in filters else None
        active = filters.get("active")
        accounts = open_books(transaction, client_no).accounts.values()
        return [
            account.gl_account
            for account in accounts
            if (wanted is None or account.gl_account in wanted) and (active is None or account.active == active)
        ][:limit]

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        accounts = open_books(transaction, client_no).accounts
        return [account_view(accounts[key]) for key in keys if key in accounts]

    return Listing("glAccounts", "glAccounts", "/glaccounts", find, load)


def put_account(
    transaction: Transaction, books: Books, number: str, sent: Mapping[str, Any], *, origin: Origin, now: datetime
) -> tuple[dict[str, Any], bool]:
    """Create or change an account; returns its view and whether it is new. The caller holds the client's write lock.

    Raises Problem VALIDATION-FAILED.
    """
    messages = Messages()
    values = GL_ACCOUNT.read(sent, messages, require=False, keep_cleared=True)
    account = books.account(number)
    stored = {"glAccount": number, **ACCOUNT_DEFAULTS} if account is None else account_view(account)
    view = merged(values, stored, ACCOUNT_DEFAULTS)
    if not ACCOUNT_DIGITS.fullmatch(number):
        refuse(messages, GL_ACCOUNT, "glAccount", "FORMAT", value=number)
    refused = {message.field for message in messages.in_order()}
    for key in ("name", "accountType"):
        if view[key] is None and key not in refused:
            refuse(messages, GL_ACCOUNT, key, "REQUIRED")
    if account is not None:
        _check_change(transaction, books, stored, view, messages)
    if messages.error_count:
        raise validation_failed(messages.in_order(), ROOT)
    changes = changes_of({} if account is None else stored, view)
    if changes:
        store.put_account(transaction, books.client_no, account_of(view))
        event = "GL-ACCOUNT-CREATED" if account is None else "GL-ACCOUNT-CHANGED"
        append_log(transaction, books.client_no, now, [LogEntry(event, "GL-ACCOUNT", number, origin, changes=changes)])
        raise_version(transaction, books.client_no)
    return view, account is None


def _check_change(transaction: Transaction, books: Books, stored: Mapping[str, Any], view: Mapping[str, Any], messages: Messages) -> None:
    number = stored["glAccount"]
    fixed = [key for key in _FIXED_BY_POSTING if view[key] is not None and view[key] != stored[key]]
    if fixed and store.is_posted(transaction, books.client_no, number):
        for key in fixed:
            refuse(messages, GL_ACCOUNT, key, "IMMUTABLE")
    if stored["isControl"] and stored["active"] and not view["active"] and store.balance(transaction, books.client_no, number):
        refuse(messages, GL_ACCOUNT, "active", "STATE-CONFLICT", status="ACTIVE")
