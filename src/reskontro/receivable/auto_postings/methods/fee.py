"""fee: a fee on a principal item; the statutory ones are held to what the law allows on the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.kit.money import ZERO, quantise
from reskontro.ledger.posting import ONE, OpenItem, Part
from reskontro.ledger.reversal import REVERSED
from reskontro.norway.deadlines import earliest_deadline
from reskontro.norway.fees import Charge, DebtorType, Dispute, Letter, LetterType, added_by_charges, compensation, fee_amount, letter_fee
from reskontro.norway.identities import currency_decimals
from reskontro.norway.rates import ValueMissing
from reskontro.receivable.auto_postings.desk import PostingDesk, details_of, outcome, too_large
from reskontro.receivable.auto_postings.drafts import Outcome
from reskontro.receivable.auto_postings.methods.interest import CONSUMER, JOURNAL, VAT_CODE, check_principal
from reskontro.receivable.auto_postings.methods.method import TARGET_FIELDS, Method
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import ITEM_FIELDS, check_currency, find_item

FEE_CODE = "feeCode"
"""The detail of a fee item that says which fee it is; a reminder document without it bears a reminder fee."""
LETTERS = "letters"
"""The detail of a principal item that lists letters without a fee: [{type, sent, deadline}]."""
_STATUTORY_CURRENCY = "NOK"
_LETTER_TYPES: dict[str, LetterType] = {
    "REMINDER": "reminder",
    "COLLECTION-NOTICE": "collection_notice",
    "PAYMENT-DEMAND": "payment_demand",
}


def _load(desk: PostingDesk, drafts: Sequence[Draft]) -> None:
    desk.load_targets(drafts)
    desk.load_charges(item.ar_item_id for item in desk.looked_up() if item.claim_kind == "PRINCIPAL")


def _fees_of(desk: PostingDesk, item: OpenItem) -> list[OpenItem]:
    """The fees charged on a claim that have not been taken back, oldest first."""
    return [fee for fee in desk.charges_of(item.ar_item_id) if fee.claim_kind == "COST" and not fee.details.get(REVERSED)]


def _code_of(fee: OpenItem) -> str:
    return str(fee.details.get(FEE_CODE, "REMINDER" if fee.ar_item_type == "RM" else "OTHER"))


def _letters(desk: PostingDesk, item: OpenItem) -> list[Letter]:
    """The letters of a claim, oldest first. A fee that was posted by itself stands for a letter of its day with the shortest lawful deadline."""
    letters: list[Letter] = []
    for entry in item.details.get(LETTERS, ()):
        kind = _LETTER_TYPES.get(entry["type"])
        if kind is not None:
            deadline = date.fromisoformat(entry["deadline"]) if entry.get("deadline") else None
            letters.append(Letter(kind, date.fromisoformat(entry["sent"]), deadline, ZERO))
    for fee in _fees_of(desk, item):
        kind = _LETTER_TYPES.get(_code_of(fee))
        if kind is not None:
            sent = fee.item_date or fee.gl_date
            deadline = fee.due_date if fee.ar_item_type == "RM" else earliest_deadline(sent)
            letters.append(Letter(kind, sent, deadline, fee.base_original_amount))
    return sorted(letters, key=lambda letter: letter.sent)


def _limit(desk: PostingDesk, item: OpenItem, customer: Customer, code: str, on: date) -> tuple[Decimal, Decimal]:
    """(the statutory amount, the most that may be charged on the day), in NOK. Raises ValueMissing."""
    debtor: DebtorType = "consumer" if customer.customer_category == CONSUMER else "business"
    fees = [fee for fee in _fees_of(desk, item) if _code_of(fee) != "OTHER"]
    charges = [Charge(_code_of(fee) == "COMPENSATION", fee.base_original_amount) for fee in fees]
    if code == "COMPENSATION":
        amount = compensation(debtor, item.due_date, desk.rates) or ZERO
        allowed = ZERO if on <= item.due_date or any(charge.is_compensation for charge in charges) else amount
    else:
        kind = _LETTER_TYPES[code]
        amount = fee_amount(kind, item.due_date, on, desk.rates)
        dispute = Dispute(date.min, True) if item.details.get("disputed") else None
        allowed = letter_fee(kind, on, due_date=item.due_date, earlier=_letters(desk, item), dispute=dispute, rates=desk.rates).fee
    # Between businesses the larger of the compensation and the sum of the fees is owed, so a charge only adds what lifts the larger of the two.
    return amount, added_by_charges([*charges, Charge(code == "COMPENSATION", allowed)])[-1]


def _in_currency(desk: PostingDesk, draft: Draft, amount: Decimal, currency: str, rate: Decimal, on: date) -> Decimal | None:
    """A sum of NOK in the item's currency, rounded down; None with RATE-MISSING."""
    base = amount
    if desk.base_currency != _STATUTORY_CURRENCY:
        if currency == _STATUTORY_CURRENCY:
            return amount
        krone = desk.books.exchange_rate(_STATUTORY_CURRENCY, on)
        if krone is None:
            draft.find("RATE-MISSING", "exchangeRate", currency=_STATUTORY_CURRENCY, date=on)
            return None
        base = amount * krone
    if rate == ONE and desk.base_currency == _STATUTORY_CURRENCY:
        return base
    decimals = currency_decimals(currency)
    unit = Decimal(1).scaleb(-(2 if decimals is None else decimals))
    return (base / rate).quantize(unit, ROUND_FLOOR)


