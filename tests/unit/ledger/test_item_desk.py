"""Aim: the desk keeps one object per item, asks once for what it needs, and undoes matches with all that they made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from reskontro.batches.kinds import ChunkContext, Origin
from reskontro.db.engine import lock_client
from reskontro.kit.ids import decode_id, new_id
from reskontro.ledger.books import open_books
from reskontro.ledger.item_desk import ItemDesk
from reskontro.ledger.posting import OpenItem
from reskontro.ledger.undo import active_matches, find_match, undo_match
from reskontro.ledger.verify import verify_client
from reskontro.receivable.customers.desk import CustomerDesk
from tests.api.support import amounts, configure, created, invoice
from tests.house import House

ORIGIN = Origin("test", "anne", new_id(), "API")
_client_nos = count(4701)


@pytest.fixture
def books(module_house: House) -> Iterator[House]:
    """A client of the test's own with customer 100001; its ledger is in order afterwards."""
    house = replace(module_house, client_no=module_house.add_client(next(_client_nos)))
    house.customer("100001")
    yield house
    assert verify_client(house.database, house.client_no).findings == []


@contextmanager
def desk_of(house: House) -> Iterator[ItemDesk]:
    """A desk on the client's books; what it was told to write is committed."""
    with house.database.transaction(house.client_no) as transaction:
        lock_client(transaction, house.client_no)
        now = house.clock.now()
        context = ChunkContext(house.client_no, open_books(transaction, house.client_no, now), now, date(2026, 11, 25))
        yield ItemDesk(transaction, context, CustomerDesk(transaction, context))


def claim(house: House, number: str = "1", **values: Any) -> Any:
    """The id of the item of an invoice."""
    return decode_id(created(house, invoice(documentNo=number, **values))["arItemId"])


def pay(house: House, amount: Any, **values: Any) -> None:
    """A payment booked over the API."""
    sent = {"amount": amount, "paymentDate": "2026-11-10", "postingDate": "2026-11-10", **values}
    answer = house.post("/autopostings/payment", {"autoPostings": [sent]})
    assert answer.status_code == 200, answer.text


class TestLookingUp:
    def test_one_object_stands_for_an_item(self, books: House) -> None:
        """However it is asked for."""
        item_id = claim(books, kid="0010017", referenceNo="Ref")
        with desk_of(books) as desk:
            item = desk.item(item_id)
            assert item is not None
            found = [desk.items_with_kid("0010017"), desk.items_with_document_no("1"), desk.items_with_reference("rEF")]
            assert item.document_uuid is not None
            found += [desk.items_of_document(item.document_uuid), desk.account_items(item.account_no), desk.claim_items([item_id])]
            assert all(len(items) == 1 and items[0] is item for items in found)

    def test_unknown_things_are_empty(self, books: House) -> None:
        """Nothing is made up."""
        with desk_of(books) as desk:
            assert desk.item(new_id()) is None
            assert desk.items_with_kid("0010017") == desk.items_with_document_no("x") == desk.items_with_reference("x") == []
            assert desk.items_of_document(new_id()) == desk.account_items(1) == desk.claim_items([new_id()]) == []

    def test_what_was_looked_up_is_not_asked_again(self, books: House) -> None:
        """After loading, finding costs no statement."""
        item_id = claim(books, kid="0010017")
        with desk_of(books) as desk:
            desk.load_items([item_id, new_id()])
            desk.load_kids(["0010017", "0010025"])
            desk.load_document_nos(["1", "2"])
            desk.load_claims([item_id])
            desk.load_matches([item_id])
            item = desk.item(item_id)
            assert item is not None
            desk.load_accounts([item.account_no])
            closed = desk.transaction
            desk.transaction = None  # type: ignore[assignment]
            assert desk.items_with_kid("0010017") == desk.items_with_document_no("1") == desk.claim_items([item_id]) == [item]
            assert desk.items_with_kid("0010025") == desk.items_with_document_no("2") == []
            assert desk.account_claims(item.account_no, "NOK") == [[item]]
            assert desk.matches_of([item]) == []
            desk.transaction = closed

    def test_charges_are_found_open_or_not(self, books: House) -> None:
        """The open ones belong to the claim, all of them are its charges."""
        item_id = claim(books, dueDate="2026-10-06")
        for amount in (10, 20):
            books.post("/autopostings/fee", {"autoPostings": [{"documentNo": "1", "feeCode": "OTHER", "amount": amount}]})
        pay(books, 10, documentNo="1")
        with desk_of(books) as desk:
            assert sorted(fee.original_amount for fee in desk.charges_of(item_id)) == [10, 20]
            assert sum(found.open_amount for found in desk.claim_items([item_id])) == 1270


