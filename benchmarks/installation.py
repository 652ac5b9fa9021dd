"""A Reskontro to measure: embedded PostgreSQL with fsync, one API process, workers, all as users start them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil

from reskontro.access.credentials import add_credential
from reskontro.batches.kinds import Origin
from reskontro.kit.clock import SystemClock
from reskontro.kit.ids import new_id
from reskontro.receivable.administration.service import create_client
from reskontro.runtime import House, open_house
from reskontro.settings import Settings

READY_SECONDS = 60


@dataclass
class Installation:
    """The running installation and a token for all its clients."""

    house: House
    port: int
    token: str
    process: subprocess.Popen[bytes]
    clients: list[int] = field(default_factory=list)

    def add_client(self) -> int:
        """A fresh client, so that measures do not get into each other's way."""
        number = 5_000 + len(self.clients)
        sent = {"clientNo": number, "name": f"Client {number}", "organizationNo": "310044113", "ledgerStart": "2026-01-01"}
        with self.house.database.system() as transaction:
            create_client(transaction, sent, clock=SystemClock(), origin=Origin("benchmark", "benchmark", new_id(), "SYSTEM"))
        self.clients.append(number)
        return number

    def configure(self, client_no: int, values: Mapping[str, Any]) -> None:
        """Give a client config values for the whole year."""
        for key, value in values.items():
            url = f"http://127.0.0.1:{self.port}/arm/v1/clients/{client_no}/clientconfigs/{key}"
            sent = {"clientConfig": {"value": value, "validFrom": "2026-01-01"}}
            answer = httpx2.put(url, json=sent, headers={"Authorization": f"Bearer {self.token}"})
            if answer.status_code != 200:
                raise RuntimeError(answer.text)

    def processes(self) -> dict[str, list[psutil.Process]]:
        """The processes of the installation by what they are."""
        api = psutil.Process(self.process.pid)
        workers = [child for child in api.children(recursive=True) if "worker" in " ".join(child.cmdline())]
        return {"api": [api], "worker": workers}

    def pause_workers(self) -> None:
        """Keep workers from working while something else is measured."""
        for worker in self.processes()["worker"]:
            worker.suspend()

    def resume_workers(self) -> None:
        """Let them work again."""
        for worker in self.processes()["worker"]:
            worker.resume()


@contextmanager
def installation(folder: Path, workers: int) -> Iterator[Installation]:
    """Start everything in a folder; stop it at the end."""
    os.environ["RESKONTRO_DATA"] = str(folder)
    settings = Settings(data=folder, rate_requests_per_second=1_000_000, rate_items_per_hour=2_000_000_000)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "RESKONTRO_RATE_REQUESTS_PER_SECOND": "1000000",
        "RESKONTRO_RATE_ITEMS_PER_HOUR": "2000000000",
        "RESKONTRO_LOG_LEVEL": "WARNING",
    }
    with open_house(settings) as house:
        command = [sys.executable, "-m", "reskontro", "serve", "--port", str(port), "--data", str(folder), "--workers", str(workers)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            with house.database.system() as transaction:
                credential = add_credential(
                    transaction, name="benchmark", client_nos=None, scopes=["read:arm", "write:arm", "admin:arm"], clock=SystemClock()
                )
            token = _token(port, credential.client_id, credential.client_secret)
            yield Installation(house, port, token, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def _token(port: int, client_id: str, client_secret: str) -> str:
    deadline = time.monotonic() + READY_SECONDS
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    while True:
        try:
            answer = httpx2.post(f"http://127.0.0.1:{port}/token", data=form)
            if answer.status_code == 200:
                return str(json.loads(answer.content)["access_token"])
        except httpx2.TransportError:
            pass
        if time.monotonic() > deadline:
            raise RuntimeError("the API did not become ready")
        time.sleep(0.1)


class PeakMemory:
    """The largest resident memory of each kind of process while it runs, in MiB."""

    def __init__(self, measured: Installation) -> None:
        self._processes = measured.processes()
        self.peaks = dict.fromkeys(self._processes, 0.0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            for kind, processes in self._processes.items():
                for process in processes:
                    try:
                        self.peaks[kind] = max(self.peaks[kind], process.memory_info().rss / 2**20)
                    except psutil.NoSuchProcess:
                        continue
