"""The list of payments: what became of each, the work queue, filters, and suggestions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from tests.api.postings import BANK_ACCOUNTS, booked
from tests.api.support import amounts, configure, created, in_order, invoice, payment
from tests.api.unidentified import unidentified
from tests.house import House, exact_json

_client_nos = count(18_001)


def listed(house: House, query: str = "") -> list[dict[str, Any]]:
    """Payments of a list, numbers exact."""
    answer = house.get(f"/payments?{query}")
    assert answer.status_code == 200, answer.text
    return exact_json(answer)["payments"]  # type: ignore[no-any-return]


def suggested(house: House, payment_uuid: str) -> list[tuple[str, str]]:
    """(document number, reason) of the suggestions for a payment."""
    (found,) = listed(house, f"paymentuuid={payment_uuid}&expand=suggestions")
    return [(entry["documentNo"], entry["reason"]) for entry in found["suggestions"]]


@pytest.fixture(scope="module")
def shelf(module_house: House) -> House:
    """A client with a payment in every state, which the tests only read."""
    house = replace(module_house, client_no=module_house.add_client(next(_client_nos)))
    house.customer("100001", "Kari Prøve")
    house.customer("100002", "Skogly Prøvedrift AS", organizationNo="123456785")
    configure(house, "bank.accounts", BANK_ACCOUNTS)
    created(house, invoice(documentNo="1", documentDate="2026-09-01", kid="0010017"))
    created(house, invoice(documentNo="2", documentDate="2026-09-01", kid="0010025", customerNo="100002"))
    details = {"bankReference": "R-1", "payerName": "Kari", "payerAccountNo": "86011117947", "paymentMethod": "MOBILE"}
    created(house, payment(1250, documentNo="MATCHED", documentDate="2026-10-01", kid="0010017", payment=details))
    created(house, payment(1300, documentNo="PARTIAL", documentDate="2026-10-02", kid="0010025", customerNo="100002"))
    created(house, payment(40, documentNo="UNAPPLIED", documentDate="2026-10-03", kid="0010017"))
    back = booked(house, "payment", {"customerNo": "100001", "amount": 70, "paymentDate": "2026-10-04", "postingDate": "2026-10-04"})[0]
    booked(house, "reversal", {"glYear": back["glYear"], "transactionNo": back["transactionNo"], "reason": "returned"})
    unidentified(house, 499.5, day=date(2026, 10, 6), kid="0010041", text="Betaling", payer_account="12345678903", reference="000000002")
    unidentified(house, 20, day=date(2026, 10, 7), exception="TEXT-ONLY", bank_account="86011117947")
    in_order(house)
    return house


AMOUNTS = {1250: "MATCHED", 1300: "PARTIAL", 40: "UNAPPLIED", 70: "REVERSED", Decimal("499.5"): "KID", 20: "TEXT"}


def names(house: House, query: str = "") -> list[str]:
    """The payments of a list by what they are, in its order."""
    return [AMOUNTS[found["amount"]] for found in listed(house, query)]


class TestList:
    def test_every_key_is_there(self, shelf: House) -> None:
        """A payment that nobody knows whose it is, as the bank told of it."""
        (found,) = listed(shelf, "kid=0010041")
        assert len(found.pop("paymentUuid")) == 22
        assert found == {
            "clientNo": shelf.client_no,
            "status": "UNIDENTIFIED",
            "exceptionCode": "KID-UNKNOWN",
            "amount": Decimal("499.5"),
            "allocatedAmount": 0,
            "unallocatedAmount": Decimal("499.5"),
            "currency": "NOK",
            "paymentDate": "2026-10-05",
            "bookingDate": "2026-10-06",
            "bankAccountNo": "12345678903",
            "bankReference": "000000002",
            "payerName": None,
            "payerAccountNo": "12345678903",
            "kid": "0010041",
            "text": "Betaling",
            "paymentMethod": "BANK",
            "fileId": None,
            "batchUuid": None,
            "arItemId": None,
            "accountNo": None,
            "customerNo": None,
        }

    def test_what_became_of_each(self, shelf: House) -> None:
        """Oldest first; the status and the amounts follow from what is open, the exception is null when nothing is left."""
        keys = ("status", "exceptionCode", "allocatedAmount", "unallocatedAmount", "customerNo")
        assert [tuple(found[key] for key in keys) for found in listed(shelf)] == [
            ("MATCHED", None, 1250, 0, "100001"),
            ("PARTIAL", "OVERPAID", 1250, 50, "100002"),
            ("UNAPPLIED", "ALREADY-PAID", 0, 40, "100001"),
            ("REVERSED", None, 0, 0, "100001"),
            ("UNIDENTIFIED", "KID-UNKNOWN", 0, Decimal("499.5"), None),
            ("UNIDENTIFIED", "TEXT-ONLY", 0, 20, None),
        ]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("exceptions=true", ["PARTIAL", "UNAPPLIED", "KID", "TEXT"]),
            ("exceptions=false", ["MATCHED", "REVERSED"]),
            ("status=MATCHED", ["MATCHED"]),
            ("status=PARTIAL", ["PARTIAL"]),
            ("status=UNAPPLIED", ["UNAPPLIED"]),
            ("status=UNIDENTIFIED", ["KID", "TEXT"]),
            ("status=reversed", ["REVERSED"]),
            ("status=MATCHED,UNAPPLIED", ["MATCHED", "UNAPPLIED"]),
            ("status=MATCHED&exceptions=true", []),
            ("exceptioncode=OVERPAID,TEXT-ONLY", ["PARTIAL", "TEXT"]),
            ("exceptioncode=RETURNED", []),
            ("exceptioncode=KID-UNKNOWN&status=MATCHED", []),
            ("customerno=100001", ["MATCHED", "UNAPPLIED", "REVERSED"]),
            ("customerno=100002&exceptions=true", ["PARTIAL"]),
            ("customerno=999999", []),
            ("kid=001 0017", ["MATCHED", "UNAPPLIED"]),
            ("bankaccountno=8601.11.17947", ["TEXT"]),
            ("bankaccountno=12345678903&status=UNIDENTIFIED", ["KID"]),
            ("paymentdatefrom=2026-10-02&paymentdateto=2026-10-04", ["PARTIAL", "UNAPPLIED", "REVERSED"]),
            ("batchuuid=AaELSpbkfeSc8k8SdjxPTA", []),
        ],
    )
    def test_filters(self, shelf: House, query: str, expected: list[str]) -> None:
        """Each filter alone and together."""
        assert names(shelf, query) == expected

    def test_a_batch_and_ids(self, books: House) -> None:
        """Payments that came with a batch are found by it; ids by themselves."""
        batch = books.batch(
            "/documents/batches", {"documents": [payment(10, documentNo="A"), payment(20, documentNo="B", documentDate="2026-11-02")]}
        )
        created(books, payment(30, documentNo="C"))
        found = listed(books, f"batchuuid={batch['batchUuid']}")
        assert [entry["amount"] for entry in found] == [10, 20]
        assert [entry["amount"] for entry in listed(books, f"paymentuuid={found[1]['paymentUuid']},AaELSpbkfeSc8k8SdjxPTA")] == [20]

    def test_pages(self, shelf: House) -> None:
        """A stored list is read on by its queryId, with its expand value."""
        first = shelf.get("/payments?pagesize=5&expand=suggestions").json()
        second = shelf.get(f"/payments?query={first['summary']['queryId']}&pageno=2").json()
        assert [len(page["payments"]) for page in (first, second)] == [5, 1]
        assert all("suggestions" in entry for entry in second["payments"])

    @pytest.mark.parametrize("query", ["status=PAID", "exceptioncode=NO-IDEA", "exceptions=1", "paymentdatefrom=soon", "expand=matches"])
    def test_what_is_no_filter(self, shelf: House, query: str) -> None:
        """Refused before anything is looked up."""
        answer = shelf.get(f"/payments?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID-PARAMETER")

    def test_a_returned_payment_keeps_its_code(self, books: House) -> None:
        """What the bank took back says so, though nothing is left of it."""
        result = booked(books, "payment", {"customerNo": "100001", "amount": 70, "paymentDate": "2026-10-04", "postingDate": "2026-10-04"})[0]
        booked(books, "reversal", {"glYear": result["glYear"], "transactionNo": result["transactionNo"], "reason": "returned"})
        with books.database.transaction(books.client_no) as transaction:
            transaction.execute("update payment set exception_code = 'RETURNED' where client_no = %s", (books.client_no,))
        (found,) = listed(books, "exceptioncode=RETURNED")
        assert (found["status"], found["exceptionCode"], found["unallocatedAmount"]) == ("REVERSED", "RETURNED", 0)


class TestSuggestions:
    def test_only_open_claims_of_payments_with_money_left(self, shelf: House) -> None:
        """A matched payment has none; the others have those there are."""
        found = {AMOUNTS[entry["amount"]]: entry["suggestions"] for entry in listed(shelf, "expand=suggestions")}
        assert found["MATCHED"] == found["PARTIAL"] == []

    def test_the_text_is_a_kid(self, books: House) -> None:
        """A text that is exactly a known KID is the first suggestion, before what else it may be."""
        created(books, invoice(documentNo="0010025"))
        owed = created(books, invoice(documentNo="1", kid="0010025"))
        paid = unidentified(books, 1250, text="001 0025", exception="TEXT-ONLY")
        (found,) = listed(books, f"paymentuuid={paid}&expand=suggestions")
        assert found["suggestions"][0] == {
            "arItemId": owed["arItemId"],
            "customerNo": "100001",
            "documentNo": "1",
            "openAmount": 1250,
            "reason": "KID",
        }

    def test_a_number_inside_a_text(self, books: House) -> None:
        """Document number, reference and KID inside a longer text, in its order."""
        created(books, invoice(documentNo="F-2026.17"))
        created(books, invoice(documentNo="2", referenceNo="Ordre77"))
        created(books, invoice(documentNo="3", kid="0010033"))
        paid = unidentified(books, 1250, text="Gjelder f-2026.17, ORDRE77 og 0010033!", exception="TEXT-ONLY")
        assert suggested(books, paid) == [("F-2026.17", "DOCUMENT-NO"), ("2", "REFERENCE"), ("3", "KID")]

    def test_a_kid_of_several_customers_or_with_other_zeros(self, books: House) -> None:
        """An ambiguous KID suggests the items of all; dropped zeros are a suggestion, never a match."""
        created(books, invoice(documentNo="1", kid="0010017"))
        created(books, invoice(documentNo="2", kid="0010017", customerNo="100002"))
        both = unidentified(books, 1250, kid="0010017", exception="KID-AMBIGUOUS")
        assert sorted(suggested(books, both)) == [("1", "KID"), ("2", "KID")]
        dropped = unidentified(books, 1250, kid="10017", exception="KID-UNKNOWN")
        assert sorted(suggested(books, dropped)) == [("1", "SIMILAR-KID"), ("2", "SIMILAR-KID")]

    def test_the_payers_account(self, books: House) -> None:
        """The customer whose account it came from: first the claim of the same amount, then the oldest; five at most."""
        books.customer("100003", "Ola Prøve", bankAccountNo="8601.11.17947")
        for number in range(7):
            total = 1250 if number == 6 else 100 + number
            created(books, invoice(documentNo=f"{number}", customerNo="100003", currencyAmounts=amounts(total, 0), dueDate=f"2026-11-{10 + number}"))
        paid = unidentified(books, 1250, payer_account="86011117947", exception="TEXT-ONLY")
        assert suggested(books, paid) == [
            ("6", "PAYER-ACCOUNT-AND-AMOUNT"),
            ("0", "PAYER-ACCOUNT"),
            ("1", "PAYER-ACCOUNT"),
            ("2", "PAYER-ACCOUNT"),
            ("3", "PAYER-ACCOUNT"),
        ]

    def test_the_customers_other_claims(self, books: House) -> None:
        """What is unapplied on a customer may be for his open claims in that currency."""
        created(books, payment(500))
        created(books, invoice(documentNo="1", dueDate="2026-11-10"))
        created(books, invoice(documentNo="2", dueDate="2026-11-11", currencyAmounts=amounts(500, 0)))
        created(books, invoice(documentNo="3", currency="EUR", exchangeRate=11, currencyAmounts=amounts(500, 0)))
        created(books, invoice(documentNo="4", customerNo="100002", currencyAmounts=amounts(500, 0)))
        (found,) = listed(books, "expand=suggestions")
        assert [(entry["documentNo"], entry["reason"]) for entry in found["suggestions"]] == [("2", "AMOUNT"), ("1", "CUSTOMER")]

    def test_closed_items_are_no_suggestions(self, books: House) -> None:
        """Neither are those of another client."""
        created(books, invoice(documentNo="1", kid="0010017"))
        created(books, payment(1250, kid="0010017"))
        paid = unidentified(books, 1250, kid="0010017", text="1", exception="TEXT-ONLY")
        assert suggested(books, paid) == []
