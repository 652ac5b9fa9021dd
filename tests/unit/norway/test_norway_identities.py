"""Aim: identity numbers, codes and contact details are judged as their registers and the libraries named for them
say.
"""

from __future__ import annotations

import random

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st
from stdnum.dk import cvr
from stdnum.fi import ytunnus
from stdnum.no import orgnr
from stdnum.se import orgnr as swedish_orgnr

from reskontro.norway import identities
from reskontro.norway.contacts import _valid_national_number

digits = st.text("0123456789", min_size=7, max_size=11)


class TestOrganizationNumbers:
    @pytest.mark.parametrize(
        ("value", "valid"),
        [
            ("123456785", True),
            ("123 456 785", True),
            ("987654321", False),
            ("000000000", False),
            ("12345678", False),
            ("1234567855", False),
            ("12345678５", False),
            ("NO123456785", False),
            ("", False),
        ],
    )
    def test_norwegian_number(self, value: str, valid: bool) -> None:
        """Nine ASCII digits with a fitting check digit, blanks aside, and not all zeros."""
        assert identities.is_organization_no(value, "0192") is valid

    @given(digits)
    def test_checks_agree_with_stdnum_on_plain_digits(self, value: str) -> None:
        """Norway, Sweden, Denmark and Finland give the verdict of the library, but for the nine zeros."""
        assert identities.is_organization_no(value, "0192") == (orgnr.is_valid(value) and value != "000000000")
        assert identities.is_organization_no(value, "0007") == swedish_orgnr.is_valid(value)
        assert identities.is_organization_no(value, "0184") == cvr.is_valid(value)
        assert identities.is_organization_no(value, "0212") == ytunnus.is_valid(value)

    @pytest.mark.parametrize(("value", "scheme"), [("556703-7485", "0007"), ("DK 13585628", "0184"), ("FI2077474-0", "0212")])
    def test_usual_ways_of_writing_are_accepted(self, value: str, scheme: str) -> None:
        """Hyphens, blanks and the country's letters do not matter where the library forgives them."""
        assert identities.is_organization_no(value, scheme)

    def test_a_scheme_without_check_takes_any_text(self) -> None:
        """Only a blank number is refused."""
        assert identities.is_organization_no("5060012349998", "0088")
        assert not identities.is_organization_no("  ", "0088")

    def test_a_number_is_stored_without_separators_where_its_scheme_has_a_check(self) -> None:
        """Blanks, dots and hyphens go; numbers of other schemes stay as they were sent."""
        assert identities.stored_organization_no("123 456 785", "0192") == "123456785"
        assert identities.stored_organization_no("556703-7485", "0007") == "5567037485"
        assert identities.stored_organization_no("20-774.740", "0088") == "20-774.740"

    @given(st.integers(0, 99_999_999))
    def test_the_check_digit_completes_a_valid_number_or_there_is_none(self, number: int) -> None:
        """For eight digits at most one ninth digit is valid, and it is the one answered."""
        base = f"{number:08d}"
        valid = [digit for digit in "0123456789" if orgnr.is_valid(base + digit)]
        assert valid == [digit for digit in [identities.norwegian_check_digit(base)] if digit is not None]

    def test_a_base_of_another_length_is_refused(self) -> None:
        """ValueError, as the answer would be meaningless."""
        with pytest.raises(ValueError, match="8 digits"):
            identities.norwegian_check_digit("1234567")

    @pytest.mark.parametrize(
        ("country", "scheme"),
        [("NO", "0192"), ("SE", "0007"), ("DK", "0184"), ("FI", "0212"), ("DE", "0192"), (None, "0192")],
    )
    def test_default_scheme(self, country: str | None, scheme: str) -> None:
        """The register of the country where it has one here, else that of Norway."""
        assert identities.default_scheme(country) == scheme

    @pytest.mark.parametrize(("scheme", "translated"), [("0192", "0192"), ("9908", "0192"), ("9909", None), ("", None)])
    def test_retired_scheme_is_translated(self, scheme: str, translated: str | None) -> None:
        """9908 became 0192; 9909 is as unknown as any other code."""
        assert identities.translate_scheme(scheme) == translated


class TestNationalIds:
    @pytest.mark.parametrize(
        ("value", "country", "valid"),
        [
            ("10915596784", "NO", True),
            ("109155 96784", "NO", True),
            ("17859030181", "NO", True),
            ("15108695077", "NO", False),
            ("1091559678", "NO", False),
            ("１0915596784", "NO", False),
            ("640823-3234", "SE", True),
            ("640823-3235", "SE", False),
            ("131052-308T", "FI", True),
            ("131052-308U", "FI", False),
            ("211062-5629", "DK", True),
            ("511062-5629", "DK", False),
            ("X-1", "DE", True),
            (" ", "DE", False),
        ],
    )
    def test_number_is_judged_by_its_country(self, value: str, country: str, valid: bool) -> None:
        """Norway by the register's rule of both generations, the neighbours by stdnum, others only not blank."""
        assert identities.is_national_id(value, country) is valid

    @given(st.integers(0, 10**9 - 1), st.integers(0, 99))
    def test_every_number_of_the_old_rule_is_one_of_the_new_rule(self, front: int, checks: int) -> None:
        """Allowing the numbers of 2032 never takes anything away."""
        value = f"{front:09d}{checks:02d}"
        if identities.read_norwegian_id(value, allow_2032=False).valid:
            assert identities.read_norwegian_id(value) == identities.read_norwegian_id(value, allow_2032=False)


