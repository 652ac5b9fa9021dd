"""The dunning plan: which step of it is next for a claim, when it is due, and what stops it. Pure.

A claim is an open principal with the interest and costs that name it. An interest note that names several claims, or one whose principal is paid,
is a claim of its own; fees alone are never dunned. Law: inkassoloven § 9, inkassoforskriften §§ 1-2 and 1-3 (see ``reskontro.norway.fees``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from reskontro.kit.money import ZERO
from reskontro.ledger.collection import COLLECTION_STATUS, DUNNING_STOPPED
from reskontro.ledger.posting import OpenItem
from reskontro.norway.calendars import is_working_day, next_working_day
from reskontro.norway.deadlines import FIRST_FEE_DAYS
from reskontro.receivable.claim_charges import LETTERS, DayRules, as_it_is

REMINDER_LEVEL: Final = "reminderLevel"
LAST_REMINDER: Final = "lastReminderDate"
INTEREST_HOLD: Final = "stopInterestCalcUntil"
"""No interest up to this day, of a claim and of a customer; the later counts, and 9999-12-31 means for ever."""
STOP_STATUSES: Final = frozenset(("DECEASED", "BANKRUPT", "DISSOLVED"))
"""Customers in these register statuses get no letters."""
HANDOVER_DAYS_MIN: Final = FIRST_FEE_DAYS
"""A claim is handed over at the earliest so many days after its due date."""

StepType = Literal["REMINDER", "COLLECTION-NOTICE", "HANDOVER"]
LetterStop = Literal["CUSTOMER-STATUS", "DISPUTED", "ON-HOLD", "RESERVED"]
"""Why a claim gets no letter."""
HandoverStop = Literal[
    "HANDOVER-CUSTOMER-STATUS",
    "HANDOVER-DISPUTED",
    "HANDOVER-ON-HOLD",
    "HANDOVER-RESERVED",
    "HANDOVER-TOO-EARLY",
    "HANDOVER-BELOW-MINIMUM",
    "HANDOVER-CREDIT",
    "HANDOVER-NO-ADDRESS",
    "HANDOVER-NOT-LINKED",
]
"""Why a claim at the last step is not handed over; the names are outcomes of items."""
_HANDOVER_STOPS: Final[Mapping[LetterStop, HandoverStop]] = {
    "CUSTOMER-STATUS": "HANDOVER-CUSTOMER-STATUS",
    "DISPUTED": "HANDOVER-DISPUTED",
    "ON-HOLD": "HANDOVER-ON-HOLD",
    "RESERVED": "HANDOVER-RESERVED",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the plan; ``deadline_days`` is 0 for a hand-over."""

    number: int
    type: StepType
    after_days: int
    deadline_days: int
    fee: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The client's dunning plan on a day."""

    steps: tuple[Step, ...]
    grace_days: int
    minimum_amount: Decimal
    """Least total of a letter, in base currency."""
    moves_weekends: bool

    @classmethod
    def of(cls, steps: Iterable[Mapping[str, Any]], *, grace_days: int, minimum_amount: Decimal, weekend_rule: str) -> Plan:
        """The plan of config values."""
        listed = sorted((_step(entry) for entry in steps), key=lambda step: step.number)
        return cls(tuple(listed), grace_days, minimum_amount, weekend_rule == "NEXT-BUSINESS-DAY")

    def counted(self, day: date) -> date:
        """What a due date or deadline counts as: on a Saturday, Sunday or public holiday the next business day, if the client says so."""
        return day if not self.moves_weekends or is_working_day(day) else next_working_day(day)

    @property
    def days(self) -> DayRules:
        """How fees count days under this plan."""
        return DayRules(self.grace_days, self.counted if self.moves_weekends else as_it_is)

    def after(self, level: int) -> Step | None:
        """The step that follows so many steps done; None at the end of the plan."""
        return next((step for step in self.steps if step.number > level), None)

    def first_day(self, step: Step, due_date: date, last_deadline: date | None) -> date:
        """The first day on which a step may be taken: for a claim without a letter from the due date, else from the last letter's deadline."""
        # A claim is overdue from the day after it was to be paid, whatever the plan says, and also when it was given a later due date.
        if last_deadline is None:
            return self.counted(due_date) + timedelta(days=max(step.after_days, 1))
        overdue = self.counted(due_date) + timedelta(days=1)
        return max(overdue, self.counted(last_deadline) + timedelta(days=self.grace_days + step.after_days + 1))

    def latest_due_date(self, run_date: date) -> date:
        """No claim that fell due later can have a step on the day."""
        first = self.after(0)
        return run_date - timedelta(days=max(first.after_days if first else 0, 1))


