"""The same dunning run many times, one after another and side by side: not one fee or letter more than once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from reskontro.batches.kinds import ChunkContext, Item, Kinds, Origin, RunRequest
from reskontro.batches.runner import Worker
from reskontro.batches.starting import queue_run
from reskontro.db.engine import lock_client
from reskontro.kit.ids import new_id
from reskontro.ledger.books import open_books
from reskontro.receivable.dunning.run import DUNNING_RUN
from tests.api.dunning import business, claim, consumer, fees, letters, run
from tests.api.support import configure, in_order
from tests.bank_messages import BANK_ACCOUNTS
from tests.house import House

RERUNS = 1_000
PARALLEL = 32
CUSTOMERS = 24
DAY = "2026-11-25"


def debtors(house: House) -> None:
    """Customers of both kinds, with one claim or two; companies owe the compensation."""
    configure(house, "bank.accounts", BANK_ACCOUNTS)
    configure(house, "interest.compensation", True)
    for number in range(CUSTOMERS):
        (consumer if number % 2 else business)(house, f"C{number}")
        for claim_number in range(1 + number % 3 // 2):
            claim(house, f"{number}-{claim_number}", customerNo=f"C{number}")


def made(house: House) -> tuple[int, ...]:
    """How many documents, fee items, letters, bundles, GL items and steps there are."""
    tables = ("document", "ar_item", "file", "document_bundle", "gl_item", "document_line")
    counts = [house.rows(f"select count(*) from {table}")[0][0] for table in tables]
    steps = house.rows(
        "select coalesce(sum((details ->> 'reminderLevel')::int), 0), coalesce(sum(jsonb_array_length(details -> 'letters')), 0) from ar_item"
    )
    return (*counts, *steps[0])


def queue(house: House, count: int) -> None:
    """Queue runs of the day."""
    with house.database.transaction(house.client_no) as transaction:
        for _ in range(count):
            queue_run(
                transaction,
                client_no=house.client_no,
                kind=DUNNING_RUN.kind,
                request={"actionType": "DUNNING-RUN", "runDate": DAY},
                actor="test",
                user_id="test",
                request_id=new_id(),
                now=house.clock.now(),
            )


def test_a_thousand_reruns_make_nothing(house: House) -> None:
    """One run of the day makes the letters; a thousand more, through the engine, make no letter, fee or row of the ledger."""
    debtors(house)
    assert len(run(house)) == CUSTOMERS
    after_first = made(house)
    queue(house, RERUNS)
    house.work()
    assert house.rows("select count(*) from batch where kind = 'actions.dunning' and status = 'PROCESSED'") == [(RERUNS + 1,)]
    assert made(house) == after_first
    assert sorted(set(fees(house))) == [("FE", Decimal(430)), ("RM", Decimal(38))]
    in_order(house)


def test_inputs_that_are_out_of_date_make_nothing(house: House) -> None:
    """Customers that a run selected before another one took their step are judged anew under the lock, as often as they come."""
    debtors(house)
    run(house)
    after_first = made(house)
    accounts = house.rows("select account_no, customer_no from customer order by account_no")
    for _ in range(20):
        with house.database.transaction(house.client_no) as transaction:
            lock_client(transaction, house.client_no)
            now = house.clock.now()
            books = open_books(transaction, house.client_no, now)
            batch_uuid = new_id()
            origin = Origin("test", "test", new_id(), "RUN", batch_uuid)
            asked = RunRequest(batch_uuid, {"actionType": "DUNNING-RUN", "runDate": DAY}, origin)
            context = ChunkContext(house.client_no, books, now, books.today(now), run=asked)
            items = [Item(index, {"accountNo": account, "customerNo": number}, origin) for index, (account, number) in enumerate(accounts)]
            assert DUNNING_RUN.kind.work(transaction, context, items) == [[] for _ in items]
    assert made(house) == after_first


def test_runs_of_one_day_side_by_side(house: House) -> None:
    """Started at once over HTTP and worked on by several workers, all of them together make each letter once."""
    debtors(house)
    start = threading.Barrier(PARALLEL)
    token = house.token()

    def ask(_: int) -> int:
        start.wait()
        return int(house.post("/actions", {"action": {"actionType": "DUNNING-RUN"}}, token=token).status_code)

    with ThreadPoolExecutor(PARALLEL) as callers:
        assert set(callers.map(ask, range(PARALLEL))) == {202}
    workers = [
        threading.Thread(target=Worker(house.database, house.services.part(Kinds), house.settings, house.clock).run, kwargs={"until_idle": True})
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    house.work()
    assert house.rows("select status, count(*) from batch where kind = 'actions.dunning' group by status") == [("PROCESSED", PARALLEL)]
    assert house.rows("select sum(count_processed) from batch where kind = 'actions.dunning'") == [(CUSTOMERS,)]
    assert len(letters(house)) == CUSTOMERS
    claims = house.rows("select count(*) from ar_item where ar_item_type = 'IN' and details ->> 'reminderLevel' = '1'")
    assert claims == house.rows("select count(*) from ar_item where ar_item_type = 'IN'")
    consumers = CUSTOMERS // 2
    assert [kind for kind, _ in fees(house)].count("RM") == consumers
    in_order(house)
