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


DETAIL_NORWEGIAN: dict[str, str] = {
    "MALFORMED-JSON": "Innholdet er ikke gyldig JSON",
    "MALFORMED-BODY": "Innholdet har ikke den formen kallet krever",
    "INVALID-PARAMETER": "En parameter har en ugyldig verdi",
    "UNKNOWN-PARAMETER": "Kallet har ingen slik parameter",
    "ID-MALFORMED": "En id må ha 22 tegn (base64url)",
    "HEADER-INVALID": "Et hode har en ugyldig verdi",
    "UNAUTHENTICATED": "Kallet mangler et gyldig token",
    "CLIENT-FORBIDDEN": "Tokenet gjelder ikke denne klienten",
    "INSUFFICIENT-SCOPE": "Tokenet mangler tilgangen kallet krever",
    "NOT-FOUND": "Det du spør etter, finnes ikke",
    "QUERY-NOT-FOUND": "Det finnes ingen lagret liste med denne queryId",
    "METHOD-NOT-ALLOWED": "Adressen har ikke denne metoden",
    "NOT-ACCEPTABLE": "Kallet kan ikke svare i den formen",
    "IDEMPOTENCY-KEY-REUSED": "Idempotency-Key er brukt før, med et annet innhold",
    "IDEMPOTENCY-IN-PROGRESS": "Det første kallet med denne Idempotency-Key pågår ennå",
    "PAYMENT-ID-REUSED": "paymentId er brukt før",
    "STATE-CONFLICT": "Ikke mulig i objektets nåværende status",
    "CLIENT-NOT-ACTIVE": "Klienten er ikke aktiv",
    "PAYLOAD-TOO-LARGE": "Innholdet er for stort",
    "TOO-MANY-ITEMS": "For mange elementer",
    "UNSUPPORTED-MEDIA-TYPE": "Innholdet kan ikke leses i denne formen",
    "NOTHING-TO-RETRY": "Ingen elementer feilet eller ble avbrutt",
    "RATE-LIMITED": "For mange kall",
    "INTERNAL-ERROR": "Teknisk feil; prøv igjen",
    "UNAVAILABLE": "Tjenesten er ikke tilgjengelig nå",
}
"""What Norwegian answers say in ``detail``; the English ones are more particular."""


def title_of(code: str) -> str:
    """The code as words: CUSTOMER-IN-USE becomes "Customer in use"."""
    words = code.replace("-", " ").lower()
    return words.capitalize().replace("json", "JSON").replace("Id ", "ID ")


class Problem(Exception):
    """A call is refused; the code decides the status.

    ``norwegian`` is the detail in Norwegian; without it the general one of the code. ``errors`` are field messages whose pointers start at
    ``root`` of the body; ``members`` are extra members of the answer.
    """

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        norwegian: str | None = None,
        errors: Sequence[Message] = (),
        root: str = "",
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail or code)
        self.code = code
        self.status = STATUS_OF_CODE[code]
        self.detail = detail
        self.norwegian = norwegian or DETAIL_NORWEGIAN.get(code, detail)
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
