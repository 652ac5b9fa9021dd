"""Prometheus metrics of one process: requests, batches, items, the queue's age."""

from __future__ import annotations

import os
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from reskontro.db.engine import Database

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable of prometheus-client that names a folder for several processes; it must be set before that package is imported."""
LATENCY_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """Counters and histograms in a registry of their own, so that several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "reskontro_request_seconds",
            "Time from the request's first byte to the answer's last",
            ("operation", "method", "status"),
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.items = Counter("reskontro_batch_items_total", "Batch items processed", ("entity", "result"), registry=self.registry)
        self.chunk_seconds = Histogram(
            "reskontro_chunk_seconds", "Time to process and commit a chunk", ("entity",), buckets=LATENCY_BUCKETS, registry=self.registry
        )
        self.batches = Gauge("reskontro_batches", "Batches by state", ("status",), registry=self.registry, multiprocess_mode="mostrecent")
        self.queue_age = Gauge(
            "reskontro_queue_age_seconds", "Age of the oldest batch that waits", registry=self.registry, multiprocess_mode="mostrecent"
        )

    def request(self, operation: str, method: str, status: int, seconds: float) -> None:
        """Note one answered request."""
        self._requests.labels(operation, method, str(status)).observe(seconds)

    def observe_queue(self, database: Database, now: datetime) -> None:
        """Read how many batches wait and for how long; done when somebody asks for the metrics."""
        with database.system() as transaction:
            rows = transaction.execute("select status, count(*), min(created_at) from batch where status in ('QUEUED', 'PROCESSING') group by status")
            found = {status: (count, oldest) for status, count, oldest in rows}
        for status in ("QUEUED", "PROCESSING"):
            self.batches.labels(status).set(found[status][0] if status in found else 0)
        oldest = min((entry[1] for entry in found.values()), default=None)
        self.queue_age.set((now - oldest).total_seconds() if oldest else 0)

    def text(self) -> bytes:
        """All metrics in the Prometheus text format; with PROMETHEUS_MULTIPROC_DIR those of all processes that share that folder."""
        if os.environ.get(SHARED_FOLDER):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            return generate_latest(registry)
        return generate_latest(self.registry)
