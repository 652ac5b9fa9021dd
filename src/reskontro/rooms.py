"""Which rooms the house has: the operations and the batch kinds of all of them."""

from __future__ import annotations

from importlib.metadata import version

from reskontro.batches import endpoints as batches
from reskontro.batches.kinds import Kinds
from reskontro.host import health, token
from reskontro.receivable.actions import endpoints as actions
from reskontro.receivable.actions.runs import RUNS
from reskontro.receivable.administration import endpoints as administration
from reskontro.receivable.ar_items import endpoints as ar_items
from reskontro.receivable.ar_items.batch import AR_ITEMS_PUT
from reskontro.receivable.auto_postings import endpoints as auto_postings
from reskontro.receivable.bank_files.work import IMPORTS
from reskontro.receivable.client_configs import endpoints as client_configs
from reskontro.receivable.codes import endpoints as codes
from reskontro.receivable.customers import endpoints as customers
from reskontro.receivable.customers.batch import CUSTOMERS_POST, CUSTOMERS_PUT
from reskontro.receivable.document_bundles import endpoints as document_bundles
from reskontro.receivable.documents import endpoints as documents
from reskontro.receivable.documents.batch import DOCUMENTS_POST
from reskontro.receivable.files import endpoints as files
from reskontro.receivable.files.writing import register_renderer
from reskontro.receivable.gl_items import endpoints as gl_items
from reskontro.receivable.gl_movements import endpoints as gl_movements
from reskontro.receivable.insights import endpoints as insights
from reskontro.receivable.letters.queue import letters_job, render_json
from reskontro.receivable.log_items import endpoints as log_items
from reskontro.receivable.matching import endpoints as matching
from reskontro.receivable.payment_reservations import endpoints as payment_reservations
from reskontro.receivable.payment_reservations.expiry import EXPIRY
from reskontro.receivable.reports import endpoints as reports
from reskontro.receivable.reports.run import REPORTS
from reskontro.web.operations import Operation

VERSION = version("reskontro")

register_renderer(render_json)


def all_operations() -> list[Operation]:
    """Every operation of the API."""
    books = (administration, client_configs, codes)
    ledger = (customers, documents, document_bundles, files, gl_items, gl_movements, insights, log_items)
    postings = (actions, ar_items, auto_postings, matching, payment_reservations, reports)
    rooms = (token, batches, *books, *ledger, *postings, health)
    return [operation for room in rooms for operation in room.routes.operations]


def kinds() -> Kinds:
    """Every kind of batch, and every periodic job of the workers; the one place where they are registered."""
    registry = Kinds()
    for kind in (CUSTOMERS_POST, CUSTOMERS_PUT, DOCUMENTS_POST, AR_ITEMS_PUT, REPORTS):
        registry.register(kind)
    for run in (*(run.kind for run in RUNS.values()), *IMPORTS):
        registry.register(run)
    registry.jobs += (EXPIRY, letters_job())
    return registry
