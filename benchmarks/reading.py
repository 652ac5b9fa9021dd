"""The measures of reading: large ledgers made by SQL, and how long it takes to ask them something.

The rows of a large ledger are inserted by the database itself, as a superuser, and not booked one by one: they have the
right keys, amounts that add up, balances and matches, but no log, no document lines and no batches. So they serve for
reading only; what ``verify`` takes is measured on documents that were really sent.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psutil
import psycopg

from benchmarks.installation import Installation
from benchmarks.sending import path_of, send_invoices, with_customers
from benchmarks.wire import request, run_load
from reskontro.ledger.books import open_books
from reskontro.ledger.movements import balance_on
from reskontro.receivable.reports.saft import saft

FULL = 1_000_000
REPEATS = 7
CUSTOMERS_FULL = 50_000

# Keys as the software makes them: a time first, so that neighbours lie together.
_UUID = "('019a{kind}000000' || '7000' || lpad(to_hex(g), 16, '0'))::uuid"

_CUSTOMERS = """
insert into customer (client_no, account_no, customer_no, customer_key, name, search_name, customer_category, email_addresses, currency, language,
  registration_status_code, country_code, details, control_account, created_at, changed_at)
select {client}, 600000 + g, 'B' || g, 'b' || g, 'Prøvekunde ' || g, 'prøvekunde ' || g || chr(10), 'CONS', '{{}}', 'NOK', 'nb',
  'NORMAL', 'NO', '{{}}', '1500', now(), now()
from generate_series(1, {customers}) g
"""
# Items dated over the year up to today; every third is settled, twenty days after its date.
_ITEMS = """
insert into ar_item (client_no, ar_item_id, account_no, ar_item_type, claim_kind, document_no, kid, item_date, due_date, gl_date, gl_year, gl_period,
  transaction_no, control_account, currency, exchange_rate, original_amount, base_original_amount, vat_amount, open_amount, base_open_amount,
  created_at, changed_at)
select {client}, {uuid}, 600001 + (g * 7919 % {customers})::int, 'IN', 'PRINCIPAL', 'D' || g, lpad(g::text, 12, '0'), day, day + 14, day,
  extract(year from day)::int, extract(month from day)::int, g, '1500', 'NOK', 1, amount, amount, round(amount / 5, 2), open, open, now(), now()
from (select g, day, amount, case when g % 3 = 0 then 0 else amount end as open
  from (select g, date '{first}' + (g * {days} / {items})::int as day, (g * 31 % 100000 + 100) / 100.0 as amount
    from generate_series(1::bigint, {items}) g) made) item
"""
_MATCHES = """
insert into match (client_no, match_id, account_no, match_date, source, coverage_order, created_at, created_by)
select client_no, ar_item_id, account_no, least(gl_date + 20, date '{today}'), 'KID', 'COSTS-INTEREST-PRINCIPAL', now(), 'benchmark'
from ar_item where client_no = {client} and open_amount = 0
"""
_MATCH_LINES = """
insert into match_line (client_no, match_id, line_no, ar_item_id, amount, base_amount, match_date, item_gl_date)
select client_no, ar_item_id, 1, ar_item_id, original_amount, base_original_amount, least(gl_date + 20, date '{today}'), gl_date
from ar_item where client_no = {client} and open_amount = 0
"""
# Transactions of three lines: receivable, income and VAT.
_GL_ITEMS = """
insert into gl_item (client_no, gl_year, transaction_no, line_no, gl_period, gl_date, document_date, journal, gl_account, amount, currency,
  currency_amount, exchange_rate, created_at, created_by)
select {client}, {year}, g, line_no, extract(month from day)::int, day, day, 'SALES', account, share * amount, 'NOK', share * amount, 1, now(),
  'benchmark'
from (select g, date '{year}-01-01' + ((g - 1) * 365 / {transactions})::int as day, (g * 31 % 10000 + 1) as amount
  from generate_series(1::bigint, {transactions}) g) made,
  (values (1, '1500', 1.25), (2, '3000', -1), (3, '2700', -0.25)) line (line_no, account, share)
