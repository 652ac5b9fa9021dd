"""Quick reads: the rows of one client from the event loop, and the ordinary way whenever anything is not as it should be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Database, Transaction
from reskontro.db.quick import ROUNDS_MAX, ROWS_MAX, QuickReads
from reskontro.kit.clock import MovableClock
from reskontro.kit.errors import Problem, not_found
from reskontro.kit.ids import new_id
from reskontro.ledger.books import open_books
from reskontro.receivable.administration.service import create_client

ONE, OTHER, UNKNOWN = 3107, 4711, 9999


@pytest.fixture
def clients(database: Database, clock: MovableClock) -> Database:
    """A database with two clients."""
    for number in (ONE, OTHER):
        sent = {"clientNo": number, "name": f"Client {number}", "organizationNo": "310044113", "ledgerStart": "2026-01-01"}
        with database.system() as transaction:
            create_client(transaction, sent, clock=clock, origin=Origin("test", "test", new_id(), "SYSTEM"))
    with database.transaction(OTHER) as transaction:
        transaction.execute("update client set name = 'Other' where client_no = %s", (OTHER,))
    return database


def run(database: Database, work: Callable[[QuickReads], Awaitable[Any]]) -> Any:
    """Do something with quick reads in an event loop of its own."""

    async def inside() -> Any:
        quick = QuickReads(database)
        try:
            return await work(quick)
        finally:
            quick.close()

    return asyncio.run(inside())


def names(transaction: Transaction) -> list[str]:
    """The names of all clients that can be seen, without any filter."""
    return [row[0] for row in transaction.execute("select name from client order by 1").fetchall()]


def test_reader_sees_its_client_only_and_several_rounds_are_one_answer(clients: Database) -> None:
    """Row-level security holds for every statement; a reader may use what it read to ask for more."""

    def reader(transaction: Transaction) -> list[Any]:
        first = names(transaction)
        again = transaction.execute("select name, %s from client where name = %s", (7, first[0])).fetchone()
        return [first, again, open_books(transaction, transaction.execute("select client_no from client").fetchall()[0][0]).client.name]

    async def work(quick: QuickReads) -> list[Any]:
        return [await quick.read(number, reader) for number in (ONE, OTHER, ONE)]

    # The books are read the ordinary way first, as they have to be in memory.
    for number in (ONE, OTHER):
        with clients.transaction(number) as transaction:
            open_books(transaction, number)
    one = [["Client 3107"], ("Client 3107", 7), "Client 3107"]
    assert run(clients, work) == [one, [["Other"], ("Other", 7), "Other"], one]


def test_many_at_once_get_their_own_rows(clients: Database) -> None:
    """Reads that share a connection do not mix, and those beyond its limit are sent the ordinary way."""

    async def work(quick: QuickReads) -> list[Any]:
        def reader(number: int) -> Callable[[Transaction], Any]:
            return lambda transaction: (transaction.execute("select %s", (number,)).fetchone(), names(transaction))

        await quick.read(ONE, names)
        return list(await asyncio.gather(*(quick.read(ONE if number % 2 else OTHER, reader(number)) for number in range(100))))

    answers = run(clients, work)
    assert [answer for answer in answers if answer] == [
        ((number,), ["Client 3107" if number % 2 else "Other"]) for number, answer in enumerate(answers) if answer
    ]
    assert sum(answer is not None for answer in answers) >= 64


def test_problem_is_raised_for_what_is_true_now(clients: Database, clock: MovableClock) -> None:
    """A client that does not exist is not found; one that has come into being since is."""

    def reader(transaction: Transaction) -> str:
        if transaction.books_version is None:
            raise not_found("client")
        return names(transaction)[0]

    async def work(quick: QuickReads) -> Any:
        with pytest.raises(Problem) as raised:
            await quick.read(UNKNOWN, reader)
        sent = {"clientNo": UNKNOWN, "name": "New", "organizationNo": "310044113", "ledgerStart": "2026-01-01"}
        with clients.system() as transaction:
            create_client(transaction, sent, clock=clock, origin=Origin("test", "test", new_id(), "SYSTEM"))
        return raised.value.code, await quick.read(UNKNOWN, reader)

    assert run(clients, work) == ("NOT-FOUND", "New")


@pytest.mark.parametrize(
    "reader",
    [
        pytest.param(lambda transaction: transaction.execute(f"select * from generate_series(0, {ROWS_MAX})").fetchall(), id="too many rows"),
        pytest.param(lambda transaction: transaction.execute("select 1 / 0").fetchone(), id="refused by the database"),
        pytest.param(lambda transaction: transaction.cursor(), id="needs a connection"),
        pytest.param(lambda transaction: [transaction.execute(f"select {n}").fetchone() for n in range(ROUNDS_MAX)], id="too many rounds"),
        pytest.param(lambda transaction: transaction.execute("select %s", (object(),)).fetchone(), id="parameter of no known type"),
    ],
)
def test_what_is_not_quick_is_left_to_the_ordinary_way(clients: Database, reader: Callable[[Transaction], Any]) -> None:
    """The answer is None, and the next read is answered as ever."""

    async def work(quick: QuickReads) -> Any:
        return await quick.read(ONE, reader), await quick.read(ONE, names)

    assert run(clients, work) == (None, ["Client 3107"])


def test_lost_connections_are_opened_again(clients: Database, admin_url: str) -> None:
    """Whoever was under way takes the ordinary way; the next one is quick again."""

    async def work(quick: QuickReads) -> Any:
        await quick.read(ONE, names)
        with psycopg.connect(admin_url, autocommit=True) as admin:
            ended = admin.execute("select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity where application_name = 'reskontro quick'")
            assert (ended.fetchone() or (0,))[0] >= 1
        await quick.read(ONE, names)
        return await quick.read(ONE, names)

    assert run(clients, work) == ["Client 3107"]
