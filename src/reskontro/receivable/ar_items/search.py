"""Finding the items of a list, fast over millions of them.

Filters that name items (by document, KID or reference) or customers are resolved first, so that what follows knows how few there are. Open items and
closed ones have an index each in the order of the list; a search reads the ones it needs and merges them. The state of a past day is that of now,
but for the items that were touched since: matched, or opened again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.ledger.books import Books
from reskontro.ledger.collection import NO_COLLECTION
from reskontro.ledger.looking_back import JOINED_AS_USUAL, JOINED_BY_HASH, items_of, sums_since
from reskontro.norway.kid import normalise
from reskontro.receivable.ar_items.filters import conditions_of, joined
from reskontro.receivable.sql import Condition, found_ids, likely
from reskontro.web.parameters import within_integer

_NAMED_MAX: Final = 20_000
"""Up to so many items a search goes from the items to the conditions; beyond, a KID or reference is a condition like any other."""
FEW_ITEMS_MAX: Final = 60_000
"""Up to so many items of a span of time are read and sorted; beyond, the list is read in its order until it is full."""

_BY_DOCUMENT_NO: Final = (
    "select d.ar_item_id from document d where d.client_no = %s and d.document_key = any(%s) and d.ar_item_id is not null"
    " union select a.ar_item_id from ar_item a where a.client_no = %s and a.transferred_no = any(%s)"
)
_BY_DOCUMENT: Final = "select d.ar_item_id from document d where d.client_no = %s and d.document_uuid = any(%s) and d.ar_item_id is not null"
_BY_KID: Final = "select a.ar_item_id from ar_item a where a.client_no = %s and a.kid = any(%s) limit %s"
_WITHOUT_CASE: Final = "any(array(select lower(v) from unnest(%s::text[]) v))"
_BY_REFERENCE: Final = (
    f"select d.ar_item_id from document d where d.client_no = %s and d.reference_key = {_WITHOUT_CASE} and d.ar_item_id is not null"
    " union all select a.ar_item_id from ar_item a"
    f" where a.client_no = %s and a.transferred_reference = {_WITHOUT_CASE} limit %s"
)


@dataclass(frozen=True, slots=True)
class _State:
    """The columns or expressions that are an item's open amounts, and conditions on them; ``by_index`` says that they may choose an index."""

    amount: str = "a.open_amount"
    base_amount: str = "a.base_open_amount"
    by_index: bool = True

    @property
    def open(self) -> str:
        return self._condition(f"({self.amount} <> 0 or {self.base_amount} <> 0)")

    @property
    def closed(self) -> str:
        return self._condition(f"{self.amount} = 0 and {self.base_amount} = 0")

    @property
    def whole(self) -> str:
        return likely(f"{self.amount} = a.original_amount and {self.base_amount} = a.base_original_amount")

    @property
    def partly(self) -> str:
        return self._condition(f"({self.amount} <> a.original_amount or {self.base_amount} <> a.base_original_amount)")

    def _condition(self, text: str) -> str:
        return text if self.by_index else likely(text)


_NOW: Final = _State()
_NOW_OF_FEW: Final = _State(by_index=False)
_THEN: Final = _State("(a.open_amount + t.amount)", "(a.base_open_amount + t.base_amount)")


