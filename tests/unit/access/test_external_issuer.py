"""Tokens of an external issuer, whose keys come over real HTTP from this machine."""

from __future__ import annotations

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, RSAKey

from reskontro.access.external_keys import BYTES_MAX, AccessSettingsInvalid, checked_url, usable_keys
from reskontro.access.token_endpoint import FORM_TYPE, TokenEndpoint
from reskontro.access.tokens import Authenticator
from reskontro.db.engine import Database
from reskontro.kit.clock import MovableClock
from reskontro.kit.errors import Problem
from reskontro.settings import Settings

if TYPE_CHECKING:
    from conftest import Ticker

ISSUER = "https://login.example.no/"
Forge = Callable[..., str]


def jwk(key: RSAKey, **changes: Any) -> dict[str, Any]:
    """The public half of a key as an issuer would publish it."""
    return {**key.as_dict(private=False), "use": "sig", "alg": "RS256", **changes}


class Issuer:
    """An HTTP server with a JWK set that tests can change."""

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self.calls = 0
        self.status = 200
        self.location: str | None = None
        self.body: bytes = json.dumps({"keys": entries}).encode()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.calls += 1
                self.send_response(issuer.status)
                if issuer.location:
                    self.send_header("Location", issuer.location)
                self.send_header("Content-Length", str(len(issuer.body)))
                self.end_headers()
                # Whoever finds the body too long hangs up in the middle of it.
                try:
                    self.wfile.write(issuer.body)
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                """Silent: the calls are counted."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/jwks"

    def publish(self, *entries: dict[str, Any]) -> None:
        """Replace the JWK set."""
        self.body = json.dumps({"keys": list(entries)}).encode()

    def stop(self) -> None:
        """Close the server; connections are refused from now on."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def issuer(rsa_key: RSAKey) -> Iterator[Issuer]:
    server = Issuer([jwk(rsa_key)])
    yield server
    server.stop()


@pytest.fixture
def database() -> Database:
    """A database that was never opened and would not answer: with an external issuer none is asked."""
    return Database("postgresql://nobody@127.0.0.1:1/none")


@pytest.fixture
def settings(issuer: Issuer) -> Settings:
    return Settings(
        external_issuer=ISSUER,
        external_jwks_url=issuer.url,
        external_audience="api://reskontro",
        external_scope_claim="scp",
        external_clients_claim="https://example.no/clients",
    )


@pytest.fixture
def outside(forge: Forge, left_out: object) -> Forge:
    """Makes the Authorization header with a token of the external issuer."""

    def make(claims: dict[str, Any] | None = None, header: dict[str, Any] | None = None, **options: Any) -> str:
        usual = {
            "iss": ISSUER,
            "aud": "api://reskontro",
            "sub": "f3b1",
            "nbf": left_out,
            "scope": left_out,
            "client_nos": left_out,
            "scp": ["read:arm"],
            "https://example.no/clients": [3107],
        }
        return "Bearer " + forge({**usual, **(claims or {})}, header, **options)

    return make


def refused(authenticator: Authenticator, header: str) -> str:
    """The reason for which a token is refused."""
    with pytest.raises(Problem) as caught:
        authenticator.authenticate(header)
    assert caught.value.code == "UNAUTHENTICATED"
    return str(caught.value)


class TestTokens:
    """What is accepted from outside."""

    def test_principal(self, authenticator: Authenticator, outside: Forge) -> None:
        """Subject, scopes and clients come from the claims that the settings name; no credential of ours is needed."""
        principal = authenticator.authenticate(outside())
        assert (principal.subject, principal.client_nos, principal.scopes) == ("f3b1", {3107}, {"read:arm"})
        assert authenticator.authenticate_cached(outside()) is principal

    @pytest.mark.parametrize("scopes", ["read:arm write:arm", ["read:arm", "write:arm"]])
    def test_scopes_as_text_or_list(self, authenticator: Authenticator, outside: Forge, scopes: Any) -> None:
        """Issuers write scopes either way."""
        assert authenticator.authenticate(outside({"scp": scopes})).scopes == {"read:arm", "write:arm"}

    def test_operator(self, authenticator: Authenticator, outside: Forge) -> None:
        """The text "*" stands for every client here too."""
        assert authenticator.authenticate(outside({"https://example.no/clients": "*"})).client_nos is None

    def test_clients_claim_missing(self, authenticator: Authenticator, outside: Forge, left_out: object) -> None:
        """A token without the clients claim is refused, even if it has one of our own name."""
        header = outside({"https://example.no/clients": left_out, "client_nos": "*"})
        assert "clients" in refused(authenticator, header)

    @pytest.mark.parametrize("change", [{"iss": "reskontro"}, {"iss": ISSUER[:-1]}, {"aud": "api"}, {"aud": "other"}])
    def test_other_issuer_or_audience(self, authenticator: Authenticator, outside: Forge, change: dict[str, str]) -> None:
        """Only the issuer and the audience of the settings count."""
        refused(authenticator, outside(change))

    def test_audience_of_our_own(self, database: Database, issuer: Issuer, clock: MovableClock, outside: Forge) -> None:
        """Without an audience of its own, the issuer's tokens must name ours."""
        plain = Settings(external_issuer=ISSUER, external_jwks_url=issuer.url)
        authenticator = Authenticator(database, plain, clock)
        header = outside({"aud": plain.audience, "scope": "read:arm", "client_nos": [1]})
        assert authenticator.authenticate(header).client_nos == {1}

    def test_no_own_tokens(self, database: Database, settings: Settings, clock: MovableClock, authenticator: Authenticator) -> None:
        """No tokens of our own are made: there are no keys, and the endpoint says that it may not."""
        assert authenticator.signing_keys is None
        assert authenticator.jwks() == {"keys": []}
        endpoint = TokenEndpoint(database, settings, clock, authenticator.signing_keys)
        answer = endpoint.answer(content_type=FORM_TYPE, authorization=None, body=b"grant_type=client_credentials")
        assert (answer.status, answer.body["error"]) == (400, "unauthorized_client")


