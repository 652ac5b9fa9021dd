"""Aim: the log has no gaps, its hashes bind each item to the one before, tampering is found, and erased values leave it
verifiable.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
import pytest

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Database, Transaction, lock_client
from reskontro.kit.clock import MovableClock
from reskontro.kit.ids import new_id
from reskontro.ledger.log import FINDINGS_MAX, GENESIS, LogEntry, append_log, erase_log_values, verify_log
from reskontro.receivable.administration.service import create_client
from tests.unit.ledger.undone import undone

NOW = datetime(2026, 11, 25, 12, 0, 0, 123456, tzinfo=UTC)
API = Origin("erp", "anne", UUID(int=1), "API")
BATCH = Origin("erp\\x", "b\tjørn", UUID(int=2), "BATCH", UUID(int=3))


@pytest.fixture
def ledger(database: Database, clock: MovableClock) -> Database:
    """A database with the clients 1 and 2; each has one log item."""
    for client_no in (1, 2):
        with database.system() as transaction:
            create_client(transaction, {"clientNo": client_no, "name": "A", "organizationNo": "310044113"}, clock=clock, origin=API)
    return database


@contextmanager
def writing(database: Database, client_no: int = 1) -> Iterator[Transaction]:
    """A transaction that holds the client's write lock."""
    with database.transaction(client_no) as transaction:
        lock_client(transaction, client_no)
        yield transaction


def findings(database: Database, client_no: int = 1) -> list[str]:
    """What verification says."""
    with database.transaction(client_no) as transaction:
        return verify_log(transaction, client_no)


def customer_entry(number: int = 100001, **values: Any) -> LogEntry:
    """What is logged about a customer."""
    changes = [{"field": "name", "oldValue": None, "newValue": "Kari Prøve"}, {"field": "dueDays", "oldValue": 14, "newValue": Decimal("30")}]
    return LogEntry("CUSTOMER-UPDATED", "CUSTOMER", "500001", API, customer_no=str(number), **{"changes": changes, **values})


def document_entries(count: int) -> list[LogEntry]:
    """What is logged about documents of a batch."""
    return [LogEntry("DOCUMENT-POSTED", "DOCUMENT", "x\ty\\", BATCH, new_id(), "100001", f"D{number}") for number in range(count)]


