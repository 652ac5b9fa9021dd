"""Aim: a bank file is booked once, whole or not at all, each payment with the claims it means or as the exception it is."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.api.support import change_books, close_periods, configure, created, exchange_rate, invoice, item
from tests.api.uploads import new_file, post_files
from tests.bank_messages import BANK_ACCOUNTS, CAMT_ACCOUNT, EURO_ACCOUNT, Paid, camt_entry, camt_file, camt_payment, kid_of, ocr_file
from tests.house import House, exact_json
from tests.shared_data import shared_path

SECOND = "0010025"


@pytest.fixture
def bank(books: House) -> House:
    """A client with bank accounts, an invoice of 1250 with KID 0010017, and one of 499.50 of another customer with KID 0010025."""
    configure(books, "bank.accounts", BANK_ACCOUNTS)
    created(books, invoice(documentNo="1", documentDate="2026-10-01", kid="0010017", referenceNo="Ref 1"))
    smaller = {"exclVat": "399.60", "vat": "99.90", "inclVat": "499.50"}
    amounts = {name: Decimal(value) for name, value in smaller.items()}
    created(books, invoice(documentNo="2", documentDate="2026-10-01", kid=SECOND, customerNo="100002", currencyAmounts=amounts))
    return books


def imported(house: House, content: bytes, file_type: str = "OCR", *, name: str = "bank.dat") -> dict[str, Any]:
    """The batch of an upload, with diagnostics."""
    answer = post_files(house, new_file(content, name, file_type))
    assert answer.status_code == 200, answer.text
    house.work()
    batch: dict[str, Any] = house.get(f"/batches/{answer.json()['files'][0]['batchUuid']}?expand=diagnostics").json()
    assert batch["status"] == "PROCESSED"
    return batch


def paid(house: House, query: str = "") -> list[dict[str, Any]]:
    """The payments, numbers exact, by amount."""
    answer = house.get(f"/payments?pagesize=1000&{query}")
    assert answer.status_code == 200, answer.text
    return sorted(exact_json(answer)["payments"], key=lambda payment: payment["amount"])


def exception(house: House) -> tuple[str, str | None, Any]:
    """(status, exceptionCode, what is left) of the one payment."""
    (payment,) = paid(house)
    return payment["status"], payment["exceptionCode"], payment["unallocatedAmount"]


def refused(house: House, content: bytes, file_type: str = "OCR") -> tuple[str, str]:
    """(code, message) of an import that is refused as a whole."""
    batch = imported(house, content, file_type)
    assert (batch["result"], batch["countFailed"], len(batch["items"])) == ("FAILED", 1, 1)
    (error,) = batch["items"][0]["errors"]
    assert error["field"] == "content"
    assert paid(house) == []
    return error["code"], error["message"]


class TestSamples:
    @pytest.mark.parametrize("name", ["ocr-a.txt", "ocr-b.txt"])
    def test_ocr(self, bank: House, name: str) -> None:
        """What the sample's answer says is what is booked."""
        accounts = [*BANK_ACCOUNTS[:1], {**BANK_ACCOUNTS[1], "source": "OCR"}]
        configure(bank, "bank.accounts", accounts)
        answer = json.loads(shared_path("domain/samples/answers.json").read_text())[name]
        batch = imported(bank, shared_path(f"domain/samples/{name}").read_bytes())
        expected = [
            (assignment["account"], entry["amount"], entry["kid"], entry["settlement_date"], entry["debit_account"])
            for assignment in answer["assignments"]
            for entry in assignment["items"]
        ]
        by_id = {payment["paymentUuid"]: payment for payment in paid(bank)}
        assert [
            (
                by_id[one["paymentUuid"]]["bankAccountNo"],
                f"{by_id[one['paymentUuid']]['amount']:.2f}",
                by_id[one["paymentUuid"]]["kid"],
                by_id[one["paymentUuid"]]["bookingDate"],
                by_id[one["paymentUuid"]]["payerAccountNo"],
            )
            for one in batch["items"]
        ] == expected
        assert f"{sum(payment['amount'] for payment in by_id.values()):.2f}" == answer["sum"]
        assert bank.balances()["1920"] == sum(payment["amount"] for payment in by_id.values())

    @pytest.mark.parametrize("name", ["camt054-02.xml", "camt054-08.xml"])
    def test_camt(self, bank: House, name: str) -> None:
        """Both versions of the same payment."""
        configure(bank, "bank.accounts", [{**BANK_ACCOUNTS[0], "source": "CAMT054"}])
        imported(bank, shared_path(f"domain/samples/{name}").read_bytes(), "CAMT054")
        (payment,) = paid(bank)
        told = (payment["kid"], payment["payerName"], payment["payerAccountNo"], payment["bankReference"], payment["status"])
        assert told == ("0010017", "Kunde AS", "86011117947", "123456789", "MATCHED")


