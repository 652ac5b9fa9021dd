"""Undoing matches: the items open again, and what the match itself posted (EX, SD) is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from reskontro.batches.kinds import Origin
from reskontro.kit.ids import encode_id
from reskontro.ledger.item_desk import ItemDesk
from reskontro.ledger.log import LogEntry
from reskontro.ledger.matching import Match
from reskontro.ledger.posting import LedgerTransaction, OpenItem
from reskontro.ledger.reversal import PostedTransaction, load_transactions_of, reverse
from reskontro.ledger.settlement import MADE_BY_MATCH


def find_match(desk: ItemDesk, match_id: UUID) -> Match | None:
    """A match by id, undone or not; None when the client has none such."""
    return desk.match(match_id)


def active_matches(desk: ItemDesk, items: Iterable[OpenItem]) -> list[Match]:
    """The matches that items are settled by, oldest first."""
    return [match for match in desk.matches_of(items) if match.status == "ACTIVE"]


def undo_match(desk: ItemDesk, match: Match, origin: Origin, *, customer_no: str, day: date | None = None) -> list[OpenItem]:
    """Undo an active match as of a day (by default today) and return the items that are open again.

    EX and SD items that the match made are reversed on that day, or the first open one when its period is closed. Whether a match may be undone,
    which depends on what made it, is decided by the caller.
    """
    assert match.status == "ACTIVE", "a match is undone once"
    undone_on = day or desk.context.today
    match.status, match.undone_on, match.undone_by = "UNDONE", undone_on, origin.user_id
    differences: list[OpenItem] = []
    opened: list[OpenItem] = []
    for line in match.lines:
        line.item.settle(-line.amount, -line.base_amount)
        made_here = line.item.details.get(MADE_BY_MATCH) == str(match.match_id)
        (differences if made_here else opened).append(line.item)
    desk.forget_claims(match.account_no)
    if differences:
        posting_day = desk.books.posting_day(undone_on).day
        for transaction in load_transactions_of(desk, differences):
            reverse(desk, transaction, posting_day, origin, customer_no=customer_no)
    desk.log(LogEntry("MATCH-UNDONE", "MATCH", encode_id(match.match_id), origin, customer_no=customer_no))
    return opened


def take_back(desk: ItemDesk, posted: PostedTransaction, day: date, origin: Origin, *, customer_no: str | None, reason: str) -> LedgerTransaction:
    """Reverse a transaction on an open day, its matches undone first, whatever made them. Returns the reversing transaction."""
    for match in active_matches(desk, posted.items):
        owner = desk.debtors.find_account(match.account_no)
        undo_match(desk, match, origin, customer_no=owner.customer_no, day=day)
    if posted.reversed_by is not None:
        # It was a difference that one of the matches had made.
        return posted.reversed_by
    return reverse(desk, posted, day, origin, customer_no=customer_no, reason=reason)
