"""Keys that sign tokens: made on demand, renewed in time, published as a JWK set (RFC 7517).

The private keys are stored as PEM in the table ``signing_key``. **Whoever can read the database can sign tokens**:
database access is key access, and a backup of the database is a backup of the keys. When a key retires its private
half is erased.

Life of a key: it is made when the newest one is ``signing_key_days`` old; for ``PUBLISH_AHEAD_SECONDS`` it is only
published, so that verifiers that keep the JWK set for a while know it; then it signs; when the tokens of its
predecessor have all expired, that one retires. To do away with a key at once, the owner of the database deletes its
row: its tokens are refused within ``FRESH_SECONDS``, and a new key is made when none is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, Protocol

import psycopg
import structlog
from joserfc.jwk import RSAKey

from reskontro.access.refreshed import LoadFailed, Refreshed
from reskontro.db.engine import Database, Transaction
from reskontro.kit.clock import Clock
from reskontro.settings import Settings

ALGORITHM: Final = "RS256"
KEY_BITS: Final = 2048
LEEWAY_SECONDS: Final = 60
"""How far the clocks of two machines may differ."""
FRESH_SECONDS: Final = 60.0
"""How long the keys are kept in memory."""
UNKNOWN_KEY_SECONDS: Final = 1.0
"""A key that is not known makes the keys be read again, but not more often than this."""
USABLE_SECONDS: Final = 600.0
"""How long keys read earlier serve while the database cannot be reached."""
JWKS_MAX_AGE_SECONDS: Final = 300
"""How long the receiver of the JWK set may keep it (Cache-Control)."""
PUBLISH_AHEAD_SECONDS: Final = 2 * JWKS_MAX_AGE_SECONDS
SIGNING_KEY_LOCK: Final = 3
"""Class of the advisory lock that lets one process at a time make keys."""

log = structlog.get_logger("reskontro.access")


@dataclass(frozen=True)
class SigningKey:
    """A key with its private half."""

    kid: str
    key: RSAKey
    created_at: datetime


class VerifyingKeys(Protocol):
    """Where the authenticator finds public keys."""

    def current(self) -> Mapping[str, RSAKey] | None:
        """The keys by their id, or None when they have to be fetched; never waits."""
        ...

    def get(self) -> Mapping[str, RSAKey]:
        """The keys by their id; raises Problem UNAVAILABLE."""
        ...

    def find(self, kid: str) -> RSAKey | None:
        """The key of that id, after another look at the source when it is not known; raises Problem UNAVAILABLE."""
        ...


@dataclass(frozen=True)
class KeyRing:
    """The keys that have not retired, the oldest first; at least one."""

    keys: tuple[SigningKey, ...]

    @cached_property
    def by_kid(self) -> dict[str, RSAKey]:
        """The keys by their id."""
        return {key.kid: key.key for key in self.keys}

    def signer(self, now: datetime) -> SigningKey:
        """The newest key that has been published long enough.

        The oldest one when there is none such: the very first key, or a clock that was set back.
        """
        published = now - timedelta(seconds=PUBLISH_AHEAD_SECONDS)
        known = [key for key in self.keys if key.created_at <= published]
        return known[-1] if known else self.keys[0]

    def outlived(self, now: datetime, token_seconds: int) -> list[str]:
        """Ids of the keys whose last token has expired: the successor has signed for longer than a token lives."""
        # A process may sign with the old key until it has read the new one, hence FRESH_SECONDS.
        after = timedelta(seconds=PUBLISH_AHEAD_SECONDS + token_seconds + LEEWAY_SECONDS + FRESH_SECONDS)
        return [key.kid for key, successor in zip(self.keys, self.keys[1:], strict=False) if successor.created_at + after <= now]

    def jwks(self) -> dict[str, Any]:
        """The public halves as a JWK set, the newest first."""
        return {"keys": [_jwk(key) for key in reversed(self.keys)]}


def _jwk(key: SigningKey) -> dict[str, Any]:
    public = key.key.as_dict(private=False)
    return {"kty": "RSA", "use": "sig", "alg": ALGORITHM, "kid": key.kid, "n": public["n"], "e": public["e"]}


def renewal_due(keys: tuple[SigningKey, ...], now: datetime, signing_key_days: int) -> bool:
    """Whether a new key has to be made: there is none, or the newest one is old."""
    return not keys or now - keys[-1].created_at >= timedelta(days=signing_key_days)


class SigningKeys:
    """The keys of this installation, as one process knows them."""

    def __init__(self, database: Database, settings: Settings, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._parsed: dict[str, RSAKey] = {}
        self._ring: Refreshed[KeyRing] = Refreshed(
            self._load,
            what="signing keys",
            fresh_seconds=FRESH_SECONDS,
            wait_after_seconds=USABLE_SECONDS,
            usable_seconds=USABLE_SECONDS,
            retry_seconds=UNKNOWN_KEY_SECONDS,
            monotonic=monotonic,
        )

    def current(self) -> Mapping[str, RSAKey] | None:
        """The keys by their id, or None when they have to be read again; never waits."""
        ring = self._ring.current()
        return ring.by_kid if ring else None

    def get(self) -> Mapping[str, RSAKey]:
        """The keys by their id; raises Problem UNAVAILABLE."""
        return self._ring.get().by_kid

    def find(self, kid: str) -> RSAKey | None:
        """The key of that id, read again when it is not known; raises Problem UNAVAILABLE."""
        return self.get().get(kid) or self._ring.reload(UNKNOWN_KEY_SECONDS).by_kid.get(kid)

    def signer(self) -> SigningKey:
        """The key to sign with now; makes one when that is due. Raises Problem UNAVAILABLE."""
        now = self._clock.now()
        ring = self._ring.get()
        if renewal_due(ring.keys, now, self._settings.signing_key_days):
            ring = self._ring.reload(UNKNOWN_KEY_SECONDS)
        return ring.signer(now)

    def jwks(self) -> dict[str, Any]:
        """The JWK set: every key whose tokens may still be alive, and the one that signs next.

        Raises Problem UNAVAILABLE.
        """
        return self._ring.get().jwks()

    def _load(self) -> KeyRing:
        """Read the keys, make one when that is due, retire those that have outlived their tokens."""
        now = self._clock.now()
        try:
            with self._database.system() as transaction:
                keys = self._read(transaction)
            if renewal_due(keys, now, self._settings.signing_key_days):
                # Making a key takes up to a second, so it is done outside of the transaction; when another process
                # was faster, this one is dropped.
                made = RSAKey.generate_key(KEY_BITS)
                with self._database.system() as transaction:
                    transaction.execute("select pg_advisory_xact_lock(%s, 0)", (SIGNING_KEY_LOCK,))
                    keys = self._read(transaction)
                    if renewal_due(keys, now, self._settings.signing_key_days):
                        _store(transaction, made, now)
                        keys = self._read(transaction)
            ring = KeyRing(keys)
            outlived = ring.outlived(now, self._settings.token_seconds)
            if outlived:
                with self._database.system() as transaction:
                    _retire(transaction, outlived, now)
                ring = KeyRing(tuple(key for key in keys if key.kid not in outlived))
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise LoadFailed(str(error)) from error
        self._parsed = ring.by_kid
        return ring

    def _read(self, transaction: Transaction) -> tuple[SigningKey, ...]:
        rows = transaction.execute("select kid, private_key, created_at from signing_key where retired_at is null order by created_at, kid")
        # Parsing a private key takes tens of milliseconds; the id is a digest of the key, so the same id is the same
        # key.
        return tuple(SigningKey(kid, self._parsed.get(kid) or RSAKey.import_key(pem), created_at) for kid, pem, created_at in rows)


def _store(transaction: Transaction, key: RSAKey, now: datetime) -> None:
    """Write a new key; its id is its thumbprint (RFC 7638)."""
    kid = key.thumbprint()
    transaction.execute(
        "insert into signing_key (kid, private_key, created_at) values (%s, %s, %s)",
        (kid, key.as_pem(private=True).decode("ascii"), now),
    )
    log.info("signing key made", kid=kid)


def _retire(transaction: Transaction, kids: list[str], now: datetime) -> None:
    """Take keys out of use and erase their private halves."""
    transaction.execute(
        "update signing_key set retired_at = %s, private_key = null where kid = any(%s) and retired_at is null",
        (now, kids),
    )
    log.info("signing keys retired", kids=kids)
