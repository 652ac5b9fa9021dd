"""Aim: what results from a customer as sent and as stored, and every finding about it, is what the field rules say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reskontro.kit.messages import render
from reskontro.kit.quick import Sent
from reskontro.norway.kid import KidTemplate
from reskontro.receivable.customers.record import Values, changes_between
from reskontro.receivable.customers.rules import Draft, Policy, resulting_values

TODAY = date(2026, 11, 25)
POLICY = Policy(
    client_no=3107,
    base_currency="NOK",
    base_country="NO",
    base_language="no",
    identity="W",
    unknown_fields="W",
    account_mode="EITHER",
    customer_mode="CLIENT",
    kid_template=KidTemplate("{account:6}{serial:8}{check}"),
    kid_algorithm="ANY",
    group_code=lambda code: code,
    today=TODAY,
)
STRICT = replace(POLICY, identity="E", unknown_fields="E")

Finding = tuple[str, str, str]


def judge(sent: dict[str, Any], stored: Values | None = None, policy: Policy = POLICY) -> tuple[Values, list[Finding]]:
    """The resulting values, and the findings as (severity, code, pointer)."""
    draft = Draft(Sent(sent), policy)
    values = resulting_values(draft, stored, policy)
    return values, [(found.severity, found.code, found.pointer) for found in draft.messages.in_order()]


def created(policy: Policy = POLICY, **fields: Any) -> Values:
    """The values of a new customer that has no findings."""
    values, findings = judge({"customerNo": "1", "name": "Kari Prøve", **fields}, None, policy)
    assert findings == []
    return values


def findings_of(policy: Policy = POLICY, **fields: Any) -> list[Finding]:
    """The findings about a new customer."""
    return judge({"customerNo": "1", "name": "Kari Prøve", **fields}, None, policy)[1]


def texts_of(policy: Policy = POLICY, **fields: Any) -> list[str]:
    """The English texts of the findings about a new customer."""
    draft = Draft(Sent({"customerNo": "1", "name": "Kari Prøve", **fields}), policy)
    resulting_values(draft, None, policy)
    return [render(message, "en") for message in draft.messages.in_order()]


class TestDefaults:
    def test_a_consumer_with_nothing_but_a_name(self) -> None:
        """Every default that depends on the client or on other fields is there, nothing else."""
        assert created() == {
            "name": "Kari Prøve",
            "customerCategory": "CONS",
            "priceNetOrGross": "B",
            "language": "no",
            "currency": "NOK",
            "vatLiable": False,
            "postalAddress": {"countryCode": "NO"},
        }

    def test_an_organisation_number_makes_a_business(self) -> None:
        """Category, price and VAT follow from the number, and the number gets the scheme of the country."""
        values = created(organizationNo="310044113")
        assert [values[name] for name in ("customerCategory", "priceNetOrGross", "vatLiable", "organizationNoScheme")] == ["BUSN", "N", True, "0192"]

    def test_a_category_that_is_sent_decides_price_and_vat(self) -> None:
        """A public body has net prices and no VAT of its own."""
        values = created(customerCategory="publ")
        assert [values[name] for name in ("customerCategory", "priceNetOrGross", "vatLiable")] == ["PUBL", "N", False]

    @pytest.mark.parametrize(
        ("country", "number", "scheme"),
        [
            ("SE", "5560125790", "0007"),
            ("DK", "13585628", "0184"),
            ("FI", "20774740", "0212"),
            ("DE", "310044113", "0192"),
        ],
    )
    def test_scheme_by_country(self, country: str, number: str, scheme: str) -> None:
        """Sweden, Denmark and Finland have their own, everybody else that of Norway."""
        assert created(organizationNo=number, postalAddress={"countryCode": country})["organizationNoScheme"] == scheme

    def test_ssn_is_norwegian_by_default(self) -> None:
        """A national id without a country is one of Norway."""
        assert created(ssn="10915596784")["ssnCountry"] == "NO"

    def test_empty_text_is_absent_in_a_create(self) -> None:
        """An empty text gives the default, whatever the type."""
        assert created(dueDays="", language="", organizationNo="", emailAddressDocument="", postalAddress="", distribution="") == created()

    def test_address_sets_the_day_of_its_change(self) -> None:
        """A new customer with an address has moved in today."""
        assert created(postalAddress={"cityName": "Oslo"})["postalAddressChanged"] == TODAY

    def test_address_with_a_day_of_its_own(self) -> None:
        """A day that is sent stays."""
        values = created(postalAddress={"cityName": "Oslo"}, postalAddressChanged="2026-01-02")
        assert values["postalAddressChanged"] == date(2026, 1, 2)


class TestNormalising:
    def test_codes_are_stored_in_their_canonical_case(self) -> None:
        """Country, currency, language and codes compare without case."""
        values = created(
            currency="eur",
            language="NB",
            activeStatusWeb="ACTIVE",
            postalAddress={"countryCode": "no"},
            distribution={"type": "e"},
            ssn="",
            ssnCountry="se",
        )
        assert values["currency"] == "EUR"
        assert values["language"] == "nb"
        assert values["activeStatusWeb"] == "Active"
        assert values["postalAddress"] == {"countryCode": "NO"}
        assert values["distribution"] == {"type": "E"}
        assert values["ssnCountry"] == "SE"

    def test_separators_leave_a_number_whose_scheme_has_a_check(self) -> None:
        """Blanks, dots and hyphens are no part of the number."""
        assert created(organizationNo="310 044 113")["organizationNo"] == "310044113"
        assert created(organizationNo="556012-5790", organizationNoScheme="0007")["organizationNo"] == "5560125790"

    def test_other_schemes_keep_the_number_as_sent(self) -> None:
        """A GLN with blanks stays as it came."""
        assert created(organizationNo="73-59 7", organizationNoScheme="0088")["organizationNo"] == "73-59 7"

    def test_retired_scheme_is_replaced_with_a_warning(self) -> None:
        """9908 became 0192."""
        values, findings = judge({"customerNo": "1", "name": "A", "organizationNo": "310044113", "organizationNoScheme": "9908"})
        assert values["organizationNoScheme"] == "0192"
        assert findings == [("W", "CODE-UNKNOWN", "/organizationNoScheme")]

    def test_blank_elements_of_arrays_are_dropped(self) -> None:
        """null and blank texts are no addresses."""
        assert created(emailAddressDocument=[None, " ", "a@skogly.no"])["emailAddressDocument"] == ["a@skogly.no"]


class TestFieldFindings:
    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("name", "", "REQUIRED"),
            ("name", None, "REQUIRED"),
            ("name", "x" * 176, "LENGTH"),
            ("name", 7, "TYPE"),
            ("postalReturnStatus", 300, "CODE-UNKNOWN"),
            ("postalReturnStatus", 1000, "RANGE"),
            ("customerCategory", "PERSON", "CODE-UNKNOWN"),
            ("organizationNoScheme", "9999", "CODE-UNKNOWN"),
            ("organizationNoScheme", "99999", "LENGTH"),
            ("dateOfBirth", "1899-12-31", "RANGE"),
            ("dateOfBirth", "2026-11-26", "RANGE"),
            ("dateOfBirth", "2027-02-29", "FORMAT"),
            ("yearOfBirth", 1899, "RANGE"),
            ("ssnCountry", "XK", "COUNTRY-CODE"),
            ("language", "xx", "LANGUAGE-CODE"),
            ("currency", "XAU", "CURRENCY-CODE"),
            ("currency", "KWD", "CURRENCY-CODE"),
            ("dueDays", 366, "RANGE"),
            ("dueDays", "30", "TYPE"),
            ("vatLiable", "true", "TYPE"),
            ("discountRate", 101, "RANGE"),
            ("discountRate", Decimal("1.00001"), "PRECISION"),
            ("limitAmount", -1, "RANGE"),
            ("limitAmount", Decimal("1.001"), "PRECISION"),
            ("limitAmount", "100", "TYPE"),
            ("accountNo", 0, "RANGE"),
            ("accountNo", 1_000_000_000, "RANGE"),
            ("customerNo", "-1", "FORMAT"),
            ("customerNo", "1" * 21, "LENGTH"),
            ("distribution", "E", "TYPE"),
            ("emailAddressDocument", "a@skogly.no", "TYPE"),
            ("emailAddressDocument", ["a@skogly.no"] * 11, "COUNT"),
            ("peppolBlockIds", ["310044113"] * 51, "COUNT"),
            ("informalName", "a\x07b", "CHARACTER"),
        ],
    )
    def test_an_error_of_one_field(self, field: str, value: Any, code: str) -> None:
        """One finding, an error, at the field itself."""
        assert findings_of(**{field: value}) == [("E", code, f"/{field}")]

    @pytest.mark.parametrize("country", ["NX", "UK", "XK", "EL"])
    def test_countries_that_are_none(self, country: str) -> None:
        """The text is the one receivers know."""
        assert texts_of(postalAddress={"countryCode": country}) == [f"{country} is not a valid ISO 3166-1 alpha-2 country code"]

    def test_every_bad_element_of_an_array_is_named(self) -> None:
        """All elements are judged, each with its place in what was sent."""
        sent = ["a@skogly.no", "", "no address", 7, "x" * 250 + "@a.no"]
        assert findings_of(emailAddressDocument=sent) == [
            ("E", "EMAIL", "/emailAddressDocument/2"),
            ("E", "TYPE", "/emailAddressDocument/3"),
            ("E", "LENGTH", "/emailAddressDocument/4"),
        ]

    def test_international_addresses_are_valid(self) -> None:
        """IDN and international local parts are allowed."""
        assert findings_of(emailAddressDocument=["øyvind@blåbær.no"], secondaryEmailAddress=["post@xn--blbr-roah.no"]) == []

    def test_block_ids_of_another_form_are_warnings_and_stay(self) -> None:
        """They block nobody, so they do no harm."""
        values, findings = judge(
            {
                "customerNo": "1",
                "name": "A",
                "efakturaBlockIds": ["12345678", "1234"],
                "peppolBlockIds": ["abc"],
                "digipostBlockIds": ["x#AB", "skogly#ABC123"],
            }
        )
        assert findings == [
            ("W", "FORMAT", "/efakturaBlockIds/1"),
            ("W", "FORMAT", "/peppolBlockIds/0"),
            ("W", "FORMAT", "/digipostBlockIds/0"),
        ]
        assert values["efakturaBlockIds"] == ["12345678", "1234"]

    def test_return_date_in_the_future_is_a_warning(self) -> None:
        """Tomorrow's mail has not come back yet; today's may have."""
        assert findings_of(postalReturnDate="2026-11-26") == [("W", "DATE-FUTURE", "/postalReturnDate")]
        assert findings_of(postalReturnDate="2026-11-25") == []

    @pytest.mark.parametrize("account", ["86011117947", "8601.11.17947", "NO9386011117947", "DE89370400440532013000"])
    def test_bank_accounts_that_are_valid(self, account: str) -> None:
        """Norwegian numbers and IBAN, stored as sent."""
        assert created(bankAccountNo=account)["bankAccountNo"] == account

    def test_bank_account_that_is_none(self) -> None:
        """A warning, or an error when the client wants it so."""
        assert texts_of(bankAccountNo="86011117948") == ["86011117948 is not a valid bank account number"]
        assert findings_of(STRICT, bankAccountNo="86011117948") == [("E", "BANK-ACCOUNT", "/bankAccountNo")]

    def test_customer_group_of_a_list_that_the_client_keeps(self) -> None:
        """The list's spelling is stored, a code that is not in it is an error."""
        keeping = replace(POLICY, group_code=lambda code: {"vip": "VIP"}.get(code.lower()))
        assert created(keeping, customerGroupCode="vip")["customerGroupCode"] == "VIP"
        assert findings_of(keeping, customerGroupCode="GOLD") == [("E", "CODE-UNKNOWN", "/customerGroupCode")]

    def test_unknown_fields_at_any_depth(self) -> None:
        """A warning each, in the order sent; an error when the client wants it so."""
        sent = {"shoeSize": 43, "postalAddress": {"planet": "Earth"}, "Name": "B"}
        pointers = ["/shoeSize", "/postalAddress/planet", "/Name"]
        assert findings_of(**sent) == [("W", "UNKNOWN-FIELD", pointer) for pointer in pointers]
        assert findings_of(STRICT, **sent) == [("E", "UNKNOWN-FIELD", pointer) for pointer in pointers]

    def test_output_fields_are_ignored(self) -> None:
        """An object that was read may be sent back."""
        assert findings_of(clientNo="x", customerKid=7, balance=[]) == []


