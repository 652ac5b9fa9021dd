"""Stories over months: what an accountant sees at every date must be what the hand calculates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.api.postings import booked, lines, post
from tests.api.support import amounts, configure, created, credit_note, invoice, warned
from tests.conftest import NOW
from tests.house import House, exact_json


@pytest.fixture
def diary(books: House) -> Iterator[House]:
    """A client of its own whose clock is moved by ``on``; after the test it stands where it stood."""
    yield replace(books, _tokens={})
    books.clock.set(NOW)


def on(house: House, day: str) -> None:
    """Let it be noon of a day; tokens of another time are good for nothing then."""
    house.clock.set(datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    house._tokens.clear()


def open_on(house: House, day: str, document_no: str = "1") -> tuple[Any, str]:
    """(open amount, status) of a document's item at the end of a day."""
    (item,) = exact_json(house.get(f"/aritems?documentno={document_no}&asofdate={day}"))["arItems"]
    return item["openAmount"], item["status"]


def aged_on(house: House, day: str) -> dict[str, Any]:
    """The amounts of the ageing that are not 0, by interval."""
    answer = exact_json(house.get(f"/insights/adbintervals?asofdate={day}"))
    return {interval["label"]: interval["amount"] for interval in answer["adbIntervals"] if interval["amount"]}


def balances(house: House, year: int, period: int) -> dict[str, Any]:
    """Opening and closing balance of the accounts that have one, in one period."""
    found = exact_json(house.get(f"/glmovements?glyear={year}&glperiodfrom={period}&glperiodto={period}&pagesize=1000"))["glMovements"]
    return {m["glAccount"]: (m["openingBalance"], m["closingBalance"]) for m in found if m["openingBalance"] or m["closingBalance"]}


def close_until(house: House, year: int, month: int) -> None:
    """Close the months of a year up to one."""
    for period in range(1, month + 1):
        answer = house.put(f"/periods/{year}/{period}", {"metadata": {"userId": "anne"}, "period": {"status": "CLOSED"}})
        assert (answer.status_code, answer.json()["controlDifference"]) == (200, 0), answer.text


