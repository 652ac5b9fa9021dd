"""The dunning plan without a database: when a step is due, what stops it, which letters there are."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from reskontro.kit.ids import new_id
from reskontro.kit.money import ZERO
from reskontro.ledger.posting import OpenItem
from reskontro.norway.calendars import is_working_day
from reskontro.norway.deadlines import earliest_chain
from reskontro.receivable.dunning.documents import split_claims
from reskontro.receivable.dunning.rules import (
    Claim,
    Holds,
    Plan,
    Proposal,
    claims_of,
    handover_stop,
    is_held,
    letters_stop,
    next_steps,
    open_credits,
    use_credit,
)

DUE = date(2026, 10, 19)
"""A Monday."""
STEPS: list[dict[str, Any]] = [
    {"step": 1, "type": "REMINDER", "afterDays": 14, "deadlineDays": 14, "fee": True},
    {"step": 2, "type": "COLLECTION-NOTICE", "afterDays": 0, "deadlineDays": 14, "fee": True},
    {"step": 3, "type": "HANDOVER", "afterDays": 0, "deadlineDays": None, "fee": False},
]
FREE = Holds()


def plan(steps: list[dict[str, Any]] = STEPS, *, grace_days: int = 3, minimum: int = 50, weekend_rule: str = "NEXT-BUSINESS-DAY") -> Plan:
    """The plan of the defaults unless told otherwise."""
    return Plan.of(steps, grace_days=grace_days, minimum_amount=Decimal(minimum), weekend_rule=weekend_rule)


def item(amount: int = 1250, due: date = DUE, kind: str = "PRINCIPAL", **values: Any) -> OpenItem:
    """An open item of one customer."""
    money = Decimal(amount)
    given: dict[str, Any] = {"original_amount": money, "base_original_amount": money, "open_amount": money, "base_open_amount": money}
    return OpenItem(
        ar_item_id=new_id(),
        account_no=500001,
        ar_item_type="IN",
        claim_kind=kind,
        currency=values.pop("currency", "NOK"),
        due_date=due,
        gl_date=due - timedelta(days=14),
        control_account="1500",
        **(given | values),
    )


def claim(amount: int = 1250, due: date = DUE, *, level: int = 0, deadline: date | None = None, **details: Any) -> Claim:
    """A claim after so many steps, whose last letter gave that deadline."""
    known: dict[str, Any] = dict(details)
    if level:
        known["reminderLevel"] = level
    if deadline is not None:
        known["letters"] = [{"step": level, "type": "REMINDER", "sent": "2026-11-02", "deadline": deadline.isoformat()}]
    return Claim(item(amount, due, details=known))


def steps_on(day: date, *claims: Claim, of: Plan | None = None, credits: dict[str, Decimal] | None = None, holds: Holds = FREE) -> list[int]:
    """The numbers of the steps that are due on a day."""
    return [proposal.step.number for proposal in next_steps(of or plan(), claims, credits or {}, holds, day)]


class TestWhenAStepIsDue:
    def test_the_first_letter_comes_fourteen_days_after_the_due_date(self) -> None:
        """INKF § 1-2: sent on day 14 at the earliest, when the plan says 14."""
        assert steps_on(DUE + timedelta(days=13), claim()) == []
        assert steps_on(DUE + timedelta(days=14), claim()) == [1]

    @pytest.mark.parametrize("after", [0, 1])
    def test_nothing_is_sent_on_the_due_date(self, after: int) -> None:
        """A claim can be paid on its due date, whatever the plan says."""
        soon = plan([{"step": 1, "type": "REMINDER", "afterDays": after, "deadlineDays": 14, "fee": False}])
        assert steps_on(DUE, claim(), of=soon) == []
        assert steps_on(DUE + timedelta(days=1), claim(), of=soon) == [1]

    @pytest.mark.parametrize("grace_days", [0, 1, 3, 10])
    def test_a_later_step_waits_for_the_deadline_and_the_days_of_grace(self, grace_days: int) -> None:
        """The deadline day has ended, and the days of grace after it, before the next step."""
        deadline = date(2026, 11, 16)
        reminded = claim(level=1, deadline=deadline)
        first = deadline + timedelta(days=grace_days + 1)
        assert steps_on(first - timedelta(days=1), reminded, of=plan(grace_days=grace_days)) == []
        assert steps_on(first, reminded, of=plan(grace_days=grace_days)) == [2]

    def test_after_days_of_a_later_step_count_from_there(self) -> None:
        """deadline + grace + afterDays must have passed."""
        slow = plan([STEPS[0], {**STEPS[1], "afterDays": 5}, STEPS[2]])
        reminded = claim(level=1, deadline=date(2026, 11, 16))
        assert steps_on(date(2026, 11, 24), reminded, of=slow) == []
        assert steps_on(date(2026, 11, 25), reminded, of=slow) == [2]

    def test_the_chain_without_grace_is_that_of_the_law(self) -> None:
        """The same days as the timeline of norway.deadlines for a due date that no rule moves."""
        chain = earliest_chain(DUE, 0)
        strict = plan(grace_days=0, weekend_rule="NONE")
        assert strict.first_day(strict.steps[0], DUE, None) == chain.first_fee_letter
        assert strict.first_day(strict.steps[1], DUE, chain.first_deadline) == chain.second_letter
        assert strict.first_day(strict.steps[2], DUE, chain.second_deadline) == chain.payment_demand

    @pytest.mark.parametrize(
        ("due", "counted"),
        [
            (date(2026, 10, 17), date(2026, 10, 19)),  # a Saturday
            (date(2026, 10, 18), date(2026, 10, 19)),  # a Sunday
            (date(2026, 4, 2), date(2026, 4, 7)),  # Maundy Thursday, until after Easter Monday
            (date(2026, 12, 25), date(2026, 12, 28)),
            (date(2026, 10, 19), date(2026, 10, 19)),
        ],
    )
    def test_days_off_count_as_the_next_business_day(self, due: date, counted: date) -> None:
        """dunning.weekendRule moves due dates and deadlines alike; NONE moves nothing."""
        assert plan().counted(due) == counted
        assert plan(weekend_rule="NONE").counted(due) == due
        assert steps_on(counted + timedelta(days=13), claim(due=due)) == []
        assert steps_on(counted + timedelta(days=14), claim(due=due)) == [1]
        assert steps_on(counted + timedelta(days=3), claim(due=due, level=1, deadline=due)) == []
        assert steps_on(counted + timedelta(days=4), claim(due=due, level=1, deadline=due)) == [2]

    def test_a_later_due_date_holds_for_claims_with_letters_too(self) -> None:
        """Nothing is claimed by a further letter before the day after the due date that the creditor has given since."""
        moved = claim(due=date(2026, 12, 1), level=1, deadline=date(2026, 11, 2))
        assert steps_on(date(2026, 12, 1), moved) == []
        assert steps_on(date(2026, 12, 2), moved) == [2]

    def test_a_claim_that_is_very_late_starts_at_the_first_step(self) -> None:
        """Steps are not skipped, however late the first one comes."""
        assert steps_on(DUE + timedelta(days=400), claim()) == [1]

    def test_nothing_follows_the_last_step(self) -> None:
        """A claim with all steps done is left alone."""
        assert steps_on(date(2027, 6, 1), claim(level=3, deadline=date(2026, 11, 16))) == []

    def test_maximum_step_holds_back_what_is_above_it(self) -> None:
        """maximumStep 1: reminders only."""
        claims = [claim(), claim(level=1, deadline=date(2026, 11, 2))]
        assert [p.step.number for p in next_steps(plan(), claims, {}, FREE, date(2026, 11, 25), 1)] == [1]

    def test_the_candidates_are_never_too_few(self) -> None:
        """What the selection of customers goes by lets every claim through that has a step on the day."""
        for shift in range(30):
            due = DUE + timedelta(days=shift)
            for day in (due + timedelta(days=n) for n in range(25)):
                if steps_on(day, claim(due=due)):
                    assert due <= plan().latest_due_date(day)


class TestWhatStopsALetter:
    DAY = date(2026, 11, 25)

    @pytest.mark.parametrize("status", ["HANDED-OVER", "IN-COLLECTION", "RETURNED", "CLOSED"])
    def test_what_is_with_collection_is_left_alone(self, status: str) -> None:
        """The agency, or whoever got the case back, decides."""
        assert steps_on(self.DAY, claim(collectionStatus=status)) == []

    def test_what_collection_refused_goes_on(self) -> None:
        """REFUSED: back on the dunning list."""
        assert steps_on(self.DAY, claim(collectionStatus="REFUSED")) == [1]

    def test_a_dispute_stops(self) -> None:
        """Disputed items get neither letter nor fee."""
        assert steps_on(self.DAY, claim(disputed=True)) == []

    def test_a_status_of_the_register_stops(self) -> None:
        """DECEASED, BANKRUPT, DISSOLVED."""
        assert steps_on(self.DAY, claim(), holds=Holds(stopped=True)) == []

    @pytest.mark.parametrize(("until", "sent"), [(DAY - timedelta(days=1), [1]), (DAY, []), (date(9999, 12, 31), [])])
    def test_a_hold_includes_its_date(self, until: date, sent: list[int]) -> None:
        """Of the item and of the customer alike; the later of the two counts."""
        assert steps_on(self.DAY, claim(), holds=Holds(reminder_until=until)) == sent
        assert steps_on(self.DAY, claim(stopReminderUntil=until.isoformat())) == sent
        long, short = self.DAY.isoformat(), (self.DAY - timedelta(days=9)).isoformat()
        assert steps_on(self.DAY, claim(stopReminderUntil=short), holds=Holds(reminder_until=self.DAY)) == []
        assert steps_on(self.DAY, claim(stopReminderUntil=long), holds=Holds(reminder_until=self.DAY - timedelta(days=9))) == []

    def test_a_hold_of_collection_does_not_stop_letters(self) -> None:
        """It stops the hand-over only."""
        assert steps_on(self.DAY, claim(stopDebtCollectionUntil="9999-12-31"), holds=Holds(collection_until=date.max)) == [1]

    def test_only_a_reservation_of_everything_stops(self) -> None:
        """Half announced is half unpaid."""
        reserved = claim()
        reserved.reserved = Decimal("1249.99")
        assert letters_stop(reserved, FREE, self.DAY) is None
        reserved.reserved = Decimal(1250)
        assert letters_stop(reserved, FREE, self.DAY) == "RESERVED"

    def test_no_hold_is_no_hold(self) -> None:
        """Without a date nothing is held."""
        assert not is_held(None, self.DAY)


class TestWhatCreditCovers:
    def test_the_oldest_are_covered_first(self) -> None:
        """A credit of 1 250 covers the older of two claims."""
        older, newer = claim(due=DUE), claim(due=DUE + timedelta(days=1))
        use_credit([newer, older], Decimal(1250))
        assert (older.is_covered, newer.is_covered, newer.credited) == (True, False, 0)

    def test_a_claim_that_is_covered_in_part_asks_for_the_rest(self) -> None:
        """And it uses the credit up."""
        older, newer = claim(1250, DUE), claim(100, DUE + timedelta(days=1))
        use_credit([older, newer], Decimal(1249))
        assert [(of.credited, of.base_asked_amount) for of in (older, newer)] == [(1249, 1), (0, 100)]

    def test_what_is_left_of_a_foreign_claim_counts_in_base_currency(self) -> None:
        """A fourth of 1 250 kroner is left of 125 euros when 93.75 are covered."""
        foreign = Claim(item(1250, currency="EUR"))
        foreign.item.open_amount = Decimal(125)
        use_credit([foreign], Decimal("93.75"))
        assert foreign.base_asked_amount == Decimal("312.50")

    def test_the_charges_of_a_claim_are_covered_with_it(self) -> None:
        """1 250 and a fee of 38 need 1 288."""
        charged = Claim(item(), [item(38, kind="COST")])
        use_credit([charged], Decimal(1287))
        assert not charged.is_covered
        use_credit([charged], Decimal(1288))
        assert charged.is_covered

    def test_a_rest_below_the_minimum_gets_no_letter(self) -> None:
        """Of 1 250 there are 49 left to pay."""
        assert steps_on(date(2026, 11, 25), claim(), credits={"NOK": Decimal(1201)}) == []
        assert steps_on(date(2026, 11, 25), claim(), credits={"NOK": Decimal(1200)}) == [1]

    def test_a_covered_claim_at_the_last_step_is_named(self) -> None:
        """So that the run says why it is not handed over."""
        assert steps_on(date(2026, 12, 15), claim(level=2, deadline=date(2026, 11, 16)), credits={"NOK": Decimal(5000)}) == [3]

    def test_credit_of_another_currency_covers_nothing(self) -> None:
        """Matches have one currency."""
        assert steps_on(date(2026, 11, 25), claim(), credits={"EUR": Decimal(5000)}) == [1]

    def test_claims_with_collection_use_no_credit(self) -> None:
        """What was handed over is no longer the creditor's to settle."""
        with_agency, own = claim(due=DUE - timedelta(days=9), collectionStatus="IN-COLLECTION"), claim()
        assert steps_on(date(2026, 11, 25), with_agency, own, credits={"NOK": Decimal(1250)}) == []

    def test_open_credit_by_currency(self) -> None:
        """Positive sums."""
        assert open_credits([item(-100), item(-50), item(-7, currency="EUR"), item(9)]) == {"NOK": Decimal(150), "EUR": Decimal(7)}