class TestBatch:
    def test_what_the_batch_tells(self, bank: House) -> None:
        """Each payment is an item, with what it became; the batch is an import that names its file."""
        batch = imported(bank, ocr_file([Paid(), Paid("9999999", "10.00")]))
        assert (batch["entity"], batch["operation"], batch["result"], batch["countSuccessful"]) == ("BANK-FILE", "IMPORT", "SUCCESS", 2)
        file = bank.get(f"/files/{batch['fileId']}").json()
        assert (file["batchUuid"], file["fileName"], file["fileType"]) == (batch["batchUuid"], "bank.dat", "OCR")
        known, unknown = batch["items"]
        account = bank.rows("select account_no from customer where customer_no = '100001'")[0][0]
        payments = {payment["paymentUuid"]: payment for payment in paid(bank)}
        assert known == {
            "status": "PROCESSED",
            "result": "CREATED",
            "message": "Payment booked",
            "clientNo": bank.client_no,
            "accountNo": account,
            "customerNo": "100001",
            "arItemId": payments[known["paymentUuid"]]["arItemId"],
            "paymentUuid": known["paymentUuid"],
            "index": 0,
        }
        assert sorted(unknown) == sorted(("status", "result", "message", "clientNo", "paymentUuid", "index"))
        assert payments[known["paymentUuid"]]["fileId"] == batch["fileId"]
        assert payments[known["paymentUuid"]]["batchUuid"] == batch["batchUuid"]
        norwegian = bank.get(f"/batches/{batch['batchUuid']}", headers={"Accept-Language": "nb"}).json()
        assert norwegian["items"][0]["message"] == "Betaling bokført"

    def test_the_log(self, bank: House) -> None:
        """Each payment and each match, under the one who uploaded the file."""
        batch = imported(bank, ocr_file([Paid(), Paid("9999999", "10.00")]))
        rows = bank.rows("select event, customer_no, user_id from log_item where batch_uuid is not null order by sequence_no")
        work = [("ITEM-MATCHED", "100001", "anne"), ("PAYMENT-BOOKED", "100001", "anne"), ("PAYMENT-BOOKED", None, "anne")]
        assert rows == [("RUN-STARTED", None, "anne"), *work, ("RUN-FINISHED", None, "anne")]
        assert batch["userId"] == "anne"

    def test_nothing_in_it(self, bank: House) -> None:
        """A transmission without assignments: no items, and a success."""
        batch = imported(bank, ocr_file())
        assert (batch["result"], batch["items"], batch["countProcessed"]) == ("SUCCESS", [], 0)

    def test_many(self, bank: House) -> None:
        """More than one set: customer, claim and payment find each other across sets."""
        kids = [kid_of(f"77{number:06d}") for number in range(1_200)]
        documents = [invoice(documentNo=f"M{number}", kid=kid) for number, kid in enumerate(kids)]
        assert bank.batch("/documents/batches", {"documents": documents})["countSuccessful"] == 1_200
        batch = imported(bank, ocr_file([Paid(kid, archive=f"8{number:08d}") for number, kid in enumerate([*kids, kids[0]])]))
        assert (batch["countSuccessful"], batch["result"]) == (1_201, "SUCCESS")
        assert [one["index"] for one in batch["items"]] == list(range(1_201))
        assert bank.rows("select count(*) from ar_item where document_no like 'M%%' and open_amount <> 0") == [(0,)]
        assert bank.get("/payments?exceptioncode=ALREADY-PAID").json()["summary"]["totalCount"] == 1


