"""Payments that are nobody's, booked as a bank file would book them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from reskontro.batches.kinds import ChunkContext, Origin
from reskontro.db.engine import lock_client
from reskontro.kit.ids import encode_id, new_id
from reskontro.ledger.booking import Booking
from reskontro.ledger.books import open_books
from reskontro.ledger.payments import PaymentRecord
from reskontro.ledger.posting import Part
from reskontro.receivable.booking_desk import BookingDesk
from tests.house import House

ORIGIN = Origin("import", "import", new_id(), "RUN")


def unidentified(
    house: House,
    amount: Any,
    *,
    day: date = date(2026, 11, 16),
    kid: str | None = None,
    text: str | None = None,
    exception: str = "KID-UNKNOWN",
    currency: str = "NOK",
    rate: str = "1",
    payer_account: str | None = None,
    bank_account: str = "12345678903",
    reference: str | None = None,
) -> str:
    """Book money on 1920 against 2999, paid the day before, and keep the payment; returns its paymentUuid. A negative amount turns the sides."""
    paid = Decimal(str(amount))
    with house.database.transaction(house.client_no) as transaction:
        lock_client(transaction, house.client_no)
        now = house.clock.now()
        books = open_books(transaction, house.client_no, now)
        desk = BookingDesk(transaction, ChunkContext(house.client_no, books, now, books.today(now)))
        period = books.period_of(day)
        assert period is not None
        booking = Booking("PAYMENTS", day, period, day - timedelta(days=1), currency, Decimal(rate), desk.base_decimals, ORIGIN.user_id)
        posting = booking.transaction([], [Part("1920", paid, None), Part("2999", -paid, None)])
        desk.transactions.append(posting)
        record = PaymentRecord(
            payment_uuid=new_id(),
            ar_item_id=None,
            account_no=None,
            amount=paid,
            currency=currency,
            payment_date=day - timedelta(days=1),
            booking_date=day,
            payment_method="BANK",
            bank_account_no=bank_account,
            bank_account_key=bank_account,
            bank_reference=reference,
            payer_account_no=payer_account,
            kid=kid,
            payment_text=text,
            exception_code=exception,
            posting=posting,
            suspense=True,
        )
        desk.add_payment(record)
        desk.write()
    return encode_id(record.payment_uuid)
