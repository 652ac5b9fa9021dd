"""Aim: a client's configs are shown with their dated values, set from the day they may hold, and posted by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reskontro.ledger.configs import CONFIG_KEYS
from reskontro.ledger.log import verify_log
from tests.house import House, exact_json


def put(house: House, key: str, value: Any, **more: Any) -> Any:
    """The answer to setting a config."""
    return house.put(f"/clientconfigs/{key}", {"metadata": {"userId": "anne"}, "clientConfig": {"value": value, **more}})


def shown(house: House, key: str, **options: Any) -> dict[str, Any]:
    """A config as it is read."""
    answer = house.get(f"/clientconfigs/{key}", **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = exact_json(answer)
    return found


def codes(answer: Any) -> list[tuple[str, str]]:
    """Pointer and code of every error of a refused call."""
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


class TestRead:
    def test_an_untouched_config_is_its_default(self, module_house: House) -> None:
        """With every key of the object."""
        assert list(shown(module_house, "coverage.order").items()) == [
            ("key", "coverage.order"),
            ("type", "ENUM"),
            ("allowedValues", ["COSTS-INTEREST-PRINCIPAL", "PRINCIPAL-INTEREST-COSTS", "OLDEST-FIRST"]),
            ("default", "COSTS-INTEREST-PRINCIPAL"),
            ("isDefault", True),
            ("value", "COSTS-INTEREST-PRINCIPAL"),
            ("values", []),
            ("description", "Order in which a payment covers a claim"),
        ]
        assert shown(module_house, "ROUNDING.noteunit")["value"] == Decimal("0.01")

    def test_the_description_is_in_the_language_asked_for(self, module_house: House) -> None:
        """Codes stay."""
        norwegian = shown(module_house, "coverage.order", headers={"Accept-Language": "nb"})
        assert norwegian["description"] == "Rekkefølgen en betaling dekker et krav i"
        assert norwegian["value"] == "COSTS-INTEREST-PRINCIPAL"

    def test_the_list_has_all_keys_or_those_asked_for(self, module_house: House) -> None:
        """By key; a point at the end means all that begin so."""

        def keys(query: str) -> list[str]:
            return [record["key"] for record in module_house.get(f"/clientconfigs{query}").json()["clientConfigs"]]

        assert keys("?pagesize=1000") == sorted(CONFIG_KEYS)
        assert keys("?key=Coverage.,kid.template,base") == ["coverage.excess", "coverage.order", "kid.template"]

    @pytest.mark.parametrize("method", ["GET", "PUT"])
    def test_an_unknown_key_is_404(self, module_house: House, method: str) -> None:
        """For reading and for setting."""
        body = {"clientConfig": {"value": 1}} if method == "PUT" else None
        assert module_house.call(method, "/clientconfigs/coverage.colour", body).status_code == 404


class TestSet:
    def test_a_value_holds_from_its_day(self, house: House) -> None:
        """Today when none is sent; later ones wait, and each ends where the next begins."""
        first = put(house, "coverage.order", "oldest-first")
        assert first.status_code == 200
        assert first.json()["values"] == [{"value": "OLDEST-FIRST", "validFrom": "2026-11-25", "validTo": None}]
        second = put(house, "Coverage.Order", "PRINCIPAL-INTEREST-COSTS", validFrom="2027-01-01").json()
        assert second["values"] == [
            {"value": "OLDEST-FIRST", "validFrom": "2026-11-25", "validTo": "2026-12-31"},
            {"value": "PRINCIPAL-INTEREST-COSTS", "validFrom": "2027-01-01", "validTo": None},
        ]
        assert (second["value"], second["isDefault"]) == ("OLDEST-FIRST", False)
        assert shown(house, "coverage.order") == second

    def test_null_and_an_empty_text_bring_the_default_back(self, house: House) -> None:
        """From their day on; without a value of its own there is nothing to bring back."""
        assert put(house, "dunning.graceDays", None).json()["values"] == []
        put(house, "dunning.graceDays", 7, validFrom="2026-11-01")
        cleared = put(house, "dunning.graceDays", "").json()
        assert (cleared["value"], cleared["isDefault"]) == (3, True)
        assert cleared["values"] == [
            {"value": 7, "validFrom": "2026-11-01", "validTo": "2026-11-24"},
            {"value": None, "validFrom": "2026-11-25", "validTo": None},
        ]

    def test_each_change_is_logged_once(self, house: House) -> None:
        """With the value before and after; the same again is no change."""
        for _ in range(2):
            put(house, "dunning.minimumAmount", 75.5)
        rows = house.rows("select entity_type, entity_id, user_id, changes::text from log_item where event = 'CONFIG-CHANGED'")
        assert [row[:3] for row in rows] == [("CONFIG", "dunning.minimumAmount", "anne")]
        assert '{"field": "value", "newValue": 75.5, "oldValue": 50}' in rows[0][3]
        assert shown(house, "dunning.minimumAmount")["value"] == Decimal("75.5")
        with house.database.transaction(3107) as transaction:
            assert verify_log(transaction, 3107) == []

    def test_a_posting_goes_by_the_value_of_its_day(self, house: House) -> None:
        """The VAT code of a line without VAT decides the income account."""
        put(house, "vat.zeroCode", "6", validFrom="2026-11-01")
        amounts = {"exclVat": 100, "vat": 0, "inclVat": 100}
        house.document(documentDate="2026-10-31", currencyAmounts=amounts)
        house.document(documentDate="2026-11-01", currencyAmounts=amounts)
        assert house.balances() == {"1500": Decimal(200), "3100": Decimal(-100), "3200": Decimal(-100)}

    def test_a_repeated_key_answers_the_same(self, house: House) -> None:
        """Idempotency-Key as on every write."""
        bodies = {
            house.put("/clientconfigs/kid.generate", {"clientConfig": {"value": False}}, headers={"Idempotency-Key": "a"}).content for _ in range(2)
        }
        assert len(bodies) == 1


class TestRefuse:
    @pytest.mark.parametrize(
        ("key", "sent", "expected"),
        [
            ("coverage.order", {}, [("/clientConfig/value", "REQUIRED")]),
            ("coverage.order", {"value": "NEWEST"}, [("/clientConfig/value", "CODE-UNKNOWN")]),
            ("dunning.graceDays", {"value": "3"}, [("/clientConfig/value", "TYPE")]),
            ("dunning.graceDays", {"value": 3, "validFrom": "2026-02-30"}, [("/clientConfig/validFrom", "FORMAT")]),
            ("dunning.graceDays", {"value": 91, "from": 1}, [("/clientConfig/value", "RANGE"), ("/clientConfig/from", "UNKNOWN-FIELD")]),
            ("ageing.intervals", {"value": [0, 30, 20]}, [("/clientConfig/value/2", "RANGE")]),
            ("dunning.plan", {"value": [{"step": 1, "type": "CALL"}]}, [("/clientConfig/value/0/type", "CODE-UNKNOWN")]),
            (
                "bank.accounts",
                {"value": [{"bankAccountNo": "86011117947", "glAccount": "1921"}, {"bankAccountNo": "x"}]},
                [("/clientConfig/value/1/bankAccountNo", "BANK-ACCOUNT")],
            ),
            (
                "bank.accounts",
                {"value": [{"bankAccountNo": "86011117947", "glAccount": "1921"}]},
                [("/clientConfig/value/0/glAccount", "ACCOUNT-UNKNOWN")],
            ),
            ("collection.accounts", {"value": {"clearing": "1500"}}, [("/clientConfig/value/clearing", "ACCOUNT-CONTROL")]),
        ],
    )
    def test_names_the_place_in_the_value(self, module_house: House, key: str, sent: dict[str, Any], expected: list[Any]) -> None:
        """Every error, with a pointer from the body's root."""
        assert codes(module_house.put(f"/clientconfigs/{key}", {"clientConfig": sent})) == expected

    def test_needs_the_scope_for_administration(self, module_house: House) -> None:
        """Write alone is not enough."""
        token = module_house.token(scopes=["read:arm", "write:arm"])
        answer = module_house.put("/clientconfigs/kid.generate", {"clientConfig": {"value": False}}, token=token)
        assert (answer.status_code, answer.json()["code"]) == (403, "INSUFFICIENT-SCOPE")

    def test_a_posting_key_does_not_reach_into_closed_periods(self, house: House) -> None:
        """Its first day is in an open period; other keys may go back."""
        for period in (1, 2):
            house.put(f"/periods/2026/{period}", {"period": {"status": "CLOSED"}})
        assert codes(put(house, "vat.zeroCode", "6", validFrom="2026-02-28")) == [("/clientConfig/validFrom", "RANGE")]
        assert put(house, "vat.zeroCode", "6", validFrom="2026-03-01").status_code == 200
        assert put(house, "dunning.graceDays", 5, validFrom="2026-01-01").status_code == 200