def _step(entry: Mapping[str, Any]) -> Step:
    return Step(int(entry["step"]), entry["type"], int(entry.get("afterDays") or 0), int(entry.get("deadlineDays") or 0), bool(entry.get("fee")))


@dataclass(slots=True)
class Claim:
    """A claim with what is known of it. ``charges`` are all its interest and costs, settled ones too."""

    item: OpenItem
    charges: Sequence[OpenItem] = ()
    reserved: Decimal = ZERO
    credited: Decimal = ZERO
    """What the customer's open credit would pay of it, in the claim's currency (``use_credit``)."""

    @property
    def open_charges(self) -> list[OpenItem]:
        """Its interest and costs that are still owed."""
        return [charge for charge in self.charges if charge.open_amount > 0]

    @property
    def open_amount(self) -> Decimal:
        """All that is owed, in the claim's currency."""
        return self.item.open_amount + sum([charge.open_amount for charge in self.charges if charge.open_amount > 0], ZERO)

    @property
    def base_open_amount(self) -> Decimal:
        """All that is owed, in base currency."""
        return self.item.base_open_amount + sum([charge.base_open_amount for charge in self.charges if charge.open_amount > 0], ZERO)

    @property
    def base_asked_amount(self) -> Decimal:
        """What is owed beyond the customer's open credit, in base currency, not rounded."""
        return self.base_open_amount * (self.open_amount - self.credited) / self.open_amount

    @property
    def is_covered(self) -> bool:
        """Whether the customer's open credit would pay all of it."""
        return self.credited == self.open_amount

    @property
    def level(self) -> int:
        """Steps done."""
        return int(self.item.details.get(REMINDER_LEVEL, 0))

    @property
    def last_deadline(self) -> date | None:
        """The deadline of the last letter, None before the first."""
        letters = self.item.details.get(LETTERS)
        if letters:
            last = letters[-1]
            return date.fromisoformat(last.get("deadline") or last["sent"])
        reminded = self.item.details.get(LAST_REMINDER)
        return date.fromisoformat(reminded) if reminded else None

    @property
    def order(self) -> tuple[date, int]:
        """Oldest first."""
        return self.item.due_date, self.item.ar_item_id.int

    @property
    def rests(self) -> bool:
        """Whether collection has it or had it, so that it gets no letters."""
        return self.item.details.get(COLLECTION_STATUS) in DUNNING_STOPPED


@dataclass(frozen=True, slots=True)
class Holds:
    """What is on the customer: until when letters and collection are on hold, and whether the register status stops them."""

    reminder_until: date | None = None
    collection_until: date | None = None
    stopped: bool = False


def is_held(until: date | str | None, day: date) -> bool:
    """Whether a hold, which includes its date, still runs."""
    if until is None:
        return False
    return day <= (date.fromisoformat(until) if isinstance(until, str) else until)


def letters_stop(claim: Claim, holds: Holds, day: date) -> LetterStop | None:
    """Why a claim gets no letter on the day: customer's status, dispute, hold of item or customer (the later counts), reservation of all."""
    details = claim.item.details
    if holds.stopped:
        return "CUSTOMER-STATUS"
    if details.get("disputed"):
        return "DISPUTED"
    if is_held(holds.reminder_until, day) or is_held(details.get("stopReminderUntil"), day):
        return "ON-HOLD"
    return "RESERVED" if 0 < claim.item.open_amount <= claim.reserved else None


