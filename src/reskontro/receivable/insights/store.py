"""SQL of ageing: what was open at the end of a day, walked back from what is open now (see ``ledger.looking_back``).

Only the items open now and those whose matches make the difference are looked at, however long the history is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.ledger.ageing import Intervals, Portion
from reskontro.ledger.looking_back import JOINED_AS_USUAL, JOINED_BY_HASH, items_of, sums_since

_LARGE_QUESTION = f"set local work_mem = '64MB'; set local jit = off; set local random_page_cost = 1.1; {JOINED_BY_HASH}"
"""For a statement over a million items: they are grouped in memory; compiling the statement would take longer than running
it. The settings end with the transaction, the way of joining with the statement.
"""

_ROWS_AT_ONCE: Final = 5_000


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


def _with_changed(question: Question) -> str:
    """The queries that the others speak of. ``changed``: the items whose open amount on the day differs from that of now, by how much, and whether
    they are or were open.
    """
    then_open, now_open = "a.open_amount + t.amount <> 0", "a.open_amount <> 0"
    if question.currency is None:
        then_open = f"({then_open} or a.base_open_amount + t.base_amount <> 0)"
        now_open = f"({now_open} or a.base_open_amount <> 0)"
    # Lines are signed like their item, so that the sign of a credit shows whatever is done with the amount.
    credit = "is_base_credit" if question.currency is None else "is_credit"
    changed = (
        f"select a.ar_item_id, a.account_no, a.due_date, t.{question.line_amount} as amount, t.{credit} as is_credit, {now_open} as now_open,"
        f" {then_open} as then_open from {items_of(question.client_no, 'touched')} where {question.conditions()}"
    )
    return f"with touched as materialized ({_touched(question)}), changed as materialized ({changed})"


def _touched(question: Question) -> str:
    """What matches and undoings since the day have changed, by item; of some customers by their items, of all by date."""
    only = "" if question.account_nos is None else f"l.ar_item_id = any (array({_ITEMS_OF_ACCOUNTS}))"
    return sums_since(question.client_no, question.as_of, only)


_ITEMS_OF_ACCOUNTS: Final = "select i.ar_item_id from ar_item i where i.client_no = %(client_no)s and i.account_no = any(%(account_nos)s)"


def _open_now(question: Question, keys: str, condition: str = "true") -> str:
    """What is open now of the items that were booked on the day, added up by columns."""
    amount = f"a.{question.amount}"
    credit = f"coalesce(sum({amount}) filter (where {amount} < 0), 0)"
    columns = f"coalesce(sum({amount}), 0) - {credit} as debit, {credit} as credit, count(*) as items"
    prefixed = ", ".join(f"a.{key}" for key in keys.split(", ") if key)
    grouped = f" group by {prefixed}" if prefixed else ""
    return (
        f"select {prefixed + ', ' if prefixed else ''}{columns} from ar_item a"
        f" where {question.open_now} and {question.conditions()} and {condition}{grouped}"
    )


def _since(keys: str) -> str:
    """The difference between then and now, added up by columns, from ``changed``."""
    return (
        f"select {keys}, coalesce(sum(amount) filter (where not is_credit), 0) as debit, coalesce(sum(amount) filter (where is_credit), 0) as credit,"
        f" count(*) filter (where then_open) - count(*) filter (where now_open) as items from changed group by {keys}"
    )


def _sums(question: Question, keys: str) -> str:
    """What was open, added up by columns, from ``changed`` and the items open now."""
    columns = "sum(debit) as debit, sum(credit) as credit, sum(items)::bigint as items"
    return f"select {keys}, {columns} from ({_open_now(question, keys)} union all {_since(keys)}) part group by {keys}"


def _sums_of_intervals(question: Question, intervals: Intervals) -> str:
    """What was open, possibly in several rows for an interval, each with a due date that lies in it.

    The items open now are added up interval by interval: reading a span of the index and adding costs half of sorting every item into its group.
    """
    parts = []
    for place in range(len(intervals)):
        first, last = intervals.span(place)
        latest = question.as_of - timedelta(days=first or 0)
        condition = "true" if first is None else f"a.due_date <= date '{latest.isoformat()}'"
        if last is not None:
            condition += f" and a.due_date >= date '{(question.as_of - timedelta(days=last)).isoformat()}'"
        parts.append(f"select date '{latest.isoformat()}' as due_date, n.* from ({_open_now(question, '', condition)}) n")
    return f"{' union all '.join(parts)} union all {_since('due_date')}"


def _place_bit(question: Question, intervals: Intervals, due_date: str) -> str:
    """The bit of the interval that a due date lies in. Comparing with constant days costs half of what ``width_bucket`` costs."""
    days = [question.as_of - timedelta(days=bound) for bound in intervals.bounds]
    cases = " ".join(f"when {due_date} >= date '{day.isoformat()}' then {1 << place}" for place, day in enumerate(days))
    return f"case {cases} else {1 << len(days)} end"


def _places(question: Question, intervals: Intervals, *, some_reopened: bool) -> str:
    """By customer, possibly more than once, the bits of the intervals with open items, from ``changed`` and the items open now.

    A customer with an item that is open now but was not then (a match of that day is undone) is looked at item by item;
    such customers are few, and mostly there is none.
    """
    open_items = f"select a.account_no, bit_or({_place_bit(question, intervals, 'a.due_date')}) as places from ar_item a"
    conditions = f"{question.open_now} and {question.conditions()}"
    changed = f"select account_no, bit_or({_place_bit(question, intervals, 'due_date')}) as places from changed where then_open group by account_no"
    if not some_reopened:
        return f"{open_items} where {conditions} group by a.account_no union all {changed}"
    reopened = "array(select account_no from changed where now_open and not then_open)"
    return (
        f"{open_items} where {conditions} and a.account_no <> all ({reopened}) group by a.account_no union all {changed}"
        f" union all {open_items} left join changed c on c.ar_item_id = a.ar_item_id"
        f" where {conditions} and a.account_no = any ({reopened}) and coalesce(c.then_open, true) group by a.account_no"
    )


def _some_reopened(transaction: Transaction, question: Question) -> bool:
    """Whether an item that is open now may have been settled on the day."""
    row = transaction.execute(
        "select exists (select from match m where m.client_no = %s and m.undone_on > %s and m.match_date <= %s)",
        (question.client_no, question.as_of, question.as_of),
    ).fetchone()
    return bool(row and row[0])


def portions(transaction: Transaction, question: Question) -> list[Portion]:
    """What was open, by due date."""
    return [Portion(*row) for row in _run(transaction, question, _sums(question, "due_date"))]


def portions_by_account(transaction: Transaction, question: Question) -> list[tuple[int, Portion]]:
    """What was open, by customer and due date."""
    return [(row[0], Portion(*row[1:])) for row in _run(transaction, question, _sums(question, "account_no, due_date"))]


def portions_and_customers(transaction: Transaction, question: Question, intervals: Intervals) -> tuple[list[Portion], list[tuple[int, int]]]:
    """What was open, in portions that each lie in one interval, and how many customers had open items in which intervals:
    (bits of the places of the intervals, number of customers).

    One number for a customer costs a tenth of counting the customers of every interval.
    """
    places = _places(question, intervals, some_reopened=_some_reopened(transaction, question))
    # Counted in the order of the index over open items by customer; the planner would rather fill tables in memory, which takes a quarter longer.
    transaction.execute("set local enable_hashagg = off")
    statement = (
        f"select due_date, debit, credit, items, null::int, null::bigint from ({_sums_of_intervals(question, intervals)}) sums"
        " union all select null, null, null, null, places, count(*)"
        f" from (select account_no, bit_or(places) as places from ({places}) part group by account_no) customers group by places"
    )
    rows = _run(transaction, question, statement)
    return [Portion(*row[:4]) for row in rows if row[0] is not None], [row[4:] for row in rows if row[0] is None]


def open_accounts(transaction: Transaction, question: Question, intervals: Intervals, limit: int) -> list[int]:
    """The first customers that had an open item, by account number."""
    places = _places(question, intervals, some_reopened=_some_reopened(transaction, question))
    statement = f"select distinct account_no from ({places}) part order by account_no limit %(limit)s"
    return [row[0] for row in _run(transaction, question, statement, limit=limit)]


def _run(transaction: Transaction, question: Question, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement that may speak of ``changed``; planned anew each time, since the best plan depends on the day."""
    transaction.execute(_LARGE_QUESTION)
    whole = f"{_with_changed(question)} {statement}"
    rows = transaction.execute(whole.encode(), question.values() | values, prepare=False).fetchall()
    transaction.execute(JOINED_AS_USUAL)
    return rows