class TestExceptions:
    def test_exact(self, bank: House) -> None:
        """The claim is closed; the dates are those of the bank."""
        imported(bank, ocr_file([Paid()]))
        (payment,) = paid(bank)
        told = {name: payment[name] for name in ("status", "exceptionCode", "paymentDate", "bookingDate", "bankReference", "paymentMethod", "text")}
        assert told == {
            "status": "MATCHED",
            "exceptionCode": None,
            "paymentDate": "2026-11-19",
            "bookingDate": "2026-11-20",
            "bankReference": "700000001",
            "paymentMethod": "BANK",
            "text": None,
        }
        assert item(bank, "1")["status"] == "CLOSED"
        (found,) = exact_json(bank.get("/aritems?aritemtype=PY"))["arItems"]
        dates = (found["itemDate"], found["dueDate"], found["glDate"], found["kid"])
        assert dates == ("2026-11-19", "2026-11-19", "2026-11-20", "0010017")

    def test_underpaid(self, bank: House) -> None:
        """A part payment leaves the rest of the claim open."""
        imported(bank, ocr_file([Paid(amount="1000.00")]))
        assert exception(bank) == ("MATCHED", None, 0)
        assert item(bank, "1")["openAmount"] == 250

    def test_overpaid(self, bank: House) -> None:
        """OVERPAID: the rest is the customer's."""
        imported(bank, ocr_file([Paid(amount="1300.00")]))
        assert exception(bank) == ("PARTIAL", "OVERPAID", 50)

    def test_kid_invalid(self, bank: House) -> None:
        """KID-INVALID: its check digit is wrong, and nobody has it."""
        imported(bank, ocr_file([Paid("0010018")]))
        assert exception(bank) == ("UNIDENTIFIED", "KID-INVALID", 1250)
        assert bank.balances()["2999"] == -1250

    def test_kid_unknown(self, bank: House) -> None:
        """KID-UNKNOWN: well formed, and nobody has it."""
        imported(bank, ocr_file([Paid("0010041")]))
        assert exception(bank) == ("UNIDENTIFIED", "KID-UNKNOWN", 1250)

    def test_a_known_kid_without_check_digit(self, bank: House) -> None:
        """A KID that an item has is that item's, whatever its check digit."""
        created(bank, invoice(documentNo="3", kid="500221850000200350786"))
        imported(bank, ocr_file([Paid("500221850000200350786")]))
        assert exception(bank) == ("MATCHED", None, 0)

    def test_kid_ambiguous(self, bank: House) -> None:
        """KID-AMBIGUOUS: open items of two customers have it."""
        created(bank, invoice(documentNo="3", customerNo="100002", kid="0010017"))
        imported(bank, ocr_file([Paid()]))
        assert exception(bank) == ("UNIDENTIFIED", "KID-AMBIGUOUS", 1250)

    def test_several_items_of_one_customer(self, bank: House) -> None:
        """Open items with one KID: by due date."""
        created(bank, invoice(documentNo="3", documentDate="2026-09-01", kid="0010017"))
        imported(bank, ocr_file([Paid(amount="1500.00")]))
        assert (item(bank, "3")["openAmount"], item(bank, "1")["openAmount"]) == (0, 1000)

    def test_item_credited(self, bank: House) -> None:
        """ITEM-CREDITED: a credit note closed it."""
        created(bank, invoice(documentType="CN", referenceDocumentNo="1", documentDate="2026-10-20"))
        imported(bank, ocr_file([Paid()]))
        assert exception(bank) == ("UNAPPLIED", "ITEM-CREDITED", 1250)

    def test_already_paid(self, bank: House) -> None:
        """ALREADY-PAID: the second of two payments in one file."""
        imported(bank, ocr_file([Paid(), Paid(amount="1200.00")]))
        second, first = paid(bank)
        assert (first["status"], second["status"], second["exceptionCode"]) == ("MATCHED", "UNAPPLIED", "ALREADY-PAID")

    def test_currency(self, bank: House) -> None:
        """CURRENCY: the customer is known, none of his claims with the KID is in the currency of the account."""
        exchange_rate(bank, "EUR", "11.5")
        imported(bank, camt_file(camt_entry(currency="EUR"), account=EURO_ACCOUNT, currency="EUR"), "CAMT054")
        assert exception(bank) == ("UNAPPLIED", "CURRENCY", 1250)
        assert bank.balances()["1920"] == 14375

    def test_foreign_currency(self, bank: House) -> None:
        """A claim in euro paid in euro, at the rate of the day it was paid."""
        exchange_rate(bank, "EUR", "11")
        created(bank, invoice(documentNo="3", kid="0010033", currency="EUR"))
        exchange_rate(bank, "EUR", "12", "2026-11-19")
        payment = camt_payment(references=["0010033"], currency="EUR")
        imported(bank, camt_file(camt_entry(payment, currency="EUR"), account=EURO_ACCOUNT, currency="EUR"), "CAMT054")
        assert exception(bank) == ("MATCHED", None, 0)
        assert (bank.balances()["1920"], bank.balances()["8060"]) == (15000, -1250)

    def test_text_only(self, bank: House) -> None:
        """TEXT-ONLY: no KID, and the text names nothing of ours by itself; a KID in it is suggested."""
        imported(bank, ocr_file([Paid("", kind=21, text="Faktura 1 takk"), Paid("", "20.00", kind=21, text="0010017"), Paid("", "30.00")]))
        assert [(payment["exceptionCode"], payment["text"]) for payment in paid(bank)] == [
            ("TEXT-ONLY", "0010017"),
            ("TEXT-ONLY", None),
            ("TEXT-ONLY", "Faktura 1 takk"),
        ]
        (suggestions,) = [payment["suggestions"] for payment in paid(bank, "expand=suggestions") if payment["amount"] == 20]
        assert (suggestions[0]["documentNo"], suggestions[0]["reason"]) == ("1", "KID")

    @pytest.mark.parametrize(("text", "source"), [("1", "DOCUMENT-NO"), ("REF 1", "REFERENCE")])
    def test_text_that_is_a_number_of_ours(self, bank: House, text: str, source: str) -> None:
        """The whole text equals a document number or a reference, without case: that document is settled."""
        imported(bank, ocr_file([Paid("", kind=21, text=text)]))
        assert exception(bank) == ("MATCHED", None, 0)
        assert bank.rows("select source from match") == [(source,)]

    def test_text_of_a_closed_document(self, bank: House) -> None:
        """A number of what is not open settles nothing."""
        imported(bank, ocr_file([Paid()]))
        imported(bank, ocr_file([Paid("", "7.00", kind=21, text="1")], number=2))
        assert paid(bank)[0]["exceptionCode"] == "TEXT-ONLY"

    def test_payer_and_amount(self, bank: House) -> None:
        """A rule that must be asked for: the payer's account is one customer's, and one open item has the amount."""
        assert bank.put("/customers", {"customer": {"customerNo": "100001", "bankAccountNo": "8601 11 17130"}}).status_code == 200
        imported(bank, ocr_file([Paid("", kind=21, text="takk")]))
        assert exception(bank)[1] == "TEXT-ONLY"
        configure(bank, "matching.rules", ["KID", "PAYER-ACCOUNT-AND-AMOUNT"])
        imported(bank, ocr_file([Paid("", "7.00", kind=21, text="takk"), Paid("", kind=21, text="takk!")], number=2))
        told = sorted((payment["text"], payment["status"]) for payment in paid(bank))
        assert told == [("takk", "UNIDENTIFIED"), ("takk", "UNIDENTIFIED"), ("takk!", "MATCHED")]

    def test_negative(self, bank: House) -> None:
        """NEGATIVE: sides exchanged on the suspense account, whatever its KID; placed by hand later."""
        imported(bank, ocr_file([Paid(), Paid(amount="-200.00")]))
        assert [(payment["amount"], payment["exceptionCode"], payment["status"]) for payment in paid(bank)] == [
            (-200, "NEGATIVE", "UNIDENTIFIED"),
            (1250, None, "MATCHED"),
        ]
        assert (bank.balances()["2999"], bank.balances()["1920"]) == (200, 1050)

    def test_debit_that_takes_nothing_back(self, bank: House) -> None:
        """Money that left the account is no payment of a customer."""
        imported(bank, camt_file(camt_entry(indicator="DBIT")), "CAMT054")
        assert exception(bank) == ("UNIDENTIFIED", "NEGATIVE", -1250)

    def test_in_collection(self, bank: House) -> None:
        """IN-COLLECTION: the claim is left alone, and the money waits with the customer."""
        change_books(bank, "update ar_item set details = details || '{\"collectionStatus\": \"IN-COLLECTION\"}' where document_no = '1'")
        imported(bank, ocr_file([Paid()]))
        assert exception(bank) == ("UNAPPLIED", "IN-COLLECTION", 1250)
        assert item(bank, "1")["openAmount"] == 1250

    def test_customer_kid(self, bank: House) -> None:
        """A customer's own KID means all his claims; those in collection are left out."""
        own = bank.get("/customers/100001").json()["customerKid"]
        created(bank, invoice(documentNo="3", documentDate="2026-09-01"))
        change_books(bank, "update ar_item set details = details || '{\"collectionStatus\": \"HANDED-OVER\"}' where document_no = '3'")
        imported(bank, ocr_file([Paid(own, "1300.00")]))
        assert exception(bank) == ("PARTIAL", "IN-COLLECTION", 50)
        assert (item(bank, "1")["openAmount"], item(bank, "3")["openAmount"]) == (0, 1250)

    def test_nothing_is_matched_by_itself(self, bank: House) -> None:
        """matching.auto false: the customer is known by the KID, the money stays with him."""
        configure(bank, "matching.auto", False)
        imported(bank, ocr_file([Paid()]))
        assert exception(bank) == ("UNAPPLIED", None, 1250)

    def test_small_difference(self, bank: House) -> None:
        """What would stay open below the limit is written off."""
        configure(bank, "matching.smallDifferenceLimit", 5)
        imported(bank, ocr_file([Paid(amount="1246.00")]))
        assert exception(bank) == ("MATCHED", None, 0)
        assert (item(bank, "1")["status"], bank.balances()["7740"]) == ("CLOSED", 4)

    def test_avtalegiro(self, bank: House) -> None:
        """Type 15 is a claim that the bank has drawn."""
        imported(bank, ocr_file([Paid(kind=15)]))
        assert paid(bank)[0]["paymentMethod"] == "AVTALEGIRO"

    def test_nothing_paid(self, bank: House) -> None:
        """A payment of 0 is passed over and named."""
        batch = imported(bank, ocr_file([Paid(amount="0.00")]))
        assert (batch["items"][0]["result"], batch["items"][0]["warnings"][0]["code"]) == ("UNCHANGED", "RANGE")
        assert paid(bank) == []