class TestKeys:
    """How the keys are fetched."""

    def test_fetched_once(self, authenticator: Authenticator, outside: Forge, issuer: Issuer, ticker: Ticker) -> None:
        """Nothing is fetched before the first token; then the keys are kept for ten minutes."""
        assert issuer.calls == 0
        for number in range(5):
            authenticator.authenticate(outside({"n": number}))
        ticker.advance(599)
        authenticator.authenticate(outside())
        assert issuer.calls == 1
        ticker.advance(1)
        authenticator.authenticate(outside())
        assert issuer.calls == 2

    def test_unknown_key(
        self,
        authenticator: Authenticator,
        outside: Forge,
        issuer: Issuer,
        rsa_key: RSAKey,
        strange_key: RSAKey,
        ticker: Ticker,
    ) -> None:
        """An unknown key makes the set be fetched again, but once a minute at most however often it comes."""
        authenticator.authenticate(outside())
        renewed = outside(header={"kid": strange_key.kid}, key=strange_key)
        issuer.publish(jwk(rsa_key), jwk(strange_key))
        ticker.advance(30)
        for _ in range(5):
            assert "unknown key" in refused(authenticator, renewed)
        assert issuer.calls == 1
        ticker.advance(30)
        assert authenticator.authenticate(renewed).client_nos == {3107}
        for number in range(5):
            refused(authenticator, outside(header={"kid": f"other-{number}"}))
        assert issuer.calls == 2

    def test_withdrawn_key(self, authenticator: Authenticator, outside: Forge, issuer: Issuer, strange_key: RSAKey, ticker: Ticker) -> None:
        """When the issuer withdraws a key, its tokens are refused with the next fetch although they were remembered."""
        authenticator.authenticate(outside())
        issuer.publish(jwk(strange_key))
        ticker.advance(600)
        assert "unknown key" in refused(authenticator, outside())
        assert authenticator.authenticate_cached(outside()) is None

    def test_issuer_away(self, authenticator: Authenticator, outside: Forge, issuer: Issuer, ticker: Ticker) -> None:
        """Keys fetched earlier serve for an hour while the issuer answers with an error, then the answer is 503."""
        authenticator.authenticate(outside())
        issuer.status = 500
        ticker.advance(3599)
        assert authenticator.authenticate(outside()).client_nos == {3107}
        ticker.advance(1)
        with pytest.raises(Problem) as caught:
            authenticator.authenticate(outside())
        assert caught.value.code == "UNAVAILABLE"
        issuer.status = 200
        ticker.advance(10)
        assert authenticator.authenticate(outside()).client_nos == {3107}

    def test_failing_fetches_are_spaced(self, authenticator: Authenticator, outside: Forge, issuer: Issuer, ticker: Ticker) -> None:
        """An issuer in trouble is not called for every token."""
        issuer.status = 503
        for _ in range(5):
            with pytest.raises(Problem, match="cannot be read"):
                authenticator.authenticate(outside())
        assert issuer.calls == 1

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            b"[]",
            b"{}",
            b'{"keys": null}',
            b'{"keys": {}}',
            b'{"keys": []}',
            b'{"keys": [1, "a", null, []]}',
            b" " * (BYTES_MAX + 1),
        ],
    )
    def test_unusable_documents(self, authenticator: Authenticator, outside: Forge, issuer: Issuer, body: bytes) -> None:
        """Whatever is not a JWK set with a usable key, or is too long, lets nobody in."""
        issuer.body = body
        with pytest.raises(Problem) as caught:
            authenticator.authenticate(outside())
        assert caught.value.code == "UNAVAILABLE"

    def test_longest_document(self, authenticator: Authenticator, outside: Forge, issuer: Issuer) -> None:
        """A document of exactly the limit is read."""
        issuer.body += b" " * (BYTES_MAX - len(issuer.body))
        assert authenticator.authenticate(outside()).client_nos == {3107}

    def test_redirect(self, authenticator: Authenticator, outside: Forge, issuer: Issuer, strange_key: RSAKey, rsa_key: RSAKey) -> None:
        """Keys come from the address that was configured and from nowhere else."""
        other = Issuer([jwk(rsa_key)])
        issuer.status, issuer.location = 302, other.url
        with pytest.raises(Problem, match="cannot be read"):
            authenticator.authenticate(outside())
        assert other.calls == 0
        other.stop()

    def test_nobody_listens(self, database: Database, clock: MovableClock, rsa_key: RSAKey, outside: Forge) -> None:
        """An address where nothing answers is 503, not an error of ours."""
        gone = Issuer([jwk(rsa_key)])
        gone.stop()
        authenticator = Authenticator(database, Settings(external_issuer=ISSUER, external_jwks_url=gone.url), clock)
        with pytest.raises(Problem) as caught:
            authenticator.authenticate(outside())
        assert caught.value.code == "UNAVAILABLE"