class TestPairs:
    @pytest.mark.parametrize("number", ["987654321", "000000000", "12345678"])
    def test_organisation_numbers_that_are_invalid(self, number: str) -> None:
        """A warning with the known text; the number is stored."""
        assert texts_of(organizationNo=number) == [f"Business ID/organizationNo {number} is not a valid business ID (scheme code: 0192)"]
        assert findings_of(STRICT, organizationNo=number) == [("E", "BUSINESS-ID", "/organizationNo")]

    def test_organisation_number_is_judged_by_its_scheme(self) -> None:
        """A Norwegian number is none of Denmark."""
        assert findings_of(organizationNo="310044113", organizationNoScheme="0184") == [("W", "BUSINESS-ID", "/organizationNo")]
        assert findings_of(organizationNo="123456785", organizationNoScheme="0192") == []

    @pytest.mark.parametrize(
        ("phone", "country", "valid"),
        [
            ("98765432", "NO", True),
            ("98765432", "SE", False),
            ("+47 22 22 22 22", "SE", True),
            ("+4712345", "NO", False),
            ("08-123 456 78", "SE", True),
        ],
    )
    def test_phone_by_country_or_international(self, phone: str, country: str, valid: bool) -> None:
        """Both numbers are judged, and stored as sent."""
        expected = [] if valid else [("W", "PHONE-NO", "/phoneNo"), ("W", "PHONE-NO", "/secondaryPhoneNo")]
        values, findings = judge(
            {
                "customerNo": "1",
                "name": "A",
                "phoneNo": phone,
                "secondaryPhoneNo": phone,
                "postalAddress": {"countryCode": country},
            }
        )
        assert findings == expected
        assert values["phoneNo"] == phone

    def test_postal_code_by_country(self) -> None:
        """Four digits in Norway, unchecked in Germany."""
        address = {"postalCode": "01501"}
        assert texts_of(postalAddress=address) == ["01501 is not a valid postal code (NO)"]
        assert findings_of(postalAddress={**address, "countryCode": "DE"}) == []

    @pytest.mark.parametrize("ssn", ["10915596784", "109155 96784"])
    def test_national_id_that_is_valid(self, ssn: str) -> None:
        """A synthetic test person's number; it is stored as sent."""
        assert created(ssn=ssn)["ssn"] == ssn

    def test_national_id_never_shows_in_its_finding(self) -> None:
        """The text names the country only."""
        assert texts_of(ssn="10915596785") == ["ssn is not a valid national identity number (NO)"]
        draft = Draft(Sent({"name": "A", "ssn": "10915596785"}), POLICY)
        resulting_values(draft, None, POLICY)
        assert "10915596785" not in str(draft.messages.in_order())

    def test_a_masked_national_id_is_absent(self) -> None:
        """What an answer showed may be sent back, whatever its length."""
        assert created(ssn="109155*****") == created()
        assert created(ssn="*" * 40) == created()

    def test_year_of_birth_gives_way_to_the_date(self) -> None:
        """A warning, and the date's year is stored."""
        values, findings = judge({"customerNo": "1", "name": "A", "dateOfBirth": "1955-11-10", "yearOfBirth": 1956})
        assert findings == [("W", "VALUE-CONFLICT", "/yearOfBirth")]
        assert values["yearOfBirth"] == 1955
        assert texts_of(dateOfBirth="1955-11-10", yearOfBirth=1956) == ["yearOfBirth does not agree with dateOfBirth; dateOfBirth was used"]

    @pytest.mark.parametrize(("category", "days", "most"), [("BUSN", 61, 60), ("PUBL", 31, 30)])
    def test_long_terms_are_a_warning(self, category: str, days: int, most: int) -> None:
        """60 days between businesses, 30 for public bodies."""
        assert texts_of(customerCategory=category, dueDays=days) == [f"dueDays must be between 0 and {most}"]
        assert findings_of(customerCategory=category, dueDays=most) == []
        assert findings_of(customerCategory="CONS", dueDays=days) == []

    def test_limit_has_the_decimals_of_the_currency(self) -> None:
        """There are no cents of a yen."""
        assert findings_of(currency="JPY", limitAmount=Decimal("10.50")) == [("E", "PRECISION", "/limitAmount")]
        assert findings_of(currency="JPY", limitAmount=Decimal("10.00")) == []
        assert findings_of(currency="EUR", limitAmount=Decimal("10.50")) == []

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            (
                {"organizationNo": "987654321", "organizationNoScheme": "9999"},
                ("E", "CODE-UNKNOWN", "/organizationNoScheme"),
            ),
            (
                {"organizationNo": "987654321", "postalAddress": {"countryCode": "UK"}},
                ("E", "COUNTRY-CODE", "/postalAddress/countryCode"),
            ),
            (
                {"phoneNo": "1", "postalAddress": {"countryCode": "UK", "postalCode": "1"}},
                ("E", "COUNTRY-CODE", "/postalAddress/countryCode"),
            ),
            ({"phoneNo": "1", "postalAddress": 7}, ("E", "TYPE", "/postalAddress")),
            ({"ssn": "1", "ssnCountry": "UK"}, ("E", "COUNTRY-CODE", "/ssnCountry")),
            ({"limitAmount": Decimal("1.5"), "currency": "KWD"}, ("E", "CURRENCY-CODE", "/currency")),
            ({"dueDays": 100, "customerCategory": "X"}, ("E", "CODE-UNKNOWN", "/customerCategory")),
            ({"dateOfBirth": "1800-01-01", "yearOfBirth": 1955}, ("E", "RANGE", "/dateOfBirth")),
        ],
    )
    def test_nothing_is_asked_of_a_field_that_was_refused(self, fields: dict[str, Any], expected: Finding) -> None:
        """The field's own error says enough."""
        assert findings_of(**fields) == [expected]

    def test_a_sent_scheme_is_enough_to_judge_a_number(self) -> None:
        """An unknown country does not matter then."""
        findings = findings_of(organizationNo="987654321", organizationNoScheme="0192", postalAddress={"countryCode": "UK"})
        assert findings == [
            ("E", "COUNTRY-CODE", "/postalAddress/countryCode"),
            ("W", "BUSINESS-ID", "/organizationNo"),
        ]