def _amount(desk: PostingDesk, draft: Draft, item: OpenItem, customer: Customer, rate: Decimal, on: date) -> Decimal | None:
    """What is charged; None with findings."""
    code: str | None = draft.values.get(FEE_CODE)
    sent: Decimal | None = draft.values.get("amount")
    if code is None or draft.refused(("amount",)):
        return None
    if code == "OTHER":
        if sent is None:
            draft.find("REQUIRED", "amount")
        return sent
    if code in _LETTER_TYPES and not item.is_open:
        draft.cross("STATE-CONFLICT", draft.first_sent(ITEM_FIELDS), status="CLOSED")
        return None
    try:
        statutory, allowed = _limit(desk, item, customer, code, on)
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
        draft.find("FEE-LIMIT", "amount" if sent is not None else FEE_CODE, value=amount, max=most, date=on)
        return None
    return quantise(amount, 2)


def _warn_of_carried_value(desk: PostingDesk, draft: Draft, code: str, item: OpenItem, on: date) -> None:
    table, day = (desk.known_rates.compensation, item.due_date) if code == "COMPENSATION" else (desk.known_rates.inkassosats, on)
    if not table.is_known(day):
        draft.find("VALUE-MISSING", FEE_CODE, severity="W", name=table.name, date=day)


def post(desk: PostingDesk, draft: Draft, origin: Origin) -> Outcome | None:
    """Judge a fee and let it take effect."""
    found = find_item(desk, draft)
    day = desk.posting_day(draft)
    if found is None or day is None:
        return None
    item, customer = found
    check_principal(desk, draft, item)
    desk.check_common(draft, item.currency, day.day)
    if draft.failed or not check_currency(draft, item.currency):
        return None
    rate = desk.rate(draft, item.currency, day.day)
    amount = _amount(desk, draft, item, customer, rate, day.day) if rate is not None else None
    code = draft.values.get(FEE_CODE)
    contra = desk.books.accounts_for(
        "FEE", day.day, fee_code=code, customer_category=customer.customer_category, country_code=customer.country_code
    ).contra
    desk.check_account(draft, contra)
    if draft.failed or amount is None or rate is None or contra is None:
        return None
    booking = desk.booking(draft, day, JOURNAL, item.currency, rate, day.day, origin)
    control = booking.control(item.control_account, item.account_no, amount)
    posting = booking.transaction([control], [Part(contra, -amount, VAT_CODE)])
    if too_large(draft, posting, rate):
        return None
    desk.accept(posting, origin, customer.customer_no)
    details: dict[str, Any] = details_of(draft) | {FEE_CODE: code}
    fee = booking.item(posting, control, "FE", "COST", claim_ar_item_id=item.ar_item_id, details=details)
    desk.add_item(fee)
    return outcome(posting, amount, [fee])


METHOD = Method("fee", frozenset((*TARGET_FIELDS, "amount", "currency", "exchangeRate", FEE_CODE)), (FEE_CODE,), _load, post)
