"""What a browser, a metrics collector and a generator of clients ask for at the root of the host."""

from __future__ import annotations

import asyncio
import functools
import mimetypes
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import psycopg
import structlog
import swagger_ui_bundle
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from reskontro.host.guides import INDEX, guide_files, guide_html
from reskontro.host.health import check_health
from reskontro.kit.json import write_json
from reskontro.web.calls import Services

log = structlog.get_logger("reskontro.host")

_CSS = """
:root{color-scheme:light dark;--ink:#1d2a33;--paper:#fbfaf7;--line:#d8d4c8;--mark:#0b5a6b}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ea;--paper:#14191c;--line:#334048;--mark:#7cc6d6}}
body{font:17px/1.6 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:44rem;margin:3rem auto;padding:0 1.2rem}
h1{font-size:2rem;margin:0 0 .3rem}a{color:var(--mark)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.5rem 1.2rem;border-top:1px solid var(--line);padding-top:1.2rem}
dt{font-weight:600}dd{margin:0}.state{display:inline-block;border:1px solid var(--line);border-radius:.4rem;padding:0 .6rem}
pre{background:color-mix(in srgb,var(--ink) 7%,transparent);padding:.8rem;overflow:auto;border-radius:.4rem;font-size:.9rem}
table{border-collapse:collapse}td,th{border-bottom:1px solid var(--line);padding:.2rem .8rem .2rem 0;text-align:left}
"""
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
_ASSETS = next(Path(swagger_ui_bundle.__file__).parent.glob("vendor/swagger-ui-*"))
_ASSET_NAMES = {"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"}


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    head = "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
    html = f"{head}<title>{escape(title)}</title>"
    return HTMLResponse(f"{html}<style>{_CSS}</style>{body}</html>", status, headers={"Content-Security-Policy": _POLICY})


class Pages:
    """The pages at the root; everything else belongs to the API."""

    def __init__(self, services: Services, openapi: Callable[[], dict[str, Any]]) -> None:
        self._services = services
        self._openapi = openapi
        self._routes: dict[str, Callable[[Request], Response]] = {
            "/": self._start,
            "/health": self._health,
            "/metrics": self._metrics,
            "/openapi.json": self._document,
            "/docs": self._docs,
            "/docs/": lambda request: RedirectResponse("/docs"),
            "/docs/start.js": self._docs_script,
            "/guides": lambda request: RedirectResponse(f"/guides/{INDEX}"),
        }

    def has(self, path: str) -> bool:
        """Whether the path is one of these pages."""
        return (
            path in self._routes
            or path.startswith("/guides/")
            or (path.startswith("/docs/assets/") and path.removeprefix("/docs/assets/") in _ASSET_NAMES)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET of one of the pages."""
        if scope["method"] not in ("GET", "HEAD"):
            response: Response = PlainTextResponse("Method not allowed", 405, headers={"Allow": "GET, HEAD"})
        else:
            path = scope["path"]
            handler = self._routes.get(path)
            if handler is None and path.startswith("/guides/"):
                handler = functools.partial(self._guide, path.removeprefix("/guides/"))
            elif handler is None:
                handler = functools.partial(self._asset, path.removeprefix("/docs/assets/"))
            response = await _in_thread(self._services, handler, Request(scope, receive))
        response.headers["X-Content-Type-Options"] = "nosniff"
        await response(scope, receive, send)

    def _start(self, request: Request) -> Response:
        health = check_health(self._services)
        body = f"""
<h1>Reskontro</h1>
<p>An accounts-receivable ledger: it takes customers and documents one at a time or a million at a time, keeps them in an exact
double-entry ledger, and tells what became of each.</p>
<dl>
<dt>State</dt><dd><span class="state">{health["status"]}</span> version {escape(health["version"])} ·
<a href="/health">health page</a> · <a href="/metrics">metrics</a></dd>
<dt>Try it</dt><dd><a href="/docs">Interactive documentation</a> of every operation</dd>
<dt>Generate a client</dt><dd><a href="/openapi.json">OpenAPI 3.1 document</a></dd>
<dt>Guides</dt><dd><a href="/guides">Tutorial, how-to guides, reference and explanation</a></dd>
</dl>
<p>The first steps from a shell:</p>
<pre>reskontro client add --name "Fjord AS" --organization-no 310044113
eval "$(reskontro credential add --client 1001)"
reskontro batch send customers.csv --client 1001</pre>
"""
        return _page("Reskontro", body)

    def _health(self, request: Request) -> Response:
        health = check_health(self._services)
        status = 503 if health["status"] == "DOWN" else 200
        if "text/html" not in request.headers.get("accept", ""):
            return Response(write_json(health), status, media_type="application/json", headers={"Cache-Control": "no-store"})
        rows = "".join(f"<tr><td>{check['name']}</td><td>{check['status']}</td></tr>" for check in health["checks"])
        table = f"<table><tr><th>check</th><th>state</th></tr>{rows}</table>"
        return _page("Health", f"<h1>{health['status']}</h1>{table}<p><a href='/'>Back</a></p>", status)

    def _metrics(self, request: Request) -> Response:
        try:
            self._services.metrics.observe_queue(self._services.database, self._services.clock.now())
        except (psycopg.Error, PoolTimeout) as error:
            # The other figures are wanted most when the database is gone.
            log.warning("queue not observed", error=type(error).__name__)
        return PlainTextResponse(self._services.metrics.text(), media_type="text/plain; version=0.0.4")

    def _document(self, request: Request) -> Response:
        return Response(write_json(self._openapi()), media_type="application/json")

    def _docs(self, request: Request) -> Response:
        html = (
            "<!doctype html><html lang='en'><meta charset='utf-8'><title>Reskontro: interactive documentation</title>"
            "<link rel='stylesheet' href='/docs/assets/swagger-ui.css'><link rel='icon' href='/docs/assets/favicon-32x32.png'>"
            "<div id='swagger'></div><script src='/docs/assets/swagger-ui-bundle.js'></script><script src='/docs/start.js'></script></html>"
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})

    def _docs_script(self, request: Request) -> Response:
        script = "SwaggerUIBundle({url:'/openapi.json',dom_id:'#swagger',deepLinking:true,docExpansion:'none',persistAuthorization:false});"
        return Response(script, media_type="text/javascript")

    def _guide(self, name: str, request: Request) -> Response:
        if name not in guide_files():
            return _page("No such guide", "<h1>No such guide</h1><p><a href='/guides'>All guides</a></p>", status=404)
        return _page("Reskontro: guides", f"<p><a href='/'>Reskontro</a> · <a href='/guides'>All guides</a></p>{guide_html(name)}")

    def _asset(self, name: str, request: Request) -> Response:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response((_ASSETS / name).read_bytes(), media_type=kind, headers={"Cache-Control": "max-age=86400"})


async def _in_thread(services: Services, handler: Callable[[Request], Response], request: Request) -> Response:
    return await asyncio.get_running_loop().run_in_executor(services.threads, handler, request)
