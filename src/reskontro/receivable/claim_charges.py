"""What has been charged on a claim so far, and what the law lets a creditor add: one implementation for auto postings and runs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from reskontro.kit.money import ZERO
from reskontro.ledger.books import Books
from reskontro.ledger.posting import ONE, OpenItem
from reskontro.ledger.reversal import REVERSED
from reskontro.norway.deadlines import earliest_deadline
from reskontro.norway.fees import Charge, DebtorType, Dispute, Letter, LetterType, added_by_charges, compensation, fee_amount, letter_fee
from reskontro.norway.identities import currency_decimals
from reskontro.norway.rates import Rates

CONSUMER: Final = "CONS"
"""The customer category of those whom the law protects most."""
FEE_CODE: Final = "feeCode"
"""The detail of a fee item that says which fee it is; a reminder document without it bears a reminder fee."""
LETTERS: Final = "letters"
"""The detail of a principal item that lists its letters, with and without a fee: [{step, type, sent, deadline, documentNo}]."""
COMPENSATION: Final = "COMPENSATION"
STATUTORY_CURRENCY: Final = "NOK"
LETTER_TYPES: Final[dict[str, LetterType]] = {
    "REMINDER": "reminder",
    "COLLECTION-NOTICE": "collection_notice",
    "PAYMENT-DEMAND": "payment_demand",
}


def as_it_is(day: date) -> date:
    """A day that no rule moves."""
    return day


def item_number(item: OpenItem) -> str | None:
    """What a letter calls an item: its document, else its reference, else its KID; None without any."""
    return item.document_no or item.reference_no or item.kid


@dataclass(frozen=True, slots=True)
class DayRules:
    """How days are counted when a fee is judged: days of grace after a deadline, and what a due date or deadline counts as."""

    grace_days: int = 0
    counted: Callable[[date], date] = as_it_is


PLAIN_DAYS: Final = DayRules()


def code_of(fee: OpenItem) -> str:
    """Which fee a fee item is."""
    return str(fee.details.get(FEE_CODE, "REMINDER" if fee.ar_item_type == "RM" else "OTHER"))


def standing_fees(charges: Iterable[OpenItem]) -> list[OpenItem]:
    """The fees among the charges of a claim that have not been taken back."""
    return [fee for fee in charges if fee.claim_kind == "COST" and not fee.details.get(REVERSED)]


def letters_of(item: OpenItem, fees: Sequence[OpenItem], days: DayRules = PLAIN_DAYS) -> list[Letter]:
    """The letters of a claim, oldest first. A fee that was posted by itself stands for a letter of its day with the shortest lawful deadline."""
    letters: list[Letter] = []
    for fee in fees:
        kind = LETTER_TYPES.get(code_of(fee))
        if kind is not None:
            sent = fee.item_date or fee.gl_date
            deadline = days.counted(fee.due_date) if fee.ar_item_type == "RM" else earliest_deadline(sent)
            letters.append(Letter(kind, sent, deadline, fee.base_original_amount))
    with_fee = {(letter.type, letter.sent) for letter in letters}
    for entry in item.details.get(LETTERS, ()):
        kind = LETTER_TYPES.get(entry["type"])
        sent = date.fromisoformat(entry["sent"])
        if kind is not None and (kind, sent) not in with_fee:
            deadline_day = days.counted(date.fromisoformat(entry["deadline"])) if entry.get("deadline") else None
            letters.append(Letter(kind, sent, deadline_day, ZERO))
    return sorted(letters, key=lambda letter: letter.sent)


def fee_limit(
    item: OpenItem,
    charges: Sequence[OpenItem],
    customer_category: str,
    code: str,
    on: date,
    rates: Rates,
    days: DayRules = PLAIN_DAYS,
    *,
    krone: Decimal = ONE,
) -> tuple[Decimal, Decimal]:
    """(the statutory amount, the most that may be charged on the day) of a fee on a principal, in NOK.

    ``charges`` are all interest and costs of the claim; ``krone`` is base units for a krone, since their amounts are in base currency. Raises
    ValueMissing for a day whose sums are not known.
    """
    debtor: DebtorType = "consumer" if customer_category == CONSUMER else "business"
    fees = standing_fees(charges)
    charged = [Charge(code_of(fee) == COMPENSATION, fee.base_original_amount / krone) for fee in fees if code_of(fee) != "OTHER"]
    due_date = days.counted(item.due_date)
    if code == COMPENSATION:
        amount = compensation(debtor, item.due_date, rates) or ZERO
        allowed = ZERO if on <= due_date or any(charge.is_compensation for charge in charged) else amount
    else:
        kind = LETTER_TYPES[code]
        amount = fee_amount(kind, due_date, on, rates)
        dispute = Dispute(date.min, True) if item.details.get("disputed") else None
        earlier = letters_of(item, fees, days)
        allowed = letter_fee(kind, on, due_date=due_date, earlier=earlier, dispute=dispute, grace_days=days.grace_days, rates=rates).fee
    # Between businesses the larger of the compensation and the sum of the fees is owed, so a charge only adds what lifts the larger of the two.
    return amount, added_by_charges([*charged, Charge(code == COMPENSATION, allowed)])[-1]


def krone_rate(books: Books, base_currency: str, on: date) -> Decimal | None:
    """Base units for a krone on a day; None when the client keeps no rate."""
    return ONE if base_currency == STATUTORY_CURRENCY else books.exchange_rate(STATUTORY_CURRENCY, on)


def in_currency(amount: Decimal, currency: str, krone: Decimal, rate: Decimal) -> Decimal:
    """A sum of NOK in a currency, rounded down to its last decimal; ``krone`` and ``rate`` are base units for a krone and for a unit of it."""
    if currency == STATUTORY_CURRENCY:
        return amount
    decimals = currency_decimals(currency)
    unit = Decimal(1).scaleb(-(2 if decimals is None else decimals))
    return (amount * krone / rate).quantize(unit, ROUND_FLOOR)
