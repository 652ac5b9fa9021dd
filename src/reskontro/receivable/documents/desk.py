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
from reskontro.db.bulk import ASIDE_FROM, Outbox
from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id, new_id
from reskontro.kit.messages import Messages, Severity
from reskontro.ledger.accounts import unusable, usable_control_account
from reskontro.ledger.books import PostingAccounts
from reskontro.ledger.log import LogEntry
from reskontro.ledger.payments import bank_account_key
from reskontro.ledger.posting import ONE
from reskontro.ledger.posting_rules import EVENTS
from reskontro.norway.kid import KidTemplate
from reskontro.receivable.customer_items import CustomerItemDesk
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents import store
from reskontro.receivable.documents.amounts import VatPolicy
from reskontro.receivable.documents.numbers import DocumentNumbers, KidNumbers
from reskontro.receivable.documents.record import NewDocument
from reskontro.receivable.documents.rules import CENT, Draft, Policy
from reskontro.receivable.documents.schemas import DOCUMENT_TYPES, identify
from reskontro.receivable.documents.store import KnownDocument
from reskontro.receivable.files.store import known_attachments


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


class DocumentDesk(CustomerItemDesk):
    """See the module. The caller's transaction holds the client's write lock."""

    def __init__(self, transaction: Transaction, context: ChunkContext) -> None:
        super().__init__(transaction, context)
        self.policy = policy_of(context)
        self._vat_policies: dict[tuple[date, bool, Decimal | None, int], VatPolicy] = {}
        self._rounding_accounts: dict[date, str] = {}
        self._line_accounts: dict[tuple[object, ...], PostingAccounts] = {}
        self._control_accounts: dict[tuple[str | None, date], tuple[str | None, str]] = {}
        self._by_article = {event: "article_no" in self.books.conditions_of(event) for event in EVENTS}
        self.usable_accounts = frozenset(
            number for number, account in self.books.accounts.items() if unusable(self.books, number) is None and not account.required_dimensions
        )
        """GL accounts that take any posting beside the control account."""
        self.base_country: str = self.books.config("base.country", context.today)
        self._documents: dict[str, KnownDocument | NewDocument] = {}
        self._asked_keys: set[str] = set()
        self._bundles: dict[UUID, dict[tuple[int, str], UUID]] = {}
        self._new_bundles: dict[UUID, dict[tuple[int, str], tuple[UUID, str]]] = {}
        self._used_keys: set[str] = set()
        self.numbers = DocumentNumbers(transaction, context, self._used_keys)
        self._kids: KidNumbers | None = None
        self._attachments: dict[UUID, bool] = {}
        self.new_documents: list[NewDocument] = []
        """Still to be sent."""
        self.letters_without_item: list[tuple[NewDocument, list[UUID]]] = []
        """Letters that posted nothing, with the claims that their KID means; sent at the end."""
        self._run_bundles: list[store.NewBundle] = []

    # ------------------------------------------------------------------------------------------------ looking up

    def load(self, drafts: Iterable[Draft]) -> None:
        """Look up everything the drafts name, one statement per table."""
        customers: list[str] = []
        keys: set[str] = set()
        kids: set[str] = set()
        references: set[tuple[str, str]] = set()
        attachments: set[UUID] = set()
        pays = False
        for draft in drafts:
            values = draft.values
            pays = pays or values.get("documentType") == "PY"
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
            if "attachmentFiles" in values:
                attachments |= {file["fileId"] for file in values["attachmentFiles"] if "fileId" in file}
            payment = values.get("payment")
            if payment and "bankReference" in payment:
                references.add((bank_account_key(self.books, self.context.today, payment.get("bankAccountNo")), payment["bankReference"].lower()))
        self.customers.load(customers)
        self._load_documents(keys)
        self.load_kids(kids)
        if pays:
            self.load_claims_meant()
        self.load_bank_references(references)
        self._load_attachments(attachments)

    def _load_attachments(self, ids: set[UUID]) -> None:
        wanted = ids - self._attachments.keys()
        if wanted:
            found = known_attachments(self.transaction, self.client_no, wanted)
            self._attachments |= {file_id: file_id in found for file_id in wanted}

    def has_attachment(self, file_id: UUID) -> bool:
        """Whether the client has uploaded an attachment of that id."""
        self._load_attachments({file_id})
        return self._attachments[file_id]

    def _load_documents(self, keys: set[str]) -> None:
        wanted = keys - self._asked_keys
        self._asked_keys |= wanted
        if wanted:
            for document in store.documents_by_key(self.transaction, self.client_no, wanted):
                if document.item is not None:
                    document.item = self.known(document.item)
                self._documents[document.document_no.lower()] = document

    def document(self, document_no: str) -> KnownDocument | None:
        """A document by number, whatever its case, those of this set included."""
        key = document_no.lower()
        if key not in self._asked_keys:
            self._load_documents({key})
        found = self._documents.get(key)
        return found.known() if isinstance(found, NewDocument) else found

    def vat_policy(self, on: date, customer: Customer | None, rate: Decimal | None, decimals: int) -> VatPolicy:
        """What the client and the customer mean for VAT on a day, in a currency of so many decimals; made once for the documents it is equal for."""
        abroad = customer is not None and customer.country_code != self.base_country
        key = (on, abroad, rate, decimals)
        found = self._vat_policies.get(key)
        if found is None:
            tolerance: Decimal = self.books.config("document.totalTolerance", on)
            found = self._vat_policies[key] = VatPolicy(
                severity=self.policy.vat,
                registered=self.books.client.vat_registered,
                abroad=abroad,
                zero_code=self.books.config("vat.zeroCode", on),
                tolerance=tolerance if rate is None or rate == ONE else tolerance / rate,
                unit=CENT if decimals else ONE,
            )
        return found

    def accounts_of_line(
        self, event: str, on: date, line_type: str, vat_code: str | None, raw: dict[str, Any], customer: Customer
    ) -> PostingAccounts:
        """The accounts of a line by the posting rules; lines that differ in nothing the rules look at are many."""
        group = raw.get("itemGroup1")
        article = raw.get("articleNo") if self._by_article[event] else None
        key = (event, on, line_type, vat_code, group, article, customer.customer_category, customer.country_code)
        found = self._line_accounts.get(key)
        if found is None:
            found = self._line_accounts[key] = self.books.accounts_for(
                event,
                on,
                line_type=line_type,
                vat_code=vat_code,
                item_group1=group,
                article_no=article,
                customer_category=customer.customer_category,
                country_code=customer.country_code,
            )
        return found

    def control_account(self, own: str | None, on: date) -> tuple[str | None, str]:
        """``usable_control_account``, asked once for the documents it is equal for."""
        key = (own, on)
        found = self._control_accounts.get(key)
        if found is None:
            found = self._control_accounts[key] = usable_control_account(self.books, own, on)
        return found

    def rounding_account(self, on: date) -> str:
        """The account of rounding differences on a day, empty when no rule names one."""
        found = self._rounding_accounts.get(on)
        if found is None:
            found = self._rounding_accounts[on] = self.books.accounts_for("ROUNDING", on).contra or ""
        return found

    def kids(self) -> KidNumbers | None:
        """The maker of KIDs, None when the client has none made."""
        if self._kids is None and self.books.config("kid.generate", self.context.today):
            template = KidTemplate(self.books.config("kid.template", self.context.today))
            self._kids = KidNumbers(self.transaction, self.context, template, self.policy.kid_algorithm)
        return self._kids

    # ------------------------------------------------------------------------------------------------ taking effect

    def add_document(self, document: NewDocument, origin: Origin) -> None:
        """Let a new document take effect for those that follow."""
        self.new_documents.append(document)
        key = document.document_no.lower()
        self._asked_keys.add(key)
        self._used_keys.add(key)
        self._documents[key] = document
        item = document.item
        self.log(
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

    def run_bundle(self, batch_uuid: UUID, account_no: int, bundle_type: str) -> UUID:
        """A new bundle of a run, which has one for a customer and works on each customer once."""
        new = store.NewBundle(new_id(), account_no, batch_uuid, "", None, bundle_type)
        self._run_bundles.append(new)
        return new.bundle_id

    def forget_run_bundle(self, bundle_id: UUID) -> None:
        """Take back a new bundle that nothing went into."""
        self._run_bundles = [bundle for bundle in self._run_bundles if bundle.bundle_id != bundle_id]

    # ------------------------------------------------------------------------------------------------ writing

    def outbox(self, items: int) -> Outbox:
        """What a set of so many items is sent through."""
        return Outbox(self.transaction, aside=items >= ASIDE_FROM)

    def write(self) -> None:
        """Send everything that took effect, in a handful of statements."""
        with self.outbox(len(self.new_documents)) as outbox:
            self.finish(outbox)

    def send(self, outbox: Outbox) -> None:
        """Send the documents that took effect since the last time, with their part of the ledger."""
        self._settle_kids()
        self._send(outbox)

    def _send(self, outbox: Outbox) -> None:
        client_no, now = self.client_no, self.context.now
        self.customers.write()
        bundles = [
            store.NewBundle(bundle_id, account_no, batch_uuid, key, reference)
            for batch_uuid, made in self._new_bundles.items()
            for (account_no, key), (bundle_id, reference) in made.items()
        ]
        store.insert_bundles(self.transaction, client_no, bundles + self._run_bundles, now)
        self._new_bundles, self._run_bundles = {}, []
        self.send_ledger(outbox)
        store.insert_documents(outbox, client_no, now, [document.row() for document in self.new_documents])
        store.insert_lines(outbox, client_no, [row for document in self.new_documents for row in document.line_rows])
        for document in self.new_documents:
            document.line_rows = []
        self.new_documents = []

    def finish(self, outbox: Outbox) -> None:
        """Send what is left, and what has to come last."""
        self._settle_kids()
        # Statements that are waited for come before the rows.
        self.numbers.write()
        if self._kids is not None:
            self._kids.write()
        self._send(outbox)
        claims = [(new.kid, claim, new.document_uuid) for new, claims in self.letters_without_item for claim in claims]
        store.insert_letter_claims(outbox, self.client_no, claims)
        self.context.writing()
        self.send_changes(outbox)

    def _settle_kids(self) -> None:
        """Give another KID to documents whose generated one turns out to be in use; asked once for the whole set."""
        if self._kids is None:
            return
        generated = {document.kid: document for document in self.new_documents if document.kid_generated and document.kid is not None}
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
