"""Customers through the API: single writes, batches, reading, lists and deletion."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from psycopg.types.json import Jsonb

from reskontro.kit.ids import new_id
from reskontro.ledger.books import raise_version
from reskontro.ledger.log import verify_log
from tests.house import House, exact_json
from tests.shared_data import shared_path

_client_nos = count(5101)

SKOGLY: dict[str, Any] = {
    "customerNo": "100002",
    "name": "Skogly Prøvedrift AS",
    "customerCategory": "BUSN",
    "organizationNo": "310044113",
    "organizationNoScheme": "0192",
    "phoneNo": "22222222",
    "bankAccountNo": "86011117947",
    "language": "no",
    "dueDays": 30,
    "postalAddress": {"addressLine1": "Prøveveien 4", "postalCode": "0150", "cityName": "Oslo", "countryCode": "NO"},
    "emailAddressDocument": ["faktura@skogly.example.no"],
    "distribution": {"type": "E", "einvoiceCode": 10},
}


@pytest.fixture
def ledger(module_house: House) -> House:
    """A served Reskontro with a client of the test's own that has no customers."""
    client_no = module_house.add_client(next(_client_nos))
    return replace(module_house, client_no=client_no)


def configure(ledger: House, key: str, value: Any) -> None:
    """Give a config a value that holds always."""
    with ledger.database.transaction(ledger.client_no) as transaction:
        transaction.execute(
            "insert into client_config (client_no, config_key, value, changed_at, changed_by) values (%s, %s, %s, now(), 'test')",
            (ledger.client_no, key, Jsonb(value)),
        )
        raise_version(transaction, ledger.client_no)


def ar_item(ledger: House, account_no: int, amount: str, due: str, *, kid: str | None = None, open_amount: str | None = None) -> None:
    """Book an AR item on an account, in base currency, open unless told otherwise."""
    left = amount if open_amount is None else open_amount
    with ledger.database.transaction(ledger.client_no) as transaction:
        transaction.execute(
            "insert into ar_item (client_no, ar_item_id, account_no, ar_item_type, claim_kind, kid, item_date, due_date, gl_date, gl_year, gl_period,"
            " transaction_no, control_account, currency, exchange_rate, original_amount, base_original_amount, vat_amount, created_at,"
            " open_amount, base_open_amount, changed_at)"
            " values (%s, %s, %s, 'INVOICE', %s, %s, %s, %s, %s, 2026, 10, 1, '1500', 'NOK', 1, %s, %s, 0, now(), %s, %s, now())",
            (
                ledger.client_no,
                new_id(),
                account_no,
                "PRINCIPAL" if Decimal(amount) > 0 else "CREDIT",
                kid,
                due,
                due,
                due,
                amount,
                amount,
                left,
                left,
            ),
        )


def numbers(ledger: House, query: str) -> list[str]:
    """The customers a list finds."""
    answer = ledger.get(f"/customers?{query}")
    assert answer.status_code == 200, answer.text
    return [customer["customerNo"] for customer in answer.json()["customers"]]


def codes(body: dict[str, Any], key: str = "errors") -> list[tuple[str, str]]:
    """(code, pointer) of every message."""
    return [(message["code"], message["pointer"]) for message in body[key]]


