"""Inputs of runs that work customer by customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from reskontro.batches.kinds import ItemResult
from reskontro.db.engine import Transaction
from reskontro.kit.json import write_json
from reskontro.kit.messages import Message


class CustomerInput(NamedTuple):
    """A customer that a run is to work on; without account when a customerNo was sent that nobody has."""

    account_no: int | None
    customer_no: str


def named_customers(transaction: Transaction, client_no: int, numbers: Iterable[str]) -> list[CustomerInput]:
    """The customers of numbers as sent, each once whatever its case, in the order sent."""
    wanted = {number.lower(): number for number in reversed(list(numbers))}
    rows = transaction.execute(
        "select customer_key, account_no, customer_no from customer where client_no = %s and customer_key = any(%s)", (client_no, list(wanted))
    )
    known = {key: CustomerInput(account_no, customer_no) for key, account_no, customer_no in rows}
    return [known.get(key, CustomerInput(None, number)) for key, number in reversed(wanted.items())]


def read_as_a_whole(transaction: Transaction) -> None:
    """Let the queries of this transaction be planned for all their rows, by scans.

    The server would plan a cursor for its first rows, and under row-level security it takes most conditions to leave hardly any, so that it looks up
    row by row what a scan finds at once: a hundred times slower in a large ledger.
    """
    transaction.execute("set local cursor_tuple_fraction = 1; set local enable_nestloop = off")


def write_input(customer: CustomerInput) -> bytes:
    """The input as the engine stores it."""
    value: dict[str, Any] = {"customerNo": customer.customer_no}
    if customer.account_no is not None:
        value["accountNo"] = customer.account_no
    return write_json(value)


def read_input(value: Mapping[str, Any]) -> CustomerInput:
    """The input as the engine gives it back."""
    return CustomerInput(value.get("accountNo"), value["customerNo"])


def unknown_customer(customer: CustomerInput, reference: str | None) -> ItemResult:
    """The result for a customerNo that nobody has."""
    message = Message("E", "CUSTOMER-UNKNOWN", "customerNos", "/customerNos", {"value": customer.customer_no})
    return ItemResult("FAILED", customer_no=customer.customer_no, client_reference=reference, messages=[message])
