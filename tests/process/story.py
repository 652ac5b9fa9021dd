"""What the senders of one client do in a crash schedule, and what must have come of it: plain arithmetic over the input, no ledger."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import date
from typing import Any

CUSTOMERS = 10
DOCUMENTS_FROM, DOCUMENTS_TO = 60, 140
SINGLES = 8
UNANSWERED = 12
SINGLE_CUSTOMER = "200001"


@dataclass
class Call:
    """One request of a sender. ``expected`` is what each of its items must come to: a result, or the code of its first error."""

    method: str
    path: str
    body: bytes
    expected: list[str]
    key: str | None
    """None: it is sent once, whatever becomes of it, and may then have had no effect when it was not answered."""
    status: int | None = None
    answer: bytes = b""


@dataclass
class Books:
    """Sums that the ledger must show, in hundredths; debit positive."""

    documents: int = 0
    unnumbered: int = 0
    customers: int = 0
    balances: dict[str, int] = field(default_factory=lambda: {"1500": 0, "1920": 0, "2700": 0, "3000": 0})

    def post(self, kind: str, excl: int, vat: int) -> None:
        """Count one document."""
        self.documents += 1
        sign = 1 if kind == "IN" else -1
        contra = {"1920": excl + vat} if kind == "PY" else {"3000": -excl * sign, "2700": -vat * sign}
        for account, amount in {"1500": sign * (excl + vat), **contra}.items():
            self.balances[account] += amount


def amounts(excl: int, vat: int) -> dict[str, Any]:
    """Amounts of hundredths as JSON numbers; two decimals are exact in Python's shortest notation at this size."""
    return {"exclVat": excl / 100, "vat": vat / 100, "inclVat": (excl + vat) / 100}


