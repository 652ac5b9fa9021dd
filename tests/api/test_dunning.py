"""Dunning runs over HTTP: letters, fees, steps, holds, proposals, hand-over."""

from __future__ import annotations

import csv
import io
from base64 import b64decode
from decimal import Decimal
from typing import Any

import pytest

from tests.api.bank import content_of
from tests.api.dunning import business, claim, consumer, fees, item, letters, on, run
from tests.api.support import amounts, configure, created, exchange_rate, in_order, invoice, payment, posting, shown
from tests.bank_messages import BANK_ACCOUNTS
from tests.house import House, exact_json
from tests.pdf_pages import text_of

DAY = "2026-11-25"


@pytest.fixture
def books(house: House) -> House:
    """A client with a bank account, a consumer and a company."""
    configure(house, "bank.accounts", [{"bankAccountNo": "86011117947", "currency": "NOK", "glAccount": "1920", "source": "OCR"}])
    consumer(house)
    business(house)
    return house


class TestOneLetter:
    def test_the_document_the_posting_and_the_claim(self, books: House) -> None:
        """A reminder with the fee of the day: an RM document over 38, posted like any, and the claim one step on."""
        claim(books, "26001")
        (result,) = run(books)
        number = result["documentNo"]
        assert (result["result"], result["message"], result["customerNo"]) == ("CREATED", "Document created", "100001")
        document = shown(books, number, "aritem")
        assert (document["documentType"], document["documentDate"], document["dueDate"]) == ("RM", DAY, "2026-12-09")
        assert document["currencyAmounts"] == {"exclVat": 38, "vat": 0, "inclVat": 38}
        assert [(line["lineType"], line["referenceDocumentNo"]) for line in document["documentLines"]] == [("FEE", "26001"), ("TXT", "26001")]
        assert posting(books, number) == [("1500", 38, None), ("3900", -38, "7")]
        fee = document["arItem"]
        assert (fee["claimKind"], fee["claimArItemId"], fee["arItemId"]) == ("COST", item(books, "26001")["arItemId"], result["arItemId"])
        reminded = item(books, "26001")
        assert (reminded["reminderLevel"], reminded["lastReminderDate"]) == (1, DAY)
        in_order(books)

    def test_the_bundle_and_the_letter(self, books: House) -> None:
        """One bundle of the type REMINDER with the document and its letter."""
        claim(books, "26001")
        (result,) = run(books)
        (bundle,) = books.get("/documentbundles?expand=documents,files").json()["documentBundles"]
        assert (bundle["bundleType"], bundle["customerNo"], bundle["status"]) == ("REMINDER", "100001", "SEALED")
        assert bundle["bundleReference"] is None
        assert [document["documentNo"] for document in bundle["documents"]] == [result["documentNo"]]
        assert [file["fileId"] for file in bundle["files"]] == [result["fileId"]]
        assert bundle["fileCount"] == 1

    def test_what_the_letter_says(self, books: House) -> None:
        """Claims, fee with its rule, deadline, KID, account, what follows: frozen with the document."""
        lines = [{"lineNo": 1, "lineType": "PLH", "articleName": "Ved", "currencyAmounts": amounts(1000, 250)}]
        claim(books, "26001", documentLines=lines)
        (result,) = run(books)
        (letter,) = letters(books)
        assert letter["kind"] == "REMINDER"
        assert (letter["letter_date"], letter["deadline"], letter["next_step"], letter["step"]) == (DAY, "2026-12-09", "COLLECTION-NOTICE", 1)
        (line,) = letter["claims"]
        assert (line["document_no"], line["due_date"], line["text"]) == ("26001", "2026-10-19", "Ved")
        assert [Decimal(line[name]) for name in ("original", "open_amount", "fee", "interest")] == [1250, 1250, 0, 0]
        (fee,) = letter["fees"]
        assert (fee["rule"], Decimal(fee["amount"]), fee["fraction"], Decimal(fee["base_amount"])) == ("REMINDER-FEE", 38, "1/20", 750)
        assert letter["payment"]["kid"] == shown(books, result["documentNo"])["kid"]
        assert letter["payment"]["bank_account_no"] == "86011117947"
        assert (letter["receiver"]["name"], letter["receiver"]["consumer"]) == ("Kari Prøve", True)
        assert letter["receiver"]["address_lines"] == ["Prøveveien 4", "0150 Oslo"]

    def test_one_letter_for_all_claims_with_one_fee(self, books: House) -> None:
        """The fee is on the oldest claim; the KID of the letter pays all of them and the fee."""
        claim(books, "26002", due="2026-10-20", amount=400)
        claim(books, "26001", due="2026-10-19", amount=1000)
        (result,) = run(books)
        assert fees(books) == [("RM", Decimal(38))]
        assert item(books, result["documentNo"])["claimArItemId"] == item(books, "26001")["arItemId"]
        assert [item(books, number)["reminderLevel"] for number in ("26001", "26002")] == [1, 1]
        created(books, payment(1788, kid=shown(books, result["documentNo"])["kid"], documentDate=DAY))
        assert [item(books, number)["status"] for number in ("26001", "26002", result["documentNo"])] == ["CLOSED"] * 3
        in_order(books)

    def test_a_letter_without_fee_posts_nothing_and_is_paid_by_its_kid(self, books: House) -> None:
        """A plan without fees: a document of 0, no item, and its KID means the claims it names."""
        configure(books, "dunning.plan", [{"step": 1, "type": "REMINDER", "afterDays": 14, "deadlineDays": 14, "fee": False}])
        claim(books, "26001")
        claim(books, "26002", due="2026-10-20")
        (result,) = run(books)
        document = shown(books, result["documentNo"])
        assert (document["arItemId"], document["transactionNo"], document["currencyAmounts"]["inclVat"]) == (None, None, 0)
        assert "arItemId" not in result
        created(books, payment(2500, kid=document["kid"], documentDate=DAY))
        assert [item(books, number)["status"] for number in ("26001", "26002")] == ["CLOSED", "CLOSED"]
        in_order(books)


