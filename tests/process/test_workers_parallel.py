"""Many callers at once: one key has one effect, equal batches book once, numbers have no gap, and whoever conflicts is refused."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from reskontro.ledger.verify import verify_client
from tests.house import House, serve
from tests.process.crash import today
from tests.process.installation import Program, clean_environment, wait_until

pytestmark = pytest.mark.process
CALLERS = 64
WRITERS = 32
_client_nos = itertools.count(5001)


@pytest.fixture(autouse=True)
def no_errors_logged() -> Iterator[None]:
    """No call ends in an error that nobody expected."""
    with capture_logs() as events:
        yield
    assert [event for event in events if event["log_level"] in ("error", "critical")] == []


@pytest.fixture(scope="module")
def houses(module_house: House) -> Iterator[tuple[House, House]]:
    """Two API servers on one database, on the machine's time."""
    module_house.clock.set(datetime.now(UTC))
    with serve(module_house.database, module_house.settings, module_house.clock) as second:
        yield module_house, second


@pytest.fixture
def client_no(houses: tuple[House, House]) -> int:
    """A client of the test's own, with the customer 100001."""
    number = next(_client_nos)
    houses[0].add_client(number, ledgerStart=f"{today().year}-01-01")
    for house in houses:
        house.client_no = number
    houses[0].customer("100001")
    return number


@pytest.fixture
def workers(houses: tuple[House, House], tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Starts two worker processes that take twenty items at a time."""
    with ExitStack() as stack:

        def start() -> None:
            for number in range(2):
                environment = clean_environment(serving_url=houses[0].database.url, chunk_items="20", turn_seconds="0.1")
                stack.callback(Program(["worker"], environment, tmp_path / f"worker-{number}.log").kill)

        yield start


def together(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Make calls at the same moment, each in a thread of its own; returns their results in order."""
    barrier = threading.Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(one, calls))


def invoice(amount: int = 1000, **values: Any) -> dict[str, Any]:
    """An invoice without VAT for 100001."""
    return {
        "documentType": "IN",
        "customerNo": "100001",
        "documentDate": today().isoformat(),
        "currencyAmounts": {"exclVat": amount, "vat": 0, "inclVat": amount},
        **values,
    }


def count(house: House, table: str) -> int:
    """Rows of the test's client in a table."""
    ((rows,),) = house.rows(f"select count(*) from {table} where client_no = %s", house.client_no)
    return int(rows)


def sound(house: House) -> bool:
    """Whether verification finds nothing."""
    report = verify_client(house.database, house.client_no)
    assert report.findings == []
    return report.in_order


def drawn(amount: int) -> list[str]:
    """The first numbers of the series of invoices."""
    return [f"I{today():%y}-{number:06d}" for number in range(1, amount + 1)]


