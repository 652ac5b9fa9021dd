"""The rules of client configs: from when a value may hold, and what can no longer be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Transaction
from reskontro.kit.errors import not_found, validation_failed
from reskontro.kit.messages import Language, Messages
from reskontro.ledger.books import Books, open_books, raise_version
from reskontro.ledger.config_keys import ConfigKey
from reskontro.ledger.configs import CONFIG_KEYS, config_key, read_value
from reskontro.ledger.log import LogEntry, append_log
from reskontro.ledger.periods import following_month, make_period
from reskontro.receivable.client_configs import store
from reskontro.receivable.client_configs.schemas import CONFIG_WRITE, config_view
from reskontro.receivable.merging import refuse
from reskontro.web.lists import Listing

ROOT = "/clientConfig"
_LAST_DAY = date(9999, 12, 31)
_ACCOUNTS_OF_KEY = ("bank.accounts", "collection.accounts")


def known_key(name: str) -> ConfigKey:
    """The key of a path, whatever its case; raises Problem NOT-FOUND."""
    entry = config_key(name)
    if entry is None:
        raise not_found(f"the config {name[:60]}")
    return entry


def listing(client_no: int, now: datetime, language: Language) -> Listing:
    """All configs, by key; ``key`` names some, or with a point at its end all that begin so."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> Sequence[str]:
        open_books(transaction, client_no)
        wanted = [value.casefold() for value in filters.get("key", [])]
        return [key for key in sorted(CONFIG_KEYS) if not wanted or _is_wanted(key.casefold(), wanted)][:limit]

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        books = open_books(transaction, client_no)
        today = books.today(now)
        return [config_view(books, CONFIG_KEYS[key], today, language) for key in keys if key in CONFIG_KEYS]

    return Listing("clientConfigs", "clientConfigs", "/clientconfigs", find, load)


def _is_wanted(key: str, wanted: Sequence[str]) -> bool:
    return any(key.startswith(name) if name.endswith(".") else key == name for name in wanted)


def put_config(transaction: Transaction, books: Books, entry: ConfigKey, sent: Mapping[str, Any], *, origin: Origin, now: datetime) -> Books:
    """Set a value from a day on; returns the books as they are then. The caller holds the client's write lock.

    Raises Problem VALIDATION-FAILED.
    """
    today = books.today(now)
    messages = Messages()
    fields = CONFIG_WRITE.read({**sent, "value": 0} if "value" in sent else sent, messages)
    value = _new_value(books, entry, sent, messages)
    valid_from = None if entry.fixed_by_posting else fields.get("validFrom", today)
    if valid_from is not None and entry.changes_postings:
        first_open = _first_open_day(books, today)
        if valid_from < first_open:
            refuse(messages, CONFIG_WRITE, "validFrom", "RANGE", min=first_open, max=_LAST_DAY)
    before = books.config(entry.key, valid_from or today)
    after = entry.default if value is None else value
    if entry.fixed_by_posting and after != before and not messages.error_count and store.has_postings(transaction, books.client_no):
        refuse(messages, CONFIG_WRITE, "value", "IMMUTABLE")
    if messages.error_count:
        raise validation_failed(messages.in_order(), ROOT)
    returns_to_default_already = value is None and not books.has_own_value(entry.key, valid_from or _LAST_DAY)
    if returns_to_default_already or (valid_from, value) in books.config_values.get(entry.key, []):
        return books
    store.put_value(transaction, books.client_no, entry.key, valid_from, value, now=now, changed_by=origin.user_id)
    if entry.key == "gl.fiscalYearStart" and after != before:
        periods = [make_period(period.from_date, after) for period in books.calendar.periods]
        store.renumber_periods(transaction, books.client_no, periods)
    changes = [{"field": "value", "oldValue": before, "newValue": after}, {"field": "validFrom", "oldValue": None, "newValue": valid_from}]
    append_log(transaction, books.client_no, now, [LogEntry("CONFIG-CHANGED", "CONFIG", entry.key, origin, changes=changes)])
    raise_version(transaction, books.client_no)
    return open_books(transaction, books.client_no, now)


def _first_open_day(books: Books, today: date) -> date:
    """The first day that a posting can have; the day after the last period when all are closed."""
    calendar = books.calendar
    if calendar.oldest_open is not None:
        return calendar.oldest_open.from_date
    return following_month(calendar.last_day or today)


def _new_value(books: Books, entry: ConfigKey, sent: Mapping[str, Any], messages: Messages) -> Any:
    """The value that was sent, checked and normalised; None for null and for an empty text, which bring the default
    back.
    """
    raw = sent.get("value")
    if raw is None or raw == "":
        return None
    found = Messages()
    value = read_value(entry.key, raw, found)
    if entry.key in _ACCOUNTS_OF_KEY and not found.error_count:
        _check_accounts(books, entry.key, value, found)
    messages.join(found, "/value", (CONFIG_WRITE.field("value").position,))
    return value


def _check_accounts(books: Books, key: str, value: Any, messages: Messages) -> None:
    """The GL accounts that a value names exist, are active, and are no control accounts: those are reached by a
    customer only.
    """
    if key == "bank.accounts":
        named = [("glAccount", f"/{index}/glAccount", row["glAccount"]) for index, row in enumerate(value)]
    else:
        named = [(role, f"/{role}", number) for role, number in value.items()]
    for field, pointer, number in named:
        account = books.account(number)
        if account is None or not account.active:
            messages.cross("E", "ACCOUNT-UNKNOWN", field, pointer, value=number)
        elif account.is_control:
            messages.cross("E", "ACCOUNT-CONTROL", field, pointer, value=number)
