"""Reskontro's API as a client sees it: tokens, calls, and refusals turned into errors that say what to do."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import httpx2
import msgspec

from reskontro.cli.common import CommandError
from reskontro.kit.json import read_json

BASE = "/arm/v1"
TIMEOUT = httpx2.Timeout(30.0, read=120.0)
TOKEN_MARGIN_SECONDS = 60
UNAVAILABLE_SECONDS = 60.0
RETRY_SECONDS = 0.5


class ApiError(CommandError):
    """The API refused a call or could not be reached; the text says why."""

    def __init__(self, text: str, status_code: int | None = None) -> None:
        super().__init__(text)
        self.status_code = status_code


class Api:
    """Calls under one credential. Safe for one thread."""

    def __init__(self, url: str, client_id: str, client_secret: str, *, transport: httpx2.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self._credential = (client_id, client_secret)
        self._http = httpx2.Client(base_url=self.url, timeout=TIMEOUT, transport=transport, headers={"Accept-Language": "en"})
        self._token = ""
        self._expires = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def only_client(self) -> int | None:
        """The client number that the credential is for, None when it is for several."""
        payload = self._authorization().split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        numbers = claims.get("client_nos")
        return numbers[0] if isinstance(numbers, list) and len(numbers) == 1 else None

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON body of a GET below the API's base path; waits a while for a server that is not available."""
        deadline = time.monotonic() + UNAVAILABLE_SECONDS
        while True:
            try:
                return read_json(self._call("GET", path, params=parameters).content)
            except ApiError as error:
                # Nothing was answered, or 503: a restart of the server or of its database is a matter of seconds.
                if error.status_code not in (None, 503) or time.monotonic() > deadline:
                    raise
                time.sleep(RETRY_SECONDS)

    def send(self, method: str, path: str, *, json: bytes | None = None, lines: Iterable[bytes] | None = None, key: str | None = None) -> Any:
        """The JSON body of a POST or PUT of a JSON text or of NDJSON lines, which are sent while they are made."""
        headers = {"Content-Type": "application/json" if lines is None else "application/x-ndjson"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return read_json(self._call(method, path, content=json if lines is None else lines, headers=headers).content)

    @contextmanager
    def lines(self, path: str, **parameters: Any) -> Iterator[Iterator[bytes]]:
        """The lines of an NDJSON answer, one after the other as they come."""
        headers = {"Accept": "application/x-ndjson", "Authorization": f"Bearer {self._authorization()}"}
        with self._explained(), self._http.stream("GET", BASE + path, params=parameters, headers=headers) as response:
            if response.status_code >= 400:
                response.read()
                raise refusal(response)
            yield split_lines(response.iter_bytes())

    def _call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {self._authorization()}"} | options.pop("headers", {})
        with self._explained():
            response = self._http.request(method, BASE + path, headers=headers, **options)
        if response.status_code >= 400:
            raise refusal(response)
        return response

    def _authorization(self) -> str:
        if time.time() > self._expires - TOKEN_MARGIN_SECONDS:
            with self._explained():
                response = self._http.post("/token", data={"grant_type": "client_credentials"}, auth=self._credential)
            if response.status_code == 401:
                raise ApiError(
                    f"{self.url} does not accept the credential {self._credential[0]}. Check RESKONTRO_CLIENT_ID and RESKONTRO_CLIENT_SECRET;"
                    " `reskontro credential list` shows the credentials of a database, `reskontro credential add` makes one.",
                    401,
                )
            if response.status_code != 200:
                raise refusal(response)
            answer = read_json(response.content)
            self._token, self._expires = answer["access_token"], float(answer["expires_on"])
        return self._token

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except httpx2.ConnectError as error:
            raise ApiError(
                f"Nothing answers at {self.url}. Start it with `reskontro serve`, or name its address with --url or RESKONTRO_URL."
            ) from error
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise CommandError(f"{self.url} is no address of an API ({error}). It looks like http://127.0.0.1:8080.") from error
        except httpx2.TransportError as error:
            raise ApiError(f"The connection to {self.url} failed ({error or type(error).__name__}). Try again.") from error


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of bytes that come in pieces, without their ends."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def refusal(response: httpx2.Response) -> ApiError:
    """The error behind an answer that is none: a problem of the API with all its field errors, or whatever else answered."""
    try:
        problem = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        problem = None
    status = response.status_code
    if not isinstance(problem, dict):
        return ApiError(f"{response.url.host} answered {status} without a problem description. Is this the address of a Reskontro?", status)
    text = problem.get("detail") or problem.get("title") or problem.get("error_description") or problem.get("error") or "refused"
    code = problem.get("code") or problem.get("error") or ""
    lines = [f"The API refused the call: {text} ({status} {code})".rstrip()]
    for entry in problem.get("errors", [])[:10]:
        lines.append(f"  {entry.get('pointer') or entry.get('field')}: {entry.get('message')}")
    return ApiError("\n".join(lines), status)
