"""Working through customers of a dunning run as a set: everything is looked up together, judged customer by customer, written together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from reskontro.batches.kinds import ChunkContext, Item, ItemResult
from reskontro.db.engine import Transaction
from reskontro.kit.messages import outcome_text
from reskontro.ledger.posting import OpenItem
from reskontro.ledger.reservations import reserved_on_items
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.desk import DocumentDesk
from reskontro.receivable.dunning.documents import split_claims
from reskontro.receivable.dunning.handover import Handover
from reskontro.receivable.dunning.letters import claim_texts
from reskontro.receivable.dunning.order import Order
from reskontro.receivable.dunning.rules import STOP_STATUSES, Holds, Proposal, claims_of, next_steps, open_credits
from reskontro.receivable.dunning.sending import Judged, Refused, Sender
from reskontro.receivable.runs.inputs import CustomerInput, PartFailed, failed_customer, read_input, unknown_customer
from reskontro.receivable.runs.proposals import LANGUAGE, Row, keep_rows

CLAIMS_MAX: Final = 999
"""Claims of one letter: its document has at most a thousand lines."""
BUNDLE_TYPE: Final = "REMINDER"
HANDOVER: Final = "HANDOVER"


def work(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[list[ItemResult]]:
    """Dun a set of customers; see batches.kinds.Work."""
    run = DunningSet(transaction, context)
    inputs = [read_input(item.value) for item in items]
    run.load(inputs)
    results = [run.customer(item.index, found) for item, found in zip(items, inputs, strict=True)]
    run.write()
    return results


@dataclass(slots=True)
class _Case:
    """What is to be done about one customer."""

    customer: Customer
    holds: Holds
    has_credit: bool
    letters: list[Proposal] = field(default_factory=list)
    handovers: list[Proposal] = field(default_factory=list)


class DunningSet:
    """See the module. The caller's transaction holds the client's write lock."""

    def __init__(self, transaction: Transaction, context: ChunkContext) -> None:
        self._transaction = transaction
        self._context = context
        self._order = Order.of(context)
        # The letters are made while the rows of their documents are on the way to the database.
        self._desk = DocumentDesk(transaction, replace(context, writing=self._freeze_letters))
        self._sender = Sender(context, self._desk, self._order)
        self._handover = Handover(self._desk, self._order)
        self._cases: dict[int, _Case] = {}
        self._texts: dict[UUID, str] = {}
        self._rows: list[Row] = []

    # ------------------------------------------------------------------------------------------------ looking up

    def load(self, inputs: Sequence[CustomerInput]) -> None:
        """Look up customers, their open items, the charges of their claims and reservations, decide the steps, and look up what letters say."""
        desk = self._desk
        accounts = [found.account_no for found in inputs if found.account_no is not None]
        desk.customers.load((), accounts)
        desk.load_accounts(accounts)
        opened = {account_no: desk.account_items(account_no) for account_no in accounts}
        heads = [item.ar_item_id for items in opened.values() for item in items if item.claim_kind == "PRINCIPAL" and item.open_amount > 0]
        desk.load_charges(heads)
        owed = [item.ar_item_id for items in opened.values() for item in items if item.claim_kind in ("PRINCIPAL", "INTEREST")]
        reserved = reserved_on_items(self._transaction, desk.client_no, owed, self._context.now)
        for account_no in accounts:
            customer = desk.customers.find_account(account_no)
            if customer is not None:
                self._decide(customer, opened[account_no], reserved)
        claims = [claim.item for case in self._cases.values() for proposal in (*case.letters, *case.handovers) for claim in proposal.claims]
        self._texts = claim_texts(self._transaction, desk.client_no, [item.document_uuid for item in claims if item.document_uuid is not None])
        self._handover.load([claim.item for case in self._cases.values() for proposal in case.handovers for claim in proposal.claims])

    def _decide(self, customer: Customer, items: Sequence[OpenItem], reserved: dict[UUID, Decimal]) -> None:
        desk, order = self._desk, self._order
        charges = {item.ar_item_id: desk.charges_of(item.ar_item_id) for item in items if item.claim_kind == "PRINCIPAL" and item.open_amount > 0}
        credit = open_credits(items)
        case = _Case(customer, holds_of(customer), bool(credit))
        for proposal in next_steps(order.plan, claims_of(items, charges, reserved), credit, case.holds, order.day, order.maximum_step):
            (case.handovers if proposal.step.type == HANDOVER else case.letters).append(proposal)
        if case.letters or case.handovers:
            self._cases[customer.account_no] = case

    # ------------------------------------------------------------------------------------------------ one customer

    def customer(self, index: int, found: CustomerInput) -> list[ItemResult]:
        """Take the steps that are due for a customer, all of them or none."""
        if found.account_no is None:
            return [unknown_customer(found, self._order.reference)]
        case = self._cases.get(found.account_no)
        if case is None:
            return []
        try:
            judged = [
                self._sender.judge(case.customer, letter, self._texts, may_bear_fee=number == 0)
                for proposal in case.letters
                for number, letter in enumerate(split_claims(proposal, CLAIMS_MAX))
            ]
        except Refused as refused:
            return [failed_customer(case.customer, [refused.finding], self._order.reference)]
        results = self._propose(index, case, judged) if self._order.only_validate else self._send(case, judged)
        if results and results[0].result == "FAILED":
            return results
        for proposal in case.handovers:
            done = self._handover.take(case.customer, proposal, case.holds, self._texts, has_credit=case.has_credit)
            if self._order.only_validate:
                self._note(index, len(results), case.customer, [(result, cells) for result, cells in done])
            results += [result for result, _ in done]
        return results

    def _send(self, case: _Case, letters: Sequence[Judged]) -> list[ItemResult]:
        if not letters:
            return []
        batch_uuid = self._order.origin.batch_uuid
        assert batch_uuid is not None, "a run is a batch"
        bundle_id = self._desk.run_bundle(batch_uuid, case.customer.account_no, BUNDLE_TYPE)
        results: list[ItemResult] = []
        # A letter that posts can be refused for more reasons than one that does not, so it comes first and finds nothing done.
        for letter in sorted(letters, key=lambda letter: letter.fee is None):
            result = self._sender.send(letter, bundle_id)
            if result.result == "FAILED":
                if results:
                    raise PartFailed(f"a letter to account {case.customer.account_no} was refused after another one was made")
                self._desk.forget_run_bundle(bundle_id)
                return [failed_customer(case.customer, result.messages, self._order.reference)]
            results.append(result)
        return results

    def _propose(self, index: int, case: _Case, letters: Sequence[Judged]) -> list[ItemResult]:
        proposed = [(self._sender.proposed(letter), letter.cells()) for letter in letters]
        self._note(index, 0, case.customer, proposed)
        return [result for result, _ in proposed]

    def _note(self, index: int, first: int, customer: Customer, done: Sequence[tuple[ItemResult, dict[str, Any]]]) -> None:
        assert self._context.run is not None
        language = self._context.run.asked.get(LANGUAGE, "en")
        head: dict[str, Any] = {"customerNo": customer.customer_no, "accountNo": customer.account_no, "name": customer.name}
        for number, (result, cells) in enumerate(done, first):
            self._rows.append(Row(index, number, {**head, **cells, "message": outcome_text(result.outcome or "", language)}))

    # ------------------------------------------------------------------------------------------------ writing

    def _freeze_letters(self) -> None:
        self._sender.freeze()

    def write(self) -> None:
        """Send everything that took effect; of a run that only validates the rows of its proposal."""
        if self._order.only_validate:
            keep_rows(self._transaction, self._context, self._rows)
            return
        if self._cases:
            self._desk.write()
            self._handover.write(self._transaction)
            self._sender.queue(self._transaction)


def holds_of(customer: Customer) -> Holds:
    """What is on a customer."""
    stopped = customer.registration_status_code in STOP_STATUSES
    return Holds(customer.values.get("stopReminderUntil"), customer.values.get("stopDebtCollectionUntil"), stopped)
