"""INTEREST-RUN: what it charges, what it holds back, and that no day is ever charged twice."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from reskontro.batches.starting import queue_run
from reskontro.kit.ids import new_id
from reskontro.receivable.interest_run.run import INTEREST_RUN
from tests.api.postings import booked, items
from tests.api.support import amounts, change_books, configure, created, credit_note, exchange_rate, invoice, posting, shown
from tests.bank_messages import BANK_ACCOUNTS
from tests.conftest import NOW
from tests.house import House, exact_json


@pytest.fixture
def diary(books: House) -> Iterator[House]:
    """A client of its own whose clock is moved by ``on``; after the test it stands where it stood."""
    configure(books, "bank.accounts", BANK_ACCOUNTS)
    yield replace(books, _tokens={})
    books.clock.set(NOW)


def on(house: House, day: str) -> None:
    """Let it be noon of a day; tokens of another time are good for nothing then."""
    house.clock.set(datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    house._tokens.clear()


def run(house: House, **action: Any) -> dict[str, Any]:
    """A run from its call to its end, numbers exact."""
    answer = house.post("/actions", {"action": {"actionType": "INTEREST-RUN", **action}})
    assert answer.status_code == 202, answer.text
    house.work()
    return exact_json(house.get(f"/batches/{answer.json()['batchUuid']}?expand=diagnostics"))  # type: ignore[no-any-return]


def notes(house: House) -> list[tuple[Any, ...]]:
    """(customer, amount, what is open) of the interest notes in the ledger."""
    return [(item["customerNo"], item["original"], item["open"]) for item in items(house, "IT")]


def late(house: House, number: str = "1", amount: int = 10_000, customer: str = "100002", **values: Any) -> None:
    """A claim that falls due on 1 June 2026."""
    sent = invoice(documentNo=number, customerNo=customer, documentDate="2026-05-18", dueDate="2026-06-01", currencyAmounts=amounts(amount, 0))
    created(house, sent | values)


def collected(house: House, status: str) -> None:
    """Let the claim be somewhere in collection."""
    change_books(house, "update ar_item set details = details || jsonb_build_object('collectionStatus', %s::text) where document_no = '1'", status)


class TestWhatIsCharged:
    def test_a_paid_claim_bears_interest_for_the_days_it_was_late(self, diary: House) -> None:
        """10 000 due on 1 June, paid on 31 July: 29 days at 12.00 and 31 at 12.25 per cent, 199.38 kroner, in one note with its letter."""
        on(diary, "2026-05-18")
        late(diary)
        on(diary, "2026-07-31")
        booked(diary, "payment", {"documentNo": "1", "amount": 10_000, "paymentDate": "2026-07-31"})
        on(diary, "2026-08-10")
        batch = run(diary)
        assert (batch["result"], batch["entity"], batch["operation"], batch["countSuccessful"]) == ("SUCCESS", "ACTION", "RUN", 1)
        (item,) = batch["items"]
        assert (item["result"], item["message"], item["customerNo"]) == ("CREATED", "Document created", "100002")
        assert notes(diary) == [("100002", Decimal("199.38"), Decimal("199.38"))]
        assert posting(diary, item["documentNo"]) == [("1500", Decimal("199.38"), None), ("8055", Decimal("-199.38"), "7")]
        document = shown(diary, item["documentNo"])
        assert (document["documentType"], document["documentDate"], document["dueDate"]) == ("IT", "2026-08-10", "2026-08-24")
        assert [(line["lineType"], line["referenceDocumentNo"]) for line in document["documentLines"]] == [("INT", "1")]
        letter = exact_json(diary.get(f"/files/{item['fileId']}"))
        assert (letter["fileType"], letter["documentNo"]) == ("LETTER", item["documentNo"])
        (bundle,) = diary.get("/documentbundles?bundletype=INTEREST").json()["documentBundles"]
        assert (bundle["documentCount"], bundle["fileCount"], bundle["customerNo"]) == (1, 1, "100002")

    def test_one_note_for_all_claims_of_a_customer_in_a_currency(self, diary: House) -> None:
        """Each claim rounded by itself; every claim knows until when it is charged, and a KID of the note means all of them."""
        on(diary, "2026-05-18")
        late(diary, "1", 10_000)
        late(diary, "2", 5_000)
        on(diary, "2026-07-01")
        batch = run(diary, interestTo="2026-06-30")
        # 29 days at 12 per cent: 95.342... and 47.671...
        assert notes(diary) == [("100002", Decimal("143.01"), Decimal("143.01"))]
        (item,) = batch["items"]
        assert [line["currencyAmounts"]["inclVat"] for line in shown(diary, item["documentNo"])["documentLines"]] == [
            Decimal("95.34"),
            Decimal("47.67"),
        ]
        found = exact_json(diary.get("/aritems?aritemtype=IN"))["arItems"]
        assert {entry["interestCalculatedUntil"] for entry in found} == {"2026-06-30"}
        kid = shown(diary, item["documentNo"])["kid"]
        booked(diary, "payment", {"kid": kid, "amount": Decimal("15143.01"), "paymentDate": "2026-07-01"})
        assert {entry["openAmount"] for entry in exact_json(diary.get("/aritems"))["arItems"]} == {0}

    def test_credit_notes_and_part_payments_lower_what_is_reckoned_on(self, diary: House) -> None:
        """9 days of 10 000, 10 of 6 000, 10 of 4 000: from the day after each."""
        on(diary, "2026-05-18")
        late(diary)
        on(diary, "2026-06-20")
        booked(diary, "payment", {"documentNo": "1", "amount": 4_000, "paymentDate": "2026-06-10", "postingDate": "2026-06-20"})
        created(diary, credit_note("1", 2_000, 0, documentNo="C1", documentDate="2026-06-20", customerNo="100002"))
        on(diary, "2026-07-01")
        run(diary, interestTo="2026-06-30")
        assert notes(diary)[0][1] == Decimal("62.47")  # (90 000 + 60 000 + 40 000) * 12 % / 365

    def test_a_note_below_the_least_sum_is_not_made_and_its_days_stay_open(self, diary: House) -> None:
        """40 kroner now are part of the 80 of a month later."""
        on(diary, "2026-05-18")
        late(diary, amount=4_200)
        on(diary, "2026-07-01")
        assert run(diary, interestTo="2026-06-30")["items"] == []
        on(diary, "2026-08-01")
        run(diary, interestTo="2026-07-31")
        assert notes(diary)[0][1] == Decimal("83.74")  # 29 days at 12.00 and 31 at 12.25

    def test_a_consumer_owes_no_more_than_the_law_allows(self, diary: House) -> None:
        """Of 24 per cent that were agreed on, a business owes all, a consumer the statutory rate."""
        configure(diary, "interest.rate", "AGREED")
        configure(diary, "interest.agreedRate", 24)
        on(diary, "2026-05-18")
        late(diary, "1", customer="100001")
        late(diary, "2", customer="100002")
        on(diary, "2026-07-01")
        consumer, company = run(diary, interestTo="2026-06-30")["items"]
        assert notes(diary) == [("100001", Decimal("95.34"), Decimal("95.34")), ("100002", Decimal("190.68"), Decimal("190.68"))]
        (warning,) = consumer["warnings"]
        assert (warning["code"], warning["field"]) == ("VALUE-CONFLICT", "interest.agreedRate")
        assert warning["message"] == "interest.agreedRate does not agree with interest.rate STATUTORY; interest.rate STATUTORY was used"
        assert company.get("warnings") in (None, [])

    def test_fees_bear_interest_only_where_the_client_says_so(self, diary: House) -> None:
        """From 30 days after they were charged; the note says what they are."""
        on(diary, "2026-05-18")
        late(diary)
        on(diary, "2026-06-01")
        booked(diary, "fee", {"documentNo": "1", "feeCode": "OTHER", "amount": 1_000})
        on(diary, "2026-07-01")
        configure(diary, "interest.onCosts", True)
        assert diary.put("/aritems", {"arItem": {"documentNo": "1", "disputed": True, "disputeReason": "Broken"}}).status_code == 200
        assert run(diary, interestTo="2026-06-30")["items"] == []
        assert diary.put("/aritems", {"arItem": {"documentNo": "1", "disputed": False}}).status_code == 200
        run(diary, interestTo="2026-06-30")
        assert notes(diary)[0][1] == Decimal("95.34")  # the fee bears none before 2 July
        on(diary, "2026-08-01")
        run(diary, interestTo="2026-07-31")
        assert notes(diary)[1][1] == Decimal("114.11")  # 31 days of the claim, 104.04, and 30 of the fee, 10.07
        lines = diary.rows("select details ->> 'lineText' from document_line where line_type = 'INT' order by incl_vat")
        assert lines[0] == ("Forsinkelsesrente av gebyr av 01.06.2026 på 1, 02.07.2026 til 31.07.2026",)
        # All of it is the claim's: one payment with its number covers fee, interest and principal.
        booked(diary, "payment", {"documentNo": "1", "amount": Decimal("11209.45"), "paymentDate": "2026-08-01"})
        assert {entry["openAmount"] for entry in exact_json(diary.get("/aritems"))["arItems"]} == {0}

    def test_a_foreign_claim_is_charged_in_its_currency(self, diary: House) -> None:
        """At the day's rate; without one the customer's part fails and others go on."""
        on(diary, "2026-05-18")
        late(diary, "1", currency="EUR", exchangeRate=11)
        late(diary, "2", customer="100001")
        on(diary, "2026-07-01")
        batch = run(diary, interestTo="2026-06-30")
        assert [(item["customerNo"], item["result"]) for item in batch["items"]] == [("100001", "CREATED"), ("100002", "FAILED")]
        assert batch["items"][1]["errors"][0]["code"] == "RATE-MISSING"
        assert run(diary, interestTo="2026-06-30", validateOnly=True)["items"][0]["errors"][0]["code"] == "RATE-MISSING"
        exchange_rate(diary, "EUR", "12", "2026-07-01")
        (item,) = run(diary, interestTo="2026-06-30")["items"]
        assert posting(diary, item["documentNo"]) == [("1500", Decimal("1144.08"), None), ("8055", Decimal("-1144.08"), "7")]

    def test_without_an_account_to_pay_to_there_is_no_note(self, diary: House) -> None:
        """And the days stay open."""
        configure(diary, "bank.accounts", [])
        on(diary, "2026-05-18")
        late(diary)
        on(diary, "2026-07-01")
        for options in ({"validateOnly": True}, {}):
            item = run(diary, interestTo="2026-06-30", **options)["items"][0]
            assert (item["result"], item["errors"][0]["code"], item["errors"][0]["field"]) == ("FAILED", "VALUE-MISSING", "bank.accounts")
        assert notes(diary) == []
        configure(diary, "bank.accounts", BANK_ACCOUNTS)
        run(diary, interestTo="2026-06-30")
        assert notes(diary)[0][1] == Decimal("95.34")


class TestWhatIsHeldBack:
    @pytest.mark.parametrize(
        "stop",
        [
            {"stopInterestCalcUntil": "2026-07-01"},
            {"disputed": True, "disputeReason": "Never delivered"},
        ],
    )
    def test_a_stopped_claim_waits_and_its_days_with_it(self, diary: House, stop: dict[str, Any]) -> None:
        on(diary, "2026-05-18")
        late(diary)
        assert diary.put("/aritems", {"arItem": {"documentNo": "1", **stop}}).status_code == 200
        on(diary, "2026-07-01")
        assert run(diary, interestTo="2026-06-30")["items"] == []
        on(diary, "2026-07-02")
        assert diary.put("/aritems", {"arItem": {"documentNo": "1", "disputed": False}}).status_code == 200
        run(diary, interestTo="2026-06-30")
        assert notes(diary)[0][1] == Decimal("95.34")

    @pytest.mark.parametrize("status", ["HANDED-OVER", "IN-COLLECTION"])
    def test_a_claim_with_collection_is_passed_over(self, diary: House, status: str) -> None:
        """Interest is for collection to claim."""
        on(diary, "2026-05-18")
        late(diary)
        collected(diary, status)
        on(diary, "2026-07-01")
        assert run(diary, interestTo="2026-06-30")["items"] == []

    @pytest.mark.parametrize("status", ["REFUSED", "RETURNED", "CLOSED"])
    def test_a_claim_that_collection_has_no_longer_is_charged(self, diary: House, status: str) -> None:
        """Its own dunning may rest; its interest does not."""
        on(diary, "2026-05-18")
        late(diary)
        collected(diary, status)
        on(diary, "2026-07-01")
        run(diary, interestTo="2026-06-30")
        assert notes(diary)[0][1] == Decimal("95.34")

    def test_so_does_a_customer_with_a_stop_date_or_a_stop_status(self, diary: House) -> None:
        on(diary, "2026-05-18")
        late(diary)
        late(diary, "2", customer="100001")
        assert diary.put("/customers", {"customer": {"customerNo": "100002", "stopInterestCalcUntil": "2026-07-01"}}).status_code == 200
        assert diary.put("/customers", {"customer": {"customerNo": "100001", "registrationStatusCode": "DECEASED"}}).status_code == 200
        on(diary, "2026-07-01")
        assert run(diary, interestTo="2026-06-30")["items"] == []

    def test_a_client_that_charges_no_interest_is_told_so(self, diary: House) -> None:
        configure(diary, "interest.enabled", False)
        batch = run(diary)
        assert (batch["result"], [error["code"] for error in batch["items"][0]["errors"]]) == ("FAILED", ["STATE-CONFLICT"])

    def test_a_day_without_a_rate_is_never_guessed(self, diary: House) -> None:
        """The customer's part fails; nothing is charged for the days before either."""
        on(diary, "2026-12-01")
        late(diary, documentDate="2026-12-01", dueDate="2026-12-15")
        on(diary, "2027-02-01")
        batch = run(diary)
        assert (batch["result"], batch["items"][0]["errors"][0]["code"]) == ("FAILED", "VALUE-MISSING")
        assert notes(diary) == []


