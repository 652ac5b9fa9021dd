"""payment: money from a customer, matched by allocations, by what its keys mean, or with all his claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.kit.money import ZERO
from reskontro.ledger.booking import Booking, Control
from reskontro.ledger.claims import MatchSource, Meaning, matches_by_rule, meant_by_customer, meant_by_items, meant_by_kid
from reskontro.ledger.payment_booking import PAYMENT_JOURNAL, book_payment, payment_transaction
from reskontro.ledger.payments import bank_account_key
from reskontro.ledger.posting import LedgerTransaction, OpenItem
from reskontro.receivable.auto_postings.desk import PostingDesk, details_of, outcome, too_large
from reskontro.receivable.auto_postings.drafts import Outcome
from reskontro.receivable.auto_postings.methods.method import TARGET_FIELDS, Method
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import (
    CUSTOMER_FIELDS,
    ITEM_FIELDS,
    check_currency,
    common_items,
    conflict,
    find_customer,
    kid_customer,
    missing,
    named_items,
)

_SOURCES: tuple[tuple[str, MatchSource], ...] = (
    ("arItemId", "MANUAL"),
    ("documentUuid", "DOCUMENT-NO"),
    ("documentNo", "DOCUMENT-NO"),
    ("referenceNo", "REFERENCE"),
)
"""Which source a match has, by the first key that means an item."""


@dataclass(slots=True)
class _Target:
    """Whose payment it is, and the items that its keys mean."""

    customer: Customer
    items: list[OpenItem]
    currency: str


@dataclass(slots=True)
class _Case:
    """A payment that may be booked."""

    target: _Target
    booking: Booking
    control_account: str
    posting: LedgerTransaction
    control: Control
    allocations: list[tuple[OpenItem, Decimal]]


def _load(desk: PostingDesk, drafts: Sequence[Draft]) -> None:
    desk.load_targets(drafts)
    today = desk.context.today
    desk.load_bank_references(
        (bank_account_key(desk.books, today, payment.get("bankAccountNo")), payment["bankReference"].lower())
        for payment in (draft.values.get("payment") or {} for draft in drafts)
        if "bankReference" in payment
    )
    alone = [draft for draft in drafts if not any(name in draft.values for name in _item_keys())]
    accounts = [customer.account_no for draft in alone if (customer := _quiet_customer(desk, draft)) is not None]
    desk.load_accounts(accounts)


def _item_keys() -> tuple[str, ...]:
    return tuple(name for name, _ in _SOURCES)


def _quiet_customer(desk: PostingDesk, draft: Draft) -> Customer | None:
    number, account_no = draft.values.get("customerNo"), draft.values.get("accountNo")
    if number is not None:
        return desk.customers.find(number)
    return desk.customers.find_account(account_no) if account_no is not None else None


def _find_target(desk: PostingDesk, draft: Draft) -> _Target | None:
    """Whose payment it is; None with findings."""
    if missing(draft, TARGET_FIELDS):
        return None
    if draft.refused(TARGET_FIELDS):
        return None
    customer = find_customer(desk, draft)
    if customer is None and any(name in draft.values for name in CUSTOMER_FIELDS):
        return None
    found = named_items(desk, draft, _item_keys())
    if len(found) < sum(name in draft.values for name in _item_keys()):
        return None
    items: list[OpenItem] = []
    if found:
        items = common_items(draft, found, customer)
        if not items:
            return None
    accounts = {item.account_no for item in items}
    if "kid" in draft.values:
        if customer is None and not items:
            customer = kid_customer(desk, draft)
            if customer is None:
                return None
        elif not _kid_agrees(desk, draft, customer.account_no if customer is not None else items[0].account_no, items):
            return None
    if len(accounts) > 1:
        conflict(draft)
        return None
    if customer is None:
        customer = desk.customers.find_account(items[0].account_no)
        assert customer is not None, "an item has a customer"
    currency = _currency(desk, draft, customer, items)
    return None if currency is None else _Target(customer, items, currency)


def _kid_agrees(desk: PostingDesk, draft: Draft, account_no: int, items: list[OpenItem]) -> bool:
    """Whether the KID means the same as the other keys; else with ITEM-UNKNOWN or TARGET-CONFLICT."""
    kid = draft.values["kid"]
    bearers = [item for item in desk.items_with_kid(kid) if item.original_amount > 0]
    owner = desk.customers.owner_of_kid(kid)
    if not bearers and owner is None:
        draft.find("ITEM-UNKNOWN", "kid", value=draft.raw["kid"])
        return False
    own = [item for item in bearers if item.account_no == account_no]
    agrees = bool(own) if bearers else owner == account_no
    if agrees and items and bearers:
        agrees = any(item in own for item in items)
    if not agrees:
        conflict(draft)
    return agrees


def _currency(desk: PostingDesk, draft: Draft, customer: Customer, items: list[OpenItem]) -> str | None:
    """The currency of the payment: that of the items meant; None with TARGET-CONFLICT. A customer may pay in any, by default in his own."""
    meant = items
    if not meant and "kid" in draft.values:
        bearers = [item for item in desk.items_with_kid(draft.values["kid"]) if item.original_amount > 0 and item.account_no == customer.account_no]
        meant = [item for item in bearers if item.is_open] or bearers
    currencies = {item.currency for item in meant}
    sent: str | None = draft.values.get("currency")
    if not currencies:
        return sent or customer.currency
    if sent is not None and sent in currencies:
        items[:] = [item for item in items if item.currency == sent]
        return sent
    if len(currencies) > 1:
        draft.cross("TARGET-CONFLICT", "currency" if sent else draft.first_sent(ITEM_FIELDS), fields=f"{draft.first_sent(ITEM_FIELDS)}, currency")
        return None
    currency = meant[0].currency
    return currency if check_currency(draft, currency) else None


def _find_allocations(desk: PostingDesk, draft: Draft, target: _Target) -> list[tuple[OpenItem, Decimal]]:
    """The exact parts; ITEM-UNKNOWN, TARGET-CONFLICT, NOT-UNIQUE, and AMOUNT-EXCEEDED above what is open or what was paid."""
    parts: list[tuple[OpenItem, Decimal]] = []
    seen: set[Any] = set()
    for index, allocation in enumerate(draft.values.get("allocations", ())):
        if "arItemId" not in allocation or "amount" not in allocation:
            continue
        sent = draft.raw["allocations"][index]["arItemId"]
        item = desk.item(allocation["arItemId"])
        if item is None:
            draft.find("ITEM-UNKNOWN", "allocations", inside=(index, "arItemId"), value=sent)
            continue
        if item.ar_item_id in seen:
            draft.find("NOT-UNIQUE", "allocations", inside=(index, "arItemId"), value=sent)
            continue
        seen.add(item.ar_item_id)
        if item.account_no != target.customer.account_no or item.currency != target.currency:
            other = "customerNo" if item.account_no != target.customer.account_no else "currency"
            draft.find("TARGET-CONFLICT", "allocations", inside=(index, "arItemId"), fields=f"arItemId, {other}")
            continue
        available = max(item.open_amount, ZERO)
        if allocation["amount"] > available:
            draft.find("AMOUNT-EXCEEDED", "allocations", inside=(index, "amount"), value=allocation["amount"], available=available)
            continue
        parts.append((item, allocation["amount"]))
    total = sum([allocation.get("amount", ZERO) for allocation in draft.values.get("allocations", ())], ZERO)
    amount = draft.values.get("amount")
    if amount is not None and total > amount:
        draft.cross("AMOUNT-EXCEEDED", "allocations", value=total, available=amount)
    return parts


def _judge(desk: PostingDesk, draft: Draft, origin: Origin) -> _Case | None:
    values = draft.values
    target = _find_target(desk, draft)
    day = desk.posting_day(draft)
    desk.check_payment(draft)
    if target is None or day is None:
        return None
    desk.check_common(draft, target.currency, day.day)
    rate = desk.rate(draft, target.currency, values.get("paymentDate", day.day))
    allocations = _find_allocations(desk, draft, target)
    control_account = desk.control_account(draft, target.customer, day.day)
    desk.check_exchange_accounts(draft, target.currency, day.day)
    bank = desk.bank_gl_account(draft, day.day, "PY")
    if draft.failed or rate is None or control_account is None or bank is None:
        return None
    booking = desk.booking(draft, day, PAYMENT_JOURNAL, target.currency, rate, values["paymentDate"], origin)
    posting, control = payment_transaction(booking, target.customer, control_account, bank, values["amount"])
    if too_large(draft, posting, rate):
        return None
    return _Case(target, booking, control_account, posting, control, allocations)


def _meaning(desk: PostingDesk, draft: Draft, case: _Case) -> Meaning | None:
    """The claims that the payment means; None when nothing is matched by itself."""
    target, on = case.target, case.booking.day
    automatic = bool(desk.books.config("matching.auto", on))
    if case.allocations:
        return Meaning("MANUAL")
    for name, source in _SOURCES:
        if name in draft.values:
            if not automatic and name == "referenceNo":
                return None
            return meant_by_items(desk, target.items, source)
    if "kid" in draft.values:
        kid = draft.values["kid"]
        return meant_by_kid(desk, kid, target.customer.account_no, target.currency) if matches_by_rule(desk, on, "KID") else None
    return meant_by_customer(desk, target.customer.account_no, target.currency, "MANUAL") if automatic else None


def post(desk: PostingDesk, draft: Draft, origin: Origin) -> Outcome | None:
    """Judge a payment and let it take effect."""
    case = _judge(desk, draft, origin)
    if case is None:
        return None
    customer = case.target.customer
    desk.fix_control_account(customer, case.control_account)
    desk.accept(case.posting, origin, customer.customer_no)
    item, match, _ = book_payment(
        desk,
        case.booking,
        customer,
        case.posting,
        case.control,
        _meaning(desk, draft, case),
        origin,
        details=draft.values.get("payment") or {},
        kid=draft.values.get("kid"),
        allocations=case.allocations,
        item_details=details_of(draft),
    )
    settled = [line.item for line in match.lines] if match is not None else []
    return outcome(case.posting, draft.values["amount"], [item, *settled])


METHOD = Method(
    "payment",
    frozenset((*TARGET_FIELDS, "amount", "currency", "exchangeRate", "paymentDate", "payment", "allocations")),
    ("amount", "paymentDate"),
    _load,
    post,
)
