"""OpenTelemetry spans per request and per chunk; nothing happens unless an exporter is configured by the standard OTEL_ variables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from uuid import UUID

from reskontro.kit.ids import encode_id

_tracer: Any = None
"""Set once at the start of a process that exports."""


def configure_tracing(service: str) -> bool:
    """Start exporting when OTEL_EXPORTER_OTLP_ENDPOINT (or its traces variant) is set; returns whether it is."""
    global _tracer  # noqa: PLW0603 - one process, one tracer
    if not (os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")):
        return False
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("reskontro")
    return True


@contextmanager
def _span(name: str, attributes: dict[str, Any]) -> Iterator[None]:
    with _tracer.start_as_current_span(name, attributes=attributes):
        yield


def request_span(operation: str, method: str, request_id: UUID) -> AbstractContextManager[None]:
    """A span around one request."""
    if _tracer is None:
        return nullcontext()
    return _span(operation, {"http.request.method": method, "reskontro.request_id": encode_id(request_id)})


def chunk_span(kind: str, client_no: int, batch_id: str, items: int) -> AbstractContextManager[None]:
    """A span around one chunk of a batch."""
    if _tracer is None:
        return nullcontext()
    return _span(f"chunk {kind}", {"reskontro.client_no": client_no, "reskontro.batch": batch_id, "reskontro.items": items})