class TestSeveralReferences:
    def of(self, house: House, *references: str, amount: str = "1749.50") -> tuple[str, str | None, Any]:
        imported(house, camt_file(camt_entry(camt_payment(amount, references), amount=amount)), "CAMT054")
        return exception(house)

    def test_in_the_order_of_the_file(self, bank: House) -> None:
        """All known and of one customer: settled in their order."""
        created(bank, invoice(documentNo="3", documentDate="2026-11-01", kid="0010033"))
        assert self.of(bank, "0010033", "0010017") == ("MATCHED", None, 0)
        assert (item(bank, "3")["openAmount"], f"{item(bank, '1')['openAmount']}") == (0, "750.5")

    @pytest.mark.parametrize(("other", "code"), [("0010041", "KID-UNKNOWN"), ("0010042", "KID-INVALID"), (SECOND, "KID-AMBIGUOUS")])
    def test_not_of_one_customer(self, bank: House, other: str, code: str) -> None:
        """Otherwise an exception, with the claims of those that are known as suggestions."""
        assert self.of(bank, "0010017", other)[:2] == ("UNIDENTIFIED", code)
        (payment,) = bank.get("/payments?expand=suggestions").json()["payments"]
        assert payment["suggestions"][0]["documentNo"] == "1"
        assert (payment["kid"], payment["text"]) == (None, f"0010017 {other}")


