"""A ledger in plain Python, small enough to be believed: customers, documents, open items, coverage. No database, none of the product's code.

Each call returns what the API must answer and, where that is a success, lets it take effect. Amounts are in hundredths.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

YEAR = "26"
SERIES = {"IN": "I", "CN": "C", "IT": "T", "RM": "R", "PY": "P"}
_SIGN = {"IN": 1, "IT": 1, "RM": 1, "CN": -1, "PY": -1}
_COVERED = {"RM": 0, "IT": 1, "IN": 2}
"""Costs, then interest, then the principal."""


@dataclass
class Outcome:
    """What a call comes to: a result, or the codes of its errors."""

    result: str
    codes: frozenset[str] = frozenset()

    @property
    def failed(self) -> bool:
        """Whether it has no effect."""
        return self.result == "FAILED"


def refused(*codes: str) -> Outcome:
    """A failed outcome."""
    return Outcome("FAILED", frozenset(codes))


@dataclass
class Customer:
    """A customer with the values that tell UPDATED from UNCHANGED."""

    number: str
    values: dict[str, Any]
    account_no: int = 0
    kid: str = ""


@dataclass
class Document:
    """A booked document and what is left of its open item."""

    number: str
    kind: str
    customer: str
    excl: int
    vat: int
    due: str
    sent: dict[str, Any]
    claim: str | None
    """Key of the document that is the principal of this fee or interest."""
    open: int = 0
    credited: int = 0
    credited_vat: int = 0
    kid: str | None = None

    @property
    def incl(self) -> int:
        """The amount of the document."""
        return self.excl + self.vat


@dataclass
class Model:
    """Everything a client has."""

    customers: dict[str, Customer] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    drawn: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SERIES, 0))
    balances: dict[str, int] = field(default_factory=dict)
    accounts_used: set[int] = field(default_factory=set)

    # ------------------------------------------------------------------------------------------------ customers

    def save_customer(self, sent: dict[str, Any], *, may_create: bool) -> Outcome:
        """Create or update: absent is unchanged, an empty text clears, a name is never blank."""
        key = sent["customerNo"].lower()
        known = self.customers.get(key)
        if known is None and not may_create:
            return refused("CUSTOMER-UNKNOWN")
        changes = {name: value for name, value in sent.items() if name != "customerNo" and value is not None}
        if changes.get("name") == "" or (known is None and "name" not in changes):
            return refused("REQUIRED")
        before = known.values if known else {}
        after = {name: value for name, value in {**before, **changes}.items() if value != ""}
        if known is None:
            self.customers[key] = Customer(sent["customerNo"], after)
            return Outcome("CREATED")
        known.values = after
        return Outcome("UNCHANGED" if after == before else "UPDATED")

    def delete_customer(self, number: str) -> Outcome:
        """Only without documents."""
        if number.lower() not in self.customers:
            return refused("NOT-FOUND")
        if any(document.customer == number.lower() for document in self.documents.values()):
            return refused("CUSTOMER-IN-USE")
        del self.customers[number.lower()]
        return Outcome("DELETED")

    # ------------------------------------------------------------------------------------------------ documents

    def next_number(self, kind: str) -> str:
        """The number that a document without one gets; numbers that callers have used are skipped."""
        number = self.drawn[kind] + 1
        while self._number(kind, number).lower() in self.documents:
            number += 1
        return self._number(kind, number)

    @staticmethod
    def _number(kind: str, number: int) -> str:
        return f"{SERIES[kind]}{YEAR}-{number:06d}"

    def post_batch(self, items: Iterable[dict[str, Any]]) -> list[Outcome]:
        """One after the other; a number that the batch has had already is a duplicate, whatever became of the first."""
        outcomes: list[Outcome] = []
        seen: set[str] = set()
        for sent in items:
            key = (sent.get("documentNo") or "").lower()
            if key and key in seen:
                outcomes.append(refused("DUPLICATE-IN-BATCH"))
                continue
            seen.add(key)
            outcomes.append(self.post(sent))
        return outcomes

    def post(self, sent: dict[str, Any]) -> Outcome:
        """Judge a document and book it."""
        kind, customer = sent["documentType"], sent["customerNo"].lower()
        excl, vat, incl = (round(sent["currencyAmounts"][name] * 100) for name in ("exclVat", "vat", "inclVat"))
        codes: set[str] = set()
        key = (sent.get("documentNo") or "").lower()
        if key in self.documents:
            if _content(sent) == self.documents[key].sent:
                return Outcome("UNCHANGED")
            codes.add("NOT-UNIQUE")
        if customer not in self.customers:
            codes.add("CUSTOMER-UNKNOWN")
        if excl + vat != incl:
            codes.add("TOTAL-SUM")
        target: Document | None = None
        reference = sent.get("referenceDocumentNo")
        if reference is not None:
            target = self.documents.get(reference.lower())
            if target is None:
                codes.add("DOCUMENT-UNKNOWN")
            elif customer in self.customers and target.customer != customer:
                codes.add("TARGET-CONFLICT")
                target = None
            elif kind == "CN":
                codes |= self._judge_credit(target, incl, vat)
        if codes:
            return refused(*codes)
        self._book(sent, kind, customer, excl, vat, target)
        return Outcome("CREATED")

    @staticmethod
    def _judge_credit(target: Document, incl: int, vat: int) -> set[str]:
        if target.kind not in ("IN", "IT") or not target.incl:
            return {"STATE-CONFLICT"}
        return {"AMOUNT-EXCEEDED"} if incl > target.incl - target.credited or vat > target.vat - target.credited_vat else set()

    def _book(self, sent: dict[str, Any], kind: str, customer: str, excl: int, vat: int, target: Document | None) -> None:
        number = sent.get("documentNo")
        if not number:
            number = self.next_number(kind)
            self.drawn[kind] = int(number[-6:])
        claim = target.number.lower() if target is not None and target.incl and kind in ("RM", "IT") else None
        document = Document(number, kind, customer, excl, vat, sent.get("dueDate", ""), _content(sent), claim)
        document.open = _SIGN[kind] * document.incl
        self.documents[number.lower()] = document
        self._add("1500", document.open)
        of_interest = kind == "IT" or (kind == "CN" and target is not None and target.kind == "IT")
        contra = "1920" if kind == "PY" else "3900" if kind == "RM" else "8055" if of_interest else "sales"
        self._add(contra, -_SIGN[kind] * excl)
        self._add("2700", -_SIGN[kind] * vat)
        if kind == "CN" and target is not None:
            target.credited += document.incl
            target.credited_vat += vat
            self._settle(document, [[target]])
        elif kind == "PY":
            self._settle(document, self._meant(sent, document, target))

    def _add(self, account: str, amount: int) -> None:
        self.balances[account] = self.balances.get(account, 0) + amount

    # ------------------------------------------------------------------------------------------------ coverage

    def _meant(self, sent: dict[str, Any], payment: Document, target: Document | None) -> list[list[Document]]:
        """The claims that a payment means: by its reference, else by its KID."""
        mine = [document for document in self.documents.values() if document.customer == payment.customer and document is not payment]
        if target is not None:
            return _claims(self._claim_of(target, mine))
        kid = sent.get("kid")
        if kid is None:
            return []
        if kid == self.customers[payment.customer].kid:
            return _claims(mine)
        return _claims([found for document in mine if document.kid == kid for found in self._claim_of(document, mine)])

    def owed(self, target: Document) -> int:
        """What is open of a document together with the fees and the interest of its claim."""
        mine = [document for document in self.documents.values() if document.customer == target.customer]
        return sum(document.open for document in self._claim_of(target, mine) if document.open > 0)

    @staticmethod
    def _claim_of(target: Document, mine: list[Document]) -> list[Document]:
        principal = target.claim or target.number.lower()
        return [document for document in mine if principal in (document.number.lower(), document.claim) or document is target]

    @staticmethod
    def _settle(credit: Document, claims: list[list[Document]]) -> None:
        for claim in claims:
            for document in claim:
                part = max(0, min(-credit.open, document.open))
                document.open -= part
                credit.open += part


def _claims(documents: list[Document]) -> list[list[Document]]:
    """Open debts by claim, each in the order in which it is covered; claims by the due date of their principal."""
    debts = {document.number.lower(): document for document in documents if document.open > 0}
    claims: dict[str, list[Document]] = {}
    for key, document in debts.items():
        principal = debts.get(document.claim or "")
        owner = document.claim if principal is not None and principal.kind == "IN" and document.claim else key
        claims.setdefault(owner, []).append(document)
    in_turn = sorted(claims.items(), key=lambda entry: debts[entry[0]].due)
    return [sorted(members, key=lambda document: (_COVERED[document.kind], document.due)) for _, members in in_turn]


def _content(sent: dict[str, Any]) -> dict[str, Any]:
    """What makes two documents equal: everything but the reference for the caller's own use."""
    return {key: value for key, value in sent.items() if key != "clientReference"}
