"""Claims after they are posted, against a model: paid, charged, written off, matched, reserved, reversed, over closed months and years."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from reskontro.kit.ids import encode_id
from reskontro.ledger.verify import verify_client
from tests.house import House, exact_json
from tests.properties.events_model import RESERVED_HOURS, Events, Item, Match, Reservation
from tests.properties.profile import dear_phases, examples

CUSTOMERS = ("100001", "100002")
START = datetime(2026, 9, 14, 12, tzinfo=UTC)
LEDGER_START = "2026-01-01"
CLOSED_AT_START = 6
_client_nos = itertools.count(9501)

cents = st.integers(1, 300) | st.integers(1, 10**8)


def money(amount: int) -> Decimal:
    """Hundredths as an amount."""
    return Decimal(amount) / 100


class EventsMachine(RuleBasedStateMachine):
    """Lets things happen to a client of its own and keeps the model beside it; the clock moves on from the autumn into the next years."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house
        self.model = Events()
        self.client_no = 0
        self.names = itertools.count(1)

    @initialize()
    def open_books(self) -> None:
        """A new client with two customers and the months up to June closed."""
        self.move_to(START)
        self.client_no = self.house.add_client(next(_client_nos), ledgerStart=LEDGER_START)
        for number in CUSTOMERS:
            assert self.send("POST", "/customers", {"customer": {"customerNo": number, "name": "Kari"}}).status_code == 201
        for _ in range(CLOSED_AT_START):
            self.close("anne")

    # ------------------------------------------------------------------------------------------------ sending

    @property
    def now(self) -> datetime:
        """The moment it is."""
        return self.house.clock.now()

    @property
    def today(self) -> date:
        """The day it is; the clock always stands at noon or soon after, so that it is the same day everywhere here."""
        return self.now.date()

    def move_to(self, moment: datetime) -> None:
        """Set the clock; a token of another time is good for nothing then."""
        self.house.clock.set(moment)
        self.house._tokens.clear()

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Make a call for the client."""
        return self.house.call(method, path, body, client_no=self.client_no)

    def post_one(self, method: str, posting: dict[str, Any], *, refused: str | None) -> dict[str, Any] | None:
        """One auto posting: booked, or refused with a code and without a trace."""
        answer = self.send("POST", f"/autopostings/{method}", {"autoPostings": [posting]})
        if refused is not None:
            assert answer.status_code == 422, answer.text
            assert refused in [error["code"] for error in answer.json()["autoPostings"][0]["errors"]], answer.text
            return None
        assert answer.status_code == 200, answer.text
        return exact_json(answer)["autoPostings"][0]  # type: ignore[no-any-return]

    def made(self, transaction: tuple[int, int]) -> str:
        """The id of the one item that a transaction made."""
        ((key,),) = self.house.rows(
            "select ar_item_id::text from ar_item where gl_year = %s and transaction_no = %s", *transaction, client_no=self.client_no
        )
        return str(key)

    def encoded(self, key: str) -> str:
        """An item's id as the API writes it."""

        return encode_id(UUID(key))

    def note(self, kind: str, customer: str, amount: int, day: date, result: dict[str, Any], claim: str | None = None) -> Item:
        """Book in the model what was booked; the number has to be the next one of its year."""
        transaction = self.model.next_transaction(day)
        assert (result["glYear"], result["transactionNo"]) == transaction
        item = Item(self.made(transaction), kind, customer, amount, day, transaction, claim)
        self.model.post(item)
        return item

    def note_match(self, parts: dict[str, int], *, final: bool = False) -> None:
        """Remember the match that was made last, if one was."""
        if parts:
            ((key,),) = self.house.rows("select match_id::text from match order by created_at desc, match_id desc limit 1", client_no=self.client_no)
            self.model.matches[str(key)] = Match(parts, final=final)

    def pick_day(self, data: st.DataObject) -> tuple[date, str | None]:
        """A posting day, mostly today, sometimes in a closed month, with the code that it is refused with."""
        if data.draw(st.integers(0, 7), label="an old day") == 7:
            day = data.draw(st.dates(date(2026, 1, 1), self.today))
            return day, "PERIOD-CLOSED" if day <= self.model.closed_until else None
        return self.today, None

    # ------------------------------------------------------------------------------------------------ events

    @rule(customer=st.sampled_from(CUSTOMERS), amount=cents)
    def invoice(self, customer: str, amount: int) -> None:
        """A claim."""
        number = f"D-{next(self.names)}"
        amounts = {"exclVat": amount / 100, "vat": 0, "inclVat": amount / 100}
        due = self.today + timedelta(days=14 + len(self.model.items))
        sent = {"documentType": "IN", "documentNo": number, "customerNo": customer, "documentDate": self.today.isoformat()}
        answer = self.send("POST", "/documents", {"document": {**sent, "dueDate": due.isoformat(), "currencyAmounts": amounts}})
        assert answer.status_code == 201, answer.text
        transaction = self.model.next_transaction(self.today)
        self.model.post(Item(self.made(transaction), "IN", customer, amount, due, transaction))

    @precondition(lambda self: self.model.debts())
    @rule(data=st.data())
    def pay(self, data: st.DataObject) -> None:
        """A payment on one claim: in part, whole, or too much."""
        debt = data.draw(st.sampled_from(self.model.debts()[-4:]))
        owed = sum(item.open for item in self.model.claim(debt))
        amount = data.draw(st.sampled_from([debt.open, owed, owed + 1]) | st.integers(1, owed))
        day, refused = self.pick_day(data)
        posting = {"arItemId": self.encoded(debt.key), "amount": money(amount), "paymentDate": day.isoformat(), "postingDate": day.isoformat()}
        result = self.post_one("payment", posting, refused=refused)
        if result is not None:
            paid = self.note("PY", debt.customer, -amount, day, result)
            self.note_match(self.model.settle(paid, self.model.claim(debt)))

    @precondition(lambda self: any(not any(item.claim == debt.key for item in self.model.items.values()) for debt in self.model.debts()))
    @rule(data=st.data(), amount=st.integers(1, 7000))
    def charge(self, data: st.DataObject, amount: int) -> None:
        """A fee on a claim that has none yet."""
        bare = [debt for debt in self.model.debts() if not any(item.claim == debt.key for item in self.model.items.values())]
        debt = data.draw(st.sampled_from(bare))
        result = self.post_one("fee", {"arItemId": self.encoded(debt.key), "feeCode": "OTHER", "amount": money(amount)}, refused=None)
        assert result is not None
        self.note("FE", debt.customer, amount, self.today, result, claim=debt.key)

    @precondition(lambda self: self.model.debts())
    @rule(data=st.data())
    def write_off(self, data: st.DataObject) -> None:
        """A claim is lost, as far as it is open, or in part."""
        debt = data.draw(st.sampled_from(self.model.debts()))
        amount = data.draw(st.just(debt.open) | st.integers(1, debt.open) | st.just(debt.open + 1))
        posting = {"arItemId": self.encoded(debt.key), "amount": money(amount), "reasonCode": "OTHER", "reason": "lost"}
        result = self.post_one("writeoff", posting, refused="AMOUNT-EXCEEDED" if amount > debt.open else None)
        if result is not None:
            gone = self.note("WO", debt.customer, -amount, self.today, result)
            self.note_match(self.model.settle(gone, [debt]))

    @precondition(lambda self: self.model.credits() and self.model.debts())
    @rule(data=st.data())
    def match_by_hand(self, data: st.DataObject) -> None:
        """Exact amounts of a credit and a debt: of one customer, and not more than is open."""
        credit, debt = data.draw(st.sampled_from(self.model.credits())), data.draw(st.sampled_from(self.model.debts()))
        most = min(-credit.open, debt.open)
        part = data.draw(st.integers(1, most) | st.just(most) | st.just(most + 1))
        lines = [{"arItemId": self.encoded(debt.key), "amount": money(part)}, {"arItemId": self.encoded(credit.key), "amount": -money(part)}]
        answer = self.send("POST", "/matches", {"match": {"lines": lines}})
        if credit.customer != debt.customer or part > most:
            assert answer.status_code == 422, answer.text
            wanted = {"TARGET-CONFLICT"} if credit.customer != debt.customer else {"AMOUNT-EXCEEDED"}
            assert wanted <= {error["code"] for error in answer.json()["errors"]}, answer.text
            return
        assert answer.status_code == 201, answer.text
        debt.open -= part
        credit.open += part
        self.note_match({debt.key: part, credit.key: -part})

    @precondition(lambda self: self.model.matches)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        """A match is undone, once, and never one that a reversal made."""
        key = data.draw(st.sampled_from(list(self.model.matches)))
        match = self.model.matches[key]
        answer = self.send("DELETE", f"/matches/{self.encoded(key)}")
        if match.undone or match.final:
            assert answer.status_code == 409, answer.text
            return
        assert answer.status_code == 200, answer.text
        self.model.undo(match)

    @precondition(lambda self: self.model.items)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        """A transaction is taken back: once, neither a document nor a reversal."""
        known = sorted({item.transaction for item in self.model.items.values()} | self.model.counter_transactions)
        transaction = data.draw(st.sampled_from(known[-6:]))
        posting = {"glYear": transaction[0], "transactionNo": transaction[1], "reason": "wrong"}
        result = self.post_one("reversal", posting, refused=None if self.model.may_reverse(transaction) else "STATE-CONFLICT")
        if result is None:
            return
        counter = self.model.next_transaction(self.today)
        assert (result["glYear"], result["transactionNo"]) == counter
        self.model.counter_transactions.add(counter)
        self.model.reverse(transaction)

    # ------------------------------------------------------------------------------------------------ reservations

    @precondition(lambda self: self.model.debts())
    @rule(data=st.data())
    def reserve(self, data: st.DataObject) -> None:
        """A payment is announced: never more than is open and not reserved."""
        debt = data.draw(st.sampled_from(self.model.debts()[-3:]))
        free = debt.open - self.model.reserved(debt, self.now)
        amount = data.draw(st.sampled_from([max(1, free), max(0, free) + 1]) | st.integers(1, max(1, free)))
        name = f"M-{next(self.names)}"
        answer = self.send(
            "POST",
            "/paymentreservations",
            {"paymentReservation": {"paymentId": name, "arItemId": self.encoded(debt.key), "amount": money(amount)}},
        )
        if amount > free:
            assert (answer.status_code, [error["code"] for error in answer.json()["errors"]]) == (422, ["AMOUNT-EXCEEDED"]), answer.text
            return
        assert answer.status_code == 201, answer.text
        expires = self.now + timedelta(hours=RESERVED_HOURS)
        self.model.reservations[answer.json()["paymentReservationId"]] = Reservation(debt.key, amount, expires)

    @precondition(lambda self: self.model.reservations)
    @rule(data=st.data(), final=st.booleans())
    def capture(self, data: st.DataObject, final: bool) -> None:
        """Announced money comes, in part or whole."""
        key = data.draw(st.sampled_from(list(self.model.reservations)[-4:]))
        reservation = self.model.reservations[key]
        most = max(1, reservation.remaining)
        amount = data.draw(st.just(most) | st.integers(1, most) | st.just(most + 1))
        answer = self.send("POST", f"/paymentreservations/{key}/capture", {"capture": {"amount": money(amount), "final": final}})
        if not reservation.is_active(self.now):
            assert answer.status_code == 409, answer.text
            return
        if amount > reservation.remaining:
            assert (answer.status_code, [error["code"] for error in answer.json()["errors"]]) == (422, ["AMOUNT-EXCEEDED"]), answer.text
            return
        assert answer.status_code == 200, answer.text
        reservation.captured += amount
        reservation.ended = final or not reservation.remaining
        debt = self.model.items[reservation.item]
        paid = self.note("PY", debt.customer, -amount, self.today, answer.json()["captures"][-1])
        self.note_match(self.model.settle(paid, self.model.claim(debt)))

    @precondition(lambda self: self.model.reservations)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """Announced money does not come; saying so again changes nothing."""
        key = data.draw(st.sampled_from(list(self.model.reservations)[-4:]))
        reservation = self.model.reservations[key]
        answer = self.send("POST", f"/paymentreservations/{key}/release")
        active = reservation.is_active(self.now)
        assert answer.status_code == (200 if active or reservation.released else 409), answer.text
        reservation.released = reservation.released or active
        reservation.ended = True

    # ------------------------------------------------------------------------------------------------ time

    @rule(days=st.sampled_from([1, 1, 4, 20, 45]))
    def let_time_pass(self, days: int) -> None:
        """Days go by; reservations run out and years change."""
        self.move_to(self.now + timedelta(days=days))

    def close(self, user: str) -> None:
        """Close the oldest open month."""
        month = self.model.oldest_open
        body = {"metadata": {"userId": user}, "period": {"status": "CLOSED"}}
        answer = self.send("PUT", f"/periods/{month.year}/{month.month}", body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["controlDifference"] == 0
        self.model.close(user)

    @precondition(lambda self: self.model.oldest_open.replace(day=28) < self.today.replace(day=1))
    @rule(user=st.sampled_from(["anne", "bo"]))
    def close_month(self, user: str) -> None:
        """A month that is over is closed."""
        self.close(user)

    @precondition(lambda self: self.model.closers)
    @rule(user=st.sampled_from(["anne", "bo"]))
    def reopen_month(self, user: str) -> None:
        """The latest closed month is opened again, by another person than the one who closed it."""
        month = self.model.closed_until
        body = {"metadata": {"userId": user}, "period": {"status": "OPEN", "reason": "A late voucher"}}
        answer = self.send("PUT", f"/periods/{month.year}/{month.month}", body)
        if user == self.model.closers[-1]:
            assert answer.status_code == 422, answer.text
        else:
            assert answer.status_code == 200, answer.text
            self.model.reopen()

    # ------------------------------------------------------------------------------------------------ what must hold

    @invariant()
    def items_balances_and_reservations_are_those_of_the_model(self) -> None:
        """After every step."""
        if not self.client_no:
            return
        rows = self.house.rows("select ar_item_id::text, open_amount from ar_item where not reversal", client_no=self.client_no)
        assert dict(rows) == {key: money(item.open) for key, item in self.model.items.items()}
        assert self.house.balances(self.client_no) == {account: money(amount) for account, amount in self.model.balances.items() if amount}
        held = self.house.rows(
            "select ar_item_id::text, sum(amount - captured_amount) from payment_reservation where status = 'ACTIVE' and expires_at > %s group by 1",
            self.now,
            client_no=self.client_no,
        )
        reserved = {key: money(self.model.reserved(item, self.now)) for key, item in self.model.items.items()}
        assert dict(held) == {key: amount for key, amount in reserved.items() if amount}

    def teardown(self) -> None:
        """At the end verification finds nothing."""
        if self.client_no:
            assert verify_client(self.house.database, self.client_no).findings == []
        self.move_to(START)


def test_what_happens_to_claims_is_what_the_model_says(module_house: House) -> None:
    """Random stories of payments, fees, write-offs, matches, reservations and reversals over months and years."""
    before = module_house.clock.now()
    limits = settings(max_examples=examples(0.2), stateful_step_count=40, phases=dear_phases())
    try:
        run_state_machine_as_test(lambda: EventsMachine(module_house), settings=limits)
    finally:
        module_house.clock.set(before)
        module_house._tokens.clear()
