"""What the tests of reports share: a ledger to report on, and ways to make a report and read it again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from reskontro.kit.messages import Language
from reskontro.ledger.books import open_books
from reskontro.receivable.reports.building import Asked
from reskontro.receivable.reports.producing import Made, make
from reskontro.receivable.reports.schemas import read_report, stored_report
from tests.api.postings import booked
from tests.api.support import amounts, configure, created, credit_note, exchange_rate, invoice, payment
from tests.house import House


def fill(house: House) -> None:
    """A ledger with something of everything, from September to November 2026: invoices, a credit note, part payments before and after, a fee,
    a write-off, a foreign currency with an exchange difference, and a customer named like a formula.
    """
    exchange_rate(house, "EUR", "11.50")
    exchange_rate(house, "EUR", "11.80", "2026-11-01")
    house.customer("100003", "=cmd|' /C calc'!A0", currency="EUR")
    created(house, invoice(documentNo="26001", documentDate="2026-09-10", dueDate="2026-09-24", kid="0010017"))
    created(house, invoice(documentNo="26002", documentDate="2026-10-05", dueDate="2026-10-19", currencyAmounts=amounts(400, 100)))
    created(house, invoice(documentNo="26003", customerNo="100002", documentDate="2026-10-20", currencyAmounts=amounts(2000, 500)))
    created(house, credit_note("26003", 400, 100, customerNo="100002", documentNo="C26001", documentDate="2026-10-25"))
    created(house, invoice(documentNo="26004", customerNo="100003", documentDate="2026-10-12", currency="EUR", currencyAmounts=amounts(100, 25)))
    booked(house, "payment", {"amount": 500, "paymentDate": "2026-10-02", "postingDate": "2026-10-02", "kid": "0010017"})
    booked(house, "payment", {"amount": 750, "paymentDate": "2026-11-10", "postingDate": "2026-11-10", "kid": "0010017"})
    created(house, payment(60, customerNo="100003", currency="EUR", referenceDocumentNo="26004", documentNo="P26001"))
    booked(house, "fee", {"documentNo": "26002", "amount": 38, "feeCode": "REMINDER", "postingDate": "2026-11-05"})
    booked(house, "writeoff", {"documentNo": "26003", "amount": 100, "reasonCode": "BAD-DEBT", "reason": "bankrupt", "postingDate": "2026-11-20"})


def values_of(house: House, report: Mapping[str, Any]) -> dict[str, Any]:
    """A request as it is stored and read again."""
    with house.database.transaction(house.client_no) as transaction:
        now = house.clock.now()
        books = open_books(transaction, house.client_no, now)
        whole = read_report(dict(report), books, books.today(now))
    return stored_report(json.loads(json.dumps(whole, default=str)))


def content(house: House, report: Mapping[str, Any]) -> bytes:
    """The bytes of a report, made in one snapshot as the worker does."""
    values = values_of(house, report)
    with house.database.transaction(house.client_no, snapshot=True) as transaction:
        now = house.clock.now()
        books = open_books(transaction, house.client_no)
        if values["reportType"] == "CUSTOMER-STATEMENT":
            number = values["customerNos"][0]
            row = transaction.execute("select account_no, customer_no from customer where customer_key = lower(%s)", (number,)).fetchone()
            assert row is not None
            values |= {"accountNo": row[0], "customerNo": row[1]}
        language: Language = values["language"]
        made: Made = make(Asked(transaction, books, now, books.today(now), language, values["reportType"], values))
        return b"".join(made.pieces)


def as_json(house: House, **report: Any) -> dict[str, Any]:
    """A report as JSON, numbers exact."""
    found: dict[str, Any] = json.loads(content(house, {**report, "format": "JSON"}), parse_float=Decimal)
    return found


def lines(house: House, *kinds: str, **report: Any) -> list[dict[str, Any]]:
    """The lines of a report, of some types or all."""
    return [line for line in as_json(house, **report)["lines"] if not kinds or line["lineType"] in kinds]


def csv_rows(data: bytes, language: str = "en") -> list[dict[str, str]]:
    """The rows of a CSV report by key."""
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter="," if language == "en" else ";"))


def year(report_type: str, first: int = 1, last: int = 12, **values: Any) -> dict[str, Any]:
    """A report over periods of 2026."""
    return {"reportType": report_type, "glYear": 2026, "fromPeriod": first, "toPeriod": last, **values}


def day(text: str) -> date:
    """A date from its text."""
    return date.fromisoformat(text)


def set_language(house: House, language: str) -> None:
    """The client's own language."""
    configure(house, "base.language", language)
