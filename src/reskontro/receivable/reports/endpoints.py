"""HTTP of reports."""

from __future__ import annotations

from reskontro.batches.schemas import BATCH
from reskontro.batches.starting import start_run
from reskontro.db.engine import Transaction
from reskontro.ledger.books import open_books
from reskontro.receivable.reports.run import REPORTS
from reskontro.receivable.reports.schemas import REPORT, read_report
from reskontro.web.calls import Call
from reskontro.web.idempotency import run_once
from reskontro.web.operations import CLIENT, Answer, Body, Routes
from reskontro.web.replies import Reply

routes = Routes()

_REPORT = Body("report", REPORT)


@routes.add(
    "createReportAction",
    "POST",
    f"{CLIENT}/actions/reports",
    tag="Actions",
    summary="Generate a report",
    scope="write:arm",
    body=_REPORT,
    answers={202: Answer("Queued as a batch; its item has the fileId when the file is made", BATCH, headers=("Location", "Retry-After"))},
    problems=(404, 409, 422),
)
def create_report_action(call: Call) -> Reply:
    """Queue a report."""
    sent = call.read_entity(_REPORT)

    def work(transaction: Transaction) -> Reply:
        now = call.services.clock.now()
        books = open_books(transaction, call.client_no)
        books.require_active()
        return start_run(call, transaction, REPORTS, read_report(sent, books, books.today(now)))

    return run_once(call, work)
