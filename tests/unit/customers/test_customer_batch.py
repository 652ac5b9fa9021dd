"""Aim: a set of customers has the effect of its items one by one in order, in the database and in the log."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reskontro.batches.kinds import ItemResult
from reskontro.receivable.customers.batch import CUSTOMERS_POST
from reskontro.receivable.customers.record import customer_view
from reskontro.receivable.customers.schemas import CUSTOMER
from tests.unit.customers.creditors import TODAY, Creditor

EVERYTHING: dict[str, Any] = {
    "customerNo": "Kunde-1",
    "accountNo": 600002,
    "name": 'Skogly \\ Prøvedrift "AS" {a,b}',
    "postalReturnStatus": 100,
    "postalReturnDate": "2026-10-01",
    "customerCategory": "BUSN",
    "phoneNo": "22 22 22 22",
    "secondaryPhoneNo": "+4798765432",
    "organizationNo": "310044113",
    "organizationNoScheme": "0192",
    "dateOfBirth": "1955-11-10",
    "yearOfBirth": 1955,
    "ssn": "10915596784",
    "ssnCountry": "NO",
    "informalName": "Åse \\n",
    "customerGroupCode": "A\\B",
    "priceNetOrGross": "B",
    "language": "nn",
    "currency": "EUR",
    "sellerReference": "selger",
    "buyerReference": "kjøper",
    "bankAccountNo": "86011117947",
    "stopReminderUntil": "2026-12-31",
    "stopDebtCollectionUntil": "9999-12-31",
    "stopInterestCalcUntil": "2027-01-31",
    "dueDays": 30,
    "vatLiable": False,
    "discountRate": Decimal("12.3456"),
    "activeStatusWeb": "Active",
    "customerMessage": 'Linje 1\nLinje\t2 \\ "sitat" €',
    "limitAmount": Decimal("9999999999999.99"),
    "registrationStatusCode": "GUARDIANSHIP",
    "registrationStatusDate": "2026-02-03",
    "postalAddressChanged": "2026-03-04",
    "postalAddress": {
        "addressLine1": "Prøveveien 4",
        "addressLine2": "c/o \\t",
        "addressLine3": "Gård",
        "postalCode": "0150",
        "cityName": "Oslo",
        "countryText": "Norge",
        "countryCode": "NO",
    },
    "emailAddressDocument": ["faktura@skogly.no", "Post@Skogly.no"],
    "secondaryEmailAddress": ["øyvind@blåbær.no"],
    "distribution": {"type": "E", "einvoiceCode": 10},
    "efakturaBlockIds": ["12345678"],
    "peppolBlockIds": ["310044113"],
    "digipostBlockIds": ["skogly.as#ABC123"],
}


def outcomes(results: list[ItemResult]) -> list[tuple[str, int | None, str | None, list[str]]]:
    """(result, accountNo, customerNo, codes of the findings) of each item."""
    return [(r.result, r.account_no, r.customer_no, [message.code for message in r.messages]) for r in results]


class TestStoring:
    def test_everything_that_was_sent_is_read_back(self, creditor: Creditor) -> None:
        """Every field, exactly, with all that COPY, arrays and JSON could stumble over."""
        (result,) = creditor.post(EVERYTHING)
        assert (result.result, result.outcome, result.messages) == ("CREATED", "CUSTOMER-CREATED", [])
        view = customer_view(creditor.client_no, creditor.customer("KUNDE-1"), mask_ssn=False)
        dates = {field.name for field in CUSTOMER.fields if field.schema.get("format") == "date"}
        sent = {name: date.fromisoformat(value) if name in dates else value for name, value in EVERYTHING.items()}
        assert view == {"clientNo": creditor.client_no, "customerKid": "600002000000000", **sent}
        assert list(view) == [field.name for field in CUSTOMER.fields if field.name not in ("balance", "clientReference")]

    def test_the_same_again_is_unchanged(self, creditor: Creditor) -> None:
        """No log item, no new moment of change."""
        creditor.post(EVERYTHING)
        before = creditor.query("select changed_at, ctid from customer where client_no = %s")
        assert outcomes(creditor.post(EVERYTHING)) == [("UNCHANGED", 600002, "Kunde-1", [])]
        assert creditor.query("select changed_at, ctid from customer where client_no = %s") == before
        assert [entry[0] for entry in creditor.log()] == ["CUSTOMER-CREATED"]

    def test_what_was_shown_can_be_sent_back(self, creditor: Creditor) -> None:
        """An answer as it is, with its masked national id, changes nothing."""
        creditor.post(EVERYTHING)
        view = customer_view(creditor.client_no, creditor.customer("Kunde-1"), mask_ssn=True)
        sent = {name: value.isoformat() if isinstance(value, date) else value for name, value in view.items()}
        assert sent["ssn"] == "109155*****"
        assert outcomes(creditor.put(sent)) == [("UNCHANGED", 600002, "Kunde-1", [])]

    def test_the_least_a_customer_can_be(self, creditor: Creditor) -> None:
        """A number and a name; the account is drawn."""
        assert outcomes(creditor.post({"customerNo": "1", "name": "A"})) == [("CREATED", 500001, "1", [])]
        view = customer_view(creditor.client_no, creditor.customer("1"), mask_ssn=True)
        assert {name for name, value in view.items() if value is None} >= {
            "ssn",
            "dueDays",
            "limitAmount",
            "postalAddressChanged",
        }
        assert view["emailAddressDocument"] == []
        assert (
            view["discountRate"],
            view["activeStatusWeb"],
            view["registrationStatusCode"],
            view["postalReturnStatus"],
        ) == (0, "Passive", "NORMAL", 0)
        assert view["distribution"] == {"type": "H", "einvoiceCode": 0}

    def test_an_update_changes_row_and_log(self, creditor: Creditor) -> None:
        """The stored row is the result, the log has old and new values, the number is found whatever its case."""
        creditor.post(EVERYTHING)
        sent = {
            "customerNo": "KUNDE-1",
            "name": "Ny",
            "bankAccountNo": "",
            "currency": "NOK",
            "limitAmount": 5,
            "emailAddressDocument": [],
        }
        (result,) = creditor.put({**sent, "clientReference": "row-9"})
        assert (result.result, result.customer_no, result.client_reference) == ("UPDATED", "Kunde-1", "row-9")
        customer = creditor.customer("kunde-1")
        assert (customer.name, customer.currency, customer.limit_amount) == ("Ny", "NOK", Decimal(5))
        assert creditor.query("select search_name, email_addresses from customer where client_no = %s") == [("ny\nåse \\n", ["øyvind@blåbær.no"])]
        event, entity_id, customer_no, changes = creditor.log()[-1]
        assert (event, entity_id, customer_no) == ("CUSTOMER-UPDATED", "600002", "Kunde-1")
        assert changes == [
            {"field": "name", "oldValue": EVERYTHING["name"], "newValue": "Ny"},
            {"field": "currency", "oldValue": "EUR", "newValue": "NOK"},
            {"field": "bankAccountNo", "oldValue": "860111*****", "newValue": None},
            {"field": "limitAmount", "oldValue": Decimal("9999999999999.99"), "newValue": 5},
            {"field": "emailAddressDocument", "oldValue": ["faktura@skogly.no", "Post@Skogly.no"], "newValue": []},
        ]


class TestSets:
    def test_the_seed_example(self, creditor: Creditor) -> None:
        """Acceptance vector 1: a warning does not stop an item, an error does, and the failed one shows what it was sent with."""
        results = creditor.post(
            {
                "customerNo": "543210",
                "accountNo": 500002,
                "name": "A",
                "organizationNo": "987654321",
                "organizationNoScheme": "0192",
            },
            {"customerNo": "765432", "accountNo": 500029, "name": "B", "postalAddress": {"countryCode": "NX"}},
        )
        assert outcomes(results) == [
            ("CREATED", 500002, "543210", ["BUSINESS-ID"]),
            ("FAILED", 500029, "765432", ["COUNTRY-CODE"]),
        ]
        assert creditor.query("select customer_no from customer where client_no = %s") == [("543210",)]

    def test_a_later_item_sees_what_an_earlier_one_did(self, creditor: Creditor) -> None:
        """The same customer four times in a set of single writes: created, changed, changed, unchanged."""
        results = creditor.post(
            {"customerNo": "a", "name": "A", "dueDays": 10},
            {"customerNo": "A", "dueDays": 20},
            {"customerNo": "a", "postalAddress": {"cityName": "Oslo"}},
            {"customerNo": "a", "dueDays": 20},
        )
        assert outcomes(results) == [
            ("CREATED", 500001, "a", []),
            ("UPDATED", 500001, "a", []),
            ("UPDATED", 500001, "a", []),
            ("UNCHANGED", 500001, "a", []),
        ]
        customer = creditor.customer("a")
        assert (customer.due_days, customer.values["postalAddress"]["cityName"]) == (20, "Oslo")
        assert [(entry[0], [change["field"] for change in entry[3] or ()]) for entry in creditor.log()] == [
            ("CUSTOMER-CREATED", []),
            ("CUSTOMER-UPDATED", ["dueDays"]),
            ("CUSTOMER-UPDATED", ["postalAddressChanged", "postalAddress.cityName"]),
        ]

    def test_an_update_after_a_failed_creation_fails_for_its_own_reason(self, creditor: Creditor) -> None:
        """Nothing is left of the failed item."""
        assert outcomes(creditor.post({"customerNo": "1", "name": ""}, {"customerNo": "1", "dueDays": 3})) == [
            ("FAILED", None, "1", ["REQUIRED"]),
            ("FAILED", None, "1", ["REQUIRED"]),
        ]

    def test_one_set_equals_many_sets(self, creditor: Creditor) -> None:
        """Items one by one and together give the same results and the same rows."""
        items: list[dict[str, Any]] = [
            {"customerNo": "1", "name": "A", "accountNo": 500002},
            {"customerNo": "2", "name": "B"},
            {"customerNo": "3", "name": "C"},
            {"customerNo": "4", "name": "D", "accountNo": 500003},
            {"customerNo": "2", "accountNo": 500001, "language": "en"},
            {"customerNo": "5", "name": "E", "language": "xx"},
            {"customerNo": "6", "name": "F"},
        ]
        other = Creditor(creditor.database, creditor.client_no + 100_000)
        together = outcomes(creditor.post(*items))
        assert together == [outcome for item in items for outcome in outcomes(other.post(item))]
        statement = "select account_no, customer_no, name, language, details from customer where client_no = %s order by 1"
        assert creditor.query(statement) == other.query(statement)

    def test_ten_thousand_customers_get_accounts_in_order(self, creditor: Creditor) -> None:
        """Several windows of the series, in one set."""
        results = creditor.post(*({"customerNo": str(number), "name": f"Kunde {number}"} for number in range(10_000)))
        assert [r.account_no for r in results] == list(range(500_001, 510_001))
        assert creditor.query("select count(*) from customer where client_no = %s") == [(10_000,)]

    def test_an_empty_set_does_nothing(self, creditor: Creditor) -> None:
        """No statement that would fail."""
        assert creditor.post() == []


class TestPut:
    def test_an_unknown_customer_fails(self, creditor: Creditor) -> None:
        """With the text that names it, and every other error of the item."""
        (result,) = creditor.put({"customerNo": "x", "accountNo": 7, "dueDays": 400})
        assert outcomes([result]) == [("FAILED", 7, "x", ["CUSTOMER-UNKNOWN", "RANGE"])]
        assert result.messages[0].parameters == {"value": "x"}

    def test_the_number_is_required(self, creditor: Creditor) -> None:
        """Nobody is named."""
        assert outcomes(creditor.put({"name": "A"}, {"customerNo": "å"}, {"customerNo": ""})) == [
            ("FAILED", None, None, ["REQUIRED"]),
            ("FAILED", None, "å", ["FORMAT"]),
            ("FAILED", None, None, ["REQUIRED"]),
        ]


class TestAccountNumbers:
    def test_a_chosen_number_must_be_new(self, creditor: Creditor) -> None:
        """In the database and in the set."""
        creditor.post({"customerNo": "1", "name": "A", "accountNo": 77})
        results = creditor.post(
            {"customerNo": "2", "name": "B", "accountNo": 77},
            {"customerNo": "3", "name": "C", "accountNo": 78},
            {"customerNo": "4", "name": "D", "accountNo": 78},
        )
        assert outcomes(results) == [
            ("FAILED", 77, "2", ["NOT-UNIQUE"]),
            ("CREATED", 78, "3", []),
            ("FAILED", 78, "4", ["NOT-UNIQUE"]),
        ]

    def test_an_account_is_for_life(self, creditor: Creditor) -> None:
        """The stored number may be sent, another one is refused and the result shows the stored one."""
        creditor.post({"customerNo": "1", "name": "A", "accountNo": 77})
        assert outcomes(creditor.post({"customerNo": "1", "accountNo": 77}, {"customerNo": "1", "accountNo": 78})) == [
            ("UNCHANGED", 77, "1", []),
            ("FAILED", 77, "1", ["IMMUTABLE"]),
        ]

    def test_a_failed_item_draws_none(self, creditor: Creditor) -> None:
        """The next one gets the number."""
        results = creditor.post({"customerNo": "1", "name": "A", "language": "xx"}, {"customerNo": "2", "name": "B"})
        assert [r.account_no for r in results] == [None, 500001]

    def test_numbers_go_on_in_the_next_set_and_skip_chosen_ones(self, creditor: Creditor) -> None:
        """A chosen number ahead of the series is not given again."""
        creditor.post({"customerNo": "1", "name": "A", "accountNo": 500003}, {"customerNo": "2", "name": "B"})
        results = creditor.post(*({"customerNo": str(number), "name": "C"} for number in (3, 4)))
        assert [r.account_no for r in results] == [500002, 500004]

    def test_a_drawn_number_in_the_same_set_cannot_be_chosen_later(self, creditor: Creditor) -> None:
        """Order decides."""
        results = creditor.post({"customerNo": "1", "name": "A"}, {"customerNo": "2", "name": "B", "accountNo": 500001})
        assert outcomes(results) == [("CREATED", 500001, "1", []), ("FAILED", 500001, "2", ["NOT-UNIQUE"])]

    def test_the_series_starts_where_the_config_says(self, creditor: Creditor) -> None:
        """The acceptance vector's account 600001 and its KID."""
        creditor.configure("series.account", {"mode": "SYSTEM", "prefix": "", "next": 600001, "length": 6})
        creditor.post({"customerNo": "1", "name": "A"})
        customer = creditor.customer("1")
        assert (customer.account_no, customer.customer_kid) == (600001, "600001000000002")

    @pytest.mark.parametrize(("mode", "sent", "codes"), [("SYSTEM", {"accountNo": 5}, ["SYSTEM-GIVEN"]), ("CLIENT", {}, ["REQUIRED"])])
    def test_modes_of_the_series(self, creditor: Creditor, mode: str, sent: dict[str, int], codes: list[str]) -> None:
        """The system gives numbers, or the client does."""
        creditor.configure("series.account", {"mode": mode, "prefix": "", "next": 1, "length": 6})
        assert outcomes(creditor.post({"customerNo": "1", "name": "A", **sent})) == [("FAILED", sent.get("accountNo"), "1", codes)]

    def test_the_end_of_the_series(self, creditor: Creditor) -> None:
        """A number above the largest is an error of the item, not a technical fault."""
        creditor.configure("series.account", {"mode": "EITHER", "prefix": "", "next": 999_999_999, "length": 6})
        results = creditor.post({"customerNo": "1", "name": "A"}, {"customerNo": "2", "name": "B"})
        assert outcomes(results) == [("CREATED", 999_999_999, "1", []), ("FAILED", None, "2", ["RANGE"])]


