"""SQL of the claims that are sent to the bank."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from psycopg.rows import class_row

from reskontro.db.bulk import Stage, copy_value
from reskontro.db.engine import Transaction
from reskontro.ledger.claims import COLLECTED


@dataclass(frozen=True, slots=True)
class Due:
    """A claim that is to be sent, or one that was sent and is to be taken back: then with ``sent_id``, and as it was sent."""

    ar_item_id: UUID
    account_no: int
    customer_no: str
    name: str
    document_no: str | None
    document_uuid: UUID | None
    ar_item_type: str
    kid: str
    bank_account_no: str
    notify: bool
    amount: Decimal
    due_date: date
    sent_id: UUID | None


_STOPPED = "(a.details @> '{\"disputed\": true}' or coalesce(a.details ->> 'collectionStatus', '') = any(%(collected)s))"
_SHOWN = "a.ar_item_id, a.account_no, c.customer_no, c.name, a.document_no, a.document_uuid, a.ar_item_type"
_OF_CUSTOMERS = "(%(accounts)s::int[] is null or a.account_no = any(%(accounts)s))"

# A mandate for the item's own KID goes before one for the customer's, which holds for items with other KIDs and without one.
_TO_SEND: Final = (
    f"select * from (select distinct on (a.ar_item_id) {_SHOWN},"
    " case when a.kid ~ '^[0-9]{2,25}$' then a.kid else c.customer_kid end as kid, m.bank_account_no, m.notify,"
    " a.open_amount as amount, a.due_date, s.avtalegiro_claim_id as sent_id"
    " from mandate m join customer c on c.client_no = m.client_no and c.account_no = m.account_no"
    " join ar_item a on a.client_no = m.client_no and a.account_no = m.account_no and (a.kid = m.kid or c.customer_kid = m.kid)"
    " left join avtalegiro_claim s on s.client_no = a.client_no and s.ar_item_id = a.ar_item_id and s.ended_on is null"
    " where m.client_no = %(client_no)s and m.active and a.client_no = %(client_no)s and a.ar_item_type in ('IN', 'IT') and a.currency = 'NOK'"
    f" and a.open_amount > 0 and a.due_date between %(first)s and %(last)s and not {_STOPPED} and {_OF_CUSTOMERS}"
    " and (s.ar_item_id is null or s.amount <> a.open_amount or s.due_date <> a.due_date)"
    " order by a.ar_item_id, (a.kid = m.kid) desc) found where kid ~ '^[0-9]{2,25}$' order by bank_account_no, due_date, ar_item_id"
)

# A claim whose day has come is drawn already, or will not be.
_TO_TAKE_BACK: Final = (
    f"select {_SHOWN}, s.kid, s.bank_account_no, false as notify, s.amount, s.due_date, s.avtalegiro_claim_id as sent_id"
    " from avtalegiro_claim s join ar_item a on a.client_no = s.client_no and a.ar_item_id = s.ar_item_id"
    " join customer c on c.client_no = a.client_no and c.account_no = a.account_no"
    " where s.client_no = %(client_no)s and a.client_no = %(client_no)s and s.ended_on is null and s.due_date > %(run_date)s"
    f" and (a.open_amount <> s.amount or a.due_date <> s.due_date or {_STOPPED}) and {_OF_CUSTOMERS}"
    " order by s.bank_account_no, s.due_date, s.ar_item_id"
)


def claims_to_send(transaction: Transaction, client_no: int, first: date, last: date, accounts: Sequence[int] | None) -> list[Due]:
    """The open items due between two days whose KID has a mandate, unless they are sent in this amount and for this date; ``sent_id`` is the claim
    that stands in their place. By bank account and due date; ``accounts`` None stands for all customers.
    """
    return _select(transaction, _TO_SEND, client_no, first=first, last=last, accounts=accounts)


def claims_to_take_back(transaction: Transaction, client_no: int, run_date: date, accounts: Sequence[int] | None) -> list[Due]:
    """The claims sent for a day after the run's whose items are since paid, changed, disputed or handed over; as they were sent."""
    return _select(transaction, _TO_TAKE_BACK, client_no, run_date=run_date, accounts=accounts)


def _select(transaction: Transaction, statement: str, client_no: int, **values: object) -> list[Due]:
    accounts = values["accounts"]
    given = {**values, "client_no": client_no, "collected": list(COLLECTED), "accounts": list(accounts) if isinstance(accounts, Sequence) else None}
    return transaction.cursor(row_factory=class_row(Due)).execute(statement.encode(), given).fetchall()


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


def remember_sent(
    transaction: Transaction, client_no: int, run_date: date, batch_uuid: UUID, file_id: UUID, claims: Iterable[tuple[UUID, Due]]
) -> None:
    """Keep what was sent in a file, each claim with an id of its own."""
    rows = ((claim_id, due.ar_item_id, due.account_no, due.kid, due.bank_account_no, due.amount, due.due_date) for claim_id, due in claims)
    _stage.copy(transaction, ["\t".join(map(copy_value, row)) for row in rows])
    transaction.execute(_INSERT.encode(), (client_no, run_date, batch_uuid, file_id))


def end_sent(transaction: Transaction, client_no: int, run_date: date, sent: Sequence[UUID], file_id: UUID | None) -> None:
    """End claims sent before: taken back with a file, or, without one, replaced after their day."""
    transaction.execute(
        "update avtalegiro_claim set ended_on = %s, deletion_file_id = %s"
        " where client_no = %s and avtalegiro_claim_id = any(%s) and ended_on is null",
        (run_date, file_id, client_no, list(sent)),
    )
