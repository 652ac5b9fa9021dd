"""Items of past days: whatever is booked, matched and undone on which days, every day is told as recomputing it from the rows would."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from reskontro.batches.kinds import ChunkContext, Origin
from reskontro.db.engine import Database, Transaction, lock_client
from reskontro.kit.clock import MovableClock
from reskontro.kit.ids import new_id
from reskontro.ledger.booking import Booking
from reskontro.ledger.books import Books, open_books
from reskontro.ledger.items_view import ar_item_views, item_status
from reskontro.ledger.posting import ONE, OpenItem, Part
from reskontro.ledger.undo import active_matches, undo_match
from reskontro.ledger.verify import verify_client
from reskontro.receivable.administration.service import create_client
from reskontro.receivable.ar_items import search
from reskontro.receivable.booking_desk import BookingDesk
from tests.conftest import NOW

CLIENT = 3107
ORIGIN = Origin("test", "test", new_id(), "SYSTEM")
FIRST = date(2026, 10, 1)
DAYS = 60


@pytest.fixture
def stored(database: Database, clock: MovableClock, request: pytest.FixtureRequest) -> Iterator[tuple[Transaction, Books]]:
    """A client with 60 items of two customers, matched and partly undone at random on 60 days; the seed is the parameter."""
    chance = random.Random(request.param)
    with database.system() as transaction:
        create_client(
            transaction,
            {"clientNo": CLIENT, "name": "A", "organizationNo": "310044113", "ledgerStart": "2026-01-01"},
            clock=clock,
            origin=ORIGIN,
        )
    with database.transaction(CLIENT) as transaction:
        lock_client(transaction, CLIENT)
        books = open_books(transaction, CLIENT, NOW)
        desk = BookingDesk(transaction, ChunkContext(CLIENT, books, NOW, NOW.date()))
        for number in (1, 2):
            desk.customers.upsert({"customerNo": str(number), "name": "A"}, ORIGIN)
        items = [_item(desk, chance, str(number % 2 + 1)) for number in range(60)]
        for _ in range(60):
            _match(desk, chance, items)
        for match in active_matches(desk, items):
            if chance.random() < 0.4:
                undo_match(desk, match, ORIGIN, customer_no="1", day=match.match_date + timedelta(days=chance.randrange(15)))
        for _ in range(20):
            _match(desk, chance, items)
        desk.write()
    assert verify_client(database, CLIENT).findings == []
    with database.transaction(CLIENT) as transaction:
        yield transaction, books


def _item(desk: BookingDesk, chance: random.Random, customer_no: str) -> OpenItem:
    customer = desk.customers.find(customer_no)
    assert customer is not None
    day = FIRST + timedelta(days=chance.randrange(DAYS))
    period = desk.books.period_of(day)
    assert period is not None
    booking = Booking("MANUAL", day, period, day, "NOK", ONE, 2, "test")
    amount = Decimal(chance.choice((-1, 1)) * chance.randrange(1, 5) * 100)
    control = booking.control("1500", customer.account_no, amount)
    posting = booking.transaction([control], [Part("3000", -amount, None)])
    item = booking.item(posting, control, "MJ", "PRINCIPAL" if amount > 0 else "CREDIT", due_date=day + timedelta(days=chance.randrange(-5, 20)))
    desk.transactions.append(posting)
    desk.add_item(item)
    return item


def _match(desk: BookingDesk, chance: random.Random, items: list[OpenItem]) -> None:
    account_no = chance.choice(items).account_no
    debits = [item for item in items if item.open_amount > 0 and item.account_no == account_no]
    credits = [item for item in items if item.open_amount < 0 and item.account_no == account_no]
    if not debits or not credits:
        return
    debit, credit = chance.choice(debits), chance.choice(credits)
    amount = min(debit.open_amount, -credit.open_amount, Decimal(chance.randrange(1, 4) * 100))
    day = max(debit.gl_date, credit.gl_date) + timedelta(days=chance.randrange(20))
    desk.settler.settle_exactly([(debit, amount), (credit, -amount)], source="MANUAL", created_by="test", batch_uuid=None, match_date=day)


def recomputed(transaction: Transaction, day: date) -> dict[UUID, Decimal]:
    """What was open of each item at the end of a day, from the rows of items and matches alone."""
    opened: dict[UUID, Decimal] = dict(transaction.execute("select ar_item_id, original_amount from ar_item where gl_date <= %s", (day,)).fetchall())
    rows = transaction.execute("select l.ar_item_id, l.amount, m.match_date, m.undone_on from match_line l join match m using (client_no, match_id)")
    for item_id, amount, match_date, undone_on in rows:
        if match_date <= day and (undone_on is None or day < undone_on):
            opened[item_id] -= amount
    return opened


@pytest.mark.parametrize("stored", [1, 2, 3], indirect=True)
def test_every_day(stored: tuple[Transaction, Books]) -> None:
    """Views and searches agree with the recomputed day, for days long past (when most was matched since) as for recent ones."""
    transaction, books = stored
    ids = [row[0] for row in transaction.execute("select ar_item_id from ar_item")]
    due = dict(transaction.execute("select ar_item_id, due_date from ar_item").fetchall())
    originals = dict(transaction.execute("select ar_item_id, original_amount from ar_item").fetchall())
    for offset in range(-1, DAYS + 40, 4):
        day = FIRST + timedelta(days=offset)
        opened = recomputed(transaction, day)
        statuses = {item_id: item_status(originals[item_id], originals[item_id], amount, amount) for item_id, amount in opened.items()}
        views = ar_item_views(transaction, CLIENT, ids, NOW, as_of=day)
        assert {item_id: views[item_id]["openAmount"] for item_id in opened} == opened
        for wanted in (["OPEN"], ["PARTIAL"], ["CLOSED"], ["OPEN", "PARTIAL"], ["PARTIAL", "CLOSED"], ["OPEN", "PARTIAL", "CLOSED"]):
            found = search.find_items(transaction, books, {"asofdate": day, "status": wanted}, NOW, 1000)
            expected = [item_id for item_id, status in statuses.items() if status in wanted]
            assert found == sorted(expected, key=lambda item_id: (due[item_id], item_id)), (day, wanted)
        overdue = {item_id for item_id, amount in opened.items() if amount > 0 and due[item_id] < day}
        assert set(search.find_items(transaction, books, {"asofdate": day, "overdue": True}, NOW, 1000)) == overdue
        assert set(search.find_items(transaction, books, {"asofdate": day, "overdue": False}, NOW, 1000)) == opened.keys() - overdue


@pytest.mark.parametrize("stored", [4], indirect=True)
@pytest.mark.parametrize("few_items_max", [0, 60_000])
def test_the_way_of_the_search_does_not_matter(stored: tuple[Transaction, Books], monkeypatch: pytest.MonkeyPatch, few_items_max: int) -> None:
    """Spans of time that hold few items are read first and sorted then, others in the order of the list; both find the same."""
    monkeypatch.setattr(search, "FEW_ITEMS_MAX", few_items_max)
    transaction, books = stored
    rows = transaction.execute(
        "select ar_item_id, gl_date, due_date, original_amount, open_amount from ar_item order by due_date, ar_item_id"
    ).fetchall()
    low, high = FIRST + timedelta(days=10), FIRST + timedelta(days=30)
    span = {"gldatefrom": low, "gldateto": high}
    for statuses in (None, ["OPEN"], ["PARTIAL"], ["CLOSED"]):
        filters = span if statuses is None else {**span, "status": statuses}
        expected = [
            item_id
            for item_id, gl_date, _, original, opened in rows
            if low <= gl_date <= high and (statuses is None or item_status(original, original, opened, opened) in statuses)
        ]
        assert search.find_items(transaction, books, filters, NOW, 1000) == expected
        assert search.find_items(transaction, books, filters, NOW, 3) == expected[:3]
