"""Runs over a whole ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from benchmarks.data import BANK_ACCOUNTS, body, customer
from benchmarks.installation import Installation
from benchmarks.sending import numbers, path_of, wait_for_batches, was_accepted
from benchmarks.wire import request, run_load
from reskontro.kit.clock import SystemClock

ITEMS_OF_A_CUSTOMER = 2
_BATCH_ITEMS = 10_000


def dunning(measured: Installation, scale: float) -> dict[str, Any]:
    """Overdue invoices, two of each customer: from the POST of a dunning run to its end, and the same run again."""
    count = max(2_000, round(100_000 * scale))
    client_no = overdue_client(measured, count)
    first = run_action(measured, client_no, {"actionType": "DUNNING-RUN"})
    letters, fees = _made(measured, client_no)
    again = run_action(measured, client_no, {"actionType": "DUNNING-RUN"})
    if _made(measured, client_no) != (letters, fees):
        raise RuntimeError("the second run of the day made letters or fees")
    return {
        "overdue items": count,
        "letters queued": letters,
        "fees posted": fees,
        "seconds": first,
        "items/s": count / first,
        "the same run again, seconds": again,
    }


def overdue_client(measured: Installation, count: int) -> int:
    """A client whose customers have invoices that fell due a month ago."""
    client_no = measured.add_client()
    measured.configure(client_no, {"bank.accounts": BANK_ACCOUNTS})
    customers = [customer(number) for number in range(1, count // ITEMS_OF_A_CUSTOMER + 1)]
    _send(measured, client_no, "/customers/batches", "customers", customers)
    due = SystemClock().now().date() - timedelta(days=30)
    _send(measured, client_no, "/documents/batches", "documents", list(_invoices(next(numbers), count, due)))
    wait_for_batches(measured, [client_no])
    return client_no


def _invoices(first: int, count: int, due: date) -> Iterator[bytes]:
    issued = (due - timedelta(days=14)).isoformat()
    for number in range(count):
        yield json.dumps(
            {
                "documentType": "IN",
                "customerNo": str(100_001 + number // ITEMS_OF_A_CUSTOMER),
                "documentNo": f"F{first + number:09d}",
                "documentDate": issued,
                "dueDate": due.isoformat(),
                "currencyAmounts": {"exclVat": 1000, "vat": 250, "inclVat": 1250},
                "documentLines": [
                    {
                        "lineNo": 1,
                        "lineType": "PLH",
                        "articleName": "Strøm og nettleie",
                        "currencyAmounts": {"exclVat": 1000, "vat": 250, "inclVat": 1250},
                    }
                ],
            },
            ensure_ascii=False,
        ).encode()


def _send(measured: Installation, client_no: int, path: str, entity: str, items: list[bytes]) -> None:
    sent = [
        request("POST", path_of(client_no, path), measured.token, body(entity, items[start : start + _BATCH_ITEMS]))
        for start in range(0, len(items), _BATCH_ITEMS)
    ]
    run_load(measured.port, sent, 1, expect=was_accepted)


def run_action(measured: Installation, client_no: int, action: dict[str, Any]) -> float:
    """Seconds from the POST of an action to the end of its batch."""
    content = json.dumps({"action": action}).encode()
    started = time.perf_counter()
    run_load(measured.port, [request("POST", path_of(client_no, "/actions"), measured.token, content)], 1, expect=was_accepted)
    wait_for_batches(measured, [client_no])
    return time.perf_counter() - started


def _made(measured: Installation, client_no: int) -> tuple[int, int]:
    with measured.house.database.transaction(client_no) as transaction:
        row = transaction.execute(
            "select (select count(*) from file where client_no = %s and file_type = 'LETTER'),"
            " (select count(*) from ar_item where client_no = %s and ar_item_type = 'RM')",
            (client_no, client_no),
        ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


RUNS: dict[str, Callable[[Installation, float], dict[str, Any]]] = {"dunning": dunning}
