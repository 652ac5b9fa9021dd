"""fee: a fee on a principal item; the statutory ones are held to what the law allows on the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.kit.money import quantise
from reskontro.ledger.posting import ONE, OpenItem
from reskontro.norway.rates import ValueMissing
from reskontro.receivable.auto_postings.desk import PostingDesk, details_of, outcome
from reskontro.receivable.auto_postings.drafts import Outcome
from reskontro.receivable.auto_postings.methods.charge import book_charge, charged_item
from reskontro.receivable.auto_postings.methods.method import TARGET_FIELDS, Method
from reskontro.receivable.claim_charges import FEE_CODE, LETTER_TYPES, STATUTORY_CURRENCY, fee_limit, in_currency, krone_rate
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import ITEM_FIELDS


def _load(desk: PostingDesk, drafts: Sequence[Draft]) -> None:
    desk.load_targets(drafts)
    desk.load_charges(item.ar_item_id for item in desk.looked_up() if item.claim_kind == "PRINCIPAL")


def _in_currency(desk: PostingDesk, draft: Draft, amount: Decimal, currency: str, rate: Decimal, on: date) -> Decimal | None:
    """A sum of NOK in the item's currency, rounded down; None with RATE-MISSING."""
    if currency == STATUTORY_CURRENCY:
        return amount
    krone = krone_rate(desk.books, desk.base_currency, on)
    if krone is None:
        draft.find("RATE-MISSING", "exchangeRate", currency=STATUTORY_CURRENCY, date=on)
        return None
    return in_currency(amount, currency, krone, rate)


def _amount(desk: PostingDesk, draft: Draft, item: OpenItem, customer: Customer, rate: Decimal, on: date) -> Decimal | None:
    """What is charged; None with findings."""
    code: str | None = draft.values.get(FEE_CODE)
    sent: Decimal | None = draft.values.get("amount")
    if code is None or draft.refused(("amount",)):
        return None
    if item.details.get("disputed") and code not in LETTER_TYPES:
        # The fees of letters have a limit, which is then 0.
        draft.cross("STATE-CONFLICT", draft.first_sent(ITEM_FIELDS), status="DISPUTED")
        return None
    if code == "OTHER":
        if sent is None:
            draft.find("REQUIRED", "amount")
        return sent
    if code in LETTER_TYPES and not item.is_open:
        draft.cross("STATE-CONFLICT", draft.first_sent(ITEM_FIELDS), status="CLOSED")
        return None
    try:
        krone = krone_rate(desk.books, desk.base_currency, on) or ONE
        charges = desk.charges_of(item.ar_item_id)
        statutory, allowed = fee_limit(item, charges, customer.customer_category, code, on, desk.rates, krone=krone)
    except ValueMissing as absent:
        draft.find("VALUE-MISSING", FEE_CODE, name=absent.name, date=absent.day)
        return None
    _warn_of_carried_value(desk, draft, code, item, on)
    usual = _in_currency(desk, draft, statutory, item.currency, rate, on)
    most = _in_currency(desk, draft, allowed, item.currency, rate, on)
    if usual is None or most is None:
        return None
    # A charge that only partly adds to what is owed is by default what it adds.
    amount = (most or usual) if sent is None else sent
    if amount > most or not amount:
        # Where nothing is allowed and no amount was sent, the fee is named by its code.
        draft.find("FEE-LIMIT", "amount" if sent is not None else FEE_CODE, value=amount or code, max=most, date=on)
        return None
    return quantise(amount, 2)


def _warn_of_carried_value(desk: PostingDesk, draft: Draft, code: str, item: OpenItem, on: date) -> None:
    table, day = (desk.known_rates.compensation, item.due_date) if code == "COMPENSATION" else (desk.known_rates.inkassosats, on)
    if not table.is_known(day):
        draft.find("VALUE-MISSING", FEE_CODE, severity="W", name=table.name, date=day)


def post(desk: PostingDesk, draft: Draft, origin: Origin) -> Outcome | None:
    """Judge a fee and let it take effect."""
    found = charged_item(desk, draft)
    if found is None:
        return None
    item, customer, day = found
    rate = desk.rate(draft, item.currency, day.day)
    amount = _amount(desk, draft, item, customer, rate, day.day) if rate is not None else None
    code = draft.values.get(FEE_CODE)
    contra = desk.books.accounts_for(
        "FEE", day.day, fee_code=code, customer_category=customer.customer_category, country_code=customer.country_code
    ).contra
    desk.check_account(draft, contra)
    if draft.failed or amount is None or rate is None or contra is None:
        return None
    booked = book_charge(desk, draft, origin, found, rate, amount, contra)
    if booked is None:
        return None
    booking, posting, control = booked
    details: dict[str, Any] = details_of(draft) | {FEE_CODE: code}
    fee = booking.item(posting, control, "FE", "COST", claim_ar_item_id=item.ar_item_id, details=details)
    desk.add_item(fee)
    return outcome(posting, amount, [fee])


METHOD = Method("fee", frozenset((*TARGET_FIELDS, "amount", "currency", "exchangeRate", FEE_CODE)), (FEE_CODE,), _load, post)
