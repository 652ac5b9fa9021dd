"""Payment reservations: made, captured, released, run out; never more reserved than is open."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from reskontro.batches.kinds import Kinds
from reskontro.db.engine import WORKER_NAME
from tests.api.postings import BANK_ACCOUNTS, booked, items, open_amounts, payments
from tests.api.support import amounts, change_books, close_periods, configure, created, credit_note, exchange_rate, invoice, ledger_rows
from tests.house import House, exact_json

PATH = "/paymentreservations"


def send(house: House, payment_id: str = "M-1", **values: Any) -> Any:
    """The answer to a reservation."""
    return house.post(PATH, {"paymentReservation": {"paymentId": payment_id, **values}})


def reserved(house: House, payment_id: str = "M-1", **values: Any) -> dict[str, Any]:
    """A reservation that must be made."""
    answer = send(house, payment_id, **values)
    assert answer.status_code == 201, answer.text
    return exact_json(answer)  # type: ignore[no-any-return]


def found(house: House, **values: Any) -> list[tuple[str, str]]:
    """(code, pointer below the reservation) of the errors of one that must be refused; nothing is stored."""
    before = ledger_rows(house)
    answer = send(house, **values)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION-FAILED"), answer.text
    assert ledger_rows(house) == before
    assert house.rows("select count(*) from payment_reservation where client_no = %s and payment_id = 'M-1'", house.client_no) == [(0,)]
    return [(error["code"], error["pointer"].removeprefix("/paymentReservation")) for error in answer.json()["errors"]]


def capture(house: House, reservation: dict[str, Any], **values: Any) -> Any:
    """The answer to a capture."""
    return house.post(f"{PATH}/{reservation['paymentReservationId']}/capture", {"capture": values})


def release(house: House, reservation: dict[str, Any]) -> Any:
    """The answer to a release."""
    return house.post(f"{PATH}/{reservation['paymentReservationId']}/release")


@pytest.fixture
def claim(books: House) -> House:
    """Invoice 26001001 of customer 100001 over 1250, of which 788 are open, with a KID."""
    configure(books, "bank.accounts", BANK_ACCOUNTS)
    created(books, invoice(documentNo="26001001", referenceNo="R", kid="0010017", dueDate="2026-10-19"))
    booked(books, "payment", {"documentNo": "26001001", "amount": 462, "paymentDate": "2026-11-01"})
    return books


@pytest.fixture
def later(claim: House) -> Iterator[House]:
    """The same, for tests that move the clock; afterwards it stands where it stood."""
    now = claim.clock.now()
    yield claim
    claim.clock.set(now)
    claim._tokens.clear()


def wait(house: House, **delta: float) -> None:
    """Move the clock; tokens may be over by then."""
    house.clock.advance(**delta)
    house._tokens.clear()


class TestMaking:
    def test_on_an_item(self, claim: House) -> None:
        """201 with the reservation and its address; GET shows the same."""
        answer = send(claim, kid="0010017", amount=788, paymentMethod="MOBILE")
        view = exact_json(answer)
        item = claim.get("/documents/26001001?expand=aritem").json()["arItem"]
        url = f"https://reskontro.example/arm/v1/clients/{claim.client_no}{PATH}/{view['paymentReservationId']}"
        assert (answer.status_code, answer.headers["Location"]) == (201, url)
        assert view == {
            "paymentReservationId": view["paymentReservationId"],
            "clientNo": claim.client_no,
            "paymentId": "M-1",
            "targetType": "DOCUMENT",
            "arItemId": item["arItemId"],
            "documentUuid": item["documentUuid"],
            "documentNo": "26001001",
            "referenceNo": "R",
            "kid": "0010017",
            "accountNo": item["accountNo"],
            "customerNo": "100001",
            "amount": 788,
            "capturedAmount": 0,
            "releasedAmount": 0,
            "remainingAmount": 788,
            "currency": "NOK",
            "paymentMethod": "MOBILE",
            "text": None,
            "status": "ACTIVE",
            "expiresAt": "2026-11-28T12:00:00.000Z",
            "createdAt": "2026-11-25T12:00:00.000Z",
            "changedAt": "2026-11-25T12:00:00.000Z",
            "captures": [],
        }
        assert exact_json(claim.get(f"{PATH}/{view['paymentReservationId']}")) == view

    @pytest.mark.parametrize("key", ["arItemId", "documentUuid", "documentNo", "referenceNo", "kid"])
    def test_each_key_means_the_item(self, claim: House, key: str) -> None:
        """Also together with the customer."""
        item = claim.get("/documents/26001001?expand=aritem").json()["arItem"]
        assert reserved(claim, **{key: item[key]}, customerNo="100001", amount=1)["targetType"] == "DOCUMENT"

    @pytest.mark.parametrize("key", ["customerNo", "accountNo", "kid"])
    def test_each_key_means_the_customer(self, claim: House, key: str) -> None:
        """Without an item it is the customer; his KID is shown."""
        customer = claim.get("/customers/100001").json()
        value = customer["customerKid"] if key == "kid" else customer[key]
        view = reserved(claim, **{key: value}, amount=1)
        assert (view["targetType"], view["arItemId"], view["documentNo"], view["kid"]) == ("CUSTOMER", None, None, customer["customerKid"])

    def test_refusals(self, claim: House) -> None:
        """Missing and unknown things, keys that do not agree, amounts, currencies, moments."""
        created(claim, invoice(customerNo="100002", documentNo="9", kid="0010025"))
        customer_kid = claim.get("/customers/100001").json()["customerKid"]
        assert found(claim, amount=1) == [("TARGET-MISSING", "")]
        assert found(claim, customerNo="100001") == [("REQUIRED", "/amount")]
        assert found(claim, customerNo="100001", amount=0) == [("RANGE", "/amount")]
        assert found(claim, documentNo="x", amount=1) == [("DOCUMENT-UNKNOWN", "/documentNo")]
        assert found(claim, kid="0010033", amount=1) == [("ITEM-UNKNOWN", "/kid")]
        assert found(claim, customerNo="x", amount=1) == [("CUSTOMER-UNKNOWN", "/customerNo")]
        assert found(claim, documentNo="26001001", customerNo="100002", amount=1) == [("TARGET-CONFLICT", "/documentNo")]
        assert found(claim, documentNo="26001001", kid="0010025", amount=1) == [("TARGET-CONFLICT", "/documentNo")]
        assert found(claim, documentNo="26001001", kid=customer_kid, amount=1) == [("TARGET-CONFLICT", "/documentNo")]
        assert found(claim, documentNo="26001001", currency="EUR", amount=1) == [("TARGET-CONFLICT", "/currency")]
        assert found(claim, documentNo="26001001", amount=1, paymentMethod="GOLD") == [("CODE-UNKNOWN", "/paymentMethod")]
        assert found(claim, documentNo="26001001", amount=1, unknown=1) == [("UNKNOWN-FIELD", "/unknown")]
        for moment in ("2026-11-25T12:00:00Z", "2026-12-25T12:00:01Z"):
            assert found(claim, documentNo="26001001", amount=1, expiresAt=moment) == [("RANGE", "/expiresAt")]
        assert found(claim, documentNo="26001001", amount=1, expiresAt="2026-12-01") == [("FORMAT", "/expiresAt")]

    def test_a_suspended_client_takes_none(self, claim: House) -> None:
        """409."""
        change_books(claim, "update client set status = 'SUSPENDED'")
        assert send(claim, documentNo="26001001", amount=1).json()["code"] == "CLIENT-NOT-ACTIVE"

    def test_the_same_again(self, claim: House) -> None:
        """A paymentId is good for one content for ever, whatever its case: 200 with the reservation as it is now, else 409."""
        first = reserved(claim, kid="0010017", amount=100)
        capture(claim, first, amount=40)
        again = send(claim, "m-1", kid="001 0017", amount=100.0)
        assert (again.status_code, again.json()["capturedAmount"], again.json()["paymentReservationId"]) == (
            200,
            40,
            first["paymentReservationId"],
        )
        for other in ({"amount": 101}, {"amount": 100, "text": "x"}, {"amount": "x"}):
            answer = send(claim, kid="0010017", **other)
            assert (answer.status_code, answer.json()["code"]) == (409, "PAYMENT-ID-REUSED")

    def test_the_same_again_with_a_key_spelled_otherwise(self, claim: House) -> None:
        """Numbers of documents and customers compare without case; a text does not."""
        created(claim, invoice(documentNo="Ab1"))
        first = reserved(claim, "X", documentNo="Ab1", amount=1, text="a")
        again = send(claim, "X", documentNo="aB1", amount=1, text="a")
        assert (again.status_code, again.json()["paymentReservationId"]) == (200, first["paymentReservationId"])
        assert send(claim, "X", documentNo="Ab1", amount=1, text="A").status_code == 409


class TestHowMuch:
    def test_an_item_up_to_what_is_open(self, claim: House) -> None:
        """Two reservations share it; the refusal names what is left."""
        reserved(claim, "A", documentNo="26001001", amount=500)
        answer = send(claim, documentNo="26001001", amount=289)
        assert answer.json()["errors"][0]["message"] == "amount 289 is more than the 288 available"
        reserved(claim, "B", documentNo="26001001", amount=288)
        assert found(claim, documentNo="26001001", amount=0.01) == [("AMOUNT-EXCEEDED", "/amount")]

    def test_a_customer_less_all_that_is_reserved(self, claim: House) -> None:
        """The open debit items of the currency count; credit does not lower them, other currencies do not raise them."""
        created(claim, invoice(documentNo="2", currencyAmounts=amounts(200, 0)))
        created(claim, invoice(documentNo="3", currency="EUR", exchangeRate=11))
        booked(claim, "journal", {"entries": [{"customerNo": "100001", "credit": 50}, {"glAccount": "3900", "debit": 50}]})
        reserved(claim, "A", documentNo="26001001", amount=700)
        reserved(claim, "B", customerNo="100001", amount=200)
        assert found(claim, customerNo="100001", amount=88.01) == [("AMOUNT-EXCEEDED", "/amount")]
        reserved(claim, "C", customerNo="100001", amount=88)

    def test_an_item_no_more_than_is_left_of_its_customer(self, claim: House) -> None:
        """What is reserved on the customer is reserved of his items; an item paid past its reservations takes from no other."""
        created(claim, invoice(documentNo="2", currencyAmounts=amounts(500, 0)))
        reserved(claim, "A", documentNo="26001001", amount=788)
        reserved(claim, "B", customerNo="100001", amount=400)
        assert found(claim, documentNo="2", amount=100.01) == [("AMOUNT-EXCEEDED", "/amount")]
        reserved(claim, "C", documentNo="2", amount=100)
        created(claim, credit_note("26001001", 630.4, 157.6))
        created(claim, invoice(documentNo="3", currencyAmounts=amounts(50, 0)))
        reserved(claim, "D", documentNo="3", amount=50)

    def test_parallel_calls_on_a_customer_and_his_item(self, claim: House) -> None:
        """Of 24 calls for 100 each on 788 open exactly 7 succeed, half of them on the item and half on the customer."""
        targets = ({"documentNo": "26001001"}, {"customerNo": "100001"})
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda n: send(claim, f"P-{n}", amount=100, **targets[n % 2]), range(24)))
        assert [answer.status_code for answer in answers].count(201) == 7

    def test_the_client_may_only_be_warned(self, claim: House) -> None:
        """reservation.overOpenAmount WARN: made, with a warning in the answer of the write."""
        configure(claim, "reservation.overOpenAmount", "WARN")
        view = reserved(claim, documentNo="26001001", amount=1000)
        assert [(w["code"], w["pointer"]) for w in view["warnings"]] == [("AMOUNT-EXCEEDED", "/paymentReservation/amount")]
        assert "warnings" not in claim.get(f"{PATH}/{view['paymentReservationId']}").json()

    def test_a_released_amount_is_free_again(self, claim: House) -> None:
        """Released and expired reservations hold nothing."""
        release(claim, reserved(claim, "A", documentNo="26001001", amount=788))
        reserved(claim, "B", documentNo="26001001", amount=788)

    def test_a_payment_is_never_refused_for_it(self, claim: House) -> None:
        """More may be reserved than open afterwards; the capture then leaves unapplied credit."""
        view = reserved(claim, documentNo="26001001", amount=788)
        created(claim, credit_note("26001001", 400, 100))
        assert capture(claim, view).status_code == 200
        assert open_amounts(claim, "IN") == [0]
        assert open_amounts(claim, "PY") == [0, -500]

    def test_parallel_calls(self, claim: House) -> None:
        """Of 24 calls for 100 each on 788 open exactly 7 succeed, on the item and on the customer."""
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda n: send(claim, f"P-{n}", documentNo="26001001", amount=100), range(24)))
        assert sorted({answer.status_code for answer in answers}) == [201, 422]
        assert [answer.status_code for answer in answers].count(201) == 7
        held = claim.rows("select sum(amount - captured_amount - released_amount) from payment_reservation where client_no = %s", claim.client_no)
        assert held == [(700,)]

    def test_parallel_captures_and_releases(self, claim: House) -> None:
        """What is captured, released and remaining adds up to the amount whatever comes first."""
        view = reserved(claim, documentNo="26001001", amount=100)
        with ThreadPoolExecutor(8) as pool:
            calls = [lambda: capture(claim, view, amount=30), lambda: release(claim, view)] * 4
            statuses = [answer.status_code for answer in pool.map(lambda call: call(), calls)]
        now = claim.get(f"{PATH}/{view['paymentReservationId']}").json()
        assert now["capturedAmount"] + now["releasedAmount"] == 100 and now["remainingAmount"] == 0
        assert now["capturedAmount"] == sum(entry["amount"] for entry in now["captures"])
        assert set(statuses) <= {200, 409, 422}

    def test_what_is_shown_of_customers_and_items(self, claim: House) -> None:
        """reservedAmount of the balance and of the item, in base currency and in the item's."""
        created(claim, invoice(documentNo="3", currency="EUR", exchangeRate=11))
        reserved(claim, "A", documentNo="26001001", amount=700)
        reserved(claim, "B", documentNo="3", amount=10)
        reserved(claim, "C", customerNo="100001", amount=8)
        assert claim.get("/customers/100001?expand=balance").json()["balance"]["reservedAmount"] == 700 + 110 + 8
        assert claim.get("/documents/3?expand=aritem").json()["arItem"]["reservedAmount"] == 10

    def test_a_customer_with_a_reservation_cannot_be_deleted(self, claim: House) -> None:
        """422 while it runs; afterwards the customer may go, and the reservation is still shown."""
        claim.customer("100003")
        configure(claim, "reservation.overOpenAmount", "WARN")
        view = reserved(claim, customerNo="100003", amount=5)
        answer = claim.call("DELETE", "/customers/100003")
        assert (answer.status_code, answer.json()["code"]) == (422, "CUSTOMER-IN-USE")
        assert "1 active reservations" in answer.json()["errors"][0]["message"]
        release(claim, view)
        assert claim.call("DELETE", "/customers/100003").status_code == 200
        assert claim.get(f"{PATH}/{view['paymentReservationId']}").json()["customerNo"] is None


