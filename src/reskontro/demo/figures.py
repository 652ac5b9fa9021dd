"""Figures of a ledger for people: the ageing of the open items, and the trial balance."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

from reskontro.cli.common import out, print_table
from reskontro.db.engine import Database

BOUNDS = (0, 30, 60, 90)
"""Upper bounds of the intervals in days after the due date; 0 is what is not due yet."""

# Credits have no due date that matters; they stand in a row of their own.
_AGEING = """
    select case when open_amount < 0 then -1 else width_bucket(%(today)s - due_date, array[1, 31, 61, 91]) end as bucket,
           count(*), sum(base_open_amount)
      from ar_item
     where client_no = %(client_no)s and open_amount <> 0
     group by bucket
"""
_TRIAL_BALANCE = """
    select b.gl_account, a.name, sum(b.debit), sum(b.credit), sum(b.item_count)
      from account_balance b
      join gl_account a on a.client_no = b.client_no and a.gl_account = b.gl_account
     where b.client_no = %s
     group by b.gl_account, a.name
     order by b.gl_account
"""


def print_ageing(database: Database, client_no: int, today: date) -> None:
    """How much is open and for how long it has been due, in base currency."""
    with database.transaction(client_no) as transaction:
        found = {row[0]: row[1:] for row in transaction.execute(_AGEING, {"client_no": client_no, "today": today})}
    names = ["not due yet", *(f"{low + 1}-{high} days" for low, high in pairwise(BOUNDS)), f"over {BOUNDS[-1]} days"]
    rows = [(name, *_amounts(found.get(bucket))) for bucket, name in enumerate(names)]
    rows.append(("credits not yet used", *_amounts(found.get(-1))))
    total = sum((amount for _, amount in found.values()), Decimal(0))
    rows.append(("all open items", f"{sum(count for count, _ in found.values()):,}", f"{total:,.2f}"))
    print_table("Open items by days after their due date", ("age", "items", "amount NOK"), rows, numbers=("items", "amount NOK"))


def _amounts(found: tuple[int, Decimal] | None) -> tuple[str, str]:
    count, amount = found or (0, Decimal(0))
    return f"{count:,}", f"{amount:,.2f}"


def print_trial_balance(database: Database, client_no: int) -> None:
    """Debit, credit and balance of every account that was posted to."""
    with database.transaction(client_no) as transaction:
        found = transaction.execute(_TRIAL_BALANCE, (client_no,)).fetchall()
    rows = [(account, name, f"{debit:,.2f}", f"{credit:,.2f}", f"{debit - credit:,.2f}") for account, name, debit, credit, _ in found]
    debits, credits = sum((row[2] for row in found), Decimal(0)), sum((row[3] for row in found), Decimal(0))
    rows.append(("", "all accounts", f"{debits:,.2f}", f"{credits:,.2f}", f"{debits - credits:,.2f}"))
    print_table("Trial balance", ("account", "name", "debit", "credit", "balance"), rows, numbers=("debit", "credit", "balance"))
    out().print(f"{sum(row[4] for row in found):,} GL items.", markup=False)
