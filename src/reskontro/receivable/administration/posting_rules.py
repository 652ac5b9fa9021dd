"""Posting rules of a client: the list, its own rules, and the switch of the built-in ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Transaction
from reskontro.kit.errors import validation_failed
from reskontro.kit.messages import Messages
from reskontro.ledger.books import Books, open_books, raise_version
from reskontro.ledger.chart import BUILT_IN_RULE_MAX
from reskontro.ledger.log import LogEntry, append_log
from reskontro.receivable.administration import store
from reskontro.receivable.administration.book_schemas import (
    POSTING_RULE,
    RULE_ACCOUNTS,
    RULE_DEFAULTS,
    RULE_NO_MAX,
    rule_of,
    rule_view,
)
from reskontro.receivable.merging import changes_of, merged, refuse
from reskontro.web.lists import Listing

ROOT = "/postingRule"


def listing(client_no: int) -> Listing:
    """The posting rules, by number."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> Sequence[int]:
        events, active = filters.get("event"), filters.get("active")
        rules = open_books(transaction, client_no).rules
        return [rule.posting_rule_no for rule in rules if (events is None or rule.event in events) and (active is None or rule.active == active)][
            :limit
        ]

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        rules = {rule.posting_rule_no: rule for rule in open_books(transaction, client_no).rules}
        return [rule_view(rules[key]) for key in keys if key in rules]

    return Listing("postingRules", "postingRules", "/postingrules", find, load)


def put_rule(
    transaction: Transaction, books: Books, number: int, sent: Mapping[str, Any], *, origin: Origin, now: datetime
) -> tuple[dict[str, Any], bool]:
    """Create or change a rule; returns its view and whether it is new. The caller holds the client's write lock.

    Raises Problem VALIDATION-FAILED.
    """
    messages = Messages()
    values = POSTING_RULE.read(sent, messages, require=False, keep_cleared=True)
    rule = next((rule for rule in books.rules if rule.posting_rule_no == number), None)
    stored = {**RULE_DEFAULTS, "postingRuleNo": number} if rule is None else rule_view(rule)
    view = merged(values, stored, RULE_DEFAULTS)
    changed = [key for key in values if view[key] != stored[key]]
    if rule is None and not BUILT_IN_RULE_MAX < number <= RULE_NO_MAX:
        refuse(messages, POSTING_RULE, "postingRuleNo", "RANGE", min=BUILT_IN_RULE_MAX + 1, max=RULE_NO_MAX)
    elif number <= BUILT_IN_RULE_MAX:
        for key in changed:
            if key != "active":
                refuse(messages, POSTING_RULE, key, "IMMUTABLE")
    else:
        if view["event"] is None and not any(message.field == "event" for message in messages.in_order()):
            refuse(messages, POSTING_RULE, "event", "REQUIRED")
        for key in changed:
            if key in RULE_ACCOUNTS and view[key] is not None:
                _check_account(books, key, view[key], messages)
        first, last = view["validFrom"], view["validTo"]
        if first is not None and last is not None and last < first and {"validFrom", "validTo"} & set(values):
            messages.cross("E", "DATE-ORDER", "validTo", "/validTo", other="validFrom")
    if messages.error_count:
        raise validation_failed(messages.in_order(), ROOT)
    changes = changes_of({} if rule is None else stored, view)
    if changes:
        store.put_rule(transaction, books.client_no, rule_of(view))
        event = "POSTING-RULE-CREATED" if rule is None else "POSTING-RULE-CHANGED"
        append_log(transaction, books.client_no, now, [LogEntry(event, "POSTING-RULE", str(number), origin, changes=changes)])
        raise_version(transaction, books.client_no)
    return view, rule is None


def _check_account(books: Books, key: str, number: str, messages: Messages) -> None:
    """The account exists and takes postings; a control account stands in its own place and nowhere else."""
    account = books.account(number)
    if account is None or not account.active:
        refuse(messages, POSTING_RULE, key, "ACCOUNT-UNKNOWN", value=number)
    elif key != "controlAccount" and account.is_control:
        refuse(messages, POSTING_RULE, key, "ACCOUNT-CONTROL", value=number)
    elif key == "controlAccount" and not account.is_control:
        refuse(messages, POSTING_RULE, key, "FORMAT", value=number)
