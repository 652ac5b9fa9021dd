"""One letter: what it charges is judged, its document posted, the claims take the step, and the letter is queued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from reskontro.batches.kinds import ChunkContext, ItemResult
from reskontro.db.bulk import Outbox
from reskontro.db.engine import Transaction
from reskontro.kit.ids import new_id
from reskontro.kit.messages import Message
from reskontro.kit.money import ZERO
from reskontro.ledger.accounts import unusable
from reskontro.ledger.booking import Booking
from reskontro.ledger.posting import ONE, LedgerTransaction, OpenItem, Part
from reskontro.norway.announced import known_rates
from reskontro.norway.rates import ValueMissing
from reskontro.receivable.claim_charges import COMPENSATION, FEE_CODE, LETTERS, krone_rate
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.desk import DocumentDesk
from reskontro.receivable.documents.poster import post
from reskontro.receivable.dunning.charging import Charging, compensations, letter_fee
from reskontro.receivable.dunning.documents import claim_number, reminder_draft
from reskontro.receivable.dunning.letters import PendingLetter, claim_lines
from reskontro.receivable.dunning.order import Order
from reskontro.receivable.dunning.rules import LAST_REMINDER, REMINDER_LEVEL, Claim, Proposal
from reskontro.receivable.files.writing import QueuedLetter, queue_letters
from reskontro.receivable.letters.model import ClaimLine, letter_language
from reskontro.receivable.letters.stationery import Stationery

JOURNAL: Final = "NOTES"
VAT_CODE: Final = "7"
_FILE_NAMES: Final = {"REMINDER": "reminder", "COLLECTION-NOTICE": "collection-notice"}


class Refused(Exception):
    """What a letter needs is not there; nothing of it took effect."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.code)
        self.finding = message


@dataclass(frozen=True, slots=True)
class Judged:
    """A letter with everything it charges."""

    customer: Customer
    proposal: Proposal
    deadline: date
    lines: tuple[ClaimLine, ...]
    owed: Decimal
    """What its claims owe before it, in its currency."""
    compensations: Sequence[tuple[Claim, Decimal, LedgerTransaction, OpenItem]]
    fee: tuple[Claim, Decimal] | None
    rate: Decimal | None
    """Exchange rate of the document; None in base currency."""
    warnings: Sequence[Message]

    def cells(self) -> dict[str, Any]:
        """What a proposal file says of the letter."""
        compensation = sum([entry[1] for entry in self.compensations], ZERO)
        fee = self.fee[1] if self.fee is not None else ZERO
        return {
            "step": self.proposal.step.number,
            "type": self.proposal.step.type,
            "documentNos": " ".join(claim_number(claim) for claim in self.proposal.claims),
            "currency": self.proposal.currency,
            "openAmount": self.owed,
            "credit": self.proposal.credited,
            "compensation": compensation,
            "fee": fee,
            "totalAmount": self.owed - self.proposal.credited + compensation + fee,
            "deadline": self.deadline,
        }


