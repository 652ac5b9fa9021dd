"""What all commands share: the options that find the database, output for people and for programs, and errors that say what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from reskontro.kit.errors import Problem
    from reskontro.settings import Settings

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="RESKONTRO_DATA",
        help="Folder of the embedded PostgreSQL, made when missing; .reskontro unless given. Not used with a database URL.",
        show_default=False,
    ),
]
DatabaseUrlOption = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        envvar="RESKONTRO_DATABASE_URL",
        help="PostgreSQL 15 to 18 to use instead of the embedded one; DATABASE_URL is read too.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", envvar="RESKONTRO_JSON", help="Write JSON for programs instead of text for people.")]


class CommandError(Exception):
    """A command cannot do what was asked; the text says why and what to do about it. The process ends with ``status``."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status


def settings_from(data: Path | None = None, database_url: str | None = None, **values: Any) -> Settings:
    """The settings of the environment with the options that were given on the command line over them."""
    from reskontro.settings import Settings

    given = {"data": data, "database_url": database_url, **values}
    return Settings(**{name: value for name, value in given.items() if value is not None})


def start_logging(settings: Settings) -> None:
    """Logs of a command that answers at once: only what goes wrong."""
    from reskontro.logs import configure_logging

    quiet = settings if "log_level" in settings.model_fields_set else settings.model_copy(update={"log_level": "WARNING"})
    configure_logging(quiet)


def out() -> Console:
    """Where results for people go."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    """Where progress, hints and errors go, so that results can be piped."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def print_json(value: Any) -> None:
    """One JSON value on standard output, indented on a terminal."""
    from reskontro.kit.json import write_json, write_json_indented

    text = write_json_indented(value) if sys.stdout.isatty() else write_json(value)
    sys.stdout.write(text.decode() + "\n")


def print_table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[str] = ()) -> None:
    """A table for people; the columns named in ``numbers`` stand to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    out().print(table)


def explanation(error: BaseException) -> tuple[str, int] | None:
    """What to tell about an expected error and the exit status; None for one that nobody expects, which deserves its traceback."""
    if isinstance(error, CommandError):
        return str(error), error.status
    import psycopg
    import pydantic
    from psycopg_pool import PoolTimeout

    from reskontro.access.credentials import CredentialInvalid
    from reskontro.access.external_keys import AccessSettingsInvalid
    from reskontro.access.scopes import ScopeUnknown
    from reskontro.db.embedded import EmbeddedPostgresError
    from reskontro.db.engine import UnsafeRole
    from reskontro.db.objects import ObjectStoreFault
    from reskontro.db.setup import SetupError
    from reskontro.kit.errors import Problem
    from reskontro.norway.announced import AnnouncedFault
    from reskontro.runtime import DatabaseUnreachable

    setup = (EmbeddedPostgresError, SetupError, UnsafeRole, DatabaseUnreachable, AnnouncedFault, ObjectStoreFault)
    if isinstance(error, (*setup, CredentialInvalid, ScopeUnknown, AccessSettingsInvalid)):
        return _sentence(str(error)), 1
    if isinstance(error, Problem):
        return describe_problem(error), 1
    if isinstance(error, pydantic.ValidationError) and error.title == "Settings":
        return "\n".join(_setting_error(entry) for entry in error.errors()), 2
    if isinstance(error, psycopg.OperationalError | PoolTimeout):
        reason = " ".join(str(error).split())
        return f"The connection to the database failed: {reason}. Nothing is lost that was confirmed; run the command again.", 1
    return None


def describe_problem(problem: Problem) -> str:
    """A refusal by the rules, with all that is wrong, one line each."""
    from reskontro.kit.errors import title_of
    from reskontro.kit.messages import render

    lines = [_sentence(problem.detail or title_of(problem.code))]
    lines += [f"  {message.field}: {render(message, 'en')}" for message in problem.errors]
    return "\n".join(lines)


def _sentence(text: str) -> str:
    # A name of a file or a program at the beginning stays as it is.
    first = text.split(" ", 1)[0]
    text = text[:1].upper() + text[1:] if first.isalpha() and first.islower() and not first.startswith("pg") else text
    return text + ("" if text.rstrip().endswith((".", "!", "?")) or "\n" in text else ".")


def _setting_error(entry: Any) -> str:
    name = "_".join(str(part) for part in entry["loc"]).upper()
    return f"RESKONTRO_{name} (or its option) is not usable: {entry['msg']}."