class TestCamt:
    def test_reference_and_text(self, bank: House) -> None:
        """The reference decides, the text is kept."""
        imported(bank, camt_file(camt_entry(camt_payment(references=[SECOND], text="1"))), "CAMT054")
        (payment,) = paid(bank)
        assert (payment["customerNo"], payment["kid"], payment["text"], payment["payerName"]) == ("100002", SECOND, "1", "Kari Prøve")

    def test_not_booked(self, bank: House) -> None:
        """Entries whose status is not BOOK are passed over with a warning."""
        batch = imported(bank, camt_file(camt_entry(status="PDNG"), camt_entry()), "CAMT054")
        skipped, booked = batch["items"]
        assert (skipped["result"], skipped["warnings"][0]["code"], booked["result"]) == ("UNCHANGED", "STATE-CONFLICT", "CREATED")
        assert batch["countSuccessful"] == 2

    def test_times(self, bank: House) -> None:
        """A time with an offset is the day it is at the client's."""
        booked, valued = "<DtTm>2026-11-19T23:30:00Z</DtTm>", "<DtTm>2026-11-18T22:59:00Z</DtTm>"
        imported(bank, camt_file(camt_entry(booked=booked, valued=valued)), "CAMT054")
        (payment,) = paid(bank)
        assert (payment["bookingDate"], payment["paymentDate"]) == ("2026-11-20", "2026-11-18")

    def test_never_paid_after_it_was_booked(self, bank: House) -> None:
        """A value date after the booking date counts as that."""
        imported(bank, camt_file(camt_entry(valued="<Dt>2026-11-23</Dt>")), "CAMT054")
        assert paid(bank)[0]["paymentDate"] == "2026-11-20"


