"""The surface: which check comes before which, what every answer carries, forms and languages of answers, limits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from reskontro.kit.errors import STATUS_OF_CODE, title_of
from reskontro.rooms import all_operations
from reskontro.web.operations import Operation
from reskontro.web.rates import RateLimiter
from tests.api.support import customer_batch, invoice
from tests.house import House
from tests.tenancy.stories import signed_token

ID = re.compile(r"[A-Za-z0-9_-]{22}")
NDJSON, CSV = "application/x-ndjson", "text/csv"


# ------------------------------------------------------------------------------------------------ the order of checks


@dataclass
class Request:
    """A call in the making: every fault changes something of it."""

    house: House
    token: str | None
    method: str = "POST"
    path: str = "/arm/v1/clients/{client}/batches/{id}/cancel"
    client: str = ""
    id: str = ""
    query: str = ""
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)

    def send(self) -> httpx2.Response:
        """The answer."""
        headers = dict(self.headers)
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        url = self.path.format(client=self.client, id=self.id) + self.query
        return self.house.http.request(self.method, url, content=self.body, headers=headers)


def no_such_path(request: Request) -> None:
    """Nothing is there."""
    request.path = "/arm/v1/clients/{client}/nothing/{id}/cancel"


def no_such_method(request: Request) -> None:
    """The path is there for another method."""
    request.method = "DELETE"


def no_token(request: Request) -> None:
    """Nobody calls."""
    request.token = None


def client_no_number(request: Request) -> None:
    """The client is no number."""
    request.client = "abc"


def foreign_client(request: Request) -> None:
    """The token is for another client."""
    request.token = signed_token(request.house, client_nos=[1])


def scope_missing(request: Request) -> None:
    """The token may only read."""
    request.token = signed_token(request.house, scope="read:arm")


def too_many(request: Request) -> None:
    """The client's calls of this second are used up."""
    request.house.services.rates = RateLimiter(1, 1000, lambda: 0.0)
    request.house.services.rates.take_request(int(request.house.client_no))
    request.house.services.rates.take_request(0)


def other_accept(request: Request) -> None:
    """The caller wants a page."""
    request.headers["Accept"] = "text/html"


def other_content(request: Request) -> None:
    """The body is said to be text."""
    request.headers["Content-Type"] = "text/plain"


def too_large(request: Request) -> None:
    """The body has two mebibytes."""
    request.body = b" " * (2 << 20)


def unknown_parameter(request: Request) -> None:
    """A parameter that the call does not have."""
    request.query = "?pageSize=5"


def malformed_id(request: Request) -> None:
    """An id that is none."""
    request.id = "short"


def malformed_body(request: Request) -> None:
    """A body that is no JSON."""
    request.body = b"{"


def used_key(request: Request) -> None:
    """A key that another body was sent with."""
    request.headers["Idempotency-Key"] = "used"


def unknown_object(request: Request) -> None:
    """A batch that nobody has."""
    request.id = "A" * 22


def suspended_client(request: Request) -> None:
    """The client takes no writes."""
    answer = request.house.put("", {"client": {"status": "SUSPENDED"}})
    assert answer.status_code == 200


def nothing(request: Request) -> None:
    """The batch is final already."""


STEPS: list[tuple[Callable[[Request], None], int, str]] = [
    (no_such_path, 404, "NOT-FOUND"),
    (no_such_method, 405, "METHOD-NOT-ALLOWED"),
    (no_token, 401, "UNAUTHENTICATED"),
    (client_no_number, 400, "INVALID-PARAMETER"),
    (foreign_client, 403, "CLIENT-FORBIDDEN"),
    (scope_missing, 403, "INSUFFICIENT-SCOPE"),
    (too_many, 429, "RATE-LIMITED"),
    (other_accept, 406, "NOT-ACCEPTABLE"),
    (other_content, 415, "UNSUPPORTED-MEDIA-TYPE"),
    (too_large, 413, "PAYLOAD-TOO-LARGE"),
    (unknown_parameter, 400, "UNKNOWN-PARAMETER"),
    (malformed_id, 400, "ID-MALFORMED"),
    (used_key, 409, "IDEMPOTENCY-KEY-REUSED"),
    (unknown_object, 404, "NOT-FOUND"),
    (suspended_client, 409, "CLIENT-NOT-ACTIVE"),
    (nothing, 409, "STATE-CONFLICT"),
]
"""Every step with the fault that it finds, in the order in which they answer; the last one is the state of the batch itself."""


