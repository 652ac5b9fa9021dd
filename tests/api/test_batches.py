"""Batches through the API: accepted whole or not at all, processed item by item, read in parts and forms, cancelled, retried, kept."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from reskontro.batches.kinds import Kinds
from reskontro.batches.runner import Worker
from reskontro.db.engine import lock_client
from tests.api.support import codes, configure, invoice
from tests.house import House

NDJSON = {"Content-Type": "application/x-ndjson"}
COUNTERS = ("countNotProcessed", "countProcessed", "countSuccessful", "countFailed")


def customers(*numbers: str, **values: Any) -> dict[str, Any]:
    """A body with customers of these numbers; those that end in x have a country that does not exist."""
    return {"customers": [customer(number, **values) for number in numbers]}


def customer(number: str, **values: Any) -> dict[str, Any]:
    """A customer; one whose number ends in x fails."""
    wrong = {"postalAddress": {"countryCode": "NX"}} if number.endswith("x") else {}
    return {"customerNo": number, "name": f"Customer {number}", **wrong, **values}


def accepted(house: House, body: Any, path: str = "/customers/batches", **options: Any) -> str:
    """The id of a batch that was accepted and not processed."""
    answer = house.post(path, body, **options)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["batchUuid"])


def lines(*values: Any) -> bytes:
    """Values as NDJSON."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def counters(batch: dict[str, Any]) -> tuple[int, ...]:
    """Not processed, processed, successful, failed."""
    return tuple(batch[name] for name in COUNTERS)


@contextmanager
def worker(house: House, chunk_items: int) -> Iterator[Any]:
    """A worker that processes one chunk of the client's oldest batch at every call."""
    one = Worker(house.database, house.services.part(Kinds), house.settings.model_copy(update={"chunk_items": chunk_items}), house.clock)
    with house.database.connect() as connection:
        yield lambda: one._chunk(connection, house.client_no)


class TestAccepting:
    def test_the_answer(self, books: House) -> None:
        """202 with the address and the batch as queued, without items."""
        answer = books.post("/customers/batches", {"metadata": {"userId": "anne"}, **customers("A", "B")})
        batch_uuid = answer.json()["batchUuid"]
        assert answer.status_code == 202
        assert answer.headers["location"] == f"https://reskontro.example/arm/v1/clients/{books.client_no}/batches/{batch_uuid}"
        assert answer.headers["retry-after"] == "1"
        assert list(answer.json().items()) == [
            ("clientNo", books.client_no),
            ("batchUuid", batch_uuid),
            ("status", "QUEUED"),
            ("message", "The batch is queued"),
            ("countNotProcessed", 2),
            ("countProcessed", 0),
            ("countSuccessful", 0),
            ("countFailed", 0),
        ]

    def test_nothing_is_looked_into(self, books: House) -> None:
        """Items full of mistakes are accepted; only the outer shape counts."""
        assert accepted(books, {"customers": [{}, {"customerNo": 5}, {"customerNo": ["x"]}]})

    def test_ten_thousand_are_a_batch(self, books: House) -> None:
        """The limit itself passes."""
        answer = books.post("/customers/batches", {"customers": [{}] * 10_000})
        assert (answer.status_code, answer.json()["countNotProcessed"]) == (202, 10_000)
        books.work()


class TestProgress:
    def test_queued_processing_processed(self, books: House) -> None:
        """202 with no items, 202 once begun, 206 with those that are done in input order, 200 with all of them."""
        batch_uuid = accepted(books, customers("A", "Bx", "C", "D", "E"))
        seen = []
        with worker(books, 2) as chunk:
            for _ in range(4):
                answer = books.get(f"/batches/{batch_uuid}")
                body = answer.json()
                seen.append((answer.status_code, body["status"], body.get("result"), counters(body), [i["customerNo"] for i in body["items"]]))
                assert ("retry-after" in answer.headers) == (answer.status_code != 200)
                chunk()
        assert seen == [
            (202, "QUEUED", None, (5, 0, 0, 0), []),
            (206, "PROCESSING", None, (3, 2, 1, 1), ["A", "Bx"]),
            (206, "PROCESSING", None, (1, 4, 3, 1), ["A", "Bx", "C", "D"]),
            (200, "PROCESSED", "PARTIAL-SUCCESS", (0, 5, 4, 1), ["A", "Bx", "C", "D", "E"]),
        ]

    @pytest.mark.parametrize(
        ("numbers", "result", "count"),
        [(("A", "B"), "SUCCESS", (0, 2, 2, 0)), (("A", "Bx"), "PARTIAL-SUCCESS", (0, 2, 1, 1)), (("Ax", "Bx"), "FAILED", (0, 2, 0, 2))],
    )
    def test_the_result_of_the_whole(self, books: House, numbers: tuple[str, ...], result: str, count: tuple[int, ...]) -> None:
        """SUCCESS without failures, FAILED without successes."""
        batch = books.batch("/customers/batches", customers(*numbers))
        assert (batch["status"], batch["result"], batch["message"], counters(batch)) == ("PROCESSED", result, "The batch was processed", count)

    def test_unchanged_is_successful(self, books: House) -> None:
        """The same items once more: every customer is unchanged."""
        books.batch("/customers/batches", customers("A", "B"))
        batch = books.batch("/customers/batches", customers("A", "B"))
        assert [(item["result"], item["message"]) for item in batch["items"]] == [("UNCHANGED", "Customer unchanged")] * 2
        assert (batch["result"], counters(batch)) == ("SUCCESS", (0, 2, 2, 0))

    def test_one_after_the_other(self, books: House) -> None:
        """Batches of a client are processed in the order in which they were accepted: the later may rely on the earlier."""
        first = accepted(books, customers("A"))
        second = accepted(books, {"documents": [invoice(customerNo="A")]}, "/documents/batches")
        third = accepted(books, customers("A", name="Changed"))
        with worker(books, 1000) as chunk:
            chunk()
            assert [books.get(f"/batches/{batch}").status_code for batch in (first, second, third)] == [200, 202, 202]
        books.work()
        assert [books.get(f"/batches/{batch}").json()["items"][0]["result"] for batch in (first, second, third)] == ["CREATED", "CREATED", "UPDATED"]


