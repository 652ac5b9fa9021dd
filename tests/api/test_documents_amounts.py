"""The amount checks of a document, in their order, and the VAT codes they lead to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.api.support import amounts, change_books, configure, created, exchange_rate, found, invoice, line, posting, shown, warned
from tests.house import House

HEADER = "/currencyAmounts"
LINE = "/documentLines/{}/currencyAmounts/vat"


class TestHeader:
    def test_its_own_sum(self, books: House) -> None:
        """exclVat + vat must be inclVat: an error, with what was expected."""
        answer = books.post("/documents", {"document": invoice(documentNo="1", currencyAmounts=amounts(1000, 250, 1249))})
        (error,) = answer.json()["errors"]
        assert (error["code"], error["field"], error["pointer"]) == ("TOTAL-SUM", "inclVat", "/document/currencyAmounts/inclVat")
        assert error["message"] == "inclVat is 1249, expected 1250"

    def test_it_is_told_beside_a_bad_line(self, books: House) -> None:
        """A line that cannot be used does not hide it."""
        document = invoice(currencyAmounts=amounts(1000, 250, 1249), documentLines=[{**line(1, 1000, 250), "lineNo": "x"}])
        assert found(books, document) == [("TYPE", "/documentLines/0/lineNo"), ("TOTAL-SUM", f"{HEADER}/inclVat")]

    def test_nothing_at_all(self, books: House) -> None:
        """An invoice of 0 is stored without a posting."""
        assert warned(books, invoice(documentNo="1", currencyAmounts=amounts(0, 0))) == []
        assert (shown(books, "1")["arItemId"], shown(books, "1")["transactionNo"]) == (None, None)

    @pytest.mark.parametrize("value", ["0.01", "9999999999999.99"])
    def test_the_smallest_and_the_largest_amount(self, books: House, value: str) -> None:
        """One øre and 15 digits are kept to the last digit."""
        created(books, invoice(documentNo="1", currencyAmounts=amounts(value, 0)))
        assert shown(books, "1")["currencyAmounts"]["inclVat"] == Decimal(value)
        assert posting(books, "1") == [("1500", Decimal(value), None), ("3100", -Decimal(value), "5")]

    def test_spellings_of_a_number(self, books: House) -> None:
        """Exponents and trailing zeros are the same number; -0 is 0."""
        for number, text in (("1", b"1e3"), ("2", b"1000.00"), ("3", b"1.0E+3"), ("4", b"100000e-2")):
            content = (
                b'{"document": {"documentType": "IN", "customerNo": "100001", "documentDate": "2026-10-05", "documentNo": "%b",' % number.encode()
            )
            content += b' "currencyAmounts": {"exclVat": %b, "vat": -0, "inclVat": %b}}}' % (text, text)
            assert books.post("/documents", content=content).status_code == 201
            assert b'"currencyAmounts":{"exclVat":1000,"vat":0,"inclVat":1000}' in books.get(f"/documents/{number}").content


class TestLines:
    def test_a_line_that_does_not_add_up(self, books: House) -> None:
        """Its VAT is then inclVat - exclVat, which is what is stored, shown and posted."""
        lines = [line(1, 200, 50), line(2, 800, 24, 1000)]
        document = invoice(documentNo="1", documentLines=lines)
        answer = books.post("/documents", {"document": document})
        (warning,) = answer.json()["warnings"]
        assert (warning["code"], warning["field"], warning["pointer"]) == ("VAT-LINE", "vat", f"/document{LINE.format(1)}")
        assert warning["message"] == "Line 2: exclVat and vat do not add up to inclVat; vat 200 was used"
        assert shown(books, "1")["documentLines"][1]["currencyAmounts"] == amounts(800, 200)
        assert posting(books, "1") == [("1500", 1250, None), ("3000", -1000, "3"), ("2700", -250, "3")]

    @pytest.mark.parametrize(
        ("excl", "code"), [("1000.01", "ROUNDING"), ("1001", "ROUNDING"), ("1001.01", "TOTAL-SUM"), ("999", "ROUNDING"), ("998.99", "TOTAL-SUM")]
    )
    def test_the_sum_of_the_lines_without_vat(self, books: House, excl: str, code: str) -> None:
        """Up to the tolerance of 1 the difference is rounding; above it an error."""
        document = invoice(documentNo="1", documentLines=[line(1, excl, 1250 - Decimal(excl))])
        if code == "TOTAL-SUM":
            got = found(books, document)
            assert got[0] == ("TOTAL-SUM", f"{HEADER}/exclVat")
        else:
            assert warned(books, document)[0] == ("ROUNDING", f"{HEADER}/exclVat")

    @pytest.mark.parametrize(("excl", "left"), [("1000.08", "0.08"), ("999.92", "-0.08")])
    def test_what_is_left_goes_to_the_account_for_rounding(self, books: House, excl: str, left: str) -> None:
        """Lines more than the header: 7740 is debited; less: credited. The header's total is what the customer owes."""
        document = invoice(documentNo="1", documentLines=[line(1, excl, 250)])
        assert warned(books, document) == [("ROUNDING", f"{HEADER}/exclVat")]
        assert set(posting(books, "1")) == {("1500", 1250, None), ("3000", -Decimal(excl), "3"), ("7740", Decimal(left), None), ("2700", -250, "3")}

    def test_only_the_totals_differ(self, books: House) -> None:
        """A difference of inclVat alone is told for inclVat."""
        document = invoice(documentNo="1", currencyAmounts=amounts(1000, 250), documentLines=[line(1, 1000, "250.02")])
        assert warned(books, document) == [("ROUNDING", f"{HEADER}/inclVat"), ("VAT-SUM", f"{HEADER}/vat")]
        assert posting(books, "1") == [("1500", 1250, None), ("3000", -1000, "3"), ("2700", -250, "3")]

    def test_both_sums_too_far_off(self, books: House) -> None:
        """One error for each sum that was compared, with what the lines come to."""
        document = invoice(documentNo="1", documentLines=[line(1, 900, 225)])
        assert found(books, document) == [("TOTAL-SUM", f"{HEADER}/exclVat"), ("TOTAL-SUM", f"{HEADER}/inclVat")]

    def test_the_tolerance_is_the_clients(self, books: House) -> None:
        """document.totalTolerance, 0 for none."""
        off = invoice(documentNo="1", documentLines=[line(1, "1000.01", "249.99")])
        configure(books, "document.totalTolerance", 0)
        assert found(books, off) == [("TOTAL-SUM", f"{HEADER}/exclVat")]
        configure(books, "document.totalTolerance", 0.05)
        assert warned(books, off)[0] == ("ROUNDING", f"{HEADER}/exclVat")

    def test_the_tolerance_is_in_base_currency(self, books: House) -> None:
        """In euro at a rate of 10 a tolerance of 1 krone is 10 cents."""
        exchange_rate(books, "EUR", "10")
        off = invoice(documentNo="1", currency="EUR", currencyAmounts=amounts(100, 25))
        assert warned(books, off | {"documentLines": [line(1, "100.10", "24.90")]})[0] == ("ROUNDING", f"{HEADER}/exclVat")
        assert found(books, off | {"documentNo": "2", "documentLines": [line(1, "100.11", "24.89")]})[0] == ("TOTAL-SUM", f"{HEADER}/exclVat")

    def test_the_headers_vat_wins(self, books: House) -> None:
        """The difference goes to the code with the largest base."""
        lines = [line(1, 1000, 150), line(2, 900, 225)]
        document = invoice(documentNo="1", currencyAmounts=amounts(1900, "375.50"), documentLines=lines)
        assert warned(books, document) == [("ROUNDING", f"{HEADER}/inclVat"), ("VAT-SUM", f"{HEADER}/vat")]
        assert posting(books, "1") == [
            ("1500", Decimal("2275.50"), None),
            ("3030", -1000, "31"),
            ("3000", -900, "3"),
            ("2701", Decimal("-150.50"), "31"),
            ("2700", -225, "3"),
        ]

    def test_tenths_add_up(self, books: House) -> None:
        """0.10 and 0.20 are 0.30."""
        lines = [line(1, "0.10"), line(2, "0.20")]
        assert warned(books, invoice(documentNo="1", currencyAmounts=amounts("0.30", 0), documentLines=lines)) == []

    def test_warnings_become_errors(self, books: House) -> None:
        """validation.vat = ERROR: VAT-LINE, VAT-SUM and VAT-RATE stop the document; ROUNDING does not."""
        configure(books, "validation.vat", "ERROR")
        lines = [line(1, 1000, 24, "1249.50")]
        assert found(books, invoice(documentNo="1", documentLines=lines)) == [
            ("VAT-LINE", LINE.format(0)),
            ("VAT-SUM", f"{HEADER}/vat"),
            ("VAT-RATE", LINE.format(0)),
        ]
        odd = invoice(documentNo="1", currencyAmounts=amounts(1000, 200), documentLines=[line(1, 1000, 200)])
        assert found(books, odd) == [("VAT-RATE", LINE.format(0))]
        assert warned(books, invoice(documentNo="1", documentLines=[line(1, "1000.02", 250)])) == [("ROUNDING", f"{HEADER}/exclVat")]


