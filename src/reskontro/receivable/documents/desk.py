"""The documents of a set: looked up together, judged and posted one after the other, written together.

Each document sees what those before it did: customers made, numbers used, items opened and settled. Nothing reaches the database before
``write``; a document that fails leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from reskontro.batches.kinds import ChunkContext, ItemResult, Origin
from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id, new_id
from reskontro.kit.messages import Messages, Severity
from reskontro.kit.money import ZERO
from reskontro.ledger import items_store, journal
from reskontro.ledger.log import LogEntry, append_log
from reskontro.ledger.posting import LedgerTransaction, OpenItem
from reskontro.ledger.settlement import Settler
from reskontro.norway.identities import currency_decimals
from reskontro.norway.kid import KidTemplate
from reskontro.receivable.customers.desk import CustomerDesk
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents import store
from reskontro.receivable.documents.numbers import DocumentNumbers, KidNumbers
from reskontro.receivable.documents.rules import Draft, Policy
from reskontro.receivable.documents.schemas import DOCUMENT_TYPES, identify
from reskontro.receivable.documents.store import KnownDocument


def policy_of(context: ChunkContext) -> Policy:
    """What the client's configs say about documents on the day of the set."""
    books, today = context.books, context.today

    def severity(key: str) -> Severity:
        return "E" if books.config(key, today) == "ERROR" else "W"

    return Policy(
        today=today,
        unknown=severity("validation.unknownFields"),
        kid=severity("validation.kid"),
        vat=severity("validation.vat"),
        kid_algorithm=books.config("kid.algorithm", today),
        reference_required=books.config("document.creditNoteReference", today) == "REQUIRED",
        modes={kind: books.config(f"series.{kind.lower()}", today)["mode"] for kind in DOCUMENT_TYPES},
    )


