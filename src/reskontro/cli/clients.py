"""``client``: the creditors whose ledgers are kept here."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer

from reskontro.cli.common import (
    CommandError,
    DatabaseUrlOption,
    DataOption,
    JsonOption,
    err,
    out,
    print_json,
    print_table,
    settings_from,
    start_logging,
)

app = typer.Typer(help="The clients, that is the creditors whose ledgers are kept here.", no_args_is_help=True)

ACTOR = "command line"


@app.command("add")
def add(
    name: Annotated[str, typer.Option(help="Name of the creditor.", show_default=False)],
    organization_no: Annotated[str, typer.Option("--organization-no", help="Its organisation number.", show_default=False)],
    client: Annotated[int | None, typer.Option("--client", help="The number to give it; the next free one unless given.", show_default=False)] = None,
    scheme: Annotated[
        str | None, typer.Option("--organization-no-scheme", help="ISO 6523 code of the number's register.", show_default="0192, Norway")
    ] = None,
    ledger_start: Annotated[
        str | None,
        typer.Option("--ledger-start", help="First day of the ledger, a first of a month as YYYY-MM-DD.", show_default="1 January of this year"),
    ] = None,
    vat_registered: Annotated[bool, typer.Option("--vat-registered/--not-vat-registered", help="Whether it is registered for VAT.")] = True,
    business_register: Annotated[
        bool, typer.Option("--business-register", help="Its documents name Foretaksregisteret, as its limited companies must.")
    ] = False,
    data: DataOption = None,
    database_url: DatabaseUrlOption = None,
    json: JsonOption = False,
) -> None:
    """Add a client with the built-in chart of accounts, posting rules and periods."""
    from reskontro.batches.kinds import Origin
    from reskontro.kit.clock import SystemClock
    from reskontro.kit.ids import new_id
    from reskontro.receivable.administration.schemas import client_view
    from reskontro.receivable.administration.service import create_client
    from reskontro.runtime import open_house

    sent: dict[str, Any] = {
        "name": name,
        "organizationNo": organization_no,
        "clientNo": client,
        "organizationNoScheme": scheme,
        "ledgerStart": ledger_start,
        "vatRegistered": vat_registered,
        "inBusinessRegister": business_register,
    }
    settings = settings_from(data, database_url)
    start_logging(settings)
    with open_house(settings, connections=2) as house, house.database.system() as transaction:
        origin = Origin(ACTOR, _user(), new_id(), "SYSTEM")
        added = create_client(transaction, sent, clock=SystemClock(), origin=origin)
    if json:
        print_json(client_view(added))
        return
    out().print(f"Client {added.client_no} is {added.name}; its ledger starts on {added.ledger_start}.", markup=False)
    err().print(f"Next: reskontro credential add --client {added.client_no}", markup=False)


def _user() -> str:
    """The person at the keyboard, as far as the machine knows."""
    try:
        return getpass.getuser()[:64]
    except (KeyError, OSError):
        return ACTOR


@app.command("list")
def show_list(data: DataOption = None, database_url: DatabaseUrlOption = None, json: JsonOption = False) -> None:
    """List all clients."""
    from reskontro.runtime import open_house

    settings = settings_from(data, database_url)
    start_logging(settings)
    with open_house(settings, connections=2) as house, house.database.system() as transaction:
        rows = transaction.execute("select client_no, name, organization_no, ledger_start, status from client order by client_no").fetchall()
    if json:
        print_json([dict(zip(("clientNo", "name", "organizationNo", "ledgerStart", "status"), row, strict=True)) for row in rows])
        return
    if not rows:
        raise CommandError("There is no client yet. Add one: reskontro client add --name NAME --organization-no NUMBER", 0)
    print_table(None, ("client", "name", "organisation no.", "ledger starts", "status"), rows, numbers=("client",))
