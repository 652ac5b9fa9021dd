"""The commands of the README, the tutorial and the how-to guides do what the pages say: they are run as they stand there.

A block of ``sh`` is run, one of ``sh setup`` or ``sh server`` is not; each line of a block of ``text`` must be found in the output of the
block of ``sh`` before it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.commands import Server, command, environment, result, serving
from tools.documentation.pages import ROOT

pytestmark = pytest.mark.process

_FENCE = re.compile(r"^```([a-z]+(?: [a-z]+)?)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CLIENT_NO = 1001
_SMALLER = {"1_000_000": "2_000", "1,000,000": "2,000", "1000001": "2001"}
"""A million items take a minute; what is shown holds for fewer as well."""
_STEPS_ASSUMED = """
TOKEN=$(curl -s -u "$RESKONTRO_CLIENT_ID:$RESKONTRO_CLIENT_SECRET" -d grant_type=client_credentials \\
  http://127.0.0.1:8080/token | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
api() {
  curl -s "http://127.0.0.1:8080/arm/v1/clients/1001/$1" "${@:2}" \\
    -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' | python3 -m json.tool --no-ensure-ascii
}
until curl -s http://127.0.0.1:8080/health | grep -q '"name":"workers","status":"UP"'; do sleep 0.5; done
"""
"""What the how-to guides take from the tutorial, steps 1 to 3, and a worker that has come up."""


def blocks(text: str) -> list[tuple[str, str]]:
    """(kind, content) of each fenced block of a page."""
    return [(match[1], match[2]) for match in _FENCE.finditer(text)]


def plain(text: str) -> str:
    """The text with single blanks, so that the width of a table does not matter."""
    return re.sub(r"\s+", " ", text)


def run_page(page: str, folder: Path, server: Server, *, before: str = "", **variables: str) -> None:
    """Run the blocks of a page one after the other in one shell and compare what they print with what the page shows."""
    text = (ROOT / page).read_text(encoding="utf-8")
    port = server.url.rsplit(":", 1)[1]
    for shown, used in {**_SMALLER, "/tmp/first-batch": str(folder / "data"), ":8080": f":{port}"}.items():
        text, before = text.replace(shown, used), before.replace(shown, used)
    script = [before]
    expected: list[tuple[int, str]] = []
    number, last = 0, ""
    for kind, content in blocks(text):
        if kind == "sh":
            number += 1
            script.append(f"printf '\\n=== {number}\\n'\n{content}")
        elif kind == "text" and last == "sh":
            expected += [(number, line.strip()) for line in content.splitlines() if line.strip() not in ("", "...")]
        last = kind if kind.startswith("sh") else last
    values = environment(folder / "data", RESKONTRO_URL=server.url, **variables)
    values["PATH"] = f"{Path(sys.executable).parent}:{values['PATH']}"
    ended = subprocess.run(
        ["bash", "-eu", "-c", "\n".join(script)],
        cwd=folder,
        env=values,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    outputs = re.split(r"^=== \d+$", ended.stdout, flags=re.MULTILINE)
    for place, line in expected:
        assert place < len(outputs), ended.stdout[-3000:]
        assert plain(line) in plain(outputs[place]), f"block {place} printed: {outputs[place]}"
    assert ended.returncode == 0, ended.stdout[-3000:]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    """A served folder in which nothing is yet."""
    with serving(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Server]]:
    """A served folder with a client."""
    folder = tmp_path_factory.mktemp("guides")
    with serving(folder) as server:
        client = result("client", "add", "--name", "Fjord AS", "--organization-no", "310044113", "--ledger-start", "2026-01-01", data=folder / "data")
        assert client["clientNo"] == _CLIENT_NO
        yield folder, server


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/first-batch.md"])
def test_the_first_steps_work_as_pasted(page: str, fresh: Server, tmp_path: Path) -> None:
    """From an empty folder to a batch that is read back and a ledger that is verified."""
    run_page(page, tmp_path, fresh)


@pytest.mark.parametrize(
    "page",
    [
        "send-a-million-items",
        "export-saf-t",
        "retry-what-failed",
        "watch-it-run",
        "backup-and-restore",
        # Last, because it ends tokens.
        "rotate-and-revoke-credentials",
    ],
)
def test_a_guide_works_as_pasted(page: str, served: tuple[Path, Server]) -> None:
    """What a guide shows is what happens."""
    folder, server = served
    made = result("credential", "add", "--client", str(_CLIENT_NO), data=folder / "data")
    variables = {"RESKONTRO_CLIENT_ID": made["clientId"], "RESKONTRO_CLIENT_SECRET": made["clientSecret"]}
    run_page(f"docs/how-to/{page}.md", folder, server, before=_STEPS_ASSUMED, **variables)


def test_every_command_that_is_not_run_has_a_help() -> None:
    """Blocks of setup name commands that exist; whether their options do is checked with the links."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    named = set()
    for page in pages:
        for kind, content in blocks(page.read_text(encoding="utf-8")):
            if kind.startswith("sh "):
                named |= set(re.findall(r"^reskontro ([a-z]+)", content, re.MULTILINE))
    assert named
    for name in sorted(named):
        assert command(name, "--help").returncode == 0
