"""x"""
from __future__ import annotations
from typing import Any
from tests.api.support import created, invoice
from tests.house import House
def test_try(books: House) -> None:
    created(books, invoice(documentNo="26001", documentDate="2026-10-01", dueDate="2026-10-19", kid="0010017"))
    a=books.post("/paymentreservations", {"paymentReservation": {"paymentId":"M-1","kid":"0010017","amount":788,"paymentMethod":"MOBILE"}})
    print(a.status_code,a.text,a.headers)
    rid=a.json()["paymentReservationId"]
    a=books.post("/paymentreservations", {"paymentReservation": {"paymentId":"M-2","customerNo":"100001","amount":788,"paymentMethod":"MOBILE"}})
    print(a.status_code,a.text)
    a=books.post(f"/paymentreservations/{rid}/capture", {"capture": {"amount":500}})
    print(a.status_code,a.text)
    print(books.get("/customers/100001?expand=balance").json()["balance"])
    print(books.get("/paymentreservations?status=ACTIVE&documentno=26001").text)
    a=books.post(f"/paymentreservations/{rid}/release")
    print(a.status_code,a.text)
    print(books.call("DELETE","/customers/100002").text)
    assert 0
