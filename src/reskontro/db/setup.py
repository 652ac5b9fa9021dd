"""From an empty database to one that can be served: roles, migrations, grants, and the URL of the serving role."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import psycopg
from alembic import command, op
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from reskontro.db.engine import OWNER_ROLE

MIGRATIONS = Path(__file__).parent / "migrations"
SUPPORTED_MAJORS = range(15, 19)
ROLE_ATTEMPTS_MAX = 10
_SETUP_LOCK = 7_305_551


class SetupError(RuntimeError):
    """The database cannot be prepared; the text says what to do."""


def run_script(name: str) -> None:
    """Run one of the SQL files beside the migrations, inside the migration's transaction."""
    text = (MIGRATIONS / "sql" / name).read_text(encoding="utf-8")
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(text.encode())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def newest_revision() -> str:
    """The revision this version of the software needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def is_privileged(url: str) -> bool:
    """Whether the role of the URL may set up the database: a superuser, the owner of the database, or one that may create roles."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select r.rolsuper or r.rolcreaterole or pg_has_role(current_user, d.datdba, 'member')"
            " from pg_roles r, pg_database d where r.rolname = current_user and d.datname = current_database()"
        ).fetchone()
    return bool(row and row[0])


def _check_version(connection: psycopg.Connection) -> None:
    major = connection.info.server_version // 10000
    if major not in SUPPORTED_MAJORS:
        raise SetupError(f"PostgreSQL {major} is not supported; use one of {SUPPORTED_MAJORS.start} to {SUPPORTED_MAJORS.stop - 1}")


def _ensure_roles(connection: psycopg.Connection, serving_role: str) -> str:
    """Create the owner and the serving role where they are missing; returns the serving role's password."""
    connection.execute("create schema if not exists reskontro_setup")
    connection.execute("create table if not exists reskontro_setup.serving_secret (role_name text primary key, password text not null)")
    present = {row[0] for row in connection.execute("select rolname from pg_roles where rolname = any(%s)", ([OWNER_ROLE, serving_role],))}
    if OWNER_ROLE not in present:
        connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(OWNER_ROLE)))
    connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(OWNER_ROLE)))
    connection.execute(sql.SQL("grant usage, create on schema public to {}").format(sql.Identifier(OWNER_ROLE)))
    stored = connection.execute("select password from reskontro_setup.serving_secret where role_name = %s", (serving_role,)).fetchone()
    if stored is not None and serving_role in present:
        return str(stored[0])
    if serving_role in present:
        raise SetupError(
            f"the role {serving_role} exists, but this database does not know its password (another database of the server uses it);"
            " set RESKONTRO_SERVING_ROLE to a name of its own, or RESKONTRO_SERVING_URL to the role's URL"
        )
    password = str(stored[0]) if stored else secrets.token_urlsafe(24)
    connection.execute(
        sql.SQL("create role {} login nosuperuser nobypassrls nocreatedb nocreaterole password {}").format(
            sql.Identifier(serving_role), sql.Literal(password)
        )
    )
    connection.execute(
        "insert into reskontro_setup.serving_secret (role_name, password) values (%s, %s)"
        " on conflict (role_name) do update set password = excluded.password",
        (serving_role, password),
    )
    return password


def _ensure_roles_in_turn(connection: psycopg.Connection, serving_role: str) -> str:
    """Roles belong to the whole server, where no lock of a database holds: who comes second to another database's setup tries again."""
    for attempt in range(1, ROLE_ATTEMPTS_MAX + 1):
        try:
            with connection.transaction():
                return _ensure_roles(connection, serving_role)
        except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateObject, psycopg.errors.InternalError_):
            if attempt == ROLE_ATTEMPTS_MAX:
                raise
            time.sleep(0.1 * attempt)
    raise AssertionError("the last attempt returns or raises")


def _run_migrations(url: str) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"set role {OWNER_ROLE}")
            _check_known(MigrationContext.configure(connection).get_current_revision())
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        # Callers know the driver's errors, for instance that of a lost server, and not what SQLAlchemy wraps round them.
        if isinstance(error.orig, psycopg.Error):
            raise error.orig from error
        raise
    finally:
        engine.dispose()


def migrate(url: str, serving_role: str) -> str:
    """Bring the database to the newest revision and return the URL of the serving role.

    ``url`` is that of a role that may create roles and tables. Safe to run again and from several processes at once. Raises SetupError.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        _check_version(connection)
        connection.execute("select pg_advisory_lock(%s)", (_SETUP_LOCK,))
        password = _ensure_roles_in_turn(connection, serving_role)
        _run_migrations(url)
        with connection.transaction():
            connection.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER_ROLE)))
            grants = (MIGRATIONS / "sql" / "grants.sql").read_text(encoding="utf-8")
            connection.execute(grants.replace("{serving}", sql.Identifier(serving_role).as_string(connection)).encode())
    return serving_url(url, serving_role, password)


def serving_url(url: str, serving_role: str, password: str) -> str:
    """The same database under the serving role."""
    parts = conninfo_to_dict(url)
    parts["user"] = serving_role
    parts["password"] = password
    return make_conninfo("", **{key: value for key, value in parts.items() if value is not None})


def _check_known(current: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        raise SetupError(f"the database was set up by a newer version of Reskontro (revision {current}); install that version")


def check_revision(url: str) -> None:
    """Raise SetupError unless the database has exactly the revision this version needs."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    _check_known(current)
    if current != newest_revision():
        raise SetupError(f"the database is at revision {current}, this version needs {newest_revision()}; run `reskontro migrate` as its owner")
