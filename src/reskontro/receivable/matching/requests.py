"""A match that is asked for: what the request names, and what of it can be matched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from reskontro.kit.errors import not_found
from reskontro.kit.fields import Invalid
from reskontro.kit.ids import encode_id
from reskontro.kit.messages import Messages
from reskontro.kit.money import ZERO
from reskontro.ledger.items_view import item_status
from reskontro.ledger.placing import KeptPayment, booking_of, find_payment
from reskontro.ledger.posting import OpenItem
from reskontro.norway.identities import currency_decimals
from reskontro.receivable.booking_desk import BookingDesk
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.drafts import Draft
from reskontro.receivable.matching.schemas import MATCH_REQUEST
from reskontro.receivable.targets import collection_status

ENTITY: Final = "match"
_TARGETS: Final = ("arItemIds", "lines")
_FORMS: Final = ("paymentUuid", *_TARGETS)
CENT: Final = Decimal("0.01")


@dataclass(slots=True)
class MatchRequest:
    """A request with what it names. ``named`` are the items of arItemIds or of the lines, in the order sent."""

    draft: Draft
    match_date: date
    payment: KeptPayment | None = None
    customer: Customer | None = None
    named: list[OpenItem] = field(default_factory=list)
    amounts: list[Decimal] | None = None
    """Of form 3, one for each item named."""


def read(raw: dict[str, Any], desk: BookingDesk) -> MatchRequest:
    """Read a request and look up what it names; raises Problem NOT-FOUND for what does not exist."""
    messages = Messages()
    sent = {name: value for name, value in raw.items() if value != []}
    draft = Draft(MATCH_REQUEST, ENTITY, sent, MATCH_REQUEST.read(sent, messages), messages)
    values = draft.values
    request = MatchRequest(draft, values.get("matchDate", desk.context.today))
    if "paymentUuid" in values:
        request.payment = find_payment(desk.transaction, desk.client_no, values["paymentUuid"])
        if request.payment is None:
            raise not_found("the payment")
    if "customerNo" in values:
        request.customer = desk.customers.find(values["customerNo"])
        if request.customer is None:
            raise not_found("the customer")
    ids = [*values.get("arItemIds", ()), *(line["arItemId"] for line in values.get("lines", ()) if "arItemId" in line)]
    desk.load_items(ids)
    for item_id in dict.fromkeys(ids):
        item = desk.item(item_id)
        if item is None:
            raise not_found("the AR item")
        request.named.append(item)
    return request


def check(desk: BookingDesk, request: MatchRequest) -> None:
    """Everything that can be said before the items' amounts are looked at: the form, the date, one customer, one currency, no collection."""
    draft = request.draft
    given = [name for name in _TARGETS if name in draft.values or draft.refused((name,))]
    if not given and not draft.was_sent("paymentUuid"):
        draft.cross("TARGET-MISSING", fields=", ".join(_FORMS))
    if len(given) > 1:
        draft.cross("TARGET-CONFLICT", given[0], fields=", ".join(given))
    if draft.was_sent("paymentUuid") and not draft.was_sent("customerNo"):
        draft.find("REQUIRED", "customerNo")
    _check_day(desk, request)
    _check_same(request, given)
    for item in request.named:
        status = collection_status(desk, item)
        if status is not None:
            draft.cross("STATE-CONFLICT", given[0], status=status)
            break
    _check_exchange_accounts(desk, request)


def _check_day(desk: BookingDesk, request: MatchRequest) -> None:
    """PERIOD-CLOSED or RANGE for the day, DATE-ORDER for one before something that is to be matched was booked."""
    draft, day = request.draft, request.match_date
    if draft.refused(("matchDate",)):
        return
    try:
        placed = desk.books.posting_day(day)
    except Invalid as invalid:
        draft.find(invalid.code, "matchDate", **invalid.parameters)
        return
    if placed.was_closed:
        year, period = desk.books.period_number(day)
        draft.find("PERIOD-CLOSED", "matchDate", year=year, period=period, used=placed.day)
    booked = [item.gl_date for item in request.named]
    if request.payment is not None and request.payment.is_unidentified:
        booked.append(booking_of(desk, request.payment).gl_date)
    if any(day < other for other in booked):
        draft.find("DATE-ORDER", "matchDate", other="glDate")


