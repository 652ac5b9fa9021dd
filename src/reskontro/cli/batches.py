"""``batch``: send files of customers or documents, and see what became of them."""

from __future__ import annotations

import ipaddress
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from reskontro.cli.common import CommandError, JsonOption, err, out, print_json, settings_from

if TYPE_CHECKING:
    from reskontro.cli.api import Api

app = typer.Typer(help="Send files of customers or documents, and see what became of them.", no_args_is_help=True)

POLL_FIRST_SECONDS = 0.1
POLL_MAX_SECONDS = 1.0
FINAL = ("PROCESSED", "CANCELLED")

ClientOption = Annotated[
    int | None,
    typer.Option("--client", envvar="RESKONTRO_CLIENT", help="Client number; that of the credential unless it is for several.", show_default=False),
]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", envvar="RESKONTRO_URL", help="Address of the API.", show_default="http://127.0.0.1:8080, or by the settings of serve"),
]
ClientIdOption = Annotated[str | None, typer.Option("--client-id", envvar="RESKONTRO_CLIENT_ID", help="Id of the credential.", show_default=False)]
ClientSecretOption = Annotated[
    str | None,
    typer.Option(
        "--client-secret",
        envvar="RESKONTRO_CLIENT_SECRET",
        help="Its secret; better set in the environment, since others on the machine can see command lines.",
        show_default=False,
    ),
]


def connect(url: str | None, client_id: str | None, client_secret: str | None) -> Api:
    """The API under the credential that was given; raises CommandError without one."""
    from reskontro.cli.api import Api

    if not client_id or not client_secret:
        raise CommandError(
            "Name the credential: set RESKONTRO_CLIENT_ID and RESKONTRO_CLIENT_SECRET. `reskontro credential add --client NUMBER` makes one and"
            " prints both lines.",
            2,
        )
    if url is None:
        settings = settings_from()
        url = settings.public_url or f"http://{_reachable(settings.host)}:{settings.port}"
    return Api(url, client_id, client_secret)


def _reachable(host: str) -> str:
    """The host under which a server that listens on ``host`` answers on this machine, as it stands in a URL."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"


def _client_no(api: Api, given: int | None) -> int:
    number = given if given is not None else api.only_client()
    if number is None:
        raise CommandError("Say for which client with --client NUMBER; the credential is for several.", 2)
    return number


@app.command("send")
def send(
    file: Annotated[Path, typer.Argument(help="CSV, JSON or NDJSON file.", show_default=False)],
    client: ClientOption = None,
    entity: Annotated[
        Literal["customers", "documents"] | None, typer.Option(help="What the items are; seen from the file unless given.", show_default=False)
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Customers: only change known ones (PUT); unknown ones fail.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the result and show it.")] = True,
    key: Annotated[
        str | None,
        typer.Option(
            "--idempotency-key", help="A name for this sending: sent again under the same name, the file is not stored twice.", show_default=False
        ),
    ] = None,
    url: UrlOption = None,
    client_id: ClientIdOption = None,
    client_secret: ClientSecretOption = None,
    json: JsonOption = False,
) -> None:
    """Send a file as one batch, up to a million items, and show what became of them.

    CSV has a header with the API's field names, nested ones with dots (postalAddress.countryCode, documentLines.0.lineType); an empty cell
    leaves the field out, and several values in a cell are separated by |. JSON is an array of items, or an object with the key customers
    or documents. NDJSON has one item a line.

    The exit status is 1 when an item failed.
    """
    from reskontro.cli.items import open_items
    from reskontro.cli.reports import print_report, read_report

    items = open_items(file, entity)
    if update and items.entity != "customers":
        raise CommandError("Documents cannot be changed, so --update is for customers. A credit note corrects an invoice.", 2)
    for remark in items.remarks:
        err().print(f"Note: {remark}", style="yellow", markup=False)
    with connect(url, client_id, client_secret) as api:
        number = _client_no(api, client)
        place = [0]
        with Progress(f"Sending {file.name}", items.size_bytes, unit="bytes", quiet=json) as progress:
            path = f"/clients/{number}/{items.entity}/batches"
            lines = progress.counted(items.lines(place), place)
            accepted = api.send("PUT" if update else "POST", path, lines=lines, key=key or secrets.token_urlsafe(16))
        batch_uuid = accepted["batchUuid"]
        if not wait:
            if json:
                print_json(accepted)
            else:
                out().print(f"Batch {batch_uuid} is queued with {accepted['countNotProcessed']:,} items.", markup=False)
                err().print(f"See what became of it: reskontro batch show {batch_uuid} --client {number}", markup=False)
            return
        wait_for(api, number, batch_uuid, quiet=json)
        report = read_report(api, number, batch_uuid)
    if json:
        print_json(report.as_json())
    else:
        print_report(report)
    if not report.in_order:
        raise typer.Exit(1)


@app.command("show")
def show(
    batch_uuid: Annotated[str, typer.Argument(metavar="UUID", help="The batch's id.", show_default=False)],
    client: ClientOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is final.")] = False,
    url: UrlOption = None,
    client_id: ClientIdOption = None,
    client_secret: ClientSecretOption = None,
    json: JsonOption = False,
) -> None:
    """Show a batch: its counters, the most frequent errors and warnings, and the first failed items."""
    from reskontro.cli.reports import print_report, read_report

    with connect(url, client_id, client_secret) as api:
        number = _client_no(api, client)
        if wait:
            wait_for(api, number, batch_uuid, quiet=json)
        report = read_report(api, number, batch_uuid)
    if json:
        print_json(report.as_json())
    else:
        print_report(report)


def wait_for(api: Api, client_no: int, batch_uuid: str, *, quiet: bool = False, title: str = "Processing") -> dict[str, Any]:
    """Wait until the batch is final, with a progress bar, and return it without its items."""
    pause = POLL_FIRST_SECONDS
    with Progress(title, None, unit="items", quiet=quiet) as progress:
        while True:
            # The filter keeps the items out of the answer; the counters are those of the whole batch.
            batch: dict[str, Any] = api.get(f"/clients/{client_no}/batches/{batch_uuid}", result="CANCELLED", pagesize=1)
            progress.show(batch["countProcessed"], batch["countProcessed"] + batch["countNotProcessed"])
            if batch["status"] in FINAL:
                return batch
            time.sleep(pause)
            pause = min(pause * 1.5, POLL_MAX_SECONDS)


class Progress:
    """A progress bar on standard error; nothing when that is no terminal or ``quiet``."""

    def __init__(self, title: str, total: int | None, *, unit: Literal["bytes", "items"], quiet: bool = False) -> None:
        from rich import progress

        amount = progress.DownloadColumn() if unit == "bytes" else progress.MofNCompleteColumn()
        console = err()
        self._bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            amount,
            progress.TimeElapsedColumn(),
            console=console,
            disable=quiet or not console.is_terminal,
        )
        self._task = self._bar.add_task(title, total=total)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, done: int, total: int) -> None:
        """Show so many of so many."""
        self._bar.update(self._task, completed=done, total=total)

    def counted(self, lines: Any, place: list[int]) -> Any:
        """The same lines in larger pieces, with the place in the file shown."""
        waiting: list[bytes] = []
        size = 0
        for line in lines:
            waiting.append(line)
            size += len(line)
            if size >= 64 * 1024:
                yield b"".join(waiting)
                waiting, size = [], 0
                self._bar.update(self._task, completed=place[0])
        self._bar.update(self._task, completed=place[0])
        if waiting:
            yield b"".join(waiting)
