"""interest: late-payment interest on a principal item, by default all that has accrued since it was last charged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from reskontro.batches.kinds import Origin
from reskontro.kit.money import ZERO
from reskontro.ledger.posting import OpenItem, Part
from reskontro.ledger.reversal import REVERSED
from reskontro.norway.identities import currency_decimals
from reskontro.norway.interest import ORE, Reduction, late_interest
from reskontro.norway.rates import DatedTable, ValueMissing, constant_rate
from reskontro.receivable.auto_postings.desk import PostingDesk, details_of, outcome, too_large
from reskontro.receivable.auto_postings.drafts import Outcome
from reskontro.receivable.auto_postings.methods.method import TARGET_FIELDS, Method
from reskontro.receivable.claim_charges import CONSUMER
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import ITEM_FIELDS, check_collection, check_currency, find_item

JOURNAL = "NOTES"
VAT_CODE = "7"
"""No VAT treatment: late interest and statutory fees are outside the Act."""
CALCULATED_UNTIL = "interestCalculatedUntil"
"""The detail of a principal item that names its last interest day charged."""


def _load(desk: PostingDesk, drafts: Sequence[Draft]) -> None:
    desk.load_targets(drafts)
    desk.load_matches(item.ar_item_id for item in desk.looked_up())


def check_principal(desk: PostingDesk, draft: Draft, item: OpenItem) -> None:
    """STATE-CONFLICT for an item that is no claim of its own, was taken back, or is with collection."""
    key = draft.first_sent(ITEM_FIELDS)
    if item.claim_kind != "PRINCIPAL" or item.original_amount <= 0:
        draft.cross("STATE-CONFLICT", key, status=item.claim_kind)
    elif item.reversal or item.details.get(REVERSED):
        draft.cross("STATE-CONFLICT", key, status="REVERSED")
    else:
        check_collection(desk, draft, item)


def reductions_of(desk: PostingDesk, item: OpenItem) -> list[Reduction]:
    """What payments and credits took off a principal, each on its own date; of several credits in one match the oldest come first."""
    found: list[Reduction] = []
    for match in desk.matches_of([item]):
        if match.status != "ACTIVE":
            continue
        left = sum([line.amount for line in match.lines if line.item is item], ZERO)
        credits = sorted((line for line in match.lines if line.amount < 0), key=lambda line: line.item.item_date or line.item.gl_date)
        for line in credits:
            part = min(left, -line.amount)
            if part > 0:
                found.append(Reduction(line.item.item_date or line.item.gl_date, part))
                left -= part
    return found


def first_interest_day(item: OpenItem) -> date:
    """The first day that interest has not been charged for."""
    charged = item.details.get(CALCULATED_UNTIL)
    start = item.due_date + timedelta(days=1)
    return start if charged is None else max(start, date.fromisoformat(charged) + timedelta(days=1))


def _unit(desk: PostingDesk, currency: str, on: date) -> Decimal:
    if currency != desk.base_currency:
        return Decimal(1) if currency_decimals(currency) == 0 else ORE
    configured: Decimal = desk.books.config("rounding.noteUnit", on)
    return configured


def _interest(desk: PostingDesk, item: OpenItem, until: date, rates: DatedTable, on: date) -> Decimal:
    return late_interest(
        item.original_amount,
        item.due_date,
        reductions_of(desk, item),
        until,
        rates=rates,
        first_day=first_interest_day(item),
        day_count=desk.books.config("interest.dayCount", on),
        unit=_unit(desk, item.currency, on),
    )


def _calculate(desk: PostingDesk, draft: Draft, item: OpenItem, customer: Customer, until: date, on: date) -> tuple[Decimal, Decimal | None] | None:
    """(the interest by the client's rate, the most that may be charged: None for a business); None with VALUE-MISSING."""
    agreed: Decimal | None = None
    if desk.books.config("interest.rate", on) == "AGREED":
        agreed = desk.books.config("interest.agreedRate", on)
    try:
        statutory = None
        if agreed is None or customer.customer_category == CONSUMER:
            statutory = _interest(desk, item, until, desk.rates.late_interest, on)
            if not desk.known_rates.late_interest.is_known(until):
                draft.find("VALUE-MISSING", "interestTo", severity="W", name=desk.rates.late_interest.name, date=until)
        own = statutory if agreed is None else _interest(desk, item, until, constant_rate(agreed), on)
    except ValueMissing as absent:
        draft.find("VALUE-MISSING", "interestTo", name=absent.name, date=absent.day)
        return None
    assert own is not None
    return own, statutory if customer.customer_category == CONSUMER else None


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
    found = find_item(desk, draft)
    day = desk.posting_day(draft)
    if found is None or day is None:
        return None
    item, customer = found
    check_principal(desk, draft, item)
    desk.check_common(draft, item.currency, day.day)
    if draft.failed or not check_currency(draft, item.currency):
        return None
    amount = _amount(desk, draft, item, customer, day.day)
    rate = desk.rate(draft, item.currency, day.day)
    contra = desk.books.accounts_for("IT", day.day, customer_category=customer.customer_category, country_code=customer.country_code).contra
    desk.check_account(draft, contra)
    if draft.failed or amount is None or rate is None or contra is None:
        return None
    booking = desk.booking(draft, day, JOURNAL, item.currency, rate, day.day, origin)
    control = booking.control(item.control_account, item.account_no, amount)
    posting = booking.transaction([control], [Part(contra, -amount, VAT_CODE)])
    if too_large(draft, posting, rate):
        return None
    desk.accept(posting, origin, customer.customer_no)
    until: date = draft.values["interestTo"]
    before = item.details.get(CALCULATED_UNTIL)
    details = details_of(draft) | {"interestTo": until.isoformat(), "interestChargedBefore": before}
    charged = booking.item(posting, control, "IT", "INTEREST", claim_ar_item_id=item.ar_item_id, details=details)
    desk.add_item(charged)
    if before is None or date.fromisoformat(before) < until:
        item.change_details({CALCULATED_UNTIL: until.isoformat()})
    return outcome(posting, amount, [charged, item])


METHOD = Method("interest", frozenset((*TARGET_FIELDS, "amount", "currency", "exchangeRate", "interestTo")), ("interestTo",), _load, post)
