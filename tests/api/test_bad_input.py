"""Input as bad as it comes: every call is answered with the right refusal, and the database is as it was before."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.api.support import codes, invoice, superuser
from tests.house import House
from tests.tenancy.stories import contents

NDJSON = {"Content-Type": "application/x-ndjson"}
CUSTOMER = '{"customerNo": "B-1", "name": "N"}'
DOCUMENT = '{"documentType": "IN", "customerNo": "100001", "documentNo": "B-1", "documentDate": "2026-10-05", "currencyAmounts": %s}'
MIB = 1 << 20


@pytest.fixture(scope="module")
def ledger(module_house: House) -> House:
    """One client for all of these calls: none of them leaves anything."""
    house = replace(module_house, client_no=module_house.add_client(6500))
    house.customer("100001")
    house.token()
    return house


@pytest.fixture(scope="module")
def everything(ledger: House, postgres: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that sees every row of every client."""
    with superuser(ledger, postgres) as connection:
        yield connection


@contextmanager
def untouched(everything: psycopg.Connection[Any]) -> Iterator[None]:
    """Require that no row of any table was added, changed or removed inside the block."""
    before = contents(everything)
    yield
    assert contents(everything) == before


class Asked:
    """Sends a body that must be refused as a whole."""

    def __init__(self, house: House, everything: psycopg.Connection[Any]) -> None:
        self._house = house
        self._everything = everything

    def __call__(
        self, path: str, content: bytes | str, status: int, code: str, *, method: str = "POST", headers: dict[str, str] | None = None
    ) -> Any:
        body = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        with untouched(self._everything):
            answer = self._house.call(method, path, content=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return answer


@pytest.fixture
def refused(ledger: House, everything: psycopg.Connection[Any]) -> Asked:
    """See Asked."""
    return Asked(ledger, everything)


SINGLE = "/customers"
BATCH = "/customers/batches"
BOTH = pytest.mark.parametrize("path", [SINGLE, BATCH])


def wrapped(path: str, entity: str = CUSTOMER) -> str:
    """A body for the path around one customer."""
    return f'{{"customers": [{entity}]}}' if path == BATCH else f'{{"customer": {entity}}}'


def nested(levels: int) -> str:
    """An array in an array in an array."""
    return "[" * levels + "]" * levels


class TestSyntax:
    @BOTH
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b" \n",
            b"hello",
            b"{",
            b'{"customer": {"customerNo": "B-1"',
            b"{'customer': {}}",
            b'{"customer": {}} {"customer": {}}',
            b'{"customer": {},}',
            b"\xef\xbb\xbf{}",
            b'{"customer": {"name": "\xe6\xf8\xe5"}}',
            b'{"customer": {"name": "\xc0\xaf"}}',
            b'{"customer": {"name": "\xed\xa0\x80"}}',
            '{"customer": {}}'.encode("utf-16"),
            b"\x00",
            b'{"customer": {"name": "a\x00b"}}',
            b'{"customer": {"name": "a\nb"}}',
            b'{"customer": {"name": "\\x41"}}',
            b'{"customer": {"limitAmount": 01}}',
            b'{"customer": {"limitAmount": +1}}',
            b'{"customer": {"limitAmount": .5}}',
            b'{"customer": {"limitAmount": 1.}}',
            b'{"customer": {"limitAmount": 0x10}}',
            b'{"customer": /* no */ {}}',
            b"\x1f\x8b\x08\x00",
        ],
    )
    def test_a_body_that_is_no_json(self, refused: Asked, path: str, content: bytes) -> None:
        """400 MALFORMED-JSON, for single writes and for batches alike."""
        body = content.replace(b'"customer": {', b'"customers": [{').replace(b"}}", b"}]}") if path == BATCH else content
        refused(path, body, 400, "MALFORMED-JSON")

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e", "--1"])
    def test_numbers_that_json_does_not_have(self, refused: Asked, number: str) -> None:
        """They are syntax errors, in an amount too."""
        refused("/documents", f'{{"document": {DOCUMENT % f"""{{"exclVat": {number}, "vat": 0, "inclVat": 1}}"""}}}', 400, "MALFORMED-JSON")
        refused(SINGLE, wrapped(SINGLE, f'{{"customerNo": "B-1", "limitAmount": {number}}}'), 400, "MALFORMED-JSON")

    @pytest.mark.parametrize("value", [nested(40), '{"a":' * 40 + "1" + "}" * 40])
    def test_too_many_levels(self, refused: Asked, value: str) -> None:
        """32 are allowed; the 40 of this value are not, wherever they are."""
        refused(SINGLE, wrapped(SINGLE, f'{{"customerNo": "B-1", "name": "N", "x": {value}}}'), 400, "MALFORMED-JSON")
        refused(SINGLE, f'{{"metadata": {{"x": {value}}}, "customer": {CUSTOMER}}}', 400, "MALFORMED-JSON")

    def test_a_hundred_thousand_levels(self, refused: Asked) -> None:
        """No recursion runs away."""
        refused(SINGLE, nested(100_000), 400, "MALFORMED-JSON")
        refused(SINGLE, '{"a":' * 100_000, 400, "MALFORMED-JSON")
        assert refused(BATCH, nested(100_000), 400, "MALFORMED-BODY") is not None

    def test_exactly_32_levels(self, ledger: House) -> None:
        """The wrapper and the customer are two of them."""
        content = wrapped(SINGLE, f'{{"customerNo": "100001", "name": "Kari Prøve", "x": {nested(30)}}}')
        assert ledger.post(SINGLE, content=content.encode()).status_code == 200
        deeper = wrapped(SINGLE, f'{{"customerNo": "100001", "name": "Kari Prøve", "x": {nested(31)}}}')
        assert ledger.post(SINGLE, content=deeper.encode()).status_code == 400

    def test_a_repeated_key(self, refused: Asked) -> None:
        """In the outer object, in the entity, in what is inside it, in the metadata."""
        refused(SINGLE, f'{{"customer": {CUSTOMER}, "customer": {CUSTOMER}}}', 400, "MALFORMED-JSON")
        refused(SINGLE, wrapped(SINGLE, '{"customerNo": "B-1", "name": "N", "name": "M"}'), 400, "MALFORMED-JSON")
        refused(SINGLE, wrapped(SINGLE, '{"customerNo": "B-1", "name": "N", "na\\u006de": "M"}'), 400, "MALFORMED-JSON")
        refused(
            SINGLE, wrapped(SINGLE, '{"customerNo": "B-1", "name": "N", "postalAddress": {"cityName": "a", "cityName": "b"}}'), 400, "MALFORMED-JSON"
        )
        refused(SINGLE, f'{{"metadata": {{"userId": "a", "userId": "b"}}, "customer": {CUSTOMER}}}', 400, "MALFORMED-JSON")
        refused(BATCH, f'{{"customers": [{CUSTOMER}], "customers": [{CUSTOMER}]}}', 400, "MALFORMED-JSON")
        refused(BATCH, f'{{"customers": [], "customers": [{CUSTOMER}]}}', 400, "MALFORMED-JSON")
        refused(BATCH, f'{{"metadata": {{}}, "customers": [{CUSTOMER}], "metadata": {{}}}}', 400, "MALFORMED-JSON")
        refused(BATCH, f'{{"metadata": {{"userId": "a", "userId": "b"}}, "customers": [{CUSTOMER}]}}', 400, "MALFORMED-JSON")

    def test_half_a_surrogate(self, refused: Asked) -> None:
        """An escape that is no character."""
        refused(SINGLE, wrapped(SINGLE, '{"customerNo": "B-1", "name": "a\\ud800b"}'), 400, "MALFORMED-JSON")
        refused(SINGLE, wrapped(SINGLE, '{"customerNo": "B-1", "name": "N", "\\udc00": 1}'), 400, "MALFORMED-JSON")
        refused(SINGLE, f'{{"metadata": {{"userId": "\\ud800"}}, "customer": {CUSTOMER}}}', 400, "MALFORMED-JSON")


