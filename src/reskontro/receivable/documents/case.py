"""What has been found out about a document on its way from its checks to its posting."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from reskontro.ledger.posting import OpenItem
from reskontro.receivable.customers.desk import CustomerOutcome
from reskontro.receivable.documents.amounts import Composition
from reskontro.receivable.documents.store import KnownDocument

DUE_IS_DATE = ("CN", "PY")
"""Types of documents that are due on their own date."""


class Case:
    """What the checks have found out about one document so far."""

    __slots__ = (
        "bearing",
        "composition",
        "credited",
        "currency",
        "decimals",
        "due_date",
        "gl_day",
        "meant",
        "outcome",
        "period",
        "rate",
        "references",
    )

    def __init__(self) -> None:
        self.outcome: CustomerOutcome | None = None
        self.currency = ""
        self.decimals = 2
        self.rate: Decimal | None = None
        self.due_date: date | None = None
        self.gl_day: date | None = None
        self.period: Any = None
        self.composition: Composition | None = None
        self.credited: KnownDocument | None = None
        self.references: list[KnownDocument] = []
        self.bearing: list[OpenItem] = []
        """Of a letter: the claims whose interest or fee it posts."""
        self.meant: list[OpenItem] = []
        """Of a letter: every claim it names."""
