"""Crash schedules: batches and single writes are sent while processes are killed with -9, and then everything must be as if nobody had died.

More of them than the test suite runs::

    python -m tests.process.crash --schedules 500 --seed 1

The seed decides everything but the scheduling of the machine; schedule n of a run has the seed SEED + n, so that a failed one can be repeated
with ``--schedules 1 --seed <its seed>``. The processes run in a temporary folder, which is kept (with their logs) when a schedule fails.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from reskontro.db.engine import Database
from reskontro.ledger.verify import verify_client
from tests.process.installation import DEADLINE_SECONDS, POLL_SECONDS, Installation
from tests.process.story import SINGLE_CUSTOMER, Call, Story

CLIENTS = 2
CHUNK_ITEMS = "20"
"""Small, so that a batch has several chunks to be killed between and in."""
BLOWS_WITHIN_SECONDS = 0.7
VICTIMS: tuple[tuple[str, ...], ...] = (
    ("worker",),
    ("api",),
    ("postgres",),
    ("backend",),
    ("worker", "api"),
    ("worker", "worker", "worker"),
    ("worker", "backend"),
    ("api", "api"),
    ("api", "postgres"),
    ("worker", "postgres"),
    ("backend", "api"),
    ("worker", "api", "postgres"),
)
"""Who is killed in a schedule, in turn by its seed."""
SHOWN_CHARACTERS = 400
UNDECIDED = (429, 503)
"""Answers after which a call is repeated: nothing, or nobody knows what, was done."""


class Broken(AssertionError):
    """A promise does not hold after a crash schedule; the text says which, and how to repeat it."""


def today() -> date:
    """The date that clients with the default time zone have now."""
    return datetime.now(ZoneInfo("Europe/Oslo")).date()


def new_installation(folder: Path) -> Installation:
    """The installation that schedules run on: two API processes and two workers."""
    return Installation(folder, apis=2, workers=2, chunk_items=CHUNK_ITEMS, turn_seconds="0.1", idempotency_wait_seconds="1")


class Sender:
    """A caller that turns to the other API process when one does not answer, and repeats with the same key."""

    def __init__(self, installation: Installation, counts: Counter[str]) -> None:
        self._urls = installation.urls
        self._turn = 0
        self._counts = counts
        self._installation = installation
        self._token = ""
        # Without kept connections: the process at their other end may be another one by now.
        self._http = httpx2.Client(timeout=DEADLINE_SECONDS, limits=httpx2.Limits(max_keepalive_connections=0))

    def close(self) -> None:
        """Give up the connections."""
        self._http.close()

    def request(self, method: str, path: str, *, once: bool = False, **options: Any) -> httpx2.Response | None:
        """Send until an answer says what happened; with ``once`` a single time, None without such an answer."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            if time.monotonic() > deadline:
                raise Broken(f"{method} {path}: no answer for {DEADLINE_SECONDS:.0f} seconds")
            try:
                answer = self._http.request(method, self._urls[self._turn] + path, **options)
                if answer.status_code not in UNDECIDED and '"IDEMPOTENCY-IN-PROGRESS"' not in answer.text:
                    return answer
                self._counts[f"answered {answer.status_code}"] += 1
            except httpx2.TransportError:
                self._counts["lost answers"] += 1
            if once:
                return None
            self._turn = (self._turn + 1) % len(self._urls)
            time.sleep(POLL_SECONDS)

    def sign_in(self) -> None:
        """Get a token."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._installation.client_id,
            "client_secret": self._installation.client_secret,
        }
        answer = self.request("POST", "/token", data=form)
        assert answer is not None and answer.status_code == 200, answer
        self._token = answer.json()["access_token"]

    def _headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", **more}

    def send(self, client_no: int, call: Call) -> None:
        """Make a call of a story and note its answer."""
        headers = self._headers(**{"Content-Type": "application/json"}, **({"Idempotency-Key": call.key} if call.key else {}))
        path = f"/arm/v1/clients/{client_no}{call.path}"
        answer = self.request(call.method, path, once=call.key is None, content=call.body, headers=headers)
        if answer is not None:
            call.status, call.answer = answer.status_code, answer.content
            if answer.headers.get("Idempotency-Replayed"):
                self._counts["replayed"] += 1

    def repeat(self, client_no: int, call: Call) -> httpx2.Response:
        """Make a call with a key once more."""
        assert call.key is not None
        headers = self._headers(**{"Content-Type": "application/json", "Idempotency-Key": call.key})
        answer = self.request(call.method, f"/arm/v1/clients/{client_no}{call.path}", content=call.body, headers=headers)
        assert answer is not None
        return answer

    def finished_batch(self, client_no: int, batch_uuid: str) -> dict[str, Any]:
        """The batch with all its items, as soon as it is final."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        path = f"/arm/v1/clients/{client_no}/batches/{batch_uuid}?expand=diagnostics"
        while True:
            answer = self.request("GET", path, headers=self._headers())
            assert answer is not None
            if answer.status_code == 200:
                return answer.json()  # type: ignore[no-any-return]
            if answer.status_code not in (202, 206):
                raise Broken(f"GET {path}: {answer.status_code} {answer.text[:300]}")
            if time.monotonic() > deadline:
                raise Broken(f"batch {batch_uuid} is not processed after {DEADLINE_SECONDS:.0f} seconds: {answer.text[:300]}")
            time.sleep(POLL_SECONDS)