class TestItems:
    def test_keys_of_a_document(self, books: House) -> None:
        """Documents add their number and ids, and the KID when it was generated; nothing more without diagnostics."""
        documents = {"documents": [invoice(clientReference="r"), invoice(documentNo="X-1", kid="0010018")]}
        first, second = books.batch("/documents/batches", documents)["items"]
        assert list(first) == [
            "status",
            "result",
            "message",
            "clientNo",
            "accountNo",
            "customerNo",
            "documentNo",
            "documentUuid",
            "arItemId",
            "kid",
        ]
        assert (first["message"], second["documentNo"]) == ("Document created", "X-1")
        assert "kid" not in second
        assert second["warnings"] == [{"field": "kid", "message": "KID 0010018 has no valid check digit"}]

    def test_a_failed_item(self, books: House) -> None:
        """It shows what was sent and speaks by its first error."""
        batch = books.batch("/documents/batches", {"documents": [invoice(documentNo="X-1", customerNo="nobody", currency="KR")]})
        (item,) = batch["items"]
        assert list(item) == ["status", "result", "message", "clientNo", "customerNo", "documentNo", "errors"]
        assert (item["status"], item["result"], item["message"]) == ("PROCESSED", "FAILED", "Customer nobody does not exist")
        assert [error["field"] for error in item["errors"]] == ["customerNo", "currency"]

    def test_an_item_is_all_or_nothing(self, books: House) -> None:
        """A failed item between two good ones leaves no trace, and does not stop them."""
        documents = [
            invoice(documentNo="1"),
            invoice(documentNo="2", currencyAmounts={"exclVat": 1, "vat": 1, "inclVat": 3}),
            invoice(documentNo="3"),
        ]
        batch = books.batch("/documents/batches", {"documents": documents})
        assert [item["result"] for item in batch["items"]] == ["CREATED", "FAILED", "CREATED"]
        assert books.rows("select document_no, transaction_no from document order by transaction_no") == [("1", 1), ("3", 2)]

    def test_an_item_may_refer_to_an_earlier_one(self, books: House) -> None:
        """A credit note finds the invoice before it, in another chunk too; when that failed it fails for its own reason."""
        note = invoice(documentType="CN", referenceDocumentNo="1", documentDate="2026-10-06")
        documents = [invoice(documentNo="1"), note | {"documentNo": "C1"}, note | {"documentNo": "C2", "referenceDocumentNo": "nothing"}]
        batch_uuid = accepted(books, {"documents": documents}, "/documents/batches")
        with worker(books, 1) as chunk:
            for _ in range(3):
                chunk()
        items = books.get(f"/batches/{batch_uuid}?expand=diagnostics").json()["items"]
        assert [item["result"] for item in items] == ["CREATED", "CREATED", "FAILED"]
        assert codes(items[2]["errors"]) == [("DOCUMENT-UNKNOWN", "/referenceDocumentNo")]

    def test_rules_are_those_of_the_moment_of_processing(self, books: House) -> None:
        """Configs that change between acceptance and processing count."""
        batch_uuid = accepted(books, {"documents": [invoice(kid="0010018")]}, "/documents/batches")
        configure(books, "validation.kid", "ERROR")
        books.work()
        assert books.get(f"/batches/{batch_uuid}").json()["result"] == "FAILED"

    def test_who_sent_it(self, books: House) -> None:
        """createdBy of what an item made is the person the batch was sent for."""
        body = {"metadata": {"userId": "anne"}, "documents": [invoice(documentNo="1")]}
        batch = books.batch("/documents/batches", body)
        document = books.get("/documents/1").json()
        assert (document["createdBy"], document["batchUuid"]) == ("anne", batch["batchUuid"])