class TestRepeats:
    def test_a_proposal_lists_and_books_nothing(self, diary: House) -> None:
        on(diary, "2026-05-18")
        late(diary)
        on(diary, "2026-07-01")
        batch = run(diary, interestTo="2026-06-30", validateOnly=True)
        assert [(item["result"], item["message"]) for item in batch["items"]] == [
            ("UNCHANGED", "An interest note would be made"),
            ("CREATED", "File created"),
        ]
        content = exact_json(diary.get(f"/files/{batch['items'][1]['fileId']}?expand=content"))["content"]
        lines = base64.b64decode(content).decode("utf-8-sig").splitlines()
        assert len(lines) == 2 and "95.34" in lines[1]
        assert notes(diary) == []

    def test_unknown_customers_fail_and_stop_nobody(self, diary: House) -> None:
        on(diary, "2026-05-18")
        late(diary)
        late(diary, "2", customer="100001")
        on(diary, "2026-07-01")
        batch = run(diary, interestTo="2026-06-30", customerNos=["nobody", "100002"], clientReference="r")
        assert [(item["customerNo"], item["result"], item["clientReference"]) for item in batch["items"]] == [
            ("nobody", "FAILED", "r"),
            ("100002", "CREATED", "r"),
        ]

    def test_the_same_days_again_charge_nothing(self, diary: House) -> None:
        """One after the other, and asked for by many at once: one note, and afterwards only the days that are new."""
        on(diary, "2026-05-18")
        late(diary)
        on(diary, "2026-07-01")
        body = {"action": {"actionType": "INTEREST-RUN", "interestTo": "2026-06-30"}}
        start = threading.Barrier(32)

        def ask(_: int) -> int:
            start.wait()
            return diary.post("/actions", body).status_code

        token = diary.token()
        assert token
        with ThreadPoolExecutor(32) as pool:
            assert set(pool.map(ask, range(32))) == {202}
        workers = [threading.Thread(target=diary.work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert notes(diary) == [("100002", Decimal("95.34"), Decimal("95.34"))]
        assert run(diary, interestTo="2026-06-29")["items"] == []
        on(diary, "2026-07-31")
        run(diary, interestTo="2026-07-30")
        assert notes(diary)[1][1] == Decimal("100.68")  # 30 days at 12.25

    def test_a_thousand_reruns_charge_nothing(self, diary: House) -> None:
        """Through the engine, for the same last day: not one note, letter or GL item more than the first run made."""
        on(diary, "2026-05-18")
        for number in range(6):
            late(diary, f"{number}", customer="100001" if number % 2 else "100002")
        on(diary, "2026-07-01")
        assert len(run(diary, interestTo="2026-06-30")["items"]) == 2
        counts = "select (select count(*) from document), (select count(*) from ar_item), (select count(*) from gl_item), (select count(*) from file)"
        first = diary.rows(counts)
        with diary.database.transaction(diary.client_no) as transaction:
            for _ in range(1_000):
                queue_run(
                    transaction,
                    client_no=diary.client_no,
                    kind=INTEREST_RUN.kind,
                    request={"actionType": "INTEREST-RUN", "interestTo": "2026-06-30"},
                    actor="test",
                    user_id="test",
                    request_id=new_id(),
                    now=diary.clock.now(),
                )
        diary.work()
        assert diary.rows("select count(*) from batch where kind = 'actions.interest' and status = 'PROCESSED'") == [(1_001,)]
        assert diary.rows(counts) == first

    @pytest.mark.parametrize(
        ("action", "expected"),
        [
            ({"interestTo": "2026-11-26"}, [("RANGE", "/action/interestTo")]),
            ({"runDate": "2026-11-25"}, [("UNKNOWN-FIELD", "/action/runDate")]),
            ({"maximumStep": 1, "glYear": 2026}, [("UNKNOWN-FIELD", "/action/glYear"), ("UNKNOWN-FIELD", "/action/maximumStep")]),
        ],
    )
    def test_bad_requests_are_refused_whole(self, books: House, action: dict[str, Any], expected: list[tuple[str, str]]) -> None:
        answer = books.post("/actions", {"action": {"actionType": "INTEREST-RUN", **action}})
        assert answer.status_code == 422
        assert sorted((error["code"], error["pointer"]) for error in answer.json()["errors"]) == sorted(expected)