class TestOneKey:
    """64 calls with one Idempotency-Key, half of them to each of two servers."""

    def _call(self, houses: tuple[House, House], method: str, path: str, contents: Sequence[bytes], media: str) -> list[httpx2.Response]:
        headers = {"Idempotency-Key": "the-one-key", "Content-Type": media}
        for house in houses:
            house.token()
        return together(
            [
                lambda place=place: houses[place % 2].call(method, path, content=contents[place % len(contents)], headers=headers)
                for place in range(CALLERS)
            ]
        )

    @pytest.mark.parametrize(
        ("method", "path", "content", "media", "status", "table", "rows"),
        [
            ("POST", "/documents", json.dumps({"document": invoice()}), "application/json", 201, "document", 1),
            ("POST", "/customers", json.dumps({"customer": {"customerNo": "2", "name": "Ola"}}), "application/json", 201, "customer", 2),
            ("PUT", "/customers", json.dumps({"customer": {"customerNo": "100001", "name": "Changed"}}), "application/json", 200, "log_item", 3),
            ("POST", "/documents/batches", json.dumps({"documents": [invoice()] * 20}), "application/json", 202, "batch", 1),
            ("POST", "/documents/batches", "\n".join([json.dumps(invoice())] * 20), "application/x-ndjson", 202, "batch", 1),
        ],
        ids=["document", "customer", "changed customer", "batch", "NDJSON batch"],
    )
    @pytest.mark.usefixtures("client_no")
    def test_one_effect_and_equal_answers(
        self, houses: tuple[House, House], method: str, path: str, content: str, media: str, status: int, table: str, rows: int
    ) -> None:
        """All that are answered get the same bytes. Who waits too long, or streams beside too many others, is told so, and gets them later."""
        answers = self._call(houses, method, path, [content.encode()], media)
        done = [answer for answer in answers if answer.status_code == status]
        late = [answer for answer in answers if answer.status_code != status]
        allowed = {(409, "IDEMPOTENCY-IN-PROGRESS")} | ({(503, "UNAVAILABLE")} if media == "application/x-ndjson" else set())
        assert {(answer.status_code, answer.json()["code"]) for answer in late} <= allowed
        assert len({answer.content for answer in done}) == 1
        later = houses[1].call(method, path, content=content.encode(), headers={"Idempotency-Key": "the-one-key", "Content-Type": media})
        assert (later.status_code, later.content, later.headers["Idempotency-Replayed"]) == (status, done[0].content, "true")
        assert Counter(answer.headers.get("Idempotency-Replayed") for answer in done)[None] == 1, "not exactly one was the first"
        assert count(houses[0], table) == rows
        houses[0].work()
        assert sound(houses[0])

    @pytest.mark.usefixtures("client_no")
    def test_of_two_bodies_one_wins(self, houses: tuple[House, House]) -> None:
        """Two bodies race for one key: the answers of one body are equal, the other's are all refused."""
        bodies = [json.dumps({"document": invoice(amount)}).encode() for amount in (100, 200, 200)]
        answers = self._call(houses, "POST", "/documents", bodies, "application/json")
        outcomes: dict[bytes, set[Any]] = {}
        for place, answer in enumerate(answers):
            code = answer.content if answer.status_code == 201 else answer.json()["code"]
            outcomes.setdefault(bodies[place % len(bodies)], set()).add(code)
        (first, second) = sorted(outcomes.values(), key=lambda found: any(isinstance(code, bytes) for code in found))
        assert first <= {"IDEMPOTENCY-KEY-REUSED", "IDEMPOTENCY-IN-PROGRESS"}
        assert "IDEMPOTENCY-KEY-REUSED" in first
        assert len({code for code in second if isinstance(code, bytes)}) == 1
        assert count(houses[0], "document") == 1
        assert sound(houses[0])

    @pytest.mark.usefixtures("client_no")
    def test_a_refused_call_leaves_the_key_free(self, houses: tuple[House, House]) -> None:
        """64 calls that are all refused have no effect and keep no answer; a right one with the key is then the first."""
        wrong = json.dumps({"document": invoice(customerNo="999")}).encode()
        answers = self._call(houses, "POST", "/documents", [wrong], "application/json")
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} <= {(422, "VALIDATION-FAILED"), (409, "IDEMPOTENCY-IN-PROGRESS")}
        right = houses[0].post("/documents", {"document": invoice()}, headers={"Idempotency-Key": "the-one-key"})
        assert (right.status_code, right.json()["documentNo"]) == (201, drawn(1)[0])
        assert "Idempotency-Replayed" not in right.headers


@pytest.mark.usefixtures("client_no")
class TestEqualBatches:
    def _send(self, houses: tuple[House, House], path: str, body: dict[str, Any], workers: Callable[[], None]) -> list[Counter[str]]:
        """Send a batch 64 times at once without a key; returns the results of each."""
        for house in houses:
            house.token()
        workers()
        answers = together([lambda place=place: houses[place % 2].post(path, body) for place in range(CALLERS)])
        assert {answer.status_code for answer in answers} == {202}
        found = []
        for batch_uuid in {answer.json()["batchUuid"] for answer in answers}:
            wait_until(lambda batch_uuid=batch_uuid: houses[0].get(f"/batches/{batch_uuid}").status_code == 200, "the batch is final")
            found.append(Counter(item["result"] for item in houses[0].get(f"/batches/{batch_uuid}").json()["items"]))
        return found

    def test_documents_are_created_once(self, houses: tuple[House, House], workers: Callable[[], None]) -> None:
        """64 equal batches of numbered documents are 64 batches: each document is created by one of them and unchanged in 63."""
        body = {"documents": [invoice(documentNo=f"E-{number}") for number in range(30)]}
        found = self._send(houses, "/documents/batches", body, workers)
        assert len(found) == CALLERS
        assert sum(found, Counter()) == {"CREATED": 30, "UNCHANGED": 30 * (CALLERS - 1)}
        assert count(houses[0], "document") == 30
        assert houses[0].balances()["1500"] == Decimal(30_000)
        assert sound(houses[0])

    def test_customers_are_created_once(self, houses: tuple[House, House], workers: Callable[[], None]) -> None:
        """The same with customers: the account numbers are drawn once, and unchanged ones make no log item."""
        body = {"customers": [{"customerNo": f"E-{number}", "name": f"Prøve {number}"} for number in range(30)]}
        found = self._send(houses, "/customers/batches", body, workers)
        assert sum(found, Counter()) == {"CREATED": 30, "UNCHANGED": 30 * (CALLERS - 1)}
        accounts = [row[0] for row in houses[0].rows("select account_no from customer order by account_no")]
        assert accounts == list(range(accounts[0], accounts[0] + 31))
        assert count(houses[0], "log_item") == 1 + 31
        assert sound(houses[0])