class TestCreate:
    def test_a_new_customer(self, ledger: House) -> None:
        """201 with the address of the customer and the account it got."""
        answer = ledger.post("/customers", {"metadata": {"userId": "anne"}, "customer": SKOGLY})
        assert answer.status_code == 201
        assert answer.headers["Location"] == f"https://reskontro.example/arm/v1/clients/{ledger.client_no}/customers/100002"
        assert answer.json() == {
            "status": "PROCESSED",
            "result": "CREATED",
            "message": "Customer created",
            "clientNo": ledger.client_no,
            "accountNo": 500001,
            "customerNo": "100002",
        }
        assert ledger.rows("select event, actor = user_id, user_id, source, entity_type from log_item where event = 'CUSTOMER-CREATED'") == [
            ("CUSTOMER-CREATED", False, "anne", "API", "CUSTOMER")
        ]

    def test_an_existing_one_is_updated_or_unchanged(self, ledger: House) -> None:
        """POST is an upsert."""
        ledger.post("/customers", {"customer": SKOGLY})
        again = ledger.post("/customers", {"customer": SKOGLY})
        changed = ledger.post("/customers", {"customer": {"customerNo": "100002", "dueDays": 14}})
        assert [(answer.status_code, answer.json()["result"], answer.json()["message"]) for answer in (again, changed)] == [
            (200, "UNCHANGED", "Customer unchanged"),
            (200, "UPDATED", "Customer updated"),
        ]

    def test_all_errors_at_once(self, ledger: House) -> None:
        """422, pointers from the root of the body, nothing stored."""
        answer = ledger.post("/customers", {"customer": {"customerNo": "1", "language": "xx", "postalAddress": {"countryCode": "NX"}}})
        assert answer.status_code == 422
        assert answer.json()["code"] == "VALIDATION-FAILED"
        assert codes(answer.json()) == [
            ("REQUIRED", "/customer/name"),
            ("LANGUAGE-CODE", "/customer/language"),
            ("COUNTRY-CODE", "/customer/postalAddress/countryCode"),
        ]
        assert numbers(ledger, "") == []

    def test_texts_follow_the_language_of_the_call(self, ledger: House) -> None:
        """Codes do not."""
        answer = ledger.post("/customers", {"customer": {"customerNo": "1", "name": "A", "x": 1}}, headers={"Accept-Language": "nb"})
        assert answer.json()["message"] == "Kunde opprettet"
        assert answer.json()["warnings"] == [{"field": "x", "message": "x er ikke et kjent felt", "code": "UNKNOWN-FIELD", "pointer": "/customer/x"}]

    @pytest.mark.parametrize("body", [{}, {"customer": []}, {"customers": [{}]}, {"customer": {}, "other": 1}, []])
    def test_another_outer_shape(self, ledger: House, body: Any) -> None:
        """400 before any rule."""
        answer = ledger.post("/customers", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED-BODY")

    def test_a_repeated_call_has_one_effect(self, ledger: House) -> None:
        """The stored answer, byte for byte; another body under the key is refused."""
        headers = {"Idempotency-Key": "k-1"}
        first = ledger.post("/customers", {"customer": SKOGLY}, headers=headers)
        second = ledger.post("/customers", {"customer": SKOGLY}, headers=headers)
        other = ledger.post("/customers", {"customer": {**SKOGLY, "name": "B"}}, headers=headers)
        assert (second.status_code, second.content, second.headers["Idempotency-Replayed"]) == (
            201,
            first.content,
            "true",
        )
        assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY-KEY-REUSED")

    def test_many_writers_at_once(self, ledger: House) -> None:
        """Creations, updates by POST and by PUT gathered in sets: every call has its own effect, accounts are given without a gap."""

        def write(number: int) -> int:
            name = f"n{number % 10}"
            if number < 10:
                return ledger.post("/customers", {"customer": {"customerNo": name, "name": "A"}}).status_code
            method = "PUT" if number % 2 else "POST"
            return ledger.call(method, "/customers", {"customer": {"customerNo": name, "informalName": f"x{number}"}}).status_code

        with ThreadPoolExecutor(10) as pool:
            assert set(pool.map(write, range(10))) == {201}
        with ThreadPoolExecutor(10) as pool:
            assert set(pool.map(write, range(10, 60))) == {200}
        listed = ledger.get("/customers").json()["customers"]
        assert [customer["accountNo"] for customer in listed] == list(range(500001, 500011))
        assert ledger.rows("select count(*) from log_item where event = 'CUSTOMER-UPDATED'") == [(50,)]
        with ledger.database.transaction(ledger.client_no) as transaction:
            assert verify_log(transaction, ledger.client_no) == []


class TestUpdate:
    def test_only_what_was_sent_changes(self, ledger: House) -> None:
        """With the warning of the contract's example."""
        ledger.post("/customers", {"customer": SKOGLY})
        answer = ledger.put(
            "/customers",
            {"customer": {"customerNo": "100002", "organizationNo": "310044114", "stopReminderUntil": "2026-12-31"}},
        )
        assert answer.status_code == 200
        assert answer.json()["warnings"] == [
            {
                "field": "organizationNo",
                "message": "Business ID/organizationNo 310044114 is not a valid business ID (scheme code: 0192)",
                "code": "BUSINESS-ID",
                "pointer": "/customer/organizationNo",
            }
        ]
        customer = ledger.get("/customers/100002").json()
        assert (customer["organizationNo"], customer["stopReminderUntil"], customer["name"]) == (
            "310044114",
            "2026-12-31",
            SKOGLY["name"],
        )

    def test_an_unknown_customer(self, ledger: House) -> None:
        """404, whatever else is wrong with the body."""
        answer = ledger.put("/customers", {"customer": {"customerNo": "x", "dueDays": 1000}})
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND")

    def test_without_a_number(self, ledger: House) -> None:
        """422: nobody is named."""
        answer = ledger.put("/customers", {"customer": {"name": "A"}})
        assert answer.status_code == 422
        assert codes(answer.json()) == [("REQUIRED", "/customer/customerNo")]


class TestGet:
    def test_the_contract_example(self, ledger: House) -> None:
        """Every key, in order, as the contract shows it."""
        ledger.post("/customers", {"customer": {**SKOGLY, "accountNo": 600002, "postalAddressChanged": "2026-08-30"}})
        ar_item(ledger, 600002, "2000", "2026-12-03")
        shown = exact_json(ledger.get("/customers/100002?expand=balance"))
        nothing = (
            "postalReturnDate secondaryPhoneNo dateOfBirth yearOfBirth ssn ssnCountry informalName customerGroupCode sellerReference buyerReference"
            " stopReminderUntil stopDebtCollectionUntil stopInterestCalcUntil customerMessage limitAmount registrationStatusDate"
        )
        expected = {
            **dict.fromkeys(nothing.split()),
            **SKOGLY,
            "clientNo": ledger.client_no,
            "accountNo": 600002,
            "postalReturnStatus": 0,
            "priceNetOrGross": "N",
            "currency": "NOK",
            "vatLiable": True,
            "discountRate": 0,
            "activeStatusWeb": "Passive",
            "registrationStatusCode": "NORMAL",
            "postalAddressChanged": "2026-08-30",
            "postalAddress": {
                **dict.fromkeys(("addressLine2", "addressLine3", "countryText")),
                **SKOGLY["postalAddress"],
            },
            "secondaryEmailAddress": [],
            "efakturaBlockIds": [],
            "peppolBlockIds": [],
            "digipostBlockIds": [],
            "customerKid": "600002000000000",
            "balance": {
                "openAmount": 2000,
                "overdueAmount": 0,
                "unappliedCredit": 0,
                "reservedAmount": 0,
                "openItemCount": 1,
                "oldestDueDate": "2026-12-03",
            },
        }
        assert shown == expected
        assert list(shown)[:5] == ["clientNo", "accountNo", "customerNo", "name", "postalReturnStatus"]
        assert list(shown)[-2:] == ["customerKid", "balance"]

    def test_the_number_is_found_whatever_its_case(self, ledger: House) -> None:
        """And shown as first written."""
        ledger.customer("Ab-1")
        assert ledger.get("/customers/aB-1").json()["customerNo"] == "Ab-1"

    @pytest.mark.parametrize("number", ["nobody", "å", "a%00b", "x" * 30, "a%20b"])
    def test_an_unknown_number(self, ledger: House, number: str) -> None:
        """404, also for what can be no number."""
        answer = ledger.get(f"/customers/{number}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND")

    def test_exact_amounts(self, ledger: House) -> None:
        """As they were written, never through a binary float."""
        body = '{"customer": {"customerNo": "1", "name": "A", "discountRate": 12.3456, "limitAmount": 9999999999999.99}}'
        assert ledger.post("/customers", content=body.encode()).status_code == 201
        assert b'"limitAmount":9999999999999.99' in ledger.get("/customers/1").content
        assert b'"discountRate":12.3456' in ledger.get("/customers/1").content

    @pytest.mark.parametrize(("masking", "one", "many"), [("NONE", False, False), ("LISTS", False, True), ("ALWAYS", True, True)])
    def test_national_ids_are_masked_by_config(self, ledger: House, masking: str, one: bool, many: bool) -> None:
        """The last five characters become asterisks."""
        configure(ledger, "privacy.ssnMasking", masking)
        ledger.customer("1", ssn="10915596784")
        full, masked = "10915596784", "109155*****"
        assert ledger.get("/customers/1").json()["ssn"] == (masked if one else full)
        assert ledger.get("/customers").json()["customers"][0]["ssn"] == (masked if many else full)

    def test_balance_of_open_items(self, ledger: House) -> None:
        """Credits with their sign, overdue what was due before today, closed items do not count."""
        account_no = ledger.customer("1")["accountNo"]
        for amount, due in (("1000.10", "2026-11-24"), ("500", "2026-11-25"), ("-200.05", "2026-01-01")):
            ar_item(ledger, account_no, amount, due)
        ar_item(ledger, account_no, "9000", "2026-01-01", open_amount="0")
        assert exact_json(ledger.get("/customers/1?expand=balance"))["balance"] == {
            "openAmount": Decimal("1300.05"),
            "overdueAmount": Decimal("1000.10"),
            "unappliedCredit": Decimal("200.05"),
            "reservedAmount": 0,
            "openItemCount": 3,
            "oldestDueDate": "2026-11-24",
        }
        assert "balance" not in ledger.get("/customers/1").json()

    def test_balance_of_nothing(self, ledger: House) -> None:
        """Zeros, and no due date."""
        ledger.customer("1")
        (customer,) = ledger.get("/customers?expand=balance").json()["customers"]
        assert customer["balance"] == {
            "openAmount": 0,
            "overdueAmount": 0,
            "unappliedCredit": 0,
            "reservedAmount": 0,
            "openItemCount": 0,
            "oldestDueDate": None,
        }


@pytest.fixture(scope="module")
def crowd(module_house: House) -> House:
    """A client with four customers that differ in everything lists filter by."""
    ledger = replace(module_house, client_no=module_house.add_client(next(_client_nos)))
    ledger.customer(
        "A1",
        "Øyvind Ås",
        informalName="Ola",
        customerCategory="CONS",
        phoneNo="22 22 22 22",
        emailAddressDocument=["Oyvind@Skogly.no"],
    )
    ledger.customer(
        "a2",
        "Skogly AS",
        organizationNo="310 044 113",
        secondaryPhoneNo="+4798765432",
        customerGroupCode="Vip",
        accountNo=700,
    )
    ledger.customer(
        "A3",
        "100% Rør_legger",
        organizationNo="AB-12",
        organizationNoScheme="0088",
        secondaryEmailAddress=["post@xn--blbr-roah.no"],
    )
    ledger.customer("A4", "Zebra", customerCategory="PUBL", customerGroupCode="åÅ")
    with ledger.database.transaction(ledger.client_no) as transaction:
        # Half an hour past midnight on the 26th, in Oslo.
        transaction.execute(
            "update customer set changed_at = %s where client_no = %s and customer_no = 'A4'",
            (datetime(2026, 11, 25, 23, 30, tzinfo=UTC), ledger.client_no),
        )
    ar_item(ledger, 700, "100", "2026-12-01", kid="12345674")
    ar_item(ledger, 500001, "100", "2026-12-01", open_amount="0")
    return ledger


class TestList:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["a2", "A1", "A3", "A4"]),
            ("customerno=a1,A2,none", ["a2", "A1"]),
            ("accountno=700,500003", ["a2", "A4"]),
            ("accountno=99999999999", []),
            (f"name={quote('øyVIND')}", ["A1"]),
            (f"name={quote('ås')}", ["A1"]),
            ("name=OLA", ["A1"]),
            (f"name={quote('%')}", ["A3"]),
            ("name=r_l", ["A3"]),
            ("organizationno=310044113", ["a2"]),
            ("organizationno=310%20044%20113", ["a2"]),
            ("organizationno=ab-12", ["A3"]),
            ("kid=500001000000003", ["A1"]),
            ("kid=12345674", ["a2"]),
            ("kid=1234%205674", ["a2"]),
            ("kid=abc", []),
            ("phoneno=22222222", ["A1"]),
            ("phoneno=%2B47%2022222222", ["A1"]),
            ("phoneno=+4722222222", ["A1"]),
            ("phoneno=98765432", ["a2"]),
            ("phoneno=11111111", []),
            ("emailaddress=OYVIND@skogly.no", ["A1"]),
            ("emailaddress=post@xn--blbr-roah.no", ["A3"]),
            ("customercategory=publ,BUSN", ["a2", "A3", "A4"]),
            ("customergroupcode=VIP", ["a2"]),
            (f"customergroupcode={quote('åÅ')}", ["A4"]),
            ("openitems=true", ["a2"]),
            ("openitems=false", ["A1", "A3", "A4"]),
            ("changedfrom=2026-11-26", ["A4"]),
            ("changedfrom=2026-11-25T12:00:00Z", ["a2", "A1", "A3", "A4"]),
            ("changedfrom=2026-11-25T12:00:00.001Z", ["A4"]),
            ("changedfrom=2026-11-25", ["a2", "A1", "A3", "A4"]),
            ("customerno=a1&openitems=true", []),
        ],
    )
    def test_filters(self, crowd: House, query: str, found: list[str]) -> None:
        """Each filter, by account number."""
        assert numbers(crowd, query) == found

    @pytest.mark.parametrize(
        "query",
        [
            "customercategory=X",
            "openitems=yes",
            "accountno=x",
            "changedfrom=yesterday",
            "expand=documents",
            "pageSize=10",
            f"kid={'1' * 26}",
        ],
    )
    def test_parameters_that_cannot_be(self, crowd: House, query: str) -> None:
        """400 before anything is looked up."""
        assert crowd.get(f"/customers?{query}").status_code == 400

    def test_pages(self, ledger: House) -> None:
        """A stored list stays as it was: members and order are fixed, records show their state, deleted ones are left out."""
        for number in range(7):
            ledger.customer(f"c{number}")
        first = ledger.get("/customers?pagesize=5&expand=balance").json()
        query = first["summary"]["queryId"]
        ledger.customer("c7")
        ledger.put("/customers", {"customer": {"customerNo": "c5", "name": "Ny"}})
        assert ledger.call("DELETE", "/customers/c6").status_code == 200
        second = ledger.get(f"/customers?query={query}&pageno=2").json()
        assert [(customer["customerNo"], customer["name"]) for customer in second["customers"]] == [("c5", "Ny")]
        assert (second["summary"]["totalCount"], second["summary"]["totalPages"]) == (7, 2)
        assert "balance" in second["customers"][0]


