"""The HTTP surface: an ASGI application that puts every call through the same checks in the same order.

Order (each step answers before the next is looked at): path 404, method 405, token 401, client number 400, client and scope 403, rate 429,
Accept 406, Content-Type 415, size 413, parameters and headers 400; then the endpoint: idempotency, 404, 409, 422.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg_pool import PoolTimeout
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from reskontro.db.engine import Transaction
from reskontro.db.quick import QuickReads
from reskontro.kit.errors import Problem
from reskontro.kit.ids import encode_id, new_id
from reskontro.kit.messages import Language
from reskontro.web.calls import Call, Services
from reskontro.web.operations import FORM, JSON, NDJSON, Operation, Router
from reskontro.web.parameters import accepted_language, accepted_media, read_parameters
from reskontro.web.replies import Reply, problem_reply
from reskontro.web.tracing import request_span

log = structlog.get_logger("reskontro.web")

RETRY_AFTER_SECONDS = "2"
GATES_KEPT_MAX = 10_000
_NOT_COVERED = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
_PUBLIC_HEADERS = {"x-content-type-options": "nosniff"}


class AnswerCutOff(Exception):
    """The database was lost in the middle of an answer: the connection is closed, so that the caller sees that something is missing."""


class Surface:
    """The operations as one ASGI application."""

    def __init__(self, services: Services, operations: Sequence[Operation]) -> None:
        self.services = services
        self.operations = tuple(operations)
        self._router = Router(operations)
        self._gates: dict[int, asyncio.Semaphore] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        started = time.perf_counter()
        request_id = new_id()
        language = accepted_language(request.headers.get("accept-language"))
        operation, path, allowed = self._router.find(scope["method"], scope["path"])
        name = operation.id if operation else "unknown"
        rate_headers: dict[str, str] = {}
        chunks: AsyncIterator[bytes] | None = None
        with request_span(name, scope["method"], request_id):
            try:
                if operation is None:
                    raise _no_operation(allowed)
                call = Call(self.services, operation, request, request_id, language, path)
                reply = await self._answer(call, rate_headers)
                if reply.chunks is not None:
                    chunks = await _begun(reply.chunks)
            except Problem as problem:
                reply = problem_reply(problem, request_id, language)
            except ClientDisconnect:
                return
            except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
                log.warning("database unavailable", operation=name, request_id=encode_id(request_id), error=type(error).__name__)
                unavailable = Problem("UNAVAILABLE", headers={"Retry-After": RETRY_AFTER_SECONDS})
                reply = problem_reply(unavailable, request_id, language)
            except Exception:
                log.exception("unexpected error", operation=name, request_id=encode_id(request_id))
                reply = problem_reply(Problem("INTERNAL-ERROR"), request_id, language)
        try:
            await _send(reply, chunks, _headers(reply, request_id, language, operation, rate_headers), send)
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            log.warning("answer cut off", operation=name, request_id=encode_id(request_id), error=type(error).__name__)
            raise AnswerCutOff from error
        self.services.metrics.request(name, scope["method"], reply.status, time.perf_counter() - started)

    async def _answer(self, call: Call, rate_headers: dict[str, str]) -> Reply:
        operation = call.operation
        if operation.scope is not None:
            await self._admit(call, rate_headers)
        _negotiate(call)
        body = operation.body
        if body is not None and not body.streamed:
            call.body = await read_body(call.request, getattr(self.services.settings, body.limit), self.services.settings.body_idle_seconds)
        elif body is not None:
            settings = self.services.settings
            check_length(call.request, settings.stream_bytes_max if content_media(call.request) == NDJSON else settings.batch_bytes_max)
        call.parameters = read_parameters(call.request.scope["query_string"], operation.parameters)
        _ = call.idempotency_key
        endpoint: Any = operation.endpoint
        if asyncio.iscoroutinefunction(endpoint):
            return await endpoint(call)  # type: ignore[no-any-return]
        if operation.quick:
            found = await self._read_quickly(call, endpoint)
            if found is not None:
                return found
        loop = asyncio.get_running_loop()
        if not (operation.is_write or operation.locks) or operation.scope is None:
            return await loop.run_in_executor(self.services.threads, endpoint, call)
        # Writers of one client wait for one another anyway; here they do it without keeping threads and connections from others.
        async with self._gate(call.client_no):
            return await loop.run_in_executor(self.services.threads, endpoint, call)

    async def _read_quickly(self, call: Call, endpoint: Any) -> Reply | None:
        def run(answers: Transaction) -> Reply:
            call.answers = answers
            return endpoint(call)  # type: ignore[no-any-return]

        try:
            return await self.services.part(QuickReads).read(call.client_no, run)
        finally:
            call.answers = None

    def _gate(self, client_no: int) -> asyncio.Semaphore:
        gate = self._gates.get(client_no)
        if gate is None:
            if len(self._gates) > GATES_KEPT_MAX:
                self._gates = {key: kept for key, kept in self._gates.items() if kept.locked()}
            gate = self._gates[client_no] = asyncio.Semaphore(self.services.settings.writes_per_client_max)
        return gate

    async def _admit(self, call: Call, rate_headers: dict[str, str]) -> None:
        services = self.services
        given = call.request.headers.getlist("authorization")
        # Of two headers a proxy may have checked the other one.
        authorization = given[0] if len(given) == 1 else ", ".join(given) or None
        principal = services.authenticator.authenticate_cached(authorization)
        if principal is None:
            loop = asyncio.get_running_loop()
            principal = await loop.run_in_executor(services.threads, services.authenticator.authenticate, authorization)
        call.principal = principal
        if not call.operation.any_client:
            text = call.path["clientno"]
            if not (text.isascii() and text.isdigit()):
                raise Problem("INVALID-PARAMETER", "clientno must be an integer")
            call.client_no = int(text) if len(text) <= 9 else 0
            if not principal.may_use_client(int(text[:40])):
                raise Problem("CLIENT-FORBIDDEN", headers=_NOT_COVERED)
        elif call.operation.all_clients and principal.client_nos is not None:
            raise Problem("CLIENT-FORBIDDEN", "only a token for all clients may do this", headers=_NOT_COVERED)
        scope = call.operation.scope
        assert scope is not None
        call.require_scope(scope)
        rate_headers.update(services.rates.take_request(principal.subject if call.operation.any_client else call.client_no))
        body = call.operation.body
        if body is not None and body.many and body.streamed:
            services.rates.check_items(call.client_no)


def _no_operation(allowed: Sequence[str]) -> Problem:
    if allowed:
        return Problem("METHOD-NOT-ALLOWED", headers={"Allow": ", ".join(allowed)})
    return Problem("NOT-FOUND", "there is nothing at this address")


def _negotiate(call: Call) -> None:
    """Accept, Content-Type and Content-Encoding."""
    operation = call.operation
    offered = next(((*answer.media, *answer.also) for answer in operation.answers.values()), (JSON,))
    call.media = accepted_media(call.request.headers.get("accept"), offered)
    body = operation.body
    if body is None or operation.scope is None:
        # The token endpoint answers a wrong form by the rules of RFC 6749.
        return
    encoding = call.request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Problem("UNSUPPORTED-MEDIA-TYPE", "compressed bodies are not accepted")
    content_type = call.request.headers.get("content-type")
    if content_type is None:
        return
    media, *options = (part.strip().lower() for part in content_type.split(";"))
    if media not in body.media:
        raise Problem("UNSUPPORTED-MEDIA-TYPE", f"the body must be {' or '.join(body.media)}")
    for option in options:
        if option.startswith("charset=") and option[8:].strip('"') not in ("utf-8", "utf8"):
            raise Problem("UNSUPPORTED-MEDIA-TYPE", "the only charset is UTF-8")


def content_media(request: Request) -> str:
    """The media type of the body without its options; JSON when none is named."""
    return request.headers.get("content-type", JSON).split(";")[0].strip().lower()


def check_length(request: Request, bytes_max: int) -> None:
    """Raise Problem PAYLOAD-TOO-LARGE when more than the limit is announced."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length[:18]) > bytes_max:
        raise Problem("PAYLOAD-TOO-LARGE", f"the body may have at most {bytes_max} bytes")