def _check_exchange_accounts(desk: BookingDesk, request: MatchRequest) -> None:
    """ACCOUNT-UNKNOWN or ACCOUNT-CONTROL when a match in a foreign currency could not post what it gains or loses."""
    currencies = {item.currency for item in request.named} | ({request.payment.currency} if request.payment is not None else set())
    if currencies - {desk.base_currency}:
        for event in ("EXCHANGE-GAIN", "EXCHANGE-LOSS"):
            desk.check_account(request.draft, desk.books.accounts_for(event, request.match_date).contra)


def _check_same(request: MatchRequest, given: Sequence[str]) -> None:
    """TARGET-CONFLICT unless everything named has one customer and one currency."""
    draft = request.draft
    accounts = {item.account_no for item in request.named}
    if request.customer is not None:
        accounts.add(request.customer.account_no)
    currencies = {item.currency for item in request.named}
    if request.payment is not None:
        currencies.add(request.payment.currency)
    for found, key in ((accounts, "customerNo"), (currencies, "paymentUuid")):
        if len(found) > 1:
            fields = [key, *given] if draft.was_sent(key) else list(given)
            draft.cross("TARGET-CONFLICT", draft.first_sent(fields), fields=", ".join(fields))


# ------------------------------------------------------------------------------------------------ amounts


def read_lines(request: MatchRequest) -> None:
    """The amounts of form 3, with findings where one is more than is open, has the wrong sign, or is there twice."""
    draft = request.draft
    lines = draft.values.get("lines", ())
    by_id = {item.ar_item_id: item for item in request.named}
    seen: set[Any] = set()
    amounts: dict[Any, Decimal] = {}
    for index, line in enumerate(lines):
        item, amount = by_id.get(line.get("arItemId")), line.get("amount")
        if item is None or amount is None:
            continue
        if item.ar_item_id in seen:
            draft.find("NOT-UNIQUE", "lines", inside=(index, "arItemId"), value=encode_id(item.ar_item_id))
            continue
        seen.add(item.ar_item_id)
        if currency_decimals(item.currency) == 0 and amount != amount.to_integral_value():
            draft.find("PRECISION", "lines", inside=(index, "amount"), max=0)
        elif not amount:
            draft.find("RANGE", "lines", inside=(index, "amount"), min=CENT, max=abs(item.open_amount))
        elif abs(amount) > abs(item.open_amount) or (amount > 0) != (item.open_amount > 0):
            draft.find("AMOUNT-EXCEEDED", "lines", inside=(index, "amount"), value=amount, available=item.open_amount)
        amounts[item.ar_item_id] = amount
    if draft.failed:
        return
    request.amounts = [amounts[item.ar_item_id] for item in request.named]
    _check_sum(request, request.amounts)


def _check_sum(request: MatchRequest, amounts: Sequence[Decimal]) -> None:
    """UNBALANCED unless the lines add up to zero, of form 1 to what the payment can give; then at most the payment (AMOUNT-EXCEEDED)."""
    draft, payment = request.draft, request.payment
    total = sum(amounts, ZERO)
    given = payment.amount if payment is not None else ZERO
    if (total > 0, total < 0) != (given > 0, given < 0):
        debit, credit = sum_of(amounts, positive=True), sum_of(amounts, positive=False)
        draft.cross("UNBALANCED", "lines", debit=debit, credit=-credit)
    elif abs(total) > abs(given):
        draft.cross("AMOUNT-EXCEEDED", "lines", value=total, available=given)


def sum_of(amounts: Iterable[Decimal], *, positive: bool) -> Decimal:
    """The sum of the positive or of the negative amounts."""
    return sum([amount for amount in amounts if (amount > 0) == positive], ZERO)


def check_sides(request: MatchRequest, items: Sequence[OpenItem]) -> None:
    """STATE-CONFLICT unless there is something open on both sides."""
    if any(item.open_amount > 0 for item in items) and any(item.open_amount < 0 for item in items):
        return
    statuses = {item_status(item.original_amount, item.base_original_amount, item.open_amount, item.base_open_amount) for item in items}
    request.draft.cross("STATE-CONFLICT", "arItemIds", status=", ".join(sorted(statuses)))
