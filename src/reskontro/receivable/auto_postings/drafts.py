"""An auto posting as it was sent, and what can be said of it without knowing anything that is stored; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from reskontro.kit.messages import Messages, Severity
from reskontro.ledger.posting import LedgerTransaction, OpenItem
from reskontro.norway.identities import currency_decimals
from reskontro.receivable.auto_postings.schemas import AUTO_POSTING

OLDEST_DATE: Final = date(2000, 1, 1)
DAYS_AHEAD_MAX: Final = 366
ENTITY: Final = "autoPosting"
"""The field of findings that no key fits."""
COMMON_FIELDS: Final = frozenset(("validateOnly", "clientReference", "postingDate", "text", "dimensions"))
ITEM_FIELDS: Final = ("arItemId", "documentUuid", "documentNo", "referenceNo", "kid")
"""The keys that mean an item, in field order."""
CUSTOMER_FIELDS: Final = ("customerNo", "accountNo")
"""The keys that mean a customer."""

_POSITIONS: dict[str, tuple[int, ...]] = {entry.name: (entry.position,) for entry in AUTO_POSTING.fields}


@dataclass(slots=True)
class Draft:
    """One posting of a call."""

    index: int
    raw: dict[str, Any]
    values: dict[str, Any]
    messages: Messages

    @property
    def failed(self) -> bool:
        """Whether something forbids it."""
        return bool(self.messages.error_count)

    def find(self, code: str, name: str, /, *, severity: Severity = "E", inside: Sequence[str | int] = (), **parameters: Any) -> None:
        """Note a finding of a field; ``inside`` is the way from the field to the key that holds the value, element numbers among names."""
        position, pointer, leaf, schema = _POSITIONS[name], f"/{name}", name, AUTO_POSTING.field(name).inner
        for step in inside:
            pointer += f"/{step}"
            if isinstance(step, int):
                position = (*position, step)
            else:
                assert schema is not None
                leaf, position, schema = step, (*position, schema.field(step).position), schema.field(step).inner
        self.messages.add(severity, code, leaf, pointer, position, **parameters)

    def cross(self, code: str, name: str = ENTITY, /, **parameters: Any) -> None:
        """Note a finding of a check that looks at several fields."""
        self.messages.cross("E", code, name, "" if name == ENTITY else f"/{name}", **parameters)

    def was_sent(self, name: str) -> bool:
        """Whether a field was sent, in order or not."""
        return self.raw.get(name) not in (None, "")

    def refused(self, names: Iterable[str]) -> bool:
        """Whether one of the fields was sent but did not pass."""
        return any(self.was_sent(name) and name not in self.values for name in names)

    def first_sent(self, names: Iterable[str]) -> str:
        """The first of the fields that was sent, else the entity."""
        return next((name for name in names if self.was_sent(name)), ENTITY)


@dataclass(slots=True)
class Outcome:
    """What a posting comes to: its transaction, the items it made or changed, and its amount in its currency."""

    posting: LedgerTransaction
    amount: Decimal
    items: list[OpenItem] = field(default_factory=list)


def read(index: int, raw: dict[str, Any], taken: frozenset[str], required: Sequence[str], today: date) -> Draft:
    """Read a posting of a method that takes the fields ``taken`` (besides the common ones) and needs those in ``required``."""
    messages = Messages()
    values = AUTO_POSTING.read(raw, messages)
    draft = Draft(index, raw, values, messages)
    for name in raw:
        if name in AUTO_POSTING.by_name and draft.was_sent(name) and name not in taken and name not in COMMON_FIELDS:
            messages.unknown("E", name, f"/{name}")
    for name in required:
        if name not in values and not draft.was_sent(name):
            draft.find("REQUIRED", name)
    latest = today + timedelta(days=DAYS_AHEAD_MAX)
    payment_date = values.get("paymentDate")
    if payment_date is not None and not OLDEST_DATE <= payment_date <= latest:
        draft.find("RANGE", "paymentDate", min=OLDEST_DATE, max=latest)
        del values["paymentDate"]
    return draft


def check_decimals(draft: Draft, currency: str) -> None:
    """PRECISION for amounts with decimals that the currency does not have."""
    if currency_decimals(currency) != 0:
        return
    values = draft.values
    if not _is_whole(values.get("amount")):
        draft.find("PRECISION", "amount", max=0)
    for name, keys in (("allocations", ("amount",)), ("entries", ("debit", "credit"))):
        for index, element in enumerate(values.get(name, ())):
            for key in keys:
                if not _is_whole(element.get(key)):
                    draft.find("PRECISION", name, inside=(index, key), max=0)


def _is_whole(amount: Decimal | None) -> bool:
    return amount is None or amount == amount.to_integral_value()


def check_references(drafts: Sequence[Draft]) -> None:
    """NOT-UNIQUE for a clientReference that an earlier posting of the call has."""
    seen: set[str] = set()
    for draft in drafts:
        reference = draft.values.get("clientReference")
        if reference is None:
            continue
        if reference in seen:
            draft.find("NOT-UNIQUE", "clientReference", value=reference)
        seen.add(reference)
