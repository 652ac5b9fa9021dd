"""Letters of an invented creditor for the tests of letters."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from reskontro.kit.messages import Language
from reskontro.receivable.letters.model import (
    ClaimLine,
    Creditor,
    Fee,
    Interest,
    InterestSegment,
    Kind,
    Letter,
    Payment,
    Posting,
    Receiver,
    Statement,
)

CREDITOR = Creditor(
    name="Fjordlys Kraft AS",
    organization_no="310044113",
    vat_registered=True,
    in_business_register=True,
    address_lines=("Havnegata 7", "6003 Ålesund"),
    email_address="faktura@fjordlys.example",
    phone_no="70 10 00 00",
    web_address="fjordlys.example",
)
RECEIVER = Receiver(name="Åse Bjørnø Sæther", address_lines=("Prøveveien 4 B", "0150 Oslo"), consumer=True)
PAYMENT = Payment(kid="00010000000018", bank_account_no="86011117947", iban="NO9386011117947", bic="DABANO22")


def claim(number: int = 1, **changes: Any) -> ClaimLine:
    """A claim of 1 250.00 that fell due on 19 October 2026."""
    line = ClaimLine(
        document_no=f"26{number:03d}",
        document_date=date(2026, 10, 5),
        due_date=date(2026, 10, 19),
        original=Decimal("1250.00"),
        open_amount=Decimal("1250.00"),
        text="Strøm og nettleie september 2026",
    )
    return replace(line, **changes)


def letter(kind: Kind = "REMINDER", language: Language = "nb", **changes: Any) -> Letter:
    """A letter of 26 November 2026 as a run makes it."""
    letter_date = date(2026, 11, 26)
    fields: dict[str, Any] = {
        "kind": kind,
        "language": language,
        "letter_date": letter_date,
        "deadline": letter_date + timedelta(days=14),
        "creditor": CREDITOR,
        "receiver": RECEIVER,
        "customer_no": "100001",
        "document_no": "R26-000001",
        "currency": "NOK",
        "claims": (claim(),),
        "payment": PAYMENT,
        "interest": Interest(rate=Decimal("12.5")),
    }
    if kind == "REMINDER":
        fields |= {"fees": (Fee(rule="REMINDER-FEE", amount=Decimal(38), document_no="26001", base_amount=Decimal(750), fraction="1/20"),)}
        fields |= {"next_step": "COLLECTION-NOTICE"}
    elif kind == "COLLECTION-NOTICE":
        fields |= {
            "step": 2,
            "next_step": "HANDOVER",
            "document_no": "R26-000002",
            "claims": (claim(fee=Decimal(38)),),
            "fees": (Fee(rule="COLLECTION-NOTICE-FEE", amount=Decimal(38), document_no="26001", base_amount=Decimal(750), fraction="1/20"),),
        }
    elif kind == "INTEREST-NOTE":
        segments = (
            InterestSegment(
                document_no="26001", first_day=date(2026, 6, 20), last_day=date(2026, 6, 30), principal=Decimal("125000.00"), rate=Decimal(12)
            ),
            InterestSegment(
                document_no="26001", first_day=date(2026, 7, 1), last_day=date(2026, 11, 25), principal=Decimal("125000.00"), rate=Decimal("12.5")
            ),
        )
        fields |= {
            "document_no": "T26-000001",
            "claims": (
                claim(original=Decimal("125000.00"), open_amount=Decimal("125000.00"), due_date=date(2026, 6, 19), interest=Decimal("6787.67")),
            ),
            "interest": Interest(rate=Decimal("12.5"), segments=segments),
        }
    else:
        postings = (
            Posting(
                posting_date=date(2026, 10, 5),
                document_no="26001",
                text="Faktura",
                due_date=date(2026, 10, 19),
                amount=Decimal("1250.00"),
                balance=Decimal("1750.00"),
            ),
            Posting(
                posting_date=date(2026, 10, 30), document_no="P26-000004", text="Betaling", amount=Decimal("-500.00"), balance=Decimal("1250.00")
            ),
        )
        fields |= {
            "document_no": "",
            "deadline": None,
            "statement": Statement(
                from_date=date(2026, 10, 1),
                to_date=date(2026, 10, 31),
                opening_balance=Decimal("500.00"),
                closing_balance=Decimal("1250.00"),
                postings=postings,
            ),
        }
    return Letter(**(fields | changes))