@pytest.fixture
def request_of(books: House) -> Iterator[Request]:
    """A call that is refused only for the state of the batch: it is cancelled already."""
    batch = customer_batch(books)
    assert books.post(f"/batches/{batch}/cancel").status_code == 200
    rates = books.services.rates
    with books.database.transaction(books.client_no) as transaction:
        for used in (batch, "A" * 22):
            transaction.execute(
                "insert into idempotency_key (client_no, method, path, idempotency_key, body_hash, status, headers, body, created_at)"
                " values (%s, 'POST', %s, 'used', '\\x00', 200, '{\"Content-Type\": \"application/json\"}', '', now())",
                (books.client_no, f"/arm/v1/clients/{books.client_no}/batches/{used}/cancel"),
            )
    yield Request(books, books.token(), client=str(books.client_no), id=batch)
    books.services.rates = rates


@pytest.mark.parametrize("place", range(len(STEPS)), ids=[step[2] + f"-{number}" for number, step in enumerate(STEPS)])
def test_each_check_comes_before_those_after_it(request_of: Request, place: int) -> None:
    """A call with this fault and all those that are looked at later is refused for this one."""
    fault, status, code = STEPS[place]
    # From the last to the first, so that where two faults change the same thing the one that is asked about has the last word.
    for later, _, _ in reversed(STEPS[place:]):
        later(request_of)
    answer = request_of.send()
    assert (answer.status_code, answer.json()["code"]) == (status, code), (fault.__name__, answer.text)


class TestOrderOfWrites:
    def test_a_body_is_read_before_anything_is_looked_up(self, books: House) -> None:
        """400 for the body comes before 404 for the object, and field errors last."""
        nobody = books.put("/customers", {"customer": {"customerNo": "nobody", "language": "xx"}})
        assert (nobody.status_code, nobody.json()["code"]) == (404, "NOT-FOUND")
        for content in (b"{", b"[]"):
            assert books.put("/customers", content=content).status_code == 400
        assert books.post(f"/batches/{'A' * 22}/cancel", content=b"{").status_code == 400

    def test_a_suspended_client(self, books: House) -> None:
        """Reads go on; writes are refused, unless what they are about does not exist."""
        batch = customer_batch(books)
        assert books.put("", {"client": {"status": "SUSPENDED"}}).status_code == 200
        assert books.get("/customers/100001").status_code == 200
        for method, path, body in (
            ("POST", "/customers", {"customer": {"customerNo": "N", "name": "N"}}),
            ("POST", "/customers", {"customer": {"language": "xx"}}),
            ("PUT", "/customers", {"customer": {"customerNo": "100001", "name": "N"}}),
            ("DELETE", "/customers/100001", None),
            ("POST", "/documents", {"document": invoice()}),
            ("POST", "/customers/batches", {"customers": [{}]}),
            ("PUT", "/customers/batches", {"customers": [{}]}),
            ("POST", "/documents/batches", {"documents": [{}]}),
            ("POST", f"/batches/{batch}/cancel", {}),
            ("POST", f"/batches/{batch}/retryfailed", {}),
        ):
            answer = books.call(method, path, body)
            assert (answer.status_code, answer.json()["code"]) == (409, "CLIENT-NOT-ACTIVE"), path
        for method, path, body in (
            ("PUT", "/customers", {"customer": {"customerNo": "nobody", "name": "N"}}),
            ("DELETE", "/customers/nobody", None),
            ("POST", f"/batches/{'A' * 22}/cancel", {}),
            ("POST", f"/batches/{'A' * 22}/retryfailed", {}),
        ):
            answer = books.call(method, path, body)
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND"), path
        # What was accepted before is processed to the end.
        books.work()
        assert books.get(f"/batches/{batch}").json()["status"] == "PROCESSED"
        assert books.put("", {"client": {"status": "ACTIVE"}}).status_code == 200
        assert books.post("/customers", {"customer": {"customerNo": "N", "name": "N"}}).status_code == 201