class TestShape:
    @pytest.mark.parametrize(
        "content",
        [
            "[]",
            "null",
            '"text"',
            "5",
            "{}",
            '{"metadata": {}}',
            '{"customer": null}',
            '{"customer": []}',
            '{"customer": "B-1"}',
            f'{{"customers": [{CUSTOMER}]}}',
            f'{{"Customer": {CUSTOMER}}}',
            f'{{"customer": {CUSTOMER}, "options": {{}}}}',
            f'{{"metadata": [], "customer": {CUSTOMER}}}',
            f'{{"metadata": "anne", "customer": {CUSTOMER}}}',
            CUSTOMER,
        ],
    )
    def test_of_a_single_write(self, refused: Asked, content: str) -> None:
        """400 MALFORMED-BODY unless it is {metadata, customer} with an object."""
        refused(SINGLE, content, 400, "MALFORMED-BODY")

    @pytest.mark.parametrize(
        "content",
        [
            "[]",
            f"[{CUSTOMER}]",
            "null",
            "{}",
            '{"customers": []}',
            '{"customers": {}}',
            '{"customers": null}',
            '{"customers": "x"}',
            '{"customers": [null]}',
            '{"customers": [[]]}',
            f'{{"customers": [{CUSTOMER}, 5]}}',
            f'{{"customers": [{CUSTOMER}], "more": 1}}',
            f'{{"customer": {CUSTOMER}}}',
            f'{{"documents": [{CUSTOMER}]}}',
            f'{{"metadata": 5, "customers": [{CUSTOMER}]}}',
        ],
    )
    def test_of_a_batch(self, refused: Asked, content: str) -> None:
        """400 MALFORMED-BODY unless it is {metadata, customers} with at least one object."""
        refused(BATCH, content, 400, "MALFORMED-BODY")

    @BOTH
    @pytest.mark.parametrize(("user_id", "code"), [("5", "TYPE"), (f'"{"x" * 65}"', "LENGTH"), ('"a\\u0000b"', "CHARACTER"), ("{}", "TYPE")])
    def test_a_person_that_is_none(self, refused: Asked, path: str, user_id: str, code: str) -> None:
        """metadata.userId is a field like others: 422."""
        content = wrapped(path).replace("{", f'{{"metadata": {{"userId": {user_id}}}, ', 1)
        answer = refused(path, content, 422, "VALIDATION-FAILED")
        assert codes(answer.json()["errors"]) == [(code, "/metadata/userId")]

    def test_other_keys_of_metadata_do_not_matter(self, ledger: House) -> None:
        """They are ignored; null stands for nothing."""
        for metadata in ("null", "{}", '{"userId": null, "x": [1]}', '{"userId": ""}'):
            content = f'{{"metadata": {metadata}, "customer": {{"customerNo": "100001"}}}}'
            assert ledger.post(SINGLE, content=content.encode()).status_code == 200


