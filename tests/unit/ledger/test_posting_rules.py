"""Aim: the rule with most conditions wins, then the lower priority, then the lower number, and what it leaves out comes
from the next.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reskontro.ledger.posting_rules import CONDITIONS, PostingAccounts, PostingRule, RuleBook

DAY = date(2026, 11, 25)


def contra_of(rules: list[PostingRule], event: str = "IN", on: date = DAY, **conditions: str | None) -> str | None:
    """The contra account that a set of rules gives."""
    return RuleBook(rules).accounts_for(event, on, conditions).contra


class TestPrecedence:
    def test_more_conditions_go_before_fewer_whatever_priority_and_number(self) -> None:
        """Two conditions against one with the best priority and number."""
        rules = [
            PostingRule(1, "IN", vat_code="3", contra_account="3000", priority=0),
            PostingRule(2, "IN", vat_code="3", item_group1="500", contra_account="3010", priority=999),
        ]
        assert contra_of(rules, vat_code="3", item_group1="500") == "3010"
        assert contra_of(rules, vat_code="3", item_group1="501") == "3000"

    def test_lower_priority_goes_before_lower_number(self) -> None:
        """Equally specific rules."""
        rules = [
            PostingRule(1, "IN", vat_code="3", contra_account="3000"),
            PostingRule(2, "IN", line_type="PLH", contra_account="3010", priority=499),
        ]
        assert contra_of(rules, vat_code="3", line_type="PLH") == "3010"

    def test_lower_number_decides_last(self) -> None:
        """Whatever order the rules are given in."""
        rules = [PostingRule(7, "IN", contra_account="3007"), PostingRule(5, "IN", contra_account="3005")]
        assert contra_of(rules) == "3005"

    def test_accounts_left_out_come_from_the_next_rules(self) -> None:
        """Each account from the first rule that names it."""
        rules = [
            PostingRule(1, "IN", control_account="1500", contra_account="3000", vat_account="2700"),
            PostingRule(2, "IN", vat_code="3", contra_account="3010"),
            PostingRule(3, "IN", vat_code="3", article_no="V-10", vat_relief_account="2709"),
        ]
        found = RuleBook(rules).accounts_for("IN", DAY, {"vat_code": "3", "article_no": "V-10"})
        assert found == PostingAccounts(control="1500", contra="3010", vat="2700", vat_relief="2709")


class TestFit:
    def test_a_condition_wants_its_value(self) -> None:
        """A value that was not given fits no condition."""
        rules = [PostingRule(1, "IN", customer_category="PUBL", contra_account="3001")]
        assert contra_of(rules) is None
        assert contra_of(rules, customer_category=None) is None
        assert contra_of(rules, customer_category="CONS") is None
        assert contra_of(rules, customer_category="PUBL") == "3001"

    def test_values_compare_without_case(self) -> None:
        """Of the rule and of the posting."""
        rules = [PostingRule(1, "IN", item_group1="Ved-Æ", contra_account="3001")]
        assert contra_of(rules, item_group1="VED-æ") == "3001"

    def test_another_event_does_not_count(self) -> None:
        """Rules belong to one event."""
        assert contra_of([PostingRule(1, "CN", contra_account="3001")]) is None

    def test_inactive_rules_do_not_count(self) -> None:
        """A rule that is switched off leaves its place to the next."""
        rules = [PostingRule(1, "IN", contra_account="3001", active=False), PostingRule(2, "IN", contra_account="3002")]
        assert contra_of(rules) == "3002"

    def test_dates_include_both_ends(self) -> None:
        """A rule holds from its first to its last day."""
        rules = [
            PostingRule(1, "IN", vat_code="3", contra_account="3001", valid_from=date(2026, 2, 1), valid_to=date(2026, 2, 28)),
            PostingRule(2, "IN", contra_account="3002"),
        ]
        days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1)]
        assert [contra_of(rules, on=day, vat_code="3") for day in days] == ["3002", "3001", "3001", "3002"]

    def test_an_unknown_event_is_a_mistake_of_the_caller(self) -> None:
        """Events are code, not data."""
        with pytest.raises(KeyError):
            RuleBook([]).accounts_for("GIFT", DAY, {})


SOME_VALUES = st.none() | st.sampled_from(["a", "B", "c"])
ACCOUNTS = st.none() | st.sampled_from(["1500", "1501", "3000", "3010"])


@st.composite
def rule_sets(draw: st.DrawFn) -> list[PostingRule]:
    """Rules of one event with few different values, so that they often fit."""
    count = draw(st.integers(0, 6))
    numbers = draw(st.lists(st.integers(1, 99), min_size=count, max_size=count, unique=True))
    return [
        PostingRule(
            number,
            "IN",
            vat_code=draw(SOME_VALUES),
            line_type=draw(SOME_VALUES),
            article_no=draw(SOME_VALUES),
            control_account=draw(ACCOUNTS),
            contra_account=draw(ACCOUNTS),
            priority=draw(st.sampled_from([100, 500])),
            valid_from=draw(st.none() | st.just(DAY)),
            active=draw(st.booleans()),
        )
        for number in numbers
    ]


def by_the_book(rules: list[PostingRule], on: date, given_values: dict[str, Any]) -> tuple[str | None, str | None]:
    """The rule of the contract in plain words, without any memory."""

    def fits(rule: PostingRule) -> bool:
        wanted = {name: getattr(rule, name) for name in CONDITIONS if getattr(rule, name) is not None}
        return (
            rule.active
            and (rule.valid_from is None or rule.valid_from <= on)
            and all(given_values.get(name) is not None and given_values[name].lower() == wanted[name].lower() for name in wanted)
        )

    def rank(rule: PostingRule) -> tuple[int, int, int]:
        conditions = sum(getattr(rule, name) is not None for name in CONDITIONS)
        return (-conditions, rule.priority, rule.posting_rule_no)

    fitting = sorted(filter(fits, rules), key=rank)
    control = [rule.control_account for rule in fitting if rule.control_account]
    contra = [rule.contra_account for rule in fitting if rule.contra_account]
    return (control[0] if control else None, contra[0] if contra else None)


@given(
    rule_sets(),
    st.lists(st.tuples(st.sampled_from([DAY, date(2026, 1, 1)]), SOME_VALUES, SOME_VALUES, SOME_VALUES), max_size=8),
)
def test_remembered_answers_are_the_ones_worked_out_anew(
    rules: list[PostingRule], questions: list[tuple[date, str | None, str | None, str | None]]
) -> None:
    """Many questions to one book, against the plain rule."""
    book = RuleBook(rules)
    for on, vat_code, line_type, article_no in questions + questions:
        conditions = {"vat_code": vat_code, "line_type": line_type, "article_no": article_no}
        assert book.accounts_for("IN", on, conditions)[:2] == by_the_book(rules, on, conditions)