class TestVatCodes:
    @pytest.mark.parametrize(
        ("excl", "vat", "code"),
        [
            (100, "25.02", "3"),
            (100, "24.98", "3"),
            (100, "15.02", "31"),
            (100, "11.97", None),
            (100, "12.02", "33"),
            (100, "11.13", "32"),
            (100, "25.03", None),
            ("0.04", "0.01", "3"),
            ("-100", "-25", "3"),
            ("-100", "-12", "33"),
        ],
    )
    def test_the_rate_that_is_nearest(self, books: House, excl: Any, vat: Any, code: str | None) -> None:
        """At most two øre away; otherwise 3 with a warning."""
        other = line(2, 1000, 250)
        header = amounts(1000 + Decimal(str(excl)), 250 + Decimal(vat))
        expected = [] if code else [("VAT-RATE", LINE.format(0))]
        assert warned(books, invoice(documentNo="1", currencyAmounts=header, documentLines=[line(1, excl, vat), other])) == expected
        assert shown(books, "1")["documentLines"][0]["vatCode"] == (code or "3")

    @pytest.mark.parametrize(
        ("day", "vat", "code"), [("2021-09-30", 60, "33"), ("2021-10-01", 120, "33"), ("2015-12-31", 80, "33"), ("2016-01-01", 100, "33")]
    )
    def test_the_rate_of_the_day_of_delivery(self, books: House, day: str, vat: int, code: str) -> None:
        """Rates are dated; deliveryDate decides, else documentDate."""
        document = invoice(documentNo="1", deliveryDate=day, currencyAmounts=amounts(1000, vat), documentLines=[line(1, 1000, vat)])
        assert warned(books, document) == []
        assert shown(books, "1")["documentLines"][0]["vatCode"] == code

    def test_no_vat(self, books: House) -> None:
        """52 for a customer abroad, else the client's own code."""
        books.customer("100009", postalAddress={"countryCode": "SE"})
        free = {"currencyAmounts": amounts(1000, 0), "documentLines": [line(1, 1000, 0)]}
        created(books, invoice(documentNo="1", **free))
        created(books, invoice(documentNo="2", customerNo="100009", **free))
        configure(books, "vat.zeroCode", "6")
        created(books, invoice(documentNo="3", **free))
        assert [shown(books, number)["documentLines"][0]["vatCode"] for number in ("1", "2", "3")] == ["5", "52", "6"]
        assert [posting(books, number)[1][0] for number in ("1", "2", "3")] == ["3100", "3105", "3200"]

    @pytest.mark.parametrize(
        ("sent", "vat", "kept", "warns"),
        [("3", 250, "3", False), ("31", 150, "31", False), ("31", 250, "3", True), ("6", 250, "3", True), ("6", 0, "6", False), ("3", 0, "3", True)],
    )
    def test_a_code_that_is_sent(self, books: House, sent: str, vat: int, kept: str, warns: bool) -> None:
        """It holds when its rate fits; else 3 is used, with a warning."""
        document = invoice(documentNo="1", currencyAmounts=amounts(1000, vat), documentLines=[line(1, 1000, vat, vatCode=sent)])
        assert warned(books, document) == ([("VAT-RATE", LINE.format(0))] if warns else [])
        assert shown(books, "1")["documentLines"][0]["vatCode"] == kept

    @pytest.mark.parametrize("code", ["99", "1", "11", "x"])
    def test_a_code_that_is_none(self, books: House, code: str) -> None:
        """Unknown codes, and codes of input VAT, are refused and nothing follows from them."""
        document = invoice(documentNo="1", documentLines=[line(1, 1000, 250, vatCode=code)])
        assert found(books, document) == [("CODE-UNKNOWN", "/documentLines/0/vatCode")]

    def test_a_client_that_is_not_registered(self, books: House) -> None:
        """Any VAT of such a client is a warning."""
        change_books(books, "update client set vat_registered = false")
        assert warned(books, invoice(documentNo="1", documentLines=[line(1, 1000, 250)])) == [("VAT-RATE", LINE.format(0))]
        assert warned(books, invoice(documentNo="2", documentLines=[line(1, 1000, 250, vatCode="3")])) == [("VAT-RATE", LINE.format(0))]
        assert warned(books, invoice(documentNo="3", currencyAmounts=amounts(1000, 0))) == []

    def test_a_header_that_fits_no_rate(self, books: House) -> None:
        """Without lines the place is the header's."""
        assert warned(books, invoice(documentNo="1", currencyAmounts=amounts(1000, 200))) == [("VAT-RATE", f"{HEADER}/vat")]

    def test_letters_have_no_vat_treatment(self, books: House) -> None:
        """Interest and fees get code 7."""
        for number, kind, line_type in (("1", "IT", "INT"), ("2", "RM", "FEE")):
            created(books, invoice(documentType=kind, documentNo=number, currencyAmounts=amounts(10, 0), documentLines=[line(1, 10, kind=line_type)]))
            assert shown(books, number)["documentLines"][0]["vatCode"] == "7"
