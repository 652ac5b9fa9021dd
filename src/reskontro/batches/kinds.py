"""Batch kinds: what the engine knows of the items it carries.

They are registered in one place (``reskontro.rooms``); nothing else here knows customers or documents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from reskontro.batches.periodic import PeriodicJob
from reskontro.db.engine import Transaction
from reskontro.kit.messages import Message
from reskontro.ledger.books import Books

ResultCode = Literal["CREATED", "UPDATED", "UNCHANGED", "FAILED", "CANCELLED"]
SourceCode = Literal["API", "BATCH", "RUN", "SYSTEM"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent an item, for the log and for ``createdBy``."""

    actor: str
    user_id: str
    request_id: UUID
    source: SourceCode
    batch_uuid: UUID | None = None


@dataclass(slots=True)
class Item:
    """One item of a set: its value as read from JSON, and where it came from. ``index`` is its place in the batch, 0 for a single write.

    ``draft`` is what the kind's ``prepare`` made of it in advance, under the policy that ``prepared_for`` names.
    """

    index: int
    value: dict[str, Any]
    origin: Origin
    draft: Any = None
    prepared_for: Any = None


@dataclass(slots=True)
class ItemResult:
    """What became of one item. ``outcome`` names the text for successful ones (OUTCOME_TEXTS); failed ones speak by their first error."""

    result: ResultCode
    outcome: str | None = None
    account_no: int | None = None
    customer_no: str | None = None
    document_no: str | None = None
    document_uuid: UUID | None = None
    ar_item_id: UUID | None = None
    kid: str | None = None
    client_reference: str | None = None
    natural_key: str | None = None
    messages: list[Message] = field(default_factory=list)

    @property
    def errors(self) -> list[Message]:
        """The findings that failed the item."""
        return [message for message in self.messages if message.severity == "E"]

    @property
    def warnings(self) -> list[Message]:
        """The findings that did not."""
        return [message for message in self.messages if message.severity == "W"]


def _nothing() -> None:
    """Nobody waits for the moment."""


@dataclass(frozen=True, slots=True)
class ChunkContext:
    """What holds for a whole set: the client, its books, the moment and the client's date."""

    client_no: int
    books: Books
    now: datetime
    today: date
    writing: Callable[[], None] = _nothing
    """Called when all rows of a set are made: from then on the interpreter mostly waits, and can read the next set."""

    @property
    def policy_key(self) -> tuple[int, date]:
        """Names the policy of the set: what was prepared under another one has to be prepared again."""
        return self.books.version, self.today


class Process(Protocol):
    """Validates and applies a set of items as one: the effect equals processing them one by one in order.

    Runs in a transaction that holds the client's write lock. Returns one result per item in order. An item that fails leaves nothing
    behind; findings are values, so an exception means a technical fault and rolls the set back.
    """

    def __call__(self, transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[ItemResult]:
        """Process the set."""
        ...


@dataclass(frozen=True, slots=True)
class BatchKind:
    """One kind of batch.

    ``natural_key`` returns the key of an item, without case, that may occur once in a batch (None: no key was sent) and ``key_field`` names
    the field it is in; ``identify`` returns (accountNo, customerNo, documentNo, clientReference) of an item as far as they were sent, for
    results of items that are refused before they are processed. ``prepare`` does in advance, while the set before is being committed, what
    needs nothing but the books: it fills the items' drafts.
    """

    name: str
    entity: str
    operation: str
    key_field: str
    natural_key: Callable[[dict[str, Any]], str | None]
    identify: Callable[[dict[str, Any]], tuple[int | None, str | None, str | None, str | None]]
    process: Process
    prepare: Callable[[ChunkContext, Sequence[Item]], None] | None = None


class Kinds:
    """The registered kinds by name, and what workers do besides batches."""

    def __init__(self) -> None:
        self._by_name: dict[str, BatchKind] = {}
        self.jobs: list[PeriodicJob] = []

    def register(self, kind: BatchKind) -> BatchKind:
        """Add a kind; its name must be new."""
        if kind.name in self._by_name:
            raise ValueError(f"batch kind {kind.name} is registered twice")
        self._by_name[kind.name] = kind
        return kind

    def __getitem__(self, name: str) -> BatchKind:
        return self._by_name[name]
