"""A run under kill -9: workers die in the middle of it, and every customer gets the letter once all the same."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from reskontro.db.engine import Database
from reskontro.ledger.verify import verify_client
from tests.api.support import configure
from tests.bank_messages import BANK_ACCOUNTS, kid_of
from tests.process.crash import today
from tests.process.installation import Installation, wait_until

pytestmark = [pytest.mark.process, pytest.mark.slow]
CUSTOMERS = 150
KILLS = 6
KILLS_IN_A_STEP = 2
CLAIMS = 400
AMOUNTS = {"exclVat": 1000, "vat": 250, "inclVat": 1250}


class Caller:
    """Calls the API of an installation for one client."""

    def __init__(self, installation: Installation, client_no: int) -> None:
        self._http = httpx2.Client(base_url=installation.urls[0], timeout=60)
        self._path = f"/arm/v1/clients/{client_no}"
        form = {"grant_type": "client_credentials", "client_id": installation.client_id, "client_secret": installation.client_secret}
        wait_until(self._is_ready, "the API answers")
        self._headers = {"Authorization": f"Bearer {self._http.post('/token', data=form).json()['access_token']}"}

    def _is_ready(self) -> bool:
        try:
            return self._http.get("/arm/v1/health").status_code == 200
        except httpx2.TransportError:
            return False

    def post(self, path: str, body: Any) -> str:
        """Send what is answered by a batch; returns its id."""
        answer = self._http.post(self._path + path, json=body, headers=self._headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["batchUuid"])

    def batch(self, batch_uuid: str) -> dict[str, Any]:
        """The batch as it is now."""
        answer = self._http.get(f"{self._path}/batches/{batch_uuid}", headers=self._headers)
        assert answer.status_code in (200, 202, 206), answer.text
        return dict(answer.json())

    def finished(self, batch_uuid: str) -> dict[str, Any]:
        """The batch when it is final."""
        wait_until(lambda: self.batch(batch_uuid)["status"] == "PROCESSED", "the batch is processed")
        return self.batch(batch_uuid)


def test_every_customer_gets_one_letter_whoever_dies(tmp_path: Path) -> None:
    """Two workers are killed in turn while a run goes on in small steps; in the end each claim has one step, one fee, one letter."""
    due = today() - timedelta(days=40)
    numbers = [f"C{number}" for number in range(CUSTOMERS)]
    invoices = [
        {
            "documentType": "IN",
            "customerNo": number,
            "documentNo": f"I-{number}",
            "documentDate": (due - timedelta(days=14)).isoformat(),
            "dueDate": due.isoformat(),
            "currencyAmounts": AMOUNTS,
        }
        for number in numbers
    ]
    settings = {"chunk_items": "5", "turn_seconds": "0.1", "carry_values_forward": "true"}
    with Installation(tmp_path, apis=1, workers=2, **settings) as installation:
        (client_no,) = installation.add_clients(1, f"{due.year - 1}-01-01")
        caller = Caller(installation, client_no)
        with installation.database() as database:
            configure(SimpleNamespace(database=database, client_no=client_no), "bank.accounts", BANK_ACCOUNTS)  # type: ignore[arg-type]
        caller.finished(caller.post("/customers/batches", {"customers": [{"customerNo": number, "name": number} for number in numbers]}))
        assert caller.finished(caller.post("/documents/batches", {"documents": invoices}))["countSuccessful"] == CUSTOMERS
        runs = [caller.post("/actions", {"action": {"actionType": "DUNNING-RUN"}}) for _ in range(2)]
        for kill in range(KILLS):
            reached = caller.batch(runs[0])["countProcessed"]
            wait_until(lambda done=reached: _moved(caller, runs[0], done), "the run goes on")  # type: ignore[misc]
            installation.workers[kill % 2].kill()
            time.sleep(0.05)
        first, second = (caller.finished(batch_uuid) for batch_uuid in runs)
        assert (first["result"], first["countProcessed"], second["countProcessed"]) == ("SUCCESS", CUSTOMERS, 0)
        assert sorted(item["customerNo"] for item in first["items"]) == sorted(numbers)
        with installation.database() as database:
            with database.transaction(client_no) as transaction:
                made = transaction.execute(
                    "select (select count(*) from document where document_type = 'RM'), (select count(distinct account_no) from document"
                    " where document_type = 'RM'), (select count(*) from ar_item where ar_item_type = 'RM'),"
                    " (select count(*) from file where file_type = 'LETTER'), (select count(*) from document_bundle),"
                    " (select count(*) from ar_item where details ->> 'reminderLevel' = '1' and jsonb_array_length(details -> 'letters') = 1)"
                ).fetchone()
            assert made == (CUSTOMERS,) * 6
            assert verify_client(database, client_no).findings == []


def test_runs_of_one_step_end_once_whoever_dies(tmp_path: Path) -> None:
    """An AvtaleGiro run, a period close and reports, each killed while its only step writes: one claim for each item, one close, one file of each."""
    kids = [kid_of(f"{number:07d}") for number in range(CLAIMS)]
    due = (today() + timedelta(days=20)).isoformat()
    invoices = [
        {
            "documentType": "IN",
            "customerNo": "C1",
            "customer": {"customerNo": "C1", "name": "Kari Prøve"},
            "documentNo": f"I-{number}",
            "documentDate": today().isoformat(),
            "dueDate": due,
            "currencyAmounts": AMOUNTS,
            "kid": kid,
        }
        for number, kid in enumerate(kids)
    ]
    year = today().year - 1
    ledger = {"reportType": "ACCOUNT-SPECIFICATION", "format": "XLSX", "glYear": year + 1, "fromPeriod": 1, "toPeriod": 12}
    actions: list[tuple[str, dict[str, Any]]] = [
        ("/actions", {"action": {"actionType": "AVTALEGIRO-RUN"}}),
        ("/actions", {"action": {"actionType": "PERIOD-CLOSE", "glYear": year, "glPeriod": 1}}),
        ("/actions/reports", {"report": ledger}),
        ("/actions/reports", {"report": {"reportType": "SAF-T", "glYear": year + 1, "fromPeriod": 1, "toPeriod": 12}}),
    ]
    with Installation(tmp_path, apis=1, workers=1, carry_values_forward="true") as installation, installation.database() as database:
        (client_no,) = installation.add_clients(1, f"{year}-01-01")
        client: Any = SimpleNamespace(database=database, client_no=client_no)
        configure(client, "bank.accounts", BANK_ACCOUNTS)
        configure(client, "avtalegiro.customerUnitId", "00123456")
        caller = Caller(installation, client_no)
        assert caller.finished(caller.post("/documents/batches", {"documents": invoices}))["countSuccessful"] == CLAIMS
        with database.transaction(client_no) as transaction:
            transaction.execute(
                "insert into mandate (client_no, kid, account_no, bank_account_no, notify, active, created_at, changed_at, told_at)"
                " select client_no, kid, account_no, %s, false, true, now(), now(), now() from ar_item",
                (BANK_ACCOUNTS[0]["bankAccountNo"],),
            )
        done = [_killed_while_writing(installation, database, caller, path, body) for path, body in actions]
        again = [caller.finished(caller.post(path, body)) for path, body in actions[:2]]
        assert [batch["result"] for batch in done] == ["SUCCESS"] * 4
        assert [(batch["countSuccessful"], [item["result"] for item in batch["items"]]) for batch in again] == [(0, []), (1, ["UNCHANGED"])]
        with database.transaction(client_no) as transaction:
            claims = transaction.execute(
                "select count(*), count(distinct ar_item_id), count(distinct file_id), count(ended_on) from avtalegiro_claim"
            ).fetchone()
            files = transaction.execute("select file_type, count(*) from file group by file_type order by file_type").fetchall()
            pieces = transaction.execute(
                "select count(*) from file f where size <> (select coalesce(sum(length(p.body)), 0) from file_piece p where p.client_no = f.client_no"
                " and p.file_id = f.file_id) or not exists (select from file_piece p where p.client_no = f.client_no and p.file_id = f.file_id)"
            ).fetchone()
            orphans = transaction.execute(
                "select count(*) from file_piece p where not exists (select from file f where f.file_id = p.file_id)"
            ).fetchone()
            closed = transaction.execute("select count(*) from log_item where event = 'PERIOD-CLOSED'").fetchone()
        assert claims == (CLAIMS, CLAIMS, 1, 0)
        assert files == [("AVTALEGIRO", 1), ("REPORT", 4), ("SAF-T", 1)]
        assert (pieces, orphans, closed) == ((0,), (0,), (1,))
        assert verify_client(database, client_no).findings == []


def _killed_while_writing(installation: Installation, database: Database, caller: Caller, path: str, body: Any) -> dict[str, Any]:
    """The batch of an action whose worker was killed, again and again, while it had written and not yet committed."""
    batch_uuid = caller.post(path, body)
    kills = 0
    while kills < KILLS_IN_A_STEP and caller.batch(batch_uuid)["status"] != "PROCESSED":
        if _is_writing(database):
            installation.workers[0].kill()
            kills += 1
            wait_until(lambda: not _is_writing(database), "the server gives up the dead worker's transaction")
    finished = caller.finished(batch_uuid)
    assert kills, f"the worker was never seen writing for {body}"
    return finished


def _is_writing(database: Database) -> bool:
    with database.system() as transaction:
        row = transaction.execute("select exists (select from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid())").fetchone()
    return bool(row and row[0])


def _moved(caller: Caller, batch_uuid: str, reached: int) -> bool:
    batch = caller.batch(batch_uuid)
    return batch["status"] == "PROCESSED" or batch["countProcessed"] > reached
