"""The HTTP application: all rooms put together behind one surface."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from reskontro.access.token_endpoint import Refusal, TokenEndpoint
from reskontro.access.tokens import Authenticator
from reskontro.batches.accept import Uploads
from reskontro.batches.collector import Collector
from reskontro.batches.schemas import PROBLEM_SCHEMA, SUMMARY
from reskontro.db.engine import Database
from reskontro.db.quick import QuickReads
from reskontro.host.pages import Pages
from reskontro.host.token import OAUTH_ERROR
from reskontro.kit.clock import Clock, SystemClock
from reskontro.receivable.log_items.refusals import log_refusal
from reskontro.rooms import VERSION, all_operations, kinds
from reskontro.settings import Settings
from reskontro.web.calls import Services
from reskontro.web.metrics import Metrics
from reskontro.web.openapi import openapi_document
from reskontro.web.rates import RateLimiter
from reskontro.web.surface import Surface

THREADS = 40


def build_openapi() -> dict[str, Any]:
    """The OpenAPI document of everything this version offers."""
    return openapi_document(all_operations(), problem=PROBLEM_SCHEMA, summary=SUMMARY, oauth_error=OAUTH_ERROR, version=VERSION)


def build_services(settings: Settings, database: Database, clock: Clock | None = None) -> Services:
    """The parts that calls need, wired to one database."""
    clock = clock or SystemClock()
    services = Services(
        settings=settings,
        database=database,
        clock=clock,
        authenticator=Authenticator(database, settings, clock),
        rates=RateLimiter(settings.rate_requests_per_second, settings.rate_items_per_hour),
        metrics=Metrics(),
        public_url=(settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/"),
        threads=ThreadPoolExecutor(THREADS, thread_name_prefix="call"),
    )
    services.put(kinds())

    def note(refusal: Refusal) -> None:
        services.threads.submit(log_refusal, database, clock, refusal)

    services.put(TokenEndpoint(database, settings, clock, services.authenticator.signing_keys, on_refusal=note))
    services.put(Collector(services))
    services.put(Uploads(settings.streams_max))
    services.put(QuickReads(database))
    return services


class Application:
    """The ASGI application: the API, and beside it the pages that a browser asks for (``pages``)."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.surface: ASGIApp = Surface(services, all_operations())
        self._pages = Pages(services, build_openapi)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or run the lifespan."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            if self._pages.has(scope["path"]):
                await self._pages(scope, receive, send)
            else:
                await self.surface(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                self.services.threads.shutdown(wait=True, cancel_futures=False)
                self.services.part(QuickReads).close()
                self.services.database.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
