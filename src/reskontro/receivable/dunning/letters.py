"""What the letter of a dunning step says: frozen when the run makes it, rendered later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from reskontro.batches.kinds import ChunkContext
from reskontro.db.engine import Transaction
from reskontro.kit.money import ZERO
from reskontro.norway.accounts import iban_of_account, is_account_no, normalise_account_no
from reskontro.norway.identities import currency_decimals
from reskontro.norway.rates import Rates, ValueMissing
from reskontro.receivable.claim_charges import COMPENSATION, CONSUMER
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.record import NewDocument
from reskontro.receivable.dunning.charging import fraction_text
from reskontro.receivable.dunning.documents import claim_number
from reskontro.receivable.dunning.rules import Claim, Proposal
from reskontro.receivable.letters.model import ClaimLine, Creditor, Fee, FeeRule, Interest, Letter, NextStep, Payment, Receiver, letter_language

NORWEGIAN_SCHEME: Final = "0192"
_FEE_RULES: Final[Mapping[str, FeeRule]] = {"REMINDER": "REMINDER-FEE", "COLLECTION-NOTICE": "COLLECTION-NOTICE-FEE"}


@dataclass(frozen=True, slots=True)
class Stationery:
    """What is the same in all letters of a client on a day."""

    creditor: Creditor
    accounts: Mapping[str, str]
    """The bank account that letters of a currency ask to be paid to."""
    home: str
    """The client's country: other receivers are told the IBAN too."""
    interest: Interest | None

    @classmethod
    def of(cls, context: ChunkContext, day: date, rates: Rates) -> Stationery:
        """The stationery of a client."""
        books = context.books
        client = books.client
        creditor = Creditor(
            name=client.name,
            organization_no=client.organization_no or "",
            norwegian=client.organization_no_scheme == NORWEGIAN_SCHEME,
            vat_registered=client.vat_registered,
            in_business_register=client.in_business_register,
            address_lines=address_lines(client.postal_address, books.config("base.country", day)),
        )
        accounts: dict[str, str] = {}
        for account in books.config("bank.accounts", day):
            accounts.setdefault(account["currency"] or books.config("base.currency", day), account["bankAccountNo"])
        return cls(creditor, accounts, books.config("base.country", day), _interest(context, day, rates))

    def payment(self, kid: str | None, currency: str, country: str) -> Payment:
        """How a letter is paid."""
        account = self.accounts.get(currency, "")
        number = normalise_account_no(account) if account and is_account_no(account) else None
        iban = "" if number is None or country == self.home else iban_of_account(number)
        return Payment(kid=kid or "", bank_account_no=number or "", iban=iban if number else account)


def _interest(context: ChunkContext, day: date, rates: Rates) -> Interest | None:
    books = context.books
    if not books.config("interest.enabled", day):
        return None
    day_count = books.config("interest.dayCount", day)
    if books.config("interest.rate", day) == "AGREED":
        return Interest(rule="AGREED", rate=books.config("interest.agreedRate", day), day_count=day_count)
    try:
        rate: Decimal | None = rates.late_interest.on(day)
    except ValueMissing:
        rate = None
    return Interest(rate=rate, day_count=day_count)


def address_lines(address: Mapping[str, Any], home: str) -> tuple[str, ...]:
    """A postal address as the lines of an envelope; the country only when it is another one."""
    place = " ".join(part for part in (address.get("postalCode"), address.get("cityName")) if part)
    country = (address.get("countryText") or address.get("countryCode")) if address.get("countryCode") != home else None
    lines = (address.get("addressLine1"), address.get("addressLine2"), address.get("addressLine3"), place, country)
    return tuple(line for line in lines if line)


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
        consumer = customer.customer_category == CONSUMER
        interest = stationery.interest
        if consumer and interest is not None and interest.rule == "AGREED" and not _lawful(interest, rates, self.day):
            interest = _statutory(interest, rates, self.day)
        return Letter(
            kind=proposal.step.type,  # type: ignore[arg-type]  # a hand-over has no letter
            language=letter_language(customer.language),
            letter_date=self.day,
            creditor=stationery.creditor,
            receiver=Receiver(name=customer.name, address_lines=address_lines(values["postalAddress"], stationery.home), consumer=consumer),
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
            fees=tuple(self._fees(rates)),
            interest=interest,
            payment=stationery.payment(new.kid, proposal.currency, customer.country_code),
            message=values.get("customerMessage") or "",
        )

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
