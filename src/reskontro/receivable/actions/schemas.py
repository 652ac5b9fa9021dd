"""The wire form of an action."""

from __future__ import annotations

from typing import Final

from reskontro.kit.fields import Schema, boolean, choice, day, integer, text, texts
from reskontro.receivable.actions.runs import RUNS

CUSTOMERS_MAX: Final = 1_000
COMMON_FIELDS: Final = frozenset(("actionType", "customerNos", "validateOnly", "clientReference"))
"""What every run takes; a run that cannot be limited to customers refuses customerNos itself."""

ACTION: Final = Schema(
    "Action",
    [
        choice("actionType", tuple(RUNS), "Which run", required=True, always=True),
        day("runDate", "Day the run stands for; default today"),
        day("interestTo", "INTEREST-RUN: last interest day; default yesterday"),
        integer("glYear", 1, 9_999, "PERIOD-CLOSE: the fiscal year", conditional=True),
        integer("glPeriod", 1, 12, "PERIOD-CLOSE: the period", conditional=True),
        texts("customerNos", 20, "Only these customers", maximum=CUSTOMERS_MAX),
        integer("maximumStep", 1, 9, "DUNNING-RUN: no step above it"),
        boolean("validateOnly", "Evaluate and list, book nothing"),
        text("clientReference", 64, "The caller's reference, echoed in the results"),
    ],
    "A run over the ledger; which fields it takes depends on the type",
)
