"""Aim: periodic jobs run when they are due, and one that fails stops neither the others nor the worker."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import psycopg
import pytest

from reskontro.batches.periodic import PeriodicJob, PeriodicJobs
from reskontro.db.engine import Transaction
from reskontro.settings import Settings

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NOWHERE = cast(Transaction, None)


def job(name: str, runs: list[str], *, every_seconds: float = 3600.0, error: Exception | None = None) -> PeriodicJob:
    """A job that notes its name when it runs, and then may fail."""

    def run(connection: Any, settings: Settings, now: datetime) -> int:
        runs.append(name)
        if error is not None:
            raise error
        return 1

    return PeriodicJob(name, every_seconds, run)


def test_a_job_runs_at_once_and_then_not_before_its_time() -> None:
    """One that is due all the time runs every time."""
    runs: list[str] = []
    jobs = PeriodicJobs([job("hourly", runs), job("always", runs, every_seconds=0.0)])
    for _ in range(3):
        jobs.run_due(NOWHERE, Settings(), NOW)
    assert runs == ["hourly", "always", "always", "always"]


def test_a_job_that_fails_does_not_stop_the_next() -> None:
    """It is tried again when its time comes."""
    runs: list[str] = []
    jobs = PeriodicJobs([job("broken", runs, every_seconds=0.0, error=ValueError("x")), job("sound", runs)])
    jobs.run_due(NOWHERE, Settings(), NOW)
    jobs.run_due(NOWHERE, Settings(), NOW)
    assert runs == ["broken", "sound", "broken"]


def test_a_lost_database_is_the_workers_affair() -> None:
    """The worker connects anew; the job must not hide it."""
    with pytest.raises(psycopg.OperationalError):
        PeriodicJobs([job("lost", [], error=psycopg.OperationalError("gone"))]).run_due(NOWHERE, Settings(), NOW)
