"""The keys of an external issuer: fetched from its JWK set, kept, fetched again when a token names an unknown one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from reskontro.access.keys import ALGORITHM, KEY_BITS
from reskontro.access.refreshed import LoadFailed, Refreshed
from reskontro.kit.json import JsonMalformed, read_json

FETCH_SECONDS: Final = 5.0
BYTES_MAX: Final = 256 * 1024
KEYS_MAX: Final = 100
KEY_BITS_MAX: Final = 8192
"""Verifying with longer keys takes long enough to be a burden."""
FRESH_SECONDS: Final = 600.0
USABLE_SECONDS: Final = 3_600.0
"""How long keys fetched earlier serve while the issuer cannot be reached."""
RETRY_SECONDS: Final = 10.0
UNKNOWN_KEY_SECONDS: Final = 60.0


class AccessSettingsInvalid(ValueError):
    """The settings about an external issuer cannot be used; the text says what to change."""


def checked_url(url: str) -> str:
    """The address of a JWK set when it may be fetched: by https, or by http from this machine.

    Raises AccessSettingsInvalid.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise AccessSettingsInvalid(f"external_jwks_url is no address: {error}") from error
    if host and parts.scheme == "https":
        return url
    if host and parts.scheme == "http" and _is_loopback(host):
        return url
    raise AccessSettingsInvalid("RESKONTRO_EXTERNAL_JWKS_URL must begin with https:// (http:// only for an address of this machine)")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class ExternalKeys:
    """The public keys of an external issuer, as one process knows them."""

    def __init__(self, url: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = checked_url(url)
        self._keys: Refreshed[Mapping[str, RSAKey]] = Refreshed(
            self._load,
            what="keys of the token issuer",
            fresh_seconds=FRESH_SECONDS,
            wait_after_seconds=USABLE_SECONDS,
            usable_seconds=USABLE_SECONDS,
            retry_seconds=RETRY_SECONDS,
            monotonic=monotonic,
        )

    def current(self) -> Mapping[str, RSAKey] | None:
        """The keys by their id, or None when they have to be fetched; never waits."""
        return self._keys.current()

    def get(self) -> Mapping[str, RSAKey]:
        """The keys by their id; raises Problem UNAVAILABLE."""
        return self._keys.get()

    def find(self, kid: str) -> RSAKey | None:
        """The key of that id, fetched again (at most once a minute) when it is not known.

        Raises Problem UNAVAILABLE.
        """
        return self.get().get(kid) or self._keys.reload(UNKNOWN_KEY_SECONDS).get(kid)

    def _load(self) -> Mapping[str, RSAKey]:
        try:
            document = read_json(fetch(self._url))
        except JsonMalformed as error:
            raise LoadFailed(f"the JWK set is not JSON: {error}") from error
        keys = usable_keys(document)
        if not keys:
            raise LoadFailed(f"the JWK set holds no RSA key for {ALGORITHM}")
        return keys


def fetch(url: str) -> bytes:
    """The body of a 200 answer.

    Raises LoadFailed for any other answer, one that is too long, and one that takes too long.
    """
    deadline = time.monotonic() + FETCH_SECONDS
    body = bytearray()
    # A proxy of the environment is for the internet; what is fetched from this machine does not go through it.
    from_outside = url.startswith("https:")
    try:
        with (
            httpx2.Client(timeout=FETCH_SECONDS, follow_redirects=False, trust_env=from_outside) as client,
            client.stream(
                "GET",
                url,
                headers={"Accept": "application/json, application/jwk-set+json", "Accept-Encoding": "identity"},
            ) as answer,
        ):
            if answer.status_code != 200:
                raise LoadFailed(f"the issuer answered {answer.status_code}")
            for chunk in answer.iter_raw():
                body += chunk
                if len(body) > BYTES_MAX:
                    raise LoadFailed(f"the JWK set is longer than {BYTES_MAX} bytes")
                if time.monotonic() > deadline:
                    raise LoadFailed(f"the JWK set did not come within {FETCH_SECONDS} seconds")
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise LoadFailed(f"{type(error).__name__}: {error}") from error
    return bytes(body)


def usable_keys(document: Any) -> dict[str, RSAKey]:
    """The keys of a JWK set that can verify RS256, by their id.

    Others, damaged ones and second ones of the same id are passed over.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    found: dict[str, RSAKey] = {}
    for entry in listed[:KEYS_MAX] if isinstance(listed, list) else []:
        kid = entry.get("kid") if isinstance(entry, dict) else None
        if not isinstance(kid, str) or kid in found:
            continue
        key = _usable_key(entry)
        if key is not None:
            found[kid] = key
    return found


def _usable_key(entry: Mapping[str, Any]) -> RSAKey | None:
    modulus, exponent = entry.get("n"), entry.get("e")
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or entry.get("alg", ALGORITHM) != ALGORITHM:
        return None
    # Four characters of base64url are three bytes.
    if not isinstance(modulus, str) or not isinstance(exponent, str) or not KEY_BITS / 6 <= len(modulus) <= KEY_BITS_MAX / 6 + 2:
        return None
    try:
        key = RSAKey.import_key({"kty": "RSA", "n": modulus, "e": exponent})
    except (JoseError, ValueError):
        return None
    return key if KEY_BITS <= key.public_key.key_size <= KEY_BITS_MAX else None
