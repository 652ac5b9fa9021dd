"""Matches by hand: items against each other, exact amounts, payments that are placed, and undoing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.api.postings import booked
from tests.api.support import (
    amounts,
    change_books,
    close_periods,
    codes,
    configure,
    created,
    credit_note,
    invoice,
    ledger_rows,
    payment,
)
from tests.api.unidentified import unidentified
from tests.conftest import NOW
from tests.house import House, exact_json
from tests.shared_data import shared_path


@pytest.fixture
def clocked(books: House) -> Iterator[House]:
    """A client of its own whose clock may be moved by ``set_clock``; after the test it stands where it stood."""
    yield replace(books, _tokens={})
    books.clock.set(NOW)


def set_clock(house: House, day: str) -> None:
    """Let it be noon of a day; tokens of another time are good for nothing then."""
    house.clock.set(datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    house._tokens.clear()


def ask(house: House, **match: Any) -> Any:
    """The answer to a match that is asked for."""
    return house.post("/matches", {"metadata": {"userId": "anne"}, "match": match})


def matched(house: House, **match: Any) -> dict[str, Any]:
    """A match that must be made, numbers exact."""
    answer = ask(house, **match)
    assert answer.status_code == 201, answer.text
    return exact_json(answer)  # type: ignore[no-any-return]


def refused(house: House, **match: Any) -> list[tuple[str, str]]:
    """(code, pointer without /match) of the errors of a match that must be refused; it leaves no row behind."""
    before = ledger_rows(house), states(house)
    answer = ask(house, **match)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION-FAILED"), answer.text
    assert (ledger_rows(house), states(house)) == before
    return [(code, pointer.removeprefix("/match")) for code, pointer in codes(answer.json()["errors"])]


def states(house: House) -> list[tuple[Any, ...]]:
    """What can change of items, matches and payments."""
    rows = house.rows("select ar_item_id::text, open_amount, details::text from ar_item where client_no = %s order by 1", house.client_no)
    rows += house.rows("select match_id::text, status, undone_by from match where client_no = %s order by 1", house.client_no)
    rows += house.rows("select payment_uuid::text, ar_item_id::text, exception_code from payment where client_no = %s order by 1", house.client_no)
    return rows


def undo(house: House, match_id: str) -> Any:
    """The answer to undoing a match."""
    return house.call("DELETE", f"/matches/{match_id}?userid=bo")


def undone(house: House, match_id: str) -> dict[str, Any]:
    """A match after it was undone, numbers exact."""
    answer = undo(house, match_id)
    assert answer.status_code == 200, answer.text
    return exact_json(answer)  # type: ignore[no-any-return]


def items(house: House, query: str = "") -> list[dict[str, Any]]:
    """AR items, numbers exact."""
    return exact_json(house.get(f"/aritems?{query}"))["arItems"]  # type: ignore[no-any-return]


def open_of(house: House, *item_ids: str) -> list[Decimal]:
    """What is open of items."""
    return [exact_json(house.get(f"/aritems/{item_id}"))["openAmount"] for item_id in item_ids]


def amounts_of(match: dict[str, Any]) -> list[tuple[str, Decimal]]:
    """(item, amount) of the lines of a match."""
    return [(entry["arItemId"], entry["amount"]) for entry in match["lines"]]


def debit(house: House, **values: Any) -> str:
    """An invoice of 1250; the id of its item."""
    return created(house, invoice(**values))["arItemId"]  # type: ignore[no-any-return]


def credit(house: House, amount: Any, **values: Any) -> str:
    """A payment that settles nothing by itself; the id of its item."""
    return created(house, payment(amount, **values))["arItemId"]  # type: ignore[no-any-return]


class TestItemsAgainstEachOther:
    def test_the_answer(self, books: House) -> None:
        """201 with the match: its items with amounts that add up to zero, who made it, and today as its date."""
        owed, paid = debit(books), credit(books, 500)
        match = matched(books, arItemIds=[owed, paid])
        assert len(match.pop("matchId")) == 22
        account_no = items(books)[0]["accountNo"]
        assert match == {
            "clientNo": books.client_no,
            "accountNo": account_no,
            "customerNo": "100001",
            "matchDate": "2026-11-25",
            "source": "MANUAL",
            "coverageOrder": "COSTS-INTEREST-PRINCIPAL",
            "lines": [{"arItemId": owed, "amount": 500}, {"arItemId": paid, "amount": -500}],
            "status": "ACTIVE",
            "createdAt": "2026-11-25T12:00:00.000Z",
            "createdBy": "anne",
        }
        assert open_of(books, owed, paid) == [750, 0]
        assert items(books, "aritemtype=IN&expand=matches")[0]["matches"][0]["lines"] == match["lines"]

    def test_credits_oldest_first_on_debits_in_coverage_order(self, books: House) -> None:
        """The fee goes before its invoice, the earlier due claim before the later one; the newest credit keeps what is left."""
        later = debit(books, documentNo="2", dueDate="2026-10-30")
        earlier = debit(books, documentNo="1", dueDate="2026-10-19")
        booked(books, "fee", {"documentNo": "1", "feeCode": "OTHER", "amount": 38, "postingDate": "2026-11-04"})
        fee = items(books, "aritemtype=FE")[0]["arItemId"]
        new, old = credit(books, 2000, documentDate="2026-11-10"), credit(books, 1000, documentDate="2026-11-02")
        match = matched(books, arItemIds=[new, later, old, fee, earlier])
        assert amounts_of(match) == [(fee, 38), (earlier, 1250), (later, 1250), (old, -1000), (new, -1538)]
        assert open_of(books, fee, earlier, later, old, new) == [0, 0, 0, 0, -462]

    def test_the_order_in_force_is_used_and_kept(self, books: House) -> None:
        """With PRINCIPAL-INTEREST-COSTS the invoice goes before its fee; the match says so."""
        configure(books, "coverage.order", "PRINCIPAL-INTEREST-COSTS")
        owed = debit(books, documentNo="1")
        booked(books, "fee", {"documentNo": "1", "feeCode": "OTHER", "amount": 38})
        fee = items(books, "aritemtype=FE")[0]["arItemId"]
        match = matched(books, arItemIds=[owed, fee, credit(books, 1250)])
        assert (amounts_of(match)[0], match["coverageOrder"]) == ((owed, 1250), "PRINCIPAL-INTEREST-COSTS")
        assert open_of(books, owed, fee) == [0, 38]

    def test_without_both_sides(self, books: House) -> None:
        """Debits alone, credits alone, and closed items are STATE-CONFLICT, naming what they are."""
        first, second = debit(books), debit(books)
        paid, other = credit(books, 1250), credit(books, 100)
        for named in ([first, second], [paid, other], [first]):
            assert refused(books, arItemIds=named) == [("STATE-CONFLICT", "/arItemIds")]
        matched(books, arItemIds=[first, paid])
        assert refused(books, arItemIds=[first, paid]) == [("STATE-CONFLICT", "/arItemIds")]
        assert ask(books, arItemIds=[first, paid]).json()["errors"][0]["message"] == "Not possible in status CLOSED"

    def test_small_differences_are_closed(self, books: House) -> None:
        """What would stay open within the limit is written off with the match, per item, under- and overpayments alike."""
        configure(books, "matching.smallDifferenceLimit", 5)
        owed, paid = debit(books), credit(books, 1247)
        match = matched(books, arItemIds=[owed, paid])
        difference = items(books, "aritemtype=SD")[0]
        assert amounts_of(match) == [(owed, 1250), (paid, -1247), (difference["arItemId"], -3)]
        assert difference["glDate"] == match["matchDate"]
        matched(books, arItemIds=[debit(books), credit(books, 1252)])
        assert books.balances() == {"1920": 2499, "3000": -2000, "2700": -500, "7740": 1}

    def test_exchange_differences_are_posted(self, books: House) -> None:
        """In a foreign currency the parts' base amounts go by what is open; the difference is an EX item of the match."""
        euro = {"currency": "EUR", "customerNo": "100002"}
        owed = debit(books, exchangeRate=Decimal("11.5"), currencyAmounts=amounts(100, 0), **euro)
        paid = credit(books, 90, exchangeRate=Decimal("12.8"), **euro)
        match = matched(books, arItemIds=[owed, paid])
        difference = items(books, "aritemtype=EX")[0]
        assert amounts_of(match) == [(owed, 90), (paid, -90), (difference["arItemId"], 0)]
        assert (difference["baseOriginalAmount"], difference["baseOpenAmount"]) == (117, 0)
        assert exact_json(books.get(f"/aritems/{owed}"))["baseOpenAmount"] == 115
        assert books.balances() == {"1500": 115, "1920": 1152, "3100": -1150, "8060": -117}

    def test_a_payment_before_the_invoice(self, books: House) -> None:
        """The open items of the month end show the credit, the match counts from its own date (a stranger's case)."""
        (case,) = [case for case in json.loads(shared_path("domain/strangers.json").read_text())["cases"] if case["id"] == "str-043"]
        pay, bill, match, adb, movement = case["input"]["steps"]
        paid = exact_json(books.post("/autopostings/payment", pay["body"]))["autoPostings"][0]["arItemIds"][0]
        owed = books.post("/documents", bill["body"]).json()["arItemId"]
        assert match["call"] == "POST /matches"
        assert ask(books, arItemIds=[owed, paid]).status_code == 201
        assert [(item["arItemId"], item["openAmount"]) for item in items(books, "asofdate=2026-10-31&status=OPEN")] == [(paid, -1250)]
        intervals = exact_json(books.get(adb["call"].split()[1]))
        assert intervals["totalAmount"] == case["expected"]["adb"]["totalAmount"]
        movements = exact_json(books.get(movement["call"].split()[1]))["glMovements"]
        assert movements[0]["closingBalance"] == case["expected"]["glmovement"]["closingBalance"]


