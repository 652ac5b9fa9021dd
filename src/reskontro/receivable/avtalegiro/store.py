"""SQL of the claims that are sent to the bank.

Every statement reads one table, by keys that are given as an array: the statistics of these tables are often those of yesterday, before thousands of
rows came, and a join planned for an empty table would compare every row with every other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from reskontro.db.bulk import Stage, copy_value
from reskontro.db.engine import Transaction
from reskontro.kit.money import ZERO
from reskontro.ledger.collection import WITH_COLLECTION
from reskontro.ledger.reservations import reserved_on_items
from reskontro.receivable.mandates.store import MandateRecord


@dataclass(frozen=True, slots=True)
class Item:
    """What of an AR item decides whether it is claimed. ``stopped``: it is disputed or with collection. ``amount``: what is open and not reserved."""

    ar_item_id: UUID
    account_no: int
    ar_item_type: str
    document_no: str | None
    document_uuid: UUID | None
    kid: str | None
    amount: Decimal
    due_date: date
    stopped: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """A claim that was sent and neither taken back nor replaced."""

    avtalegiro_claim_id: UUID
    ar_item_id: UUID
    account_no: int
    kid: str
    bank_account_no: str
    amount: Decimal
    due_date: date


class Payer(NamedTuple):
    """The customer behind a claim."""

    account_no: int
    customer_no: str
    name: str
    customer_kid: str | None


_ITEM: Final = (
    "select ar_item_id, account_no, ar_item_type, document_no, document_uuid, kid, open_amount, due_date,"
    " details @> '{\"disputed\": true}' or coalesce(details ->> 'collectionStatus', '') = any(%s) from ar_item where client_no = %s"
)
_CLAIMABLE: Final = (
    f"{_ITEM} and account_no = any(%s) and due_date between %s and %s and open_amount > 0 and currency = 'NOK' and ar_item_type in ('IN', 'IT')"
)
_SENT: Final = (
    "select avtalegiro_claim_id, ar_item_id, account_no, kid, bank_account_no, amount, due_date from avtalegiro_claim"
    " where client_no = %s and ended_on is null"
)


def active_mandates(transaction: Transaction, client_no: int, accounts: Sequence[int] | None) -> list[MandateRecord]:
    """The mandates that hold, of all customers or of those accounts."""
    rows = transaction.execute(
        "select kid, account_no, bank_account_no, notify, active, told_at from mandate where client_no = %s and active"
        " and (%s::int[] is null or account_no = any(%s))",
        (client_no, accounts, accounts),
    )
    return [MandateRecord(*row) for row in rows]


def claimable_items(transaction: Transaction, client_no: int, accounts: Collection[int], first: date, last: date, now: datetime) -> list[Item]:
    """Open invoices and interest notes in NOK of the accounts, due between two days."""
    rows = transaction.execute(_CLAIMABLE.encode(), (list(WITH_COLLECTION), client_no, list(accounts), first, last))
    return _less_reserved(transaction, client_no, [Item(*row) for row in rows], now)


def items_by_id(transaction: Transaction, client_no: int, ids: Collection[UUID], now: datetime) -> dict[UUID, Item]:
    """AR items by id."""
    rows = transaction.execute(f"{_ITEM} and ar_item_id = any(%s)".encode(), (list(WITH_COLLECTION), client_no, list(ids)))
    return {item.ar_item_id: item for item in _less_reserved(transaction, client_no, [Item(*row) for row in rows], now)}


def _less_reserved(transaction: Transaction, client_no: int, items: Sequence[Item], now: datetime) -> list[Item]:
    """The items without what running reservations hold of them at a moment."""
    reserved = reserved_on_items(transaction, client_no, [item.ar_item_id for item in items], now)
    return [replace(item, amount=item.amount - reserved.get(item.ar_item_id, ZERO)) for item in items]


def payers(transaction: Transaction, client_no: int, accounts: Collection[int]) -> dict[int, Payer]:
    """Customers by account."""
    rows = transaction.execute(
        "select account_no, customer_no, name, customer_kid from customer where client_no = %s and account_no = any(%s)", (client_no, list(accounts))
    )
    return {row[0]: Payer(*row) for row in rows}


def sent_of_items(transaction: Transaction, client_no: int, ids: Collection[UUID]) -> dict[UUID, Sent]:
    """The claims that were sent, by the id of their items."""
    return {row[1]: Sent(*row) for row in transaction.execute(f"{_SENT} and ar_item_id = any(%s)".encode(), (client_no, list(ids)))}


def sent_after(transaction: Transaction, client_no: int, day: date, accounts: Sequence[int] | None) -> list[Sent]:
    """The claims that were sent for a later day, of all customers or of those accounts."""
    rows = transaction.execute(
        f"{_SENT} and due_date > %s and (%s::int[] is null or account_no = any(%s))".encode(), (client_no, day, accounts, accounts)
    )
    return [Sent(*row) for row in rows]


_stage: Final = Stage(
    "stage_avtalegiro_claim",
    (
        ("avtalegiro_claim_id", "uuid"),
        ("ar_item_id", "uuid"),
        ("account_no", "integer"),
        ("kid", "text"),
        ("bank_account_no", "text"),
        ("amount", "numeric(18, 2)"),
        ("due_date", "date"),
    ),
)
_NAMES = ", ".join(_stage.columns)
_INSERT: Final = (
    f"insert into avtalegiro_claim (client_no, run_date, batch_uuid, file_id, {_NAMES}) select %s, %s, %s, %s, {_NAMES} from stage_avtalegiro_claim"
)


def remember_sent(transaction: Transaction, client_no: int, run_date: date, batch_uuid: UUID, file_id: UUID, claims: Iterable[Sent]) -> None:
    """Keep what was sent in a file."""
    rows = (
        (each.avtalegiro_claim_id, each.ar_item_id, each.account_no, each.kid, each.bank_account_no, each.amount, each.due_date) for each in claims
    )
    _stage.copy(transaction, ["\t".join(map(copy_value, row)) for row in rows])
    transaction.execute(_INSERT.encode(), (client_no, run_date, batch_uuid, file_id))


def end_sent(transaction: Transaction, client_no: int, run_date: date, sent: Sequence[UUID], file_id: UUID | None) -> None:
    """End claims sent before: taken back with a file, or, without one, replaced after their day."""
    transaction.execute(
        "update avtalegiro_claim set ended_on = %s, deletion_file_id = %s"
        " where client_no = %s and avtalegiro_claim_id = any(%s) and ended_on is null",
        (run_date, file_id, client_no, list(sent)),
    )
