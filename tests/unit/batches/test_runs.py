"""Runs: batches whose items nobody sent are planned, worked through in sets and finished, each step in one commit."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import pytest

from reskontro.batches.kinds import ChunkContext, Item, ItemResult, Kinds, Refusal, RunKind
from reskontro.batches.runner import Worker
from reskontro.batches.starting import queue_run
from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id, new_id
from reskontro.kit.messages import Message
from tests.house import House


class Counting:
    """A run over the numbers it is asked for: an even number n gives n/2 results, an odd one none; it notes what it was given."""

    def __init__(self, **options: Any) -> None:
        self.sets: list[list[int]] = []
        self.plans = 0
        self.refuse = False
        self.fails_on: set[int] = set()
        self.kind = RunKind("test.run", "ACTION", "RUN", self.plan, self.work, **options)

    def plan(self, transaction: Transaction, context: ChunkContext) -> Iterable[bytes] | Refusal:
        self.plans += 1
        assert context.run is not None
        if self.refuse:
            return Refusal([ItemResult("FAILED", messages=[Message("E", "REQUIRED", "glYear", "", {})])])
        return (json.dumps({"accountNo": number}).encode() for number in context.run.asked["numbers"])

    def work(self, transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[list[ItemResult]]:
        numbers = [item.value["accountNo"] for item in items]
        self.sets.append(numbers)
        if self.fails_on & set(numbers):
            raise RuntimeError("a fault that somebody arranged")
        made = [number // 2 if number % 2 == 0 else 0 for number in numbers]
        return [[ItemResult("CREATED", "DOCUMENT-CREATED", number, file_id=new_id())] * count for number, count in zip(numbers, made, strict=True)]


def start(house: House, kind: RunKind, numbers: Sequence[int]) -> str:
    with house.database.transaction(house.client_no) as transaction:
        batch_uuid = queue_run(
            transaction,
            client_no=house.client_no,
            kind=kind,
            request={"numbers": list(numbers)},
            actor="test",
            user_id="anne",
            request_id=new_id(),
            now=house.clock.now(),
        )
    return encode_id(batch_uuid)


def work(house: House, kind: RunKind, **options: Any) -> None:
    kinds = Kinds()
    kinds.register(kind)
    settings = house.settings.model_copy(update=options)
    Worker(house.database, kinds, settings, house.clock).run(until_idle=True)


def counters(batch: dict[str, Any]) -> tuple[int, int, int, int]:
    return batch["countNotProcessed"], batch["countProcessed"], batch["countSuccessful"], batch["countFailed"]


class TestStepsOfARun:
    def test_it_starts_with_no_items_and_counts_what_was_made(self, house: House) -> None:
        run = Counting(input_items=2)
        batch_uuid = start(house, run.kind, [2, 3, 6, 4])
        queued = house.get(f"/batches/{batch_uuid}")
        assert queued.status_code == 202
        assert counters(queued.json()) == (0, 0, 0, 0)
        work(house, run.kind)
        done = house.get(f"/batches/{batch_uuid}?expand=diagnostics").json()
        assert (done["status"], done["result"], counters(done)) == ("PROCESSED", "SUCCESS", (0, 6, 6, 0))
        assert [item["accountNo"] for item in done["items"]] == [2, 6, 6, 6, 4, 4]
        assert [item["index"] for item in done["items"]] == list(range(6))
        assert len({item["fileId"] for item in done["items"]}) == 3
        assert (done["entity"], done["operation"], done["userId"]) == ("ACTION", "RUN", "anne")
        assert run.sets == [[2, 3], [6, 4]]
        assert run.plans == 1
        logged = house.rows("select event, entity_id, user_id, source from log_item where event like 'RUN-%%' order by sequence_no")
        assert logged == [(event, batch_uuid, "anne", "RUN") for event in ("RUN-STARTED", "RUN-FINISHED")]

    def test_a_run_that_selects_nothing_succeeds_with_no_items(self, house: House) -> None:
        run = Counting()
        batch_uuid = start(house, run.kind, [])
        work(house, run.kind)
        done = house.get(f"/batches/{batch_uuid}").json()
        assert (done["status"], done["result"], done["items"], counters(done)) == ("PROCESSED", "SUCCESS", [], (0, 0, 0, 0))

    def test_a_refused_run_has_the_refusal_as_its_only_item(self, house: House) -> None:
        run = Counting()
        run.refuse = True
        batch_uuid = start(house, run.kind, [2])
        work(house, run.kind)
        done = house.get(f"/batches/{batch_uuid}").json()
        assert (done["result"], counters(done)) == ("FAILED", (0, 1, 0, 1))
        assert done["items"][0]["errors"] == [{"field": "glYear", "message": "glYear is required"}]

    def test_what_the_end_makes_comes_last(self, house: House) -> None:
        seen: list[UUID] = []

        def finish(transaction: Transaction, context: ChunkContext) -> list[ItemResult]:
            assert context.run is not None
            seen.append(context.run.batch_uuid)
            return [ItemResult("CREATED", "DOCUMENT-CREATED", 999, file_id=new_id())]

        run = Counting(finish=finish)
        batch_uuid = start(house, run.kind, [2, 2])
        work(house, run.kind)
        done = house.get(f"/batches/{batch_uuid}").json()
        assert [item["accountNo"] for item in done["items"]] == [2, 2, 999]
        assert [encode_id(found) for found in seen] == [batch_uuid]

    def test_one_input_that_cannot_be_worked_through_stops_no_other(self, house: House) -> None:
        run = Counting()
        run.fails_on = {4}
        batch_uuid = start(house, run.kind, [2, 4, 6])
        work(house, run.kind, chunk_attempts_max=1)
        done = house.get(f"/batches/{batch_uuid}").json()
        assert (done["result"], counters(done)) == ("PARTIAL-SUCCESS", (0, 5, 4, 1))
        assert [(item["accountNo"], item["result"]) for item in done["items"]] == [(2, "CREATED"), (4, "FAILED")] + [(6, "CREATED")] * 3
        assert done["items"][1]["message"] == "Technical error; try again"

    def test_a_plan_that_cannot_be_made_ends_the_run(self, house: House) -> None:
        run = Counting()
        batch_uuid = start(house, run.kind, [2])
        with house.database.transaction(house.client_no) as transaction:
            transaction.execute("update batch set request = '{}' where client_no = %s", (house.client_no,))
        work(house, run.kind, chunk_attempts_max=1)
        done = house.get(f"/batches/{batch_uuid}").json()
        assert (done["result"], counters(done)) == ("FAILED", (0, 1, 0, 1))

    @pytest.mark.parametrize("exclusive", [True, False])
    def test_a_cancelled_run_keeps_what_it_made_and_nothing_of_the_step_in_hand(self, house: House, exclusive: bool) -> None:
        run = Counting(input_items=1, exclusive=exclusive)
        inside, go_on = threading.Event(), threading.Event()
        plain = run.kind.work

        def hold(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[list[ItemResult]]:
            if items[0].value["accountNo"] == 4:
                inside.set()
                assert go_on.wait(30)
            return plain(transaction, context, items)

        kind = RunKind(f"test.run.{exclusive}", "ACTION", "RUN", run.plan, hold, exclusive=exclusive, input_items=1)
        # The answer names the untouched inputs by their kind, so the API has to know it too.
        house.services.part(Kinds).register(kind)
        batch_uuid = start(house, kind, [2, 4, 6])
        worker = threading.Thread(target=work, args=(house, kind))
        worker.start()
        assert inside.wait(30)
        cancelled = house.post(f"/batches/{batch_uuid}/cancel")
        assert cancelled.status_code == (202 if exclusive else 200)
        go_on.set()
        worker.join()
        done = house.get(f"/batches/{batch_uuid}").json()
        # A step that holds the client's lock is finished; one that does not is thrown away.
        in_hand = [(4, "CREATED"), (4, "CREATED")] if exclusive else [(4, "CANCELLED")]
        made = [(2, "CREATED"), *in_hand, (6, "CANCELLED")]
        assert done["status"] == "CANCELLED"
        assert [(item["accountNo"], item["result"]) for item in done["items"]] == made

    def test_a_run_that_is_not_exclusive_reads_the_books_as_they_stood(self, house: House) -> None:
        """A single write that comes while the run is under way neither waits for it nor shows in it."""
        counts: list[int] = []

        def read(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[list[ItemResult]]:
            assert context.reading is not None
            for _ in range(2):
                row = context.reading.execute("select count(*) from customer where client_no = %s", (house.client_no,)).fetchone()
                assert row is not None
                counts.append(row[0])
                house.customer(f"20000{len(counts)}")
            return [[] for _ in items]

        kind = RunKind("test.run", "REPORT", "RUN", Counting().plan, read, exclusive=False, start_count=1)
        batch_uuid = start(house, kind, [2])
        assert counters(house.get(f"/batches/{batch_uuid}").json()) == (1, 0, 0, 0)
        work(house, kind)
        assert counts[0] == counts[1]
        assert house.get(f"/batches/{batch_uuid}").json()["status"] == "PROCESSED"
