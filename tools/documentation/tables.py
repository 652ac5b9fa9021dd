"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def cell(text: object) -> str:
    """A text that fits into one cell."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with a header; cells are texts in Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell(entry) for entry in line)} |" for line in lines)


def code(text: object) -> str:
    """The text as code, nothing for an empty one."""
    return f"`{text}`" if text not in (None, "") else ""
