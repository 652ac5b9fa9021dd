"""Aim: the age distributed balance of any day is the one of that day, whatever happened since, in every currency and cut."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reskontro.ledger.ageing import Intervals
from tests.api.support import amounts, configure, created, credit_note, exchange_rate, invoice, payment
from tests.house import House, exact_json

ITEMS = [
    ("2026-12-01", 1000),
    ("2026-11-22", 200),
    ("2026-11-21", 300),
    ("2026-10-23", 400),
    ("2026-10-22", 500),
    ("2026-09-23", 600),
    ("2026-09-22", 700),
    ("2026-08-24", 800),
    ("2026-08-23", 900),
]


def adb(house: House, query: str = "") -> dict[str, Any]:
    """The age distributed balance."""
    answer = house.get(f"/insights/adbintervals?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = exact_json(answer)
    return found


def figures(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Amount, items and customers of each interval."""
    return [(one["amount"], one["itemCount"], one["customerCount"]) for one in answer["adbIntervals"]]


@pytest.fixture
def aged(books: House) -> House:
    """The items of the published example, all of customer 100001."""
    configure(books, "document.creditNoteReference", "OPTIONAL")
    for due, amount in ITEMS:
        created(books, invoice(documentDate="2026-08-01", dueDate=due, currencyAmounts=amounts(amount, 0)))
    created(books, invoice(documentType="CN", documentDate="2026-11-01", dueDate="2026-11-01", currencyAmounts=amounts(150, 0)))
    return books


class TestExample:
    def test_the_published_answer(self, aged: House) -> None:
        """Every key and value, in order."""
        answer = adb(aged, "asofdate=2026-11-22")
        query_id = answer["summary"].pop("queryId")
        assert answer["summary"] == {
            "pageNo": 1,
            "currentPageSize": 5,
            "pageSizeLimit": 100,
            "totalPages": 1,
            "totalCount": 5,
            "maximumCount": 10000,
            "lastPage": f"https://reskontro.example/arm/v1/clients/{aged.client_no}/insights/adbintervals?query={query_id}&pageno=1",
        }
        assert list(answer) == ["summary", "asOfDate", "currency", "totalAmount", "adbIntervals"]
        assert (answer["asOfDate"], answer["currency"], answer["totalAmount"]) == ("2026-11-22", "NOK", 5250)
        names = ("intervalNo", "fromDays", "toDays", "label", "amount", "debitAmount", "creditAmount", "itemCount", "customerCount", "percent")
        rows = [
            (1, None, 0, "not due", 1200, 1200, 0, 2, 1, Decimal("22.86")),
            (2, 1, 30, "1-30", 550, 700, -150, 3, 1, Decimal("10.48")),
            (3, 31, 60, "31-60", 1100, 1100, 0, 2, 1, Decimal("20.95")),
            (4, 61, 90, "61-90", 1500, 1500, 0, 2, 1, Decimal("28.57")),
            (5, 91, None, "91+", 900, 900, 0, 1, 1, Decimal("17.14")),
        ]
        assert [list(one.items()) for one in answer["adbIntervals"]] == [list(zip(names, row, strict=True)) for row in rows]

    def test_the_day_moves_items_on(self, aged: House) -> None:
        """Today, three days later, what was due on the 21st and 22nd is overdue, and four more have passed a bound."""
        answer = adb(aged)
        assert answer["asOfDate"] == "2026-11-25"
        assert figures(answer) == [(1000, 1, 1), (350, 3, 1), (900, 2, 1), (1300, 2, 1), (1700, 2, 1)]

    def test_other_bounds(self, aged: House) -> None:
        """Bounds of the call go before those of the config, which go before the usual ones."""
        assert figures(adb(aged, "asofdate=2026-11-22&intervals=29")) == [(1350, 4, 1), (3900, 6, 1)]
        configure(aged, "ageing.intervals", [10, 91])
        answer = adb(aged, "asofdate=2026-11-22")
        assert [one["label"] for one in answer["adbIntervals"]] == ["not due", "11-91", "92+"]
        assert figures(answer) == [(1500, 3, 1), (3750, 7, 1), (0, 0, 0)]

    def test_before_the_first_item_all_is_zero(self, aged: House) -> None:
        """All intervals are there."""
        answer = adb(aged, "asofdate=2026-07-31")
        assert answer["totalAmount"] == 0
        assert [(one["amount"], one["itemCount"], one["customerCount"], one["percent"]) for one in answer["adbIntervals"]] == [(0, 0, 0, 0)] * 5


