"""Aim: fees, salær, coverage and bookkeeping rules hold for what callers pass beyond the vectors: limits, unknown days,
invariants.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reskontro.norway import ageing, bookkeeping, coverage, deadlines, fees, salaer
from reskontro.norway.rates import STATUTORY, ValueMissing

DUE = date(2026, 3, 2)
amounts = st.decimals("0", "1000000", places=2)


class TestLetterFees:
    @given(st.lists(st.tuples(st.sampled_from(["reminder", "collection_notice", "payment_demand"]), st.integers(0, 120))))
    def test_no_chain_of_letters_passes_the_limits_of_the_law(self, plan: list[tuple[fees.LetterType, int]]) -> None:
        """However letters are sent, a series has at most two small fees, none after a notice, and at most one
        demand.
        """
        sent: list[fees.Letter] = []
        day = DUE
        for letter_type, wait in plan:
            day += timedelta(days=wait)
            if day > date(2026, 12, 31):
                break
            verdict = fees.letter_fee(letter_type, day, due_date=DUE, earlier=sent)
            assert (verdict.fee > 0) == verdict.allowed
            sent.append(fees.Letter(letter_type, day, day + timedelta(days=14), verdict.fee))
            series = fees.running_series(sent, day)
            small = [letter for letter in series if letter.type != "payment_demand"]
            assert len(small) <= 2
            assert [letter.type for letter in small[:-1]].count("collection_notice") == 0
            assert [letter.type for letter in series].count("payment_demand") <= 1

    @pytest.mark.parametrize(
        ("due", "sent", "small", "demand"),
        [
            (date(2016, 3, 1), date(2016, 4, 1), 67, 201),
            (date(2020, 9, 30), date(2020, 12, 1), 70, 210),
            (date(2020, 10, 1), date(2020, 12, 1), 35, 105),
            (date(2020, 9, 30), date(2026, 2, 1), 75, 225),
            (date(2026, 3, 2), date(2026, 4, 1), 38, 113),
        ],
    )
    def test_amounts_by_due_date_and_sending_day(self, due: date, sent: date, small: int, demand: int) -> None:
        """The fraction follows the due date of the claim, the sats the day of sending."""
        assert fees.fee_amount("reminder", due, sent) == fees.fee_amount("collection_notice", due, sent) == small
        assert fees.fee_amount("payment_demand", due, sent) == demand

    @pytest.mark.parametrize("sent", [date(2015, 12, 31), date(2027, 1, 1)])
    def test_a_sending_day_without_known_sats_is_refused(self, sent: date) -> None:
        """Before 2016 and after 2026."""
        with pytest.raises(ValueMissing, match="inkassosats"):
            fees.letter_fee("reminder", sent, due_date=date(2015, 6, 1))

    def test_a_reminder_without_a_deadline_opens_no_second_fee(self) -> None:
        """No deadline counts as too short a one."""
        first = fees.Letter("reminder", date(2026, 3, 20), None, Decimal(38))
        verdict = fees.letter_fee("reminder", date(2026, 4, 20), due_date=DUE, earlier=[first])
        assert verdict == (0, "FIRST_DEADLINE_TOO_SHORT")

    def test_the_carried_forward_sats_is_used_when_the_installation_says_so(self) -> None:
        """The fee of 2026 goes on."""
        verdict = fees.letter_fee("reminder", date(2027, 1, 4), due_date=date(2026, 12, 1), rates=STATUTORY.carrying_forward())
        assert verdict == (38, None)


class TestCompensationAndCourtFees:
    @given(st.lists(st.builds(fees.Charge, st.booleans(), amounts), max_size=8))
    def test_what_charges_add_is_never_negative_and_sums_to_the_larger_kind(self, charges: list[fees.Charge]) -> None:
        """Whichever kind was claimed first."""
        added = fees.added_by_charges(charges)
        by_kind = [sum(charge.amount for charge in charges if charge.is_compensation is kind) for kind in (True, False)]
        assert all(amount >= 0 for amount in added)
        assert sum(added) == max(by_kind)

    def test_a_consumer_never_owes_compensation_even_for_an_unknown_half_year(self) -> None:
        """A business of the same day is refused, because its amount is not known."""
        assert fees.compensation("consumer", date(2027, 1, 1)) is None
        with pytest.raises(ValueMissing):
            fees.compensation("business", date(2027, 1, 1))

    def test_court_fees_are_known_for_2026_only(self) -> None:
        """Multiples rounded down; other years refused."""
        assert fees.court_fee("conciliation_complaint", date(2026, 1, 1)) == 2071
        for day in (date(2025, 12, 31), date(2027, 1, 1)):
            with pytest.raises(ValueMissing):
                fees.court_fee("attachment", day)


class TestSalaer:
    @given(amounts, amounts, st.sampled_from(["light", "heavy"]), st.booleans(), st.booleans())
    def test_a_larger_claim_never_has_a_smaller_cap(
        self, first: Decimal, second: Decimal, level: salaer.Level, business: bool, deductible: bool
    ) -> None:
        """The caps rise with the bands, for both sets of bands."""
        low, high = sorted((first, second))
        for due in (date(2015, 1, 1), None):
            caps = [
                salaer.cap(
                    base,
                    date(2026, 5, 1),
                    level=level,
                    debtor_type="business" if business else "consumer",
                    creditor_vat_deductible=deductible,
                    due_date=due,
                )
                for base in (low, high)
            ]
            assert caps[0] <= caps[1]

    def test_a_claim_older_than_the_known_bands_is_refused(self) -> None:
        """Due before 2010."""
        with pytest.raises(ValueMissing, match="salær band"):
            salaer.cap(
                Decimal(100),
                date(2026, 1, 1),
                level="light",
                debtor_type="consumer",
                creditor_vat_deductible=True,
                due_date=date(2009, 12, 31),
            )

    def test_a_plan_of_a_case_in_court_has_no_supplement(self) -> None:
        """However many instalments it has."""
        day = date(2026, 3, 1)
        assert salaer.plan_supplement(12, day, creditor_vat_deductible=False, brought_to_court=True) == 0
        assert salaer.plan_supplement(5, day, creditor_vat_deductible=False, brought_to_court=False) == Decimal("1406.25")


class TestCoverage:
    @given(amounts, amounts, amounts, st.lists(amounts, max_size=5), st.sampled_from(list(coverage.COMPONENTS)))
    def test_no_money_is_lost_and_nothing_is_covered_twice(
        self, costs: Decimal, interest: Decimal, principal: Decimal, payments: list[Decimal], order: coverage.Order
    ) -> None:
        """Every split adds up to its payment, and what was covered plus what is left is the claim."""
        claim = left = coverage.Open(costs, interest, principal)
        covered = Decimal(0)
        for payment in payments:
            split, left = coverage.allocate(payment, left, order)
            assert sum(split) == payment
            assert min(left) >= 0
            assert split.unapplied == 0 or sum(left) == 0
            covered += payment - split.unapplied
        assert covered + sum(left) == sum(claim)

    @given(amounts, amounts, amounts)
    def test_a_component_is_only_touched_when_those_before_it_are_covered(self, costs: Decimal, principal: Decimal, payment: Decimal) -> None:
        """Costs first by default, principal first when the client says so."""
        claim = coverage.Open(costs, Decimal(0), principal)
        _, left = coverage.allocate(payment, claim, "COSTS_INTEREST_PRINCIPAL")
        assert left.costs == 0 or left.principal == principal
        _, left = coverage.allocate(payment, claim, "PRINCIPAL_INTEREST_COSTS")
        assert left.principal == 0 or left.costs == costs


class TestDeadlines:
    @given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.lists(st.dates(date(2000, 1, 1), date(2100, 1, 1)), max_size=4))
    def test_an_acknowledgement_never_shortens_a_limitation(self, due: date, acknowledged: list[date]) -> None:
        """With more acknowledgements the last day is the same or later."""
        assert deadlines.limitation_date("ordinary", due, acknowledged) >= deadlines.limitation_date("ordinary", due)

    @given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 30))
    def test_the_chain_of_a_claim_rises_and_keeps_every_deadline(self, due: date, grace_days: int) -> None:
        """No step comes before the deadline it waits for, and the fee rules allow each of them."""
        chain = deadlines.earliest_chain(due, grace_days)
        assert list(chain[:8]) == sorted(chain[:8])
        assert deadlines.notice_refusal(due, chain.second_letter, chain.second_deadline) is None
        day_after = chain.payment_demand_deadline + timedelta(days=1)
        assert deadlines.legal_step_refusal(chain.payment_demand, chain.payment_demand_deadline, day_after) is None

    def test_an_acknowledgement_on_the_moved_last_day_counts(self) -> None:
        """The third year ends on a Sunday; the Monday after it is still in time, the Tuesday is not."""
        due = date(2023, 11, 22)
        assert deadlines.limitation_date("ordinary", due, [date(2026, 11, 23)]) == date(2029, 11, 23)
        assert deadlines.limitation_date("ordinary", due, [date(2026, 11, 24)]) == date(2026, 11, 23)


class TestBookkeeping:
    def test_nothing_is_done_in_a_closed_period(self) -> None:
        """Posting, changing and deleting are all refused there, and the correction goes to the first open period."""
        for action in ("post", "change_amount", "delete"):
            verdict = bookkeeping.ledger_action(action, (2026, 9), [(2026, 9)])
            assert verdict == ("PERIOD_CLOSED", "first_open_period") and not verdict.allowed

    def test_the_saft_version_is_known_from_2025(self) -> None:
        """Earlier and later periods are refused."""
        assert bookkeeping.saft_version((2026, 12)) == "1.30"
        for period in ((2024, 12), (2027, 1)):
            with pytest.raises(ValueMissing, match="SAF-T version"):
                bookkeeping.saft_version(period)

    def test_a_month_is_invoiced_by_its_fifteenth_working_day(self) -> None:
        """Easter and the holidays of May put the day off."""
        assert bookkeeping.monthly_invoice_by((2026, 3)) == date(2026, 4, 24)
        assert bookkeeping.monthly_invoice_by((2027, 4)) == date(2027, 5, 25)


class TestAgeing:
    @given(st.integers(-400, 400), st.lists(st.integers(1, 200), unique=True, max_size=5).map(sorted))
    def test_an_item_lies_in_the_bucket_whose_limits_hold_its_days(self, days: int, limits: list[int]) -> None:
        """Names and places agree for any limits."""
        as_of = date(2026, 11, 22)
        item = ageing.Item(date(2020, 1, 1), as_of - timedelta(days=days), Decimal(7))
        [name] = [name for name, amount in ageing.buckets([item], as_of, limits).items() if amount]
        if name == "not_due":
            assert days <= 0
        elif name.endswith("+"):
            assert days >= int(name[:-1])
        else:
            low, high = map(int, name.split("-"))
            assert low <= days <= high

    @pytest.mark.parametrize("limits", [(0,), (30, 30), (60, 30), (-1,)])
    def test_limits_that_do_not_rise_are_refused(self, limits: tuple[int, ...]) -> None:
        """ValueError instead of a report nobody can read."""
        with pytest.raises(ValueError, match="rising"):
            ageing.buckets([], date(2026, 1, 1), limits)