class TestRefusedFiles:
    def test_structure(self, bank: House) -> None:
        """One fault, and nothing of the file is booked; the line is named."""
        content = ocr_file([Paid(), Paid(SECOND, "499.50")]).replace(b"00000000000174950", b"00000000000174951")
        assert refused(bank, content) == (
            "FILE-CONTENT",
            "The file cannot be read: line 7, positions 25-41: the sum 1749.51 is stated, the transactions add up to 1749.50",
        )

    def test_a_short_line(self, bank: House) -> None:
        """Records have 80 characters."""
        code, message = refused(bank, ocr_file([Paid()]).replace(b"0010017000000", b"001001700000"))
        assert code == "FILE-CONTENT"
        assert "line 3" in message

    def test_xml(self, bank: House) -> None:
        """The element is named."""
        code, message = refused(bank, camt_file(camt_entry(camt_payment("1249.00"))), "CAMT054")
        assert code == "FILE-CONTENT"
        assert "Ntfctn[1]/Ntry[1]" in message

    @pytest.mark.parametrize(
        ("account", "text"),
        [
            ("98765432103", "line 2: 98765432103 is not an account of this client"),
            (CAMT_ACCOUNT, f"line 2: the payments of account {CAMT_ACCOUNT} do not come in OCR files"),
        ],
    )
    def test_account(self, bank: House, account: str, text: str) -> None:
        """Only the client's own accounts, each from its one source."""
        assert refused(bank, ocr_file([Paid()], accounts=[account])) == ("FILE-CONTENT", f"The file cannot be read: {text}")

    def test_currency_of_the_account(self, bank: House) -> None:
        """The file's currency is that of the account's row."""
        configure(bank, "bank.accounts", [{**BANK_ACCOUNTS[0], "currency": "EUR"}])
        assert refused(bank, ocr_file([Paid()]))[1].endswith("line 2: the currency is NOK, that of account 12345678903 is EUR")

    def test_iban(self, bank: House) -> None:
        """An account is the same as a number and as an IBAN."""
        configure(bank, "bank.accounts", [{**BANK_ACCOUNTS[1], "bankAccountNo": "NO9386011117947"}])
        imported(bank, camt_file(camt_entry()), "CAMT054")
        assert paid(bank)[0]["bankAccountNo"] == "NO9386011117947"


