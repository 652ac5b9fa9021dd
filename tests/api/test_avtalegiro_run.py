"""Aim: every claim with a mandate is sent to the bank once, and taken back when it is no longer right."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reskontro.norway.avtalegiro import ReadClaim, read_claims
from reskontro.norway.nets_transmissions import Assignment, Transmission
from tests.api.bank import OCR_ACCOUNT, content_of, files_of, register_mandates
from tests.api.postings import BANK_ACCOUNTS, booked
from tests.api.support import amounts, configure, created, invoice
from tests.conftest import NOW
from tests.house import House

TODAY = date(2026, 11, 25)
KIDS = ("0010017", "0010025", "0010033", "0010041", "0010058")
OTHER_ACCOUNT = "86011117947"


@pytest.fixture
def payee(books: House) -> Iterator[House]:
    """A client with an AvtaleGiro agreement; the clock is put back after the test."""
    configure(books, "bank.accounts", BANK_ACCOUNTS)
    configure(books, "avtalegiro.customerUnitId", "00123456")
    yield books
    books.clock.set(NOW)
    books._tokens.clear()


def later(house: House, days: int) -> None:
    """Let it be noon so many days after the usual one; tokens of another time are good for nothing then."""
    house.clock.set(datetime.fromisoformat(f"{TODAY + timedelta(days=days)}T12:00:00+00:00"))
    house._tokens.clear()


def owed(house: House, number: str, kid: str | None, due_in: int = 20, amount: int = 1250, **values: Any) -> dict[str, Any]:
    """An invoice due so many days from today."""
    due = (TODAY + timedelta(days=due_in)).isoformat()
    sent = invoice(documentNo=number, documentDate="2026-11-01", dueDate=due, kid=kid, currencyAmounts=amounts(amount, 0), **values)
    return created(house, sent)


def run(house: House, **action: Any) -> dict[str, Any]:
    """A run from its call to its end."""
    answer = house.post("/actions", {"action": {"actionType": "AVTALEGIRO-RUN", **action}})
    assert answer.status_code == 202, answer.text
    house.work()
    batch: dict[str, Any] = house.get(f"/batches/{answer.json()['batchUuid']}?expand=diagnostics").json()
    return batch


def sent(house: House, batch: dict[str, Any]) -> dict[str, list[tuple[str, str, str]]]:
    """Per name of a file that the run made: (KID, amount, due date) of what is in it."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    names = {file["fileId"]: file["fileName"] for file in files_of(house, "AVTALEGIRO")}
    for file_id in dict.fromkeys(item["fileId"] for item in batch["items"] if "fileId" in item):
        claims = [part.claim for part in read_claims([content_of(house, file_id)]) if isinstance(part, ReadClaim)]
        kind = names[file_id].split("-")[1]
        found[kind] = [(claim.kid, str(claim.amount), claim.due_date.isoformat()) for claim in claims]
    return found


def test_mandates_are_kept_and_ended(payee: House) -> None:
    """CREATED, UNCHANGED, UPDATED by KID of an item or a customer; ITEM-UNKNOWN for any other, TARGET-CONFLICT for one of two customers."""
    owed(payee, "1", KIDS[0])
    owed(payee, "2", KIDS[1])
    owed(payee, "3", KIDS[1], customerNo="100002")
    own = payee.get("/customers/100002").json()["customerKid"]
    assert register_mandates(payee, KIDS[0], own, KIDS[0]) == [("CREATED", None), ("CREATED", None), ("UNCHANGED", None)]
    assert register_mandates(payee, KIDS[2], KIDS[1], "", "x1") == [
        ("FAILED", "ITEM-UNKNOWN"),
        ("FAILED", "TARGET-CONFLICT"),
        ("FAILED", "ITEM-UNKNOWN"),
        ("FAILED", "ITEM-UNKNOWN"),
    ]
    assert register_mandates(payee, KIDS[0], notify=True) == [("UPDATED", None)]
    assert register_mandates(payee, KIDS[0], KIDS[0], KIDS[2], active=False) == [("UPDATED", None), ("UNCHANGED", None), ("FAILED", "ITEM-UNKNOWN")]
    assert register_mandates(payee, KIDS[0]) == [("CREATED", None)]
    logged = payee.get("/logitems?event=MANDATE-STORED&expand=changes").json()["logItems"]
    assert sorted((entry["customerNo"], bool(entry["changes"][0]["newValue"])) for entry in logged) == [
        ("100001", False),
        ("100001", True),
        ("100001", True),
        ("100001", True),
        ("100002", True),
    ]


