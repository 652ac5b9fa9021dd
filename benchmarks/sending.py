"""Sending: batches over HTTP until they are processed, as several measures need it."""

from __future__ import annotations

import threading
import time

from benchmarks.data import CUSTOMERS, body, customer, invoices
from benchmarks.installation import Installation
from benchmarks.wire import request, run_load

numbers = iter(range(1, 10**9, 1_000_000))
"""First numbers of documents; those of two calls never meet."""


def path_of(client_no: int, rest: str) -> str:
    """The path of something of a client."""
    return f"/arm/v1/clients/{client_no}{rest}"


def wait_for_batches(measured: Installation, client_nos: list[int]) -> None:
    """Wait until no batch of the clients is open."""
    while True:
        waiting = 0
        for client_no in client_nos:
            with measured.house.database.transaction(client_no) as transaction:
                row = transaction.execute(
                    "select count(*) from batch where client_no = %s and status in ('QUEUED', 'PROCESSING')", (client_no,)
                ).fetchone()
                waiting += row[0] if row else 0
        if not waiting:
            return
        time.sleep(0.1)  # oftener would take a share of the cores that are measured


def was_accepted(status: int) -> bool:
    """Whether a batch was accepted."""
    return status == 202


def with_customers(measured: Installation) -> int:
    """A fresh client with the customers that the invoices name."""
    client_no = measured.add_client()
    items = [customer(number) for number in range(1, CUSTOMERS + 1)]
    sent = request("POST", path_of(client_no, "/customers/batches"), measured.token, body("customers", items))
    run_load(measured.port, [sent], 1, expect=was_accepted)
    wait_for_batches(measured, [client_no])
    return client_no


def send_invoices(measured: Installation, client_nos: list[int], batches: int, size: int) -> float:
    """Seconds from the first POST to the last item processed; the clients send at the same time."""
    requests = {
        client_no: [
            request(
                "POST",
                path_of(client_no, "/documents/batches"),
                measured.token,
                body("documents", list(invoices(next(numbers), size, seed=client_no * 100 + number))),
            )
            for number in range(batches)
        ]
        for client_no in client_nos
    }
    started = time.perf_counter()
    threads = [threading.Thread(target=run_load, args=(measured.port, sent, 1), kwargs={"expect": was_accepted}) for sent in requests.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for_batches(measured, client_nos)
    return time.perf_counter() - started
