"""Keeps the embedded server running for a process that serves for a long time."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

import structlog

from reskontro.db.binaries import EmbeddedPostgresError
from reskontro.db.embedded import EmbeddedPostgres

CHECK_SECONDS = 1.0
PAUSE_SECONDS = 1.0
"""Before the first new start; every further one waits twice as long."""
PAUSE_SECONDS_MAX = 60.0
CALM_SECONDS = 300.0
"""A server that ran for so long had another trouble than the next time it ends."""

log = structlog.get_logger("reskontro.database")


class ServerKeeper:
    """Starts the embedded server again when its supervisor has given it up (it does after five crashes within five minutes); for a ``with`` block.

    The connections of the process come back by themselves, once there is something to connect to.
    """

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="server keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        pause, started_at = PAUSE_SECONDS, time.monotonic()
        while not self._ended.wait(CHECK_SECONDS):
            if not self._server.data.exists():
                # Somebody removed the folder: a new server in a new folder would not be the one that is missed.
                return
            if self._server.is_running():
                if time.monotonic() - started_at > CALM_SECONDS:
                    pause = PAUSE_SECONDS
                continue
            log.warning("the database server has ended and is to be started again", pause_seconds=pause)
            if self._ended.wait(pause):
                return
            pause = min(2 * pause, PAUSE_SECONDS_MAX)
            try:
                self._server.start()
                started_at = time.monotonic()
                log.warning("the database server runs again")
            except EmbeddedPostgresError as error:
                log.error("the database server cannot be started", error=str(error)[:500])
