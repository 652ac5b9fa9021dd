"""HTTP of auto postings."""

from __future__ import annotations

from reskontro.receivable.auto_postings.schemas import AUTO_POSTING, AUTO_POSTING_ANSWER
from reskontro.receivable.auto_postings.service import find_method, post_all
from reskontro.web.calls import Call
from reskontro.web.operations import CLIENT, Answer, Body, Routes
from reskontro.web.replies import Reply

routes = Routes()

_MANY = Body("autoPostings", AUTO_POSTING, many=True, limit="postings_bytes_max")


@routes.add(
    "createAutoPostings",
    "POST",
    f"{CLIENT}/autopostings/{{autopostingmethod}}",
    tag="AutoPostings",
    summary="Book a set of auto postings, all or nothing",
    scope="write:arm",
    body=_MANY,
    answers={200: Answer("All booked, or all valid with validateOnly", AUTO_POSTING_ANSWER)},
    problems=(404, 409, 413, 422),
)
def create_auto_postings(call: Call) -> Reply:
    """Book a set of auto postings."""
    method = find_method(call.path["autopostingmethod"])
    return post_all(call, method, call.read_entity(_MANY))