def find_items(transaction: Transaction, books: Books, filters: dict[str, Any], now: datetime, limit: int) -> list[UUID]:
    """The ids of at most ``limit`` items that meet all filters, by dueDate and id."""
    named, conditions = _named(transaction, books.client_no, filters)
    accounts = _accounts(transaction, books.client_no, filters)
    if named == [] or accounts == []:
        return []
    conditions += conditions_of(filters, books, now)
    if named is not None:
        conditions.append(("a.ar_item_id = any(%s)", [named]))
    if accounts is not None:
        conditions.append(("a.account_no = any(%s)", [accounts]))
    as_of: date | None = filters.get("asofdate")
    day = as_of or books.today(now)
    few = named is not None or _few(transaction, books, filters, accounts, now)
    now_state = _NOW_OF_FEW if few else _NOW
    search = _Search(books.client_no, joined(conditions), limit, few=few)
    if not ("status" in filters or "overdue" in filters):
        for condition in [("true", [])] if few else _by_state(now_state, filters, day):
            search.add(condition)
    elif as_of is None:
        for condition in _by_state(now_state, filters, day):
            search.add(condition)
    else:
        search.look_back(transaction, as_of, named, accounts)
        for condition in _by_state(now_state, filters, day):
            search.add(condition, untouched=True)
        for condition in _by_state(_THEN, filters, day):
            search.add(condition, touched=True)
    return search.run(transaction)


def _count(transaction: Transaction, source: str, values: Sequence[Any], most: int) -> int:
    """How many rows there are, counted up to one more than ``most``."""
    row = transaction.execute(f"select count(*) from (select from {source} limit %s) r".encode(), (*values, most + 1)).fetchone()
    assert row is not None
    return int(row[0])


def _few(transaction: Transaction, books: Books, filters: dict[str, Any], accounts: Sequence[int] | None, now: datetime) -> bool:
    """Whether a filter that has an index of its own leaves so few items that they are better read first and sorted then."""
    spans = (("gldatefrom", "gldateto"), ("changedfrom",), ("disputed",), ("collectionstatus",))
    narrowing = [
        conditions_of({name: filters[name] for name in names if name in filters and _narrows(name, filters[name])}, books, now) for names in spans
    ]
    if accounts is not None:
        narrowing.append([("a.account_no = any(%s)", [list(accounts)])])
    for conditions in narrowing:
        if conditions:
            condition, values = joined([("a.client_no = %s", [books.client_no]), *conditions])
            if _count(transaction, f"ar_item a where {condition}", values, FEW_ITEMS_MAX) <= FEW_ITEMS_MAX:
                return True
    return False


def _narrows(name: str, value: Any) -> bool:
    """Whether a filter leaves what stands in an index of its own; not being disputed, and not being with collection, does not."""
    return not ((name == "disputed" and not value) or (name == "collectionstatus" and NO_COLLECTION in value))


def _by_state(state: _State, filters: dict[str, Any], day: date) -> list[Condition]:
    """One condition for each part that is searched by itself: open items (in two parts when claims past due are left out) and closed ones."""
    statuses = filters.get("status")
    overdue: bool | None = filters.get("overdue")
    found: list[Condition] = []
    if statuses is None or "OPEN" in statuses or "PARTIAL" in statuses:
        opened = state.open
        if statuses is not None and "PARTIAL" not in statuses:
            opened += f" and {state.whole}"
        elif statuses is not None and "OPEN" not in statuses:
            opened += f" and {state.partly}"
        if overdue is None:
            found.append((opened, []))
        elif overdue:
            found.append((f"{opened} and {state.amount} > 0 and a.due_date < %s", [day]))
        else:
            found.append((f"{opened} and a.due_date >= %s", [day]))
            found.append((f"{opened} and {state.amount} <= 0 and a.due_date < %s", [day]))
    if not overdue and (statuses is None or "CLOSED" in statuses):
        found.append((state.closed, []))
    return found