class DocumentDesk:
    """See the module. The caller's transaction holds the client's write lock."""

    def __init__(self, transaction: Transaction, context: ChunkContext) -> None:
        self.transaction = transaction
        self.context = context
        self.books = context.books
        self.client_no = context.client_no
        self.policy = policy_of(context)
        self.base_currency: str = self.books.config("base.currency", context.today)
        self.base_country: str = self.books.config("base.country", context.today)
        self.base_decimals = currency_decimals(self.base_currency) or 0
        self.customers = CustomerDesk(transaction, context)
        self.settler = Settler(self.books, self.base_currency, self.base_decimals)
        self._documents: dict[str, KnownDocument] = {}
        self._asked_keys: set[str] = set()
        self._by_kid: dict[str, list[OpenItem]] = {}
        self._items: dict[UUID, OpenItem] = {}
        self._claims_loaded: set[UUID] = set()
        self._accounts_loaded: set[int] = set()
        self._open_totals: dict[tuple[int, str], Decimal] = {}
        self._totals_loaded: set[int] = set()
        self._bundles: dict[UUID, dict[tuple[int, str], UUID]] = {}
        self._new_bundles: dict[UUID, dict[tuple[int, str], tuple[UUID, str]]] = {}
        self._used_keys: set[str] = set()
        self.bank_references: set[tuple[str, str]] = set()
        self.numbers = DocumentNumbers(transaction, context, self._used_keys)
        self._kids: KidNumbers | None = None
        # What ``write`` sends.
        self.new_documents: list[Any] = []
        self.new_items: list[OpenItem] = []
        self.transactions: list[LedgerTransaction] = []
        self._log: list[LogEntry] = []

    # ------------------------------------------------------------------------------------------------ looking up

    def load(self, drafts: Iterable[Draft]) -> None:
        """Look up everything the drafts name, one statement per table."""
        customers: list[str] = []
        keys: set[str] = set()
        kids: set[str] = set()
        references: set[tuple[str, str]] = set()
        for draft in drafts:
            values = draft.values
            if "customerNo" in values:
                customers.append(values["customerNo"])
            for number in (values.get("documentNo"), values.get("referenceDocumentNo")):
                if number is not None:
                    keys.add(number.lower())
            for line in draft.lines:
                if "referenceDocumentNo" in line:
                    keys.add(line["referenceDocumentNo"].lower())
            if "kid" in values:
                kids.add(values["kid"])
            payment = values.get("payment")
            if payment and "bankReference" in payment:
                references.add((self.bank_account_key(payment), payment["bankReference"].lower()))
        self.customers.load(customers)
        self._load_documents(keys)
        self._load_kids(kids)
        if references:
            self.bank_references = store.taken_bank_references(self.transaction, self.client_no, sorted(references))

    def _load_documents(self, keys: set[str]) -> None:
        wanted = keys - self._asked_keys
        self._asked_keys |= wanted
        if wanted:
            for document in store.documents_by_key(self.transaction, self.client_no, wanted):
                if document.item is not None:
                    document.item = self._known(document.item)
                self._documents[document.document_no.lower()] = document

    def _load_kids(self, kids: set[str]) -> None:
        wanted = kids - self._by_kid.keys()
        if wanted:
            self._by_kid.update({kid: [] for kid in wanted})
            for item in items_store.items_by_kid(self.transaction, self.client_no, wanted):
                assert item.kid is not None
                self._by_kid[item.kid].append(self._known(item))

    def _known(self, item: OpenItem) -> OpenItem:
        """The one object that stands for an item in this set."""
        return self._items.setdefault(item.ar_item_id, item)

    def document(self, document_no: str) -> KnownDocument | None:
        """A document by number, whatever its case, those of this set included."""
        key = document_no.lower()
        if key not in self._asked_keys:
            self._load_documents({key})
        return self._documents.get(key)

    def items_with_kid(self, kid: str) -> list[OpenItem]:
        """The items that have a KID, those of this set included."""
        if kid not in self._by_kid:
            self._load_kids({kid})
        return self._by_kid[kid]

    def item(self, item_id: UUID) -> OpenItem | None:
        """An item by id."""
        if item_id not in self._items:
            for found in items_store.items_by_id(self.transaction, self.client_no, [item_id]):
                self._known(found)
        return self._items.get(item_id)

    def claim_items(self, principals: Iterable[UUID]) -> list[OpenItem]:
        """The principals with the open interest and costs that belong to them."""
        wanted = set(principals)
        missing = wanted - self._claims_loaded
        if missing:
            for found in items_store.open_items_of_claims(self.transaction, self.client_no, missing):
                self._known(found)
            self._claims_loaded |= missing
        return [item for item in self._items.values() if item.ar_item_id in wanted or item.claim_ar_item_id in wanted]

    def account_items(self, account_no: int) -> list[OpenItem]:
        """All open items of a customer."""
        if account_no not in self._accounts_loaded:
            for found in items_store.open_items_of_accounts(self.transaction, self.client_no, [account_no]):
                self._known(found)
            self._accounts_loaded.add(account_no)
        return [item for item in self._items.values() if item.account_no == account_no and item.is_open]

    def open_total(self, customer: Customer) -> Decimal:
        """What a customer owes in his currency, this set included; kept up by ``add_item``."""
        account_no = customer.account_no
        if account_no not in self._totals_loaded:
            self._totals_loaded.add(account_no)
            self._open_totals.update(items_store.open_totals(self.transaction, self.client_no, [account_no]))
            for item in self.new_items:
                if item.account_no == account_no:
                    key = (account_no, item.currency)
                    self._open_totals[key] = self._open_totals.get(key, ZERO) + item.original_amount
        return self._open_totals.get((account_no, customer.currency), ZERO)

    def kids(self) -> KidNumbers | None:
        """The maker of KIDs, None when the client has none made."""
        if self._kids is None and self.books.config("kid.generate", self.context.today):
            template = KidTemplate(self.books.config("kid.template", self.context.today))
            self._kids = KidNumbers(self.transaction, self.context, template, self.policy.kid_algorithm)
        return self._kids

    def bank_account_key(self, payment: dict[str, Any]) -> str:
        """The bank account of a payment without case: the one named, else the client's first."""
        number = payment.get("bankAccountNo") or self.first_bank_account() or ""
        return str(number).replace(" ", "").replace(".", "").lower()

    def first_bank_account(self) -> str | None:
        """The number of the client's first bank account, None when it keeps none."""
        accounts = self.books.config("bank.accounts", self.context.today)
        return str(accounts[0]["bankAccountNo"]) if accounts else None

    def bank_gl_account(self, payment: dict[str, Any], on: date) -> str | None:
        """The GL account that a payment is booked on: that of the bank account, else the one of the posting rules, None when they name none."""
        key = self.bank_account_key(payment)
        for account in self.books.config("bank.accounts", on) or ():
            if account["bankAccountNo"].lower() == key:
                return str(account["glAccount"])
        return self.books.accounts_for("PY", on).contra

    @staticmethod
    def has_no_decimals(currency: str) -> bool:
        """Whether amounts of a currency are whole."""
        return currency_decimals(currency) == 0

    def has_kid_here(self, kid: str) -> bool:
        """Whether a document of this set, or one it names, has the KID."""
        return bool(self._by_kid.get(kid))

    # ------------------------------------------------------------------------------------------------ taking effect

    def add_item(self, item: OpenItem) -> None:
        """Let a new AR item take effect for the documents that follow."""
        self.new_items.append(item)
        self._items[item.ar_item_id] = item
        if item.kid is not None:
            # Nobody has a KID that was just generated but its own item; whether a stored one has is asked for the whole set at the end.
            self._by_kid.setdefault(item.kid, []).append(item)
        if item.account_no in self._totals_loaded:
            key = (item.account_no, item.currency)
            self._open_totals[key] = self._open_totals.get(key, ZERO) + item.original_amount

    def add_document(self, document: KnownDocument, origin: Origin) -> None:
        """Let a new document take effect for those that follow."""
        key = document.document_no.lower()
        self._asked_keys.add(key)
        self._used_keys.add(key)
        self._documents[key] = document
        item = document.item
        self._log.append(
            LogEntry(
                "DOCUMENT-POSTED",
                "DOCUMENT",
                encode_id(document.document_uuid),
                origin,
                ar_item_id=item.ar_item_id if item else None,
                customer_no=document.customer_no,
                document_no=document.document_no,
            )
        )

    def log_match(self, match_id: UUID, origin: Origin, document: KnownDocument) -> None:
        """Note a match in the log."""
        self._log.append(
            LogEntry("ITEM-MATCHED", "MATCH", encode_id(match_id), origin, customer_no=document.customer_no, document_no=document.document_no)
        )

    def bundle(self, batch_uuid: UUID, account_no: int, reference: str) -> UUID:
        """The bundle of a reference within a batch and customer, made when it is new."""
        if batch_uuid not in self._bundles:
            self._bundles[batch_uuid] = store.bundle_ids(self.transaction, self.client_no, batch_uuid)
        key = (account_no, reference.lower())
        known = self._bundles[batch_uuid].get(key)
        if known is None:
            known = self._bundles[batch_uuid][key] = new_id()
            self._new_bundles.setdefault(batch_uuid, {})[key] = (known, reference)
        return known

    # ------------------------------------------------------------------------------------------------ writing

    def write(self) -> None:
        """Send everything that took effect, in a handful of statements."""
        transaction, client_no, now = self.transaction, self.client_no, self.context.now
        effects = self.settler.effects
        self._settle_kids()
        self.customers.write()
        self.numbers.write()
        if self._kids is not None:
            self._kids.write()
        transactions = self.transactions + effects.transactions
        journal.number_transactions(transaction, client_no, transactions)
        journal.write_transactions(transaction, client_no, transactions, now)
        journal.write_items(transaction, client_no, self.new_items + effects.items, now)
        journal.write_changes(transaction, client_no, self._items.values(), now)
        journal.write_matches(transaction, client_no, effects.matches, now)
        for batch_uuid, bundles in self._new_bundles.items():
            store.insert_bundles(transaction, client_no, batch_uuid, bundles, now)
        if self.new_documents:
            store.insert_documents(transaction, client_no, now, [document.row() for document in self.new_documents])
            store.insert_lines(transaction, client_no, [row for document in self.new_documents for row in document.line_rows()])
            store.insert_payments(transaction, client_no, now, [document.payment for document in self.new_documents if document.payment])
        if self._log:
            append_log(transaction, client_no, now, self._log)

    def _settle_kids(self) -> None:
        """Give another KID to documents whose generated one turns out to be in use; asked once for the whole set."""
        if self._kids is None:
            return
        generated = {document.kid: document for document in self.new_documents if document.kid_generated}
        while generated:
            taken = self._kids.taken(generated)
            again = [generated[kid] for kid in taken]
            generated = {}
            for document in again:
                kid = self._kids.draw(document.account_no)
                document.change_kid(kid)
                generated[kid] = document


def failed(draft: Draft, messages: Messages, customer: Customer | None) -> ItemResult:
    """The result of a document that failed: it shows what was sent, and the account when the customer was found."""
    _, customer_no, document_no, reference = identify(draft.raw)
    return ItemResult(
        "FAILED",
        None,
        customer.account_no if customer else None,
        customer.customer_no if customer else customer_no,
        document_no,
        client_reference=reference,
        messages=messages.in_order(),
    )


def unchanged(draft: Draft, known: KnownDocument) -> ItemResult:
    """The result of a document that was stored before with equal content."""
    return ItemResult(
        "UNCHANGED",
        "DOCUMENT-UNCHANGED",
        known.account_no,
        known.customer_no,
        known.document_no,
        known.document_uuid,
        known.item.ar_item_id if known.item else None,
        client_reference=draft.reference,
        messages=draft.messages.in_order(),
    )
