"""What the Collection API receives of a claim: an element of its CreateInvoices, of the claim, its letters, customer and attachments. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from reskontro.kit.ids import encode_id
from reskontro.kit.money import ZERO
from reskontro.ledger.books import Books
from reskontro.ledger.matching import Match
from reskontro.ledger.posting import OpenItem
from reskontro.norway.calendars import add_months
from reskontro.norway.deadlines import DEMAND_VALID_MONTHS, earliest_deadline
from reskontro.norway.rates import Rates
from reskontro.receivable.claim_charges import COMPENSATION, CONSUMER, LETTERS, code_of, standing_fees
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.dunning.debtor import debtor
from reskontro.receivable.dunning.rules import INTEREST_HOLD, Claim

LETTERS_MAX: Final = 10
PAYMENTS_MAX: Final = 50
FEES_MAX: Final = 10
ATTACHMENTS_MAX: Final = 10
DESCRIPTION_CHARACTERS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Link:
    """The client's link to the Collection API, as its configs say."""

    organization_id: str
    creditor_number: str | None
    entry_stage: str
    transfer_option: int
    interest: Mapping[str, Any]
    consumer_interest: Mapping[str, Any]
    """A consumer owes at most the statutory rate (forsinkelsesrenteloven § 4 b)."""

    @classmethod
    def of(cls, books: Books, day: date, rates: Rates) -> Link | None:
        """The link of a client; None when it has none."""
        organization_id = books.config("collection.organizationId", day)
        if not organization_id:
            return None
        interest: dict[str, Any] = {"kind": "STATUTORY"}
        of_consumers = interest
        if not books.config("interest.enabled", day):
            interest = of_consumers = {"kind": "NONE"}
        elif books.config("interest.rate", day) == "AGREED":
            rate = books.config("interest.agreedRate", day)
            interest = {"kind": "AGREED", "agreedRatePercent": rate}
            if rate <= rates.late_interest.on(day):
                of_consumers = interest
        return cls(
            organization_id,
            books.config("collection.creditorNumber", day),
            books.config("collection.entryStage", day),
            int(books.config("collection.transferOption", day)),
            interest,
            of_consumers,
        )


@dataclass(frozen=True, slots=True)
class Papers:
    """What the document behind a claim adds: what it is about, in its own words, and the uploaded files that belong to it."""

    text: str = ""
    attachments: Sequence[Mapping[str, str]] = ()
    """Each with fileId, fileName and mimeType; the content stays in the files until the message is sent."""


def invoice_body(link: Link, client_no: int, customer: Customer, claim: Claim, matches: Sequence[Match], day: date, papers: Papers) -> dict[str, Any]:
    """The claim as the Collection API takes it; keys without a value are left out."""
    item = claim.item
    number = item.document_no or item.reference_no or encode_id(item.ar_item_id)
    notice = _usable_notice(item, day)
    body: dict[str, Any] = {
        "type": "NOTICE" if notice is not None or link.entry_stage == "NOTICE" else "PAYMENT_REMINDER",
        "invoiceNumber": number,
        "uniqueSourceInvoiceId": f"arm:{client_no}:{encode_id(item.ar_item_id)}",
        "creditorNumber": link.creditor_number,
        "originalInvoiceAmount": item.original_amount,
        "remainingAmount": item.open_amount,
        "currency": item.currency,
        "invoiceDate": (item.item_date or item.gl_date).isoformat(),
        "dueDate": item.due_date.isoformat(),
        "collectionNoticeDate": notice,
        "fees": True,
        "description": (papers.text or number)[:DESCRIPTION_CHARACTERS_MAX],
        "kid": item.kid,
        "transferOption": link.transfer_option,
        "debtors": [debtor(customer)],
        "interest": _interest(link, claim, customer),
        "priorReminders": _letters(claim)[-LETTERS_MAX:],
        "feesAlreadyClaimed": _other_fees(claim)[:FEES_MAX],
        "priorPayments": payments(item, matches)[:PAYMENTS_MAX],
        "attachments": [{**attachment, "kind": "INVOICE"} for attachment in papers.attachments[:ATTACHMENTS_MAX]],
    }
    return {name: value for name, value in body.items() if value not in (None, [])}