where extract(year from day) = {year}
"""
_BALANCES = """
insert into account_balance (client_no, gl_account, gl_year, gl_period, debit, credit, item_count)
select client_no, gl_account, gl_year, gl_period, coalesce(sum(amount) filter (where amount > 0), 0),
  coalesce(-sum(amount) filter (where amount < 0), 0), count(*)
from gl_item where client_no = {client} group by 1, 2, 3, 4
"""
_DOCUMENTS = """
insert into document (client_no, document_uuid, document_type, account_no, customer_no, document_no, document_key, document_date, due_date, gl_date,
  currency, exchange_rate, kid, excl_vat, vat, incl_vat, base_excl_vat, base_vat, base_incl_vat, ar_item_id, gl_year, gl_period, transaction_no,
  content_hash, details, created_at, created_by)
select client_no, {uuid}, 'IN', account_no, 'B' || account_no - 600000, document_no, lower(document_no), item_date, due_date, gl_date,
  currency, 1, kid, original_amount - vat_amount, vat_amount, original_amount, original_amount - vat_amount, vat_amount, original_amount, ar_item_id,
  gl_year, gl_period, transaction_no, '\\x00', '{{}}', created_at, 'benchmark'
from (select transaction_no as g, * from ar_item where client_no = {client}) item
"""
# Invoices of 25 per cent VAT over a year, each with its claim and three lines.
_INVOICES = """
insert into document (client_no, document_uuid, document_type, account_no, customer_no, document_no, document_key, document_date, due_date, gl_date,
  currency, exchange_rate, kid, excl_vat, vat, incl_vat, base_excl_vat, base_vat, base_incl_vat, ar_item_id, gl_year, gl_period, transaction_no,
  content_hash, details, created_at, created_by)
select {client}, {document}, 'IN', 600001 + customer, 'B' || customer + 1, 'D' || g, 'd' || g, day, day + 14, day, 'NOK', 1, lpad(g::text, 12, '0'),
  amount, amount / 4, amount * 1.25, amount, amount / 4, amount * 1.25, {uuid}, {year}, extract(month from day)::int, g, '\\x00', '{{}}', now(),
  'benchmark'
from (select g, (g * 7919 % {customers})::int as customer, date '{year}-01-01' + ((g - 1) * 365 / {invoices})::int as day,
  (g * 31 % 10000 + 1) * 4 as amount from generate_series(1::bigint, {invoices}) g) made
"""
_CLAIMS = """
insert into ar_item (client_no, ar_item_id, account_no, ar_item_type, claim_kind, document_uuid, document_no, kid, item_date, due_date, gl_date,
  gl_year, gl_period, transaction_no, control_account, currency, exchange_rate, original_amount, base_original_amount, vat_amount, open_amount,
  base_open_amount, created_at, changed_at)
select client_no, ar_item_id, account_no, 'IN', 'PRINCIPAL', document_uuid, document_no, kid, document_date, due_date, gl_date, gl_year, gl_period,
  transaction_no, '1500', currency, 1, incl_vat, incl_vat, vat, incl_vat, incl_vat, now(), now()
from document where client_no = {client}
"""
_INVOICE_LINES = """
insert into gl_item (client_no, gl_year, transaction_no, line_no, gl_period, gl_date, document_date, journal, gl_account, amount, currency,
  currency_amount, exchange_rate, created_at, created_by, vat_code, account_no, ar_item_id, document_uuid)
select client_no, gl_year, transaction_no, line_no, gl_period, gl_date, document_date, 'SALES', account, share * excl_vat, 'NOK', share * excl_vat, 1,
  now(), 'benchmark', code, case when line_no = 1 then account_no end, case when line_no = 1 then ar_item_id end, document_uuid
