"""Letters that runs have queued: workers render them in sets, each once, whatever happens to a worker on the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from structlog.testing import capture_logs

from reskontro.batches.kinds import ChunkContext, Origin, RunRequest
from reskontro.batches.store import insert_batch
from reskontro.db.bulk import Outbox
from reskontro.db.engine import Database, Transaction, lock_client
from reskontro.db.objects import ObjectStore
from reskontro.kit.clock import MovableClock
from reskontro.kit.ids import new_id
from reskontro.ledger.books import open_books
from reskontro.receivable.administration.service import create_client
from reskontro.receivable.files.queued_letters import claim_letters
from reskontro.receivable.files.writing import QueuedLetter, queue_letters, read_pieces
from reskontro.receivable.letters import queue
from reskontro.receivable.letters.rendering import render_letter
from reskontro.rooms import kinds
from reskontro.settings import Settings
from tests.conftest import NOW
from tests.unit.receivable.letters_data import letter

CLIENTS = (3107, 3108)
BATCH = new_id()
RUN = RunRequest(BATCH, {}, Origin("test", "anne", new_id(), "RUN", BATCH))
FIRST = UUID(int=0)


@pytest.fixture
def creditors(database: Database, clock: MovableClock) -> Database:
    """A database with two clients."""
    for client_no in CLIENTS:
        sent = {"clientNo": client_no, "name": "Client", "organizationNo": "310044113", "ledgerStart": "2026-01-01"}
        with database.system() as transaction:
            create_client(transaction, sent, clock=clock, origin=Origin("test", "test", new_id(), "SYSTEM"))
    return database


@contextmanager
def working(database: Database, client_no: int) -> Iterator[tuple[Transaction, ChunkContext]]:
    """A transaction that holds the write lock of the client, and what a set knows."""
    with database.transaction(client_no) as transaction:
        lock_client(transaction, client_no)
        books = open_books(transaction, client_no, NOW)
        yield transaction, ChunkContext(client_no, books, NOW, books.today(NOW), run=RUN)


def add(database: Database, client_no: int, letters: list[dict[str, Any]]) -> list[UUID]:
    queued = [QueuedLetter(new_id(), f"letter {at}.pdf", f"R26-{at:06d}", None, each) for at, each in enumerate(letters)]
    with working(database, client_no) as (transaction, context), Outbox(transaction) as outbox:
        queue_letters(outbox, context, queued)
    return [each.file_id for each in queued]


def content_of(database: Database, client_no: int, file_id: UUID) -> bytes:
    with database.transaction(client_no) as transaction:
        return b"".join(read_pieces(transaction, client_no, file_id))


def stored(database: Database, client_no: int) -> set[UUID]:
    """Which letters have a content, each with its piece once."""
    with database.transaction(client_no) as transaction:
        rows = transaction.execute(
            "select f.file_id, count(*) from file f join file_piece p using (client_no, file_id) where f.size is not null group by f.file_id"
        ).fetchall()
    assert all(count == 1 for _, count in rows)
    return {row[0] for row in rows}


def render(database: Database) -> int:
    """What a worker does when the job is due."""
    with database.connect("test") as connection:
        return queue.render_queued(connection, Settings(), NOW)


def test_the_letters_of_all_clients_are_rendered(creditors: Database) -> None:
    """More than a set of one client, and those of another: all have the content that their letter gives."""
    ids = {
        client_no: add(creditors, client_no, [letter(document_no=f"R26-{at}").to_json() for at in range(count)])
        for client_no, count in zip(CLIENTS, (30, 2), strict=True)
    }
    while render(creditors):
        pass
    for client_no in CLIENTS:
        assert stored(creditors, client_no) == set(ids[client_no])
    assert content_of(creditors, 3107, ids[3107][7]) == render_letter(letter(document_no="R26-7"))


def test_letters_give_way_to_batches_that_wait(creditors: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a batch waits a turn renders a few of each client's letters; afterwards it goes on with the rest."""
    for client_no in CLIENTS:
        add(creditors, client_no, [letter(document_no=f"R26-{at}").to_json() for at in range(8)])
    with creditors.transaction(3107) as transaction:
        batch = insert_waiting_batch(transaction)
    monkeypatch.setattr(queue, "TURN_SECONDS", 60.0)
    assert render(creditors) == 2 * queue.BUSY_LETTERS
    with creditors.transaction(3107) as transaction:
        transaction.execute("update batch set status = 'CANCELLED' where batch_uuid = %s", (batch,))
    assert render(creditors) == 2 * (8 - queue.BUSY_LETTERS)


def insert_waiting_batch(transaction: Transaction) -> UUID:
    """A batch of the client whose turn has not come."""
    batch_uuid = new_id()
    insert_batch(
        transaction,
        client_no=3107,
        batch_uuid=batch_uuid,
        entity="CUSTOMERS",
        operation="POST",
        kind="customers.post",
        count_total=1,
        actor="test",
        user_id="test",
        request_id=new_id(),
        now=NOW,
    )
    return batch_uuid


