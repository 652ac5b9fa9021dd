"""Aim: every client config of the contract's table exists with its type and default, and values are refused or
normalised by their rule.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reskontro.kit.fields import Invalid
from reskontro.kit.messages import Messages
from reskontro.ledger.configs import CONFIG_KEYS, check_value, config_key, default_of, read_value

DOCUMENTED: dict[str, tuple[str, Any]] = {
    "base.currency": ("STRING", "NOK"),
    "base.country": ("STRING", "NO"),
    "base.language": ("STRING", "no"),
    "base.timeZone": ("STRING", "Europe/Oslo"),
    "validation.vat": ("ENUM", "WARN"),
    "validation.kid": ("ENUM", "WARN"),
    "validation.identity": ("ENUM", "WARN"),
    "validation.unknownFields": ("ENUM", "WARN"),
    "document.autoCreateCustomer": ("ENUM", "WHEN-GIVEN"),
    "document.closedPeriod": ("ENUM", "NEXT-OPEN"),
    "document.creditNoteReference": ("ENUM", "REQUIRED"),
    "document.defaultDueDays": ("INTEGER", 14),
    "document.totalTolerance": ("MONEY", Decimal(1)),
    "vat.zeroCode": ("ENUM", "5"),
    "kid.algorithm": ("ENUM", "ANY"),
    "kid.generate": ("BOOLEAN", True),
    "kid.template": ("STRING", "{account:6}{serial:8}{check}"),
    "series.in": ("OBJECT", {"mode": "EITHER", "prefix": "I{yy}-", "next": 1, "length": 6}),
    "series.cn": ("OBJECT", {"mode": "EITHER", "prefix": "C{yy}-", "next": 1, "length": 6}),
    "series.it": ("OBJECT", {"mode": "EITHER", "prefix": "T{yy}-", "next": 1, "length": 6}),
    "series.rm": ("OBJECT", {"mode": "EITHER", "prefix": "R{yy}-", "next": 1, "length": 6}),
    "series.py": ("OBJECT", {"mode": "EITHER", "prefix": "P{yy}-", "next": 1, "length": 6}),
    "series.account": ("OBJECT", {"mode": "EITHER", "prefix": "", "next": 500001, "length": 6}),
    "series.customer": ("OBJECT", {"mode": "CLIENT", "prefix": "", "next": 1, "length": 6}),
    "coverage.order": ("ENUM", "COSTS-INTEREST-PRINCIPAL"),
    "coverage.excess": ("ENUM", "UNAPPLIED"),
    "matching.auto": ("BOOLEAN", True),
    "matching.rules": ("LIST", ["KID", "DOCUMENT-NO", "REFERENCE"]),
    "matching.smallDifferenceLimit": ("MONEY", Decimal(0)),
    "ageing.intervals": ("LIST", [0, 30, 60, 90]),
    "dunning.plan": (
        "LIST",
        [
            {"step": 1, "type": "REMINDER", "afterDays": 14, "deadlineDays": 14, "fee": True},
            {"step": 2, "type": "COLLECTION-NOTICE", "afterDays": 0, "deadlineDays": 14, "fee": True},
            {"step": 3, "type": "HANDOVER", "afterDays": 0, "deadlineDays": None, "fee": False},
        ],
    ),
    "dunning.graceDays": ("INTEGER", 3),
    "dunning.minimumAmount": ("MONEY", Decimal(50)),
    "dunning.weekendRule": ("ENUM", "NEXT-BUSINESS-DAY"),
    "interest.enabled": ("BOOLEAN", True),
    "interest.rate": ("ENUM", "STATUTORY"),
    "interest.agreedRate": ("DECIMAL", None),
    "interest.dayCount": ("ENUM", "ACT-ACT"),
    "interest.minimumNote": ("MONEY", Decimal(50)),
    "interest.onCosts": ("BOOLEAN", False),
    "interest.compensation": ("BOOLEAN", False),
    "rounding.vat": ("ENUM", "PER-CODE"),
    "rounding.noteUnit": ("MONEY", Decimal("0.01")),
    "gl.fiscalYearStart": ("INTEGER", 1),
    "gl.dimensions": ("LIST", []),
    "period.reopenTwoPersons": ("BOOLEAN", True),
    "files.allowedTypes": ("LIST", ["ATTACHMENT", "OCR", "CAMT054", "MANDATES"]),
    "files.maxSizeMiB": ("INTEGER", 20),
    "avtalegiro.customerUnitId": ("STRING", None),
    "bank.accounts": ("LIST", []),
    "reservation.defaultHours": ("INTEGER", 72),
    "reservation.maximumHours": ("INTEGER", 720),
    "reservation.overOpenAmount": ("ENUM", "ERROR"),
    "privacy.ssnMasking": ("ENUM", "LISTS"),
    "collection.organizationId": ("STRING", None),
    "collection.creditorNumber": ("STRING", None),
    "collection.entryStage": ("ENUM", "NOTICE"),
    "collection.transferOption": ("INTEGER", 30),
    "collection.minimumAmount": ("MONEY", Decimal(50)),
    "collection.writeOffMode": ("ENUM", "PROPOSE"),
    "collection.returnFees": ("BOOLEAN", False),
    "collection.accounts": (
        "OBJECT",
        {
            "clearing": "1575",
            "agency": "2975",
            "interest": "8055",
            "fees": "3900",
            "inputVat": "2710",
            "cost": "6750",
            "loss": "7830",
            "recovered": "7820",
        },
    ),
}


def finding(key: str, value: Any) -> tuple[str, str]:
    """Code and pointer of the only finding about a value."""
    messages = Messages()
    read_value(key, value, messages)
    (message,) = messages.in_order()
    return message.code, message.pointer


class TestTable:
    def test_holds_exactly_the_documented_keys_with_their_types_and_defaults(self) -> None:
        """Key, type and default of every row, in the documented order."""
        assert {key: (entry.type, entry.default) for key, entry in CONFIG_KEYS.items()} == DOCUMENTED
        assert list(CONFIG_KEYS) == list(DOCUMENTED)

    @pytest.mark.parametrize("key", [key for key in CONFIG_KEYS if default_of(key) is not None])
    def test_accepts_its_own_default_unchanged(self, key: str) -> None:
        """What a check returns is a fixed point of it, so stored values can be read through it again."""
        assert check_value(key, default_of(key)) == default_of(key)

    @pytest.mark.parametrize("key", CONFIG_KEYS)
    def test_describes_itself_in_both_languages(self, key: str) -> None:
        """At most 300 characters each, and not the same text."""
        entry = CONFIG_KEYS[key]
        assert 0 < len(entry.english) <= 300
        assert 0 < len(entry.norwegian) <= 300
        assert entry.english != entry.norwegian

    @pytest.mark.parametrize("key", CONFIG_KEYS)
    def test_lists_allowed_values_for_enums_only(self, key: str) -> None:
        """And the default is one of them."""
        entry = CONFIG_KEYS[key]
        assert (entry.allowed_values is not None) == (entry.type == "ENUM")
        assert entry.allowed_values is None or entry.default in entry.allowed_values

    def test_finds_a_key_whatever_its_case(self) -> None:
        """Config keys are natural keys."""
        found = config_key("COVERAGE.ORDER")
        assert found is not None
        assert found.key == "coverage.order"
        assert config_key("coverage.colour") is None


class TestSingleValues:
    @pytest.mark.parametrize(
        ("key", "value", "code"),
        [
            ("kid.generate", "true", "TYPE"),
            ("kid.generate", 1, "TYPE"),
            ("document.defaultDueDays", 366, "RANGE"),
            ("document.defaultDueDays", -1, "RANGE"),
            ("document.defaultDueDays", Decimal("1.5"), "TYPE"),
            ("document.totalTolerance", Decimal("0.001"), "PRECISION"),
            ("document.totalTolerance", -1, "RANGE"),
            ("document.totalTolerance", "1", "TYPE"),
            ("rounding.noteUnit", Decimal("0.5"), "CODE-UNKNOWN"),
            ("coverage.order", "NEWEST-FIRST", "CODE-UNKNOWN"),
            ("coverage.order", "", "FORMAT"),
            ("collection.transferOption", 15, "CODE-UNKNOWN"),
            ("collection.transferOption", 40, "RANGE"),
            ("base.currency", "XAU", "CURRENCY-CODE"),
            ("base.country", "NX", "COUNTRY-CODE"),
            ("base.language", "nor", "LANGUAGE-CODE"),
            ("base.timeZone", "Europe/Atlantis", "CODE-UNKNOWN"),
            ("base.timeZone", "../etc/passwd", "CODE-UNKNOWN"),
            ("kid.template", "{account:6}", "FORMAT"),
            ("kid.template", "{account:12}{serial:14}{check}", "FORMAT"),
            ("interest.agreedRate", Decimal("100.1"), "RANGE"),
            ("interest.agreedRate", Decimal("9.12345"), "PRECISION"),
            ("avtalegiro.customerUnitId", "1234567", "FORMAT"),
            ("gl.fiscalYearStart", 13, "RANGE"),
            ("collection.organizationId", " ", "FORMAT"),
        ],
    )
    def test_refuses_what_breaks_the_rule(self, key: str, value: Any, code: str) -> None:
        """One finding, about the value itself."""
        assert finding(key, value) == (code, "")
        with pytest.raises(Invalid) as caught:
            check_value(key, value)
        assert caught.value.code == code

    @pytest.mark.parametrize(
        ("key", "value", "stored"),
        [
            ("coverage.order", "oldest-first", "OLDEST-FIRST"),
            ("base.country", "se", "SE"),
            ("base.currency", "eur", "EUR"),
            ("base.language", "NB", "nb"),
            ("document.defaultDueDays", Decimal("10.0"), 10),
            ("rounding.noteUnit", 1, Decimal(1)),
            ("interest.agreedRate", Decimal("9.5"), Decimal("9.5")),
            ("kid.template", " {serial:10}{check} ", "{serial:10}{check}"),
            ("matching.rules", ["reference", "KID"], ["REFERENCE", "KID"]),
            ("matching.rules", [], []),
        ],
    )
    def test_keeps_the_canonical_form(self, key: str, value: Any, stored: Any) -> None:
        """Case of codes and spelling of numbers do not count."""
        assert check_value(key, value) == stored

    @given(st.decimals(min_value=0, max_value=10**12, places=2))
    def test_keeps_amounts_exact(self, amount: Decimal) -> None:
        """Whatever amount is set is the amount in force."""
        assert check_value("dunning.minimumAmount", amount) == amount

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=5,
        ),
        st.sampled_from(list(CONFIG_KEYS)),
    )
    def test_judges_any_json_without_failing(self, value: Any, key: str) -> None:
        """A value is accepted and then stays as it is, or there is a finding; nothing else can happen."""
        messages = Messages()
        found = read_value(key, value, messages)
        if not messages.error_count:
            assert check_value(key, found) == found


class TestLists:
    def test_intervals_rise(self) -> None:
        """The element that does not is named by its place."""
        assert finding("ageing.intervals", [0, 30, 30]) == ("NOT-UNIQUE", "/2")
        assert finding("ageing.intervals", [0, 30, 20]) == ("RANGE", "/2")
        assert finding("ageing.intervals", []) == ("REQUIRED", "")
        assert finding("ageing.intervals", "0,30") == ("TYPE", "")
        assert finding("ageing.intervals", list(range(21))) == ("COUNT", "")

    def test_rules_are_named_once(self) -> None:
        """Whatever their case."""
        assert finding("matching.rules", ["KID", "kid"]) == ("NOT-UNIQUE", "/1")
        assert finding("matching.rules", ["KID", ""]) == ("CODE-UNKNOWN", "/1")

    def test_bank_accounts_are_checked_and_normalised(self) -> None:
        """Account numbers by their check digit, currency and source by their lists, the GL account by its form."""
        accounts = [
            {"bankAccountNo": "8601.11.17947", "currency": "nok", "source": "ocr"},
            {"bankAccountNo": "NO93 8601 1117 947"},
        ]
        assert check_value("bank.accounts", accounts) == [
            {"bankAccountNo": "86011117947", "currency": "NOK", "glAccount": "1920", "source": "OCR"},
            {"bankAccountNo": "NO9386011117947", "currency": None, "glAccount": "1920", "source": None},
        ]
        assert finding("bank.accounts", [{"bankAccountNo": "86011117948"}]) == ("BANK-ACCOUNT", "/0/bankAccountNo")
        assert finding("bank.accounts", [{"source": "OCR"}]) == ("REQUIRED", "/0/bankAccountNo")
        assert finding("bank.accounts", [{"bankAccountNo": "86011117947", "colour": 1}]) == (
            "UNKNOWN-FIELD",
            "/0/colour",
        )
        assert finding("bank.accounts", [{"bankAccountNo": "86011117947", "glAccount": "19a"}]) == (
            "FORMAT",
            "/0/glAccount",
        )
        twice = [{"bankAccountNo": "86011117947"}, {"bankAccountNo": "8601 11 17947"}]
        assert finding("bank.accounts", twice) == ("NOT-UNIQUE", "/1/bankAccountNo")

    def test_dimensions_have_a_number_of_their_own(self) -> None:
        """Values left out mean that any is allowed."""
        assert check_value("gl.dimensions", [{"dimensionNo": 1, "name": "Avdeling"}]) == [{"dimensionNo": 1, "name": "Avdeling", "values": None}]
        assert finding("gl.dimensions", [{"dimensionNo": 10, "name": "x"}]) == ("RANGE", "/0/dimensionNo")
        twice = [{"dimensionNo": 1, "name": "x"}, {"dimensionNo": 1, "name": "y"}]
        assert finding("gl.dimensions", twice) == ("NOT-UNIQUE", "/1/dimensionNo")


class TestDunningPlan:
    def test_fills_what_is_left_out(self) -> None:
        """No days after, no fee, a deadline of 14 days; a hand-over has no deadline."""
        assert check_value("dunning.plan", [{"step": 1, "type": "reminder"}, {"step": 2, "type": "HANDOVER", "deadlineDays": 3}]) == [
            {"step": 1, "type": "REMINDER", "afterDays": 0, "deadlineDays": 14, "fee": False},
            {"step": 2, "type": "HANDOVER", "afterDays": 0, "deadlineDays": None, "fee": False},
        ]

    @pytest.mark.parametrize(
        ("plan", "expected"),
        [
            ([{"step": 2, "type": "REMINDER"}], ("RANGE", "/0/step")),
            ([{"step": 1, "type": "HANDOVER"}, {"step": 2, "type": "REMINDER"}], ("FORMAT", "/0/type")),
            ([{"step": 1, "type": "COLLECTION-NOTICE", "deadlineDays": 13}], ("RANGE", "/0/deadlineDays")),
            ([{"step": 1, "type": "HANDOVER", "fee": True}], ("FORMAT", "/0/fee")),
            ([{"step": 1}], ("REQUIRED", "/0/type")),
        ],
    )
    def test_refuses_a_plan_that_cannot_be_followed(self, plan: list[dict[str, Any]], expected: tuple[str, str]) -> None:
        """Steps are counted from 1, nothing follows a hand-over, and a collection notice gives 14 days (inkassoloven §
        9).
        """
        assert finding("dunning.plan", plan) == expected


class TestSeries:
    def test_keeps_the_default_of_keys_left_out(self) -> None:
        """Only the mode is changed."""
        assert check_value("series.in", {"mode": "system"}) == {
            "mode": "SYSTEM",
            "prefix": "I{yy}-",
            "next": 1,
            "length": 6,
        }

    def test_an_empty_prefix_is_a_value(self) -> None:
        """And not the default again."""
        assert check_value("series.in", {"prefix": ""})["prefix"] == ""

    @pytest.mark.parametrize(
        ("key", "value", "expected"),
        [
            ("series.in", {"mode": "BOTH"}, ("CODE-UNKNOWN", "/mode")),
            ("series.in", {"prefix": "-I"}, ("FORMAT", "/prefix")),
            ("series.in", {"prefix": "I/{yy}"}, ("FORMAT", "/prefix")),
            ("series.in", {"prefix": "I" * 21}, ("LENGTH", "/prefix")),
            ("series.in", {"length": 13}, ("RANGE", "/length")),
            ("series.in", {"next": 0}, ("RANGE", "/next")),
            ("series.customer", {"prefix": "K" * 15}, ("LENGTH", "/length")),
            ("series.account", {"prefix": "1"}, ("FORMAT", "/prefix")),
            ("series.account", {"next": 1_000_000_000}, ("LENGTH", "/length")),
            ("series.account", [], ("TYPE", "")),
        ],
    )
    def test_refuses_numbers_that_could_not_be_used(self, key: str, value: Any, expected: tuple[str, str]) -> None:
        """A drawn number must be a valid documentNo, customerNo or accountNo."""
        assert finding(key, value) == expected