class TestDiagnostics:
    def test_what_they_add(self, books: House) -> None:
        """index and clientReference to items, code and pointer (from the item) to messages, and to the batch its story."""
        body = {"metadata": {"userId": "anne"}, **customers("A", "Bx", clientReference="row")}
        batch_uuid = accepted(books, body)
        queued = books.get(f"/batches/{batch_uuid}?expand=diagnostics").json()
        assert list(queued)[-4:] == ["entity", "operation", "userId", "createdAt"]
        books.clock.advance(seconds=2)
        books.work()
        plain, full = (books.get(f"/batches/{batch_uuid}{query}").json() for query in ("", "?expand=diagnostics"))
        assert {key: full[key] for key in full if key not in plain} == {
            "entity": "CUSTOMERS",
            "operation": "POST",
            "userId": "anne",
            "createdAt": full["createdAt"],
            "startedAt": full["startedAt"],
            "finishedAt": full["finishedAt"],
        }
        assert full["createdAt"] < full["startedAt"] <= full["finishedAt"]
        added = [{key: item[key] for key in item if key not in before} for item, before in zip(full["items"], plain["items"], strict=True)]
        assert added == [{"index": 0, "clientReference": "row"}, {"index": 1, "clientReference": "row"}]
        assert list(plain["items"][1]["errors"][0]) == ["field", "message"]
        assert codes(full["items"][1]["errors"]) == [("COUNTRY-CODE", "/postalAddress/countryCode")]

    def test_an_index_counts_over_chunks(self, books: House) -> None:
        """Of 2,300 customers three fail: their places are those in what was sent."""
        wrong = {999, 1000, 2299}
        items = [customer(str(300000 + index), **({"postalAddress": {"countryCode": "NX"}} if index in wrong else {})) for index in range(2300)]
        batch = books.batch("/customers/batches", {"customers": items}, query="?expand=diagnostics&result=FAILED")
        assert (batch["countSuccessful"], batch["countFailed"]) == (2297, 3)
        assert [(item["index"], item["customerNo"]) for item in batch["items"]] == [(999, "300999"), (1000, "301000"), (2299, "302299")]


