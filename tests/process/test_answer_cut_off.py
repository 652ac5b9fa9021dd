"""Aim: a caller can tell an answer that the loss of the database cut off from a whole one, and the log takes it for what it is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import httpx2
import pytest

from tests.process.crash import Sender, today
from tests.process.installation import Installation, wait_until

ITEMS = 10_000
NAME = "N" * 200
pytestmark = [pytest.mark.process, pytest.mark.slow]


def test_the_database_goes_away_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    """What was sent ends without its end; the next answer is whole, and the log has a warning and no error."""
    with Installation(tmp_path, apis=1, workers=1) as installation:
        (client_no,) = installation.add_clients(1, f"{today().year}-01-01")
        sender = Sender(installation, Counter())
        sender.sign_in()
        customers = [{"customerNo": f"{number}", "name": NAME, "nonsense": NAME} for number in range(ITEMS)]
        answer = sender.request("POST", f"/arm/v1/clients/{client_no}/customers/batches", json={"customers": customers}, headers=sender._headers())
        assert answer is not None and answer.status_code == 202, answer
        batch = answer.json()["batchUuid"]
        whole = sender.finished_batch(client_no, batch)
        assert len(whole["items"]) == ITEMS

        url = f"{installation.urls[0]}/arm/v1/clients/{client_no}/batches/{batch}?expand=diagnostics"
        with httpx2.stream("GET", url, headers={**sender._headers(), "Accept": "application/x-ndjson"}) as cut:
            chunks = cut.iter_raw(1024)
            next(chunks)
            installation.kill_postmaster()
            with pytest.raises(httpx2.RemoteProtocolError):
                list(chunks)
        wait_until(lambda: "answer cut off" in installation.apis[0].log.read_text(), "the log says so")
        assert sender.finished_batch(client_no, batch) == whole
        sender.close()
    assert installation.errors_logged() == []
