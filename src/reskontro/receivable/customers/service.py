"""Single operations on customers: show one, list them, delete one. Writing goes through ``batch``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Transaction, lock_client
from reskontro.kit.errors import Problem, not_found
from reskontro.kit.fields import NATURAL_KEY
from reskontro.kit.messages import Message
from reskontro.kit.money import ZERO
from reskontro.ledger.books import Books, open_books
from reskontro.ledger.log import LogEntry, append_log, erase_log_values
from reskontro.ledger.reservations import reserved_in_base, running_count
from reskontro.receivable.customers import store
from reskontro.receivable.customers.filters import conditions_of
from reskontro.receivable.customers.record import Customer, customer_view
from reskontro.receivable.customers.schemas import CUSTOMER_NO_CHARACTERS_MAX
from reskontro.web.lists import Listing

EXPAND_BALANCE: Final = "balance"
_NOTHING_OWED: Final[dict[str, Any]] = {
    "openAmount": Decimal(0),
    "overdueAmount": Decimal(0),
    "unappliedCredit": Decimal(0),
    "reservedAmount": Decimal(0),
    "openItemCount": 0,
    "oldestDueDate": None,
}


def find_customer(transaction: Transaction, client_no: int, customer_no: str) -> Customer:
    """The customer of that number, whatever its case; raises Problem NOT-FOUND."""
    if len(customer_no) <= CUSTOMER_NO_CHARACTERS_MAX and NATURAL_KEY.fullmatch(customer_no):
        for customer in store.customers_by_key(transaction, client_no, (customer_no.lower(),)):
            return customer
    raise not_found("the customer")


def _views(
    transaction: Transaction,
    books: Books,
    customers: Sequence[Customer],
    now: datetime,
    *,
    with_balance: bool,
    in_list: bool,
) -> list[dict[str, Any]]:
    today = books.today(now)
    masking = books.config("privacy.ssnMasking", today)
    mask_ssn = masking == "ALWAYS" or (masking == "LISTS" and in_list)
    views = [customer_view(books.client_no, customer, mask_ssn=mask_ssn) for customer in customers]
    if with_balance:
        account_nos = [customer.account_no for customer in customers]
        found = store.balances(transaction, books.client_no, account_nos, today)
        reserved = reserved_in_base(transaction, books, account_nos, today, now)
        for view in views:
            account_no = view["accountNo"]
            view["balance"] = found.get(account_no, _NOTHING_OWED) | {"reservedAmount": reserved.get(account_no, ZERO)}
    return views


def show_customer(transaction: Transaction, client_no: int, customer_no: str, now: datetime, *, with_balance: bool) -> dict[str, Any]:
    """One customer as answers show it; raises Problem NOT-FOUND."""
    books = open_books(transaction, client_no)
    customer = find_customer(transaction, client_no, customer_no)
    return _views(transaction, books, [customer], now, with_balance=with_balance, in_list=False)[0]


def listing(client_no: int, now: datetime) -> Listing:
    """The list of customers by account number. Opening it raises Problem NOT-FOUND for an unknown client."""

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> list[int]:
        books = open_books(transaction, client_no)
        conditions, values = conditions_of(filters, books, now)
        return store.find_account_nos(transaction, client_no, conditions, values, limit)

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        books = open_books(transaction, client_no)
        customers = store.customers_by_account(transaction, client_no, keys)
        with_balance = EXPAND_BALANCE in options.get("expand", ())
        return _views(transaction, books, customers, now, with_balance=with_balance, in_list=True)

    return Listing("customers", "customers", "/customers", find, load)


def delete_customer(transaction: Transaction, client_no: int, customer_no: str, origin: Origin, now: datetime) -> Customer:
    """Delete a customer that nothing hangs on, and return it.

    Its personal values leave the log, its account number stays used. Raises Problem NOT-FOUND, CLIENT-NOT-ACTIVE or CUSTOMER-IN-USE.
    """
    lock_client(transaction, client_no)
    books = open_books(transaction, client_no, now)
    customer = find_customer(transaction, client_no, customer_no)
    books.require_active()
    documents, items = store.count_uses(transaction, client_no, customer.account_no)
    reservations = running_count(transaction, client_no, customer.account_no, now)
    if documents or items or reservations:
        uses = {"documents": documents, "items": items, "reservations": reservations}
        raise Problem("CUSTOMER-IN-USE", errors=[Message("E", "CUSTOMER-IN-USE", "customerNo", "", uses)])
    store.delete_customer(transaction, client_no, customer.account_no)
    # Without the number: an item that names nobody has nothing to erase.
    append_log(transaction, client_no, now, [LogEntry("CUSTOMER-DELETED", "CUSTOMER", str(customer.account_no), origin)])
    erase_log_values(transaction, client_no, customer.customer_no)
    return customer
