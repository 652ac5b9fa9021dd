"""``verify``: recompute the ledger from its items and say whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reskontro.cli.common import CommandError, DatabaseUrlOption, DataOption, JsonOption, out, print_json, settings_from, start_logging

if TYPE_CHECKING:
    from reskontro.db.engine import Database


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check of one client found: nothing wrong when ``findings`` is empty; ``counts`` says what was looked at."""

    client_no: int
    name: str
    findings: list[str]
    counts: dict[str, int]


def verify(
    client: Annotated[
        list[int] | None, typer.Option("--client", help="Client number; every client unless given. Repeat it for several.", show_default=False)
    ] = None,
    data: DataOption = None,
    database_url: DatabaseUrlOption = None,
    json: JsonOption = False,
) -> None:
    """Recompute each ledger from its items, and the chain of its log, and say what does not hold.

    Looked at are: every transaction balances; every line on a control account has its AR item; open items, matches and balances agree; numbers
    have no gaps; nothing was taken out of the log or changed in it. It reads only, and may run beside everything else. The exit status is 1
    when something is wrong.
    """
    from reskontro.runtime import open_house

    settings = settings_from(data, database_url)
    start_logging(settings)
    with open_house(settings, connections=2) as house:
        verdicts = verify_clients(house.database, client)
    if json:
        print_json([_as_json(verdict) for verdict in verdicts])
    else:
        print_verdicts(verdicts)
    if any(verdict.findings for verdict in verdicts):
        raise typer.Exit(1)


def verify_clients(database: Database, numbers: list[int] | None = None) -> list[Verdict]:
    """The verdicts on the clients, all of them when no numbers are given; raises CommandError for a client that does not exist."""
    from reskontro.ledger.verify import verify_client

    with database.system() as transaction:
        names: dict[int, str] = dict(transaction.execute("select client_no, name from client order by client_no").fetchall())
    for number in numbers or ():
        if number not in names:
            raise CommandError(f"There is no client {number}. `reskontro client list` shows those there are.")
    verdicts = []
    for number in sorted(set(numbers)) if numbers else names:
        report = verify_client(database, number)
        verdicts.append(Verdict(number, names[number], report.findings, report.counts))
    return verdicts


def print_verdicts(verdicts: list[Verdict]) -> None:
    """The verdicts for people."""
    console = out()
    for verdict in verdicts:
        counts = ", ".join(f"{count:,} {name}" for name, count in verdict.counts.items())
        looked_at = f" ({counts})" if counts else ""
        if verdict.findings:
            console.print(f"[red]✗[/red] Client {verdict.client_no}: {len(verdict.findings)} findings{looked_at}")
            for finding in verdict.findings:
                console.print(f"    {finding}", markup=False)
        else:
            console.print(f"[green]✓[/green] Client {verdict.client_no}: everything holds{looked_at}")
    if not verdicts:
        console.print("There is no client, so nothing to verify.")


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "clientNo": verdict.client_no,
        "name": verdict.name,
        "inOrder": not verdict.findings,
        "findings": verdict.findings,
        "counts": verdict.counts,
    }
