"""Aim: the chart and the rules a client starts with post every event as the posting table says."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from reskontro.ledger.chart import BUILT_IN_RULE_MAX, BUILT_IN_RULES, CONTROL_ACCOUNT, DEFAULT_CHART
from reskontro.ledger.config_table import COLLECTION_ACCOUNTS
from reskontro.ledger.posting_rules import EVENTS, PostingAccounts, RuleBook
from reskontro.norway.vat import VAT_CODES
from tests.shared_data import shared_path

DAY = date(2026, 11, 25)
BOOK = RuleBook(BUILT_IN_RULES)
CHART = {account.gl_account: account for account in DEFAULT_CHART}


class TestChart:
    def test_has_the_accounts_of_the_posting_table_those_of_collection_and_7820(self) -> None:
        """Nothing more: other accounts are the client's own."""
        sales = ["1500", "2700", "2701", "2702", "2703", "3000", "3030", "3050", "3100", "3105", "3200", "7740"]
        others = ["1920", "2999", "3900", "7830", "7835", "8055", "8060", "8160", "1575", "2710", "2975", "6750"]
        assert set(CHART) == {*sales, *others, *COLLECTION_ACCOUNTS.values(), "7820"}
        assert list(CHART) == sorted(CHART)

    def test_has_one_control_account(self) -> None:
        """1500, an asset."""
        assert [account.gl_account for account in DEFAULT_CHART if account.is_control] == [CONTROL_ACCOUNT]

    @pytest.mark.parametrize("account", DEFAULT_CHART, ids=lambda account: account.gl_account)
    def test_types_follow_the_class_of_the_number(self, account: object) -> None:
        """NS 4102: class 1 assets, 2 liabilities, 3 and the first eighties income, 4 to 7 and the second eighties
        expenses.
        """
        number = CHART[account.gl_account].gl_account  # type: ignore[attr-defined]
        expected = {"1": "ASSET", "2": "LIABILITY", "3": "INCOME", "6": "EXPENSE", "7": "EXPENSE"}.get(number[0])
        expected = expected or ("INCOME" if number[1] == "0" else "EXPENSE")
        assert CHART[number].account_type == expected
        assert CHART[number].carries_balance == (number[0] in "12")

    def test_every_standard_account_is_a_grouping_code_of_saft(self) -> None:
        """The codes of the tax administration's list for SAF-T 1.30."""
        text = shared_path("domain/schemas/naeringsspesifikasjon.csv").read_text(encoding="utf-8-sig")
        known = {row["GroupingCode"] for row in csv.DictReader(text.splitlines(), delimiter=";")}
        assert {account.standard_account for account in DEFAULT_CHART} <= known

    def test_default_vat_codes_are_output_codes(self) -> None:
        """An account's default code exists."""
        known = {row.code for row in VAT_CODES}
        assert {account.default_vat_code for account in DEFAULT_CHART if account.default_vat_code} <= known


class TestRules:
    @pytest.mark.parametrize("event", ["IN", "CN"])
    @pytest.mark.parametrize(
        ("vat_code", "income", "vat"),
        [
            ("3", "3000", "2700"),
            ("31", "3030", "2701"),
            ("33", "3050", "2703"),
            ("32", "3000", "2702"),
            ("5", "3100", None),
            ("52", "3105", None),
            ("51", "3100", None),
            ("6", "3200", None),
            ("7", "3200", None),
        ],
    )
    def test_sales_go_to_the_accounts_of_their_vat_code(self, event: str, vat_code: str, income: str, vat: str | None) -> None:
        """First rows of the posting table; a credit note without reference has the same accounts."""
        found = BOOK.accounts_for(event, DAY, {"line_type": "PLH", "vat_code": vat_code})
        assert found == PostingAccounts("1500", income, vat, None)

    @pytest.mark.parametrize(
        ("event", "contra"),
        [
            ("IT", "8055"),
            ("RM", "3900"),
            ("FEE", "3900"),
            ("PY", "1920"),
            ("SUSPENSE", "2999"),
            ("REFUND", "1920"),
            ("SMALL-DIFFERENCE", "7740"),
            ("ROUNDING", "7740"),
            ("EXCHANGE-GAIN", "8060"),
            ("EXCHANGE-LOSS", "8160"),
        ],
    )
    def test_other_events_have_their_contra_account(self, event: str, contra: str) -> None:
        """Against the control account."""
        assert BOOK.accounts_for(event, DAY, {}) == PostingAccounts("1500", contra, None, None)

    @pytest.mark.parametrize(
        ("reason", "loss"),
        [
            ("BAD-DEBT", "7830"),
            ("DECEASED", "7830"),
            ("LAPSED", "7830"),
            ("NOT-DEDUCTIBLE", "7835"),
            ("GOODWILL", "7835"),
            ("OTHER", "7835"),
        ],
    )
    @pytest.mark.parametrize(
        ("vat_code", "relief"),
        [("3", "2700"), ("31", "2701"), ("32", "2702"), ("33", "2703"), ("6", None), (None, None)],
    )
    def test_write_offs_follow_the_reason_and_relief_the_vat_code(self, reason: str, loss: str, vat_code: str | None, relief: str | None) -> None:
        """Two rules with one condition each fill each other's gaps."""
        found = BOOK.accounts_for("WRITE-OFF", DAY, {"reason_code": reason, "vat_code": vat_code})
        assert found == PostingAccounts("1500", loss, None, relief)

    def test_a_rounding_line_is_no_sale(self) -> None:
        """Whatever VAT code it carries."""
        assert BOOK.accounts_for("IN", DAY, {"line_type": "RND", "vat_code": "3"}).contra == "7740"

    def test_every_event_has_a_rule_and_every_account_exists(self) -> None:
        """Nothing points outside the chart; only control accounts are named as such."""
        assert {rule.event for rule in BUILT_IN_RULES} == set(EVENTS)
        for rule in BUILT_IN_RULES:
            ordinary = (rule.contra_account, rule.vat_account, rule.vat_relief_account)
            assert all(not CHART[account].is_control for account in ordinary if account)
            assert rule.control_account is None or CHART[rule.control_account].is_control

    def test_numbers_are_unique_and_built_in(self) -> None:
        """1 to 999."""
        numbers = [rule.posting_rule_no for rule in BUILT_IN_RULES]
        assert len(set(numbers)) == len(numbers)
        assert min(numbers) >= 1
        assert max(numbers) <= BUILT_IN_RULE_MAX
