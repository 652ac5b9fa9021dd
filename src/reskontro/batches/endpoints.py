"""HTTP of batches: read one, list, cancel, retry the failures."""

from __future__ import annotations

from reskontro.batches.schemas import BATCH
from reskontro.batches.service import cancel_batch, listing, retry_failed, show_batch
from reskontro.web.calls import Call
from reskontro.web.idempotency import run_once
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, CSV, JSON, NDJSON, Answer, Body, Parameter, Routes, expand_parameter
from reskontro.web.parameters import path_id
from reskontro.web.replies import Reply

routes = Routes()

_MEDIA = (JSON, NDJSON, CSV)
_RESULTS = ("CREATED", "UPDATED", "UNCHANGED", "FAILED", "CANCELLED")
_METADATA_ONLY = Body(None, None, required=False)


@routes.add(
    "getBatch",
    "GET",
    f"{CLIENT}/batches/{{batchuuid}}",
    tag="Batches",
    summary="One batch and what became of each of its items",
    scope="read:arm",
    parameters=(
        expand_parameter("diagnostics"),
        Parameter("result", "choices", "Only items with these results", values=_RESULTS),
        Parameter("pageno", "integer", "Page of the items; adds summary", minimum=1),
        Parameter("pagesize", "integer", "Items on a page, at most 10,000; adds summary"),
    ),
    answers={
        200: Answer("The batch is final", BATCH, media=_MEDIA, headers=("Link", "X-Total-Count")),
        202: Answer("Nothing was processed yet", BATCH, media=_MEDIA, headers=("Retry-After",)),
        206: Answer("Some items were processed; those are here", BATCH, media=_MEDIA, headers=("Retry-After", "Link", "X-Total-Count")),
    },
    problems=(404,),
)
def get_batch(call: Call) -> Reply:
    """Show one batch."""
    return show_batch(call, path_id(call.path["batchuuid"]))


@routes.add(
    "listBatches",
    "GET",
    f"{CLIENT}/batches",
    tag="Batches",
    summary="Batches, newest first",
    scope="read:arm",
    parameters=(
        Parameter("status", "choices", "Where the batches are", values=("QUEUED", "PROCESSING", "PROCESSED", "CANCELLED")),
        Parameter("result", "choices", "Outcomes", values=("SUCCESS", "PARTIAL-SUCCESS", "FAILED")),
        Parameter("entity", "choices", "What the items are", values=("CUSTOMERS", "DOCUMENTS", "ACTION", "REPORT", "BANK-FILE")),
        Parameter("createdfrom", "moment", "Accepted at or after"),
        Parameter("createdto", "moment", "Accepted before; of a date, on or before"),
        *LIST_PARAMETERS,
    ),
    answers={200: Answer("Batches found", BATCH, list_key="batches", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_batches(call: Call) -> Reply:
    """One page of the list of batches."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call))


def _read_optional_metadata(call: Call) -> None:
    if call.body.strip():
        call.read_entity(_METADATA_ONLY)


@routes.add(
    "cancelBatch",
    "POST",
    f"{CLIENT}/batches/{{batchuuid}}/cancel",
    tag="Batches",
    summary="Stop a batch: the running chunk is finished, the rest is left",
    scope="write:arm",
    body=_METADATA_ONLY,
    answers={
        200: Answer("The batch is cancelled", BATCH),
        202: Answer("A chunk is still being finished", BATCH, headers=("Retry-After",)),
    },
    problems=(404, 409, 422),
)
def cancel(call: Call) -> Reply:
    """Cancel one batch."""
    batch_uuid = path_id(call.path["batchuuid"])
    _read_optional_metadata(call)
    return run_once(call, lambda transaction: cancel_batch(call, transaction, batch_uuid))


@routes.add(
    "retryFailedBatch",
    "POST",
    f"{CLIENT}/batches/{{batchuuid}}/retryfailed",
    tag="Batches",
    summary="A new batch of the items that failed or were cancelled",
    scope="write:arm",
    body=_METADATA_ONLY,
    answers={202: Answer("The new batch is queued", BATCH, headers=("Location", "Retry-After"))},
    problems=(404, 409, 422),
)
def retry(call: Call) -> Reply:
    """Retry what failed in one batch."""
    batch_uuid = path_id(call.path["batchuuid"])
    _read_optional_metadata(call)
    return run_once(call, lambda transaction: retry_failed(call, transaction, batch_uuid))
