"""Booking the payments of a bank file: a set at a time, with the rules and the postings of every other payment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from reskontro.batches.kinds import ChunkContext, Item, ItemResult, Origin
from reskontro.db.engine import Transaction
from reskontro.kit.fields import Invalid
from reskontro.kit.ids import encode_id
from reskontro.kit.messages import Message, Severity
from reskontro.kit.money import ZERO
from reskontro.ledger.accounts import unusable, usable_control_account
from reskontro.ledger.booking import AMOUNT_MAX, Booking, is_too_large
from reskontro.ledger.log import LogEntry
from reskontro.ledger.payment_booking import PAYMENT_JOURNAL, book_payment, book_unidentified, payment_transaction
from reskontro.ledger.payments import PaymentRecord, bank_account_key, bank_gl_account
from reskontro.ledger.periods import Period
from reskontro.ledger.posting import ONE
from reskontro.receivable.bank_files.planning import own_account_key, own_accounts
from reskontro.receivable.bank_files.reading import kept_kid, kept_text
from reskontro.receivable.bank_files.store import Fingerprint
from reskontro.receivable.customer_items import CustomerItemDesk
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.payment_rules import Clues, Found, PaymentRules

SUSPENSE = "SUSPENSE"


@dataclass(slots=True)
class BankPayment:
    """A payment of the file, as its input says it."""

    account: str
    currency: str
    amount: Decimal
    booking_date: date
    payment_date: date
    key: Fingerprint
    references: tuple[str, ...]
    text: str | None
    payer_name: str | None
    payer_account: str | None
    archive_reference: str | None
    method: str
    takes_back: bool

    @classmethod
    def of(cls, value: dict[str, Any]) -> BankPayment:
        """The payment of an input."""
        return cls(
            value["account"],
            value["currency"],
            Decimal(value["amount"]),
            date.fromisoformat(value["booking_date"]),
            date.fromisoformat(value["payment_date"]),
            (bytes.fromhex(value["fingerprint"]), value["count"]),
            tuple(value.get("references", ())),
            value.get("text"),
            value.get("payer_name"),
            value.get("payer_account"),
            value.get("archive_reference"),
            value.get("method", "BANK"),
            value.get("takes_back", False),
        )

    @property
    def clues(self) -> Clues:
        """What the matching rules look at."""
        return Clues(self.amount, self.currency, self.references, self.text, self.payer_account)


class Refused(Exception):
    """A payment cannot be booked, for a reason that lies in the client's books; carries the finding."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.code)
        self.message = message


def finding(severity: Severity, code: str, field: str, **parameters: Any) -> Message:
    """A finding about a payment of a file."""
    return Message(severity, code, field, "", parameters)


@dataclass(frozen=True, slots=True)
class Terms:
    """What payments to an account on a day have in common: the day they are booked on, accounts and rate, and what is to be said about it."""

    day: date
    period: Period
    bank_account_no: str
    bank: str
    suspense: str | None
    rate: Decimal
    warnings: tuple[Message, ...]