from document, (values (1, '1500', 1.25, null), (2, '3000', -1, '3'), (3, '2700', -0.25, '3')) line (line_no, account, share, code)
where client_no = {client}
"""


def _today() -> date:
    return datetime.now(UTC).date()


def _make(measured: Installation, statements: list[str], tables: list[str], **values: Any) -> None:
    """Run the statements without triggers, then bring the statistics and the visibility of the tables up to date, as the server does by and by."""
    assert measured.house.admin_url is not None
    with psycopg.connect(measured.house.admin_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        for statement in statements:
            connection.execute(statement.format(**values).encode())
        for table in tables:
            connection.execute(f"vacuum analyze {table}".encode())


def _ledger_of_items(measured: Installation, items: int) -> int:
    """A client with customers and AR items, two thirds of them open; returns its number."""
    client_no = measured.add_client()
    today = _today()
    first = today - timedelta(days=365)
    values = {
        "client": client_no,
        "customers": max(100, CUSTOMERS_FULL * items // (FULL * 3 // 2)),
        "items": items,
        "first": first,
        "days": 365,
        "today": today,
        "uuid": _UUID.format(kind="a0"),
    }
    _make(measured, [_CUSTOMERS, _ITEMS, _MATCHES, _MATCH_LINES], ["customer", "ar_item", "match", "match_line"], **values)
    return client_no


def _milliseconds(measured: Installation, path: str) -> float:
    """The median of a few answers, one after the other, over HTTP."""
    load = run_load(measured.port, [request("GET", path, measured.token)] * REPEATS, 1, expect=lambda status: status == 200)
    return statistics.median(load.latencies) * 1000


def _median(work: Callable[[], Any]) -> float:
    """Milliseconds that something takes, the median of a few times."""
    taken = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def ageing(measured: Installation, scale: float) -> dict[str, float]:
    """The age distributed balance of 1,000,000 open items, today and 30 days ago, beside the mere counting of them by the database."""
    items = round(FULL * 3 / 2 * scale)
    client_no = _ledger_of_items(measured, items)
    past = _today() - timedelta(days=30)
    counting = "select count(*) from ar_item where client_no = %s and (open_amount <> 0 or base_open_amount <> 0)"
    with measured.house.database.transaction(client_no) as transaction:
        found = transaction.execute(counting, (client_no,)).fetchone()
        since = transaction.execute("select count(*) from match where client_no = %s and match_date > %s", (client_no, past)).fetchone()
        limit = _median(lambda: transaction.execute(counting, (client_no,)).fetchall())
    assert found is not None and since is not None
    adb = path_of(client_no, "/insights/adbintervals")
    return {
        "open items": found[0],
        "matches since the past day": since[0],
        "limit, ms to count the open items": limit,
        "today, ms": _milliseconds(measured, adb),
        "a past day, ms": _milliseconds(measured, f"{adb}?asofdate={past}"),
        "by customer, first page, ms": _milliseconds(measured, f"{adb}?level=customer"),
    }


def general_ledger(measured: Installation, scale: float) -> dict[str, float]:
    """The trial balance over 3,000,000 GL items, and the balance of an account with 1,000,000 items as of days of the year."""
    transactions, year = round(FULL * scale), _today().year
    client_no = measured.add_client()
    _make(measured, [_GL_ITEMS, _BALANCES], ["gl_item", "account_balance"], client=client_no, transactions=transactions, year=year)
    days = [date(year, month, day) for month in (1, 4, 7, 10, 12) for day in (1, 8, 15, 22, 28)]
    taken = []
    for day in days * 2:
        with measured.house.database.transaction(client_no) as transaction:
            started = time.perf_counter()
            balance_on(transaction, client_no, "1500", day)
            taken.append((time.perf_counter() - started) * 1000)
    with measured.house.database.transaction(client_no) as transaction:
        found = transaction.execute("select count(*) from gl_item where client_no = %s", (client_no,)).fetchone()
    assert found is not None
    return {
        "GL items": found[0],
        "trial balance of the year, ms": _milliseconds(measured, path_of(client_no, f"/glmovements?glyear={year}&level=year")),
        "movements of all periods, ms": _milliseconds(measured, path_of(client_no, f"/glmovements?glyear={year}&pagesize=1000")),
        "balance of an account on a day, ms": statistics.median(taken[len(days) :]),
        "balance of an account on a day, slowest, ms": max(taken[len(days) :]),
    }


def lists(measured: Installation, scale: float) -> dict[str, float]:
    """Lists over 1,000,000 documents and as many AR items: the first page, which finds and keeps 10,000, and page 100 of it."""
    items = round(FULL * scale)
    client_no = _ledger_of_items(measured, items)
    _make(measured, [_DOCUMENTS], ["document"], client=client_no, uuid=_UUID.format(kind="d0"))
    figures: dict[str, float] = {"documents": items}
    for name, path in (("documents", "/documents"), ("AR items", "/aritems"), ("open AR items", "/aritems?status=OPEN,PARTIAL")):
        first = path_of(client_no, path)
        figures[f"{name}, first page, ms"] = _milliseconds(measured, first)
        answer = run_load(measured.port, [request("GET", first, measured.token)], 1, expect=lambda status: status == 200).answers[0].json()
        summary = answer["summary"]
        last = min(100, summary["totalPages"])
        page = path_of(client_no, f"{path.partition('?')[0]}?query={summary['queryId']}&pageno={last}")
        figures[f"{name}, page {last}, ms"] = _milliseconds(measured, page)
    return figures


def verify(measured: Installation, scale: float) -> dict[str, float]:
    """``reskontro verify`` as a process over 1,000,000 documents that were sent and booked, log included."""
    client_no = with_customers(measured)
    for _ in range(max(1, round(FULL * scale / 50_000))):
        send_invoices(measured, [client_no], max(1, min(5, round(FULL * scale / 10_000))), 10_000)
    command = [sys.executable, "-m", "reskontro", "verify", "--client", str(client_no), "--json"]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError((done.stdout + done.stderr).decode()[-2_000:])
    counts = json.loads(done.stdout)[0]["counts"]
    return {"documents": counts["documents"], "seconds": seconds, "documents/s": counts["documents"] / seconds}


def saft_file(measured: Installation, scale: float) -> dict[str, float]:
    """SAF-T of a year with 1,000,000 GL items of invoices, made in this process, beside the mere reading of the same items by COPY."""
    invoices = round(FULL * scale / 3)
    client_no, year = measured.add_client(), 2026
    values = {"client": client_no, "customers": max(100, CUSTOMERS_FULL * invoices // FULL), "invoices": invoices, "year": year}
    ids = {"uuid": _UUID.format(kind="a1"), "document": _UUID.format(kind="d1")}
    tables = ["customer", "document", "ar_item", "gl_item", "account_balance"]
    _make(measured, [_CUSTOMERS, _INVOICES, _CLAIMS, _INVOICE_LINES, _BALANCES], tables, **values, **ids)
    assert measured.house.admin_url is not None
    reading = f"copy (select * from gl_item where client_no = {client_no}) to stdout"
    started = time.perf_counter()
    with psycopg.connect(measured.house.admin_url) as connection, connection.cursor().copy(reading.encode()) as rows:
        read = sum(len(data) for data in rows)
    limit = time.perf_counter() - started
    asked = {"glYear": year, "fromPeriod": 1, "toPeriod": 12}
    process = psutil.Process()
    with measured.house.database.transaction(client_no, snapshot=True) as transaction:
        row = transaction.execute("select pg_backend_pid()").fetchone()
        assert row is not None
        server = psutil.Process(row[0])
        before, memory, size = _cpu(process) + _cpu(server), process.memory_info().rss, 0
        started = time.perf_counter()
        peak = memory
        for piece in saft(transaction, open_books(transaction, client_no), asked, datetime.now(UTC), "benchmark").pieces:
            size += len(piece)
            peak = max(peak, process.memory_info().rss)
        seconds = time.perf_counter() - started
        cpu = _cpu(process) + _cpu(server) - before
    return {
        "GL items": invoices * 3,
        "seconds": seconds,
        "CPU seconds, Python and PostgreSQL": cpu,
        "limit, seconds to read the GL items": limit,
        "MB read by the limit": read / 1e6,
        "MB of the file": size / 1e6,
        "MiB of memory more than before": (peak - memory) / 2**20,
    }


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


READING: dict[str, Callable[[Installation, float], dict[str, Any]]] = {
    "ageing": ageing,
    "general-ledger": general_ledger,
    "lists": lists,
    "verify": verify,
    "saft": saft_file,
}
