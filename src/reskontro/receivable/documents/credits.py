"""Credit notes: what may be credited, on which accounts, and the match with the credited item."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reskontro.batches.kinds import Origin
from reskontro.kit.money import split
from reskontro.ledger.posting import OpenItem, Part
from reskontro.receivable.documents.amounts import Composition, parts_of
from reskontro.receivable.documents.rules import Draft
from reskontro.receivable.documents.store import KnownDocument, posted_parts

if TYPE_CHECKING:
    from reskontro.receivable.documents.desk import DocumentDesk

_CREDITABLE = ("IN", "IT")


def check_credit(draft: Draft, credited: KnownDocument) -> None:
    """STATE-CONFLICT for a document that cannot be credited, DATE-ORDER for a date before it, AMOUNT-EXCEEDED above what is not yet credited."""
    item = credited.item
    if credited.document_type not in _CREDITABLE or item is None:
        draft.messages.cross("E", "STATE-CONFLICT", "referenceDocumentNo", "/referenceDocumentNo", status=credited.document_type)
        return
    document_date = draft.values.get("documentDate")
    if document_date is not None and document_date < credited.document_date:
        draft.find("E", "DATE-ORDER", "documentDate", other="referenceDocumentNo")
    amounts = draft.values.get("currencyAmounts") or {}
    for name, available in (("vat", credited.vat - item.credited_vat), ("inclVat", credited.incl_vat - item.credited_amount)):
        if name in amounts and amounts[name] > available:
            draft.messages.cross("E", "AMOUNT-EXCEEDED", name, f"/currencyAmounts/{name}", value=amounts[name], available=available)


def credit_parts(
    desk: DocumentDesk,
    composition: Composition,
    credited: KnownDocument,
    rounding: str,
    dimensions_of: Callable[[dict[str, Any]], tuple[tuple[int, str], ...]],
) -> list[Part]:
    """What a credit note takes back: its own lines on the accounts as credited, or without lines the original in proportion."""
    if credited.parts is None:
        assert credited.gl_year is not None and credited.transaction_no is not None
        credited.parts = posted_parts(desk.transaction, desk.client_no, credited.gl_year, credited.transaction_no)
    original = credited.parts
    vat_accounts = {rule.vat_account for rule in desk.books.rules if rule.vat_account is not None}
    vat_parts = [part for part in original if part.gl_account in vat_accounts and part.vat_code is not None]
    income_parts = [part for part in original if part not in vat_parts]
    if composition.from_header:
        whole = composition.incl_vat == credited.incl_vat and composition.vat == credited.vat
        if whole:
            return list(original)
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


def settle_credit(
    desk: DocumentDesk, item: OpenItem, credited: KnownDocument, composition: Composition, origin: Origin, document: KnownDocument
) -> None:
    """Match a credit note with the item it credits, up to that item's open amount; the rest stays open as credit."""
    target = credited.item
    assert target is not None
    target.credited_amount += composition.incl_vat
    target.credited_vat += composition.vat
    target.changed = True
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
