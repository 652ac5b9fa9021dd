"""Working through customers of an interest run as a set: looked up together, judged customer by customer, written together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from reskontro.batches.kinds import ChunkContext, Item, ItemResult
from reskontro.db.bulk import Outbox
from reskontro.db.engine import Transaction
from reskontro.kit.ids import new_id
from reskontro.kit.messages import Message, outcome_text
from reskontro.kit.money import multiply
from reskontro.ledger.collection import is_with_collection
from reskontro.ledger.posting import ONE, OpenItem
from reskontro.ledger.reversal import REVERSED
from reskontro.norway.announced import rates_in_use
from reskontro.norway.rates import ValueMissing
from reskontro.receivable.accrued_interest import CALCULATED_UNTIL, Terms, owed
from reskontro.receivable.claim_charges import CONSUMER
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.desk import DocumentDesk
from reskontro.receivable.documents.poster import post
from reskontro.receivable.documents.record import NewDocument
from reskontro.receivable.dunning.rules import INTEREST_HOLD, STOP_STATUSES, is_held
from reskontro.receivable.files.writing import QueuedLetter, queue_letters
from reskontro.receivable.interest_run.candidates import claims
from reskontro.receivable.interest_run.notes import Charge, Note, note_draft, note_letter, split_notes
from reskontro.receivable.letters.stationery import Stationery
from reskontro.receivable.runs.inputs import CustomerInput, PartFailed, failed_customer, read_input, unknown_customer
from reskontro.receivable.runs.proposals import LANGUAGE, Row, keep_rows

BUNDLE_TYPE: Final = "INTEREST"


def interest_kinds(context: ChunkContext) -> tuple[str, ...]:
    """Which claims bear interest: principals, and where the client has said so the costs."""
    return ("PRINCIPAL", "COST") if context.books.config("interest.onCosts", context.today) else ("PRINCIPAL",)


def work(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[list[ItemResult]]:
    """Charge interest to a set of customers; see batches.kinds.Work."""
    run = InterestSet(transaction, context)
    inputs = [read_input(item.value) for item in items]
    run.load(inputs)
    results = [run.customer(item.index, found) for item, found in zip(items, inputs, strict=True)]
    run.write()
    return results


@dataclass(slots=True)
class _Made:
    """A note that took effect, whose letter is made when its KID is sure."""

    file_id: Any
    note: Note
    document: NewDocument


class InterestSet:
    """See the module. The caller's transaction holds the client's write lock."""

    def __init__(self, transaction: Transaction, context: ChunkContext) -> None:
        assert context.run is not None
        asked = context.run.asked
        self._transaction = transaction
        self._context = context
        self._origin = context.run.origin
        self._until = date.fromisoformat(asked["interestTo"])
        self._reference: str | None = asked.get("clientReference")
        self._only_validate = bool(asked.get("validateOnly"))
        self._language = asked.get(LANGUAGE, "en")
        self._desk = DocumentDesk(transaction, context)
        self._terms = Terms.of(context.books, self._desk.base_currency, context.today)
        self._stationery = Stationery.of(context, context.today, rates_in_use())
        self._minimum: Decimal = context.books.config("interest.minimumNote", context.today)
        self._claims: dict[int, list[OpenItem]] = {}
        self._made: list[_Made] = []
        self._rows: list[Row] = []

    # ------------------------------------------------------------------------------------------------ looking up

    def load(self, inputs: Sequence[CustomerInput]) -> None:
        """Look up customers, their claims and what was matched with these."""
        desk = self._desk
        accounts = [found.account_no for found in inputs if found.account_no is not None]
        desk.customers.load((), accounts)
        found = claims(self._transaction, desk.client_no, interest_kinds(self._context), self._until, accounts)
        ids = [item_id for _, item_id in found]
        desk.load_items(ids)
        desk.load_matches(ids)
        for account_no, item_id in found:
            item = desk.item(item_id)
            assert item is not None, "it was found just now"
            self._claims.setdefault(account_no, []).append(item)
        desk.load_items(item.claim_ar_item_id for items in self._claims.values() for item in items if item.claim_ar_item_id is not None)

    # ------------------------------------------------------------------------------------------------ one customer

    def customer(self, index: int, found: CustomerInput) -> list[ItemResult]:
        """Charge what a customer owes in each currency, all of it or nothing."""
        if found.account_no is None:
            return [unknown_customer(found, self._reference)]
        customer = self._desk.customers.find_account(found.account_no)
        if customer is None:
            return []
        try:
            notes, warnings = self._judge(customer)
        except ValueMissing as missing:
            return [failed_customer(customer, [_missing("E", missing.name, missing.day)], self._reference)]
        stops = self._stops(notes)
        if stops:
            return [failed_customer(customer, stops, self._reference)]
        if self._only_validate:
            return self._propose(index, customer, notes, warnings)
        return self._charge(customer, notes, warnings)

    def _judge(self, customer: Customer) -> tuple[list[Note], list[Message]]:
        """The notes of a customer; raises ValueMissing."""
        day = self._context.today
        if customer.registration_status_code in STOP_STATUSES or is_held(customer.values.get(INTEREST_HOLD), day):
            return [], []
        by_currency: dict[str, Note] = {}
        limited = False
        for item in self._claims.get(customer.account_no, ()):
            principal = self._principal(item)
            if _is_stopped(item, day) or _is_stopped(principal, day):
                continue
            own, most = owed(self._desk, item, self._until, self._terms, customer.customer_category)
            interest = own if most is None or own.amount <= most.amount else most
            limited |= interest is not own
            if interest.amount > 0:
                note = by_currency.setdefault(item.currency, Note(customer, item.currency, []))
                note.charges.append(Charge(item, interest, principal))
        notes = [note for note in by_currency.values() if self._is_worth_it(note)]
        statutory = not self._terms.agreed or customer.customer_category == CONSUMER
        warnings = []
        if notes and statutory and self._terms.carried_forward(self._until):
            warnings.append(_missing("W", self._terms.statutory.name, self._until))
        if notes and limited:
            warnings.append(Message("W", "VALUE-CONFLICT", "interest.agreedRate", "", {"other": "interest.rate STATUTORY"}))
        return notes, warnings

    def _stops(self, notes: Sequence[Note]) -> list[Message]:
        """What the notes of a customer lack: a rate of their currency, an account to pay them to."""
        day = self._context.today
        stops = []
        for note in notes:
            if self._rate(note.currency) is None:
                stops.append(Message("E", "RATE-MISSING", "exchangeRate", "", {"currency": note.currency, "date": day}))
            no_account = self._stationery.missing_account(note.currency, day)
            if no_account is not None:
                stops.append(no_account)
        return stops

    def _principal(self, item: OpenItem) -> OpenItem:
        """The claim that an item belongs to: of costs their principal, else the item itself."""
        named = self._desk.item(item.claim_ar_item_id) if item.claim_ar_item_id is not None else None
        return named or item

    def _rate(self, currency: str) -> Decimal | None:
        """Base units for a unit of the currency today; None when nobody knows."""
        return ONE if currency == self._desk.base_currency else self._context.books.exchange_rate(currency, self._context.today)

    def _is_worth_it(self, note: Note) -> bool:
        """Whether the note reaches the least total, in base currency; one whose rate is not known is refused later."""
        rate = self._rate(note.currency)
        return rate is None or multiply(note.amount, rate, self._desk.base_decimals) >= self._minimum

    # ------------------------------------------------------------------------------------------------ taking effect

    def _charge(self, customer: Customer, notes: Sequence[Note], warnings: Sequence[Message]) -> list[ItemResult]:
        if not notes:
            return []
        desk, day = self._desk, self._context.today
        assert self._origin.batch_uuid is not None, "a run is a batch"
        bundle_id = desk.run_bundle(self._origin.batch_uuid, customer.account_no, BUNDLE_TYPE)
        days = customer.due_days if customer.due_days is not None else self._context.books.config("document.defaultDueDays", day)
        results: list[ItemResult] = []
        for note in [part for whole in notes for part in split_notes(whole)]:
            rate = None if note.currency == desk.base_currency else self._rate(note.currency)
            result = post(desk, note_draft(note, day, day + timedelta(days=days), self._until, rate=rate, bundle_id=bundle_id), self._origin)
            if result.result == "FAILED":
                if results:
                    raise PartFailed(f"a note to account {customer.account_no} was refused after another one was made")
                desk.forget_run_bundle(bundle_id)
                return [failed_customer(customer, result.messages, self._reference)]
            for charge in note.charges:
                charge.item.change_details({CALCULATED_UNTIL: self._until.isoformat()})
            result.outcome = "INTEREST-NOTE-CREATED"
            result.file_id = new_id()
            result.client_reference = self._reference
            result.messages = [*result.messages, *warnings]
            self._made.append(_Made(result.file_id, note, desk.new_documents[-1]))
            results.append(result)
        return results

    def _propose(self, index: int, customer: Customer, notes: Sequence[Note], warnings: Sequence[Message]) -> list[ItemResult]:
        results: list[ItemResult] = []
        text = outcome_text("INTEREST-NOTE-PROPOSED", self._language)
        head: dict[str, Any] = {"customerNo": customer.customer_no, "accountNo": customer.account_no, "name": customer.name, "message": text}
        for number, note in enumerate(part for whole in notes for part in split_notes(whole)):
            self._rows.append(Row(index, number, {**head, **note.cells(self._until)}))
            result = ItemResult("UNCHANGED", "INTEREST-NOTE-PROPOSED", customer.account_no, customer.customer_no, client_reference=self._reference)
            result.messages = list(warnings)
            results.append(result)
        return results

    # ------------------------------------------------------------------------------------------------ writing

    def write(self) -> None:
        """Send everything that took effect, with the letters; of a run that only validates the rows of its proposal."""
        if self._only_validate:
            keep_rows(self._transaction, self._context, self._rows)
            return
        if not self._made:
            return
        self._desk.write()
        letters = [
            QueuedLetter(
                made.file_id,
                f"interest-note-{made.document.document_no}.pdf",
                made.document.document_no,
                made.document.bundle_id,
                note_letter(made.note, made.document, self._terms, self._stationery).to_json(),
            )
            for made in self._made
        ]
        with Outbox(self._transaction) as outbox:
            queue_letters(outbox, self._context, letters)


def _is_stopped(item: OpenItem, day: date) -> bool:
    """Whether the days of a claim are held back: stop date, dispute or collection; what was taken back has none."""
    details = item.details
    return bool(details.get("disputed")) or bool(details.get(REVERSED)) or is_with_collection(item) or is_held(details.get(INTEREST_HOLD), day)


def _missing(severity: Any, name: str, day: date) -> Message:
    return Message(severity, "VALUE-MISSING", "interestTo", "/interestTo", {"name": name, "date": day})
