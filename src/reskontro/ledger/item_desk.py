"""The AR items of a set: looked up together, settled one after the other, written together.

Everything that books on customers works through the desk: documents, auto postings, matches, captures, bank files. Each step of a set sees
what those before it did, and nothing reaches the database before ``write``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from reskontro.batches.kinds import ChunkContext, Origin
from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id
from reskontro.kit.money import ZERO
from reskontro.ledger import items_store, journal, payments_store
from reskontro.ledger.log import LogEntry, append_log
from reskontro.ledger.matching import Match, MatchLine
from reskontro.ledger.payments import PaymentChange, PaymentRecord
from reskontro.ledger.posting import LedgerTransaction, OpenItem
from reskontro.ledger.settlement import Settler
from reskontro.norway.identities import currency_decimals

if TYPE_CHECKING:
    from reskontro.ledger.reversal import PostedTransaction


class Debtor(Protocol):
    """What the ledger needs to know of a customer."""

    @property
    def account_no(self) -> int:
        """The account in the sub-ledger."""
        ...

    @property
    def customer_no(self) -> str:
        """The number that the creditor uses."""
        ...

    @property
    def customer_kid(self) -> str | None:
        """The customer's own KID."""
        ...

    @property
    def control_account(self) -> str | None:
        """The control account, None before the first posting."""
        ...

    @property
    def currency(self) -> str:
        """The currency that is used when none is named."""
        ...


class Debtors(Protocol):
    """The customers of a set, as far as the ledger asks for them; the customers' desk is one."""

    def find_account(self, account_no: int) -> Any:
        """The Debtor of an account, None when there is none."""
        ...

    def owner_of_kid(self, customer_kid: str) -> int | None:
        """The account of the customer whose own KID that is."""
        ...

    def set_control_account(self, customer: Any, control_account: str) -> Any:
        """Fix the control account of a customer that has none; returns the customer with it."""
        ...

    def write(self) -> None:
        """Send what took effect on customers."""
        ...


