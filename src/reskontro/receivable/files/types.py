"""The types of files: which come in and which go out, and what they hold; pure."""

from __future__ import annotations

from typing import Final, Literal

Direction = Literal["IN", "OUT"]

ATTACHMENT: Final = "ATTACHMENT"
LETTER: Final = "LETTER"

PDF: Final = "application/pdf"
XML: Final = "application/xml"
JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BANK_TEXT: Final = "text/plain; charset=iso-8859-1"

CONTENT_TYPES: Final[dict[str, str | None]] = {
    ATTACHMENT: None,
    "OCR": BANK_TEXT,
    "CAMT054": XML,
    "MANDATES": BANK_TEXT,
    LETTER: PDF,
    "REPORT": PDF,
    "SAF-T": XML,
    "PAIN001": XML,
    "AVTALEGIRO": BANK_TEXT,
    "PROPOSAL": CSV,
}
"""Every file type with its usual media type; that of an attachment is told from its bytes."""

INCOMING: Final = (ATTACHMENT, "OCR", "CAMT054", "MANDATES")
FILE_TYPES: Final = tuple(CONTENT_TYPES)
DIRECTIONS: Final = ("IN", "OUT")

MEDIA_TYPES: Final = (PDF, XML, JSON, "text/xml", "text/plain", "text/csv", "image/png", "image/jpeg", XLSX)
"""Every media type that a file may be given out under, without its options. None of them is a page or a program for a browser."""


def direction_of(file_type: str) -> Direction:
    """Whether files of a type are uploaded or produced."""
    return "IN" if file_type in INCOMING else "OUT"


def media_of(content_type: str) -> str:
    """A media type without its options."""
    return content_type.partition(";")[0].strip().lower()
