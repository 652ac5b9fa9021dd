"""Aim: a report is asked for, queued, made and found as a file; a request that cannot be met says everything that is wrong with it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from reskontro.ledger.books import open_books
from reskontro.receivable.reports.building import Asked
from reskontro.receivable.reports.producing import make
from tests.api.reports import content, fill, values_of
from tests.api.support import change_books, close_periods, created, invoice
from tests.house import House

STATEMENT = {"reportType": "CUSTOMER-STATEMENT", "format": "JSON", "customerNos": ["100001"], "fromDate": "2026-10-01", "toDate": "2026-10-31"}
PERIODS = {"glYear": 2026, "fromPeriod": 10, "toPeriod": 10}


def asked(house: House, report: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The batch of a report, processed, with its diagnostics."""
    answer = house.post("/actions/reports", {"metadata": {"userId": "anne"}, "report": report}, **options)
    assert answer.status_code == 202, answer.text
    house.work()
    return house.get(f"/batches/{answer.json()['batchUuid']}?expand=diagnostics").json()


def refused(house: House, report: dict[str, Any]) -> list[tuple[str, str]]:
    """(code, pointer below the report) of a request that must be refused."""
    answer = house.post("/actions/reports", {"report": report})
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION-FAILED"), answer.text
    return [(error["code"], error["pointer"].removeprefix("/report")) for error in answer.json()["errors"]]


