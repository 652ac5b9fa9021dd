"""What a token says, and whether to believe it: header, signature, claims (RFC 7515, 7519, 8725).

Nothing here looks at a clock or a database.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from reskontro.access.credentials import CLIENT_NO_MAX
from reskontro.access.keys import ALGORITHM, LEEWAY_SECONDS
from reskontro.access.principals import Principal, unauthenticated
from reskontro.kit.json import JsonMalformed, read_json

TOKEN_CHARACTERS_MAX: Final = 16 * 1024
SUBJECT_CHARACTERS_MAX: Final = 64
KEY_ID_CHARACTERS_MAX: Final = 200
_SEGMENTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_TYPES = ("jwt", "at+jwt", "application/at+jwt")
_MOMENT_MAX = 253_402_300_799
"""The last second of the year 9999."""

_registry = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)
_registry.max_header_length = 4 * 1024


@dataclass(frozen=True, slots=True)
class TokenRules:
    """Which tokens are accepted, and under which names they carry scopes and clients."""

    issuer: str
    audience: str
    scope_claim: str = "scope"
    clients_claim: str = "client_nos"


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """A token whose signature and claims hold; when it may be used is for the moment of each use to decide."""

    principal: Principal
    kid: str
    not_before: float
    """Unix seconds, the first at which the token may be used."""
    expires: float
    """Unix seconds, the first at which it may no longer be used."""

    def check_time(self, now: float) -> None:
        """Raise Problem UNAUTHENTICATED unless the token may be used at ``now``.

        ``now`` is in Unix seconds; the leeway is granted on both sides.
        """
        if now >= self.expires + LEEWAY_SECONDS:
            raise unauthenticated("The token has expired")
        if now < self.not_before - LEEWAY_SECONDS:
            raise unauthenticated("The token is not valid yet")


def verify_token(token: str, rules: TokenRules, find_key: Callable[[str], RSAKey | None]) -> VerifiedToken:
    """The verified content of a token.

    Raises Problem UNAUTHENTICATED with the reason, and whatever ``find_key`` raises.
    """
    segments = _SEGMENTS.fullmatch(token) if len(token) <= TOKEN_CHARACTERS_MAX else None
    if segments is None:
        raise unauthenticated("The token is not a signed JWT")
    kid = _key_id(_read_object(_decode_segment(segments[1]), "header"))
    key = find_key(kid)
    if key is None:
        raise unauthenticated("The token is signed with an unknown key")
    try:
        payload = jws.deserialize_compact(token, key, registry=_registry).payload
    except (JoseError, ValueError) as error:
        raise unauthenticated("The signature of the token is not valid") from error
    assert payload is not None
    return _read_claims(_read_object(payload, "payload"), rules, kid)


def _decode_segment(segment: str) -> bytes:
    try:
        return b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise unauthenticated("The token is not a signed JWT") from error


def _read_object(data: bytes, part: str) -> dict[str, Any]:
    try:
        value = read_json(data)
    except JsonMalformed as error:
        raise unauthenticated(f"The {part} of the token is not a JSON object") from error
    if not isinstance(value, dict):
        raise unauthenticated(f"The {part} of the token is not a JSON object")
    return value


def _key_id(header: Mapping[str, Any]) -> str:
    """The id of the signing key.

    Keys and addresses of keys inside the header (jwk, jku, x5u, x5c) are never looked at.
    """
    if header.get("alg") != ALGORITHM:
        raise unauthenticated(f"The token is not signed with {ALGORITHM}")
    token_type = header.get("typ", "JWT")
    if not isinstance(token_type, str) or token_type.lower() not in _TYPES:
        raise unauthenticated("The token is not an access token")
    # Extensions that change what is signed (RFC 7797) or that must be understood: none is.
    if "crit" in header or "b64" in header:
        raise unauthenticated("The token needs an extension that is not supported")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= KEY_ID_CHARACTERS_MAX:
        raise unauthenticated("The token does not name its key")
    return kid


def _read_claims(claims: Mapping[str, Any], rules: TokenRules, kid: str) -> VerifiedToken:
    if claims.get("iss") != rules.issuer:
        raise unauthenticated("The token is of another issuer")
    audience = claims.get("aud")
    if not (audience == rules.audience or (isinstance(audience, list) and rules.audience in audience)):
        raise unauthenticated("The token is for another audience")
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    not_before = _moment(claims, "nbf") if "nbf" in claims else issued
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_CHARACTERS_MAX or not subject.isprintable():
        raise unauthenticated("The token has no usable subject")
    principal = Principal(subject, _client_nos(claims, rules.clients_claim), _scopes(claims.get(rules.scope_claim)))
    return VerifiedToken(principal, kid, max(issued, not_before), expires)


def _moment(claims: Mapping[str, Any], name: str) -> float:
    """A NumericDate; fractions are allowed (RFC 7519, section 2)."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= _MOMENT_MAX:
        raise unauthenticated(f"The token has no usable {name}")
    return float(value)


def _client_nos(claims: Mapping[str, Any], name: str) -> frozenset[int] | None:
    """The clients of the token, None for the text "*".

    Anything but that text and an array of client numbers is refused, above all nothing.
    """
    value = claims.get(name)
    if isinstance(value, str) and value == "*":
        return None
    if not isinstance(value, list):
        raise unauthenticated("The token does not name its clients")
    for number in value:
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= CLIENT_NO_MAX:
            raise unauthenticated("The token names a client that is not a client number")
    return frozenset(value)


def _scopes(value: object) -> frozenset[str]:
    """The scopes of the token: one text with spaces or an array of texts; a token without any may do nothing."""
    if value is None:
        return frozenset()
    if isinstance(value, str):
        return frozenset(value.split())
    if isinstance(value, list) and all(isinstance(scope, str) for scope in value):
        return frozenset(value)
    raise unauthenticated("The token has no usable scopes")
