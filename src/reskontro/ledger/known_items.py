"""The AR items that a set concerns, looked up together and kept as one object each: by id, KID, number, claim and customer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.ledger import items_store
from reskontro.ledger.matching import group_claims
from reskontro.ledger.posting import OpenItem


class KnownItems:
    """What was looked up so far; whoever asks for more causes one more statement."""

    def __init__(self, transaction: Transaction, client_no: int) -> None:
        self.transaction = transaction
        self.client_no = client_no
        self._items: dict[UUID, OpenItem] = {}
        self._items_of_account: dict[int, list[OpenItem]] = {}
        self._items_of_claim: dict[UUID, list[OpenItem]] = {}
        self._by_kid: dict[str, list[OpenItem]] = {}
        self._by_document_no: dict[str, list[OpenItem]] = {}
        self._by_reference: dict[str, list[OpenItem]] = {}
        self._by_document: dict[UUID, list[OpenItem]] = {}
        self._charges_loaded: set[UUID] = set()
        self._asked_ids: set[UUID] = set()
        self._claims_loaded: set[UUID] = set()
        self._accounts_loaded: set[int] = set()
        self._open_claims: dict[int, dict[str, list[list[OpenItem]]]] = {}

    # ------------------------------------------------------------------------------------------------ looking up

    def load_items(self, ids: Iterable[UUID]) -> None:
        """Look up items by id, one statement for those not asked for before."""
        wanted = {item_id for item_id in ids if item_id not in self._items and item_id not in self._asked_ids}
        self._asked_ids |= wanted
        if wanted:
            for item in items_store.items_by_id(self.transaction, self.client_no, wanted):
                self.known(item)

    def load_kids(self, kids: Iterable[str]) -> None:
        """Look up the items that have one of the KIDs, one statement for those not asked for before."""
        wanted = {kid for kid in kids if kid not in self._by_kid}
        if wanted:
            self._by_kid.update({kid: [] for kid in wanted})
            for item in items_store.items_by_kid(self.transaction, self.client_no, wanted):
                assert item.kid is not None
                self._by_kid[item.kid].append(self.known(item))
            # A letter that posted nothing has a KID but no item: it means the claims it names.
            others = [kid for kid in wanted if not self._by_kid[kid]]
            for kid, item in items_store.items_by_letter_kid(self.transaction, self.client_no, others) if others else ():
                self._by_kid[kid].append(self.known(item))

    def load_document_nos(self, numbers: Iterable[str]) -> None:
        """Look up the items that bear one of the document numbers, whatever their case; a transferred item keeps its number."""
        self._load_keys({number.lower() for number in numbers}, self._by_document_no, items_store.items_by_document_no)

    def load_references(self, references: Iterable[str]) -> None:
        """Look up the items that bear one of the referenceNos, whatever their case."""
        self._load_keys({reference.lower() for reference in references}, self._by_reference, items_store.items_by_reference)

    def _load_keys(self, keys: set[str], known: dict[str, list[OpenItem]], read: Any) -> None:
        wanted = {key for key in keys if key not in known}
        if wanted:
            known.update({key: [] for key in wanted})
            for key, item in read(self.transaction, self.client_no, wanted):
                known.setdefault(key, []).append(self.known(item))

    def load_documents(self, documents: Iterable[UUID]) -> None:
        """Look up the items that documents have made."""
        wanted = {document for document in documents if document not in self._by_document}
        if wanted:
            self._by_document.update({document: [] for document in wanted})
            for item in items_store.items_by_document(self.transaction, self.client_no, wanted):
                assert item.document_uuid is not None
                self._by_document[item.document_uuid].append(self.known(item))

    def load_charges(self, principals: Iterable[UUID]) -> None:
        """Look up all interest and costs of principals, settled ones too."""
        missing = {principal for principal in principals if principal not in self._charges_loaded}
        if missing:
            self._charges_loaded |= missing
            for found in items_store.charges_of_claims(self.transaction, self.client_no, missing):
                self.known(found)

    def load_claims(self, principals: Iterable[UUID]) -> None:
        """Look up the open interest and costs of principals, one statement for those not asked for before."""
        missing = {principal for principal in principals if principal not in self._claims_loaded}
        if missing:
            self._claims_loaded |= missing
            for found in items_store.open_items_of_claims(self.transaction, self.client_no, missing):
                self.known(found)

    def load_accounts(self, accounts: Iterable[int]) -> None:
        """Look up the open items of customers, one statement for those not asked for before."""
        missing = {account_no for account_no in accounts if account_no not in self._accounts_loaded}
        if missing:
            self._accounts_loaded |= missing
            for found in items_store.open_items_of_accounts(self.transaction, self.client_no, missing):
                self.known(found)

    def known(self, item: OpenItem) -> OpenItem:
        """The one object that stands for an item in this set; remembers one that was read elsewhere."""
        found = self._items.get(item.ar_item_id)
        if found is not None:
            return found
        self._items[item.ar_item_id] = item
        self._items_of_account.setdefault(item.account_no, []).append(item)
        if item.claim_ar_item_id is not None:
            self._items_of_claim.setdefault(item.claim_ar_item_id, []).append(item)
        if item.open_amount > 0:
            self.forget_claims(item.account_no)
        return item

    def looked_up(self) -> list[OpenItem]:
        """Every item that was looked up or made so far."""
        return list(self._items.values())

    def item(self, item_id: UUID) -> OpenItem | None:
        """An item by id."""
        found = self._items.get(item_id)
        if found is None and item_id not in self._asked_ids:
            self.load_items((item_id,))
            found = self._items.get(item_id)
        return found

    def items_with_kid(self, kid: str) -> list[OpenItem]:
        """The items that have a KID, open or not, those of this set included."""
        found = self._by_kid.get(kid)
        if found is None:
            self.load_kids((kid,))
            found = self._by_kid[kid]
        return found

    def items_with_document_no(self, number: str) -> list[OpenItem]:
        """The items that bear a document number, open or not, those of this set included."""
        self.load_document_nos((number,))
        return self._by_document_no[number.lower()]

    def items_with_reference(self, reference: str) -> list[OpenItem]:
        """The items that bear a referenceNo, open or not, those of this set included."""
        self.load_references((reference,))
        return self._by_reference[reference.lower()]

    def items_of_document(self, document: UUID) -> list[OpenItem]:
        """The item that a document has made, as a list that is empty for an unknown document and one that posted nothing."""
        self.load_documents((document,))
        return self._by_document[document]

    def charges_of(self, principal: UUID) -> list[OpenItem]:
        """The interest and costs, settled ones too, that belong to a principal, those of this set included; oldest first."""
        self.load_charges((principal,))
        return sorted(self._items_of_claim.get(principal, ()), key=lambda item: item.ar_item_id.int)

    def claim_items(self, principals: Iterable[UUID]) -> list[OpenItem]:
        """The principals with the open interest and costs that belong to them."""
        wanted = list(dict.fromkeys(principals))
        if not self._items.keys() >= set(wanted):
            self.load_items(wanted)
        if not self._claims_loaded.issuperset(wanted):
            self.load_claims(wanted)
        found: dict[UUID, OpenItem] = {}
        for principal in wanted:
            item = self._items.get(principal)
            members = self._items_of_claim.get(principal, [])
            for member in members if item is None else [item, *members]:
                found[member.ar_item_id] = member
        return list(found.values())

    def account_items(self, account_no: int) -> list[OpenItem]:
        """All open items of a customer."""
        self.load_accounts((account_no,))
        return [item for item in self._items_of_account.get(account_no, ()) if item.is_open]

    def has_kid_here(self, kid: str) -> bool:
        """Whether an item of this set, or one that was looked up for it, has the KID."""
        return bool(self._by_kid.get(kid))

    def account_claims(self, account_no: int, currency: str) -> list[list[OpenItem]]:
        """The open claims of a customer in a currency, in the order in which payments cover them.

        They are kept from call to call, so that many payments of one customer do not sort his claims anew each time; what is settled goes from their
        front.
        """
        by_currency = self._open_claims.setdefault(account_no, {})
        claims = by_currency.get(currency)
        if claims is None:
            claims = group_claims(item for item in self.account_items(account_no) if item.currency == currency)
            claims.reverse()
            by_currency[currency] = claims
        while claims and not any(item.open_amount > 0 for item in claims[-1]):
            claims.pop()
        return claims[::-1]

    def forget_claims(self, account_no: int) -> None:
        """Put a customer's claims together anew: items have come, or were opened again."""
        self._open_claims.pop(account_no, None)

    def index(self, item: OpenItem) -> None:
        """Let what follows find a new item by all its keys."""
        self.known(item)
        if item.kid is not None:
            # Nobody has a KID that was just generated but its own item; whether a stored one has is asked for the whole set at the end.
            self._by_kid.setdefault(item.kid, []).append(item)
        if item.document_no is not None and (numbered := self._by_document_no.get(item.document_no.lower())) is not None:
            numbered.append(item)
        if item.reference_no is not None and (referenced := self._by_reference.get(item.reference_no.lower())) is not None:
            referenced.append(item)
