"""Legal and reference values as rows of CSV files beside this module, each row with its source."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files


@cache
def read_rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of ``data/<name>.csv`` in file order, every value as text; raises FileNotFoundError for an unknown
    name.
    """
    text = (files("reskontro.norway") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
