"""Deadlines of collection: when the next letter, step or charge is possible, and when a claim can no longer be
collected.

Rules: inkassoloven (INKL) §§ 9 to 11, inkassoforskriften § 2-3, foreldelsesloven, tvangsfullbyrdelsesloven § 4-18,
forsinkelsesrenteloven §§ 2a and 2b, merverdiavgiftsforskriften § 4-7-1. The day of sending is not counted; a payment on
the last day is on time. Due dates are taken as they are, on a holiday too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple

from reskontro.norway.calendars import ONE_DAY, SATURDAY, SUNDAY, add_months, is_public_holiday, next_working_day

Regime = Literal["1988", "2026"]
"""The collection law that is asked about; the one of 2026 is adopted and not in force."""
ClaimType = Literal["ordinary", "loan"]

NOTICE_DAYS: Final = 14
"""Days from sending to the earliest deadline of a notice or demand (INKL §§ 9 and 10)."""
FIRST_FEE_DAYS: Final = 14
"""A letter with a fee is sent at least so many days after the due date (inkassoforskriften § 1-2)."""
HEAVY_AFTER_DAYS: Final = 28
"""A demand missed by more than so many days makes the case heavy (inkassoforskriften § 2-3)."""
DEMAND_VALID_MONTHS: Final = 6
"""A legal step is taken at the latest so many months after the demand was sent (INKL § 11)."""
LIMITATION_MONTHS: Final[dict[str, int]] = {"ordinary": 36, "loan": 120}
"""foreldelsesloven §§ 2 and 5."""
PROCLAMA_WEEKS: Final = 6
"""arveloven § 93."""
ATTACHMENT_NOTICE_DAYS: Final = 14
"""tvangsfullbyrdelsesloven § 4-18."""
SETTLEMENT_DAYS_2026: Final = 14
"""LOV-2026-05-22-19 § 26, not in force."""
BAD_DEBT_MONTHS: Final = 6
"""Months after the due date (merverdiavgiftsforskriften § 4-7-1)."""
BAD_DEBT_REMINDERS: Final = 3
"""Reminders at normal intervals that must have been sent (merverdiavgiftsforskriften § 4-7-1)."""
TERM_DAYS_MAX: Final = 60
"""Longest term without express agreement between businesses; a public debtor never has a longer one
(forsinkelsesrenteloven §§ 2a and 2b).
"""
PUBLIC_TERM_DAYS_MAX: Final = 30
"""Longest term of a public debtor without express agreement (§ 2b)."""

_WEEKDAY_HOURS = (time(8), time(21))
_SATURDAY_HOURS = (time(9), time(15))


class Chain(NamedTuple):
    """The earliest day of every step for a claim, in the order of the steps."""

    first_interest_day: date
    first_fee_letter: date
    first_deadline: date
    second_letter: date
    second_deadline: date
    payment_demand: date
    payment_demand_deadline: date
    heavy_from: date
    new_demand_needed_after: date
    limitation: date


def day_after_deadline(deadline: date, grace_days: int) -> date:
    """The first day on which the next step may be taken."""
    return deadline + timedelta(days=grace_days + 1)


def earliest_deadline(sent: date) -> date:
    """The earliest deadline of a notice or demand that is sent on that day."""
    return sent + timedelta(days=NOTICE_DAYS)


def last_day_of_demand(demand_sent: date) -> date:
    """The last day on which a legal step can be taken on a demand (INKL § 11)."""
    return add_months(demand_sent, DEMAND_VALID_MONTHS)


def earliest_chain(due_date: date, grace_days: int) -> Chain:
    """The earliest days of a claim under the law of 1988; grace days put off the step after a deadline, not heavy salær
    or limitation.
    """
    first_fee_letter = due_date + timedelta(days=FIRST_FEE_DAYS)
    first_deadline = earliest_deadline(first_fee_letter)
    second_letter = day_after_deadline(first_deadline, grace_days)
    second_deadline = earliest_deadline(second_letter)
    payment_demand = day_after_deadline(second_deadline, grace_days)
    payment_demand_deadline = earliest_deadline(payment_demand)
    return Chain(
        first_interest_day=due_date + ONE_DAY,
        first_fee_letter=first_fee_letter,
        first_deadline=first_deadline,
        second_letter=second_letter,
        second_deadline=second_deadline,
        payment_demand=payment_demand,
        payment_demand_deadline=payment_demand_deadline,
        heavy_from=heavy_from(payment_demand_deadline),
        new_demand_needed_after=last_day_of_demand(payment_demand),
        limitation=limitation_date("ordinary", due_date),
    )


def heavy_from(demand_deadline: date) -> date:
    """The first day on which a payment makes the salær heavy."""
    return demand_deadline + timedelta(days=HEAVY_AFTER_DAYS + 1)


def notice_refusal(due_date: date, sent: date, deadline: date) -> Literal["NOT_YET_DUE", "DEADLINE_TOO_SHORT"] | None:
    """Why a collection notice is not one in the sense of the law, or None: sent after the due date, at least 14 days'
    deadline (INKL § 9).
    """
    if sent <= due_date:
        return "NOT_YET_DUE"
    return "DEADLINE_TOO_SHORT" if deadline < earliest_deadline(sent) else None


def legal_step_refusal(demand_sent: date, demand_deadline: date, step_date: date) -> Literal["DEADLINE_RUNNING", "NEW_DEMAND_NEEDED"] | None:
    """Why a legal step cannot be taken on that day, or None: the deadline day has ended and the demand is at most six
    months old (INKL § 11).
    """
    if step_date <= demand_deadline:
        return "DEADLINE_RUNNING"
    return "NEW_DEMAND_NEEDED" if step_date > last_day_of_demand(demand_sent) else None


def limitation_date(claim_type: ClaimType, due_date: date, acknowledged: Iterable[date] = ()) -> date:
    """The last day on which the claim can be saved by a legal step, always a working day (foreldelsesloven §§ 2, 3, 5,
    14, 20 and 29).

    An acknowledgement up to and including the last day starts a new period of the same length, from that day or the
    later due date.
    """
    months = LIMITATION_MONTHS[claim_type]
    last_day = next_working_day(add_months(due_date, months))
    for day in sorted(acknowledged):
        if day <= last_day:
            last_day = max(last_day, next_working_day(add_months(max(day, due_date), months)))
    return last_day


def proclama_last_day(last_notice: date) -> date:
    """The last day to file a claim against an estate after the last notice of the proclama (arveloven § 93)."""
    return last_notice + timedelta(weeks=PROCLAMA_WEEKS)


def attachment_notice_end(notice_sent: date) -> date:
    """The last of the two weeks that a notice before attachment gives; the day after it is the first safe one to
    file.
    """
    return notice_sent + timedelta(days=ATTACHMENT_NOTICE_DAYS)


def remit_by(regime: Regime, received: date) -> date | None:
    """The last day to pay out principal that reached the client account; None in the law of 1988, which only says as
    soon as possible.
    """
    return received + timedelta(days=SETTLEMENT_DAYS_2026) if regime == "2026" else None


def may_contact(regime: Regime, at: datetime) -> bool:
    """Whether an agency may phone or write electronically at that local time; always in the law of 1988.

    LOV-2026-05-22-19 § 15: Monday to Friday 08:00 to 21:00, Saturday 09:00 to 15:00, both ends included, never on
    Sundays and holidays.
    """
    if regime == "1988":
        return True
    day = at.date()
    if day.weekday() == SUNDAY or is_public_holiday(day):
        return False
    opens, closes = _SATURDAY_HOURS if day.weekday() == SATURDAY else _WEEKDAY_HOURS
    return opens <= at.time() <= closes


def bad_debt_relief_from(due_date: date, reminders: int) -> date | None:
    """The first day on which VAT of a bad debt may be corrected without a collection attempt, or None with fewer than
    three reminders.
    """
    return add_months(due_date, BAD_DEBT_MONTHS) if reminders >= BAD_DEBT_REMINDERS else None


def is_term_usual(debtor: Literal["business", "public"], terms_days: int, *, express_agreement: bool) -> bool:
    """Whether a payment term needs no warning (forsinkelsesrenteloven §§ 2a and 2b)."""
    if debtor == "public":
        return terms_days <= (TERM_DAYS_MAX if express_agreement else PUBLIC_TERM_DAYS_MAX)
    return express_agreement or terms_days <= TERM_DAYS_MAX
