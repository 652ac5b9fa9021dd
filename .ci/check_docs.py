"""Check the documentation: links lead somewhere, and the commands it shows exist with the options it gives them."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from reskontro.cli import app

ROOT = Path(__file__).parent.parent
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"(?:^|[\s`(|;$])reskontro((?: +(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s`|;&<>()#]+))+)", re.MULTILINE)
_MAKE = re.compile(r"`make ([a-z-]+)|^\s*make ([a-z-]+)", re.MULTILINE)


def pages() -> list[Path]:
    """All Markdown files of the project."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "benchmarks").rglob("*.md"))]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as code forges make them."""
    headings = re.findall(r"^#{1,6} +(.+?) *#*$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path, text: str) -> Iterator[str]:
    """Relative links whose file or heading does not exist."""
    for match in _LINK.finditer(_FENCE.sub("", text)):
        target = match[1] or match[2]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists():
            yield f"link to {target}: no such file"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
            yield f"link to {target}: no such heading"


def wrong_commands(text: str) -> Iterator[str]:
    """Commands that do not exist, and options that a command does not have."""
    root: Any = typer.main.get_command(app)
    for match in _COMMAND.finditer(text):
        try:
            words = shlex.split(match[1])
        except ValueError:
            continue
        command = root
        while words and hasattr(command, "commands"):
            if words[0].startswith("-") or not re.fullmatch(r"[a-z0-9-]+", words[0]):
                break
            following = command.commands.get(words[0])
            if following is None:
                yield f"reskontro{match[1]}: there is no command {words[0]}"
                break
            command, words = following, words[1:]
        else:
            known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help", "-h"}
            for word in words:
                if word == "--":
                    break
                if word.startswith("--") and word.split("=")[0] not in known:
                    yield f"reskontro{match[1]}: there is no option {word}"


def wrong_targets(text: str) -> Iterator[str]:
    """Targets of make that do not exist."""
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for match in _MAKE.finditer(text):
        target = match[1] or match[2]
        if target not in known:
            yield f"make {target}: there is no such target"


def main() -> int:
    """Check all pages and print every fault; returns the exit status."""
    faults = 0
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for fault in (*broken_links(page, text), *wrong_commands(text), *wrong_targets(text)):
            print(f"{page.relative_to(ROOT)}: {fault}")
            faults += 1
    print(f"{len(pages())} pages, {faults} faults")
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
