"""The tables behind a client's books: reading them whole, filling them for a new client, and marking them changed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, datetime
from typing import Any, Literal

from reskontro.db.bulk import insert_rows
from reskontro.db.engine import Transaction
from reskontro.kit.json import read_json
from reskontro.ledger.chart import GlAccount
from reskontro.ledger.periods import Period
from reskontro.ledger.posting_rules import PostingRule

ClientStatus = Literal["ACTIVE", "SUSPENDED", "CLOSED"]

ACCOUNT_COLUMNS = tuple(field.name for field in fields(GlAccount))
RULE_COLUMNS = tuple(field.name for field in fields(PostingRule))
PERIOD_COLUMNS = tuple(field.name for field in fields(Period))


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """A client as it is registered."""

    client_no: int
    name: str
    organization_no: str
    organization_no_scheme: str
    vat_registered: bool
    in_business_register: bool
    postal_address: dict[str, str | None]
    ledger_start: date
    status: ClientStatus
    created_at: datetime


CLIENT_COLUMNS = tuple(field.name for field in fields(ClientRecord))


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """One code of a list that the client keeps, in one span of time."""

    code_type: str
    code: str
    valid_from: date | None
    valid_to: date | None
    name_en: str
    name_no: str
    active: bool
    attributes: dict[str, Any]


def read_version(transaction: Transaction, client_no: int) -> int | None:
    """The version of a client's books, None when the client does not exist."""
    row = transaction.execute("select books_version from client where client_no = %s", (client_no,)).fetchone()
    return int(row[0]) if row else None


def raise_version(transaction: Transaction, client_no: int) -> None:
    """Mark a client's books as changed, so that every process reads them anew.

    A version is a random number and not a counter: one that was rolled back never comes again, so a snapshot taken
    inside a transaction that failed can never be mistaken for what another one committed.
    """
    transaction.execute("update client set books_version = %s where client_no = %s", (new_version(), client_no))
    transaction.books_version = None


def new_version() -> int:
    """A version that no books ever had."""
    return secrets.randbits(62)


def read_client(transaction: Transaction, client_no: int) -> ClientRecord | None:
    """The registered client, None when it does not exist."""
    row = transaction.execute(f"select {', '.join(CLIENT_COLUMNS)} from client where client_no = %s".encode(), (client_no,)).fetchone()
    return ClientRecord(*row) if row else None


def read_configs(transaction: Transaction, client_no: int) -> list[tuple[str, date | None, Any]]:
    """Key, first day (None: always) and value as JSON gives it (None: back to the default), oldest first."""
    rows = transaction.execute(
        "select config_key, nullif(valid_from, '-infinity'), value::text from client_config where client_no = %s order by config_key, valid_from",
        (client_no,),
    )
    # The text and not the JSON value, because psycopg would read amounts as binary floats.
    return [(key, valid_from, None if value is None else read_json(value.encode())) for key, valid_from, value in rows]


def read_codes(transaction: Transaction, client_no: int) -> list[CodeRecord]:
    """The codes the client keeps, by list, code and first day."""
    rows = transaction.execute(
        "select code_type, code, nullif(valid_from, '-infinity'), valid_to, name_en, name_no, active, attributes::text"
        " from code where client_no = %s order by code_type, code, valid_from",
        (client_no,),
    )
    codes = [CodeRecord(*row) for row in rows]
    return [replace(code, attributes=read_json(str(code.attributes).encode())) for code in codes]


def read_accounts(transaction: Transaction, client_no: int) -> list[GlAccount]:
    """The chart of accounts, by number."""
    rows = transaction.execute(
        f"select {', '.join(ACCOUNT_COLUMNS)} from gl_account where client_no = %s order by gl_account".encode(),
        (client_no,),
    )
    accounts = [GlAccount(*row) for row in rows]
    return [replace(account, required_dimensions=tuple(account.required_dimensions)) for account in accounts]


def read_rules(transaction: Transaction, client_no: int) -> list[PostingRule]:
    """The posting rules, active or not, by number."""
    rows = transaction.execute(
        f"select {', '.join(RULE_COLUMNS)} from posting_rule where client_no = %s order by posting_rule_no".encode(),
        (client_no,),
    )
    return [PostingRule(*row) for row in rows]


def read_periods(transaction: Transaction, client_no: int) -> list[Period]:
    """The periods, oldest first."""
    rows = transaction.execute(f"select {', '.join(PERIOD_COLUMNS)} from period where client_no = %s order by from_date".encode(), (client_no,))
    return [Period(*row) for row in rows]


def insert_accounts(transaction: Transaction, client_no: int, accounts: Iterable[GlAccount]) -> None:
    """Add accounts to a chart."""
    rows = [(client_no, *(list(value) if type(value) is tuple else value for value in astuple(account))) for account in accounts]
    insert_rows(transaction, "gl_account", ("client_no", *ACCOUNT_COLUMNS), rows)


def insert_rules(transaction: Transaction, client_no: int, rules: Iterable[PostingRule]) -> None:
    """Add posting rules."""
    insert_rows(transaction, "posting_rule", ("client_no", *RULE_COLUMNS), [(client_no, *astuple(rule)) for rule in rules])


def insert_periods(transaction: Transaction, client_no: int, periods: Sequence[Period]) -> int:
    """Add the periods that are not there yet; returns how many were added."""
    return transaction.execute(
        "insert into period (client_no, gl_year, gl_period, from_date, to_date, status)"
        " select %s, * from unnest(%s::int[], %s::int[], %s::date[], %s::date[], %s::text[]) on conflict do nothing",
        (
            client_no,
            [period.gl_year for period in periods],
            [period.gl_period for period in periods],
            [period.from_date for period in periods],
            [period.to_date for period in periods],
            [period.status for period in periods],
        ),
    ).rowcount
