"""The command line as tables: every command with its arguments and options, read from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import typer

from reskontro.cli import app
from tools.documentation.tables import code, table

_MARKUP = re.compile(r"\[/?(?:bold|dim)\]")
_GROUPS = {
    "Run": ("serve", "worker", "demo"),
    "Set up": ("client", "credential", "migrate", "db"),
    "Work": ("batch", "verify", "calc", "openapi", "version"),
}


def _walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """(full name, command) of a command, or of all commands in a group."""
    members = getattr(command, "commands", None)
    if members is None:
        yield name, command
        return
    for member in sorted(members):
        yield from _walk(members[member], f"{name} {member}")


def _environment(parameter: Any) -> str:
    names = parameter.envvar
    return code(names if isinstance(names, str) else names[0]) if names else ""


def _default(parameter: Any) -> str:
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    if parameter.default in (None, False, ()) or callable(parameter.default) or parameter.show_default is False:
        return ""
    return code(parameter.default) if not isinstance(parameter.default, bool) else "yes"


def _row(parameter: Any) -> tuple[str, str, str, str]:
    if parameter.param_type_name == "argument":
        return code(parameter.metavar or parameter.name.upper()), parameter.help or "", "", ""
    names = "/".join((*parameter.opts, *parameter.secondary_opts))
    if not parameter.is_flag:
        annotation = parameter.type_descriptor.annotation
        names += " " + ("|".join(get_args(annotation)) if get_origin(annotation) is Literal else parameter.name.upper())
    needed = "" if not parameter.required else " (must be given)"
    return code(names), (parameter.help or "") + needed, _default(parameter), _environment(parameter)


def _described(name: str, command: Any) -> str:
    help_text = _MARKUP.sub("", command.help or "").strip()
    paragraphs = [" ".join(part.split()) if not part.startswith("  ") else f"```sh\n{part.strip()}\n```" for part in help_text.split("\n\n")]
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    parts = [f"### reskontro {name}", *paragraphs]
    if rows:
        parts.append(table(("option", "meaning", "default", "environment"), rows))
    return "\n\n".join(parts)


def commands() -> str:
    """Every command, in the groups of ``reskontro --help``."""
    root: Any = typer.main.get_command(app)
    missing = set(root.commands) - {name for names in _GROUPS.values() for name in names}
    if missing:
        raise ValueError(f"no group is known for {', '.join(sorted(missing))}")
    parts = []
    for group, names in _GROUPS.items():
        parts.append(f"## {group}")
        for name in names:
            parts += [_described(*found) for found in _walk(root.commands[name], name)]
    return "\n\n".join(parts)