def test_mandates_go_with_their_customer(payee: House) -> None:
    """A customer without documents can be deleted, whatever the bank told of it."""
    payee.customer("100003")
    own = payee.get("/customers/100003").json()["customerKid"]
    assert register_mandates(payee, own) == [("CREATED", None)]
    assert payee.call("DELETE", "/customers/100003").status_code == 200
    assert payee.rows("select count(*) from mandate where client_no = %s", payee.client_no) == [(0,)]
    assert register_mandates(payee, own) == [("FAILED", "ITEM-UNKNOWN")]


class TestClaims:
    def test_claims_with_a_mandate_are_sent(self, payee: House) -> None:
        """One item for each claim, with customer, document, AR item and file; what has no mandate stays out."""
        first = owed(payee, "1", KIDS[0])
        owed(payee, "2", KIDS[1])
        owed(payee, "3", KIDS[2], due_in=10, amount=500, customerNo="100002")
        register_mandates(payee, KIDS[0], KIDS[2])
        batch = run(payee, clientReference="r1")
        assert (batch["status"], batch["result"], batch["countSuccessful"], batch["entity"]) == ("PROCESSED", "SUCCESS", 2, "ACTION")
        assert [(item["documentNo"], item["customerNo"], item["result"], item["message"]) for item in batch["items"]] == [
            ("3", "100002", "CREATED", "File created"),
            ("1", "100001", "CREATED", "File created"),
        ]
        assert batch["items"][1]["arItemId"] == first["arItemId"]
        assert {item["clientReference"] for item in batch["items"]} == {"r1"}
        assert sent(payee, batch) == {"claims": [(KIDS[2], "500.00", "2026-12-05"), (KIDS[0], "1250.00", "2026-12-15")]}
        (file,) = files_of(payee, "AVTALEGIRO")
        assert (file["direction"], file["contentType"], file["batchUuid"]) == ("OUT", "text/plain; charset=iso-8859-1", batch["batchUuid"])

    def test_the_records_of_a_claim(self, payee: House) -> None:
        """Sender, numbers, own account, name, reference; a notice and its text when the payer wants one from the bank."""
        owed(payee, "1001", KIDS[0])
        owed(payee, "1002", KIDS[1])
        register_mandates(payee, KIDS[0], notify=True)
        register_mandates(payee, KIDS[1])
        batch = run(payee)
        parts = list(read_claims([content_of(payee, batch["items"][0]["fileId"])]))
        head, assignment = parts[0], parts[1]
        assert isinstance(head, Transmission)
        assert isinstance(assignment, Assignment)
        assert (head.sender, head.number, head.recipient) == ("00123456", "0000001", "00008080")
        assert (assignment.number, assignment.account) == ("0000002", OCR_ACCOUNT)
        claims = sorted((part.claim for part in parts if isinstance(part, ReadClaim)), key=lambda claim: claim.kid)
        assert [(claim.short_name, claim.external_reference, claim.bank_notice) for claim in claims] == [
            ("KARI PRØVE", "Faktura 1001", True),
            ("KARI PRØVE", "Faktura 1002", False),
        ]
        assert [[text.text for text in claim.text] for claim in claims] == [["Faktura 1001"], []]

    def test_a_mandate_of_a_customer_holds_for_all_items(self, payee: House) -> None:
        """Those with a KID of their own are sent with it, one whose KID ends in a minus with the customer's; the item's own mandate goes first."""
        own = payee.get("/customers/100001").json()["customerKid"]
        owed(payee, "1", KIDS[0])
        owed(payee, "2", "000149-")
        owed(payee, "3", KIDS[1], customerNo="100002")
        register_mandates(payee, own)
        register_mandates(payee, KIDS[0], account=OTHER_ACCOUNT)
        batch = run(payee)
        assert sorted(kid for kid, _, _ in sent(payee, batch)["claims"]) == sorted([KIDS[0], own])
        parts = list(read_claims([content_of(payee, batch["items"][0]["fileId"])]))
        assert [part.account for part in parts if isinstance(part, Assignment)] == [OCR_ACCOUNT, OTHER_ACCOUNT]

    def test_a_mandate_of_an_item_is_not_one_of_its_customer(self, payee: House) -> None:
        """The bank takes no KID with a minus, and has no mandate for the customer's."""
        owed(payee, "1", "000149-")
        assert register_mandates(payee, "000149-") == [("CREATED", None)]
        assert run(payee)["items"] == []

    def test_what_is_reserved_is_not_claimed(self, payee: House) -> None:
        """A part lowers the claim, all of it leaves none; a claim sent before is taken back, and sent as it is now."""
        first, second = owed(payee, "1", KIDS[0]), owed(payee, "2", KIDS[1])
        register_mandates(payee, *KIDS[:2])
        reserve(payee, first, 250)
        assert sent(payee, run(payee)) == {"claims": [(KIDS[0], "1000.00", "2026-12-15"), (KIDS[1], "1250.00", "2026-12-15")]}
        reserve(payee, second, 1250)
        reserve(payee, first, 100)
        assert sent(payee, run(payee)) == {
            "deletions": [(KIDS[0], "1000.00", "2026-12-15"), (KIDS[1], "1250.00", "2026-12-15")],
            "claims": [(KIDS[0], "900.00", "2026-12-15")],
        }
        assert run(payee)["items"] == []

    def test_no_customers_named_means_all(self, payee: House) -> None:
        """As when the key is left out."""
        owed(payee, "1", KIDS[0])
        register_mandates(payee, KIDS[0])
        assert len(run(payee, customerNos=[])["items"]) == 1

    def test_the_days_between_which_claims_are_sent(self, payee: House) -> None:
        """Due 4 to 365 days after the run, both included."""
        for number, (kid, due_in) in enumerate(zip(KIDS, (3, 4, 365, 366), strict=False)):
            owed(payee, str(number), kid, due_in)
        register_mandates(payee, *KIDS[:4])
        assert [kid for kid, _, _ in sent(payee, run(payee))["claims"]] == [KIDS[1], KIDS[2]]

    def test_what_is_never_sent(self, payee: House) -> None:
        """Paid, disputed, handed over, in a foreign currency, of an ended mandate."""
        paid, disputed, handed = owed(payee, "1", KIDS[0]), owed(payee, "2", KIDS[1]), owed(payee, "3", KIDS[2])
        owed(payee, "4", KIDS[3], currency="EUR", exchangeRate=11)
        owed(payee, "5", KIDS[4])
        register_mandates(payee, *KIDS)
        register_mandates(payee, KIDS[4], active=False)
        booked(payee, "payment", {"documentNo": "1", "amount": 1250, "paymentDate": "2026-11-20"})
        assert paid["arItemId"]
        change(payee, disputed, disputed=True, disputeReason="x")
        collect(payee, handed)
        assert run(payee)["items"] == []
        assert files_of(payee, "AVTALEGIRO") == []

    def test_only_the_customers_named(self, payee: House) -> None:
        """An unknown number is a failed item and stops no other."""
        owed(payee, "1", KIDS[0])
        owed(payee, "2", KIDS[1], customerNo="100002")
        register_mandates(payee, *KIDS[:2])
        batch = run(payee, customerNos=["100002", "nobody"])
        assert (batch["result"], batch["countSuccessful"], batch["countFailed"]) == ("PARTIAL-SUCCESS", 1, 1)
        assert batch["items"][0]["errors"][0]["code"] == "CUSTOMER-UNKNOWN"
        assert [kid for kid, _, _ in sent(payee, batch)["claims"]] == [KIDS[1]]
        assert run(payee, customerNos=["nobody"])["result"] == "FAILED"

    def test_without_a_customer_unit_id(self, payee: House) -> None:
        """The run fails: nobody could be the sender."""
        configure(payee, "avtalegiro.customerUnitId", None)
        owed(payee, "1", KIDS[0])
        register_mandates(payee, KIDS[0])
        batch = run(payee)
        (item,) = batch["items"]
        assert (batch["result"], item["errors"][0]["code"], item["errors"][0]["field"]) == ("FAILED", "REQUIRED", "avtalegiro.customerUnitId")


