"""Pages with generated parts: each part stands between two marks that no reader sees, and is replaced as a whole.

A mark is a link definition that nothing refers to, so that it is invisible wherever Markdown is shown, also where raw HTML is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.documentation.api import filters, limits, offered, operations, planned
from tools.documentation.commands import commands
from tools.documentation.errors import field_codes, outcomes, problems
from tools.documentation.records import decisions
from tools.documentation.settings import client_configs, settings

ROOT = Path(__file__).parents[2]

PARTS: dict[str, Callable[[], str]] = {
    "client configs": client_configs,
    "commands": commands,
    "decisions": lambda: decisions(ROOT / "docs" / "decisions"),
    "field codes": field_codes,
    "filters": filters,
    "limits": limits,
    "offered": offered,
    "operations": operations,
    "outcomes": outcomes,
    "planned": planned,
    "problems": problems,
    "settings": settings,
}
"""Every part by the name in its marks."""

_PART = re.compile(r"(^\[//\]: # \(generated: ([a-z ]+)\)\n\n).*?(^\[//\]: # \(end: \2\)$)", re.DOTALL | re.MULTILINE)


class UnknownPart(KeyError):
    """A page asks for a part that nobody writes."""


def pages() -> list[Path]:
    """Every page that may have generated parts."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def parts_of(text: str) -> list[str]:
    """The names of the generated parts of a page."""
    return [match[2] for match in _PART.finditer(text)]


def refresh(text: str) -> str:
    """The page with its generated parts written anew; raises UnknownPart."""

    def written(match: re.Match[str]) -> str:
        try:
            part = PARTS[match[2]]
        except KeyError:
            raise UnknownPart(match[2]) from None
        return f"{match[1]}{part().strip()}\n\n{match[3]}"

    return _PART.sub(written, text)


def refreshed() -> Iterator[tuple[Path, str]]:
    """(page, its text as it should be) of every page with generated parts."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if parts_of(text):
            yield page, refresh(text)