# ------------------------------------------------------------------------------------------------ what every answer carries


def sample(house: House, operation: Operation, **options: Any) -> httpx2.Response:
    """A call of the operation with an empty object for a body, and with names that nobody has."""
    path = operation.path.replace("{clientno}", str(house.client_no))
    for part in re.findall(r"\{(\w+)\}", path):
        path = path.replace(f"{{{part}}}", {"glyear": "2026", "glperiod": "1"}.get(part, "A" * 22 if part.endswith(("id", "uuid")) else "1500"))
    body = operation.body
    content = json.dumps({body.entity: [{}] if body.many else {}}).encode() if body is not None and body.entity is not None else None
    return house.call(operation.method, path, content=content, **options)


@pytest.mark.parametrize("operation", all_operations(), ids=lambda operation: operation.id)
class TestEveryAnswer:
    def test_its_headers(self, books: House, operation: Operation) -> None:
        """A request id of its own, the language, and behind a token no-store and the rate headers."""
        first, second = (sample(books, operation, headers={"X-Request-Id": "mine"}) for _ in range(2))
        ids = [answer.headers["x-request-id"] for answer in (first, second)]
        assert all(ID.fullmatch(text) for text in ids)
        assert ids[0] != ids[1]
        assert first.headers["content-language"] == "en"
        if operation.scope is None:
            return
        assert first.headers["cache-control"] == "no-store"
        limit, remaining, reset = (int(first.headers[f"ratelimit-{name}"]) for name in ("limit", "remaining", "reset"))
        assert (limit, 0 <= remaining < limit, reset) == (5000, True, 1)
        nobody = books.http.request(operation.method, operation.path.replace("{clientno}", str(books.client_no)))
        assert nobody.headers["cache-control"] == "no-store"
        assert ID.fullmatch(nobody.headers["x-request-id"])

    def test_what_it_says_is_declared(self, books: House, operation: Operation) -> None:
        """The status of an answer is one that the operation announces."""
        answer = sample(books, operation)
        announced = set(operation.answers) | set(operation.problems) | {400, 401, 403, 406, 409, 413, 415, 429, 500, 503}
        assert answer.status_code in announced
        assert answer.status_code < 500

    def test_other_methods_of_its_path(self, books: House, operation: Operation) -> None:
        """405 with the methods there are, before the token is asked for."""
        there = {other.method for other in all_operations() if other.path == operation.path}
        path = operation.path.replace("{clientno}", str(books.client_no)).replace("{", "").replace("}", "")
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"} - there:
            answer = books.http.request(method, path)
            # A literal path may also be what another operation calls a name: GET /customers/batches is a customer.
            allowed = set(answer.headers.get("allow", "").split(", "))
            if answer.status_code == 405:
                assert there <= allowed
                assert method not in allowed
                if method != "HEAD":
                    assert answer.json()["code"] == "METHOD-NOT-ALLOWED"
            else:
                assert (answer.status_code, method in {other.method for other in all_operations()}) == (401, True)


