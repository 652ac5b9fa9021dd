"""The vectors of fees and deadlines, asked through what dunning and auto postings ask: items, their letters, their fees."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reskontro.kit.ids import new_id
from reskontro.ledger.posting import OpenItem
from reskontro.norway.rates import STATUTORY
from reskontro.receivable.claim_charges import FEE_CODE, LETTERS, DayRules, fee_limit, in_currency
from reskontro.receivable.dunning.charging import Charging, compensations, fraction_text, letter_fee
from reskontro.receivable.dunning.rules import Claim, Plan
from tests.shared_data import shared_path

CODES = {"reminder": "REMINDER", "collection_notice": "COLLECTION-NOTICE", "payment_demand": "PAYMENT-DEMAND"}
CATEGORIES = {"consumer": "CONS", "business": "BUSN"}


def vectors(file: str, rule: str, *, needs: str) -> Any:
    """The vectors of a file whose rule begins like that and whose input has what is needed, as parameters."""
    found = json.loads(shared_path(f"domain/vectors/{file}.json").read_text(encoding="utf-8"))
    chosen = [vector for vector in found if vector["rule"].startswith(rule) and needs in vector["input"]]
    assert chosen
    return pytest.mark.parametrize("vector", chosen, ids=lambda vector: vector["id"])


def item(kind: str, amount: Decimal, day: date, due: date, **values: Any) -> OpenItem:
    """An open item of one customer."""
    return OpenItem(
        ar_item_id=new_id(),
        account_no=500001,
        ar_item_type=values.pop("ar_item_type", "IN"),
        claim_kind=kind,
        currency="NOK",
        due_date=due,
        gl_date=day,
        item_date=day,
        original_amount=amount,
        base_original_amount=amount,
        open_amount=amount,
        base_open_amount=amount,
        control_account="1500",
        **values,
    )


@vectors("fees", "fees.letter", needs="letter")
def test_what_a_letter_may_cost(vector: dict[str, Any]) -> None:
    """The letters before it are told as the ledger keeps them: with a fee as RM items, without one in the claim's list."""
    given, expected = vector["input"], vector["expected"]
    due = date.fromisoformat(given["claim"]["due_date"])
    sent = date.fromisoformat(given["letter"]["sent"])
    dispute = given["claim"].get("dispute")
    if dispute is not None and (not dispute["reasonable_ground"] or date.fromisoformat(dispute["registered"]) > sent):
        dispute = None  # The ledger knows one kind of dispute, and only while it lasts.
    details: dict[str, Any] = {"disputed": True} if dispute else {}
    charges: list[OpenItem] = []
    principal = item("PRINCIPAL", Decimal(1250), due - timedelta(days=14), due, details=details)
    for letter in given["earlier_letters"]:
        day = date.fromisoformat(letter["sent"])
        deadline = letter.get("deadline")
        if Decimal(letter["fee"]) > 0 and deadline is not None:
            code = {FEE_CODE: CODES[letter["type"]]}
            charges.append(item("COST", Decimal(letter["fee"]), day, date.fromisoformat(deadline), ar_item_type="RM", details=code))
        else:
            details.setdefault(LETTERS, []).append({"type": CODES[letter["type"]], "sent": letter["sent"], "deadline": deadline})
    days = DayRules(given["grace_days"])
    _, allowed = fee_limit(principal, charges, CATEGORIES[given["claim"]["debtor_type"]], CODES[given["letter"]["type"]], sent, STATUTORY, days)
    assert allowed == Decimal(expected["fee"])


@vectors("fees", "fees.compensation", needs="due_date")
def test_the_compensation(vector: dict[str, Any]) -> None:
    """Charged for a claim of a business, never to a consumer."""
    given, expected = vector["input"], vector["expected"]
    due = date.fromisoformat(given["due_date"])
    claim = Claim(item("PRINCIPAL", Decimal(1250), due, due))
    found = compensations(charging(due + timedelta(days=1), CATEGORIES[given["debtor_type"]]), [claim])
    assert [amount for _, amount in found] == ([Decimal(expected["amount"])] if expected["allowed"] else [])


def charging(day: date, category: str, *, currency: str = "NOK", rate: str = "1") -> Charging:
    """What decides what a letter of a day may charge."""
    return Charging(day, STATUTORY, DayRules(3), category, currency, Decimal(1), Decimal(rate) if rate else None)