@pytest.mark.usefixtures("client_no")
class TestWriters:
    def test_numbers_are_distinct_and_without_gaps(self, houses: tuple[House, House]) -> None:
        """32 writers on two servers post invoices for one customer: every answer has a number of its own, together they are 1 to n."""
        each = 8

        def write(place: int) -> list[httpx2.Response]:
            return [houses[place % 2].post("/documents", {"document": invoice()}) for _ in range(each)]

        answers = [answer for found in together([lambda place=place: write(place) for place in range(WRITERS)]) for answer in found]
        assert {answer.status_code for answer in answers} == {201}
        assert sorted(answer.json()["documentNo"] for answer in answers) == drawn(WRITERS * each)
        assert len({answer.json()["kid"] for answer in answers}) == WRITERS * each
        assert houses[0].balances()["1500"] == Decimal(1000 * WRITERS * each)
        assert sound(houses[0])

    def test_refused_writes_among_them_draw_nothing(self, houses: tuple[House, House]) -> None:
        """Half of the writers are refused: the others' numbers still have no gap."""
        documents = [invoice() if place % 2 else invoice(customerNo="999") for place in range(WRITERS)]
        answers = together(
            [lambda place=place, sent=sent: houses[place % 2].post("/documents", {"document": sent}) for place, sent in enumerate(documents)]
        )
        assert [answer.status_code for answer in answers] == [201 if place % 2 else 422 for place in range(WRITERS)]
        assert sorted(answer.json()["documentNo"] for answer in answers if answer.status_code == 201) == drawn(WRITERS // 2)
        assert sound(houses[0])

    def test_one_customer_number_and_one_account(self, houses: tuple[House, House]) -> None:
        """Equal customers at once: one is created; one account number for many customers: one gets it."""
        same = {"customer": {"customerNo": "S-1", "name": "Ola Øvelse"}}
        answers = together([lambda place=place: houses[place % 2].post("/customers", same) for place in range(WRITERS)])
        assert Counter((answer.status_code, answer.json()["result"]) for answer in answers) == {
            (201, "CREATED"): 1,
            (200, "UNCHANGED"): WRITERS - 1,
        }
        assert len({answer.json()["accountNo"] for answer in answers}) == 1
        rivals = together(
            [
                lambda place=place: houses[place % 2].post("/customers", {"customer": {"customerNo": f"R-{place}", "name": "R", "accountNo": 77}})
                for place in range(WRITERS)
            ]
        )
        assert Counter(answer.status_code for answer in rivals) == {201: 1, 422: WRITERS - 1}
        assert {answer.json()["errors"][0]["code"] for answer in rivals if answer.status_code == 422} == {"NOT-UNIQUE"}

    def test_payments_never_take_more_than_is_open(self, houses: tuple[House, House]) -> None:
        """32 payments of 100 for one invoice over 1000: ten are matched, the others stay as credit."""
        houses[0].post("/documents", {"document": invoice(documentNo="I-1")})
        payment = invoice(100, documentType="PY", referenceDocumentNo="I-1")
        answers = together([lambda place=place: houses[place % 2].post("/documents", {"document": payment}) for place in range(WRITERS)])
        assert {answer.status_code for answer in answers} == {201}
        opened = Counter(row[0] for row in houses[0].rows("select open_amount from ar_item"))
        assert opened == {Decimal(0): 11, Decimal(-100): WRITERS - 10}
        assert sound(houses[0])

    def test_an_invoice_is_credited_once(self, houses: tuple[House, House]) -> None:
        """16 credit notes over the whole of one invoice: one is booked, the others exceed what is left to credit."""
        houses[0].post("/documents", {"document": invoice(documentNo="I-1")})
        credit = invoice(documentType="CN", referenceDocumentNo="I-1")
        answers = together([lambda place=place: houses[place % 2].post("/documents", {"document": credit}) for place in range(16)])
        assert Counter(answer.status_code for answer in answers) == {201: 1, 422: 15}
        assert {answer.json()["errors"][0]["code"] for answer in answers if answer.status_code == 422} == {"AMOUNT-EXCEEDED"}
        assert sound(houses[0])


@pytest.mark.usefixtures("client_no")
class TestConflicts:
    def test_delete_against_posting(self, houses: tuple[House, House]) -> None:
        """A customer is deleted and posted to at the same time: one of the two is refused, and the ledger knows which."""
        outcomes: Counter[str] = Counter()
        for number in range(25):
            customer_no = f"D-{number}"
            houses[0].customer(customer_no)
            sent = {"document": invoice(customerNo=customer_no, documentNo=customer_no)}
            calls = [
                lambda customer_no=customer_no: houses[0].call("DELETE", f"/customers/{customer_no}"),
                lambda sent=sent: houses[1].post("/documents", sent),
            ]
            deleted, posted = together(calls)
            if deleted.status_code == 200:
                assert (posted.status_code, posted.json()["errors"][0]["code"]) == (422, "CUSTOMER-UNKNOWN")
            else:
                assert (deleted.status_code, deleted.json()["code"], posted.status_code) == (422, "CUSTOMER-IN-USE", 201)
            outcomes["deleted" if deleted.status_code == 200 else "posted"] += 1
        assert count(houses[0], "document") == outcomes["posted"]
        assert count(houses[0], "customer") == 1 + outcomes["posted"]
        assert sound(houses[0])

    def test_delete_against_a_posting_that_brings_its_customer(self, houses: tuple[House, House]) -> None:
        """The document may create the customer anew: then both succeed, on two accounts; otherwise the delete is refused."""
        for number in range(10):
            customer_no = f"B-{number}"
            before = houses[0].customer(customer_no)["accountNo"]
            customer = {"customerNo": customer_no, "name": "Made by a document"}
            sent = {"document": invoice(customerNo=customer_no, customer=customer)}
            calls = [
                lambda customer_no=customer_no: houses[0].call("DELETE", f"/customers/{customer_no}"),
                lambda sent=sent: houses[1].post("/documents", sent),
            ]
            deleted, posted = together(calls)
            assert posted.status_code == 201
            assert (posted.json()["accountNo"] == before) == (deleted.status_code == 422)
        assert sound(houses[0])

    def test_single_writes_while_a_batch_of_the_client_runs(self, houses: tuple[House, House], workers: Callable[[], None]) -> None:
        """Single writes come between the chunks of a running batch, wait for none of it, and share its number series without gaps."""
        batch_uuid = houses[0].post("/documents/batches", {"documents": [invoice()] * 2000}).json()["batchUuid"]
        workers()
        wait_until(lambda: houses[0].get(f"/batches/{batch_uuid}?pagesize=5").status_code == 206, "the batch runs")
        answers = together([lambda place=place: houses[place % 2].post("/documents", {"document": invoice()}) for place in range(16)])
        assert {answer.status_code for answer in answers} == {201}
        wait_until(lambda: houses[0].get(f"/batches/{batch_uuid}?pagesize=5").status_code == 200, "the batch is final")
        items = houses[0].get(f"/batches/{batch_uuid}").json()["items"]
        numbers = [item["documentNo"] for item in items] + [answer.json()["documentNo"] for answer in answers]
        assert sorted(numbers) == drawn(2016)
        assert min(answer.json()["documentNo"] for answer in answers) < items[-1]["documentNo"], "all single writes waited for the batch"
        assert sound(houses[0])

    def test_one_retry_and_one_cancel(self, houses: tuple[House, House]) -> None:
        """Of 16 cancels and of 16 retries at once one succeeds each; the others are conflicts."""
        batch_uuid = houses[0].post("/documents/batches", {"documents": [invoice()] * 3}).json()["batchUuid"]
        for verb, status in (("cancel", 200), ("retryfailed", 202)):
            path = f"/batches/{batch_uuid}/{verb}"
            answers = together([lambda place=place, path=path: houses[place % 2].post(path) for place in range(16)])
            assert Counter(answer.status_code for answer in answers) == {status: 1, 409: 15}
        houses[0].work()
        assert count(houses[0], "document") == 3
        assert sound(houses[0])
