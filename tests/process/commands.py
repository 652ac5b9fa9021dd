"""Run Reskontro's commands as processes, the way a person or a program does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil

PATIENCE_SECONDS = 150.0
"""How long something may take on a machine that does ten other things; nothing waits longer than it needs."""


def environment(data: Path | None = None, **values: str) -> dict[str, str]:
    """The environment of a command: nothing of whoever runs the tests, and a data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RESKONTRO_") and name != "DATABASE_URL"}
    return kept | ({"RESKONTRO_DATA": str(data)} if data is not None else {}) | {"COLUMNS": "200"} | values


def command(*words: str, data: Path | None = None, stdin: str | None = None, **values: str) -> subprocess.CompletedProcess[str]:
    """A command that has ended."""
    return subprocess.run(
        [sys.executable, "-m", "reskontro", *words],
        env=environment(data, **values),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_SECONDS,
        check=False,
    )


def result(*words: str, data: Path | None = None, **values: str) -> Any:
    """The JSON of a command that succeeds."""
    ended = command(*words, "--json", data=data, **values)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def until(condition: Callable[[], Any], what: str) -> Any:
    """The value of the condition as soon as it holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)
    return value


def gone(process: psutil.Process) -> bool:
    """Whether a process has ended."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@dataclass
class Server:
    """A running ``reskontro serve``."""

    process: subprocess.Popen[bytes]
    log: Path

    def events(self, name: str) -> list[dict[str, Any]]:
        """The lines of its log with that event."""
        found = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in found if line["event"] == name]

    @property
    def url(self) -> str:
        """Its address, once it is ready."""

        def ready() -> list[dict[str, Any]]:
            assert self.process.poll() is None, self.log.read_text()
            return self.events("ready")

        return str(until(ready, "the server is ready")[0]["url"])

    def workers(self) -> list[psutil.Process]:
        """Its worker processes."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            # A child may end between being listed and being looked at.
            with contextlib.suppress(psutil.NoSuchProcess):
                if "worker" in child.cmdline():
                    found.append(child)
        return found

    def health(self) -> dict[str, str]:
        """State of each of the health checks."""
        body = httpx2.get(f"{self.url}/health", timeout=30).json()
        return {check["name"]: check["status"] for check in body["checks"]}

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def serving(folder: Path, *words: str, **values: str) -> Iterator[Server]:
    """A server on a free port with its log in ``folder``; its data too unless the values lead elsewhere."""
    log = folder / f"serve-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "reskontro", "serve", "--port", "0", *words],
            env=environment(folder / "data") | values,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield Server(process, log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
