"""SQL of customers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from reskontro.db.bulk import NULL, Outbox, Stage, any_of, copy_array, text_array
from reskontro.db.engine import Transaction
from reskontro.receivable.customers.record import COLUMN_FIELDS, Customer, Values

_STAGE_COLUMNS = (
    ("account_no", "integer"),
    ("customer_no", "text"),
    ("name", "text"),
    ("customer_category", "text"),
    ("organization_no", "text"),
    ("phone_no", "text"),
    ("secondary_phone_no", "text"),
    ("customer_group_code", "text"),
    ("currency", "text"),
    ("language", "text"),
    ("due_days", "smallint"),
    ("limit_amount", "numeric(18, 2)"),
    ("registration_status_code", "text"),
    ("country_code", "text"),
    ("customer_kid", "text"),
    ("control_account", "text"),
    ("search_name", "text"),
    ("email_addresses", "text[]"),
    ("details", "jsonb"),
)
_new = Stage("stage_customer_new", _STAGE_COLUMNS)
_changed = Stage("stage_customer_changed", _STAGE_COLUMNS)
_NAMES = ", ".join(name for name, _ in _STAGE_COLUMNS)
_INSERT = (
    f"insert into customer (client_no, customer_key, created_at, changed_at, {_NAMES})"
    f' select %s, lower(customer_no collate "C"), %s, %s, {_NAMES} from stage_customer_new'
)
_FIXED = frozenset(("account_no", "customer_no", "customer_kid"))
_UPDATE = (
    f"update customer c set {', '.join(f'{name} = s.{name}' for name, _ in _STAGE_COLUMNS if name not in _FIXED)}, changed_at = %s"
    " from stage_customer_changed s where c.client_no = %s and c.account_no = s.account_no"
)

_IN_COLUMNS = frozenset(COLUMN_FIELDS)
_READ = (
    "select account_no, customer_no, customer_kid, control_account, country_code, name, customer_category, organization_no, phone_no,"
    " secondary_phone_no, customer_group_code, currency, language, due_days, limit_amount, registration_status_code, details::text from customer"
)
_encoder: Final = msgspec.json.Encoder(decimal_format="number")


# ---------------------------------------------------------------------------------------------------------------- reading


def _customer(row: Sequence[Any]) -> Customer:
    return Customer.stored(row[0], row[1], row[2], row[3], row[4], tuple(row[5:16]), row[16])


def customers_by_key(transaction: Transaction, client_no: int, keys: Collection[str]) -> list[Customer]:
    """Customers by their natural keys, in no order; unknown keys are left out."""
    rows = transaction.execute(f"{_READ} where client_no = %s and customer_key = {any_of('text')}".encode(), (client_no, text_array(keys)))
    return [_customer(row) for row in rows]


def customers_by_account(transaction: Transaction, client_no: int, account_nos: Collection[int]) -> list[Customer]:
    """Customers by account number, in its order; unknown numbers are left out."""
    rows = transaction.execute(
        f"{_READ} where client_no = %s and account_no = any(%s) order by account_no".encode(),
        (client_no, list(account_nos)),
    )
    return [_customer(row) for row in rows]


def customers_by_kid(transaction: Transaction, client_no: int, kids: Collection[str]) -> list[Customer]:
    """Customers by their own KID, those with the lowest account first."""
    rows = transaction.execute(f"{_READ} where client_no = %s and customer_kid = any(%s) order by account_no".encode(), (client_no, list(kids)))
    return [_customer(row) for row in rows]


def deleted_account_nos(transaction: Transaction, client_no: int, account_nos: Collection[int]) -> set[int]:
    """Which of the numbers belonged to customers that were deleted."""
    rows = transaction.execute(
        "select account_no from used_account_no where client_no = %s and account_no = any(%s)",
        (client_no, list(account_nos)),
    )
    return {row[0] for row in rows}


def account_nos_between(transaction: Transaction, client_no: int, first: int, last: int) -> set[int]:
    """The account numbers from first to last that somebody has or had."""
    rows = transaction.execute(
        "select account_no from customer where client_no = %s and account_no between %s and %s"
        " union all select account_no from used_account_no where client_no = %s and account_no between %s and %s",
        (client_no, first, last, client_no, first, last),
    )
    return {row[0] for row in rows}


def known_keys(transaction: Transaction, client_no: int, keys: Collection[str]) -> set[str]:
    """Which of the natural keys belong to a customer."""
    rows = transaction.execute(
        f"select customer_key from customer where client_no = %s and customer_key = {any_of('text')}".encode(), (client_no, text_array(keys))
    )
    return {row[0] for row in rows}


# ---------------------------------------------------------------------------------------------------------------- writing


def _text(value: str | None) -> str:
    """A text in the text format of COPY. Short texts hold no control characters, so the backslash alone has to be escaped."""
    if value is None:
        return NULL
    return value.replace("\\", "\\\\") if "\\" in value else value


def _search_name(values: Values) -> str:
    """Name and informal name without case, in two lines. Made here, since what lower() does to Æ, Ø and Å depends on the database's locale."""
    informal = values.get("informalName")
    name = _text(values["name"].casefold())
    return f"{name}\\n{_text(informal.casefold())}" if informal else name


