"""The server of the demonstration: a process of its own, as in real life."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from reskontro.cli.children import PARENT_PIPE_VARIABLE
from reskontro.cli.common import CommandError

READY_SECONDS = 60.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.05
LOG_SHOWN_CHARACTERS = 2_000


@contextmanager
def serving(data: Path, log: Path, port: int) -> Iterator[str]:
    """Run ``reskontro serve`` on a data folder; the value is the API's address. It is ended in order at the end of the block.

    Should this process be killed, the server ends too. Raises CommandError with the end of its log when it does not start.
    """
    read_end, write_end = os.pipe()
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "reskontro", "serve", "--port", str(port), "--workers", "1"],
            env=_environment(os.environ, data) | {PARENT_PIPE_VARIABLE: str(read_end)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[read_end],
            # Ctrl-C is for us; we end the server when we are done with it.
            start_new_session=True,
        )
    try:
        yield _address(server, log)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        os.close(read_end)
        os.close(write_end)


def _environment(environment: Mapping[str, str], data: Path) -> dict[str, str]:
    """Ours without what would lead the server elsewhere."""
    elsewhere = {"DATABASE_URL", "RESKONTRO_DATABASE_URL", "RESKONTRO_SERVING_URL", "RESKONTRO_PUBLIC_URL", "RESKONTRO_HOST"}
    kept = {name: value for name, value in environment.items() if name not in elsewhere}
    return kept | {"RESKONTRO_DATA": str(data), "RESKONTRO_LOG_JSON": "true", "RESKONTRO_LOG_LEVEL": "INFO"}


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the server's log names when it is ready."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        ended = server.poll() is not None
        for line in log.read_bytes().splitlines():
            if b'"event":"ready"' in line:
                return str(msgspec.json.decode(line)["url"])
        if ended or time.monotonic() > deadline:
            raise CommandError(f"The server does not start. The end of {log}:\n{log.read_text(errors='replace')[-LOG_SHOWN_CHARACTERS:]}")
        time.sleep(POLL_SECONDS)
