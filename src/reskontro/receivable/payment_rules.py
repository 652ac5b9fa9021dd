"""Whose a payment is and which claims it means, told from what the bank knows of it; the one implementation of the matching rules.

Nothing is guessed: a rule says one customer's items, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from reskontro.ledger.claims import (
    MatchSource,
    Meaning,
    matches_by_rule,
    meant_by_items,
    meant_by_kid,
    owners_of_kid,
)
from reskontro.ledger.posting import OpenItem
from reskontro.norway.kid import is_valid
from reskontro.receivable.customer_items import CustomerItemDesk, claims_named

_NUMBER_CHARACTERS_MAX: Final = 35
_MARKS: Final = str.maketrans("", "", " .")


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known of a payment. ``references`` are the KIDs it names, blanks removed; with one of them the text decides nothing."""

    amount: Decimal
    currency: str
    references: tuple[str, ...] = ()
    text: str | None = None
    payer_account_no: str | None = None

    @property
    def number(self) -> str | None:
        """The text when it may be the number or the reference of a document."""
        text = (self.text or "").strip()
        return text if not self.references and 0 < len(text) <= _NUMBER_CHARACTERS_MAX else None

    @property
    def payer_key(self) -> str:
        """The payer's account without marks; empty when it is unknown."""
        return (self.payer_account_no or "").translate(_MARKS).lower()


@dataclass(frozen=True, slots=True)
class Found:
    """Whose a payment is: of which customer and for which claims (none: it stays unapplied), else why nobody knows."""

    account_no: int | None = None
    meaning: Meaning | None = None
    exception: str | None = None


class PaymentRules:
    """The rules at work for a set of payments; ``load`` looks up what they ask about in a statement per table."""

    def __init__(self, desk: CustomerItemDesk, *, at_booking: bool = True) -> None:
        """``at_booking``: config matching.auto can switch the rules off; a run that was asked for applies them all the same."""
        self._desk = desk
        self._at_booking = at_booking
        self._payers: dict[str, list[int]] = {}

    def load(self, payments: Sequence[Clues], on: date) -> None:
        """Look up what the rules in force on a day may ask about the payments."""
        desk = self._desk
        kids = {kid for clues in payments for kid in clues.references}
        desk.load_kids(kids)
        desk.customers.load_kids(kid for kid in kids if not desk.items_with_kid(kid))
        numbers = {clues.number for clues in payments if clues.number is not None}
        if self._has("DOCUMENT-NO", on):
            desk.load_document_nos(numbers)
        if self._has("REFERENCE", on):
            desk.load_references(numbers)
        owners = {owner for kid in kids if not desk.items_with_kid(kid) and (owner := desk.customers.owner_of_kid(kid)) is not None}
        if self._has("PAYER-ACCOUNT-AND-AMOUNT", on):
            owners |= self._load_payers({clues.payer_key for clues in payments if not clues.references and clues.payer_key})
        items = desk.looked_up()
        desk.customers.load((), {item.account_no for item in items} | owners)
        principals = {principal for item in items for principal in claims_named(item)}
        desk.load_items(principals)
        desk.load_claims(principals)
        desk.load_accounts(owners)

    def _load_payers(self, keys: set[str]) -> set[int]:
        """The customers whose bank accounts payments came from."""
        wanted = keys - self._payers.keys()
        self._payers |= {key: [] for key in wanted}
        if wanted:
            rows = self._desk.transaction.execute(
                "select bank_account_key, account_no from customer where client_no = %s and bank_account_key = any(%s)",
                (self._desk.client_no, list(wanted)),
            )
            for key, account_no in rows:
                self._payers[key].append(account_no)
        return {account_no for key in keys for account_no in self._payers[key]}

    def _has(self, rule: str, on: date) -> bool:
        return matches_by_rule(self._desk, on, rule, at_booking=self._at_booking)

    def find(self, clues: Clues, on: date) -> Found:
        """Whose a payment is, by the rules in force on the day it is booked. Exceptions without customer: KID-INVALID, KID-UNKNOWN, KID-AMBIGUOUS,
        TEXT-ONLY; those with one are the meaning's.
        """
        desk = self._desk
        if clues.references:
            return _by_kid(desk, clues, matching=self._has("KID", on))
        for rule in desk.books.config("matching.rules", on):
            if not self._has(rule, on):
                continue
            found: Found | None = None
            if rule == "DOCUMENT-NO" and clues.number is not None:
                found = _by_number(desk, clues, desk.items_with_document_no(clues.number), "DOCUMENT-NO")
            elif rule == "REFERENCE" and clues.number is not None:
                found = _by_number(desk, clues, desk.items_with_reference(clues.number), "REFERENCE")
            elif rule == "PAYER-ACCOUNT-AND-AMOUNT" and clues.payer_key:
                found = self._by_payer(clues)
            if found is not None:
                return found
        return Found(exception="TEXT-ONLY")

    def _by_payer(self, clues: Clues) -> Found | None:
        """The payer's account is one customer's, and exactly one of his open items has the amount."""
        self._load_payers({clues.payer_key})
        owners = self._payers[clues.payer_key]
        if len(owners) != 1:
            return None
        items = self._desk.account_items(owners[0])
        fitting = [item for item in items if item.currency == clues.currency and item.open_amount == clues.amount]
        return Found(owners[0], meant_by_items(self._desk, fitting, "RUN")) if len(fitting) == 1 else None


def _by_kid(desk: CustomerItemDesk, clues: Clues, *, matching: bool) -> Found:
    """Of several KIDs all must be known and of one customer; their claims are settled in the order of the KIDs."""
    owners: dict[int, None] = {}
    for kid in clues.references:
        found = owners_of_kid(desk, kid)
        if not found:
            return Found(exception="KID-UNKNOWN" if is_valid(kid, desk.books.config("kid.algorithm", desk.context.today)) else "KID-INVALID")
        owners.update(dict.fromkeys(found))
    if len(owners) > 1:
        return Found(exception="KID-AMBIGUOUS")
    (account_no,) = owners
    if not matching:
        return Found(account_no)
    meanings = [meant_by_kid(desk, kid, account_no, clues.currency) for kid in clues.references]
    return Found(account_no, meanings[0] if len(meanings) == 1 else _together(meanings))


def _together(meanings: Sequence[Meaning]) -> Meaning:
    claims: dict[UUID, Sequence[OpenItem]] = {}
    for claim in (claim for meaning in meanings for claim in meaning.claims):
        claims.setdefault(claim[0].ar_item_id, claim)
    exceptions = [meaning.exception for meaning in meanings if meaning.exception is not None]
    return Meaning("KID", list(claims.values()), exceptions[0] if exceptions else None, all(meaning.understood for meaning in meanings))


def _by_number(desk: CustomerItemDesk, clues: Clues, items: Iterable[OpenItem], source: MatchSource) -> Found | None:
    opened = [item for item in items if item.open_amount > 0]
    owners = {item.account_no for item in opened}
    if len(owners) != 1:
        return None
    (account_no,) = owners
    in_currency = [item for item in opened if item.currency == clues.currency]
    if not in_currency:
        return Found(account_no, Meaning(source, exception="CURRENCY", understood=False))
    return Found(account_no, meant_by_items(desk, in_currency, source))
