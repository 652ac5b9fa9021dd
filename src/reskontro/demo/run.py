"""The demonstration: the whole of Reskontro at work on made-up data, with real processes and real HTTP."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from reskontro.access.credentials import NewCredential, add_credential
from reskontro.batches.kinds import Origin
from reskontro.cli.api import Api
from reskontro.cli.batches import wait_for
from reskontro.cli.common import err, out, settings_from
from reskontro.cli.reports import BatchReport, print_findings, print_summary, read_report
from reskontro.cli.verification import print_verdicts, verify_clients
from reskontro.demo.data import DAYS, DemoData, generate
from reskontro.demo.figures import print_ageing, print_trial_balance
from reskontro.demo.server import serving
from reskontro.kit.clock import SystemClock, today
from reskontro.kit.ids import new_id
from reskontro.kit.json import write_json
from reskontro.receivable.administration.service import create_client
from reskontro.runtime import House, open_house

TIME_ZONE = "Europe/Oslo"
CLIENT = {"name": "Skogly Prøvehandel AS", "organizationNo": "310044113", "inBusinessRegister": True}
DOCUMENTS_A_BATCH = 6_000
FAILED_SHOWN = 4
SCOPES = ("read:arm", "write:arm", "admin:arm")

Record = dict[str, Any]


class Narrator:
    """Says what is being done and how long it took."""

    def __init__(self) -> None:
        self._console = err()
        self.started = time.monotonic()

    @contextmanager
    def step(self, text: str) -> Iterator[Callable[[str], None]]:
        """A step of the demonstration; what is handed to the value of the block is added to its line."""
        self._console.print(f"[bold cyan]»[/bold cyan] {text}")
        before = time.monotonic()
        remarks: list[str] = []
        yield remarks.append
        self._console.print(f"  [dim]{', '.join([*remarks, f'{time.monotonic() - before:.1f} s'])}[/dim]")


def run_demo(*, data: Path | None, port: int, keep: bool, customer_count: int, invoice_count: int) -> int:
    """Run the demonstration and return the exit status: 0 when the ledger holds at the end."""
    for name in ("DATABASE_URL", "RESKONTRO_DATABASE_URL", "RESKONTRO_SERVING_URL"):
        # The demonstration never writes into a database that somebody uses.
        os.environ.pop(name, None)
    # SIGTERM ends it like Ctrl-C: by unwinding, so that processes and the folder are cleared away.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    narrator = Narrator()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="reskontro-demo-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        where = data or folder / "data"
        settings = settings_from(where)
        with narrator.step("Starting PostgreSQL from the wheel and setting up the database") as remark:
            house = stack.enter_context(open_house(settings, connections=2))
            remark(f"in {where}")
        with narrator.step("Adding a client and a credential"):
            day = today(SystemClock(), TIME_ZONE)
            client_no, credential = _set_up(house, day)
        with narrator.step("Starting the API and a worker as processes of their own") as remark:
            url = stack.enter_context(serving(where, folder / "serve.log", port))
            remark(url)
        with narrator.step("Making up a year of a company's business") as remark:
            made = generate(day, customer_count=customer_count, invoice_count=invoice_count)
            remark(f"{len(made.customers):,} customers, {len(made.documents):,} documents")
        reports = _send(narrator, Api(url, credential.client_id, credential.client_secret), client_no, made)
        for heading, some in (("Customers", reports[:1]), ("Documents", reports[1:])):
            out().print(f"\n[bold]{heading}[/bold]")
            for report in some:
                print_summary(report)
            print_findings(some, failed_shown=FAILED_SHOWN)
        out().print()
        print_ageing(house.database, client_no, day)
        print_trial_balance(house.database, client_no)
        with narrator.step("Verifying: recomputing the ledger from its items, and the chain of the log"):
            verdicts = verify_clients(house.database, [client_no])
        print_verdicts(verdicts)
        _farewell(narrator, url, client_no, credential, where, keep)
    return 1 if any(verdict.findings for verdict in verdicts) else 0


def _set_up(house: House, day: date) -> tuple[int, NewCredential]:
    """A client whose ledger reaches back far enough, and a credential for it."""
    first = date(date.fromordinal(day.toordinal() - DAYS - 1).year, 1, 1)
    clock = SystemClock()
    with house.database.system() as transaction:
        origin = Origin("demonstration", "demonstration", new_id(), "SYSTEM")
        client = create_client(transaction, CLIENT | {"ledgerStart": first.isoformat()}, clock=clock, origin=origin)
        credential = add_credential(transaction, name="Demo", client_nos=[client.client_no], scopes=SCOPES, clock=clock)
    return client.client_no, credential


def _send(narrator: Narrator, api: Api, client_no: int, made: DemoData) -> list[BatchReport]:
    """Send everything, watch it being processed, and return a report on each batch: the customers, then the documents."""
    parts: list[tuple[str, Sequence[Record]]] = [("customers", made.customers)]
    parts += [("documents", made.documents[first : first + DOCUMENTS_A_BATCH]) for first in range(0, len(made.documents), DOCUMENTS_A_BATCH)]
    with api:
        with narrator.step(f"Sending them over HTTP in {len(parts)} batches") as remark:
            before = time.monotonic()
            sent = [api.send("POST", f"/clients/{client_no}/{entity}/batches", lines=_lines(items))["batchUuid"] for entity, items in parts]
            count = len(made.customers) + len(made.documents)
            remark(f"{count:,} items stored durably, {count / (time.monotonic() - before):,.0f} a second")
        with narrator.step("The worker processes them, batch after batch") as remark:
            before = time.monotonic()
            for number, (batch_uuid, (entity, _)) in enumerate(zip(sent, parts, strict=True), 1):
                wait_for(api, client_no, batch_uuid, title=f"  batch {number}, {entity:<9}")
            remark(f"{count:,} items, {count / (time.monotonic() - before):,.0f} a second")
        reports = [read_report(api, client_no, batch_uuid) for batch_uuid in sent]
    return reports


def _lines(items: Sequence[Record]) -> Iterator[bytes]:
    for first in range(0, len(items), 500):
        yield b"".join(write_json(item) + b"\n" for item in items[first : first + 500])


def _farewell(narrator: Narrator, url: str, client_no: int, credential: NewCredential, data: Path, keep: bool) -> None:
    console = out()
    console.print(f"\nAll of it took {time.monotonic() - narrator.started:.1f} seconds.", markup=False)
    if not keep:
        console.print("Run it with --keep to look around: the API and its interactive documentation then stay up until Ctrl-C.", markup=False)
        return
    console.print(f"API       {url}/arm/v1/clients/{client_no}/customers   (and {url}/health)", markup=False)
    console.print(f"Try it    {url}/docs   (Authorize with the credential below)", markup=False)
    console.print("In another shell:", markup=False)
    lines = (
        f"export RESKONTRO_DATA={data} RESKONTRO_URL={url} RESKONTRO_CLIENT={client_no}",
        f"export RESKONTRO_CLIENT_ID={credential.client_id} RESKONTRO_CLIENT_SECRET={credential.client_secret}",
        "reskontro verify",
    )
    console.print("\n".join(f"  {line}" for line in lines), markup=False, soft_wrap=True)
    console.print("End it with Ctrl-C.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        err().print("Stopping.")