class Judge:
    """Compares what the API answers and the ledger holds with what the stories add up to; what differs becomes a finding."""

    def __init__(self, today: date) -> None:
        self._today = today
        self.findings: list[str] = []
        self.documents = 0

    def _expect(self, what: str, got: Any, expected: Any) -> None:
        if got != expected:
            self.findings.append(f"{what}: {str(got)[:SHOWN_CHARACTERS]}, expected {str(expected)[:SHOWN_CHARACTERS]}")

    def check_answers(self, sender: Sender, client_no: int, story: Story) -> None:
        """Every call was answered, every accepted batch has exactly one result for each item, and a repetition has no further effect."""
        for call in story.singles:
            self._expect(f"client {client_no}: status of {call.method} {call.path} ({call.answer[:200]!r})", call.status, 201)
        for call in (*story.batches, story.unanswered):
            if call.key is None and call.status is None:
                continue
            self._expect(f"client {client_no}: status of {call.method} {call.path} ({call.answer[:200]!r})", call.status, 202)
            if call.status != 202:
                continue
            batch = sender.finished_batch(client_no, json.loads(call.answer)["batchUuid"])
            items = batch["items"]
            self._expect(f"client {client_no}: indexes of {call.path}", [item["index"] for item in items], list(range(len(call.expected))))
            found = [item["errors"][0]["code"] if item["result"] == "FAILED" else item["result"] for item in items]
            if found != call.expected:
                wrong = [(index, got, want) for index, (got, want) in enumerate(zip(found, call.expected, strict=False)) if got != want]
                self.findings.append(f"client {client_no}: results of {call.method} {call.path} differ: {wrong[:5]}")
            failed = sum(item["result"] == "FAILED" for item in items)
            counted = [batch[key] for key in ("countNotProcessed", "countProcessed", "countSuccessful", "countFailed")]
            self._expect(f"client {client_no}: counters of {call.path}", counted, [0, len(items), len(items) - failed, failed])
        for call in (*story.batches, *story.singles):
            again = sender.repeat(client_no, call)
            self._expect(f"client {client_no}: repeated {call.method} {call.path}", (again.status_code, again.content), (call.status, call.answer))

    def check_books(self, database: Database, client_no: int, story: Story) -> None:
        """The ledger has what the input adds up to, once; its numbers have no gap, and verification finds nothing."""
        books, more = story.books, story.unanswered_books
        with database.transaction(client_no) as transaction:
            numbers = [row[0] for row in transaction.execute("select document_no from document where client_no = %s", (client_no,))]
            balances = dict(
                transaction.execute("select gl_account, sum(amount) from gl_item where client_no = %s group by 1", (client_no,)).fetchall()
            )
            batches = [row[0] for row in transaction.execute("select count_total from batch where client_no = %s", (client_no,))]
            customers = [row[0] for row in transaction.execute("select customer_no from customer where client_no = %s", (client_no,))]
        unanswered = sum(number.startswith("U-") for number in numbers)
        if story.unanswered.status == 202 or unanswered:
            self._expect(f"client {client_no}: documents of the batch without a key", unanswered, more.documents)
            books.documents += more.documents
            for account, amount in more.balances.items():
                books.balances[account] += amount
        self.documents += len(numbers)
        self._expect(f"client {client_no}: documents", len(numbers), books.documents)
        self._expect(f"client {client_no}: customers", len(customers), books.customers)
        self._expect(f"client {client_no}: customer of the single writes", customers.count(SINGLE_CUSTOMER), 1)
        self._expect(f"client {client_no}: batches", len(batches), len(story.batches) + bool(unanswered))
        prefix = f"I{self._today:%y}-"
        drawn = sorted(number for number in numbers if number.startswith(prefix))
        wanted = [f"{prefix}{number:06d}" for number in range(1, books.unnumbered + 1)]
        wrong = sorted(set(drawn) ^ set(wanted))
        self._expect(f"client {client_no}: drawn numbers that are missing or too many", wrong, [])
        expected = {account: Decimal(amount) / 100 for account, amount in books.balances.items() if amount}
        self._expect(f"client {client_no}: balances", {account: amount for account, amount in balances.items() if amount}, expected)
        report = verify_client(database, client_no)
        self.findings += [f"client {client_no}: {finding}" for finding in report.findings]
        self._expect(f"client {client_no}: documents verified", report.counts["documents"], books.documents)