class TestAYearOfOneClaim:
    """12 500.00 due on 19 January: paid in part, credited in part, charged interest, paid again, lost, and a year end."""

    def tell(self, house: House) -> None:
        on(house, "2026-01-05")
        created(
            house,
            invoice(documentNo="1", documentDate="2026-01-05", dueDate="2026-01-19", currencyAmounts=amounts(10000, 2500)),
        )
        on(house, "2026-02-02")
        booked(house, "payment", {"documentNo": "1", "amount": 5000, "paymentDate": "2026-02-02"})
        on(house, "2026-03-10")
        created(house, credit_note("1", 1000, 250, documentNo="C1", documentDate="2026-03-10"))

    def test_interest_follows_what_was_open_day_by_day(self, diary: House) -> None:
        """14 days of 12 500, 36 of 7 500 and 21 of 6 250 at 12 per cent of 365 days: 57.534 + 88.767 + 43.151."""
        self.tell(diary)
        on(diary, "2026-04-01")
        (result,) = booked(diary, "interest", {"documentNo": "1", "interestTo": "2026-03-31"})
        assert result["amount"] == Decimal("189.45")
        assert lines(diary, result) == [("1500", Decimal("189.45"), None), ("8055", Decimal("-189.45"), "7")]
        # The days are used up: from the next one on, and only from there.
        on(diary, "2026-04-11")
        (result,) = booked(diary, "interest", {"documentNo": "1", "interestTo": "2026-04-10"})
        assert result["amount"] == Decimal("20.55")  # 6 250 * 10 / 365 * 12 %

    def test_every_past_day_shows_what_it_showed_then(self, diary: House) -> None:
        """Items, ageing and totals of a day do not change by what comes later."""
        self.tell(diary)
        on(diary, "2026-04-01")
        booked(diary, "interest", {"documentNo": "1", "interestTo": "2026-03-31"})
        on(diary, "2026-04-20")
        booked(diary, "payment", {"documentNo": "1", "amount": 3000, "paymentDate": "2026-04-20"})
        assert [open_on(diary, day) for day in ("2026-02-01", "2026-02-02", "2026-03-09", "2026-03-10", "2026-04-20")] == [
            (12500, "OPEN"),
            (7500, "PARTIAL"),
            (7500, "PARTIAL"),
            (6250, "PARTIAL"),
            # Interest comes before the principal: 3 000 - 189.45 = 2 810.55 are left for it.
            (Decimal("3439.45"), "PARTIAL"),
        ]
        assert aged_on(diary, "2026-01-19") == {"not due": 12500}
        assert aged_on(diary, "2026-01-20") == {"1-30": 12500}
        assert aged_on(diary, "2026-03-31") == {"61-90": 6250}
        assert aged_on(diary, "2026-04-19") == {"61-90": 6250, "1-30": Decimal("189.45")}
        assert aged_on(diary, "2026-04-20") == {"91+": Decimal("3439.45")}

    def test_the_rest_is_lost_and_the_year_ends(self, diary: House) -> None:
        """A fifth of what is lost is VAT; income starts at 0 in the new year, what is owned and owed goes on."""
        self.tell(diary)
        on(diary, "2026-04-20")
        booked(diary, "payment", {"documentNo": "1", "amount": Decimal("2810.55"), "paymentDate": "2026-04-20"})
        on(diary, "2026-12-15")
        posting = {"documentNo": "1", "reasonCode": "BAD-DEBT", "reason": "Bankrupt", "vatRelief": True}
        (result,) = booked(diary, "writeoff", posting)
        assert lines(diary, result) == [
            ("1500", Decimal("-3439.45"), None),
            ("7830", Decimal("2751.56"), None),
            ("2700", Decimal("687.89"), "3"),
        ]
        on(diary, "2027-01-10")
        close_until(diary, 2026, 12)
        assert balances(diary, 2026, 12) == {
            "1500": (Decimal("3439.45"), 0),
            "1920": (Decimal("7810.55"), Decimal("7810.55")),
            "2700": (-2250, Decimal("-1562.11")),
            "3000": (-9000, -9000),
            "7830": (0, Decimal("2751.56")),
        }
        assert balances(diary, 2027, 1) == {
            "1920": (Decimal("7810.55"), Decimal("7810.55")),
            "2700": (Decimal("-1562.11"), Decimal("-1562.11")),
        }
        # Money that comes for it all the same is the customer's, and goes back.
        (paid,) = booked(diary, "payment", {"documentNo": "1", "amount": 100, "paymentDate": "2027-01-10"})
        assert (paid["glYear"], paid["transactionNo"]) == (2027, 1)
        booked(diary, "refund", {"customerNo": "100001", "amount": 100, "payeeBankAccountNo": "86011117947", "paymentDate": "2027-01-11"})
        assert balances(diary, 2027, 1)["1920"] == (Decimal("7810.55"), Decimal("7810.55"))
        assert aged_on(diary, "2027-01-10") == {}