class TestSize:
    def test_a_body_over_a_mebibyte(self, refused: Asked) -> None:
        """413 for single writes; a body of exactly that size is read."""
        content = wrapped(SINGLE, '{"customerNo": "100001", "name": "Kari Prøve"}').encode()
        refused(SINGLE, content + b" " * (MIB + 1 - len(content)), 413, "PAYLOAD-TOO-LARGE")
        assert refused._house.post(SINGLE, content=content + b" " * (MIB - len(content))).status_code == 200

    def test_a_batch_over_32_mebibytes(self, refused: Asked) -> None:
        """413, found by its length."""
        refused(BATCH, b" " * (33 * MIB), 413, "PAYLOAD-TOO-LARGE")

    def test_a_batch_whose_length_is_not_announced(self, ledger: House, everything: psycopg.Connection[Any]) -> None:
        """In pieces, without Content-Length: refused when the limit is passed, whatever is still to come."""

        def pieces() -> Iterator[bytes]:
            for _ in range(33):
                yield b" " * MIB

        with untouched(everything):
            url = f"/arm/v1/clients/{ledger.client_no}{BATCH}"
            headers = {"Authorization": f"Bearer {ledger.token()}", "Content-Type": "application/json"}
            answer = ledger.http.post(url, content=pieces(), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD-TOO-LARGE")

    def test_too_many_items(self, refused: Asked) -> None:
        """10,001 in a JSON batch."""
        refused(BATCH, json.dumps({"customers": [{}] * 10_001}), 413, "TOO-MANY-ITEMS")

    @pytest.mark.parametrize("headers", [{}, NDJSON], ids=["json", "ndjson"])
    def test_an_item_over_a_mebibyte(self, refused: Asked, headers: dict[str, str]) -> None:
        """413, whatever the batch weighs."""
        item = json.dumps({"customerNo": "B-1", "name": "x" * MIB})
        content = f"{CUSTOMER}\n{item}\n" if headers else f'{{"customers": [{CUSTOMER}, {item}]}}'
        refused(BATCH, content, 413, "PAYLOAD-TOO-LARGE", headers=headers)

    def test_a_line_without_end(self, refused: Asked) -> None:
        """A line is refused as soon as it is longer than an item may be."""
        refused(BATCH, b'{"name": "' + b"x" * (3 * MIB), 413, "PAYLOAD-TOO-LARGE", headers=NDJSON)


class TestEncoding:
    @BOTH
    def test_compressed_bodies(self, refused: Asked, path: str) -> None:
        """415, whole or torn off in the middle."""
        packed = gzip.compress(wrapped(path).encode())
        for content in (packed, packed[: len(packed) // 2]):
            refused(path, content, 415, "UNSUPPORTED-MEDIA-TYPE", headers={"Content-Encoding": "gzip"})
        for encoding in ("br", "deflate", "zstd", "gzip, identity", "x"):
            refused(path, wrapped(path), 415, "UNSUPPORTED-MEDIA-TYPE", headers={"Content-Encoding": encoding})

    @BOTH
    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "application/xml",
            "text/json",
            "multipart/form-data; boundary=x",
            "application/json; charset=iso-8859-1",
            "json",
            "",
            ";",
            "*/*",
        ],
    )
    def test_other_forms(self, refused: Asked, path: str, content_type: str) -> None:
        """415 for what is not JSON in UTF-8."""
        refused(path, wrapped(path), 415, "UNSUPPORTED-MEDIA-TYPE", headers={"Content-Type": content_type})

    def test_lines_where_one_object_is_wanted(self, refused: Asked) -> None:
        """NDJSON is for batches."""
        refused(SINGLE, CUSTOMER, 415, "UNSUPPORTED-MEDIA-TYPE", headers=NDJSON)

    @pytest.mark.parametrize(
        "content_type", ["application/json", "Application/JSON", 'application/json; charset="UTF-8"', "application/json;charset=utf-8"]
    )
    def test_spellings_that_are_fine(self, ledger: House, content_type: str) -> None:
        """Case and the charset UTF-8 do not matter."""
        answer = ledger.post(SINGLE, {"customer": {"customerNo": "100001"}}, headers={"Content-Type": content_type})
        assert answer.status_code == 200


class TestInsideAnItem:
    @pytest.mark.parametrize(
        ("item", "field"),
        [
            ('{"customerNo": "B-2", "name": "N", "name": "M"}', "name"),
            ('{"customerNo": "B-2", "postalAddress": {"cityName": "a", "cityName": "b"}}', "cityName"),
            ('{"customerNo": "B-2", "name": "a\\ud800b"}', "customer"),
            (f'{{"customerNo": "B-2", "name": "N", "x": {nested(40)}}}', "customer"),
        ],
        ids=["repeated key", "repeated key inside", "surrogate", "depth"],
    )
    @pytest.mark.parametrize("headers", [{}, NDJSON], ids=["json", "ndjson"])
    def test_what_is_malformed_there_is_the_items_error(self, books: House, item: str, field: str, headers: dict[str, str]) -> None:
        """The batch is accepted; that item fails with ITEM-MALFORMED, the others do not notice."""
        good = [CUSTOMER, CUSTOMER.replace("B-1", "B-3")]
        content = "\n".join([good[0], item, good[1]]) if headers else f'{{"customers": [{good[0]}, {item}, {good[1]}]}}'
        accepted = books.post(BATCH, content=content.encode(), headers=headers)
        assert accepted.status_code == 202, accepted.text
        books.work()
        batch = books.get(f"/batches/{accepted.json()['batchUuid']}?expand=diagnostics").json()
        assert [entry["result"] for entry in batch["items"]] == ["CREATED", "FAILED", "CREATED"]
        (error,) = batch["items"][1]["errors"]
        assert (error["code"], error["field"]) == ("ITEM-MALFORMED", field)
        assert batch["items"][1]["message"].startswith("The item cannot be read: ")

    def test_a_nul_in_a_name(self, books: House) -> None:
        """Readable JSON, but not a character of a text: the field's error, alone and in a batch."""
        single = books.post(SINGLE, content=wrapped(SINGLE, '{"customerNo": "B-1", "name": "Kari\\u0000Prøve"}').encode())
        assert (single.status_code, codes(single.json()["errors"])) == (422, [("CHARACTER", "/customer/name")])
        batch = books.batch(
            BATCH,
            {"customers": [{"customerNo": "B-1", "name": "A"}, {"customerNo": "B-2", "name": "Kari\x00Prøve"}, {"customerNo": "B-3", "name": "C"}]},
        )
        assert [entry["result"] for entry in batch["items"]] == ["CREATED", "FAILED", "CREATED"]
        assert batch["items"][1]["message"] == "name contains a character that is not allowed"

    def test_nuls_everywhere(self, books: House) -> None:
        """In keys, numbers, references and codes: a result for the item, never a fault."""
        items = [
            {"customerNo": "B\x001", "name": "N"},
            {"customerNo": "B-2", "name": "N", "clientReference": "a\x00b"},
            {"customerNo": "B-3", "name": "N", "k\x00ey": 1},
            {"customerNo": "B-4", "name": "N", "currency": "N\x00K"},
            {"customerNo": "B-5", "name": "N", "emailAddressDocument": ["a\x00@b.no"]},
        ]
        batch = books.batch(BATCH, {"customers": items})
        assert [entry["result"] for entry in batch["items"]] == ["FAILED", "FAILED", "CREATED", "FAILED", "FAILED"]
        documents = [
            invoice(documentNo="D\x001"),
            invoice(customerNo="\x00"),
            invoice(referenceNo="\x00"),
            invoice(documentLines=[{"lineNo": 1, "lineType": "TXT", "lineText": "\x00"}]),
        ]
        batch = books.batch("/documents/batches", {"documents": documents})
        assert [entry["result"] for entry in batch["items"]] == ["FAILED"] * 4

    @pytest.mark.parametrize(
        ("number", "code"),
        [
            ("12345678901234567", "RANGE"),
            ("123456789012345.67", "RANGE"),
            ("1e400", "RANGE"),
            ("1e15", "RANGE"),
            ("-1e400", "RANGE"),
            ("1e999999999", "RANGE"),
            ("9" * 4000, "RANGE"),
            ("0.001", "PRECISION"),
            ("1e-400", "PRECISION"),
            ("1e-999999999", "PRECISION"),
            ("0." + "0" * 5000 + "1", "PRECISION"),
            ('"1250"', "TYPE"),
            ('"1.250,00"', "TYPE"),
            ("true", "TYPE"),
            ("[1]", "TYPE"),
            ("{}", "TYPE"),
        ],
    )
    def test_an_amount_that_is_none(self, books: House, number: str, code: str) -> None:
        """Alone 422, in a batch that item's failure; each with the field's own code."""
        document = DOCUMENT % f'{{"exclVat": {number}, "vat": 0, "inclVat": 1}}'
        single = books.post("/documents", content=f'{{"document": {document}}}'.encode())
        assert (single.status_code, codes(single.json()["errors"])) == (
            422,
            [(code, "/document/currencyAmounts/exclVat".removeprefix("/document"))],
        ), single.text
        accepted = books.post("/documents/batches", content=f'{{"documents": [{document}]}}'.encode())
        books.work()
        batch = books.get(f"/batches/{accepted.json()['batchUuid']}?expand=diagnostics").json()
        assert codes(batch["items"][0]["errors"]) == [(code, "/currencyAmounts/exclVat")]

    @pytest.mark.parametrize("number", ["1e400", "1e999999999", "-1e999999999", "9" * 4000, "1e-999999999", "0.5", "1e2", "-0"])
    def test_whole_numbers_that_are_none(self, books: House, number: str) -> None:
        """A field for whole numbers takes any spelling without fraction, and is never a fault."""
        answer = books.post(SINGLE, content=wrapped(SINGLE, f'{{"customerNo": "100001", "dueDays": {number}}}').encode())
        assert answer.status_code == (200 if number in ("1e2", "-0") else 422), answer.text
        line = books.post("/documents", content=f'{{"document": {{"documentLines": [{{"lineNo": {number}, "quantity": {number}}}]}}}}'.encode())
        assert line.status_code == 422


class TestAddresses:
    @pytest.mark.parametrize(
        "query",
        [
            "pageSize=5",
            "pagesize=5&pagesize=5",
            "pagesize=5&pagesize=",
            "Pagesize=5",
            "unknown=1",
            "=1",
            "&&&x",
            "pagesize=1e3",
            "pagesize=5.0",
            "pageno=-1",
            "pageno=0",
            "pageno=99999999999999999999",
            "maximumcount=0",
            "query=x",
            "query=" + "A" * 21 + "B",
            "openitems=yes",
            "openitems=TRUE",
            "accountno=1,x",
            "customerno=" + ",".join(map(str, range(101))),
            "name=" + "x" * 600,
            "name=%00",
            "name=%ff",
            "changedfrom=yesterday",
            "changedfrom=2026-13-01",
            "&".join(f"p{n}=1" for n in range(200)),
        ],
    )
    def test_query_parameters(self, ledger: House, everything: psycopg.Connection[Any], query: str) -> None:
        """400 for what is unknown, given twice, malformed or too much; a list that is refused is not stored."""
        with untouched(everything):
            answer = ledger.get(f"/customers?{query}")
            assert answer.status_code == 400, answer.text

    @pytest.mark.parametrize(
        "query",
        ["", "customerno=", "name=", "query=", "pagesize=&pageno=", "customerno=,,,", "name=%25%5F", "name=%", "name=';drop table customer--"],
    )
    def test_query_parameters_that_are_fine(self, ledger: House, query: str) -> None:
        """Empty ones are absent; signs of patterns and of SQL are only text."""
        assert ledger.get(f"/customers?{query}").status_code == 200

    @pytest.mark.parametrize(
        "path",
        [
            "/customers/" + "x" * 5000,
            "/customers/%00",
            "/customers/a%2Fb",
            "/customers/%2e%2e%2f%2e%2e",
            "/customers/%c3%28",
            "/customers/%ff%fe",
            "/customers/%F0%9F%98%80",
            "/customers/a;b=c",
            "/customers/'%20or%20'1'='1",
            "/customers/a/b",
            "/customers//",
            "/customers/",
            "//customers",
            "/Customers",
            "/customers/batches/x",
            "/documents/" + "9" * 36,
            "/nothing",
            "/customers" * 50,
        ],
    )
    def test_paths(self, ledger: House, everything: psycopg.Connection[Any], path: str) -> None:
        """404, whatever stands there."""
        with untouched(everything):
            answer = ledger.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND")

    @pytest.mark.parametrize("text", ["short", "A" * 21, "A" * 23, "A" * 21 + "B", "A" * 21 + "=", "A" * 21 + "+", "%20" * 22, "é" * 11, "A" * 3000])
    def test_ids(self, ledger: House, everything: psycopg.Connection[Any], text: str) -> None:
        """400 ID-MALFORMED for another length, alphabet or spare bits that are not zero."""
        with untouched(everything):
            for method, path in (("GET", f"/batches/{text}"), ("POST", f"/batches/{text}/cancel"), ("POST", f"/batches/{text}/retryfailed")):
                answer = ledger.call(method, path)
                assert (answer.status_code, answer.json()["code"]) == (400, "ID-MALFORMED"), (method, path)

    @pytest.mark.parametrize("client", ["abc", "1.5", "-1", "%20", "1e3", "0x1", "٣", "³", "1,2"])
    def test_client_numbers(self, ledger: House, client: str) -> None:
        """400 for what is no whole number; a number that no client can have is 404 for an operator."""
        answer = ledger.get(f"/arm/v1/clients/{client}/customers")
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID-PARAMETER"), answer.text
        for number in ("0", "00", "1000000000", "9" * 400):
            answer = ledger.get(f"/arm/v1/clients/{number}/customers")
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND"), number


class TestHeaders:
    def test_very_long_values(self, ledger: House, everything: psycopg.Connection[Any]) -> None:
        """Either read as far as they matter or refused; never a fault."""
        long = "x" * 30_000
        with untouched(everything):
            assert ledger.get("/customers/100001", headers={"Accept-Language": long}).status_code == 200
            assert ledger.get("/customers/100001", headers={"Accept": ", ".join(["text/html"] * 2000)}).status_code == 406
            assert ledger.get("/customers/100001", headers={"X-Request-Id": long}).status_code == 200
            assert ledger.get("/customers/100001", headers={"Authorization": f"Bearer {long}"}).status_code == 401
            assert ledger.post(SINGLE, {"customer": {}}, headers={"Content-Type": f"application/json; x={long}"}).status_code == 422

    @pytest.mark.parametrize("key", ["", "a b", "x" * 256, "æ", "a\tb"])
    def test_keys_that_are_none(self, ledger: House, everything: psycopg.Connection[Any], key: str) -> None:
        """400 HEADER-INVALID for anything but 1 to 255 visible ASCII characters."""
        with untouched(everything):
            headers: Any = {"Idempotency-Key": key.encode("latin-1")}
            answer = ledger.post(SINGLE, {"customer": {"customerNo": "B-1", "name": "N"}}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (400, "HEADER-INVALID")

    @pytest.mark.parametrize("value", ["", "Bearer", "Basic eDp5", "Bearer a b", "bearer " + "." * 100, "Bearer ÿ", "Token x", "Bearer " + "a.b.c"])
    def test_authorizations_that_are_none(self, ledger: House, value: str) -> None:
        """401 with a challenge."""
        headers: Any = {"Authorization": value.encode("latin-1")}
        answer = ledger.http.get(f"/arm/v1/clients/{ledger.client_no}/customers", headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"][:6]) == (401, "Bearer")


class TestConnections:
    def test_a_caller_who_hangs_up(self, ledger: House, everything: psycopg.Connection[Any]) -> None:
        """A body that stops in the middle leaves nothing, and the next call is answered."""
        url = urlsplit(ledger.base_url)
        with untouched(everything):
            for path, kind in ((SINGLE, "application/json"), (BATCH, "application/json"), (BATCH, "application/x-ndjson")):
                with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
                    head = f"POST /arm/v1/clients/{ledger.client_no}{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ledger.token()}\r\n"
                    head += f"Content-Type: {kind}\r\nContent-Length: 100000\r\n\r\n"
                    connection.sendall(head.encode() + b'{"customerNo": "B-9", "name": "N"}\n' * 20)
            assert ledger.get("/customers/100001").status_code == 200
            assert ledger.get("/customers/B-9").status_code == 404

    def test_a_request_that_is_no_http(self, ledger: House) -> None:
        """400 from the server, and it goes on."""
        url = urlsplit(ledger.base_url)
        with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
            connection.sendall(b"\x16\x03\x01\x00\r\n\r\n")
            assert connection.recv(100)[:12] in (b"HTTP/1.1 400", b"")
        assert ledger.get("/customers/100001").status_code == 200

    def test_a_method_from_elsewhere(self, ledger: House) -> None:
        """405 with what the address does have."""
        url = urlsplit(ledger.base_url)
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=10)
        connection.request("PROPFIND", f"/arm/v1/clients/{ledger.client_no}/customers")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST, PUT")
        connection.close()