class ItemDesk:
    """See the module. The caller's transaction holds the client's write lock."""

    def __init__(self, transaction: Transaction, context: ChunkContext, customers: Debtors) -> None:
        self.transaction = transaction
        self.context = context
        self.books = context.books
        self.client_no = context.client_no
        self.debtors = customers
        self.base_currency: str = self.books.config("base.currency", context.today)
        self.base_decimals = currency_decimals(self.base_currency) or 0
        self.settler = Settler(self.books, self.base_currency, self.base_decimals)
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
        self._stored_totals: dict[tuple[int, str], Decimal] = {}
        self._totals_loaded: set[int] = set()
        self._new_totals: dict[tuple[int, str], Decimal] = {}
        self._differences_counted = 0
        self._matches: dict[UUID, Match] = {}
        self._matches_asked: set[UUID] = set()
        self._new_matches_known = 0
        self.posted: dict[tuple[int, int], PostedTransaction] = {}
        """Stored transactions that were looked up, by (glYear, transactionNo); kept by ``ledger.reversal``."""
        self.posted_here: dict[int, PostedTransaction] = {}
        """Transactions of this set that were asked for, by identity."""
        self._bank_references: set[tuple[str, str]] = set()
        self._bank_references_asked: set[tuple[str, str]] = set()
        # What ``write`` sends.
        self.new_items: list[OpenItem] = []
        self.transactions: list[LedgerTransaction] = []
        self.payments: list[PaymentRecord] = []
        self.changed_payments: list[PaymentChange] = []
        self._log: list[LogEntry] = []
        self._log_of_transactions: list[tuple[LogEntry, LedgerTransaction]] = []

    # ------------------------------------------------------------------------------------------------ looking up

    def load_items(self, ids: Iterable[UUID]) -> None:
        """Look up items by id, one statement for those not asked for before."""
        wanted = set(ids) - self._items.keys() - self._asked_ids
        self._asked_ids |= wanted
        if wanted:
            for item in items_store.items_by_id(self.transaction, self.client_no, wanted):
                self.known(item)

    def load_kids(self, kids: Iterable[str]) -> None:
        """Look up the items that have one of the KIDs, one statement for those not asked for before."""
        wanted = set(kids) - self._by_kid.keys()
        if wanted:
            self._by_kid.update({kid: [] for kid in wanted})
            for item in items_store.items_by_kid(self.transaction, self.client_no, wanted):
                assert item.kid is not None
                self._by_kid[item.kid].append(self.known(item))

    def load_document_nos(self, numbers: Iterable[str]) -> None:
        """Look up the items that bear one of the document numbers, whatever their case; a transferred item keeps its number."""
        self._load_keys({number.lower() for number in numbers}, self._by_document_no, items_store.items_by_document_no)

    def load_references(self, references: Iterable[str]) -> None:
        """Look up the items that bear one of the referenceNos, whatever their case."""
        self._load_keys({reference.lower() for reference in references}, self._by_reference, items_store.items_by_reference)

    def _load_keys(self, keys: set[str], known: dict[str, list[OpenItem]], read: Any) -> None:
        wanted = keys - known.keys()
        if wanted:
            known.update({key: [] for key in wanted})
            for key, item in read(self.transaction, self.client_no, wanted):
                known.setdefault(key, []).append(self.known(item))

    def load_documents(self, documents: Iterable[UUID]) -> None:
        """Look up the items that documents have made."""
        wanted = set(documents) - self._by_document.keys()
        if wanted:
            self._by_document.update({document: [] for document in wanted})
            for item in items_store.items_by_document(self.transaction, self.client_no, wanted):
                assert item.document_uuid is not None
                self._by_document[item.document_uuid].append(self.known(item))

    def load_charges(self, principals: Iterable[UUID]) -> None:
        """Look up all interest and costs of principals, settled ones too."""
        missing = set(principals) - self._charges_loaded
        if missing:
            self._charges_loaded |= missing
            for found in items_store.charges_of_claims(self.transaction, self.client_no, missing):
                self.known(found)

    def load_claims(self, principals: Iterable[UUID]) -> None:
        """Look up the open interest and costs of principals, one statement for those not asked for before."""
        missing = set(principals) - self._claims_loaded
        if missing:
            self._claims_loaded |= missing
            for found in items_store.open_items_of_claims(self.transaction, self.client_no, missing):
                self.known(found)

    def load_accounts(self, accounts: Iterable[int]) -> None:
        """Look up the open items of customers, one statement for those not asked for before."""
        missing = set(accounts) - self._accounts_loaded
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
        return item

    def item(self, item_id: UUID) -> OpenItem | None:
        """An item by id."""
        self.load_items((item_id,))
        return self._items.get(item_id)

    def items_with_kid(self, kid: str) -> list[OpenItem]:
        """The items that have a KID, open or not, those of this set included."""
        self.load_kids((kid,))
        return self._by_kid[kid]

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
        self.load_claims(wanted)
        found: dict[UUID, OpenItem] = {}
        for principal in wanted:
            item = self._items.get(principal)
            for member in (item, *self._items_of_claim.get(principal, ())) if item is not None else self._items_of_claim.get(principal, ()):
                found[member.ar_item_id] = member
        return list(found.values())

    def account_items(self, account_no: int) -> list[OpenItem]:
        """All open items of a customer."""
        self.load_accounts((account_no,))
        return [item for item in self._items_of_account.get(account_no, ()) if item.is_open]

    def has_kid_here(self, kid: str) -> bool:
        """Whether an item of this set, or one that was looked up for it, has the KID."""
        return bool(self._by_kid.get(kid))

    def open_total(self, customer: Debtor) -> Decimal:
        """What a customer owes in his currency, this set included."""
        account_no = customer.account_no
        if account_no not in self._totals_loaded:
            self._totals_loaded.add(account_no)
            self._stored_totals.update(items_store.open_totals(self.transaction, self.client_no, [account_no]))
        differences = self.settler.effects.items
        for item in differences[self._differences_counted :]:
            self._count(item)
        self._differences_counted = len(differences)
        key = (account_no, customer.currency)
        return self._stored_totals.get(key, ZERO) + self._new_totals.get(key, ZERO)

    def _count(self, item: OpenItem) -> None:
        # Matches add up to zero for a customer, so only what items are made of changes a total.
        key = (item.account_no, item.currency)
        self._new_totals[key] = self._new_totals.get(key, ZERO) + item.original_amount

    @staticmethod
    def has_no_decimals(currency: str) -> bool:
        """Whether amounts of a currency are whole."""
        return currency_decimals(currency) == 0

    # ------------------------------------------------------------------------------------------------ matches

    def load_matches(self, item_ids: Iterable[UUID]) -> None:
        """Look up the matches that items are in, with all their lines, one statement each for those not asked for before."""
        wanted = set(item_ids) - self._matches_asked
        self._matches_asked |= wanted
        stored = [item_id for item_id in wanted if item_id not in self._items or self._items[item_id].transaction is None]
        if stored:
            self._remember_matches(items_store.matches_of_items(self.transaction, self.client_no, stored))

    def match(self, match_id: UUID) -> Match | None:
        """A match by id, undone or not, those of this set included."""
        self._take_new_matches()
        if match_id not in self._matches:
            self._remember_matches(items_store.matches_by_id(self.transaction, self.client_no, [match_id]))
        return self._matches.get(match_id)

    def matches_of(self, items: Iterable[OpenItem]) -> list[Match]:
        """The matches, undone or not, that one of the items is in, oldest first, those of this set included."""
        ids = {item.ar_item_id for item in items}
        self.load_matches(ids)
        self._take_new_matches()
        found = [match for match in self._matches.values() if any(line.item.ar_item_id in ids for line in match.lines)]
        return sorted(found, key=lambda match: match.match_id.int)

    def _take_new_matches(self) -> None:
        matches = self.settler.effects.matches
        for match in matches[self._new_matches_known :]:
            self._matches[match.match_id] = match
        self._new_matches_known = len(matches)
        for item in self.settler.effects.items:
            self.known(item)

    def _remember_matches(self, rows: Sequence[items_store.MatchRow]) -> None:
        unknown = [row for row in rows if row.head.match_id not in self._matches]
        self.load_items(item_id for row in unknown for item_id, _, _ in row.lines)
        for row in unknown:
            match = row.head
            match.lines = [MatchLine(self._items[item_id], amount, base_amount) for item_id, amount, base_amount in row.lines]
            self._matches[match.match_id] = match

    # ------------------------------------------------------------------------------------------------ bank references

    def load_bank_references(self, keys: Iterable[tuple[str, str]]) -> None:
        """Look up which pairs of (bank account, reference), both without case, a payment already has."""
        wanted = set(keys) - self._bank_references_asked
        self._bank_references_asked |= wanted
        if wanted:
            self._bank_references |= payments_store.taken_bank_references(self.transaction, self.client_no, sorted(wanted))

    def has_bank_reference(self, key: tuple[str, str]) -> bool:
        """Whether a payment of the pair (bank account, reference) is booked, those of this set included."""
        self.load_bank_references((key,))
        return key in self._bank_references

    # ------------------------------------------------------------------------------------------------ taking effect

    def add_item(self, item: OpenItem) -> None:
        """Let a new AR item take effect for what follows."""
        self.known(item)
        self.new_items.append(item)
        self._count(item)
        if item.kid is not None:
            # Nobody has a KID that was just generated but its own item; whether a stored one has is asked for the whole set at the end.
            self._by_kid.setdefault(item.kid, []).append(item)
        if item.document_no is not None and (numbered := self._by_document_no.get(item.document_no.lower())) is not None:
            numbered.append(item)
        if item.reference_no is not None and (referenced := self._by_reference.get(item.reference_no.lower())) is not None:
            referenced.append(item)

    def add_payment(self, payment: PaymentRecord) -> None:
        """Let a payment take effect: its bank reference is used up."""
        self.payments.append(payment)
        if payment.bank_reference is not None:
            key = (payment.bank_account_key, payment.bank_reference.lower())
            self._bank_references_asked.add(key)
            self._bank_references.add(key)

    def log(self, entry: LogEntry) -> None:
        """Note something in the log, after what was noted before."""
        self._log.append(entry)

    def log_match(self, match_id: UUID, origin: Origin, customer_no: str, document_no: str | None = None) -> None:
        """Note a match in the log."""
        self._log.append(LogEntry("ITEM-MATCHED", "MATCH", encode_id(match_id), origin, customer_no=customer_no, document_no=document_no))

    def log_transaction(
        self, event: str, posting: LedgerTransaction, origin: Origin, *, customer_no: str | None = None, ar_item_id: UUID | None = None
    ) -> None:
        """Note something about a transaction in the log, under the number that it gets."""
        entry = LogEntry(event, "TRANSACTION", "", origin, customer_no=customer_no, ar_item_id=ar_item_id)
        self._log.append(entry)
        self._log_of_transactions.append((entry, posting))

    # ------------------------------------------------------------------------------------------------ writing

    def write(self) -> None:
        """Send everything that took effect, in a handful of statements; once per desk."""
        self.debtors.write()
        self.write_ledger()
        self.write_log()

    def write_ledger(self) -> None:
        """Number and send transactions, items, matches and payments."""
        transaction, client_no, now = self.transaction, self.client_no, self.context.now
        effects = self.settler.effects
        transactions = self.transactions + effects.transactions
        journal.number_transactions(transaction, client_no, transactions)
        journal.write_transactions(transaction, client_no, transactions, now)
        journal.write_items(transaction, client_no, self.new_items + effects.items, now)
        journal.write_changes(transaction, client_no, self._items.values(), now)
        journal.write_details(transaction, client_no, self._items.values(), now)
        journal.write_matches(transaction, client_no, effects.matches, now)
        new = {match.match_id for match in effects.matches}
        journal.write_undone(transaction, client_no, [m for m in self._matches.values() if m.status == "UNDONE" and m.match_id not in new])
        payments_store.insert_payments(transaction, client_no, now, self.payments)
        payments_store.change_payments(transaction, client_no, self.changed_payments)

    def write_log(self) -> None:
        """Send the log items, in the order in which they were noted."""
        for entry, posting in self._log_of_transactions:
            entry.entity_id = f"{posting.gl_year}/{posting.transaction_no}"
        if self._log:
            append_log(self.transaction, self.client_no, self.context.now, self._log)