class TestCustomerNumbers:
    @pytest.mark.parametrize("mode", ["SYSTEM", "EITHER"])
    def test_numbers_are_drawn(self, creditor: Creditor, mode: str) -> None:
        """Prefix, filled with zeros, one after the other over sets."""
        creditor.configure("series.customer", {"mode": mode, "prefix": "K{yy}-", "next": 7, "length": 4})
        assert [r.customer_no for r in creditor.post({"name": "A"}, {"name": "B", "customerNo": ""})] == [
            "K26-0007",
            "K26-0008",
        ]
        assert [r.customer_no for r in creditor.post({"name": "C"})] == ["K26-0009"]

    def test_numbers_that_callers_chose_are_skipped(self, creditor: Creditor) -> None:
        """Whether in the database or in the set."""
        creditor.configure("series.customer", {"mode": "EITHER", "prefix": "", "next": 1, "length": 3})
        creditor.post({"customerNo": "002", "name": "A"})
        results = creditor.post({"name": "B"}, {"customerNo": "003", "name": "C"}, {"name": "D"}, {"name": "E"})
        assert [r.customer_no for r in results] == ["001", "003", "004", "005"]

    def test_the_system_refuses_an_unknown_number_and_updates_a_known_one(self, creditor: Creditor) -> None:
        """Its own numbers are known."""
        creditor.configure("series.customer", {"mode": "SYSTEM", "prefix": "", "next": 1, "length": 6})
        creditor.post({"name": "A"})
        results = creditor.post({"customerNo": "000001", "dueDays": 3}, {"customerNo": "000002", "name": "B"})
        assert outcomes(results) == [("UPDATED", 500001, "000001", []), ("FAILED", None, "000002", ["SYSTEM-GIVEN"])]

    def test_the_client_gives_the_number_by_default(self, creditor: Creditor) -> None:
        """Without one the item fails."""
        assert outcomes(creditor.post({"name": "A"})) == [("FAILED", None, None, ["REQUIRED"])]


