"""A whole installation of real processes: PostgreSQL with fsync, API processes, workers; each can be killed and comes back."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from reskontro.access.credentials import add_credential
from reskontro.batches.kinds import Origin
from reskontro.db.embedded import EmbeddedPostgres, EmbeddedPostgresError
from reskontro.db.engine import Database
from reskontro.db.setup import migrate
from reskontro.kit.clock import SystemClock
from reskontro.kit.ids import new_id
from reskontro.receivable.administration.service import create_client

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 90.0
POLL_SECONDS = 0.02
RESTART_PAUSE_SECONDS = 0.1
LOG_TAIL_LINES = 15
START_PROGRAM = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)  # kill -9 when the parent ends, however that happens
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.executable, [sys.executable, "-m", "reskontro", *sys.argv[2:]])
"""
TRACE_LINES = 60
TRACE_CHARACTERS = 4000


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Return as soon as the condition holds; raises AssertionError when it has not come true in time."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: this did not come true within {DEADLINE_SECONDS:.0f} seconds"
        time.sleep(POLL_SECONDS)


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment without settings of Reskontro, with those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RESKONTRO_") and name != "DATABASE_URL"}
    path = os.pathsep.join([str(ROOT / "src"), kept.get("PYTHONPATH", "")])
    return kept | {"PYTHONPATH": path} | {f"RESKONTRO_{name.upper()}": value for name, value in settings.items()}


def free_port() -> int:
    """A port of the loopback interface that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """``reskontro WORDS`` as a process of its own, its log in a file; it does not outlive this process."""

    def __init__(self, words: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", START_PROGRAM, str(os.getpid()), *words],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it as a power failure would; returns when it is gone."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """Ask it to end in order; returns its exit status."""
        self.process.terminate()
        return self.process.wait(timeout=DEADLINE_SECONDS)

    def children(self) -> list[psutil.Process]:
        """The processes it started and that still run."""
        return psutil.Process(self.process.pid).children()


class Service:
    """A program that is started again whenever it has ended, until it is closed: what an init system does."""

    def __init__(self, words: list[str], environment: Mapping[str, str], log: Path) -> None:
        self._start = lambda: Program(words, environment, log)
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._program = self._start()
        self.log = log
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._closing.is_set():
            self._program.process.wait()
            if self._closing.wait(RESTART_PAUSE_SECONDS):
                return
            with self._lock:
                if not self._closing.is_set():
                    self._program = self._start()

    def kill(self) -> None:
        """kill -9; it comes back by itself."""
        with self._lock:
            self._program.process.kill()

    def close(self) -> int:
        """End it in order and for good; returns its exit status."""
        self._closing.set()
        with self._lock:
            status = self._program.terminate()
        self._thread.join()
        return status


class Installation:
    """PostgreSQL in a folder, and API and worker processes on it. Use it as a context manager."""

    def __init__(self, folder: Path, *, apis: int, workers: int, **settings: str) -> None:
        self.folder = folder
        # fsync stays on. Before it recovers, a server syncs its folder: as a file system here, which is quicker than file by file.
        self._postgres = EmbeddedPostgres(folder / "data", settings={"recovery_init_sync_method": "syncfs"}, shared_buffers="64MB")
        self._environment = clean_environment(data=str(folder / "data"), **settings)
        self._api_count, self._worker_count = apis, workers
        self.apis: list[Service] = []
        self.workers: list[Service] = []
        self.urls: list[str] = []
        self._serving = ""
        self.client_id = self.client_secret = ""
        self._next_client_no = 1001
        self._read_up_to: dict[Path, int] = {}

    def __enter__(self) -> Self:
        admin = self._postgres.start()
        self._serving = migrate(admin, "reskontro_serving")
        with self.database() as database, database.system() as transaction:
            new = add_credential(transaction, name="operator", client_nos=None, scopes=("read:arm", "write:arm", "admin:arm"), clock=SystemClock())
            self.client_id, self.client_secret = new.client_id, new.client_secret
        for number in range(self._api_count):
            port = free_port()
            self.urls.append(f"http://127.0.0.1:{port}")
            self.apis.append(self._service(["serve", "--workers", "0", "--port", str(port)], f"api-{number}"))
        for number in range(self._worker_count):
            self.workers.append(self._service(["worker"], f"worker-{number}"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for service in (*self.apis, *self.workers):
            service.close()
        self._postgres.stop()

    def _service(self, words: list[str], name: str) -> Service:
        return Service(words, self._environment, self.folder / f"{name}.log")

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The database under the serving role, by connections that no crash has touched yet."""
        database = Database(self._serving, connections_max=4)
        database.open()
        try:
            yield database
        finally:
            database.close()

    def add_clients(self, count: int, ledger_start: str) -> list[int]:
        """Register new clients and return their numbers."""
        numbers = list(range(self._next_client_no, self._next_client_no + count))
        self._next_client_no += count
        with self.database() as database:
            for number in numbers:
                values: dict[str, Any] = {"clientNo": number, "name": f"Client {number}", "organizationNo": "310044113", "ledgerStart": ledger_start}
                with database.system() as transaction:
                    create_client(transaction, values, clock=SystemClock(), origin=Origin("test", "test", new_id(), "SYSTEM"))
        return numbers

    # ------------------------------------------------------------------------------------------------ blows

    def kill_postmaster(self) -> None:
        """kill -9 of the PostgreSQL server; its supervisor starts it again."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._postmaster().kill()

    def kill_backend(self, choose: Callable[[list[psutil.Process]], psutil.Process]) -> None:
        """kill -9 of the server process behind one connection, which makes the server throw out everybody and recover."""
        with contextlib.suppress(psutil.NoSuchProcess):
            behind = [child for child in self._postmaster().children() if "reskontro_serving" in " ".join(child.cmdline())]
            if behind:
                choose(behind).kill()

    def keep_server(self) -> None:
        """Make sure that the server runs: its supervisor gives up after some sudden deaths within minutes, a new start does not."""
        while True:
            try:
                self._postgres.start()
                return
            except EmbeddedPostgresError:
                time.sleep(RESTART_PAUSE_SECONDS)

    def _postmaster(self) -> psutil.Process:
        """The server's first process; raises psutil.NoSuchProcess when none runs. A stale number never leads to a stranger."""
        pgdata = self.folder / "data" / "pgdata"
        try:
            process = psutil.Process(int((pgdata / "postmaster.pid").read_text().split()[0]))
        except (FileNotFoundError, IndexError, ValueError):
            raise psutil.NoSuchProcess(0) from None
        if str(pgdata.resolve()) not in process.cmdline():
            raise psutil.NoSuchProcess(process.pid)
        return process

    # ------------------------------------------------------------------------------------------------ logs

    def errors_logged(self) -> list[str]:
        """Errors in the logs of the API and the workers since the last time; losing the database is a warning there, not an error."""
        found: list[str] = []
        for service in (*self.apis, *self.workers):
            with service.log.open("rb") as log:
                log.seek(self._read_up_to.get(service.log, 0))
                lines = log.read().decode(errors="replace").splitlines()
                self._read_up_to[service.log] = log.tell()
            for place, line in enumerate(lines):
                if '"level":"error"' in line or line.startswith("Traceback"):
                    found.append(f"{service.log.name}: " + "\n".join(lines[place : place + TRACE_LINES])[:TRACE_CHARACTERS])
        return found

    def log_tails(self) -> str:
        """The last lines of every log, for the report of a failure."""
        tails = []
        for service in (*self.apis, *self.workers):
            lines = service.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
            tails.append(f"--- {service.log.name}\n" + "\n".join(line[:500] for line in lines))
        return "\n".join(tails)