class _Search:
    """A list put together of parts, each in the order of the list and not longer than it."""

    def __init__(self, client_no: int, conditions: Condition, limit: int, *, few: bool) -> None:
        self._client_no = client_no
        self._condition, self._values = conditions
        self._limit = limit
        # An expression in the place of the column keeps the planner from reading the list in its order, to find a few items at its end.
        self._order = "a.due_date + 0" if few else "a.due_date"
        self._prelude = ""
        self._prelude_values: list[Any] = []
        self._parts: list[str] = []
        self._part_values: list[Any] = []

    def look_back(self, transaction: Transaction, day: date, named: Sequence[UUID] | None, accounts: Sequence[int] | None) -> None:
        """Gather what matches and undoings since a day took off items, for the parts that ask for it."""
        only, values = [], list[Any]()
        if named is not None:
            only.append("l.ar_item_id = any(%s)")
            values.append(list(named))
        if accounts is not None:
            only.append("l.ar_item_id = any (array(select i.ar_item_id from ar_item i where i.client_no = %s and i.account_no = any(%s)))")
            values += [self._client_no, list(accounts)]
        self._prelude = f"with touched as materialized ({sums_since(self._client_no, day, ' and '.join(only))}) "
        self._prelude_values = values * 2
        # The touched items have to fit into memory, else they would be searched one by one.
        transaction.execute("set local work_mem = '64MB'")

    def add(self, condition: Condition, *, touched: bool = False, untouched: bool = False) -> None:
        """Add the part of the items that meet a condition besides the common ones; all of them, or those (not) touched since the day."""
        text, values = condition
        source = items_of(self._client_no, "touched") if touched else "ar_item a"
        apart = " and a.ar_item_id not in (select ar_item_id from touched)" if untouched else ""
        common = f" and {self._condition}" if self._condition else ""
        self._parts.append(
            f"(select {self._order} as due_date, a.ar_item_id from {source} where a.client_no = %s and {text}{common}{apart}"
            f" order by {self._order}, a.ar_item_id limit %s)"
        )
        self._part_values += [self._client_no, *values, *self._values, self._limit]

    def run(self, transaction: Transaction) -> list[UUID]:
        """The ids found, in order."""
        if not self._parts:
            return []
        statement = f"{self._prelude}select ar_item_id from ({' union all '.join(self._parts)}) f order by due_date, ar_item_id limit %s"
        if self._prelude:
            transaction.execute(JOINED_BY_HASH)
        found = found_ids(transaction, statement, (*self._prelude_values, *self._part_values, self._limit))
        if self._prelude:
            transaction.execute(JOINED_AS_USUAL)
        return found


def _accounts(transaction: Transaction, client_no: int, filters: dict[str, Any]) -> list[int] | None:
    """The accounts of the customers that are named, None when none is."""
    wanted = within_integer(filters["accountno"]) if "accountno" in filters else None
    if "customerno" in filters:
        rows = transaction.execute(
            "select account_no from customer where client_no = %s and customer_key = any(%s)",
            (client_no, [number.lower() for number in filters["customerno"]]),
        )
        found = [row[0] for row in rows]
        wanted = found if wanted is None else [number for number in found if number in wanted]
    return wanted


def _named(transaction: Transaction, client_no: int, filters: dict[str, Any]) -> tuple[list[UUID] | None, list[Condition]]:
    """The items that are named by document, KID or reference, None when none is; and conditions for names that too many items bear."""
    named: set[UUID] | None = None
    conditions: list[Condition] = []

    def narrow(statement: str, values: Sequence[Any]) -> bool:
        nonlocal named
        found = [row[0] for row in transaction.execute(statement.encode(), values)]
        if len(found) > _NAMED_MAX:
            return False
        named = set(found) if named is None else named & set(found)
        return True

    if "documentno" in filters:
        keys = [number.lower() for number in filters["documentno"]]
        narrow(_BY_DOCUMENT_NO, (client_no, keys, client_no, keys))
    if "documentuuid" in filters:
        narrow(_BY_DOCUMENT, (client_no, filters["documentuuid"]))
    if "kid" in filters:
        kids = [normalise(kid) or kid for kid in filters["kid"]]
        if not narrow(_BY_KID, (client_no, kids, _NAMED_MAX + 1)):
            conditions.append(("a.kid = any(%s)", [kids]))
    if "referenceno" in filters:
        references = filters["referenceno"]
        if not narrow(_BY_REFERENCE, (client_no, references, client_no, references, _NAMED_MAX + 1)):
            conditions.append((f"lower(a.reference_no) = {_WITHOUT_CASE}", [references]))
    return None if named is None else sorted(named), conditions