class TestTheTimeline:
    def test_from_reminder_to_hand_over(self, books: House) -> None:
        """Each step on its first day and not the day before, each fee once; then the claim is with collection."""
        configure(books, "collection.organizationId", "org-1")
        claim(books, "26001")
        assert run(books, "2026-11-01") == []
        assert [result["message"] for result in run(books, "2026-11-02")] == ["Document created"]  # 19 October and 14 days
        # The deadline is 16 November; with three days of grace the 20th is the first day after it.
        assert run(books, "2026-11-19") == []
        assert [result["message"] for result in run(books, "2026-11-20")] == ["Document created"]
        # 4 December, and the 8th.
        assert run(books, "2026-12-07") == []
        assert [(result["result"], result["message"]) for result in run(books, "2026-12-08")] == [("UPDATED", "Claim handed over")]
        assert run(books, "2026-12-09") == []
        assert fees(books) == [("RM", Decimal(38)), ("RM", Decimal(38))]
        handed = item(books, "26001")
        assert (handed["reminderLevel"], handed["collectionStatus"]) == (2, "HANDED-OVER")
        in_order(books)

    def test_a_payment_ends_it(self, books: House) -> None:
        """What is paid gets no further letter, and a fee that is left alone is not dunned."""
        claim(books, "26001")
        run(books, "2026-11-02")
        created(books, payment(1250, documentDate="2026-11-10", referenceDocumentNo="26001"))
        assert run(books, "2026-11-25") == []

    def test_the_notice_bears_a_fee_of_its_own_kind(self, books: House) -> None:
        """The second letter's fee item says which it is, so that no third one is charged by hand."""
        claim(books, "26001")
        run(books, "2026-11-02")
        run(books, "2026-11-20")
        on(books, "2026-12-20")
        sent = {"documentNo": "26001", "feeCode": "REMINDER", "amount": 38}
        answer = books.post("/autopostings/fee", {"autoPostings": [sent]})
        assert answer.status_code == 422
        assert answer.json()["autoPostings"][0]["errors"][0]["code"] == "FEE-LIMIT"

    def test_a_fee_charged_by_hand_counts(self, books: House) -> None:
        """Two fees on a claim are the most, whoever charged them."""
        claim(books, "26001")
        on(books, "2026-11-03")
        sent = {"documentNo": "26001", "feeCode": "REMINDER", "amount": 38, "postingDate": "2026-11-03"}
        assert books.post("/autopostings/fee", {"autoPostings": [sent]}).status_code == 200
        assert len(run(books, "2026-11-25")) == 1
        assert len(run(books, "2026-12-14")) == 1
        assert len(fees(books)) == 2

    def test_the_plans_weekend_rule(self, books: House) -> None:
        """Due on Saturday 17 October counts as Monday the 19th."""
        claim(books, "26001", due="2026-10-17")
        assert run(books, "2026-10-31") == []
        assert run(books, "2026-11-01") == []
        assert len(run(books, "2026-11-02")) == 1


