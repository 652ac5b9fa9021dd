"""refund: open credit is paid back; the RF item is matched with it, and the payment is ordered in a file for the bank."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from reskontro.batches.kinds import Origin
from reskontro.kit.money import ZERO
from reskontro.ledger.payment_booking import PAYMENT_JOURNAL
from reskontro.ledger.posting import OpenItem, Part
from reskontro.norway.accounts import is_bank_account, normalise_account_no
from reskontro.receivable.auto_postings.desk import PostingDesk, details_of, outcome, too_large
from reskontro.receivable.auto_postings.drafts import Outcome
from reskontro.receivable.auto_postings.methods.method import TARGET_FIELDS, Method
from reskontro.receivable.auto_postings.payment_order import order_payments, paying_account
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import (
    CUSTOMER_FIELDS,
    check_collection,
    check_currency,
    common_items,
    conflict,
    find_customer,
    kid_customer,
    missing,
    named_items,
)

_ITEM_KEYS = ("arItemId", "documentUuid", "documentNo", "referenceNo")


def _load(desk: PostingDesk, drafts: Sequence[Draft]) -> None:
    desk.load_targets(drafts)
    numbers = [draft.values["customerNo"] for draft in drafts if "customerNo" in draft.values]
    customers = [customer for number in numbers if (customer := desk.customers.find(number)) is not None]
    desk.load_accounts([customer.account_no for customer in customers])


def _find_credits(desk: PostingDesk, draft: Draft) -> tuple[Customer, list[OpenItem], str] | None:
    """The customer, the credits to pay back (oldest first) and their currency; None with findings."""
    if missing(draft, TARGET_FIELDS) or draft.refused(TARGET_FIELDS):
        return None
    customer = find_customer(desk, draft)
    if customer is None and any(name in draft.values for name in CUSTOMER_FIELDS):
        return None
    if "kid" in draft.values:
        owner = kid_customer(desk, draft)
        if owner is not None and customer is not None and owner.account_no != customer.account_no:
            conflict(draft)
        customer = owner
        if draft.failed or customer is None:
            return None
    found = named_items(desk, draft, _ITEM_KEYS)
    if len(found) < sum(name in draft.values for name in _ITEM_KEYS):
        return None
    if not found:
        assert customer is not None, "a key was sent, and it was not an item's"
        currency: str = draft.values.get("currency") or customer.currency
        credits = [item for item in desk.account_items(customer.account_no) if item.open_amount < 0 and item.currency == currency]
        return customer, sorted(credits, key=lambda item: (item.item_date or item.gl_date, item.ar_item_id.int)), currency
    items = common_items(draft, found, customer)
    if len(items) > 1:
        conflict(draft)
    if len(items) != 1:
        return None
    item = items[0]
    if item.open_amount >= 0:
        draft.cross("STATE-CONFLICT", draft.first_sent(_ITEM_KEYS), status="CLOSED" if not item.open_amount else item.claim_kind)
        return None
    if not check_currency(draft, item.currency):
        return None
    owner = desk.customers.find_account(item.account_no)
    assert owner is not None, "an item has a customer"
    return owner, [item], item.currency


def _payee(draft: Draft) -> str | None:
    """The payee's account without marks; None with BANK-ACCOUNT."""
    sent: str | None = draft.values.get("payeeBankAccountNo")
    if sent is None:
        return None
    if not is_bank_account(sent):
        draft.find("BANK-ACCOUNT", "payeeBankAccountNo", value=draft.raw["payeeBankAccountNo"])
        return None
    return normalise_account_no(sent) or sent.replace(" ", "").upper()


def post(desk: PostingDesk, draft: Draft, origin: Origin) -> Outcome | None:
    """Judge a refund and let it take effect."""
    values = draft.values
    found = _find_credits(desk, draft)
    day = desk.posting_day(draft)
    desk.check_payment(draft)
    payee = _payee(draft)
    if found is None or day is None:
        return None
    customer, credits, currency = found
    desk.check_common(draft, currency, day.day)
    rate = desk.rate(draft, currency, values.get("paymentDate", day.day))
    available = -sum([item.open_amount for item in credits], ZERO)
    amount: Decimal = values.get("amount", ZERO)
    if amount > available:
        draft.find("AMOUNT-EXCEEDED", "amount", value=amount, available=available)
    for item in credits:
        check_collection(desk, draft, item)
    control_account = desk.control_account(draft, customer, day.day)
    payment = values.get("payment") or {}
    desk.check_exchange_accounts(draft, currency, day.day)
    bank = desk.bank_gl_account(draft, day.day, "REFUND")
    if draft.failed or rate is None or control_account is None or bank is None or payee is None:
        return None
    if paying_account(desk, draft) is None:
        draft.find("VALUE-MISSING", "payment", severity="W", name="bank.accounts", date=desk.context.today)
    booking = desk.booking(draft, day, PAYMENT_JOURNAL, currency, rate, values["paymentDate"], origin)
    control = booking.control(control_account, customer.account_no, amount)
    posting = booking.transaction([control], [Part(bank, -amount, None)])
    if too_large(draft, posting, rate):
        return None
    details = details_of(draft) | {"payeeBankAccountNo": payee} | ({"payment": payment} if payment else {})
    desk.accept(posting, origin, customer.customer_no)
    item = booking.item(posting, control, "RF", "PRINCIPAL", details=details)
    desk.add_item(item)
    used = _use(desk, item, credits, origin, customer)
    return outcome(posting, amount, [item, *used])


def _use(desk: PostingDesk, refund: OpenItem, credits: list[OpenItem], origin: Origin, customer: Customer) -> list[OpenItem]:
    """Match the refund with the credits in turn; returns the credits it used."""
    left = refund.open_amount
    parts = [(refund, left)]
    for item in credits:
        if not left:
            break
        part = min(left, -item.open_amount)
        parts.append((item, -part))
        left -= part
    match = desk.settler.settle_exactly(parts, source="MANUAL", created_by=origin.user_id, batch_uuid=origin.batch_uuid, small_differences=False)
    desk.log_match(match.match_id, origin, customer.customer_no)
    return [item for item, _ in parts[1:]]


METHOD = Method(
    "refund",
    frozenset((*TARGET_FIELDS, "amount", "currency", "exchangeRate", "paymentDate", "payment", "payeeBankAccountNo")),
    ("amount", "paymentDate", "payeeBankAccountNo"),
    _load,
    post,
    order_payments,
)
