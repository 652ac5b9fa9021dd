"""What a creditor may charge for its own letters, the compensation for recovery costs between businesses, and court
fees.

Rules: inkassoforskriften (INKF) chapter 1, inkassoloven §§ 9 and 10, forsinkelsesrenteloven §§ 3a and 4 d,
rettsgebyrloven.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final, Literal, NamedTuple

from reskontro.norway.calendars import add_months
from reskontro.norway.deadlines import FIRST_FEE_DAYS, day_after_deadline, earliest_deadline
from reskontro.norway.rates import STATUTORY, Rates, tables_from_file

LetterType = Literal["reminder", "collection_notice", "payment_demand"]
DebtorType = Literal["consumer", "business"]
Refusal = Literal[
    "DISPUTED",
    "TOO_EARLY",
    "MAX_FEES_REACHED",
    "FIRST_DEADLINE_TOO_SHORT",
    "NO_NOTICE",
    "PREVIOUS_DEADLINE_RUNNING",
]

SMALL_FEES_MAX: Final = 2
"""So many letters of one twentieth may bear a fee in a series (INKF § 1-3)."""
SERIES_GAP_MONTHS: Final = 6
"""More than so many months after the last letter with a fee a new series begins (INKF § 1-3 second paragraph)."""

_ZERO = Decimal(0)
_KRONE = Decimal(1)
_FRACTIONS = tables_from_file("letter_fraction", "fee fraction")
_COURT_STEPS = tables_from_file("court_step", "court step")

COURT_STEPS: Final[tuple[str, ...]] = tuple(_COURT_STEPS)
"""The steps that have a fee or a cap in multiples of the rettsgebyr."""


class Dispute(NamedTuple):
    """An objection of the debtor."""

    registered: date
    reasonable_ground: bool


class Letter(NamedTuple):
    """A letter that was sent; fee 0 when none was charged, deadline None when none was set."""

    type: LetterType
    sent: date
    deadline: date | None
    fee: Decimal

    def has_full_deadline(self) -> bool:
        """Whether the debtor had at least fourteen days, the day of sending not counted."""
        return self.deadline is not None and self.deadline >= earliest_deadline(self.sent)


class LetterFee(NamedTuple):
    """Whether a letter may bear a fee, which one, and why not."""

    fee: Decimal
    reason: Refusal | None

    @property
    def allowed(self) -> bool:
        """Whether a fee may be charged."""
        return self.reason is None


def fee_fraction(letter_type: LetterType, due_date: date) -> Decimal:
    """The part of the inkassosats that a letter about a claim of that due date may cost (INKF § 1-2)."""
    return _FRACTIONS[letter_type].on(due_date)


def fee_amount(letter_type: LetterType, due_date: date, sent: date, rates: Rates = STATUTORY) -> Decimal:
    """The fee of a letter in NOK: the fraction of the claim's due date of the inkassosats of the sending day, in whole
    kroner, .50 up.

    Raises ValueMissing for a sending day whose inkassosats is not known.
    """
    fraction = fee_fraction(letter_type, due_date)
    return (rates.inkassosats.on(sent) * fraction).quantize(_KRONE, ROUND_HALF_UP)


def running_series(earlier: Iterable[Letter], sent: date) -> tuple[Letter, ...]:
    """The letters with a fee that still count for the limits on the sending day, oldest first."""
    series: list[Letter] = []
    for letter in earlier:
        if letter.fee <= 0:
            continue
        if series and letter.sent > add_months(series[-1].sent, SERIES_GAP_MONTHS):
            series = []
        series.append(letter)
    if series and sent > add_months(series[-1].sent, SERIES_GAP_MONTHS):
        return ()
    return tuple(series)


def _still_running(letter: Letter, sent: date, grace_days: int) -> bool:
    return letter.deadline is None or sent < day_after_deadline(letter.deadline, grace_days)


def _refusal_of_small_fee(series: Sequence[Letter], sent: date, grace_days: int) -> Refusal | None:
    small = [letter for letter in series if letter.type != "payment_demand"]
    if len(small) >= SMALL_FEES_MAX or any(letter.type != "reminder" for letter in series):
        return "MAX_FEES_REACHED"
    if small and not small[0].has_full_deadline():
        return "FIRST_DEADLINE_TOO_SHORT"
    if small and _still_running(small[0], sent, grace_days):
        return "PREVIOUS_DEADLINE_RUNNING"
    return None


def _refusal_of_payment_demand(earlier: Sequence[Letter], series: Sequence[Letter], sent: date, grace_days: int) -> Refusal | None:
    if any(letter.type == "payment_demand" for letter in series):
        return "MAX_FEES_REACHED"
    notices = [letter for letter in earlier if letter.type == "collection_notice"]
    if not notices or not notices[-1].has_full_deadline():
        return "NO_NOTICE"
    return "PREVIOUS_DEADLINE_RUNNING" if _still_running(notices[-1], sent, grace_days) else None


def letter_fee(
    letter_type: LetterType,
    sent: date,
    *,
    due_date: date,
    earlier: Sequence[Letter] = (),
    dispute: Dispute | None = None,
    grace_days: int = 0,
    rates: Rates = STATUTORY,
) -> LetterFee:
    """The fee in NOK that a letter of this type may bear when it is sent on that day, or 0 with the first reason why
    none.

    ``earlier`` are all letters of the claim, oldest first, those without a fee too. Consumers and businesses are
    treated alike. The due date is taken as it is, on a holiday too. Raises ValueMissing for a sending day whose
    inkassosats is not known.
    """
    amount = fee_amount(letter_type, due_date, sent, rates)
    series = running_series(earlier, sent)
    reason: Refusal | None
    if dispute is not None and dispute.reasonable_ground and dispute.registered <= sent:
        reason = "DISPUTED"
    elif sent < due_date + timedelta(days=FIRST_FEE_DAYS):
        reason = "TOO_EARLY"
    elif letter_type == "payment_demand":
        reason = _refusal_of_payment_demand(earlier, series, sent, grace_days)
    else:
        reason = _refusal_of_small_fee(series, sent, grace_days)
    return LetterFee(amount if reason is None else _ZERO, reason)


def compensation(debtor_type: DebtorType, due_date: date, rates: Rates = STATUTORY) -> Decimal | None:
    """The compensation for recovery costs in NOK, of the half-year that holds the due date; None for a consumer, who
    never owes it.

    Raises ValueMissing for a half-year whose amount is not known. Rule: forsinkelsesrenteloven §§ 3a and 4 d.
    """
    return None if debtor_type == "consumer" else rates.compensation.on(due_date)


class Charge(NamedTuple):
    """A compensation or a cost in the order they are claimed."""

    is_compensation: bool
    amount: Decimal


def added_by_charges(charges: Iterable[Charge]) -> tuple[Decimal, ...]:
    """What each charge adds to the claimable total, which is the larger of all compensations and all costs (INKF §§ 1-5
    and 2-6).
    """
    compensations = costs = total = _ZERO
    added: list[Decimal] = []
    for charge in charges:
        if charge.is_compensation:
            compensations += charge.amount
        else:
            costs += charge.amount
        lifted = max(compensations, costs)
        added.append(lifted - total)
        total = lifted
    return tuple(added)


def court_fee(step: str, day: date, rates: Rates = STATUTORY) -> Decimal:
    """The fee or cap of a legal step in whole NOK: a multiple of the rettsgebyr, rounded down (rettsgebyrloven § 6a).

    Raises ValueMissing for a day whose multiples are not known, KeyError for an unknown step (see COURT_STEPS).
    """
    multiple = _COURT_STEPS[step].on(day)
    return (rates.court_fee.on(day) * multiple).quantize(_KRONE, ROUND_DOWN)