class TestNothingTwice:
    def test_a_second_run_sends_nothing(self, payee: House) -> None:
        """Neither the same day nor the next; what is new is sent."""
        owed(payee, "1", KIDS[0])
        register_mandates(payee, *KIDS[:1])
        run(payee)
        assert run(payee)["items"] == []
        later(payee, 1)
        owed(payee, "2", KIDS[1])
        register_mandates(payee, KIDS[1])
        batch = run(payee)
        assert sent(payee, batch) == {"claims": [(KIDS[1], "1250.00", "2026-12-15")]}
        head = next(iter(read_claims([content_of(payee, batch["items"][0]["fileId"])])))
        assert isinstance(head, Transmission)
        assert head.number == "0000003"

    def test_runs_side_by_side(self, payee: House) -> None:
        """Eight runs asked for at once: each claim is in one file."""
        for number, kid in enumerate(KIDS):
            owed(payee, str(number), kid)
        register_mandates(payee, *KIDS)
        start = threading.Barrier(8)

        def ask(_: int) -> str:
            start.wait()
            answer = payee.post("/actions", {"action": {"actionType": "AVTALEGIRO-RUN"}})
            assert answer.status_code == 202, answer.text
            return str(answer.json()["batchUuid"])

        payee.token()
        with ThreadPoolExecutor(8) as pool:
            batches = list(pool.map(ask, range(8)))
        payee.work()
        counts = [payee.get(f"/batches/{batch}").json()["countSuccessful"] for batch in batches]
        assert sorted(counts) == [0] * 7 + [5]
        assert len(files_of(payee, "AVTALEGIRO")) == 1

    def test_only_validating(self, payee: House) -> None:
        """Items UNCHANGED with what would be done, a proposal file, and nothing remembered."""
        owed(payee, "1", KIDS[0])
        register_mandates(payee, KIDS[0])
        batch = run(payee, validateOnly=True)
        assert [(item["result"], item["message"]) for item in batch["items"]] == [
            ("UNCHANGED", "The claim would be sent to the bank"),
            ("CREATED", "File created"),
        ]
        text = content_of(payee, batch["items"][1]["fileId"]).decode("utf-8-sig").splitlines()
        assert text[0] == "customerNo,accountNo,name,documentNo,kid,bankAccountNo,dueDate,amount,message"
        assert text[1].split(",")[3:8] == ["1", KIDS[0], OCR_ACCOUNT, "2026-12-15", "1250.00"]
        assert files_of(payee, "AVTALEGIRO") == []
        assert len(sent(payee, run(payee))["claims"]) == 1


