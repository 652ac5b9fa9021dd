"""SQL of ageing: what was open at the end of a day, walked back from what is open now.

An item's open amount on a day is the one of now, plus what matches dated later have taken off since, less what matches
have taken off that were in force then and are undone now (one counts up to the day before it was undone). So only the
items open now and those of such matches are looked at, however long the history is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reskontro.db.engine import Transaction
from reskontro.ledger.ageing import Intervals, Portion

_LARGE_QUESTION = "set local work_mem = '64MB'; set local jit = off"
"""For one statement over a million items: they are grouped in memory, and compiling the statement would take longer than
running it. The settings end with the transaction.
"""


@dataclass(frozen=True, slots=True)
class Question:
    """Whose open items are aged, and when."""

    client_no: int
    as_of: date
    currency: str | None = None
    """Only items in this currency, in it; None: all items, in base currency."""
    account_nos: Sequence[int] | None = None
    customer_categories: Sequence[str] | None = None
    claim_kinds: Sequence[str] | None = None

    @property
    def amount(self) -> str:
        """The column that is added up."""
        return "base_open_amount" if self.currency is None else "open_amount"

    @property
    def line_amount(self) -> str:
        """The column of match lines that belongs to it."""
        return "base_amount" if self.currency is None else "amount"

    def conditions(self) -> str:
        """Conditions on ``ar_item a``: in the ledger by that day, and what was asked for."""
        found = ["a.client_no = %(client_no)s", "a.gl_date <= %(as_of)s"]
        if self.currency is not None:
            found.append("a.currency = %(currency)s")
        if self.account_nos is not None:
            found.append("a.account_no = any(%(account_nos)s)")
        if self.claim_kinds is not None:
            found.append("a.claim_kind = any(%(claim_kinds)s)")
        if self.customer_categories is not None:
            found.append(
                "a.account_no in (select c.account_no from customer c"
                " where c.client_no = %(client_no)s and c.customer_category = any(%(customer_categories)s))"
            )
        return " and ".join(found)

    def values(self) -> dict[str, Any]:
        """The values of the conditions."""
        return {
            "client_no": self.client_no,
            "as_of": self.as_of,
            "currency": self.currency,
            "account_nos": None if self.account_nos is None else list(self.account_nos),
            "claim_kinds": self.claim_kinds,
            "customer_categories": self.customer_categories,
        }

    @property
    def open_now(self) -> str:
        """Condition for an item that is open now; the one of the index over open items, and what the currency asks for."""
        either = "(a.open_amount <> 0 or a.base_open_amount <> 0)"
        return either if self.currency is None else f"{either} and a.open_amount <> 0"


def _changed(question: Question) -> str:
    """The items whose open amount on the day differs from that of now: by how much, and whether they are or were open."""
    then_open = "a.open_amount + sum(l.amount * s.sign) <> 0"
    now_open = "a.open_amount <> 0"
    if question.currency is None:
        then_open = f"({then_open} or a.base_open_amount + sum(l.base_amount * s.sign) <> 0)"
        now_open = f"({now_open} or a.base_open_amount <> 0)"
    customers = "" if question.account_nos is None else " and m.account_no = any(%(account_nos)s)"
    return (
        f"select a.ar_item_id, a.account_no, a.due_date, sum(l.{question.line_amount} * s.sign) as amount,"
        # Lines are signed like their item, also where they make it smaller.
        f" bool_or(l.{question.line_amount} < 0) as is_credit, {now_open} as now_open, {then_open} as then_open"
        " from (select m.match_id, 1 as sign from match m"
        f" where m.client_no = %(client_no)s and m.match_date > %(as_of)s and m.undone_on is null{customers}"
        " union all select m.match_id, -1 from match m"
        f" where m.client_no = %(client_no)s and m.undone_on > %(as_of)s and m.match_date <= %(as_of)s{customers}) s"
        " join match_line l on l.client_no = %(client_no)s and l.match_id = s.match_id"
        " join ar_item a on a.client_no = l.client_no and a.ar_item_id = l.ar_item_id"
        f" where {question.conditions()} group by a.client_no, a.ar_item_id"
    )


def portions(transaction: Transaction, question: Question) -> list[Portion]:
    """What was open, by due date."""
    return [Portion(*row) for row in _read_portions(transaction, question, "due_date")]


def portions_by_account(transaction: Transaction, question: Question) -> list[tuple[int, Portion]]:
    """What was open, by customer and due date."""
    return [(row[0], Portion(*row[1:])) for row in _read_portions(transaction, question, "account_no, due_date")]


def _read_portions(transaction: Transaction, question: Question, keys: str) -> Iterable[Sequence[Any]]:
    amount = f"a.{question.amount}"
    now = (
        f"select {', '.join(f'a.{key}' for key in keys.split(', '))}, coalesce(sum({amount}) filter (where {amount} > 0), 0) as debit,"
        f" coalesce(sum({amount}) filter (where {amount} < 0), 0) as credit, count(*) as items"
        f" from ar_item a where {question.open_now} and {question.conditions()} group by {keys}"
    )
    since = (
        f"select {keys}, coalesce(sum(amount) filter (where not is_credit), 0), coalesce(sum(amount) filter (where is_credit), 0),"
        " count(*) filter (where then_open) - count(*) filter (where now_open)"
        f" from ({_changed(question)}) changed group by {keys}"
    )
    return _run(
        transaction, question, f"select {keys}, sum(debit), sum(credit), sum(items)::bigint from ({now} union all {since}) part group by {keys}"
    )


def customers_by_places(transaction: Transaction, question: Question, intervals: Intervals) -> list[tuple[int, int]]:
    """How many customers had open items in which intervals: (bits of the places of the intervals, number of customers).

    One number for a customer costs a tenth of counting the customers of every interval.
    """
    statement = (
        f"{_places(question)} select places, count(*) from (select account_no, bit_or(places) as places from parts group by account_no) customers"
        " group by places"
    )
    return [(places, customers) for places, customers in _run(transaction, question, statement, first_days=intervals.first_days)]


def open_accounts(transaction: Transaction, question: Question, intervals: Intervals, limit: int) -> list[int]:
    """The first customers that had an open item, by account number."""
    statement = f"{_places(question)} select distinct account_no from parts order by account_no limit %(limit)s"
    return [row[0] for row in _run(transaction, question, statement, first_days=intervals.first_days, limit=limit)]


def _run(transaction: Transaction, question: Question, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    transaction.execute(_LARGE_QUESTION)
    return transaction.execute(statement.encode(), question.values() | values).fetchall()


def _places(question: Question) -> str:
    """Common table expressions that end in ``parts``: by customer the bits of the intervals with open items.

    A customer with an item that is open now but was not then (a match of that day is undone) is looked at item by item;
    such customers are few.
    """
    places = "bit_or(1 << width_bucket(%(as_of)s::date - {0}due_date, %(first_days)s::int[]))"
    return (
        f"with changed as materialized ({_changed(question)}),"
        " parts as ("
        f"select a.account_no, {places.format('a.')} as places from ar_item a where {question.open_now} and {question.conditions()}"
        " and a.account_no <> all (array(select account_no from changed where now_open and not then_open)) group by a.account_no"
        f" union all select account_no, {places.format('')} from changed where then_open group by account_no"
        f" union all select a.account_no, {places.format('a.')} from ar_item a left join changed c on c.ar_item_id = a.ar_item_id"
        f" where a.account_no = any (array(select account_no from changed where now_open and not then_open)) and {question.open_now}"
        f" and {question.conditions()} and coalesce(c.then_open, true) group by a.account_no)"
    )


def accounts_of(transaction: Transaction, client_no: int, customer_nos: Sequence[str]) -> list[int]:
    """The account numbers of customers."""
    rows = transaction.execute(
        "select account_no from customer where client_no = %s and customer_key = any(%s)", (client_no, [number.lower() for number in customer_nos])
    )
    return [row[0] for row in rows]


def customer_nos(transaction: Transaction, client_no: int, account_nos: Sequence[int]) -> dict[int, str]:
    """The customer numbers of accounts."""
    rows = transaction.execute(
        "select account_no, customer_no from customer where client_no = %s and account_no = any(%s)", (client_no, list(account_nos))
    )
    return dict(rows.fetchall())
