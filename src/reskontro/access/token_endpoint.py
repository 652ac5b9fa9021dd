"""POST /token: client credentials become a token (RFC 6749, sections 2.3, 3.2, 4.4 and 5)."""

from __future__ import annotations

import binascii
import re
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

import structlog

from reskontro.access.bounded import BoundedCache, CallLimit
from reskontro.access.credentials import CLIENT_ID_CHARACTERS_MAX, Credential, SecretVerifier, find_credential
from reskontro.access.keys import SigningKeys
from reskontro.access.scopes import SCOPES
from reskontro.access.tokens import issue
from reskontro.db.engine import Database
from reskontro.kit.clock import Clock
from reskontro.kit.errors import Problem
from reskontro.kit.ids import new_id
from reskontro.settings import Settings

FORM_TYPE: Final = "application/x-www-form-urlencoded"
BODY_BYTES_MAX: Final = 16 * 1024
PARAMETERS_MAX: Final = 50
BASIC_CHARACTERS_MAX: Final = 1_024
SECRET_CHARACTERS_MAX: Final = 128
SCOPE_CHARACTERS_MAX: Final = 200
REFUSALS_NOTED_EVERY_SECONDS: Final = 60.0
REFUSED_MAX: Final = 10_000
"""Credentials whose refusals are counted at a time."""
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HEADERS: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}

log = structlog.get_logger("reskontro.access")


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """The answer to a token request; the body is to be sent as application/json."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class TokenRefused(Exception):
    """A request is refused with one of the error codes of RFC 6749, section 5.2.

    The description is plain ASCII without quotation marks.
    """

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description

    def answer(self) -> TokenAnswer:
        """The answer that tells the caller so."""
        headers = dict(_HEADERS)
        if self.error == "invalid_client":
            headers["WWW-Authenticate"] = 'Basic realm="reskontro"'
        status = 401 if self.error == "invalid_client" else 400
        return TokenAnswer(status, headers, {"error": self.error, "error_description": self.description})


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A well-formed token request."""

    client_id: str
    client_secret: str
    scopes: tuple[str, ...] | None
    """None asks for everything the credential has."""


def read_token_request(content_type: str | None, authorization: str | None, body: bytes) -> TokenRequest:
    """The request in these headers and this body; raises TokenRefused."""
    parameters = _parameters(content_type, body)
    grant_type = parameters.get("grant_type")
    if grant_type is None:
        raise TokenRefused("invalid_request", "grant_type is missing")
    if grant_type != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "The only grant_type is client_credentials")
    client_id, client_secret = _client(parameters, authorization)
    scope = parameters.get("scope")
    if scope is not None and len(scope) > SCOPE_CHARACTERS_MAX:
        raise TokenRefused("invalid_request", f"scope has at most {SCOPE_CHARACTERS_MAX} characters")
    return TokenRequest(client_id, client_secret, None if scope is None else tuple(scope.split(" ")))


def _parameters(content_type: str | None, body: bytes) -> dict[str, str]:
    """The form's parameters.

    One without a value counts as left out, one given twice is refused (RFC 6749, section 3.2).
    """
    media, *options = (part.strip().lower() for part in (content_type or "").split(";"))
    if media != FORM_TYPE:
        raise TokenRefused("invalid_request", f"The body must be {FORM_TYPE}")
    for option in options:
        name, _, value = option.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            raise TokenRefused("invalid_request", "The only charset is UTF-8")
    if len(body) > BODY_BYTES_MAX:
        raise TokenRefused("invalid_request", f"The body has at most {BODY_BYTES_MAX} bytes")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX)
    except ValueError as error:
        raise TokenRefused("invalid_request", "The body is no form in UTF-8") from error
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise TokenRefused("invalid_request", "A parameter is given more than once")
    return {name: value for name, value in pairs if value}


def _client(parameters: Mapping[str, str], authorization: str | None) -> tuple[str, str]:
    """Id and secret, from the form or by HTTP Basic but not from both.

    A client_id without a secret beside HTTP Basic is no second way to authenticate; it has to name the same client.
    """
    client_id, client_secret = parameters.get("client_id"), parameters.get("client_secret")
    if authorization is not None:
        basic_id, basic_secret = _basic(authorization)
        if client_secret is not None or client_id not in (None, basic_id):
            raise TokenRefused("invalid_request", "Credentials belong in the form or in HTTP Basic, not in both")
        client_id, client_secret = basic_id, basic_secret
    if not client_id or not client_secret:
        raise TokenRefused("invalid_client", "Client id or secret is missing")
    if len(client_id) > CLIENT_ID_CHARACTERS_MAX or len(client_secret) > SECRET_CHARACTERS_MAX:
        raise TokenRefused("invalid_request", "Client id or secret is too long")
    return client_id, client_secret