def _emails(values: Values) -> str:
    documents, others = values.get("emailAddressDocument"), values.get("secondaryEmailAddress")
    if not documents and not others:
        return "{}"
    found = [email.lower() for email in (*(documents or ()), *(others or ()))]
    quoted = '","'.join(found)
    # Only addresses with a quoted local part hold what has to be escaped inside an array.
    return copy_array(found) if "\\" in quoted or quoted.count('"') > 2 * (len(found) - 1) else f'{{"{quoted}"}}'


def _details(values: Values) -> str:
    """The fields without a column, by wire name; dates as texts, numbers exact."""
    details = {name: value for name, value in values.items() if name not in _IN_COLUMNS}
    return _encoder.encode(details).decode().replace("\\", "\\\\")


def _line(customer: Customer) -> str:
    values = customer.values
    field = values.get
    limit: Decimal | None = field("limitAmount")
    return (
        f"{customer.account_no}\t{customer.customer_no}\t{_text(values['name'])}\t{customer.customer_category}\t{_text(field('organizationNo'))}\t"
        f"{_text(field('phoneNo'))}\t{_text(field('secondaryPhoneNo'))}\t{_text(field('customerGroupCode'))}\t{customer.currency}\t"
        f"{customer.language}\t{NULL if customer.due_days is None else customer.due_days}\t{NULL if limit is None else format(limit, 'f')}\t"
        f"{field('registrationStatusCode', 'NORMAL')}\t{customer.country_code}\t{customer.customer_kid or NULL}\t"
        f"{customer.control_account or NULL}\t{_search_name(values)}\t{_emails(values)}\t{_details(values)}"
    )


def insert_customers(outbox: Outbox, client_no: int, now: datetime, customers: Iterable[Customer]) -> None:
    """Store new customers."""
    outbox.rows(_new, [_line(customer) for customer in customers], _INSERT, (client_no, now, now))


def update_customers(outbox: Outbox, client_no: int, now: datetime, customers: Iterable[Customer]) -> None:
    """Store the new state of known customers."""
    outbox.rows(_changed, [_line(customer) for customer in customers], _UPDATE, (now, client_no))


def set_control_accounts(outbox: Outbox, client_no: int, customers: Collection[Customer]) -> None:
    """Store the control accounts of customers that had none."""
    if not customers:
        return
    outbox.execute(
        "update customer c set control_account = v.control_account"
        " from unnest(%s::integer[], %s::text[]) as v (account_no, control_account)"
        " where c.client_no = %s and c.account_no = v.account_no",
        (
            [customer.account_no for customer in customers],
            [customer.control_account for customer in customers],
            client_no,
        ),
    )


def delete_customer(transaction: Transaction, client_no: int, account_no: int) -> None:
    """Delete a customer; its account number stays used."""
    transaction.execute("delete from customer where client_no = %s and account_no = %s", (client_no, account_no))
    transaction.execute("insert into used_account_no (client_no, account_no) values (%s, %s)", (client_no, account_no))


# ---------------------------------------------------------------------------------------------------------------- questions about a customer


def count_uses(transaction: Transaction, client_no: int, account_no: int) -> tuple[int, int]:
    """(documents, AR items) of a customer."""
    row = transaction.execute(
        "select (select count(*) from document where client_no = %s and account_no = %s),"
        " (select count(*) from ar_item where client_no = %s and account_no = %s)",
        (client_no, account_no, client_no, account_no),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def balances(transaction: Transaction, client_no: int, account_nos: Collection[int], today: date) -> dict[int, dict[str, Any]]:
    """What customers owe in base currency, by account number; those without open items are left out.

    What is reserved is left at 0: ``ledger.reservations`` knows.
    """
    rows = transaction.execute(
        "select account_no, sum(base_open_amount), coalesce(sum(base_open_amount) filter (where base_open_amount > 0 and due_date < %s), 0),"
        " coalesce(-sum(base_open_amount) filter (where base_open_amount < 0), 0), count(*), min(due_date) filter (where open_amount > 0)"
        " from ar_item where client_no = %s and account_no = any(%s) and (open_amount <> 0 or base_open_amount <> 0) group by account_no",
        (today, client_no, list(account_nos)),
    )
    return {
        account_no: {
            "openAmount": open_amount,
            "overdueAmount": overdue,
            "unappliedCredit": credit,
            "reservedAmount": 0,
            "openItemCount": count,
            "oldestDueDate": oldest,
        }
        for account_no, open_amount, overdue, credit, count, oldest in rows
    }


def find_account_nos(transaction: Transaction, client_no: int, conditions: Sequence[str], values: Sequence[Any], limit: int) -> list[int]:
    """Account numbers of the customers that meet all conditions, rising, at most ``limit``."""
    where = " and ".join(["c.client_no = %s", *conditions])
    rows = transaction.execute(
        f"select c.account_no from customer c where {where} order by c.account_no limit %s".encode(),
        (client_no, *values, limit),
    )
    return [row[0] for row in rows]
