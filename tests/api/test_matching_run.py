"""MATCHING-RUN: open credits find the claims they were paid for, payments that are nobody's find their customer, and nothing is guessed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.api.postings import booked, items, matches, payments
from tests.api.support import close_periods, configure, created, invoice
from tests.api.unidentified import unidentified
from tests.conftest import NOW
from tests.house import House, exact_json

KID = "0010017"


@pytest.fixture
def waiting(books: House) -> Iterator[House]:
    """A client that matches nothing at booking: what comes stays open until a run."""
    configure(books, "matching.auto", False)
    yield replace(books, _tokens={})
    books.clock.set(NOW)


def run(house: House, **action: Any) -> dict[str, Any]:
    """A run from its call to its end, numbers exact."""
    answer = house.post("/actions", {"action": {"actionType": "MATCHING-RUN", **action}})
    assert answer.status_code == 202, answer.text
    house.work()
    return exact_json(house.get(f"/batches/{answer.json()['batchUuid']}"))  # type: ignore[no-any-return]


def made(batch: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(customer, result, message) of the items of a run."""
    return [(item.get("customerNo"), item["result"], item["message"]) for item in batch["items"]]


def open_of(house: House, kind: str) -> list[Any]:
    """What is open of the items of a type."""
    return [item["open"] for item in items(house, kind)]


def paid(house: House, amount: int, **values: Any) -> None:
    """A payment that stays open with customer 100001."""
    booked(house, "payment", {"amount": amount, "paymentDate": "2026-11-10", "postingDate": "2026-11-10", **values})


class TestOpenCredits:
    def test_a_payment_is_settled_by_its_kid(self, waiting: House) -> None:
        """Also where booking may not match: the run was asked for. Its matches are dated with the run."""
        created(waiting, invoice(documentNo="1", kid=KID))
        paid(waiting, 500, kid=KID)
        assert open_of(waiting, "IN") == [1250]
        batch = run(waiting, runDate="2026-11-20")
        assert (batch["result"], made(batch)) == ("SUCCESS", [("100001", "CREATED", "Match created")])
        assert batch["items"][0]["paymentUuid"]
        assert (open_of(waiting, "IN"), open_of(waiting, "PY")) == ([750], [0])
        assert [source for source, _, _ in matches(waiting)] == ["RUN"]
        assert waiting.rows("select match_date::text from match where client_no = %s", waiting.client_no) == [("2026-11-20",)]
        assert run(waiting)["items"] == []

    def test_what_is_left_of_a_payment_says_why(self, waiting: House) -> None:
        created(waiting, invoice(documentNo="1", kid=KID))
        paid(waiting, 1300, kid=KID)
        run(waiting)
        assert (open_of(waiting, "IN"), open_of(waiting, "PY")) == ([0], [-50])
        assert [payment["exception"] for payment in payments(waiting)] == ["OVERPAID"]

    def test_the_claim_may_come_after_its_payment(self, books: House) -> None:
        """With the customer's own KID: the payment waits, and the next claim takes it."""
        own = books.get("/customers/100001").json()["customerKid"]
        paid(books, 1250, kid=own)
        created(books, invoice(documentNo="1", documentDate="2026-11-15"))
        assert open_of(books, "IN") == [1250]
        assert made(run(books)) == [("100001", "CREATED", "Match created")]
        assert open_of(books, "IN") == [0]

    def test_nothing_is_guessed(self, waiting: House) -> None:
        """Credit that names nothing stays, even where the amounts are equal."""
        created(waiting, invoice(documentNo="1", kid=KID))
        booked(waiting, "journal", {"entries": [{"customerNo": "100001", "credit": 1250}, {"glAccount": "3900", "debit": 1250}]})
        paid(waiting, 1250, customerNo="100001")
        assert run(waiting)["items"] == []
        assert open_of(waiting, "IN") == [1250]

    def test_only_the_rules_of_the_client_count(self, waiting: House) -> None:
        configure(waiting, "matching.rules", ["DOCUMENT-NO"])
        created(waiting, invoice(documentNo="1", kid=KID))
        paid(waiting, 500, kid=KID)
        assert run(waiting)["items"] == []

    def test_claims_in_collection_are_left_alone(self, waiting: House) -> None:
        created(waiting, invoice(documentNo="1", kid=KID))
        paid(waiting, 500, kid=KID)
        with waiting.database.transaction(waiting.client_no) as transaction:
            transaction.execute(
                "update ar_item set details = details || '{\"collectionStatus\": \"HANDED-OVER\"}' where client_no = %s and document_no = '1'",
                (waiting.client_no,),
            )
        assert run(waiting)["items"] == []

    def test_what_is_booked_after_the_day_of_the_run_is_not_there_yet(self, waiting: House) -> None:
        created(waiting, invoice(documentNo="1", kid=KID, documentDate="2026-11-12"))
        paid(waiting, 500, kid=KID)
        assert run(waiting, runDate="2026-11-11")["items"] == []
        assert made(run(waiting, runDate="2026-11-12")) == [("100001", "CREATED", "Match created")]

    def test_what_is_left_of_a_payment_settles_nothing_of_later_days(self, waiting: House) -> None:
        """Whatever coverage.excess says: a match is never older than what it settles."""
        configure(waiting, "coverage.excess", "OLDEST-CLAIM")
        created(waiting, invoice(documentNo="1", kid=KID))
        created(waiting, invoice(documentNo="2", documentDate="2026-11-15"))
        paid(waiting, 2000, kid=KID)
        run(waiting, runDate="2026-11-11")
        assert (open_of(waiting, "IN"), open_of(waiting, "PY")) == ([0, 1250], [-750])
        run(waiting, runDate="2026-11-15")
        assert open_of(waiting, "IN") == [0, 500]

    def test_a_day_in_a_closed_month_gives_way_to_the_first_open_one(self, waiting: House) -> None:
        created(waiting, invoice(documentNo="1", kid=KID))
        booked(waiting, "payment", {"amount": 500, "paymentDate": "2026-10-10", "postingDate": "2026-10-10", "kid": KID})
        close_periods(waiting, "2026-10-31")
        run(waiting, runDate="2026-10-20")
        assert waiting.rows("select match_date::text from match where client_no = %s", waiting.client_no) == [("2026-11-01",)]

    def test_only_the_customers_asked_for(self, waiting: House) -> None:
        created(waiting, invoice(documentNo="1", kid=KID))
        created(waiting, invoice(documentNo="2", kid="0020016", customerNo="100002"))
        paid(waiting, 500, kid=KID)
        paid(waiting, 500, kid="0020016")
        batch = run(waiting, customerNos=["100002", "nobody"])
        assert [(item["customerNo"], item["result"]) for item in batch["items"]] == [("nobody", "FAILED"), ("100002", "CREATED")]