class Sender:
    """Makes the letters of a set."""

    def __init__(self, context: ChunkContext, desk: DocumentDesk, order: Order) -> None:
        self._context = context
        self._desk = desk
        self._order = order
        self._books = context.books
        self._compensates = bool(self._books.config("interest.compensation", order.day))
        self._krone = krone_rate(self._books, desk.base_currency, order.day)
        self._stationery = Stationery.of(context, order.day, order.rates)
        self._pending: list[PendingLetter] = []
        self._queued: list[QueuedLetter] = []
        self._carried = [] if known_rates().inkassosats.is_known(order.day) else [_missing("W", known_rates().inkassosats.name, order.day)]

    # ------------------------------------------------------------------------------------------------ judging

    def judge(self, customer: Customer, proposal: Proposal, texts: Mapping[UUID, str], *, may_bear_fee: bool) -> Judged:
        """What a letter charges; raises Refused, and then nothing took effect."""
        order, desk, step = self._order, self._desk, proposal.step
        no_account = self._stationery.missing_account(proposal.currency, order.day)
        if no_account is not None:
            raise Refused(no_account)
        foreign = proposal.currency != desk.base_currency
        rate = self._books.exchange_rate(proposal.currency, order.day) if foreign else ONE
        charging = Charging(order.day, order.rates, order.plan.days, customer.customer_category, proposal.currency, self._krone, rate)
        lines = claim_lines(proposal.claims, texts)
        owed = sum([claim.open_amount for claim in proposal.claims], ZERO)
        warnings: list[Message] = []
        try:
            due = compensations(charging, proposal.claims) if self._compensates else []
            charged = [self._compensation(customer, claim, amount, rate or ONE) for claim, amount in due]
            fee = letter_fee(charging, proposal.claims, step.type) if step.fee and may_bear_fee else None
        except ValueMissing as missing:
            raise Refused(_missing("E", missing.name, missing.day)) from None
        if fee is not None:
            warnings += self._carried
        document_rate = None if not foreign else rate or proposal.claims[0].item.exchange_rate
        deadline = order.day + timedelta(days=step.deadline_days)
        return Judged(customer, proposal, deadline, lines, owed, charged, fee, document_rate, warnings)

    def _compensation(self, customer: Customer, claim: Claim, amount: Decimal, rate: Decimal) -> tuple[Claim, Decimal, LedgerTransaction, OpenItem]:
        """The fee item of a compensation, ready to take effect; the claim counts it at once, so that the letter's fee is judged beside it."""
        day, desk = self._order.day, self._desk
        contra = self._books.accounts_for(
            "FEE", day, fee_code=COMPENSATION, customer_category=customer.customer_category, country_code=customer.country_code
        ).contra
        code = unusable(self._books, contra)
        if code is not None or contra is None:
            raise Refused(Message("E", code or "ACCOUNT-UNKNOWN", "action", "", {"value": contra or ""}))
        placed = self._books.posting_day(day)
        item = claim.item
        booking = Booking(JOURNAL, placed.day, placed.period, day, item.currency, rate, desk.base_decimals, self._order.origin.user_id)
        control = booking.control(item.control_account, item.account_no, amount)
        posting = booking.transaction([control], [Part(contra, -amount, VAT_CODE)])
        posting.batch_uuid = self._order.origin.batch_uuid
        charge = booking.item(posting, control, "FE", "COST", claim_ar_item_id=item.ar_item_id, details={FEE_CODE: COMPENSATION})
        claim.charges = [*claim.charges, charge]
        return claim, amount, posting, charge

    # ------------------------------------------------------------------------------------------------ taking effect

    def send(self, judged: Judged, bundle_id: UUID) -> ItemResult:
        """Post the letter's document and what comes with it; FAILED when the document is refused, and then nothing of it took effect."""
        order, desk, customer, proposal = self._order, self._desk, judged.customer, judged.proposal
        draft = reminder_draft(
            customer,
            proposal,
            order.day,
            judged.deadline,
            fee=judged.fee,
            rate=judged.rate,
            language=letter_language(customer.language),
            bundle_id=bundle_id,
        )
        result = post(desk, draft, order.origin)
        if result.result == "FAILED":
            return result
        for _, _, posting, charge in judged.compensations:
            desk.transactions.append(posting)
            desk.log_transaction("AUTO-POSTING-BOOKED", posting, order.origin, customer_no=customer.customer_no, ar_item_id=charge.ar_item_id)
            desk.add_item(charge)
        self._take_step(judged, result.document_no or "")
        result.outcome = f"{proposal.step.type}-CREATED"
        result.file_id = new_id()
        result.client_reference = order.reference
        result.messages = [*result.messages, *judged.warnings]
        after = order.plan.after(proposal.step.number)
        charged = [(claim, amount) for claim, amount, _, _ in judged.compensations]
        new = desk.new_documents[-1]
        self._pending.append(
            PendingLetter(
                result.file_id,
                customer,
                proposal,
                order.day,
                judged.deadline,
                judged.lines,
                judged.fee,
                charged,
                new,
                bundle_id,
                after.type if after is not None else None,
            )
        )
        return result

    def _take_step(self, judged: Judged, document_no: str) -> None:
        step, sent = judged.proposal.step, self._order.day.isoformat()
        letter = {"step": step.number, "type": step.type, "sent": sent, "deadline": judged.deadline.isoformat(), "documentNo": document_no}
        for claim in judged.proposal.claims:
            letters = [*claim.item.details.get(LETTERS, ()), letter]
            claim.item.change_details({REMINDER_LEVEL: step.number, LAST_REMINDER: sent, LETTERS: letters})

    def proposed(self, judged: Judged) -> ItemResult:
        """The result of a letter that is only proposed."""
        customer = judged.customer
        return ItemResult(
            "UNCHANGED",
            f"{judged.proposal.step.type}-PROPOSED",
            customer.account_no,
            customer.customer_no,
            client_reference=self._order.reference,
            messages=list(judged.warnings),
        )

    def freeze(self) -> None:
        """Make the letters of what was sent, now that the KIDs of their documents are sure."""
        self._queued = [
            QueuedLetter(
                pending.file_id,
                f"{_FILE_NAMES[pending.proposal.step.type]}-{pending.document.document_no}.pdf",
                pending.document.document_no,
                pending.bundle_id,
                pending.letter(self._stationery, self._order.rates).to_json(),
            )
            for pending in self._pending
        ]

    def queue(self, transaction: Transaction) -> None:
        """Queue the letters; their documents are written."""
        if self._queued:
            with Outbox(transaction) as outbox:
                queue_letters(outbox, self._context, self._queued)


def _missing(severity: Any, name: str, day: date) -> Message:
    return Message(severity, "VALUE-MISSING", "runDate", "/runDate", {"name": name, "date": day})
