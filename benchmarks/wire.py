"""A lean HTTP client: requests are ready bytes, answers are read by their length, so that the client costs little of the two cores."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def request(method: str, path: str, token: str, body: bytes = b"", media: str = "application/json") -> bytes:
    """A request as bytes."""
    fixed = f"Host: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: {media}"
    head = f"{method} {path} HTTP/1.1\r\n{fixed}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Connection:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, data: bytes) -> Answer:
        """Send a request and read its answer."""
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 24)
        self._writer.write(data)
        await self._writer.drain()
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        lower = head.lower()
        start = lower.find(b"content-length:")
        if start >= 0:
            length = int(lower[start + 15 : lower.index(b"\r\n", start)])
            return Answer(status, await self._reader.readexactly(length) if length else b"")
        body = b""
        while True:
            size = int((await self._reader.readuntil(b"\r\n")).strip(), 16)
            body += await self._reader.readexactly(size + 2)
            if not size:
                return Answer(status, body)
            body = body[:-2]

    def close(self) -> None:
        """End the connection."""
        if self._writer is not None:
            self._writer.close()


@dataclass
class Load:
    """What a load came to: seconds altogether, and of each answer."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of the answers took at most."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def run_load(port: int, requests: Iterable[bytes], connections: int, *, expect: Callable[[int], bool]) -> Load:
    """Send requests over so many connections, each taking the next when it has its answer."""

    async def run() -> Load:
        load = Load()
        queue = iter(requests)

        async def work() -> None:
            connection = Connection(port)
            for data in queue:
                started = time.perf_counter()
                answer = await connection.send(data)
                load.latencies.append(time.perf_counter() - started)
                load.answers.append(answer)
                if not expect(answer.status):
                    raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")
            connection.close()

        started = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(connections)))
        load.seconds = time.perf_counter() - started
        return load

    return asyncio.run(run())
