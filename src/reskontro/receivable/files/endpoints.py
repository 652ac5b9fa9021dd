"""HTTP of files."""

from __future__ import annotations

from reskontro.receivable.files.downloading import CONTENT, show_file
from reskontro.receivable.files.listing import FILTERS, listing
from reskontro.receivable.files.schemas import FILE, FILE_ANSWER, FILE_UPLOAD, FILES_REJECTED
from reskontro.receivable.files.types import MEDIA_TYPES
from reskontro.receivable.files.uploading import upload
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, JSON, OCTETS, Answer, Body, Routes, expand_parameter
from reskontro.web.parameters import path_id
from reskontro.web.replies import Reply

routes = Routes()

_FILES = f"{CLIENT}/files"
_MANY = Body("files", FILE_UPLOAD, many=True, limit="files_bytes_max")


@routes.add(
    "listFiles",
    "GET",
    _FILES,
    tag="Files",
    summary="Files without content, newest first",
    scope="read:arm",
    parameters=(*FILTERS, *LIST_PARAMETERS),
    answers={200: Answer("Files found", FILE, list_key="files", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_files(call: Call) -> Reply:
    """One page of the list of files."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call.client_no, call.services.clock.now()))


@routes.add(
    "uploadFiles",
    "POST",
    _FILES,
    tag="Files",
    summary="Upload one or more files; bank files are imported as a batch",
    scope="write:arm",
    body=_MANY,
    answers={200: Answer("All files accepted", FILE_ANSWER), 207: Answer("Some accepted, some refused", FILE_ANSWER)},
    problems=(404, 409, 413, 422),
    refusals={422: FILES_REJECTED},
)
def upload_files(call: Call) -> Reply:
    """Upload files."""
    return upload(call, call.read_entity(_MANY))


@routes.add(
    "getFile",
    "GET",
    f"{_FILES}/{{fileid}}",
    tag="Files",
    summary="One file, or its bytes",
    scope="read:arm",
    parameters=(expand_parameter(CONTENT),),
    answers={
        200: Answer("The file; its bytes when Accept asks for them", FILE, media=(JSON, OCTETS), also=MEDIA_TYPES, headers=("Content-Disposition",))
    },
    problems=(404,),
    locks=True,
)
def get_file(call: Call) -> Reply:
    """One file."""
    return show_file(call, path_id(call.path["fileid"]))
