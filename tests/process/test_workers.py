"""Worker processes: several share the clients, a killed one is replaced by another, SIGTERM loses nothing, a batch can be stopped.

Where a moment matters, the test holds the client's write lock: a worker that has a chunk in hand then waits for it, as long as the test likes.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reskontro.batches.kinds import ChunkContext, Item, ItemResult, Kinds
from reskontro.batches.runner import Worker
from reskontro.batches.service import CANCEL_WAIT_MS
from reskontro.batches.slices import compress, insert_slice
from reskontro.batches.store import insert_batch
from reskontro.db.engine import BATCH_LOCK, Database, Transaction, client_transaction, lock_client
from reskontro.kit.clock import SystemClock
from reskontro.kit.ids import encode_id, new_id
from reskontro.ledger.verify import verify_client
from reskontro.receivable.documents.batch import DOCUMENTS_POST
from reskontro.settings import Settings
from tests.house import House, serve
from tests.process.crash import today
from tests.process.installation import Program, clean_environment, wait_until

pytestmark = pytest.mark.process
CHUNK = 10
CLIENT, OTHER = 3107, 3108


@pytest.fixture
def house(database: Database) -> Iterator[House]:
    """A served Reskontro on the machine's clock, without workers, with two clients and a customer each."""
    with serve(database, Settings(), SystemClock()) as served:  # type: ignore[arg-type]
        for client_no in (CLIENT, OTHER):
            served.add_client(client_no, ledgerStart=f"{today().year}-01-01")
            served.post("/customers", {"customer": {"customerNo": "100001", "name": "Kari Prøve"}}, client_no=client_no)
        yield served


