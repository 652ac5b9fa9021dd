"""Credit notes: what may be credited, on which accounts, and the match with the credited item."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reskontro.batches.kinds import Origin
from reskontro.kit.money import split
from reskontro.ledger.posting import OpenItem, Part, gather
from reskontro.receivable.documents.amounts import Composition, parts_of
from reskontro.receivable.documents.rules import Draft
from reskontro.receivable.documents.store import KnownDocument, credited_parts, posted_parts

if TYPE_CHECKING:
    from reskontro.receivable.documents.desk import DocumentDesk

CREDITABLE = ("IN", "IT")
"""Types of documents that a credit note may name."""


def check_credit(draft: Draft, credited: KnownDocument) -> None:
    """STATE-CONFLICT for a document that cannot be credited, DATE-ORDER for a date before it, AMOUNT-EXCEEDED above what is not yet credited."""
    item = credited.item
    if credited.document_type not in CREDITABLE or item is None:
        draft.messages.cross("E", "STATE-CONFLICT", "referenceDocumentNo", "/referenceDocumentNo", status=credited.document_type)
        return
    document_date = draft.values.get("documentDate")
    if document_date is not None and document_date < credited.document_date:
        draft.find("E", "DATE-ORDER", "documentDate", other="referenceDocumentNo")
    amounts = draft.values.get("currencyAmounts") or {}
    for name, available in zip(("vat", "inclVat"), not_yet_credited(credited), strict=True):
        if name in amounts and amounts[name] > available:
            draft.messages.cross("E", "AMOUNT-EXCEEDED", name, f"/currencyAmounts/{name}", value=amounts[name], available=available)


def credit_parts(
    desk: DocumentDesk,
    composition: Composition,
    credited: KnownDocument,
    rounding: str,
    dimensions_of: Callable[[dict[str, Any]], tuple[tuple[int, str], ...]],
) -> list[Part]:
    """What a credit note takes back: its own lines on the accounts as credited, or without lines the original in proportion.

    The one that takes all that is left takes what is left on each account, so that in the end the original's accounts are even.
    """
    income_parts, vat_parts = original_parts(desk, credited)
    if composition.from_header:
        if (composition.vat, composition.incl_vat) == not_yet_credited(credited):
            return _parts_left(desk, credited)
        decimals = 0 if desk.has_no_decimals(credited.currency) else 2
        income = split(composition.incl_vat - composition.vat, [part.amount for part in income_parts], decimals)
        vat = split(composition.vat, [part.amount for part in vat_parts], decimals)
        parts = [part._replace(amount=amount) for part, amount in zip(income_parts, income, strict=True)]
        parts += [part._replace(amount=amount) for part, amount in zip(vat_parts, vat, strict=True)]
        left = composition.incl_vat - sum(part.amount for part in parts)
        return [*parts, Part(rounding, left, None)] if left else parts
    for line in composition.lines:
        if line.raw.get("glAccount") is None and line.vat_code is not None:
            line.gl_account = next((part.gl_account for part in income_parts if part.vat_code == line.vat_code), line.gl_account)
        if line.vat_account is not None:
            line.vat_account = next((part.gl_account for part in vat_parts if part.vat_code == line.vat_code), line.vat_account)
    return parts_of(composition, rounding, dimensions_of)


def original_parts(desk: DocumentDesk, document: KnownDocument) -> tuple[list[Part], list[Part]]:
    """What a document posted besides the control account: (income and rounding, VAT)."""
    if document.parts is None:
        assert document.gl_year is not None and document.transaction_no is not None
        document.parts = posted_parts(desk.transaction, desk.client_no, document.gl_year, document.transaction_no)
    vat_accounts = {rule.vat_account for rule in desk.books.rules if rule.vat_account is not None}
    vat_parts = [part for part in document.parts if part.gl_account in vat_accounts and part.vat_code is not None]
    return [part for part in document.parts if part not in vat_parts], vat_parts


def not_yet_credited(document: KnownDocument) -> tuple[Decimal, Decimal]:
    """(vat, inclVat) of a document that credit notes have not taken back."""
    item = document.item
    assert item is not None
    return document.vat - item.credited_vat, document.incl_vat - item.credited_amount


def _parts_left(desk: DocumentDesk, document: KnownDocument) -> list[Part]:
    assert document.item is not None and document.parts is not None
    if not document.item.credited_amount:
        return list(document.parts)
    notes = document.credit_notes
    taken = credited_parts(desk.transaction, desk.client_no, document.document_uuid, [note.document_uuid for note in notes])
    taken += [part for note in notes for part in note.parts or ()]
    return gather([*document.parts, *(part._replace(amount=-part.amount) for part in taken)])


def settle_credit(
    desk: DocumentDesk, item: OpenItem, credited: KnownDocument, composition: Composition, origin: Origin, document: KnownDocument
) -> None:
    """Match a credit note with the item it credits, up to that item's open amount; the rest stays open as credit."""
    target = credited.item
    assert target is not None
    target.credited_amount += composition.incl_vat
    target.credited_vat += composition.vat
    target.changed = True
    credited.credit_notes.append(document)
    if target.open_amount <= 0:
        return
    match = desk.settler.settle(
        item,
        [[target]],
        source="CREDIT-NOTE",
        match_date=max(item.gl_date, target.gl_date),
        created_by=origin.user_id,
        batch_uuid=origin.batch_uuid,
    )
    if match is not None:
        desk.log_match(match.match_id, origin, document.customer_no, document.document_no)
