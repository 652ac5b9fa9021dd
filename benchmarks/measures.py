"""The measures: each returns its figures by name, and every rate stands beside a limit of the same run."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2

from benchmarks.banking import BANKING
from benchmarks.data import CUSTOMERS, body, customer, invoice, invoices
from benchmarks.installation import Installation, PeakMemory
from benchmarks.limits import CUSTOMER_TABLES, DOCUMENT_TABLES, measure_limit
from benchmarks.paper import PAPER
from benchmarks.posting import POSTING
from benchmarks.reading import READING
from benchmarks.runs import RUNS
from benchmarks.sending import numbers, path_of, send_invoices, wait_for_batches, was_accepted, with_customers
from benchmarks.wire import Load, request, run_load

Figures = dict[str, float]


def documents_end_to_end(measured: Installation, scale: float) -> Figures:
    """Documents with three lines from the first POST to the last item processed, by one client and by two, beside the limit."""
    size, batches = 10_000, max(1, round(6 * scale))
    one = with_customers(measured)
    send_invoices(measured, [one], 1, 2_000)
    seconds = send_invoices(measured, [one], batches, size)
    rate = batches * size / seconds
    limit = measure_limit(measured.house, one, DOCUMENT_TABLES, batches * size + 2_000)
    two = [with_customers(measured), with_customers(measured)]
    seconds = send_invoices(measured, two, batches, size)
    return {
        "documents/s, one client": rate,
        "documents/s, two clients": 2 * batches * size / seconds,
        "limit, documents/s by COPY": limit,
        "share of the limit, one client": rate / limit,
    }


def worker_alone(measured: Installation, scale: float) -> Figures:
    """The worker by itself: batches are accepted while it is paused, then it is let go."""
    size, batches = 10_000, max(1, round(6 * scale))
    client_no = with_customers(measured)
    measured.pause_workers()
    sent = [
        request("POST", path_of(client_no, "/documents/batches"), measured.token, body("documents", list(invoices(next(numbers), size, seed=number))))
        for number in range(batches)
    ]
    run_load(measured.port, sent, 1, expect=was_accepted)
    started = time.perf_counter()
    measured.resume_workers()
    wait_for_batches(measured, [client_no])
    rate = batches * size / (time.perf_counter() - started)
    limit = measure_limit(measured.house, client_no, DOCUMENT_TABLES, batches * size)
    return {"documents/s": rate, "limit, documents/s by COPY": limit, "share of the limit": rate / limit}


def customers_end_to_end(measured: Installation, scale: float) -> Figures:
    """New customers of 14 fields from the first POST to the last item processed."""
    size, batches = 10_000, max(1, round(4 * scale))
    client_no = measured.add_client()
    sent = [
        request(
            "POST",
            path_of(client_no, "/customers/batches"),
            measured.token,
            body("customers", [customer(number) for number in range(1 + n * size, 1 + (n + 1) * size)]),
        )
        for n in range(batches)
    ]
    started = time.perf_counter()
    run_load(measured.port, sent, 1, expect=was_accepted)
    wait_for_batches(measured, [client_no])
    rate = batches * size / (time.perf_counter() - started)
    limit = measure_limit(measured.house, client_no, CUSTOMER_TABLES, batches * size)
    return {"customers/s": rate, "limit, customers/s by COPY": limit, "share of the limit": rate / limit}


def _discard(measured: Installation, client_no: int) -> None:
    """Throw away accepted batches that nobody is to work on."""
    with measured.house.database.transaction(client_no) as transaction:
        transaction.execute("delete from batch_slice where client_no = %s", (client_no,))
        transaction.execute("update batch set status = 'CANCELLED' where client_no = %s and status = 'QUEUED'", (client_no,))


def accept_documents(measured: Installation, scale: float) -> Figures:
    """Bodies of 10,000 documents and 15 MB, answered 202 after the commit, over one connection and over four."""
    client_no = measured.add_client()
    bodies = [body("documents", list(invoices(1 + n * 10_000, 10_000, seed=n))) for n in range(4)]
    figures: Figures = {}
    measured.pause_workers()
    for connections in (1, 4):
        count = max(8, round(20 * scale)) * (1 if connections == 1 else 2)
        sent = [request("POST", path_of(client_no, "/documents/batches"), measured.token, bodies[n % 4]) for n in range(count)]
        load = run_load(measured.port, sent, connections, expect=was_accepted)
        figures[f"items/s, {connections} connections"] = count * 10_000 / load.seconds
        figures[f"p99 ms, {connections} connections"] = load.percentile(0.99)
        _discard(measured, client_no)
    measured.resume_workers()
    return figures


def accept_customers(measured: Installation, scale: float) -> Figures:
    """Bodies of 1,000 customers, answered 202 after the commit, over eight connections."""
    client_no = measured.add_client()
    content = body("customers", [customer(number) for number in range(1_000)])
    count = max(100, round(1_000 * scale))
    measured.pause_workers()
    load = run_load(
        measured.port,
        (request("POST", path_of(client_no, "/customers/batches"), measured.token, content) for _ in range(count)),
        8,
        expect=was_accepted,
    )
    _discard(measured, client_no)
    measured.resume_workers()
    return {"batches/s": count / load.seconds, "p99 ms": load.percentile(0.99)}


def _single(measured: Installation, client_no: int, count: int, connections: int, customer_no: str | None) -> Load:
    chance = random.Random(connections)
    first = next(numbers)

    def sent() -> Iterator[bytes]:
        for number in range(first, first + count):
            chosen = customer_no or str(100_000 + chance.randint(1, CUSTOMERS))
            yield request("POST", path_of(client_no, "/documents"), measured.token, b'{"document":' + invoice(number, chance, chosen) + b"}")

    ready = list(sent())
    return run_load(measured.port, ready, connections, expect=lambda status: status == 201)


def single_documents(measured: Installation, scale: float) -> Figures:
    """Single documents over eight connections; then all on one customer, 32 writers beside 8."""
    client_no = with_customers(measured)
    count = max(500, round(4_000 * scale))
    _single(measured, client_no, 200, 8, None)
    spread = _single(measured, client_no, count, 8, None)
    eight = _single(measured, client_no, count, 8, "100001")
    many = _single(measured, client_no, count, 32, "100001")
    return {
        "documents/s, 8 connections": count / spread.seconds,
        "p99 ms, 8 connections": spread.percentile(0.99),
        "one customer, documents/s with 8 writers": count / eight.seconds,
        "one customer, documents/s with 32 writers": count / many.seconds,
        "32 writers against 8": eight.seconds / many.seconds,
    }


def read_customer(measured: Installation, scale: float) -> Figures:
    """GET of one customer over sixteen connections."""
    client_no = with_customers(measured)
    count = max(1_000, round(10_000 * scale))
    chance = random.Random(7)
    ready = [request("GET", path_of(client_no, f"/customers/{100_000 + chance.randint(1, CUSTOMERS)}"), measured.token) for _ in range(count)]
    load = run_load(measured.port, ready, 16, expect=lambda status: status == 200)
    return {"reads/s": count / load.seconds, "p99 ms": load.percentile(0.99)}


def million_customers(measured: Installation, scale: float) -> Figures:
    """A stream of NDJSON customers, and the peak memory of each process until all are processed."""
    count = round(1_000_000 * min(scale, 1.0))
    client_no = measured.add_client()

    def lines() -> Iterator[bytes]:
        for first in range(1, count + 1, 1_000):
            yield b"".join(customer(number) + b"\n" for number in range(first, min(first + 1_000, count + 1)))

    headers = {"Authorization": f"Bearer {measured.token}", "Content-Type": "application/x-ndjson"}
    url = f"http://127.0.0.1:{measured.port}{path_of(client_no, '/customers/batches')}"
    with PeakMemory(measured) as memory:
        started = time.perf_counter()
        answer = httpx2.post(url, content=lines(), headers=headers, timeout=600)
        if answer.status_code != 202:
            raise RuntimeError(answer.text)
        accepted = time.perf_counter() - started
        wait_for_batches(measured, [client_no])
        processed = time.perf_counter() - started
    return {
        "items": count,
        "accepted, items/s": count / accepted,
        "processed, items/s": count / processed,
        "peak MiB, API process": memory.peaks["api"],
        "peak MiB, worker": memory.peaks["worker"],
    }


def growth(measured: Installation, scale: float) -> Figures:
    """Documents end to end with few and with many documents already in the ledger."""
    few, many = 10_000, max(20_000, round(1_000_000 * scale))
    client_no = with_customers(measured)
    send_invoices(measured, [client_no], 1, few)
    early = 20_000 / send_invoices(measured, [client_no], 2, 10_000)
    while (left := many - _documents(measured, client_no)) > 0:
        send_invoices(measured, [client_no], max(1, min(5, left // 10_000)), 10_000)
    late = 20_000 / send_invoices(measured, [client_no], 2, 10_000)
    return {
        f"documents/s with {few:,} documents": early,
        f"documents/s with {many:,} documents": late,
        "last against first": late / early,
    }


def _documents(measured: Installation, client_no: int) -> int:
    with measured.house.database.transaction(client_no) as transaction:
        row = transaction.execute("select count(*) from document where client_no = %s", (client_no,)).fetchone()
    return int(row[0]) if row else 0


MEASURES: dict[str, Callable[[Installation, float], dict[str, Any]]] = {
    "documents": documents_end_to_end,
    "worker": worker_alone,
    "customers": customers_end_to_end,
    "accept-documents": accept_documents,
    "accept-customers": accept_customers,
    "single": single_documents,
    "read": read_customer,
    "stream": million_customers,
    "growth": growth,
    **POSTING,
    **READING,
    **BANKING,
    **RUNS,
    **PAPER,
}