class Schedule:
    """One run of the stories of some clients under blows."""

    def __init__(self, installation: Installation, seed: int, counts: Counter[str]) -> None:
        self._installation = installation
        self._seed = seed
        self._random = random.Random(f"crash {seed}")
        self._counts = counts
        self.victims = VICTIMS[seed % len(VICTIMS)]
        self._today = today()
        self._stories: dict[int, Story] = {}
        self._findings: list[str] = []

    def run(self) -> None:
        """Send, kill, let it recover, check. Raises Broken."""
        try:
            self._run()
        except Exception as error:
            self._findings.append(f"{type(error).__name__}: {error}")
        if self._findings:
            raise Broken(
                f"schedule with seed {self._seed}, killed {', '.join(self.victims)}:\n  "
                + "\n  ".join(self._findings)
                + f"\nRepeat it with: python -m tests.process.crash --schedules 1 --seed {self._seed}\n{self._installation.log_tails()}"
            )

    def _run(self) -> None:
        numbers = self._installation.add_clients(CLIENTS, f"{self._today.year}-01-01")
        self._stories = {number: Story(f"{self._seed}/{place}", self._today) for place, number in enumerate(numbers)}
        senders = [Sender(self._installation, self._counts) for _ in range(2 * CLIENTS)]
        judge = Judge(self._today)
        blows = threading.Thread(target=self._strike)
        try:
            for sender in senders:
                sender.sign_in()
            with ThreadPoolExecutor(len(senders)) as lanes:
                blows.start()
                running = []
                for place, (client_no, story) in enumerate(self._stories.items()):
                    first, second, *rest = story.batches
                    running.append(lanes.submit(self._lane, senders[2 * place], client_no, [first, second, story.unanswered, *rest]))
                    running.append(lanes.submit(self._lane, senders[2 * place + 1], client_no, story.singles))
                for lane in running:
                    lane.result()
            blows.join()
            for client_no, story in self._stories.items():
                judge.check_answers(senders[0], client_no, story)
            self._installation.keep_server()
            with self._installation.database() as database:
                for client_no, story in self._stories.items():
                    judge.check_books(database, client_no, story)
        finally:
            blows.join()
            for sender in senders:
                sender.close()
        self._counts["documents"] += judge.documents
        self._findings += judge.findings
        self._findings += [f"logged: {line}" for line in self._installation.errors_logged()]

    @staticmethod
    def _lane(sender: Sender, client_no: int, calls: list[Call]) -> None:
        for call in calls:
            sender.send(client_no, call)

    # ------------------------------------------------------------------------------------------------ blows

    def _strike(self) -> None:
        """Kill the victims, each at a moment of its own."""
        moments = sorted((self._random.uniform(0, BLOWS_WITHIN_SECONDS), self._random.random(), victim) for victim in self.victims)
        started = time.monotonic()
        for moment, which, victim in moments:
            time.sleep(max(0.0, started + moment - time.monotonic()))
            self._counts[f"killed {victim}"] += 1
            match victim:
                case "worker":
                    self._installation.workers[int(which * len(self._installation.workers))].kill()
                case "api":
                    self._installation.apis[int(which * len(self._installation.apis))].kill()
                case "postgres":
                    self._installation.kill_postmaster()
                    self._installation.keep_server()
                case "backend":
                    self._installation.kill_backend(lambda behind, which=which: behind[int(which * len(behind))])


def main() -> int:
    """Run schedules from the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.process.crash", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=100, help="how many schedules to run (default 100)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first one (default 1)")
    parser.add_argument("--keep-going", action="store_true", help="go on after a schedule has failed")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="reskontro-crash-"))
    counts: Counter[str] = Counter()
    failed: list[int] = []
    started = time.monotonic()
    with new_installation(folder) as installation:
        for seed in range(options.seed, options.seed + options.schedules):
            try:
                Schedule(installation, seed, counts).run()
            except Broken as broken:
                failed.append(seed)
                print(broken, file=sys.stderr, flush=True)
                if not options.keep_going:
                    break
            print(f"\rseed {seed}: {time.monotonic() - started:.0f} s", end="", flush=True)
    print("\n" + ", ".join(f"{name}: {count}" for name, count in sorted(counts.items())))
    if failed:
        print(f"failed seeds: {failed}; logs in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
