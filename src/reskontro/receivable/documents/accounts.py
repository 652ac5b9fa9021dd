"""Which accounts and dimensions the lines of a document are posted with."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from reskontro.kit.fields import Schema
from reskontro.ledger.accounts import missing_dimensions, unknown_dimensions, unusable
from reskontro.ledger.books import Books
from reskontro.norway.vat import VAT_CODES
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.amounts import ComposedLine, Composition
from reskontro.receivable.documents.rules import Draft
from reskontro.receivable.documents.schemas import DOCUMENT, DOCUMENT_LINE

if TYPE_CHECKING:
    from reskontro.receivable.documents.desk import DocumentDesk

_LINES = DOCUMENT.field("documentLines").position
TAXED_CODES = frozenset(row.code for row in VAT_CODES if row.vat_account is not None)
"""Codes whose VAT needs an account."""


def choose_accounts(desk: DocumentDesk, on: date, draft: Draft, composition: Composition, customer: Customer) -> None:
    """Give every line with amounts its account, and its VAT account; ACCOUNT-UNKNOWN and ACCOUNT-CONTROL for those that cannot be used."""
    document_type = draft.document_type
    assert document_type is not None
    books, usable, accounts_of_line = desk.books, desk.usable_accounts, desk.accounts_of_line
    for place, line in enumerate(composition.lines):
        if line.excl_vat is None:
            continue
        raw = line.raw
        event, line_type = document_type, line.line_type
        if line_type == "FEE" and event != "RM" and line.vat_code == "7":
            event = "FEE"
        found = accounts_of_line(event, on, line_type, line.vat_code, raw, customer)
        line.gl_account = raw.get("glAccount") or found.contra
        line.vat_account = found.vat if line.vat_code is not None else None
        if line.gl_account not in usable or line.vat_account not in usable:
            _check_account(books, draft, line, place, composition.from_header)
            _check_required_dimensions(books, draft, line, place, composition.from_header)


def _check_account(books: Books, draft: Draft, line: ComposedLine, index: int, from_header: bool) -> None:
    numbers = [line.gl_account]
    if line.vat_account is not None or (line.vat and line.vat_code in TAXED_CODES):
        numbers.append(line.vat_account)
    for number in numbers:
        code = unusable(books, number)
        if code is None:
            continue
        if from_header:
            draft.messages.cross("E", code, "document", "", value=number or "")
        else:
            position = (_LINES, index, DOCUMENT_LINE.field("glAccount").position)
            draft.messages.add("E", code, "glAccount", f"/documentLines/{index}/glAccount", position, value=number or "")


def _check_required_dimensions(books: Books, draft: Draft, line: ComposedLine, index: int, from_header: bool) -> None:
    """REQUIRED for a line whose income account asks for a dimension that neither it nor the document has."""
    given = line.raw.get("dimensions") or draft.values.get("dimensions") or ()
    if line.gl_account is None or not missing_dimensions(books, line.gl_account, (entry["dimensionNo"] for entry in given if "dimensionNo" in entry)):
        return
    if from_header:
        draft.find("E", "REQUIRED", "dimensions")
    else:
        position = (_LINES, index, DOCUMENT_LINE.field("dimensions").position)
        draft.messages.add("E", "REQUIRED", "dimensions", f"/documentLines/{index}/dimensions", position)


def read_dimensions(books: Books, on: date, draft: Draft) -> None:
    """CODE-UNKNOWN for dimensions, of the document and of its lines, that the client does not keep or whose value is not listed."""
    sent = draft.values.get("dimensions")
    if sent:
        _check_dimensions(books, on, draft, sent, "/dimensions", (DOCUMENT.field("dimensions").position,))
    for index, line in enumerate(draft.lines):
        if line.get("dimensions"):
            position = (_LINES, index, DOCUMENT_LINE.field("dimensions").position)
            _check_dimensions(books, on, draft, line["dimensions"], f"/documentLines/{index}/dimensions", position)


def _check_dimensions(books: Books, on: date, draft: Draft, dimensions: list[dict[str, object]], pointer: str, position: tuple[int, ...]) -> None:
    schema: Schema | None = DOCUMENT.field("dimensions").inner
    assert schema is not None
    for index, name in unknown_dimensions(books, on, dimensions):
        place = (*position, index, schema.field(name).position)
        draft.messages.add("E", "CODE-UNKNOWN", name, f"{pointer}/{index}/{name}", place, value=dimensions[index][name])