class TestWhatIsLeftOut:
    def test_holds_disputes_reservations_statuses(self, books: House) -> None:
        """Each of them stops the letter; when all are gone it is sent."""
        claim(books, "26001")
        books.put("/aritems", {"arItem": {"documentNo": "26001", "disputed": True, "disputeReason": "Wrong goods"}})
        assert run(books) == []
        books.put("/aritems", {"arItem": {"documentNo": "26001", "disputed": False, "stopReminderUntil": DAY}})
        assert run(books) == []
        books.put("/aritems", {"arItem": {"documentNo": "26001", "stopReminderUntil": ""}})
        books.put("/customers", {"customer": {"customerNo": "100001", "stopReminderUntil": "9999-12-31"}})
        assert run(books) == []
        for status in ("DECEASED", "BANKRUPT", "DISSOLVED"):
            books.put("/customers", {"customer": {"customerNo": "100001", "stopReminderUntil": "", "registrationStatusCode": status}})
            assert run(books) == []
        books.put("/customers", {"customer": {"customerNo": "100001", "registrationStatusCode": "NORMAL"}})
        reserved = books.post("/paymentreservations", {"paymentReservation": {"paymentId": "p-1", "documentNo": "26001", "amount": 1250}})
        assert reserved.status_code == 201
        assert run(books) == []
        assert books.post(f"/paymentreservations/{reserved.json()['paymentReservationId']}/release").status_code == 200
        assert len(run(books)) == 1
        assert fees(books) == [("RM", Decimal(38))]

    def test_open_credit_of_the_customer(self, books: House) -> None:
        """An unapplied payment that covers the older claim leaves the newer one."""
        claim(books, "26001")
        claim(books, "26002", due="2026-10-20")
        created(books, payment(1250, documentDate="2026-11-01"))
        (result,) = run(books)
        assert [line["document_no"] for line in letters(books)[0]["claims"]] == ["26002"]
        assert item(books, result["documentNo"])["claimArItemId"] == item(books, "26002")["arItemId"]

    def test_credit_that_covers_a_claim_in_part_is_taken_off(self, books: House) -> None:
        """The claim is shown as it stands, the credit beside it, and the giro section asks for the rest."""
        claim(books, "26001")
        created(books, payment(1000, documentDate="2026-11-01"))
        configure(books, "matching.auto", False)
        proposed = run(books, validateOnly=True)
        rows = list(csv.DictReader(io.StringIO(content_of(books, proposed[-1]["fileId"]).decode("utf-8-sig"))))
        assert [(row["openAmount"], row["credit"], row["fee"], row["totalAmount"]) for row in rows] == [("1250.00", "1000.00", "38.00", "288.00")]
        (result,) = run(books)
        (letter,) = letters(books)
        assert (Decimal(letter["credit"]), [Decimal(line["open_amount"]) for line in letter["claims"]]) == (1000, [1250])
        words = text_of(content_of(books, result["fileId"]))
        assert "Til gode, trukket fra −1 000,00" in words and "288,00" in words and "1 288,00" not in words

    def test_a_total_below_the_minimum(self, books: House) -> None:
        """40 and its VAT are sent as soon as another claim lifts the letter above 50."""
        claim(books, "26001", amount=32)
        assert run(books) == []
        claim(books, "26002", amount=8)
        assert len(run(books)) == 1

    def test_steps_above_the_maximum(self, books: House) -> None:
        """maximumStep 1 leaves the notice for another day."""
        claim(books, "26001")
        run(books, "2026-11-02")
        assert run(books, "2026-11-20", maximumStep=1) == []
        assert len(run(books, "2026-11-20", maximumStep=2)) == 1

    def test_other_customers(self, books: House) -> None:
        """customerNos limits the run, whatever their case and however often they are named; unknown ones fail."""
        consumer(books, "Ab-1")
        claim(books, "26001")
        claim(books, "26002", customerNo="Ab-1")
        items = run(books, customerNos=["nobody", "AB-1", "ab-1"], clientReference="r-1")
        assert [(result["result"], result["customerNo"], result["clientReference"]) for result in items] == [
            ("FAILED", "nobody", "r-1"),
            ("CREATED", "Ab-1", "r-1"),
        ]
        assert [error["code"] for error in items[0]["errors"]] == ["CUSTOMER-UNKNOWN"]
        assert [result["customerNo"] for result in run(books)] == ["100001"]


