"""The guides of the project as pages, so that whoever finds the service finds how to use it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from markdown_it import MarkdownIt

_INSTALLED = Path(__file__).parent.parent / "guides"
_CHECKOUT = Path(__file__).parents[3] / "docs"
INDEX = "index.md"


@lru_cache(maxsize=1)
def guide_files() -> dict[str, Path]:
    """Every guide by its path below /guides/; empty when they were not installed with the program."""
    folder = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.md"))} if folder.is_dir() else {}


@lru_cache(maxsize=256)
def guide_html(name: str) -> str:
    """A guide as HTML; raw HTML inside it is shown as text. Raises KeyError for an unknown name."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    return str(markdown.render(guide_files()[name].read_text(encoding="utf-8")))
