"""The list of payments: what became of each is told from its AR item, never stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.money import ZERO
from reskontro.ledger.books import open_books
from reskontro.norway.kid import normalise
from reskontro.receivable.matching.schemas import EXCEPTION_CODES, PAYMENT_STATUSES
from reskontro.receivable.matching.suggestions import suggest
from reskontro.receivable.sql import found_ids, likely
from reskontro.web.lists import Listing
from reskontro.web.operations import Parameter

EXPAND_SUGGESTIONS: Final = "suggestions"
WITH_MONEY_LEFT: Final = ("PARTIAL", "UNAPPLIED", "UNIDENTIFIED")
RETURNED: Final = "RETURNED"

FILTERS: Final = (
    Parameter("status", "choices", "Statuses", values=PAYMENT_STATUSES),
    Parameter("exceptioncode", "choices", "Why something is left", values=EXCEPTION_CODES),
    Parameter("exceptions", "boolean", "Only payments with money left to place, or only those without"),
    Parameter("paymentuuid", "ids", "Payment ids"),
    Parameter("customerno", "texts", "Customer numbers"),
    Parameter("kid", "texts", "KIDs paid with"),
    Parameter("bankaccountno", "texts", "Receiving accounts"),
    Parameter("paymentdatefrom", "date", "Paid on or after"),
    Parameter("paymentdateto", "date", "Paid on or before"),
    Parameter("batchuuid", "id", "Batch they came with"),
)

_NARROW: Final = frozenset(("paymentuuid", "customerno", "kid", "batchuuid"))
"""Filters that leave few payments: these are found first and sorted then."""
_PLAIN: Final = {
    "exceptioncode": "p.exception_code = any(%s)",
    "paymentuuid": "p.payment_uuid = any(%s)",
    "paymentdatefrom": "p.payment_date >= %s",
    "paymentdateto": "p.payment_date <= %s",
    "batchuuid": "p.batch_uuid = %s",
}
_JOINED: Final = "payment p join ar_item a on a.client_no = p.client_no and a.ar_item_id = p.ar_item_id"
# From the open items to their payments, one by one: they are few, however many payments there are.
_OPEN_FIRST: Final = (
    "ar_item a cross join lateral"
    " (select i.* from payment i where i.client_no = a.client_no and i.ar_item_id = a.ar_item_id and not i.reversed offset 0) p"
)
_OPEN: Final = "a.ar_item_type = 'PY' and (a.open_amount <> 0 or a.base_open_amount <> 0)"


class _Part(NamedTuple):
    """Where payments of some statuses are found: tables, condition, and the column that says whose they are."""

    source: str
    condition: str
    client_no: str = "p.client_no"


_REVERSED: Final = _Part("payment p", "p.reversed")
_UNAPPLIED: Final = frozenset(("UNAPPLIED",))
_PARTIAL: Final = frozenset(("PARTIAL",))
_PARTS: Final = {
    frozenset(("UNIDENTIFIED",)): _Part("payment p", "p.ar_item_id is null and not p.reversed"),
    _UNAPPLIED | _PARTIAL: _Part(_OPEN_FIRST, _OPEN, "a.client_no"),
    _UNAPPLIED: _Part(_OPEN_FIRST, f"{_OPEN} and {likely('a.open_amount = -p.amount')}", "a.client_no"),
    _PARTIAL: _Part(_OPEN_FIRST, f"{_OPEN} and {likely('a.open_amount <> -p.amount')}", "a.client_no"),
    frozenset(("MATCHED",)): _Part(_JOINED, f"not p.reversed and {likely('a.open_amount = 0 and a.base_open_amount = 0')}"),
    frozenset(("REVERSED",)): _REVERSED,
}
"""By statuses; those with something open are read together when both are wanted."""


def _parts(statuses: Collection[str]) -> list[_Part]:
    """The parts that hold the payments of the statuses, each payment in one of them."""
    wanted = frozenset(statuses)
    if len(wanted) == len(PAYMENT_STATUSES):
        return [_Part("payment p", "true")]
    both = _UNAPPLIED | _PARTIAL
    return [part for members, part in _PARTS.items() if members <= wanted and (members == both or not (members < both <= wanted))]


def _statuses(filters: dict[str, Any]) -> list[str]:
    """The statuses that the filters leave."""
    found = list(filters.get("status") or PAYMENT_STATUSES)
    exceptions: bool | None = filters.get("exceptions")
    if exceptions is not None:
        found = [status for status in found if (status in WITH_MONEY_LEFT) == exceptions]
    codes = filters.get("exceptioncode")
    if codes is not None:
        # A payment of which nothing is left shows no code; one that the bank returned keeps its.
        found = [status for status in found if status in WITH_MONEY_LEFT or (status == "REVERSED" and RETURNED in codes)]
    return found


def find_payments(transaction: Transaction, client_no: int, filters: dict[str, Any], limit: int) -> list[UUID]:
    """The ids of at most ``limit`` payments that meet all filters, by paymentDate and id."""
    conditions, values = _conditions(transaction, client_no, filters)
    statuses = _statuses(filters)
    parts = _parts(statuses)
    narrow = bool(_NARROW & filters.keys())
    texts: list[str] = []
    for part in parts:
        own = conditions
        if "exceptioncode" in filters and part is _REVERSED:
            own = [*conditions, f"p.exception_code = '{RETURNED}'"]
        # Where few are left, an expression keeps the planner from reading all payments in their order to find them.
        order = "p.payment_date + 0" if narrow else "p.payment_date"
        where = " and ".join((f"{part.client_no} = %s", part.condition, *own))
        texts.append(f"(select {order} as payment_date, p.payment_uuid from {part.source} where {where} order by {order}, p.payment_uuid limit %s)")
    if not texts:
        return []
    statement = f"select payment_uuid from ({' union all '.join(texts)}) f order by payment_date, payment_uuid limit %s"
    return found_ids(transaction, statement, (*([client_no, *values, limit] * len(texts)), limit))


def _conditions(transaction: Transaction, client_no: int, filters: dict[str, Any]) -> tuple[list[str], list[Any]]:
    """Conditions on ``payment p`` with their values."""
    conditions: list[str] = []
    values: list[Any] = []

    def add(condition: str, value: Any) -> None:
        conditions.append(condition)
        values.append(value)

    if "customerno" in filters:
        keys = [number.lower() for number in filters["customerno"]]
        rows = transaction.execute("select account_no from customer where client_no = %s and customer_key = any(%s)", (client_no, keys))
        accounts = [row[0] for row in rows]
        # Through the items of the customers, which are found by account.
        add("p.ar_item_id in (select i.ar_item_id from ar_item i where i.client_no = p.client_no and i.account_no = any(%s))", accounts)
        add("p.account_no = any(%s)", accounts)
    if "kid" in filters:
        add("p.kid = any(%s)", [normalise(kid) or kid for kid in filters["kid"]])
    if "bankaccountno" in filters:
        add("p.bank_account_key = any(%s)", [number.replace(" ", "").replace(".", "").lower() for number in filters["bankaccountno"]])
    for name, condition in _PLAIN.items():
        if name in filters:
            add(condition, filters[name])
    return conditions, values


_VIEW: Final = (
    "select p.payment_uuid, p.ar_item_id, p.account_no, c.customer_no, p.reversed, p.exception_code, p.amount, a.open_amount, p.currency,"
    " p.payment_date, p.booking_date, p.bank_account_no, p.bank_reference, p.payer_name, p.payer_account_no, p.kid, p.payment_text,"
    " p.payment_method, p.file_id, p.batch_uuid"
    " from payment p left join ar_item a on a.client_no = p.client_no and a.ar_item_id = p.ar_item_id"
    " left join customer c on c.client_no = p.client_no and c.account_no = p.account_no"
    " where p.client_no = %s and p.payment_uuid = any(%s)"
)


def _status(amount: Decimal, left: Decimal, *, placed: bool, taken_back: bool) -> str:
    if taken_back:
        return "REVERSED"
    if not placed:
        return "UNIDENTIFIED"
    if not left:
        return "MATCHED"
    return "UNAPPLIED" if left == amount else "PARTIAL"


def _view(client_no: int, row: Sequence[Any]) -> dict[str, Any]:
    (payment_uuid, item_id, account_no, customer_no, taken_back, code, amount, open_amount, currency, paid_on, booked_on) = row[:11]
    (bank_account, reference, payer, payer_account, kid, text, method, file_id, batch_uuid) = row[11:]
    left = ZERO if taken_back else amount if item_id is None else -open_amount
    shown = left or (taken_back and code == RETURNED)
    return {
        "paymentUuid": payment_uuid,
        "clientNo": client_no,
        "status": _status(amount, left, placed=item_id is not None, taken_back=taken_back),
        "exceptionCode": code if shown else None,
        "amount": amount,
        "allocatedAmount": ZERO if taken_back else amount - left,
        "unallocatedAmount": left,
        "currency": currency,
        "paymentDate": paid_on,
        "bookingDate": booked_on,
        "bankAccountNo": bank_account,
        "bankReference": reference,
        "payerName": payer,
        "payerAccountNo": payer_account,
        "kid": kid,
        "text": text,
        "paymentMethod": method,
        "fileId": file_id,
        "batchUuid": batch_uuid,
        "arItemId": item_id,
        "accountNo": account_no,
        "customerNo": customer_no,
    }


def listing(client_no: int) -> Listing:
    """The list of payments. Opening it raises Problem NOT-FOUND for an unknown client."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> list[UUID]:
        open_books(transaction, client_no)
        return find_payments(transaction, client_no, filters, limit)

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        ids = [UUID(str(key)) for key in keys]
        found = {row[0]: _view(client_no, row) for row in transaction.execute(_VIEW.encode(), (client_no, ids))}
        views = [found[payment_uuid] for payment_uuid in ids if payment_uuid in found]
        if EXPAND_SUGGESTIONS in options.get("expand", ()):
            suggested = suggest(transaction, client_no, [view for view in views if view["unallocatedAmount"]])
            for view in views:
                view["suggestions"] = suggested.get(view["paymentUuid"], [])
        return views

    return Listing("payments", "payments", "/payments", find, load)