class TestCurrenciesAndBusinesses:
    def test_the_fee_in_another_currency_is_rounded_down(self, books: House) -> None:
        """38 kroner at 11.53 are 3.2957 euros."""
        exchange_rate(books, "EUR", "11.53")
        claim(books, "26001", currency="EUR")
        claim(books, "26002")
        assert len(run(books)) == 2
        assert sorted(fees(books)) == [("RM", Decimal("3.29")), ("RM", Decimal(38))]
        in_order(books)

    def test_without_an_account_to_pay_to_nothing_is_sent(self, books: House) -> None:
        """No letter, no fee; a letter in another currency asks to be paid to the account of the base currency when it has none of its own."""
        exchange_rate(books, "EUR", "11.53")
        claim(books, "26001", currency="EUR")
        claim(books, "26002", customerNo="100002")
        configure(books, "bank.accounts", [])
        for options in ({"validateOnly": True}, {}):
            results = run(books, **options)[:2]
            assert [(result["result"], [error["code"] for error in result["errors"]]) for result in results] == [("FAILED", ["VALUE-MISSING"])] * 2
        assert results[0]["errors"][0]["message"] == "No bank.accounts EUR is known for 2026-11-25"
        assert (fees(books), letters(books)) == ([], [])
        configure(books, "bank.accounts", BANK_ACCOUNTS[:1])
        assert len(run(books)) == 2
        assert [letter["payment"]["bank_account_no"] for letter in letters(books)] == ["12345678903"] * 2

    def test_no_rate_no_fee(self, books: House) -> None:
        """The letter is sent all the same."""
        claim(books, "26001", currency="USD", exchangeRate=10)
        (result,) = run(books)
        assert shown(books, result["documentNo"])["currencyAmounts"]["inclVat"] == 0
        assert fees(books) == []

    def test_the_compensation_of_every_claim_takes_the_place_of_the_fee(self, books: House) -> None:
        """430 for claims due in the second half of 2026, once each; the letter's 38 do not exceed it."""
        configure(books, "interest.compensation", True)
        claim(books, "26001", customerNo="100002")
        claim(books, "26002", customerNo="100002", due="2026-10-20")
        claim(books, "26003")
        assert len(run(books, "2026-11-04")) == 2
        assert sorted(fees(books)) == [("FE", Decimal(430)), ("FE", Decimal(430)), ("RM", Decimal(38))]
        letter = next(letter for letter in letters(books) if letter["customer_no"] == "100002")
        assert [(fee["rule"], fee["document_no"]) for fee in letter["fees"]] == [("COMPENSATION", "26001"), ("COMPENSATION", "26002")]
        assert [Decimal(line["fee"]) for line in letter["claims"]] == [0, 0]
        assert len(run(books, "2026-11-23")) == 2
        assert sorted(fees(books)) == [("FE", Decimal(430)), ("FE", Decimal(430)), ("RM", Decimal(38)), ("RM", Decimal(38))]
        notice = letters(books)[-1] if letters(books)[-1]["customer_no"] == "100002" else letters(books)[-2]
        assert [Decimal(line["fee"]) for line in notice["claims"]] == [430, 430]
        in_order(books)

    def test_a_day_whose_fee_nobody_knows(self, books: House) -> None:
        """Before 2016 there is no inkassosats: the run says so and does nothing."""
        claim(books, "26001")
        (result,) = run(books, validateOnly=True, runDate="2015-06-01")
        assert (result["result"], [error["code"] for error in result["errors"]]) == ("FAILED", ["VALUE-MISSING"])

    def test_an_account_that_cannot_be_posted_to(self, books: House) -> None:
        """The customer's part fails and leaves nothing behind; other letters are made."""
        claim(books, "26001")
        assert books.put("/glaccounts/3900", {"glAccount": {"active": False}}).status_code == 200
        (result,) = run(books)
        assert (result["result"], result["customerNo"], [error["code"] for error in result["errors"]]) == ("FAILED", "100001", ["ACCOUNT-UNKNOWN"])
        assert (fees(books), letters(books), item(books, "26001")["reminderLevel"]) == ([], [], 0)
        assert books.rows("select count(*) from document_bundle") == [(0,)]


class TestRepeating:
    def test_a_run_may_be_repeated_on_its_day(self, books: House) -> None:
        """Nothing is made twice, however the runs are cut."""
        claim(books, "26001")
        claim(books, "26002", customerNo="100002")
        assert [result["customerNo"] for result in run(books, customerNos=["100001"])] == ["100001"]
        assert [result["customerNo"] for result in run(books)] == ["100002"]
        assert run(books) == []
        assert run(books, customerNos=["100001", "100002"], maximumStep=9) == []
        assert len(fees(books)) == len(letters(books)) == 2

    def test_what_becomes_overdue_meanwhile_is_added(self, books: House) -> None:
        """A claim that came after the first run of the day is dunned by the second."""
        claim(books, "26001")
        run(books)
        claim(books, "26002")
        assert len(run(books)) == 1
        assert [item(books, number)["reminderLevel"] for number in ("26001", "26002")] == [1, 1]


