"""Aim: the lines of the general ledger can be read whole, found by everything they say, and never by another client."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from decimal import Decimal
from typing import Any

import pytest

from tests.api.support import amounts, configure, created, credit_note, exchange_rate, invoice, line, payment, shown
from tests.house import House, exact_json

NAMES = (
    "glItemId clientNo transactionNo lineNo glYear glPeriod glDate documentDate journal glAccount glAccountName debit credit currency"
    " currencyAmount exchangeRate vatCode vatRate text accountNo customerNo arItemId documentUuid documentType documentNo kid dimensions"
    " reversesTransactionNo reversedByTransactionNo batchUuid createdAt createdBy"
).split()


def listed(house: House, query: str = "", **options: Any) -> list[dict[str, Any]]:
    """GL items of a list."""
    answer = house.get(f"/glitems?{query}", **options)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = exact_json(answer)["glItems"]
    return found


def places(items: list[dict[str, Any]]) -> list[tuple[int, int, int]]:
    """Year, transaction and line of items."""
    return [(item["glYear"], item["transactionNo"], item["lineNo"]) for item in items]


@pytest.fixture
def posted(books: House) -> House:
    """Four transactions: an invoice with two dimensions, one of the other customer in November, a credit note, and a payment."""
    configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Region"}, {"dimensionNo": 2, "name": "Project"}])
    dimensions = [{"dimensionNo": 1, "value": "North"}, {"dimensionNo": 2, "value": "P7"}]
    created(books, invoice(documentNo="A-1", kid="0010017", dimensions=dimensions))
    lines = [line(1, 1000, 150), line(2, 500, 125)]
    created(books, invoice(documentNo="A-2", customerNo="100002", documentDate="2026-11-02", currencyAmounts=amounts(1500, 275), documentLines=lines))
    created(books, credit_note("A-1", 400, 100, documentNo="C-1"))
    created(books, payment(750, documentNo="P-1", kid="0010017"))
    return books


class TestOne:
    def test_every_key_of_a_control_line(self, books: House) -> None:
        """In the documented order, with the values of the document."""
        result = created(books, invoice(documentNo="26001001", kid="0010017"))
        document = shown(books, "26001001")
        (found,) = listed(books, "glaccount=1500")
        identifier = found["glItemId"]
        assert list(found.items()) == list(
            zip(
                NAMES,
                (
                    *(identifier, books.client_no, 1, 1, 2026, 10, "2026-10-05", "2026-10-05", "SALES", "1500", "Kundefordringer"),
                    *(1250, 0, "NOK", 1250, 1, None, None, "IN 26001001", result["accountNo"], "100001", result["arItemId"]),
                    *(result["documentUuid"], "IN", "26001001", "0010017", [], None, None, None, document["createdAt"], document["createdBy"]),
                ),
                strict=True,
            )
        )
        assert exact_json(books.get(f"/glitems/{identifier}")) == found

    def test_the_credit_side_of_an_invoice(self, books: House) -> None:
        """Income with its VAT code and rate, then VAT; no customer and AR item on them."""
        created(books, invoice())
        names = ("lineNo", "glAccount", "debit", "credit", "currencyAmount", "vatCode", "vatRate", "accountNo", "customerNo", "arItemId", "kid")
        kid = listed(books)[0]["kid"]
        assert [tuple(item[name] for name in names) for item in listed(books)[1:]] == [
            (2, "3000", 0, 1000, -1000, "3", 25, None, None, None, kid),
            (3, "2700", 0, 250, -250, "3", 25, None, None, None, kid),
        ]

    def test_foreign_currency(self, books: House) -> None:
        """debit and credit in base currency, currencyAmount in the document's."""
        exchange_rate(books, "EUR", "11.5")
        created(books, invoice(currency="EUR"))
        names = ("glAccount", "debit", "credit", "currency", "currencyAmount", "exchangeRate")
        assert [tuple(item[name] for name in names) for item in listed(books)] == [
            ("1500", 14375, 0, "EUR", 1250, Decimal("11.5")),
            ("3000", 0, 11500, "EUR", -1000, Decimal("11.5")),
            ("2700", 0, 2875, "EUR", -250, Decimal("11.5")),
        ]

    def test_an_item_of_another_client_does_not_exist(self, books: House, module_house: House) -> None:
        """404 for its id, in the same words as for a line that nobody has."""
        other = module_house.add_client(books.client_no + 500_000)
        module_house.call("POST", "/customers", {"customer": {"customerNo": "1", "name": "x"}}, client_no=other)
        sent = module_house.post("/documents", {"document": invoice(customerNo="1")}, client_no=other)
        assert sent.status_code == 201, sent.text
        created(books, invoice())
        theirs = listed(module_house, client_no=other)[0]["glItemId"]
        nobodys = encoded(books.client_no.to_bytes(4, "big") + (2026).to_bytes(2, "big") + (77).to_bytes(8, "big") + (1).to_bytes(2, "big"))
        answers = [books.get(f"/glitems/{identifier}") for identifier in (theirs, nobodys)]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "NOT-FOUND")] * 2
        assert answers[0].json()["detail"] == answers[1].json()["detail"]
        assert module_house.get(f"/glitems/{theirs}", client_no=other).status_code == 200

    @pytest.mark.parametrize("tail", [bytes(12), b"\xff" * 12, b"\x07\xea" + b"\xff" * 8 + b"\0\1", b"\x07\xea" + bytes(7) + b"\1\xff\xff"])
    def test_an_id_that_no_line_can_have(self, books: House, tail: bytes) -> None:
        """404, whatever the bytes after the client are."""
        created(books, invoice())
        answer = books.get(f"/glitems/{encoded(books.client_no.to_bytes(4, 'big') + tail)}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND")

    def test_an_id_that_is_none(self, books: House) -> None:
        """400 ID-MALFORMED."""
        answer = books.get("/glitems/abc")
        assert (answer.status_code, answer.json()["code"]) == (400, "ID-MALFORMED")


