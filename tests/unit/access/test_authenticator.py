"""From an Authorization header to a principal: own tokens, real database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from joserfc.jwk import RSAKey

from reskontro.access.credentials import NewCredential, add_credential, revoke_credential
from reskontro.access.keys import SigningKey
from reskontro.access.tokens import VERIFIED_MAX, Authenticator, issue
from reskontro.db.engine import Database
from reskontro.kit.clock import MovableClock
from reskontro.kit.errors import Problem
from reskontro.settings import Settings

if TYPE_CHECKING:
    from conftest import Ticker

Bearer = Callable[[], str]


def refusal(authenticator: Authenticator, header: str | None) -> Problem:
    """The 401 with which a header is answered; memory must not know better."""
    with pytest.raises(Problem) as caught:
        authenticator.authenticate(header)
    assert (caught.value.code, caught.value.status) == ("UNAUTHENTICATED", 401)
    assert authenticator.authenticate_cached(header) is None
    return caught.value


@pytest.fixture
def unconnected(settings: Settings, clock: MovableClock) -> Authenticator:
    """An authenticator whose database was never opened: what is no token needs none."""
    return Authenticator(Database("postgresql://nobody@127.0.0.1:1/none"), settings, clock)


class TestHeader:
    """What the header has to look like."""

    def test_good_token(self, authenticator: Authenticator, bearer: Bearer, credential: NewCredential) -> None:
        """The principal is the credential, with its clients and scopes."""
        principal = authenticator.authenticate(bearer())
        assert principal.subject == credential.client_id
        assert principal.client_nos == {3107}
        assert principal.scopes == {"read:arm", "write:arm"}

    @pytest.mark.parametrize("header", [None, "Basic YTpi", "", "Token abc", "Digest x=y"])
    def test_no_token(self, unconnected: Authenticator, header: str | None) -> None:
        """Without a token the challenge names no error (RFC 6750, section 3.1)."""
        assert refusal(unconnected, header).headers == {"WWW-Authenticate": 'Bearer realm="reskontro"'}

    @pytest.mark.parametrize(
        "header",
        [
            "Bearer ",
            "Bearer",
            "Bearer a b",
            "Bearer abc",
            "Bearer a.b.c",
            "Bearer é.é.é",
            "Bearer \x00",
            "Bearer " + "a" * 10**6,
            "Bearer , Bearer",
        ],
    )
    def test_garbage(self, unconnected: Authenticator, header: str) -> None:
        """Whatever follows the scheme and is no token is an invalid one."""
        problem = refusal(unconnected, header)
        assert problem.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token", error_description="The token')

    def test_two_tokens(self, authenticator: Authenticator, bearer: Bearer) -> None:
        """Two headers that were joined are not read as the first of them."""
        header = bearer()
        refusal(authenticator, f"{header}, {header}")

    def test_spelling_of_the_scheme(self, authenticator: Authenticator, bearer: Bearer) -> None:
        """The scheme is read without case, and blanks around the token do not count (RFC 9110, section 11)."""
        token = bearer().split(" ")[1]
        for scheme in ("Bearer", "bearer", "BEARER", "Bearer  "):
            assert authenticator.authenticate(f"{scheme} {token} ").client_nos == {3107}

    def test_other_installation(
        self,
        authenticator: Authenticator,
        bearer: Bearer,
        credential: NewCredential,
        settings: Settings,
        clock: MovableClock,
        strange_key: RSAKey,
    ) -> None:
        """A token of another installation, with the same issuer and audience, is signed with a key that is not ours."""
        bearer()
        key = SigningKey(str(strange_key.kid), strange_key, clock.now())
        issued = issue(key, settings, subject=credential.client_id, client_nos=None, scopes=["read:arm"], now=clock.now())
        assert "unknown key" in str(refusal(authenticator, f"Bearer {issued.access_token}"))

    def test_other_issuer_or_audience(self, database: Database, clock: MovableClock, bearer: Bearer) -> None:
        """A server with the same keys and another name does not accept the token."""
        header = bearer()
        assert "issuer" in str(refusal(Authenticator(database, Settings(issuer="other"), clock), header))
        assert "audience" in str(refusal(Authenticator(database, Settings(audience="other"), clock), header))


class TestMemory:
    """Tokens that come again."""

    def test_second_time(self, authenticator: Authenticator, bearer: Bearer) -> None:
        """A token is known after its first use, and gives the same principal without asking anybody."""
        header = bearer()
        assert authenticator.authenticate_cached(header) is None
        first = authenticator.authenticate(header)
        assert authenticator.authenticate(header) is first
        assert authenticator.authenticate_cached(header) is first

    def test_known_token_needs_no_database(self, authenticator: Authenticator, bearer: Bearer, database: Database) -> None:
        """A repeated token within half a second is answered from memory alone."""
        header = bearer()
        authenticator.authenticate(header)
        database.close()
        assert authenticator.authenticate(header).client_nos == {3107}
        assert authenticator.authenticate_cached(header) is not None

    def test_refused_tokens_are_not_remembered(self, authenticator: Authenticator, bearer: Bearer) -> None:
        """Garbage and tokens outside their time take no room."""
        header = bearer()
        for number in range(20):
            refusal(authenticator, f"{header[:-10]}{number:010d}")
        assert len(authenticator._verified) == 0

    def test_room_is_bounded(self, authenticator: Authenticator, bearer: Bearer) -> None:
        """However many tokens come, the memory keeps its size."""
        header = bearer()
        authenticator.authenticate(header)
        verified = authenticator._verified
        entry = next(iter(verified._entries.values()))
        for number in range(VERIFIED_MAX + 5):
            verified.put(number.to_bytes(32, "big"), entry)
        assert len(verified) == VERIFIED_MAX
        assert authenticator.authenticate(header).client_nos == {3107}


class TestTime:
    """The life of a token, also of one that is remembered."""

    def test_leeway_at_the_end(self, authenticator: Authenticator, bearer: Bearer, clock: MovableClock) -> None:
        """A token works until 60 seconds after its end, exactly, whether it is remembered or not."""
        header = bearer()
        authenticator.authenticate(header)
        clock.advance(seconds=3659)
        assert authenticator.authenticate_cached(header) is not None
        assert authenticator.authenticate(header).client_nos == {3107}
        clock.advance(seconds=1)
        assert "expired" in str(refusal(authenticator, header))

    def test_leeway_at_the_beginning(self, authenticator: Authenticator, bearer: Bearer, clock: MovableClock) -> None:
        """A token of a server whose clock is 60 seconds ahead works, of one further ahead not."""
        header = bearer()
        clock.advance(seconds=-61)
        assert "not valid yet" in str(refusal(authenticator, header))
        clock.advance(seconds=1)
        assert authenticator.authenticate(header).client_nos == {3107}

    def test_clock_that_jumps(self, authenticator: Authenticator, bearer: Bearer, clock: MovableClock) -> None:
        """A remembered token follows the clock wherever it goes: too late, too early, and back to its time."""
        header = bearer()
        authenticator.authenticate(header)
        now = clock.now()
        clock.advance(days=1)
        refusal(authenticator, header)
        clock.advance(days=-2)
        refusal(authenticator, header)
        clock.set(now)
        assert authenticator.authenticate(header).client_nos == {3107}

    def test_times_of_a_token(self, settings: Settings, clock: MovableClock, rsa_key: RSAKey) -> None:
        """Times are whole seconds, and the end is the beginning plus the life that is configured."""
        key = SigningKey("k", rsa_key, clock.now())
        clock.advance(milliseconds=999)
        issued = issue(key, settings, subject="a", client_nos=None, scopes=["read:arm"], now=clock.now())
        assert issued.not_before == int(clock.now().timestamp())
        assert issued.expires_on - issued.not_before == 3600


class TestCredentials:
    """The credential behind a token has to be in force."""

    def test_revoked_while_remembered(
        self,
        database: Database,
        authenticator: Authenticator,
        bearer: Bearer,
        credential: NewCredential,
        clock: MovableClock,
        ticker: Ticker,
    ) -> None:
        """A second after the revocation a token is refused that was accepted and remembered before."""
        header = bearer()
        authenticator.authenticate(header)
        with database.system() as transaction:
            assert revoke_credential(transaction, credential.client_id, clock)
        ticker.advance(1)
        assert "credential" in str(refusal(authenticator, header))

    @pytest.mark.parametrize("age", [0.5, 0.7, 0.9, 0.99])
    def test_revoked_half_a_second_ago(
        self,
        database: Database,
        authenticator: Authenticator,
        bearer: Bearer,
        credential: NewCredential,
        clock: MovableClock,
        ticker: Ticker,
        age: float,
    ) -> None:
        """The list is read again at every age from half a second on; the refusal need not wait for a whole second."""
        header = bearer()
        authenticator.authenticate(header)
        with database.system() as transaction:
            revoke_credential(transaction, credential.client_id, clock)
        ticker.advance(age)
        refusal(authenticator, header)

    def test_revoked_with_the_clock_set_back(
        self,
        database: Database,
        authenticator: Authenticator,
        bearer: Bearer,
        credential: NewCredential,
        clock: MovableClock,
        ticker: Ticker,
    ) -> None:
        """A revocation holds even when the clock later shows a time before it."""
        header = bearer()
        with database.system() as transaction:
            revoke_credential(transaction, credential.client_id, clock)
        clock.advance(seconds=-30)
        ticker.advance(1)
        refusal(authenticator, header)

    def test_deleted(self, admin_url: str, authenticator: Authenticator, bearer: Bearer, ticker: Ticker) -> None:
        """A credential that the owner of the database deleted is not there, so its tokens end too."""
        header = bearer()
        authenticator.authenticate(header)
        with psycopg.connect(admin_url) as owner:
            owner.execute("delete from credential")
        ticker.advance(1)
        assert "credential" in str(refusal(authenticator, header))

    def test_just_made_elsewhere(
        self, database: Database, settings: Settings, authenticator: Authenticator, bearer: Bearer, clock: MovableClock
    ) -> None:
        """The token of a credential made since the list was read is accepted at once."""
        authenticator.authenticate(bearer())
        with database.system() as transaction:
            new = add_credential(transaction, name="Ny", client_nos=[2218], scopes=["read:arm"], clock=clock)
        assert authenticator.signing_keys is not None
        issued = issue(
            authenticator.signing_keys.signer(),
            settings,
            subject=new.client_id,
            client_nos=[2218],
            scopes=["read:arm"],
            now=clock.now(),
        )
        assert authenticator.authenticate(f"Bearer {issued.access_token}").client_nos == {2218}

    def test_one_revoked_does_not_touch_others(
        self,
        database: Database,
        settings: Settings,
        authenticator: Authenticator,
        bearer: Bearer,
        clock: MovableClock,
        ticker: Ticker,
    ) -> None:
        """Only the tokens of the revoked credential end."""
        with database.system() as transaction:
            other = add_credential(transaction, name="Annen", client_nos=[1], scopes=["read:arm"], clock=clock)
            revoke_credential(transaction, other.client_id, clock)
        ticker.advance(1)
        assert authenticator.authenticate(bearer()).client_nos == {3107}

    def test_many_threads_while_revoking(
        self,
        database: Database,
        authenticator: Authenticator,
        bearer: Bearer,
        credential: NewCredential,
        clock: MovableClock,
        ticker: Ticker,
    ) -> None:
        """Threads that call at the same time agree: all accept before, all refuse after."""
        header = bearer()

        def ask(_: int) -> Any:
            try:
                return authenticator.authenticate(header).subject
            except Problem as problem:
                return problem.code

        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(ask, range(200))) == {credential.client_id}
            with database.system() as transaction:
                revoke_credential(transaction, credential.client_id, clock)
            ticker.advance(1)
            assert set(threads.map(ask, range(200))) == {"UNAUTHENTICATED"}


class TestUnavailable:
    """When the database cannot be read, nobody is let in for long."""

    def test_closes_after_some_seconds(self, authenticator: Authenticator, bearer: Bearer, database: Database, ticker: Ticker) -> None:
        """A known token works for five seconds without the list of credentials, then the answer is 503."""
        header = bearer()
        authenticator.authenticate(header)
        database.close()
        ticker.advance(4.9)
        assert authenticator.authenticate(header).client_nos == {3107}
        ticker.advance(0.2)
        with pytest.raises(Problem) as caught:
            authenticator.authenticate(header)
        assert (caught.value.code, caught.value.headers) == ("UNAVAILABLE", {"Retry-After": "1"})
        assert authenticator.authenticate_cached(header) is None

    def test_never_read(self, database: Database, settings: Settings, clock: MovableClock, bearer: Bearer) -> None:
        """A process that never could read keys or credentials lets nobody in."""
        header = bearer()
        fresh = Authenticator(database, settings, clock)
        database.close()
        with pytest.raises(Problem) as caught:
            fresh.authenticate(header)
        assert caught.value.code == "UNAVAILABLE"