class TestCapture:
    def test_in_parts(self, claim: House) -> None:
        """Each capture is a booked payment on the item; the last one ends it."""
        view = reserved(claim, kid="0010017", amount=788, paymentMethod="MOBILE")
        payment = {"bankReference": "MOB-99120"}
        now = exact_json(capture(claim, view, amount=500, paymentDate="2026-11-22", payment=payment))
        assert (now["capturedAmount"], now["remainingAmount"], now["status"]) == (500, 288, "ACTIVE")
        paid = claim.rows("select ar_item_id, transaction_no from ar_item where client_no = %s order by transaction_no desc limit 1", claim.client_no)
        assert list(now["captures"][0]) == ["amount", "paymentDate", "transactionNo", "glYear", "arItemId"]
        assert [now["captures"][0][key] for key in ("amount", "paymentDate", "transactionNo", "glYear")] == [500, "2026-11-22", paid[0][1], 2026]
        done = exact_json(capture(claim, view))
        assert (done["capturedAmount"], done["remainingAmount"], done["status"], len(done["captures"])) == (788, 0, "CAPTURED", 2)
        assert [(i["arItemType"], i["open"], i["itemDate"]) for i in items(claim)[2:]] == [("PY", 0, "2026-11-22"), ("PY", 0, "2026-11-25")]
        assert [(p["method"], p["bankReference"]) for p in payments(claim)[1:]] == [("MOBILE", "MOB-99120"), ("MOBILE", None)]
        assert open_amounts(claim, "IN") == [0]

    def test_the_last_one_releases_the_rest(self, claim: House) -> None:
        """final ends it, with what was not captured released."""
        view = reserved(claim, documentNo="26001001", amount=700)
        now = capture(claim, view, amount=100, final=True).json()
        assert (now["capturedAmount"], now["releasedAmount"], now["remainingAmount"], now["status"]) == (100, 600, 0, "CAPTURED")

    def test_on_a_customer_it_goes_to_his_claims(self, claim: House) -> None:
        """As an auto posting payment does; with matching.auto off it stays unapplied."""
        view = reserved(claim, customerNo="100001", amount=700)
        capture(claim, view, amount=300)
        configure(claim, "matching.auto", False)
        capture(claim, view, amount=300)
        assert open_amounts(claim, "IN") == [488]
        assert open_amounts(claim, "PY")[1:] == [0, -300]

    def test_refusals(self, claim: House) -> None:
        """Too much, a bank reference that is used, a closed period, a missing rate; nothing is booked."""
        view = reserved(claim, documentNo="26001001", amount=100)
        booked(claim, "payment", {"customerNo": "100002", "amount": 1, "paymentDate": "2026-11-01", "payment": {"bankReference": "X"}})
        before = ledger_rows(claim)

        def codes(**values: Any) -> list[tuple[str, str | None]]:
            answer = capture(claim, view, **values)
            assert answer.status_code == 422, answer.text
            return [(error["code"], error.get("pointer")) for error in answer.json()["errors"]]

        assert codes(amount=100.01) == [("AMOUNT-EXCEEDED", "/capture/amount")]
        assert codes(amount=0, other=1) == [("RANGE", "/capture/amount"), ("UNKNOWN-FIELD", "/capture/other")]
        assert codes(payment={"bankReference": "x"}) == [("BANK-DUPLICATE", "/capture/payment/bankReference")]
        assert codes(payment={"bankAccountNo": "1"}) == [("CODE-UNKNOWN", "/capture/payment/bankAccountNo")]
        close_periods(claim, "2026-11-30")
        assert codes() == [("PERIOD-CLOSED", "/capture")]
        assert ledger_rows(claim) == before

    def test_in_a_foreign_currency(self, claim: House) -> None:
        """At the client's rate of the payment date; the difference to the item is posted."""
        created(claim, invoice(documentNo="3", currency="EUR", exchangeRate=11, currencyAmounts=amounts(100, 0)))
        view = reserved(claim, documentNo="3", amount=100)
        assert [error["code"] for error in capture(claim, view).json()["errors"]] == ["RATE-MISSING"]
        exchange_rate(claim, "EUR", "12")
        assert capture(claim, view).status_code == 200
        assert claim.balances()["8060"] == -100

    def test_only_while_active(self, claim: House) -> None:
        """409 afterwards; unknown ones are 404, and an id that is none 400."""
        view = reserved(claim, documentNo="26001001", amount=10)
        capture(claim, view)
        assert (answer := capture(claim, view)).status_code == 409 and answer.json()["code"] == "STATE-CONFLICT"
        assert release(claim, view).json()["detail"] == "Not possible in status CAPTURED"
        unknown = {"paymentReservationId": "AAAAAAAAAAAAAAAAAAAAAA"}
        assert capture(claim, unknown).status_code == release(claim, unknown).status_code == 404
        assert claim.get(f"{PATH}/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404
        assert claim.get(f"{PATH}/x").json()["code"] == "ID-MALFORMED"


class TestEnding:
    def test_release(self, claim: House) -> None:
        """What remains is given up; again it is unchanged."""
        view = reserved(claim, documentNo="26001001", amount=100)
        capture(claim, view, amount=30)
        now = release(claim, view)
        assert [now.json()[key] for key in ("capturedAmount", "releasedAmount", "remainingAmount", "status")] == [30, 70, 0, "RELEASED"]
        assert release(claim, view).json() == now.json()
        assert capture(claim, view).status_code == 409

    def test_it_ends_at_the_instant(self, later: House) -> None:
        """A second before it runs, at the instant it is EXPIRED: nothing is reserved, though no worker has been there."""
        view = reserved(later, documentNo="26001001", amount=788, expiresAt="2026-11-26T08:00:00+01:00")
        address = f"{PATH}/{view['paymentReservationId']}"
        wait(later, hours=18, minutes=59, seconds=59)
        assert later.get(address).json()["status"] == "ACTIVE"
        wait(later, seconds=1)
        now = later.get(address).json()
        assert (now["status"], now["releasedAmount"], now["remainingAmount"]) == ("EXPIRED", 788, 0)
        assert capture(later, view).status_code == release(later, view).status_code == 409
        assert reserved(later, "B", documentNo="26001001", amount=788)["status"] == "ACTIVE"

    def test_a_worker_writes_it_down(self, later: House) -> None:
        """The status and the log, once, also for a client that is suspended by then."""
        view = reserved(later, documentNo="26001001", amount=100)
        capture(later, view, amount=30)
        reserved(later, "B", documentNo="26001001", amount=100, expiresAt="2026-12-20T12:00:00Z")
        change_books(later, "update client set status = 'SUSPENDED'")
        wait(later, hours=72)
        later.work()
        later.work()
        stored = later.rows("select status, released_amount from payment_reservation where client_no = %s order by payment_id", later.client_no)
        assert stored == [("ACTIVE", 0), ("EXPIRED", 70)]
        entries = later.rows(
            "select entity_id, source, customer_no from log_item where client_no = %s and event = 'RESERVATION-EXPIRED'", later.client_no
        )
        assert entries == [(view["paymentReservationId"], "SYSTEM", "100001")]

    def test_workers_side_by_side(self, later: House) -> None:
        """Two jobs at once end each reservation once."""
        for number in range(5):
            reserved(later, f"N-{number}", documentNo="26001001", amount=1)
        wait(later, hours=73)
        job = next(job for job in later.services.part(Kinds).jobs if job.name == "reservations expired")

        def run() -> int:
            with later.database.connect(WORKER_NAME) as connection:
                return job.run(connection, later.settings, later.clock.now())

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: run(), range(2)))
        events = later.rows("select count(*) from log_item where client_no = %s and event = 'RESERVATION-EXPIRED'", later.client_no)
        assert events == [(5,)]


