"""Signing keys: the first one, renewal while tokens live, retirement, and several processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import urlsafe_b64decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from reskontro.access.credentials import NewCredential
from reskontro.access.keys import PUBLISH_AHEAD_SECONDS, SigningKeys
from reskontro.access.tokens import Authenticator, issue
from reskontro.db.engine import Database
from reskontro.kit.clock import MovableClock
from reskontro.kit.errors import Problem
from reskontro.settings import Settings

if TYPE_CHECKING:
    from conftest import Ticker

DAY = 86_400


def kid_of(header: str) -> str:
    """The key id that a bearer header's token names."""
    first = header.removeprefix("Bearer ").split(".")[0]
    return str(json.loads(urlsafe_b64decode(first + "=" * (-len(first) % 4)))["kid"])


def rows(database: Database) -> list[tuple[Any, ...]]:
    """Kid, whether there is a private key, whether it has retired; the oldest first."""
    with database.system() as transaction:
        return transaction.execute("select kid, private_key is not null, retired_at is not null from signing_key order by created_at").fetchall()


@pytest.fixture
def pass_time(clock: MovableClock, ticker: Ticker) -> Callable[[float], None]:
    """Moves both clocks on."""

    def move(seconds: float) -> None:
        clock.advance(seconds=seconds)
        ticker.advance(seconds)

    return move