class TestReading:
    @pytest.fixture
    def batch_uuid(self, books: House) -> str:
        """A batch of 23 customers of which every fourth fails."""
        numbers = [f"N{index:02d}{'x' if index % 4 == 0 else ''}" for index in range(23)]
        return str(books.batch("/customers/batches", customers(*numbers))["batchUuid"])

    def test_by_result(self, books: House, batch_uuid: str) -> None:
        """The filter chooses items and leaves the counters; several values mean or, case does not count."""
        for query, count in (("FAILED", 6), ("created", 17), ("FAILED,CREATED", 23), ("CANCELLED", 0), ("UNCHANGED,UPDATED", 0)):
            batch = books.get(f"/batches/{batch_uuid}?result={query}").json()
            assert (len(batch["items"]), counters(batch)) == (count, (0, 23, 17, 6))

    def test_pages(self, books: House, batch_uuid: str) -> None:
        """Page by page in input order, with a summary whose links lead on."""
        page: Any = books.get(f"/batches/{batch_uuid}?pagesize=10&expand=diagnostics&result=CREATED")
        seen, urls = [], []
        while True:
            summary = page.json()["summary"]
            seen.append([item["index"] for item in page.json()["items"]])
            assert (summary["totalCount"], summary["maximumCount"], summary["pageSizeLimit"], summary["totalPages"]) == (17, 17, 10, 2)
            assert (summary["queryId"], summary["currentPageSize"], page.headers["x-total-count"]) == (batch_uuid, len(seen[-1]), "17")
            if "nextPage" not in summary:
                break
            urls.append(summary["nextPage"])
            assert f'<{summary["nextPage"]}>; rel="next"' in page.headers["link"]
            parts = urlsplit(summary["nextPage"])
            page = books.get(f"{parts.path}?{parts.query}")
        assert [index for indexes in seen for index in indexes] == [index for index in range(23) if index % 4]
        assert [dict(parse_qsl(urlsplit(url).query)) for url in urls] == [
            {"pageno": "2", "pagesize": "10", "expand": "diagnostics", "result": "CREATED"}
        ]
        assert urls[0].startswith(f"https://reskontro.example/arm/v1/clients/{books.client_no}/batches/{batch_uuid}?")

    @pytest.mark.parametrize(
        ("query", "size", "items"),
        [
            ("pageno=1", 1000, 23),
            ("pagesize=4", 10, 10),
            ("pagesize=1", 10, 10),
            ("pagesize=0", 10, 10),
            ("pagesize=-3", 10, 10),
            ("pagesize=5", 5, 5),
            ("pagesize=99999", 10_000, 23),
            ("pageno=3&pagesize=10", 10, 3),
            ("pageno=4&pagesize=10", 10, 0),
        ],
    )
    def test_page_sizes(self, books: House, batch_uuid: str, query: str, size: int, items: int) -> None:
        """1,000 by default, below 5 it is 10, at most 10,000; past the end a page is empty."""
        batch = books.get(f"/batches/{batch_uuid}?{query}").json()
        assert (batch["summary"]["pageSizeLimit"], len(batch["items"]), batch["summary"]["currentPageSize"]) == (size, items, items)

    def test_a_page_of_nothing(self, books: House, batch_uuid: str) -> None:
        """A filter that nothing passes has no pages."""
        summary = books.get(f"/batches/{batch_uuid}?result=UPDATED&pageno=1").json()["summary"]
        assert (summary["totalCount"], summary["maximumCount"], summary["totalPages"]) == (0, 0, 0)
        assert "lastPage" not in summary

    @pytest.mark.parametrize("query", ["pageno=0", "pageno=x", "pagesize=x", "result=GOOD", "expand=all", "pageSize=5", "pageno=1&pageno=2"])
    def test_a_parameter_that_is_refused(self, books: House, batch_uuid: str, query: str) -> None:
        """400, each for its reason."""
        assert books.get(f"/batches/{batch_uuid}?{query}").status_code == 400

    def test_as_lines(self, books: House, batch_uuid: str) -> None:
        """First the batch without items, then one line per filtered item; pages are for JSON."""
        answer = books.get(f"/batches/{batch_uuid}?result=FAILED&expand=diagnostics", headers={"Accept": "application/x-ndjson"})
        head, *items = [json.loads(line) for line in answer.text.splitlines()]
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert (head["countFailed"], head["entity"], "items" in head) == (6, "CUSTOMERS", False)
        assert items == books.get(f"/batches/{batch_uuid}?result=FAILED&expand=diagnostics").json()["items"]
        refused = books.get(f"/batches/{batch_uuid}?pageno=1", headers={"Accept": "application/x-ndjson"})
        assert (refused.status_code, refused.json()["code"]) == (400, "INVALID-PARAMETER")

    def test_as_a_table(self, books: House, batch_uuid: str) -> None:
        """RFC 4180 with a header line; messages in one cell."""
        answer = books.get(f"/batches/{batch_uuid}?result=FAILED", headers={"Accept": "text/csv"})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.content.startswith(
            b"index,status,result,message,clientNo,accountNo,customerNo,documentNo,documentUuid,clientReference,warnings,errors\r\n"
        )
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert len(rows) == 6
        assert rows[0] == {
            "index": "0",
            "status": "PROCESSED",
            "result": "FAILED",
            "message": "NX is not a valid ISO 3166-1 alpha-2 country code",
            "clientNo": str(books.client_no),
            "accountNo": "",
            "customerNo": "N00x",
            "documentNo": "",
            "documentUuid": "",
            "clientReference": "",
            "warnings": "",
            "errors": "countryCode: NX is not a valid ISO 3166-1 alpha-2 country code",
        }
        assert books.get(f"/batches/{batch_uuid}?pagesize=5", headers={"Accept": "text/csv"}).status_code == 400

    def test_cells_are_no_formulas(self, books: House) -> None:
        """What a spreadsheet would run gets an apostrophe; commas, quotes and line feeds survive; several messages are joined."""
        references = ['=HYPERLINK("http://x.example")', "@SUM(1)", "+1", "-1", 'a,"b"', "'=1"]
        body = {"customers": [customer(f"F{n}", clientReference=r) for n, r in enumerate(references)]}
        body["customers"].append({"customerNo": "F9", "name": "N", "language": "xx", "currency": "=1+1"})
        batch = books.batch("/customers/batches", body)
        rows = list(csv.DictReader(io.StringIO(books.get(f"/batches/{batch['batchUuid']}", headers={"Accept": "text/csv"}).text)))
        assert [row["clientReference"] for row in rows[:-1]] == [f"'{r}" if r[0] in "=+-@" else r for r in references]
        assert rows[-1]["errors"] == ("language: xx is not a valid ISO 639-1 language code | currency: =1+1 is not a valid ISO 4217 currency code")
        assert rows[-1]["message"] == "xx is not a valid ISO 639-1 language code"

    def test_texts_are_in_the_language_of_the_reader(self, books: House) -> None:
        """Whatever the sender's was."""
        batch_uuid = accepted(books, customers("A", "Bx"), headers={"Accept-Language": "nb"})
        books.work()
        norwegian = books.get(f"/batches/{batch_uuid}", headers={"Accept-Language": "nb"}).json()
        english = books.get(f"/batches/{batch_uuid}").json()
        assert (english["items"][0]["message"], english["items"][1]["message"]) == (
            "Customer created",
            "NX is not a valid ISO 3166-1 alpha-2 country code",
        )
        assert norwegian["items"][1]["message"] == "NX er ikke en gyldig landkode etter ISO 3166-1 alfa-2"
        assert norwegian["message"] != english["message"]
        assert [item["result"] for item in norwegian["items"]] == ["CREATED", "FAILED"]

    def test_more_than_ten_thousand(self, books: House) -> None:
        """Without paging the first 10,000 are shown and the rest is pointed at; the keys stay the same. NDJSON and CSV give all of it."""
        content = b"".join(b'{"customerNo":"L%d","name":"N"}\n' % number for number in range(10_500))
        batch_uuid = accepted(books, None, content=content, headers=NDJSON)
        books.work()
        answer = books.get(f"/batches/{batch_uuid}")
        assert (len(answer.json()["items"]), answer.headers["x-total-count"], "summary" in answer.json()) == (10_000, "10500", False)
        url = answer.headers["link"].partition(">")[0].removeprefix("<")
        assert answer.headers["link"].endswith('; rel="next"')
        assert dict(parse_qsl(urlsplit(url).query)) == {"pageno": "2", "pagesize": "10000"}
        rest = books.get(f"{urlsplit(url).path}?{urlsplit(url).query}").json()
        assert (len(rest["items"]), rest["items"][-1]["customerNo"]) == (500, "L10499")
        assert "link" not in books.get(f"/batches/{batch_uuid}?result=FAILED").headers
        assert books.get(f"/batches/{batch_uuid}", headers={"Accept": "application/x-ndjson"}).text.count("\n") == 10_501
        assert books.get(f"/batches/{batch_uuid}", headers={"Accept": "text/csv"}).text.count("\r\n") == 10_501


