"""The reminder document of a letter, as the posting code of documents takes it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from reskontro.kit.messages import Language, Messages
from reskontro.kit.money import ZERO
from reskontro.kit.quick import Sent
from reskontro.kit.shown import shown_amount, shown_date
from reskontro.receivable.claim_charges import FEE_CODE, item_number
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.rules import Draft, Notice
from reskontro.receivable.dunning.rules import Claim, Proposal

REMINDER: Final = "REMINDER"
_FEE_TEXTS: Final = {
    ("REMINDER", "en"): "Reminder fee",
    ("REMINDER", "nb"): "Purregebyr",
    ("REMINDER", "nn"): "Purregebyr",
    ("COLLECTION-NOTICE", "en"): "Fee for collection notice",
    ("COLLECTION-NOTICE", "nb"): "Gebyr for inkassovarsel",
    ("COLLECTION-NOTICE", "nn"): "Gebyr for inkassovarsel",
}
_CLAIM_TEXTS: Final = {
    "en": "{number}, due {due}, open {amount}",
    "nb": "{number}, forfall {due}, åpent {amount}",
    "nn": "{number}, forfall {due}, ope {amount}",
}


def reminder_draft(
    customer: Customer,
    proposal: Proposal,
    day: date,
    deadline: date,
    *,
    fee: tuple[Claim, Decimal] | None,
    rate: Decimal | None,
    language: Language,
    bundle_id: Any,
) -> Draft:
    """The document of a letter: a fee line when it bears a fee, and a text line for every claim it names.

    ``rate`` is the exchange rate of a currency that is not the base currency.
    """
    amount = fee[1] if fee is not None else ZERO
    lines: list[dict[str, Any]] = []
    if fee is not None:
        lines.append(
            {
                "lineNo": 1,
                "lineType": "FEE",
                "lineText": _FEE_TEXTS[proposal.step.type, language],
                "currencyAmounts": _amounts(amount),
                **_reference(fee[0]),
            }
        )
    for number, claim in enumerate(proposal.claims, len(lines) + 1):
        lines.append({"lineNo": number, "lineType": "TXT", "lineText": _claim_text(claim, language), **_reference(claim)})
    values: dict[str, Any] = {
        "documentType": "RM",
        "customerNo": customer.customer_no,
        "documentDate": day,
        "dueDate": deadline,
        "currency": proposal.currency,
        "currencyAmounts": _amounts(amount),
        "documentLines": lines,
    }
    if rate is not None:
        values["exchangeRate"] = rate
    notice = Notice(
        named=[claim.item for claim in proposal.claims],
        bearing=[fee[0].item] if fee is not None else (),
        bundle_id=bundle_id,
        details={} if proposal.step.type == REMINDER else {FEE_CODE: proposal.step.type},
    )
    return Draft(Sent({}), values, Messages(), content_hash(customer.account_no, proposal, day), lines, "RM", None, notice)


def content_hash(account_no: int, proposal: Proposal, day: date) -> bytes:
    """What tells the document from one that a caller sends under its number."""
    step = proposal.step
    return hashlib.sha256(f"{account_no}/{step.number}/{step.type}/{proposal.currency}/{day}".encode()).digest()


def _amounts(amount: Decimal) -> dict[str, Decimal]:
    return {"exclVat": amount, "vat": ZERO, "inclVat": amount}


def _reference(claim: Claim) -> dict[str, str]:
    return {"referenceDocumentNo": claim.item.document_no} if claim.item.document_no is not None else {}


def claim_number(claim: Claim) -> str:
    """What a letter calls a claim: its number, else its due date."""
    return item_number(claim.item) or claim.item.due_date.isoformat()


@lru_cache(maxsize=4096)
def _shown_day(day: date, language: Language) -> str:
    """A date in words; the claims of a run name few different ones many times."""
    return shown_date(day, language)


def _claim_text(claim: Claim, language: Language) -> str:
    due, amount = _shown_day(claim.item.due_date, language), shown_amount(claim.open_amount, language)
    return _CLAIM_TEXTS[language].format(number=claim_number(claim), due=due, amount=amount)


def split_claims(proposal: Proposal, most: int) -> Sequence[Proposal]:
    """The proposal as letters of at most so many claims."""
    claims = proposal.claims
    if len(claims) <= most:
        return (proposal,)
    return [Proposal(proposal.step, proposal.currency, claims[first : first + most]) for first in range(0, len(claims), most)]
