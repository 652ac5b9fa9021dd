"""The documents that a document refers to: the credited one, or the claims it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reskontro.ledger.posting import OpenItem
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.case import Case
from reskontro.receivable.documents.rules import Draft
from reskontro.receivable.documents.schemas import DOCUMENT, DOCUMENT_LINE
from reskontro.receivable.documents.store import KnownDocument

if TYPE_CHECKING:
    from reskontro.receivable.documents.desk import DocumentDesk

_LINES = DOCUMENT.field("documentLines").position
_CLAIM_LINES = {"IT": ("INT",), "RM": ("FEE",)}


def find_references(desk: DocumentDesk, draft: Draft, case: Case, customer: Customer | None) -> None:
    """Resolve the references; DOCUMENT-UNKNOWN, and TARGET-CONFLICT for documents of another customer or currency.

    A letter (RM, IT) concerns the claims that its fee or interest lines name, else the one its header names; its KID means all that are named.
    A letter of a run knows its claims already.
    """
    if draft.notice is not None:
        case.bearing, case.meant = list(draft.notice.bearing), list(draft.notice.named)
        return
    kind = draft.document_type
    header = draft.values.get("referenceDocumentNo")
    own: KnownDocument | None = None
    if header is not None and kind != "IN":
        own = _resolve(desk, draft, case, customer, header, None)
        if kind == "CN":
            case.credited = own
    named: list[KnownDocument] = []
    every = [own] if own is not None else []
    for index, line in enumerate(draft.lines):
        number = line.get("referenceDocumentNo")
        if number is None:
            continue
        found = _resolve(desk, draft, case, customer, number, index)
        if found is not None:
            every.append(found)
        if found is not None and line.get("lineType") in _CLAIM_LINES.get(kind or "", ()):
            named.append(found)
    case.references = named or ([own] if own is not None else [])
    if kind in _CLAIM_LINES:
        case.bearing, case.meant = _items(case.references), _items(every)


def _items(documents: list[KnownDocument]) -> list[OpenItem]:
    return list({document.item.ar_item_id: document.item for document in documents if document.item is not None}.values())


def _resolve(desk: DocumentDesk, draft: Draft, case: Case, customer: Customer | None, number: str, line: int | None) -> KnownDocument | None:
    position: tuple[int, ...]
    if line is None:
        pointer, position = "/referenceDocumentNo", (DOCUMENT.field("referenceDocumentNo").position,)
    else:
        pointer = f"/documentLines/{line}/referenceDocumentNo"
        position = (_LINES, line, DOCUMENT_LINE.field("referenceDocumentNo").position)
    found = desk.document(number)
    if found is None:
        draft.messages.add("E", "DOCUMENT-UNKNOWN", "referenceDocumentNo", pointer, position, value=number)
        return None
    other_customer = customer is not None and found.account_no != customer.account_no
    other_currency = found.currency != case.currency and not draft.refused("currency")
    if other_customer or other_currency:
        fields = "referenceDocumentNo, customerNo" if other_customer else "referenceDocumentNo, currency"
        draft.messages.add("E", "TARGET-CONFLICT", "referenceDocumentNo", pointer, position, fields=fields)
        return None
    return found
