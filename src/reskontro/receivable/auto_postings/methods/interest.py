"""interest: late-payment interest on a principal item, by default all that has accrued since it was last charged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from reskontro.batches.kinds import Origin
from reskontro.ledger.posting import OpenItem
from reskontro.norway.rates import ValueMissing
from reskontro.receivable.accrued_interest import CALCULATED_UNTIL, Terms, first_interest_day, owed
from reskontro.receivable.auto_postings.desk import PostingDesk, details_of, outcome
from reskontro.receivable.auto_postings.drafts import Outcome
from reskontro.receivable.auto_postings.methods.charge import book_charge, charged_item
from reskontro.receivable.auto_postings.methods.method import TARGET_FIELDS, Method
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import ITEM_FIELDS


def _load(desk: PostingDesk, drafts: Sequence[Draft]) -> None:
    desk.load_targets(drafts)
    desk.load_matches(item.ar_item_id for item in desk.looked_up())


def _calculate(desk: PostingDesk, draft: Draft, item: OpenItem, customer: Customer, until: date, on: date) -> tuple[Decimal, Decimal | None] | None:
    """(the interest by the client's rate, the most that may be charged: None for a business); None with VALUE-MISSING."""
    terms = Terms.of(desk.books, desk.base_currency, on)
    try:
        own, most = owed(desk, item, until, terms, customer.customer_category)
    except ValueMissing as absent:
        draft.find("VALUE-MISSING", "interestTo", name=absent.name, date=absent.day)
        return None
    if (most is not None or not terms.agreed) and terms.carried_forward(until):
        draft.find("VALUE-MISSING", "interestTo", severity="W", name=terms.statutory.name, date=until)
    return own.amount, None if most is None else most.amount


def _amount(desk: PostingDesk, draft: Draft, item: OpenItem, customer: Customer, on: date) -> Decimal | None:
    """What is charged; None with findings."""
    until: date | None = draft.values.get("interestTo")
    if until is None or draft.refused(("amount",)):
        return None
    if until < first_interest_day(item):
        other = CALCULATED_UNTIL if CALCULATED_UNTIL in item.details and until > item.due_date else "dueDate"
        draft.find("DATE-ORDER", "interestTo", other=other)
        return None
    calculated = _calculate(desk, draft, item, customer, until, on)
    if calculated is None:
        return None
    own, most = calculated
    sent: Decimal | None = draft.values.get("amount")
    amount = own if sent is None else sent
    if most is not None and amount > most:
        draft.find("FEE-LIMIT", "amount", value=amount, max=most, date=until)
        return None
    if not amount:
        draft.cross("STATE-CONFLICT", draft.first_sent(ITEM_FIELDS), status="CLOSED" if not item.open_amount else "OPEN")
        return None
    return amount


def post(desk: PostingDesk, draft: Draft, origin: Origin) -> Outcome | None:
    """Judge an interest posting and let it take effect."""
    found = charged_item(desk, draft)
    if found is None:
        return None
    item, customer, day = found
    amount = _amount(desk, draft, item, customer, day.day)
    rate = desk.rate(draft, item.currency, day.day)
    contra = desk.books.accounts_for("IT", day.day, customer_category=customer.customer_category, country_code=customer.country_code).contra
    desk.check_account(draft, contra)
    if draft.failed or amount is None or rate is None or contra is None:
        return None
    booked = book_charge(desk, draft, origin, found, rate, amount, contra)
    if booked is None:
        return None
    booking, posting, control = booked
    until: date = draft.values["interestTo"]
    before = item.details.get(CALCULATED_UNTIL)
    details = details_of(draft) | {"interestTo": until.isoformat(), "interestChargedBefore": before}
    charged = booking.item(posting, control, "IT", "INTEREST", claim_ar_item_id=item.ar_item_id, details=details)
    desk.add_item(charged)
    if before is None or date.fromisoformat(before) < until:
        item.change_details({CALCULATED_UNTIL: until.isoformat()})
    return outcome(posting, amount, [charged, item])


METHOD = Method("interest", frozenset((*TARGET_FIELDS, "amount", "currency", "exchangeRate", "interestTo")), ("interestTo",), _load, post)
