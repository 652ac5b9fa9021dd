"""Posting rules: which accounts an event is posted to. Pure.

Of the active rules whose event and conditions fit, the one with most conditions wins, then the lower priority, then the
lower number; an account that it leaves out comes from the next rule that fits and names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

EVENTS: Final = (
    "IN",
    "CN",
    "IT",
    "RM",
    "PY",
    "SUSPENSE",
    "REFUND",
    "WRITE-OFF",
    "SMALL-DIFFERENCE",
    "FEE",
    "ROUNDING",
    "EXCHANGE-GAIN",
    "EXCHANGE-LOSS",
)
CONDITIONS: Final = (
    "line_type",
    "vat_code",
    "item_group1",
    "article_no",
    "customer_category",
    "country_code",
    "fee_code",
    "reason_code",
)
DEFAULT_PRIORITY: Final = 500
_CACHE_ENTRIES_MAX = 50_000


@dataclass(frozen=True, slots=True)
class PostingRule:
    """One rule. A condition that is None fits everything, an account that is None is taken from the next rule."""

    posting_rule_no: int
    event: str
    line_type: str | None = None
    vat_code: str | None = None
    item_group1: str | None = None
    article_no: str | None = None
    customer_category: str | None = None
    country_code: str | None = None
    fee_code: str | None = None
    reason_code: str | None = None
    control_account: str | None = None
    contra_account: str | None = None
    vat_account: str | None = None
    vat_relief_account: str | None = None
    priority: int = DEFAULT_PRIORITY
    valid_from: date | None = None
    valid_to: date | None = None
    active: bool = True

    @property
    def conditions(self) -> dict[str, str]:
        """The conditions that are set, by name, without case."""
        found = ((name, getattr(self, name)) for name in CONDITIONS)
        return {name: value.casefold() for name, value in found if value is not None}

    def in_force(self, on: date) -> bool:
        """Whether the rule is active on the day."""
        return self.active and (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


class PostingAccounts(NamedTuple):
    """The accounts of an event; None where no rule that fits names one."""

    control: str | None
    contra: str | None
    vat: str | None
    vat_relief: str | None


class RuleBook:
    """The rules of a client, ready to be asked many times.

    Only the conditions and values that some rule of the event mentions take part in the key under which an answer is
    remembered, so that article numbers by the million do not fill the memory when no rule asks for them.
    """

    def __init__(self, rules: Iterable[PostingRule]) -> None:
        self._rules: dict[str, list[tuple[PostingRule, dict[str, str]]]] = {event: [] for event in EVENTS}
        for rule in sorted(rules, key=_rank):
            if rule.active:
                self._rules[rule.event].append((rule, rule.conditions))
        self._mentioned: dict[str, tuple[tuple[str, frozenset[str]], ...]] = {}
        self._dated: dict[str, bool] = {}
        for event, entries in self._rules.items():
            values: dict[str, set[str]] = {}
            for _, conditions in entries:
                for name, value in conditions.items():
                    values.setdefault(name, set()).add(value)
            self._mentioned[event] = tuple((name, frozenset(known)) for name, known in values.items())
            self._dated[event] = any(rule.valid_from or rule.valid_to for rule, _ in entries)
        self._names = {event: tuple(name for name, _ in mentioned) for event, mentioned in self._mentioned.items()}
        self._cache: dict[tuple[object, ...], PostingAccounts] = {}
        self._asked: dict[tuple[object, ...], PostingAccounts] = {}
        """The answers by conditions as they were spelled."""

    def conditions_of(self, event: str) -> tuple[str, ...]:
        """The names of the conditions that the active rules of an event look at."""
        return self._names[event]

    def accounts_for(self, event: str, on: date, conditions: Mapping[str, str | None]) -> PostingAccounts:
        """The accounts for an event on a day; raises KeyError for an event that does not exist."""
        asked = (event, on if self._dated[event] else None, *map(conditions.get, self._names[event]))
        answer = self._asked.get(asked)
        if answer is None:
            if len(self._asked) >= _CACHE_ENTRIES_MAX:
                self._asked.clear()
            answer = self._asked[asked] = self._accounts_for(event, on, conditions)
        return answer

    def _accounts_for(self, event: str, on: date, conditions: Mapping[str, str | None]) -> PostingAccounts:
        key: list[object] = [event, on if self._dated[event] else None]
        for name, known in self._mentioned[event]:
            value = conditions.get(name)
            if value is not None:
                value = value.casefold()
            key.append(value if value in known else None)
        remembered = tuple(key)
        found = self._cache.get(remembered)
        if found is None:
            if len(self._cache) >= _CACHE_ENTRIES_MAX:
                self._cache.clear()
            found = self._cache[remembered] = self._resolve(event, on, conditions)
        return found

    def _resolve(self, event: str, on: date, conditions: Mapping[str, str | None]) -> PostingAccounts:
        given = {name: value.casefold() for name, value in conditions.items() if value is not None}
        control = contra = vat = vat_relief = None
        for rule, wanted in self._rules[event]:
            if rule.in_force(on) and all(given.get(name) == value for name, value in wanted.items()):
                control = control or rule.control_account
                contra = contra or rule.contra_account
                vat = vat or rule.vat_account
                vat_relief = vat_relief or rule.vat_relief_account
        return PostingAccounts(control, contra, vat, vat_relief)


def _rank(rule: PostingRule) -> tuple[int, int, int]:
    return -len(rule.conditions), rule.priority, rule.posting_rule_no