class BankDesk(CustomerItemDesk):
    """The desk of a set of payments. The caller's transaction holds the client's write lock."""

    def __init__(self, transaction: Transaction, context: ChunkContext, origin: Origin) -> None:
        super().__init__(transaction, context)
        assert context.run is not None and context.run.file_id is not None
        self.origin = origin
        self.file_id = context.run.file_id
        self._rules: PaymentRules | None = None
        self._own = own_accounts(context)
        self._terms: dict[tuple[str, str, date, date], Terms | Message] = {}

    def terms(self, payment: BankPayment) -> Terms:
        """The terms of a payment; raises Refused with RANGE, ACCOUNT-UNKNOWN, ACCOUNT-CONTROL or RATE-MISSING."""
        key = (payment.account, payment.currency, payment.booking_date, payment.payment_date)
        found = self._terms.get(key)
        if found is None:
            try:
                found = self._make_terms(payment)
            except Refused as refused:
                found = refused.message
            self._terms[key] = found
        if isinstance(found, Message):
            raise Refused(found)
        return found

    def _make_terms(self, payment: BankPayment) -> Terms:
        day, period, warnings = self.posting_day_of(payment.booking_date)
        account = self._own.get(own_account_key(payment.account))
        if account is None:
            raise Refused(finding("E", "CODE-UNKNOWN", "bankAccountNo", value=payment.account))
        number = str(account["bankAccountNo"])
        bank = bank_gl_account(self.books, day, bank_account_key(self.books, self.context.today, number))
        code = unusable(self.books, bank)
        if code is not None or bank is None:
            raise Refused(finding("E", code or "ACCOUNT-UNKNOWN", "glAccount", value=bank or ""))
        suspense = self.books.accounts_for(SUSPENSE, day).contra
        rate = ONE if payment.currency == self.base_currency else self.books.exchange_rate(payment.currency, payment.payment_date)
        if rate is None:
            raise Refused(finding("E", "RATE-MISSING", "currency", currency=payment.currency, date=payment.payment_date))
        if payment.currency != self.base_currency:
            self._check_exchange_accounts(day)
        return Terms(day, period, number, bank, suspense, rate, warnings)

    def posting_day_of(self, wanted: date) -> tuple[date, Period, tuple[Message, ...]]:
        """The open day that stands for a booking date, with the warning when it is another one. Raises Refused with RANGE."""
        try:
            placed = self.books.posting_day(wanted)
        except Invalid as invalid:
            raise Refused(finding("E", invalid.code, "glDate", **invalid.parameters)) from None
        if not placed.was_closed:
            return placed.day, placed.period, ()
        year, period = self.books.period_number(wanted)
        return placed.day, placed.period, (finding("W", "PERIOD-CLOSED", "glDate", year=year, period=period, used=placed.day),)

    def _check_exchange_accounts(self, on: date) -> None:
        for event in ("EXCHANGE-GAIN", "EXCHANGE-LOSS"):
            number = self.books.accounts_for(event, on).contra
            code = unusable(self.books, number)
            if code is not None:
                raise Refused(finding("E", code, "currency", value=number or ""))

    def load(self, payments: Sequence[BankPayment]) -> None:
        """Look up what the payments mean, in a statement per table."""
        self._rules = PaymentRules(self)
        wanted = [payment.clues for payment in payments if payment.amount > 0]
        if wanted:
            self._rules.load(wanted, max(payment.booking_date for payment in payments))

    def write(self) -> None:
        """Send everything that took effect; once per desk."""
        super().write()
        # They hold the desk: without the circle its thousands of items are gone with it, and wait for no collection.
        self._rules = None

    # ------------------------------------------------------------------------------------------------ booking one

    def book(self, payment: BankPayment) -> ItemResult:
        """Let a payment take effect; FAILED when the client's books do not allow it, and then nothing has changed."""
        if not payment.amount:
            return ItemResult("UNCHANGED", "ENTRY-SKIPPED", messages=[finding("W", "RANGE", "amount", min=Decimal("0.01"), max=AMOUNT_MAX)])
        try:
            terms = self.terms(payment)
            booking = Booking(
                PAYMENT_JOURNAL,
                terms.day,
                terms.period,
                payment.payment_date,
                payment.currency,
                terms.rate,
                self.base_decimals,
                self.origin.user_id,
            )
            if payment.amount < 0:
                return self._book_unidentified(payment, terms, booking, "NEGATIVE")
            assert self._rules is not None, "the set was loaded"
            found = self._rules.find(payment.clues, terms.day)
            if found.account_no is None:
                return self._book_unidentified(payment, terms, booking, found.exception or "TEXT-ONLY")
            return self._book_with_customer(payment, terms, booking, found)
        except Refused as refused:
            return ItemResult("FAILED", messages=[refused.message])

    def _book_with_customer(self, payment: BankPayment, terms: Terms, booking: Booking, found: Found) -> ItemResult:
        assert found.account_no is not None
        customer: Customer | None = self.customers.find_account(found.account_no)
        assert customer is not None, "an item has a customer"
        control_account, tried = usable_control_account(self.books, customer.control_account, terms.day)
        if control_account is None:
            raise Refused(finding("E", "ACCOUNT-UNKNOWN", "glAccount", value=tried))
        posting, control = payment_transaction(booking, customer, control_account, terms.bank, payment.amount)
        if is_too_large(posting):
            raise Refused(finding("E", "RANGE", "amount", min=ZERO, max=AMOUNT_MAX))
        if customer.control_account is None:
            customer = self.customers.set_control_account(customer, control_account)
        self.transactions.append(posting)
        item, _, record = book_payment(
            self,
            booking,
            customer,
            posting,
            control,
            found.meaning,
            self.origin,
            details=_details(payment, terms),
            kid=kept_kid(payment.references),
            kept=self._kept(payment),
        )
        self._note(record, customer.customer_no)
        return ItemResult(
            "CREATED",
            "PAYMENT-BOOKED",
            customer.account_no,
            customer.customer_no,
            ar_item_id=item.ar_item_id,
            payment_uuid=record.payment_uuid,
            messages=list(terms.warnings),
        )

    def _book_unidentified(self, payment: BankPayment, terms: Terms, booking: Booking, exception: str) -> ItemResult:
        code = unusable(self.books, terms.suspense)
        if code is not None or terms.suspense is None:
            raise Refused(finding("E", code or "ACCOUNT-UNKNOWN", "glAccount", value=terms.suspense or ""))
        if abs(booking.base(payment.amount)) > AMOUNT_MAX:
            raise Refused(finding("E", "RANGE", "amount", min=ZERO, max=AMOUNT_MAX))
        kept = self._kept(payment) | {"kid": kept_kid(payment.references), "exception_code": exception}
        record = book_unidentified(
            self, booking, (terms.bank, terms.suspense), payment.amount, self.origin, details=_details(payment, terms), kept=kept
        )
        self._note(record, None)
        return ItemResult("CREATED", "PAYMENT-BOOKED", payment_uuid=record.payment_uuid, messages=list(terms.warnings))

    def _kept(self, payment: BankPayment) -> dict[str, Any]:
        return {
            "payment_text": kept_text(payment.references, payment.text),
            "booking_date": payment.booking_date,
            "fingerprint": payment.key[0],
            "fingerprint_no": payment.key[1],
            "file_id": self.file_id,
        }

    def _note(self, record: PaymentRecord, customer_no: str | None) -> None:
        entry = LogEntry("PAYMENT-BOOKED", "PAYMENT", encode_id(record.payment_uuid), self.origin, record.ar_item_id, customer_no)
        self.log(entry)


def _details(payment: BankPayment, terms: Terms) -> dict[str, Any]:
    details = {
        "paymentMethod": payment.method,
        "bankAccountNo": terms.bank_account_no,
        "bankReference": payment.archive_reference,
        "payerName": payment.payer_name,
        "payerAccountNo": payment.payer_account,
    }
    return {name: value for name, value in details.items() if value is not None}


def payments_of(items: Sequence[Item]) -> list[BankPayment | None]:
    """The payments among inputs, in their places."""
    return [BankPayment.of(item.value) if item.value["what"] == "PAYMENT" else None for item in items]