def _basic(authorization: str) -> tuple[str, str]:
    """Id and secret of HTTP Basic, each encoded as in a form before they were joined (RFC 6749, section 2.3.1)."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise TokenRefused("invalid_client", "The only scheme of authentication is Basic")
    if len(value) > BASIC_CHARACTERS_MAX:
        raise TokenRefused("invalid_client", "The credentials of HTTP Basic are too long")
    try:
        client_id, colon, client_secret = b64decode(value.strip(" ").encode("ascii"), validate=True).decode("utf-8").partition(":")
        if not colon or _BROKEN_ESCAPE.search(client_id + "%3A" + client_secret):
            raise TokenRefused("invalid_client", "The credentials of HTTP Basic cannot be read")
        return unquote_plus(client_id, errors="strict"), unquote_plus(client_secret, errors="strict")
    except (UnicodeError, binascii.Error) as error:
        raise TokenRefused("invalid_client", "The credentials of HTTP Basic cannot be read") from error


@dataclass(frozen=True, slots=True)
class Refusal:
    """A known credential was refused a token, ``count`` times since that was noted last."""

    credential: Credential
    reason: str
    """``wrong secret`` or ``revoked``."""
    count: int
    request_id: UUID


class TokenEndpoint:
    """Answers token requests. One for the whole process; safe to use from several threads.

    With an external issuer (``signing_keys`` None) no client may get a token here, so the answer is always
    unauthorized_client, whatever was sent: secrets are not even looked at.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock,
        signing_keys: SigningKeys | None,
        *,
        on_refusal: Callable[[Refusal], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``on_refusal`` is told of refused credentials, at most once a minute for each, and must not take long."""
        self._database = database
        self._settings = settings
        self._clock = clock
        self._signing_keys = signing_keys
        self._secrets = SecretVerifier(monotonic=monotonic)
        self._calls = CallLimit(settings.token_requests_per_minute, monotonic=monotonic)
        self._on_refusal = on_refusal
        self._monotonic = monotonic
        self._refusals: BoundedCache[str, tuple[float, int]] = BoundedCache(REFUSED_MAX)
        """When a credential's refusals were noted last, and how many there were since."""
        self._refusals_lock = threading.Lock()

    def answer(self, *, content_type: str | None, authorization: str | None, body: bytes, request_id: UUID | None = None) -> TokenAnswer:
        """The answer to a request with these headers and this body; reads the database, may take 30 ms.

        Raises Problem RATE-LIMITED (with Retry-After) and UNAVAILABLE, and psycopg's OperationalError when the
        database cannot be reached.
        """
        try:
            if self._signing_keys is None:
                raise TokenRefused("unauthorized_client", "Tokens for this API are made by its external issuer")
            return self._granted(self._signing_keys, read_token_request(content_type, authorization, body), request_id or new_id())
        except TokenRefused as refused:
            return refused.answer()

    def _granted(self, signing_keys: SigningKeys, request: TokenRequest, request_id: UUID) -> TokenAnswer:
        wait_seconds = self._calls.take(request.client_id)
        if wait_seconds is not None:
            raise Problem("RATE-LIMITED", "Too many token requests of this client id", headers={"Retry-After": str(wait_seconds)})
        credential = self._authenticated(request, request_id)
        scopes = _granted_scopes(credential, request.scopes)
        issued = issue(
            signing_keys.signer(),
            self._settings,
            subject=credential.client_id,
            client_nos=credential.client_nos,
            scopes=scopes,
            now=self._clock.now(),
        )
        body = {
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "not_before": issued.not_before,
            "expires_in": issued.expires_on - issued.not_before,
            "expires_on": issued.expires_on,
            "resource": self._settings.audience,
            "scope": " ".join(issued.scopes),
        }
        return TokenAnswer(200, dict(_HEADERS), body)

    def _authenticated(self, request: TokenRequest, request_id: UUID) -> Credential:
        """The credential of the request.

        Raises TokenRefused, after the same time whether the id is unknown or the secret is wrong.
        """
        with self._database.system() as transaction:
            stored = find_credential(transaction, request.client_id)
        right = self._secrets.verify(request.client_id, stored.secret_hash if stored else None, request.client_secret)
        if stored is None or not right or stored.credential.revoked_at is not None:
            if stored is not None:
                # The id is one we gave out. One that is not could be a secret in the wrong field, so it is not logged.
                reason = "revoked" if right else "wrong secret"
                log.warning("token refused", client_id=stored.credential.client_id, reason=reason)
                self._note(stored.credential, reason, request_id)
            raise TokenRefused("invalid_client", "Client id or secret is not valid")
        return stored.credential

    def _note(self, credential: Credential, reason: str, request_id: UUID) -> None:
        """Tell of a refusal, unless that was done for the credential within the last minute: then it is counted with the next one."""
        if self._on_refusal is None:
            return
        now = self._monotonic()
        with self._refusals_lock:
            noted_at, waiting = self._refusals.get(credential.client_id) or (-float("inf"), 0)
            is_due = now - noted_at >= REFUSALS_NOTED_EVERY_SECONDS
            self._refusals.put(credential.client_id, (now, 0) if is_due else (noted_at, waiting + 1))
        if is_due:
            self._on_refusal(Refusal(credential, reason, waiting + 1, request_id))


def _granted_scopes(credential: Credential, wanted: tuple[str, ...] | None) -> tuple[str, ...]:
    """The scopes asked for, in the order of the table.

    Raises TokenRefused when one of them was not granted to the credential.
    """
    if wanted is None:
        return tuple(scope for scope in SCOPES if scope in credential.scopes)
    names = {scope for scope in wanted if scope}
    if not names or not names <= set(credential.scopes):
        raise TokenRefused("invalid_scope", "A scope that was asked for is not granted to the client")
    return tuple(scope for scope in SCOPES if scope in names)
