"""The customers that a report was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reskontro.db.engine import Transaction
from reskontro.receivable.reports.building import Asked


class KnownCustomer(NamedTuple):
    """A customer as reports name it."""

    account_no: int
    customer_no: str
    name: str


def known_customers(transaction: Transaction, client_no: int, customer_nos: Sequence[str]) -> dict[str, KnownCustomer]:
    """The customers of those numbers, by number without case; unknown ones are left out."""
    rows = transaction.execute(
        "select customer_key, account_no, customer_no, name from customer where client_no = %s and customer_key = any(%s)",
        (client_no, [number.lower() for number in customer_nos]),
    )
    return {row[0]: KnownCustomer(*row[1:]) for row in rows}


def accounts_asked(asked: Asked) -> list[int] | None:
    """The account numbers of the customers that were asked for; None for all."""
    wanted = asked.values.get("customerNos")
    if not wanted:
        return None
    return sorted(customer.account_no for customer in known_customers(asked.transaction, asked.client_no, wanted).values())