class TestOnce:
    def test_the_same_bytes(self, bank: House) -> None:
        """UNCHANGED with the first file and the first batch, and nothing is booked again."""
        content = ocr_file([Paid(amount="100.00")])
        first = imported(bank, content)
        answer = post_files(bank, new_file(content, "again.txt", "OCR")).json()["files"][0]
        assert (answer["result"], answer["fileId"], answer["batchUuid"]) == ("UNCHANGED", first["fileId"], first["batchUuid"])
        bank.work()
        assert len(paid(bank)) == 1
        assert bank.rows("select count(*) from batch where entity = 'BANK-FILE'") == [(1,)]

    def test_uploads_at_once(self, bank: House) -> None:
        """Eight at a time: one file, one import."""
        content = ocr_file([Paid()])
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda number: post_files(bank, new_file(content, f"{number}.txt", "OCR")).json()["files"][0], range(8)))
        assert sorted(answer["result"] for answer in answers) == ["CREATED"] + ["UNCHANGED"] * 7
        assert len({answer["batchUuid"] for answer in answers}) == 1
        bank.work()
        assert len(paid(bank)) == 1

    def test_a_known_transmission(self, bank: House) -> None:
        """Sender, number and recipient are those of another file: FILE-DUPLICATE names it."""
        first = imported(bank, ocr_file([Paid()]))
        batch = imported(bank, ocr_file([Paid(SECOND, "499.50")]))
        (error,) = batch["items"][0]["errors"]
        assert (batch["result"], error["code"]) == ("FAILED", "FILE-DUPLICATE")
        assert error["message"] == f"The file was imported before as {first['fileId']}"
        assert len(paid(bank)) == 1

    def test_a_known_message(self, bank: House) -> None:
        """The same for MsgId, and only for the same client."""
        imported(bank, camt_file(camt_entry()), "CAMT054")
        batch = imported(bank, camt_file(camt_entry(), camt_entry()), "CAMT054")
        assert batch["items"][0]["errors"][0]["code"] == "FILE-DUPLICATE"
        other = replace(bank, client_no=bank.add_client(bank.client_no + 700_000))
        configure(other, "bank.accounts", BANK_ACCOUNTS)
        assert imported(other, camt_file(camt_entry(), camt_entry()), "CAMT054")["result"] == "SUCCESS"

    def test_ordered_again(self, bank: House) -> None:
        """The bank sends the same payments under another number, with one more: only that is booked."""
        imported(bank, ocr_file([Paid(amount="100.00"), Paid(amount="100.00"), Paid("0010041", "7.00")]))
        batch = imported(bank, ocr_file([Paid(amount="100.00")] * 3 + [Paid("0010041", "7.00")], number=2))
        assert [one["result"] for one in batch["items"]] == ["UNCHANGED", "UNCHANGED", "CREATED", "UNCHANGED"]
        assert batch["items"][0]["message"] == "Payment already booked"
        assert batch["items"][0]["customerNo"] == "100001"
        assert {payment["paymentUuid"] for payment in paid(bank)} == {one["paymentUuid"] for one in batch["items"]}
        assert bank.balances()["1920"] == 307

    @pytest.mark.parametrize("other", [{"archive": "700000002"}, {"payer": "00000000000"}, {"amount": "1250.01"}, {"kid": SECOND}])
    def test_what_makes_payments_differ(self, bank: House, other: dict[str, str]) -> None:
        """Each part of the fingerprint."""
        imported(bank, ocr_file([Paid()]))
        imported(bank, ocr_file([Paid(**other)], number=2))
        assert len(paid(bank)) == 2

    def test_a_failed_import_is_imported_anew(self, bank: House) -> None:
        """After the account was entered the same bytes are imported: the same file, a new batch."""
        configure(bank, "bank.accounts", [])
        content = ocr_file([Paid()])
        failed = imported(bank, content)
        assert failed["result"] == "FAILED"
        configure(bank, "bank.accounts", BANK_ACCOUNTS)
        answer = post_files(bank, new_file(content, "again.txt", "OCR")).json()["files"][0]
        assert (answer["result"], answer["fileId"]) == ("UNCHANGED", failed["fileId"])
        assert answer["batchUuid"] != failed["batchUuid"]
        bank.work()
        assert bank.get(f"/batches/{answer['batchUuid']}").json()["result"] == "SUCCESS"
        assert bank.get(f"/files/{answer['fileId']}").json()["batchUuid"] == answer["batchUuid"]
        assert exception(bank)[0] == "MATCHED"

    def test_what_failed_in_part_goes_on(self, bank: House) -> None:
        """Without a usable suspense account only payments of known customers are booked; the rest is when it is mended."""
        change_books(bank, "update gl_account set active = false where gl_account = '2999'")
        content = ocr_file([Paid("0010041", "7.00"), Paid()])
        batch = imported(bank, content)
        assert [(one["result"], [error["code"] for error in one.get("errors", ())]) for one in batch["items"]] == [
            ("FAILED", ["ACCOUNT-UNKNOWN"]),
            ("CREATED", []),
        ]
        change_books(bank, "update gl_account set active = true where gl_account = '2999'")
        assert [one["result"] for one in imported(bank, content)["items"]] == ["CREATED", "UNCHANGED"]
        assert bank.balances()["1920"] == 1257

    def test_a_bank_reference_that_is_booked(self, bank: House) -> None:
        """A payment by hand with the reference of one from a file is refused."""
        imported(bank, ocr_file([Paid()]))
        sent = {"customerNo": "100001", "amount": 1, "paymentDate": "2026-11-20", "payment": {"bankReference": "700000001"}}
        answer = bank.post("/autopostings/payment", {"autoPostings": [sent]})
        assert [error["code"] for error in answer.json()["autoPostings"][0]["errors"]] == ["BANK-DUPLICATE"]


class TestDates:
    def test_closed_period(self, bank: House) -> None:
        """Booked on the first open day with a warning; the bank's dates stay."""
        close_periods(bank, "2026-10-31")
        batch = imported(bank, ocr_file([Paid(settled="151026", bank_day="141026")]))
        (warning,) = batch["items"][0]["warnings"]
        assert (warning["code"], warning["message"]) == ("PERIOD-CLOSED", "Period 2026/10 is closed; glDate 2026-11-01 was used")
        (payment,) = paid(bank)
        assert (payment["bookingDate"], payment["paymentDate"], payment["status"]) == ("2026-10-15", "2026-10-14", "MATCHED")
        assert bank.rows("select gl_date::text from ar_item where ar_item_type = 'PY'") == [("2026-11-01",)]

    def test_after_the_last_period(self, bank: House) -> None:
        """A day that the ledger does not know fails that payment."""
        batch = imported(bank, ocr_file([Paid(settled="010130", bank_day="000000")]))
        assert [error["code"] for error in batch["items"][0]["errors"]] == ["RANGE"]

    def test_unknown_bank_date(self, bank: House) -> None:
        """Then the day of settlement is the day of payment."""
        imported(bank, ocr_file([Paid(bank_day="000000")]))
        assert paid(bank)[0]["paymentDate"] == "2026-11-20"