class TestConfigs:
    def test_identity_errors_fail_the_item(self, creditor: Creditor) -> None:
        """validation.identity = ERROR."""
        creditor.configure("validation.identity", "ERROR")
        assert outcomes(creditor.post({"customerNo": "1", "name": "A", "organizationNo": "987654321"})) == [("FAILED", None, "1", ["BUSINESS-ID"])]

    def test_unknown_fields_fail_the_item(self, creditor: Creditor) -> None:
        """validation.unknownFields = ERROR."""
        creditor.configure("validation.unknownFields", "ERROR")
        assert outcomes(creditor.post({"customerNo": "1", "name": "A", "x": 1})) == [("FAILED", None, "1", ["UNKNOWN-FIELD"])]

    def test_base_values_are_the_defaults(self, creditor: Creditor) -> None:
        """Country, currency and language of the client."""
        for key, value in (("base.country", "SE"), ("base.currency", "SEK"), ("base.language", "sv")):
            creditor.configure(key, value)
        creditor.post({"customerNo": "1", "name": "A", "organizationNo": "5560125790"})
        customer = creditor.customer("1")
        assert (customer.country_code, customer.currency, customer.language) == ("SE", "SEK", "sv")
        assert customer.values["organizationNoScheme"] == "0007"

    @pytest.mark.parametrize(("key", "value"), [("kid.generate", False), ("kid.template", "{serial:8}{check}")])
    def test_no_kid_of_the_customer(self, creditor: Creditor, key: str, value: Any) -> None:
        """KIDs are not generated, or would be the same for everybody."""
        creditor.configure(key, value)
        creditor.post({"customerNo": "1", "name": "A"})
        assert creditor.customer("1").customer_kid is None

    def test_a_group_list_of_the_client(self, creditor: Creditor) -> None:
        """Only its codes, in its spelling, and only while they are active."""
        with creditor.database.transaction(creditor.client_no) as transaction:
            for code, active in (("VIP", True), ("OLD", False)):
                transaction.execute(
                    "insert into code (client_no, code_type, code, name_en, name_no, active, attributes)"
                    " values (%s, 'CUSTOMER-GROUP', %s, 'x', 'x', %s, '{}')",
                    (creditor.client_no, code, active),
                )
        creditor.configure("document.defaultDueDays", 15)
        results = creditor.post(*({"customerNo": code, "name": "A", "customerGroupCode": code} for code in ("vip", "old", "gold")))
        assert outcomes(results) == [
            ("CREATED", 500001, "vip", []),
            ("FAILED", None, "old", ["CODE-UNKNOWN"]),
            ("FAILED", None, "gold", ["CODE-UNKNOWN"]),
        ]
        assert creditor.customer("vip").values["customerGroupCode"] == "VIP"