class TestDelete:
    def test_a_customer_that_nothing_hangs_on(self, ledger: House) -> None:
        """It is gone, its personal values are gone from the log, which is still sound; its account number stays used."""
        ledger.post("/customers", {"customer": SKOGLY})
        ledger.put("/customers", {"customer": {"customerNo": "100002", "name": "Ny"}})
        answer = ledger.call("DELETE", "/customers/100002?userid=anne")
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "PROCESSED",
            "result": "DELETED",
            "message": "Customer deleted",
            "clientNo": ledger.client_no,
            "accountNo": 500001,
            "customerNo": "100002",
        }
        assert ledger.get("/customers/100002").status_code == 404
        assert ledger.rows(
            "select event, entity_id, customer_no, changes, user_id = 'anne' from log_item where entity_type = 'CUSTOMER' order by sequence_no"
        ) == [
            ("CUSTOMER-CREATED", "500001", None, None, False),
            ("CUSTOMER-UPDATED", "500001", None, None, False),
            ("CUSTOMER-DELETED", "500001", None, None, True),
        ]
        with ledger.database.transaction(ledger.client_no) as transaction:
            assert verify_log(transaction, ledger.client_no) == []

    def test_the_number_may_be_used_again_but_not_the_account(self, ledger: House) -> None:
        """A new account, and the old one cannot be chosen."""
        ledger.customer("1", accountNo=500002)
        ledger.call("DELETE", "/customers/1")
        refused = ledger.post("/customers", {"customer": {"customerNo": "1", "name": "A", "accountNo": 500002}})
        assert codes(refused.json()) == [("NOT-UNIQUE", "/customer/accountNo")]
        assert [ledger.customer(number)["accountNo"] for number in ("1", "2")] == [500001, 500003]

    def test_a_customer_in_use(self, ledger: House) -> None:
        """422 with the counts, nothing changed."""
        account_no = ledger.customer("1")["accountNo"]
        for _ in range(3):
            ar_item(ledger, account_no, "1", "2026-12-01", open_amount="0")
        answer = ledger.call("DELETE", "/customers/1")
        assert answer.status_code == 422
        assert answer.json()["code"] == "CUSTOMER-IN-USE"
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"], error["message"]) == (
            "customerNo",
            "CUSTOMER-IN-USE",
            "The customer has 0 documents, 3 AR items and 0 active reservations",
        )
        assert ledger.get("/customers/1").status_code == 200

    def test_an_unknown_customer(self, ledger: House) -> None:
        """404."""
        assert ledger.call("DELETE", "/customers/nobody").status_code == 404


