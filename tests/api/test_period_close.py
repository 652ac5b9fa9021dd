"""Aim: a month is closed after everything that was sent before, with the files about it in the same commit, and only in its turn."""

from __future__ import annotations

import base64
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from reskontro.receivable.actions import period_close
from tests.api.reports import csv_rows, fill, set_language
from tests.api.support import amounts, change_books, created, invoice, superuser
from tests.house import House, exact_json

_client_nos = count(7901)


def close(house: House, period: int, year: int = 2026, **values: Any) -> dict[str, Any]:
    """The batch of a closing, processed, with its diagnostics."""
    action = {"actionType": "PERIOD-CLOSE", "glYear": year, "glPeriod": period, **values}
    answer = house.post("/actions", {"metadata": {"userId": "anne"}, "action": action})
    assert answer.status_code == 202, answer.text
    house.work()
    return house.get(f"/batches/{answer.json()['batchUuid']}?expand=diagnostics").json()


def refused(house: House, **action: Any) -> list[tuple[str, str]]:
    """(code, pointer below the action) of a request that must be refused."""
    answer = house.post("/actions", {"action": {"actionType": "PERIOD-CLOSE", **action}})
    assert answer.status_code == 422, answer.text
    return [(error["code"], error["pointer"].removeprefix("/action")) for error in answer.json()["errors"]]


def files(house: House, batch: dict[str, Any]) -> dict[str, bytes]:
    """The files of a batch by name."""
    found = {}
    for item in batch["items"]:
        if "fileId" in item:
            file = house.get(f"/files/{item['fileId']}?expand=content").json()
            found[file["fileName"]] = base64.b64decode(file["content"])
    return found


def status(house: House, period: int, year: int = 2026) -> str:
    """The status of a period."""
    return str(house.rows("select status from period where gl_year = %s and gl_period = %s", year, period)[0][0])


@pytest.fixture
def autumn(books: House) -> House:
    """A ledger with something of everything in September, October and November, closed up to August."""
    change_books(books, "update period set status = 'CLOSED', closed_at = now(), closed_by = 'test' where to_date <= '2026-08-31'")
    fill(books)
    return books


@pytest.fixture
def empty(module_house: House) -> House:
    """A client whose ledger begins in September."""
    return replace(module_house, client_no=module_house.add_client(next(_client_nos), ledgerStart="2026-09-01"))