class TestValidateOnly:
    def test_nothing_is_booked_and_everything_is_listed(self, books: House) -> None:
        """An item for each letter that would be made, and a file with the figures."""
        claim(books, "26001")
        claim(books, "26002", customerNo="100002", due="2026-10-20")
        before = books.rows("select (select count(*) from document), (select count(*) from ar_item), (select count(*) from gl_item)")
        items = run(books, validateOnly=True, runDate="2026-11-24")
        assert [(result["result"], result["message"], result.get("customerNo")) for result in items] == [
            ("UNCHANGED", "A reminder would be made", "100001"),
            ("UNCHANGED", "A reminder would be made", "100002"),
            ("CREATED", "File created", None),
        ]
        assert books.rows("select (select count(*) from document), (select count(*) from ar_item), (select count(*) from gl_item)") == before
        assert item(books, "26001")["reminderLevel"] == 0
        assert books.rows("select count(*) from run_proposal") == [(0,)]
        file = books.get(f"/files/{items[-1]['fileId']}?expand=content").json()
        assert (file["fileType"], file["direction"], file["fileName"]) == ("PROPOSAL", "OUT", "dunning-2026-11-25.csv")
        rows = list(csv.DictReader(io.StringIO(b64decode(file["content"]).decode("utf-8-sig"))))
        assert [
            (row["customerNo"], row["step"], row["type"], row["documentNos"], row["openAmount"], row["fee"], row["totalAmount"]) for row in rows
        ] == [
            ("100001", "1", "REMINDER", "26001", "1250.00", "38.00", "1288.00"),
            ("100002", "1", "REMINDER", "26002", "1250.00", "38.00", "1288.00"),
        ]
        assert {row["deadline"] for row in rows} == {"2026-12-08"}
        assert letters(books) == []

    def test_the_file_is_in_the_language_asked_for(self, books: House) -> None:
        """Semicolons and decimal commas in Norwegian."""
        claim(books, "26001")
        answer = books.post("/actions", {"action": {"actionType": "DUNNING-RUN", "validateOnly": True}}, headers={"Accept-Language": "nb"})
        books.work()
        items = books.get(f"/batches/{answer.json()['batchUuid']}").json()["items"]
        content = b64decode(books.get(f"/files/{items[-1]['fileId']}?expand=content").json()["content"]).decode("utf-8-sig")
        assert "En purring ville blitt laget" in content
        assert "1288,00" in content

    def test_with_nothing_to_do_the_file_has_no_rows(self, books: House) -> None:
        """The head alone."""
        (result,) = run(books, validateOnly=True)
        content = b64decode(books.get(f"/files/{result['fileId']}?expand=content").json()["content"]).decode("utf-8-sig")
        assert len(content.splitlines()) == 1


