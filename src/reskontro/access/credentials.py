"""Credentials: who may ask for tokens. The secret is shown once and kept as an argon2id hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
import unicodedata
from base64 import b32encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from reskontro.access.bounded import BoundedCache
from reskontro.access.scopes import in_order
from reskontro.db.engine import Transaction
from reskontro.kit.clock import Clock
from reskontro.kit.errors import Problem

SECRET_PREFIX: Final = "reskontro_"  # noqa: S105 - the public part of every secret
"""A secret is this prefix and 43 characters of base64url; scanners can look for ``reskontro_[A-Za-z0-9_-]{43}``."""
SECRET_BYTES: Final = 32
CLIENT_ID_CHARACTERS_MAX: Final = 64
NAME_CHARACTERS_MAX: Final = 100
CLIENT_NO_MAX: Final = 999_999_999
CLIENT_NOS_MAX: Final = 500
"""More would make tokens longer than the 8 KiB that proxies commonly allow for a header line."""

VERIFIED_SECONDS: Final = 300.0
VERIFIED_MAX: Final = 1_000
PARALLEL_VERIFICATIONS_MAX: Final = 2
VERIFICATION_WAIT_SECONDS: Final = 5.0

# OWASP's first choice for argon2id (19 MiB, two passes), about 20 ms here. A random secret of 256 bits cannot be
# guessed whatever the hash costs; what counts is that a call of /token stays below 100 ms and that a flood of them
# cannot take all memory.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class CredentialInvalid(ValueError):
    """A credential cannot be made from these values; the text says why."""


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What the owner of a new credential is told, once."""

    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential as it is stored, without its secret."""

    client_id: str
    name: str
    client_nos: tuple[int, ...] | None
    """None stands for every client."""
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A credential with the hash of its secret."""

    credential: Credential
    secret_hash: str


