"""POST /token: requests as RFC 6749 has them, right and wrong, against a real database."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from reskontro.access.credentials import NewCredential, add_credential, revoke_credential
from reskontro.access.token_endpoint import FORM_TYPE, Refusal, TokenAnswer, TokenEndpoint, TokenRefused, read_token_request
from reskontro.access.tokens import Authenticator
from reskontro.db.engine import Database
from reskontro.kit.clock import MovableClock
from reskontro.kit.errors import Problem
from reskontro.settings import Settings

if TYPE_CHECKING:
    from conftest import Ticker

Ask = Callable[..., TokenAnswer]
GRANT = "grant_type=client_credentials"


def basic(client_id: str, client_secret: str) -> str:
    """HTTP Basic as RFC 6749, section 2.3.1, wants it."""
    return "Basic " + b64encode(f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode()).decode()


def raw_basic(text: str | bytes) -> str:
    """HTTP Basic around any bytes."""
    return "Basic " + b64encode(text.encode() if isinstance(text, str) else text).decode()


@pytest.fixture
def ask(endpoint: TokenEndpoint, credential: NewCredential) -> Ask:
    """Asks with the credential in the form; parameters change the form, None leaves one out."""

    def call(*, content_type: str | None = FORM_TYPE, authorization: str | None = None, **changes: str | None) -> TokenAnswer:
        form: dict[str, str | None] = {
            "grant_type": "client_credentials",
            "client_id": credential.client_id,
            "client_secret": credential.client_secret,
            **changes,
        }
        body = urlencode({name: value for name, value in form.items() if value is not None})
        return endpoint.answer(content_type=content_type, authorization=authorization, body=body.encode())

    return call


def error_of(body: str | bytes, *, content_type: str | None = FORM_TYPE, authorization: str | None = None) -> str:
    """The error code with which a request is refused before any credential is looked at."""
    with pytest.raises(TokenRefused) as caught:
        read_token_request(content_type, authorization, body.encode() if isinstance(body, str) else body)
    return caught.value.error


class TestGranted:
    """Requests that get a token."""

    def test_answer(self, ask: Ask, settings: Settings, clock: MovableClock, authenticator: Authenticator) -> None:
        """The body has the promised names in the promised order, and may not be stored."""
        answer = ask()
        now = int(clock.now().timestamp())
        assert answer.status == 200
        assert answer.headers == {"Cache-Control": "no-store", "Pragma": "no-cache"}
        assert list(answer.body.items())[1:] == [
            ("token_type", "Bearer"),
            ("not_before", now),
            ("expires_in", 3600),
            ("expires_on", now + 3600),
            ("resource", settings.audience),
            ("scope", "read:arm write:arm"),
        ]
        assert next(iter(answer.body)) == "access_token"
        assert authenticator.authenticate(f"Bearer {answer.body['access_token']}").client_nos == {3107}

    def test_every_token_is_another_one(self, ask: Ask) -> None:
        """Two tokens of the same second differ in their id."""
        assert ask().body["access_token"] != ask().body["access_token"]

    def test_operator(self, database: Database, endpoint: TokenEndpoint, authenticator: Authenticator, clock: MovableClock) -> None:
        """A credential of every client gets a token for every client."""
        with database.system() as transaction:
            new = add_credential(transaction, name="Drift", client_nos=None, scopes=["admin:arm"], clock=clock)
        answer = endpoint.answer(content_type=FORM_TYPE, authorization=basic(new.client_id, new.client_secret), body=GRANT.encode())
        principal = authenticator.authenticate(f"Bearer {answer.body['access_token']}")
        assert (principal.client_nos, principal.scopes) == (None, {"admin:arm"})

    def test_scopes(self, ask: Ask, authenticator: Authenticator) -> None:
        """Only the scopes that were asked for are in the token; asking for none means all."""
        for scope, granted in (
            ("read:arm", "read:arm"),
            ("write:arm", "write:arm"),
            ("write:arm read:arm", "read:arm write:arm"),
            ("read:arm read:arm", "read:arm"),
            ("", "read:arm write:arm"),
        ):
            answer = ask(scope=scope)
            assert answer.body["scope"] == granted
            principal = authenticator.authenticate(f"Bearer {answer.body['access_token']}")
            assert principal.scopes == set(granted.split())

    def test_basic(self, ask: Ask, credential: NewCredential) -> None:
        """HTTP Basic works in place of the form, also when the form repeats the client id."""
        header = basic(credential.client_id, credential.client_secret)
        assert ask(client_id=None, client_secret=None, authorization=header).status == 200
        assert ask(client_secret=None, authorization=header).status == 200
        assert ask(client_secret="", client_id="", authorization=header).status == 200
        assert ask(client_id=None, client_secret=None, authorization="bAsIc " + header[6:]).status == 200

    def test_basic_in_percent_encoding(self, ask: Ask, credential: NewCredential) -> None:
        """Id and secret are decoded as form values, whether the sender encodes little or everything."""
        everything = ["".join(f"%{byte:02x}" for byte in text.encode()) for text in (credential.client_id, credential.client_secret)]
        for pair in (f"{credential.client_id}:{credential.client_secret}", ":".join(everything)):
            assert ask(client_id=None, client_secret=None, authorization=raw_basic(pair)).status == 200

    @pytest.mark.parametrize(
        "content_type",
        [
            FORM_TYPE,
            FORM_TYPE.upper(),
            f"{FORM_TYPE};charset=UTF-8",
            f'{FORM_TYPE}; charset="utf-8"',
            f"{FORM_TYPE}; x=y",
            f"{FORM_TYPE};",
        ],
    )
    def test_content_types(self, content_type: str) -> None:
        """The media type is read without case; UTF-8 may be named."""
        body = f"{GRANT}&client_id=a&client_secret=b".encode()
        assert read_token_request(content_type, None, body).client_id == "a"

    def test_unknown_parameters(self, ask: Ask) -> None:
        """Parameters that mean nothing here are passed over (RFC 6749, section 3.2)."""
        assert ask(audience="x", resource="y", client_assertion="z").status == 200


class TestRequestForm:
    """Requests that cannot be read."""

    @pytest.mark.parametrize(
        "content_type",
        [None, "", "application/json", "multipart/form-data; boundary=x", "text/plain", "*/*", FORM_TYPE + "x"],
    )
    def test_other_content_types(self, content_type: str | None) -> None:
        """Only a form is read, and it has to say that it is one."""
        assert error_of(GRANT, content_type=content_type) == "invalid_request"

    @pytest.mark.parametrize("charset", ["iso-8859-1", '"latin1"', "utf-16", ""])
    def test_other_charsets(self, charset: str) -> None:
        """The only charset is UTF-8."""
        assert error_of(GRANT, content_type=f"{FORM_TYPE}; charset={charset}") == "invalid_request"

    @pytest.mark.parametrize(
        "body",
        [b"\xff=1", b"grant_type=%ff", b"a=1&" * 51, b"x=" + b"y" * 16_384, "grant_type=blåbær".encode("latin-1")],
    )
    def test_unreadable_bodies(self, body: bytes) -> None:
        """Bytes that are not UTF-8 and forms beyond the limits are refused."""
        assert error_of(body) == "invalid_request"

    @pytest.mark.parametrize("body", ["", "grant_type=", "grant_type", "Grant_Type=client_credentials", "client_id=a&client_secret=b"])
    def test_no_grant_type(self, body: str) -> None:
        """A grant type has to be named; an empty one counts as left out."""
        assert error_of(body) == "invalid_request"

    @pytest.mark.parametrize("grant_type", ["password", "authorization_code", "refresh_token", "CLIENT_CREDENTIALS", "client_credentials+"])
    def test_other_grant_types(self, grant_type: str) -> None:
        """The only grant type is client_credentials, in exactly this spelling."""
        assert error_of(f"grant_type={grant_type}&client_id=a&client_secret=b") == "unsupported_grant_type"

    @pytest.mark.parametrize("name", ["grant_type", "client_id", "client_secret", "scope", "whatever"])
    def test_repeated_parameters(self, name: str) -> None:
        """No parameter may come twice, even with the same or with no value."""
        form = f"{GRANT}&client_id=a&client_secret=b&scope=c&whatever=d"
        assert error_of(f"{form}&{name}=a") == "invalid_request"
        assert error_of(f"{form}&{name}=") == "invalid_request"

    def test_lengths(self) -> None:
        """Values up to their limits are read, longer ones refused."""
        form = {
            "grant_type": "client_credentials",
            "client_id": "a" * 64,
            "client_secret": "b" * 128,
            "scope": "c" * 200,
        }
        assert read_token_request(FORM_TYPE, None, urlencode(form).encode()).client_id == "a" * 64
        for name in ("client_id", "client_secret", "scope"):
            assert error_of(urlencode({**form, name: form[name] + "x"})) == "invalid_request"

    @given(
        content_type=st.none() | st.just(FORM_TYPE) | st.text(max_size=60),
        authorization=st.none() | st.text(max_size=60) | st.binary(max_size=40).map(raw_basic),
        body=st.binary(max_size=80) | st.text(alphabet="grant_type=&%+client_credentials0f", max_size=80).map(str.encode),
    )
    @hypothesis_settings(max_examples=150, deadline=None)
    def test_anything(self, content_type: str | None, authorization: str | None, body: bytes) -> None:
        """No bytes make reading fail in any other way than by a refusal with a code of the standard."""
        try:
            read_token_request(content_type, authorization, body)
        except TokenRefused as refused:
            assert refused.error in ("invalid_request", "invalid_client", "unsupported_grant_type")
            assert refused.description.isascii()
            assert '"' not in refused.description


class TestClientAuthentication:
    """Requests whose sender is not known."""

    def test_refusal(self, ask: Ask) -> None:
        """A wrong secret is answered 401 with a challenge, in the words of the standard."""
        answer = ask(client_secret="wrong")
        assert answer.status == 401
        assert answer.headers == {
            "Cache-Control": "no-store",
            "Pragma": "no-cache",
            "WWW-Authenticate": 'Basic realm="reskontro"',
        }
        assert answer.body == {"error": "invalid_client", "error_description": "Client id or secret is not valid"}

    def test_unknown_client(self, ask: Ask) -> None:
        """An unknown id is answered exactly like a wrong secret, whatever it looks like."""
        wrong_secret = ask(client_secret="wrong")
        for client_id in ("nobody", "a\0b", "å", "' or 1=1 --", "%00", " ", "\n"):
            assert ask(client_id=client_id) == wrong_secret

    def test_revoked_client(self, ask: Ask, database: Database, credential: NewCredential, clock: MovableClock) -> None:
        """A revoked credential gets no token from the next call on, although its secret was verified a moment ago."""
        assert ask().status == 200
        with database.system() as transaction:
            revoke_credential(transaction, credential.client_id, clock)
        assert ask() == ask(client_secret="wrong")

    @pytest.mark.parametrize("form", ["", "client_id=a", "client_id=a&client_secret=", "client_secret=b", "client_id=&client_secret=b"])
    def test_missing_or_empty(self, form: str) -> None:
        """Without id and secret, or with empty ones, the client is not authenticated."""
        assert error_of(f"{GRANT}&{form}") == "invalid_client"

    def test_blank_secrets(self, ask: Ask) -> None:
        """A secret of blanks or of a zero byte is just a wrong one."""
        for secret in (" ", "\0", "%20"):
            assert ask(client_secret=secret).status == 401

    @pytest.mark.parametrize(
        "authorization",
        [
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic YQ",
            "Basic YTpi\n",
            "Basic é",
            "Bearer abc",
            "",
            "Digest a=b",
            raw_basic("no-colon"),
            raw_basic(":secret"),
            raw_basic("id:"),
            raw_basic(":"),
            raw_basic(b"\xff:\xff"),
            raw_basic("a%:b"),
            raw_basic("a:%zz"),
            raw_basic("a:%ff"),
            raw_basic("x" * 2_000 + ":y"),
        ],
    )
    def test_unreadable_basic(self, authorization: str) -> None:
        """HTTP Basic that cannot be read, and any other scheme, authenticates nobody."""
        assert error_of(GRANT, authorization=authorization) == "invalid_client"

    def test_colon_and_plus_in_basic(self) -> None:
        """The first colon divides; encoded ones belong to the values, and a plus is a blank."""
        request = read_token_request(FORM_TYPE, raw_basic("my%3Aid:a:b+c%2Bd%C3%A5"), GRANT.encode())
        assert (request.client_id, request.client_secret) == ("my:id", "a:b c+då")

    @pytest.mark.parametrize("form", ["client_id=a&client_secret=b", "client_secret=b", "client_id=other", "client_id=A"])
    def test_both_ways(self, form: str) -> None:
        """Credentials in the form and in the header are refused, as is the id of another client."""
        assert error_of(f"{GRANT}&{form}", authorization=basic("a", "b")) == "invalid_request"

    def test_secret_of_another_client(self, ask: Ask, database: Database, clock: MovableClock) -> None:
        """A secret only works with its own id."""
        with database.system() as transaction:
            other = add_credential(transaction, name="Annen", client_nos=[1], scopes=["read:arm"], clock=clock)
        assert ask().status == 200
        assert ask(client_secret=other.client_secret).status == 401
        assert ask(client_id=other.client_id).status == 401

    def test_logs(self, ask: Ask, credential: NewCredential) -> None:
        """A refused client is logged by its id; secrets are not, nor a secret that was sent as an id."""
        with capture_logs() as logs:
            ask(client_secret="wrong-secret")
            ask(client_id=credential.client_secret, client_secret="x")
        assert [entry.get("client_id") for entry in logs] == [credential.client_id]
        assert "wrong-secret" not in str(logs)
        assert credential.client_secret not in str(logs)


class TestScope:
    """Scopes that are not given."""

    def test_not_granted(self, ask: Ask) -> None:
        """A scope that the credential does not have is refused, not left out."""
        for scope in (
            "admin:arm",
            "read:arm admin:arm",
            "read",
            "READ:ARM",
            "*",
            " ",
            "read:arm,write:arm",
            "read:arm\twrite:arm",
        ):
            answer = ask(scope=scope)
            assert (answer.status, answer.body["error"]) == (400, "invalid_scope"), scope
            assert "WWW-Authenticate" not in answer.headers
            assert answer.headers["Cache-Control"] == "no-store"

    def test_secret_comes_first(self, ask: Ask) -> None:
        """Nobody learns without the secret which scopes a credential has."""
        assert ask(client_secret="wrong", scope="admin:arm").body["error"] == "invalid_client"


class TestRate:
    """Calls a minute."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(token_requests_per_minute=3)

    def test_limit(self, ask: Ask, ticker: Ticker) -> None:
        """Beyond the limit comes 429 with the time to wait, right secret or wrong; other clients are not touched."""
        assert [ask().status, ask(client_secret="wrong").status, ask().status] == [200, 401, 200]
        ticker.advance(20)
        with pytest.raises(Problem) as caught:
            ask()
        assert (caught.value.code, caught.value.status, caught.value.headers) == (
            "RATE-LIMITED",
            429,
            {"Retry-After": "40"},
        )
        assert ask(client_id="other").status == 401
        ticker.advance(40)
        assert ask().status == 200


