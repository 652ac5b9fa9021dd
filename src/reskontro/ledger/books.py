"""A client's books: the snapshot of everything that decides how its ledger works, kept in memory until one of its
tables changes.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from reskontro.db.engine import Transaction
from reskontro.kit.clock import zone
from reskontro.kit.errors import Problem, not_found
from reskontro.ledger import books_store as store
from reskontro.ledger.books_store import ClientRecord, CodeRecord, raise_version
from reskontro.ledger.chart import BUILT_IN_RULES, DEFAULT_CHART, GlAccount
from reskontro.ledger.configs import CONFIG_KEYS, check_value
from reskontro.ledger.periods import Calendar, Period, PostingDay, end_of_next_year, following_month, periods_between
from reskontro.ledger.posting_rules import PostingAccounts, PostingRule, RuleBook

__all__ = [
    "Books",
    "ClientRecord",
    "CodeRecord",
    "GlAccount",
    "Period",
    "PostingAccounts",
    "PostingDay",
    "PostingRule",
    "open_books",
    "raise_version",
    "seed_books",
]

CLIENTS_KEPT_MAX: Final = 1_000
EXCHANGE_RATE: Final = "EXCHANGE-RATE"
_DATES_KEPT_MAX = 20_000
_VARIES: Final = object()
_ALWAYS: Final = date.min


class Books:
    """What decides how a client's ledger works, as of one version; never changed after it was read.

    Values that are lists or objects are shared by all callers: read them only.
    """

    def __init__(
        self,
        version: int,
        client: ClientRecord,
        configs: Sequence[tuple[str, date | None, Any]],
        codes: Sequence[CodeRecord],
        accounts: Sequence[GlAccount],
        rules: Sequence[PostingRule],
        periods: Sequence[Period],
    ) -> None:
        self.version = version
        self.client = client
        self.client_no = client.client_no
        self.accounts: dict[str, GlAccount] = {account.gl_account: account for account in accounts}
        self.rules: tuple[PostingRule, ...] = tuple(rules)
        self.codes: tuple[CodeRecord, ...] = tuple(codes)
        self.config_values: dict[str, list[tuple[date | None, Any]]] = {}
        for key, valid_from, value in configs:
            if key in CONFIG_KEYS:
                typed = None if value is None else check_value(key, value)
                self.config_values.setdefault(key, []).append((valid_from, typed))
        self._constant: dict[str, Any] = {key: self._constant_value(key) for key in CONFIG_KEYS}
        self._dated: dict[tuple[str, date], Any] = {}
        self._rule_book = RuleBook(rules)
        self.calendar = Calendar(periods, self.fiscal_year_start)
        self._codes: dict[tuple[str, str], list[CodeRecord]] = {}
        for code in codes:
            self._codes.setdefault((code.code_type, code.code.casefold()), []).append(code)
        self._kept = frozenset(code.code_type for code in codes)

    # ------------------------------------------------------------------------------------------------ client and day

    def require_active(self) -> None:
        """Raise Problem CLIENT-NOT-ACTIVE unless the client takes writes."""
        if self.client.status != "ACTIVE":
            raise Problem("CLIENT-NOT-ACTIVE", f"the client is {self.client.status}")

    def today(self, now: datetime) -> date:
        """The client's date at a moment: that of its config ``base.timeZone``."""
        moment = now.astimezone(UTC)
        return moment.astimezone(zone(self.config("base.timeZone", moment.date()))).date()

    # ------------------------------------------------------------------------------------------------ configs

    def config(self, key: str, on: date) -> Any:
        """The value in force on a day, the default when the client has none of its own; raises KeyError for an unknown
        key.
        """
        value = self._constant[key]
        if value is not _VARIES:
            return value
        wanted = (key, on)
        value = self._dated.get(wanted, _VARIES)
        if value is not _VARIES:
            return value
        if len(self._dated) >= _DATES_KEPT_MAX:
            self._dated.clear()
        value = self._dated[wanted] = self._value_on(key, on)
        return value

    def has_own_value(self, key: str, on: date) -> bool:
        """Whether a value of the client's own is in force on a day."""
        return self._own_value(key, on) is not None

    @property
    def fiscal_year_start(self) -> int:
        """The month in which fiscal years begin; one for all years, since it is fixed by the first posting."""
        return int(self.config("gl.fiscalYearStart", date.max))

    def _constant_value(self, key: str) -> Any:
        values = self.config_values.get(key)
        if values is None:
            return CONFIG_KEYS[key].default
        if len(values) == 1 and values[0][0] is None:
            return CONFIG_KEYS[key].default if values[0][1] is None else values[0][1]
        return _VARIES

    def _own_value(self, key: str, on: date) -> Any:
        values = self.config_values.get(key, [])
        place = bisect_right(values, on, key=lambda entry: entry[0] or _ALWAYS)
        return values[place - 1][1] if place else None

    def _value_on(self, key: str, on: date) -> Any:
        own = self._own_value(key, on)
        return CONFIG_KEYS[key].default if own is None else own

    # ----------------------------------------------------------------------------------------------- accounts and rules

    def account(self, gl_account: str) -> GlAccount | None:
        """The GL account of that number, active or not; None when the chart has none."""
        return self.accounts.get(gl_account)

    def accounts_for(self, event: str, on: date, **conditions: str | None) -> PostingAccounts:
        """The accounts an event is posted to on a day by the posting rules; conditions are named as in
        ``posting_rules.CONDITIONS``.

        Whether the accounts exist and are active is asked of ``account``. Raises KeyError for an unknown event.
        """
        return self._rule_book.accounts_for(event, on, conditions)

    def conditions_of(self, event: str) -> tuple[str, ...]:
        """The conditions that the posting rules of an event look at."""
        return self._rule_book.conditions_of(event)

    # ------------------------------------------------------------------------------------------------ periods

    def period_of(self, day: date) -> Period | None:
        """The period a day lies in; None before the start of the ledger and after the last period."""
        return self.calendar.period_of(day)

    def posting_day(self, day: date) -> PostingDay:
        """The day a posting gets: ``(day, period, was_closed)``; the first day of the oldest open period when the day
        asked for is closed.

        Raises Invalid RANGE for a day after the last period.
        """
        return self.calendar.posting_day(day)

    def period_number(self, day: date) -> tuple[int, int]:
        """glYear and glPeriod of any day, whether the period exists or not."""
        return self.calendar.number_of(day)

    # ------------------------------------------------------------------------------------------------ codes and rates

    def keeps(self, code_type: str) -> bool:
        """Whether the client keeps a list of that type."""
        return code_type in self._kept

    def code(self, code_type: str, code: str, on: date) -> CodeRecord | None:
        """The code of a list the client keeps, whatever its case, when it is active on the day."""
        records = self._codes.get((code_type, code.casefold()))
        if records is None:
            return None
        place = bisect_right(records, on, key=lambda record: record.valid_from or _ALWAYS)
        if not place:
            return None
        record = records[place - 1]
        return record if record.active and (record.valid_to is None or on <= record.valid_to) else None

    def exchange_rate(self, currency: str, on: date) -> Decimal | None:
        """Units of base currency for one unit of the currency on a day; None when no rate is in force, 1 for the base
        currency.
        """
        if currency == self.config("base.currency", on):
            return Decimal(1)
        record = self.code(EXCHANGE_RATE, currency, on)
        return Decimal(record.attributes["rate"]) if record is not None else None


