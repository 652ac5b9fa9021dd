"""Aim: only who has a credential gets a token, a token does what it says for as long as it may, and refusals follow the OAuth standards."""

from __future__ import annotations

import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from reskontro.access.credentials import revoke_credential
from reskontro.ledger.log import verify_log
from reskontro.settings import Settings
from tests.house import House

CLIENT = "/arm/v1/clients/3107"
NO_TOKEN = 'Bearer realm="reskontro"'


def ask(house: House, form: Any = None, **options: Any) -> httpx2.Response:
    """The answer of /token to a form."""
    return house.http.post("/token", data=form, **options)


def form(client_id: str, client_secret: str, **more: str) -> dict[str, str]:
    """The form of a request for a token."""
    return {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret, **more}


def get(house: House, authorization: str | None, path: str = CLIENT) -> httpx2.Response:
    """GET with exactly this Authorization header."""
    return house.http.get(path, headers={} if authorization is None else {"Authorization": authorization})


def challenge(answer: httpx2.Response) -> str:
    """The challenge of a 401 that is otherwise a problem like every other."""
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["code"] == "UNAUTHENTICATED"
    assert answer.json()["requestId"] == answer.headers["x-request-id"]
    return answer.headers["www-authenticate"]


class TestToken:
    """POST /token over HTTP."""

    def test_answer(self, house: House) -> None:
        """A token comes with the promised names in order, may not be stored, and opens the client it is for."""
        answer = ask(house, form(*house.credential(["read:arm"], [3107])))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        body = answer.json()
        names = ["access_token", "token_type", "not_before", "expires_in", "expires_on", "resource", "scope"]
        assert list(body) == names
        assert body["expires_on"] == body["not_before"] + body["expires_in"]
        assert body["resource"] == house.settings.audience
        assert get(house, f"Bearer {body['access_token']}").status_code == 200

    def test_basic(self, house: House) -> None:
        """HTTP Basic works in place of the form fields, but not beside them."""
        client_id, secret = house.credential()
        header = {"Authorization": "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()}
        assert ask(house, {"grant_type": "client_credentials"}, headers=header).status_code == 200
        both = ask(house, form(client_id, secret), headers=header)
        assert (both.status_code, both.json()["error"]) == (400, "invalid_request")

    def test_refusals(self, house: House) -> None:
        """Errors have the form and the codes of RFC 6749; only invalid_client is 401, with a challenge."""
        client_id, secret = house.credential(["read:arm"])
        for sent, status, error in (
            ({}, 400, "invalid_request"),
            (form(client_id, secret, grant_type="password"), 400, "unsupported_grant_type"),
            (form(client_id, secret, scope="admin:arm"), 400, "invalid_scope"),
            (form(client_id, "wrong"), 401, "invalid_client"),
            (form("nobody", secret), 401, "invalid_client"),
        ):
            answer = ask(house, sent, headers={"Content-Type": "application/x-www-form-urlencoded"})
            assert (answer.status_code, answer.json()["error"]) == (status, error)
            assert set(answer.json()) == {"error", "error_description"}
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers.get("www-authenticate") == ('Basic realm="reskontro"' if status == 401 else None)

    def test_other_bodies(self, house: House) -> None:
        """A body that is no form is an invalid request, as RFC 6749 has it."""
        sent = form(*house.credential())
        for options in ({"json": sent}, {"content": b"\xff\xfe"}, {"content": b""}):
            answer = house.http.post("/token", **options)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    def test_at_once(self, house: House) -> None:
        """Many calls at the same time all get their own token."""
        sent = form(*house.credential())
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: ask(house, sent), range(40)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["access_token"] for answer in answers}) == 40


