"""Writing files from other rooms: one with its content, or a set of letters whose content is rendered later; and reading content back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from reskontro.batches.kinds import ChunkContext, Origin
from reskontro.db.bulk import NULL, Outbox, Stage, copy_json, copy_text
from reskontro.db.engine import Transaction, lock_client
from reskontro.kit.ids import encode_id, new_id
from reskontro.ledger.log import LogEntry, append_log, send_log
from reskontro.receivable.files import store
from reskontro.receivable.files.content import piece_count, piece_of, store_content, stored_object
from reskontro.receivable.files.store import FileRecord
from reskontro.receivable.files.types import CONTENT_TYPES, LETTER, PDF, direction_of

Render = Callable[[dict[str, Any]], bytes]
"""Makes the content of a letter from what it says, as it was frozen."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is to be written; ``content_type`` None stands for the usual one of its type."""

    file_type: str
    file_name: str
    content_type: str | None = None
    document_no: str | None = None
    document_bundle_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class QueuedLetter:
    """A letter whose content is rendered later; ``letter`` is everything it says, as JSON, and never changes."""

    file_id: UUID
    file_name: str
    document_no: str | None
    document_bundle_id: UUID | None
    letter: dict[str, Any]


def write_file(transaction: Transaction, context: ChunkContext, new: NewFile, pieces: Iterable[bytes], origin: Origin | None = None) -> UUID:
    """Store a file that was made, its content first, and note it in the log; returns its id. ``origin`` is needed outside of runs.

    The pieces may be of any size and are asked for one by one. The client's write lock is taken when all of them are stored, unless the caller's
    transaction has it already: making and storing a content may take long, noting it does not. Raises ObjectStoreFault.
    """
    origin = origin or _origin(context)
    file_id = new_id()
    stored = store_content(transaction, context.client_no, file_id, pieces)
    lock_client(transaction, context.client_no)
    content_type = new.content_type or CONTENT_TYPES[new.file_type]
    assert content_type is not None, "whoever writes an attachment says what it is"
    store.insert_file(
        transaction,
        FileRecord(
            context.client_no,
            file_id,
            new.file_type,
            direction_of(new.file_type),
            new.file_name,
            content_type,
            stored.size,
            stored.sha256,
            stored.storage,
            new.document_no,
            new.document_bundle_id,
            origin.batch_uuid,
            None,
            context.now,
            origin.user_id,
        ),
    )
    append_log(transaction, context.client_no, context.now, [LogEntry("FILE-CREATED", "FILE", encode_id(file_id), origin)])
    return file_id


def _origin(context: ChunkContext) -> Origin:
    assert context.run is not None, "files are made by runs"
    return context.run.origin


# ------------------------------------------------------------------------------------------------ letters

_letter_stage: Final = Stage(
    "stage_letter",
    (
        ("file_id", "uuid"),
        ("file_name", "text"),
        ("document_no", "text"),
        ("document_bundle_id", "uuid"),
        ("letter", "jsonb"),
    ),
)
_INSERT_LETTERS: Final = (
    "insert into file (client_no, file_type, direction, content_type, batch_uuid, created_at, created_by,"
    f" {', '.join(_letter_stage.columns)}) select %s, %s, %s, %s, %s, %s, %s, {', '.join(_letter_stage.columns)} from stage_letter"
)


def queue_letters(outbox: Outbox, context: ChunkContext, letters: Sequence[QueuedLetter]) -> None:
    """Add letters that are rendered later, and note them in the log, in two statements for all of them.

    The caller's transaction holds the client's write lock.
    """
    if not letters:
        return
    origin = _origin(context)
    lines = [
        f"{letter.file_id.hex}\t{copy_text(letter.file_name)}\t{NULL if letter.document_no is None else copy_text(letter.document_no)}\t"
        f"{NULL if letter.document_bundle_id is None else letter.document_bundle_id.hex}\t{copy_json(letter.letter)}"
        for letter in letters
    ]
    entries = [LogEntry("FILE-CREATED", "FILE", encode_id(letter.file_id), origin, document_no=letter.document_no) for letter in letters]
    send_log(outbox, context.client_no, context.now, entries)
    values = (context.client_no, LETTER, direction_of(LETTER), PDF, origin.batch_uuid, context.now, origin.user_id)
    outbox.rows(_letter_stage, lines, _INSERT_LETTERS, values)


_renderers: list[Render] = []


def register_renderer(render: Render) -> None:
    """Name the one who renders letters; done once, by the room of letters."""
    _renderers[:] = [render]


def render_letter(transaction: Transaction, client_no: int, file_id: UUID) -> None:
    """Render a letter and store its content, unless that was done; two who render it at a time come to the same."""
    record = store.get_file(transaction, client_no, file_id, with_letter=True)
    if record is None or record.size is not None:
        return
    assert record.letter is not None and _renderers, "a file without content is a letter, and somebody renders those"
    content = _renderers[0](record.letter)
    locked = transaction.execute("select size is null from file where client_no = %s and file_id = %s for update", (client_no, file_id)).fetchone()
    if locked is not None and locked[0]:
        store.set_content(transaction, client_no, file_id, store_content(transaction, client_no, file_id, [content]))


# ------------------------------------------------------------------------------------------------ reading


def read_pieces(transaction: Transaction, client_no: int, file_id: UUID) -> Iterator[bytes]:
    """The content of a file, in pieces that are fetched one by one; a letter is rendered first.

    Raises LookupError for a file that the client does not have, ObjectStoreFault.
    """
    record = store.get_file(transaction, client_no, file_id)
    if record is not None and record.size is None:
        render_letter(transaction, client_no, file_id)
        record = store.get_file(transaction, client_no, file_id)
    if record is None or record.size is None:
        raise LookupError("there is no such file")
    if record.storage == "STORE":
        yield from stored_object(transaction.objects, client_no, file_id, record.size)
        return
    for number in range(piece_count(record.size)):
        yield piece_of(transaction, client_no, file_id, number)