def use_credit(claims: Iterable[Claim], credit: Decimal) -> None:
    """Let open credit pay the oldest claims first, as far as it goes. One currency."""
    for claim in sorted(claims, key=lambda claim: claim.order):
        claim.credited = min(credit, claim.open_amount)
        credit -= claim.credited


@dataclass(slots=True)
class Proposal:
    """One step for claims of one customer and currency, oldest first."""

    step: Step
    currency: str
    claims: list[Claim] = field(default_factory=list)

    @property
    def base_total(self) -> Decimal:
        """What the letter asks for without a new fee, in base currency."""
        return sum([claim.base_asked_amount for claim in self.claims], ZERO)

    @property
    def credited(self) -> Decimal:
        """What the customer's open credit would pay of the claims, in their currency."""
        return sum([claim.credited for claim in self.claims], ZERO)


def next_steps(
    plan: Plan, claims: Sequence[Claim], credits: Mapping[str, Decimal], holds: Holds, day: date, maximum_step: int | None = None
) -> list[Proposal]:
    """What is to be done about a customer's open claims on a day, the lowest step first.

    ``credits`` is the open credit by currency. Letters below the plan's minimum are left out; hand-overs have rules of their own
    (``handover_stop``) and are all named.
    """
    found: dict[tuple[int, str], Proposal] = {}
    for currency in dict.fromkeys(claim.item.currency for claim in claims):
        own = [claim for claim in claims if claim.item.currency == currency and not claim.rests]
        use_credit(own, credits.get(currency, ZERO))
        for claim in sorted(own, key=lambda claim: claim.order):
            step = plan.after(claim.level)
            if step is None or (maximum_step is not None and step.number > maximum_step):
                continue
            if day < plan.first_day(step, claim.item.due_date, claim.last_deadline):
                continue
            if step.type != "HANDOVER" and (claim.is_covered or letters_stop(claim, holds, day) is not None):
                continue
            found.setdefault((step.number, currency), Proposal(step, currency)).claims.append(claim)
    proposals = [found[key] for key in sorted(found)]
    return [proposal for proposal in proposals if proposal.step.type == "HANDOVER" or proposal.base_total >= plan.minimum_amount]


def handover_stop(
    claim: Claim, holds: Holds, day: date, plan: Plan, *, minimum: Decimal, has_credit: bool, has_address: bool, linked: bool
) -> HandoverStop | None:
    """Why a claim at the last step stays here, or None; ``minimum`` in base currency must be exceeded."""
    stop = letters_stop(claim, holds, day)
    if stop is not None:
        return _HANDOVER_STOPS[stop]
    if is_held(holds.collection_until, day) or is_held(claim.item.details.get("stopDebtCollectionUntil"), day):
        return "HANDOVER-ON-HOLD"
    if day < plan.counted(claim.item.due_date) + timedelta(days=HANDOVER_DAYS_MIN):
        return "HANDOVER-TOO-EARLY"
    if claim.item.base_open_amount <= minimum:
        return "HANDOVER-BELOW-MINIMUM"
    if has_credit:
        return "HANDOVER-CREDIT"
    if not has_address:
        return "HANDOVER-NO-ADDRESS"
    return None if linked else "HANDOVER-NOT-LINKED"


def claims_of(items: Iterable[OpenItem], charges: Mapping[UUID, Sequence[OpenItem]], reserved: Mapping[UUID, Decimal]) -> list[Claim]:
    """The claims among a customer's open items: principals, and interest that stands alone."""
    opened = [item for item in items if item.open_amount > 0 and not item.reversal]
    principals = {item.ar_item_id for item in opened if item.claim_kind == "PRINCIPAL"}
    return [
        Claim(item, charges.get(item.ar_item_id, ()), reserved.get(item.ar_item_id, ZERO))
        for item in opened
        if item.ar_item_id in principals or (item.claim_kind == "INTEREST" and item.claim_ar_item_id not in principals)
    ]


def open_credits(items: Iterable[OpenItem]) -> dict[str, Decimal]:
    """The open credit of a customer by currency, positive."""
    found: dict[str, Decimal] = {}
    for item in items:
        if item.open_amount < 0:
            found[item.currency] = found.get(item.currency, ZERO) - item.open_amount
    return found
