"""The batch of a report: one file, or one for each customer of a statement; read in a snapshot, so that it stops no writer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from reskontro.batches.kinds import ChunkContext, Item, ItemResult, RunKind
from reskontro.db.engine import Transaction
from reskontro.kit.ids import new_id
from reskontro.ledger.books import open_books
from reskontro.receivable.documents.store import NewBundle, insert_bundles
from reskontro.receivable.files.writing import NewFile, write_file
from reskontro.receivable.reports.building import Asked, ReportRefused
from reskontro.receivable.reports.producing import Made, make
from reskontro.receivable.reports.schemas import stored_report
from reskontro.receivable.runs.inputs import named_customers, read_input, unknown_customer, write_input

STATEMENT: Final = "CUSTOMER-STATEMENT"
BUNDLE_TYPE: Final = "STATEMENT"
"""The bundle that a customer's statement is, though no document goes with it."""
_WHOLE: Final = b"{}"
"""The input of a report that is one file."""


def _plan(transaction: Transaction, context: ChunkContext) -> Iterable[bytes]:
    """An input for every file, and one for every customer that there is not; those are results of their own."""
    values = _asked_of(context)
    customers = named_customers(transaction, context.client_no, values.get("customerNos", ()))
    if values["reportType"] == STATEMENT:
        return map(write_input, customers)
    unknown = [customer for customer in customers if customer.account_no is None]
    # Nobody wants the report of no customer, and that of all would be another one.
    whole = [_WHOLE] if len(unknown) < len(customers) or not customers else []
    return [*whole, *map(write_input, unknown)]


def _asked_of(context: ChunkContext) -> dict[str, Any]:
    assert context.run is not None, "a report has a request"
    return stored_report(context.run.asked)


def _work(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[list[ItemResult]]:
    return [[_one(transaction, context, item.value)] for item in items]


def _one(transaction: Transaction, context: ChunkContext, value: Mapping[str, Any]) -> ItemResult:
    """Make one file, with its log item; a report that cannot be made leaves nothing behind."""
    values = _asked_of(context)
    reference, customer_no, account_no = values.get("clientReference"), value.get("customerNo"), value.get("accountNo")
    if value and account_no is None:
        return unknown_customer(read_input(value), reference)
    assert context.run is not None and context.reading is not None, "reports are read in a snapshot"
    named = {key: value[key] for key in ("customerNo", "accountNo") if key in value}
    books = open_books(context.reading, context.client_no)
    asked = Asked(
        context.reading,
        books,
        context.now,
        context.today,
        values["language"],
        values["reportType"],
        values | named,
        context.run.origin.user_id,
    )
    try:
        with transaction.transaction():
            made = make(asked)
            bundle = None
            if values["reportType"] == STATEMENT and account_no is not None:
                bundle = NewBundle(new_id(), account_no, context.run.batch_uuid, "", None, BUNDLE_TYPE)
            file_id = write_made(transaction, context, made, bundle.bundle_id if bundle is not None else None)
            if bundle is not None:
                insert_bundles(transaction, context.client_no, [bundle], context.now)
    except ReportRefused as refused:
        return ItemResult("FAILED", None, account_no, customer_no, client_reference=reference, messages=refused.messages)
    return ItemResult("CREATED", "FILE-CREATED", account_no, customer_no, client_reference=reference, messages=list(made.warnings), file_id=file_id)


def write_made(transaction: Transaction, context: ChunkContext, made: Made, bundle_id: UUID | None = None) -> UUID:
    """Store a file as it is being made, perhaps as part of a bundle; returns its id."""
    new = NewFile(made.file_type, made.file_name, made.content_type, document_bundle_id=bundle_id)
    return write_file(transaction, context, new, made.pieces)


REPORTS: Final = RunKind("reports", "REPORT", "RUN", _plan, _work, exclusive=False, input_items=1, start_count=1)
"""The batch kind of all reports."""
