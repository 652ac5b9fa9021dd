"""The list of decision records, with the sentence of each that people quote."""

from __future__ import annotations

import re
from pathlib import Path

from tools.documentation.tables import table

_TITLE = re.compile(r"^# (\d{4}) (.+)$", re.MULTILINE)
_DECISION = re.compile(r"^> (.+)$", re.MULTILINE)


def decisions(folder: Path) -> str:
    """A table of the records in the folder; raises ValueError for one without a title or a decision."""
    rows = []
    for path in sorted(folder.glob("[0-9]*.md")):
        text = path.read_text(encoding="utf-8")
        title, decision = _TITLE.search(text), _DECISION.search(text)
        if title is None or decision is None:
            raise ValueError(f"{path.name} has no title with its number, or no decision")
        rows.append((f"[{title[1]}]({path.name})", title[2], decision[1]))
    return table(("record", "about", "decision"), rows)
