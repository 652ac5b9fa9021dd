"""The AR items of a set: looked up together, settled one after the other, written together.

Everything that books on customers works through the desk: documents, auto postings, matches, captures, bank files. Each step of a set sees
what those before it did, and nothing reaches the database before ``write``, or before ``send_ledger`` where a large set is sent in parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from reskontro.batches.kinds import ChunkContext, Origin
from reskontro.db.bulk import ASIDE_FROM, Outbox
from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id
from reskontro.kit.money import ZERO
from reskontro.ledger import items_store, journal, payments_store
from reskontro.ledger.known_items import KnownItems
from reskontro.ledger.log import LogEntry, send_log
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


class ItemDesk(KnownItems):
    """See the module. The caller's transaction holds the client's write lock."""

    def __init__(self, transaction: Transaction, context: ChunkContext, customers: Debtors) -> None:
        super().__init__(transaction, context.client_no)
        self.context = context
        self.books = context.books
        self.debtors = customers
        self.base_currency: str = self.books.config("base.currency", context.today)
        self.base_decimals = currency_decimals(self.base_currency) or 0
        self.settler = Settler(self.books, self.base_currency, self.base_decimals)
        self._stored_totals: dict[tuple[int, str], Decimal] = {}
        self._totals_loaded: set[int] = set()
        self._new_totals: dict[tuple[int, str], Decimal] = {}
        self._differences_counted = 0
        self._matches: dict[UUID, Match] = {}
        self._matches_of_item: dict[UUID, list[Match]] = {}
        self._matches_asked: set[UUID] = set()
        self._new_matches_known = 0
        self.posted: dict[tuple[int, int], PostedTransaction] = {}
        """Stored transactions that were looked up, by (glYear, transactionNo); kept by ``ledger.reversal``."""
        self.posted_here: dict[int, PostedTransaction] = {}
        """Transactions of this set that were asked for, by identity."""
        self._bank_references: set[tuple[str, str]] = set()
        self._bank_references_asked: set[tuple[str, str]] = set()
        # What is still to be sent.
        self.new_items: list[OpenItem] = []
        self.transactions: list[LedgerTransaction] = []
        self.payments: list[PaymentRecord] = []
        self.changed_payments: list[PaymentChange] = []
        self._log: list[LogEntry] = []
        self._log_of_transactions: list[tuple[LogEntry, LedgerTransaction]] = []

    # ------------------------------------------------------------------------------------------------ totals

    def open_total(self, customer: Debtor) -> Decimal:
        """What a customer owes in his currency, this set included."""
        account_no = customer.account_no
        if account_no not in self._totals_loaded:
            self._totals_loaded.add(account_no)
            self._stored_totals.update(items_store.open_totals(self.transaction, self.client_no, [account_no]))
        self._count_differences()
        key = (account_no, customer.currency)
        return self._stored_totals.get(key, ZERO) + self._new_totals.get(key, ZERO)

    def _count_differences(self) -> None:
        differences = self.settler.effects.items
        for item in differences[self._differences_counted :]:
            self._count(item)
        self._differences_counted = len(differences)

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
        wanted = {item_id for item_id in item_ids if item_id not in self._matches_asked}
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
        found = {match.match_id: match for item_id in ids for match in self._matches_of_item.get(item_id, ())}
        return sorted(found.values(), key=lambda match: match.match_id.int)

    def _take_new_matches(self) -> None:
        matches = self.settler.effects.matches
        for match in matches[self._new_matches_known :]:
            self._remember_match(match)
        self._new_matches_known = len(matches)
        for item in self.settler.effects.items:
            self.known(item)

    def _remember_matches(self, rows: Sequence[items_store.MatchRow]) -> None:
        unknown = [row for row in rows if row.head.match_id not in self._matches]
        self.load_items(item_id for row in unknown for item_id, _, _ in row.lines)
        for row in unknown:
            match = row.head
            match.lines = [MatchLine(self._items[item_id], amount, base_amount) for item_id, amount, base_amount in row.lines]
            self._remember_match(match)

    def _remember_match(self, match: Match) -> None:
        self._matches[match.match_id] = match
        for item_id in {line.item.ar_item_id for line in match.lines}:
            self._matches_of_item.setdefault(item_id, []).append(match)

    # ------------------------------------------------------------------------------------------------ bank references

    def load_bank_references(self, keys: Iterable[tuple[str, str]]) -> None:
        """Look up which pairs of (bank account, reference), both without case, a payment already has."""
        wanted = {key for key in keys if key not in self._bank_references_asked}
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
        self.new_items.append(item)
        self._count(item)
        self.index(item)

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
        with Outbox(self.transaction, aside=len(self.transactions) >= ASIDE_FROM) as outbox:
            self.send_ledger(outbox)
            self.send_changes(outbox)

    def send_ledger(self, outbox: Outbox) -> None:
        """Number the transactions that took effect since the last time, and send them with their items and the log."""
        client_no, now = self.client_no, self.context.now
        effects = self.settler.effects
        self._count_differences()
        for item in effects.items:
            self.known(item)
        transactions, items = self.transactions + effects.transactions, self.new_items + effects.items
        journal.number_transactions(outbox.transaction, client_no, transactions)
        # The log asks for its last item first, and must not wait for what is under way.
        self._write_log(outbox)
        journal.write_transactions(outbox, client_no, transactions, now)
        journal.write_items(outbox, client_no, items, now)
        self.transactions, self.new_items = [], []
        effects.transactions.clear()
        effects.items.clear()
        self._differences_counted = 0
        self._settle_totals()

    def _settle_totals(self) -> None:
        """Totals that are asked for from now on have what was sent in them; those asked for before do not."""
        for key, amount in self._new_totals.items():
            if key[0] in self._totals_loaded:
                self._stored_totals[key] = self._stored_totals.get(key, ZERO) + amount
        self._new_totals.clear()

    def send_changes(self, outbox: Outbox) -> None:
        """Send what became of items that had a row already, with matches and payments; once per desk, after the ledger."""
        client_no, now, effects = self.client_no, self.context.now, self.settler.effects
        journal.write_changes(outbox, client_no, self._items.values(), now)
        journal.write_details(outbox, client_no, self._items.values(), now)
        journal.write_matches(outbox, client_no, effects.matches, now)
        payments_store.insert_payments(outbox, client_no, now, self.payments)
        new = {match.match_id for match in effects.matches}
        undone = [match for match in self._matches.values() if match.status == "UNDONE" and match.match_id not in new]
        if undone or self.changed_payments:
            transaction = outbox.transaction
            journal.write_undone(transaction, client_no, undone)
            payments_store.change_payments(transaction, client_no, self.changed_payments)

    def _write_log(self, outbox: Outbox) -> None:
        for entry, posting in self._log_of_transactions:
            entry.entity_id = f"{posting.gl_year}/{posting.transaction_no}"
        if self._log:
            send_log(outbox, self.client_no, self.context.now, self._log)
        self._log, self._log_of_transactions = [], []
