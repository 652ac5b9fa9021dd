"""journal: entries as they are sent; those that name a customer go to its control account and make AR items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.kit.ids import new_id
from reskontro.kit.money import ZERO
from reskontro.ledger.accounts import missing_dimensions, unknown_dimensions, unusable, usable_control_account
from reskontro.ledger.booking import Booking, Control
from reskontro.ledger.posting import GlLine, LedgerTransaction, OpenItem
from reskontro.norway.vat import is_standard_code
from reskontro.receivable.auto_postings.desk import PostingDesk, details_of, outcome, too_large
from reskontro.receivable.auto_postings.drafts import Outcome, check_decimals
from reskontro.receivable.auto_postings.methods.method import Method
from reskontro.receivable.booking_desk import Day, dimensions_of
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft

JOURNAL = "MANUAL"
_CUSTOMER_KEYS = ("customerNo", "accountNo")


@dataclass(slots=True)
class _Entry:
    """One entry, signed with debit positive; with a customer it goes to ``gl_account`` as control account."""

    values: dict[str, Any]
    amount: Decimal
    gl_account: str
    customer: Customer | None


def _load(desk: PostingDesk, drafts: Sequence[Draft]) -> None:
    entries = [entry for draft in drafts for entry in draft.values.get("entries", ())]
    desk.customers.load(
        {entry["customerNo"] for entry in entries if "customerNo" in entry}, {entry["accountNo"] for entry in entries if "accountNo" in entry}
    )


def _amount(draft: Draft, index: int, entry: dict[str, Any], raw: dict[str, Any]) -> Decimal | None:
    """The amount of an entry, debit positive; None with findings unless exactly one side was sent."""
    debit, credit = entry.get("debit"), entry.get("credit")
    if debit is not None and credit is not None:
        draft.find("RANGE", "entries", inside=(index, "credit"), min=0, max=0)
        return None
    if debit is None and credit is None:
        if all(raw.get(side) in (None, "") for side in ("debit", "credit")):
            draft.find("TARGET-MISSING", "entries", inside=(index, "debit"), fields="debit, credit")
        return None
    return debit if debit is not None else -(credit or ZERO)


def _customer(desk: PostingDesk, draft: Draft, index: int, entry: dict[str, Any], raw: dict[str, Any]) -> Customer | None:
    number, account_no = entry.get("customerNo"), entry.get("accountNo")
    by_number = desk.customers.find(number) if number is not None else None
    by_account = desk.customers.find_account(account_no) if account_no is not None else None
    for name, sent, found in (("customerNo", number, by_number), ("accountNo", account_no, by_account)):
        if sent is not None and found is None:
            draft.find("CUSTOMER-UNKNOWN", "entries", inside=(index, name), value=raw[name])
    if by_number is not None and by_account is not None and by_number.account_no != by_account.account_no:
        draft.find("TARGET-CONFLICT", "entries", inside=(index, "customerNo"), fields="customerNo, accountNo")
        return None
    return by_number or by_account


def _read_entry(desk: PostingDesk, draft: Draft, index: int, entry: dict[str, Any], on: date) -> _Entry | None:
    """An entry that can be booked; None with findings."""
    raw = draft.raw["entries"][index]
    if not isinstance(raw, dict):
        return None
    amount = _amount(draft, index, entry, raw)
    code = entry.get("vatCode")
    if code is not None and not is_standard_code(code):
        draft.find("CODE-UNKNOWN", "entries", inside=(index, "vatCode"), value=raw["vatCode"])
    for place, name in unknown_dimensions(desk.books, on, entry["dimensions"]) if "dimensions" in entry else ():
        draft.find("CODE-UNKNOWN", "entries", inside=(index, "dimensions", place, name), value=entry["dimensions"][place][name])
    customer_sent = next((name for name in _CUSTOMER_KEYS if raw.get(name) not in (None, "")), None)
    account: str | None = entry.get("glAccount")
    if account is not None and customer_sent is not None:
        draft.find("TARGET-CONFLICT", "entries", inside=(index, "glAccount"), fields=f"glAccount, {customer_sent}")
        return None
    if customer_sent is not None:
        customer = _customer(desk, draft, index, entry, raw)
        if customer is None or amount is None:
            return None
        number, tried = usable_control_account(desk.books, customer.control_account, on)
        if number is None:
            draft.find("ACCOUNT-UNKNOWN", "entries", inside=(index, customer_sent), value=tried)
            return None
        return _Entry(entry, amount, number, customer)
    if account is None:
        if raw.get("glAccount") in (None, ""):
            draft.find("TARGET-MISSING", "entries", inside=(index, "glAccount"), fields="glAccount, customerNo, accountNo")
        return None
    refusal = unusable(desk.books, account)
    if refusal is not None:
        draft.find(refusal, "entries", inside=(index, "glAccount"), value=raw["glAccount"])
        return None
    given = entry.get("dimensions") or draft.values.get("dimensions") or ()
    if missing_dimensions(desk.books, account, (dimension["dimensionNo"] for dimension in given if "dimensionNo" in dimension)):
        draft.find("REQUIRED", "entries", inside=(index, "dimensions"))
        return None
    return None if amount is None else _Entry(entry, amount, account, None)


def _judge(desk: PostingDesk, draft: Draft, day: Day) -> list[_Entry] | None:
    """The entries in order; None with findings."""
    sent = draft.values.get("entries")
    if sent is not None and not sent:
        draft.find("REQUIRED", "entries")
    if not sent:
        return None
    entries = [_read_entry(desk, draft, index, entry, day.day) for index, entry in enumerate(sent)]
    usable = [entry for entry in entries if entry is not None]
    if len(usable) < len(entries) or draft.failed:
        return None
    debit = sum([entry.amount for entry in usable if entry.amount > 0], ZERO)
    credit = -sum([entry.amount for entry in usable if entry.amount < 0], ZERO)
    if debit != credit:
        draft.cross("UNBALANCED", "entries", debit=debit, credit=credit)
        return None
    return usable


def _transaction(booking: Booking, entries: Sequence[_Entry]) -> LedgerTransaction:
    """The lines in the order of the entries; the largest that is not a customer's takes what rounding leaves in base currency."""
    lines: list[GlLine] = []
    for entry in entries:
        values, customer = entry.values, entry.customer
        sent = values.get("dimensions")
        line = GlLine(
            entry.gl_account,
            booking.base(entry.amount),
            entry.amount,
            None if customer is not None else values.get("vatCode"),
            customer.account_no if customer is not None else None,
            new_id() if customer is not None else None,
            dimensions_of(sent) if sent else booking.dimensions,
            values.get("text"),
        )
        lines.append(line)
    remainder = sum([line.amount for line in lines], ZERO)
    if remainder:
        candidates = [line for line in lines if line.ar_item_id is None] or lines
        max(candidates, key=lambda line: abs(line.amount)).amount -= remainder
    posting = booking.transaction([], [])
    posting.lines = lines
    return posting


