"""Fixtures: one PostgreSQL for all test processes, one migrated template per process, a fresh database per test or module."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from reskontro.db.embedded import EmbeddedPostgres
from reskontro.db.engine import Database
from reskontro.db.setup import migrate
from reskontro.kit.clock import MovableClock
from reskontro.settings import Settings
from tests.house import House, serve

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
_numbers = count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """URL of a PostgreSQL superuser: of RESKONTRO_TEST_DATABASE_URL, or of an embedded server that all test processes share."""
    configured = os.environ.get("RESKONTRO_TEST_DATABASE_URL")
    if configured:
        yield configured
        return
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "postgres"
    # Without fsync: these databases live as long as the test run. The process tests start servers of their own, with it.
    with EmbeddedPostgres(Path(folder), settings={"fsync": "off"}, shared_buffers="256MB") as server:
        yield server.url(database="postgres")


def _admin(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture(scope="session")
def template(postgres: str, worker_id: str) -> Iterator[tuple[str, str]]:
    """(name of a migrated database, URL of its serving role)."""
    name = f"template_{worker_id}_{os.getpid()}"
    role = f"serving_{worker_id}_{os.getpid()}"
    _admin(postgres, f"create database {name}")
    serving = migrate(make_conninfo(postgres, dbname=name), role)
    yield name, serving
    _admin(postgres, f"drop database {name} with (force)")


def _fresh_database(postgres: str, template: tuple[str, str]) -> Iterator[Database]:
    name, serving = template
    fresh = f"{name}_{next(_numbers)}"
    _admin(postgres, f"create database {fresh} template {name}")
    database = Database(make_conninfo(serving, dbname=fresh), connections_max=20)
    database.open()
    yield database
    database.close()
    _admin(postgres, f"drop database {fresh} with (force)")


@pytest.fixture
def database(postgres: str, template: tuple[str, str]) -> Iterator[Database]:
    """A fresh database of its own for the test, under the serving role."""
    yield from _fresh_database(postgres, template)


@pytest.fixture
def admin_url(database: Database, postgres: str) -> str:
    """URL of the superuser for the test's database."""
    return make_conninfo(postgres, dbname=psycopg.conninfo.conninfo_to_dict(database.url)["dbname"])


@pytest.fixture
def clock() -> MovableClock:
    """A clock that stands at noon of 25 November 2026, UTC."""
    return MovableClock(NOW)


@pytest.fixture
def settings() -> Settings:
    """The default settings."""
    return Settings()


@pytest.fixture
def house(database: Database, settings: Settings, clock: MovableClock) -> Iterator[House]:
    """A served Reskontro with one client, 3107, and the customers 100001 (a consumer) and 100002 (a business)."""
    with serve(database, settings, clock) as served:
        served.add_client(3107)
        served.customer("100001", "Kari Prøve")
        served.customer("100002", "Skogly Prøvedrift AS", organizationNo="310044113")
        yield served


@pytest.fixture
def empty_house(database: Database, settings: Settings, clock: MovableClock) -> Iterator[House]:
    """A served Reskontro without any client."""
    with serve(database, settings, clock) as served:
        yield served


@pytest.fixture(scope="module")
def module_house(postgres: str, template: tuple[str, str]) -> Iterator[House]:
    """Like ``house``, shared by a module whose tests only read or use customers of their own."""
    for database in _fresh_database(postgres, template):
        with serve(database, Settings(), MovableClock(NOW)) as served:
            served.add_client(3107)
            yield served