_kept: OrderedDict[int, Books] = OrderedDict()
_kept_lock = threading.Lock()


def open_books(transaction: Transaction, client_no: int, now: datetime | None = None) -> Books:
    """The books of the client as this transaction sees them; raises Problem NOT-FOUND when the client does not exist.

    With ``now`` the periods that have come into being since the last call are added first: writers pass it.
    """
    version = transaction.books_version
    if version is None:
        version = store.read_version(transaction, client_no)
    if version is None:
        raise not_found(f"client {client_no}")
    with _kept_lock:
        books = _kept.get(client_no)
        if books is not None:
            _kept.move_to_end(client_no)
    if books is None or books.version != version:
        books = _read_books(transaction, client_no)
    if now is not None and _add_missing_periods(transaction, books, books.today(now)):
        books = _read_books(transaction, client_no)
    return books


def _read_books(transaction: Transaction, client_no: int) -> Books:
    version = store.read_version(transaction, client_no)
    while True:
        client = store.read_client(transaction, client_no)
        if client is None or version is None:
            raise not_found(f"client {client_no}")
        books = Books(
            version,
            client,
            store.read_configs(transaction, client_no),
            store.read_codes(transaction, client_no),
            store.read_accounts(transaction, client_no),
            store.read_rules(transaction, client_no),
            store.read_periods(transaction, client_no),
        )
        # Readers hold no lock: a change that was committed between these statements must not leave a mixture behind.
        version = store.read_version(transaction, client_no)
        if version == books.version:
            break
    with _kept_lock:
        _kept[client_no] = books
        _kept.move_to_end(client_no)
        if len(_kept) > CLIENTS_KEPT_MAX:
            _kept.popitem(last=False)
    return books


def _add_missing_periods(transaction: Transaction, books: Books, today: date) -> bool:
    """Add the months up to the end of the next fiscal year; returns whether there were any to add."""
    last_day = books.calendar.last_day
    until = end_of_next_year(today, books.fiscal_year_start)
    if last_day is not None and last_day >= until:
        return False
    first = books.client.ledger_start if last_day is None else following_month(last_day)
    missing = periods_between(first, until, books.fiscal_year_start)
    if not missing:
        return False
    store.insert_periods(transaction, books.client_no, missing)
    raise_version(transaction, books.client_no)
    return True


def seed_books(transaction: Transaction, client_no: int, ledger_start: date, today: date) -> None:
    """Give a new client the built-in chart, posting rules and periods."""
    store.insert_accounts(transaction, client_no, DEFAULT_CHART)
    store.insert_rules(transaction, client_no, BUILT_IN_RULES)
    first_month = int(CONFIG_KEYS["gl.fiscalYearStart"].default)
    store.insert_periods(transaction, client_no, periods_between(ledger_start, end_of_next_year(today, first_month), first_month))
