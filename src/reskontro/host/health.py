"""Whether the process can do its work: for load balancers, operators and the start page. Reveals no data."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import version
from typing import Any

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from reskontro.db.engine import WORKER_NAME
from reskontro.kit.fields import Schema, choice, moment, nested_array, text
from reskontro.web.calls import Call, Services
from reskontro.web.operations import ARM, Answer, Parameter, Routes
from reskontro.web.replies import Reply

routes = Routes()
log = structlog.get_logger("reskontro.health")

QUEUE_AGE_DEGRADED = timedelta(minutes=15)

_STATES = ["UP", "DEGRADED", "DOWN"]

HEALTH = Schema(
    "Health",
    [
        choice("status", _STATES, "The worst of the checks", always=True),
        text("version", 20, "Version of the software", always=True),
        moment("time", "The server's clock", always=True),
        nested_array(
            "checks",
            Schema(
                "HealthCheck",
                [
                    choice("name", ["database", "queue", "workers", "storage", "clock"], "What was looked at", always=True),
                    choice("status", _STATES, "How it is", always=True),
                ],
            ),
            "What was looked at",
            always=True,
        ),
    ],
)


def check_health(services: Services) -> dict[str, Any]:
    """The state of the database, the queue, the workers and the clock, and the worst of them as the whole."""
    now = services.clock.now()
    checks = {"database": "UP", "queue": "UP", "workers": "UP", "clock": "UP"}
    try:
        with services.database.system() as transaction:
            row = transaction.execute(
                "select (select min(created_at) from batch where status in ('QUEUED', 'PROCESSING')),"
                " (select count(*) from pg_stat_activity where application_name = %s and datname = current_database()), clock_timestamp()",
                (WORKER_NAME,),
            ).fetchone()
        assert row is not None
        oldest, workers, database_now = row
        if oldest is not None and now - oldest > QUEUE_AGE_DEGRADED:
            checks["queue"] = "DEGRADED"
        if not workers:
            checks["workers"] = "DEGRADED"
        if abs(database_now - now) > timedelta(minutes=1):
            checks["clock"] = "DEGRADED"
    except (psycopg.Error, PoolTimeout) as error:
        log.warning("health check failed", error=type(error).__name__)
        checks = {"database": "DOWN"}
    worst = max(checks.values(), key=_STATES.index)
    return {
        "status": worst,
        "version": version("reskontro"),
        "time": now,
        "checks": [{"name": name, "status": status} for name, status in checks.items()],
    }


@routes.add(
    "getHealth",
    "GET",
    f"{ARM}/health",
    tag="Health",
    summary="Whether the service can do its work",
    scope=None,
    parameters=(Parameter("probe", "choice", "live answers 200 while the process runs, without checks", values=("ready", "live")),),
    answers={200: Answer("UP or DEGRADED", HEALTH), 503: Answer("DOWN", HEALTH)},
    problems=(400, 406),
)
def get_health(call: Call) -> Reply:
    """The health of the service."""
    headers = {"Cache-Control": "no-store"}
    if call.parameters.get("probe") == "live":
        body = {"status": "UP", "version": version("reskontro"), "time": call.services.clock.now(), "checks": []}
        return Reply(200, body, headers)
    body = check_health(call.services)
    return Reply(503 if body["status"] == "DOWN" else 200, body, headers)
