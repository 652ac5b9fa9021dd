"""``demo``: everything at work on made-up data."""

from __future__ import annotations

from typing import Annotated

import typer

from reskontro.cli.common import DataOption


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running until Ctrl-C, to look around.")] = False,
    port: Annotated[int, typer.Option(envvar="RESKONTRO_DEMO_PORT", help="Port of the API; 0 takes a free one.", min=0, max=65535)] = 0,
    customers: Annotated[int, typer.Option(help="How many customers to make up.", min=10, max=100_000)] = 2_500,
    invoices: Annotated[
        int, typer.Option(help="How many invoices; about half as many other documents come with them.", min=10, max=500_000)
    ] = 15_500,
    data: DataOption = None,
) -> None:
    """See it work: a year of a made-up company, sent as batches, processed, posted, aged and verified.

    PostgreSQL, the API and a worker run as real processes in a temporary folder that is removed at the end; with --data the folder is yours
    and stays. Takes less than a minute.
    """
    from reskontro.cli.common import settings_from, start_logging
    from reskontro.demo.run import run_demo

    start_logging(settings_from())
    raise typer.Exit(run_demo(data=data, port=port, keep=keep, customer_count=customers, invoice_count=invoices))
