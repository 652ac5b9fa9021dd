"""The filters of the list of GL items, as SQL conditions on ``gl_item g``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from reskontro.ledger.account_ranges import AccountRanges
from reskontro.ledger.books import Books
from reskontro.ledger.gl_items_view import JOURNALS
from reskontro.ledger.moments import first_moment
from reskontro.receivable.dimensions import DIMENSION_FILTER, HAS_DIMENSION, wanted_dimensions
from reskontro.receivable.sql import Condition, chosen, lower, taken_apart
from reskontro.web.operations import Parameter
from reskontro.web.parameters import within_integer

FILTERS = (
    Parameter("glyear", "integer", "Fiscal year"),
    Parameter("glperiodfrom", "integer", "From this period of a year on"),
    Parameter("glperiodto", "integer", "Up to this period of a year"),
    Parameter("gldatefrom", "date", "Booked on or after"),
    Parameter("gldateto", "date", "Booked on or before"),
    Parameter("glaccount", "texts", "Accounts or ranges such as 1500-1599"),
    Parameter("customerno", "texts", "Customer numbers: their lines on control accounts"),
    Parameter("documentno", "texts", "Document numbers: all lines of their posting"),
    Parameter("aritemid", "ids", "AR items: their lines on control accounts"),
    Parameter("transactionno", "integers", "Transaction numbers"),
    Parameter("journal", "choices", "Journals", values=JOURNALS),
    Parameter("vatcode", "texts", "VAT codes"),
    DIMENSION_FILTER,
    Parameter("createdfrom", "moment", "Booked at this moment or later"),
)

# Lines are found by the transaction that an AR item or a document names: an index of their own would cost every posting.
_OF_ITEMS = (
    "(g.gl_year, g.transaction_no) in (select a.gl_year, a.transaction_no from ar_item a where a.client_no = %s and a.ar_item_id = any(%s))"
    " and g.ar_item_id = any(%s)"
)
_OF_CUSTOMERS = (
    "(g.gl_year, g.transaction_no, g.ar_item_id) in (select a.gl_year, a.transaction_no, a.ar_item_id from ar_item a"
    " join customer c on c.client_no = a.client_no and c.account_no = a.account_no where a.client_no = %s and c.customer_key = any(%s))"
)
_OF_DOCUMENTS = (
    "(g.gl_year, g.transaction_no, g.document_uuid) in (select d.gl_year, d.transaction_no, d.document_uuid from document d"
    " where d.client_no = %s and d.document_key = any(%s))"
)


def conditions_of(filters: dict[str, Any], books: Books, now: datetime) -> tuple[list[str], list[Any]]:
    """Conditions and their values for the filters that were given; raises Problem INVALID-PARAMETER."""
    client_no = books.client_no
    # The years stand in every statement, so that only the partitions that the client can have lines in are looked into.
    years = {period.gl_year for period in books.calendar.periods}

    def accounts(values: list[str]) -> Condition:
        ranges = AccountRanges(values)
        return "g.gl_account = any(%s)", [[account for account in books.accounts if account in ranges]]

    def dimensions(values: list[str]) -> Condition:
        return HAS_DIMENSION, [*wanted_dimensions(values)]

    builders: dict[str, Callable[[Any], Condition]] = {
        "glperiodfrom": lambda period: ("g.gl_period >= %s", [period]),
        "glperiodto": lambda period: ("g.gl_period <= %s", [period]),
        "gldatefrom": lambda day: ("g.gl_date >= %s", [day]),
        "gldateto": lambda day: ("g.gl_date <= %s", [day]),
        "glaccount": accounts,
        "customerno": lambda numbers: (_OF_CUSTOMERS, [client_no, lower(numbers)]),
        "documentno": lambda numbers: (_OF_DOCUMENTS, [client_no, lower(numbers)]),
        "aritemid": lambda ids: (_OF_ITEMS, [client_no, ids, ids]),
        "transactionno": lambda numbers: ("g.transaction_no = any(%s)", [within_integer(numbers)]),
        "journal": lambda journals: ("g.journal = any(%s)", [journals]),
        "vatcode": lambda codes: ("g.vat_code = any(%s)", [codes]),
        "dimension": dimensions,
        "createdfrom": lambda moment: ("g.created_at >= %s", [first_moment(moment, books, now)]),
    }
    if "glyear" in filters:
        years &= {filters["glyear"]}
    always: list[Condition] = [("g.client_no = %s", [client_no]), ("g.gl_year = any(%s)", [sorted(years)])]
    return taken_apart([*always, *chosen(builders, filters)])