class TestLetters:
    DAY = date(2026, 11, 25)

    def test_one_for_each_step_and_currency(self) -> None:
        """Claims of one step and currency share a letter, oldest first."""
        a, b = claim(due=DUE), claim(due=DUE - timedelta(days=1))
        notice = claim(level=1, deadline=date(2026, 11, 2))
        foreign = Claim(item(currency="EUR"))
        found = next_steps(plan(), [a, foreign, notice, b], {}, FREE, self.DAY)
        assert [(p.step.number, p.currency, p.claims) for p in found] == [(1, "EUR", [foreign]), (1, "NOK", [b, a]), (2, "NOK", [notice])]

    def test_the_minimum_is_about_the_letters_total(self) -> None:
        """Two claims of 30 make a letter, one does not; charges count."""
        assert steps_on(self.DAY, claim(30)) == []
        assert steps_on(self.DAY, claim(30), claim(20)) == [1]
        assert steps_on(self.DAY, Claim(item(30), [item(20, kind="COST")])) == [1]
        assert steps_on(self.DAY, claim(50)) == [1]

    def test_the_minimum_is_in_base_currency(self) -> None:
        """5 units worth 57.50 kroner are enough."""
        foreign = item(5, currency="EUR")
        foreign.base_open_amount = Decimal("57.50")
        assert steps_on(self.DAY, Claim(foreign)) == [1]

    def test_claims_are_principals_and_interest_that_stands_alone(self) -> None:
        """Interest of an open principal belongs to it; fees alone and reversals are nobody's claim."""
        principal = item()
        own = item(20, kind="INTEREST", claim_ar_item_id=principal.ar_item_id)
        of_paid = item(30, kind="INTEREST", claim_ar_item_id=new_id())
        of_several = item(40, kind="INTEREST")
        others = [item(38, kind="COST"), item(50, reversal=True), item(-60)]
        charges: dict[UUID, list[OpenItem]] = {principal.ar_item_id: [own]}
        found = claims_of([principal, own, of_paid, of_several, *others], charges, {principal.ar_item_id: Decimal(5)})
        assert [(c.item, list(c.charges), c.reserved) for c in found] == [(principal, [own], Decimal(5)), (of_paid, [], ZERO), (of_several, [], ZERO)]


