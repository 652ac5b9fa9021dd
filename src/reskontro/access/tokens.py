"""Tokens: making them, and telling from one who calls."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from joserfc import jwt

from reskontro.access.bounded import BoundedCache
from reskontro.access.claims import TOKEN_CHARACTERS_MAX, TokenRules, VerifiedToken, verify_token
from reskontro.access.external_keys import AccessSettingsInvalid, ExternalKeys
from reskontro.access.keys import ALGORITHM, SigningKey, SigningKeys, VerifyingKeys
from reskontro.access.principals import Principal, unauthenticated
from reskontro.access.refreshed import LoadFailed, Refreshed
from reskontro.db.engine import Database
from reskontro.kit.clock import Clock
from reskontro.kit.errors import Problem
from reskontro.kit.ids import encode_id, new_id
from reskontro.settings import Settings

__all__ = ["Authenticator", "IssuedToken", "Principal", "issue"]

VERIFIED_MAX: Final = 10_000
"""Tokens that one process remembers as verified."""
CREDENTIALS_FRESH_SECONDS: Final = 0.5
CREDENTIALS_WAIT_AFTER_SECONDS: Final = 0.9
"""Nobody goes on with an older list while it can be read, so a revoked credential is refused after a second at most."""
CREDENTIALS_USABLE_SECONDS: Final = 5.0
"""When the list cannot be read, calls are answered from the old one for so long, then with 503."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token and what its receiver is told about it; times in Unix seconds."""

    access_token: str
    not_before: int
    expires_on: int
    scopes: tuple[str, ...]


def issue(
    signing_key: SigningKey,
    settings: Settings,
    *,
    subject: str,
    client_nos: Sequence[int] | None,
    scopes: Sequence[str],
    now: datetime,
) -> IssuedToken:
    """Make a token that lives ``settings.token_seconds`` from now; ``client_nos`` None makes one for every client."""
    not_before = int(now.timestamp())
    expires_on = not_before + settings.token_seconds
    claims = {
        "iss": settings.issuer,
        "sub": subject,
        "aud": settings.audience,
        "iat": not_before,
        "nbf": not_before,
        "exp": expires_on,
        "jti": encode_id(new_id()),
        "scope": " ".join(scopes),
        "client_nos": "*" if client_nos is None else list(client_nos),
    }
    token = jwt.encode({"alg": ALGORITHM, "kid": signing_key.kid}, claims, signing_key.key, algorithms=[ALGORITHM])
    return IssuedToken(token, not_before, expires_on, tuple(scopes))


def _bearer_token(authorization: str | None) -> str:
    """The token of an Authorization header; raises Problem UNAUTHENTICATED.

    Another scheme counts as no token (RFC 6750, section 3.1).
    """
    if authorization is None:
        raise unauthenticated(None)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise unauthenticated(None)
    token = token.strip(" ")
    if not token.isascii() or not 0 < len(token) <= TOKEN_CHARACTERS_MAX:
        raise unauthenticated("The token is not a signed JWT")
    return token


class Authenticator:
    """Tells who calls. One for the whole process; safe to use from several threads.

    With ``settings.external_issuer`` the tokens of that issuer are accepted and no others; the credentials and keys
    of the database then play no part, and a token ends when the issuer says it does, not when a credential is revoked
    here.
    """

    def __init__(self, database: Database, settings: Settings, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Nothing is read yet.

        Raises AccessSettingsInvalid when the settings of an external issuer do not fit together.
        """
        self._database = database
        self._clock = clock
        self._rules = _rules(settings)
        self.signing_keys: SigningKeys | None = None
        """The keys that sign our own tokens; None with an external issuer."""
        self._keys: VerifyingKeys
        self._credentials: Refreshed[dict[str, bool]] | None = None
        if settings.external_jwks_url is not None:
            self._keys = ExternalKeys(settings.external_jwks_url, monotonic=monotonic)
        else:
            self._keys = self.signing_keys = SigningKeys(database, settings, clock, monotonic=monotonic)
            self._credentials = Refreshed(
                self._load_credentials,
                what="list of credentials",
                fresh_seconds=CREDENTIALS_FRESH_SECONDS,
                wait_after_seconds=CREDENTIALS_WAIT_AFTER_SECONDS,
                usable_seconds=CREDENTIALS_USABLE_SECONDS,
                retry_seconds=CREDENTIALS_FRESH_SECONDS,
                monotonic=monotonic,
            )
        self._verified: BoundedCache[bytes, VerifiedToken] = BoundedCache(VERIFIED_MAX)

    def authenticate(self, authorization: str | None) -> Principal:
        """Who calls with this Authorization header; may read the database or fetch keys.

        Raises Problem UNAUTHENTICATED (with WWW-Authenticate, RFC 6750) and UNAVAILABLE when keys or credentials
        cannot be read.
        """
        token = _bearer_token(authorization)
        digest = hashlib.sha256(token.encode("ascii")).digest()
        verified = self._verified.get(digest)
        if verified is None or verified.kid not in self._keys.get():
            verified = verify_token(token, self._rules, self._keys.find)
            verified.check_time(self._clock.now().timestamp())
            self._verified.put(digest, verified)
        else:
            verified.check_time(self._clock.now().timestamp())
        self._check_credential(verified.principal.subject)
        return verified.principal

    def authenticate_cached(self, authorization: str | None) -> Principal | None:
        """The caller, when that can be told from memory, within microseconds.

        None when ``authenticate`` has to be asked. Never waits.
        """
        if authorization is None or authorization[:7] not in ("Bearer ", "bearer ") or not authorization.isascii():
            return None
        verified = self._verified.get(hashlib.sha256(authorization[7:].encode("ascii")).digest())
        keys = self._keys.current()
        if verified is None or keys is None or verified.kid not in keys:
            return None
        if self._credentials is not None:
            live = self._credentials.current()
            if live is None or not live.get(verified.principal.subject, False):
                return None
        try:
            verified.check_time(self._clock.now().timestamp())
        except Problem:
            return None
        return verified.principal

    def jwks(self) -> dict[str, Any]:
        """The document of /.well-known/jwks.json; without keys when an external issuer signs.

        Raises Problem UNAVAILABLE.
        """
        return self.signing_keys.jwks() if self.signing_keys is not None else {"keys": []}

    def _check_credential(self, subject: str) -> None:
        """Raise Problem UNAUTHENTICATED unless the credential exists and is not revoked."""
        if self._credentials is None:
            return
        asked_at = self._credentials.moment()
        live = self._credentials.get().get(subject)
        if live is None:
            # Not in the list: made since it was read, perhaps by another process, or deleted.
            live = self._credentials.after(asked_at).get(subject, False)
        if not live:
            raise unauthenticated("The credential of the token is no longer valid")

    def _load_credentials(self) -> dict[str, bool]:
        """Client id of every credential, and whether it is in force."""
        try:
            with self._database.system() as transaction:
                return dict(transaction.execute("select client_id, revoked_at is null from credential").fetchall())
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise LoadFailed(str(error)) from error


def _rules(settings: Settings) -> TokenRules:
    if settings.external_issuer is None and settings.external_jwks_url is None:
        return TokenRules(settings.issuer, settings.audience)
    if not settings.external_issuer or not settings.external_jwks_url:
        raise AccessSettingsInvalid("external_issuer and external_jwks_url belong together: set both or neither")
    return TokenRules(
        settings.external_issuer,
        settings.external_audience or settings.audience,
        settings.external_scope_claim,
        settings.external_clients_claim,
    )