class TestClaimsOfACustomer:
    def test_settled_claims_go_from_the_front(self, books: House) -> None:
        """The list follows what is settled, made and opened again."""
        first, second = claim(books, "1", dueDate="2026-10-06"), claim(books, "2", dueDate="2026-10-10")
        with desk_of(books) as desk:
            one, two = desk.item(first), desk.item(second)
            assert one is not None and two is not None
            assert desk.account_claims(one.account_no, "NOK") == [[one], [two]]
            one.settle(one.open_amount, one.base_open_amount)
            assert desk.account_claims(one.account_no, "NOK") == [[two]]
            one.settle(-one.original_amount, -one.base_original_amount)
            desk.forget_claims(one.account_no)
            assert desk.account_claims(one.account_no, "NOK") == [[one], [two]]
            assert desk.account_claims(one.account_no, "EUR") == []


class TestUndo:
    def match_of(self, desk: ItemDesk, item_id: Any) -> tuple[OpenItem, Any]:
        """An item and the one match it is in."""
        item = desk.item(item_id)
        assert item is not None
        matches = active_matches(desk, [item])
        assert len(matches) == 1
        return item, matches[0]

    def test_the_items_are_open_again(self, books: House) -> None:
        """As of the day of the undo, once, with a log item."""
        item_id = claim(books)
        pay(books, 500, documentNo="1")
        with desk_of(books) as desk:
            item, match = self.match_of(desk, item_id)
            opened = undo_match(desk, match, ORIGIN, customer_no="100001")
            assert item in opened and len(opened) == 2
            assert find_match(desk, match.match_id) is match
            assert active_matches(desk, [item]) == []
            desk.write()
        undone = books.rows("select status, undone_on::text, undone_by from match where client_no = %s", books.client_no)
        assert undone == [("UNDONE", "2026-11-25", "anne")]
        assert books.rows("select open_amount from ar_item where client_no = %s order by 1", books.client_no) == [(-500,), (1250,)]
        assert books.rows("select count(*) from log_item where client_no = %s and event = 'MATCH-UNDONE'", books.client_no) == [(1,)]

    def test_what_the_match_made_is_reversed(self, books: House) -> None:
        """Small and exchange differences go with it, on the day of the undo or the first open one."""
        configure(books, "matching.smallDifferenceLimit", 20)
        item_id = claim(books, currency="EUR", exchangeRate=11, currencyAmounts=amounts(100, 0))
        pay(books, 99, documentNo="1", exchangeRate=12)
        with desk_of(books) as desk:
            item, match = self.match_of(desk, item_id)
            undo_match(desk, match, ORIGIN, customer_no="100001", day=date(2026, 12, 3))
            desk.write()
        assert (item.open_amount, item.base_open_amount) == (100, 1100)
        reversals = books.rows(
            "select ar_item_type, gl_date::text, open_amount, base_open_amount from ar_item where client_no = %s and reversal order by 1",
            books.client_no,
        )
        assert reversals == [("EX", "2026-12-03", 0, 0), ("SD", "2026-12-03", 0, 0)]
        assert books.balances() == {"1500": -88, "3100": -1100, "1920": 1188}

    def test_a_match_of_the_same_set(self, books: House) -> None:
        """It can be undone before anything is written; it is stored as undone."""
        item_id = claim(books)
        pay(books, 500, customerNo="100001", currency="NOK")
        with desk_of(books) as desk:
            item, match = self.match_of(desk, item_id)
            undo_match(desk, match, ORIGIN, customer_no="100001")
            credit = next(line.item for line in match.lines if line.amount < 0)
            again = desk.settler.settle_exactly([(item, Decimal(5)), (credit, Decimal(-5))], source="MANUAL", created_by="anne", batch_uuid=None)
            assert active_matches(desk, [item]) == [again]
            undo_match(desk, again, ORIGIN, customer_no="100001")
            desk.write()
        assert books.rows("select status, count(*) from match where client_no = %s group by 1", books.client_no) == [("UNDONE", 2)]


class TestWriting:
    def test_details_and_due_dates(self, books: House) -> None:
        """They are written where they changed, and None takes a detail away."""
        item_id = claim(books, dueDate="2026-10-19")
        for changes in ({"ledgerNote": "x", "disputed": True}, {"disputed": None}):
            with desk_of(books) as desk:
                item = desk.item(item_id)
                assert item is not None
                item.change_details(changes)
                item.due_date = date(2026, 12, 1)
                desk.write()
        stored = books.rows("select details, due_date::text from ar_item where client_no = %s", books.client_no)
        assert stored == [({"ledgerNote": "x"}, "2026-12-01")]

    def test_the_open_total_includes_what_the_set_made(self, books: House) -> None:
        """New items and small differences, not matches."""
        item_id = claim(books)
        with desk_of(books) as desk:
            item = desk.item(item_id)
            customer = desk.debtors.find_account(item.account_no) if item is not None else None
            assert customer is not None
            assert desk.open_total(customer) == 1250
            item.settle(Decimal(50), Decimal(50))
            assert desk.open_total(customer) == 1250
