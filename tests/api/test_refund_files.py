"""Aim: a call with refunds makes one file with which the bank pays them, and none when nothing was booked."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

from lxml import etree

from reskontro.norway.pain001 import NAMESPACE
from tests.api.postings import BANK_ACCOUNTS, booked, post, refused
from tests.api.support import configure
from tests.house import House

PAID = {"paymentDate": "2026-11-10", "postingDate": "2026-11-10"}


def _files(house: House) -> list[dict[str, Any]]:
    listed = house.get("/files?filetype=PAIN001").json()["files"]
    return sorted(listed, key=lambda file: file["createdAt"])


def _message(house: House, file: dict[str, Any]) -> etree._Element:
    found = house.get(f"/files/{file['fileId']}?expand=content").json()
    return etree.fromstring(base64.b64decode(found["content"]))


def _text(message: etree._Element, path: str) -> list[str]:
    return [str(found) for found in message.xpath(f"//n:{'/n:'.join(path.split('/'))}/text()", namespaces={"n": NAMESPACE})]


def _refund(amount: Any, **values: Any) -> dict[str, Any]:
    return {"amount": amount, "customerNo": "100001", "payeeBankAccountNo": "8601.11.17947", **PAID, **values}


def _with_credit(house: House, amount: int = 1000) -> None:
    configure(house, "bank.accounts", BANK_ACCOUNTS)
    booked(house, "payment", {"amount": amount, "customerNo": "100001", **PAID})


class TestRefundFile:
    def test_all_refunds_of_a_call_are_in_one_file(self, books: House) -> None:
        """Payee, amounts, texts and the account they are paid from; the file is told of in the log."""
        _with_credit(books)
        later = _refund(Decimal("50.50"), paymentDate="2026-12-24", text="For mye betalt", payment={"bankAccountNo": "8601.11.17947"})
        first, second = booked(books, "refund", _refund(100), later)
        assert "warnings" not in first
        (file,) = _files(books)
        assert (file["direction"], file["contentType"]) == ("OUT", "application/xml")
        message = _message(books, file)
        assert _text(message, "GrpHdr/NbOfTxs") == ["2"]
        assert _text(message, "GrpHdr/CtrlSum") == ["150.50"]
        assert _text(message, "GrpHdr/InitgPty/Nm") == [f"Client {books.client_no}"]
        assert _text(message, "DbtrAcct/Id/Othr/Id") == ["12345678903", "86011117947"]
        assert _text(message, "CdtrAcct/Id/Othr/Id") == ["86011117947", "86011117947"]
        assert _text(message, "Cdtr/Nm") == ["Kari Prøve", "Kari Prøve"]
        assert _text(message, "Amt/InstdAmt") == ["100.00", "50.50"]
        today = books.services.clock.now().date().isoformat()
        assert _text(message, "ReqdExctnDt/Dt") == [max(today, "2026-11-10"), max(today, "2026-12-24")]
        assert _text(message, "RmtInf/Ustrd")[1] == "For mye betalt"
        refunds = [
            entry.hex for (entry,) in books.rows("select ar_item_id from ar_item where client_no = %s and ar_item_type = 'RF'", books.client_no)
        ]
        assert sorted(_text(message, "PmtId/EndToEndId")) == sorted(refunds)
        assert second["transactionNo"] == first["transactionNo"] + 1
        events = [entry["entityId"] for entry in books.get("/logitems?event=FILE-CREATED").json()["logItems"]]
        assert events == [file["fileId"]]

    def test_text_names_the_credit_in_the_customers_language(self, books: House) -> None:
        """Norwegian unless the customer has another language."""
        _with_credit(books)
        number = books.rows("select document_no from ar_item where client_no = %s and ar_item_type = 'PY'", books.client_no)[0][0]
        booked(books, "refund", _refund(100))
        assert books.put("/customers", {"customer": {"customerNo": "100001", "language": "en"}}).status_code == 200
        booked(books, "refund", _refund(100))
        texts = [text for file in _files(books) for text in _text(_message(books, file), "RmtInf/Ustrd")]
        assert sorted(texts) == [" ".join(filter(None, (word, number))) for word in ("Refund", "Tilbakebetaling")]

    def test_validating_and_refusing_make_no_file(self, books: House) -> None:
        """Nothing is ordered that was not booked."""
        _with_credit(books)
        assert post(books, "refund", _refund(100, validateOnly=True)).status_code == 200
        assert refused(books, "refund", _refund(100), _refund(5000)) == [("AMOUNT-EXCEEDED", "/amount")]
        assert _files(books) == []

    def test_a_repeated_call_orders_nothing_twice(self, books: House) -> None:
        """The same Idempotency-Key: one booking, one file."""
        _with_credit(books)
        headers = {"Idempotency-Key": "refund-1"}
        answers = [post(books, "refund", _refund(100), headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert len(_files(books)) == 1

    def test_without_a_bank_account_the_refund_is_booked_with_a_warning(self, books: House) -> None:
        """Nobody knows where the money is to come from."""
        booked(books, "payment", {"amount": 100, "customerNo": "100001", **PAID})
        (result,) = booked(books, "refund", _refund(100))
        assert [(warning["code"], warning["field"]) for warning in result["warnings"]] == [("VALUE-MISSING", "payment")]
        assert _files(books) == []

    def test_a_foreign_currency_and_a_foreign_account(self, books: House) -> None:
        """The amount in the currency of the refund, the account as IBAN."""
        configure(books, "bank.accounts", BANK_ACCOUNTS)
        booked(books, "payment", {"amount": 10, "customerNo": "100001", "currency": "EUR", "exchangeRate": 11, **PAID})
        sent = _refund(
            10, currency="EUR", exchangeRate=12, payeeBankAccountNo="SE45 5000 0000 0583 9825 7466", payment={"bankAccountNo": "05405010005"}
        )
        booked(books, "refund", sent)
        message = _message(books, _files(books)[0])
        assert _text(message, "CdtrAcct/Id/IBAN") == ["SE4550000000058398257466"]
        assert [element.get("Ccy") for element in message.iter(f"{{{NAMESPACE}}}InstdAmt")] == ["EUR"]
