"""The measure of bank files: an OCR giro file whose every payment is found by its KID, from the upload to the last item processed."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Sequence

import psycopg

from benchmarks.data import ACCOUNT, BANK_ACCOUNTS, CUSTOMERS, body
from benchmarks.installation import Installation, PeakMemory
from benchmarks.sending import numbers, path_of, wait_for_batches, was_accepted, with_customers
from benchmarks.wire import request, run_load

PAYMENTS = 100_000
_BATCH = 10_000


def _kid(number: int) -> str:
    payload = f"{number:012d}"
    total = sum(divmod(int(digit) * 2, 10)[0] + int(digit) * 2 % 10 if place % 2 == 0 else int(digit) for place, digit in enumerate(payload[::-1]))
    return f"{payload}{-total % 10}"


def _invoice(number: int) -> bytes:
    """An invoice without lines, of an amount of its own."""
    ore = _ore(number)
    amounts = {"exclVat": (ore - ore // 5) / 100, "vat": ore // 5 / 100, "inclVat": ore / 100}
    document = {
        "documentType": "IN",
        "customerNo": str(100_001 + number % CUSTOMERS),
        "documentNo": f"B{number}",
        "documentDate": "2026-10-01",
        "kid": _kid(number),
        "currencyAmounts": amounts,
    }
    return json.dumps(document).encode()


def _ore(number: int) -> int:
    return 10_000 + number % 97 * 500


def ocr_file(invoices: Sequence[int], transmission: int) -> bytes:
    """An OCR giro file in which each of the invoices is paid in full."""
    lines = [f"NY00001000008080{transmission:07d}00012345".ljust(80, "0"), f"NY0900200012345670000001{ACCOUNT}".ljust(80, "0")]
    for place, number in enumerate(invoices, 1):
        lines.append(f"NY091030{place:07d}20112601201000010{_ore(number):017d}{_kid(number):>25}000000")
        lines.append(f"NY091031{place:07d}{place:010d}{place:09d}000000020112686011117130".ljust(80, "0"))
    total = sum(map(_ore, invoices))
    lines.append(f"NY090088{len(invoices):08d}{len(lines):08d}{total:017d}201126201126201126".ljust(80, "0"))
    lines.append(f"NY000089{len(invoices):08d}{len(lines) + 1:08d}{total:017d}201126".ljust(80, "0"))
    return ("\n".join(lines) + "\n").encode()


def bank_file(measured: Installation, scale: float) -> dict[str, float]:
    """Payments by KID in one file: the upload over HTTP, reading, booking and matching."""
    count = max(1_000, round(PAYMENTS * min(scale, 1.0)))
    client_no = with_customers(measured)
    measured.configure(client_no, {"bank.accounts": BANK_ACCOUNTS, "files.maxSizeMiB": 32, "kid.generate": False})
    first = next(numbers)
    invoices = range(first, first + count)
    for start in range(0, count, _BATCH):
        content = body("documents", [_invoice(number) for number in invoices[start : start + _BATCH]])
        run_load(measured.port, [request("POST", path_of(client_no, "/documents/batches"), measured.token, content)], 1, expect=was_accepted)
    wait_for_batches(measured, [client_no])
    if measured.house.admin_url is not None:
        with psycopg.connect(measured.house.admin_url, autocommit=True) as connection:
            connection.execute("checkpoint")
    file = {"fileName": "ocr.txt", "fileType": "OCR", "content": base64.b64encode(ocr_file(invoices, 1)).decode()}
    content = json.dumps({"files": [file]}).encode()
    with PeakMemory(measured) as memory:
        started = time.perf_counter()
        run_load(measured.port, [request("POST", path_of(client_no, "/files"), measured.token, content)], 1, expect=lambda status: status == 200)
        uploaded = time.perf_counter() - started
        wait_for_batches(measured, [client_no])
        seconds = time.perf_counter() - started
    with measured.house.database.transaction(client_no) as transaction:
        left = transaction.execute("select count(*) from ar_item where client_no = %s and open_amount <> 0", (client_no,)).fetchone()
    if left != (0,):
        raise RuntimeError(f"{left} items are open after the import")
    return {
        "payments": count,
        "seconds": seconds,
        "seconds of the upload": uploaded,
        "payments/s": count / seconds,
        "peak MiB, API process": memory.peaks["api"],
        "peak MiB, worker": memory.peaks["worker"],
    }


BANKING: dict[str, Callable[[Installation, float], dict[str, float]]] = {"bank-file": bank_file}
