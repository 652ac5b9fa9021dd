"""Aim: a large set of documents is sent in parts while it is judged, and nobody can tell from the outcome where one part ended."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from reskontro.db import bulk
from reskontro.receivable.customers import desk as customers_desk
from reskontro.receivable.documents import batch, desk
from tests.api.support import amounts, configure, credit_note, in_order, invoice, payment
from tests.house import House

DOCUMENTS: list[dict[str, Any]] = [
    invoice(documentNo="A1", clientReference="1"),
    invoice(clientReference="2"),
    invoice(documentNo="a1", clientReference="3"),
    invoice(documentNo="A1", clientReference="1"),
    invoice(documentNo="A2", kid="2345676", customerNo="77", customer={"customerNo": "77", "name": "Ny Kunde"}),
    payment(500, kid="2345676", customerNo="77"),
    credit_note("A1", 333, "83.25", clientReference="4"),
    invoice(documentNo="A3", customerNo="78", customer={"customerNo": "78", "name": "Enda En"}, documentBundleReference="P"),
    invoice(documentNo="A4", customerNo="77", documentBundleReference="P"),
    invoice(documentNo="A5", documentBundleReference="P"),
    credit_note("A1", 333, "83.25"),
    invoice(documentNo="A6", currencyAmounts=amounts(100, 25, 130)),
    payment(2000, kid="2345676", customerNo="77"),
    credit_note("A1", 334, "83.50"),
    credit_note("A1", 1, "0.25"),
    credit_note("A2", 1000, 250, customerNo="77"),
    payment(10000),
    invoice(documentNo="A7", currency="EUR", exchangeRate=Decimal("11.5")),
    payment(600, currency="EUR", exchangeRate=11, referenceDocumentNo="A7"),
    payment(650, currency="EUR", exchangeRate=12, referenceDocumentNo="A7"),
    invoice(),
]

OWN = ("clientNo", "documentUuid", "arItemId", "paymentUuid", "documentBundleId")
"""What every client has of its own."""


def outcome(house: House) -> list[Any]:
    """What the set came to, without the ids that differ every time."""
    result = house.batch("/documents/batches", {"documents": DOCUMENTS}, query="?expand=diagnostics")
    items = [{name: value for name, value in item.items() if name not in OWN} for item in result["items"]]
    rows = house.rows(
        "select array_agg((line_no, gl_account, amount, currency_amount, vat_code, account_no, journal)::text order by line_no) from gl_item"
        " where client_no = %s group by transaction_no order by 1",
        house.client_no,
    )
    state = house.rows(
        "select a.ar_item_type, a.kid, a.open_amount, a.base_open_amount, a.credited_amount, a.credited_vat, a.details - 'matchId'"
        " from ar_item a where a.client_no = %s order by 1, 2, a.original_amount, a.document_no",
        house.client_no,
    )
    lines = house.rows("select count(*), sum(amount), sum(abs(base_amount)) from match_line where client_no = %s", house.client_no)
    in_order(house)
    return [items, rows, state, lines, house.balances()]


def new_client(house: House, client_no: int) -> House:
    """A client with two customers whose documents get KIDs."""
    client = replace(house, client_no=house.add_client(client_no))
    client.customer("100001")
    client.customer("100002")
    configure(client, "kid.generate", True)
    return client


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_parts_cannot_be_seen(module_house: House, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """The same set whole and in parts: the same results, postings, open items and balances."""
    whole = outcome(new_client(module_house, 4700 + size))
    with monkeypatch.context() as patch:
        for module, name, value in (
            (batch, "SENT_FIRST", size),
            (batch, "SENT_TOGETHER", size),
            (desk, "ASIDE_FROM", 1),
            (customers_desk, "ASIDE_FROM", 1),
            (bulk, "INLINE_LINES_MAX", 0),
        ):
            patch.setattr(module, name, value)
        parts = outcome(new_client(module_house, 4800 + size))
    for compared, expected in zip(parts, whole, strict=True):
        assert compared == expected
    results = [item["result"] for item in whole[0]]
    assert (results.count("CREATED"), results.count("FAILED")) == (17, 4)