class TestList:
    def test_newest_first_with_filters(self, later: House) -> None:
        """Each filter alone; the status is that of now."""
        first = reserved(later, "A", documentNo="26001001", amount=10)
        wait(later, minutes=1)
        reserved(later, "B", customerNo="100001", amount=10, expiresAt="2026-12-01T00:00:00Z")
        wait(later, minutes=1)
        third = reserved(later, "C", documentNo="26001001", amount=10)
        release(later, third)
        wait(later, hours=73)

        def ids(query: str = "") -> list[str]:
            answer = later.get(f"{PATH}{query}")
            assert answer.status_code == 200, answer.text
            return [entry["paymentId"] for entry in answer.json()["paymentReservations"]]

        assert ids() == ["C", "B", "A"]
        assert ids("?status=ACTIVE") == ["B"]
        assert ids("?status=EXPIRED") == ["A"]
        assert ids("?status=released,active") == ["C", "B"]
        assert ids("?paymentid=a,c") == ["C", "A"]
        assert ids("?customerno=100001") == ["C", "B", "A"]
        assert ids("?documentno=26001001") == ["C", "A"]
        assert ids(f"?aritemid={first['arItemId']}") == ["C", "A"]
        assert ids("?expiresfrom=2026-11-29") == ["B"]
        assert ids("?expiresto=2026-11-28") == ["C", "A"]
        assert later.get(f"{PATH}?status=GONE").json()["code"] == "INVALID-PARAMETER"