class TestHandover:
    def ready(self, books: House, number: str = "26001", **values: Any) -> None:
        """A claim whose notice has been missed on 8 December."""
        claim(books, number, **values)
        run(books, "2026-11-02")
        run(books, "2026-11-20")

    def test_what_the_collection_api_will_receive(self, books: House) -> None:
        """The claim with its letters, fees, payments and debtor, under the key that makes it one claim there."""
        configure(books, "collection.organizationId", "org-1")
        configure(books, "collection.creditorNumber", "C-7")
        lines = [{"lineNo": 1, "lineType": "PLH", "lineText": "Ved", "currencyAmounts": amounts(1000, 250)}]
        self.ready(books, documentLines=lines, kid="0010017")
        created(books, payment(200, documentDate="2026-11-25", referenceDocumentNo="26001"))
        (result,) = run(books, "2026-12-08")
        assert (result["result"], result["documentNo"], result["arItemId"]) == ("UPDATED", "26001", item(books, "26001")["arItemId"])
        ((number, organization, body),) = books.rows("select message_no, organization_id, body from collection_message")
        assert (number, organization) == (1, "org-1")
        assert body["uniqueSourceInvoiceId"] == f"arm:{books.client_no}:{result['arItemId']}"
        assert (body["type"], body["collectionNoticeDate"], body["invoiceNumber"], body["kid"]) == ("NOTICE", "2026-11-20", "26001", "0010017")
        assert (body["invoiceDate"], body["dueDate"], body["currency"], body["description"]) == ("2026-10-05", "2026-10-19", "NOK", "Ved")
        assert (body["creditorNumber"], body["transferOption"], body["fees"]) == ("C-7", 30, True)
        # The payment covered both fees first.
        assert body["originalInvoiceAmount"] - body["remainingAmount"] == sum(entry["amount"] for entry in body["priorPayments"]) == 124
        assert [(entry["type"], entry["date"]) for entry in body["priorPayments"]] == [("PAYMENT", "2026-11-25")]
        assert [
            (entry["type"], entry["sentDate"], entry["deadline"], entry["feeAmount"], entry["feeCharged"]) for entry in body["priorReminders"]
        ] == [("REMINDER", "2026-11-02", "2026-11-16", 0, 38), ("COLLECTION_NOTICE", "2026-11-20", "2026-12-04", 0, 38)]
        (debtor,) = body["debtors"]
        assert (debtor["type"], debtor["consumer"], debtor["fullName"], debtor["customerNumber"]) == ("PRIVATE", True, "Kari Prøve", "100001")
        assert debtor["address"] == {"line1": "Prøveveien 4", "postalCode": "0150", "city": "Oslo", "countryCode": "NO"}
        assert body["interest"] == {"kind": "STATUTORY"}
        log = books.get("/logitems?event=CLAIM-HANDED-OVER").json()["logItems"]
        assert [(entry["customerNo"], entry["documentNo"], entry["source"]) for entry in log] == [("100001", "26001", "RUN")]

    def test_what_a_handler_has_to_know(self, books: House) -> None:
        """A guardian, a mobile number, the files of the document; numbers that fail their check are left out and logged; an address to be found."""
        configure(books, "collection.organizationId", "org-1")
        consumer(books, registrationStatusCode="GUARDIANSHIP", phoneNo="40000017", ssn="01010112345")
        business(books, registrationStatusCode="EMIGRATED", phoneNo="22000017", organizationNo="123456789")
        text = {"fileType": "ATTACHMENT", "contentType": "text/plain"}
        (named,) = books.post("/files", {"files": [{"fileName": "a.txt", "content": "Tmkx", **text}]}).json()["files"]
        self.ready(books, attachmentFiles=[{"fileId": named["fileId"], "fileName": "a"}])
        (uploaded,) = books.post("/files", {"files": [{"fileName": "b.txt", "content": "VWw=", "documentNo": "26001", **text}]}).json()["files"]
        claim(books, "26002", customerNo="100002")
        run(books, "2026-11-02")
        run(books, "2026-11-23")
        assert [result["message"] for result in run(books, "2026-12-15")] == ["Claim handed over"] * 2
        rows = books.rows("select message_type, message_no, body from collection_message order by ar_item_id, message_no")
        assert [(kind, number) for kind, number, _ in rows] == [("CREATE-INVOICE", 1), ("CREATE-INVOICE", 1), ("CREATE-TASK", 2)]
        person, company, task = (body for _, _, body in rows)
        (debtor,) = person["debtors"]
        assert (debtor["guardian"], debtor["phone"], debtor["mobile"]) == ({"kind": "GUARDIAN"}, "40000017", "+4740000017")
        assert "nationalId" not in debtor
        assert [(file["fileId"], file["mimeType"], file["kind"]) for file in person["attachments"]] == [
            (named["fileId"], "text/plain", "INVOICE"),
            (uploaded["fileId"], "text/plain", "INVOICE"),
        ]
        (debtor,) = company["debtors"]
        assert not {"guardian", "mobile", "organizationNumber"} & debtor.keys() and "attachments" not in company
        assert task == {"kind": "FIND_ADDRESS", "customerNumber": "100002", "uniqueSourceInvoiceId": company["uniqueSourceInvoiceId"]}
        log = books.get("/logitems?event=HANDOVER-INCOMPLETE&expand=changes").json()["logItems"]
        assert {entry["documentNo"]: entry["changes"] for entry in log} == {
            "26001": [{"field": "ssn", "oldValue": "010101*****", "newValue": None}],
            "26002": [{"field": "organizationNo", "oldValue": "1234*****", "newValue": None}],
        }

    def test_without_a_link_it_is_skipped_with_a_warning(self, books: House) -> None:
        """The claim stays, and the run says what is missing."""
        self.ready(books)
        (result,) = run(books, "2026-12-08")
        assert (result["result"], [warning["code"] for warning in result["warnings"]]) == ("UNCHANGED", ["VALUE-MISSING"])
        assert "collection.organizationId" in result["warnings"][0]["message"]
        assert item(books, "26001")["collectionStatus"] == "NONE"
        assert books.rows("select count(*) from collection_message") == [(0,)]

    def test_what_stays_is_listed_with_the_reason(self, books: House) -> None:
        """Hold, credit, no postal code; in the end it goes, with its fees."""
        configure(books, "collection.organizationId", "org-1")
        self.ready(books)
        books.put("/aritems", {"arItem": {"documentNo": "26001", "stopDebtCollectionUntil": "2026-12-08"}})
        assert [result["message"] for result in run(books, "2026-12-08")] == ["Not handed over: letters or collection are on hold"]
        books.put("/customers", {"customer": {"customerNo": "100001", "postalAddress": {"addressLine1": "Uten sted"}}})
        assert [result["message"] for result in run(books, "2026-12-09")] == ["Not handed over: the customer has no postal code"]
        created(books, payment(5, documentDate="2026-12-09"))
        assert [result["message"] for result in run(books, "2026-12-09")] == ["Not handed over: the customer has open credit"]
        (result,) = run(books, "2026-12-09", validateOnly=True)[:1]
        assert result["message"] == "Not handed over: the customer has open credit"

    def test_what_is_handed_over_is_not_the_creditors_any_more(self, books: House) -> None:
        """The fee items of the claim are marked with it; a second run hands nothing over again."""
        configure(books, "collection.organizationId", "org-1")
        self.ready(books)
        assert len(run(books, "2026-12-08", validateOnly=True)) == 2
        assert item(books, "26001")["collectionStatus"] == "NONE"
        assert len(run(books, "2026-12-08")) == 1
        assert run(books, "2026-12-08") == []
        statuses = {entry["collectionStatus"] for entry in exact_json(books.get("/aritems?status=OPEN"))["arItems"]}
        assert statuses == {"HANDED-OVER"}
        answer = books.post("/autopostings/fee", {"autoPostings": [{"documentNo": "26001", "feeCode": "OTHER", "amount": 1}]})
        assert answer.json()["autoPostings"][0]["errors"][0]["code"] == "STATE-CONFLICT"

    def test_a_claim_that_was_refused_is_told_again(self, books: House) -> None:
        """Back on the dunning list it goes with the next run, under the same key and the next number."""
        configure(books, "collection.organizationId", "org-1")
        self.ready(books)
        run(books, "2026-12-08")
        with books.database.transaction(books.client_no) as transaction:
            transaction.execute("update ar_item set details = details || '{\"collectionStatus\": \"REFUSED\"}' where document_no = '26001'")
        assert [result["message"] for result in run(books, "2026-12-09")] == ["Claim handed over"]
        messages = books.rows("select message_no, body ->> 'uniqueSourceInvoiceId' from collection_message order by message_no")
        assert [number for number, _ in messages] == [1, 2]
        assert messages[0][1] == messages[1][1]

    @pytest.mark.parametrize(
        ("held", "told"),
        [
            ("2026-12-31", {"kind": "STATUTORY", "fromDate": "2027-01-01"}),
            ("2026-12-01", {"kind": "STATUTORY", "fromDate": "2026-12-16"}),
            ("9999-12-31", {"kind": "NONE"}),
        ],
    )
    def test_a_hold_of_interest_goes_with_the_claim(self, books: House, held: str, told: dict[str, str]) -> None:
        """The later of the customer's and the claim's; for ever means no interest at all."""
        configure(books, "collection.organizationId", "org-1")
        self.ready(books)
        books.customer("100001", stopInterestCalcUntil=held)
        answer = books.put("/aritems", {"arItem": {"documentNo": "26001", "stopInterestCalcUntil": "2026-12-15"}})
        assert answer.status_code == 200, answer.text
        run(books, "2026-12-08")
        assert books.rows("select body -> 'interest' from collection_message") == [(told,)]

    @pytest.mark.parametrize(
        ("rate", "category", "told"),
        [
            ("24", "CONS", {"kind": "STATUTORY"}),
            ("8", "CONS", {"kind": "AGREED", "agreedRatePercent": 8}),
            ("24", "BUSN", {"kind": "AGREED", "agreedRatePercent": 24}),
        ],
    )
    def test_an_agreed_rate_goes_with_the_claim_as_far_as_the_law_allows(self, books: House, rate: str, category: str, told: dict[str, Any]) -> None:
        """A consumer owes at most the statutory rate."""
        configure(books, "collection.organizationId", "org-1")
        configure(books, "interest.rate", "AGREED")
        configure(books, "interest.agreedRate", int(rate))
        consumer(books, customerCategory=category)
        self.ready(books)
        run(books, "2026-12-08")
        assert books.rows("select body -> 'interest' from collection_message") == [(told,)]


