"""AR items over HTTP: one with all it can be expanded by, the list with its filters, and the state of past days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from tests.api.postings import BANK_ACCOUNTS, booked
from tests.api.support import amounts, configure, created, credit_note, exchange_rate, in_order, invoice, line, payment, shown
from tests.conftest import NOW
from tests.house import House, exact_json

_client_nos = count(17_001)


@pytest.fixture
def clocked(books: House) -> Iterator[House]:
    """A client of its own whose clock may be moved by ``set_clock``; after the test it stands where it stood."""
    yield replace(books, _tokens={})
    books.clock.set(NOW)


def set_clock(house: House, day: str) -> None:
    """Let it be noon of a day; tokens of another time are good for nothing then."""
    house.clock.set(datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    house._tokens.clear()


def found(house: House, query: str = "") -> list[dict[str, Any]]:
    """The items of a list, numbers exact."""
    answer = house.get(f"/aritems?{query}")
    assert answer.status_code == 200, answer.text
    return exact_json(answer)["arItems"]  # type: ignore[no-any-return]


def numbers(house: House, query: str = "") -> list[str]:
    """The document numbers of the items of a list, in its order; items without one by their type."""
    return [item["documentNo"] or item["arItemType"] for item in found(house, query)]


def one(house: House, item_id: str, expand: str = "") -> dict[str, Any]:
    """An item as GET shows it, numbers exact."""
    answer = house.get(f"/aritems/{item_id}{'?expand=' + expand if expand else ''}")
    assert answer.status_code == 200, answer.text
    return exact_json(answer)  # type: ignore[no-any-return]


class TestOneItem:
    def test_every_key_is_there(self, books: House) -> None:
        """An invoice that was paid in part: all keys, the amounts, the VAT share in proportion, what it takes over from its document."""
        sent = {"sellerReference": "S12", "buyerReference": "B7", "subCustomerNo": "north", "ledgerNote": "careful", "referenceNo": "Ref 1"}
        made = created(books, invoice(documentNo="26001001", dueDate="2026-10-19", kid="0010017", **sent))
        created(books, payment(462, documentNo="P1", kid="0010017"))
        item = one(books, made["arItemId"])
        assert item == {
            "arItemId": made["arItemId"],
            "clientNo": books.client_no,
            "accountNo": made["accountNo"],
            "customerNo": "100001",
            "subCustomerNo": "north",
            "arItemType": "IN",
            "claimKind": "PRINCIPAL",
            "claimArItemId": None,
            "status": "PARTIAL",
            "documentUuid": made["documentUuid"],
            "documentNo": "26001001",
            "referenceNo": "Ref 1",
            "kid": "0010017",
            "itemDate": "2026-10-05",
            "dueDate": "2026-10-19",
            "glDate": "2026-10-05",
            "glYear": 2026,
            "glPeriod": 10,
            "transactionNo": 1,
            "currency": "NOK",
            "originalAmount": 1250,
            "openAmount": 788,
            "baseOriginalAmount": 1250,
            "baseOpenAmount": 788,
            "exchangeRate": 1,
            "reservedAmount": 0,
            "creditedAmount": 0,
            "vatOpenAmount": Decimal("157.6"),
            "reminderLevel": 0,
            "lastReminderDate": None,
            "interestCalculatedUntil": None,
            "collectionStatus": "NONE",
            "collectionCaseId": None,
            "stopReminderUntil": None,
            "stopDebtCollectionUntil": None,
            "stopInterestCalcUntil": None,
            "disputed": False,
            "disputeReason": None,
            "ledgerNote": "careful",
            "sellerReference": "S12",
            "buyerReference": "B7",
            "dimensions": [],
            "reversal": False,
            "createdAt": "2026-11-25T12:00:00.000Z",
            "changedAt": "2026-11-25T12:00:00.000Z",
        }
        assert shown(books, "26001001", "aritem")["arItem"] == item

    def test_matches(self, books: House) -> None:
        """Each match with all its lines, in coverage order, whichever of its items is asked for."""
        made = created(books, invoice(documentNo="1", kid="0010017"))
        (fee,) = booked(books, "fee", {"documentNo": "1", "feeCode": "OTHER", "amount": 38, "postingDate": "2026-11-04"})
        paid = created(books, payment(500, documentNo="P", documentDate="2026-11-16", kid="0010017"))
        ids = [fee["arItemIds"][-1], made["arItemId"], paid["arItemId"]]
        fee_id = next(item["arItemId"] for item in found(books, "aritemtype=FE"))
        (match,) = one(books, made["arItemId"], "matches")["matches"]
        assert [(entry["arItemId"], entry["amount"]) for entry in match.pop("lines")] == [(fee_id, 38), (ids[1], 462), (ids[2], -500)]
        assert match.pop("matchId")
        assert match == {
            "clientNo": books.client_no,
            "accountNo": made["accountNo"],
            "customerNo": "100001",
            "matchDate": "2026-11-16",
            "source": "KID",
            "coverageOrder": "COSTS-INTEREST-PRINCIPAL",
            "status": "ACTIVE",
            "createdAt": "2026-11-25T12:00:00.000Z",
            "createdBy": match["createdBy"],
        }
        assert one(books, paid["arItemId"], "matches")["matches"] == one(books, fee_id, "matches")["matches"]

    def test_document_and_gl_items(self, books: House) -> None:
        """The whole document as it is shown by itself, and all lines of the transaction."""
        made = created(books, invoice(documentNo="1", documentLines=[line(1, 1000, 250)]))
        item = one(books, made["arItemId"], "document,glitems")
        assert item["document"] == shown(books, "1")
        assert [(entry["glAccount"], entry["debit"] - entry["credit"]) for entry in item["glItems"]] == [
            ("1500", 1250),
            ("3000", -1000),
            ("2700", -250),
        ]
        assert item["glItems"][0]["arItemId"] == made["arItemId"]

    def test_reservations(self, books: House) -> None:
        """What is reserved, and by which reservations; those that ended are shown and not counted."""
        made = created(books, invoice(documentNo="1", kid="0010017"))
        for payment_id, amount in (("M-1", 200), ("M-2", 300)):
            sent = {"paymentId": payment_id, "kid": "0010017", "amount": amount}
            assert books.post("/paymentreservations", {"paymentReservation": sent}).status_code == 201
        item = one(books, made["arItemId"], "reservations")
        assert item["reservedAmount"] == 500
        assert {entry["paymentId"]: entry["amount"] for entry in item["reservations"]} == {"M-1": 200, "M-2": 300}
        reservation = next(entry for entry in item["reservations"] if entry["paymentId"] == "M-2")
        assert books.post(f"/paymentreservations/{reservation['paymentReservationId']}/release").status_code == 200
        item = one(books, made["arItemId"], "reservations")
        assert (item["reservedAmount"], len(item["reservations"])) == (200, 2)

    def test_an_item_without_a_document(self, books: House) -> None:
        """An auto posting has none; it is null, and the other expansions hold."""
        created(books, invoice(documentNo="1"))
        booked(books, "fee", {"documentNo": "1", "feeCode": "OTHER", "amount": 38})
        fee_id = next(item["arItemId"] for item in found(books, "aritemtype=FE"))
        item = one(books, fee_id, "matches,reservations,document,glitems")
        assert (item["document"], item["documentUuid"], item["matches"], item["reservations"]) == (None, None, [], [])
        assert len(item["glItems"]) == 2
        assert item["claimKind"] == "COST"

    def test_unknown(self, books: House) -> None:
        """404 for an id that nobody has, 400 for a text that is no id or an unknown expand value."""
        made = created(books, invoice(documentNo="1"))
        answers = [books.get(path) for path in ("/aritems/AaELSpbkfeSc8k8SdjxPTA", "/aritems/26001001", f"/aritems/{made['arItemId']}?expand=lines")]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
            (404, "NOT-FOUND"),
            (400, "ID-MALFORMED"),
            (400, "INVALID-PARAMETER"),
        ]


@pytest.fixture(scope="module")
def shelf(module_house: House) -> House:
    """A client with items of several kinds, states and days, which the tests only read."""
    house = replace(module_house, client_no=module_house.add_client(next(_client_nos)))
    house.customer("100001", "Kari Prøve")
    house.customer("100002", "Skogly Prøvedrift AS", organizationNo="123456785")
    configure(house, "bank.accounts", BANK_ACCOUNTS)
    exchange_rate(house, "EUR", "11.5")
    created(house, invoice(documentNo="A1", documentDate="2026-09-01", dueDate="2026-09-15", kid="0010017", referenceNo="Blå"))
    created(house, invoice(documentNo="A2", documentDate="2026-10-01", dueDate="2026-10-15", kid="0010025"))
    created(house, invoice(documentNo="A3", documentDate="2026-11-20", dueDate="2026-12-15", kid="0010033", referenceNo="blå"))
    created(house, invoice(documentNo="B1", customerNo="100002", documentDate="2026-10-01", dueDate="2026-10-15", kid="0010041"))
    euro = {"currency": "EUR", "currencyAmounts": amounts(100, 0)}
    created(house, invoice(documentNo="B2", customerNo="100002", documentDate="2026-11-01", dueDate="2026-11-15", kid="0010058", **euro))
    created(house, payment(1250, documentNo="P1", documentDate="2026-09-20", kid="0010017"))
    created(house, payment(500, documentNo="P2", documentDate="2026-11-02", kid="0010025"))
    created(house, payment(700, documentNo="P3", customerNo="100002", documentDate="2026-11-03"))
    created(house, credit_note("B1", 100, 25, documentNo="C1", customerNo="100002"))
    booked(house, "fee", {"documentNo": "A2", "feeCode": "OTHER", "amount": 38, "postingDate": "2026-11-04"})
    for number, changes in (("A3", {"disputed": True, "disputeReason": "not ordered"}), ("B1", {"ledgerNote": "x"})):
        assert house.put("/aritems", {"arItem": {"documentNo": number, **changes}}).status_code == 200
    with house.database.transaction(house.client_no) as transaction:
        transaction.execute(
            "update ar_item set details = details || '{\"collectionStatus\": \"IN-COLLECTION\"}' where client_no = %s and document_no = 'B2'",
            (house.client_no,),
        )
    in_order(house)
    return house


class TestList:
    def test_order_and_pages(self, shelf: House) -> None:
        """By dueDate, then id; pages of a stored list, and a head count."""
        assert numbers(shelf) == ["A1", "P1", "A2", "B1", "C1", "P2", "P3", "FE", "B2", "A3"]
        first = shelf.get("/aritems?pagesize=6").json()
        second = shelf.http.get(
            first["summary"]["nextPage"].removeprefix("https://reskontro.example"), headers={"Authorization": f"Bearer {shelf.token()}"}
        )
        assert [item["documentNo"] for item in first["arItems"]] == ["A1", "P1", "A2", "B1", "C1", "P2"]
        assert [item["documentNo"] for item in second.json()["arItems"]] == ["P3", None, "B2", "A3"]
        assert first["summary"]["totalCount"] == 10

    def test_expansions(self, shelf: House) -> None:
        """A list shows its records as a single item is shown, but for the lines of documents."""
        for item in found(shelf, "expand=matches,reservations,document,glitems"):
            single = one(shelf, item["arItemId"], "matches,reservations,document,glitems")
            if single["document"] is not None:
                del single["document"]["documentLines"]
            assert item == single

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("customerno=100002", ["B1", "C1", "P3", "B2"]),
            ("customerno=100001,100002&currency=eur", ["B2"]),
            ("customerno=999999", []),
            ("accountno=99999999999", []),
            ("documentno=a1,B2", ["A1", "B2"]),
            ("documentno=ZZ", []),
            ("referenceno=Blå", ["A1", "A3"]),
            ("referenceno=BLÅ&duedatefrom=2026-10-01", ["A3"]),
            ("kid=0010025", ["A2", "P2"]),
            ("kid=00 100 25&aritemtype=PY", ["P2"]),
            ("aritemtype=PY", ["P1", "P2", "P3"]),
            ("aritemtype=IN,CN&customerno=100002", ["B1", "C1", "B2"]),
            ("aritemtype=WO", []),
            ("claimkind=COST", ["FE"]),
            ("claimkind=INTEREST", []),
            ("claimkind=CREDIT", ["P1", "C1", "P2", "P3"]),
            ("claimkind=COST,CREDIT", ["P1", "C1", "P2", "P3", "FE"]),
            ("claimkind=PRINCIPAL,COST", ["A1", "A2", "B1", "FE", "B2", "A3"]),
            ("status=CLOSED", ["A1", "P1", "C1", "P2"]),
            ("status=PARTIAL", ["A2", "B1"]),
            ("status=OPEN", ["P3", "FE", "B2", "A3"]),
            ("status=open,Partial", ["A2", "B1", "P3", "FE", "B2", "A3"]),
            ("status=OPEN,CLOSED", ["A1", "P1", "C1", "P2", "P3", "FE", "B2", "A3"]),
            ("duedatefrom=2026-10-15&duedateto=2026-10-31", ["A2", "B1", "C1"]),
            ("gldatefrom=2026-11-01", ["P2", "P3", "FE", "B2", "A3"]),
            ("gldatefrom=2026-11-01&gldateto=2026-11-03&status=OPEN", ["P3", "B2"]),
            ("currency=EUR", ["B2"]),
            ("currency=NOK&customerno=100002", ["B1", "C1", "P3"]),
            ("currency=USD", []),
            ("overdue=true", ["A2", "B1", "FE", "B2"]),
            ("overdue=false", ["A1", "P1", "C1", "P2", "P3", "A3"]),
            ("overdue=false&status=OPEN", ["P3", "A3"]),
            ("overdue=true&status=CLOSED", []),
            ("overdue=true&asofdate=2026-10-15", []),
            ("overdue=true&asofdate=2026-10-16", ["A2", "B1"]),
            ("disputed=true", ["A3"]),
            ("disputed=false&customerno=100001", ["A1", "P1", "A2", "P2", "FE"]),
            ("collectionstatus=IN-COLLECTION", ["B2"]),
            ("collectionstatus=NONE&customerno=100002", ["B1", "C1", "P3"]),
            ("collectionstatus=none,in-collection&customerno=100002", ["B1", "C1", "P3", "B2"]),
            ("collectionstatus=RETURNED", []),
            ("changedfrom=2026-11-25T12:00:00Z&documentno=A1", ["A1"]),
            ("changedfrom=2026-11-25T12:00:00.001Z", []),
            ("changedfrom=2026-11-26", []),
            ("changedfrom=2026-11-25&kid=0010017", ["A1", "P1"]),
            ("duedatefrom=2026-10-15&duedateto=2026-10-01", []),
        ],
    )
    def test_filters(self, shelf: House, query: str, expected: list[str]) -> None:
        """Each filter alone and together: different ones mean "and", values of one mean "or"."""
        assert sorted(numbers(shelf, query)) == sorted(expected)

    def test_ids(self, shelf: House) -> None:
        """By documentUuid and accountNo as answers show them."""
        item = found(shelf, "documentno=B2")[0]
        assert numbers(shelf, f"documentuuid={item['documentUuid']},AaELSpbkfeSc8k8SdjxPTA") == ["B2"]
        assert sorted(numbers(shelf, f"accountno={item['accountNo']},5")) == ["B1", "B2", "C1", "P3"]
        assert numbers(shelf, f"accountno={item['accountNo']}&customerno=100001") == []

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("status=PAID", "INVALID-PARAMETER"),
            ("aritemtype=XX", "INVALID-PARAMETER"),
            ("overdue=yes", "INVALID-PARAMETER"),
            ("asofdate=2026-02-30", "INVALID-PARAMETER"),
            ("documentuuid=123", "ID-MALFORMED"),
            ("duedate=2026-10-01", "UNKNOWN-PARAMETER"),
            ("expand=lines", "INVALID-PARAMETER"),
        ],
    )
    def test_what_is_no_filter(self, shelf: House, query: str, code: str) -> None:
        """Refused before anything is looked up."""
        answer = shelf.get(f"/aritems?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, code)


class TestAsOfDate:
    def test_amounts_and_statuses_of_a_past_day(self, shelf: House) -> None:
        """An item exists from its glDate on, and a match counts from its matchDate on."""
        states = {
            day: {item["documentNo"]: (item["status"], item["openAmount"]) for item in found(shelf, f"asofdate={day}")}
            for day in ("2026-08-31", "2026-09-19", "2026-09-20", "2026-10-31", "2026-11-02")
        }
        assert states["2026-08-31"] == {}
        assert states["2026-09-19"] == {"A1": ("OPEN", 1250)}
        assert states["2026-09-20"] == {"A1": ("CLOSED", 0), "P1": ("CLOSED", 0)}
        assert states["2026-10-31"] == states["2026-09-20"] | {"A2": ("OPEN", 1250), "B1": ("PARTIAL", 1125), "C1": ("CLOSED", 0)}
        assert states["2026-11-02"]["A2"] == ("PARTIAL", 750)

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("asofdate=2026-10-15&status=OPEN", ["A2", "B1"]),
            ("asofdate=2026-10-31&status=OPEN", ["A2"]),
            ("asofdate=2026-10-31&status=PARTIAL", ["B1"]),
            ("asofdate=2026-10-31&status=OPEN,PARTIAL&customerno=100002", ["B1"]),
            ("asofdate=2026-09-19&status=CLOSED", []),
            ("asofdate=2026-09-19&status=OPEN&kid=0010017", ["A1"]),
            ("asofdate=2026-10-31&status=CLOSED", ["A1", "P1", "C1"]),
            ("asofdate=2026-10-31&overdue=false", ["A1", "P1", "C1"]),
            ("asofdate=2026-12-31&status=PARTIAL", ["A2", "B1"]),
        ],
    )
    def test_filters_look_at_that_day(self, shelf: House, query: str, expected: list[str]) -> None:
        """Status and overdue are those of the end of the day."""
        assert sorted(numbers(shelf, query)) == sorted(expected)

    def test_credited_and_reserved_of_a_past_day(self, clocked: House) -> None:
        """What was credited or reserved later does not count yet, and what ended since counts still."""
        books = clocked
        set_clock(books, "2026-10-20")
        created(books, invoice(documentNo="1", documentDate="2026-10-01", kid="0010017"))
        sent = {"paymentId": "M-1", "kid": "0010017", "amount": 200}
        reservation = books.post("/paymentreservations", {"paymentReservation": sent}).json()
        set_clock(books, "2026-10-21")
        created(books, credit_note("1", 100, 25, documentNo="C", documentDate="2026-10-21"))
        assert books.post(f"/paymentreservations/{reservation['paymentReservationId']}/release").status_code == 200
        seen = [found(books, f"asofdate=2026-10-{day}&documentno=1")[0] for day in (19, 20, 21)]
        assert [(item["creditedAmount"], item["reservedAmount"], item["openAmount"]) for item in seen] == [
            (0, 0, 1250),
            (0, 200, 1250),
            (125, 0, 1125),
        ]

    def test_an_undone_match_counts_up_to_the_day_before(self, clocked: House) -> None:
        """The invoice is closed on the days from the match to the day before its undoing, and open again from that day on."""
        books = clocked
        made = created(books, invoice(documentNo="1", documentDate="2026-11-01", kid="0010017"))
        created(books, payment(1250, documentNo="P", documentDate="2026-11-10", kid="0010017"))
        match_id = one(books, made["arItemId"], "matches")["matches"][0]["matchId"]
        assert books.call("DELETE", f"/matches/{match_id}").status_code == 200
        days = [date(2026, 11, day) for day in (9, 10, 24, 25, 26)]
        assert [found(books, f"asofdate={day}&documentno=1")[0]["openAmount"] for day in days] == [1250, 0, 0, 1250, 1250]
        assert [numbers(books, f"asofdate={day}&status=OPEN") for day in days] == [["1"], [], [], ["P", "1"], ["P", "1"]]
        assert numbers(books, "asofdate=2026-11-24&status=CLOSED") == ["P", "1"]

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
    def test_the_ends_of_time(self, shelf: House, day: str) -> None:
        """The first and the last day there is are days like any other."""
        assert len(found(shelf, f"asofdate={day}&status=OPEN,PARTIAL,CLOSED")) == (0 if day < "2000" else 10)
        assert len(found(shelf, f"asofdate={day}&changedfrom=0001-01-01")) == (0 if day < "2000" else 10)

    def test_it_holds_for_the_following_pages(self, shelf: House) -> None:
        """asofdate is an option of the stored list."""
        first = shelf.get("/aritems?asofdate=2026-09-19&pagesize=5").json()
        again = shelf.get(f"/aritems?query={first['summary']['queryId']}").json()
        assert again["arItems"] == first["arItems"]
        assert again["arItems"][0]["status"] == "OPEN"

    def test_every_day_agrees_with_the_general_ledger(self, clocked: House) -> None:
        """Through payments, credits, small and exchange differences and undoings: on each day the open items of that day are the balance of 1500."""
        books = clocked
        configure(books, "matching.smallDifferenceLimit", 5)
        euro = {"currency": "EUR", "currencyAmounts": amounts(100, 0)}
        created(books, invoice(documentNo="1", documentDate="2026-10-01", kid="0010017"))
        created(books, invoice(documentNo="2", documentDate="2026-10-05", kid="0010025", exchangeRate=Decimal("11.5"), **euro))
        created(books, payment(1248, documentNo="P1", documentDate="2026-10-10", kid="0010017"))
        created(books, payment(90, documentNo="P2", documentDate="2026-10-12", kid="0010025", currency="EUR", exchangeRate=Decimal("12.8")))
        created(books, credit_note("1", 100, 25, documentNo="C1", documentDate="2026-10-15"))
        undone_on = date(2026, 11, 3)
        set_clock(books, "2026-11-03")
        for number in ("P1", "P2"):
            item = found(books, f"documentno={number}&expand=matches")[0]
            assert books.call("DELETE", f"/matches/{item['matches'][0]['matchId']}").status_code == 200
        day = date(2026, 9, 30)
        while day <= undone_on + timedelta(days=2):
            (balance,) = books.rows("select coalesce(sum(amount), 0) from gl_item where gl_account = '1500' and gl_date <= %s", day)[0]
            items = found(books, f"asofdate={day}")
            assert sum(item["baseOpenAmount"] for item in items) == balance, day
            opened = {item["arItemId"] for item in items if item["status"] != "CLOSED"}
            assert {item["arItemId"] for item in found(books, f"asofdate={day}&status=OPEN,PARTIAL")} == opened
            day += timedelta(days=1)
        now = {item["arItemId"]: item["openAmount"] for item in found(books)}
        assert {item["arItemId"]: item["openAmount"] for item in found(books, "asofdate=2027-12-31")} == now
