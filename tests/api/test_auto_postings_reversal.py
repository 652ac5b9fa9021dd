"""Auto posting reversal: full, once, its matches undone first."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.api.postings import booked, head, items, lines, matches, open_amounts, payments, post, refused
from tests.api.support import amounts, configure, created, invoice
from tests.house import House

PAY = {"amount": 500, "paymentDate": "2026-11-10", "postingDate": "2026-11-10"}


def back(result: dict[str, Any], **values: Any) -> dict[str, Any]:
    """The reversal of a booked posting."""
    return {"glYear": result["glYear"], "transactionNo": result["transactionNo"], "reason": "Wrong", **values}


def statuses(house: House, transaction_no: int) -> str:
    """The status in the refusal to reverse a transaction."""
    answer = post(house, "reversal", {"glYear": 2026, "transactionNo": transaction_no, "reason": "r"})
    assert answer.status_code == 422, answer.text
    return str(answer.json()["autoPostings"][0]["message"])


class TestReversal:
    def test_a_payment_comes_back(self, books: House) -> None:
        """Sides exchanged, the match undone, the claim open again, the payment reversed, both PY items closed against each other."""
        created(books, invoice(documentNo="1"))
        paid = booked(books, "payment", {**PAY, "documentNo": "1"})[0]
        result = booked(books, "reversal", back(paid, postingDate="2026-11-20"))[0]
        assert lines(books, result) == [("1500", 500, None), ("1920", -500, None)]
        assert {key: head(books, result)[key] for key in ("journal", "glDate", "text", "reverses")} == {
            "journal": "REVERSAL",
            "glDate": "2026-11-20",
            "text": "Wrong",
            "reverses": paid["transactionNo"],
        }
        assert [(i["arItemType"], i["open"], i["reversal"]) for i in items(books)] == [("IN", 1250, False), ("PY", 0, False), ("PY", 0, True)]
        assert matches(books) == [("DOCUMENT-NO", "UNDONE", [500, -500]), ("REVERSAL", "ACTIVE", [-500, 500])]
        undone = books.rows("select undone_on::text from match where client_no = %s and status = 'UNDONE'", books.client_no)
        assert undone == [("2026-11-20",)]
        assert payments(books)[0]["reversed"]
        assert result["amount"] == 500
        events = [row[0] for row in books.rows("select event from log_item where client_no = %s order by sequence_no", books.client_no)]
        assert events[-2:] == ["MATCH-UNDONE", "TRANSACTION-REVERSED"]

    def test_what_a_match_posted_is_taken_back_with_it(self, books: House) -> None:
        """EX and SD of an undone match are reversed on the same day."""
        configure(books, "matching.smallDifferenceLimit", 20)
        created(books, invoice(documentNo="1", currency="EUR", exchangeRate=11, currencyAmounts=amounts(100, 0)))
        paid = booked(books, "payment", {**PAY, "documentNo": "1", "amount": 99, "exchangeRate": 12})[0]
        assert {"7740", "8060"} <= books.balances().keys()
        booked(books, "reversal", back(paid))
        assert books.balances() == {"1500": 1100, "3100": -1100}
        assert [(i["arItemType"], i["open"], i["baseOpen"]) for i in items(books) if i["open"] or i["baseOpen"]] == [("IN", 100, 1100)]

    def test_an_exchange_difference_by_itself(self, books: House) -> None:
        """Reversing the EX transaction undoes the match that made it, and so takes it back; once."""
        created(books, invoice(documentNo="1", currency="EUR", exchangeRate=11, currencyAmounts=amounts(100, 0)))
        booked(books, "payment", {**PAY, "documentNo": "1", "amount": 100, "exchangeRate": 12})
        number = books.rows("select transaction_no from ar_item where client_no = %s and ar_item_type = 'EX'", books.client_no)[0][0]
        result = booked(books, "reversal", {"glYear": 2026, "transactionNo": number, "reason": "r"})[0]
        assert result["amount"] == 100
        assert open_amounts(books, "IN") == [100]
        assert open_amounts(books, "PY") == [-100]
        assert statuses(books, number) == "Not possible in status REVERSED"

    @pytest.mark.parametrize(
        ("method", "posting"),
        [
            ("writeoff", {"documentNo": "1", "reasonCode": "BAD-DEBT", "reason": "r", "vatRelief": True}),
            ("fee", {"documentNo": "1", "feeCode": "OTHER", "amount": 10}),
            ("interest", {"documentNo": "1", "interestTo": "2026-11-20"}),
            ("transfer", {"documentNo": "1", "toCustomerNo": "100002"}),
            ("journal", {"entries": [{"customerNo": "100001", "debit": 5}, {"customerNo": "100002", "credit": 5}]}),
            ("refund", {"customerNo": "100002", "amount": 5, "paymentDate": "2026-11-10", "payeeBankAccountNo": "86011117947"}),
        ],
    )
    def test_every_method_can_be_taken_back(self, books: House, method: str, posting: dict[str, Any]) -> None:
        """Afterwards balances and open amounts are as before."""
        created(books, invoice(documentNo="1", documentDate="2026-09-01", dueDate="2026-10-01"))
        booked(books, "payment", {**PAY, "customerNo": "100002", "amount": 5})
        before = (books.balances(), [item["open"] for item in items(books)])
        result = booked(books, method, posting)[0]
        booked(books, "reversal", back(result))
        made = items(books)
        assert (books.balances(), [item["open"] for item in made[:2]]) == before
        assert all(not item["open"] and not item["baseOpen"] for item in made[2:])

    def test_a_payment_document_and_a_letter(self, books: House) -> None:
        """PY and RM documents can be taken back, the others are corrected by credit notes."""
        created(books, invoice(documentNo="1"))
        for kind, amount in (("PY", 100), ("RM", 38)):
            sent = {"documentType": kind, "documentNo": kind, "documentDate": "2026-11-01", "referenceDocumentNo": "1"}
            created(books, invoice(**sent, currencyAmounts=amounts(amount, 0)))
        booked(books, "reversal", *({"glYear": 2026, "transactionNo": number, "reason": "r"} for number in (2, 3)))
        assert books.balances() == {"1500": 1250, "3000": -1000, "2700": -250}
        assert payments(books)[0]["reversed"]

    def test_two_of_one_match_in_one_call(self, books: House) -> None:
        """The match of both is undone once; the second finds it undone."""
        created(books, invoice(documentNo="1", dueDate="2026-10-10"))
        fee = booked(books, "fee", {"documentNo": "1", "feeCode": "OTHER", "amount": 10})[0]
        paid = booked(books, "payment", {**PAY, "documentNo": "1"})[0]
        booked(books, "reversal", back(paid), back(fee))
        assert [item["open"] for item in items(books)] == [1250, 0, 0, 0, 0]
        assert [status for _, status, _ in matches(books)].count("UNDONE") == 1


class TestRefusals:
    def test_once_only(self, books: House) -> None:
        """A reversed transaction, also in one call, and a reversal are left alone."""
        result = booked(books, "payment", {**PAY, "customerNo": "100001"})[0]
        assert refused(books, "reversal", back(result), back(result)) == [("STATE-CONFLICT", "/transactionNo")]
        taken = booked(books, "reversal", back(result))[0]
        assert statuses(books, result["transactionNo"]) == "Not possible in status REVERSED"
        assert statuses(books, taken["transactionNo"]) == "Not possible in status REVERSAL"

    def test_documents(self, books: House) -> None:
        """An invoice, a credit note and an interest note."""
        created(books, invoice(documentNo="1"))
        for kind, amount in (("CN", amounts(100, 25)), ("IT", amounts(9, 0))):
            sent = {"documentType": kind, "documentNo": kind, "documentDate": "2026-10-20", "referenceDocumentNo": "1"}
            created(books, invoice(**sent, currencyAmounts=amount))
        assert [statuses(books, number) for number in (1, 2, 3)] == [f"Not possible in status {kind}" for kind in ("IN", "CN", "IT")]

    def test_unknown_and_incomplete(self, books: House) -> None:
        """A transaction that is not there, and missing fields."""
        assert refused(books, "reversal", {"glYear": 2026, "transactionNo": 7, "reason": "r"}) == [("CODE-UNKNOWN", "/transactionNo")]
        assert refused(books, "reversal", {}) == [("REQUIRED", "/transactionNo"), ("REQUIRED", "/glYear"), ("REQUIRED", "/reason")]

    def test_only_validating(self, books: House) -> None:
        """The verdict without the effect: afterwards it can still be taken back."""
        result = booked(books, "payment", {**PAY, "customerNo": "100001"})[0]
        assert booked(books, "reversal", back(result, validateOnly=True))[0]["resultType"] == "VALIDATED"
        assert booked(books, "reversal", back(result))[0]["amount"] == Decimal(500)
