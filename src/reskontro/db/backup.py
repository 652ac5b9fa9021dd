"""Backup and restore of a database by PostgreSQL's own pg_dump and pg_restore, and the command line of psql."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reskontro.db.binaries import Binaries, EmbeddedPostgresError, find_binaries, installed_binaries

__all__ = ["backup", "psql_command", "restore"]

# What a database holds before anything is put into it is of the system's schemas or belongs to an extension.
_FIRST_OBJECT = """
    SELECT 'table ' || c.oid::regclass FROM pg_class c
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace NOT IN (SELECT oid FROM system_schema)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'function ' || p.oid::regprocedure FROM pg_proc p
     WHERE p.pronamespace NOT IN (SELECT oid FROM system_schema)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'schema ' || n.nspname FROM pg_namespace n
     WHERE n.nspname <> 'public' AND n.oid NOT IN (SELECT oid FROM system_schema)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = n.oid AND d.deptype = 'e')
    LIMIT 1
"""
_SYSTEM_SCHEMAS = """
    WITH system_schema AS (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema')
"""


def backup(dsn: str, target: Path, binaries: Path | None = None) -> None:
    """Writes the whole database, as of one moment, to the file ``target`` in pg_dump's compressed custom format.

    The file appears when it is complete and can be read by its owner only. Roles are not part of it (see ``restore``).
    Raises EmbeddedPostgresError when the target exists, or with what pg_dump said.
    """
    programs = _programs_for(dsn, binaries)
    if target.exists():
        raise EmbeddedPostgresError(f"{target} exists already. Choose another name, so that no older backup is lost.")
    try:
        # Made by us and not by pg_dump, because only so is it closed to others from its first byte.
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise EmbeddedPostgresError(f"No file can be written in {target.parent}: {error.strerror}.") from error
    os.close(descriptor)
    unfinished = Path(name)
    try:
        _run(programs, "pg_dump", dsn, ["--format=custom", f"--file={unfinished}"])
        _sync(unfinished)
        unfinished.rename(target)
        _sync(target.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(dsn: str, source: Path, binaries: Path | None = None) -> None:
    """Puts a backup into an empty database, as a whole or not at all.

    Every object goes to the role that owned it; an owner that is missing is made, as a role that cannot log in. Grants
    are left out, because the migration that has to follow gives them and makes the serving role. Raises
    EmbeddedPostgresError when the database is not empty, or with what pg_restore said.
    """
    programs = _programs_for(dsn, binaries)
    if not source.is_file():
        raise EmbeddedPostgresError(f"There is no backup {source}.")
    owners = _owners(programs, source)
    parts = _parts(dsn)
    try:
        with psycopg.connect(**parts) as connection:
            found = connection.execute(_SYSTEM_SCHEMAS + _FIRST_OBJECT).fetchone()
            if found is not None:
                raise EmbeddedPostgresError(
                    f"The database {connection.info.dbname} is not empty: it holds the {found[0]}. Nothing was changed."
                    " Restore into a new database, for instance by starting on a new data folder."
                )
            present = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for owner in sorted(owners - present):
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(owner)))
    except psycopg.Error as error:
        raise EmbeddedPostgresError(f"The database is not ready for a restore: {error}") from error
    _run(programs, "pg_restore", dsn, ["--single-transaction", "--exit-on-error", "--no-privileges", str(source)])


def psql_command(dsn: str, binaries: Path | None = None) -> tuple[list[str], dict[str, str]]:
    """The arguments and the environment with which to run psql on this database, as ``os.execve`` takes them."""
    return _command(find_binaries(binaries), "psql", dsn, [])


def _programs_for(dsn: str, explicit: Path | None) -> Binaries:
    """The programs to use with a server: those that were named, else installed ones of its own major version, else the usual ones.

    Programs that are newer than the server write backups, and send statements, that its own version does not understand.
    """
    if explicit is not None:
        return find_binaries(explicit)
    try:
        with psycopg.connect(**_parts(dsn)) as connection:
            major = connection.info.server_version // 10000
    except psycopg.Error as error:
        raise EmbeddedPostgresError(f"The database cannot be reached: {error}") from error
    return next((found for found in installed_binaries() if found.major == major), None) or find_binaries()


def _command(programs: Binaries, name: str, dsn: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """A client program's command line. A password goes by the environment: every user of the machine sees arguments."""
    parts = _parts(dsn)
    password = parts.pop("password", None)
    environment = dict(os.environ) | ({"PGPASSWORD": str(password)} if password else {})
    return [programs.program(name), f"--dbname={make_conninfo('', **parts)}", *arguments], environment


def _parts(dsn: str) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(dsn))
    except psycopg.ProgrammingError:
        # Without the cause, which repeats the URL and so its password.
        raise EmbeddedPostgresError("The database URL is not one that PostgreSQL's programs understand.") from None


def _run(programs: Binaries, name: str, dsn: str, arguments: Sequence[str]) -> None:
    command, environment = _command(programs, name, dsn, arguments)
    answer = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if answer.returncode != 0:
        raise EmbeddedPostgresError(
            f"{name} of PostgreSQL {programs.major} failed: {answer.stderr.strip()}\nIt needs a role that sees every"
            " row (a superuser or one with BYPASSRLS), and programs of the server's own version (RESKONTRO_POSTGRES_BIN names their folder)."
        )


def _owners(programs: Binaries, source: Path) -> set[str]:
    """The roles that own the objects of a backup; raises EmbeddedPostgresError when it is not a readable one."""
    answer = subprocess.run(
        [programs.program("pg_restore"), "--file=-", "--schema-only", str(source)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if answer.returncode != 0:
        raise EmbeddedPostgresError(f"{source} is not a backup that can be restored: {answer.stderr.strip()}")
    statements = re.findall(r'^ALTER .* OWNER TO ("(?:[^"]|"")+"|\w+);$', answer.stdout, re.MULTILINE)
    return {name[1:-1].replace('""', '"') if name.startswith('"') else name for name in statements}


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