class CustomerPortion(NamedTuple):
    """What was open of one customer with one due date."""

    account_no: int
    customer_no: str
    customer_name: str
    portion: Portion


def stream_portions(transaction: Transaction, question: Question) -> Iterator[CustomerPortion]:
    """What was open, by customer and due date, in the order of the account numbers; the rows are fetched as they are taken."""
    statement = (
        f"{_with_changed(question)}"
        f" select p.account_no, c.customer_no, c.name, p.due_date, p.debit, p.credit, p.items from ({_sums(question, 'account_no, due_date')}) p"
        " join customer c on c.client_no = %(client_no)s and c.account_no = p.account_no order by p.account_no, p.due_date"
    )
    for row in _streamed(transaction, question, statement):
        yield CustomerPortion(row[0], row[1], row[2], Portion(*row[3:]))


class OpenItemRow(NamedTuple):
    """An item as it was open at the end of a day."""

    account_no: int
    customer_no: str
    customer_name: str
    ar_item_id: UUID
    ar_item_type: str
    claim_kind: str
    document_no: str | None
    reference_no: str | None
    kid: str | None
    item_date: date
    due_date: date
    currency: str
    original_amount: Decimal
    open_amount: Decimal
    base_open_amount: Decimal
    reversal: bool


def stream_open_items(transaction: Transaction, question: Question) -> Iterator[OpenItemRow]:
    """The items that were open, by account number, due date and id; the rows are fetched as they are taken."""
    amounts = "a.open_amount + coalesce(t.amount, 0) as open_then, a.base_open_amount + coalesce(t.base_amount, 0) as base_open_then"
    columns = (
        "a.account_no, a.ar_item_id, a.ar_item_type, a.claim_kind, a.document_no, a.reference_no, a.kid, a.item_date, a.due_date, a.currency,"
        f" a.original_amount, {amounts}, a.reversal"
    )
    opened = (
        f"select {columns} from ar_item a left join touched t on t.ar_item_id = a.ar_item_id where {question.open_now} and {question.conditions()}"
    )
    closed = f"select {columns} from {items_of(question.client_no, 'touched')} where not ({question.open_now}) and {question.conditions()}"
    then_open = "i.open_then <> 0" if question.currency is not None else "(i.open_then <> 0 or i.base_open_then <> 0)"
    statement = (
        f"with touched as materialized ({_touched(question)})"
        " select i.account_no, c.customer_no, c.name, i.ar_item_id, i.ar_item_type, i.claim_kind, i.document_no, i.reference_no, i.kid, i.item_date,"
        " i.due_date, i.currency, i.original_amount, i.open_then, i.base_open_then, i.reversal"
        f" from ({opened} union all {closed}) i join customer c on c.client_no = %(client_no)s and c.account_no = i.account_no"
        f" where {then_open} order by i.account_no, i.due_date, i.ar_item_id"
    )
    for row in _streamed(transaction, question, statement):
        yield OpenItemRow._make(row)


def _streamed(transaction: Transaction, question: Question, statement: str) -> Iterator[tuple[Any, ...]]:
    transaction.execute(_LARGE_QUESTION)
    with transaction.cursor("open_items", scrollable=False) as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        yield from cursor.execute(statement.encode(), question.values())
    transaction.execute(JOINED_AS_USUAL)


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