class TestPastDays:
    def test_what_happened_since_does_not_count(self, aged: House) -> None:
        """A payment of the 23rd lowers the balance from that day on, not before."""
        no = created(aged, invoice(documentDate="2026-08-01", dueDate="2026-10-01", kid="0010017", currencyAmounts=amounts(2000, 0)))["documentNo"]
        created(aged, payment(1500, documentDate="2026-11-23", kid="0010017"))
        assert figures(adb(aged, "asofdate=2026-11-22")) == [(1200, 2, 1), (550, 3, 1), (3100, 3, 1), (1500, 2, 1), (900, 1, 1)]
        assert figures(adb(aged, "asofdate=2026-11-23&intervals=0")) == [(1000, 1, 1), (4750, 10, 1)]
        created(aged, credit_note(no, 500, 0, documentDate="2026-11-25"))
        assert figures(adb(aged, "asofdate=2026-11-24&intervals=0")) == [(1000, 1, 1), (4750, 10, 1)]
        assert figures(adb(aged, "asofdate=2026-11-25&intervals=0")) == [(1000, 1, 1), (4250, 9, 1)]

    def test_an_item_counts_from_its_gl_date(self, books: House) -> None:
        """Not from its document date, and not before; an item dated later is not there today."""
        created(books, invoice(documentDate="2026-09-01", glDate="2026-10-05", dueDate="2026-09-15"))
        created(books, invoice(documentDate="2026-11-25", glDate="2026-12-01", dueDate="2026-12-15"))
        found = [adb(books, f"asofdate={day}")["totalAmount"] for day in ("2026-10-04", "2026-10-05", "2026-11-25", "2026-11-30", "2026-12-01")]
        assert found == [0, 1250, 1250, 1250, 2500]

    def test_an_undone_match_counts_up_to_the_day_before(self, books: House) -> None:
        """Matched on the 10th, undone on the 20th: settled from the 10th to the 19th, open before and after."""
        settled = created(books, invoice(documentDate="2026-10-01", dueDate="2026-10-15", kid="0010017"))
        created(books, payment(1250, documentDate="2026-11-10", kid="0010017"))
        now = books.clock.now()
        books.clock.set(datetime(2026, 11, 20, 12, tzinfo=UTC))
        try:
            undo_matches(replace(books, _tokens={}), settled["arItemId"])
        finally:
            books.clock.set(now)
        days = ("2026-11-09", "2026-11-10", "2026-11-19", "2026-11-20", "2026-11-25")
        found = [adb(books, f"asofdate={day}&intervals=0") for day in days]
        assert [(one["totalAmount"], figures(one)) for one in found] == [
            (1250, [(0, 0, 0), (1250, 1, 1)]),
            (0, [(0, 0, 0), (0, 0, 0)]),
            (0, [(0, 0, 0), (0, 0, 0)]),
            (0, [(0, 0, 0), (0, 2, 1)]),
            (0, [(0, 0, 0), (0, 2, 1)]),
        ]

    def test_walking_back_finds_what_adding_up_finds(self, books: House) -> None:
        """For random items, payments and undone matches, every day equals the sum over all items and the matches in force that day."""
        chance = random.Random(20261125)
        customers = ["100001", "100002", "100003"]
        books.customer("100003", "Ola Prøve")
        kids = []
        for number in range(24):
            kid = f"00100{number:02d}"
            kid += str(luhn(kid))
            day = date(2026, 8, 1) + timedelta(days=chance.randrange(100))
            due = day + timedelta(days=chance.choice((0, 14, 30)))
            amount = chance.randint(100, 200_000) / Decimal(100)
            sent = {"customerNo": customers[number % 3], "kid": kid, "documentDate": str(day), "dueDate": str(due)}
            kids.append((kid, amount, created(books, invoice(**sent, currencyAmounts=amounts(amount, 0)))))
        for kid, amount, claim in chance.sample(kids, 16):
            paid = amount if chance.random() < 0.6 else (amount / 3).quantize(Decimal("0.01"))
            day = date(2026, 9, 1) + timedelta(days=chance.randrange(84))
            created(books, payment(paid, customerNo=claim["customerNo"], kid=kid, documentDate=str(day)))
        for _, _, result in chance.sample(kids, 8):
            undo_matches(books, result["arItemId"])
        for back in range(0, 120, 3):
            day = date(2026, 11, 26) - timedelta(days=back)
            answer = adb(books, f"asofdate={day}")
            assert (answer["totalAmount"], figures(answer)) == added_up(books, day)
            by_customer = adb(books, f"asofdate={day}&level=customer")
            assert sum(one["amount"] for one in by_customer["adbIntervals"]) == answer["totalAmount"]
            assert sum(one["itemCount"] for one in by_customer["adbIntervals"]) == sum(one["itemCount"] for one in answer["adbIntervals"])


