"""Worker processes as children of ``serve``: started with it, restarted when they die, and never left behind by it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping

import structlog

BACKOFF_FIRST_SECONDS = 0.5
BACKOFF_MAX_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
"""A child that lived this long is restarted at once again."""
STOP_SECONDS = 30.0
ORPHAN_SECONDS = 60.0
"""How long a child whose parent has ended may take to finish before it is ended by force; longer than a chunk takes."""
PARENT_PIPE_VARIABLE = "RESKONTRO_PARENT_PIPE"

log = structlog.get_logger("reskontro.workers")


class WorkerProcesses:
    """So many worker processes, each watched by a thread of its own.

    The read end of a pipe goes to every child; its write end is only here. When this process ends, however that happens, the children read
    the end of the pipe, finish what they have in hand and end too.
    """

    def __init__(self, count: int, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._stopping = threading.Event()
        # A signal's handler may stop the workers while the same thread is already doing it.
        self._lock = threading.RLock()
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._read_end, self._write_end = os.pipe()
        self._threads = [threading.Thread(target=self._watch, args=(number,), name=f"worker {number}", daemon=True) for number in range(1, count + 1)]

    def start(self) -> None:
        """Start all workers."""
        for thread in self._threads:
            thread.start()

    def ask_to_stop(self) -> None:
        """Tell the workers to finish their chunk and end; returns at once. May be called from a signal handler's thread."""
        self._stopping.set()
        with self._lock:
            for child in self._children.values():
                child.terminate()

    def stop(self) -> None:
        """End all workers and return when they have ended; one that does not end in time is killed (its chunk is rolled back)."""
        self.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        with self._lock:
            for child in self._children.values():
                log.warning("worker does not end and is killed", pid=child.pid)
                child.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        os.close(self._read_end)
        os.close(self._write_end)

    def _watch(self, number: int) -> None:
        backoff = BACKOFF_FIRST_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            child = self._spawn(number)
            if child is None:
                return
            status = child.wait()
            with self._lock:
                del self._children[number]
            if self._stopping.is_set():
                return
            if time.monotonic() - started > HEALTHY_SECONDS:
                backoff = BACKOFF_FIRST_SECONDS
            log.warning("worker died and is restarted", worker=number, pid=child.pid, status=status, wait_seconds=backoff)
            self._stopping.wait(backoff)
            backoff = min(backoff * 2, BACKOFF_MAX_SECONDS)

    def _spawn(self, number: int) -> subprocess.Popen[bytes] | None:
        """A new worker process; None when the time to stop has come."""
        with self._lock:
            if self._stopping.is_set():
                return None
            child = subprocess.Popen(
                [sys.executable, "-m", "reskontro", "worker"],
                env=self._environment | {PARENT_PIPE_VARIABLE: str(self._read_end)},
                stdin=subprocess.DEVNULL,
                pass_fds=[self._read_end],
                # Ctrl-C reaches only the parent, which then ends the children in order.
                start_new_session=True,
            )
            self._children[number] = child
        log.info("worker started", worker=number, pid=child.pid)
        return child


def end_with_parent(stop: Callable[[], None]) -> None:
    """In a child that was given its parent's pipe: call ``stop`` when the parent has ended, and end the process when that does not help."""
    descriptor = os.environ.pop(PARENT_PIPE_VARIABLE, None)
    if descriptor is None:
        return

    def wait() -> None:
        os.read(int(descriptor), 1)
        stop()
        time.sleep(ORPHAN_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, name="parent", daemon=True).start()
