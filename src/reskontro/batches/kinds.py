"""Batch kinds: what the engine knows of the items it carries.

They are registered in one place (``reskontro.rooms``); nothing else here knows customers or documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from reskontro.batches.periodic import PeriodicJob
from reskontro.db.engine import Transaction
from reskontro.kit.messages import Message
from reskontro.kit.quick import QuickReader, Sent
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


class Item:
    """One item of a set: what was sent, and where it came from. ``index`` is its place in the batch, 0 for a single write.

    ``draft`` is what the kind's ``prepare`` made of it in advance, under the policy that ``prepared_for`` names.
    """

    __slots__ = ("draft", "index", "origin", "prepared_for", "sent")

    def __init__(self, index: int, value: dict[str, Any] | Sent, origin: Origin) -> None:
        self.index = index
        self.sent = value if isinstance(value, Sent) else Sent(value)
        self.origin = origin
        self.draft: Any = None
        self.prepared_for: Any = None

    def forget_draft(self) -> None:
        """Let go of what was made in advance: the item is done."""
        self.draft = self.prepared_for = None
        self.sent.forget_values()

    @property
    def value(self) -> dict[str, Any]:
        """Its value as read from JSON."""
        return self.sent.value


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
    payment_uuid: UUID | None = None
    file_id: UUID | None = None

    @property
    def errors(self) -> list[Message]:
        """The findings that failed the item."""
        return [message for message in self.messages if message.severity == "E"]

    @property
    def warnings(self) -> list[Message]:
        """The findings that did not."""
        return [message for message in self.messages if message.severity == "W"]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a run, report or import was asked to do, and by whom. ``asked`` is the request as it was stored."""

    batch_uuid: UUID
    asked: Mapping[str, Any]
    origin: Origin
    file_id: UUID | None = None


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
    run: RunRequest | None = None
    """What was asked for, in kinds with a plan."""
    reading: Transaction | None = None
    """In kinds that are not exclusive: the client's books as they stood when the step began, to be read and not written."""

    @property
    def policy_key(self) -> tuple[int, date]:
        """Names the policy of the set: what was prepared under another one has to be prepared again."""
        return self.books.version, self.today


@dataclass(frozen=True, slots=True)
class Refusal:
    """The whole batch cannot be worked through; these results are all it has."""

    results: Sequence[ItemResult]


class Plan(Protocol):
    """Selects the inputs of a run when its turn comes.

    Returns the inputs as raw JSON objects, one for each unit of work (a customer, a payment, a file to make), or a Refusal. The inputs may be
    made while they are taken. Runs without the client's write lock; what it writes and the inputs are one commit.
    """

    def __call__(self, transaction: Transaction, context: ChunkContext) -> Iterable[bytes] | Refusal:
        """Select the inputs."""
        ...


class Work(Protocol):
    """Works through inputs of a run; returns for each its results, none, one or several. What one input does is whole or not at all.

    Findings are values; an exception means a technical fault and rolls back the set, which then shrinks down to the single input.
    """

    def __call__(self, transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[list[ItemResult]]:
        """Work through the inputs."""
        ...


class Finish(Protocol):
    """Makes what a run has at its end, such as a file about all of it, together with the end of the batch."""

    def __call__(self, transaction: Transaction, context: ChunkContext) -> list[ItemResult]:
        """Return further results."""
        ...


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
    needs nothing but the books: it fills the items' drafts. ``quick`` reads items that are in order without parsing them first.
    """

    name: str
    entity: str
    operation: str
    key_field: str
    natural_key: Callable[[dict[str, Any]], str | None]
    identify: Callable[[dict[str, Any]], tuple[int | None, str | None, str | None, str | None]]
    process: Process
    prepare: Callable[[ChunkContext, Sequence[Item]], None] | None = None
    quick: QuickReader | None = None


@dataclass(frozen=True, slots=True)
class RunKind:
    """One kind of batch whose items nobody sent: a run, a report, an import.

    ``exclusive``: the work holds the client's write lock. Otherwise it has no lock and reads from ``ChunkContext.reading``, so that a long
    report stops nobody; it may write to its own transaction. ``input_items`` is how many inputs are worked through in one commit.
    ``start_count`` is the number of items a batch of this kind is known to have before its turn comes.
    """

    name: str
    entity: str
    operation: str
    plan: Plan
    work: Work
    finish: Finish | None = None
    exclusive: bool = True
    input_items: int = 200
    start_count: int = 0

    def identify(self, value: dict[str, Any]) -> tuple[int | None, str | None, str | None, str | None]:
        """(accountNo, customerNo, documentNo, clientReference) as far as the input names them."""
        account_no, customer_no, document_no = value.get("accountNo"), value.get("customerNo"), value.get("documentNo")
        return account_no, customer_no, document_no, value.get("clientReference")


class Kinds:
    """The registered kinds by name, and what workers do besides batches."""

    def __init__(self) -> None:
        self._by_name: dict[str, BatchKind | RunKind] = {}
        self.jobs: list[PeriodicJob] = []

    def register(self, kind: BatchKind | RunKind) -> None:
        """Add a kind; its name must be new."""
        if kind.name in self._by_name:
            raise ValueError(f"batch kind {kind.name} is registered twice")
        self._by_name[kind.name] = kind

    def get(self, name: str) -> BatchKind | RunKind | None:
        """The kind of that name, None when there is none."""
        return self._by_name.get(name)

    def __getitem__(self, name: str) -> BatchKind | RunKind:
        return self._by_name[name]
