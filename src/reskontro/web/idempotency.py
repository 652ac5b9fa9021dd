"""Idempotency: the answer of a successful write is kept with its effect, and a repetition gets the same bytes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from reskontro.db.engine import Transaction
from reskontro.kit.errors import Problem
from reskontro.web.calls import Call
from reskontro.web.replies import Reply

_POLL_SECONDS = 0.05
_KEPT_HEADERS = ("Location", "Content-Language", "Retry-After")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a key belongs to, and the hash of the body it was sent with. ``client_no`` is 0 for calls without a client."""

    client_no: int
    method: str
    path: str
    key: str
    body_hash: bytes

    @property
    def lock(self) -> int:
        """Number of the advisory lock that stands for the key while its first call runs."""
        text = f"{self.client_no}\x00{self.method}\x00{self.path}\x00{self.key}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


def claim_of(call: Call, body_hash: bytes | None = None) -> Claim | None:
    """The claim of a call, None when it has no Idempotency-Key."""
    key = call.idempotency_key
    if key is None:
        return None
    client_no = 0 if call.operation.any_client else call.client_no
    digest = body_hash if body_hash is not None else hashlib.sha256(call.body).digest()
    return Claim(client_no, call.operation.method, call.request.url.path, key, digest)


def try_lock(transaction: Transaction, claim: Claim) -> bool:
    """Take the key for this transaction; False while another call with it runs."""
    row = transaction.execute("select pg_try_advisory_xact_lock(%s)", (claim.lock,)).fetchone()
    return bool(row and row[0])


def stored_reply(transaction: Transaction, claim: Claim) -> Reply | None:
    """The kept answer; raises Problem IDEMPOTENCY-KEY-REUSED when it was given to another body."""
    row = transaction.execute(
        "select body_hash, status, headers, body from idempotency_key where client_no = %s and method = %s and path = %s and idempotency_key = %s",
        (claim.client_no, claim.method, claim.path, claim.key),
        binary=True,
    ).fetchone()
    if row is None:
        return None
    body_hash, status, headers, body = row
    if bytes(body_hash) != claim.body_hash:
        raise Problem("IDEMPOTENCY-KEY-REUSED", "the Idempotency-Key was used with another body")
    media = headers.pop("Content-Type")
    return Reply(status, bytes(body), {**headers, "Idempotency-Replayed": "true"}, media)


def keep_reply(transaction: Transaction, claim: Claim, reply: Reply, language: str, now: Any) -> None:
    """Store the answer with the effect; refused calls are not kept, they had none."""
    if not 200 <= reply.status < 300:
        return
    reply.body = reply.payload()
    headers = {name: value for name, value in reply.headers.items() if name in _KEPT_HEADERS}
    headers |= {"Content-Type": reply.media, "Content-Language": language}
    transaction.execute(
        "insert into idempotency_key (client_no, method, path, idempotency_key, body_hash, status, headers, body, created_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (claim.client_no, claim.method, claim.path, claim.key, claim.body_hash, reply.status, Jsonb(headers), reply.body, now),
    )


def in_progress() -> Problem:
    """409 for a call whose first one has not ended within the wait."""
    return Problem("IDEMPOTENCY-IN-PROGRESS", "the first call with this key is still running", headers={"Retry-After": "1"})


def run_once(call: Call, work: Callable[[Transaction], Reply]) -> Reply:
    """Run a write in one transaction of the call's client, at most once for its Idempotency-Key.

    While the first call with the key runs, a repetition waits; when the first fails, one that waits goes on as the first.
    """
    services = call.services
    claim = claim_of(call)
    client_no = 0 if call.operation.any_client else call.client_no
    deadline = time.monotonic() + services.settings.idempotency_wait_seconds
    while True:
        with services.database.transaction(client_no) as transaction:
            if claim is None:
                return work(transaction)
            if try_lock(transaction, claim):
                kept = stored_reply(transaction, claim)
                if kept is not None:
                    return kept
                reply = work(transaction)
                keep_reply(transaction, claim, reply, call.language, services.clock.now())
                return reply
        if time.monotonic() > deadline:
            raise in_progress()
        time.sleep(_POLL_SECONDS)
