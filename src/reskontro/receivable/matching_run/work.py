"""Working through a matching run as a set: payments that are nobody's get their customer, open credits are settled by the matching rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from reskontro.batches.kinds import ChunkContext, Item, ItemResult
from reskontro.db.engine import Transaction
from reskontro.kit.ids import decode_id
from reskontro.kit.messages import outcome_text
from reskontro.ledger.accounts import usable_control_account
from reskontro.ledger.claims import Meaning, settle_payment
from reskontro.ledger.placing import KeptPayment, find_payments, load_bookings, place_payment, record_placings
from reskontro.ledger.posting import OpenItem
from reskontro.receivable.customer_items import CustomerItemDesk
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.matching_run.store import KnownPayment, payments_of_items, set_exceptions
from reskontro.receivable.payment_rules import Clues, PaymentRules
from reskontro.receivable.runs.inputs import CustomerInput, read_input, unknown_customer
from reskontro.receivable.runs.proposals import LANGUAGE, Row, keep_rows

SOURCE: Final = "RUN"
PAYMENT: Final = "paymentUuid"
"""The key of an input that is a payment, not a customer."""


def work(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[list[ItemResult]]:
    """Match for a set of inputs; see batches.kinds.Work."""
    run = MatchingSet(transaction, context)
    payments = {item.index: decode_id(item.value[PAYMENT]) for item in items if PAYMENT in item.value}
    customers = {item.index: read_input(item.value) for item in items if PAYMENT not in item.value}
    run.load(list(payments.values()), list(customers.values()))
    results: list[list[ItemResult]] = []
    for item in items:
        payment = payments.get(item.index)
        results.append(run.customer(item.index, customers[item.index]) if payment is None else run.payment(item.index, payment))
    run.write()
    return results


class MatchingSet:
    """See the module. The caller's transaction holds the client's write lock."""

    def __init__(self, transaction: Transaction, context: ChunkContext) -> None:
        assert context.run is not None
        asked = context.run.asked
        self._transaction = transaction
        self._context = context
        self._origin = context.run.origin
        self._day = date.fromisoformat(asked["runDate"])
        self._only: set[str] | None = {number.lower() for number in asked["customerNos"]} if asked.get("customerNos") else None
        self._reference: str | None = asked.get("clientReference")
        self._only_validate = bool(asked.get("validateOnly"))
        self._language = asked.get(LANGUAGE, "en")
        self._desk = CustomerItemDesk(transaction, context)
        self._rules = PaymentRules(self._desk, at_booking=False)
        self._payments: dict[UUID, KeptPayment] = {}
        self._known: dict[UUID, KnownPayment] = {}
        self._placed: list[tuple[UUID, OpenItem, str | None]] = []
        self._exceptions: list[tuple[UUID, str | None]] = []
        self._rows: list[Row] = []
        self._has_effects = False

    # ------------------------------------------------------------------------------------------------ looking up

    def load(self, payments: Sequence[UUID], customers: Sequence[CustomerInput]) -> None:
        """Look up the payments and the open items of the customers, and what the rules ask about them."""
        desk = self._desk
        found = find_payments(self._transaction, desk.client_no, payments)
        self._payments = {key: payment for key, payment in found.items() if payment.is_unidentified}
        load_bookings(desk, self._payments.values())
        accounts = [named.account_no for named in customers if named.account_no is not None]
        desk.customers.load((), accounts)
        desk.load_accounts(accounts)
        credits = [item.ar_item_id for account_no in accounts for item in desk.account_items(account_no) if item.open_amount < 0]
        self._known = payments_of_items(self._transaction, desk.client_no, credits)
        clues = [Clues(payment.amount, payment.currency, (payment.kid,)) for payment in self._payments.values() if payment.kid]
        clues += [clue for account_no in accounts for item in desk.account_items(account_no) if (clue := self._clues(item)) is not None]
        if clues:
            self._rules.load(clues, self._day)

    def _clues(self, credit: OpenItem) -> Clues | None:
        """What is known of an open credit; None when there is nothing to go by."""
        known = self._known.get(credit.ar_item_id)
        if credit.open_amount >= 0 or credit.gl_date > self._day:
            return None
        kid = known.kid if known is not None else credit.kid
        text, payer = (known.text, known.payer_account_no) if known is not None else (credit.reference_no, None)
        if kid is None and text is None and payer is None:
            return None
        return Clues(-credit.open_amount, credit.currency, (kid,) if kid else (), text, payer)

    # ------------------------------------------------------------------------------------------------ a payment that is nobody's

    def payment(self, index: int, payment_uuid: UUID) -> list[ItemResult]:
        """Give a payment to the customer whose item or whose own KID it was paid with, and settle what that KID means."""
        payment = self._payments.get(payment_uuid)
        if payment is None or payment.kid is None:
            return []
        found = self._rules.find(Clues(payment.amount, payment.currency, (payment.kid,)), self._day)
        customer = self._desk.customers.find_account(found.account_no) if found.account_no is not None else None
        if customer is None or not self._is_wanted(customer):
            return []
        placed = self._context.books.posting_day(self._day)
        control, _ = usable_control_account(self._desk.books, customer.control_account, placed.day)
        if control is None:
            return []
        result = ItemResult(
            "CREATED",
            "PAYMENT-PLACED",
            customer.account_no,
            customer.customer_no,
            client_reference=self._reference,
            payment_uuid=payment_uuid,
        )
        if self._only_validate:
            return [self._proposed(index, 0, customer, replace(result, outcome="PLACING-PROPOSED"), payment.currency, payment.amount)]
        item = place_payment(self._desk, payment, customer, control, placed.day, self._origin)
        _, exception = self._settle(item, found.meaning, customer)
        self._placed.append((payment_uuid, item, exception))
        self._has_effects = True
        result.ar_item_id = item.ar_item_id
        return [result]

    def _is_wanted(self, customer: Customer) -> bool:
        return self._only is None or customer.customer_no.lower() in self._only

    # ------------------------------------------------------------------------------------------------ open credits of a customer

    def customer(self, index: int, found: CustomerInput) -> list[ItemResult]:
        """Settle a customer's open credits, oldest first, with the claims that the rules say each of them means."""
        if found.account_no is None:
            return [unknown_customer(found, self._reference)]
        customer = self._desk.customers.find_account(found.account_no)
        if customer is None:
            return []
        credits = [item for item in self._desk.account_items(found.account_no) if item.open_amount < 0]
        results: list[ItemResult] = []
        for credit in sorted(credits, key=lambda item: (item.item_date or item.gl_date, item.ar_item_id.int)):
            result = self._credit(index, len(results), customer, credit)
            if result is not None:
                results.append(result)
        return results

    def _credit(self, index: int, place: int, customer: Customer, credit: OpenItem) -> ItemResult | None:
        clues = self._clues(credit)
        if clues is None:
            return None
        found = self._rules.find(clues, self._day)
        if found.account_no != customer.account_no or found.meaning is None:
            return None
        before = credit.open_amount
        matched, exception = self._settle(credit, found.meaning, customer)
        if not matched:
            return None
        known = self._known.get(credit.ar_item_id)
        result = ItemResult(
            "CREATED",
            "MATCH-CREATED",
            customer.account_no,
            customer.customer_no,
            credit.document_no,
            ar_item_id=credit.ar_item_id,
            client_reference=self._reference,
            payment_uuid=known.payment_uuid if known is not None else None,
        )
        if self._only_validate:
            settled = credit.open_amount - before
            return self._proposed(index, place, customer, replace(result, outcome="MATCH-PROPOSED"), credit.currency, settled)
        if known is not None:
            self._exceptions.append((known.payment_uuid, exception))
        self._has_effects = True
        return result

    def _settle(self, credit: OpenItem, meaning: Meaning | None, customer: Customer) -> tuple[bool, str | None]:
        """Whether something was settled, and what keeps the rest from it. Items of later days than the run's are left out."""
        if meaning is None:
            return False, None
        meaning = replace(meaning, source=SOURCE)
        match, exception = settle_payment(
            self._desk, credit, meaning, self._origin, customer_no=customer.customer_no, match_date=max(self._day, credit.gl_date)
        )
        return match is not None, exception

    def _proposed(self, index: int, place: int, customer: Customer, result: ItemResult, currency: str, amount: Any) -> ItemResult:
        cells = {
            "customerNo": customer.customer_no,
            "accountNo": customer.account_no,
            "name": customer.name,
            "currency": currency,
            "amount": amount,
            "message": outcome_text(result.outcome or "", self._language),
        }
        self._rows.append(Row(index, place, cells))
        return replace(result, result="UNCHANGED")

    # ------------------------------------------------------------------------------------------------ writing

    def write(self) -> None:
        """Send everything that took effect; of a run that only validates the rows of its proposal, and nothing else."""
        if self._only_validate:
            keep_rows(self._transaction, self._context, self._rows)
            return
        if not self._has_effects:
            return
        self._desk.write()
        record_placings(self._transaction, self._desk.client_no, self._placed)
        set_exceptions(self._transaction, self._desk.client_no, self._exceptions)
