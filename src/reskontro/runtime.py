"""From the settings to an opened database: which server, which role, and whether its tables are those this version needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from reskontro.db.embedded import EmbeddedPostgres
from reskontro.db.engine import Database
from reskontro.db.keeper import ServerKeeper
from reskontro.db.objects import open_objects
from reskontro.db.setup import check_revision, is_privileged, migrate
from reskontro.norway.announced import install
from reskontro.settings import Settings


class DatabaseUnreachable(RuntimeError):
    """No connection to the database that was named; the text says what to look at."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the database is.

    ``serving`` is the URL of the role under which everything is read and written; ``admin`` that of the role that sets up and backs up,
    None when only the serving role is known.
    """

    serving: str
    admin: str | None


@dataclass(frozen=True, slots=True)
class House:
    """Everything a command needs to work with the data."""

    database: Database
    admin_url: str | None
    settings: Settings
    embedded: EmbeddedPostgres | None


@contextmanager
def open_house(settings: Settings, *, connections: int | None = None) -> Iterator[House]:
    """Open the database that the settings name and close it at the end.

    Without a database URL the embedded server of the data folder is started (or joined, when it runs already). A role that may set up the
    database brings it to the newest revision; then the serving role takes over. Raises EmbeddedPostgresError, SetupError, UnsafeRole,
    AnnouncedFault, ObjectStoreFault or DatabaseUnreachable, each with a text that says what to do.
    """
    install(settings.legal_values, carry_forward=settings.carry_values_forward)
    with running_server(settings) as (admin_url, embedded):
        addresses = _prepare(settings, admin_url)
        database = Database(addresses.serving, connections_max=connections or settings.database_connections, objects=open_objects(settings))
        try:
            database.open()
        except psycopg.OperationalError as error:
            database.close()
            raise _unreachable(error) from error
        try:
            yield House(database, addresses.admin, settings, embedded)
        finally:
            database.close()


@contextmanager
def running_server(settings: Settings) -> Iterator[tuple[str | None, EmbeddedPostgres | None]]:
    """The configured URL, or that of the superuser of the embedded server, which runs until the end of the block.

    The URL is None when the settings name the serving role's URL and no other.
    """
    configured = settings.database()
    if configured is not None or settings.serving_url is not None:
        yield configured, None
        return
    embedded = EmbeddedPostgres(settings.data, binaries=settings.postgres_bin)
    url = embedded.start()
    try:
        with ServerKeeper(embedded):
            yield url, embedded
    finally:
        embedded.stop()


def _prepare(settings: Settings, url: str | None) -> Addresses:
    """Bring the database to the newest revision when the role may do that, otherwise make sure that it is there."""
    try:
        if settings.serving_url is not None:
            check_revision(settings.serving_url)
            return Addresses(settings.serving_url, url)
        assert url is not None
        if is_privileged(url):
            return Addresses(migrate(url, settings.serving_role), url)
        check_revision(url)
        return Addresses(url, None)
    except psycopg.OperationalError as error:
        raise _unreachable(error) from error


def _unreachable(error: psycopg.OperationalError) -> DatabaseUnreachable:
    # The driver's text names host, port and role but never the password.
    reason = " ".join(str(error).split())
    return DatabaseUnreachable(
        f"The database cannot be reached: {reason}. Check RESKONTRO_DATABASE_URL (or DATABASE_URL) and RESKONTRO_SERVING_URL,"
        " or unset them to use the embedded database."
    )
