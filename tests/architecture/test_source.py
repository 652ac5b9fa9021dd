"""The source keeps its shape: parts import only from those below them, modules stay small, and no file names where packages come from."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "reskontro"
LINES_MAX = 400

LONGER_MODULES: dict[str, str] = {}
"""Modules over the limit, each with the reason why it is one."""

_HOSTS = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "(?:org|com)"),
    ("yarnpkg", "com"),
    ("rubygems", "org"),
    ("crates", "io"),
    ("golang", "org"),
    ("maven", "org"),
    ("anaconda", "(?:org|com)"),
    ("ghcr", "io"),
    ("quay", "io"),
    ("docker", "io"),
)
"""Where packages are fetched from, in two parts so that this file does not name them either."""
_PACKAGE_HOSTS = re.compile("|".join(rf"\b{name}\.{end}\b" for name, end in _HOSTS) + r"|(?:extra-)?index-url|--find-links", re.IGNORECASE)
_OUTSIDE_PATHS = re.compile(r"(?<![\w.])/(?:work|root)/")


def modules() -> list[Path]:
    """Every Python module of the package."""
    return sorted(SOURCE.rglob("*.py"))


def tracked_texts() -> list[tuple[str, str]]:
    """(path, text) of every file under version control that is text."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=30).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a working copy of a repository")
    found = []
    for name in listed.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file():
            try:
                found.append((name, path.read_text(encoding="utf-8")))
            except UnicodeDecodeError:
                continue
    assert found, "no file is under version control"
    return found


def test_each_part_imports_only_from_those_below_it() -> None:
    """The layers and the forbidden imports of pyproject.toml hold."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(program), "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_modules_are_small_or_say_why_not() -> None:
    """A module of more than 400 lines is split, or has a reason here; a reason that is not needed any more goes."""
    longer = {str(path.relative_to(SOURCE)) for path in modules() if len(path.read_text(encoding="utf-8").splitlines()) > LINES_MAX}
    assert longer - set(LONGER_MODULES) == set(), "split these, or give the reason"
    assert set(LONGER_MODULES) - longer == set(), "these are not that long any more"


def test_no_file_names_a_place_that_packages_come_from() -> None:
    """Lock files and build files name packages and hashes; where they are fetched from is the user's own setting."""
    this = str(Path(__file__).relative_to(ROOT))
    found = [(name, match.group()) for name, text in tracked_texts() if name != this for match in _PACKAGE_HOSTS.finditer(text)]
    assert found == []


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    """Paths are relative to the repository."""
    this = str(Path(__file__).relative_to(ROOT))
    found = [(name, match.group()) for name, text in tracked_texts() if name != this for match in _OUTSIDE_PATHS.finditer(text)]
    assert found == []