class TestUsableKeys:
    """Which entries of a JWK set are taken."""

    def test_only_rsa_signing_keys(self, rsa_key: RSAKey, strange_key: RSAKey) -> None:
        """Keys for other purposes, of other kinds, without an id or damaged are passed over; the rest is taken."""
        with pytest.warns(SecurityWarning):
            small = RSAKey.generate_key(1024)
        # A short modulus behind zeros has the length of a long one.
        padded = urlsafe_b64encode(bytes(128) + small.public_key.public_numbers().n.to_bytes(128, "big")).rstrip(b"=").decode()
        elliptic = ECKey.generate_key("P-256", auto_kid=True).as_dict(private=False)
        entries = [
            jwk(strange_key, kid="enc", use="enc"),
            jwk(strange_key, kid="ps", alg="PS256"),
            jwk(strange_key, kid="bad-n", n="!!!!"),
            jwk(strange_key, kid="bad-e", e=""),
            jwk(strange_key, kid="even-e", e="Ag"),
            jwk(strange_key, kid="no-n", n=None),
            jwk(strange_key, kid="type", kty="oct", k="c2VjcmV0"),
            jwk(strange_key, kid=None),
            jwk(strange_key, kid=["x"]),
            jwk(small, kid="small"),
            jwk(small, kid="padded", n=padded),
            jwk(strange_key, kid="huge", n="_" * 3_000),
            elliptic,
            {"kty": "oct", "kid": "oct", "k": "c2VjcmV0"},
            jwk(rsa_key, kid="good"),
            jwk(strange_key, kid="good"),
        ]
        with pytest.warns(SecurityWarning):
            found = usable_keys({"keys": entries})
        assert list(found) == ["good"]
        assert found["good"].thumbprint() == rsa_key.thumbprint()

    def test_private_half_is_not_taken(self, rsa_key: RSAKey) -> None:
        """An issuer that publishes its private key by mistake does not put it into our memory."""
        found = usable_keys({"keys": [{**rsa_key.as_dict(private=True), "kid": "k"}]})
        assert not found["k"].is_private

    def test_use_and_alg_may_be_left_out(self, rsa_key: RSAKey) -> None:
        """Both are optional (RFC 7517, section 4)."""
        assert "k" in usable_keys({"keys": [{**rsa_key.as_dict(private=False), "kid": "k"}]})


class TestSettings:
    """Settings that cannot work are refused at the start."""

    @pytest.mark.parametrize(
        "url",
        [
            "https://login.example.no/jwks",
            "https://[2001:db8::1]:8443/a",
            "http://127.0.0.1:1/x",
            "http://localhost/x",
            "http://[::1]/x",
            "HTTPS://a/",
        ],
    )
    def test_addresses(self, url: str) -> None:
        """By https from anywhere, by http from this machine."""
        assert checked_url(url) == url

    @pytest.mark.parametrize(
        "url",
        [
            "http://login.example.no/jwks",
            "http://127.0.0.1.example.no/",
            "http://localhost.example.no/",
            "http://10.0.0.1/",
            "http://0.0.0.0/",
            "ftp://a/",
            "file:///etc/passwd",
            "https://",
            "https:///x",
            "login.example.no",
            "",
            "https://a:port/",
            "http://[::1/",
            "http://127.0.0.1@example.no/",
        ],
    )
    def test_addresses_refused(self, url: str) -> None:
        """Keys that anybody on the way could exchange are worth nothing."""
        with pytest.raises(AccessSettingsInvalid, match=r"(?i)external_jwks_url"):
            checked_url(url)

    @pytest.mark.parametrize(
        "change",
        [
            {"external_issuer": ISSUER},
            {"external_jwks_url": "https://a/"},
            {"external_issuer": "", "external_jwks_url": "https://a/"},
            {"external_issuer": ISSUER, "external_jwks_url": ""},
        ],
    )
    def test_half_an_issuer(self, database: Database, clock: MovableClock, change: dict[str, str]) -> None:
        """Name and key address of an issuer belong together; half of it must not silently mean our own tokens."""
        with pytest.raises(AccessSettingsInvalid, match="belong together"):
            Authenticator(database, Settings(**change), clock)
