"""The Idempotency-Key: one effect, the same answer byte for byte, and what does not count as a repetition."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from reskontro.db.engine import lock_client
from tests.api.support import invoice
from tests.house import House

KEY = {"Idempotency-Key": "k-1"}
NEW = {"customer": {"customerNo": "N-1", "name": "Ny"}}
NDJSON = {"Content-Type": "application/x-ndjson"}


def events(house: House) -> int:
    """How many log items the client has."""
    return int(house.rows("select count(*) from log_item")[0][0])


class TestRepetition:
    def test_the_same_answer_byte_for_byte(self, books: House) -> None:
        """Status, body, Content-Type, Content-Language and Location of the first call; request id and rate headers of this one; no second effect."""
        first = books.post("/customers", NEW, headers={**KEY, "Accept-Language": "nb"})
        before = events(books)
        books.put("/customers", {"customer": {"customerNo": "N-1", "name": "Changed since"}})
        again = books.post("/customers", NEW, headers={**KEY, "Accept-Language": "en"})
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        for name in ("content-type", "content-language", "location"):
            assert again.headers[name] == first.headers[name]
        assert again.headers["x-request-id"] != first.headers["x-request-id"]
        assert "ratelimit-remaining" in again.headers
        assert events(books) == before + 1
        assert books.get("/customers/N-1").json()["name"] == "Changed since"

    @pytest.mark.parametrize("headers", [{}, NDJSON], ids=["json", "ndjson"])
    def test_of_a_batch(self, books: House, headers: dict[str, str]) -> None:
        """The batch is accepted once; the repetition is the first answer, however far the batch is by now."""
        content = b'{"customerNo": "N-1", "name": "Ny"}' if headers else json.dumps({"customers": [NEW["customer"]]}).encode()
        first = books.post("/customers/batches", content=content, headers={**KEY, **headers})
        books.work()
        again = books.post("/customers/batches", content=content, headers={**KEY, **headers})
        assert (again.status_code, again.content, again.headers["location"]) == (202, first.content, first.headers["location"])
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers["retry-after"] == first.headers["retry-after"]
        assert books.rows("select count(*) from batch") == [(1,)]
        other = books.post("/customers/batches", content=content + b" ", headers={**KEY, **headers})
        assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY-KEY-REUSED")

    def test_of_a_document_without_a_number(self, books: House) -> None:
        """The case it was made for: no second invoice."""
        first, again = (books.post("/documents", {"document": invoice()}, headers=KEY) for _ in range(2))
        assert first.content == again.content
        assert books.rows("select count(*) from document") == [(1,)]

    def test_of_cancel_and_retry(self, books: House) -> None:
        """Without the key the second call is a conflict, with it the first answer."""
        batch = books.post("/customers/batches", {"customers": [{}]}).json()["batchUuid"]
        for action, status in (("cancel", 200), ("retryfailed", 202)):
            first, again = (books.post(f"/batches/{batch}/{action}", headers=KEY) for _ in range(2))
            assert (first.status_code, again.status_code, again.content) == (status, status, first.content)
            assert again.headers["idempotency-replayed"] == "true"
            assert books.post(f"/batches/{batch}/{action}").status_code == 409

    def test_by_somebody_else(self, books: House) -> None:
        """Who sends the key does not matter, the right to the call does."""
        first = books.post("/customers", NEW, headers=KEY)
        other = books.token(("write:arm",), [books.client_no])
        assert books.post("/customers", NEW, headers=KEY, token=other).content == first.content
        reader = books.token(("read:arm",), [books.client_no])
        assert books.post("/customers", NEW, headers=KEY, token=reader).status_code == 403

    def test_when_the_client_is_no_longer_active(self, books: House) -> None:
        """The stored answer comes before 409 CLIENT-NOT-ACTIVE."""
        first = books.post("/customers", NEW, headers=KEY)
        batch = books.post("/customers/batches", {"customers": [{}]}, headers=KEY)
        lines = books.post("/documents/batches", content=b"{}", headers={**KEY, **NDJSON})
        assert books.put("", {"client": {"status": "SUSPENDED"}}).status_code == 200
        assert books.post("/customers", NEW, headers=KEY).content == first.content
        assert books.post("/customers/batches", {"customers": [{}]}, headers=KEY).content == batch.content
        assert books.post("/documents/batches", content=b"{}", headers={**KEY, **NDJSON}).content == lines.content
        assert books.post("/documents/batches", content=b"{}", headers=NDJSON).json()["code"] == "CLIENT-NOT-ACTIVE"
        assert books.post("/documents/batches", content=b"{", headers=NDJSON).json()["code"] == "MALFORMED-JSON"
        assert books.post("/customers", NEW, headers={"Idempotency-Key": "k-2"}).json()["code"] == "CLIENT-NOT-ACTIVE"


class TestScope:
    def test_another_body(self, books: House) -> None:
        """409, even for one blank more; the stored answer stays."""
        first = books.post("/customers", content=json.dumps(NEW).encode(), headers=KEY)
        for content in (json.dumps(NEW).encode() + b" ", b'{"customer": {}}'):
            answer = books.post("/customers", content=content, headers=KEY)
            assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY-KEY-REUSED")
        assert books.post("/customers", content=json.dumps(NEW).encode(), headers=KEY).content == first.content

    def test_another_path_method_client_or_key(self, books: House) -> None:
        """Each is a call of its own."""
        assert books.post("/customers", NEW, headers=KEY).status_code == 201
        assert books.put("/customers", NEW, headers=KEY).headers.get("idempotency-replayed") is None
        document = books.post("/documents", {"document": invoice(customerNo="N-1")}, headers=KEY)
        assert (document.status_code, document.headers.get("idempotency-replayed")) == (201, None)
        other = replace(books, client_no=books.add_client(books.client_no + 50_000))
        assert other.post("/customers", NEW, headers=KEY).status_code == 201
        upper = books.post("/customers", NEW, headers={"Idempotency-Key": "K-1"})
        assert (upper.status_code, upper.json()["result"]) == (200, "UNCHANGED")

    def test_creating_clients(self, books: House) -> None:
        """There the scope has no client."""
        client = {"client": {"clientNo": books.client_no + 60_000, "name": "N", "organizationNo": "310044113"}}
        key = {"Idempotency-Key": f"new-{books.client_no}"}
        first, again = (books.post("/arm/v1/clients", client, headers=key) for _ in range(2))
        assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
        assert again.headers["idempotency-replayed"] == "true"

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    def test_only_for_post_and_put(self, books: House, method: str) -> None:
        """Elsewhere the header means nothing, not even a malformed one."""
        books.customer("N-1")
        for _ in range(2):
            answer = books.call(method, "/customers/N-1", headers={"Idempotency-Key": "a b"})
            assert "idempotency-replayed" not in answer.headers
            assert answer.status_code in (200, 404)

    @pytest.mark.parametrize("key", ["x", "x" * 255, "!~{}\"'\\"])
    def test_what_a_key_may_be(self, books: House, key: str) -> None:
        """1 to 255 visible ASCII characters, compared exactly."""
        first, again = (books.post("/customers", NEW, headers={"Idempotency-Key": key}) for _ in range(2))
        assert (first.content, again.headers["idempotency-replayed"]) == (again.content, "true")


class TestRefusedCalls:
    @pytest.mark.parametrize(
        ("path", "bad", "status"),
        [
            ("/customers", {"customer": {"customerNo": "N-1"}}, 422),
            ("/customers", {"customer": []}, 400),
            ("/documents", {"document": {}}, 422),
            ("/customers/batches", {"customers": []}, 400),
        ],
    )
    def test_they_are_not_kept(self, books: House, path: str, bad: Any, status: int) -> None:
        """A refused call had no effect: repaired, it may go under the same key, and repeated it is refused anew."""
        for _ in range(2):
            answer = books.post(path, bad, headers=KEY)
            assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (status, None)
        good = {"/customers": NEW, "/documents": {"document": invoice()}, "/customers/batches": {"customers": [{}]}}[path]
        assert books.post(path, good, headers=KEY).status_code in (201, 202)
        assert books.post(path, good, headers=KEY).headers["idempotency-replayed"] == "true"

    def test_a_put_that_finds_nothing(self, books: House) -> None:
        """404 is not kept either."""
        assert books.put("/customers", NEW, headers=KEY).status_code == 404
        books.customer("N-1", "Ny")
        assert books.put("/customers", NEW, headers=KEY).json()["result"] == "UNCHANGED"


class TestAtOnce:
    @pytest.mark.parametrize("path", ["/documents", "/documents/batches"])
    def test_64_parallel_calls(self, books: House, path: str) -> None:
        """One effect and 64 equal answers, or 409 for those that would have waited too long."""
        body = {"document": invoice()} if path == "/documents" else {"documents": [invoice()]}
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: books.post(path, body, headers=KEY), range(64)))
        kept = [answer for answer in answers if answer.status_code != 409]
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"IDEMPOTENCY-IN-PROGRESS"}
        assert len({answer.content for answer in kept}) == 1
        assert sum("idempotency-replayed" not in answer.headers for answer in kept) == 1
        books.work()
        assert books.rows("select count(*) from document") == [(1,)]

    def test_parallel_bodies_under_one_key(self, books: House) -> None:
        """One of them wins, the others are refused: no mixture."""
        bodies = [{"customer": {"customerNo": f"N-{number}", "name": "N"}} for number in range(16)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda body: books.post("/customers", body, headers=KEY), bodies))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15
        assert books.rows("select count(*) from customer where customer_no like 'N-%%'") == [(1,)]

    def test_the_first_is_still_running(self, house: House) -> None:
        """Who waits longer than the server allows gets 409 with Retry-After and may try again."""
        house.services.settings.idempotency_wait_seconds = 0.2
        try:
            with ThreadPoolExecutor(2) as pool, house.database.transaction(house.client_no) as running:
                lock_client(running, house.client_no)
                first = pool.submit(house.post, "/customers/batches", {"customers": [{}]}, headers=KEY)
                assert first.result().status_code == 202
                slow = pool.submit(house.put, "", {"client": {"name": "Renamed"}}, headers=KEY)
                waiting = house.database.connect()
                while not waiting.execute("select 1 from pg_locks where locktype = 'advisory' and objsubid = 1 and granted").fetchone():
                    assert not slow.done()
                answer = house.put("", {"client": {"name": "Renamed"}}, headers=KEY)
                waiting.close()
                assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (409, "IDEMPOTENCY-IN-PROGRESS", "1")
            assert slow.result().status_code == 200
            assert house.put("", {"client": {"name": "Renamed"}}, headers=KEY).headers["idempotency-replayed"] == "true"
        finally:
            house.services.settings.idempotency_wait_seconds = 5.0


def test_answers_are_kept_400_days(house: House) -> None:
    """Until then a repetition is one."""
    first = house.post("/customers", NEW, headers=KEY)
    house.clock.advance(days=399)
    later = replace(house, _tokens={})
    assert later.post("/customers", NEW, headers=KEY).content == first.content