class TestQueueing:
    def test_the_answer(self, books: House) -> None:
        """As the contract shows it: a queued batch with one item, where to read it and when."""
        report = {"reportType": "LEDGER-SPECIFICATION", "format": "CSV", **PERIODS, "customerNos": ["100001", "100002"]}
        answer = books.post("/actions/reports", {"metadata": {"userId": "anne"}, "report": report})
        batch = answer.json()
        assert answer.status_code == 202
        assert batch == {
            "clientNo": books.client_no,
            "batchUuid": batch["batchUuid"],
            "status": "QUEUED",
            "message": "The batch is queued",
            "countNotProcessed": 1,
            "countProcessed": 0,
            "countSuccessful": 0,
            "countFailed": 0,
        }
        assert answer.headers["Location"].endswith(f"/batches/{batch['batchUuid']}")
        assert answer.headers["Retry-After"] == "1"

    def test_what_comes_of_it(self, books: House) -> None:
        """One item with the file; the batch says what it was and who asked."""
        batch = asked(books, {"reportType": "TRIAL-BALANCE", "format": "JSON", **PERIODS, "clientReference": "r-1"})
        assert (batch["entity"], batch["operation"], batch["userId"], batch["result"]) == ("REPORT", "RUN", "anne", "SUCCESS")
        (item,) = batch["items"]
        assert (item["result"], item["message"], item["clientReference"]) == ("CREATED", "File created", "r-1")
        plain = books.get(f"/batches/{batch['batchUuid']}").json()["items"][0]
        assert plain == {key: item[key] for key in ("status", "result", "message", "clientNo", "fileId")}
        file = books.get(f"/files/{item['fileId']}?expand=content").json()
        assert json.loads(base64.b64decode(file["content"]))["reportType"] == "TRIAL-BALANCE"
        rows = books.rows("select file_name, file_type, content_type, created_by from file")
        assert rows == [("trial-balance-2026-10.json", "REPORT", "application/json", "anne")]

    def test_once_for_an_idempotency_key(self, books: House) -> None:
        """The second call gets the first one's answer, and there is one batch."""
        headers = {"Idempotency-Key": "once"}
        first, second = (books.post("/actions/reports", {"report": {"reportType": "AGEING", "format": "CSV"}}, headers=headers) for _ in range(2))
        assert first.json() == second.json() and second.headers["Idempotency-Replayed"] == "true"
        assert books.rows("select count(*) from batch where entity = 'REPORT'") == [(1,)]

    def test_a_file_for_each_customer_of_a_statement(self, books: House) -> None:
        """In the order asked for; one that there is not is a failed item and stops no other."""
        batch = asked(books, STATEMENT | {"customerNos": ["100002", "NOBODY", "100001", "100001"]})
        assert [(item["customerNo"], item["result"]) for item in batch["items"]] == [
            ("100002", "CREATED"),
            ("NOBODY", "FAILED"),
            ("100001", "CREATED"),
        ]
        error = batch["items"][1]["errors"][0]
        assert (error["code"], error["field"], error["message"]) == ("CUSTOMER-UNKNOWN", "customerNos", "Customer NOBODY does not exist")
        assert batch["items"][0]["accountNo"] == 500002
        assert batch["result"] == "PARTIAL-SUCCESS"
        assert books.rows("select file_name from file order by file_id") == [
            ("customer-statement-100002-2026-10-01-2026-10-31.json",),
            ("customer-statement-100001-2026-10-01-2026-10-31.json",),
        ]

    def test_a_statement_is_a_bundle_of_its_customer(self, books: House) -> None:
        """Its file is all that is in it."""
        sent = {"reportType": "CUSTOMER-STATEMENT", "fromDate": "2026-10-01", "toDate": "2026-10-31", "customerNos": ["100001", "100002", "100001"]}
        answer = books.post("/actions/reports", {"report": sent})
        books.work()
        batch = books.get(f"/batches/{answer.json()['batchUuid']}").json()
        bundles = books.get("/documentbundles?bundletype=STATEMENT&expand=files").json()["documentBundles"]
        assert {bundle["customerNo"]: [file["fileId"] for file in bundle["files"]] for bundle in bundles} == {
            item["customerNo"]: [item["fileId"]] for item in batch["items"]
        }
        assert {(bundle["status"], bundle["documentCount"], bundle["fileCount"], bundle["batchUuid"]) for bundle in bundles} == {
            ("SEALED", 0, 1, batch["batchUuid"])
        }

    def test_unknown_customers_of_another_report(self, books: House) -> None:
        """The file has those that there are; without any there is none."""
        report = {"reportType": "OPEN-ITEMS", "format": "CSV"}
        some = asked(books, {**report, "customerNos": ["NOBODY", "100001"]})
        none = asked(books, {**report, "customerNos": ["NOBODY"]})
        assert [item["result"] for item in some["items"]] == ["CREATED", "FAILED"]
        assert [item["result"] for item in none["items"]] == ["FAILED"]

    def test_it_sees_the_batches_before_it(self, books: House) -> None:
        """A customer that a batch accepted earlier creates is there."""
        books.post("/customers/batches", {"customers": [{"customerNo": "NEW-1", "name": "New"}]})
        batch = asked(books, STATEMENT | {"customerNos": ["NEW-1"]})
        assert batch["items"][0]["result"] == "CREATED"

    def test_a_client_that_is_not_active(self, books: House) -> None:
        """409: a report is a write, a file is stored."""
        change_books(books, "update client set status = 'SUSPENDED' where client_no = current_client_no()")
        answer = books.post("/actions/reports", {"report": {"reportType": "AGEING"}})
        assert (answer.status_code, answer.json()["code"]) == (409, "CLIENT-NOT-ACTIVE")
        change_books(books, "update client set status = 'ACTIVE' where client_no = current_client_no()")

    def test_scope(self, books: House) -> None:
        """Reading is not enough."""
        answer = books.post("/actions/reports", {"report": {"reportType": "AGEING"}}, token=books.token(("read:arm",)))
        assert (answer.status_code, answer.json()["code"]) == (403, "INSUFFICIENT-SCOPE")

    def test_saft(self, books: House) -> None:
        """SAF-T is XML without being asked for it."""
        created(books, invoice())
        batch = asked(books, {"reportType": "SAF-T", **PERIODS})
        assert batch["result"] == "SUCCESS"
        assert books.rows("select file_type, content_type from file") == [("SAF-T", "application/xml")]

    def test_closed_periods_are_reported_as_others(self, books: House) -> None:
        """Nothing is posted by a report, so it needs no open period."""
        created(books, invoice())
        close_periods(books, "2026-12-31")
        assert asked(books, {"reportType": "TRIAL-BALANCE", "format": "CSV", **PERIODS})["result"] == "SUCCESS"

    def test_the_file_is_in_the_log(self, books: House) -> None:
        """With its batch and who asked for it."""
        batch = asked(books, {"reportType": "AGEING", "format": "CSV"})
        entries = books.get(f"/logitems?event=FILE-CREATED&batchuuid={batch['batchUuid']}").json()["logItems"]
        assert [(entry["entityId"], entry["userId"], entry["source"]) for entry in entries] == [(batch["items"][0]["fileId"], "anne", "RUN")]


