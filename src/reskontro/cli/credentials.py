"""``credential``: who may ask for tokens."""

from __future__ import annotations

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

app = typer.Typer(help="Who may ask for tokens: add, list and revoke credentials.", no_args_is_help=True)

CLIENT_SCOPES = "read:arm write:arm admin:arm"


@app.command("add")
def add(
    client: Annotated[list[int] | None, typer.Option("--client", help="Client number it is for; repeat it for several.", show_default=False)] = None,
    operator: Annotated[bool, typer.Option("--operator", help="For every client, also those to come, and to create clients.")] = False,
    name: Annotated[str, typer.Option(help="Whose it is; shown in lists and, shortened, in the log.")] = "My system",
    scopes: Annotated[str, typer.Option(help="What it may do, separated by blanks.")] = CLIENT_SCOPES,
    data: DataOption = None,
    database_url: DatabaseUrlOption = None,
    json: JsonOption = False,
) -> None:
    """Make a credential and show its secret, which cannot be shown again."""
    from reskontro.access.credentials import add_credential
    from reskontro.kit.clock import SystemClock
    from reskontro.runtime import open_house

    if bool(client) == operator:
        raise CommandError("Say for whom: --client NUMBER (repeat it for several) or --operator for every client.", 2)
    settings = settings_from(data, database_url)
    start_logging(settings)
    with open_house(settings, connections=2) as house, house.database.system() as transaction:
        if client:
            _check_clients(transaction, client)
        wanted = scopes.replace(",", " ").split()
        new = add_credential(transaction, name=name, client_nos=None if operator else client, scopes=wanted, clock=SystemClock())
    if json:
        client_nos: Any = "*" if operator else sorted(set(client or []))
        print_json({"clientId": new.client_id, "clientSecret": new.client_secret, "name": name, "clientNos": client_nos, "scopes": wanted})
        return
    # Lines a shell understands, so that they can be copied or evaluated: eval "$(reskontro credential add ...)".
    out().print(f"export RESKONTRO_CLIENT_ID={new.client_id}\nexport RESKONTRO_CLIENT_SECRET={new.client_secret}", markup=False)
    err().print("Keep the secret: it is stored as a hash and cannot be shown again.")


def _check_clients(transaction: Any, numbers: list[int]) -> None:
    """A credential of a client that does not exist is a slip of the pen."""
    known = {row[0] for row in transaction.execute("select client_no from client where client_no = any(%s)", (numbers,))}
    missing = [str(number) for number in sorted(set(numbers) - known)]
    if missing:
        raise CommandError(
            f"There is no client {', '.join(missing)}. `reskontro client list` shows those there are, `reskontro client add` makes one."
        )


@app.command("list")
def show_list(data: DataOption = None, database_url: DatabaseUrlOption = None, json: JsonOption = False) -> None:
    """List all credentials, also the revoked ones, without their secrets."""
    from reskontro.access.credentials import list_credentials
    from reskontro.runtime import open_house

    settings = settings_from(data, database_url)
    start_logging(settings)
    with open_house(settings, connections=2) as house, house.database.system() as transaction:
        found = list_credentials(transaction)
    if json:
        print_json(
            [
                {
                    "clientId": credential.client_id,
                    "name": credential.name,
                    "clientNos": "*" if credential.client_nos is None else list(credential.client_nos),
                    "scopes": list(credential.scopes),
                    "createdAt": credential.created_at,
                    "revokedAt": credential.revoked_at,
                }
                for credential in found
            ]
        )
        return
    rows = [
        (
            credential.client_id,
            credential.name,
            "every client" if credential.client_nos is None else ", ".join(map(str, credential.client_nos)),
            " ".join(credential.scopes),
            f"{credential.created_at:%Y-%m-%d %H:%M}",
            f"{credential.revoked_at:%Y-%m-%d %H:%M}" if credential.revoked_at else "",
        )
        for credential in found
    ]
    print_table(None, ("client id", "name", "clients", "scopes", "created", "revoked"), rows)


@app.command("revoke")
def revoke(
    client_id: Annotated[str, typer.Argument(help="The credential's id, as `reskontro credential list` shows it.", show_default=False)],
    data: DataOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """End a credential and all its tokens, within a second in every process."""
    from reskontro.access.credentials import revoke_credential
    from reskontro.kit.clock import SystemClock
    from reskontro.runtime import open_house

    settings = settings_from(data, database_url)
    start_logging(settings)
    with open_house(settings, connections=2) as house, house.database.system() as transaction:
        ended = revoke_credential(transaction, client_id, SystemClock())
    if not ended:
        raise CommandError(f"There is no credential {client_id} that could be revoked. `reskontro credential list` shows all.")
    err().print(f"{client_id} is revoked.", markup=False)
