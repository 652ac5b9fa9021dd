"""What reading a camt.054 message gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from reskontro.norway.camt054_values import Referred

Indicator = Literal["CRDT", "DBIT"]


@dataclass(frozen=True, slots=True)
class Message:
    """The head of the file. ``message_id`` names it for its recipient."""

    version: str
    message_id: str
    created: str


@dataclass(frozen=True, slots=True)
class Notification:
    """What the bank tells of one account. ``place`` counts from 1; ``copy`` is COPY, DUPL or CODU for what was sent
    before; ``account`` is eleven digits for a Norwegian account, otherwise the account as given without blanks.
    """

    place: int
    id: str
    copy: str | None
    account: str
    currency: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry on the account. ``amount`` is as written, never negative; what is not ``booked`` has no payments."""

    notification: Notification
    place: int
    reference: str | None
    amount: Decimal
    currency: str
    indicator: Indicator
    reversal: bool
    status: str
    booking_date: date | None
    value_date: date | None
    bank_code: str | None
    archive_reference: str | None

    @property
    def booked(self) -> bool:
        """Whether the entry is on the account."""
        return self.status == "BOOK"


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment of a booked entry: one of its transaction details, or the entry itself when it has none.

    ``place`` counts the payments of the file from 1. ``amount`` is in the entry's currency, negative when money left the
    account (DBIT); then, with ``entry.reversal`` or a ``return_reason``, it takes an earlier payment back, and without
    both it is no payment of a customer. ``references`` are the
    structured creditor references (KIDs) in their order, ``documents`` the invoices and credit notes that are named,
    ``text`` what is written freely. ``payer_account`` is eleven digits for a Norwegian account.
    """

    entry: Entry
    place: int
    amount: Decimal
    references: tuple[str, ...]
    documents: tuple[Referred, ...]
    text: str | None
    payer_name: str | None
    payer_account: str | None
    archive_reference: str | None
    end_to_end_id: str | None
    bank_code: str | None
    return_reason: str | None

    @property
    def kid(self) -> str | None:
        """The reference when there is exactly one."""
        return self.references[0] if len(self.references) == 1 else None


@dataclass(frozen=True, slots=True)
class MessageEnd:
    """The end of a right file: how many notifications, entries (booked or not) and payments it has, and what the
    payments add up to.
    """

    notifications: int
    entries: int
    payments: int
    total: Decimal


Part = Message | Notification | Entry | Payment | MessageEnd