class TestRequests:
    def test_nothing(self, books: House) -> None:
        """Only the type can be asked for before it is known."""
        assert refused(books, {}) == [("REQUIRED", "/reportType")]

    @pytest.mark.parametrize("report_type", ["LEDGER-SPECIFICATION", "ACCOUNT-SPECIFICATION", "TRIAL-BALANCE", "SAF-T"])
    def test_what_periods_need(self, books: House, report_type: str) -> None:
        """All three, all found at once."""
        expected = [("REQUIRED", "/glYear"), ("REQUIRED", "/fromPeriod"), ("REQUIRED", "/toPeriod")]
        assert refused(books, {"reportType": report_type}) == expected

    def test_what_a_statement_needs(self, books: House) -> None:
        """Days and customers; an empty list is none."""
        expected = [("REQUIRED", "/fromDate"), ("REQUIRED", "/toDate"), ("REQUIRED", "/customerNos")]
        assert refused(books, {"reportType": "CUSTOMER-STATEMENT"}) == expected
        assert refused(books, STATEMENT | {"customerNos": []}) == [("REQUIRED", "/customerNos")]
        assert refused(books, STATEMENT | {"customerNos": [""]}) == [("REQUIRED", "/customerNos")]

    @pytest.mark.parametrize(
        ("report", "expected"),
        [
            ({"reportType": "BALANCE"}, [("CODE-UNKNOWN", "/reportType")]),
            ({"reportType": "AGEING", "format": "XML"}, [("CODE-UNKNOWN", "/format")]),
            ({"reportType": "AGEING", "format": "DOC"}, [("CODE-UNKNOWN", "/format")]),
            ({"reportType": "SAF-T", "format": "PDF", **PERIODS}, [("CODE-UNKNOWN", "/format")]),
            ({"reportType": "AGEING", "asOfDate": "2026-02-30"}, [("FORMAT", "/asOfDate")]),
            ({"reportType": "AGEING", "asOfDate": "1999-12-31"}, [("RANGE", "/asOfDate")]),
            ({"reportType": "AGEING", "intervals": [30, 30]}, [("RANGE", "/intervals/1")]),
            ({"reportType": "AGEING", "intervals": [-1]}, [("RANGE", "/intervals/0")]),
            ({"reportType": "AGEING", "intervals": ["30"]}, [("TYPE", "/intervals/0")]),
            ({"reportType": "AGEING", "intervals": 30}, [("TYPE", "/intervals")]),
            ({"reportType": "AGEING", "intervals": list(range(13))}, [("COUNT", "/intervals")]),
            ({"reportType": "AGEING", "currency": "KRONE"}, [("CURRENCY-CODE", "/currency")]),
            ({"reportType": "AGEING", "level": "GROUP"}, [("CODE-UNKNOWN", "/level")]),
            ({"reportType": "AGEING", "language": "sv"}, [("CODE-UNKNOWN", "/language")]),
            ({"reportType": "AGEING", "glYear": 2026}, [("UNKNOWN-FIELD", "/glYear")]),
            ({"reportType": "AGEING", "colour": "red"}, [("UNKNOWN-FIELD", "/colour")]),
            ({"reportType": "OPEN-ITEMS", "level": "TOTAL"}, [("UNKNOWN-FIELD", "/level")]),
            ({"reportType": "AGEING", "customerNos": ["1" * 21]}, [("LENGTH", "/customerNos/0")]),
            ({"reportType": "AGEING", "customerNos": ["1"] * 1001}, [("COUNT", "/customerNos")]),
            ({"reportType": "TRIAL-BALANCE", **PERIODS, "glYear": 1999}, [("RANGE", "/glYear")]),
            ({"reportType": "TRIAL-BALANCE", **PERIODS, "toPeriod": 13}, [("RANGE", "/toPeriod")]),
            ({"reportType": "TRIAL-BALANCE", **PERIODS, "fromPeriod": "10"}, [("TYPE", "/fromPeriod")]),
            ({"reportType": "TRIAL-BALANCE", **PERIODS, "fromPeriod": 11}, [("DATE-ORDER", "/toPeriod")]),
            ({"reportType": "TRIAL-BALANCE", **PERIODS, "glAccounts": ["1500", "9999"]}, [("ACCOUNT-UNKNOWN", "/glAccounts/1")]),
            (STATEMENT | {"toDate": "2026-09-30"}, [("DATE-ORDER", "/toDate")]),
        ],
        ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
    )
    def test_one_fault(self, books: House, report: dict[str, Any], expected: list[tuple[str, str]]) -> None:
        """Each is named with its place."""
        assert refused(books, report) == expected

    def test_all_faults_at_once(self, books: House) -> None:
        """In the order of the fields, then what compares them, then unknown ones."""
        report = {
            "colour": "red",
            "reportType": "CUSTOMER-STATEMENT",
            "format": "XML",
            "fromDate": "2026-10-31",
            "toDate": "2026-10-01",
            "level": "TOTAL",
            "language": "de",
            "clientReference": "x" * 65,
        }
        assert refused(books, report) == [
            ("CODE-UNKNOWN", "/format"),
            ("REQUIRED", "/customerNos"),
            ("CODE-UNKNOWN", "/language"),
            ("LENGTH", "/clientReference"),
            ("DATE-ORDER", "/toDate"),
            ("UNKNOWN-FIELD", "/colour"),
            ("UNKNOWN-FIELD", "/level"),
        ]