class TestProblems:
    def test_the_shape(self, books: House) -> None:
        """RFC 9457 with the code, the request and the field errors; errors are absent when there are none."""
        plain, fields = books.get("/customers/nobody"), books.post("/customers", {"customer": {"customerNo": "N"}})
        for answer, status, code in ((plain, 404, "NOT-FOUND"), (fields, 422, "VALIDATION-FAILED")):
            body = answer.json()
            request_id = answer.headers["x-request-id"]
            assert answer.headers["content-type"] == "application/problem+json"
            assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
            assert (body["type"], body["title"]) == (f"urn:reskontro:problem:{code.lower()}", code.replace("-", " ").capitalize())
            assert (body["instance"], body["requestId"]) == (f"urn:reskontro:request:{request_id}", request_id)
            assert [key for key in body if key not in ("detail", "errors")] == ["type", "title", "status", "instance", "code", "requestId"]
        assert ("errors" in plain.json(), len(fields.json()["errors"])) == (False, 1)
        assert list(fields.json()["errors"][0]) == ["field", "message", "code", "pointer"]

    def test_whatever_accept_says(self, books: House) -> None:
        """Errors are problem+json for a caller who wants CSV too."""
        answer = books.get(f"/batches/{'A' * 22}", headers={"Accept": CSV})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")

    def test_titles_are_english_and_details_are_the_readers(self, books: House) -> None:
        """The title is the code in words in every language, the detail follows Accept-Language."""
        answers = [books.get("/customers/nobody", headers={"Accept-Language": language}).json() for language in ("en", "nb")]
        assert [answer["title"] for answer in answers] == ["Not found", "Not found"]
        assert answers[0]["detail"] != answers[1]["detail"]

    def test_titles_of_all_codes(self) -> None:
        """Words with a capital first letter."""
        for code in STATUS_OF_CODE:
            assert title_of(code).upper().replace(" ", "-") == code
            assert title_of(code)[0].isupper()


class TestMethods:
    def test_head_and_options(self, books: House) -> None:
        """They are methods like others, and no path of the API has them."""
        for method in ("HEAD", "OPTIONS"):
            answer = books.call(method, "/customers")
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, PUT")
            assert (answer.content == b"") == (method == "HEAD")

    def test_no_override(self, books: House) -> None:
        """A header does not make a POST a DELETE."""
        answer = books.post("/customers/100001", {}, headers={"X-HTTP-Method-Override": "DELETE"})
        assert answer.status_code == 405
        assert books.get("/customers/100001").status_code == 200