@vectors("timeline", "timeline.earliest", needs="due_date")
def test_the_plan_takes_its_steps_on_the_first_day_of_the_law(vector: dict[str, Any]) -> None:
    """Without moving days off, the default plan's steps fall on the days of the timeline."""
    given, expected = vector["input"], vector["expected"]
    steps = [
        {"step": 1, "type": "REMINDER", "afterDays": 14, "deadlineDays": 14, "fee": True},
        {"step": 2, "type": "COLLECTION-NOTICE", "afterDays": 0, "deadlineDays": 14, "fee": True},
        {"step": 3, "type": "HANDOVER"},
    ]
    plan = Plan.of(steps, grace_days=given["grace_days"], minimum_amount=Decimal(50), weekend_rule="NONE")
    due = date.fromisoformat(given["due_date"])
    first = plan.first_day(plan.steps[0], due, None)
    deadline = first + timedelta(days=plan.steps[0].deadline_days)
    second = plan.first_day(plan.steps[1], due, deadline)
    last = second + timedelta(days=plan.steps[1].deadline_days)
    found = [day.isoformat() for day in (first, deadline, second, last, plan.first_day(plan.steps[2], due, last))]
    assert found == [expected[name] for name in ("first_fee_letter", "first_deadline", "second_letter", "second_deadline", "payment_demand")]


class TestCharging:
    DUE = date(2026, 10, 19)

    def claim(self, due: date = DUE, **details: Any) -> Claim:
        """A claim of 1 250."""
        return Claim(item("PRINCIPAL", Decimal(1250), due, due, details=details))

    def test_the_fee_is_on_the_oldest_claim_that_may_bear_one(self) -> None:
        """The older one has had its two fees."""
        older, newer = self.claim(date(2026, 9, 1)), self.claim()
        older.charges = [
            item("COST", Decimal(38), day, day + timedelta(days=14), ar_item_type="RM") for day in (date(2026, 9, 20), date(2026, 10, 10))
        ]
        found = letter_fee(charging(date(2026, 11, 25), "CONS"), [older, newer], "REMINDER")
        assert found == (newer, Decimal(38))

    def test_interest_that_stands_alone_bears_none(self) -> None:
        """Fees are for principals."""
        alone = Claim(item("INTEREST", Decimal(100), self.DUE, self.DUE))
        assert letter_fee(charging(date(2026, 11, 25), "CONS"), [alone], "REMINDER") is None

    @pytest.mark.parametrize(("rate", "amount"), [("11.53", "3.29"), ("38", "1.00"), ("38.01", "0.99"), ("4000", None), ("", None)])
    def test_another_currency_is_rounded_down(self, rate: str, amount: str | None) -> None:
        """Without a rate, or when nothing is left, there is no fee."""
        found = letter_fee(charging(date(2026, 11, 25), "CONS", currency="EUR", rate=rate), [self.claim()], "REMINDER")
        assert (None if found is None else found[1]) == (None if amount is None else Decimal(amount))

    def test_a_currency_without_decimals(self) -> None:
        """38 kroner at 0.071 are 535.2 yen."""
        assert in_currency(Decimal(38), "JPY", Decimal(1), Decimal("0.071")) == 535

    def test_a_krone_in_a_ledger_of_another_currency(self) -> None:
        """The rate of the krone comes between: 38 kroner at 0.0867 are 3.2946 euros."""
        assert in_currency(Decimal(38), "EUR", Decimal("0.0867"), Decimal(1)) == Decimal("3.29")
        assert in_currency(Decimal(38), "NOK", Decimal("0.0867"), Decimal("0.0867")) == 38

    def test_the_compensation_is_charged_once(self) -> None:
        """A claim that has it owes no second one."""
        charged = self.claim()
        charged.charges = [item("COST", Decimal(430), self.DUE, self.DUE, ar_item_type="FE", details={FEE_CODE: "COMPENSATION"})]
        fresh = self.claim()
        assert compensations(charging(date(2026, 11, 25), "BUSN"), [charged, fresh]) == [(fresh, Decimal(430))]

    def test_the_fraction_of_old_claims(self) -> None:
        """Claims due before 1 October 2020 keep a tenth (FOR-2020-06-19-1248)."""
        assert (fraction_text("REMINDER", date(2020, 9, 30)), fraction_text("REMINDER", self.DUE)) == ("1/10", "1/20")
