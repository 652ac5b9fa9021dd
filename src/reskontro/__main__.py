"""The command line: ``reskontro``, or ``python -m reskontro``."""

from __future__ import annotations

import sys

from reskontro.cli import run


def main() -> None:
    """Run the command that the arguments name and end the process with its exit status."""
    sys.exit(run())


if __name__ == "__main__":
    main()