class TestAForeignClaim:
    """1 000 euros at 11.50, paid in two parts at other rates, and the second part undone."""

    def test_gain_and_loss_are_booked_when_they_arise_and_taken_back_when_undone(self, diary: House) -> None:
        """400 at 11.80 gain 120; 600 at 11.20 lose 180."""
        on(diary, "2026-06-10")
        claim = {"documentNo": "1", "documentDate": "2026-06-10", "dueDate": "2026-07-10", "currency": "EUR", "exchangeRate": Decimal("11.5")}
        created(diary, invoice(**claim, currencyAmounts=amounts(1000, 0)))
        for day, amount, rate in (("2026-07-01", 400, "11.8"), ("2026-08-15", 600, "11.2")):
            on(diary, day)
            booked(diary, "payment", {"documentNo": "1", "amount": amount, "paymentDate": day, "exchangeRate": Decimal(rate)})
        settled = {"1920": 11440, "3100": -11500, "8060": -120, "8160": 180}
        assert diary.balances() == settled
        on(diary, "2026-10-05")
        found = exact_json(diary.get("/aritems?documentno=1&expand=matches"))["arItems"][0]["matches"]
        last = max(found, key=lambda match: match["matchDate"])
        assert diary.call("DELETE", f"/matches/{last['matchId']}").status_code == 200
        assert diary.balances() == {"1500": 180, "1920": 11440, "3100": -11500, "8060": -120}
        assert open_on(diary, "2026-10-04") == (0, "CLOSED")
        assert open_on(diary, "2026-10-05") == (600, "PARTIAL")
        # Of the day, in the base currency: what the ledger says of the claim, less what it says of the payment.
        assert aged_on(diary, "2026-10-05") == {"61-90": 6900, "31-60": -6720}
        sides = [(item["arItemId"], item["openAmount"]) for item in exact_json(diary.get("/aritems?status=OPEN,PARTIAL"))["arItems"]]
        matched = diary.post("/matches", {"match": {"lines": [{"arItemId": item, "amount": amount} for item, amount in sides]}})
        assert matched.status_code == 201, matched.text
        assert diary.balances() == settled


class TestClosedMonths:
    """Months are closed, something comes late, one is opened again, and a mistake of the old year is put right in the new one."""

    def test_what_comes_late_goes_where_it_may(self, diary: House) -> None:
        """Documents to the next open day with a warning, auto postings nowhere; a month that is opened again takes both."""
        on(diary, "2026-10-03")
        created(diary, invoice(documentNo="1", documentDate="2026-08-20"))
        close_until(diary, 2026, 8)
        assert warned(diary, invoice(documentNo="2", documentDate="2026-08-31")) == [("PERIOD-CLOSED", "/glDate")]
        shown = exact_json(diary.get("/documents/2"))
        assert (shown["documentDate"], shown["glDate"]) == ("2026-08-31", "2026-09-01")
        late = {"documentNo": "1", "amount": 50, "feeCode": "OTHER", "postingDate": "2026-08-31"}
        refused = post(diary, "fee", late)
        assert [error["code"] for error in refused.json()["autoPostings"][0]["errors"]] == ["PERIOD-CLOSED"]
        reopened = {"metadata": {"userId": "bo"}, "period": {"status": "OPEN", "reason": "The fee of August"}}
        assert diary.put("/periods/2026/8", reopened).status_code == 200
        booked(diary, "fee", late)
        assert balances(diary, 2026, 8)["1500"] == (0, 1300)
        assert balances(diary, 2026, 9)["1500"] == (1300, 2550)

    def test_a_mistake_of_december_is_put_right_in_january(self, diary: House) -> None:
        """The old year stays as it was closed; the reversal stands in the new one, with a number of its own."""
        configure(diary, "coverage.excess", "UNAPPLIED")
        on(diary, "2026-12-28")
        created(diary, invoice(documentNo="1", documentDate="2026-12-28"))
        (paid,) = booked(diary, "payment", {"documentNo": "1", "amount": 1250, "paymentDate": "2026-12-28"})
        on(diary, "2027-01-05")
        close_until(diary, 2026, 12)
        back = {"glYear": paid["glYear"], "transactionNo": paid["transactionNo"], "reason": "Another customer's money"}
        (reversed_,) = booked(diary, "reversal", back)
        assert (reversed_["glYear"], reversed_["transactionNo"]) == (2027, 1)
        assert open_on(diary, "2026-12-31") == (0, "CLOSED")
        assert open_on(diary, "2027-01-05") == (1250, "OPEN")
        assert balances(diary, 2026, 12)["1920"] == (0, 1250)
        assert balances(diary, 2027, 1)["1920"] == (1250, 0)
        assert balances(diary, 2027, 1)["1500"] == (0, 1250)