def test_findings_come_in_the_promised_order() -> None:
    """Fields in their documented order whatever the order sent, then pairs, then unknown keys."""
    sent = {
        "hat": 1,
        "emailAddressDocument": ["x", "y"],
        "postalAddress": {"postalCode": "1", "cityName": "x" * 51},
        "dueDays": 366,
        "organizationNo": "987654321",
        "phoneNo": "1",
        "accountNo": "1",
        "customerNo": "å",
    }
    assert judge(sent)[1] == [
        ("E", "TYPE", "/accountNo"),
        ("E", "FORMAT", "/customerNo"),
        ("E", "REQUIRED", "/name"),
        ("E", "RANGE", "/dueDays"),
        ("E", "LENGTH", "/postalAddress/cityName"),
        ("E", "EMAIL", "/emailAddressDocument/0"),
        ("E", "EMAIL", "/emailAddressDocument/1"),
        ("W", "PHONE-NO", "/phoneNo"),
        ("W", "BUSINESS-ID", "/organizationNo"),
        ("W", "POSTAL-CODE", "/postalAddress/postalCode"),
        ("W", "UNKNOWN-FIELD", "/hat"),
    ]


class TestUpdate:
    @pytest.fixture
    def stored(self) -> Values:
        """A business with everything an update can touch."""
        return created(
            customerCategory="BUSN",
            organizationNo="310044113",
            phoneNo="98765432",
            informalName="Skogly",
            dueDays=30,
            currency="EUR",
            discountRate=Decimal("12.5"),
            limitAmount=Decimal("100.50"),
            postalAddress={"addressLine1": "Prøveveien 4", "postalCode": "0150", "cityName": "Oslo"},
            postalAddressChanged="2026-08-30",
            emailAddressDocument=["faktura@skogly.no"],
            distribution={"type": "E", "einvoiceCode": 10},
        )

    def update(self, stored: Values, **fields: Any) -> Values:
        values, findings = judge({"customerNo": "1", **fields}, stored)
        assert findings == []
        return values

    def test_absent_and_null_change_nothing(self, stored: Values) -> None:
        """Not one field."""
        nothing = dict.fromkeys(("name", "dueDays", "organizationNo", "postalAddress", "distribution", "emailAddressDocument"))
        assert self.update(stored, **nothing) == stored
        assert self.update(stored, postalAddress={"cityName": None}, distribution={}) == stored

    def test_the_stored_values_are_not_touched(self, stored: Values) -> None:
        """An update makes new values."""
        before = {
            **stored,
            "postalAddress": dict(stored["postalAddress"]),
            "distribution": dict(stored["distribution"]),
        }
        self.update(stored, name="B", postalAddress={"cityName": "Bergen"}, distribution={"type": "M"}, emailAddressDocument=[])
        assert stored == before

    def test_empty_text_clears(self, stored: Values) -> None:
        """Back to null, or to the default of a creation: an organisation's category stays by its number, the currency is the client's."""
        values = self.update(
            stored,
            informalName="",
            dueDays="",
            currency="",
            limitAmount="",
            customerCategory="",
            emailAddressDocument="",
        )
        assert not {"informalName", "dueDays", "limitAmount", "emailAddressDocument"} & values.keys()
        assert (values["currency"], values["customerCategory"]) == ("NOK", "BUSN")

    def test_the_name_cannot_be_cleared(self, stored: Values) -> None:
        """Everybody has a name."""
        assert judge({"customerNo": "1", "name": ""}, stored)[1] == [("E", "REQUIRED", "/name")]

    def test_the_scheme_goes_with_the_number(self, stored: Values) -> None:
        """Without a number there is nothing to judge by a scheme."""
        values = self.update(stored, organizationNo="")
        assert not {"organizationNo", "organizationNoScheme"} & values.keys()

    def test_one_key_of_the_address_replaces_all(self, stored: Values) -> None:
        """The others become blank, the country that of the client, and the change is dated today."""
        values = self.update(stored, postalAddress={"cityName": "Bergen", "addressLine1": ""})
        assert values["postalAddress"] == {"cityName": "Bergen", "countryCode": "NO"}
        assert values["postalAddressChanged"] == TODAY

    def test_the_same_address_is_no_change(self, stored: Values) -> None:
        """Sent back as it was read, with nulls for what is blank."""
        address = {"addressLine2": None, **stored["postalAddress"]}
        assert self.update(stored, postalAddress=address, postalAddressChanged="2026-08-30") == stored

    @pytest.mark.parametrize("sent", [{}, {"postalAddressChanged": "2026-08-30"}, {"postalAddressChanged": ""}])
    def test_a_move_is_dated_today_unless_a_new_day_is_sent(self, stored: Values, sent: dict[str, str]) -> None:
        """The stored day, sent back, is not a new one."""
        assert self.update(stored, postalAddress={"cityName": "Bergen"}, **sent)["postalAddressChanged"] == TODAY

    def test_a_move_with_a_new_day(self, stored: Values) -> None:
        """A day that is new stays."""
        values = self.update(stored, postalAddress={"cityName": "Bergen"}, postalAddressChanged="2026-11-01")
        assert values["postalAddressChanged"] == date(2026, 11, 1)

    def test_the_address_as_a_whole_is_cleared(self, stored: Values) -> None:
        """What is left is the client's country."""
        assert self.update(stored, postalAddress="")["postalAddress"] == {"countryCode": "NO"}

    def test_distribution_changes_key_by_key(self, stored: Values) -> None:
        """The other key stays, a cleared one goes back to its default."""
        assert self.update(stored, distribution={"type": "M"})["distribution"] == {"type": "M", "einvoiceCode": 10}
        assert self.update(stored, distribution={"einvoiceCode": ""})["distribution"] == {"type": "E"}
        assert "distribution" not in self.update(stored, distribution={"einvoiceCode": "", "type": ""})

    def test_an_empty_array_clears(self, stored: Values) -> None:
        """As does one of blank elements."""
        assert "emailAddressDocument" not in self.update(stored, emailAddressDocument=[])
        assert "emailAddressDocument" not in self.update(stored, emailAddressDocument=[" "])

    def test_a_pair_is_checked_when_one_of_it_is_sent(self, stored: Values) -> None:
        """The scheme alone, the country alone, the currency alone; the finding is about the number or amount."""
        assert judge({"organizationNoScheme": "0184"}, stored)[1] == [("W", "BUSINESS-ID", "/organizationNo")]
        assert judge({"postalAddress": {"countryCode": "SE", "postalCode": "0150"}}, stored)[1] == [
            ("W", "PHONE-NO", "/phoneNo"),
            ("W", "POSTAL-CODE", "/postalAddress/postalCode"),
        ]
        assert judge({"currency": "JPY"}, stored)[1] == [("E", "PRECISION", "/limitAmount")]

    def test_a_pair_that_is_not_sent_is_left_alone(self) -> None:
        """What was wrong at creation is not said again with every change."""
        values, findings = judge(
            {
                "customerNo": "1",
                "name": "A",
                "organizationNo": "987654321",
                "phoneNo": "1",
                "postalAddress": {"postalCode": "1"},
            }
        )
        assert len(findings) == 3
        assert judge({"dueDays": 10}, values)[1] == []

    def test_a_year_that_was_stored_gives_way_to_a_date(self) -> None:
        """The check is over the values that result."""
        values, findings = judge({"dateOfBirth": "1955-11-10"}, created(yearOfBirth=1950))
        assert findings == [("W", "VALUE-CONFLICT", "/yearOfBirth")]
        assert values["yearOfBirth"] == 1955


