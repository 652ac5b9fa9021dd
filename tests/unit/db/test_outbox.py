"""Aim: rows sent by a thread arrive in order and whole, a question sees what was sent before it, and what is refused leaves nothing."""

from __future__ import annotations

import psycopg
import pytest

from reskontro.batches.kinds import Origin
from reskontro.db.bulk import Outbox, Stage, copy_value, text_array
from reskontro.db.engine import Database, Transaction
from reskontro.kit.clock import MovableClock
from reskontro.kit.ids import new_id
from reskontro.receivable.administration.service import create_client

_stage = Stage("stage_outbox_test", (("series", "text"), ("last_no", "integer")))
_INSERT = "insert into number_series (client_no, series, series_year, last_no) select %s, series, 0, last_no from stage_outbox_test"
_UPDATE = "update number_series set last_no = last_no * 10 where client_no = %s and series like 'x-%%'"


@pytest.fixture
def client(database: Database, clock: MovableClock) -> Database:
    """A database with the client 1."""
    with database.system() as transaction:
        values = {"clientNo": 1, "name": "A", "organizationNo": "310044113"}
        create_client(transaction, values, clock=clock, origin=Origin("t", "t", new_id(), "SYSTEM"))
    return database


def numbers(transaction: Transaction) -> list[tuple[str, int]]:
    """What was stored."""
    rows = transaction.execute("select series, last_no from number_series where client_no = 1 and series like 'x-%' order by series")
    return [(series, last_no) for series, last_no in rows]


def send(client: Database, aside: bool, lines: list[str], error: Exception | None = None) -> None:
    """Send every line by itself, then raise the error if there is one."""
    with client.transaction(1) as transaction, Outbox(transaction, aside=aside) as outbox:
        for line in lines:
            outbox.rows(_stage, [line], _INSERT, (1,))
        if error is not None:
            raise error


@pytest.mark.parametrize("aside", [False, True])
class TestOutbox:
    def test_rows_and_statements_take_effect_in_the_order_given(self, client: Database, aside: bool) -> None:
        with client.transaction(1) as transaction, Outbox(transaction, aside=aside) as outbox:
            outbox.rows(_stage, ["x-a\t1", "x-b\t2"], _INSERT, (1,))
            outbox.execute(_UPDATE, (1,))
            outbox.rows(_stage, ["x-c\t3"], _INSERT, (1,))
        with client.transaction(1) as transaction:
            assert numbers(transaction) == [("x-a", 10), ("x-b", 20), ("x-c", 3)]

    def test_without_rows_nothing_is_run(self, client: Database, aside: bool) -> None:
        with client.transaction(1) as transaction, Outbox(transaction, aside=aside) as outbox:
            outbox.rows(_stage, [], "this is no statement", ())

    def test_a_question_sees_what_was_sent_before_it(self, client: Database, aside: bool) -> None:
        with client.transaction(1) as transaction, Outbox(transaction, aside=aside) as outbox:
            outbox.rows(_stage, [f"x-{number:05d}\t{number}" for number in range(5_000)], _INSERT, (1,))
            assert len(numbers(outbox.transaction)) == 5_000

    def test_what_the_database_refuses_is_raised_by_the_end_of_the_block_and_nothing_stays(self, client: Database, aside: bool) -> None:
        with pytest.raises(psycopg.errors.UniqueViolation):
            send(client, aside, ["x-a\t1", "x-a\t2", "x-b\t3"])
        with client.transaction(1) as transaction:
            assert numbers(transaction) == []

    def test_an_exception_in_the_block_goes_on_and_nothing_stays(self, client: Database, aside: bool) -> None:
        with pytest.raises(LookupError):
            send(client, aside, ["x-a\t1"], LookupError())
        with client.transaction(1) as transaction:
            assert numbers(transaction) == []


def test_text_array_is_the_array_of_the_texts_whatever_is_in_them(client: Database) -> None:
    """The literal that look-ups send is read back as the very texts."""
    texts = ["a", 'say "x"', "back\\slash", "", "null", "NULL", "{a,b}", "æøå ", "line\nfeed", "a,b"]
    with client.transaction(1) as transaction:
        for values in (texts, texts[:1], texts[3:4], []):
            row = transaction.execute("select %s::text[]", (text_array(values),)).fetchone()
            assert row is not None
            assert row[0] == values


_values_stage = Stage("stage_values_test", (("place", "integer"), ("name", "text"), ("names", "text[]"), ("body", "jsonb"), ("raw", "bytea")))
_KEEP = (
    "insert into idempotency_key (client_no, method, path, idempotency_key, body_hash, status, headers, body, created_at)"
    " select %s, 'GET', coalesce(name, 'none'), place, coalesce(raw, ''), 200, jsonb_build_object('names', names, 'body', body), '', now()"
    " from stage_values_test"
)


@pytest.mark.parametrize("aside", [False, True])
def test_every_value_arrives_as_it_is_whichever_way_it_goes(client: Database, aside: bool) -> None:
    """Few rows go as a parameter, rows with tabs and line feeds and those sent aside by COPY; the database reads the same from all."""
    names = ["plain", "back\\slash", "\\N", "\\\\N", "a\\tb", 'say "x"', "æøå", "{a,b}", "tab\there", "line\nfeed", "%s 100 %"]
    rows = [(place, name, [name, ""], {"text": name, "number": 1.5}, name.encode()) for place, name in enumerate(names)]
    rows.append((len(names), None, None, None, None))
    for each in (rows[:8], rows[8:]):
        with client.transaction(1) as transaction, Outbox(transaction, aside=aside) as outbox:
            outbox.rows(_values_stage, ["\t".join(map(copy_value, row)) for row in each], _KEEP, (1,))
    with client.transaction(1) as transaction:
        found = transaction.execute("select path, headers, body_hash from idempotency_key order by idempotency_key::int").fetchall()
    assert [(name, headers["names"], headers["body"], raw) for name, headers, raw in found] == [
        (name or "none", texts, body, raw or b"") for _, name, texts, body, raw in rows
    ]
