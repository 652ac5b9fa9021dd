"""What the letter of a dunning step says: frozen when the run makes it, rendered later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.kit.money import ZERO
from reskontro.norway.identities import currency_decimals
from reskontro.norway.rates import Rates, ValueMissing
from reskontro.receivable.claim_charges import COMPENSATION, CONSUMER
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.record import NewDocument
from reskontro.receivable.dunning.charging import fraction_text
from reskontro.receivable.dunning.documents import claim_number
from reskontro.receivable.dunning.rules import INTEREST_HOLD, Claim, Proposal, is_held
from reskontro.receivable.letters.model import ClaimLine, Fee, FeeRule, Interest, Letter, NextStep, Receiver, letter_language
from reskontro.receivable.letters.stationery import Stationery, address_lines

_FEE_RULES: Final[Mapping[str, FeeRule]] = {"REMINDER": "REMINDER-FEE", "COLLECTION-NOTICE": "COLLECTION-NOTICE-FEE"}


def claim_lines(claims: Sequence[Claim], texts: Mapping[UUID, str]) -> tuple[ClaimLine, ...]:
    """The claims of a letter as they stand before it charges anything."""
    return tuple(_claim_line(claim, texts) for claim in claims)


def _claim_line(claim: Claim, texts: Mapping[UUID, str]) -> ClaimLine:
    item = claim.item
    fee = interest = principal = ZERO
    for charge in claim.open_charges:
        if charge.claim_kind == "COST":
            fee += charge.open_amount
        else:
            interest += charge.open_amount
    if item.claim_kind == "PRINCIPAL":
        principal = item.open_amount
    else:
        interest += item.open_amount
    return ClaimLine(
        kind=item.ar_item_type,
        document_no=claim_number(claim),
        document_date=item.item_date or item.gl_date,
        due_date=item.due_date,
        original=item.original_amount,
        open_amount=principal,
        fee=fee,
        interest=interest,
        text=texts.get(item.document_uuid, "") if item.document_uuid is not None else "",
    )


@dataclass(slots=True)
class PendingLetter:
    """A letter whose document is posted but whose KID is only sure when the set is written."""

    file_id: UUID
    customer: Customer
    proposal: Proposal
    day: date
    deadline: date
    lines: tuple[ClaimLine, ...]
    fee: tuple[Claim, Decimal] | None
    compensations: Sequence[tuple[Claim, Decimal]]
    document: NewDocument
    bundle_id: UUID
    next_step: NextStep | None

    def letter(self, stationery: Stationery, rates: Rates) -> Letter:
        """The letter as it is sent."""
        customer, proposal, new = self.customer, self.proposal, self.document
        values = customer.values
        decimals = currency_decimals(proposal.currency)
        return Letter(
            kind=proposal.step.type,  # type: ignore[arg-type]  # a hand-over has no letter
            language=letter_language(customer.language),
            letter_date=self.day,
            creditor=stationery.creditor,
            receiver=Receiver(name=customer.name, address_lines=address_lines(values["postalAddress"], stationery.home), consumer=self._is_consumer),
            customer_no=customer.customer_no,
            document_no=new.document_no,
            currency=proposal.currency,
            decimals=2 if decimals is None else decimals,
            deadline=self.deadline,
            step=proposal.step.number,
            next_step=self.next_step,
            reference=values.get("buyerReference") or "",
            creditor_reference=values.get("sellerReference") or "",
            claims=self.lines,
            credit=proposal.credited,
            fees=tuple(self._fees(rates)),
            interest=self._interest(stationery.interest, rates),
            payment=stationery.payment(new.kid, proposal.currency, customer.country_code),
            message=values.get("customerMessage") or "",
        )

    @property
    def _is_consumer(self) -> bool:
        return self.customer.customer_category == CONSUMER

    def _interest(self, interest: Interest | None, rates: Rates) -> Interest | None:
        """How interest runs on the principals of the letter; None when it runs on none of them."""
        if interest is None:
            return None
        if self._is_consumer and interest.rule == "AGREED" and not _lawful(interest, rates, self.day):
            interest = _statutory(interest, rates, self.day)
        principals = [claim for claim in self.proposal.claims if claim.item.claim_kind == "PRINCIPAL"]
        customer_hold = self.customer.values.get(INTEREST_HOLD)
        held = [claim for claim in principals if is_held(customer_hold, self.day) or is_held(claim.item.details.get(INTEREST_HOLD), self.day)]
        if len(held) == len(principals):
            return None
        return replace(interest, not_on=tuple(claim_number(claim) for claim in held))

    def _fees(self, rates: Rates) -> list[Fee]:
        fees = [Fee(rule=COMPENSATION, amount=amount, document_no=claim_number(claim)) for claim, amount in self.compensations]
        if self.fee is not None:
            claim, amount = self.fee
            code = self.proposal.step.type
            fees.append(
                Fee(
                    rule=_FEE_RULES[code],
                    amount=amount,
                    document_no=claim_number(claim),
                    base_amount=rates.inkassosats.on(self.day),
                    fraction=fraction_text(code, claim.item.due_date),
                )
            )
        return fees


def _lawful(interest: Interest, rates: Rates, day: date) -> bool:
    statutory = _statutory(interest, rates, day)
    return interest.rate is not None and statutory.rate is not None and interest.rate <= statutory.rate


def _statutory(interest: Interest, rates: Rates, day: date) -> Interest:
    """A consumer owes at most the statutory rate (forsinkelsesrenteloven § 4 b)."""
    try:
        return Interest(rate=rates.late_interest.on(day), day_count=interest.day_count)
    except ValueMissing:
        return Interest(day_count=interest.day_count)


def claim_texts(transaction: Transaction, client_no: int, documents: Sequence[UUID]) -> dict[UUID, str]:
    """What documents are about in their own words: the text of the first line that has one."""
    if not documents:
        return {}
    rows = transaction.execute(
        "select distinct on (document_uuid) document_uuid, coalesce(details ->> 'lineText', details ->> 'articleName') from document_line"
        " where client_no = %s and document_uuid = any(%s) and coalesce(details ->> 'lineText', details ->> 'articleName') is not null"
        " order by document_uuid, line_no",
        (client_no, list(documents)),
    )
    return dict(rows.fetchall())
