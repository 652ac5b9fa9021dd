"""The demonstration runs from nothing to a verified ledger."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.process.commands import PATIENCE_SECONDS, command, environment, gone, result, until

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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=["SIGTERM", "SIGINT", "SIGKILL"])
def test_it_leaves_no_process_behind_however_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    """Ended in the middle: the server, its worker and the database end too, and so does the folder unless it was killed by force."""
    with (tmp_path / "demo.log").open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "reskontro", "demo", "--keep", "--customers", "20", "--invoices", "20"],
            env=environment(TMPDIR=str(tmp_path)),
            stdout=output,
            stderr=output,
        )

    def waiting() -> bool:
        log = (tmp_path / "demo.log").read_text()
        assert demo.poll() is None, log
        return "End it with Ctrl-C" in log

    try:
        until(waiting, "the demonstration waits")
        started = psutil.Process(demo.pid).children(recursive=True)
        assert started
        demo.send_signal(number)
        demo.wait(PATIENCE_SECONDS)
        until(lambda: all(gone(process) for process in started), "all processes have ended")
    finally:
        demo.kill()
        demo.wait()
    left = list(tmp_path.glob("reskontro-demo-*"))
    assert bool(left) == (number == signal.SIGKILL)
