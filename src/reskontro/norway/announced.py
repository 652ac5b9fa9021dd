"""The legal values of this installation: those that come with the software, and those that were announced since and are listed in a file.

The file is a CSV with the columns ``table,value,valid_from,valid_to,source``; ``table`` is one of the names of ``Rates``. It is read once, when
the process starts.
"""

from __future__ import annotations

import csv
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from reskontro.norway.rates import STATUTORY, DatedValue, Rates

COLUMNS: Final = ("table", "value", "valid_from", "valid_to", "source")
TABLES: Final = tuple(field.name for field in fields(Rates))


class AnnouncedFault(ValueError):
    """The file of legal values cannot be used; the text names the line and says what to do."""


class _Installed:
    known: Rates = STATUTORY
    carry_forward: bool = False


def install(path: Path | None, *, carry_forward: bool = False) -> None:
    """Let the process use the values of a file besides its own; raises AnnouncedFault, and then the values stay as they were."""
    _Installed.known = STATUTORY if path is None else read_announced(path)
    _Installed.carry_forward = carry_forward


def known_rates() -> Rates:
    """The values that are known."""
    return _Installed.known


def rates_in_use() -> Rates:
    """The values to reckon with: the known ones, and where the installation wants it the last of each table for the days after it."""
    return _Installed.known.carrying_forward() if _Installed.carry_forward else _Installed.known


def read_announced(path: Path) -> Rates:
    """The values of the software with those of the file; raises AnnouncedFault."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AnnouncedFault(f"The file of legal values {path} cannot be read: {error}") from error
    reader = csv.DictReader(lines)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise AnnouncedFault(f"{path}, line 1: the columns must be {','.join(COLUMNS)}")
    rows: dict[str, list[DatedValue]] = {}
    for row in reader:
        name, value = _row(path, reader.line_num, row)
        rows.setdefault(name, []).append(value)
    rates = STATUTORY
    for name, values in rows.items():
        try:
            rates = replace(rates, **{name: getattr(rates, name).extended(values)})
        except ValueError as error:
            raise AnnouncedFault(f"{path}: {error}") from error
    return rates


def _row(path: Path, line_no: int, row: dict[str, str]) -> tuple[str, DatedValue]:
    name = row["table"]
    if name not in TABLES:
        raise AnnouncedFault(f"{path}, line {line_no}: table must be one of {', '.join(TABLES)}")
    if not (row["source"] or "").strip():
        raise AnnouncedFault(f"{path}, line {line_no}: source must say where the value was announced")
    try:
        value = Decimal(row["value"])
        first, last = date.fromisoformat(row["valid_from"]), date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
    except (InvalidOperation, TypeError, ValueError):
        raise AnnouncedFault(f"{path}, line {line_no}: value must be a number, valid_from and valid_to days as YYYY-MM-DD") from None
    if not value.is_finite() or value < 0:
        raise AnnouncedFault(f"{path}, line {line_no}: value must not be below 0")
    return name, DatedValue(value, first, last, row["source"].strip())
