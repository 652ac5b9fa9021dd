"""A run under kill -9: workers die in the middle of it, and every customer gets the letter once all the same."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from reskontro.ledger.verify import verify_client
from tests.api.support import configure
from tests.bank_messages import BANK_ACCOUNTS
from tests.process.crash import today
from tests.process.installation import Installation, wait_until

pytestmark = [pytest.mark.process, pytest.mark.slow]
CUSTOMERS = 150
KILLS = 6
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


def _moved(caller: Caller, batch_uuid: str, reached: int) -> bool:
    batch = caller.batch(batch_uuid)
    return batch["status"] == "PROCESSED" or batch["countProcessed"] > reached
