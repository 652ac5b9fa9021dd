"""The data of the demonstration is repeatable, adds up where it should, and belongs to nobody."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from random import Random

import pytest

from reskontro.demo.data import DAYS, Record, _documents, generate
from reskontro.demo.people import customers
from reskontro.kit.json import write_json
from reskontro.norway.identities import is_organization_no
from reskontro.norway.national_ids import read_norwegian_id

TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def documents() -> list[Record]:
    """Documents before mistakes are put into them."""
    random = Random(7)
    return _documents(random, customers(random, 300), TODAY, 2_000)


def test_the_same_seed_and_day_give_the_same_data() -> None:
    """Whoever reports a fault of the demonstration can repeat it."""
    first, second = (generate(TODAY, customer_count=100, invoice_count=300) for _ in range(2))
    assert write_json([first.customers, first.documents]) == write_json([second.customers, second.documents])
    assert write_json(generate(TODAY, seed=1, customer_count=100, invoice_count=300).documents) != write_json(first.documents)


def test_it_is_large_enough_and_mostly_invoices() -> None:
    """At least 2,000 customers and 20,000 documents of all types, in some currencies, a few per cent of them bad."""
    data = generate(TODAY)
    kinds = Counter(document["documentType"] for document in data.documents)
    assert len(data.customers) >= 2_000
    assert len(data.documents) >= 20_000
    assert kinds["IN"] > len(data.documents) / 2
    assert all(kinds[kind] > 100 for kind in ("CN", "IT", "RM", "PY"))
    euros = [document for document in data.documents if document.get("currency") == "EUR" and document["documentType"] == "IN"]
    assert len(euros) > 100
    assert all(document["exchangeRate"] > 11 for document in euros)


def test_amounts_add_up(documents: list[Record]) -> None:
    """Before mistakes are put in, header and lines agree in every document."""
    for document in documents:
        total = document["currencyAmounts"]
        assert total["exclVat"] + total["vat"] == total["inclVat"]
        lines = [line["currencyAmounts"] for line in document.get("documentLines", []) if "currencyAmounts" in line]
        if lines:
            for key in ("exclVat", "vat", "inclVat"):
                assert sum((line[key] for line in lines), Decimal(0)) == total[key]


def test_references_lead_to_earlier_documents_of_the_same_customer(documents: list[Record]) -> None:
    """A batch is processed in order, so what is referred to has to come first."""
    seen: dict[str, Record] = {}
    for document in documents:
        reference = document.get("referenceDocumentNo")
        if reference is not None:
            assert seen[reference]["customerNo"] == document["customerNo"]
            assert seen[reference]["currency"] == document["currency"]
        assert document["documentNo"] not in seen
        seen[document["documentNo"]] = document


def test_dates_lie_in_the_year_before_today(documents: list[Record]) -> None:
    """So that the ageing has something in every interval."""
    dates = [date.fromisoformat(document["documentDate"]) for document in documents]
    assert dates == sorted(dates)
    assert (TODAY - min(dates)).days <= DAYS
    assert max(dates) <= TODAY


def test_identity_numbers_are_valid_and_synthetic() -> None:
    """A made-up number must never be that of a person."""
    people = customers(Random(3), 500)
    numbers = [customer["ssn"] for customer in people if "ssn" in customer]
    assert len(numbers) > 50
    assert all(read_norwegian_id(number).kind == "T" for number in numbers)
    organizations = [customer["organizationNo"] for customer in people if "organizationNo" in customer]
    assert len(organizations) > 50
    assert all(number.startswith("31") and is_organization_no(number, "0192") for number in organizations)
