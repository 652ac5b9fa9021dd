"""Credentials: made, listed, revoked, and verified by their secret."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from reskontro.access.credentials import (
    CLIENT_NOS_MAX,
    PARALLEL_VERIFICATIONS_MAX,
    CredentialInvalid,
    NewCredential,
    SecretVerifier,
    add_credential,
    find_credential,
    list_credentials,
    revoke_credential,
    verify_secret,
)
from reskontro.access.scopes import SCOPES, ScopeUnknown, in_order
from reskontro.db.engine import Database
from reskontro.kit.clock import MovableClock
from reskontro.kit.errors import Problem

if TYPE_CHECKING:
    from conftest import Ticker


class TestAdd:
    """Making a credential."""

    def test_what_is_stored(self, database: Database, clock: MovableClock, credential: NewCredential) -> None:
        """The row has everything but the secret, of which only a hash is kept."""
        with database.system() as transaction:
            stored = find_credential(transaction, credential.client_id)
            everything = str(transaction.execute("select * from credential").fetchall())
        assert stored is not None
        assert stored.credential.name == "Prøvefjord ERP"
        assert stored.credential.client_nos == (3107,)
        assert stored.credential.scopes == ("read:arm", "write:arm")
        assert stored.credential.created_at == clock.now()
        assert stored.credential.revoked_at is None
        assert stored.secret_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert credential.client_secret not in everything

    def test_form_of_id_and_secret(self, database: Database, clock: MovableClock) -> None:
        """Ids can be recognised and are never equal; secrets carry 256 bits behind a prefix that scanners know."""
        with database.system() as transaction:
            made = [
                add_credential(transaction, name=name, client_nos=None, scopes=["read:arm"], clock=clock)
                for name in ("Prøvefjord ERP", "Prøvefjord ERP", "Å & Ø (test)", "日本", "x" * 100)
            ]
        assert re.fullmatch(r"provefjord-erp-[a-z2-7]{8}", made[0].client_id)
        assert made[0].client_id != made[1].client_id
        assert re.fullmatch(r"a-o-test-[a-z2-7]{8}", made[2].client_id)
        assert re.fullmatch(r"client-[a-z2-7]{8}", made[3].client_id)
        assert len(made[4].client_id) <= 64
        assert all(re.fullmatch(r"reskontro_[A-Za-z0-9_-]{43}", each.client_secret) for each in made)
        assert len({each.client_secret for each in made}) == len(made)

    def test_operator(self, database: Database, clock: MovableClock) -> None:
        """None as client numbers makes a credential for every client, and is stored as null."""
        with database.system() as transaction:
            made = add_credential(transaction, name="Drift", client_nos=None, scopes=list(SCOPES), clock=clock)
            stored = find_credential(transaction, made.client_id)
        assert stored is not None
        assert stored.credential.client_nos is None

    def test_client_numbers_refused(self, database: Database, clock: MovableClock) -> None:
        """No list of client numbers may be empty, wrong or too long; the empty one is not taken for every client."""
        wrong: list[Any] = [[], [0], [-1], [10**9], [True], ["3107"], [3107.5], range(1, CLIENT_NOS_MAX + 2)]
        with database.system() as transaction:
            for client_nos in wrong:
                with pytest.raises(CredentialInvalid):
                    add_credential(transaction, name="x", client_nos=client_nos, scopes=["read:arm"], clock=clock)
            assert list_credentials(transaction) == []

    def test_most_client_numbers_fit_a_header(self, database: Database, clock: MovableClock) -> None:
        """The longest list is kept, sorted and without repetition."""
        numbers = [999_999_999 - place for place in range(CLIENT_NOS_MAX)]
        with database.system() as transaction:
            made = add_credential(transaction, name="x", client_nos=numbers * 2, scopes=["read:arm"], clock=clock)
            stored = find_credential(transaction, made.client_id)
        assert stored is not None
        assert stored.credential.client_nos == tuple(sorted(numbers))

    def test_names_refused(self, database: Database, clock: MovableClock) -> None:
        """A credential has a printable name of at most 100 characters."""
        with database.system() as transaction:
            for name in ("", "   ", "a\0b", "a\nb", "x" * 101):
                with pytest.raises(CredentialInvalid, match="name"):
                    add_credential(transaction, name=name, client_nos=[1], scopes=["read:arm"], clock=clock)
            assert list_credentials(transaction) == []

    def test_unknown_scopes(self, database: Database, clock: MovableClock) -> None:
        """Only scopes of the table can be granted; the refusal lists them."""
        with database.system() as transaction:
            for scopes in (["read:all"], ["read:arm", "READ:ARM"], ["read:arm write:arm"], [""]):
                with pytest.raises(ScopeUnknown, match="read:arm, write:arm, admin:arm"):
                    add_credential(transaction, name="x", client_nos=[1], scopes=scopes, clock=clock)
            assert list_credentials(transaction) == []

    def test_no_scopes(self, database: Database, clock: MovableClock) -> None:
        """A credential that may do nothing is refused."""
        with database.system() as transaction, pytest.raises(CredentialInvalid, match="scope"):
            add_credential(transaction, name="x", client_nos=[1], scopes=[], clock=clock)

    def test_order_of_scopes(self) -> None:
        """Scopes come in the order of the table, each once."""
        assert in_order(["admin:arm", "read:arm", "admin:arm"]) == ["read:arm", "admin:arm"]


class TestRevoke:
    """Ending a credential."""

    def test_once(self, database: Database, clock: MovableClock, credential: NewCredential) -> None:
        """The first time it takes effect and keeps its moment; later times say that nothing happened."""
        clock.advance(hours=1)
        revoked_at = clock.now()
        with database.system() as transaction:
            assert revoke_credential(transaction, credential.client_id, clock)
            clock.advance(hours=1)
            assert not revoke_credential(transaction, credential.client_id, clock)
            assert [each.revoked_at for each in list_credentials(transaction)] == [revoked_at]

    def test_unknown(self, database: Database, clock: MovableClock, credential: NewCredential) -> None:
        """An id that nobody has is answered with no, and touches nothing."""
        with database.system() as transaction:
            for client_id in ("nobody", "", "a\0b", "' or '1'='1", credential.client_id.upper()):
                assert not revoke_credential(transaction, client_id, clock)
                assert find_credential(transaction, client_id) is None
            assert [each.revoked_at for each in list_credentials(transaction)] == [None]

    def test_serving_role_cannot_delete(self, database: Database, credential: NewCredential) -> None:
        """What was given out stays on record."""
        with pytest.raises(psycopg.errors.InsufficientPrivilege), database.system() as transaction:
            transaction.execute("delete from credential")


class TestVerify:
    """Telling right from wrong secrets."""

    def test_right_and_wrong(self, database: Database, credential: NewCredential) -> None:
        """Only the whole secret is right."""
        with database.system() as transaction:
            stored = find_credential(transaction, credential.client_id)
        assert stored is not None
        assert verify_secret(stored.secret_hash, credential.client_secret)
        last = credential.client_secret[-1]
        other = next(character for character in string.ascii_letters if character != last)
        for wrong in (
            "",
            credential.client_secret[:-1],
            credential.client_secret[:-1] + other,
            credential.client_secret + "x",
        ):
            assert not verify_secret(stored.secret_hash, wrong)

    def test_remembered_for_some_minutes(self, database: Database, credential: NewCredential, ticker: Ticker) -> None:
        """A right secret needs no second hashing for five minutes; a wrong or a strange one needs it every time.

        All places for hashing are taken, so whatever has to be hashed is turned away.
        """
        with database.system() as transaction:
            stored = find_credential(transaction, credential.client_id)
        assert stored is not None
        verifier = SecretVerifier(wait_seconds=0.001, monotonic=ticker)
        assert verifier.verify(credential.client_id, stored.secret_hash, credential.client_secret)
        assert not verifier.verify(credential.client_id, stored.secret_hash, "wrong")
        assert not verifier.verify("nobody", None, credential.client_secret)
        for _ in range(PARALLEL_VERIFICATIONS_MAX):
            assert verifier._places.acquire(blocking=False)

        def needs_hashing(client_id: str, secret_hash: str | None, secret: str) -> bool:
            try:
                assert verifier.verify(client_id, secret_hash, secret)
            except Problem as problem:
                assert (problem.code, problem.headers) == ("UNAVAILABLE", {"Retry-After": "1"})
                return True
            return False

        assert not needs_hashing(credential.client_id, stored.secret_hash, credential.client_secret)
        assert needs_hashing(credential.client_id, stored.secret_hash, "wrong")
        assert needs_hashing("other", stored.secret_hash, credential.client_secret)
        assert needs_hashing(credential.client_id, stored.secret_hash + "x", credential.client_secret)
        assert needs_hashing("nobody", None, credential.client_secret)
        ticker.advance(299)
        assert not needs_hashing(credential.client_id, stored.secret_hash, credential.client_secret)
        ticker.advance(1)
        assert needs_hashing(credential.client_id, stored.secret_hash, credential.client_secret)

    def test_secret_is_not_kept(self, credential: NewCredential, database: Database) -> None:
        """The memory of verified secrets does not hold them."""
        verifier = SecretVerifier()
        with database.system() as transaction:
            stored = find_credential(transaction, credential.client_id)
        assert stored is not None
        assert verifier.verify(credential.client_id, stored.secret_hash, credential.client_secret)
        assert len(verifier._verified) == 1
        assert credential.client_secret not in repr(vars(verifier)) + repr(vars(verifier._verified))
