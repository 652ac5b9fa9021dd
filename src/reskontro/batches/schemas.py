"""The wire form of batches and results."""

from __future__ import annotations

from reskontro.kit.fields import Field, Schema, choice, identifier, integer, moment, nested, nested_array, text

FIELD_MESSAGE = Schema(
    "FieldMessage",
    [
        text("field", 64, "Input key the message is about", always=True),
        text("message", 500, "Text in the language of the request", always=True),
        text("code", 40, "Stable code of the catalogue; in batch items only with expand=diagnostics"),
        text("pointer", 200, "JSON pointer to the value; in batch items only with expand=diagnostics"),
    ],
)

PROBLEM_SCHEMA = Schema(
    "Problem",
    [
        text("type", 200, "urn:reskontro:problem: and the code in lower case", always=True),
        text("title", 200, "The code in words", always=True),
        integer("status", 400, 599, "The HTTP status", always=True),
        text("detail", 500, "What went wrong this time"),
        text("instance", 80, "urn:reskontro:request: and the request id", always=True),
        text("code", 40, "Stable code of the problem", always=True),
        identifier("requestId", "X-Request-Id of the answer", always=True),
        nested_array("errors", FIELD_MESSAGE, "All field errors"),
    ],
)

_NUMBER_MAX = 999_999_999


def _write_result_fields() -> list[Field]:
    return [
        choice("status", ["PROCESSED", "CANCELLED"], "Whether the item was worked on", always=True),
        choice("result", ["CREATED", "UPDATED", "UNCHANGED", "FAILED", "CANCELLED", "DELETED"], "What became of it", always=True),
        text("message", 500, "Outcome; of a failed item the first error", always=True),
        integer("clientNo", 1, _NUMBER_MAX, "The client", always=True),
        integer("accountNo", 1, _NUMBER_MAX, "AR account, stored or as sent"),
        text("customerNo", 20, "Customer"),
        text("documentNo", 35, "Document"),
        identifier("documentUuid", "Id of the document"),
        identifier("arItemId", "Id of the AR item"),
        text("kid", 25, "KID, when it was generated"),
        identifier("paymentUuid", "Id of the payment"),
        identifier("fileId", "Id of the file"),
        integer("index", 0, _NUMBER_MAX, "Place in the input, from 0; with expand=diagnostics"),
        text("clientReference", 64, "Echo of the input; with expand=diagnostics"),
        nested_array("warnings", FIELD_MESSAGE, "Findings that did not stop the item"),
        nested_array("errors", FIELD_MESSAGE, "Findings that did"),
    ]


WRITE_RESULT = Schema("WriteResult", _write_result_fields(), "What became of one written object")

SUMMARY = Schema(
    "Summary",
    [
        integer("pageNo", 1, 10**18, "This page", always=True),
        integer("currentPageSize", 0, _NUMBER_MAX, "Records on this page", always=True),
        integer("pageSizeLimit", 1, _NUMBER_MAX, "Page size in force", always=True),
        integer("totalPages", 0, _NUMBER_MAX, "0 when nothing matched", always=True),
        integer("totalCount", 0, _NUMBER_MAX, "Records in the stored result", always=True),
        integer("maximumCount", 0, _NUMBER_MAX, "Most records the list can hold", always=True),
        Field("truncated", lambda value: value, {"type": "boolean"}, "true when more records matched than the list holds"),
        text("firstPage", 500, "Address of the first page"),
        text("previousPage", 500, "Address of the page before"),
        text("nextPage", 500, "Address of the page after; absent on the last"),
        text("lastPage", 500, "Address of the last page"),
        text("queryId", 22, "Name of the stored result", always=True),
    ],
)

BATCH = Schema(
    "Batch",
    [
        integer("clientNo", 1, _NUMBER_MAX, "The client", always=True),
        identifier("batchUuid", "Id of the batch", always=True),
        choice("status", ["QUEUED", "PROCESSING", "PROCESSED", "CANCELLED"], "Where the batch is", always=True),
        choice("result", ["SUCCESS", "PARTIAL-SUCCESS", "FAILED"], "Outcome of the whole; absent until it is final"),
        text("message", 200, "The status in words", always=True),
        integer("countNotProcessed", 0, _NUMBER_MAX, "Items still to come, or cancelled", always=True),
        integer("countProcessed", 0, _NUMBER_MAX, "Items that are final", always=True),
        integer("countSuccessful", 0, _NUMBER_MAX, "Items that succeeded", always=True),
        integer("countFailed", 0, _NUMBER_MAX, "Items that failed", always=True),
        nested_array("items", WRITE_RESULT, "Results in input order"),
        nested("summary", SUMMARY, "Only with pageno or pagesize"),
        choice("entity", ["CUSTOMERS", "DOCUMENTS", "ACTION", "REPORT", "BANK-FILE"], "What the items are"),
        choice("operation", ["POST", "PUT", "RUN", "IMPORT", "RETRY"], "What is done with them"),
        text("userId", 64, "On whose behalf"),
        moment("createdAt", "When it was accepted"),
        moment("startedAt", "When the first chunk was committed"),
        moment("finishedAt", "When it became final"),
        identifier("parentBatchUuid", "The batch whose failures this one repeats"),
        identifier("fileId", "The bank file this batch imports"),
    ],
    "A request with many items, and what became of each",
)