async def in_time(request: Request, idle_seconds: float) -> AsyncIterator[bytes]:
    """The chunks of a body; a sender who says nothing for so long is given up."""
    stream = request.stream()
    while True:
        try:
            yield await asyncio.wait_for(anext(stream), idle_seconds)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ClientDisconnect from None


async def read_body(request: Request, bytes_max: int, idle_seconds: float) -> bytes:
    """The whole body; raises Problem PAYLOAD-TOO-LARGE as soon as more than the limit is announced or has come."""
    check_length(request, bytes_max)
    chunks: list[bytes] = []
    size = 0
    async for chunk in in_time(request, idle_seconds):
        size += len(chunk)
        if size > bytes_max:
            raise Problem("PAYLOAD-TOO-LARGE", f"the body may have at most {bytes_max} bytes")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _headers(reply: Reply, request_id: UUID, language: Language, operation: Operation | None, rate_headers: dict[str, str]) -> dict[str, str]:
    headers = {
        "content-type": reply.media,
        "x-request-id": encode_id(request_id),
        "content-language": language,
        **_PUBLIC_HEADERS,
        **{name.lower(): value for name, value in rate_headers.items()},
    }
    if operation is None or operation.scope is not None:
        headers["cache-control"] = "no-store"
    return headers | {name.lower(): value for name, value in reply.headers.items()}


async def _send(reply: Reply, chunks: AsyncIterator[bytes] | None, headers: dict[str, str], send: Send) -> None:
    if chunks is None:
        payload = reply.payload()
        headers["content-length"] = str(len(payload))
        await send({"type": "http.response.start", "status": reply.status, "headers": _encoded(headers)})
        await send({"type": "http.response.body", "body": payload})
        return
    await send({"type": "http.response.start", "status": reply.status, "headers": _encoded(headers)})
    async for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]


async def _begun(chunks: Iterator[bytes] | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks of a body, the first of which is there already: what fails at once is still answered with a problem."""
    body = _asynchronous(chunks)
    first = await anext(body, b"")

    async def following() -> AsyncIterator[bytes]:
        yield first
        async for chunk in body:
            yield chunk

    return following()


async def _asynchronous(chunks: Iterator[bytes] | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks of a body; those of a plain iterator are fetched in a thread, since they may wait for the database."""
    if isinstance(chunks, AsyncIterator):
        async for chunk in chunks:
            yield chunk
        return
    loop = asyncio.get_running_loop()
    while True:
        following = await loop.run_in_executor(None, next, chunks, None)
        if following is None:
            return
        yield following


__all__ = ["FORM", "JSON", "NDJSON", "AnswerCutOff", "Surface", "content_media", "read_body"]