class TestBatch:
    def test_the_seed_example(self, module_house: House) -> None:
        """Acceptance vector 1: the batch equals the seed page in keys, order and values."""
        module_house.add_client(2218)
        sent = [
            {
                "customerNo": "543210",
                "accountNo": 500002,
                "name": "A",
                "organizationNo": "987654321",
                "organizationNoScheme": "0192",
            },
            {"customerNo": "765432", "accountNo": 500029, "name": "B", "postalAddress": {"countryCode": "NX"}},
        ]
        batch = module_house.batch("/customers/batches", {"customers": sent}, client_no=2218)
        expected = json.loads(shared_path("contract/examples/get-batch-200.json").read_text(encoding="utf-8"))
        assert json.dumps(batch) == json.dumps({**expected, "batchUuid": batch["batchUuid"]})

    def test_put_fails_what_is_unknown(self, ledger: House) -> None:
        """The known one is updated; the second occurrence of a number is a duplicate."""
        ledger.customer("1")
        sent = [
            {"customerNo": "1", "dueDays": 3},
            {"customerNo": "2", "clientReference": "row-2"},
            {"customerNo": "1", "dueDays": 4},
        ]
        batch = ledger.batch("/customers/batches", {"customers": sent}, method="PUT", query="?expand=diagnostics")
        assert [(item["result"], [error["code"] for error in item.get("errors", [])], item.get("clientReference")) for item in batch["items"]] == [
            ("UPDATED", [], None),
            ("FAILED", ["CUSTOMER-UNKNOWN"], "row-2"),
            ("FAILED", ["DUPLICATE-IN-BATCH"], None),
        ]
        assert ledger.get("/customers/1").json()["dueDays"] == 3

    def test_lines(self, ledger: House) -> None:
        """NDJSON, a customer a line; what is malformed inside an item is the item's error."""
        lines = b'{"metadata": {"userId": "anne"}}\n{"customerNo": "1", "name": "A"}\n\n{"customerNo": "2", "name": "B", "name": "C"}\n'
        batch = ledger.batch("/customers/batches", None, content=lines, headers={"Content-Type": "application/x-ndjson"})
        assert [(item["result"], item.get("customerNo")) for item in batch["items"]] == [
            ("CREATED", "1"),
            ("FAILED", None),
        ]
        assert ledger.rows("select user_id, source from log_item where event = 'CUSTOMER-CREATED'") == [("anne", "BATCH")]


