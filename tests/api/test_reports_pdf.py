"""Aim: a report on paper shows the figures that the same report has as data, for every type and in every language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, get_args

import pytest

from reskontro.kit.messages import Language
from reskontro.kit.shown import shown_amount, shown_date
from tests.api.postings import booked
from tests.api.reports import content, fill, lines, year
from tests.api.support import configure, created, invoice
from tests.house import House
from tests.pdf_pages import plain, text_of

REPORTS: tuple[dict[str, Any], ...] = (
    {"reportType": "AGEING", "level": "TOTAL"},
    {"reportType": "AGEING", "level": "CUSTOMER"},
    {"reportType": "AGEING", "level": "ITEM"},
    {"reportType": "OPEN-ITEMS"},
    {"reportType": "CUSTOMER-STATEMENT", "customerNos": ["100001"], "fromDate": "2026-09-01", "toDate": "2026-11-25"},
    year("LEDGER-SPECIFICATION", 9, 11),
    year("ACCOUNT-SPECIFICATION", 9, 11),
    year("TRIAL-BALANCE", 9, 11),
)


@pytest.fixture(scope="module")
def full(module_house: House) -> House:
    """A ledger with something of everything."""
    module_house.customer("100001", "Kari Prøve")
    module_house.customer("100002", "Skogly Prøvedrift AS", organizationNo="310044113")
    fill(module_house)
    return module_house


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("report", REPORTS, ids=lambda report: "-".join(str(report[key]) for key in ("reportType", "level") if key in report))
def test_figures_on_paper_are_those_of_the_data(full: House, report: dict[str, Any], language: Language) -> None:
    """Every amount, date and document of the lines stands in the PDF."""
    text = text_of(content(full, {**report, "format": "PDF", "language": language}))
    found = lines(full, **report, language=language)
    assert found
    for line in found:
        for key, value in line.items():
            if key.endswith(("Date",)) and value:
                assert shown_date(date.fromisoformat(value), language) in text
            elif isinstance(value, Decimal):
                assert plain(shown_amount(abs(value), language)) in text
            elif key in ("documentNo", "customerName", "glAccountName") and value:
                assert plain(value) in text
    assert "310 044 113" in text


class TestStatementAsALetter:
    """A statement that asks for money begins with its letter: whom it is for, what is open, and the giro section."""

    ASKED: ClassVar[dict[str, Any]] = {"reportType": "CUSTOMER-STATEMENT", "format": "PDF", "fromDate": "2026-10-01", "toDate": "2026-11-25"}

    @pytest.fixture
    def owing(self, books: House) -> House:
        """A customer who owes 1 250 of 2 500, and a client with a bank account."""
        configure(books, "bank.accounts", [{"bankAccountNo": "86011117947", "currency": "NOK", "glAccount": "1920", "source": "CAMT054"}])
        address = {"addressLine1": "Storgata 1", "postalCode": "0155", "cityName": "Oslo", "countryCode": "NO"}
        assert books.put("/customers", {"customer": {"customerNo": "100001", "postalAddress": address}}).status_code == 200
        created(books, invoice(documentNo="26001", documentDate="2026-09-05"))
        created(books, invoice(documentNo="26002", documentDate="2026-10-05"))
        booked(books, "payment", {"documentNo": "26001", "amount": 1250, "paymentDate": "2026-10-10", "postingDate": "2026-10-10"})
        return books

    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("nb", ("Kontoutdrag", "Utgående saldo er kr 1 250,00.", "Åpne krav (NOK)", "Betalingsinformasjon", "Saldo over tid")),
            ("nn", ("Kontoutdrag", "Utgåande saldo er kr 1 250,00.", "Opne krav (NOK)", "Betalingsinformasjon")),
            ("en", ("Statement of account", "The closing balance is NOK 1,250.00.", "Open claims (NOK)", "Payment information")),
        ],
    )
    def test_in_every_language(self, owing: House, language: str, said: tuple[str, ...]) -> None:
        """With the customer's own KID and the creditor's account; the postings come on the pages after it."""
        text = text_of(content(owing, {**self.ASKED, "language": language, "customerNos": ["100001"]}))
        kid = owing.get("/customers/100001").json()["customerKid"]
        for words in (*said, "Storgata 1", "0155 Oslo", kid, "8601 11 17947", "26002"):
            assert plain(words) in text, words

    def test_fees_and_interest_are_not_called_principal(self, owing: House) -> None:
        """Each stands in its column, and each claim says what it is."""
        booked(owing, "fee", {"documentNo": "26002", "feeCode": "OTHER", "amount": 50, "postingDate": "2026-11-20"})
        booked(owing, "interest", {"documentNo": "26002", "amount": 7, "interestTo": "2026-11-24", "postingDate": "2026-11-25"})
        text = text_of(content(owing, {**self.ASKED, "language": "nb", "customerNos": ["100001"]}))
        assert "Hovedstol Kostnader Renter" in text
        assert plain("Faktura 26002 05.10.2026 19.10.2026 1 250,00 1 250,00 0,00 0,00") in text
        assert plain("Gebyr 20.11.2026 20.11.2026 50,00 0,00 50,00 0,00") in text
        assert plain("Rentenota 25.11.2026 25.11.2026 7,00 0,00 0,00 7,00") in text

    def test_nobody_is_asked_for_what_was_paid_since(self, owing: House) -> None:
        """The statement of a past month has no letter and no giro section when something that was open at its end is settled by now."""
        booked(owing, "payment", {"documentNo": "26002", "amount": 1250, "paymentDate": "2026-11-10"})
        text = text_of(content(owing, {**self.ASKED, "toDate": "2026-10-31", "language": "nb", "customerNos": ["100001"]}))
        assert "Betalingsinformasjon" not in text and plain("1 250,00") in text

    def test_who_owes_nothing_gets_no_giro_section(self, owing: House) -> None:
        """The account is told, and nothing is asked for."""
        booked(owing, "payment", {"documentNo": "26002", "amount": 1250, "paymentDate": "2026-11-10"})
        text = text_of(content(owing, {**self.ASKED, "language": "nb", "customerNos": ["100001"]}))
        assert "Betalingsinformasjon" not in text and "26002" in text

    def test_the_same_account_gives_the_same_bytes(self, owing: House) -> None:
        """Whenever it is made on a day."""
        asked = {**self.ASKED, "language": "nb", "customerNos": ["100001"]}
        assert content(owing, asked) == content(owing, asked)
