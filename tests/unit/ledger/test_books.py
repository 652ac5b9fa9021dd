"""Aim: a client's books answer from memory what its tables say, and never what they said before the last change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Database, Transaction, lock_client
from reskontro.kit.clock import MovableClock
from reskontro.kit.errors import Problem
from reskontro.kit.fields import Invalid
from reskontro.ledger.books import Books, open_books, raise_version
from reskontro.ledger.configs import CONFIG_KEYS, default_of
from reskontro.receivable.administration.service import create_client
from tests.unit.ledger.undone import undone

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = date(2026, 11, 25)


@pytest.fixture
def ledger(database: Database, clock: MovableClock) -> Database:
    """A database with client 1, whose ledger starts in February 2026."""
    origin = Origin("test", "test", UUID(int=1), "SYSTEM")
    sent = {"clientNo": 1, "name": "A", "organizationNo": "310044113", "ledgerStart": "2026-02-01"}
    with database.system() as transaction:
        create_client(transaction, sent, clock=clock, origin=origin)
    return database


def reopened(database: Database, change: Callable[[Transaction], Any] | None = None) -> Books:
    """The books after a change that was committed."""
    if change is not None:
        with database.transaction(1) as transaction:
            lock_client(transaction, 1)
            change(transaction)
            raise_version(transaction, 1)
    with database.transaction(1) as transaction:
        return open_books(transaction, 1)


def set_config(key: str, value: Any, valid_from: str = "-infinity") -> Callable[[Transaction], None]:
    """A change that gives a config a value from a day on; None means back to the default."""

    def change(transaction: Transaction) -> None:
        stored = None if value is None else Jsonb(value)
        transaction.execute(
            "insert into client_config (client_no, config_key, valid_from, value, changed_at, changed_by) values (1, %s, %s, %s, %s, 'anne')",
            (key, valid_from, stored, NOW),
        )

    return change


def add_code(
    code_type: str, code: str, valid_from: str = "-infinity", valid_to: str | None = None, **attributes: Any
) -> Callable[[Transaction], None]:
    """A change that adds a code to a list the client keeps."""

    def change(transaction: Transaction) -> None:
        transaction.execute(
            "insert into code (client_no, code_type, code, valid_from, valid_to, name_en, name_no, active, attributes)"
            " values (1, %s, %s, %s, %s, %s, %s, %s, %s)",
            (code_type, code, valid_from, valid_to, code, code, attributes.pop("active", True), Jsonb(attributes)),
        )

    return change


class TestOpen:
    def test_an_unknown_client_is_not_found(self, database: Database) -> None:
        """Problem 404."""
        with pytest.raises(Problem) as caught, database.transaction(9) as transaction:
            open_books(transaction, 9)
        assert caught.value.code == "NOT-FOUND"

    def test_the_same_version_is_the_same_object(self, ledger: Database) -> None:
        """Nothing is read twice."""
        assert reopened(ledger) is reopened(ledger)

    def test_a_committed_change_is_seen(self, ledger: Database) -> None:
        """By everybody from then on."""
        before = reopened(ledger)
        after = reopened(ledger, set_config("dunning.graceDays", 7))
        assert (before.config("dunning.graceDays", DAY), after.config("dunning.graceDays", DAY)) == (3, 7)

    def test_a_change_that_was_rolled_back_is_not(self, ledger: Database) -> None:
        """Not even when it was looked at before the rollback and another change follows."""
        with undone(ledger) as transaction:
            set_config("dunning.graceDays", 7)(transaction)
            raise_version(transaction, 1)
            assert open_books(transaction, 1).config("dunning.graceDays", DAY) == 7
        assert reopened(ledger).config("dunning.graceDays", DAY) == 3
        assert reopened(ledger, set_config("dunning.minimumAmount", 60)).config("dunning.graceDays", DAY) == 3

    def test_only_an_active_client_takes_writes(self, ledger: Database) -> None:
        """Problem 409 for the others."""
        reopened(ledger).require_active()
        books = reopened(ledger, lambda transaction: transaction.execute("update client set status = 'SUSPENDED'"))
        with pytest.raises(Problem) as caught:
            books.require_active()
        assert caught.value.code == "CLIENT-NOT-ACTIVE"


class TestConfigs:
    def test_without_a_value_of_its_own_everything_is_default(self, ledger: Database) -> None:
        """Every key on any day."""
        books = reopened(ledger)
        for key in CONFIG_KEYS:
            assert books.config(key, DAY) == default_of(key)
            assert not books.has_own_value(key, DAY)
        with pytest.raises(KeyError):
            books.config("coverage.colour", DAY)

    def test_values_hold_from_their_day_to_the_next_one(self, ledger: Database) -> None:
        """A null brings the default back."""
        reopened(ledger, set_config("coverage.order", "OLDEST-FIRST", "2026-03-01"))
        reopened(ledger, set_config("coverage.order", "PRINCIPAL-INTEREST-COSTS", "2026-05-01"))
        books = reopened(ledger, set_config("coverage.order", None, "2026-07-01"))
        days = ["2026-02-28", "2026-03-01", "2026-04-30", "2026-05-01", "2026-07-01", "2030-01-01"]
        for _ in range(2):
            assert [books.config("coverage.order", date.fromisoformat(day)) for day in days] == [
                "COSTS-INTEREST-PRINCIPAL",
                "OLDEST-FIRST",
                "OLDEST-FIRST",
                "PRINCIPAL-INTEREST-COSTS",
                "COSTS-INTEREST-PRINCIPAL",
                "COSTS-INTEREST-PRINCIPAL",
            ]
        assert books.has_own_value("coverage.order", date(2026, 5, 1))
        assert not books.has_own_value("coverage.order", date(2026, 7, 1))

    @pytest.mark.parametrize(
        ("key", "stored", "value"),
        [
            ("document.totalTolerance", 2, Decimal(2)),
            ("document.totalTolerance", 0.1, Decimal("0.1")),
            ("interest.agreedRate", 9.05, Decimal("9.05")),
            ("series.in", {"mode": "SYSTEM", "prefix": "", "next": 7, "length": 4}, {"mode": "SYSTEM", "prefix": "", "next": 7, "length": 4}),
        ],
    )
    def test_values_are_typed_and_exact(self, ledger: Database, key: str, stored: Any, value: Any) -> None:
        """Amounts are decimals, read from the text of the JSON."""
        found = reopened(ledger, set_config(key, stored)).config(key, DAY)
        assert (type(found), found) == (type(value), value)

    def test_today_is_that_of_the_time_zone(self, ledger: Database) -> None:
        """Half past eleven at night in UTC is tomorrow in Oslo and today in New York."""
        moment = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
        assert reopened(ledger).today(moment) == date(2026, 7, 1)
        assert reopened(ledger, set_config("base.timeZone", "America/New_York")).today(moment) == date(2026, 6, 30)


class TestAccounts:
    def test_the_chart_answers_by_number(self, ledger: Database) -> None:
        """None for an account it does not have."""
        books = reopened(ledger)
        account = books.account("1500")
        assert account is not None
        assert account.is_control
        assert books.account("1501") is None

    def test_rules_answer_with_accounts(self, ledger: Database) -> None:
        """The built-in ones of a new client, until they are switched off."""
        assert reopened(ledger).accounts_for("IN", DAY, vat_code="3", line_type="PLH").contra == "3000"
        books = reopened(ledger, lambda transaction: transaction.execute("update posting_rule set active = false where event = 'IN'"))
        assert books.accounts_for("IN", DAY, vat_code="3") == (None, None, None, None)


class TestPeriods:
    def test_a_new_client_has_this_fiscal_year_and_the_next(self, ledger: Database) -> None:
        """From the start of its ledger."""
        periods = reopened(ledger).calendar.periods
        assert (periods[0].from_date, periods[-1].to_date) == (date(2026, 2, 1), date(2027, 12, 31))

    def test_closed_rows_move_postings(self, ledger: Database) -> None:
        """To the first day of the oldest open period, and to nowhere past the last one."""
        closing = "update period set status = 'CLOSED', closed_at = now(), closed_by = 'anne' where from_date <= '2026-03-01'"
        books = reopened(ledger, lambda transaction: transaction.execute(closing.encode()))
        day, period, was_closed = books.posting_day(date(2026, 2, 14))
        assert (day, period.gl_period, was_closed) == (date(2026, 4, 1), 4, True)
        assert books.period_of(date(2026, 2, 14)) is not None
        assert books.period_of(date(2026, 1, 31)) is None
        assert books.period_number(date(2026, 1, 31)) == (2026, 1)
        with pytest.raises(Invalid):
            books.posting_day(date(2028, 1, 1))

    def test_writers_add_the_months_of_a_new_year(self, ledger: Database) -> None:
        """Once, in the transaction that needs them."""
        later = datetime(2027, 2, 1, tzinfo=UTC)
        for _ in range(2):
            with ledger.transaction(1) as transaction:
                lock_client(transaction, 1)
                assert open_books(transaction, 1, later).calendar.last_day == date(2028, 12, 31)
        books = reopened(ledger)
        assert len(books.calendar.periods) == 35
        with ledger.transaction(1) as transaction:
            assert open_books(transaction, 1, NOW) is books


class TestCodes:
    def test_a_list_that_is_not_kept_has_no_codes(self, ledger: Database) -> None:
        """And says so."""
        books = reopened(ledger)
        assert not books.keeps("CUSTOMER-GROUP")
        assert books.code("CUSTOMER-GROUP", "VIP", DAY) is None

    def test_codes_are_found_without_case_while_they_are_active_and_valid(self, ledger: Database) -> None:
        """On the day asked for."""
        reopened(ledger, add_code("CUSTOMER-GROUP", "Vip", "2026-03-01", "2026-04-30"))
        books = reopened(ledger, add_code("CUSTOMER-GROUP", "OLD", active=False))
        assert books.keeps("CUSTOMER-GROUP")
        found = books.code("CUSTOMER-GROUP", "VIP", date(2026, 4, 30))
        assert found is not None
        assert found.code == "Vip"
        assert books.code("CUSTOMER-GROUP", "VIP", date(2026, 2, 28)) is None
        assert books.code("CUSTOMER-GROUP", "VIP", date(2026, 5, 1)) is None
        assert books.code("CUSTOMER-GROUP", "OLD", DAY) is None

    def test_the_latest_exchange_rate_not_after_the_day_is_in_force(self, ledger: Database) -> None:
        """Exact, and none before the first."""
        reopened(ledger, add_code("EXCHANGE-RATE", "EUR", "2026-03-01", rate=11.1234567891))
        books = reopened(ledger, add_code("EXCHANGE-RATE", "EUR", "2026-03-10", rate=12))
        days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 9), date(2026, 3, 10), DAY]
        assert [books.exchange_rate("EUR", day) for day in days] == [
            None,
            Decimal("11.1234567891"),
            Decimal("11.1234567891"),
            Decimal(12),
            Decimal(12),
        ]
        assert books.exchange_rate("NOK", DAY) == 1
        assert books.exchange_rate("SEK", DAY) is None