class TestReturns:
    def returned(self, **values: Any) -> bytes:
        entry = camt_entry(camt_payment(**values), amount=values.get("amount", "1250.00"), indicator="DBIT", reversal=True)
        return camt_file(entry, message_id="M-2")

    def test_by_reference(self, bank: House) -> None:
        """The bank's reference finds it, whatever the KID: the claim is open again."""
        first = imported(bank, camt_file(camt_entry()), "CAMT054")["items"][0]
        batch = imported(bank, self.returned(references=[]), "CAMT054")
        result = batch["items"][0]
        assert (result["result"], result["message"], result["paymentUuid"]) == ("CREATED", "Payment returned by the bank", first["paymentUuid"])
        assert exception(bank) == ("REVERSED", "RETURNED", 0)
        assert (item(bank, "1")["openAmount"], bank.balances().get("1920", 0)) == (1250, 0)
        assert bank.rows("select event from log_item where entity_type = 'PAYMENT' order by sequence_no desc limit 1") == [("PAYMENT-RETURNED",)]

    def test_by_kid_and_amount(self, bank: House) -> None:
        """Another reference: the newest payment with that KID and amount."""
        imported(bank, camt_file(camt_entry(camt_payment(archive="A")), camt_entry(camt_payment(archive="B"))), "CAMT054")
        imported(bank, self.returned(archive="C"), "CAMT054")
        assert sorted((payment["bankReference"], payment["status"]) for payment in paid(bank)) == [("A", "MATCHED"), ("B", "REVERSED")]

    def test_not_found(self, bank: House) -> None:
        """NEGATIVE when no payment fits, also when only the amount differs."""
        imported(bank, camt_file(camt_entry()), "CAMT054")
        imported(bank, self.returned(amount="1249.00"), "CAMT054")
        assert [(payment["exceptionCode"], payment["status"]) for payment in paid(bank)] == [("NEGATIVE", "UNIDENTIFIED"), (None, "MATCHED")]

    def test_once(self, bank: House) -> None:
        """The same return in another message is known; a second return of the same payment is not one."""
        imported(bank, camt_file(camt_entry()), "CAMT054")
        imported(bank, self.returned(), "CAMT054")
        copy = self.returned().replace(b"M-2", b"M-3")
        (result,) = imported(bank, copy, "CAMT054")["items"]
        assert (result["result"], result["message"]) == ("UNCHANGED", "Return already booked")
        second = self.returned(archive="700000009").replace(b"M-2", b"M-4")
        imported(bank, second, "CAMT054")
        assert [payment["exceptionCode"] for payment in paid(bank)] == ["NEGATIVE", "RETURNED"]

    def test_in_the_same_file(self, bank: House) -> None:
        """A payment and its return, one after the other, and the payment again."""
        again = Paid(archive="700000002")
        imported(bank, ocr_file([Paid(), Paid(kind=18), again]))
        assert sorted(payment["status"] for payment in paid(bank)) == ["MATCHED", "REVERSED"]
        assert item(bank, "1")["openAmount"] == 0
        assert bank.balances()["1920"] == 1250

    def test_of_a_payment_that_was_nobodys(self, bank: House) -> None:
        """Booked on the suspense account, placed by hand since: both are taken back."""
        for placed, number in ((False, 1), (True, 3)):
            batch = imported(bank, ocr_file([Paid("0010041", archive=f"70000001{number}")], number=number))
            if placed:
                sent = {"paymentUuid": batch["items"][0]["paymentUuid"], "customerNo": "100001"}
                answer = bank.post("/matches", {"match": sent})
                assert answer.status_code == 201, answer.text
                assert item(bank, "1")["openAmount"] == 0
            imported(bank, ocr_file([Paid("0010041", kind=18, archive=f"70000001{number}")], number=number + 1))
            assert {payment["status"] for payment in paid(bank)} == {"REVERSED"}
            balances = bank.balances()
            assert (balances.get("2999", 0), balances.get("1920", 0), item(bank, "1")["openAmount"]) == (0, 0, 1250)


class TestOtherAssignments:
    def test_they_are_named_and_passed_over(self, bank: House) -> None:
        """Another service counts in the totals, and is an item of its own."""
        lines = ocr_file([Paid()]).decode().splitlines()
        other = ["NY150020".ljust(80, "0"), "NY150030".ljust(80, "0"), f"NY150088{1:08d}{3:08d}{500:017d}".ljust(80, "0")]
        end = f"NY000089{2:08d}{len(lines) + 3:08d}{125_500:017d}201126".ljust(80, "0")
        batch = imported(bank, ("\n".join([*lines[:-1], *other, end]) + "\n").encode())
        assert [(one["result"], one["message"]) for one in batch["items"]] == [("CREATED", "Payment booked"), ("UNCHANGED", "Assignment skipped")]
        assert batch["items"][1]["warnings"][0]["message"] == "15 is not a known value of service"