class TestAccess:
    @pytest.mark.parametrize(
        ("method", "path", "scope"),
        [
            ("POST", "/customers", "write:arm"),
            ("PUT", "/customers", "write:arm"),
            ("GET", "/customers", "read:arm"),
            ("GET", "/customers/1", "read:arm"),
            ("DELETE", "/customers/1", "write:arm"),
            ("POST", "/customers/batches", "write:arm"),
            ("PUT", "/customers/batches", "write:arm"),
        ],
    )
    def test_every_call_needs_its_scope_and_client(self, ledger: House, method: str, path: str, scope: str) -> None:
        """403 without the scope, and for a client that is not the token's."""
        others = [other for other in ("read:arm", "write:arm", "admin:arm") if other != scope]
        without = ledger.call(method, path, {}, token=ledger.token(others))
        foreign = ledger.call(method, path, {}, token=ledger.token([scope], [1]))
        assert (without.json()["code"], foreign.json()["code"]) == ("INSUFFICIENT-SCOPE", "CLIENT-FORBIDDEN")

    def test_another_clients_customer_does_not_exist(self, ledger: House, crowd: House) -> None:
        """Neither to read nor to delete."""
        assert ledger.get("/customers/A1").status_code == 404
        assert ledger.call("DELETE", "/customers/A1").status_code == 404
        assert crowd.get("/customers/A1").status_code == 200

    def test_an_unknown_client(self, ledger: House) -> None:
        """404 for a token that may use every client."""
        for method, path, body in (
            ("GET", "/customers", None),
            ("GET", "/customers/1", None),
            ("DELETE", "/customers/1", None),
            ("POST", "/customers", {"customer": {"customerNo": "1", "name": "A"}}),
        ):
            assert ledger.call(method, path, body, client_no=999_999_999).status_code == 404

    def test_a_client_that_is_suspended(self, ledger: House) -> None:
        """Reads only; an unknown customer is still 404."""
        ledger.customer("1")
        with ledger.database.transaction(ledger.client_no) as transaction:
            transaction.execute("update client set status = 'SUSPENDED' where client_no = %s", (ledger.client_no,))
            raise_version(transaction, ledger.client_no)
        for method, path, body in (
            ("DELETE", "/customers/1", None),
            ("POST", "/customers", {"customer": {"customerNo": "2", "name": "A"}}),
            ("POST", "/customers/batches", {"customers": [{"customerNo": "2", "name": "A"}]}),
        ):
            answer = ledger.call(method, path, body)
            assert (answer.status_code, answer.json()["code"]) == (409, "CLIENT-NOT-ACTIVE")
        assert ledger.call("DELETE", "/customers/2").status_code == 404
        assert ledger.get("/customers/1").status_code == 200
