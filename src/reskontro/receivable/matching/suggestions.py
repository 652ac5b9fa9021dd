"""What payments with money left may be meant for: open claims that their KID, text, payer or customer point at.

They are suggestions to a reader; nothing is matched by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.norway.kid import KID_LENGTH_MAX, normalise

SUGGESTIONS_MAX: Final = 5
_WORDS_MAX: Final = 20
_WORD: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{2,34}", re.ASCII)
_DIGITS_MIN: Final = 4
"""A shorter number in a text is not taken for a KID."""

_COLUMNS: Final = "a.ar_item_id, c.customer_no, a.document_no, a.reference_no, a.kid, a.account_no, a.currency, a.open_amount, a.due_date"
_FROM: Final = "ar_item a join customer c on c.client_no = a.client_no and c.account_no = a.account_no"
_BY_KID: Final = f"select {_COLUMNS} from {_FROM} where a.client_no = %s and a.kid = any(%s) and a.open_amount > 0"
_BY_DOCUMENT: Final = (
    f"select {_COLUMNS} from document d join ar_item a on a.client_no = d.client_no and a.ar_item_id = d.ar_item_id"
    " join customer c on c.client_no = a.client_no and c.account_no = a.account_no"
    " where d.client_no = %s and (d.document_key = any(%s) or d.reference_key = any(%s)) and a.open_amount > 0"
)
_BY_ACCOUNT: Final = (
    f"select {_COLUMNS} from unnest(%s::integer[], %s::text[], %s::numeric[]) as w (account_no, currency, amount)"
    f" cross join lateral ((select i.* from ar_item i where i.client_no = %s and i.account_no = w.account_no and i.currency = w.currency"
    f" and i.open_amount > 0 and i.open_amount = w.amount order by i.due_date, i.ar_item_id limit {SUGGESTIONS_MAX})"
    " union (select i.* from ar_item i where i.client_no = %s and i.account_no = w.account_no and i.currency = w.currency"
    f" and i.open_amount > 0 order by i.due_date, i.ar_item_id limit {SUGGESTIONS_MAX})) a"
    " join customer c on c.client_no = a.client_no and c.account_no = a.account_no"
)


@dataclass(frozen=True, slots=True)
class _Item:
    """An open claim."""

    ar_item_id: UUID
    customer_no: str
    document_no: str | None
    reference_no: str | None
    kid: str | None
    account_no: int
    currency: str
    open_amount: Decimal
    due_date: Any


@dataclass(frozen=True, slots=True)
class _Clues:
    """What is known of a payment."""

    payment_uuid: UUID
    amount: Decimal
    currency: str
    account_no: int | None
    kid: str | None
    text: str
    payer: str | None

    @classmethod
    def of(cls, view: dict[str, Any]) -> _Clues:
        payer = view["payerAccountNo"]
        return cls(
            view["paymentUuid"],
            view["unallocatedAmount"],
            view["currency"],
            view["accountNo"],
            view["kid"],
            view["text"] or "",
            payer.translate(_MARKS).lower() if payer else None,
        )

    @property
    def exact_kid(self) -> str | None:
        """The text when it is nothing but a KID."""
        return normalise(self.text)

    @property
    def words(self) -> list[str]:
        """What in the text may be a number."""
        return _WORD.findall(self.text)[:_WORDS_MAX]

    @property
    def similar_kids(self) -> list[str]:
        """The KID with other numbers of zeros before it: banks and payers drop them."""
        if self.kid is None:
            return []
        bare = self.kid.lstrip("0")
        return [kid for length in range(len(bare), KID_LENGTH_MAX + 1) if (kid := bare.rjust(length, "0")) != self.kid]


_MARKS: Final = str.maketrans("", "", " .")


def suggest(transaction: Transaction, client_no: int, payments: Sequence[dict[str, Any]]) -> dict[UUID, list[dict[str, Any]]]:
    """At most five open claims for each payment, as shown in the list, best first; a handful of statements for all of them."""
    clues = [_Clues.of(view) for view in payments]
    if not clues:
        return {}
    numbers = _Numbers(transaction, client_no, clues)
    accounts = _Accounts(transaction, client_no, clues)
    return {found.payment_uuid: _best(found, (*numbers.of(found), *accounts.of(found))) for found in clues}


def _best(clues: _Clues, found: Iterable[tuple[_Item, str]]) -> list[dict[str, Any]]:
    """The first five items, each once; of other currencies none."""
    chosen: dict[UUID, dict[str, Any]] = {}
    for item, reason in found:
        if item.currency == clues.currency and item.ar_item_id not in chosen and len(chosen) < SUGGESTIONS_MAX:
            chosen[item.ar_item_id] = {
                "arItemId": item.ar_item_id,
                "customerNo": item.customer_no,
                "documentNo": item.document_no,
                "openAmount": item.open_amount,
                "reason": reason,
            }
    return list(chosen.values())


class _Numbers:
    """Open items whose KID, document number or reference is in a payment."""

    def __init__(self, transaction: Transaction, client_no: int, clues: Sequence[_Clues]) -> None:
        kids = {kid for found in clues for kid in _kids(found)}
        words = {word.lower() for found in clues for word in found.words}
        self._by_kid: dict[str, list[_Item]] = {}
        self._by_number: dict[str, list[_Item]] = {}
        self._by_reference: dict[str, list[_Item]] = {}
        if kids:
            for item in _items(transaction, _BY_KID, (client_no, list(kids))):
                self._by_kid.setdefault(item.kid or "", []).append(item)
        if words:
            for item in _items(transaction, _BY_DOCUMENT, (client_no, list(words), list(words))):
                self._by_number.setdefault((item.document_no or "").lower(), []).append(item)
                self._by_reference.setdefault((item.reference_no or "").lower(), []).append(item)

    def of(self, clues: _Clues) -> Iterator[tuple[_Item, str]]:
        """The items with what points at them, best first."""
        for kid in (clues.exact_kid, clues.kid):
            yield from _with(self._by_kid.get(kid or "", ()), "KID")
        for word in clues.words:
            yield from _with(self._by_number.get(word.lower(), ()), "DOCUMENT-NO")
            yield from _with(self._by_reference.get(word.lower(), ()), "REFERENCE")
            yield from _with(self._by_kid.get(word, ()), "KID")
        for kid in clues.similar_kids:
            yield from _with(self._by_kid.get(kid, ()), "SIMILAR-KID")


class _Accounts:
    """Open items of the customer that a payment is placed on, or whose bank account it came from."""

    def __init__(self, transaction: Transaction, client_no: int, clues: Sequence[_Clues]) -> None:
        payers = {found.payer for found in clues if found.payer is not None and found.account_no is None}
        self._payers: dict[str, list[int]] = {}
        if payers:
            rows = transaction.execute(
                "select bank_account_key, account_no from customer where client_no = %s and bank_account_key = any(%s)", (client_no, list(payers))
            )
            for key, account_no in rows:
                self._payers.setdefault(key, []).append(account_no)
        wanted = {(account_no, found.currency, found.amount) for found in clues for account_no in self._accounts_of(found)}
        self._items: dict[tuple[int, str], list[_Item]] = {}
        if wanted:
            columns = [list(column) for column in zip(*sorted(wanted), strict=True)]
            found_items = {item.ar_item_id: item for item in _items(transaction, _BY_ACCOUNT, (*columns, client_no, client_no))}
            for item in sorted(found_items.values(), key=lambda item: (item.due_date, item.ar_item_id.int)):
                self._items.setdefault((item.account_no, item.currency), []).append(item)

    def _accounts_of(self, clues: _Clues) -> list[int]:
        if clues.account_no is not None:
            return [clues.account_no]
        return self._payers.get(clues.payer or "", [])

    def of(self, clues: _Clues) -> Iterator[tuple[_Item, str]]:
        """The items with what points at them: first those of the same amount, then the oldest."""
        of_payer = clues.account_no is None
        items = [item for account_no in self._accounts_of(clues) for item in self._items.get((account_no, clues.currency), ())]
        same = [item for item in items if item.open_amount == clues.amount]
        yield from _with(same, "PAYER-ACCOUNT-AND-AMOUNT" if of_payer else "AMOUNT")
        yield from _with(items, "PAYER-ACCOUNT" if of_payer else "CUSTOMER")


def _kids(clues: _Clues) -> Iterator[str]:
    yield from (kid for kid in (clues.exact_kid, clues.kid) if kid is not None)
    yield from (word for word in clues.words if word.isdigit() and len(word) >= _DIGITS_MIN)
    yield from clues.similar_kids


def _with(items: Iterable[_Item], reason: str) -> Iterator[tuple[_Item, str]]:
    return ((item, reason) for item in items)


def _items(transaction: Transaction, statement: str, values: Sequence[Any]) -> list[_Item]:
    return [_Item(*row) for row in transaction.execute(statement.encode(), values)]