class TestLines:
    def test_a_body_of_lines(self, books: House) -> None:
        """Metadata first, blank lines skipped, either line end, the last line without one; indexes count items."""
        content = b'\n{"metadata": {"userId": "anne"}}\r\n\n' + b'{"customerNo": "A", "name": "N"}\r\n  \n{"customerNo":"B","name":"N"}'
        batch_uuid = accepted(books, None, content=content, headers=NDJSON)
        books.work()
        batch = books.get(f"/batches/{batch_uuid}?expand=diagnostics").json()
        assert (batch["userId"], [(item["index"], item["customerNo"]) for item in batch["items"]]) == ("anne", [(0, "A"), (1, "B")])

    def test_metadata_is_metadata_only_alone_and_first(self, books: House) -> None:
        """A line with other keys beside it, or a later line, is an item."""
        content = lines({"customerNo": "A", "name": "N", "metadata": {"userId": "anne"}}, {"metadata": {"userId": "anne"}})
        batch_uuid = accepted(books, None, content=content, headers=NDJSON)
        books.work()
        batch = books.get(f"/batches/{batch_uuid}?expand=diagnostics").json()
        assert [item["result"] for item in batch["items"]] == ["CREATED", "FAILED"]
        assert codes(batch["items"][0]["warnings"]) == [("UNKNOWN-FIELD", "/metadata")]
        assert batch["userId"] != "anne"

    @pytest.mark.parametrize(
        ("bad", "number", "code"),
        [
            (b'{"customerNo": "C",}', 4, "MALFORMED-JSON"),
            (b'{"customerNo": "C"', 4, "MALFORMED-JSON"),
            (b"no json", 4, "MALFORMED-JSON"),
            (b'{"name": "\xff"}', 4, "MALFORMED-JSON"),
            (b'{"a": 1}{"b": 2}', 4, "MALFORMED-JSON"),
            (b"[1]", 4, "MALFORMED-BODY"),
            (b"null", 4, "MALFORMED-BODY"),
        ],
    )
    def test_a_line_that_cannot_be_read(self, books: House, bad: bytes, number: int, code: str) -> None:
        """400 with the number of the line in the body, blank ones and metadata counted; nothing is stored."""
        content = lines({"metadata": {}}, {"customerNo": "A"}) + b"\n" + bad + b"\n" + lines({"customerNo": "B"})
        answer = books.post("/customers/batches", content=content, headers=NDJSON)
        assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
        assert answer.json()["errors"][0]["pointer"] == f"/line/{number}"
        assert books.rows("select (select count(*) from batch), (select count(*) from batch_slice)") == [(0, 0)]

    @pytest.mark.parametrize("content", [b"", b"\n \n", b'{"metadata": {"userId": "anne"}}\n'])
    def test_a_body_without_items(self, books: House, content: bytes) -> None:
        """400 MALFORMED-BODY."""
        answer = books.post("/customers/batches", content=content, headers=NDJSON)
        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED-BODY")

    def test_more_than_fits_a_json_batch(self, books: House) -> None:
        """NDJSON takes more than 10,000 items in one batch."""
        answer = books.post("/customers/batches", content=b"{}\n" * 10_001, headers=NDJSON)
        assert (answer.status_code, answer.json()["countNotProcessed"]) == (202, 10_001)
        assert books.post(f"/batches/{answer.json()['batchUuid']}/cancel").status_code == 200


class TestPut:
    def test_known_customers_are_updated(self, books: House) -> None:
        """What is not sent stays; an unknown number fails."""
        body = {"customers": [{"customerNo": "100001", "language": "en"}, {"customerNo": "nobody", "name": "N"}, {"customerNo": "100002"}]}
        batch = books.batch("/customers/batches", body, method="PUT", query="?expand=diagnostics")
        assert [item["result"] for item in batch["items"]] == ["UPDATED", "FAILED", "UNCHANGED"]
        assert (batch["operation"], codes(batch["items"][1]["errors"])) == ("PUT", [("CUSTOMER-UNKNOWN", "/customerNo")])
        assert books.get("/customers/100001").json()["name"] == "Kari Prøve"

    def test_lines_can_be_put_too(self, books: House) -> None:
        """application/x-ndjson."""
        answer = books.put("/customers/batches", content=lines({"customerNo": "100001", "language": "en"}), headers=NDJSON)
        assert answer.status_code == 202
        books.work()
        assert books.get("/customers/100001").json()["language"] == "en"