@pytest.fixture
def start(house: House, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts worker processes; those that still run at the end are killed."""
    workers: list[Program] = []

    def start_worker(**settings: str) -> Program:
        environment = clean_environment(serving_url=house.database.url, **({"chunk_items": str(CHUNK)} | settings))
        workers.append(Program(["worker"], environment, tmp_path / f"worker-{len(workers)}.log"))
        return workers[-1]

    yield start_worker
    for worker in workers:
        worker.kill()


def invoices(count: int, **values: Any) -> list[dict[str, Any]]:
    """Invoices over 1000 + 250 without a number."""
    amounts = {"exclVat": 1000, "vat": 250, "inclVat": 1250}
    day = today().isoformat()
    return [{"documentType": "IN", "customerNo": "100001", "documentDate": day, "currencyAmounts": amounts, **values} for _ in range(count)]


def send(house: House, documents: Sequence[dict[str, Any]], client_no: int = CLIENT) -> str:
    """Send a batch of documents and return its id."""
    answer = house.post("/documents/batches", {"documents": documents}, client_no=client_no)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["batchUuid"])


def get(house: House, batch_uuid: str, client_no: int = CLIENT) -> dict[str, Any]:
    """A batch with its items."""
    return house.get(f"/batches/{batch_uuid}?expand=diagnostics", client_no=client_no).json()  # type: ignore[no-any-return]


def wait_for(house: House, batch_uuid: str, client_no: int = CLIENT) -> dict[str, Any]:
    """A batch as soon as it is final."""
    wait_until(lambda: house.get(f"/batches/{batch_uuid}", client_no=client_no).status_code == 200, f"batch {batch_uuid} is final")
    return get(house, batch_uuid, client_no)


@contextmanager
def write_lock(database: Database, client_no: int) -> Iterator[None]:
    """Hold a client's write lock: a worker can take a chunk in hand, and cannot finish it."""
    with database.connect() as connection, client_transaction(connection, client_no):
        lock_client(connection, client_no)
        yield


def holders(admin_url: str) -> dict[int, int]:
    """By client that a worker works for, the number of that worker's server process."""
    with psycopg.connect(admin_url) as connection:
        rows = connection.execute(
            "select objid, pid from pg_locks where locktype = 'advisory' and classid = %s and objsubid = 2 and granted"
            " and database = (select oid from pg_database where datname = current_database())",
            (BATCH_LOCK,),
        ).fetchall()
    return {int(client_no): pid for client_no, pid in rows}


def waiting_for_lock(admin_url: str) -> int:
    """How many connections wait for a write lock: workers with a chunk in hand."""
    with psycopg.connect(admin_url) as connection:
        row = connection.execute(
            "select count(*) from pg_locks where locktype = 'advisory' and classid = 1 and not granted"
            " and database = (select oid from pg_database where datname = current_database())"
        ).fetchone()
    return int(row[0]) if row else 0


def check_in_order(house: House, batch_uuids: Sequence[str], client_no: int) -> None:
    """The batches were processed one after another in the order sent, and their items in the order of the input."""
    batches = [get(house, batch_uuid, client_no) for batch_uuid in batch_uuids]
    for before, after in itertools.pairwise(batches):
        assert before["finishedAt"] <= after["startedAt"]
    numbers = [item["documentNo"] for batch in batches for item in batch["items"]]
    assert numbers == [f"I{today():%y}-{number:06d}" for number in range(1, len(numbers) + 1)]
    assert verify_client(house.database, client_no).findings == []


class TestSharing:
    def test_two_workers_serve_two_clients_side_by_side(self, house: House, start: Callable[..., Program], admin_url: str) -> None:
        """Each of two workers takes a client of its own, and each client's batches keep their order."""
        with write_lock(house.database, CLIENT), write_lock(house.database, OTHER):
            sent = {client_no: [send(house, invoices(25), client_no) for _ in range(3)] for client_no in (CLIENT, OTHER)}
            workers = [start(), start()]
            wait_until(lambda: holders(admin_url).keys() == {CLIENT, OTHER}, "both clients have a worker")
            assert len(set(holders(admin_url).values())) == 2, "one connection works for both clients"
        for client_no, batch_uuids in sent.items():
            for batch_uuid in batch_uuids:
                wait_for(house, batch_uuid, client_no)
            check_in_order(house, batch_uuids, client_no)
        assert [worker.terminate() for worker in workers] == [0, 0]

    def test_a_small_batch_does_not_wait_for_the_end_of_another_clients_big_one(self, house: House, start: Callable[..., Program]) -> None:
        """One worker, a long batch of one client and then a short one of another: the short one is finished first."""
        big = send(house, invoices(800))
        small = send(house, invoices(20), OTHER)
        start(turn_seconds="0.02")
        assert wait_for(house, small, OTHER)["finishedAt"] < wait_for(house, big)["finishedAt"]
        check_in_order(house, [big], CLIENT)

    def test_a_batch_in_hand_is_finished_before_an_older_one_that_comes_late(self, house: House) -> None:
        """Of two calls at once the first to begin may be the last to be committed: its batch does not come between another's chunks."""
        kinds = Kinds()
        worker = Worker(house.database, kinds, Settings(chunk_items=CHUNK), SystemClock())

        def process_and_stop(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[ItemResult]:
            worker.stop()
            return DOCUMENTS_POST.process(transaction, context, items)

        kinds.register(dataclasses.replace(DOCUMENTS_POST, process=process_and_stop))
        with house.database.connect() as connection, client_transaction(connection, CLIENT):
            late = new_id()
            insert_batch(
                connection,
                client_no=CLIENT,
                batch_uuid=late,
                entity="DOCUMENTS",
                operation="POST",
                kind="documents.post",
                count_total=5,
                actor="test",
                user_id="test",
                request_id=new_id(),
                now=SystemClock().now(),
            )
            items = [json.dumps(document).encode() for document in invoices(5)]
            insert_slice(connection, CLIENT, late, 0, len(items), compress(items))
            early = send(house, invoices(25))
            worker.run()
            assert get(house, early)["countProcessed"] == CHUNK
        house.work()
        check_in_order(house, [early, encode_id(late)], CLIENT)

    def test_two_workers_never_work_for_one_client_at_once(self, house: House, start: Callable[..., Program], admin_url: str) -> None:
        """With one client waiting only one of two workers has something in hand; the result is as by one."""
        with write_lock(house.database, CLIENT):
            batches = [send(house, invoices(30)) for _ in range(2)]
            start(), start()
            wait_until(lambda: waiting_for_lock(admin_url) == 1 and _turned_away(admin_url) == 1, "one worker has a chunk, the other found none")
            assert len(holders(admin_url)) == 1
        for batch_uuid in batches:
            wait_for(house, batch_uuid)
        check_in_order(house, batches, CLIENT)


def _turned_away(admin_url: str) -> int:
    """Workers that wait for something to do and have last asked for a client that another one works for."""
    with psycopg.connect(admin_url) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where application_name = 'reskontro worker' and datname = current_database()"
            " and state = 'idle' and query like %s",
            ("%pg_try_advisory_lock%",),
        ).fetchone()
    return int(row[0]) if row else 0


class TestEnds:
    def test_a_killed_workers_client_is_taken_over(self, house: House, start: Callable[..., Program], admin_url: str) -> None:
        """A worker dies with a chunk in hand: another one goes on with the first item that was not committed."""
        with write_lock(house.database, CLIENT):
            batch_uuid = send(house, invoices(35))
            victim = start()
            wait_until(lambda: waiting_for_lock(admin_url) == 1, "the worker has a chunk in hand")
            victim.kill()
            start()
        batch = wait_for(house, batch_uuid)
        assert [item["result"] for item in batch["items"]] == ["CREATED"] * 35
        check_in_order(house, [batch_uuid], CLIENT)

    def test_sigterm_finishes_the_chunk_and_loses_nothing(self, house: House, start: Callable[..., Program], admin_url: str) -> None:
        """A worker that is asked to end commits the chunk it has in hand, leaves the rest to others and ends with status 0."""
        with write_lock(house.database, CLIENT):
            batch_uuid = send(house, invoices(35))
            leaving = start()
            wait_until(lambda: waiting_for_lock(admin_url) == 1, "the worker has a chunk in hand")
            leaving.process.terminate()
            wait_until(lambda: not _pending_signals(leaving.process.pid), "the signal has been taken")
            assert leaving.process.poll() is None
        assert leaving.process.wait(timeout=60) == 0
        left = get(house, batch_uuid)
        assert (left["status"], left["countProcessed"], left["countNotProcessed"]) == ("PROCESSING", CHUNK, 25)
        start()
        wait_for(house, batch_uuid)
        check_in_order(house, [batch_uuid], CLIENT)


def _pending_signals(process_id: int) -> int:
    """Signals that were sent to a process and have not reached its handler yet, as bits."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{process_id}/status").read_text().splitlines() if ":" in line)
    return int(fields["SigPnd"], 16) | int(fields["ShdPnd"], 16)


class TestCancel:
    def test_a_queued_batch_is_cancelled_at_once_and_can_be_retried(self, house: House, start: Callable[..., Program]) -> None:
        """Nobody works: the answer is final, every item shows what was sent, and retryfailed makes a batch of all of them."""
        documents = [{**document, "documentNo": f"Q-{number}", "clientReference": f"row-{number}"} for number, document in enumerate(invoices(3))]
        batch_uuid = send(house, documents)
        answer = house.post(f"/batches/{batch_uuid}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")
        batch = get(house, batch_uuid)
        assert "result" not in batch
        assert (batch["countNotProcessed"], batch["countProcessed"]) == (3, 0)
        shown = [(i["status"], i["result"], i["customerNo"], i["documentNo"], i["clientReference"], i["index"]) for i in batch["items"]]
        assert shown == [("CANCELLED", "CANCELLED", "100001", f"Q-{number}", f"row-{number}", number) for number in range(3)]
        again = house.post(f"/batches/{batch_uuid}/cancel")
        assert (again.status_code, again.json()["code"]) == (409, "STATE-CONFLICT")
        retried = house.post(f"/batches/{batch_uuid}/retryfailed")
        assert retried.status_code == 202
        start()
        repeated = wait_for(house, retried.json()["batchUuid"])
        assert [(item["result"], item["documentNo"]) for item in repeated["items"]] == [("CREATED", f"Q-{number}") for number in range(3)]
        assert (repeated["parentBatchUuid"], repeated["operation"]) == (batch_uuid, "RETRY")

    def test_a_running_batch_ends_after_the_chunk_in_hand(self, house: House, start: Callable[..., Program], admin_url: str) -> None:
        """While a chunk takes long, cancel answers 202; when it is done the rest is cancelled, and a retry books what is missing."""
        assert CANCEL_WAIT_MS < 1000, "cancel has to answer within a second"
        documents = [{**document, "documentNo": f"C-{number}"} for number, document in enumerate(invoices(45))]
        first = send(house, invoices(CHUNK))
        start()
        wait_for(house, first)
        with write_lock(house.database, CLIENT):
            batch_uuid = send(house, documents)
            wait_until(lambda: waiting_for_lock(admin_url) == 1, "the worker has a chunk in hand")
            answer = house.post(f"/batches/{batch_uuid}/cancel")
            assert answer.status_code == 202
            assert answer.headers["Retry-After"] == "1"
        batch = wait_for(house, batch_uuid)
        assert batch["status"] == "CANCELLED"
        done = batch["countProcessed"]
        assert done in (0, CHUNK), "more than the chunk in hand was processed"
        assert (batch["countNotProcessed"], batch["countFailed"]) == (45 - done, 0)
        assert [item["result"] for item in batch["items"]] == ["CREATED"] * done + ["CANCELLED"] * (45 - done)
        assert [item["documentNo"] for item in batch["items"]] == [f"C-{number}" for number in range(45)]
        retried = house.post(f"/batches/{batch_uuid}/retryfailed").json()["batchUuid"]
        repeated = wait_for(house, retried)
        assert [item["documentNo"] for item in repeated["items"]] == [f"C-{number}" for number in range(done, 45)]
        assert {item["result"] for item in repeated["items"]} == {"CREATED"}
        assert verify_client(house.database, CLIENT).counts["documents"] == CHUNK + 45
        assert verify_client(house.database, CLIENT).findings == []

    def test_a_big_batch_in_full_run_is_stopped(self, house: House, start: Callable[..., Program]) -> None:
        """Cancelled somewhere in the middle, a batch of thousands keeps what was done, and counters, items and ledger agree on it."""
        batch_uuid = send(house, invoices(5000))
        start(chunk_items="50")
        wait_until(lambda: house.get(f"/batches/{batch_uuid}?pagesize=5").status_code == 206, "something was processed")
        answer = house.post(f"/batches/{batch_uuid}/cancel")
        assert answer.status_code in (200, 202)
        batch = wait_for(house, batch_uuid)
        assert (batch["status"], batch["result"]) == ("CANCELLED", "PARTIAL-SUCCESS")
        done = batch["countProcessed"]
        assert 0 < done < 5000
        assert done % 50 == 0, "a chunk was not finished"
        if answer.status_code == 200:
            assert answer.json()["countProcessed"] == done, "work went on after the batch was cancelled"
        assert [item["result"] for item in batch["items"]] == ["CREATED"] * done + ["CANCELLED"] * (5000 - done)
        report = verify_client(house.database, CLIENT)
        assert (report.counts["documents"], report.findings) == (done, [])

    def test_a_processed_batch_cannot_be_cancelled(self, house: House, start: Callable[..., Program]) -> None:
        """Too late is 409, and nothing changes."""
        batch_uuid = send(house, invoices(1))
        start()
        before = wait_for(house, batch_uuid)
        answer = house.post(f"/batches/{batch_uuid}/cancel")
        assert (answer.status_code, answer.json()["code"]) == (409, "STATE-CONFLICT")
        assert json.dumps(get(house, batch_uuid)) == json.dumps(before)
