"""Inputs of runs that work customer by customer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from reskontro.batches.kinds import ItemResult
from reskontro.db.engine import Transaction
from reskontro.kit.json import write_json
from reskontro.kit.messages import Message
from reskontro.receivable.customers.record import Customer

_ROWS_AT_A_TIME: Final = 5_000


class PartFailed(RuntimeError):
    """A later document of a customer was refused after an earlier one took effect: the set is rolled back and shrinks to the customer."""


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


def chosen_accounts(transaction: Transaction, client_no: int, numbers: Sequence[str] | None) -> tuple[list[bytes], list[int] | None]:
    """(inputs of the customers that were named and are unknown, accounts of the known ones); without numbers a run is about all: accounts None."""
    if not numbers:
        return [], None
    named = named_customers(transaction, client_no, numbers)
    unknown = [write_input(customer) for customer in named if customer.account_no is None]
    return unknown, [customer.account_no for customer in named if customer.account_no is not None]


def candidates(transaction: Transaction, statement: str, values: Sequence[Any]) -> Iterator[CustomerInput]:
    """The customers that a statement finds, (accountNo, customerNo) in each row, a portion of them in memory at a time.

    It is planned for all its rows, by scans: the server would plan a cursor for its first rows, and under row-level security it takes most conditions
    to leave hardly any, so that it looks up row by row what a scan finds at once: a hundred times slower in a large ledger.
    """
    transaction.execute("set local cursor_tuple_fraction = 1; set local enable_nestloop = off")
    with transaction.cursor(name="candidates") as cursor:
        cursor.itersize = _ROWS_AT_A_TIME
        cursor.execute(statement.encode(), values)
        for account_no, customer_no in cursor:
            yield CustomerInput(account_no, customer_no)


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


def failed_customer(customer: Customer, messages: Sequence[Message], reference: str | None) -> ItemResult:
    """The result of a customer whose part failed, with findings about the run."""
    return ItemResult("FAILED", None, customer.account_no, customer.customer_no, client_reference=reference, messages=list(messages))
