"""Idempotency: the answer of a successful write is kept with its effect, and a repetition gets the same bytes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from reskontro.db.bulk import text_array
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
    return try_locks(transaction, [claim])[0]


def try_locks(transaction: Transaction, claims: Sequence[Claim]) -> list[bool]:
    """The same for several different keys."""
    rows = transaction.execute(
        "select pg_try_advisory_xact_lock(lock) from unnest(%s::bigint[]) with ordinality as claim (lock, place) order by place",
        ([claim.lock for claim in claims],),
    )
    return [row[0] for row in rows]


def stored_reply(transaction: Transaction, claim: Claim) -> Reply | None:
    """The kept answer; raises Problem IDEMPOTENCY-KEY-REUSED when it was given to another body."""
    (found,) = stored_replies(transaction, [claim])
    if isinstance(found, Problem):
        raise found
    return found


def stored_replies(transaction: Transaction, claims: Sequence[Claim]) -> list[Reply | Problem | None]:
    """The kept answers of several different claims of one client, or the Problem of a key that was used with another body."""
    found: list[Reply | Problem | None] = [None] * len(claims)
    rows = transaction.execute(
        "select place, body_hash, status, headers, body"
        " from unnest(%s::text[], %s::text[], %s::text[]) with ordinality as claim (method, path, key, place)"
        " join idempotency_key i on i.client_no = %s and i.method = claim.method and i.path = claim.path and i.idempotency_key = claim.key",
        (*(text_array(values) for values in zip(*((c.method, c.path, c.key) for c in claims), strict=True)), claims[0].client_no),
        binary=True,
    )
    for place, body_hash, status, headers, body in rows:
        if bytes(body_hash) != claims[place - 1].body_hash:
            found[place - 1] = Problem("IDEMPOTENCY-KEY-REUSED", "the Idempotency-Key was used with another body")
            continue
        media = headers.pop("Content-Type")
        found[place - 1] = Reply(status, bytes(body), {**headers, "Idempotency-Replayed": "true"}, media)
    return found


def keep_reply(transaction: Transaction, claim: Claim, reply: Reply, language: str, now: Any) -> None:
    """Store the answer with the effect; refused calls are not kept, they had none."""
    keep_replies(transaction, [(claim, reply, language)], now)


def keep_replies(transaction: Transaction, answered: Sequence[tuple[Claim, Reply, str]], now: Any) -> None:
    """The same for several different claims of one client, each with its answer and its language."""
    kept = [(claim, reply, language) for claim, reply, language in answered if 200 <= reply.status < 300]
    if not kept:
        return
    headers = []
    for _, reply, language in kept:
        reply.body = reply.payload()
        stored = {name: value for name, value in reply.headers.items() if name in _KEPT_HEADERS}
        headers.append(Jsonb(stored | {"Content-Type": reply.media, "Content-Language": language}))
    transaction.execute(
        "insert into idempotency_key (client_no, method, path, idempotency_key, body_hash, status, headers, body, created_at)"
        " select %s, kept.*, %s from unnest(%s::text[], %s::text[], %s::text[], %s::bytea[], %s::int[], %s::jsonb[], %s::bytea[]) as kept",
        (
            kept[0][0].client_no,
            now,
            *(text_array(values) for values in zip(*((claim.method, claim.path, claim.key) for claim, _, _ in kept), strict=True)),
            [claim.body_hash for claim, _, _ in kept],
            [reply.status for _, reply, _ in kept],
            headers,
            [reply.body for _, reply, _ in kept],
        ),
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