class TestWhatLettersSay:
    def test_abroad_in_another_language_without_kid(self, books: House) -> None:
        """English for a Swede, the IBAN of the account, the country under the address, no KID when the client has none made."""
        configure(books, "kid.generate", False)
        address = {"addressLine1": "Storgatan 1", "postalCode": "11122", "cityName": "Stockholm", "countryText": "SVERIGE", "countryCode": "SE"}
        consumer(books, "300001", language="sv", postalAddress=address)
        claim(books, "26001", customerNo="300001")
        run(books)
        (letter,) = letters(books)
        assert letter["language"] == "en"
        assert letter["receiver"]["address_lines"] == ["Storgatan 1", "11122 Stockholm", "SVERIGE"]
        assert letter["payment"] == {"kid": "", "bank_account_no": "86011117947", "iban": "NO9386011117947", "bic": ""}
        assert letter["claims"][0]["kind"] == "IN"

    def test_a_country_without_a_text_is_written_out(self, books: House) -> None:
        """In capitals and in English, which every post office reads."""
        consumer(books, "300001", postalAddress={"addressLine1": "1 Test St", "postalCode": "1", "cityName": "Seoul", "countryCode": "KR"})
        claim(books, "26001", customerNo="300001")
        run(books)
        (letter,) = letters(books)
        assert letter["receiver"]["address_lines"] == ["1 Test St", "1 Seoul", "SOUTH KOREA"]

    def test_the_interest_that_runs(self, books: House) -> None:
        """An agreed rate above the statutory one holds for businesses only; without interest the letter says nothing of it."""
        configure(books, "interest.rate", "AGREED")
        configure(books, "interest.agreedRate", 20)
        claim(books, "26001")
        claim(books, "26002", customerNo="100002")
        run(books)
        told = {letter["customer_no"]: letter["interest"] for letter in letters(books)}
        assert (told["100002"]["rule"], Decimal(told["100002"]["rate"])) == ("AGREED", 20)
        assert (told["100001"]["rule"], Decimal(told["100001"]["rate"])) == ("STATUTORY", Decimal("12.25"))
        configure(books, "interest.enabled", False)
        claim(books, "26003")
        run(books)
        assert letters(books)[-1]["interest"] is None

    def test_interest_on_hold_is_not_announced(self, books: House) -> None:
        """The claims on which it is held are named; when it is held on all of them, the letter says nothing of it."""
        claim(books, "26001")
        claim(books, "26002")
        claim(books, "26003", customerNo="100002")
        for number in ("26002", "26003"):
            assert books.put("/aritems", {"arItem": {"documentNo": number, "stopInterestCalcUntil": "2026-12-31"}}).status_code == 200
        first, second = run(books)
        told = {letter["customer_no"]: letter["interest"] for letter in letters(books)}
        assert (told["100001"]["not_on"], told["100002"]) == (["26002"], None)
        words = {result["customerNo"]: text_of(content_of(books, result["fileId"])) for result in (first, second)}
        assert "Det gjelder ikke 26002, der renten er stilt i bero." in words["100001"]
        assert "forsinkelsesrente" not in words["100002"].lower()
        books.customer("100001", stopInterestCalcUntil="9999-12-31")
        run(books, "2026-12-15")
        assert [letter["interest"] for letter in letters(books)[2:]] == [None, None]

    def test_a_reminder_may_give_fewer_than_fourteen_days(self, books: House) -> None:
        """The plan decides; a fee of the next letter is then not allowed."""
        steps = [
            {"step": 1, "type": "REMINDER", "afterDays": 14, "deadlineDays": 7, "fee": True},
            {"step": 2, "type": "COLLECTION-NOTICE", "afterDays": 0, "deadlineDays": 14, "fee": True},
        ]
        configure(books, "dunning.plan", steps)
        claim(books, "26001")
        assert len(run(books, "2026-11-02")) == 1
        assert letters(books)[0]["deadline"] == "2026-11-09"
        (result,) = run(books, "2026-11-13")
        assert shown(books, result["documentNo"])["currencyAmounts"]["inclVat"] == 0
        assert fees(books) == [("RM", Decimal(38))]

    def test_interest_that_stands_alone(self, books: House) -> None:
        """An interest note that names two invoices is dunned when they are paid, without a fee."""
        first, second = claim(books, "26001"), claim(books, "26002")
        lines = [{"lineNo": n, "lineType": "INT", "currencyAmounts": amounts(100, 0), "referenceDocumentNo": f"2600{n}"} for n in (1, 2)]
        note = {"documentDate": "2026-10-20", "dueDate": "2026-11-03", "currencyAmounts": amounts(200, 0), "documentLines": lines}
        created(books, invoice(documentType="IT", documentNo="T-1", **note))
        for paid in (first, second):
            created(books, payment(1250, documentDate="2026-11-02", referenceDocumentNo=paid["documentNo"]))
        (result,) = run(books)
        (letter,) = letters(books)
        ((line,), fees_of_letter) = letter["claims"], letter["fees"]
        assert (line["document_no"], Decimal(line["open_amount"]), Decimal(line["interest"]), fees_of_letter) == ("T-1", 0, 200, [])
        assert "arItemId" not in result
        assert item(books, "T-1")["reminderLevel"] == 1


def test_a_kid_of_a_letter_sent_by_a_caller(books: House) -> None:
    """A reminder of 0 posted over HTTP names two claims in its text lines: its KID pays both."""
    claim(books, "26001")
    claim(books, "26002")
    lines = [{"lineNo": n, "lineType": "TXT", "referenceDocumentNo": f"2600{n}"} for n in (1, 2)]
    created(books, invoice(documentType="RM", documentNo="R-1", documentDate=DAY, currencyAmounts=amounts(0, 0), documentLines=lines))
    created(books, payment(2500, kid=shown(books, "R-1")["kid"], documentDate=DAY))
    assert [item(books, number)["status"] for number in ("26001", "26002")] == ["CLOSED", "CLOSED"]
