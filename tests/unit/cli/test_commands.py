"""The command line teaches: every command has help, and errors say what to do without a traceback."""

from __future__ import annotations

import io
import json
import socket
from pathlib import Path
from typing import Any

import pytest
import typer

from reskontro.cli import app, run
from reskontro.cli.common import CommandError
from reskontro.cli.serving import listen, worker_environment
from reskontro.settings import Settings


def all_commands() -> list[list[str]]:
    """The words of every command."""

    def below(command: Any, words: list[str]) -> list[list[str]]:
        found = [words]
        for name, inner in getattr(command, "commands", {}).items():
            found += below(inner, [*words, name])
        return found

    return below(typer.main.get_command(app), [])


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests, and a folder without data."""
    for name in ("DATABASE_URL", "RESKONTRO_DATABASE_URL", "RESKONTRO_CLIENT_ID", "RESKONTRO_CLIENT_SECRET", "RESKONTRO_URL", "RESKONTRO_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_every_command_and_every_option_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is left to be guessed."""
    assert run([*words, "--help"]) == 0
    assert len(capsys.readouterr().out.split()) > 8
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    assert all(getattr(parameter, "help", None) for parameter in command.params if "--help" not in parameter.opts and parameter.name != "context")


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["credential", "add"], 2, "--client NUMBER"),
        (["credential", "add", "--client", "1", "--operator"], 2, "--operator"),
        (["batch", "show", "AaIU"], 2, "RESKONTRO_CLIENT_ID"),
        (["batch", "send", "nowhere.csv"], 1, "nowhere.csv cannot be read"),
        (["db", "restore", "nowhere.dump"], 1, "no file nowhere.dump"),
        (["client", "list", "--database-url", "postgresql://x:hunter2@127.0.0.1:1/x"], 1, "cannot be reached"),
        (["serve", "--host", "no.such.host.invalid"], 1, "--host"),
    ],
)
def test_errors_say_what_to_do(words: list[str], status: int, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error, the right exit status, no traceback and no password."""
    assert run(words) == status
    output = capsys.readouterr()
    assert told in output.err
    assert output.err.startswith("Error: ")
    assert "hunter2" not in output.err
    assert output.out == ""


def test_a_setting_that_is_not_usable_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The name of the variable, not of a class."""
    monkeypatch.setenv("RESKONTRO_TOKEN_SECONDS", "1")
    assert run(["client", "list"]) == 2
    assert "RESKONTRO_TOKEN_SECONDS" in capsys.readouterr().err


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong --data does not become a database."""
    (tmp_path / "letter.txt").write_text("dear all")
    assert run(["client", "list", "--data", str(tmp_path)]) == 1
    assert "no data folder of Reskontro" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_port_in_use_is_told() -> None:
    """Instead of a server that nobody reaches."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CommandError, match=r"in use.*--port"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_port_0_takes_a_free_one() -> None:
    """So that tests and demonstrations never collide."""
    with listen("127.0.0.1", 0) as first, listen("127.0.0.1", 0) as second:
        assert first.getsockname()[1] != second.getsockname()[1]


def test_workers_get_the_settings_but_not_the_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker serves under the serving role and never sees the URL of the database's owner."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://owner@x/y")
    monkeypatch.setenv("RESKONTRO_DATABASE_URL", "postgresql://owner@x/y")
    environment = worker_environment(Settings(database_url="postgresql://owner@x/y", chunk_items=7), "postgresql://serving@x/y")
    assert environment["RESKONTRO_SERVING_URL"] == "postgresql://serving@x/y"
    assert environment["RESKONTRO_CHUNK_ITEMS"] == "7"
    assert not any("owner" in value for value in environment.values())


class TestTools:
    def test_openapi_is_printed_without_a_database(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Nothing is started, nothing is made."""
        assert run(["openapi"]) == 0
        assert json.loads(capsys.readouterr().out)["openapi"].startswith("3.1")
        assert list(tmp_path.iterdir()) == []

    def test_calc_answers_line_by_line(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """A bad line, even one that is not UTF-8, does not stop the others."""
        sent = b'{"id": 1, "rule": "no.such"}\n\xff\n{"id": 2, "rule": "no.such"}\n'
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(sent)))
        assert run(["calc"]) == 0
        assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == [1, None, 2]

    def test_calc_lists_its_rules(self, capsys: pytest.CaptureFixture[str]) -> None:
        """So that nobody has to read the source."""
        assert run(["calc", "--rules"]) == 0
        assert "interest.late" in capsys.readouterr().out.splitlines()

    def test_version_for_people_and_for_programs(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The first line names the version."""
        assert run(["version"]) == 0
        assert capsys.readouterr().out.startswith("reskontro ")
        assert run(["version", "--json"]) == 0
        assert "psycopg" in json.loads(capsys.readouterr().out)