class TestKind:
    @pytest.mark.parametrize(
        ("sent", "key"),
        [
            ({"customerNo": " K-1 "}, "k-1"),
            ({"customerNo": ""}, None),
            ({"customerNo": 7}, None),
            ({"customerNo": "å"}, None),
            ({"customerNo": "1" * 21}, None),
            ({}, None),
        ],
    )
    def test_natural_key(self, sent: dict[str, Any], key: str | None) -> None:
        """The number without case; what can be no number is no key."""
        assert CUSTOMERS_POST.natural_key(sent) == key

    def test_identify_shows_what_can_be_shown(self) -> None:
        """As sent, as far as it fits the answer."""
        assert CUSTOMERS_POST.identify({"accountNo": Decimal("10.0"), "customerNo": "x", "clientReference": "r"}) == (
            10,
            "x",
            None,
            "r",
        )
        assert CUSTOMERS_POST.identify({"accountNo": "10", "customerNo": "x" * 21, "clientReference": 7}) == (
            None,
            None,
            None,
            None,
        )


def test_changes_of_today_are_dated_today(creditor: Creditor) -> None:
    """The client's day, not the server's."""
    creditor.post({"customerNo": "1", "name": "A", "postalAddress": {"cityName": "Oslo"}})
    assert creditor.customer("1").values["postalAddressChanged"] == TODAY