def post(desk: PostingDesk, draft: Draft, origin: Origin) -> Outcome | None:
    """Judge a manual journal and let it take effect."""
    currency: str = draft.values.get("currency") or desk.base_currency
    day = desk.posting_day(draft)
    check_decimals(draft, currency)
    if day is None:
        return None
    if "dimensions" in draft.values:
        desk.check_common(draft, currency, day.day)
    entries = _judge(desk, draft, day)
    rate = desk.rate(draft, currency, day.day)
    if draft.failed or entries is None or rate is None:
        return None
    booking = desk.booking(draft, day, JOURNAL, currency, rate, day.day, origin)
    posting = _transaction(booking, entries)
    if too_large(draft, posting, rate):
        return None
    debtors = {entry.customer.customer_no for entry in entries if entry.customer is not None}
    desk.accept(posting, origin, debtors.pop() if len(debtors) == 1 else None)
    items: list[OpenItem] = []
    for entry, line in zip(entries, posting.lines, strict=True):
        if entry.customer is None or line.ar_item_id is None:
            continue
        current = desk.customers.find_account(entry.customer.account_no)
        assert current is not None, "it was found just now"
        desk.fix_control_account(current, entry.gl_account)
        control = Control(line.gl_account, current.account_no, line.ar_item_id, line.currency_amount, line.amount)
        item = booking.item(
            posting,
            control,
            "MJ",
            "PRINCIPAL" if entry.amount > 0 else "CREDIT",
            due_date=entry.values.get("dueDate"),
            details=details_of(draft),
        )
        desk.add_item(item)
        items.append(item)
    amount = sum([entry.amount for entry in entries if entry.amount > 0], ZERO)
    return outcome(posting, amount, items)


METHOD = Method("journal", frozenset(("currency", "exchangeRate", "entries")), ("entries",), _load, post)