def luhn(digits: str) -> int:
    """The MOD10 check digit."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return -total % 10


def undo_matches(house: House, ar_item_id: str) -> None:
    """Undo the matches of an item as of today."""
    answer = house.get(f"/aritems/{ar_item_id}?expand=matches")
    assert answer.status_code == 200, answer.text
    for match in answer.json()["matches"]:
        if match["status"] == "ACTIVE":
            undone = house.call("DELETE", f"/matches/{match['matchId']}")
            assert undone.status_code == 200, undone.text


def added_up(house: House, day: date) -> tuple[Decimal, list[tuple[Any, ...]]]:
    """Total, and amount, items and customers of the usual intervals, straight from the definition."""
    rows = house.rows(
        "select a.account_no, a.due_date, a.base_original_amount - coalesce((select sum(l.base_amount) from match_line l"
        " join match m on m.match_id = l.match_id where l.ar_item_id = a.ar_item_id and m.match_date <= %s"
        " and (m.undone_on is null or m.undone_on > %s)), 0) from ar_item a where a.gl_date <= %s",
        day,
        day,
        day,
    )
    intervals = Intervals((0, 30, 60, 90))
    sums = [[Decimal(0), 0, set()] for _ in range(5)]
    for account_no, due_date, opened in rows:
        if opened:
            place = sums[intervals.place_of((day - due_date).days)]
            place[0] += opened
            place[1] += 1
            place[2].add(account_no)
    return sum((place[0] for place in sums), Decimal(0)), [(place[0], place[1], len(place[2])) for place in sums]


class TestCuts:
    @pytest.fixture
    def two(self, books: House) -> House:
        """Two customers: a consumer owes 1250 and 500, a business 2500; the consumer has a credit of 100."""
        created(books, invoice(dueDate="2026-10-19"))
        created(books, invoice(documentDate="2026-11-01", dueDate="2026-11-30", currencyAmounts=amounts(400, 100)))
        created(books, invoice(customerNo="100002", dueDate="2026-11-05", currencyAmounts=amounts(2000, 500)))
        created(books, payment(100, documentDate="2026-11-20"))
        configure(books, "matching.auto", False)
        return books

    def test_by_customer(self, two: House) -> None:
        """All intervals of each customer with an open item, by account; shares of the whole; customers without open items are left out."""
        two.customer("100003", "Ola Prøve")
        answer = adb(two, "level=customer&intervals=0,30")
        accounts = {row[0]: row[1] for row in two.rows("select customer_no, account_no from customer")}
        assert answer["totalAmount"] == 4150
        assert [
            (one["customerNo"], one["accountNo"], one["intervalNo"], one["amount"], one["itemCount"], one["customerCount"], one["percent"])
            for one in answer["adbIntervals"]
        ] == [
            ("100001", accounts["100001"], 1, 500, 1, 1, Decimal("12.05")),
            ("100001", accounts["100001"], 2, -100, 1, 1, Decimal("-2.41")),
            ("100001", accounts["100001"], 3, 1250, 1, 1, Decimal("30.12")),
            ("100002", accounts["100002"], 1, 0, 0, 0, 0),
            ("100002", accounts["100002"], 2, 2500, 1, 1, Decimal("60.24")),
            ("100002", accounts["100002"], 3, 0, 0, 0, 0),
        ]
        assert "customerNo" not in adb(two)["adbIntervals"][0]

    def test_pages_hold_day_and_bounds(self, two: House) -> None:
        """The second page goes on in the same cut of the same day, also the next day; a page past the end still tells the total."""
        first = adb(two, "level=customer&intervals=0,30,60,90,120&pagesize=10&asofdate=2026-11-24")
        two.clock.advance(minutes=5)
        query = first["summary"]["queryId"]
        second = adb(two, f"query={query}&pageno=2")
        assert [(one["customerNo"], one["intervalNo"]) for one in second["adbIntervals"]] == [("100002", 5), ("100002", 6)]
        assert (second["asOfDate"], second["totalAmount"], second["summary"]["totalCount"]) == ("2026-11-24", 4150, 12)
        past = adb(two, f"query={query}&pageno=9")
        assert (past["adbIntervals"], past["asOfDate"], past["totalAmount"]) == ([], "2026-11-24", 4150)

    @pytest.mark.parametrize(
        ("query", "total"),
        [
            ("customerno=100001", 1650),
            ("customerno=100002,100001", 4150),
            ("customerno=nobody", 0),
            ("customercategory=busn", 2500),
            ("claimkind=principal", 4250),
            ("claimkind=CREDIT", -100),
            ("claimkind=INTEREST,COST", 0),
            ("currency=nok", 4150),
            ("currency=EUR", 0),
            ("customerno=100001&claimkind=CREDIT&asofdate=2026-11-19", 0),
        ],
    )
    def test_filters(self, two: House, query: str, total: int) -> None:
        """Each alone, together, and without case."""
        answer = adb(two, query)
        assert (answer["totalAmount"], sum(one["amount"] for one in answer["adbIntervals"])) == (total, total)

    def test_a_currency_is_shown_in_itself(self, books: House) -> None:
        """100 euro at 11.50: 1150 kroner among all, 100 euro by itself, also after a part was paid and for the day before."""
        exchange_rate(books, "EUR", "11.5")
        euro = {"currency": "EUR", "currencyAmounts": amounts(100, 0), "dueDate": "2026-11-01", "kid": "0010017"}
        created(books, invoice(**euro))
        created(books, payment(40, currency="EUR", kid="0010017", documentDate="2026-11-20"))
        found = [adb(books, query) for query in ("", "currency=EUR", "currency=EUR&asofdate=2026-11-19", "asofdate=2026-11-19")]
        assert [(one["currency"], one["totalAmount"], figures(one)[1]) for one in found] == [
            ("NOK", 690, (690, 1, 1)),
            ("EUR", 60, (60, 1, 1)),
            ("EUR", 100, (100, 1, 1)),
            ("NOK", 1150, (1150, 1, 1)),
        ]


@pytest.mark.parametrize(
    "query",
    ["intervals=30,0", "intervals=-1", "intervals=0,0", "intervals=0,1,2,3,4,5,6,7,8,9,10,11,12", "intervals=0,x", "intervals=10000", "level=all"],
)
def test_bounds_that_are_none_are_refused(books: House, query: str) -> None:
    """400 INVALID-PARAMETER for bounds that do not rise, are negative, too many or no numbers."""
    answer = books.get(f"/insights/adbintervals?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID-PARAMETER")