def _new_client_id(name: str) -> str:
    """The name's letters and digits, which people recognise in logs, and 40 random bits, so that no id comes twice."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(str.maketrans("æøå", "aoa")))
    words = "".join(character if character.isascii() and character.isalnum() else " " for character in plain if not unicodedata.combining(character))
    random_part = b32encode(secrets.token_bytes(5)).decode("ascii").lower()
    slug = "-".join(words.split())[:40].strip("-") or "client"
    return f"{slug}-{random_part}"


def _checked_client_nos(client_nos: Sequence[int] | None) -> list[int] | None:
    if client_nos is None:
        return None
    numbers = sorted(set(client_nos))
    if not numbers:
        raise CredentialInvalid("name at least one client number, or none at all for a credential of every client")
    if len(numbers) > CLIENT_NOS_MAX:
        raise CredentialInvalid(f"a credential has at most {CLIENT_NOS_MAX} client numbers; an operator's covers all clients")
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= CLIENT_NO_MAX:
            raise CredentialInvalid(f"{number!r} is no client number (1 to {CLIENT_NO_MAX})")
    return numbers


def add_credential(transaction: Transaction, *, name: str, client_nos: Sequence[int] | None, scopes: Sequence[str], clock: Clock) -> NewCredential:
    """Make a credential and return its id and secret; the secret cannot be read again.

    ``client_nos`` None makes an operator's credential for every client. Raises CredentialInvalid, and ScopeUnknown
    for a scope that is not in the table.
    """
    title = unicodedata.normalize("NFC", name).strip()
    if not title or len(title) > NAME_CHARACTERS_MAX or not title.isprintable():
        raise CredentialInvalid(f"the name has 1 to {NAME_CHARACTERS_MAX} printable characters")
    numbers = _checked_client_nos(client_nos)
    granted = in_order(scopes)
    if not granted:
        raise CredentialInvalid("a credential needs at least one scope")
    new = NewCredential(_new_client_id(title), SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES))
    transaction.execute(
        "insert into credential (client_id, name, secret_hash, client_nos, scopes, created_at) values (%s, %s, %s, %s, %s, %s)",
        (new.client_id, title, _hasher.hash(new.client_secret), numbers, granted, clock.now()),
    )
    return new


def revoke_credential(transaction: Transaction, client_id: str, clock: Clock) -> bool:
    """End a credential, and with it its tokens, within a second in every process.

    False when there is none or it had ended before.
    """
    # An id with a zero byte cannot be stored, so none exists; PostgreSQL would answer it with an error.
    if "\0" in client_id:
        return False
    cursor = transaction.execute("update credential set revoked_at = %s where client_id = %s and revoked_at is null", (clock.now(), client_id))
    return cursor.rowcount == 1


_COLUMNS: Final = "client_id, name, client_nos, scopes, created_at, revoked_at"


def list_credentials(transaction: Transaction) -> list[Credential]:
    """All credentials, also the revoked ones, the oldest first."""
    rows = transaction.execute(f"select {_COLUMNS} from credential order by created_at, client_id").fetchall()
    return [_credential(*row) for row in rows]


def find_credential(transaction: Transaction, client_id: str) -> StoredCredential | None:
    """The credential of that id, also a revoked one; None when there is none."""
    if "\0" in client_id:
        return None
    row = transaction.execute(f"select {_COLUMNS}, secret_hash from credential where client_id = %s", (client_id,)).fetchone()
    return StoredCredential(_credential(*row[:-1]), row[-1]) if row else None


def _credential(
    client_id: str,
    name: str,
    client_nos: list[int] | None,
    scopes: list[str],
    created_at: datetime,
    revoked_at: datetime | None,
) -> Credential:
    numbers = None if client_nos is None else tuple(client_nos)
    return Credential(client_id, name, numbers, tuple(scopes), created_at, revoked_at)


def verify_secret(secret_hash: str, secret: str) -> bool:
    """Whether the secret is the one that was hashed; takes about 20 ms.

    Raises argon2's InvalidHashError for a damaged hash.
    """
    try:
        return _hasher.verify(secret_hash, secret)
    except VerifyMismatchError:
        return False


class SecretVerifier:
    """Verifies secrets, remembers for some minutes which were right, and never does too many at once.

    What is remembered is a keyed digest of client id, stored hash and secret under a key that this process alone has;
    the secret itself is not kept. The stored hash comes from the database in every call, so a credential that was
    revoked or replaced is not served from memory.
    """

    def __init__(
        self,
        *,
        wait_seconds: float = VERIFICATION_WAIT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wait_seconds = wait_seconds
        self._monotonic = monotonic
        self._key = secrets.token_bytes(32)
        self._verified: BoundedCache[bytes, float] = BoundedCache(VERIFIED_MAX)
        self._places = threading.BoundedSemaphore(PARALLEL_VERIFICATIONS_MAX)
        self._hash_of_nobody = _hasher.hash(secrets.token_urlsafe(SECRET_BYTES))

    def verify(self, client_id: str, secret_hash: str | None, secret: str) -> bool:
        """Whether the secret belongs to the client id.

        With no stored hash the answer is no, and takes as long as for a wrong secret.
        Raises Problem UNAVAILABLE when too many verifications are waiting.
        """
        if secret_hash is None:
            self._slowly(self._hash_of_nobody, secret)
            return False
        digest = self._digest(client_id, secret_hash, secret)
        verified_at = self._verified.get(digest)
        if verified_at is not None and self._monotonic() - verified_at < VERIFIED_SECONDS:
            return True
        if not self._slowly(secret_hash, secret):
            return False
        self._verified.put(digest, self._monotonic())
        return True

    def _digest(self, *parts: str) -> bytes:
        digest = hmac.new(self._key, digestmod=hashlib.sha256)
        for part in parts:
            data = part.encode("utf-8")
            digest.update(len(data).to_bytes(4, "big") + data)
        return digest.digest()

    def _slowly(self, secret_hash: str, secret: str) -> bool:
        if not self._places.acquire(timeout=self._wait_seconds):
            raise Problem("UNAVAILABLE", "Too many secrets are being verified", headers={"Retry-After": "1"})
        try:
            return verify_secret(secret_hash, secret)
        finally:
            self._places.release()
