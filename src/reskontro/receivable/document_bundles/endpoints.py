"""HTTP of document bundles."""

from __future__ import annotations

from reskontro.receivable.document_bundles.schemas import DOCUMENT_BUNDLE
from reskontro.receivable.document_bundles.service import EVERYTHING, FILTERS, listing, show_bundle
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, Answer, Routes, expand_parameter
from reskontro.web.parameters import path_id
from reskontro.web.replies import Reply

routes = Routes()

_BUNDLES = f"{CLIENT}/documentbundles"


@routes.add(
    "listDocumentBundles",
    "GET",
    _BUNDLES,
    tag="DocumentBundles",
    summary="Document bundles, oldest first",
    scope="read:arm",
    parameters=(*FILTERS, *LIST_PARAMETERS, expand_parameter(*EVERYTHING)),
    answers={200: Answer("Bundles found", DOCUMENT_BUNDLE, list_key="documentBundles", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_document_bundles(call: Call) -> Reply:
    """One page of the list of bundles."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call.client_no, call.services.clock.now()))


@routes.add(
    "getDocumentBundle",
    "GET",
    f"{_BUNDLES}/{{documentbundleid}}",
    tag="DocumentBundles",
    summary="One bundle with its documents and files",
    scope="read:arm",
    answers={200: Answer("The bundle", DOCUMENT_BUNDLE)},
    problems=(404,),
)
def get_document_bundle(call: Call) -> Reply:
    """One bundle."""
    identifier = path_id(call.path["documentbundleid"])
    with call.reading() as transaction:
        return Reply(200, show_bundle(transaction, call.client_no, identifier))
