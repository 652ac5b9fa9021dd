"""Sudden death: processes are killed with -9 while work comes in, and nothing accepted is lost, nothing is done twice.

The schedules are in ``crash.py``, with a command for as many of them as one likes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.process.crash import VICTIMS, Judge, Schedule, Sender, new_installation, today
from tests.process.installation import Installation, Program, clean_environment, free_port, wait_until
from tests.process.story import Story

SCHEDULES = 52
pytestmark = [pytest.mark.process, pytest.mark.slow]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One running installation for all schedules; every schedule has clients of its own."""
    with new_installation(tmp_path_factory.mktemp("crash")) as running:
        yield running


@pytest.mark.parametrize("seed", range(SCHEDULES), ids=lambda seed: f"seed {seed}, {' and '.join(VICTIMS[seed % len(VICTIMS)])}")
def test_what_was_accepted_is_done_once_whoever_dies(installation: Installation, seed: int) -> None:
    """Batches and single writes under kill -9: each accepted item has one result, the ledger its input exactly once, repeats no effect."""
    counts: Counter[str] = Counter()
    Schedule(installation, seed, counts).run()
    assert counts["documents"] > 0
    assert sum(count for name, count in counts.items() if name.startswith("killed")) == len(VICTIMS[seed % len(VICTIMS)])


def test_serve_alone_recovers_from_the_death_of_each_of_its_parts(tmp_path: Path) -> None:
    """One ``serve`` and nobody else: it brings back its worker, its PostgreSQL comes back, and a new one goes on where a killed one ended."""
    story = Story("serve-alone", today())
    port = free_port()
    with Installation(tmp_path, apis=0, workers=0) as installation:
        (client_no,) = installation.add_clients(1, f"{today().year}-01-01")
    installation.urls = [f"http://127.0.0.1:{port}"]
    environment = clean_environment(data=str(tmp_path / "data"), chunk_items="10")
    words = ["serve", "--workers", "1", "--port", str(port)]
    sender = Sender(installation, Counter())

    serve = Program(words, environment, tmp_path / "serve.log")
    try:
        sender.sign_in()
        sender.send(client_no, story.batches[0])
        sender.send(client_no, story.batches[1])
        wait_until(lambda: bool(serve.children()), "the worker runs")
        (first_worker,) = serve.children()
        first_worker.kill()
        sender.send(client_no, story.batches[2])
        wait_until(lambda: bool(set(serve.children()) - {first_worker}), "another worker runs")
        installation.kill_postmaster()
        sender.send(client_no, story.batches[3])
        for call in story.singles:
            sender.send(client_no, call)
        workers = serve.children()
        serve.kill()
        gone, _ = psutil.wait_procs(workers, timeout=60)
        assert len(gone) == len(workers), "workers were left behind"

        serve = Program(words, environment, tmp_path / "serve.log")
        judge = Judge(today())
        judge.check_answers(sender, client_no, story)
        assert serve.terminate() == 0
    finally:
        if serve.process.poll() is None:
            serve.kill()
        sender.close()
    with installation, installation.database() as database:
        judge.check_books(database, client_no, story)
    assert judge.findings == []