class TestWhatIsAskedFor:
    def test_nothing(self, books: House) -> None:
        """One of the three forms is needed; empty arrays are none."""
        assert refused(books) == [("TARGET-MISSING", "")]
        assert refused(books, arItemIds=[], lines=[], matchDate="2026-11-20") == [("TARGET-MISSING", "")]

    def test_two_forms_at_once(self, books: House) -> None:
        """Items and lines together leave open which amounts are meant."""
        owed, paid = debit(books), credit(books, 500)
        lines = [{"arItemId": owed, "amount": 500}, {"arItemId": paid, "amount": -500}]
        assert refused(books, arItemIds=[owed, paid], lines=lines) == [("TARGET-CONFLICT", "/arItemIds")]

    def test_two_customers_or_currencies(self, books: House) -> None:
        """One match has one customer and one currency."""
        owed = debit(books)
        stranger = credit(books, 500, customerNo="100002")
        euro = credit(books, 500, currency="EUR", exchangeRate=11)
        assert refused(books, arItemIds=[owed, stranger]) == [("TARGET-CONFLICT", "/arItemIds")]
        assert refused(books, arItemIds=[owed, euro]) == [("TARGET-CONFLICT", "/arItemIds")]
        assert refused(books, arItemIds=[owed, credit(books, 1)], customerNo="100002") == [("TARGET-CONFLICT", "/customerNo")]
        lines = [{"arItemId": owed, "amount": 5}, {"arItemId": stranger, "amount": -5}]
        assert refused(books, lines=lines) == [("TARGET-CONFLICT", "/lines")]

    def test_unknown_objects(self, books: House) -> None:
        """404 for an item, customer or payment that does not exist, before any rule is looked at."""
        owed = debit(books)
        unknown = "AaELSpbkfeSc8k8SdjxPTA"
        for match in (
            {"arItemIds": [owed, unknown], "matchDate": "no"},
            {"lines": [{"arItemId": unknown, "amount": 1}]},
            {"paymentUuid": unknown, "customerNo": "100001"},
            {"arItemIds": [owed], "customerNo": "999999"},
        ):
            answer = ask(books, **match)
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND"), match

    @pytest.mark.parametrize(
        ("match", "expected"),
        [
            ({"arItemIds": "all"}, [("TYPE", "/arItemIds")]),
            ({"arItemIds": [17]}, [("TYPE", "/arItemIds/0")]),
            ({"arItemIds": ["x"]}, [("FORMAT", "/arItemIds/0")]),
            ({"arItemIds": ["AaELSpbkfeSc8k8SdjxPTA"] * 1001}, [("COUNT", "/arItemIds")]),
            ({"lines": [{"amount": "1"}]}, [("REQUIRED", "/lines/0/arItemId"), ("TYPE", "/lines/0/amount")]),
            ({"lines": {}}, [("TYPE", "/lines")]),
            ({"paymentUuid": "x", "customerNo": "100001"}, [("FORMAT", "/paymentUuid")]),
            ({"paymentUuid": "x"}, [("FORMAT", "/paymentUuid"), ("REQUIRED", "/customerNo")]),
            ({"arItemIds": [], "matchDate": "2026-02-30"}, [("FORMAT", "/matchDate"), ("TARGET-MISSING", "")]),
            ({"payment": "x"}, [("TARGET-MISSING", ""), ("UNKNOWN-FIELD", "/payment")]),
        ],
    )
    def test_fields(self, books: House, match: dict[str, Any], expected: list[tuple[str, str]]) -> None:
        """All findings at once, in the order of the fields."""
        assert refused(books, **match) == expected

    def test_the_date(self, books: House) -> None:
        """As sent: not before an item was booked, not in a closed period, not after the last one; today when none is sent."""
        owed, paid = debit(books, documentDate="2026-10-05"), credit(books, 500, documentDate="2026-11-10")
        assert refused(books, arItemIds=[owed, paid], matchDate="2026-11-09") == [("DATE-ORDER", "/matchDate")]
        assert refused(books, arItemIds=[owed, paid], matchDate="2031-01-01") == [("RANGE", "/matchDate")]
        close_periods(books, "2026-11-30")
        answer = ask(books, arItemIds=[owed, paid])
        assert [error["message"] for error in answer.json()["errors"]] == ["Period 2026/11 is closed"]
        assert refused(books, arItemIds=[owed, paid], matchDate="2026-11-10") == [("PERIOD-CLOSED", "/matchDate")]
        assert matched(books, arItemIds=[owed, paid], matchDate="2026-12-24")["matchDate"] == "2026-12-24"

    @pytest.mark.parametrize("status", ["HANDED-OVER", "IN-COLLECTION"])
    def test_claims_in_collection(self, books: House, status: str) -> None:
        """Refused on the claim, its fees included, in both forms."""
        owed, paid = debit(books, documentNo="1"), credit(books, 500)
        booked(books, "fee", {"documentNo": "1", "feeCode": "OTHER", "amount": 38})
        fee = items(books, "aritemtype=FE")[0]["arItemId"]
        hand_over(books, "1", status)
        for named in (owed, fee):
            assert refused(books, arItemIds=[named, paid]) == [("STATE-CONFLICT", "/arItemIds")]
            lines = [{"arItemId": named, "amount": 5}, {"arItemId": paid, "amount": -5}]
            assert refused(books, lines=lines) == [("STATE-CONFLICT", "/lines")]

    def test_exchange_accounts_that_cannot_be_posted_to(self, books: House) -> None:
        """A match in a foreign currency needs accounts for what it gains or loses, whether it does or not; one in base currency does not."""
        euro = {"currency": "EUR", "exchangeRate": 11}
        named = [debit(books, currencyAmounts=amounts(10, 0), **euro), credit(books, 10, **euro)]
        change_books(books, "update gl_account set active = false where gl_account = '8060'")
        assert refused(books, arItemIds=named) == [("ACCOUNT-UNKNOWN", "")]
        matched(books, arItemIds=[debit(books), credit(books, 10)])

    def test_an_idempotency_key(self, books: House) -> None:
        """The match is made once, the answer repeated byte for byte."""
        body = json.dumps({"match": {"arItemIds": [debit(books), credit(books, 500)]}}).encode()
        answers = [books.call("POST", "/matches", content=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].content == answers[1].content
        assert answers[1].headers["Idempotency-Replayed"] == "true"

    def test_at_the_same_time(self, books: House) -> None:
        """Of parallel matches of the same items one is made, the others find nothing left."""
        owed, paid = debit(books), credit(books, 1250)
        with ThreadPoolExecutor(6) as threads:
            answers = list(threads.map(lambda _: ask(books, arItemIds=[owed, paid]).status_code, range(6)))
        assert sorted(answers) == [201, 422, 422, 422, 422, 422]

    def test_a_client_that_is_not_active(self, books: House) -> None:
        """409, but for an unknown item 404; undoing too."""
        owed, paid = debit(books), credit(books, 500)
        match_id = matched(books, arItemIds=[owed, paid])["matchId"]
        change_books(books, "update client set status = 'SUSPENDED' where client_no = current_client_no()")
        answers = [ask(books, arItemIds=[owed, paid]), ask(books, arItemIds=["AaELSpbkfeSc8k8SdjxPTA"]), undo(books, match_id)]
        assert [answer.json()["code"] for answer in answers] == ["CLIENT-NOT-ACTIVE", "NOT-FOUND", "CLIENT-NOT-ACTIVE"]

    def test_what_the_log_says(self, books: House) -> None:
        """A match and its undoing are logged with who did it."""
        match_id = matched(books, arItemIds=[debit(books), credit(books, 500)])["matchId"]
        undone(books, match_id)
        entries = books.get("/logitems?entitytype=MATCH").json()["logItems"]
        seen = {(entry["event"], entry["userId"], entry["entityId"], entry["customerNo"]) for entry in entries}
        assert seen == {("ITEM-MATCHED", "anne", match_id, "100001"), ("MATCH-UNDONE", "bo", match_id, "100001")}


def hand_over(house: House, document_no: str, status: str = "IN-COLLECTION") -> None:
    """Let a claim be with collection."""
    with house.database.transaction(house.client_no) as transaction:
        transaction.execute(
            "update ar_item set details = details || jsonb_build_object('collectionStatus', %s::text) where client_no = %s and document_no = %s",
            (status, house.client_no, document_no),
        )


class TestExactAmounts:
    def test_three_items(self, books: House) -> None:
        """Exactly the amounts sent, in the order sent."""
        first, second, paid = debit(books), debit(books), credit(books, 1000)
        lines = [{"arItemId": paid, "amount": -700}, {"arItemId": second, "amount": 650}, {"arItemId": first, "amount": 50}]
        match = matched(books, lines=lines)
        assert match["lines"] == lines
        assert open_of(books, first, second, paid) == [1200, 600, -300]

    def test_findings(self, books: House) -> None:
        """More than is open, the wrong sign, zero, too many decimals, the same item twice, and lines that do not add up to zero."""
        owed, paid = debit(books), credit(books, 500)
        yen = debit(books, currency="JPY", exchangeRate=Decimal("0.07"), currencyAmounts=amounts(1000, 0))

        def lines(*pairs: tuple[str, Any]) -> list[dict[str, Any]]:
            return [{"arItemId": item_id, "amount": amount} for item_id, amount in pairs]

        for sent, expected in (
            (lines((owed, 1251), (paid, -1251)), [("AMOUNT-EXCEEDED", "/lines/0/amount"), ("AMOUNT-EXCEEDED", "/lines/1/amount")]),
            (lines((owed, -5), (paid, 5)), [("AMOUNT-EXCEEDED", "/lines/0/amount"), ("AMOUNT-EXCEEDED", "/lines/1/amount")]),
            (lines((owed, 0), (paid, -5)), [("RANGE", "/lines/0/amount")]),
            (lines((owed, Decimal("5.001")), (paid, -5)), [("PRECISION", "/lines/0/amount")]),
            (lines((yen, Decimal("5.50")), (yen, 1)), [("PRECISION", "/lines/0/amount"), ("NOT-UNIQUE", "/lines/1/arItemId")]),
            (lines((owed, 5), (owed, 5), (paid, -10)), [("NOT-UNIQUE", "/lines/1/arItemId")]),
            (lines((owed, 5), (paid, -6)), [("UNBALANCED", "/lines")]),
            (lines((owed, 5)), [("UNBALANCED", "/lines")]),
        ):
            assert refused(books, lines=sent) == expected, sent
        answer = ask(books, lines=lines((owed, 5), (paid, -6)))
        assert answer.json()["errors"][0]["message"] == "Debit 5 and credit 6 are not equal"
        answer = ask(books, lines=lines((owed, 1300), (paid, -5)))
        assert answer.json()["errors"][0]["message"] == "amount 1300 is more than the 1250 available"


class TestPlacing:
    def test_on_named_items(self, books: House) -> None:
        """From 2999 to the customer's account, as a payment item dated like the payment, then matched with what is named."""
        owed = debit(books, customerNo="100002")
        other = debit(books, customerNo="100002")
        paid = unidentified(books, "499.50", kid="0010025", day=date(2026, 11, 16))
        match = matched(books, paymentUuid=paid, customerNo="100002", arItemIds=[owed], matchDate="2026-11-22")
        placed = items(books, "aritemtype=PY")[0]
        assert amounts_of(match) == [(owed, Decimal("499.50")), (placed["arItemId"], Decimal("-499.50"))]
        assert (match["matchDate"], match["source"]) == ("2026-11-22", "MANUAL")
        assert [placed[name] for name in ("itemDate", "dueDate", "glDate", "kid", "claimKind", "status")] == [
            "2026-11-15",
            "2026-11-15",
            "2026-11-22",
            "0010025",
            "CREDIT",
            "CLOSED",
        ]
        assert open_of(books, owed, other) == [Decimal("750.50"), 1250]
        lines = exact_json(books.get(f"/aritems/{placed['arItemId']}?expand=glitems"))["glItems"]
        assert [(entry["glAccount"], entry["debit"] - entry["credit"], entry["journal"]) for entry in lines] == [
            ("1500", Decimal("-499.50"), "PAYMENTS"),
            ("2999", Decimal("499.50"), "PAYMENTS"),
        ]
        (seen,) = exact_json(books.get(f"/payments?paymentuuid={paid}"))["payments"]
        assert (seen["status"], seen["exceptionCode"], seen["customerNo"], seen["arItemId"]) == ("MATCHED", None, "100002", placed["arItemId"])

    def test_on_the_customers_claims(self, books: House) -> None:
        """Without names it settles all claims of the customer in its currency by due date; what is left stays with the customer as OVERPAID."""
        later, earlier = debit(books, dueDate="2026-10-30"), debit(books, dueDate="2026-10-19")
        debit(books, currency="EUR", exchangeRate=11, currencyAmounts=amounts(10, 0))
        hand_over(books, created(books, invoice(documentNo="K"))["documentNo"])
        paid = unidentified(books, 3000)
        match = matched(books, paymentUuid=paid, customerNo="100001")
        placed = items(books, "aritemtype=PY")[0]["arItemId"]
        assert amounts_of(match) == [(earlier, 1250), (later, 1250), (placed, -2500)]
        (seen,) = exact_json(books.get("/payments?exceptions=true"))["payments"]
        assert [seen[name] for name in ("status", "exceptionCode", "amount", "allocatedAmount", "unallocatedAmount")] == [
            "PARTIAL",
            "OVERPAID",
            3000,
            2500,
            500,
        ]

    def test_on_a_customer_who_owes_nothing(self, books: House) -> None:
        """The match has no lines; undone, the payment stays with the customer; reversed, it is nobody's again and can be placed anew."""
        paid = unidentified(books, 300)
        match = matched(books, paymentUuid=paid, customerNo="100001")
        assert match["lines"] == []
        assert undone(books, match["matchId"])["status"] == "UNDONE"
        (seen,) = exact_json(books.get("/payments"))["payments"]
        assert (seen["status"], seen["customerNo"]) == ("UNAPPLIED", "100001")
        placed = items(books)[0]
        sent = {"glYear": placed["glYear"], "transactionNo": placed["transactionNo"], "reason": "wrong customer"}
        booked(books, "reversal", sent)
        (seen,) = exact_json(books.get("/payments"))["payments"]
        assert [seen[name] for name in ("status", "customerNo", "accountNo", "arItemId")] == ["UNIDENTIFIED", None, None, None]
        assert books.balances() == {"1920": 300, "2999": -300}
        owed = debit(books, customerNo="100002")
        matched(books, paymentUuid=paid, customerNo="100002")
        assert open_of(books, owed) == [950]
        assert books.balances()["1500"] == 950

    def test_the_exception_from_before_comes_back(self, books: House) -> None:
        """OVERPAID goes with the placing; nobody's again, the payment says again why it is."""
        debit(books)
        match = matched(books, paymentUuid=unidentified(books, 1300, exception="KID-AMBIGUOUS"), customerNo="100001")
        undone(books, match["matchId"])
        (placed,) = items(books, "aritemtype=PY")
        booked(books, "reversal", {"glYear": placed["glYear"], "transactionNo": placed["transactionNo"], "reason": "wrong customer"})
        (seen,) = exact_json(books.get("/payments"))["payments"]
        assert (seen["status"], seen["exceptionCode"]) == ("UNIDENTIFIED", "KID-AMBIGUOUS")

    def test_with_exact_amounts(self, books: House) -> None:
        """The lines name what the payment settles; the payment gives their sum, and no more than it has."""
        first, second = debit(books), debit(books)
        paid = unidentified(books, 1000)
        lines = [{"arItemId": first, "amount": 300}, {"arItemId": second, "amount": 200}]
        over = [{"arItemId": first, "amount": 900}, {"arItemId": second, "amount": 200}]
        assert refused(books, paymentUuid=paid, customerNo="100001", lines=over) == [("AMOUNT-EXCEEDED", "/lines")]
        match = matched(books, paymentUuid=paid, customerNo="100001", lines=lines)
        assert [amount for _, amount in amounts_of(match)] == [300, 200, -500]
        assert open_of(books, first, second) == [950, 1050]

    def test_together_with_another_credit(self, books: House) -> None:
        """Lines of form 1 may name credits too; they must leave something for the payment to give."""
        owed, other = debit(books), credit(books, 500)
        paid = unidentified(books, 1000)
        even = [{"arItemId": owed, "amount": 500}, {"arItemId": other, "amount": -500}]
        assert refused(books, paymentUuid=paid, customerNo="100001", lines=even) == [("UNBALANCED", "/lines")]
        match = matched(books, paymentUuid=paid, customerNo="100001", arItemIds=[owed, other])
        assert [amount for _, amount in amounts_of(match)] == [1250, -500, -750]

    def test_in_its_own_currency(self, books: House) -> None:
        """The base amount is the one it was booked with, whatever the rate of the day; the difference to the invoice's is EX."""
        owed = debit(books, currency="EUR", exchangeRate=Decimal("11.5"), currencyAmounts=amounts(100, 0))
        paid = unidentified(books, 100, currency="EUR", rate="11.7333")
        matched(books, paymentUuid=paid, customerNo="100001", arItemIds=[owed])
        placed = items(books, "aritemtype=PY")[0]
        assert (placed["baseOriginalAmount"], placed["exchangeRate"]) == (Decimal("-1173.33"), Decimal("11.7333"))
        assert books.balances() == {"1920": Decimal("1173.33"), "3100": -1150, "8060": Decimal("-23.33")}

    def test_a_negative_payment(self, books: House) -> None:
        """Money that the bank took back is a debit of the customer it is given to, and can be settled with his credit."""
        paid_before = credit(books, 300)
        returned = unidentified(books, -300, exception="NEGATIVE")
        match = matched(books, paymentUuid=returned, customerNo="100001", arItemIds=[paid_before])
        assert [amount for _, amount in amounts_of(match)] == [300, -300]
        assert books.balances() == {}
        (placed,) = items(books, "claimkind=PRINCIPAL")
        assert (placed["arItemType"], placed["originalAmount"]) == ("PY", 300)

    def test_a_first_posting_fixes_the_control_account(self, books: House) -> None:
        """A customer without postings gets the control account of the rules by the placing, and keeps it."""
        matched(books, paymentUuid=unidentified(books, 300), customerNo="100002")
        rows = books.rows("select control_account from customer where client_no = %s and customer_no = '100002'", books.client_no)
        assert rows == [("1500",)]

    def test_what_is_refused(self, books: House) -> None:
        """409 for a payment that is placed; field errors for what else is wrong, each at its place."""
        owed, stranger = debit(books), debit(books, customerNo="100002")
        paid = unidentified(books, 300, day=date(2026, 11, 16))
        assert refused(books, paymentUuid=paid) == [("REQUIRED", "/customerNo")]
        assert refused(books, paymentUuid=paid, customerNo="100001", arItemIds=[stranger]) == [("TARGET-CONFLICT", "/customerNo")]
        assert refused(books, paymentUuid=paid, customerNo="100001", matchDate="2026-11-15") == [("DATE-ORDER", "/matchDate")]
        assert refused(books, paymentUuid=paid, customerNo="100001", arItemIds=[credit(books, 5)]) == [("STATE-CONFLICT", "/arItemIds")]
        euro = debit(books, currency="EUR", exchangeRate=11, currencyAmounts=amounts(10, 0))
        assert refused(books, paymentUuid=paid, customerNo="100001", arItemIds=[euro]) == [("TARGET-CONFLICT", "/paymentUuid")]
        change_books(books, "update gl_account set active = false where gl_account = '1500'")
        assert refused(books, paymentUuid=paid, customerNo="100001") == [("ACCOUNT-UNKNOWN", "")]
        change_books(books, "update gl_account set active = true where gl_account = '1500'")
        matched(books, paymentUuid=paid, customerNo="100001", arItemIds=[owed])
        answer = ask(books, paymentUuid=paid, customerNo="100001")
        assert (answer.status_code, answer.json()["code"]) == (409, "STATE-CONFLICT")
        known = exact_json(books.get("/payments?status=UNAPPLIED"))["payments"][0]["paymentUuid"]
        assert ask(books, paymentUuid=known, customerNo="100001").status_code == 409


class TestUndo:
    def test_the_items_are_open_again(self, books: House) -> None:
        """200 with the match as it was, but UNDONE; nothing is deleted, and the items can be matched anew."""
        owed, paid = debit(books), credit(books, 500)
        match = matched(books, arItemIds=[owed, paid])
        assert undone(books, match["matchId"]) == {**match, "status": "UNDONE"}
        assert open_of(books, owed, paid) == [1250, -500]
        again = matched(books, arItemIds=[owed, paid])
        assert again["matchId"] != match["matchId"]
        seen = exact_json(books.get(f"/aritems/{owed}?expand=matches"))["matches"]
        assert {entry["matchId"]: entry["status"] for entry in seen} == {match["matchId"]: "UNDONE", again["matchId"]: "ACTIVE"}

    def test_small_and_exchange_differences_are_reversed(self, clocked: House) -> None:
        """On the day of the undo: the accounts are as before the match, and the differences' own items are closed."""
        books = clocked
        configure(books, "matching.smallDifferenceLimit", 30)
        euro = {"currency": "EUR", "customerNo": "100002"}
        owed = debit(books, exchangeRate=Decimal("11.5"), currencyAmounts=amounts(100, 0), **euro)
        paid = credit(books, 98, exchangeRate=Decimal("12.8"), documentDate="2026-11-02", **euro)
        before = books.balances()
        match = matched(books, arItemIds=[owed, paid], matchDate="2026-11-05")
        assert {item["arItemType"] for item in items(books, "aritemtype=SD,EX")} == {"SD", "EX"}
        set_clock(books, "2026-11-27")
        undone(books, match["matchId"])
        assert books.balances() == before
        assert open_of(books, owed, paid) == [100, -98]
        made = items(books, "aritemtype=SD,EX")
        assert {(item["arItemType"], item["reversal"], item["glDate"], item["status"]) for item in made} == {
            (kind, reversal, day, "CLOSED") for kind in ("SD", "EX") for reversal, day in ((False, "2026-11-05"), (True, "2026-11-27"))
        }

    def test_in_a_closed_period(self, clocked: House) -> None:
        """The items are open from the day of the undo, the exchange difference goes back on the first open day."""
        books = clocked
        euro = {"currency": "EUR", "customerNo": "100002"}
        owed = debit(books, exchangeRate=Decimal("11.5"), currencyAmounts=amounts(100, 0), **euro)
        paid = credit(books, 100, exchangeRate=Decimal("12.8"), documentDate="2026-11-02", **euro)
        match = matched(books, arItemIds=[owed, paid], matchDate="2026-11-05")
        close_periods(books, "2026-11-30")
        undone(books, match["matchId"])
        assert {(item["reversal"], item["glDate"]) for item in items(books, "aritemtype=EX")} == {(False, "2026-11-05"), (True, "2026-12-01")}
        states_by_day = [
            {item["arItemType"]: item["baseOpenAmount"] for item in items(books, f"asofdate={day}&status=OPEN,PARTIAL")}
            for day in ("2026-11-24", "2026-11-25", "2026-12-01")
        ]
        assert states_by_day == [{}, {"IN": 1150, "PY": -1280, "EX": 130}, {"IN": 1150, "PY": -1280}]

    def test_a_small_difference_of_its_own_stays(self, books: House) -> None:
        """An SD that somebody booked is an event of its own: undoing its match opens both, it does not take it back."""
        configure(books, "matching.smallDifferenceLimit", 5)
        owed = debit(books, documentNo="1", currencyAmounts=amounts(4, 0))
        booked(books, "smalldifference", {"documentNo": "1"})
        (match,) = items(books, "aritemtype=SD&expand=matches")[0]["matches"]
        assert match["source"] == "SMALL-DIFFERENCE"
        undone(books, match["matchId"])
        assert open_of(books, owed) == [4]
        assert [(item["reversal"], item["openAmount"]) for item in items(books, "aritemtype=SD")] == [(False, -4)]

    def test_what_cannot_be_undone(self, books: House) -> None:
        """409 when it is undone, 404 for an unknown one, 422 for the match of a credit note or a reversal."""
        owed = debit(books, documentNo="1")
        created(books, credit_note("1", 100, 25))
        paid = booked(books, "payment", {"documentNo": "1", "amount": 100, "paymentDate": "2026-11-02", "postingDate": "2026-11-02"})[0]
        booked(books, "reversal", {"glYear": paid["glYear"], "transactionNo": paid["transactionNo"], "reason": "r"})
        found = {match["source"]: match for match in exact_json(books.get(f"/aritems/{owed}?expand=matches"))["matches"]}
        reversed_item = items(books, "aritemtype=PY&expand=matches")[0]
        found |= {match["source"]: match for match in reversed_item["matches"] if match["source"] == "REVERSAL"}
        before = states(books)
        for source in ("CREDIT-NOTE", "REVERSAL"):
            answer = undo(books, found[source]["matchId"])
            assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION-FAILED")
            assert [(error["code"], error["field"], error["message"]) for error in answer.json()["errors"]] == [
                ("STATE-CONFLICT", "matchId", f"Not possible in status {source}")
            ]
        answer = undo(books, found["DOCUMENT-NO"]["matchId"])
        assert (answer.status_code, answer.json()["code"]) == (409, "STATE-CONFLICT")
        assert states(books) == before
        answers = [undo(books, "AaELSpbkfeSc8k8SdjxPTA"), undo(books, "x")]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "NOT-FOUND"), (400, "ID-MALFORMED")]

    def test_at_the_same_time(self, books: House) -> None:
        """Of parallel undoings one succeeds, the others find it undone."""
        match_id = matched(books, arItemIds=[debit(books), credit(books, 500)])["matchId"]
        with ThreadPoolExecutor(4) as threads:
            assert sorted(threads.map(lambda _: undo(books, match_id).status_code, range(4))) == [200, 409, 409, 409]

    def test_a_payment_that_was_matched_at_booking(self, books: House) -> None:
        """It is unapplied then; the item of another client is not there to be undone."""
        owed = debit(books, kid="0010017")
        credit(books, 1250, kid="0010017")
        (match,) = exact_json(books.get(f"/aritems/{owed}?expand=matches"))["matches"]
        other = books.add_client(books.client_no + 50_000)
        assert books.call("DELETE", f"/matches/{match['matchId']}", client_no=other).status_code == 404
        undone(books, match["matchId"])
        (seen,) = exact_json(books.get("/payments"))["payments"]
        assert (seen["status"], seen["unallocatedAmount"]) == ("UNAPPLIED", 1250)
