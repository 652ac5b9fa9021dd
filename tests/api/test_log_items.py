"""Aim: the log of a client can be read and searched, in the caller's language, with a chain that anybody can follow."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from reskontro.kit.ids import decode_id
from tests.api.support import amounts, created, invoice, payment
from tests.house import House

NAMES = (
    "logItemId clientNo sequenceNo occurredAt event entityType entityId customerNo documentNo arItemId batchUuid requestId actor userId source"
    " message hash previousHash"
).split()


def listed(house: House, query: str = "", **options: Any) -> list[dict[str, Any]]:
    """Log items of a list."""
    answer = house.get(f"/logitems?{query}", **options)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["logItems"]
    return found


def events(items: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """Sequence number and event of items."""
    return [(item["sequenceNo"], item["event"]) for item in items]


@pytest.fixture
def logged(books: House) -> House:
    """Seven items: the client, two customers, an invoice, a payment that settles it, and a change of a customer by anne."""
    created(books, invoice(documentNo="A-1", kid="0010017"))
    created(books, payment(1250, documentNo="P-1", kid="0010017"))
    sent = {"metadata": {"userId": "Anne"}, "customer": {"customerNo": "100001", "name": "Kari Ny", "phoneNo": "22222222"}}
    assert books.put("/customers", sent).status_code == 200
    return books


class TestOne:
    def test_every_key(self, books: House) -> None:
        """In the documented order, with the ids of the document and the request."""
        answer = books.post("/documents", {"metadata": {"userId": "anne"}, "document": invoice(documentNo="26001001")})
        result = answer.json()
        (found,) = listed(books, "event=DOCUMENT-POSTED")
        assert list(found) == NAMES
        assert {name: found[name] for name in NAMES if name not in ("logItemId", "hash", "previousHash", "actor")} == {
            "clientNo": books.client_no,
            "sequenceNo": 4,
            "occurredAt": "2026-11-25T12:00:00.000Z",
            "event": "DOCUMENT-POSTED",
            "entityType": "DOCUMENT",
            "entityId": result["documentUuid"],
            "customerNo": "100001",
            "documentNo": "26001001",
            "arItemId": result["arItemId"],
            "batchUuid": None,
            "requestId": answer.headers["x-request-id"],
            "userId": "anne",
            "source": "API",
            "message": "Document posted: 26001001",
        }
        assert books.get(f"/logitems/{found['logItemId']}").json() == {**found, "changes": []}

    def test_changes_come_with_one_and_with_expand(self, logged: House) -> None:
        """What was changed, old and new, with secrets masked; a list has them when asked."""
        (bare,) = listed(logged, "event=CUSTOMER-UPDATED")
        assert "changes" not in bare
        (found,) = listed(logged, "event=CUSTOMER-UPDATED&expand=changes")
        assert list(found).index("changes") == list(found).index("message") + 1
        assert [change["field"] for change in found["changes"]] == ["name", "phoneNo"]
        assert found["changes"][0] == {"field": "name", "oldValue": "Kari Prøve", "newValue": "Kari Ny"}
        assert found["changes"][1]["oldValue"] is None
        assert found["changes"][1]["newValue"] != "22222222"
        assert logged.get(f"/logitems/{found['logItemId']}").json() == found

    def test_an_item_of_another_client_does_not_exist(self, logged: House, module_house: House) -> None:
        """404, in the words used for one that nobody has, and for an id that no item can have."""
        other = module_house.add_client(logged.client_no + 500_000)
        theirs = listed(module_house, client_no=other)[0]["logItemId"]
        own = logged.client_no.to_bytes(4, "big")
        tails = ((2026).to_bytes(4, "big") + (99).to_bytes(8, "big"), (10_000).to_bytes(4, "big") + bytes(7) + b"\1", b"\xff" * 12)
        answers = [logged.get(f"/logitems/{identifier}") for identifier in (theirs, *(encoded(own + tail) for tail in tails))]
        assert {(answer.status_code, answer.json()["code"], answer.json()["detail"]) for answer in answers} == {
            (404, "NOT-FOUND", "the log item does not exist")
        }
        malformed = logged.get("/logitems/4")
        assert (malformed.status_code, malformed.json()["code"]) == (400, "ID-MALFORMED")

    def test_the_language_of_the_message(self, logged: House) -> None:
        """Norwegian on request; codes stay."""
        texts = [listed(logged, "sequencefrom=4", headers={"Accept-Language": language})[0]["message"] for language in ("nb", "nn", "en", "fr")]
        assert texts == ["Dokument bokført: A-1", "Dokument bokført: A-1", "Document posted: A-1", "Document posted: A-1"]

    def test_messages_name_what_people_know(self, logged: House) -> None:
        """The document, else the customer, else the key of a setting."""
        configured = {"clientConfig": {"value": 21}}
        assert logged.put("/clientconfigs/document.defaultDueDays", configured).status_code == 200
        found = {item["event"]: item["message"] for item in listed(logged)}
        assert found["CUSTOMER-UPDATED"] == "Customer updated: 100001"
        assert found["CONFIG-CHANGED"] == "Client config changed: document.defaultDueDays"
        assert found["CLIENT-CREATED"] == f"Client created: {logged.client_no}"


class TestChain:
    def test_each_item_names_the_hash_before(self, logged: House) -> None:
        """The first follows zeros; the page does not matter."""
        found = listed(logged)
        assert [item["sequenceNo"] for item in found] == list(range(1, len(found) + 1))
        assert found[0]["previousHash"] == "0" * 64
        assert all(after["previousHash"] == before["hash"] for before, after in pairwise(found))
        assert all(len(item["hash"]) == 64 and int(item["hash"], 16) for item in found)
        assert listed(logged, "event=CUSTOMER-UPDATED")[0]["previousHash"] == found[-2]["hash"]

    def test_the_chain_goes_on_over_years(self, logged: House) -> None:
        """The item before the first of a year is the last of the year before, also when a whole year was silent."""
        house = logged
        now, last = house.clock.now(), listed(house)[-1]
        house.clock.set(datetime(2028, 2, 1, tzinfo=UTC))
        try:
            house = replace(logged, _tokens={})
            house.customer("100009")
            found = listed(house)
            assert [item["occurredAt"][:4] for item in found[-2:]] == ["2026", "2028"]
            assert found[-1]["previousHash"] == last["hash"]
            assert house.get(f"/logitems/{found[-1]['logItemId']}").json()["previousHash"] == last["hash"]
            house.clock.set(now)
            house = replace(logged, _tokens={})
            house.customer("100010")
            assert [item["occurredAt"][:4] for item in listed(house, "sequencefrom=6")][-3:] == ["2026", "2028", "2026"]
            assert [item["sequenceNo"] for item in listed(house)] == list(range(1, len(found) + 2))
        finally:
            house.clock.set(now)

    def test_erased_values_are_null(self, books: House) -> None:
        """A deleted customer leaves its items, without its number and without what was changed."""
        books.customer("G1", "Gone")
        account = books.rows("select account_no from customer where customer_no = 'G1'")[0][0]
        assert books.call("DELETE", "/customers/G1").status_code == 200
        found = listed(books, f"entityid={account}&expand=changes")
        assert [(item["event"], item["customerNo"], item["changes"], item["message"]) for item in found] == [
            ("CUSTOMER-CREATED", None, [], "Customer created"),
            ("CUSTOMER-DELETED", None, [], "Customer deleted"),
        ]
        assert found[1]["previousHash"] == found[0]["hash"]


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("event=document-posted", [4, 6]),
            ("event=ITEM-MATCHED,CLIENT-CREATED", [1, 5]),
            ("entitytype=customer", [2, 3, 7]),
            ("entitytype=MATCH,CLIENT", [1, 5]),
            ("customerno=100002", [3]),
            ("documentno=a-1", [4]),
            ("documentno=A-1,p-1", [4, 5, 6]),
            ("customerno=100001&entitytype=DOCUMENT", [4, 6]),
            ("customerno=nobody", []),
            ("actinguser=anne", [7]),
            ("sequencefrom=6", [6, 7]),
            ("sequencefrom=99999999999999", []),
            ("occurredfrom=2026-11-25", [1, 2, 3, 4, 5, 6, 7]),
            ("occurredfrom=2026-11-25T12:00:00Z&occurredto=2026-11-25T12:00:00.001Z", [1, 2, 3, 4, 5, 6, 7]),
            ("occurredto=2026-11-25T13:00:00%2B01:00", []),
            ("occurredto=2026-11-24", []),
            ("occurredto=9999-12-31", [1, 2, 3, 4, 5, 6, 7]),
            ("occurredfrom=0001-01-01", [1, 2, 3, 4, 5, 6, 7]),
        ],
    )
    def test_each(self, logged: House, query: str, expected: list[int]) -> None:
        """Values compare without case, ids exactly; of a date-time the end does not belong to it."""
        assert [item["sequenceNo"] for item in listed(logged, query)] == expected

    def test_ids(self, logged: House) -> None:
        """Objects by id, AR items, and the batch that things came with."""
        posted = listed(logged, "event=DOCUMENT-POSTED")
        assert events(listed(logged, f"entityid={posted[0]['entityId']}")) == [(4, "DOCUMENT-POSTED")]
        assert events(listed(logged, f"entityid={posted[0]['entityId'].swapcase()}")) == []
        assert events(listed(logged, f"aritemid={posted[0]['arItemId']},{posted[1]['arItemId']}")) == [(4, "DOCUMENT-POSTED"), (6, "DOCUMENT-POSTED")]
        batch = logged.batch("/documents/batches", {"documents": [invoice(documentNo="B-1", currencyAmounts=amounts(8, 2))]})
        assert [item["documentNo"] for item in listed(logged, f"batchuuid={batch['batchUuid']}")][-1] == "B-1"

    def test_keys_of_settings_compare_without_case(self, logged: House) -> None:
        """A config is named by its key."""
        assert logged.put("/clientconfigs/document.defaultDueDays", {"clientConfig": {"value": 21}}).status_code == 200
        assert [item["event"] for item in listed(logged, "entityid=Document.DefaultDueDays")] == ["CONFIG-CHANGED"]

    def test_a_day_is_the_clients_day(self, books: House) -> None:
        """23:30 UTC on the 25th is the 26th in Oslo."""
        now = books.clock.now()
        books.clock.set(datetime(2026, 11, 25, 23, 30, tzinfo=UTC))
        try:
            house = replace(books, _tokens={})
            house.customer("100009")
        finally:
            books.clock.set(now)
        assert [item["customerNo"] for item in listed(books, "occurredfrom=2026-11-26")] == ["100009"]
        assert [item["customerNo"] for item in listed(books, "occurredto=2026-11-25")] == [None, "100001", "100002"]

    @pytest.mark.parametrize("query", ["event=NOTHING", "entitytype=THING", "occurredfrom=yesterday", "expand=all", "sequencefrom=x"])
    def test_what_cannot_be_understood(self, books: House, query: str) -> None:
        """400 INVALID-PARAMETER."""
        answer = books.get(f"/logitems?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID-PARAMETER")

    def test_pages_keep_expand(self, logged: House) -> None:
        """The first call's expand holds on until another one is given."""
        first = logged.get("/logitems?pagesize=5&expand=changes").json()
        second = logged.get(f"/logitems?query={first['summary']['queryId']}&pageno=2").json()["logItems"]
        assert (first["summary"]["pageSizeLimit"], len(first["logItems"]), len(second)) == (5, 5, 2)
        assert all("changes" in item for item in (*first["logItems"], *second))
        bare = logged.get(f"/logitems?query={first['summary']['queryId']}&pageno=2&expand=").json()["logItems"]
        assert bare == second


def encoded(raw: bytes) -> str:
    """An id of 16 bytes on the wire."""
    text = urlsafe_b64encode(raw).decode().rstrip("=")
    assert decode_id(text).bytes == raw
    return text
