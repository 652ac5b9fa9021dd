"""Technical faults: an item that cannot be processed never takes its neighbours with it, and is tried ten times before it fails.

The faults are made by a trigger in the database that refuses documents of one number.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from reskontro.batches.kinds import ChunkContext, Item, Kinds
from reskontro.batches.runner import Worker
from reskontro.db.engine import Database
from reskontro.kit.clock import MovableClock, SystemClock
from reskontro.ledger.verify import verify_client
from reskontro.receivable.documents.batch import DOCUMENTS_POST
from reskontro.settings import Settings
from tests.house import House, serve
from tests.process.crash import today
from tests.process.installation import Program, clean_environment, wait_until

pytestmark = pytest.mark.process
CHUNK, ITEMS, BROKEN = 8, 20, 5
WAITS = [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0, 5.0]
"""Seconds between the ten attempts."""


class Trap:
    """Makes the database refuse documents with the number BROKEN, and counts how often."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = admin_url

    def _run(self, statement: str) -> Any:
        with psycopg.connect(self._admin_url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchone() if cursor.description else None

    def set(self, sqlstate: str = "P0001") -> None:
        """From now on such a document fails with an error of this SQLSTATE."""
        # A sequence counts what is rolled back, too.
        self._run(
            "create sequence if not exists trap_count; "
            "create or replace function trap() returns trigger language plpgsql security definer as $$ begin"
            " if new.document_no = 'BROKEN' then perform nextval('trap_count');"
            f" raise exception 'refused on purpose' using errcode = '{sqlstate}'; end if; return new; end $$; "
            "create or replace trigger trap before insert on document for each row execute function trap()"
        )

    def remove(self) -> None:
        """Let every document pass again."""
        self._run("drop trigger trap on document")

    @property
    def refused(self) -> int:
        """How often the trap has closed."""
        row = self._run("select case when is_called then last_value else 0 end from trap_count")
        return int(row[0])


@pytest.fixture
def trap(admin_url: str) -> Trap:
    """A trap that is not set yet."""
    return Trap(admin_url)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What is logged, as events; writing out the tracebacks for a terminal would take longer than the tests."""
    with capture_logs() as events:
        yield events


def documents(clock_day: str, count: int = ITEMS) -> list[dict[str, Any]]:
    """Invoices, that at BROKEN with the number BROKEN."""
    amounts = {"exclVat": 1000, "vat": 250, "inclVat": 1250}
    return [
        {
            "documentType": "IN",
            "customerNo": "100001",
            "documentNo": "BROKEN" if number == BROKEN else f"D-{number}",
            "documentDate": clock_day,
            "currencyAmounts": amounts,
            "clientReference": f"row-{number}",
        }
        for number in range(count)
    ]


class TestAttempts:
    """With a clock that the test moves, and the worker run in the test's own process until it has to wait."""

    @pytest.fixture
    def house(self, database: Database, clock: MovableClock) -> Iterator[House]:
        """A served Reskontro whose worker takes eight items at a time."""
        with serve(database, Settings(chunk_items=CHUNK), clock) as served:
            served.add_client(3107)
            served.customer("100001")
            yield served

    def _send(self, house: House) -> str:
        answer = house.post("/documents/batches", {"documents": documents("2026-10-05")})
        assert answer.status_code == 202
        return str(answer.json()["batchUuid"])

    def _state(self, house: House) -> tuple[int, int, Any]:
        ((processed, attempts, retry_at),) = house.rows("select count_processed, attempts, retry_at from batch")
        return processed, attempts, retry_at

    @pytest.mark.parametrize("sqlstate", ["P0001", "54000", "57014", "22003"], ids=["raised", "program limit", "cancelled statement", "overflow"])
    def test_the_bad_item_is_tried_ten_times_and_the_others_are_fine(self, house: House, trap: Trap, clock: MovableClock, sqlstate: str) -> None:
        """Halved down to the item, which waits longer and longer between its attempts; then it fails with INTERNAL-ERROR, alone."""
        trap.set(sqlstate)
        batch_uuid = self._send(house)
        house.work()
        assert self._state(house)[:2] == (BROKEN, 1), "the items before the bad one are not all done"
        in_sets = trap.refused - 1
        assert 1 <= in_sets <= 6, "not halved: sets of 8, 4 and 2 items, some of them taken together anew after a success"
        for attempt, seconds in enumerate(WAITS, 1):
            processed, attempts, retry_at = self._state(house)
            assert (processed, attempts, retry_at) == (BROKEN, attempt, clock.now() + timedelta(seconds=seconds))
            clock.advance(seconds=seconds - 0.01)
            house.work()
            assert trap.refused - in_sets == attempt, "it was tried before its time"
            clock.advance(seconds=0.01)
            house.work()
        assert trap.refused - in_sets == 10
        batch = house.get(f"/batches/{batch_uuid}?expand=diagnostics").json()
        assert (batch["status"], batch["result"], batch["countSuccessful"], batch["countFailed"]) == ("PROCESSED", "PARTIAL-SUCCESS", ITEMS - 1, 1)
        failed = batch["items"][BROKEN]
        assert (failed["result"], failed["errors"][0]["code"], failed["errors"][0]["field"]) == ("FAILED", "INTERNAL-ERROR", "document")
        assert (failed["customerNo"], failed["documentNo"], failed["clientReference"]) == ("100001", "BROKEN", f"row-{BROKEN}")
        assert [item["result"] for place, item in enumerate(batch["items"]) if place != BROKEN] == ["CREATED"] * (ITEMS - 1)
        assert house.balances()["1500"] == Decimal(1250 * (ITEMS - 1))
        assert verify_client(house.database, 3107).findings == []
        trap.remove()
        again = house.post(f"/batches/{batch_uuid}/retryfailed").json()["batchUuid"]
        house.work()
        assert [(i["result"], i["documentNo"]) for i in house.get(f"/batches/{again}").json()["items"]] == [("CREATED", "BROKEN")]

    def test_a_fault_that_goes_away_is_no_result(self, house: House, trap: Trap, clock: MovableClock) -> None:
        """Nine attempts fail and the tenth succeeds: the item is created like the others, and the next batch goes on."""
        trap.set()
        batch_uuid = self._send(house)
        following = house.post("/customers/batches", {"customers": [{"customerNo": "100009", "name": "Ola Øvelse"}]}).json()["batchUuid"]
        house.work()
        for seconds in WAITS[:-1]:
            clock.advance(seconds=seconds)
            house.work()
        assert self._state_of(house, following) == "QUEUED", "a later batch of the client has overtaken"
        trap.remove()
        clock.advance(seconds=WAITS[-1])
        house.work()
        items = house.get(f"/batches/{batch_uuid}").json()["items"]
        assert [item["result"] for item in items] == ["CREATED"] * ITEMS
        assert self._state_of(house, following) == "PROCESSED"

    @staticmethod
    def _state_of(house: House, batch_uuid: str) -> str:
        return str(house.get(f"/batches/{batch_uuid}").json()["status"])

    def test_a_fault_while_preparing_is_treated_the_same(self, house: House, clock: MovableClock) -> None:
        """What fails outside the database, while a chunk is being prepared, is halved and given up like any other fault."""

        def prepare(context: ChunkContext, items: Sequence[Item]) -> None:
            if any(item.value["documentNo"] == "BROKEN" for item in items):
                raise RuntimeError("refused on purpose")

        kinds = Kinds()
        kinds.register(dataclasses.replace(DOCUMENTS_POST, prepare=prepare))
        batch_uuid = self._send(house)
        for _ in range(len(WAITS) + 1):
            Worker(house.database, kinds, house.settings, clock).run(until_idle=True)
            clock.advance(seconds=WAITS[-1])
        items = house.get(f"/batches/{batch_uuid}?expand=diagnostics").json()["items"]
        assert [item["result"] for item in items] == ["FAILED" if place == BROKEN else "CREATED" for place in range(ITEMS)]
        assert items[BROKEN]["errors"][0]["code"] == "INTERNAL-ERROR"

    def test_a_bad_single_write_fails_alone(self, house: House, trap: Trap, logged: list[Any]) -> None:
        """A single write that fails for a technical reason is answered 500, has no effect, and draws no number from the others."""
        trap.set()
        bad = house.post("/documents", {"document": documents("2026-10-05")[BROKEN]})
        assert (bad.status_code, bad.json()["code"]) == (500, "INTERNAL-ERROR")
        assert [event["operation"] for event in logged if event["log_level"] == "error"] == ["createDocument"]
        amounts = {"exclVat": 1000, "vat": 250, "inclVat": 1250}
        good = house.post(
            "/documents", {"document": {"documentType": "IN", "customerNo": "100001", "documentDate": "2026-10-05", "currencyAmounts": amounts}}
        )
        assert good.json()["documentNo"] == "I26-000001"
        assert verify_client(house.database, 3107).findings == []


def test_a_worker_process_survives_the_fault(database: Database, trap: Trap, tmp_path: Path) -> None:
    """A real worker halves, tries again, gives up and goes on with the client's next batch, all in one life."""
    with serve(database, Settings(), SystemClock()) as house:  # type: ignore[arg-type]
        house.add_client(3107, ledgerStart=f"{today().year}-01-01")
        house.customer("100001")
        trap.set()
        sent = [house.post("/documents/batches", {"documents": documents(today().isoformat())}).json()["batchUuid"]]
        more = documents(today().isoformat(), 3)
        sent.append(house.post("/documents/batches", {"documents": [{**d, "documentNo": f"N-{n}"} for n, d in enumerate(more)]}).json()["batchUuid"])
        environment = clean_environment(serving_url=database.url, chunk_items=str(CHUNK), chunk_attempts_max="3")
        worker = Program(["worker"], environment, tmp_path / "worker.log")
        try:
            for batch_uuid in sent:
                wait_until(lambda batch_uuid=batch_uuid: house.get(f"/batches/{batch_uuid}").status_code == 200, "the batch is final")
        finally:
            status = worker.terminate()
        assert status == 0
        results = [[item["result"] for item in house.get(f"/batches/{batch_uuid}").json()["items"]] for batch_uuid in sent]
        assert results == [["FAILED" if place == BROKEN else "CREATED" for place in range(ITEMS)], ["CREATED"] * 3]
        assert verify_client(database, 3107).findings == []
