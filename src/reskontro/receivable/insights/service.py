"""The age distributed balance: what was open at the end of a day, by days after the due date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from reskontro.db.engine import Transaction
from reskontro.kit.errors import Problem
from reskontro.ledger.ageing import Ageing, Intervals
from reskontro.ledger.books import Books, open_books
from reskontro.ledger.items_view import CLAIM_KINDS
from reskontro.receivable.customers.schemas import CUSTOMER_CATEGORIES
from reskontro.receivable.insights import store
from reskontro.receivable.insights.schemas import interval_view
from reskontro.receivable.insights.store import Question
from reskontro.web.lists import Listing
from reskontro.web.operations import Parameter

BY_CUSTOMER: Final = "customer"
BOUNDS_ASKED_MAX: Final = 12

FILTERS = (
    Parameter("asofdate", "date", "At the end of this day; default today"),
    Parameter("intervals", "integers", "Rising upper bounds in days such as 0,30,60,90; default by config ageing.intervals"),
    Parameter("level", "choice", "All together (default), or each customer with an open item", values=("total", BY_CUSTOMER)),
    Parameter("customerno", "texts", "Customer numbers"),
    Parameter("customercategory", "choices", "Categories of customers", values=CUSTOMER_CATEGORIES),
    Parameter("claimkind", "choices", "Kinds of claims", values=CLAIM_KINDS),
    Parameter("currency", "text", "Only items in this currency, in it; default all, in base currency", length_max=3),
)
KEPT = tuple(parameter.name for parameter in FILTERS)
"""Every parameter of the first call holds on for the following pages."""


def complete(asked: dict[str, Any], books: Books, now: datetime) -> dict[str, Any]:
    """The parameters with day and intervals filled in, so that they hold on; raises Problem INVALID-PARAMETER."""
    today = books.today(now)
    if "intervals" in asked:
        if len(asked["intervals"]) > BOUNDS_ASKED_MAX:
            raise Problem("INVALID-PARAMETER", f"intervals: has more than {BOUNDS_ASKED_MAX} bounds")
        try:
            Intervals(asked["intervals"])
        except ValueError as error:
            raise Problem("INVALID-PARAMETER", f"intervals: {error}") from None
    return {"asofdate": today, "intervals": books.config("ageing.intervals", today)} | asked


class AgeingList:
    """The list for one call: what is read once for its keys, its records and its total is kept."""

    def __init__(self, client_no: int, now: datetime) -> None:
        self.client_no = client_no
        self.now = now
        self._ageing: Ageing | None = None

    def listing(self) -> Listing:
        """The list: a record for each interval, or each customer and interval. Keys are the account (0 for all) and the
        place of the interval.
        """
        return Listing("adbIntervals", "adbIntervals", "/insights/adbintervals", self._find, self._load, self._members)

    def _find(self, transaction: Transaction, filters: dict[str, Any], limit: int) -> list[list[int]]:
        intervals = Intervals(filters["intervals"])
        accounts = [0]
        if filters.get("level") == BY_CUSTOMER:
            accounts = store.open_accounts(transaction, self._question(transaction, filters), intervals, -(-limit // len(intervals)))
        return [[account_no, place] for account_no in accounts for place in range(len(intervals))][:limit]

    def _load(self, transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        ageing = self._all(transaction, options)
        total = ageing.total
        if options.get("level") != BY_CUSTOMER:
            return [interval_view(ageing, place, total) for _, place in keys]
        by_account = self._by_account(transaction, options, sorted({account_no for account_no, _ in keys}))
        numbers = store.customer_nos(transaction, self.client_no, list(by_account))
        return [
            {**interval_view(by_account[account_no], place, total), "customerNo": numbers[account_no], "accountNo": account_no}
            for account_no, place in keys
        ]

    def _members(self, transaction: Transaction, options: dict[str, Any]) -> dict[str, Any]:
        question = self._question(transaction, options)
        currency = question.currency or open_books(transaction, self.client_no).config("base.currency", question.as_of)
        return {"asOfDate": question.as_of, "currency": currency, "totalAmount": self._all(transaction, options).total}

    def _question(self, transaction: Transaction, options: Mapping[str, Any]) -> Question:
        as_of, currency, customer_nos = options["asofdate"], options.get("currency"), options.get("customerno")
        return Question(
            self.client_no,
            as_of if isinstance(as_of, date) else date.fromisoformat(as_of),
            currency.upper() if currency else None,
            None if customer_nos is None else store.accounts_of(transaction, self.client_no, customer_nos),
            options.get("customercategory"),
            options.get("claimkind"),
        )

    def _all(self, transaction: Transaction, options: Mapping[str, Any]) -> Ageing:
        """All customers together; read once. With level=customer only the total is asked of it, so customers are not counted."""
        if self._ageing is not None:
            return self._ageing
        question = self._question(transaction, options)
        self._ageing = Ageing(Intervals(options["intervals"]), question.as_of)
        if options.get("level") == BY_CUSTOMER:
            portions = store.portions(transaction, question)
        else:
            portions, customers = store.portions_and_customers(transaction, question, self._ageing.intervals)
            for places, count in customers:
                self._ageing.count_customers(places, count)
        for portion in portions:
            self._ageing.add(portion)
        return self._ageing

    def _by_account(self, transaction: Transaction, options: Mapping[str, Any], account_nos: Sequence[int]) -> dict[int, Ageing]:
        """Each of some customers."""
        question = replace(self._question(transaction, options), account_nos=account_nos)
        intervals = Intervals(options["intervals"])
        found = {account_no: Ageing(intervals, question.as_of) for account_no in account_nos}
        for account_no, portion in store.portions_by_account(transaction, question):
            found[account_no].add(portion)
        for ageing in found.values():
            for interval in ageing.found:
                interval.customer_count = int(interval.item_count > 0)
        return found
