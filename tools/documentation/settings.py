"""Settings of the installation and configs of a client as tables."""

from __future__ import annotations

import inspect
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import reskontro
from reskontro.kit.json import write_json
from reskontro.ledger.configs import CONFIG_KEYS
from reskontro.settings import Settings
from tools.documentation.tables import code, table

_GROUP = re.compile(r"^    # (.+)$|^    ([a-z_]+): ", re.MULTILINE)
_BOUNDS = {"ge": "at least", "le": "at most", "gt": "above", "lt": "below"}


def _groups() -> dict[str, list[str]]:
    """The settings by the headings under which they stand in the source."""
    found: dict[str, list[str]] = {}
    heading = ""
    for match in _GROUP.finditer(inspect.getsource(Settings)):
        if match[1]:
            heading = match[1]
        elif match[2] in Settings.model_fields:
            found.setdefault(heading, []).append(match[2])
    return found


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return code("true" if value else "false")
    return code(f"{value:g}" if isinstance(value, float) else value)


def _limits(metadata: list[Any]) -> str:
    return ", ".join(f"{words} {getattr(entry, name):,}" for entry in metadata for name, words in _BOUNDS.items() if hasattr(entry, name))


def settings() -> str:
    """Every setting with its variable, default, limits and meaning, by group."""
    groups = _groups()
    missing = set(Settings.model_fields) - {name for names in groups.values() for name in names}
    if missing:
        raise ValueError(f"these settings stand under no heading: {', '.join(sorted(missing))}")
    parts = []
    for heading, names in groups.items():
        rows = []
        for name in names:
            field = Settings.model_fields[name]
            limits = _limits(field.metadata)
            rows.append((code(f"RESKONTRO_{name.upper()}"), _shown(field.default), f"{field.description}{f' ({limits})' if limits else ''}"))
        parts += [f"## {heading}", table(("variable", "default", "meaning"), rows)]
    return "\n\n".join(parts)


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Decimal):
        return code(format(value, "f"))
    return code(value if isinstance(value, str) and value else write_json(value).decode())


def read_configs() -> set[str]:
    """The keys of the client configs that some part of the program asks for, by their whole name or by one made of the group's."""
    folder = Path(reskontro.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py") if path.name != "config_table.py")
    return {key for key in CONFIG_KEYS if f'"{key}"' in source or f'f"{key.split(".")[0]}.{{' in source}


def client_configs() -> str:
    """Every client config with its type, default and meaning, by the part of the key before the point."""
    read = read_configs()
    groups: dict[str, list[tuple[str, str, str, str]]] = {}
    for key, entry in CONFIG_KEYS.items():
        kind = entry.type if entry.allowed_values is None else f"{entry.type}: {', '.join(entry.allowed_values)}"
        remarks = [entry.english]
        if entry.fixed_by_posting and "fixed after" not in entry.english:
            remarks.append("fixed after the first posting")
        if entry.changes_postings:
            remarks.append("†")
        if key not in read:
            remarks.append("‡")
        groups.setdefault(key.split(".")[0], []).append((code(key), kind, _value(entry.default), " ".join(remarks)))
    return "\n\n".join(f"## {group}\n\n{table(('key', 'type', 'default', 'meaning'), rows)}" for group, rows in groups.items())
