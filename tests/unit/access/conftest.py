"""Keys, clocks and hand-made tokens for the tests of access control."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import RSAKey
from psycopg.conninfo import make_conninfo

from reskontro.access.credentials import NewCredential, add_credential
from reskontro.access.token_endpoint import FORM_TYPE, TokenEndpoint
from reskontro.access.tokens import Authenticator
from reskontro.db.engine import Database
from reskontro.kit.clock import MovableClock
from reskontro.settings import Settings

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)

Forge = Callable[..., str]


class Ticker:
    """A monotonic clock that moves when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOON)


@pytest.fixture
def ticker() -> Ticker:
    return Ticker()


@pytest.fixture(scope="session")
def shared_urls(postgres: str, template: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """URLs of one database that the tests of access control share: of its serving role and of the superuser."""
    name, serving = template
    shared = f"{name}_access"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create database {shared} template {name}".encode())
        yield make_conninfo(serving, dbname=shared), make_conninfo(postgres, dbname=shared)
        connection.execute(f"drop database {shared} with (force)".encode())


@pytest.fixture
def database(shared_urls: tuple[str, str]) -> Iterator[Database]:
    """A database without credentials and keys, under the serving role."""
    serving, admin = shared_urls
    with psycopg.connect(admin) as connection:
        connection.execute("truncate credential, signing_key")
    database = Database(serving)
    database.open()
    yield database
    database.close()


@pytest.fixture
def authenticator(database: Database, settings: Settings, clock: MovableClock, ticker: Ticker) -> Authenticator:
    return Authenticator(database, settings, clock, monotonic=ticker)


@pytest.fixture
def endpoint(database: Database, settings: Settings, clock: MovableClock, ticker: Ticker, authenticator: Authenticator) -> TokenEndpoint:
    return TokenEndpoint(database, settings, clock, authenticator.signing_keys, monotonic=ticker)


@pytest.fixture
def credential(database: Database, clock: MovableClock) -> NewCredential:
    """A credential of client 3107 that may read and write."""
    with database.system() as transaction:
        return add_credential(transaction, name="Prøvefjord ERP", client_nos=[3107], scopes=["write:arm", "read:arm"], clock=clock)


@pytest.fixture
def bearer(endpoint: TokenEndpoint, credential: NewCredential) -> Callable[[], str]:
    """Makes the Authorization header with a fresh token of the credential."""

    def ask() -> str:
        form = f"grant_type=client_credentials&client_id={credential.client_id}&client_secret={credential.client_secret}"
        answer = endpoint.answer(content_type=FORM_TYPE, authorization=None, body=form.encode())
        assert answer.status == 200, answer
        return f"Bearer {answer.body['access_token']}"

    return ask


@pytest.fixture(scope="session")
def rsa_key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


@pytest.fixture(scope="session")
def strange_key() -> RSAKey:
    """A key that nobody trusts."""
    return RSAKey.generate_key(2048, auto_kid=True)


def segment(value: Any) -> str:
    """A JSON value, or bytes as they are, as base64url without padding."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture(scope="session")
def forge(rsa_key: RSAKey) -> Forge:
    """Signs whatever header and claims it is given (RS256), right or wrong, over usual ones."""

    def make(
        claims: dict[str, Any] | bytes | None = None,
        header: dict[str, Any] | bytes | None = None,
        key: RSAKey = rsa_key,
    ) -> str:
        now = int(NOON.timestamp())
        usual = {
            "iss": "reskontro",
            "sub": "prove",
            "aud": "api",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "scope": "read:arm write:arm",
            "client_nos": [3107, 2218],
        }
        head = {"alg": "RS256", "typ": "JWT", "kid": rsa_key.kid}
        content = claims if isinstance(claims, bytes) else _changed(usual, claims or {})
        top = header if isinstance(header, bytes) else _changed(head, header or {})
        signed = f"{segment(top)}.{segment(content)}"
        assert key.private_key is not None
        return f"{signed}.{segment(key.private_key.sign(signed.encode(), PKCS1v15(), SHA256()))}"

    return make


LEFT_OUT = object()


def _changed(entries: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**entries, **changes}.items() if value is not LEFT_OUT}


@pytest.fixture(scope="session")
def left_out() -> object:
    """The value that makes ``forge`` leave an entry out."""
    return LEFT_OUT
