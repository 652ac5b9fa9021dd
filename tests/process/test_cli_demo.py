"""The demonstration runs from nothing to a verified ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.process.commands import command, result

pytestmark = [pytest.mark.process, pytest.mark.slow]


def test_it_runs_in_a_temporary_folder_and_leaves_nothing(tmp_path: Path) -> None:
    """Counters, errors, ageing, trial balance and the verdict are shown, and the folder is gone."""
    ended = command("demo", "--customers", "100", "--invoices", "400", TMPDIR=str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    for shown in ("PARTIAL-SUCCESS", "Most frequent errors", "Most frequent warnings", "over 90 days", "Trial balance", "everything holds"):
        assert shown in ended.stdout
    assert not list(tmp_path.glob("reskontro-demo-*"))


def test_a_folder_of_ones_own_stays_and_other_databases_are_not_touched(tmp_path: Path) -> None:
    """A database URL in the environment is not for the demonstration."""
    data = tmp_path / "mine"
    ended = command("demo", "--customers", "20", "--invoices", "50", data=data, DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert ended.returncode == 0, ended.stderr
    assert [client["name"] for client in result("client", "list", data=data)] == ["Skogly Prøvehandel AS"]