def tamper(admin_url: str, statement: str, *values: Any) -> None:
    """Do what the serving role cannot."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        assert connection.execute(statement.encode(), values).rowcount > 0


class TestAppend:
    def test_numbers_follow_each_other_over_transactions_and_rollbacks(self, ledger: Database) -> None:
        """A set that is rolled back leaves no gap."""
        with writing(ledger) as transaction:
            assert append_log(transaction, 1, NOW, document_entries(3)) == 2
        with undone(ledger) as transaction:
            append_log(transaction, 1, NOW, document_entries(5))
        with writing(ledger) as transaction:
            assert append_log(transaction, 1, NOW, [customer_entry()]) == 5
            assert append_log(transaction, 1, NOW, [customer_entry()]) == 6
            numbers = transaction.execute("select sequence_no from log_item where client_no = 1 order by 1").fetchall()
        assert [number for (number,) in numbers] == [1, 2, 3, 4, 5, 6]
        assert findings(ledger) == []

    def test_every_value_is_stored_as_it_was_given(self, ledger: Database) -> None:
        """Tabs, backslashes and amounts included."""
        item = new_id()
        with writing(ledger) as transaction:
            changes = [{"field": "limitAmount", "oldValue": Decimal("10.50"), "newValue": date(2026, 1, 2)}]
            entry = LogEntry("X", "AR-ITEM", "a\\b", BATCH, item, "10\\1", "D\t1", changes)
            number = append_log(transaction, 1, NOW, [entry])
            row = transaction.execute(
                "select occurred_at, event, entity_type, entity_id, source, actor, request_id, batch_uuid, ar_item_id, customer_no,"
                " document_no, user_id, changes::text from log_item where client_no = 1 and sequence_no = %s",
                (number,),
            ).fetchone()
        assert row is not None
        text = '[{"field": "limitAmount", "newValue": "2026-01-02", "oldValue": 10.5}]'
        origin = (BATCH.source, BATCH.actor, BATCH.request_id, BATCH.batch_uuid)
        assert row == (NOW, "X", "AR-ITEM", "a\\b", *origin, item, "10\\1", "D\t1", BATCH.user_id, text)

    def test_an_empty_set_is_a_mistake_of_the_caller(self, ledger: Database) -> None:
        """There is no first number to answer."""
        with pytest.raises(ValueError, match="nothing"), writing(ledger) as transaction:
            append_log(transaction, 1, NOW, [])

    def test_clients_have_logs_of_their_own(self, ledger: Database) -> None:
        """Even inside one transaction of the session."""
        for client_no in (1, 2):
            with writing(ledger, client_no) as transaction:
                assert append_log(transaction, client_no, NOW, document_entries(2)) == 2
        assert findings(ledger, 1) == findings(ledger, 2) == []

    def test_the_hash_is_the_documented_one(self, ledger: Database) -> None:
        """SHA-256 over the previous hash, the record and the salted digests, worked out by hand for the first item."""
        with ledger.transaction(1) as transaction:
            row = transaction.execute(
                "select log_year, occurred_at, actor, request_id, user_id, salts, hash from log_item where sequence_no = 1", binary=True
            ).fetchone()
        assert row is not None
        year, occurred_at, actor, request_id, user_id, salts, stored = row
        moment = occurred_at.astimezone(UTC).isoformat(timespec="microseconds")
        record = f'[1,{year},1,"{moment}","CLIENT-CREATED","CLIENT","1","API","{actor}","{request_id}",null,null]'
        digests = bytes(32) + bytes(32) + sha256(salts[32:48] + user_id.encode()).digest() + bytes(32)
        assert sha256(GENESIS + record.encode() + digests).digest() == stored

    def test_a_clock_set_back_over_new_year_does_not_break_the_chain(self, ledger: Database) -> None:
        """Neighbours lie in two partitions then."""
        for moment in (datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)):
            with writing(ledger) as transaction:
                append_log(transaction, 1, moment, document_entries(2))
        assert findings(ledger) == []


class TestVerify:
    @pytest.fixture
    def written(self, ledger: Database) -> Database:
        """Ten items: the client's, six documents, three about customers."""
        with writing(ledger) as transaction:
            append_log(transaction, 1, NOW, [*document_entries(6), *(customer_entry(number) for number in (1, 2, 3))])
        assert findings(ledger) == []
        return ledger

    @pytest.mark.parametrize(
        "change",
        [
            "actor = 'nobody'",
            "event = 'CUSTOMER-CREATED'",
            "entity_id = '7'",
            "occurred_at = occurred_at + interval '1 microsecond'",
            "request_id = gen_random_uuid()",
            "customer_no = '4'",
            "customer_no = null",
            "user_id = 'berit'",
            "changes = null",
            "changes = jsonb_set(changes, '{1,newValue}', '31')",
            "document_no = 'D9'",
            "salts = substr(salts, 1, 48) || gen_random_uuid()::text::bytea",
            "hash = sha256('x')",
        ],
    )
    def test_finds_a_changed_value(self, written: Database, admin_url: str, change: str) -> None:
        """Any value of any column, erasable or not."""
        tamper(admin_url, f"update log_item set {change} where client_no = 1 and sequence_no = 9")
        found = findings(written)
        assert found[0] == "log item 9 was changed, or the one before it was replaced"
        # A replaced hash breaks the binding of the next item as well.
        assert len(found) == (2 if change.startswith("hash") else 1)

    def test_finds_missing_items_wherever_they_were(self, written: Database, admin_url: str) -> None:
        """At the start, between others and at the end."""
        tamper(admin_url, "delete from log_item where client_no = 1 and sequence_no in (1, 4, 5, 10)")
        assert findings(written) == [
            "log items 1 to 1 are missing",
            "log items 4 to 5 are missing",
            "log items 10 to 10 are missing at the end",
        ]
        assert findings(written, 2) == []

    def test_finds_an_item_that_was_put_in_another_place(self, written: Database, admin_url: str) -> None:
        """Two items that exchange their numbers."""
        for first, second in ((3, 99), (4, 3), (99, 4)):
            tamper(admin_url, "update log_item set sequence_no = %s where client_no = 1 and sequence_no = %s", second, first)
        assert [text.split(" was")[0] for text in findings(written)] == ["log item 3", "log item 4", "log item 5"]

    def test_finds_a_log_that_was_cut_or_lengthened(self, written: Database, admin_url: str) -> None:
        """The series knows the last number and hash."""
        tamper(admin_url, "update number_series set last_no = 9 where client_no = 1 and series = 'log'")
        assert findings(written) == ["log items 10 to 10 were added past the end of the series"]
        tamper(admin_url, "update number_series set last_no = 10, last_hash = sha256('x') where client_no = 1 and series = 'log'")
        assert findings(written) == ["the hash of log item 10 is not the last one that was given"]

    def test_stops_after_many_findings(self, ledger: Database, admin_url: str) -> None:
        """A damaged log is not reported item by item for ever."""
        with writing(ledger) as transaction:
            append_log(transaction, 1, NOW, document_entries(FINDINGS_MAX + 10))
        tamper(admin_url, "update log_item set actor = 'x' where client_no = 1")
        found = findings(ledger)
        assert len(found) == FINDINGS_MAX + 1
        assert found[-1] == "there are more findings than are shown"