class TestForms:
    @pytest.mark.parametrize(
        ("accept", "form"),
        [
            (None, "application/json"),
            ("*/*", "application/json"),
            ("application/json", "application/json"),
            ("APPLICATION/JSON", "application/json"),
            ("application/*", "application/json"),
            (NDJSON, NDJSON),
            (CSV, "text/csv; charset=utf-8"),
            ("text/*", "text/csv; charset=utf-8"),
            ("text/csv, application/json;q=0.5", "text/csv; charset=utf-8"),
            ("text/csv;q=0.2, application/json;q=0.5", "application/json"),
            ("text/html, */*;q=0.1", "application/json"),
            ("application/json;q=0, */*", NDJSON),
            ("text/csv;charset=utf-8", "text/csv; charset=utf-8"),
            ("application/json; q=0.1, application/x-ndjson; q=0.9", NDJSON),
            ("", "application/json"),
        ],
    )
    def test_of_a_batch(self, books: House, accept: str | None, form: str) -> None:
        """The form with the highest quality; without a wish JSON."""
        batch = customer_batch(books)
        headers = {"Authorization": f"Bearer {books.token()}"} | ({} if accept is None else {"Accept": accept})
        request = books.http.build_request("GET", f"/arm/v1/clients/{books.client_no}/batches/{batch}", headers=headers)
        if accept is None:
            del request.headers["accept"]
        answer = books.http.send(request)
        assert (answer.status_code, answer.headers["content-type"]) == (202, form)

    @pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/json;q=0", "image/*", "application/problem+json", "json", "x"])
    def test_that_cannot_be_had(self, books: House, accept: str) -> None:
        """406, of a batch and of anything else."""
        batch = customer_batch(books)
        for path in (f"/batches/{batch}", "/customers"):
            answer = books.get(path, headers={"Accept": accept})
            assert (answer.status_code, answer.json()["code"]) == (406, "NOT-ACCEPTABLE"), path

    def test_only_batches_have_others(self, books: House) -> None:
        """A list of customers is JSON or nothing."""
        for accept in (NDJSON, CSV):
            assert books.get("/customers", headers={"Accept": accept}).status_code == 406

    def test_a_body_without_content_type_is_json(self, books: House) -> None:
        """And a write that is refused for its Accept has no effect."""
        url = f"/arm/v1/clients/{books.client_no}/customers"
        headers = {"Authorization": f"Bearer {books.token()}"}
        content = b'{"customer": {"customerNo": "N", "name": "N"}}'
        assert books.http.post(url, content=content, headers={**headers, "Accept": "text/html"}).status_code == 406
        assert books.get("/customers/N").status_code == 404
        request = books.http.build_request("POST", url, content=content, headers=headers)
        request.headers.pop("content-type", None)
        assert books.http.send(request).status_code == 201

    def test_numbers_are_written_plainly(self, books: House) -> None:
        """Without exponent and trailing zeros, as numbers."""
        books.post("/customers", content=b'{"customer": {"customerNo": "N", "name": "N", "limitAmount": 1.50e3, "discountRate": 0.0010}}')
        text = books.get("/customers/N").text
        assert '"limitAmount":1500,' in text
        assert '"discountRate":0.001,' in text


class TestRates:
    def test_calls_a_second(self, books: House) -> None:
        """The limit is the client's; the headers count down, the call over it is refused with a time to wait, the next second begins anew."""
        now = [100.0]
        kept = books.services.rates
        books.services.rates = RateLimiter(3, 1000, lambda: now[0])
        try:
            answers = [books.get("/customers/100001") for _ in range(4)]
            assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
            assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
            assert {answer.headers["ratelimit-limit"] for answer in answers} == {"3"}
            refused = answers[-1]
            assert (refused.json()["code"], refused.headers["retry-after"], refused.headers["ratelimit-reset"]) == ("RATE-LIMITED", "1", "1")
            assert books.get("/periods", client_no=3107).status_code == 200
            now[0] += 1.0
            assert books.get("/customers/100001").status_code == 200
        finally:
            books.services.rates = kept

    def test_items_an_hour(self, books: House) -> None:
        """The batch that crosses the limit passes, the next is refused, single writes go on; a refused batch and a repetition count nothing."""
        now = [100.0]
        kept = books.services.rates
        books.services.rates = RateLimiter(1000, 10, lambda: now[0])
        many = {"customers": [{}] * 6}
        try:
            assert books.post("/customers/batches", {"customers": []}).status_code == 400
            for _ in range(3):
                assert books.post("/customers/batches", many, headers={"Idempotency-Key": "a"}).status_code == 202
            assert books.post("/customers/batches", many).status_code == 202
            refused = books.post("/customers/batches", many)
            assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, "RATE-LIMITED", "3600")
            lines = books.post("/documents/batches", content=b"{}\n", headers={"Content-Type": NDJSON})
            assert lines.status_code == 429
            assert books.post("/customers/batches", many, headers={"Accept": "text/html"}).status_code == 429
            assert books.post("/customers", {"customer": {"customerNo": "N", "name": "N"}}).status_code == 201
            now[0] += 3600
            assert books.post("/customers/batches", many).status_code == 202
        finally:
            books.services.rates = kept
        books.work()


class TestWithoutToken:
    def test_what_needs_none(self, books: House) -> None:
        """Health, keys and the documentation of the API."""
        for path in ("/arm/v1/health", "/.well-known/jwks.json", "/openapi.json", "/docs", "/health"):
            answer = books.http.get(path)
            assert answer.status_code == 200, path
            assert str(books.client_no) not in answer.text

    def test_names_are_lower_case(self, books: House) -> None:
        """Paths and parameters are case-sensitive."""
        for path in ("/ARM/v1/health", "/arm/v1/Health", "/arm/V1/health", "/Token"):
            assert books.http.get(path).status_code == 404, path
        assert books.http.get("/arm/v1/health?Probe=live").status_code == 400