class TestFirstKey:
    """The key that is made when it is first needed."""

    def test_made_on_demand(self, database: Database, settings: Settings, clock: MovableClock) -> None:
        """No key is made before somebody asks; then one, whose document has what verifiers need and nothing private."""
        keys = SigningKeys(database, settings, clock)
        assert rows(database) == []
        (entry,) = keys.jwks()["keys"]
        assert list(entry) == ["kty", "use", "alg", "kid", "n", "e"]
        assert (entry["kty"], entry["use"], entry["alg"], entry["e"]) == ("RSA", "sig", "RS256", "AQAB")
        assert len(entry["n"]) == 342
        assert rows(database) == [(entry["kid"], True, False)]
        assert keys.signer().kid == entry["kid"]

    def test_document_verifies_tokens(self, authenticator: Authenticator, bearer: Callable[[], str]) -> None:
        """A stranger who has the document alone can verify a token."""
        token = bearer().removeprefix("Bearer ")
        key_set = KeySet.import_key_set(authenticator.jwks())  # type: ignore[arg-type]
        assert jwt.decode(token, key_set, algorithms=["RS256"]).claims["client_nos"] == [3107]

    def test_processes_at_once(self, database: Database) -> None:
        """Of several processes that need the first key at the same moment one makes it and all use it."""
        script = (
            "import sys\n"
            "from reskontro.access.keys import SigningKeys\n"
            "from reskontro.db.engine import Database\n"
            "from reskontro.kit.clock import SystemClock\n"
            "from reskontro.settings import Settings\n"
            "database = Database(sys.argv[1])\n"
            "database.open()\n"
            "keys = SigningKeys(database, Settings(), SystemClock())\n"
            "print('ready', flush=True)\n"
            "sys.stdin.readline()\n"
            "print(keys.signer().kid, flush=True)\n"
            "database.close()\n"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", script, database.url],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for _ in range(3)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        printed = [process.communicate(timeout=60)[0].splitlines()[-1] for process in processes]
        ((kid, _, _),) = rows(database)
        assert printed == [kid] * 3

    def test_two_that_found_nothing(self, database: Database, settings: Settings, clock: MovableClock) -> None:
        """Two that both read an empty table end with the key of one of them."""
        first, second = (SigningKeys(database, settings, clock) for _ in range(2))
        with database.system() as blocking:
            # Whoever makes a key has to wait here, so both have read the empty table before either can write.
            blocking.execute("select pg_advisory_xact_lock(3, 0)")
            threads = ThreadPoolExecutor(2)
            asked = [threads.submit(keys.signer) for keys in (first, second)]
            waiting = "select count(*) from pg_locks where locktype = 'advisory' and classid = 3 and not granted"
            while blocking.execute(waiting).fetchone() != (2,):
                assert not any(each.done() for each in asked)
        kids = {each.result(30).kid for each in asked}
        threads.shutdown()
        assert [row[0] for row in rows(database)] == list(kids)


class TestRenewal:
    """A new key while tokens of the old one live."""

    def test_life_of_two_keys(
        self,
        database: Database,
        authenticator: Authenticator,
        settings: Settings,
        bearer: Callable[[], str],
        pass_time: Callable[[float], None],
    ) -> None:
        """The new key is published before it signs; old tokens hold to their end; then the old key goes."""
        old = kid_of(bearer())
        pass_time(settings.signing_key_days * DAY - 300)
        assert kid_of(bearer()) == old
        assert len(authenticator.jwks()["keys"]) == 1

        pass_time(300)
        last_old = bearer()
        assert kid_of(last_old) == old
        new, second = (entry["kid"] for entry in authenticator.jwks()["keys"])
        assert (second, len(rows(database))) == (old, 2)

        pass_time(PUBLISH_AHEAD_SECONDS - 1)
        last_old = bearer()
        assert kid_of(last_old) == old
        pass_time(1)
        first_new = bearer()
        assert kid_of(first_new) == new
        assert authenticator.authenticate(last_old) == authenticator.authenticate(first_new)

        pass_time(settings.token_seconds - 2)
        assert authenticator.authenticate(last_old).subject
        assert {entry["kid"] for entry in authenticator.jwks()["keys"]} == {old, new}

        pass_time(200)
        assert [entry["kid"] for entry in authenticator.jwks()["keys"]] == [new]
        assert rows(database) == [(old, False, True), (new, True, False)]
        with pytest.raises(Problem, match="unknown key"):
            authenticator.authenticate(last_old)

    def test_other_processes_follow(
        self,
        database: Database,
        settings: Settings,
        clock: MovableClock,
        ticker: Ticker,
        authenticator: Authenticator,
        bearer: Callable[[], str],
        pass_time: Callable[[float], None],
    ) -> None:
        """A process that read the keys a minute ago knows the new one before it signs."""
        bearer()
        pass_time(settings.signing_key_days * DAY)
        other = Authenticator(database, settings, clock, monotonic=ticker)
        assert len(other.jwks()["keys"]) == 2
        pass_time(PUBLISH_AHEAD_SECONDS)
        assert other.authenticate(bearer()).client_nos == {3107}

    def test_unknown_key_is_looked_up_at_once(
        self,
        admin_url: str,
        database: Database,
        settings: Settings,
        clock: MovableClock,
        ticker: Ticker,
        authenticator: Authenticator,
        credential: NewCredential,
        bearer: Callable[[], str],
    ) -> None:
        """A key that another process made is found within a second, but not looked for with every token."""
        bearer()
        with psycopg.connect(admin_url) as owner:
            owner.execute("delete from signing_key")
        key = SigningKeys(database, settings, clock, monotonic=ticker).signer()
        issued = issue(key, settings, subject=credential.client_id, client_nos=[1], scopes=["read:arm"], now=clock.now())
        with pytest.raises(Problem, match="unknown key"):
            authenticator.authenticate(f"Bearer {issued.access_token}")
        ticker.advance(1)
        assert authenticator.authenticate(f"Bearer {issued.access_token}").client_nos == {1}

    def test_deleted_key(
        self,
        database: Database,
        admin_url: str,
        authenticator: Authenticator,
        bearer: Callable[[], str],
        ticker: Ticker,
    ) -> None:
        """A key that the owner of the database deletes takes its tokens along within a minute, verified ones too."""
        header = bearer()
        authenticator.authenticate(header)
        with psycopg.connect(admin_url) as owner:
            owner.execute("delete from signing_key")
        ticker.advance(60)
        assert authenticator.authenticate_cached(header) is None
        with pytest.raises(Problem, match="unknown key"):
            authenticator.authenticate(header)
        assert kid_of(bearer()) != kid_of(header)

    def test_clock_set_back(
        self,
        database: Database,
        authenticator: Authenticator,
        bearer: Callable[[], str],
        clock: MovableClock,
        ticker: Ticker,
    ) -> None:
        """A clock that was a year ahead and is set right leaves a key of the future; it signs, no other is made."""
        start = clock.now()
        clock.advance(days=365)
        made = kid_of(bearer())
        clock.set(start)
        ticker.advance(120)
        header = bearer()
        assert kid_of(header) == made
        assert authenticator.authenticate(header).client_nos == {3107}
        assert len(rows(database)) == 1

    def test_many_years_at_once(
        self,
        database: Database,
        authenticator: Authenticator,
        bearer: Callable[[], str],
        clock: MovableClock,
        ticker: Ticker,
    ) -> None:
        """A demonstration that jumps years ahead makes one new key, not one per period."""
        bearer()
        clock.advance(days=3650)
        ticker.advance(60)
        assert authenticator.authenticate(bearer()).client_nos == {3107}
        assert len(rows(database)) == 2

    def test_database_out_of_reach(self, database: Database, settings: Settings, clock: MovableClock, ticker: Ticker) -> None:
        """Keys read before serve for ten minutes while the database is away, then the answer is 503."""
        keys = SigningKeys(database, settings, clock, monotonic=ticker)
        kid = keys.signer().kid
        database.close()
        ticker.advance(599)
        assert keys.signer().kid == kid
        assert keys.find("other") is None
        ticker.advance(2)
        for question in (keys.signer, keys.jwks, keys.get):
            with pytest.raises(Problem) as caught:
                question()
            assert caught.value.code == "UNAVAILABLE"

    def test_no_two_keys_younger_than_a_period(self, database: Database, settings: Settings, clock: MovableClock) -> None:
        """Renewal is due exactly when the period is over."""
        keys = SigningKeys(database, settings, clock)
        keys.signer()
        clock.advance(seconds=settings.signing_key_days * DAY - 1)
        SigningKeys(database, settings, clock).signer()
        assert len(rows(database)) == 1
        clock.advance(seconds=1)
        SigningKeys(database, settings, clock).signer()
        assert len(rows(database)) == 2