class TestList:
    def test_the_order_is_year_transaction_line(self, posted: House) -> None:
        """All lines of the four transactions."""
        expected = [(2026, 1, 1), (2026, 1, 2), (2026, 1, 3)]
        expected += [(2026, 2, number) for number in range(1, 6)] + [(2026, 3, 1), (2026, 3, 2), (2026, 3, 3), (2026, 4, 1), (2026, 4, 2)]
        assert places(listed(posted)) == expected

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("glyear=2026&transactionno=4", [(4, 1), (4, 2)]),
            ("glyear=2025", []),
            ("glperiodfrom=11", [(2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (4, 1), (4, 2)]),
            ("glperiodfrom=10&glperiodto=10&glaccount=1500", [(1, 1), (3, 1)]),
            ("gldatefrom=2026-10-20&gldateto=2026-11-01", [(3, 1), (3, 2), (3, 3), (4, 1), (4, 2)]),
            ("glaccount=1920", [(4, 2)]),
            ("glaccount=1900-1999,2701", [(2, 4), (4, 2)]),
            ("glaccount=9", []),
            ("customerno=100002", [(2, 1)]),
            ("customerno=100001&transactionno=1,2", [(1, 1)]),
            ("customerno=nobody", []),
            ("documentno=c-1", [(3, 1), (3, 2), (3, 3)]),
            ("documentno=a-1,P-1&glaccount=1500", [(1, 1), (4, 1)]),
            ("transactionno=1,99999999999", [(1, 1), (1, 2), (1, 3)]),
            ("journal=payments", [(4, 1), (4, 2)]),
            ("journal=SALES&vatcode=31", [(2, 2), (2, 4)]),
            ("dimension=1:NORTH", [(1, 1), (1, 2), (1, 3), (3, 2), (3, 3)]),
            ("dimension=1:south,2:p7", [(1, 1), (1, 2), (1, 3), (3, 2), (3, 3)]),
            ("dimension=2:north", []),
            ("createdfrom=2026-11-25", "all"),
            ("createdfrom=2026-11-25T12:00:01Z", []),
            ("createdfrom=9999-12-31", []),
        ],
    )
    def test_filters(self, posted: House, query: str, expected: Any) -> None:
        """Each filter alone or with another; values compare without case."""
        found = [(number, line_no) for _, number, line_no in places(listed(posted, query))]
        with_dimensions = [(item["transactionNo"], item["lineNo"]) for item in listed(posted) if item["dimensions"]]
        if query.startswith("dimension") and expected:
            expected = with_dimensions
            assert expected
        assert found == (expected if expected != "all" else [(number, line_no) for _, number, line_no in places(listed(posted))])

    def test_by_ar_item(self, posted: House) -> None:
        """The one line on a control account that each item has."""
        items = [item["arItemId"] for item in listed(posted, "glaccount=1500")]
        assert len(set(items)) == 4
        assert places(listed(posted, f"aritemid={items[0]},{items[3]}")) == [(2026, 1, 1), (2026, 4, 1)]

    @pytest.mark.parametrize("query", ["dimension=north", "dimension=0x:a", "dimension=1:", "glaccount=a-b", "journal=BANK", "expand=lines"])
    def test_what_cannot_be_understood(self, posted: House, query: str) -> None:
        """400: a filter of the wrong form, a journal that is none; the list has no expand."""
        answer = posted.get(f"/glitems?{query}")
        assert answer.status_code == 400
        assert answer.json()["code"] == ("UNKNOWN-PARAMETER" if query.startswith("expand") else "INVALID-PARAMETER")

    def test_pages(self, posted: House) -> None:
        """The pages of a stored list hang together."""
        first = posted.get("/glitems?pagesize=5").json()
        pages = [posted.get(f"/glitems?query={first['summary']['queryId']}&pageno={number}").json()["glItems"] for number in (1, 2, 3)]
        assert [len(page) for page in pages] == [5, 5, 3]
        assert [item for page in pages for item in page] == posted.get("/glitems").json()["glItems"]


def test_a_reversal_is_seen_from_both_sides(books: House) -> None:
    """The original tells which later transaction took it back, though its row was never changed; the reversal tells which one it took back."""
    entries = [{"glAccount": "1920", "debit": 500}, {"glAccount": "3200", "credit": 500}]
    first = auto_posted(books, "journal", {"entries": entries, "text": "Opening"})
    assert [item["reversedByTransactionNo"] for item in listed(books)] == [None, None]
    second = auto_posted(books, "reversal", {"glYear": 2026, "transactionNo": first, "reason": "Wrong account"})
    names = ("transactionNo", "journal", "reversesTransactionNo", "reversedByTransactionNo")
    original, reversal = (first, "MANUAL", None, second), (second, "REVERSAL", first, None)
    assert [tuple(item[name] for name in names) for item in listed(books)] == [original, original, reversal, reversal]
    assert books.get(f"/glitems/{listed(books)[0]['glItemId']}").json()["reversedByTransactionNo"] == second


def auto_posted(house: House, method: str, posting: dict[str, Any]) -> int:
    """Number of the transaction of an auto posting."""
    answer = house.post(f"/autopostings/{method}", {"autoPostings": [posting]})
    assert answer.status_code == 200, answer.text
    number: int = answer.json()["autoPostings"][0]["transactionNo"]
    return number


def encoded(raw: bytes) -> str:
    """An id of 16 bytes on the wire."""
    return urlsafe_b64encode(raw).decode().rstrip("=")
