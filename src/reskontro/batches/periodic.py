"""Work that workers do now and then, besides batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import psycopg
import structlog

from reskontro.db.engine import Transaction
from reskontro.settings import Settings

log = structlog.get_logger("reskontro.worker")


@dataclass(frozen=True, slots=True)
class PeriodicJob:
    """``run`` gets a connection outside any transaction, the settings and the moment, and returns how many things it did.

    ``name`` says what they are. Any number of workers may run a job side by side.
    """

    name: str
    every_seconds: float
    run: Callable[[Transaction, Settings, datetime], int]


class PeriodicJobs:
    """Runs the jobs of one worker when they are due; the first time at once."""

    def __init__(self, jobs: Sequence[PeriodicJob]) -> None:
        self._due: dict[PeriodicJob, float] = {job: monotonic() for job in jobs}

    def run_due(self, connection: Transaction, settings: Settings, now: datetime) -> None:
        """Run what is due; a job that fails is tried again when it is due again, and keeps no batch from being processed."""
        for job, due in self._due.items():
            if monotonic() >= due:
                self._due[job] = monotonic() + job.every_seconds
                try:
                    done = job.run(connection, settings, now)
                except (psycopg.OperationalError, psycopg.InterfaceError):
                    raise
                except Exception:
                    log.exception("periodic job failed", job=job.name)
                    continue
                if done:
                    log.info(job.name, count=done)