class TestChanges:
    def test_only_what_differs_is_logged(self) -> None:
        """Fields in their order, address and distribution by their keys, defaults shown as such."""
        before = created(
            dueDays=30,
            postalAddress={"cityName": "Oslo"},
            postalAddressChanged="2026-01-01",
            distribution={"type": "E"},
        )
        after = {
            **before,
            "dueDays": 14,
            "discountRate": Decimal(5),
            "postalAddress": {"cityName": "Bergen", "countryCode": "NO"},
            "distribution": {"einvoiceCode": 10},
        }
        assert changes_between(before, after) == [
            {"field": "dueDays", "oldValue": 30, "newValue": 14},
            {"field": "discountRate", "oldValue": 0, "newValue": 5},
            {"field": "postalAddress.cityName", "oldValue": "Oslo", "newValue": "Bergen"},
            {"field": "distribution.type", "oldValue": "E", "newValue": "H"},
            {"field": "distribution.einvoiceCode", "oldValue": 0, "newValue": 10},
        ]

    def test_a_default_that_is_sent_is_no_change(self) -> None:
        """0 per cent is what everybody has."""
        before = created()
        after = {
            **before,
            "discountRate": Decimal(0),
            "activeStatusWeb": "Passive",
            "distribution": {"type": "H", "einvoiceCode": 0},
        }
        assert changes_between(before, after) == []

    def test_personal_numbers_are_masked(self) -> None:
        """National id, bank account and phones show no more than their beginning."""
        before = created()
        after = created(ssn="10915596784", bankAccountNo="86011117947", phoneNo="22222222", secondaryPhoneNo="+4722222222")
        logged = {change["field"]: change["newValue"] for change in changes_between(before, after)}
        assert logged == {
            "phoneNo": "222*****",
            "secondaryPhoneNo": "+47222*****",
            "ssn": "109155*****",
            "ssnCountry": "NO",
            "bankAccountNo": "860111*****",
        }