class TestFixedByThePosting:
    def test_the_currency_of_the_books_is_fixed_by_the_first_posting(self, house: House) -> None:
        """Before that it holds for always; sent again as it is it is no change."""
        changed = put(house, "base.currency", "eur").json()
        assert changed["values"] == [{"value": "EUR", "validFrom": None, "validTo": None}]
        house.document(currency="EUR")
        assert codes(put(house, "base.currency", "NOK")) == [("/clientConfig/value", "IMMUTABLE")]
        assert put(house, "base.currency", "EUR").status_code == 200

    def test_a_new_start_of_the_fiscal_year_renumbers_the_periods(self, house: House) -> None:
        """Months keep their status; the next fiscal year is there to its end."""
        house.put("/periods/2026/1", {"period": {"status": "CLOSED"}})
        assert put(house, "gl.fiscalYearStart", 7).json()["value"] == 7
        periods = house.get("/periods").json()["periods"]
        assert [(period["glYear"], period["glPeriod"]) for period in periods[:7]] == [(2025, month) for month in range(7, 13)] + [(2026, 1)]
        assert (periods[0]["status"], periods[0]["fromDate"], periods[1]["status"]) == ("CLOSED", "2026-01-01", "OPEN")
        assert (periods[-1]["glYear"], periods[-1]["glPeriod"], periods[-1]["toDate"]) == (2027, 12, "2028-06-30")
        house.document(documentDate="2026-08-05")
        assert house.rows("select gl_year, gl_period from gl_item group by 1, 2") == [(2026, 2)]
        assert codes(put(house, "gl.fiscalYearStart", 1)) == [("/clientConfig/value", "IMMUTABLE")]
