"""Credit notes that are asked for by item: the request becomes a credit note as it would be sent to documents."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from reskontro.batches.kinds import ItemResult, Origin
from reskontro.kit.fields import CLEARED
from reskontro.kit.messages import Message
from reskontro.kit.money import ZERO, share
from reskontro.kit.quick import Sent
from reskontro.ledger.posting import OpenItem, Part
from reskontro.norway.identities import currency_decimals
from reskontro.receivable.ar_items.schemas import AR_ITEM_UPDATE, CREDIT_NOTE
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.credits import CREDITABLE, not_yet_credited, original_parts
from reskontro.receivable.documents.desk import DocumentDesk
from reskontro.receivable.documents.poster import post
from reskontro.receivable.documents.rules import read
from reskontro.receivable.documents.store import KnownDocument
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import ITEM_FIELDS

_POSITION: Final = AR_ITEM_UPDATE.field("creditNote").position
_NEEDED: Final = ("documentDate", "currencyAmounts", "inclVat", "documentLines")
"""What has to be in order before the credit note can be judged."""


def credit(desk: DocumentDesk, draft: Draft, item: OpenItem, customer: Customer, origin: Origin) -> ItemResult | None:
    """Make the credit note that a request asks for, unless something is wrong with it or with the rest of the request; findings go to the draft.

    Returns the result of the document, None when it was not made.
    """
    sent = {name: value for name, value in draft.values["creditNote"].items() if value is not CLEARED}
    document = desk.document(item.document_no) if item.document_no is not None else None
    if item.ar_item_type not in CREDITABLE or document is None or document.item is not item:
        draft.cross("STATE-CONFLICT", draft.first_sent(ITEM_FIELDS), status=item.ar_item_type)
        return None
    if any(_refused(draft, name) for name in _NEEDED):
        return None
    amounts = _amounts(desk, draft, sent, document)
    if amounts is None:
        return None
    raw = {
        "documentType": "CN",
        "customerNo": customer.customer_no,
        "documentNo": sent.get("documentNo"),
        "referenceDocumentNo": document.document_no,
        "documentDate": sent.get("documentDate", desk.context.today).isoformat(),
        "currency": document.currency,
        "exchangeRate": None if document.currency == desk.base_currency else item.exchange_rate,
        "customerMessage": sent.get("reason"),
        "ledgerNote": sent.get("ledgerNote"),
        "currencyAmounts": amounts.on_wire,
        "documentLines": sent.get("documentLines"),
    }
    note = read(Sent(raw), desk.policy)
    # What is wrong elsewhere in the request stops the credit note, but not the judgement of it.
    note.messages.error_count += draft.messages.error_count
    result = post(desk, note, origin)
    draft.messages.join(note.messages.retold(lambda message: _in_request(draft, message, sent)), "", (_POSITION,))
    return None if result.result == "FAILED" else result


def _refused(draft: Draft, name: str) -> bool:
    """Whether a field of the credit note, or a part of it, was sent but did not pass."""
    pointer = f"/creditNote/{name}"
    return any(
        message.severity == "E" and (message.pointer == pointer or message.pointer.startswith(f"{pointer}/")) for message in draft.messages.in_order()
    )


# ------------------------------------------------------------------------------------------------ amounts


@dataclass(frozen=True, slots=True)
class _Amounts:
    excl_vat: Decimal
    vat: Decimal
    incl_vat: Decimal

    @property
    def on_wire(self) -> dict[str, Decimal]:
        return {"exclVat": self.excl_vat, "vat": self.vat, "inclVat": self.incl_vat}


def _amounts(desk: DocumentDesk, draft: Draft, sent: dict[str, Any], document: KnownDocument) -> _Amounts | None:
    """The totals of the credit note: those sent, the sum of its lines, its inclVat with VAT in proportion, else all that is not yet credited.

    None with TOTAL-SUM when two of them do not agree, STATE-CONFLICT when nothing is left to credit.
    """
    short: Decimal | None = sent.get("inclVat")
    header = sent.get("currencyAmounts")
    if header is not None:
        amounts = _Amounts(header["exclVat"], header["vat"], header["inclVat"])
    elif sent.get("documentLines"):
        amounts = _sum(sent["documentLines"])
    elif short is not None:
        return _in_proportion(desk, short, document)
    else:
        vat, incl_vat = not_yet_credited(document)
        if not incl_vat:
            draft.cross("STATE-CONFLICT", draft.first_sent(ITEM_FIELDS), status="CLOSED")
            return None
        return _Amounts(incl_vat - vat, vat, incl_vat)
    if short is not None and short != amounts.incl_vat:
        draft.messages.cross("E", "TOTAL-SUM", "inclVat", "/creditNote/inclVat", value=short, expected=amounts.incl_vat)
        return None
    return amounts


def _sum(lines: list[dict[str, Any]]) -> _Amounts:
    excl_vat = incl_vat = ZERO
    for line in lines:
        amounts = line.get("currencyAmounts", {})
        excl_vat += amounts.get("exclVat", ZERO)
        incl_vat += amounts.get("inclVat", ZERO)
    return _Amounts(excl_vat, incl_vat - excl_vat, incl_vat)


def _in_proportion(desk: DocumentDesk, incl_vat: Decimal, document: KnownDocument) -> _Amounts:
    vat_left, incl_left = not_yet_credited(document)
    if incl_vat == incl_left:
        return _Amounts(incl_left - vat_left, vat_left, incl_left)
    _, vat_parts = original_parts(desk, document)
    vat = vat_share(incl_vat, document.incl_vat, document.vat, vat_parts, currency_decimals(document.currency) or 0)
    # What earlier credit notes left may be less than the share, on either side.
    vat = min(vat, vat_left)
    if incl_vat < incl_left:
        vat = max(vat, incl_vat - (incl_left - vat_left))
    return _Amounts(incl_vat - vat, vat, incl_vat)


def vat_share(incl_vat: Decimal, whole: Decimal, whole_vat: Decimal, vat_parts: list[Part], decimals: int) -> Decimal:
    """The VAT in a part of a document's total: in proportion, each VAT code rounded by itself."""
    sums: dict[str | None, Decimal] = {}
    for part in vat_parts:
        sums[part.vat_code] = sums.get(part.vat_code, ZERO) + part.amount
    rest = whole_vat - sum(sums.values(), ZERO)
    return sum([share(amount, incl_vat, whole, decimals) for amount in (*sums.values(), rest)], ZERO)


# ------------------------------------------------------------------------------------------------ findings


def _in_request(draft: Draft, message: Message, sent: dict[str, Any]) -> Message | None:
    """A finding about the document as one about the request; None for one that follows from what was told already."""
    name = message.pointer.split("/")[1] if message.pointer else ""
    if name == "documentNo" and _refused(draft, name):
        return None
    field, pointer = message.field, f"/creditNote{message.pointer}"
    if name == "currencyAmounts" and name not in sent:
        if "documentLines" in sent:
            pointer = "/creditNote/documentLines"
        elif "inclVat" in sent:
            field, pointer = "inclVat", "/creditNote/inclVat"
        else:
            pointer = "/creditNote"
    elif name == "glDate":
        pointer = "/creditNote/documentDate"
    elif name not in CREDIT_NOTE.by_name:
        field, pointer = "creditNote" if field == "document" else field, "/creditNote"
    return message._replace(field=field, pointer=pointer)
