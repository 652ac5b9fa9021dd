"""Reading documents: one by number, lists with every filter, and what expand adds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.api.support import amounts, created, credit_note, in_order, invoice, line, payment, shown
from tests.house import House


@pytest.fixture(scope="module")
def stock(module_house: House) -> Iterator[House]:
    """A client with some documents of all kinds, none of which a test changes."""
    house = replace(module_house, client_no=module_house.add_client(6800))
    house.customer("100001", ssn="10915596784", ssnCountry="NO")
    house.customer("B-2", "Skogly Prøvedrift AS")
    created(house, invoice(documentNo="1", kid="0010017", referenceNo="Ref-A", documentLines=[line(1, 1000, 250)]))
    created(house, invoice(documentNo="2", customerNo="B-2", documentDate="2026-10-06", dueDate="2026-12-01"))
    created(house, credit_note("1", 100, 25, documentNo="C1"))
    house.clock.advance(days=1)
    house = replace(house, _tokens={})
    created(house, payment(500, documentNo="P1", kid="0010017"))
    house.batch("/documents/batches", {"documents": [invoice(documentNo="b-1", bundleReference="x"), invoice(documentNo="b-2", bundleReference="X")]})
    house.clock.advance(days=-1)
    house = replace(house, _tokens={})
    yield house
    in_order(house)


def listed(house: House, query: str) -> list[str]:
    """The numbers of the documents a list finds."""
    answer = house.get(f"/documents?{query}")
    assert answer.status_code == 200, answer.text
    return [document["documentNo"] for document in answer.json()["documents"]]


class TestOne:
    def test_by_number_without_case(self, stock: House) -> None:
        """Numbers compare without case, percent-encoded or not."""
        assert [stock.get(f"/documents/{number}").json()["documentNo"] for number in ("B-1", "b-1", "%62-1")] == ["b-1"] * 3

    @pytest.mark.parametrize("number", ["9", "x" * 36, "a%2Fb", "%00", "%F0%9F", "-1", "%20", "1%20"])
    def test_a_number_that_nobody_has(self, stock: House, number: str) -> None:
        """404, whatever the text is like."""
        answer = stock.get(f"/documents/{number}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND")

    def test_what_expand_adds(self, stock: House) -> None:
        """The AR item, the GL lines and the customer as it is now; without it the keys are absent."""
        plain = shown(stock, "1")
        assert not {"arItem", "glItems", "customerDetails"} & set(plain)
        full = shown(stock, "1", "aritem,glitems,customer")
        assert set(full) - set(plain) == {"arItem", "glItems", "customerDetails"}
        assert full["arItem"]["arItemId"] == plain["arItemId"]
        assert len(full["glItems"]) == 3
        assert (full["customerDetails"]["customerNo"], full["customerDetails"]["ssn"]) == ("100001", "10915596784")

    def test_an_expand_value_that_is_none(self, stock: House) -> None:
        """lines is for lists; anything unknown is 400."""
        for value in ("lines", "aritem,foo", "arItems"):
            answer = stock.get(f"/documents/1?expand={value}")
            assert (answer.status_code, answer.json()["code"]) == (400, "INVALID-PARAMETER"), value


class TestList:
    def test_oldest_first_without_lines(self, stock: House) -> None:
        """By documentDate, then in the order of their ids; lines only when they are asked for."""
        assert listed(stock, "") == ["1", "b-1", "b-2", "2", "C1", "P1"]
        first = stock.get("/documents").json()["documents"][0]
        assert "documentLines" not in first
        assert len(stock.get("/documents?expand=lines").json()["documents"][0]["documentLines"]) == 1

    @pytest.mark.parametrize(
        ("query", "numbers"),
        [
            ("documenttype=IN", ["1", "b-1", "b-2", "2"]),
            ("documenttype=cn,PY", ["C1", "P1"]),
            ("customerno=b-2", ["2"]),
            ("customerno=B-2,100001&documenttype=IN,CN", ["1", "b-1", "b-2", "2", "C1"]),
            ("customerno=nobody", []),
            ("documentno=B-1,p1,nothing", ["b-1", "P1"]),
            ("referenceno=ref-a", ["1"]),
            ("kid=0010017", ["1", "P1"]),
            ("kid=00 100 17", ["1", "P1"]),
            ("documentdatefrom=2026-10-06", ["2", "C1", "P1"]),
            ("documentdateto=2026-10-06", ["1", "b-1", "b-2", "2"]),
            ("documentdatefrom=2026-10-06&documentdateto=2026-10-06", ["2"]),
            ("documentdatefrom=2026-10-07&documentdateto=2026-10-06", []),
            ("duedatefrom=2026-11-02", ["2"]),
            ("duedateto=2026-10-19", ["1", "b-1", "b-2"]),
            ("createdfrom=2026-11-26", ["b-1", "b-2", "P1"]),
            ("createdto=2026-11-25", ["1", "2", "C1"]),
            ("createdfrom=2026-11-26T12:00:00Z", ["b-1", "b-2", "P1"]),
            ("createdfrom=2026-11-26T13:00:00%2B01:00&createdto=2026-11-26T12:00:00.001Z", ["b-1", "b-2", "P1"]),
            ("createdto=2026-11-25T12:00:00Z", []),
            ("accountno=99999999999", []),
            ("documenttype=", ["1", "b-1", "b-2", "2", "C1", "P1"]),
        ],
    )
    def test_a_filter(self, stock: House, query: str, numbers: list[str]) -> None:
        """Several values mean or, several parameters and; case does not count, an empty parameter is absent."""
        assert listed(stock, query) == numbers

    def test_the_kid_of_a_letter_without_a_fee(self, books: House) -> None:
        """A document is found by its KID whether it made an AR item or not."""
        result = created(books, invoice(documentType="RM", documentNo="R1", currencyAmounts=amounts(0, 0)))
        assert listed(books, f"kid={result['kid']}") == ["R1"]

    def test_filters_by_ids(self, stock: House) -> None:
        """By document, batch, bundle and account; well-formed ids that nobody has find nothing."""
        one, bundled = shown(stock, "1"), shown(stock, "b-1")
        assert listed(stock, f"documentuuid={one['documentUuid']},{bundled['documentUuid']}") == ["1", "b-1"]
        assert listed(stock, f"batchuuid={bundled['batchUuid']}") == ["b-1", "b-2"]
        assert listed(stock, f"documentbundleid={bundled['documentBundleId']}") == ["b-1", "b-2"]
        assert listed(stock, f"accountno={one['accountNo']}&documenttype=PY") == ["P1"]
        for name in ("documentuuid", "batchuuid", "documentbundleid"):
            assert listed(stock, f"{name}={'A' * 22}") == []

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("documenttype=XX", "INVALID-PARAMETER"),
            ("documentdatefrom=2026-02-30", "INVALID-PARAMETER"),
            ("createdfrom=2026-11-26T12:00:00", "INVALID-PARAMETER"),
            ("accountno=x", "INVALID-PARAMETER"),
            ("batchuuid=short", "ID-MALFORMED"),
            (f"documentuuid={'A' * 21}B", "ID-MALFORMED"),
            ("documentNo=1", "UNKNOWN-PARAMETER"),
            ("documentno=1&documentno=2", "INVALID-PARAMETER"),
            ("expand=everything", "INVALID-PARAMETER"),
            ("documentno=" + ",".join(map(str, range(101))), "INVALID-PARAMETER"),
        ],
    )
    def test_a_parameter_that_is_refused(self, stock: House, query: str, code: str) -> None:
        """400 with the code that says what is wrong."""
        answer = stock.get(f"/documents?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, code)

    def test_personal_numbers_are_masked_in_lists(self, stock: House) -> None:
        """privacy.ssnMasking is LISTS unless the client says otherwise."""
        first: dict[str, Any] = stock.get("/documents?documentno=1&expand=customer,aritem,glitems").json()["documents"][0]
        assert first["customerDetails"]["ssn"] == "109155*****"
        assert (first["arItem"]["arItemId"], len(first["glItems"])) == (first["arItemId"], 3)

    def test_bundles_are_of_one_batch_customer_and_reference(self, stock: House) -> None:
        """The reference compares without case; single documents are in no bundle."""
        bundles = {document["documentNo"]: document["documentBundleId"] for document in stock.get("/documents").json()["documents"]}
        assert bundles["b-1"] == bundles["b-2"] is not None
        assert bundles["1"] is None


def test_lines_come_back_in_their_order(books: House) -> None:
    """By line number, text lines in their place, amounts of 0 shown as such."""
    lines = [line(3, 500, 125), {"lineNo": 7, "lineType": "TXT", "lineText": "between"}, line(20, 500, 125)]
    created(books, invoice(documentNo="1", currencyAmounts=amounts(1000, 250), documentLines=lines))
    assert [shown_line["lineNo"] for shown_line in shown(books, "1")["documentLines"]] == [3, 7, 20]
