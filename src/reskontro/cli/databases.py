"""``migrate`` and ``db``: the database itself."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reskontro.cli.common import CommandError, DatabaseUrlOption, DataOption, JsonOption, err, out, print_json, settings_from, start_logging

if TYPE_CHECKING:
    from reskontro.settings import Settings

app = typer.Typer(help="The database: run it, look into it, back it up, restore it.", no_args_is_help=True)


def _settings(data: Path | None, database_url: str | None) -> Settings:
    settings = settings_from(data, database_url)
    start_logging(settings)
    return settings


def _admin(url: str | None) -> str:
    if url is None:
        raise CommandError(
            "Only the serving role's URL is set, and it may not do this. Set RESKONTRO_DATABASE_URL (or --database-url) to the URL of the"
            " database's owner or of a superuser."
        )
    return url


def migrate(data: DataOption = None, database_url: DatabaseUrlOption = None, json: JsonOption = False) -> None:
    """Bring the database to the revision that this version needs; safe to repeat.

    The other commands do it by themselves when their role may. Run it as the owner before you deploy a new version that serves under a
    role without such rights.
    """
    import psycopg

    from reskontro.db.setup import is_privileged, newest_revision
    from reskontro.db.setup import migrate as bring_up_to_date
    from reskontro.runtime import running_server

    settings = _settings(data, database_url)
    with running_server(settings) as (url, _embedded):
        admin = _admin(url)
        if not is_privileged(admin):
            with psycopg.connect(admin) as connection:
                role = connection.info.user
            raise CommandError(f"The role {role} may not change the tables. Use the URL of the database's owner or of a superuser.")
        bring_up_to_date(admin, settings.serving_role)
    result = {"revision": newest_revision(), "servingRole": settings.serving_role}
    if json:
        print_json(result)
    else:
        out().print(f"The database is at revision {result['revision']}; the serving role is {result['servingRole']}.", markup=False)


@app.command("start")
def start(data: DataOption = None) -> None:
    """Run the embedded PostgreSQL until Ctrl-C, and say how to connect to it.

    The other commands start it when they need it; this is for other programs, and for several commands in a row.
    """
    from reskontro.runtime import running_server

    settings = _settings(data, None)
    if settings.database() is not None or settings.serving_url is not None:
        raise CommandError(
            "A database URL is set, so there is no embedded PostgreSQL to start. Unset RESKONTRO_DATABASE_URL, DATABASE_URL and"
            " RESKONTRO_SERVING_URL."
        )
    # Both end it by unwinding, also where a shell has started it in the background and switched Ctrl-C off.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with running_server(settings) as (url, _embedded):
        out().print(url, markup=False, soft_wrap=True)
        err().print("PostgreSQL runs. End it with Ctrl-C.")
        try:
            signal.pause()
        except KeyboardInterrupt:
            err().print("Stopping.")


@app.command("psql", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context, data: DataOption = None, database_url: DatabaseUrlOption = None) -> None:
    """Open psql on the database as its owner; what follows goes to psql, for instance: reskontro db psql -- -c "select 1".

    Its owner may see the rows of every client and change booked rows, which Reskontro itself never does. Look, but write with care.
    """
    from reskontro.db.backup import psql_command
    from reskontro.runtime import running_server

    settings = _settings(data, database_url)
    with running_server(settings) as (url, _embedded):
        command, environment = psql_command(_admin(url), settings.postgres_bin)
        # Ctrl-C in psql cancels the statement; it must not end this process, which keeps the server up.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            ended = subprocess.run(command + context.args, env=environment, check=False, preexec_fn=_default_interrupt)
        finally:
            signal.signal(signal.SIGINT, before)
    if ended.returncode:
        raise typer.Exit(ended.returncode)


def _default_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.", show_default=False)],
    data: DataOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Write the whole database, as of one moment, to a file while everything runs on.

    The file holds personal data and the keys that sign tokens: only its owner may read it, and it belongs in a safe place.
    """
    from reskontro.db.backup import backup as write_backup
    from reskontro.runtime import running_server

    settings = _settings(data, database_url)
    with running_server(settings) as (url, _embedded):
        write_backup(_admin(url), file, settings.postgres_bin)
    err().print(f"{file} holds the database ({file.stat().st_size / 1e6:.1f} MB).", markup=False)


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `reskontro db backup` wrote.", show_default=False)],
    data: DataOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Put a backup into an empty database: a new data folder, or an empty database of a server of your own.

    The database is brought to the revision of this version; then run: reskontro verify
    """
    from reskontro.db.backup import restore as read_backup
    from reskontro.db.setup import migrate as bring_up_to_date
    from reskontro.runtime import running_server

    if not file.is_file():
        raise CommandError(f"There is no file {file}.")
    settings = _settings(data, database_url)
    with running_server(settings) as (url, _embedded):
        admin = _admin(url)
        read_backup(admin, file, settings.postgres_bin)
        bring_up_to_date(admin, settings.serving_role)
    err().print(f"{file} is restored. `reskontro verify` recomputes the ledger from its items.", markup=False)
