"""Many writers on one client at once, over real connections: whatever the order turns out to be, the ledger is one that some order explains."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from reskontro.ledger.verify import verify_client
from tests.house import House, exact_json

WRITERS = 8
STEPS = 25
INVOICES = 12
AMOUNT = Decimal(1000)


class Writer:
    """One user of the API with a connection of his own; notes what his calls came to."""

    def __init__(self, house: House, token: str, client_no: int, invoices: list[str], seed: int, start: threading.Barrier) -> None:
        self.base = f"/arm/v1/clients/{client_no}"
        self.http = httpx2.Client(base_url=house.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        self.random = random.Random(seed)
        self.seed = seed
        self.invoices = invoices
        self.start = start
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.paid = Decimal(0)
        self.lost = Decimal(0)
        self.taken_back: list[tuple[int, int]] = []
        self.mine: list[dict[str, Any]] = []
        self.reservations: list[str] = []

    def send(self, what: str, method: str, path: str, body: Any = None) -> httpx2.Response:
        """Make a call; nothing may come but an answer that the contract knows."""
        content = None if body is None else json.dumps(body, default=float).encode()
        answer = self.http.request(method, self.base + path, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code in (200, 201, 404, 409, 422), answer.text
        self.statuses[what, answer.status_code] += 1
        return answer

    def run(self) -> None:
        """All the steps, as fast as they go."""
        steps: list[Callable[[], None]] = [self.pay, self.pay, self.reserve, self.capture, self.write_off, self.match, self.reverse, self.undo]
        self.start.wait()
        for _ in range(STEPS):
            self.random.choice(steps)()
        self.http.close()

    def amount(self) -> Decimal:
        """Something between a cent and a third of a claim."""
        return Decimal(self.random.randint(1, 33_333)) / 100

    def pay(self) -> None:
        amount = self.amount()
        posting = {"documentNo": self.random.choice(self.invoices), "amount": amount, "paymentDate": "2026-11-20"}
        answer = self.send("pay", "POST", "/autopostings/payment", {"autoPostings": [posting]})
        if answer.status_code == 200:
            self.paid += amount
            self.mine.append(exact_json(answer)["autoPostings"][0])

    def write_off(self) -> None:
        posting = {"documentNo": self.random.choice(self.invoices), "amount": Decimal(1), "reasonCode": "OTHER", "reason": "r"}
        if self.send("write off", "POST", "/autopostings/writeoff", {"autoPostings": [posting]}).status_code == 200:
            self.lost += 1

    def reserve(self) -> None:
        name = f"M-{self.seed}-{sum(self.statuses.values())}"
        wanted = {"paymentId": name, "documentNo": self.random.choice(self.invoices), "amount": self.amount()}
        answer = self.send("reserve", "POST", "/paymentreservations", {"paymentReservation": wanted})
        if answer.status_code == 201:
            self.reservations.append(answer.json()["paymentReservationId"])

    def capture(self) -> None:
        if self.reservations:
            key = self.reservations.pop()
            answer = self.send("capture", "POST", f"/paymentreservations/{key}/capture", {"capture": {"final": True}})
            if answer.status_code == 200:
                self.paid += exact_json(answer)["capturedAmount"]

    def match(self) -> None:
        answer = self.http.get(f"{self.base}/aritems?status=OPEN,PARTIAL&pagesize=1000")
        found = exact_json(answer)["arItems"]
        credits, debts = ([item for item in found if (item["openAmount"] > 0) == debit] for debit in (False, True))
        if credits and debts:
            credit, debt = self.random.choice(credits), self.random.choice(debts)
            part = min(-credit["openAmount"], debt["openAmount"])
            lines = [{"arItemId": debt["arItemId"], "amount": part}, {"arItemId": credit["arItemId"], "amount": -part}]
            self.send("match", "POST", "/matches", {"match": {"lines": lines}})

    def undo(self) -> None:
        number = self.random.choice(self.invoices)
        found = exact_json(self.http.get(f"{self.base}/aritems?documentno={number}&expand=matches"))["arItems"][0]["matches"]
        active = [match["matchId"] for match in found if match["status"] == "ACTIVE"]
        if active:
            self.send("undo", "DELETE", f"/matches/{self.random.choice(active)}")

    def reverse(self) -> None:
        """Take back a payment of one's own, sometimes twice."""
        if self.mine:
            result = self.random.choice(self.mine)
            key = (result["glYear"], result["transactionNo"])
            posting = {"glYear": key[0], "transactionNo": key[1], "reason": "wrong"}
            if self.send("reverse", "POST", "/autopostings/reversal", {"autoPostings": [posting]}).status_code == 200:
                assert key not in self.taken_back, "a transaction was reversed twice"
                self.taken_back.append(key)
                self.paid -= result["amount"]


@pytest.mark.parametrize("seed", range(3))
def test_writers_at_once_leave_a_ledger_in_order(module_house: House, seed: int) -> None:
    """Nothing lost or doubled: the bank account has exactly what the answers said, and every rule of the ledger holds."""
    house, client_no = module_house, 9801 + seed
    house.add_client(client_no)
    assert house.post("/customers", {"customer": {"customerNo": "1", "name": "Kari"}}, client_no=client_no).status_code == 201
    invoices = [f"D-{number}" for number in range(INVOICES)]
    for number in invoices:
        sent = {"documentType": "IN", "documentNo": number, "customerNo": "1", "documentDate": "2026-11-01"}
        amounts = {"exclVat": 1000, "vat": 0, "inclVat": 1000}
        assert house.post("/documents", {"document": {**sent, "currencyAmounts": amounts}}, client_no=client_no).status_code == 201
    start = threading.Barrier(WRITERS)
    writers = [Writer(house, house.token(), client_no, invoices, seed * 1000 + number, start) for number in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        for running in [pool.submit(writer.run) for writer in writers]:
            running.result()

    balances = house.balances(client_no)
    assert balances.get("1920", 0) == sum(writer.paid for writer in writers)
    assert balances.get("7835", 0) == sum(writer.lost for writer in writers)
    assert balances.get("3100", 0) == -AMOUNT * INVOICES
    assert verify_client(house.database, client_no).findings == []
    over = house.rows(
        "select count(*) from (select a.ar_item_id, a.original_amount, sum(r.captured_amount) as captured, sum(r.amount) as announced"
        " from ar_item a join payment_reservation r on r.client_no = a.client_no and r.ar_item_id = a.ar_item_id"
        " group by 1, 2) s where announced - captured > original_amount",
        client_no=client_no,
    )
    assert over == [(0,)]
    numbers = house.rows("select distinct transaction_no from gl_item where gl_year = 2026 order by 1", client_no=client_no)
    assert [row[0] for row in numbers] == list(range(1, len(numbers) + 1))
    done = sum((writer.statuses for writer in writers), Counter[tuple[str, int]]())
    assert done["pay", 200] and done["reserve", 201], done