class TestHandover:
    DAY = date(2026, 12, 14)

    def stop(
        self, of: Claim, holds: Holds = FREE, *, minimum: int = 50, credit: bool = False, address: bool = True, linked: bool = True
    ) -> str | None:
        """Why the claim stays."""
        return handover_stop(of, holds, self.DAY, plan(), minimum=Decimal(minimum), has_credit=credit, has_address=address, linked=linked)

    def test_a_claim_that_nothing_stops_goes(self) -> None:
        """All conditions are met."""
        assert self.stop(claim()) is None

    @pytest.mark.parametrize(
        ("of", "options", "reason"),
        [
            (claim(disputed=True), {}, "HANDOVER-DISPUTED"),
            (Claim(claim().item, reserved=Decimal(9999)), {}, "HANDOVER-RESERVED"),
            (claim(), {"holds": Holds(stopped=True)}, "HANDOVER-CUSTOMER-STATUS"),
            (claim(stopDebtCollectionUntil="2026-12-14"), {}, "HANDOVER-ON-HOLD"),
            (claim(), {"holds": Holds(collection_until=DAY)}, "HANDOVER-ON-HOLD"),
            (claim(stopReminderUntil="2026-12-14"), {}, "HANDOVER-ON-HOLD"),
            (claim(due=date(2026, 12, 1)), {}, "HANDOVER-TOO-EARLY"),
            (claim(50), {}, "HANDOVER-BELOW-MINIMUM"),
            (claim(), {"credit": True}, "HANDOVER-CREDIT"),
            (claim(), {"address": False}, "HANDOVER-NO-ADDRESS"),
            (claim(), {"linked": False}, "HANDOVER-NOT-LINKED"),
        ],
    )
    def test_what_stops_it(self, of: Claim, options: dict[str, Any], reason: str) -> None:
        """The first reason is told."""
        assert self.stop(of, **options) == reason

    def test_the_claim_is_named_though_it_is_stopped(self) -> None:
        """A run lists what stays and why, so the last step is proposed for claims on hold too."""
        held = claim(level=2, deadline=date(2026, 11, 16), disputed=True)
        assert steps_on(self.DAY, held) == [3]


def test_every_day_of_two_years_counts_as_a_business_day() -> None:
    """Whatever day it is, what it counts as is not before it and is a working day."""
    for shift in range(730):
        day = date(2026, 1, 1) + timedelta(days=shift)
        counted = plan().counted(day)
        assert counted >= day
        assert is_working_day(counted)


def test_more_claims_than_a_document_has_lines_make_several_letters() -> None:
    """Each claim is in one of them, oldest first."""
    claims = [claim(due=DUE + timedelta(days=shift)) for shift in range(5)]
    proposal = Proposal(plan().steps[0], "NOK", claims)
    assert [letter.claims for letter in split_claims(proposal, 2)] == [claims[:2], claims[2:4], claims[4:]]
    assert [letter.claims for letter in split_claims(proposal, 5)] == [claims]