def change(house: House, document: dict[str, Any], **values: Any) -> None:
    """Change an AR item."""
    answer = house.put("/aritems", {"arItem": {"arItemId": document["arItemId"], **values}})
    assert answer.status_code == 200, answer.text


def reserve(house: House, document: dict[str, Any], amount: int) -> None:
    """Reserve a part of an item."""
    sent = {"paymentId": f"{document['arItemId']}-{amount}", "arItemId": document["arItemId"], "amount": amount}
    answer = house.post("/paymentreservations", {"paymentReservation": sent})
    assert answer.status_code == 201, answer.text


def collect(house: House, document: dict[str, Any]) -> None:
    """Let a claim be handed over."""
    with house.database.transaction(house.client_no) as transaction:
        transaction.execute(
            'update ar_item set details = details || \'{"collectionStatus": "HANDED-OVER"}\' where client_no = %s and document_no = %s',
            (house.client_no, document["documentNo"]),
        )


class TestTakingBack:
    def test_what_is_paid_disputed_or_handed_over_is_taken_back_once(self, payee: House) -> None:
        """The deletion file names KID, amount and date as they were sent."""
        documents = [owed(payee, str(number), kid, 20 + number) for number, kid in enumerate(KIDS[:4])]
        register_mandates(payee, *KIDS)
        run(payee)
        booked(payee, "payment", {"documentNo": "0", "amount": 1250, "paymentDate": "2026-11-20"})
        change(payee, documents[1], disputed=True, disputeReason="x")
        collect(payee, documents[2])
        batch = run(payee)
        assert [(item["documentNo"], item["result"], item["message"]) for item in batch["items"]] == [
            ("0", "CREATED", "File created"),
            ("1", "CREATED", "File created"),
            ("2", "CREATED", "File created"),
        ]
        assert sent(payee, batch) == {
            "deletions": [(KIDS[0], "1250.00", "2026-12-15"), (KIDS[1], "1250.00", "2026-12-16"), (KIDS[2], "1250.00", "2026-12-17")]
        }
        assert run(payee)["items"] == []
        change(payee, documents[1], disputed=False)
        assert sent(payee, run(payee)) == {"claims": [(KIDS[1], "1250.00", "2026-12-16")]}

    def test_what_is_changed_is_taken_back_and_sent_anew(self, payee: House) -> None:
        """A part payment and a new due date; one item for the old claim, one for the new."""
        owed(payee, "1", KIDS[0])
        second = owed(payee, "2", KIDS[1])
        register_mandates(payee, *KIDS[:2])
        run(payee)
        booked(payee, "payment", {"documentNo": "1", "amount": 250, "paymentDate": "2026-11-20"})
        change(payee, second, dueDate="2026-12-20")
        batch = run(payee)
        assert sent(payee, batch) == {
            "deletions": [(KIDS[0], "1250.00", "2026-12-15"), (KIDS[1], "1250.00", "2026-12-15")],
            "claims": [(KIDS[0], "1000.00", "2026-12-15"), (KIDS[1], "1250.00", "2026-12-20")],
        }
        assert batch["countSuccessful"] == 4
        assert run(payee)["items"] == []
        live = payee.rows("select kid, amount from avtalegiro_claim where client_no = %s and ended_on is null order by kid", payee.client_no)
        assert live == [(KIDS[0], Decimal(1000)), (KIDS[1], Decimal(1250))]

    def test_a_day_that_has_passed_is_not_taken_back(self, payee: House) -> None:
        """The bank drew it or did not; with a new due date the claim is sent again."""
        document = owed(payee, "1", KIDS[0], due_in=5)
        register_mandates(payee, KIDS[0])
        run(payee)
        later(payee, 6)
        assert run(payee)["items"] == []
        change(payee, document, dueDate="2026-12-20")
        assert sent(payee, run(payee)) == {"claims": [(KIDS[0], "1250.00", "2026-12-20")]}
        assert run(payee)["items"] == []

    def test_only_validating_takes_nothing_back(self, payee: House) -> None:
        """It says what would be taken back."""
        owed(payee, "1", KIDS[0])
        register_mandates(payee, KIDS[0])
        run(payee)
        booked(payee, "payment", {"documentNo": "1", "amount": 1250, "paymentDate": "2026-11-20"})
        batch = run(payee, validateOnly=True)
        assert batch["items"][0]["message"] == "The claim would be taken back from the bank"
        assert sent(payee, run(payee)) == {"deletions": [(KIDS[0], "1250.00", "2026-12-15")]}


class TestAsking:
    @pytest.mark.parametrize(
        ("action", "code", "field"),
        [
            ({"runDate": "2026-11-26"}, "RANGE", "runDate"),
            ({"maximumStep": 1}, "UNKNOWN-FIELD", "maximumStep"),
            ({"interestTo": "2026-11-01"}, "UNKNOWN-FIELD", "interestTo"),
        ],
    )
    def test_what_the_run_does_not_take(self, payee: House, action: dict[str, Any], code: str, field: str) -> None:
        """A day in the future, and fields of other runs."""
        answer = payee.post("/actions", {"action": {"actionType": "AVTALEGIRO-RUN", **action}})
        assert answer.status_code == 422, answer.text
        assert [(error["code"], error["field"]) for error in answer.json()["errors"]] == [(code, field)]

    def test_an_earlier_day(self, payee: House) -> None:
        """The bank's lead time counts from the day the file is made, whatever day the run stands for; only a proposal looks at the day asked for."""
        owed(payee, "1", KIDS[0], due_in=3)
        register_mandates(payee, KIDS[0])
        assert sent(payee, run(payee, runDate="2026-11-24")) == {}
        assert len(run(payee, runDate="2026-11-24", validateOnly=True)["items"]) == 2