class TestAnyCredentials:
    """Whole requests with arbitrary texts."""

    @given(client_id=st.text(min_size=1, max_size=64), client_secret=st.text(min_size=1, max_size=20))
    @hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_never_a_token(self, endpoint: TokenEndpoint, client_id: str, client_secret: str) -> None:
        """Texts that are no credential never bring a token and never break the endpoint."""
        form = urlencode({"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret})
        answer = endpoint.answer(content_type=FORM_TYPE, authorization=None, body=form.encode())
        assert answer.body["error"] == "invalid_client"


def test_refusals_are_told_at_most_once_a_minute_with_their_count(
    database: Database, settings: Settings, clock: MovableClock, ticker: Ticker, authenticator: Authenticator, credential: NewCredential
) -> None:
    """Nobody floods a log by guessing: those in between are counted with the next one."""
    told: list[Refusal] = []
    endpoint = TokenEndpoint(database, settings, clock, authenticator.signing_keys, on_refusal=told.append, monotonic=ticker)
    body = f"grant_type=client_credentials&client_id={credential.client_id}&client_secret=wrong".encode()
    for seconds in (0, 1, 30, 28, 1, 1):
        ticker.advance(seconds)
        assert endpoint.answer(content_type=FORM_TYPE, authorization=None, body=body).status == 401
    assert [(refusal.credential.client_id, refusal.reason, refusal.count) for refusal in told] == [
        (credential.client_id, "wrong secret", 1),
        (credential.client_id, "wrong secret", 4),
    ]
