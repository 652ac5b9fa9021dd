"""HTTP of documents."""

from __future__ import annotations

from reskontro.batches.accept import accept_batch
from reskontro.batches.answers import write_result
from reskontro.batches.collector import submit
from reskontro.batches.kinds import ItemResult
from reskontro.batches.schemas import BATCH, WRITE_RESULT
from reskontro.receivable.documents.batch import DOCUMENTS_POST
from reskontro.receivable.documents.schemas import DOCUMENT
from reskontro.receivable.documents.service import FILTERS, listing, show_document
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, JSON, NDJSON, Answer, Body, Routes, expand_parameter
from reskontro.web.replies import Reply

routes = Routes()

_DOCUMENTS = f"{CLIENT}/documents"
_ONE = Body("document", DOCUMENT)
_MANY = Body("documents", DOCUMENT, many=True, media=(JSON, NDJSON), streamed=True)


@routes.add(
    "createDocument",
    "POST",
    _DOCUMENTS,
    tag="Documents",
    summary="Store and post a document",
    scope="write:arm",
    body=_ONE,
    answers={
        200: Answer("The same document was stored before", WRITE_RESULT),
        201: Answer("The document was stored and posted", WRITE_RESULT, headers=("Location",)),
    },
    problems=(404, 409, 422),
)
async def create_document(call: Call) -> Reply:
    """Store and post one document."""

    def location(result: ItemResult) -> str:
        return f"{call.client_url}/documents/{result.document_no}"

    return await submit(call, DOCUMENTS_POST, call.read_entity(_ONE), lambda result: write_result(call, result, location))


@routes.add(
    "listDocuments",
    "GET",
    _DOCUMENTS,
    tag="Documents",
    summary="Documents, oldest first",
    scope="read:arm",
    parameters=(*FILTERS, *LIST_PARAMETERS, expand_parameter("lines", "aritem", "glitems", "customer")),
    answers={200: Answer("Documents found", DOCUMENT, list_key="documents", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_documents(call: Call) -> Reply:
    """One page of the list of documents."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call.client_no, call.services.clock.now()))


@routes.add(
    "getDocument",
    "GET",
    f"{_DOCUMENTS}/{{documentno}}",
    tag="Documents",
    summary="One document with its lines",
    scope="read:arm",
    parameters=(expand_parameter("aritem", "glitems", "customer"),),
    answers={200: Answer("The document", DOCUMENT)},
    problems=(404,),
    quick=True,
)
def get_document(call: Call) -> Reply:
    """One document."""
    with call.reading() as transaction:
        view = show_document(transaction, call.client_no, call.path["documentno"], call.services.clock.now(), call.parameters.get("expand", ()))
    return Reply(200, view)


@routes.add(
    "createDocumentBatch",
    "POST",
    f"{_DOCUMENTS}/batches",
    tag="Documents",
    summary="Accept a batch of documents",
    scope="write:arm",
    body=_MANY,
    answers={202: Answer("The batch is stored and queued", BATCH, headers=("Location", "Retry-After"))},
    problems=(404, 409, 413, 422),
)
async def create_document_batch(call: Call) -> Reply:
    """Accept a batch of documents."""
    return await accept_batch(call, DOCUMENTS_POST)