class TestOneMoment:
    def test_what_is_posted_meanwhile_is_not_in_it(self, books: House) -> None:
        """A report that is being made stops no writer, and shows the ledger as it stood when it began, not half of what came since."""
        fill(books)
        report = {"reportType": "ACCOUNT-SPECIFICATION", "format": "JSON", "glYear": 2026, "fromPeriod": 9, "toPeriod": 11}
        values = values_of(books, report)
        before = content(books, report)
        with books.database.transaction(books.client_no, snapshot=True) as transaction:
            now = books.clock.now()
            snapshot = open_books(transaction, books.client_no)
            asked_for = Asked(transaction, snapshot, now, snapshot.today(now), values["language"], values["reportType"], values)
            pieces = iter(make(asked_for).pieces)
            written = next(pieces)
            created(books, invoice(documentNo="MEANWHILE", documentDate="2026-10-05"))
            written += b"".join(pieces)
        assert written == before
        assert b"MEANWHILE" in content(books, report)


class TestTenants:
    def test_another_clients_customers_are_unknown(self, books: House) -> None:
        """A number that only another client has is nobody's here, and no figure of the other is in a report."""
        other = replace(books, client_no=books.add_client(books.client_no + 20_000))
        other.customer("FOREIGN", "Somebody else")
        created(other, invoice(customerNo="FOREIGN", documentNo="X1"))
        assert asked(books, STATEMENT | {"customerNos": ["FOREIGN"]})["items"][0]["errors"][0]["code"] == "CUSTOMER-UNKNOWN"
        for report_type in ("LEDGER-SPECIFICATION", "ACCOUNT-SPECIFICATION", "TRIAL-BALANCE"):
            found = content(books, {"reportType": report_type, "format": "JSON", **PERIODS})
            assert b"FOREIGN" not in found and b"X1" not in found
        assert b"X1" in content(other, {"reportType": "OPEN-ITEMS", "format": "JSON"})
        assert b"X1" not in content(books, {"reportType": "OPEN-ITEMS", "format": "JSON"})
