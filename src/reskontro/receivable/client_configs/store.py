"""The rows of client configs, and what depends on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from reskontro.db.engine import Transaction
from reskontro.kit.json import write_json
from reskontro.ledger.periods import Period


def put_value(transaction: Transaction, client_no: int, key: str, valid_from: date | None, value: Any, *, now: datetime, changed_by: str) -> None:
    """Store the value of a key from a day on (None: always); None as a value brings the default back."""
    # The text of the JSON and not a JSON parameter, because that would write amounts as binary floats.
    text = None if value is None else write_json(value).decode()
    transaction.execute(
        "insert into client_config (client_no, config_key, valid_from, value, changed_at, changed_by)"
        " values (%s, %s, coalesce(%s::date, '-infinity'), %s::jsonb, %s, %s)"
        " on conflict (client_no, config_key, valid_from)"
        " do update set value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by",
        (client_no, key, valid_from, text, now, changed_by),
    )


def has_postings(transaction: Transaction, client_no: int) -> bool:
    """Whether anything was ever posted; balances are kept in the commit of every posting."""
    row = transaction.execute("select 1 from account_balance where client_no = %s limit 1", (client_no,)).fetchone()
    return row is not None


def renumber_periods(transaction: Transaction, client_no: int, periods: Sequence[Period]) -> None:
    """Give every month the number it has in another fiscal year."""
    transaction.execute(
        "update period p set gl_year = n.gl_year, gl_period = n.gl_period"
        " from unnest(%s::date[], %s::int[], %s::int[]) as n (from_date, gl_year, gl_period)"
        " where p.client_no = %s and p.from_date = n.from_date",
        (
            [period.from_date for period in periods],
            [period.gl_year for period in periods],
            [period.gl_period for period in periods],
            client_no,
        ),
    )