def _usable_notice(item: OpenItem, day: date) -> str | None:
    """The day of an own collection notice that still holds: full deadline, at most six months old (inkassoloven §§ 9 and 11)."""
    for letter in reversed(item.details.get(LETTERS, ())):
        if letter["type"] == "COLLECTION-NOTICE":
            sent = date.fromisoformat(letter["sent"])
            full = bool(letter.get("deadline")) and date.fromisoformat(letter["deadline"]) >= earliest_deadline(sent)
            return letter["sent"] if full and day <= add_months(sent, DEMAND_VALID_MONTHS) else None
    return None


def _letters(claim: Claim) -> list[dict[str, Any]]:
    """The letters of the claim with the fees it bears of them: what is still open, and what was charged."""
    fees = {(code_of(fee), (fee.item_date or fee.gl_date).isoformat()): fee for fee in standing_fees(claim.charges) if code_of(fee) != COMPENSATION}
    told = []
    for letter in claim.item.details.get(LETTERS, ()):
        fee = fees.pop((letter["type"], letter["sent"]), None)
        told.append(_letter(letter["type"], letter["sent"], letter.get("deadline"), fee))
    for (code, sent), fee in fees.items():
        if code != "OTHER":
            told.append(_letter(code, sent, fee.due_date.isoformat() if fee.ar_item_type == "RM" else None, fee))
    return sorted(told, key=lambda letter: str(letter["sentDate"]))


def _letter(code: str, sent: str, deadline: str | None, fee: OpenItem | None) -> dict[str, Any]:
    told: dict[str, Any] = {"type": code.replace("-", "_"), "sentDate": sent}
    if deadline is not None:
        told["deadline"] = deadline
    if fee is not None:
        told |= {"feeAmount": fee.open_amount, "feeCharged": fee.original_amount}
    return told


def _other_fees(claim: Claim) -> list[dict[str, Any]]:
    kinds = {COMPENSATION: "LATE_PAYMENT_COMPENSATION", "OTHER": "OTHER"}
    return [
        {"type": kinds[code_of(fee)], "amount": fee.open_amount, "date": (fee.item_date or fee.gl_date).isoformat()}
        for fee in standing_fees(claim.charges)
        if code_of(fee) in kinds and fee.open_amount > 0
    ]


def _interest(link: Link, claim: Claim, customer: Customer) -> dict[str, Any]:
    told = dict(link.consumer_interest if customer.customer_category == CONSUMER else link.interest)
    details = claim.item.details
    claimed = sum([charge.open_amount for charge in claim.open_charges if charge.claim_kind == "INTEREST"], ZERO)
    if details.get("interestCalculatedUntil"):
        # Also when nothing of it is open any more, or when the note names several claims and is collected by itself: those days are charged.
        told |= {"alreadyClaimedAmount": claimed, "alreadyClaimedTo": details["interestCalculatedUntil"]}
    held = max((day for day in map(_day, (details.get(INTEREST_HOLD), customer.values.get(INTEREST_HOLD))) if day is not None), default=None)
    if held == date.max:
        told = {name: value for name, value in told.items() if name != "agreedRatePercent"} | {"kind": "NONE"}
    elif held is not None:
        told["fromDate"] = date.fromordinal(held.toordinal() + 1).isoformat()
    return told


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def payments(item: OpenItem, matches: Sequence[Match]) -> list[dict[str, Any]]:
    """What lowered a claim: credit notes and payments with their days, oldest first; together what it is lower than at first."""
    found: list[dict[str, Any]] = []
    for match in matches:
        if match.status != "ACTIVE":
            continue
        left = sum([line.amount for line in match.lines if line.item is item], ZERO)
        for line in match.lines:
            if left <= 0:
                break
            if line.amount < 0:
                part = min(-line.amount, left)
                left -= part
                found.append(_payment(line.item, part))
    return sorted(found, key=lambda payment: str(payment["date"]))


def _payment(source: OpenItem, amount: Decimal) -> dict[str, Any]:
    kind = "PAYMENT" if source.ar_item_type == "PY" else "CREDIT"
    return {"type": kind, "amount": amount, "date": (source.item_date or source.gl_date).isoformat()}
