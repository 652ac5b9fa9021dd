"""A whole Reskontro for a test: real PostgreSQL, the API on a real port, and a worker that is run on demand."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx2
import uvicorn

from reskontro.access.credentials import add_credential
from reskontro.app import Application, build_services
from reskontro.batches.kinds import Kinds, Origin
from reskontro.batches.runner import Worker
from reskontro.db.engine import Database
from reskontro.db.quick import QuickReads
from reskontro.kit.clock import MovableClock
from reskontro.kit.ids import new_id
from reskontro.receivable.administration.service import create_client
from reskontro.settings import Settings

ALL_SCOPES = ("read:arm", "write:arm", "admin:arm")
ORGANIZATION_NO = "310044113"


def exact_json(response: httpx2.Response) -> Any:
    """The body of an answer with every number as it is written."""
    return json.loads(response.content, parse_float=Decimal)


@dataclass
class House:
    """What a test talks to."""

    database: Database
    settings: Settings
    clock: MovableClock
    services: Any
    base_url: str
    http: httpx2.Client
    client_no: int = 3107
    _tokens: dict[tuple[Any, ...], str] = field(default_factory=dict)

    # -------------------------------------------------------------------------------------------- access

    def credential(self, scopes: Sequence[str] = ALL_SCOPES, client_nos: Sequence[int] | None = None) -> tuple[str, str]:
        """(client id, secret) of a new credential; ``client_nos`` None stands for all clients."""
        with self.database.system() as transaction:
            new = add_credential(transaction, name="test", client_nos=client_nos, scopes=scopes, clock=self.clock)
        return new.client_id, new.client_secret

    def token(self, scopes: Sequence[str] = ALL_SCOPES, client_nos: Sequence[int] | None = None) -> str:
        """A token from the API itself; remembered per scopes and clients."""
        key = (tuple(scopes), None if client_nos is None else tuple(client_nos))
        if key not in self._tokens:
            client_id, secret = self.credential(scopes, client_nos)
            form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
            answer = self.http.post("/token", data=form)
            assert answer.status_code == 200, answer.text
            self._tokens[key] = answer.json()["access_token"]
        return self._tokens[key]

    def add_client(self, client_no: int, **values: Any) -> int:
        """Register a client; ledgerStart is 2026-01-01 unless it is given."""
        sent = {"clientNo": client_no, "name": f"Client {client_no}", "organizationNo": ORGANIZATION_NO, "ledgerStart": "2026-01-01", **values}
        with self.database.system() as transaction:
            create_client(transaction, sent, clock=self.clock, origin=Origin("test", "test", new_id(), "SYSTEM"))
        return client_no

    # -------------------------------------------------------------------------------------------- calls

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        client_no: int | None = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx2.Response:
        """Call the API below the client's path (or, with a path that begins with /arm, anywhere)."""
        url = path if path.startswith(("/arm", "/token", "/.well")) else f"/arm/v1/clients/{client_no or self.client_no}{path}"
        sent = {"Authorization": f"Bearer {token or self.token()}", **(headers or {})}
        if content is None and body is not None:
            content = json.dumps(body, default=_number).encode()
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        return self.http.request(method, url, content=content, headers=sent)

    def get(self, path: str, **options: Any) -> httpx2.Response:
        """GET below the client's path."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        """POST below the client's path."""
        return self.call("POST", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        """PUT below the client's path."""
        return self.call("PUT", path, body, **options)

    # -------------------------------------------------------------------------------------------- stories

    def customer(self, customer_no: str, name: str = "Kari Prøve", **values: Any) -> dict[str, Any]:
        """A customer, created through the API."""
        answer = self.post("/customers", {"customer": {"customerNo": customer_no, "name": name, **values}})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def document(self, **values: Any) -> dict[str, Any]:
        """A posted document: an invoice over 1000 + 250 unless told otherwise."""
        sent = {
            "documentType": "IN",
            "customerNo": "100001",
            "documentDate": "2026-10-05",
            "currencyAmounts": {"exclVat": 1000, "vat": 250, "inclVat": 1250},
            **values,
        }
        answer = self.post("/documents", {"document": sent})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def work(self) -> None:
        """Let a worker do everything that waits."""
        Worker(self.database, self.services.part(Kinds), self.settings, self.clock).run(until_idle=True)

    def batch(self, path: str, body: Any, *, method: str = "POST", query: str = "", **options: Any) -> dict[str, Any]:
        """Send a batch, let it be processed and return it."""
        answer = self.call(method, path, body, **options)
        assert answer.status_code == 202, answer.text
        self.work()
        return self.get(f"/batches/{answer.json()['batchUuid']}{query}", client_no=options.get("client_no")).json()

    def rows(self, statement: str, *values: Any, client_no: int | None = None) -> list[tuple[Any, ...]]:
        """Rows of a statement as the serving role sees them for the client."""
        with self.database.transaction(client_no or self.client_no) as transaction:
            return transaction.execute(statement, values).fetchall()

    def balances(self, client_no: int | None = None) -> dict[str, Decimal]:
        """Closing balance per account over all periods, debit positive."""
        rows = self.rows("select gl_account, sum(debit - credit) from account_balance group by gl_account", client_no=client_no)
        return {account: balance for account, balance in rows if balance}


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value).__name__)


@contextmanager
def serve(database: Database, settings: Settings, clock: MovableClock) -> Iterator[House]:
    """Serve the API for a database on a free port of the loopback interface."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        services = build_services(settings.model_copy(update={"public_url": "https://reskontro.example"}), database, clock)
        config = uvicorn.Config(Application(services), log_level="warning", lifespan="off", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline, "the API did not start"
            time.sleep(0.005)
        with httpx2.Client(base_url=url, timeout=60) as http:
            yield House(database, settings, clock, services, url, http)
        server.should_exit = True
        thread.join(timeout=10)
        services.threads.shutdown(wait=False)
        services.part(QuickReads).close()