class TestUnidentifiedPayments:
    def test_a_payment_goes_to_whoever_has_its_kid_now(self, books: House) -> None:
        """From the suspense account to the customer, and on to the claim."""
        unidentified(books, 1250, kid=KID)
        assert books.balances()["2999"] == -1250
        assert run(books)["items"] == []
        created(books, invoice(documentNo="1", kid=KID))
        batch = run(books)
        assert made(batch) == [("100001", "CREATED", "Payment given to its customer")]
        assert (open_of(books, "IN"), open_of(books, "PY")) == ([0], [0])
        assert "2999" not in books.balances()
        (payment,) = exact_json(books.get("/payments"))["payments"]
        assert (payment["status"], payment["customerNo"], payment["exceptionCode"]) == ("MATCHED", "100001", None)
        assert run(books)["items"] == []

    def test_a_kid_of_two_customers_places_nothing(self, books: House) -> None:
        unidentified(books, 1250, kid=KID)
        created(books, invoice(documentNo="1", kid=KID))
        created(books, invoice(documentNo="2", kid=KID, customerNo="100002"))
        assert run(books)["items"] == []

    def test_a_proposal_lists_and_books_nothing(self, books: House) -> None:
        unidentified(books, 1250, kid=KID)
        created(books, invoice(documentNo="1", kid=KID))
        batch = run(books, validateOnly=True)
        assert made(batch) == [
            ("100001", "UNCHANGED", "The payment would be given to its customer"),
            (None, "CREATED", "File created"),
        ]
        content = exact_json(books.get(f"/files/{batch['items'][1]['fileId']}?expand=content"))["content"]
        assert len(base64.b64decode(content).decode("utf-8-sig").splitlines()) == 2
        assert books.balances()["2999"] == -1250


def test_a_run_of_tomorrow_is_refused(books: House) -> None:
    """A run stands for a day that has come."""
    answer = books.post("/actions", {"action": {"actionType": "MATCHING-RUN", "runDate": "2026-11-26"}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "RANGE")
