"""Which claims may have interest to charge: SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.receivable.runs.inputs import CustomerInput, candidates

# A claim that was paid has interest only when something was paid late: later than its due date, and than the days that were charged before.
_DUE: Final = (
    "a.client_no = %s and a.claim_kind = any(%s) and a.original_amount > 0 and not a.reversal and a.due_date < %s"
    " and coalesce(a.details ->> 'interestCalculatedUntil', '0001-01-01')::date < %s"
    " and (a.open_amount > 0 or exists (select from match_line l where l.client_no = a.client_no and l.ar_item_id = a.ar_item_id"
    " and l.match_date > greatest(a.due_date, coalesce(a.details ->> 'interestCalculatedUntil', '0001-01-01')::date)))"
)
_CUSTOMERS: Final = (
    "select distinct a.account_no, c.customer_no from ar_item a join customer c on c.client_no = a.client_no and c.account_no = a.account_no"
    f" where {_DUE} and (%s::int[] is null or a.account_no = any(%s)) order by a.account_no"
)
_ITEMS: Final = f"select a.account_no, a.ar_item_id from ar_item a where {_DUE} and a.account_no = any(%s) order by a.due_date, a.ar_item_id"


def customers(transaction: Transaction, client_no: int, kinds: Sequence[str], until: date, accounts: list[int] | None) -> Iterator[CustomerInput]:
    """The customers with claims that may have interest up to a day, by account; only those of ``accounts`` unless it is None."""
    return candidates(transaction, _CUSTOMERS, (client_no, list(kinds), until, until, accounts, accounts))


def claims(transaction: Transaction, client_no: int, kinds: Sequence[str], until: date, accounts: Sequence[int]) -> list[tuple[int, UUID]]:
    """(account, AR item) of the claims of accounts that may have interest, oldest first."""
    return transaction.execute(_ITEMS.encode(), (client_no, list(kinds), until, until, list(accounts))).fetchall()
