"""Problems: every refusal of a call, as RFC 9457 describes it, in one exception with one table of codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reskontro.kit.messages import Message

STATUS_OF_CODE: dict[str, int] = {
    "MALFORMED-JSON": 400,
    "MALFORMED-BODY": 400,
    "INVALID-PARAMETER": 400,
    "UNKNOWN-PARAMETER": 400,
    "ID-MALFORMED": 400,
    "HEADER-INVALID": 400,
    "UNAUTHENTICATED": 401,
    "CLIENT-FORBIDDEN": 403,
    "INSUFFICIENT-SCOPE": 403,
    "NOT-FOUND": 404,
    "QUERY-NOT-FOUND": 404,
    "METHOD-NOT-ALLOWED": 405,
    "NOT-ACCEPTABLE": 406,
    "IDEMPOTENCY-KEY-REUSED": 409,
    "IDEMPOTENCY-IN-PROGRESS": 409,
    "PAYMENT-ID-REUSED": 409,
    "STATE-CONFLICT": 409,
    "CLIENT-NOT-ACTIVE": 409,
    "PAYLOAD-TOO-LARGE": 413,
    "TOO-MANY-ITEMS": 413,
    "UNSUPPORTED-MEDIA-TYPE": 415,
    "VALIDATION-FAILED": 422,
    "CUSTOMER-IN-USE": 422,
    "POSTINGS-REJECTED": 422,
    "FILES-REJECTED": 422,
    "NOTHING-TO-RETRY": 422,
    "RATE-LIMITED": 429,
    "INTERNAL-ERROR": 500,
    "UNAVAILABLE": 503,
}


def title_of(code: str) -> str:
    """The code as words: CUSTOMER-IN-USE becomes "Customer in use"."""
    words = code.replace("-", " ").lower()
    return words.capitalize().replace("json", "JSON").replace("Id ", "ID ")


class Problem(Exception):
    """A call is refused; the code decides the status.

    ``errors`` are field messages whose pointers start at ``root`` of the body; ``members`` are extra members of the answer;
    ``parameter_errors`` are ready entries about query parameters and headers.
    """

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        errors: Sequence[Message] = (),
        root: str = "",
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail or code)
        self.code = code
        self.status = STATUS_OF_CODE[code]
        self.detail = detail
        self.errors = tuple(errors)
        self.root = root
        self.headers = dict(headers or {})
        self.members = dict(members or {})


def not_found(what: str) -> Problem:
    """404 for an object that this client does not have; the text never says whether another client has it."""
    return Problem("NOT-FOUND", f"{what} does not exist")


def validation_failed(errors: Sequence[Message], root: str = "") -> Problem:
    """422 with all field errors at once."""
    return Problem("VALIDATION-FAILED", errors=[message for message in errors if message.severity == "E"], root=root)
