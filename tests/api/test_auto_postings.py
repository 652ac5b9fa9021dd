"""x"""
from __future__ import annotations
from decimal import Decimal
from typing import Any
from tests.api.support import created, invoice, ledger_rows, codes, item, amounts
from tests.house import House, exact_json

def book(house: House, method: str, *postings: dict[str, Any], **options: Any) -> Any:
    return house.post(f"/autopostings/{method}", {"autoPostings": list(postings)}, **options)

def test_try(books: House) -> None:
    created(books, invoice(documentNo="26001", documentDate="2026-10-01", dueDate="2026-10-19", kid="0010017"))
    a = book(books, "fee", {"documentNo": "26001", "feeCode": "REMINDER", "amount": 38, "postingDate": "2026-11-04"})
    print(a.status_code, a.text)
    a = book(books, "payment", {"amount": 1288, "paymentDate": "2026-11-10", "postingDate": "2026-11-10", "kid": "0010017"})
    print(a.status_code, a.text)
    pay = a.json()["autoPostings"][0]
    a = book(books, "reversal", {"glYear": 2026, "transactionNo": pay["transactionNo"], "reason": "x"})
    print(a.status_code, a.text)
    a = book(books, "writeoff", {"documentNo": "26001", "reasonCode": "BAD-DEBT", "reason": "x", "vatRelief": True, "amount": 250})
    print(a.status_code, a.text)
    a = book(books, "interest", {"documentNo": "26001", "interestTo": "2026-11-25"})
    print(a.status_code, a.text)
    a = book(books, "transfer", {"documentNo": "26001", "toCustomerNo": "100002"})
    print(a.status_code, a.text)
    a = book(books, "payment", {"customerNo": "100002", "amount": 1300, "paymentDate": "2026-11-10"})
    print(a.status_code, a.text)
    a = book(books, "refund", {"customerNo": "100002", "amount": 300, "paymentDate": "2026-11-10", "payeeBankAccountNo": "86011117947"})
    print(a.status_code, a.text)
    a = book(books, "journal", {"entries": [{"glAccount": "1920", "debit": 10}, {"customerNo": "100001", "credit": 10}]})
    print(a.status_code, a.text)
    print(books.balances())
    assert 0
