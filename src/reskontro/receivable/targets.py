"""What a request means by the keys that name an item or a customer: all that were sent must agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reskontro.kit.ids import encode_id
from reskontro.ledger.claims import owners_of_kid
from reskontro.ledger.collection import COLLECTION_STATUS, is_with_collection
from reskontro.ledger.posting import OpenItem
from reskontro.receivable.customer_items import CustomerItemDesk, claims_named
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft

ITEM_FIELDS: Final = ("arItemId", "documentUuid", "documentNo", "referenceNo", "kid")
"""The keys that mean an item, in field order."""
CUSTOMER_FIELDS: Final = ("customerNo", "accountNo")
"""The keys that mean a customer."""


def find_customer(desk: CustomerItemDesk, draft: Draft) -> Customer | None:
    """The customer that customerNo and accountNo mean, None with CUSTOMER-UNKNOWN or TARGET-CONFLICT, or without a finding when none was sent."""
    number, account_no = draft.values.get("customerNo"), draft.values.get("accountNo")
    by_number = desk.customers.find(number) if number is not None else None
    by_account = desk.customers.find_account(account_no) if account_no is not None else None
    if number is not None and by_number is None:
        draft.find("CUSTOMER-UNKNOWN", "customerNo", value=draft.raw["customerNo"])
    if account_no is not None and by_account is None:
        draft.find("CUSTOMER-UNKNOWN", "accountNo", value=draft.raw["accountNo"])
    if by_number is not None and by_account is not None and by_number.account_no != by_account.account_no:
        draft.cross("TARGET-CONFLICT", "customerNo", fields="customerNo, accountNo")
        return None
    return by_number or by_account


def named_items(desk: CustomerItemDesk, draft: Draft, names: Sequence[str] = ITEM_FIELDS) -> dict[str, list[OpenItem]]:
    """The items that each of the keys sent may mean; ITEM-UNKNOWN or DOCUMENT-UNKNOWN for a key that means none."""
    found: dict[str, list[OpenItem]] = {}
    for name in names:
        value = draft.values.get(name)
        if value is None:
            continue
        if name == "arItemId":
            item = desk.item(value)
            items = [] if item is None else [item]
        elif name == "documentUuid":
            items = desk.items_of_document(value)
        elif name == "documentNo":
            items = desk.items_with_document_no(value)
        elif name == "referenceNo":
            items = desk.items_with_reference(value)
        else:
            items = [item for item in desk.items_with_kid(value) if item.original_amount > 0]
        if items:
            found[name] = items
        else:
            code = "DOCUMENT-UNKNOWN" if name in ("documentUuid", "documentNo") else "ITEM-UNKNOWN"
            draft.find(code, name, value=encode_id(value) if name in ("arItemId", "documentUuid") else draft.raw[name])
    return found


def common_items(draft: Draft, found: dict[str, list[OpenItem]], customer: Customer | None) -> list[OpenItem]:
    """The items that all the keys can mean: the open ones, when none is open all of them; empty with TARGET-CONFLICT when they do not agree."""
    candidates: list[OpenItem] | None = None
    for items in found.values():
        candidates = list(items) if candidates is None else [item for item in candidates if item in items]
    if customer is not None and candidates is not None:
        candidates = [item for item in candidates if item.account_no == customer.account_no]
    if not candidates:
        if found:
            conflict(draft)
        return []
    return [item for item in candidates if item.is_open] or candidates


def conflict(draft: Draft) -> None:
    """TARGET-CONFLICT about the keys sent."""
    sent = [name for name in (*ITEM_FIELDS, *CUSTOMER_FIELDS) if draft.was_sent(name)]
    draft.cross("TARGET-CONFLICT", draft.first_sent(sent), fields=", ".join(sent))


def missing(draft: Draft, names: Sequence[str]) -> bool:
    """Whether none of the keys was sent; then with TARGET-MISSING."""
    if any(draft.was_sent(name) for name in names):
        return False
    draft.cross("TARGET-MISSING", fields=", ".join(names))
    return True


def find_item(desk: CustomerItemDesk, draft: Draft) -> tuple[OpenItem, Customer] | None:
    """The one item meant, with its customer; None with findings."""
    if missing(draft, ITEM_FIELDS):
        find_customer(desk, draft)
        return None
    customer = find_customer(desk, draft)
    found = named_items(desk, draft)
    if draft.failed and (draft.refused((*ITEM_FIELDS, *CUSTOMER_FIELDS)) or len(found) < sum(name in draft.values for name in ITEM_FIELDS)):
        return None
    if customer is None and any(name in draft.values for name in CUSTOMER_FIELDS):
        return None
    items = common_items(draft, found, customer)
    if len(items) > 1:
        conflict(draft)
        return None
    if not items:
        return None
    owner = desk.customers.find_account(items[0].account_no)
    assert owner is not None, "an item has a customer"
    return items[0], owner


def kid_customer(desk: CustomerItemDesk, draft: Draft) -> Customer | None:
    """The customer that a KID means; None with ITEM-UNKNOWN, or TARGET-CONFLICT when it is that of several."""
    kid = draft.values["kid"]
    owners = owners_of_kid(desk, kid)
    if not owners:
        draft.find("ITEM-UNKNOWN", "kid", value=draft.raw["kid"])
        return None
    if len(owners) > 1:
        draft.cross("TARGET-CONFLICT", "kid", fields="kid")
        return None
    return desk.customers.find_account(owners[0])


def collection_status(desk: CustomerItemDesk, item: OpenItem) -> str | None:
    """The collection status that keeps the creditor from an item or its claim, None when nothing does."""
    for found in (item, *(desk.item(claim) for claim in claims_named(item))):
        if found is not None and is_with_collection(found):
            return str(found.details[COLLECTION_STATUS])
    return None


def check_collection(desk: CustomerItemDesk, draft: Draft, item: OpenItem) -> None:
    """STATE-CONFLICT for an item whose claim is with collection."""
    status = collection_status(desk, item)
    if status is not None:
        draft.cross("STATE-CONFLICT", draft.first_sent(ITEM_FIELDS), status=status)


def check_currency(draft: Draft, currency: str) -> bool:
    """Whether the currency sent is that of what is meant; else with TARGET-CONFLICT."""
    sent = draft.values.get("currency")
    if sent is None or sent == currency:
        return True
    sent_keys = [name for name in (*ITEM_FIELDS, *CUSTOMER_FIELDS) if draft.was_sent(name)]
    draft.cross("TARGET-CONFLICT", "currency", fields=", ".join((*sent_keys[:1], "currency")))
    return False