class TestRate:
    """Too many token requests."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(token_requests_per_minute=2)

    def test_limit(self, empty_house: House) -> None:
        """Beyond the limit the answer is the problem 429 with the time to wait; another client id is not touched."""
        sent = form(*empty_house.credential())
        assert [ask(empty_house, sent).status_code for _ in range(2)] == [200, 200]
        answer = ask(empty_house, sent)
        assert (answer.status_code, answer.headers["content-type"]) == (429, "application/problem+json")
        assert answer.json()["code"] == "RATE-LIMITED"
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert ask(empty_house, form(*empty_house.credential())).status_code == 200


class TestKeySet:
    """GET /.well-known/jwks.json."""

    def test_verifies_tokens(self, house: House) -> None:
        """Anybody may have the keys, keep them for five minutes, and verify a token with them alone."""
        token = house.token()
        answer = house.http.get("/.well-known/jwks.json")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "max-age=300")
        (entry,) = answer.json()["keys"]
        assert (set(entry), entry["alg"]) == ({"kty", "use", "alg", "kid", "n", "e"}, "RS256")
        claims = jwt.decode(token, KeySet.import_key_set(answer.json()), algorithms=["RS256"]).claims
        names = {"iss", "sub", "aud", "iat", "nbf", "exp", "jti", "scope", "client_nos"}
        assert (set(claims), claims["client_nos"]) == (names, "*")


class TestBearer:
    """Calls behind a token."""

    @pytest.mark.parametrize("authorization", [None, "", "Basic YTpi", "Token x"])
    def test_no_token(self, module_house: House, authorization: str | None) -> None:
        """Without a token the challenge names no error."""
        assert challenge(get(module_house, authorization)) == NO_TOKEN

    @pytest.mark.parametrize("authorization", ["Bearer", "Bearer x", "Bearer a.b.c", "Bearer " + "a" * 20_000, b"Bearer \xe9"])
    def test_bad_token(self, module_house: House, authorization: Any) -> None:
        """What is no token is an invalid one, however long or strange."""
        assert challenge(get(module_house, authorization)).startswith('Bearer error="invalid_token", error_description="')

    def test_unsigned_token(self, module_house: House) -> None:
        """A good token whose signature was cut off or changed is refused."""
        token = module_house.token()
        signed, _, signature = token.rpartition(".")
        for forged in (signed + ".", signed, f"{signed}.{signature[::-1]}"):
            assert "invalid_token" in challenge(get(module_house, f"Bearer {forged}"))

    def test_expired_token(self, house: House) -> None:
        """A token ends an hour and a minute of leeway after it was made."""
        header = f"Bearer {house.token()}"
        house.clock.advance(seconds=3_659)
        assert get(house, header).status_code == 200
        house.clock.advance(seconds=1)
        assert "expired" in challenge(get(house, header))

    def test_revoked_credential(self, house: House) -> None:
        """The tokens of a revoked credential stop working, and it gets no others."""
        client_id, secret = house.credential()
        header = f"Bearer {ask(house, form(client_id, secret)).json()['access_token']}"
        assert get(house, header).status_code == 200
        with house.database.system() as transaction:
            assert revoke_credential(transaction, client_id, house.clock)
        assert ask(house, form(client_id, secret)).status_code == 401
        # How soon is shown with a clock that is moved by hand; here it has to happen at all, before the test run's own time limit.
        while (answer := get(house, header)).status_code == 200:
            pass
        assert "credential" in challenge(answer)

    def test_clients(self, house: House) -> None:
        """A client outside the token is forbidden in the same words whether it exists or not."""
        house.add_client(2218)
        header = f"Bearer {house.token(client_nos=[3107])}"
        assert get(house, header).status_code == 200
        refused = [get(house, header, f"/arm/v1/clients/{client_no}") for client_no in (2218, 4444)]
        for answer in refused:
            assert (answer.status_code, answer.json()["code"]) == (403, "CLIENT-FORBIDDEN")
            assert answer.headers["www-authenticate"].startswith("Bearer error=")
        assert refused[0].json().get("detail") == refused[1].json().get("detail")

    def test_scopes(self, house: House) -> None:
        """Each scope opens its own calls and no others; the refusal names the one that is needed."""
        change = {"client": {"name": "Nytt navn"}}
        customer = {"customer": {"customerNo": "7", "name": "Kari Prøve"}}
        for scope, read, write, admin in (
            ("read:arm", 200, 403, 403),
            ("write:arm", 403, 201, 403),
            ("admin:arm", 403, 403, 200),
        ):
            token = house.token([scope])
            answers = [
                house.get("", token=token),
                house.post("/customers", customer, token=token),
                house.put("", change, token=token),
            ]
            assert [answer.status_code for answer in answers] == [read, write, admin]
            for answer, needed in zip(answers, ("read:arm", "write:arm", "admin:arm"), strict=True):
                if answer.status_code == 403:
                    assert answer.json()["code"] == "INSUFFICIENT-SCOPE"
                    assert answer.headers["www-authenticate"] == f'Bearer error="insufficient_scope", scope="{needed}"'

    def test_who_is_let_in_comes_before_what_is_sent(self, module_house: House) -> None:
        """A call without a token is 401 whatever else is wrong with it, but an unknown path is 404 for everybody."""
        bad = {"Content-Type": "text/plain", "Accept": "image/png"}
        answer = module_house.http.post("/arm/v1/clients/abc/customers?nonsense=1", content=b"{", headers=bad)
        assert challenge(answer) == NO_TOKEN
        assert get(module_house, None, "/arm/v1/nonsense").status_code == 404


def refusals(house: House, client_no: int) -> list[dict[str, Any]]:
    """The changes of the refusals in a client's log, as a field and its new value."""
    items = house.get("/logitems?event=ACCESS-REFUSED&expand=changes", client_no=client_no).json()["logItems"]
    return [{change["field"]: change["newValue"] for change in item["changes"]} for item in items]


def test_refused_logins_are_in_the_logs_of_the_credentials_clients(house: House) -> None:
    """The first one at once, those of the same minute not by themselves; the log still holds together."""
    other = house.add_client(4711)
    client_id, secret = house.credential(["read:arm"], [3107, other])
    for _ in range(3):
        assert ask(house, form(client_id, "wrong")).status_code == 401
    assert ask(house, form(client_id, secret)).status_code == 200
    assert ask(house, form("nobody", "wrong")).status_code == 401
    assert ask(house, form(house.credential(["read:arm"], None)[0], "wrong")).status_code == 401
    deadline = time.monotonic() + 10
    while not refusals(house, other):
        assert time.monotonic() < deadline, "the refusal was not logged"
    for client_no in (3107, other):
        assert refusals(house, client_no) == [{"credential": client_id, "reason": "wrong secret", "refusals": 1}]
        with house.database.transaction(client_no) as transaction:
            assert list(verify_log(transaction, client_no)) == []
