"""What a letter shows, frozen when the letter is made: it is rendered later, perhaps many times, and always says the same.

Every amount is in the letter's currency and already rounded. The renderer computes nothing but the sums that are properties here, and
looks nothing up; a legal text is chosen by the codes of the letter, never sent as text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from reskontro.kit.messages import Language

Kind = Literal["REMINDER", "COLLECTION-NOTICE", "INTEREST-NOTE", "STATEMENT"]
NextStep = Literal["REMINDER", "COLLECTION-NOTICE", "HANDOVER"]
FeeRule = Literal["REMINDER-FEE", "COLLECTION-NOTICE-FEE", "COMPENSATION"]
InterestRule = Literal["STATUTORY", "AGREED"]

LINES_MAX: Final = 1_000
"""A letter has at most this many lines of one sort; a customer with more gets several letters."""

_ZERO = Decimal(0)


def letter_language(language: str) -> Language:
    """The language of a letter for a customer's ISO 639-1 language: nynorsk and bokmål (``no`` too) as they are, else English."""
    if language in ("no", "nb"):
        return "nb"
    return "nn" if language == "nn" else "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditor:
    """Who sends the letter and owns the claims. Empty texts are left out of the letter."""

    name: str
    organization_no: str = ""
    """As it is stored, without blanks."""
    norwegian: bool = True
    """Whether the number is one of the Norwegian register (scheme 0192), which is written in groups of three."""
    vat_registered: bool = False
    """Prints MVA after the number (bokføringsforskriften § 5-1-2)."""
    in_business_register: bool = False
    """Prints Foretaksregisteret (the same paragraph)."""
    address_lines: tuple[str, ...] = ()
    email_address: str = ""
    phone_no: str = ""
    web_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who gets the letter: the lines of the window of the envelope, under the name."""

    name: str
    address_lines: tuple[str, ...] = ()
    consumer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    """One claim.

    ``original`` is what the document was for. ``open_amount``, ``fee`` and ``interest`` are what is still owed of it as principal, as
    costs of earlier letters and as interest of earlier notes: never one in the other. On an interest note ``interest`` is what the note
    asks for.
    """

    document_no: str
    document_date: date
    due_date: date
    original: Decimal
    open_amount: Decimal
    fee: Decimal = _ZERO
    interest: Decimal = _ZERO
    kind: str = ""
    """Type of the AR item, such as IN; empty when it is not told."""
    text: str = ""
    """What the claim concerns, in the words of its document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A cost that this letter adds, with the rule it rests on.

    REMINDER-FEE and COLLECTION-NOTICE-FEE: inkassoforskriften § 1-2, a twentieth of the inkassosats of the letter's date.
    COMPENSATION: forsinkelsesrenteloven § 3a, between businesses.
    """

    rule: FeeRule
    amount: Decimal
    document_no: str = ""
    """The claim that bears it."""
    base_amount: Decimal | None = None
    """The inkassosats in NOK of the day, for fees of letters."""
    fraction: str = ""
    """What part of the inkassosats the fee is: ``1/20``, or ``1/10`` for claims that fell due before 1 October 2020."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestSegment:
    """Days, both ends included, with one principal and one rate (per cent a year)."""

    document_no: str
    first_day: date
    last_day: date
    principal: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """Late-payment interest: how it runs, and on an interest note how it was computed."""

    rule: InterestRule = "STATUTORY"
    rate: Decimal | None = None
    """Per cent a year on the letter's date; None when it is not known."""
    segments: tuple[InterestSegment, ...] = ()
    day_count: Literal["ACT-ACT", "ACT-365"] = "ACT-ACT"
    not_on: tuple[str, ...] = ()
    """The claims of the letter on which no interest runs, as it is on hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One line of a statement of account; a debit is positive."""

    posting_date: date
    document_no: str = ""
    text: str = ""
    due_date: date | None = None
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The account from a day to a day, both included."""

    from_date: date
    to_date: date
    opening_balance: Decimal
    closing_balance: Decimal
    postings: tuple[Posting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """How to pay: the giro section. ``bank_account_no`` is eleven digits; IBAN and BIC are for payers abroad."""

    kid: str = ""
    bank_account_no: str = ""
    iban: str = ""
    bic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything a letter shows.

    Raises ValueError when its amounts do not agree or what the law demands of its kind is missing: a deadline of at least fourteen days
    after the date of a collection notice (inkassoloven § 9). A reminder may give fewer: then no second fee follows it (inkassoforskriften § 1-3).
    """

    kind: Kind
    language: Language
    letter_date: date
    creditor: Creditor
    receiver: Receiver
    customer_no: str
    document_no: str
    """Of the reminder or interest note itself; empty for a statement."""
    currency: str
    decimals: int = 2
    """Of the currency: 0 or 2."""
    deadline: date | None = None
    step: int = 1
    """Step of the dunning plan."""
    next_step: NextStep | None = None
    """What follows when nobody pays; None when the plan ends here."""
    reference: str = ""
    """The customer's own reference (buyerReference)."""
    creditor_reference: str = ""
    claims: tuple[ClaimLine, ...] = ()
    credit: Decimal = _ZERO
    """What the customer has to his credit and has not been matched with the claims; it lowers what a reminder or notice asks for."""
    fees: tuple[Fee, ...] = ()
    interest: Interest | None = None
    """None when the creditor asks for no interest; on an interest note it is there."""
    statement: Statement | None = None
    payment: Payment = field(default_factory=Payment)
    message: str = ""
    """customerMessage: a text of the creditor, printed as it is."""
    payment_texts: tuple[str, ...] = ()
    """More about payment, printed as it is, such as an agreement on AvtaleGiro."""

    def __post_init__(self) -> None:
        if self.kind == "COLLECTION-NOTICE" and (self.deadline is None or (self.deadline - self.letter_date).days < 14):
            raise ValueError("a collection notice needs a deadline of at least 14 days")
        if self.kind == "REMINDER" and (self.deadline is None or self.deadline < self.letter_date):
            raise ValueError("a reminder needs a deadline")
        if self.kind == "INTEREST-NOTE" and self.deadline is None:
            raise ValueError("an interest note needs a due date")
        if self.kind == "INTEREST-NOTE" and (self.interest is None or not self.interest.segments):
            raise ValueError("an interest note says how its interest was computed")
        if (self.kind == "STATEMENT") != (self.statement is not None):
            raise ValueError("a statement of account, and nothing else, has postings")
        if self.kind != "STATEMENT" and not self.claims:
            raise ValueError("a letter is about at least one claim")
        postings = self.statement.postings if self.statement else ()
        segments = self.interest.segments if self.interest else ()
        if max(len(self.claims), len(postings), len(segments)) > LINES_MAX:
            raise ValueError(f"a letter has at most {LINES_MAX} lines")

    @property
    def principal(self) -> Decimal:
        """Open principal of all claims."""
        return sum((line.open_amount for line in self.claims), _ZERO)

    @property
    def earlier_fees(self) -> Decimal:
        """Costs of earlier letters that are still open."""
        return sum((line.fee for line in self.claims), _ZERO)

    @property
    def new_fees(self) -> Decimal:
        """Costs that this letter adds."""
        return sum((fee.amount for fee in self.fees), _ZERO)

    @property
    def interest_amount(self) -> Decimal:
        """Interest of all claims."""
        return sum((line.interest for line in self.claims), _ZERO)

    @property
    def to_pay(self) -> Decimal:
        """What the letter asks for: the interest of an interest note, the closing balance of a statement, else everything owed less the credit."""
        if self.statement is not None:
            return max(self.statement.closing_balance, _ZERO)
        if self.kind == "INTEREST-NOTE":
            return self.interest_amount + self.new_fees
        return self.principal + self.earlier_fees + self.new_fees + self.interest_amount - self.credit

    def to_json(self) -> dict[str, Any]:
        """The letter as an object of JSON values: keys as the fields here, dates YYYY-MM-DD, amounts as texts."""
        answer: dict[str, Any] = msgspec.to_builtins(self)
        return answer

    @classmethod
    def from_json(cls, value: Any) -> Letter:
        """The letter of such an object. Raises ValueError (msgspec.ValidationError) when it is not one."""
        return msgspec.convert(value, cls)
