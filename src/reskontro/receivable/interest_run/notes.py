"""One interest note: the claims it charges, its document as the posting code takes it, and its letter."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from reskontro.kit.messages import Language, Messages
from reskontro.kit.money import ZERO
from reskontro.kit.quick import Sent
from reskontro.kit.shown import shown_date
from reskontro.ledger.posting import OpenItem
from reskontro.norway.identities import currency_decimals
from reskontro.norway.interest import Segment
from reskontro.receivable.accrued_interest import Accrued, Terms
from reskontro.receivable.claim_charges import CONSUMER, item_number
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.record import NewDocument
from reskontro.receivable.documents.rules import Draft, Notice
from reskontro.receivable.letters.model import LINES_MAX, ClaimLine, Interest, InterestSegment, Letter, Receiver, letter_language
from reskontro.receivable.letters.stationery import Stationery, address_lines

_LINE_TEXTS: Final = {
    "en": "Late-payment interest on {number}, {first} to {last}",
    "nb": "Forsinkelsesrente av {number}, {first} til {last}",
    "nn": "Forseinkingsrente av {number}, {first} til {last}",
}


_FEE_NAMES: Final = {"en": "fee of {day} on {number}", "nb": "gebyr av {day} på {number}", "nn": "gebyr av {day} på {number}"}


class Charge(NamedTuple):
    """A claim with the interest that a note charges on it."""

    item: OpenItem
    interest: Accrued
    principal: OpenItem
    """The claim that owes it: of costs the principal they belong to, else the item."""

    def name(self, language: Language) -> str:
        """What the note calls the claim: its number, else its due date; a fee without a number by its day and its claim."""
        item, principal = self.item, self.principal
        if item_number(item) is not None or principal is item:
            return item_number(item) or item.due_date.isoformat()
        claim = item_number(principal) or principal.due_date.isoformat()
        return _FEE_NAMES[language].format(day=shown_date(item.item_date or item.gl_date, language), number=claim)


@dataclass(slots=True)
class Note:
    """The charges of one customer in one currency, oldest claim first."""

    customer: Customer
    currency: str
    charges: list[Charge]

    @property
    def amount(self) -> Decimal:
        """What it asks for."""
        return sum([charge.interest.amount for charge in self.charges], ZERO)

    def cells(self, until: date) -> dict[str, Any]:
        """What a proposal file says of the note."""
        numbers = " ".join(charge.name(letter_language(self.customer.language)) for charge in self.charges)
        return {"documentNos": numbers, "currency": self.currency, "interestTo": until, "amount": self.amount}


def split_notes(note: Note) -> list[Note]:
    """The note as notes that a document and a letter can hold: so many claims, so many spans of days."""
    notes: list[Note] = []
    spans = 0
    for charge in note.charges:
        if not notes or len(notes[-1].charges) >= LINES_MAX - 1 or spans + len(charge.interest.segments) > LINES_MAX:
            notes.append(Note(note.customer, note.currency, []))
            spans = 0
        notes[-1].charges.append(charge)
        spans += len(charge.interest.segments)
    return notes


def note_draft(note: Note, day: date, due_date: date, until: date, *, rate: Decimal | None, bundle_id: UUID) -> Draft:
    """The document of a note: an interest line for every claim; ``rate`` is the exchange rate of another currency than the base currency."""
    language = letter_language(note.customer.language)
    lines = [_line(number, charge, language) for number, charge in enumerate(note.charges, 1)]
    values: dict[str, Any] = {
        "documentType": "IT",
        "customerNo": note.customer.customer_no,
        "documentDate": day,
        "dueDate": due_date,
        "currency": note.currency,
        "currencyAmounts": _amounts(note.amount),
        "documentLines": lines,
    }
    if rate is not None:
        values["exchangeRate"] = rate
    named = list({charge.principal.ar_item_id: charge.principal for charge in note.charges}.values())
    notice = Notice(named, named, bundle_id, {"interestTo": until.isoformat()})
    content = hashlib.sha256(f"{note.customer.account_no}/{note.currency}/{until}/{note.charges[0].item.ar_item_id}".encode()).digest()
    return Draft(Sent({}), values, Messages(), content, lines, "IT", None, notice)


def _line(number: int, charge: Charge, language: Language) -> dict[str, Any]:
    days = charge.interest.segments
    text = _LINE_TEXTS[language].format(
        number=charge.name(language), first=shown_date(days[0].first_day, language), last=shown_date(days[-1].last_day, language)
    )
    line: dict[str, Any] = {"lineNo": number, "lineType": "INT", "lineText": text, "currencyAmounts": _amounts(charge.interest.amount)}
    if charge.item.document_no is not None:
        line["referenceDocumentNo"] = charge.item.document_no
    return line


def _amounts(amount: Decimal) -> dict[str, Decimal]:
    return {"exclVat": amount, "vat": ZERO, "inclVat": amount}


def note_letter(note: Note, document: NewDocument, terms: Terms, stationery: Stationery) -> Letter:
    """The letter of a note whose document is written."""
    customer, values = note.customer, note.customer.values
    language = letter_language(customer.language)
    decimals = currency_decimals(note.currency)
    spans = [_span(charge.name(language), span) for charge in note.charges for span in charge.interest.segments]
    return Letter(
        kind="INTEREST-NOTE",
        language=language,
        letter_date=document.document_date,
        creditor=stationery.creditor,
        receiver=Receiver(
            name=customer.name,
            address_lines=address_lines(values["postalAddress"], stationery.home),
            consumer=customer.customer_category == CONSUMER,
        ),
        customer_no=customer.customer_no,
        document_no=document.document_no,
        currency=note.currency,
        decimals=2 if decimals is None else decimals,
        deadline=document.due_date,
        reference=values.get("buyerReference") or "",
        creditor_reference=values.get("sellerReference") or "",
        claims=tuple(_claim_line(charge, language) for charge in note.charges),
        interest=Interest(
            rule="AGREED" if terms.agreed and all(span.rate == spans[0].rate for span in spans) else "STATUTORY",
            rate=spans[-1].rate,
            segments=tuple(spans),
            day_count=terms.day_count,
        ),
        payment=stationery.payment(document.kid, note.currency, customer.country_code),
        message=values.get("customerMessage") or "",
    )


def _span(number: str, span: Segment) -> InterestSegment:
    return InterestSegment(document_no=number, first_day=span.first_day, last_day=span.last_day, principal=span.principal, rate=span.rate)


def _claim_line(charge: Charge, language: Language) -> ClaimLine:
    item = charge.item
    return ClaimLine(
        # The name of a fee without a number says what it is.
        kind=item.ar_item_type if item_number(item) is not None else "",
        document_no=charge.name(language),
        document_date=item.item_date or item.gl_date,
        due_date=item.due_date,
        original=item.original_amount,
        open_amount=item.open_amount,
        interest=charge.interest.amount,
    )