class TestCodes:
    @pytest.mark.parametrize(("value", "code"), [("no", "NO"), ("Se", "SE"), ("UK", None), ("XK", None), ("ſe", None), ("", None)])
    def test_country_in_any_case(self, value: str, code: str | None) -> None:
        """Upper case out; characters that only become letters when changed to upper case are refused."""
        assert identities.country_code(value) == code

    @pytest.mark.parametrize(("value", "code"), [("NB", "nb"), ("se", "se"), ("nob", None), ("xx", None)])
    def test_language_in_any_case(self, value: str, code: str | None) -> None:
        """Lower case out, two letters only."""
        assert identities.language_code(value) == code

    @pytest.mark.parametrize(
        ("value", "decimals"),
        [
            ("nok", 2),
            ("EUR", 2),
            ("JPY", 0),
            ("ISK", 0),
            ("XOF", 0),
            ("KWD", None),
            ("CLF", None),
            ("XAU", None),
            ("NKR", None),
        ],
    )
    def test_currency_decimals(self, value: str, decimals: int | None) -> None:
        """0 or 2 for money, None for what an amount of the ledger cannot be in."""
        assert identities.currency_decimals(value) == decimals
        assert (identities.currency_code(value) is None) == (decimals is None)

    def test_refused_currencies_are_exactly_those_with_more_decimals_and_those_that_are_no_money(self) -> None:
        """Every code of ISO 4217 is accepted or named as an exception."""
        more_decimals = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND", "CLF", "UYW"}
        metals_and_bond_units = {"XAG", "XAU", "XPD", "XPT", "XBA", "XBB", "XBC", "XBD"}
        funds_and_units_of_account = {"BOV", "CHE", "CHW", "COU", "MXV", "USN", "UYI", "XAD", "XDR", "XSU", "XUA"}
        refused = more_decimals | metals_and_bond_units | funds_and_units_of_account | {"XTS", "XXX"}
        assert refused == identities.ISO_CURRENCIES - identities.CURRENCIES

    def test_currencies_without_decimals(self) -> None:
        """The sixteen of ISO 4217 whose minor unit is 0."""
        without = sorted(code for code, decimals in identities.CURRENCY_DECIMALS.items() if decimals == 0)
        assert " ".join(without) == "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"


class TestPostalCodes:
    @pytest.mark.parametrize(
        ("value", "country", "valid"),
        [
            ("0150", "NO", True),
            ("015", "NO", False),
            ("01500", "NO", False),
            ("８150", "NO", False),
            ("8000", "DK", True),
            ("11418", "SE", True),
            ("114 18", "SE", True),
            ("1141 8", "SE", False),
            ("00100", "FI", True),
            ("SW1A 1AA", "GB", True),
        ],
    )
    def test_form_of_the_country(self, value: str, country: str, valid: bool) -> None:
        """Four Nordic countries are checked, all others accepted."""
        assert identities.is_postal_code(value, country) is valid


def _judged_by_phonenumbers(value: str, country: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(value, country))
    except phonenumbers.NumberParseException:
        return False


def _judged_by_email_validator(value: str) -> bool:
    try:
        validate_email(value, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


class TestContacts:
    @pytest.mark.parametrize(
        ("value", "country", "valid"),
        [
            ("22222222", "NO", True),
            ("22 22 22 22", "NO", True),
            ("+4722222222", "SE", True),
            ("+47 12345", "NO", False),
            ("+4712345", "NO", False),
            ("12345", "NO", False),
            ("070-123 45 67", "SE", True),
            ("+358401234567", None, True),
            ("22222222", None, False),
            ("abc", "NO", False),
            ("", "NO", False),
        ],
    )
    def test_phone_number_of_the_country_or_international(self, value: str, country: str | None, valid: bool) -> None:
        """National form for the country given, E.164 for any."""
        assert identities.is_phone_no(value, country) is valid

    def test_the_fast_way_for_phone_numbers_gives_the_verdict_of_the_library(self) -> None:
        """Random numbers in many forms, with a fixed seed, and numbers made from the library's own examples."""
        source = random.Random(4711)
        for _ in range(4000):
            country = source.choice(["NO", "SE", "DK", "FI", "DE", None])
            start = source.choice(["", "", "+47", "+46", "+45", "+358", "0047", "47", "+4"])
            value = start + "".join(source.choices("0123456789", k=source.choice([5, 7, 8, 8, 8, 9, 10])))
            assert identities.is_phone_no(value, country) == _judged_by_phonenumbers(value, country), (value, country)
        for region, calling_code in (("NO", "47"), ("SE", "46"), ("DK", "45"), ("FI", "358")):
            example = phonenumbers.example_number(region)
            assert _valid_national_number(region).match(str(example.national_number))
            assert identities.is_phone_no(f"+{calling_code}{example.national_number}", None)

    @pytest.mark.parametrize(
        ("value", "valid"),
        [
            ("kari@example.com", True),
            ("post@blåbærsyltetøy.no", True),
            ("Kari.Nordmann+faktura@Skogly.Example", True),
            ("a@b", False),
            ("a b@x.no", False),
            ("kari@x.test", False),
            ("kari@sub.localhost", False),
            ("kari@ab--cd.no", False),
            ("kari@-x.no", False),
            ("kari@x.no.", False),
            (".kari@x.no", False),
            ("kari..n@x.no", False),
            ("kari@x.no\n", False),
            ("", False),
        ],
    )
    def test_email_address(self, value: str, valid: bool) -> None:
        """Syntax and reserved domains, without asking whether mail arrives."""
        assert identities.is_email(value) is valid

    @given(st.from_regex(r"[A-Za-z0-9_.+-]{1,70}@([a-z0-9-]{1,70}\.){1,3}[a-z]{1,8}", fullmatch=True))
    def test_the_fast_way_for_email_gives_the_verdict_of_the_library(self, value: str) -> None:
        """Plain addresses with every kind of small mistake."""
        assert identities.is_email(value) == _judged_by_email_validator(value)