class TestDuplicates:
    def test_the_first_wins(self, books: House) -> None:
        """Whatever its own result; every later one names its place. Case does not count, blanks around do not either."""
        body = {"customers": [customer("Ax"), customer("b"), {"customerNo": " AX ", "name": "N"}, customer("B"), customer("b")]}
        batch = books.batch("/customers/batches", body, query="?expand=diagnostics")
        assert [item["result"] for item in batch["items"]] == ["FAILED", "CREATED", "FAILED", "FAILED", "FAILED"]
        assert [item["message"] for item in batch["items"][2:]] == [
            "customerNo  AX  already occurs in this batch at index 0",
            "customerNo B already occurs in this batch at index 1",
            "customerNo b already occurs in this batch at index 1",
        ]
        assert codes(batch["items"][3]["errors"]) == [("DUPLICATE-IN-BATCH", "/customerNo")]

    @pytest.mark.parametrize("media", ["application/json", "application/x-ndjson"])
    def test_over_chunks(self, books: House, media: str) -> None:
        """The second occurrence 1,500 items later, and a third one after that, found by another worker."""
        items = [customer(f"D{number}") for number in range(1_600)]
        items[1500] = customer("d3")
        items[1599] = customer("D3")
        content = lines(*items) if media.endswith("ndjson") else json.dumps({"customers": items}).encode()
        batch_uuid = accepted(books, None, content=content, headers={"Content-Type": media})
        with worker(books, 1000) as chunk:
            chunk()
        books.work()
        batch = books.get(f"/batches/{batch_uuid}?result=FAILED&expand=diagnostics").json()
        assert [item["index"] for item in batch["items"]] == [1500, 1599]
        assert {item["message"] for item in batch["items"]} == {f"customerNo {key} already occurs in this batch at index 3" for key in ("d3", "D3")}

    def test_documents_without_a_number_have_no_key(self, books: House) -> None:
        """Only documentNo makes two documents the same."""
        batch = books.batch("/documents/batches", {"documents": [invoice(), invoice(), invoice(documentNo="x"), invoice(documentNo="X")]})
        assert [item["result"] for item in batch["items"]] == ["CREATED", "CREATED", "CREATED", "FAILED"]


class TestCancel:
    def test_a_queued_batch(self, books: House) -> None:
        """At once; nothing was processed, so it has no result; its items say so."""
        batch_uuid = accepted(books, customers("A", "B", clientReference="r"))
        answer = books.post(f"/batches/{batch_uuid}/cancel", {"metadata": {"userId": "anne"}})
        assert answer.status_code == 200
        assert answer.json() == {
            "clientNo": books.client_no,
            "batchUuid": batch_uuid,
            "status": "CANCELLED",
            "message": "The batch was cancelled",
            "countNotProcessed": 2,
            "countProcessed": 0,
            "countSuccessful": 0,
            "countFailed": 0,
        }
        books.work()
        got = books.get(f"/batches/{batch_uuid}")
        assert (got.status_code, counters(got.json())) == (200, (2, 0, 0, 0))
        assert got.json()["items"][0] == {
            "status": "CANCELLED",
            "result": "CANCELLED",
            "message": "Not processed: the batch was cancelled",
            "clientNo": books.client_no,
            "customerNo": "A",
        }
        assert books.get("/customers/A").status_code == 404

    @pytest.mark.parametrize(("numbers", "result"), [(("A", "B", "C", "D"), "PARTIAL-SUCCESS"), (("Ax", "Bx", "C", "D"), "FAILED")])
    def test_half_way(self, books: House, numbers: tuple[str, ...], result: str) -> None:
        """What is done stays done, the rest is cancelled; such a batch is never a success."""
        batch_uuid = accepted(books, customers(*numbers))
        with worker(books, 2) as chunk:
            chunk()
            assert books.post(f"/batches/{batch_uuid}/cancel").json()["result"] == result
            chunk()
        batch = books.get(f"/batches/{batch_uuid}?expand=diagnostics").json()
        assert [item["result"] for item in batch["items"]][2:] == ["CANCELLED", "CANCELLED"]
        assert [item["index"] for item in batch["items"]] == [0, 1, 2, 3]
        assert (batch["status"], batch["result"], batch["countNotProcessed"]) == ("CANCELLED", result, 2)
        assert len(books.get(f"/batches/{batch_uuid}?result=CANCELLED").json()["items"]) == 2
        assert books.get(f"/batches/{batch_uuid}?result=CANCELLED&pagesize=10").json()["summary"]["totalCount"] == 2

    def test_while_a_chunk_is_running(self, books: House) -> None:
        """The running chunk is not torn: 202, and the batch ends after it."""
        batch_uuid = accepted(books, customers("A", "B"))
        with books.database.transaction(books.client_no) as running:
            lock_client(running, books.client_no)
            answer = books.post(f"/batches/{batch_uuid}/cancel")
            assert (answer.status_code, answer.json()["status"]) == (202, "QUEUED")
            assert answer.headers["retry-after"] == "1"
        books.work()
        assert books.get(f"/batches/{batch_uuid}").json()["status"] == "CANCELLED"

    def test_the_chunk_that_was_running_is_the_last_one(self, books: House) -> None:
        """When it is committed just after the wait for it, the answer says that the batch is processed."""
        batch_uuid = accepted(books, customers("A"))
        with ThreadPoolExecutor(1) as aside:
            with books.database.transaction(books.client_no) as running:
                lock_client(running, books.client_no)
                running.execute("update batch set status = 'PROCESSED', finished_at = created_at where client_no = %s", (books.client_no,))
                answering = aside.submit(books.post, f"/batches/{batch_uuid}/cancel")
                waiting = "select count(*) from pg_stat_activity where starts_with(query, 'update batch set cancel') and wait_event_type = 'Lock'"
                while books.rows(waiting) == [(0,)]:
                    assert not answering.done()
            answer = answering.result()
        assert (answer.status_code, answer.json()["status"]) == (200, "PROCESSED")

    def test_of_a_batch_that_has_ended(self, books: House) -> None:
        """409, whether it was cancelled before or is processed."""
        done = books.batch("/customers/batches", customers("A"))["batchUuid"]
        cancelled = accepted(books, customers("B"))
        books.post(f"/batches/{cancelled}/cancel")
        for batch_uuid in (done, cancelled):
            answer = books.post(f"/batches/{batch_uuid}/cancel")
            assert (answer.status_code, answer.json()["code"]) == (409, "STATE-CONFLICT")

    def test_the_next_batch_goes_on(self, books: House) -> None:
        """A cancelled batch does not hold up those behind it."""
        first, second = accepted(books, customers("A")), accepted(books, customers("B"))
        books.post(f"/batches/{first}/cancel")
        books.work()
        assert books.get(f"/batches/{second}").json()["result"] == "SUCCESS"

    def test_bodies(self, books: House) -> None:
        """None, an empty object or metadata; anything else is refused before anything happens."""
        batch_uuid = accepted(books, customers("A"))
        for body in ({"items": []}, [], {"metadata": 5}):
            answer = books.post(f"/batches/{batch_uuid}/cancel", body)
            assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED-BODY")
        assert books.post(f"/batches/{batch_uuid}/cancel", {}).status_code == 200