class TestCustomerKid:
    def test_serial_0_of_the_template(self) -> None:
        """The acceptance vector of account 600001."""
        assert POLICY.customer_kid(600001) == "600001000000002"
        assert POLICY.customer_kid(600002) == "600002000000000"

    def test_none_when_kids_are_not_generated_or_would_be_too_long(self) -> None:
        """A KID has at most 25 digits."""
        assert replace(POLICY, kid_template=None).customer_kid(600001) is None
        assert replace(POLICY, kid_template=KidTemplate("{account:1}{serial:23}{check}")).customer_kid(600001) is None


_texts = st.one_of(st.just(""), st.text("abcÆø 1", max_size=12))
_days = st.sampled_from(["", "1955-11-10", "2026-01-02", "9999-12-31"])
_ADDRESS = st.fixed_dictionaries(
    {},
    optional={
        "addressLine1": _texts,
        "cityName": _texts,
        "postalCode": st.sampled_from(["", "0150", "1"]),
        "countryCode": st.sampled_from(["", "no", "SE"]),
    },
)
_CUSTOMERS = st.fixed_dictionaries(
    {"customerNo": st.just("1"), "name": st.just("Kari")},
    optional={
        "customerCategory": st.sampled_from(["", "CONS", "busn", "PUBL"]),
        "organizationNo": st.sampled_from(["", "310 044 113", "987654321", "556012-5790"]),
        "organizationNoScheme": st.sampled_from(["", "0192", "9908", "0007", "0088"]),
        "dateOfBirth": st.sampled_from(["", "1955-11-10"]),
        "yearOfBirth": st.sampled_from(["", 1955, 1956]),
        "ssn": st.sampled_from(["", "10915596784", "109155*****"]),
        "ssnCountry": st.sampled_from(["", "se", "NO"]),
        "language": st.sampled_from(["", "EN", "no"]),
        "currency": st.sampled_from(["", "eur", "JPY"]),
        "limitAmount": st.sampled_from(["", 0, 100, Decimal("10.00")]),
        "discountRate": st.sampled_from(["", 0, Decimal("1.5")]),
        "dueDays": st.sampled_from(["", 0, 61]),
        "vatLiable": st.sampled_from(["", True, False]),
        "informalName": _texts,
        "customerMessage": _texts,
        "phoneNo": st.sampled_from(["", "98765432"]),
        "stopReminderUntil": _days,
        # Not an empty text: it clears the day that the creation has set.
        "postalAddressChanged": st.sampled_from(["2026-01-02", "2026-11-25"]),
        "postalAddress": st.one_of(st.just(""), _ADDRESS),
        "distribution": st.fixed_dictionaries({}, optional={"type": st.sampled_from(["", "h", "E"]), "einvoiceCode": st.sampled_from(["", 0, 10])}),
        "emailAddressDocument": st.lists(st.sampled_from(["", "a@skogly.no"]), max_size=3),
    },
)


@given(_CUSTOMERS)
def test_what_made_a_customer_changes_nothing_when_it_is_sent_again(sent: dict[str, Any]) -> None:
    """POST is repeatable: the update with the same content has nothing to log, and the same warnings."""
    values, findings = judge(sent)
    assert not [finding for finding in findings if finding[0] == "E"]
    again, repeated = judge(sent, values)
    assert changes_between(values, again) == []
    assert repeated == findings
