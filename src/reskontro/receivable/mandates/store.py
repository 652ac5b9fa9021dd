"""SQL of mandates."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reskontro.db.bulk import Outbox, Stage, copy_value, text_array
from reskontro.db.engine import Transaction


@dataclass(frozen=True, slots=True)
class MandateRecord:
    """A mandate as the bank told of it last. ``bank_account_no`` is the client's account that the money comes to."""

    kid: str
    account_no: int
    bank_account_no: str
    notify: bool
    active: bool
    told_at: datetime
    """When the file came that tells this; a file that came earlier and is read later changes nothing."""


_COLUMNS = "kid, account_no, bank_account_no, notify, active, told_at"
_stage: Final = Stage(
    "stage_mandate",
    (
        ("kid", "text"),
        ("account_no", "integer"),
        ("bank_account_no", "text"),
        ("notify", "boolean"),
        ("active", "boolean"),
        ("told_at", "timestamptz"),
    ),
)
_UPSERT: Final = (
    f"insert into mandate as m (client_no, created_at, changed_at, {_COLUMNS}) select %s, %s, %s, {_COLUMNS} from stage_mandate"
    " on conflict (client_no, kid) do update set account_no = excluded.account_no, bank_account_no = excluded.bank_account_no,"
    " notify = excluded.notify, active = excluded.active, told_at = excluded.told_at, changed_at = excluded.changed_at"
)


def mandates_by_kid(transaction: Transaction, client_no: int, kids: Collection[str]) -> dict[str, MandateRecord]:
    """The mandates of KIDs, ended ones too; KIDs without one are left out."""
    rows = transaction.execute(
        f"select {_COLUMNS} from mandate where client_no = %s and kid = any(%s::text[])".encode(), (client_no, text_array(kids))
    )
    return {row[0]: MandateRecord(*row) for row in rows}


def save_mandates(outbox: Outbox, client_no: int, now: datetime, records: Iterable[MandateRecord]) -> None:
    """Write mandates, new ones and changed ones, each KID once."""
    lines = [
        "\t".join(map(copy_value, (each.kid, each.account_no, each.bank_account_no, each.notify, each.active, each.told_at))) for each in records
    ]
    outbox.rows(_stage, lines, _UPSERT, (client_no, now, now))
