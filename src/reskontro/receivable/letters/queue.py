"""A periodic job of the workers: it renders the letters that runs have queued.

Whoever asks for a letter before that gets it rendered on demand (see ``files.writing``). A set is claimed, rendered and stored in one
transaction, so a worker that is killed leaves its letters as they were, and workers side by side never take the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from math import inf
from time import monotonic
from typing import Any, Final
from uuid import UUID

import structlog

from reskontro.batches.periodic import PeriodicJob
from reskontro.db.engine import Transaction, client_transaction, system_transaction
from reskontro.db.objects import ObjectStoreFault
from reskontro.kit.ids import encode_id
from reskontro.receivable.files.queued_letters import claim_letters, clients_with_letters, store_letter
from reskontro.receivable.letters.model import Letter
from reskontro.receivable.letters.rendering import LetterSet, render_letter
from reskontro.settings import Settings

EVERY_SECONDS: Final = 0.25
TURN_SECONDS: Final = 0.25
"""How long letters keep a worker from its batches: a fraction of a client's turn."""
REST_SECONDS: Final = 2.0
"""When nothing was queued, the next look is so much later."""
PAUSE_SECONDS_MIN: Final = 5.0
PAUSE_SECONDS_MAX: Final = 60.0
"""When the store of files does not take a letter, the next look is so much later, each time twice as much as the time before."""
SET_LETTERS: Final = 20
BUSY_LETTERS: Final = 5
"""So many letters of a client are rendered in a turn while batches wait: a run that queues letters is not held up by its own letters."""
_FIRST: Final = UUID(int=0)

log = structlog.get_logger("reskontro.worker")


def render_json(letter: dict[str, Any]) -> bytes:
    """The PDF of a letter as it was queued; raises ValueError when it is not a letter."""
    return render_letter(Letter.from_json(letter))


def render_queued(connection: Transaction, settings: Settings, now: datetime) -> int:
    """Render queued letters for a while, a set of every client in turn; returns how many. What is left is there the next time."""
    with system_transaction(connection) as transaction:
        clients = clients_with_letters(transaction)
        waiting = transaction.execute("select exists (select from batch where status in ('QUEUED', 'PROCESSING'))").fetchone()
    # Another client comes first each time, so that a turn which ends early is not always the same clients'.
    first = int(monotonic() / EVERY_SECONDS) % len(clients) if clients else 0
    places = dict.fromkeys(clients[first:] + clients[:first], _FIRST)
    busy = waiting is not None and waiting[0]
    ends = monotonic() + TURN_SECONDS
    total = 0
    while places:
        for client_no, after in list(places.items()):
            rendered, last = _render_set(connection, client_no, after, BUSY_LETTERS if busy else SET_LETTERS)
            total += rendered
            if last is None or busy:
                del places[client_no]
            else:
                places[client_no] = last
            if monotonic() >= ends:
                return total
    return total


def _render_set(connection: Transaction, client_no: int, after: UUID, most: int) -> tuple[int, UUID | None]:
    """How many letters of a set were rendered, and the last id of the set; None when there was none.

    A letter that cannot be rendered is named in the log of the process and keeps none that comes after it from its content.
    """
    rendered = 0
    with client_transaction(connection, client_no) as transaction:
        claimed = claim_letters(transaction, client_no, after, most)
        for file_id, content in _contents(client_no, claimed):
            store_letter(transaction, client_no, file_id, content)
            rendered += 1
    return rendered, claimed[-1][0] if claimed else None


def _contents(client_no: int, claimed: Sequence[tuple[UUID, dict[str, Any]]]) -> Iterator[tuple[UUID, bytes]]:
    """The PDF of every letter that can be rendered."""
    readable: list[tuple[UUID, Letter]] = []
    for file_id, value in claimed:
        try:
            readable.append((file_id, Letter.from_json(value)))
        except ValueError:
            log.exception("letter not rendered", client=client_no, file=encode_id(file_id))
    letters = LetterSet([letter for _, letter in readable])
    for number, (file_id, _) in enumerate(readable):
        try:
            content = letters.render(number)
        except Exception:
            log.exception("letter not rendered", client=client_no, file=encode_id(file_id))
        else:
            yield file_id, content


class _Rendering:
    """The job of one worker: it works while there are letters, and rests when there are none, or when the store of files does not take them.

    ``seconds`` is a clock that only goes forward.
    """

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._rests_until = -inf
        self._pause = 0.0

    def __call__(self, connection: Transaction, settings: Settings, now: datetime) -> int:
        begins = self._seconds()
        if begins < self._rests_until:
            return 0
        try:
            rendered = render_queued(connection, settings, now)
        except ObjectStoreFault as fault:
            # The worker's batches get as much time as a store that does not answer has taken from them.
            ends = self._seconds()
            self._pause = min(max(2 * self._pause, PAUSE_SECONDS_MIN, ends - begins), PAUSE_SECONDS_MAX)
            self._rests_until = ends + self._pause
            log.warning("letters wait for the store of files", fault=str(fault), seconds=round(self._pause))
            return 0
        if rendered:
            self._pause = 0.0
        else:
            self._rests_until = self._seconds() + REST_SECONDS
        return rendered


def letters_job() -> PeriodicJob:
    """The job for a worker."""
    return PeriodicJob("letters rendered", EVERY_SECONDS, _Rendering())
