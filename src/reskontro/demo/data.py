"""The data of the demonstration: a year of a trading company, the same for the same seed and day, with a few mistakes of every common kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from reskontro.demo.mistakes import spoil_customers, spoil_documents
from reskontro.demo.people import customers
from reskontro.norway.kid import mod10_check

CENT = Decimal("0.01")
DAYS = 330
"""How far back the oldest invoice lies."""
VAT_RATES = {"3": Decimal("0.25"), "31": Decimal("0.15"), "33": Decimal("0.12"), "5": Decimal(0), "6": Decimal(0), "52": Decimal(0)}
ARTICLES = (
    ("V-10", "Bjørkeved i sekk", "sekk", Decimal("89.00"), "3"),
    ("V-20", "Abonnement, måned", "mnd", Decimal("199.00"), "3"),
    ("V-30", "Rådgivning", "time", Decimal("1245.50"), "3"),
    ("M-10", "Varekasse med mat", "kasse", Decimal("349.57"), "31"),
    ("T-10", "Persontransport", "tur", Decimal("142.86"), "33"),
    ("B-10", "Trykt bok", "stk", Decimal("279.00"), "5"),
    ("H-10", "Helsekontroll", "stk", Decimal("650.00"), "6"),
)
REMINDER_FEE = Decimal("35")
EURO_RATES = tuple(Decimal(text) for text in ("11.4215", "11.5870", "11.6932", "11.7540", "11.8105"))
KRONA_RATES = tuple(Decimal(text) for text in ("1.0124", "1.0237", "1.0355"))

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DemoData:
    """What is sent: customers, then documents in the order of their dates."""

    customers: list[Record]
    documents: list[Record]


def generate(today: date, *, seed: int = 2026, customer_count: int = 2_500, invoice_count: int = 15_500) -> DemoData:
    """A data set whose invoices end on ``today``; about half as many other documents as invoices come with them."""
    random = Random(seed)
    people = customers(random, customer_count)
    documents = _documents(random, people, today, invoice_count)
    return DemoData(spoil_customers(random, people), spoil_documents(random, documents))


def _money(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def _amounts(excluding: Decimal, vat: Decimal) -> Record:
    return {"exclVat": excluding, "vat": vat, "inclVat": excluding + vat}


def _documents(random: Random, people: list[Record], today: date, invoice_count: int) -> list[Record]:
    events: list[tuple[date, int, Record]] = []
    for number in range(invoice_count):
        customer = random.choice(people)
        # More in the last months than in the first ones: the company grows.
        day = today - timedelta(days=int(DAYS * (1 - random.random() ** 0.7)))
        invoice = _invoice(random, customer, day, number)
        events.append((day, 0, invoice))
        events += [(when, 1, document) for when, document in _what_follows(random, invoice, today, number)]
    events.sort(key=lambda event: (event[0], event[1], event[2]["documentNo"]))
    return [document for _, _, document in events]


def _head(kind: str, number: str, customer_no: str, day: date, currency: str) -> Record:
    return {
        "documentType": kind,
        "documentNo": number,
        "customerNo": customer_no,
        "documentDate": day.isoformat(),
        "currency": currency,
        "clientReference": number.lower(),
    }


def _rate(random: Random, currency: str) -> Record:
    if currency == "NOK":
        return {}
    return {"exchangeRate": random.choice(EURO_RATES if currency == "EUR" else KRONA_RATES)}


def _invoice(random: Random, customer: Record, day: date, number: int) -> Record:
    currency = customer.get("currency", "NOK")
    invoice = _head("IN", f"F{number + 1:06d}", customer["customerNo"], day, currency) | _rate(random, currency)
    invoice["dueDate"] = (day + timedelta(days=customer["dueDays"])).isoformat()
    if random.random() < 0.3:
        # Others get a KID from the ledger.
        payload = f"7{number + 1:09d}"
        invoice["kid"] = payload + mod10_check(payload)
    lines = [_line(random, index, currency) for index in range(1, random.choice((1, 1, 1, 2, 2, 3, 4)) + 1)]
    if random.random() < 0.1:
        lines.append({"lineNo": len(lines) + 1, "lineType": "TXT", "lineText": "Takk for handelen"})
    sums = [line["currencyAmounts"] for line in lines if "currencyAmounts" in line]
    invoice["currencyAmounts"] = _amounts(sum((one["exclVat"] for one in sums), Decimal(0)), sum((one["vat"] for one in sums), Decimal(0)))
    invoice["documentLines"] = lines
    return invoice


def _line(random: Random, index: int, currency: str) -> Record:
    article, name, unit, price, code = random.choices(ARTICLES, weights=(30, 25, 15, 10, 8, 6, 6))[0]
    quantity = random.choice((1, 1, 2, 3, 4, 6, 10, 12))
    if currency != "NOK":
        price, code = _money(price / 10), "52"
    excluding = _money(price * quantity)
    return {
        "lineNo": index,
        "lineType": "PLH",
        "articleNo": article,
        "articleName": name,
        "quantity": quantity,
        "quantityUnit": unit,
        "price": price,
        "vatCode": code,
        "currencyAmounts": _amounts(excluding, _money(excluding * VAT_RATES[code])),
    }


def _what_follows(random: Random, invoice: Record, today: date, number: int) -> list[tuple[date, Record]]:
    """What becomes of an invoice until today: most are paid about when they are due, some late or in part, some credited, some dunned."""
    due = date.fromisoformat(invoice["dueDate"])
    found: list[tuple[date, Record]] = []
    chance = random.random()
    if chance < 0.04:
        when = date.fromisoformat(invoice["documentDate"]) + timedelta(days=random.randint(1, 10))
        found.append((when, _credit_note(random, invoice, when, number)))
    elif chance < 0.46:
        when = due + timedelta(days=int(random.gauss(-1, 6)))
        found.append((max(when, date.fromisoformat(invoice["documentDate"])), _payment(random, invoice, number, Decimal(1))))
    elif chance < 0.50:
        found.append((due, _payment(random, invoice, number, random.choice((Decimal("0.25"), Decimal("0.5"))))))
    elif chance < 0.56 and invoice["currency"] == "NOK":
        when = due + timedelta(days=15)
        found.append((when, _reminder(invoice, number)))
        if random.random() < 0.5:
            later = when + timedelta(days=20)
            found.append((later, _interest_note(invoice, number, (later - due).days)))
    dated = [(when, document | {"documentDate": when.isoformat()}) for when, document in found if when <= today]
    for when, document in dated:
        if document["documentType"] in ("RM", "IT"):
            document["dueDate"] = (when + timedelta(days=14)).isoformat()
    return dated


def _payment(random: Random, invoice: Record, number: int, share: Decimal) -> Record:
    currency = invoice["currency"]
    amount = _money(invoice["currencyAmounts"]["inclVat"] * share)
    payment = _head("PY", f"B{number + 1:06d}", invoice["customerNo"], date.min, currency) | _rate(random, currency)
    payment["currencyAmounts"] = _amounts(amount, Decimal(0))
    payment["payment"] = {"paymentMethod": random.choice(("BANK", "BANK", "AVTALEGIRO", "CARD"))}
    # As in life: most payments name the KID, some the invoice, and a few nothing at all.
    if "kid" in invoice and random.random() < 0.8:
        payment["kid"] = invoice["kid"]
    elif random.random() < 0.95:
        payment["referenceDocumentNo"] = invoice["documentNo"]
    return payment


def _credit_note(random: Random, invoice: Record, day: date, number: int) -> Record:
    note = _head("CN", f"K{number + 1:06d}", invoice["customerNo"], day, invoice["currency"])
    if "exchangeRate" in invoice:
        note["exchangeRate"] = invoice["exchangeRate"]
    lines = [line for line in invoice["documentLines"] if "currencyAmounts" in line]
    credited = lines if random.random() < 0.6 else lines[:1]
    sums = [line["currencyAmounts"] for line in credited]
    note["referenceDocumentNo"] = invoice["documentNo"]
    note["currencyAmounts"] = _amounts(sum((one["exclVat"] for one in sums), Decimal(0)), sum((one["vat"] for one in sums), Decimal(0)))
    note["documentLines"] = [line | {"lineNo": index} for index, line in enumerate(credited, 1)]
    return note


def _reminder(invoice: Record, number: int) -> Record:
    reminder = _head("RM", f"P{number + 1:06d}", invoice["customerNo"], date.min, "NOK")
    reminder |= {"referenceDocumentNo": invoice["documentNo"], "currencyAmounts": _amounts(REMINDER_FEE, Decimal(0))}
    line = {"lineNo": 1, "lineType": "FEE", "lineText": "Purregebyr", "referenceDocumentNo": invoice["documentNo"]}
    reminder["documentLines"] = [line | {"currencyAmounts": _amounts(REMINDER_FEE, Decimal(0))}]
    return reminder


def _interest_note(invoice: Record, number: int, days: int) -> Record:
    # A flat rate is good enough for made-up notes; the ledger takes the amounts as they are sent.
    interest = max(_money(invoice["currencyAmounts"]["inclVat"] * Decimal("0.12") * days / 365), CENT)
    note = _head("IT", f"R{number + 1:06d}", invoice["customerNo"], date.min, "NOK")
    note |= {"referenceDocumentNo": invoice["documentNo"], "currencyAmounts": _amounts(interest, Decimal(0))}
    line = {"lineNo": 1, "lineType": "INT", "lineText": f"Forsinkelsesrente, {days} dager", "referenceDocumentNo": invoice["documentNo"]}
    note["documentLines"] = [line | {"currencyAmounts": _amounts(interest, Decimal(0))}]
    return note