class Story:
    """The requests of one client in two lanes that run side by side, and their sums.

    The batches depend on each other and are processed in the order sent; the single writes have a customer of their own.
    """

    def __init__(self, seed: str, today: date) -> None:
        self._random = random.Random(seed)
        self._seed = seed
        self._today = today.isoformat()
        self.books = Books()
        self.unanswered_books = Books()
        """What the batch without a key adds, if it was accepted."""
        self._open: dict[str, tuple[str, int]] = {}
        """(customer, what is not yet paid or credited) by number of the invoice."""
        self._numbered: list[dict[str, Any]] = []
        self.batches = [self._create_customers(), self._post_documents(), self._update_customers(), self._repeat_documents()]
        self.unanswered = self._post_unanswered()
        self.singles = self._post_singles()

    def _call(self, method: str, path: str, entity: str, items: Any, expected: list[str], *, keyed: bool = True) -> Call:
        body = json.dumps({"metadata": {"userId": "anne"}, entity: items}).encode()
        key = f"{self._seed}-{method}-{path.strip('/')}-{self._random.getrandbits(40)}" if keyed else None
        return Call(method, path, body, expected, key)

    # ------------------------------------------------------------------------------------------------ customers

    @staticmethod
    def _customer(number: int, **values: Any) -> dict[str, Any]:
        return {"customerNo": str(100_001 + number), "name": f"Prøve {number}", **values}

    def _create_customers(self) -> Call:
        items = [(self._customer(number), "CREATED") for number in range(CUSTOMERS)]
        self.books.customers += CUSTOMERS
        items += [
            (self._customer(500, postalAddress={"countryCode": "NX"}), "COUNTRY-CODE"),
            (self._customer(3, name="Another name"), "DUPLICATE-IN-BATCH"),
            (self._customer(501, name=""), "REQUIRED"),
        ]
        return self._call("POST", "/customers/batches", "customers", [item for item, _ in items], [result for _, result in items])

    def _update_customers(self) -> Call:
        items = [
            (self._customer(number, **({"informalName": "Changed"} if number % 2 else {})), "UPDATED" if number % 2 else "UNCHANGED")
            for number in range(CUSTOMERS)
        ]
        items.append((self._customer(502), "CUSTOMER-UNKNOWN"))
        self._random.shuffle(items)
        return self._call("PUT", "/customers/batches", "customers", [item for item, _ in items], [result for _, result in items])

    # ------------------------------------------------------------------------------------------------ documents

    def _document(self, kind: str, customer: str, excl: int, vat: int, **values: Any) -> dict[str, Any]:
        return {"documentType": kind, "customerNo": customer, "documentDate": self._today, "currencyAmounts": amounts(excl, vat), **values}

    def _any_amount(self) -> tuple[int, int]:
        vat = self._random.randint(1, 50_000)
        return 4 * vat, vat

    def _invoice(self, books: Books, customer: str, number: str | None) -> dict[str, Any]:
        excl, vat = self._any_amount()
        books.post("IN", excl, vat)
        if number is None:
            books.unnumbered += 1
            return self._document("IN", customer, excl, vat)
        return self._document("IN", customer, excl, vat, documentNo=number)

    def _settlement(self, kind: str, number: str, target: str) -> dict[str, Any]:
        """A payment or credit note over a part of what is left of an invoice, so that it can be booked whatever came before."""
        customer, left = self._open[target]
        vat = self._random.randint(1, max(1, left // 25))
        excl, vat = (5 * vat, 0) if kind == "PY" else (4 * vat, vat)
        self._open[target] = (customer, left - excl - vat)
        self.books.post(kind, excl, vat)
        return self._document(kind, customer, excl, vat, documentNo=number, referenceDocumentNo=target)

    def _post_documents(self) -> Call:
        items: list[tuple[dict[str, Any], str]] = []
        for number in range(self._random.randint(DOCUMENTS_FROM, DOCUMENTS_TO)):
            customer = str(100_001 + self._random.randrange(CUSTOMERS))
            choice = self._random.random()
            targets = [name for name, (_, left) in self._open.items() if left > 1_000]
            if choice < 0.30:
                items.append((self._invoice(self.books, customer, None), "CREATED"))
            elif choice < 0.60 or not targets:
                sent = self._invoice(self.books, customer, f"A-{number}")
                self._open[f"A-{number}"] = (customer, round(sent["currencyAmounts"]["inclVat"] * 100))
                self._numbered.append(sent)
                items.append((sent, "CREATED"))
            elif choice < 0.80:
                kind = self._random.choice(["PY", "CN"])
                items.append((self._settlement(kind, f"{kind}-{number}", self._random.choice(targets)), "CREATED"))
            else:
                items.append(self._refused(number, customer))
        return self._call("POST", "/documents/batches", "documents", [item for item, _ in items], [result for _, result in items])

    def _refused(self, number: int, customer: str) -> tuple[dict[str, Any], str]:
        excl, vat = self._any_amount()
        wrong_sum = self._document("IN", customer, excl, vat)
        wrong_sum["currencyAmounts"]["inclVat"] += 1
        return self._random.choice(
            [
                (self._document("IN", "999999", excl, vat), "CUSTOMER-UNKNOWN"),
                (wrong_sum, "TOTAL-SUM"),
                (self._document("PY", customer, excl, 0, referenceDocumentNo="NOWHERE"), "DOCUMENT-UNKNOWN"),
                (self._document("IN", customer, excl, vat, documentNo=self._numbered[0]["documentNo"]), "DUPLICATE-IN-BATCH"),
            ]
        )

    def _repeat_documents(self) -> Call:
        items: list[tuple[dict[str, Any], str]] = []
        for sent in self._random.sample(self._numbered, min(15, len(self._numbered))):
            if self._random.random() < 0.7:
                items.append((sent, "UNCHANGED"))
            else:
                items.append(({**sent, "ledgerNote": "another content"}, "NOT-UNIQUE"))
        items += [(self._invoice(self.books, "100001", f"B-{number}"), "CREATED") for number in range(10)]
        self._random.shuffle(items)
        return self._call("POST", "/documents/batches", "documents", [item for item, _ in items], [result for _, result in items])

    def _post_unanswered(self) -> Call:
        items = [self._invoice(self.unanswered_books, "100002", f"U-{number}") for number in range(UNANSWERED)]
        return self._call("POST", "/documents/batches", "documents", items, ["CREATED"] * UNANSWERED, keyed=False)

    def _post_singles(self) -> list[Call]:
        customer = {"customerNo": SINGLE_CUSTOMER, "name": "Ola Øvelse"}
        self.books.customers += 1
        calls = [self._call("POST", "/customers", "customer", customer, ["CREATED"])]
        for _ in range(SINGLES):
            calls.append(self._call("POST", "/documents", "document", self._invoice(self.books, SINGLE_CUSTOMER, None), ["CREATED"]))
        return calls