def test_workers_side_by_side_render_each_letter_once(creditors: Database) -> None:
    """Three workers at a time: together they do every letter, none twice."""
    ids = add(creditors, 3107, [letter(document_no=f"R26-{at}").to_json() for at in range(60)])
    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(lambda _: render(creditors), range(3)))
    while rendered := render(creditors):
        counts.append(rendered)
    assert sum(counts) == 60
    assert stored(creditors, 3107) == set(ids)


def test_what_a_lost_worker_had_in_hand_is_done_by_the_next(creditors: Database) -> None:
    """A worker that is gone before its commit leaves the letters as they were; while it lives others pass them over."""
    ids = sorted(add(creditors, 3107, [letter(document_no=f"R26-{at}").to_json() for at in range(3)]))

    def claim_and_die() -> None:
        with creditors.transaction(3107) as transaction:
            assert [file_id for file_id, _ in claim_letters(transaction, 3107, FIRST, 2)] == ids[:2]
            assert render(creditors) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        claim_and_die()
    assert stored(creditors, 3107) == {ids[2]}
    assert render(creditors) == 2
    assert stored(creditors, 3107) == set(ids)


_WORKER = """
import sys
from reskontro.db.engine import Database
from reskontro.settings import Settings
from reskontro.receivable.letters import queue
from tests.conftest import NOW
database = Database(sys.argv[1], connections_max=2)
database.open()
with database.connect("test") as connection:
    while True:
        print(queue.render_queued(connection, Settings(), NOW), flush=True)
"""


def test_a_worker_that_is_killed_loses_and_doubles_nothing(creditors: Database) -> None:
    """Killed without warning while it renders, twice: what is left is rendered by the next, and every letter has one content."""
    ids = add(creditors, 3107, [letter(document_no=f"R26-{at}").to_json() for at in range(200)])
    for _ in range(2):
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        worker = subprocess.Popen([sys.executable, "-c", _WORKER, creditors.url], stdout=subprocess.PIPE, env=environment)
        assert worker.stdout is not None
        with worker.stdout as printed:
            assert int(printed.readline()) > 0
            worker.kill()
        worker.wait()
    done = stored(creditors, 3107)
    assert 0 < len(done) < len(ids)
    while render(creditors):
        pass
    assert stored(creditors, 3107) == set(ids)


def test_a_letter_that_cannot_be_rendered_stops_no_other(creditors: Database) -> None:
    """What is no letter keeps its place in the queue; the letters after it get their content."""
    ids = add(creditors, 3107, [{"kind": "POEM"}, letter().to_json()])
    assert render(creditors) == 1
    assert stored(creditors, 3107) == {ids[1]}
    assert render(creditors) == 0


def test_a_store_that_faults_is_asked_again_after_growing_pauses(creditors: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two attempts a worker has its time for batches; each attempt is in the log once, and one that succeeds ends the pauses."""
    database = Database(creditors.url, connections_max=2, objects=ObjectStore(f"file://{tmp_path}/content"))
    database.open()
    monkeypatch.setattr(queue, "log", structlog.get_logger("reskontro.worker"))  # one that no earlier test has bound to its own configuration
    seconds = 0.0
    job = queue._Rendering(lambda: seconds)
    in_the_way = tmp_path / "content" / "3107"
    in_the_way.write_text("where the folder of the client belongs")
    add(creditors, 3107, [letter().to_json()])

    def pauses(attempts: int) -> list[int]:
        nonlocal seconds
        found = []
        for _ in range(attempts):
            with capture_logs() as lines:
                assert job(connection, Settings(), NOW) == 0
                found += [line["seconds"] for line in lines]
                seconds += found[-1] - 0.25
                assert job(connection, Settings(), NOW) == 0
            assert [line["event"] for line in lines] == ["letters wait for the store of files"]
            seconds += 0.25
        return found

    try:
        with database.connect("test") as connection:
            assert pauses(6) == [5, 10, 20, 40, 60, 60]
            in_the_way.unlink()
            assert job(connection, Settings(), NOW) == 1
            add(creditors, 3107, [letter().to_json()])
            shutil.rmtree(in_the_way)
            in_the_way.write_text("again")
            assert pauses(2) == [5, 10]
    finally:
        database.close()


def test_read_before_a_worker_came(creditors: Database) -> None:
    """Who asks first gets the same bytes, and nothing is left for the worker."""
    (file_id,) = add(creditors, 3107, [letter().to_json()])
    assert content_of(creditors, 3107, file_id) == render_letter(letter())
    assert render(creditors) == 0


def test_the_job_of_the_workers(creditors: Database) -> None:
    """It is registered with the others, and does what waits when it is due."""
    (job,) = (job for job in kinds().jobs if job.name == "letters rendered")
    ids = add(creditors, 3107, [letter().to_json()])
    with creditors.connect("test") as connection:
        assert job.run(connection, Settings(), NOW) == 1
    assert stored(creditors, 3107) == set(ids)
