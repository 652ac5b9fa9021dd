"""What a fee and an interest posting have in common: a charge on a principal item, booked outside VAT."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from reskontro.batches.kinds import Origin
from reskontro.ledger.booking import Booking, Control
from reskontro.ledger.posting import LedgerTransaction, OpenItem, Part
from reskontro.ledger.reversal import REVERSED
from reskontro.receivable.auto_postings.desk import PostingDesk, too_large
from reskontro.receivable.booking_desk import Day
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import ITEM_FIELDS, check_collection, check_currency, find_item

JOURNAL = "NOTES"
VAT_CODE = "7"
"""No VAT treatment: late interest and statutory fees are outside the Act."""


class Charged(NamedTuple):
    """The item that is charged, whose it is, and the day of the posting."""

    item: OpenItem
    customer: Customer
    day: Day


def charged_item(desk: PostingDesk, draft: Draft) -> Charged | None:
    """What is charged and when; None with findings when that is not in order."""
    found = find_item(desk, draft)
    day = desk.posting_day(draft)
    if found is None or day is None:
        return None
    item, customer = found
    _check_principal(desk, draft, item)
    desk.check_common(draft, item.currency, day.day)
    if draft.failed or not check_currency(draft, item.currency):
        return None
    return Charged(item, customer, day)


def _check_principal(desk: PostingDesk, draft: Draft, item: OpenItem) -> None:
    """STATE-CONFLICT for an item that is no claim of its own, was taken back, or is with collection."""
    key = draft.first_sent(ITEM_FIELDS)
    if item.claim_kind != "PRINCIPAL" or item.original_amount <= 0:
        draft.cross("STATE-CONFLICT", key, status=item.claim_kind)
    elif item.reversal or item.details.get(REVERSED):
        draft.cross("STATE-CONFLICT", key, status="REVERSED")
    else:
        check_collection(desk, draft, item)


def book_charge(
    desk: PostingDesk, draft: Draft, origin: Origin, charged: Charged, rate: Decimal, amount: Decimal, contra: str
) -> tuple[Booking, LedgerTransaction, Control] | None:
    """Book an amount in the item's currency on the customer's account, against ``contra``; None with findings when it is too large."""
    item, customer, day = charged
    booking = desk.booking(draft, day, JOURNAL, item.currency, rate, day.day, origin)
    control = booking.control(item.control_account, item.account_no, amount)
    posting = booking.transaction([control], [Part(contra, -amount, VAT_CODE)])
    if too_large(draft, posting, rate):
        return None
    desk.accept(posting, origin, customer.customer_no)
    return booking, posting, control
