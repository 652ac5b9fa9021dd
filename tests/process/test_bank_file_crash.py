"""Aim: a worker that is killed in the middle of an import leaves it where it stood, and every payment is booked once."""

from __future__ import annotations

import base64
from collections import Counter
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reskontro.ledger.verify import verify_client
from tests.api.support import configure
from tests.bank_messages import BANK_ACCOUNTS, Paid, kid_of, ocr_file
from tests.process.crash import Sender, today
from tests.process.installation import Installation, wait_until

INVOICES = 300
KILLS = 4
pytestmark = [pytest.mark.process, pytest.mark.slow]


def payments() -> list[Paid]:
    """Each invoice in full, every tenth once more, and some that nobody knows."""
    day = today().strftime("%d%m%y")
    kids = [kid_of(f"55{number:06d}") for number in range(INVOICES)]
    named = [*kids, *kids[::10], *(kid_of(f"66{number:06d}") for number in range(30))]
    return [Paid(kid, settled=day, bank_day=day, archive=f"7{place:08d}") for place, kid in enumerate(named)]


def upload(sender: Sender, client_no: int, content: bytes) -> str:
    """The batch that imports the file."""
    sent = {"files": [{"fileName": "ocr.txt", "fileType": "OCR", "content": base64.b64encode(content).decode()}]}
    answer = sender.request("POST", f"/arm/v1/clients/{client_no}/files", json=sent, headers=sender._headers())
    assert answer is not None and answer.status_code == 200, answer
    return str(answer.json()["files"][0]["batchUuid"])


def processed(sender: Sender, client_no: int, batch: str) -> int:
    """How many items of the batch are final."""
    answer = sender.request("GET", f"/arm/v1/clients/{client_no}/batches/{batch}?pageno=1&pagesize=5", headers=sender._headers())
    assert answer is not None
    return int(answer.json()["countProcessed"])


def test_a_worker_dies_in_the_middle_of_an_import(tmp_path: Path) -> None:
    """Killed again and again while it books: every payment has one result, and the ledger each of them once."""
    with Installation(tmp_path, apis=1, workers=1, chunk_items="20") as installation:
        (client_no,) = installation.add_clients(1, f"{today().year}-01-01")
        sender = Sender(installation, Counter())
        sender.sign_in()
        with installation.database() as database:
            client: Any = SimpleNamespace(database=database, client_no=client_no)
            configure(client, "bank.accounts", BANK_ACCOUNTS)
            amounts = {"exclVat": 1000, "vat": 250, "inclVat": 1250}
            documents = [
                {"documentType": "IN", "customerNo": str(number % 7), "customer": {"customerNo": str(number % 7), "name": "N"}}
                | {"documentDate": today().isoformat(), "currencyAmounts": amounts, "kid": kid_of(f"55{number:06d}")}
                for number in range(INVOICES)
            ]
            answer = sender.request(
                "POST", f"/arm/v1/clients/{client_no}/documents/batches", json={"documents": documents}, headers=sender._headers()
            )
            assert answer is not None and answer.status_code == 202, answer
            assert sender.finished_batch(client_no, answer.json()["batchUuid"])["countSuccessful"] == INVOICES

            sent = payments()
            batch = upload(sender, client_no, ocr_file(sent))
            for kill in range(KILLS):
                wait_until(lambda least=kill * 60 + 1: processed(sender, client_no, batch) >= least, "the import goes on")  # type: ignore[misc]
                installation.workers[0].kill()
            finished = sender.finished_batch(client_no, batch)
            results = Counter(item["result"] for item in finished["items"])
            again = sender.finished_batch(client_no, upload(sender, client_no, ocr_file(sent, number=2)))

            assert (results, [item["index"] for item in finished["items"]]) == ({"CREATED": len(sent)}, list(range(len(sent))))
            assert len({item["paymentUuid"] for item in finished["items"]}) == len(sent)
            assert Counter(item["result"] for item in again["items"]) == {"UNCHANGED": len(sent)}
            assert verify_client(database, client_no).findings == []
            with database.transaction(client_no) as transaction:
                (booked,) = transaction.execute("select count(*) from payment").fetchone() or (0,)
                (opened,) = transaction.execute("select count(*) from ar_item where document_no is not null and open_amount <> 0").fetchone() or (1,)
                row = transaction.execute("select sum(debit - credit) from account_balance where gl_account = '1920'").fetchone()
            assert (booked, opened, row) == (len(sent), 0, (Decimal(1250) * len(sent),))
        sender.close()
    assert installation.errors_logged() == []
