"""Seeded data for the benchmarks: customers of 14 fields and invoices of about 1.5 kB with three lines, three per cent of them bad."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

CUSTOMERS = 2_000
BAD_SHARE = 0.03
ACCOUNT = "12345678903"
BANK_ACCOUNTS = [{"bankAccountNo": ACCOUNT, "currency": "NOK", "glAccount": "1920", "source": "OCR"}]
"""Where payments go, and what letters ask to be paid to."""


def customer(number: int) -> bytes:
    """One customer as JSON."""
    return json.dumps(
        {
            "customerNo": str(100_000 + number),
            "name": f"Prøvekunde Nummer {number}",
            "customerCategory": "CONS",
            "phoneNo": "22222222",
            "language": "nb",
            "dueDays": 14,
            "priceNetOrGross": "B",
            "sellerReference": "S1",
            "customerGroupCode": "G1",
            "registrationStatusCode": "NORMAL",
            "postalAddress": {"addressLine1": f"Prøveveien {number}", "postalCode": "0150", "cityName": "Oslo", "countryCode": "NO"},
            "emailAddressDocument": [f"kunde{number}@kunde.example"],
            "distribution": {"type": "M", "einvoiceCode": 0},
            "clientReference": f"row-{number}",
        },
        ensure_ascii=False,
    ).encode()


def invoice(number: int, chance: random.Random, customer_no: str | None = None) -> bytes:
    """One invoice as JSON; a few name a customer that does not exist."""
    lines = []
    excl = vat = 0
    for line_no in (1, 2, 3):
        quantity, price = chance.randint(1, 20), chance.randint(1_000, 99_900)
        line_excl = quantity * price
        line_vat = (line_excl + 2) // 4
        excl, vat = excl + line_excl, vat + line_vat
        lines.append(
            {
                "lineNo": line_no,
                "lineType": "PLH",
                "articleNo": f"A-{chance.randint(1, 5_000)}",
                "articleName": f"Vare nummer {line_no} med en litt lengre tekst",
                "lineText": "Levert i henhold til avtale, uke 44",
                "quantityUnit": "stk",
                "quantity": quantity,
                "price": price / 100,
                "itemGroup1": "G1",
                "currencyAmounts": {"exclVat": line_excl / 100, "vat": line_vat / 100, "inclVat": (line_excl + line_vat) / 100},
            }
        )
    if customer_no is None:
        bad = chance.random() < BAD_SHARE
        customer_no = "no-such-customer" if bad else str(100_000 + chance.randint(1, CUSTOMERS))
    return json.dumps(
        {
            "documentType": "IN",
            "customerNo": customer_no,
            "documentNo": f"F{number:09d}",
            "referenceNo": f"REF-{number}",
            "documentDate": f"2026-10-{chance.randint(1, 28):02d}",
            "dueDate": f"2026-11-{chance.randint(1, 28):02d}",
            "sellerReference": "S12",
            "buyerReference": "Innkjøp",
            "salesOrderId": f"SO{number}",
            "customerMessage": "Takk for handelen! Ta kontakt ved spørsmål om fakturaen.",
            "currencyAmounts": {"exclVat": excl / 100, "vat": vat / 100, "inclVat": (excl + vat) / 100},
            "distribution": {"type": "E", "einvoiceCode": 10},
            "emailAddress": ["faktura@kunde.example"],
            "documentLines": lines,
        },
        ensure_ascii=False,
    ).encode()


def body(entity: str, items: list[bytes]) -> bytes:
    """Items as the body of a batch."""
    return b'{"' + entity.encode() + b'":[' + b",".join(items) + b"]}"


def invoices(first: int, count: int, seed: int) -> Iterator[bytes]:
    """Invoices with numbers from ``first``."""
    chance = random.Random(seed)
    return (invoice(number, chance) for number in range(first, first + count))
