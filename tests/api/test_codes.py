"""Aim: the lists of the system are complete and dated, and a client keeps its own beside them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from reskontro.ledger.log import verify_log
from tests.house import House, exact_json


def put(house: House, code: str, sent: dict[str, Any], **options: Any) -> Any:
    """The answer to a PUT of a code, named as list/code."""
    return house.put(f"/codes/{code}", {"metadata": {"userId": "anne"}, "code": sent}, **options)


def listed(house: House, query: str, **options: Any) -> list[dict[str, Any]]:
    """Codes of a list."""
    answer = house.get(f"/codes?{query}", **options)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = exact_json(answer)["codes"]
    return found


def codes(answer: Any) -> list[tuple[str, str]]:
    """Pointer and code of every error of a refused call."""
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


class TestSystemLists:
    def test_every_key_of_a_code_is_present(self, module_house: House) -> None:
        """In the documented order."""
        assert [list(code.items()) for code in listed(module_house, "codetype=line-type&code=plh")] == [
            [
                ("codeType", "LINE-TYPE"),
                ("code", "PLH"),
                ("name", "Goods or service"),
                ("description", None),
                ("isSystem", True),
                ("active", True),
                ("validFrom", None),
                ("validTo", None),
                ("attributes", {}),
            ]
        ]

    def test_names_are_in_the_language_asked_for(self, module_house: House) -> None:
        """Of our own lists and of the international ones."""
        for code, english, norwegian in (("NO", "Norway", "Norge"), ("FEE", "Fee", "Gebyr"), ("EUR", "Euro", "Euro")):
            query = f"codetype=COUNTRY,LINE-TYPE,CURRENCY&code={code}"
            assert [found["name"] for found in listed(module_house, query)] == [english]
            assert [found["name"] for found in listed(module_house, query, headers={"Accept-Language": "nn"})] == [norwegian]

    def test_error_codes_come_with_their_texts(self, module_house: House) -> None:
        """As the description."""
        (found,) = listed(module_house, "codetype=ERROR-CODE&code=REQUIRED")
        assert (found["name"], found["description"]) == ("Required", "{field} is required")

    def test_rates_are_dated(self, module_house: House) -> None:
        """A row for each span, exact, with its source."""
        found = listed(module_house, "codetype=VAT-CODE&code=33")
        assert [(code["attributes"]["rate"], code["validFrom"], code["validTo"]) for code in found] == [
            (8, "2012-01-01", "2015-12-31"),
            (10, "2016-01-01", "2017-12-31"),
            (12, "2018-01-01", "2020-03-31"),
            (6, "2020-04-01", "2021-09-30"),
            (12, "2021-10-01", None),
        ]
        interest = {code["validFrom"]: code["attributes"] for code in listed(module_house, "codetype=INTEREST-RATE")}
        assert interest["2026-07-01"]["rate"] == Decimal("12.25")
        assert interest["2026-07-01"]["source"]
        assert listed(module_house, "codetype=FEE-RATE&code=INKASSOSATS")[-1]["attributes"]["amount"] == 750

    def test_the_whole_list_is_sorted_by_list_and_code(self, module_house: House) -> None:
        """Over pages."""
        first = module_house.get("/codes?pagesize=1000").json()
        second = module_house.get(f"/codes?query={first['summary']['queryId']}&pageno=2").json()
        keys = [(code["codeType"], code["code"], code["validFrom"] or "") for code in first["codes"] + second["codes"]]
        assert len(keys) == first["summary"]["totalCount"]
        assert keys == sorted(keys)

    def test_an_unknown_list_matches_nothing(self, module_house: House) -> None:
        """As any unknown key."""
        assert listed(module_house, "codetype=COLOUR") == []

    def test_cannot_be_written(self, module_house: House) -> None:
        """A list of the system is refused, a list that does not exist is not found."""
        assert codes(put(module_house, "country/XX", {"nameEn": "Nowhere"})) == [("/code/codeType", "STATE-CONFLICT")]
        assert put(module_house, "COLOUR/RED", {"nameEn": "Red"}).status_code == 404


class TestClientLists:
    def test_a_code_is_created_changed_and_left_alone(self, house: House) -> None:
        """201, then 200; what is absent stays."""
        created = put(house, "customer-group/VIP", {"nameEn": "Very important customers", "nameNo": "Svært viktige kunder"})
        assert created.status_code == 201
        assert created.json() == {
            "codeType": "CUSTOMER-GROUP",
            "code": "VIP",
            "name": "Very important customers",
            "description": None,
            "isSystem": False,
            "active": True,
            "validFrom": None,
            "validTo": None,
            "attributes": {},
        }
        changed = put(house, "CUSTOMER-GROUP/vip", {"validFrom": "2026-01-01", "attributes": {"rank": 1.5}}, headers={"Accept-Language": "nb"})
        assert changed.status_code == 200
        assert changed.json() == {**created.json(), "name": "Svært viktige kunder", "validFrom": "2026-01-01", "attributes": {"rank": 1.5}}
        again = put(house, "CUSTOMER-GROUP/VIP", {"nameNo": "Svært viktige kunder", "validFrom": "2026-01-01"})
        assert again.status_code == 200
        cleared = put(house, "CUSTOMER-GROUP/VIP", {"nameNo": "", "validFrom": "", "attributes": ""}, headers={"Accept-Language": "no"})
        assert (cleared.json()["name"], cleared.json()["validFrom"], cleared.json()["attributes"]) == ("Very important customers", None, {})
        events = house.rows("select event, entity_id from log_item where entity_type = 'CODE' order by sequence_no")
        assert events == [(event, "CUSTOMER-GROUP/VIP") for event in ("CODE-CREATED", "CODE-CHANGED", "CODE-CHANGED")]
        with house.database.transaction(3107) as transaction:
            assert verify_log(transaction, 3107) == []

    def test_a_list_that_is_kept_judges_customers(self, house: House) -> None:
        """Before there is one, any group will do."""
        assert house.customer("100003", customerGroupCode="ANY")["result"] == "CREATED"
        put(house, "CUSTOMER-GROUP/VIP", {"nameEn": "Very important customers"})
        refused = house.post("/customers", {"customer": {"customerNo": "100004", "name": "B", "customerGroupCode": "ANY"}})
        assert codes(refused) == [("/customer/customerGroupCode", "CODE-UNKNOWN")]

    def test_inactive_codes_are_listed_on_demand(self, house: House) -> None:
        """The default is the active ones."""
        put(house, f"ATTACHMENT/{quote('Vilkår')}", {"nameEn": "Terms", "active": False})
        put(house, "ATTACHMENT/A", {"nameEn": "A"})
        assert [code["code"] for code in listed(house, "codetype=ATTACHMENT")] == ["A"]
        assert [code["code"] for code in listed(house, "codetype=ATTACHMENT&active=false")] == ["Vilkår"]

    @pytest.mark.parametrize(
        ("code", "sent", "expected"),
        [
            ("CUSTOM/A", {}, [("/code/nameEn", "REQUIRED")]),
            ("CUSTOM/A", {"nameEn": "x" * 101}, [("/code/nameEn", "LENGTH")]),
            ("CUSTOM/" + "A" * 21, {"nameEn": "A"}, [("/code/code", "LENGTH")]),
            ("CUSTOM/A", {"nameEn": "A", "attributes": []}, [("/code/attributes", "TYPE")]),
            ("CUSTOM/A", {"nameEn": "A", "attributes": {"text": "x" * 4000}}, [("/code/attributes", "LENGTH")]),
            ("CUSTOM/A", {"nameEn": "A", "validFrom": "2026-02-01", "validTo": "2026-01-31"}, [("/code/validTo", "DATE-ORDER")]),
            ("CUSTOM/A", {"nameEn": "A", "colour": 1}, [("/code/colour", "UNKNOWN-FIELD")]),
            ("EXCHANGE-RATE/XAU", {"nameEn": "Gold", "validFrom": "2026-01-01", "attributes": {"rate": 1}}, [("/code/code", "CURRENCY-CODE")]),
            (
                "EXCHANGE-RATE/nok",
                {"nameEn": "Krone", "validFrom": "2026-01-01", "attributes": {"rate": 9}},
                [("/code/code", "STATE-CONFLICT")],
            ),
            ("EXCHANGE-RATE/EUR", {"nameEn": "Euro"}, [("/code/validFrom", "REQUIRED"), ("/code/attributes/rate", "REQUIRED")]),
            ("EXCHANGE-RATE/EUR", {"nameEn": "Euro", "validFrom": "2026-01-01", "attributes": {"rate": 0}}, [("/code/attributes/rate", "RANGE")]),
            ("EXCHANGE-RATE/EUR", {"nameEn": "Euro", "validFrom": "2026-01-01", "attributes": {"rate": "11"}}, [("/code/attributes/rate", "TYPE")]),
        ],
    )
    def test_refuses_what_is_no_code(self, module_house: House, code: str, sent: dict[str, Any], expected: list[Any]) -> None:
        """With every error."""
        assert codes(put(module_house, code, sent)) == expected


class TestExchangeRates:
    def test_each_day_has_a_row_of_its_own(self, house: House) -> None:
        """A new day adds a row, a known one changes it; the name need not be sent again."""
        first = put(house, "EXCHANGE-RATE/eur", {"nameEn": "Euro", "validFrom": "2026-10-01", "attributes": {"rate": 11.5}})
        assert (first.status_code, first.json()["code"]) == (201, "EUR")
        assert put(house, "EXCHANGE-RATE/EUR", {"validFrom": "2026-11-01", "attributes": {"rate": 12}}).status_code == 201
        assert put(house, "EXCHANGE-RATE/EUR", {"validFrom": "2026-10-01", "attributes": {"rate": 11.25}}).status_code == 200
        rates = [(code["validFrom"], code["attributes"]["rate"]) for code in listed(house, "codetype=EXCHANGE-RATE")]
        assert rates == [("2026-10-01", Decimal("11.25")), ("2026-11-01", 12)]

    def test_a_document_takes_the_rate_of_its_day(self, house: House) -> None:
        """The latest not after it; before the first there is none."""
        put(house, "EXCHANGE-RATE/EUR", {"nameEn": "Euro", "validFrom": "2026-10-01", "attributes": {"rate": 11.5}})
        house.document(currency="EUR", documentDate="2026-10-05", currencyAmounts={"exclVat": 100, "vat": 25, "inclVat": 125})
        assert house.balances()["1500"] == Decimal("1437.50")
        amounts = {"exclVat": 100, "vat": 25, "inclVat": 125}
        sent = {"documentType": "IN", "customerNo": "100001", "documentDate": "2026-09-30", "currency": "EUR", "currencyAmounts": amounts}
        assert [error for _, error in codes(house.post("/documents", {"document": sent}))] == ["RATE-MISSING"]