class TestRetry:
    def test_failures_as_they_were_sent(self, books: House) -> None:
        """A new batch of the failed items in their order, linked to the old one; the old one stays as it is."""
        batch = books.batch("/customers/batches", customers("Ax", "B", "Cx", clientReference="r"))
        answer = books.post(f"/batches/{batch['batchUuid']}/retryfailed", {"metadata": {"userId": "ola"}})
        new = answer.json()["batchUuid"]
        assert (answer.status_code, answer.json()["status"], answer.json()["countNotProcessed"]) == (202, "QUEUED", 2)
        assert answer.headers["location"].endswith(f"/batches/{new}")
        books.work()
        again = books.get(f"/batches/{new}?expand=diagnostics").json()
        assert (again["parentBatchUuid"], again["operation"], again["entity"], again["userId"]) == (batch["batchUuid"], "RETRY", "CUSTOMERS", "ola")
        assert [(item["index"], item["customerNo"], item["clientReference"], item["result"]) for item in again["items"]] == [
            (0, "Ax", "r", "FAILED"),
            (1, "Cx", "r", "FAILED"),
        ]
        assert books.get(f"/batches/{batch['batchUuid']}").json() == batch

    def test_once(self, books: House) -> None:
        """The second time 409 names the new batch; what failed again is retried from that one."""
        batch = books.batch("/customers/batches", customers("Ax"))
        new = books.post(f"/batches/{batch['batchUuid']}/retryfailed").json()["batchUuid"]
        second = books.post(f"/batches/{batch['batchUuid']}/retryfailed")
        assert (second.status_code, second.json()["code"]) == (409, "STATE-CONFLICT")
        assert new in second.json()["detail"]
        books.work()
        assert books.post(f"/batches/{new}/retryfailed").status_code == 202

    def test_not_before_the_end(self, books: House) -> None:
        """A batch that is not final cannot be retried, one without failures need not be."""
        batch_uuid = accepted(books, customers("A"))
        early = books.post(f"/batches/{batch_uuid}/retryfailed")
        assert (early.status_code, early.json()["code"]) == (409, "STATE-CONFLICT")
        books.work()
        nothing = books.post(f"/batches/{batch_uuid}/retryfailed")
        assert (nothing.status_code, nothing.json()["code"]) == (422, "NOTHING-TO-RETRY")

    def test_cancelled_items_too(self, books: House) -> None:
        """Failed and cancelled items together, in input order, over slices of the input."""
        numbers = ["Ax", "B", *(f"C{number}" for number in range(1_500))]
        batch_uuid = accepted(books, customers(*numbers))
        with worker(books, 2) as chunk:
            chunk()
        books.post(f"/batches/{batch_uuid}/cancel")
        new = books.post(f"/batches/{batch_uuid}/retryfailed").json()["batchUuid"]
        books.work()
        again = books.get(f"/batches/{new}").json()
        assert [item["customerNo"] for item in again["items"]] == ["Ax", *numbers[2:]]
        assert (again["countSuccessful"], again["countFailed"]) == (1_500, 1)

    def test_a_put_stays_a_put(self, books: House) -> None:
        """Items are treated as by the first call: an unknown customer is not created."""
        batch = books.batch("/customers/batches", {"customers": [{"customerNo": "new", "name": "N"}]}, method="PUT")
        new = books.post(f"/batches/{batch['batchUuid']}/retryfailed").json()["batchUuid"]
        books.work()
        assert books.get(f"/batches/{new}").json()["items"][0]["message"] == "Customer new does not exist"

    def test_a_duplicate_is_alone_in_the_new_batch(self, books: House) -> None:
        """There it is no duplicate any more."""
        batch = books.batch("/customers/batches", customers("A", "a", name="N"))
        new = books.post(f"/batches/{batch['batchUuid']}/retryfailed").json()["batchUuid"]
        books.work()
        assert books.get(f"/batches/{new}").json()["items"][0]["result"] == "UNCHANGED"


