"""The generated parts of the documentation are those of this version, and every part has a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.documentation.pages import PARTS, ROOT, UnknownPart, pages, parts_of, refresh, refreshed
from tools.documentation.tables import table


@pytest.mark.parametrize(("page", "text"), [pytest.param(page, text, id=str(page.relative_to(ROOT))) for page, text in refreshed()])
def test_a_page_with_generated_parts_is_up_to_date(page: Path, text: str) -> None:
    """What the program says of itself today is what the page says; `python -m tools.documentation` writes it anew."""
    assert page.read_text(encoding="utf-8") == text


def test_every_part_stands_on_a_page() -> None:
    """No part is written for nobody, and no page opens a part without closing it."""
    texts = [page.read_text(encoding="utf-8") for page in pages()]
    used = [name for text in texts for name in parts_of(text)]
    assert sorted(set(used)) == sorted(PARTS)
    assert sum(text.count("[//]: # (generated:") for text in texts) == len(used)


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    """The prose around a part stays as it is, and writing twice changes nothing."""
    page = "before\n\n[//]: # (generated: limits)\n\nold\n\n[//]: # (end: limits)\n\nafter\n"
    written = refresh(page)
    assert written.startswith("before\n\n[//]: # (generated: limits)\n\n| limit on |")
    assert written.endswith("|\n\n[//]: # (end: limits)\n\nafter\n")
    assert refresh(written) == written


def test_an_unknown_part_is_an_error() -> None:
    """A misspelt mark does not pass for prose."""
    with pytest.raises(UnknownPart):
        refresh("[//]: # (generated: nothing)\n\n[//]: # (end: nothing)\n")


def test_a_cell_cannot_break_its_table() -> None:
    """Line ends and bars in a text stay inside the cell."""
    assert table(("a",), [("one\ntwo | three",)]) == "| a |\n| --- |\n| one two \\| three |"
