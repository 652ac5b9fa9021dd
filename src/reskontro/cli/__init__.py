"""The command line of Reskontro: one module for each group of commands.

Modules import what they need inside their commands, so that help and errors come at once and each command loads only its own parts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from reskontro.cli import batches, calculations, clients, credentials, databases, demonstration, serving, tools, verification
from reskontro.cli.common import explanation

HELP = """A self-hosted accounts-receivable ledger: customers and documents in, an exact double-entry ledger out.

Nothing needs to be set up: without a database URL every command uses a PostgreSQL of its own in the folder --data (.reskontro unless given), and
starts it when needed. See all of it at work on made-up data:

  [bold]reskontro demo[/bold]

The first steps with your own data, in two shells in the same folder:

  [bold]reskontro serve[/bold]

  [bold]reskontro client add --name "Fjord AS" --organization-no 310044113[/bold]

  [bold]eval "$(reskontro credential add --client 1001)"[/bold]

  [bold]reskontro batch send customers.csv[/bold]

  [bold]reskontro verify[/bold]

Every option can also be set in the environment; the help of a command names the variables.
"""

app = typer.Typer(
    name="reskontro",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "RESKONTRO"},
)
app.command("serve", rich_help_panel="Run")(serving.serve)
app.command("worker", rich_help_panel="Run")(serving.worker)
app.command("demo", rich_help_panel="Run")(demonstration.demo)
app.add_typer(clients.app, name="client", rich_help_panel="Set up")
app.add_typer(credentials.app, name="credential", rich_help_panel="Set up")
app.command("migrate", rich_help_panel="Set up")(databases.migrate)
app.add_typer(databases.app, name="db", rich_help_panel="Set up")
app.add_typer(batches.app, name="batch", rich_help_panel="Work")
app.command("verify", rich_help_panel="Work")(verification.verify)
app.add_typer(calculations.app, name="calc", rich_help_panel="Work")
app.command("openapi", rich_help_panel="Work")(tools.openapi)
app.command("version", rich_help_panel="Work")(tools.version)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 it could not be done or found something wrong, 2 wrong usage."""
    try:
        app(args=list(arguments) if arguments is not None else None, prog_name="reskontro")
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BrokenPipeError:
        # Whoever read our output has enough of it; without this the interpreter complains once more when it flushes.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return 1
    except Exception as error:
        told = explanation(error)
        if told is None:
            raise
        print(f"Error: {told[0]}", file=sys.stderr)
        return told[1]
    return 0