class TestErase:
    def test_erases_what_is_personal_and_stays_verifiable(self, ledger: Database) -> None:
        """Number, changes and their salts go; who did it and other customers stay."""
        with writing(ledger) as transaction:
            append_log(transaction, 1, NOW, [customer_entry(1), customer_entry(2), customer_entry(1, changes=None)])
        with writing(ledger) as transaction:
            assert erase_log_values(transaction, 1, "1") == 2
            rows = transaction.execute(
                "select customer_no, changes is null, user_id from log_item where sequence_no > 1 order by sequence_no"
            ).fetchall()
            salts = transaction.execute("select salts from log_item where sequence_no = 2", binary=True).fetchone()
        assert rows == [(None, True, "anne"), ("2", False, "anne"), (None, True, "anne")]
        assert salts is not None
        assert (salts[0][:32], salts[0][48:]) == (bytes(32), bytes(16))
        assert salts[0][32:48] != bytes(16)
        assert findings(ledger) == []

    def test_leaves_items_that_belong_to_the_books(self, ledger: Database) -> None:
        """What names a document or an AR item is kept as long as these are."""
        with writing(ledger) as transaction:
            append_log(transaction, 1, NOW, document_entries(1))
            assert erase_log_values(transaction, 1, "100001") == 0
            assert erase_log_values(transaction, 1, "nobody") == 0
        assert findings(ledger) == []

    def test_a_value_put_back_or_changed_after_erasure_is_found_by_its_user(self, ledger: Database, admin_url: str) -> None:
        """What was not erased is still bound; what was erased cannot be replaced by something else."""
        with writing(ledger) as transaction:
            append_log(transaction, 1, NOW, [customer_entry(1)])
            erase_log_values(transaction, 1, "1")
        tamper(admin_url, "update log_item set user_id = 'berit' where client_no = 1 and sequence_no = 2")
        assert len(findings(ledger)) == 1
        tamper(admin_url, "update log_item set user_id = 'anne', customer_no = '1' where client_no = 1 and sequence_no = 2")
        assert len(findings(ledger)) == 1

    def test_the_serving_role_can_do_no_more_than_erase(self, ledger: Database) -> None:
        """No other column can be changed and no row removed."""
        for statement in ("update log_item set actor = 'x'", "update log_item set hash = sha256('x')", "delete from log_item"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), writing(ledger) as transaction:
                transaction.execute(statement.encode())
