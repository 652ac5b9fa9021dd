"""The log of a client: what was done, by whom, without gaps, each item bound to the one before by a hash.

The hash of an item is SHA-256 over the previous hash, its record as a JSON array, and the salted digests of the four
values that may have to be erased (customerNo, documentNo, userId, changes). Erasing a value puts its digest in the
value's place and destroys the salt, so that neither the value nor a guess at it can be checked any more, while the
chain still can. The first item follows 32 zero bytes.

Nobody but the erasure changes a row; ``verify_log`` recomputes everything and says where that is not so.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, Literal, Protocol
from uuid import UUID

import msgspec

from reskontro.db.bulk import NULL, Outbox, Stage, copy_text
from reskontro.db.engine import Transaction
from reskontro.kit.json import canonical_json, read_json

EntityType = Literal[
    "CUSTOMER",
    "DOCUMENT",
    "AR-ITEM",
    "TRANSACTION",
    "MATCH",
    "PAYMENT",
    "RESERVATION",
    "BATCH",
    "FILE",
    "CONFIG",
    "CODE",
    "GL-ACCOUNT",
    "POSTING-RULE",
    "PERIOD",
    "CLIENT",
]
SERIES: Final = "log"
HASH_BYTES: Final = 32
SALT_BYTES: Final = 16
ERASABLE: Final = ("customer_no", "document_no", "user_id", "changes")
"""The values that the chain holds as digests, in the order of their salts and digests."""
FINDINGS_MAX: Final = 1_000
"""A damaged log is reported up to so many places."""

GENESIS: Final = bytes(HASH_BYTES)
_ABSENT = bytes(HASH_BYTES)
_NO_SALT = bytes(SALT_BYTES)
_SALTS_BYTES = SALT_BYTES * len(ERASABLE)
_ROWS_AT_ONCE = 2_000


class LogOrigin(Protocol):
    """Who caused what is logged, and through which door."""

    @property
    def actor(self) -> str:
        """Subject of the token, or the part of the system that acts by itself."""
        ...

    @property
    def user_id(self) -> str:
        """The person behind the actor."""
        ...

    @property
    def request_id(self) -> UUID:
        """The request that caused it."""
        ...

    @property
    def source(self) -> str:
        """API, BATCH, RUN or SYSTEM."""
        ...

    @property
    def batch_uuid(self) -> UUID | None:
        """The batch it was part of."""
        ...


class LogEntry(msgspec.Struct):
    """Something that was done. ``entity_id`` is never erased, so it must not be a personal value: a customer is named
    by its account number.

    ``changes`` are objects with field, oldValue and newValue; secret values in them are masked already.
    """

    event: str
    entity_type: EntityType
    entity_id: str
    origin: LogOrigin
    ar_item_id: UUID | None = None
    customer_no: str | None = None
    document_no: str | None = None
    changes: list[dict[str, Any]] | None = None


_encode_record = msgspec.json.Encoder(uuid_format="canonical").encode

_stage = Stage(
    "log_stage",
    (
        ("client_no", "integer"),
        ("sequence_no", "bigint"),
        ("event", "text"),
        ("entity_type", "text"),
        ("entity_id", "text"),
        ("source", "text"),
        ("actor", "text"),
        ("request_id", "uuid"),
        ("batch_uuid", "uuid"),
        ("ar_item_id", "uuid"),
        ("customer_no", "text"),
        ("document_no", "text"),
        ("user_id", "text"),
        ("changes", "jsonb"),
        ("salts", "bytea"),
        ("hash", "bytea"),
    ),
)
_INSERT = (
    "insert into log_item (log_year, occurred_at, {columns})"
    " select %s, %s, {columns} from log_stage where client_no = %s and sequence_no >= %s order by sequence_no"
).format(columns=", ".join(_stage.columns))


def append_log(transaction: Transaction, client_no: int, now: datetime, entries: Sequence[LogEntry]) -> int:
    """Add items to a client's log in their order, all at the moment ``now``; returns the sequence number of the first.

    The caller holds the client's write lock, so numbers and hashes follow each other without a gap.
    """
    with Outbox(transaction) as outbox:
        return send_log(outbox, client_no, now, entries)


def send_log(outbox: Outbox, client_no: int, now: datetime, entries: Sequence[LogEntry]) -> int:
    """The same, by way of an outbox."""
    if not entries:
        raise ValueError("there is nothing to log")
    last_no, previous = _head(outbox.transaction, client_no)
    moment = now.astimezone(UTC)
    lines, last_hash = _lines(client_no, moment.year, _instant(moment), last_no + 1, previous, entries)
    outbox.rows(_stage, lines, _INSERT, (moment.year, moment, client_no, last_no + 1))
    outbox.execute(
        "insert into number_series (client_no, series, series_year, last_no, last_hash) values (%s, %s, 0, %s, %s)"
        " on conflict (client_no, series, series_year)"
        " do update set last_no = excluded.last_no, last_hash = excluded.last_hash",
        (client_no, SERIES, last_no + len(entries), last_hash),
    )
    return last_no + 1


def _head(transaction: Transaction, client_no: int) -> tuple[int, bytes]:
    """Number and hash of the last item."""
    row = transaction.execute(
        "select last_no, last_hash from number_series where client_no = %s and series = %s and series_year = 0",
        (client_no, SERIES),
        binary=True,
    ).fetchone()
    return (row[0], bytes(row[1])) if row else (0, GENESIS)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _lines(client_no: int, year: int, instant: str, first_no: int, previous: bytes, entries: Sequence[LogEntry]) -> tuple[list[str], bytes]:
    """The stage lines of entries and the hash of the last one.

    Runs for every item of every batch: no calls that can be spared, and what depends on the origin is made once for all
    its entries.
    """
    lines: list[str] = []
    salts = os.urandom(_SALTS_BYTES * len(entries))
    position = 0
    origin: LogOrigin | None = None
    for number, entry in enumerate(entries, start=first_no):
        if entry.origin is not origin:
            origin = entry.origin
            source, actor, request_id, batch_uuid, user = (
                origin.source,
                origin.actor,
                origin.request_id,
                origin.batch_uuid,
                origin.user_id,
            )
            cause = f"{source}\t{copy_text(actor)}\t{request_id.hex}\t{NULL if batch_uuid is None else batch_uuid.hex}"
            user_text, user_bytes = copy_text(user), user.encode()
        event, entity_type, entity_id, ar_item_id = entry.event, entry.entity_type, entry.entity_id, entry.ar_item_id
        record = (
            client_no,
            year,
            number,
            instant,
            event,
            entity_type,
            entity_id,
            source,
            actor,
            request_id,
            batch_uuid,
            ar_item_id,
        )
        own = salts[position : position + _SALTS_BYTES]
        position += _SALTS_BYTES
        customer_no, document_no = entry.customer_no, entry.document_no
        customer_text = document_text = changes_text = NULL
        customer_digest = document_digest = changes_digest = _ABSENT
        if customer_no is not None:
            customer_text = copy_text(customer_no)
            customer_digest = sha256(own[:16] + customer_no.encode()).digest()
        if document_no is not None:
            document_text = copy_text(document_no)
            document_digest = sha256(own[16:32] + document_no.encode()).digest()
        if entry.changes:
            changes = canonical_json(entry.changes)
            changes_text = copy_text(changes.decode())
            changes_digest = sha256(own[48:] + changes).digest()
        user_digest = sha256(own[32:48] + user_bytes).digest()
        previous = sha256(previous + _encode_record(record) + customer_digest + document_digest + user_digest + changes_digest).digest()
        item_text = NULL if ar_item_id is None else ar_item_id.hex
        lines.append(
            f"{client_no}\t{number}\t{event}\t{entity_type}\t{copy_text(entity_id)}\t{cause}\t{item_text}\t{customer_text}"
            f"\t{document_text}\t{user_text}\t{changes_text}\t\\\\x{own.hex()}\t\\\\x{previous.hex()}"
        )
    return lines, previous


# ------------------------------------------------------------------------------------------------------ reading it back

_RECORD_COLUMNS = (
    "log_year, sequence_no, occurred_at, event, entity_type, entity_id, source, actor, request_id, batch_uuid,"
    " ar_item_id, customer_no, document_no, user_id, changes::text, salts, digests, hash"
)


def _value_bytes(place: int, value: str) -> bytes:
    """What is digested: the value itself, of the changes their canonical JSON (the database keeps them in an order of
    its own).
    """
    return canonical_json(read_json(value.encode())) if ERASABLE[place] == "changes" else value.encode()


def _digest(place: int, value: str | None, salts: bytes, digests: bytes | None) -> bytes:
    if value is not None:
        salt = salts[place * SALT_BYTES : (place + 1) * SALT_BYTES]
        return sha256(salt + _value_bytes(place, value)).digest()
    return digests[place * HASH_BYTES : (place + 1) * HASH_BYTES] if digests is not None else _ABSENT


def _recomputed(client_no: int, previous: bytes, row: Sequence[Any]) -> bytes:
    """The hash that a stored item must have when it follows ``previous``."""
    year, number, occurred_at, *record = row[:11]
    salts, digests = bytes(row[15]), None if row[16] is None else bytes(row[16])
    parts = [previous, _encode_record((client_no, year, number, _instant(occurred_at), *record))]
    parts += (_digest(place, value, salts, digests) for place, value in enumerate(row[11:15]))
    return sha256(b"".join(parts)).digest()


def log_years(transaction: Transaction, client_no: int) -> list[int]:
    """The years in which a client has log items, oldest first; each is found by one look into the index."""
    years: list[int] = []
    while True:
        row = transaction.execute(
            "select min(log_year) from log_item where client_no = %s and log_year > %s",
            (client_no, years[-1] if years else -1),
        ).fetchone()
        if row is None or row[0] is None:
            return years
        years.append(row[0])


def _stream(transaction: Transaction, client_no: int, year: int) -> Iterator[Sequence[Any]]:
    with transaction.cursor(f"log_{year}", scrollable=False) as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        statement = f"select {_RECORD_COLUMNS} from log_item where client_no = %s and log_year = %s order by sequence_no"
        yield from cursor.execute(statement.encode(), (client_no, year), binary=True)


def verify_log(transaction: Transaction, client_no: int) -> list[str]:
    """What is wrong with a client's log, in words; empty when it is whole. Reads it as a stream, so memory does not
    grow with it.

    Found are missing items, changed ones, items moved or inserted, and items cut off at the end. Erased values are in
    order.
    """
    findings: list[str] = []
    last_no, last_hash = _head(transaction, client_no)
    number, previous = 0, GENESIS
    # Years are merged by number: a clock set back over New Year's Eve leaves neighbours in two partitions.
    streams = [_stream(transaction, client_no, year) for year in log_years(transaction, client_no)]
    for row in heapq.merge(*streams, key=lambda row: row[1]):
        if len(findings) >= FINDINGS_MAX:
            findings.append("there are more findings than are shown")
            return findings
        sequence_no, stored = row[1], bytes(row[17])
        if sequence_no != number + 1:
            findings.append(
                f"log items {number + 1} to {sequence_no - 1} are missing" if sequence_no > number else f"log item {sequence_no} is there twice"
            )
        elif _recomputed(client_no, previous, row) != stored:
            findings.append(f"log item {sequence_no} was changed, or the one before it was replaced")
        number, previous = sequence_no, stored
    if number < last_no:
        findings.append(f"log items {number + 1} to {last_no} are missing at the end")
    elif number > last_no:
        findings.append(f"log items {last_no + 1} to {number} were added past the end of the series")
    elif previous != last_hash:
        findings.append(f"the hash of log item {number} is not the last one that was given")
    return findings


# -------------------------------------------------------------------------------------------------------------- erasure


def erase_log_values(transaction: Transaction, client_no: int, customer_no: str) -> int:
    """Erase the personal values of a customer without documents and AR items from the log: its number and what was
    changed about it.

    The acting users stay. Returns how many items were touched. The caller holds the client's write lock.
    """
    rows = transaction.execute(
        "select log_year, sequence_no, customer_no, document_no, user_id, changes::text, salts, digests from log_item"
        " where client_no = %s and customer_no = %s and document_no is null and ar_item_id is null"
        " order by sequence_no",
        (client_no, customer_no),
        binary=True,
    ).fetchall()
    erased = [_erased(row) for row in rows]
    transaction.execute(
        "update log_item l set customer_no = null, changes = null, salts = e.salts, digests = e.digests"
        " from unnest(%s::int[], %s::bigint[], %s::bytea[], %s::bytea[]) as e (log_year, sequence_no, salts, digests)"
        " where l.client_no = %s and l.log_year = e.log_year and l.sequence_no = e.sequence_no",
        (
            [row[0] for row in rows],
            [row[1] for row in rows],
            [salts for salts, _ in erased],
            [digests for _, digests in erased],
            client_no,
        ),
    )
    return len(rows)


def _erased(row: Sequence[Any]) -> tuple[bytes, bytes]:
    """Salts and digests of an item after its customer's values are gone."""
    salts, digests = bytes(row[6]), None if row[7] is None else bytes(row[7])
    new_salts, new_digests = [], []
    for place, value in enumerate(row[2:6]):
        keeps = ERASABLE[place] == "user_id"
        new_salts.append(salts[place * SALT_BYTES : (place + 1) * SALT_BYTES] if keeps else _NO_SALT)
        new_digests.append(_ABSENT if keeps else _digest(place, value, salts, digests))
    return b"".join(new_salts), b"".join(new_digests)