class TestList:
    def test_newest_first_with_their_story(self, books: House) -> None:
        """Batches without items, with what diagnostics tell."""
        first = books.batch("/customers/batches", {"metadata": {"userId": "anne"}, **customers("A")})["batchUuid"]
        second = accepted(books, {"documents": [invoice()]}, "/documents/batches")
        answer = books.get("/batches")
        assert [batch["batchUuid"] for batch in answer.json()["batches"]] == [second, first]
        batch = answer.json()["batches"][1]
        story = ["entity", "operation", "userId", "createdAt", "startedAt", "finishedAt"]
        assert list(batch) == ["clientNo", "batchUuid", "status", "result", "message", *COUNTERS, *story]
        assert answer.json()["summary"]["totalCount"] == 2
        books.work()

    def test_filters(self, books: House) -> None:
        """By status, result, entity and time of acceptance."""
        good = books.batch("/customers/batches", customers("A"))["batchUuid"]
        part = books.batch("/customers/batches", customers("B", "Cx"))["batchUuid"]
        bad = books.batch("/documents/batches", {"documents": [{}]})["batchUuid"]
        cut = accepted(books, customers("D"))
        books.post(f"/batches/{cut}/cancel")
        waiting = accepted(books, customers("E"))
        names = {good: "good", part: "part", bad: "bad", cut: "cut", waiting: "waiting"}

        def found(query: str) -> list[str]:
            answer = books.get(f"/batches?{query}")
            assert answer.status_code == 200, answer.text
            return [names[batch["batchUuid"]] for batch in answer.json()["batches"]]

        assert found("status=processed") == ["bad", "part", "good"]
        assert found("status=QUEUED,CANCELLED") == ["waiting", "cut"]
        assert found("result=SUCCESS") == ["good"]
        assert found("result=PARTIAL-SUCCESS,FAILED") == ["bad", "part"]
        assert found("entity=DOCUMENTS") == ["bad"]
        assert found("entity=CUSTOMERS&status=PROCESSED&result=SUCCESS,FAILED") == ["good"]
        assert found("createdfrom=2026-11-25&createdto=2026-11-25") == ["waiting", "cut", "bad", "part", "good"]
        assert found("createdfrom=2026-11-26") == []
        assert found("createdto=2026-11-24") == []
        for query in ("status=DONE", "result=GOOD", "entity=X", "createdfrom=soon", "expand=diagnostics"):
            assert books.get(f"/batches?{query}").status_code == 400, query
        books.work()


def test_an_unknown_batch(books: House) -> None:
    """404 for reading, cancelling and retrying; an id that is none is 400."""
    for call in (books.get, lambda path: books.post(f"{path}/cancel"), lambda path: books.post(f"{path}/retryfailed")):
        unknown, malformed = call(f"/batches/{'A' * 22}"), call("/batches/short")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "NOT-FOUND")
        assert (malformed.status_code, malformed.json()["code"]) == (400, "ID-MALFORMED")


def test_batches_are_kept_400_days(house: House) -> None:
    """Then they are gone for every call, and lists leave them out."""
    batch_uuid = house.batch("/customers/batches", customers("Ax"))["batchUuid"]
    house.clock.advance(days=399, hours=23)
    later = replace(house, _tokens={})
    assert later.get(f"/batches/{batch_uuid}").status_code == 200
    house.clock.advance(hours=2)
    later = replace(house, _tokens={})
    assert later.get(f"/batches/{batch_uuid}").status_code == 404
    assert later.post(f"/batches/{batch_uuid}/retryfailed").status_code == 404
    assert later.post(f"/batches/{batch_uuid}/cancel").status_code == 404
    assert later.get("/batches").json()["batches"] == []