class TestClosing:
    def test_the_oldest_open_one(self, autumn: House) -> None:
        """It is closed, by whoever asked, and three files are kept about it."""
        batch = close(autumn, 9, clientReference="sept")
        assert (batch["entity"], batch["operation"], batch["result"], batch["countSuccessful"]) == ("ACTION", "RUN", "SUCCESS", 4)
        assert [(item["result"], item["message"], item["clientReference"]) for item in batch["items"]] == [
            ("UPDATED", "Period closed", "sept"),
            *[("CREATED", "File created", "sept")] * 3,
        ]
        assert status(autumn, 9) == "CLOSED"
        period = exact_json(autumn.get("/periods?glyear=2026"))["periods"][8]
        assert (period["closedBy"], period["controlDifference"]) == ("anne", 0)
        assert list(files(autumn, batch)) == ["trial-balance-2026-09.pdf", "open-items-2026-09-30.pdf", "control-2026-09.pdf"]
        entries = autumn.get("/logitems?event=PERIOD-CLOSED").json()["logItems"]
        assert [(entry["entityId"], entry["userId"], entry["source"]) for entry in entries] == [("2026/9", "anne", "RUN")]

    def test_again(self, autumn: House) -> None:
        """Closed already is unchanged: no new files, no new log item."""
        close(autumn, 9)
        batch = close(autumn, 9)
        assert [(item["result"], item["message"]) for item in batch["items"]] == [("UNCHANGED", "Period already closed")]
        assert autumn.rows("select count(*) from file") == [(3,)]
        assert len(autumn.get("/logitems?event=PERIOD-CLOSED").json()["logItems"]) == 1

    def test_not_in_its_turn(self, autumn: House) -> None:
        """October cannot be closed before September."""
        batch = close(autumn, 10)
        (item,) = batch["items"]
        assert (item["result"], item["errors"][0]["code"], item["errors"][0]["field"]) == ("FAILED", "STATE-CONFLICT", "glPeriod")
        assert batch["result"] == "FAILED"
        assert status(autumn, 10) == "OPEN"
        assert autumn.rows("select count(*) from file") == [(0,)]

    def test_after_all_earlier_batches(self, autumn: House) -> None:
        """What was accepted before is posted in it, what comes later is not."""
        documents = [invoice(documentNo="LATE", documentDate="2026-09-29")]
        assert autumn.post("/documents/batches", {"documents": documents}).status_code == 202
        close(autumn, 9)
        assert autumn.rows("select gl_date::text from document where document_no = 'LATE'") == [("2026-09-29",)]
        assert created(autumn, invoice(documentNo="LATER", documentDate="2026-09-29"))["warnings"][0]["code"] == "PERIOD-CLOSED"

    def test_one_after_the_other(self, autumn: House) -> None:
        """Three months queued together are closed in order."""
        for period in (9, 10, 11):
            answer = autumn.post("/actions", {"action": {"actionType": "PERIOD-CLOSE", "glYear": 2026, "glPeriod": period}})
            assert answer.status_code == 202
        autumn.work()
        assert [status(autumn, period) for period in (9, 10, 11, 12)] == ["CLOSED", "CLOSED", "CLOSED", "OPEN"]

    def test_over_the_end_of_a_year(self, books: House) -> None:
        """December, then January of the next year."""
        change_books(books, "update period set status = 'CLOSED', closed_at = now(), closed_by = 'test' where to_date <= '2026-11-30'")
        assert [item["result"] for item in close(books, 12)["items"]] == ["UPDATED", "CREATED", "CREATED", "CREATED"]
        assert close(books, 1, 2027)["items"][0]["message"] == "Period closed"

    @pytest.mark.parametrize(("year", "period", "field"), [(2026, 8, "glPeriod"), (2031, 1, "glYear")])
    def test_no_such_period(self, empty: House, year: int, period: int, field: str) -> None:
        """The item says what there is."""
        (item,) = close(empty, period, year)["items"]
        assert (item["result"], item["errors"][0]["code"], item["errors"][0]["field"]) == ("FAILED", "RANGE", field)

    def test_only_validated(self, autumn: House) -> None:
        """It says what would be done, with the control as a file, and does nothing."""
        batch = close(autumn, 9, validateOnly=True)
        assert [(item["result"], item["message"]) for item in batch["items"]] == [
            ("UNCHANGED", "The period would be closed"),
            ("CREATED", "File created"),
        ]
        assert status(autumn, 9) == "OPEN"
        assert autumn.rows("select file_type, file_name from file") == [("PROPOSAL", "control-2026-09.csv")]

    def test_the_control(self, autumn: House) -> None:
        """Every difference is 0, base currency and others; both sides are the figures of the ledger."""
        set_language(autumn, "en")
        close(autumn, 9)
        batch = close(autumn, 10, validateOnly=True)
        rows = csv_rows(files(autumn, batch)["control-2026-10.csv"])
        assert {row["difference"] for row in rows} == {"0.00"}
        found = {(row["check"], row["currency"]): Decimal(row["amount"]) for row in rows}
        assert found["AR items against control account 1500", "NOK"] == Decimal("4687.5")
        assert found["Open AR items against all control accounts", "NOK"] == Decimal("4687.5")
        assert found["Open AR items in EUR against the control accounts in EUR", "EUR"] == 125
        assert found["Open AR items in NOK against the control accounts in NOK", "NOK"] == 3250

    def test_a_long_list_of_open_items_is_kept_as_csv(self, autumn: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Drawing pages takes long, and nobody can post meanwhile."""
        monkeypatch.setattr(period_close, "PAPER_ITEMS_MAX", 0)
        batch = close(autumn, 9)
        found = files(autumn, batch)
        assert list(found) == ["trial-balance-2026-09.pdf", "open-items-2026-09-30.csv", "control-2026-09.pdf"]
        rows = csv_rows(found["open-items-2026-09-30.csv"], "nb")
        assert next((row["lineType"], row["documentNo"], row["openAmount"]) for row in rows) == ("OPEN-ITEM", "26001", "1250,00")

    def test_a_difference_stops_it(self, house: House, postgres: str) -> None:
        """A ledger that does not agree with itself is not locked, and no file says that all is well."""
        created(house, invoice(documentNo="26001", documentDate="2026-01-05", currencyAmounts=amounts(1000, 250)))
        with superuser(house, postgres) as connection:
            connection.execute("update account_balance set debit = debit + 1 where gl_account = '1500'")
        (item,) = close(house, 1)["items"]
        assert (item["result"], item["errors"][0]["code"]) == ("FAILED", "STATE-CONFLICT")
        assert status(house, 1) == "OPEN"
        assert house.rows("select count(*) from file") == [(0,)]


class TestRequests:
    def test_what_it_needs(self, books: House) -> None:
        """Year and period."""
        assert refused(books) == [("REQUIRED", "/glYear"), ("REQUIRED", "/glPeriod")]
        assert refused(books, glYear=2026, glPeriod=13) == [("RANGE", "/glPeriod")]

    def test_what_it_does_not_take(self, books: House) -> None:
        """A period cannot be closed for some customers, nor on another day."""
        found = refused(books, glYear=2026, glPeriod=1, runDate="2026-10-01", customerNos=["100001"])
        assert found == [("UNKNOWN-FIELD", "/runDate"), ("UNKNOWN-FIELD", "/customerNos")]

    def test_the_scope_of_an_administrator(self, books: House) -> None:
        """Writing alone is not enough, and nothing is queued."""
        action = {"actionType": "PERIOD-CLOSE", "glYear": 2026, "glPeriod": 1}
        answer = books.post("/actions", {"action": action}, token=books.token(("write:arm",)))
        assert (answer.status_code, answer.json()["code"]) == (403, "INSUFFICIENT-SCOPE")
        assert books.rows("select count(*) from batch where entity = 'ACTION'") == [(0,)]
