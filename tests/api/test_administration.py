"""Aim: clients are registered with books that work, change only where they may, and are seen only by those who may use
them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from reskontro.db.engine import lock_client
from reskontro.ledger.books import open_books
from reskontro.ledger.log import verify_log
from tests.house import House, exact_json

CLIENTS = "/arm/v1/clients"
EXAMPLE = {
    "clientNo": 3107,
    "name": "Prøvefjord Strøm AS",
    "organizationNo": "310044105",
    "inBusinessRegister": True,
    "postalAddress": {"addressLine1": "Øvelsesgata 2", "postalCode": "0150", "cityName": "Oslo", "countryCode": "NO"},
    "ledgerStart": "2026-01-01",
}
ANSWER = {
    "clientNo": 3107,
    "name": "Prøvefjord Strøm AS",
    "organizationNo": "310044105",
    "organizationNoScheme": "0192",
    "vatRegistered": True,
    "inBusinessRegister": True,
    "postalAddress": {
        "addressLine1": "Øvelsesgata 2",
        "addressLine2": None,
        "addressLine3": None,
        "postalCode": "0150",
        "cityName": "Oslo",
        "countryText": None,
        "countryCode": "NO",
    },
    "ledgerStart": "2026-01-01",
    "status": "ACTIVE",
    "createdAt": "2026-11-25T12:00:00.000Z",
}


def create(house: House, client: dict[str, Any], **options: Any) -> Any:
    """The answer to the creation of a client."""
    return house.post(CLIENTS, {"metadata": {"userId": "anne"}, "client": client}, **options)


def change(house: House, client: dict[str, Any], **options: Any) -> Any:
    """The answer to an update of client 3107."""
    return house.put("", {"metadata": {"userId": "anne"}, "client": client}, **options)


def codes(answer: Any) -> list[tuple[str, str]]:
    """Field and code of every error of a refused call, in order."""
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


@pytest.fixture
def one_client(empty_house: House) -> House:
    """A house with client 3107 as in the example."""
    assert create(empty_house, EXAMPLE).status_code == 201
    return empty_house


class TestCreateClient:
    def test_answers_the_whole_client(self, empty_house: House) -> None:
        """201 with Location and the object with every key."""
        answer = create(empty_house, EXAMPLE)
        assert answer.status_code == 201
        assert answer.headers["location"] == "https://reskontro.example/arm/v1/clients/3107"
        assert list(answer.json().items()) == list(ANSWER.items())

    def test_gives_defaults_and_a_number_of_its_own(self, empty_house: House) -> None:
        """The lowest free number from 1001 on, the ledger from 1 January of this year, an address in Norway."""
        first = create(empty_house, {"name": "A", "organizationNo": "310 044 105"}).json()
        assert (first["clientNo"], first["organizationNo"], first["ledgerStart"]) == (1001, "310044105", "2026-01-01")
        assert (first["vatRegistered"], first["inBusinessRegister"], first["status"]) == (True, False, "ACTIVE")
        assert first["postalAddress"]["countryCode"] == "NO"
        assert set(first["postalAddress"].values()) == {None, "NO"}
        create(empty_house, {"clientNo": 1003, "name": "B", "organizationNo": "310044105"})
        given = [create(empty_house, {"name": "C", "organizationNo": "310044105"}).json()["clientNo"] for _ in range(2)]
        assert given == [1002, 1004]

    def test_seeds_chart_rules_and_periods(self, one_client: House) -> None:
        """From the start of the ledger to the end of the next fiscal year, and the log says who did it."""
        accounts = one_client.get("/glaccounts").json()["glAccounts"]
        assert [account["glAccount"] for account in accounts if account["isControl"]] == ["1500"]
        rules = one_client.get("/postingrules?event=in,cn").json()["postingRules"]
        assert {rule["event"] for rule in rules} == {"IN", "CN"}
        periods = one_client.get("/periods").json()["periods"]
        assert (periods[0]["fromDate"], periods[-1]["toDate"], len(periods)) == ("2026-01-01", "2027-12-31", 24)
        logged = one_client.rows("select event, entity_type, entity_id, actor <> user_id, user_id, source from log_item order by sequence_no")
        assert logged == [("CLIENT-CREATED", "CLIENT", "3107", True, "anne", "API")]
        with one_client.database.transaction(3107) as transaction:
            assert verify_log(transaction, 3107) == []

    def test_a_ledger_may_start_in_the_past(self, empty_house: House) -> None:
        """All months since then have a period."""
        create(empty_house, {**EXAMPLE, "ledgerStart": "2025-02-01"})
        periods = empty_house.get("/periods?glyear=2025").json()["periods"]
        assert [period["glPeriod"] for period in periods] == list(range(2, 13))

    @pytest.mark.parametrize(
        ("sent", "expected"),
        [
            ({"name": None, "organizationNo": ""}, [("/client/name", "REQUIRED"), ("/client/organizationNo", "REQUIRED")]),
            ({"organizationNo": "310044104"}, [("/client/organizationNo", "BUSINESS-ID")]),
            ({"organizationNo": "310044105", "organizationNoScheme": "0007"}, [("/client/organizationNo", "BUSINESS-ID")]),
            ({"organizationNoScheme": "4711"}, [("/client/organizationNoScheme", "CODE-UNKNOWN")]),
            ({"ledgerStart": "2026-01-02"}, [("/client/ledgerStart", "RANGE")]),
            ({"ledgerStart": "2028-01-01"}, [("/client/ledgerStart", "RANGE")]),
            ({"ledgerStart": "1999-12-01"}, [("/client/ledgerStart", "RANGE")]),
            ({"ledgerStart": "2027-02-29"}, [("/client/ledgerStart", "FORMAT")]),
            ({"clientNo": 0}, [("/client/clientNo", "RANGE")]),
            ({"clientNo": "3107"}, [("/client/clientNo", "TYPE")]),
            ({"name": "x" * 176}, [("/client/name", "LENGTH")]),
            ({"status": "ASLEEP"}, [("/client/status", "CODE-UNKNOWN")]),
            ({"postalAddress": {"countryCode": "NX"}}, [("/client/postalAddress/countryCode", "COUNTRY-CODE")]),
            (
                {"colour": 1, "name": "", "organizationNo": "1", "ledgerStart": "2026-05-05"},
                [
                    ("/client/name", "REQUIRED"),
                    ("/client/ledgerStart", "RANGE"),
                    ("/client/organizationNo", "BUSINESS-ID"),
                    ("/client/colour", "UNKNOWN-FIELD"),
                ],
            ),
        ],
    )
    def test_refuses_with_all_errors_in_order(self, module_house: House, sent: dict[str, Any], expected: list[tuple[str, str]]) -> None:
        """Fields in their order, then the check of scheme and number, then unknown keys; nothing is stored."""
        assert codes(create(module_house, {**EXAMPLE, "clientNo": 3108, **sent})) == expected
        assert numbers(module_house) == [3107]

    def test_a_number_is_given_once(self, one_client: House) -> None:
        """Another client keeps its number."""
        assert codes(create(one_client, {**EXAMPLE, "name": "Another"})) == [("/client/clientNo", "NOT-UNIQUE")]
        assert one_client.get("").json()["name"] == EXAMPLE["name"]

    def test_needs_a_token_for_all_clients(self, empty_house: House) -> None:
        """One that names its clients is forbidden, whatever it names; the scope is asked for too."""
        bound = create(empty_house, EXAMPLE, token=empty_house.token(client_nos=[3107]))
        assert (bound.status_code, bound.json()["code"]) == (403, "CLIENT-FORBIDDEN")
        assert bound.headers["www-authenticate"].startswith("Bearer error=")
        unscoped = create(empty_house, EXAMPLE, token=empty_house.token(scopes=["read:arm", "write:arm"]))
        assert (unscoped.status_code, unscoped.json()["code"]) == (403, "INSUFFICIENT-SCOPE")

    def test_a_repeated_key_answers_the_same_bytes_and_creates_nothing(self, empty_house: House) -> None:
        """The key's scope has no client; another body under it is a conflict."""
        sent = {"name": "A", "organizationNo": "310044105"}
        first, second = (create(empty_house, sent, headers={"Idempotency-Key": "k-1"}) for _ in range(2))
        assert (first.status_code, first.content) == (second.status_code, second.content)
        assert second.headers["idempotency-replayed"] == "true"
        assert second.headers["location"] == first.headers["location"]
        assert len(empty_house.get(CLIENTS).json()["clients"]) == 1
        other = create(empty_house, {**sent, "name": "B"}, headers={"Idempotency-Key": "k-1"})
        assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY-KEY-REUSED")

    @pytest.mark.parametrize("body", [{"client": []}, {"client": None}, {}, [], {"client": EXAMPLE, "clients": []}])
    def test_the_outer_shape_must_be_right(self, module_house: House, body: Any) -> None:
        """Whatever has another shape is unreadable."""
        answer = module_house.post(CLIENTS, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED-BODY")


class TestReadClients:
    def test_one_client(self, one_client: House) -> None:
        """The object as it was answered at creation."""
        answer = one_client.get("")
        assert (answer.status_code, answer.json()) == (200, ANSWER)

    def test_an_unknown_client_is_404_for_an_operator_and_403_for_others(self, one_client: House) -> None:
        """Who may not use a client cannot learn whether it exists."""
        assert one_client.get("", client_no=4711).status_code == 404
        bound = one_client.token(client_nos=[3107])
        for client_no in (4711, 3108):
            answer = one_client.get("", client_no=client_no, token=bound)
            assert (answer.status_code, answer.json()["code"]) == (403, "CLIENT-FORBIDDEN")

    def test_the_list_has_the_clients_of_the_token_by_number(self, one_client: House) -> None:
        """An operator sees all of them."""
        one_client.add_client(2218)
        one_client.add_client(5000, status="SUSPENDED")
        assert numbers(one_client) == [2218, 3107, 5000]
        assert numbers(one_client, token=one_client.token(client_nos=[5000, 3107, 9])) == [3107, 5000]
        assert numbers(one_client, "?status=suspended,closed") == [5000]
        assert one_client.get(f"{CLIENTS}?status=ASLEEP").status_code == 400

    def test_pages_hang_together_and_belong_to_the_token(self, one_client: House) -> None:
        """Links lead on under the public address; a token for other clients does not find the stored list."""
        for number in range(1, 12):
            one_client.add_client(number)
        first = one_client.get(f"{CLIENTS}?pagesize=6").json()
        assert first["summary"]["totalCount"] == 12
        query = first["summary"]["queryId"]
        assert first["summary"]["nextPage"] == f"https://reskontro.example/arm/v1/clients?query={query}&pageno=2"
        following = f"{CLIENTS}?query={query}&pageno=2"
        assert [client["clientNo"] for client in one_client.get(following).json()["clients"]] == [7, 8, 9, 10, 11, 3107]
        other = one_client.get(following, token=one_client.token(client_nos=[3107]))
        assert (other.status_code, other.json()["code"]) == (404, "QUERY-NOT-FOUND")


def numbers(house: House, query: str = "", **options: Any) -> list[int]:
    """The numbers of the clients in a list."""
    return [client["clientNo"] for client in house.get(f"{CLIENTS}{query}", **options).json()["clients"]]


class TestUpdateClient:
    def test_changes_what_is_sent_and_leaves_the_rest(self, one_client: House) -> None:
        """Absent and null mean unchanged; the log has the old and the new value."""
        answer = change(one_client, {"inBusinessRegister": False, "name": None})
        assert answer.status_code == 200
        assert answer.json() == {**ANSWER, "inBusinessRegister": False}
        changes = one_client.rows("select changes from log_item where event = 'CLIENT-UPDATED'")
        assert changes == [([{"field": "inBusinessRegister", "oldValue": True, "newValue": False}],)]

    def test_an_object_read_may_be_sent_back(self, one_client: House) -> None:
        """Nothing changes and nothing is logged."""
        assert change(one_client, one_client.get("").json()).json() == ANSWER
        assert one_client.rows("select count(*) from log_item") == [(1,)]

    def test_an_empty_text_brings_back_the_default(self, one_client: House) -> None:
        """Of every kind of field."""
        cleared = {"inBusinessRegister": "", "organizationNoScheme": "", "postalAddress": "", "status": ""}
        answer = change(one_client, cleared).json()
        assert (answer["inBusinessRegister"], answer["organizationNoScheme"], answer["status"]) == (False, "0192", "ACTIVE")
        assert [value for value in answer["postalAddress"].values() if value] == ["NO"]

    def test_an_address_is_replaced_as_a_whole(self, one_client: House) -> None:
        """One key sent, even an empty one, blanks the others; the country falls back."""
        address = change(one_client, {"postalAddress": {"cityName": "Bergen", "countryCode": "se"}}).json()["postalAddress"]
        assert address == {**dict.fromkeys(address), "cityName": "Bergen", "countryCode": "SE"}
        address = change(one_client, {"postalAddress": {"addressLine1": ""}}).json()["postalAddress"]
        assert address == {**dict.fromkeys(address), "countryCode": "NO"}
        change(one_client, {"postalAddress": {"cityName": "Oslo"}})
        assert change(one_client, {"postalAddress": {"cityName": None}}).json()["postalAddress"]["cityName"] == "Oslo"

    @pytest.mark.parametrize(
        ("sent", "expected"),
        [
            ({"clientNo": 3108}, [("/client/clientNo", "IMMUTABLE")]),
            ({"clientNo": ""}, [("/client/clientNo", "IMMUTABLE")]),
            ({"ledgerStart": "2026-02-01"}, [("/client/ledgerStart", "IMMUTABLE")]),
            ({"name": ""}, [("/client/name", "REQUIRED")]),
            ({"organizationNo": ""}, [("/client/organizationNo", "REQUIRED")]),
            ({"organizationNo": "310044104"}, [("/client/organizationNo", "BUSINESS-ID")]),
            ({"organizationNoScheme": "0184"}, [("/client/organizationNo", "BUSINESS-ID")]),
            ({"colour": "red"}, [("/client/colour", "UNKNOWN-FIELD")]),
        ],
    )
    def test_refuses_what_may_not_change(self, module_house: House, sent: dict[str, Any], expected: list[tuple[str, str]]) -> None:
        """And keeps what was there."""
        before = module_house.get("").json()
        assert codes(change(module_house, {"vatRegistered": False, **sent})) == expected
        assert module_house.get("").json() == before

    def test_a_suspended_client_takes_this_write_and_no_other(self, one_client: House) -> None:
        """Reads go on; a later update opens it again."""
        assert change(one_client, {"status": "suspended"}).json()["status"] == "SUSPENDED"
        refused = one_client.put("/glaccounts/3010", {"glAccount": {"name": "x", "accountType": "INCOME"}})
        assert (refused.status_code, refused.json()["code"]) == (409, "CLIENT-NOT-ACTIVE")
        assert one_client.get("/glaccounts").status_code == 200
        assert change(one_client, {"status": "ACTIVE"}).json()["status"] == "ACTIVE"

    def test_an_unknown_client_is_404(self, one_client: House) -> None:
        """Even with a body that would be refused."""
        assert change(one_client, {"clientNo": 1}, client_no=4711).status_code == 404


class TestGlAccounts:
    NEW: ClassVar[dict[str, Any]] = {"name": "Salgsinntekt ved", "accountType": "INCOME", "standardAccount": "3000", "defaultVatCode": "3"}

    def put(self, house: House, number: str, sent: dict[str, Any]) -> Any:
        """The answer to a PUT of an account."""
        return house.put(f"/glaccounts/{number}", {"metadata": {"userId": "anne"}, "glAccount": sent})

    def test_creates_changes_and_leaves_alone(self, house: House) -> None:
        """201 for a new one, 200 after that."""
        view = {**self.NEW, "glAccount": "3010", "isControl": False, "requiredDimensions": [], "active": True}
        created = self.put(house, "3010", self.NEW)
        assert (created.status_code, created.json()) == (201, view)
        again = self.put(house, "3010", created.json())
        assert (again.status_code, again.json()) == (200, view)
        changed = self.put(house, "3010", {"requiredDimensions": [2, 1, 2], "defaultVatCode": "", "active": False})
        assert changed.json() == {**view, "requiredDimensions": [1, 2], "defaultVatCode": None, "active": False}
        events = house.rows("select event, entity_id from log_item where entity_type = 'GL-ACCOUNT' order by sequence_no")
        assert events == [("GL-ACCOUNT-CREATED", "3010"), ("GL-ACCOUNT-CHANGED", "3010")]

    def test_lists_numbers_and_ranges(self, house: House) -> None:
        """By number; a range that is none is refused."""
        assert listed(house, "/glaccounts?glaccount=3900,1500-1575", "glAccounts", "glAccount") == ["1500", "1575", "3900"]
        assert listed(house, "/glaccounts?glaccount=abc", "glAccounts", "glAccount") == []
        assert house.get("/glaccounts?glaccount=15-x").json()["code"] == "INVALID-PARAMETER"
        self.put(house, "1920", {"active": False})
        assert listed(house, "/glaccounts?active=false", "glAccounts", "glAccount") == ["1920"]

    @pytest.mark.parametrize(
        ("number", "sent", "expected"),
        [
            ("3010", {}, [("/glAccount/name", "REQUIRED"), ("/glAccount/accountType", "REQUIRED")]),
            ("30A0", NEW, [("/glAccount/glAccount", "FORMAT")]),
            ("12345678901", NEW, [("/glAccount/glAccount", "FORMAT")]),
            ("3010", {**NEW, "accountType": "EQUITY"}, [("/glAccount/accountType", "CODE-UNKNOWN")]),
            ("3010", {**NEW, "requiredDimensions": [10]}, [("/glAccount/requiredDimensions/0", "RANGE")]),
            ("3010", {**NEW, "colour": 1}, [("/glAccount/colour", "UNKNOWN-FIELD")]),
            ("3900", {"name": ""}, [("/glAccount/name", "REQUIRED")]),
        ],
    )
    def test_refuses_what_is_no_account(self, module_house: House, number: str, sent: dict[str, Any], expected: list[Any]) -> None:
        """With every error of the body."""
        assert codes(self.put(module_house, number, sent)) == expected

    def test_what_was_posted_to_keeps_its_kind(self, house: House) -> None:
        """Type and control flag are fixed by the first posting, the rest is not."""
        assert self.put(house, "3000", {"accountType": "LIABILITY"}).status_code == 200
        assert self.put(house, "3000", {"accountType": "INCOME"}).status_code == 200
        house.document()
        refused = self.put(house, "3000", {"accountType": "ASSET", "isControl": True})
        assert codes(refused) == [("/glAccount/accountType", "IMMUTABLE"), ("/glAccount/isControl", "IMMUTABLE")]
        assert self.put(house, "3000", {"name": "Salg", "accountType": "INCOME"}).json()["name"] == "Salg"

    def test_a_control_account_with_a_balance_stays_active(self, house: House) -> None:
        """Without one it may go."""
        house.document()
        assert codes(self.put(house, "1500", {"active": False})) == [("/glAccount/active", "STATE-CONFLICT")]
        created = self.put(house, "1510", {"name": "Kundefordringer B", "accountType": "ASSET", "isControl": True})
        assert created.status_code == 201
        assert self.put(house, "1510", {"active": False}).json()["active"] is False


def listed(house: House, path: str, entities: str, key: str) -> list[Any]:
    """One key of every record of a list."""
    return [record[key] for record in house.get(path).json()[entities]]


class TestPostingRules:
    NEW: ClassVar[dict[str, Any]] = {"event": "IN", "lineType": "PLH", "vatCode": "3", "itemGroup1": "500", "contraAccount": "3030"}

    def put(self, house: House, number: int | str, sent: dict[str, Any]) -> Any:
        """The answer to a PUT of a rule."""
        return house.put(f"/postingrules/{number}", {"postingRule": sent})

    def test_creates_a_rule_that_postings_follow(self, house: House) -> None:
        """The income of the item group goes to the new account from then on."""
        created = self.put(house, 1001, self.NEW)
        assert created.status_code == 201
        assert created.json() == {
            "postingRuleNo": 1001,
            "event": "IN",
            "lineType": "PLH",
            "vatCode": "3",
            "itemGroup1": "500",
            "articleNo": None,
            "customerCategory": None,
            "countryCode": None,
            "feeCode": None,
            "reasonCode": None,
            "controlAccount": None,
            "contraAccount": "3030",
            "vatAccount": None,
            "vatReliefAccount": None,
            "priority": 500,
            "validFrom": None,
            "validTo": None,
            "active": True,
        }
        amounts = {"exclVat": 1000, "vat": 250, "inclVat": 1250}
        house.document(documentLines=[{"lineNo": 1, "lineType": "PLH", "itemGroup1": "500", "currencyAmounts": amounts}])
        assert set(house.balances()) == {"1500", "3030", "2700"}

    def test_changes_a_rule_and_clears_conditions(self, house: House) -> None:
        """An empty text takes a condition away; the same content again changes nothing."""
        self.put(house, 1001, self.NEW)
        changed = self.put(house, 1001, {"itemGroup1": "", "priority": 10, "validFrom": "2026-12-01", "customerCategory": "busn"})
        assert changed.status_code == 200
        view = changed.json()
        assert (view["itemGroup1"], view["priority"], view["validFrom"], view["customerCategory"]) == (None, 10, "2026-12-01", "BUSN")
        assert self.put(house, 1001, view).json() == view
        assert house.rows("select event from log_item where entity_type = 'POSTING-RULE' order by sequence_no") == [
            ("POSTING-RULE-CREATED",),
            ("POSTING-RULE-CHANGED",),
        ]

    def test_a_built_in_rule_can_only_be_switched_off(self, house: House) -> None:
        """Sent back as it is it is accepted, with anything else changed it is not."""
        rule = house.get("/postingrules?event=IT").json()["postingRules"][0]
        assert codes(self.put(house, rule["postingRuleNo"], {**rule, "contraAccount": "8060", "priority": 1})) == [
            ("/postingRule/contraAccount", "IMMUTABLE"),
            ("/postingRule/priority", "IMMUTABLE"),
        ]
        assert self.put(house, rule["postingRuleNo"], {**rule, "active": False}).json() == {**rule, "active": False}
        assert listed(house, "/postingrules?active=false", "postingRules", "postingRuleNo") == [rule["postingRuleNo"]]

    @pytest.mark.parametrize(
        ("number", "sent", "expected"),
        [
            (999, NEW, [("/postingRule/postingRuleNo", "RANGE")]),
            (100000, NEW, [("/postingRule/postingRuleNo", "RANGE")]),
            (1001, {"contraAccount": "3030"}, [("/postingRule/event", "REQUIRED")]),
            (1001, {"event": "GIFT"}, [("/postingRule/event", "CODE-UNKNOWN")]),
            (1001, {**NEW, "contraAccount": "3010"}, [("/postingRule/contraAccount", "ACCOUNT-UNKNOWN")]),
            (1001, {**NEW, "contraAccount": "x"}, [("/postingRule/contraAccount", "ACCOUNT-UNKNOWN")]),
            (1001, {**NEW, "contraAccount": "1500"}, [("/postingRule/contraAccount", "ACCOUNT-CONTROL")]),
            (1001, {**NEW, "vatAccount": "1500"}, [("/postingRule/vatAccount", "ACCOUNT-CONTROL")]),
            (1001, {**NEW, "controlAccount": "3030"}, [("/postingRule/controlAccount", "FORMAT")]),
            (1001, {**NEW, "validFrom": "2026-02-01", "validTo": "2026-01-31"}, [("/postingRule/validTo", "DATE-ORDER")]),
            (1001, {**NEW, "countryCode": "NX"}, [("/postingRule/countryCode", "COUNTRY-CODE")]),
            (1001, {**NEW, "priority": 1000}, [("/postingRule/priority", "RANGE")]),
        ],
    )
    def test_refuses_rules_that_could_not_be_followed(self, module_house: House, number: int, sent: dict[str, Any], expected: list[Any]) -> None:
        """Accounts must exist, be active and stand in the right place."""
        assert codes(self.put(module_house, number, sent)) == expected

    def test_the_number_must_be_one(self, module_house: House) -> None:
        """In the path."""
        assert self.put(module_house, "first", self.NEW).json()["code"] == "INVALID-PARAMETER"


class TestPeriods:
    def put(self, house: House, period: str, status: str, user: str = "anne", **more: Any) -> Any:
        """The answer to a PUT of a period."""
        return house.put(f"/periods/{period}", {"metadata": {"userId": user}, "period": {"status": status, **more}})

    def test_the_oldest_open_period_closes(self, house: House) -> None:
        """And only that one; once closed, closing again changes nothing."""
        conflict = self.put(house, "2026/2", "CLOSED")
        assert (conflict.status_code, conflict.json()["code"]) == (409, "STATE-CONFLICT")
        closed = {
            "clientNo": 3107,
            "glYear": 2026,
            "glPeriod": 1,
            "fromDate": "2026-01-01",
            "toDate": "2026-01-31",
            "status": "CLOSED",
            "closedAt": "2026-11-25T12:00:00.000Z",
            "closedBy": "anne",
            "controlDifference": 0,
        }
        answer = self.put(house, "2026/1", "closed")
        assert (answer.status_code, answer.json()) == (200, closed)
        house.clock.advance(minutes=30)
        assert self.put(house, "2026/1", "CLOSED", user="berit").json() == closed
        assert house.get("/periods?status=CLOSED").json()["periods"] == [closed]
        logged = house.rows("select entity_id, changes from log_item where event = 'PERIOD-CLOSED'")
        assert logged == [("2026/1", [{"field": "status", "oldValue": "OPEN", "newValue": "CLOSED"}])]

    def test_a_document_in_a_closed_period_goes_to_the_next_open_day(self, house: House) -> None:
        """Closing counts from its commit on."""
        for period in range(1, 11):
            assert self.put(house, f"2026/{period}", "CLOSED").status_code == 200
        house.document(documentNo="A", documentDate="2026-10-05")
        assert house.rows("select gl_date::text, gl_period from document where document_no = 'A'") == [("2026-11-01", 11)]

    def test_reopening_takes_the_latest_a_reason_and_a_second_person(self, house: House) -> None:
        """The config can do without the second person."""
        for period in (1, 2):
            self.put(house, f"2026/{period}", "CLOSED")
        assert self.put(house, "2026/1", "OPEN", user="berit", reason="Wrong").json()["code"] == "STATE-CONFLICT"
        assert codes(self.put(house, "2026/2", "OPEN", user="ANNE")) == [
            ("/period/status", "STATE-CONFLICT"),
            ("/period/reason", "REQUIRED"),
        ]
        opened = self.put(house, "2026/2", "OPEN", user="berit", reason="A late invoice")
        assert (opened.json()["status"], opened.json()["closedBy"], opened.json()["closedAt"]) == ("OPEN", None, None)
        (changes,) = house.rows("select changes from log_item where event = 'PERIOD-REOPENED'")[0]
        assert changes[1] == {"field": "reason", "oldValue": None, "newValue": "A late invoice"}
        with house.database.transaction(3107) as transaction:
            assert verify_log(transaction, 3107) == []

    def test_the_control_figure_is_zero_whatever_was_posted(self, house: House) -> None:
        """AR items and control accounts agree in every period."""
        house.document(documentDate="2026-10-05")
        house.document(documentDate="2026-11-05")
        assert {period["controlDifference"] for period in exact_json(house.get("/periods"))["periods"]} == {0}

    def test_periods_come_into_being_with_the_year(self, house: House) -> None:
        """On New Year's Day of 2027 those of 2028 are there, for lists and for postings."""
        assert house.get("/periods?glyear=2028").json()["periods"] == []
        house.clock.set(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))  # already 2027 in Oslo
        token = house.token(["read:arm"])
        assert len(house.get("/periods?glyear=2028", token=token).json()["periods"]) == 12
        house.clock.set(datetime(2028, 1, 15, tzinfo=UTC))
        with house.database.transaction(3107) as transaction:
            lock_client(transaction, 3107)
            assert str(open_books(transaction, 3107, house.clock.now()).calendar.last_day) == "2029-12-31"

    @pytest.mark.parametrize(("path", "status"), [("2025/12", 404), ("2026/13", 404), ("2026/x", 400), ("99999999999/1", 404)])
    def test_a_period_that_does_not_exist(self, module_house: House, path: str, status: int) -> None:
        """404 for a number without period, 400 for what is no number."""
        assert self.put(module_house, path, "CLOSED").status_code == status

    def test_the_status_must_be_one(self, module_house: House) -> None:
        """Required, and of the list."""
        assert codes(self.put(module_house, "2026/1", "SHUT")) == [("/period/status", "CODE-UNKNOWN")]
        assert codes(module_house.put("/periods/2026/1", {"period": {}})) == [("/period/status", "REQUIRED")]
