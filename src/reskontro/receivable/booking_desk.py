"""The desk of events that are no documents: the AR items and customers they concern, and what they are booked with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reskontro.batches.kinds import Origin
from reskontro.kit.fields import Invalid
from reskontro.ledger.accounts import unusable, usable_control_account
from reskontro.ledger.booking import Booking
from reskontro.ledger.payments import bank_account_key, bank_gl_account, is_own_bank_account
from reskontro.ledger.periods import Period
from reskontro.ledger.posting import ONE
from reskontro.receivable.customer_items import CustomerItemDesk
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft


@dataclass(frozen=True, slots=True)
class Day:
    """The day a posting is booked on, with its period."""

    day: date
    period: Period


class BookingDesk(CustomerItemDesk):
    """See the module. The caller's transaction holds the client's write lock."""

    # ------------------------------------------------------------------------------------------------ what an event is booked with

    def posting_day(self, draft: Draft) -> Day | None:
        """The day of a posting; None with RANGE after the last period, PERIOD-CLOSED in a closed one."""
        if draft.refused(("postingDate",)):
            return None
        wanted: date = draft.values.get("postingDate") or self.context.today
        try:
            placed = self.books.posting_day(wanted)
        except Invalid as invalid:
            draft.find(invalid.code, "postingDate", **invalid.parameters)
            return None
        if placed.was_closed:
            year, period = self.books.period_number(wanted)
            draft.find("PERIOD-CLOSED", "postingDate", year=year, period=period, used=placed.day)
            return None
        return Day(placed.day, placed.period)

    def rate(self, draft: Draft, currency: str, on: date) -> Decimal | None:
        """The exchange rate of a posting: the one sent, else the client's on the day; None with RATE-MISSING."""
        sent: Decimal | None = draft.values.get("exchangeRate")
        if currency == self.base_currency:
            if sent is not None and sent != ONE:
                draft.find("VALUE-CONFLICT", "exchangeRate", severity="W", other="currency")
            return ONE
        if sent is not None:
            return sent
        if draft.refused(("exchangeRate",)):
            return None
        found = self.books.exchange_rate(currency, on)
        if found is None:
            draft.find("RATE-MISSING", "exchangeRate", currency=currency, date=on)
        return found

    def booking(self, draft: Draft, day: Day, journal: str, currency: str, rate: Decimal, document_date: date, origin: Origin) -> Booking:
        """What an event is booked with."""
        return Booking(
            journal,
            day.day,
            day.period,
            document_date,
            currency,
            rate,
            self.base_decimals,
            origin.user_id,
            draft.values.get("text"),
            dimensions_of(draft.values.get("dimensions", ())),
        )

    def control_account(self, draft: Draft, customer: Customer, on: date) -> str | None:
        """The control account of a customer; None with ACCOUNT-UNKNOWN when it cannot be posted to."""
        number, tried = usable_control_account(self.books, customer.control_account, on)
        if number is None:
            draft.cross("ACCOUNT-UNKNOWN", value=tried)
        return number

    def check_account(self, draft: Draft, number: str | None) -> None:
        """ACCOUNT-UNKNOWN or ACCOUNT-CONTROL for an account that the posting rules name but that cannot be posted to."""
        code = unusable(self.books, number)
        if code is not None:
            draft.cross(code, value=number or "")

    def check_exchange_accounts(self, draft: Draft, currency: str, on: date) -> None:
        """ACCOUNT-UNKNOWN or ACCOUNT-CONTROL when a match in a foreign currency could not post what it gains or loses."""
        if currency != self.base_currency:
            for event in ("EXCHANGE-GAIN", "EXCHANGE-LOSS"):
                self.check_account(draft, self.books.accounts_for(event, on).contra)

    def check_payment(self, draft: Draft) -> None:
        """CODE-UNKNOWN for a bank account that is not the client's, BANK-DUPLICATE for a reference that is booked."""
        payment = draft.values.get("payment") or {}
        today = self.context.today
        key = bank_account_key(self.books, today, payment.get("bankAccountNo"))
        if "bankAccountNo" in payment and not is_own_bank_account(self.books, today, key):
            draft.find("CODE-UNKNOWN", "payment", inside=("bankAccountNo",), value=payment["bankAccountNo"])
        if "bankReference" in payment and self.has_bank_reference((key, payment["bankReference"].lower())):
            draft.find("BANK-DUPLICATE", "payment", inside=("bankReference",), value=payment["bankReference"])

    def bank_gl_account(self, draft: Draft, on: date, event: str) -> str | None:
        """The GL account for the money of a payment or refund; ACCOUNT-UNKNOWN or ACCOUNT-CONTROL when it cannot be posted to."""
        payment = draft.values.get("payment") or {}
        number = bank_gl_account(self.books, on, bank_account_key(self.books, self.context.today, payment.get("bankAccountNo")), event)
        self.check_account(draft, number)
        return number

    # ------------------------------------------------------------------------------------------------ taking effect

    def fix_control_account(self, customer: Customer, control_account: str) -> None:
        """Keep the control account of a customer's first posting."""
        if customer.control_account is None:
            self.customers.set_control_account(customer, control_account)


def dimensions_of(sent: Sequence[dict[str, object]]) -> tuple[tuple[int, str], ...]:
    """Dimensions as GL lines hold them."""
    return tuple(sorted((int(str(entry["dimensionNo"])), str(entry["value"])) for entry in sent))
