"""Group commit: single writes of a client that wait while a set is being committed form the next set.

So many writers into one customer, one account or one number series never queue on a row, and a single write runs through the same chunk
function as a batch. Everybody is answered after the commit of his set.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from reskontro.batches.kinds import BatchKind, ChunkContext, Item, ItemResult, Origin
from reskontro.db.engine import Transaction, lock_client
from reskontro.kit.errors import Problem
from reskontro.ledger.books import open_books
from reskontro.web.calls import Call, Services
from reskontro.web.idempotency import Claim, claim_of, in_progress, keep_replies, stored_replies, try_locks
from reskontro.web.replies import Reply

log = structlog.get_logger("reskontro.collector")

_POLL_SECONDS = 0.05
GATHER_SECONDS = 0.003
"""How long a set waits for more writers when there were several before; a writer who is alone never waits."""


class _TryAgain(Exception):
    """Another call with the same key is running."""


@dataclass(slots=True)
class _Write:
    call: Call
    kind: BatchKind
    value: dict[str, Any]
    answer: Callable[[ItemResult], Reply]
    claim: Claim | None
    future: asyncio.Future[Reply]


class Collector:
    """The sets of single writes of one process, by client."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting: dict[int, deque[_Write]] = {}
        self._flushing: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, call: Call, kind: BatchKind, value: dict[str, Any], answer: Callable[[ItemResult], Reply]) -> Reply:
        """Write one object with the next set and return its answer after the commit.

        ``answer`` turns the result into the reply, which is kept under the Idempotency-Key; a Problem it raises is raised here.
        """
        claim = claim_of(call, hashlib.sha256(call.body).digest())
        deadline = time.monotonic() + self._services.settings.idempotency_wait_seconds
        while True:
            write = _Write(call, kind, value, answer, claim, asyncio.get_running_loop().create_future())
            self._waiting.setdefault(call.client_no, deque()).append(write)
            if call.client_no not in self._flushing:
                self._flushing.add(call.client_no)
                task = asyncio.get_running_loop().create_task(self._flush(call.client_no))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            try:
                return await write.future
            except _TryAgain:
                if time.monotonic() > deadline:
                    raise in_progress() from None
                await asyncio.sleep(_POLL_SECONDS)

    async def _flush(self, client_no: int) -> None:
        """Commit set after set until nobody waits."""
        loop = asyncio.get_running_loop()
        queue = self._waiting[client_no]
        try:
            while queue:
                size = min(len(queue), self._services.settings.group_items_max)
                writes = [queue.popleft() for _ in range(size)]
                outcomes = await loop.run_in_executor(self._services.threads, self._commit, client_no, writes)
                for write, outcome in zip(writes, outcomes, strict=True):
                    if write.future.done():
                        continue
                    if isinstance(outcome, BaseException):
                        write.future.set_exception(outcome)
                    else:
                        write.future.set_result(outcome)
                if len(writes) > 1:
                    # Those who were just answered are about to write again: with them the next set is twice as large for the same price.
                    await asyncio.sleep(GATHER_SECONDS)
        finally:
            self._flushing.discard(client_no)

    def _commit(self, client_no: int, writes: Sequence[_Write]) -> list[Reply | BaseException]:
        """Commit a set; one that fails as a whole is halved until the failing write stands alone."""
        try:
            with self._services.database.transaction(client_no) as transaction:
                return self._apply(transaction, client_no, writes)
        except Problem as problem:
            return [problem] * len(writes)
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            return [error] * len(writes)
        except Exception as error:
            if len(writes) == 1:
                return [error]
            log.warning("set of single writes failed and is halved", client_no=client_no, writes=len(writes), error=repr(error)[:200])
            half = len(writes) // 2
            return self._commit(client_no, writes[:half]) + self._commit(client_no, writes[half:])

    def _apply(self, transaction: Transaction, client_no: int, writes: Sequence[_Write]) -> list[Reply | BaseException]:
        outcomes: list[Reply | BaseException | None] = [None] * len(writes)
        lock_client(transaction, client_no)
        self._look_up_claims(transaction, writes, outcomes)
        left = [place for place, outcome in enumerate(outcomes) if outcome is None]
        try:
            now = self._services.clock.now()
            books = open_books(transaction, client_no, now)
            books.require_active()
        except Problem as problem:
            # A repetition gets its kept answer whatever has become of the client since.
            outcomes = [problem if outcome is None else outcome for outcome in outcomes]
            left = []
        if left:
            context = ChunkContext(client_no, books, now, books.today(now))
            kept: list[tuple[Claim, Reply, str]] = []
            for kind, group in itertools.groupby(left, key=lambda place: writes[place].kind):
                places = list(group)
                items = [Item(0, writes[place].value, _origin(writes[place].call)) for place in places]
                for place, result in zip(places, kind.process(transaction, context, items), strict=True):
                    write, outcome = writes[place], self._answer(writes[place], result)
                    outcomes[place] = outcome
                    if write.claim is not None and isinstance(outcome, Reply):
                        kept.append((write.claim, outcome, write.call.language))
            keep_replies(transaction, kept, now)
        return [outcome for outcome in outcomes if outcome is not None]

    @staticmethod
    def _look_up_claims(transaction: Transaction, writes: Sequence[_Write], outcomes: list[Reply | BaseException | None]) -> None:
        """Take the keys of the writes, and put the answers that are kept already in their places."""
        claims: dict[tuple[str, str, str], tuple[int, Claim]] = {}
        for place, write in enumerate(writes):
            if write.claim is not None:
                name = (write.claim.method, write.claim.path, write.claim.key)
                if claims.setdefault(name, (place, write.claim))[0] != place:
                    outcomes[place] = _TryAgain()
        if not claims:
            return
        taken = try_locks(transaction, [claim for _, claim in claims.values()])
        mine = []
        for (place, claim), is_taken in zip(claims.values(), taken, strict=True):
            if is_taken:
                mine.append((place, claim))
            else:
                outcomes[place] = _TryAgain()
        if mine:
            for (place, _), found in zip(mine, stored_replies(transaction, [claim for _, claim in mine]), strict=True):
                outcomes[place] = found

    @staticmethod
    def _answer(write: _Write, result: ItemResult) -> Reply | BaseException:
        try:
            return write.answer(result)
        except Problem as problem:
            return problem


def _origin(call: Call) -> Origin:
    return Origin(call.subject, call.user_id, call.request_id, "API")


async def submit(call: Call, kind: BatchKind, value: dict[str, Any], answer: Callable[[ItemResult], Reply]) -> Reply:
    """Write one object through the collector of the process."""
    return await call.services.part(Collector).submit(call, kind, value, answer)
