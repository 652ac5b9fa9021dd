"""The guides of the project as pages, so that whoever finds the service finds how to use it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
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
    tokens = markdown.parse(guide_files()[name].read_text(encoding="utf-8"))
    for heading, content in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", _anchor(content.content))
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def _anchor(heading: str) -> str:
    """The name by which links jump to a heading: its words in lower case with hyphens between them."""
    return re.sub(r"[^\w-]", "", re.sub(r"\s+", "-", heading.strip().lower()))
