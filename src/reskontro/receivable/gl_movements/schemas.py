"""The wire form of GL movements."""

from __future__ import annotations

from typing import Any

from reskontro.kit.fields import Schema, choice, integer, moment, money, nested_array, text
from reskontro.ledger.books import Books
from reskontro.ledger.movements import Movement
from reskontro.receivable.customers.schemas import NUMBER_MAX

PERIOD_STATUSES = ("OPEN", "CLOSED")
_ITEMS_MAX = 2**63 - 1

GL_MOVEMENT = Schema(
    "GlMovement",
    [
        integer("clientNo", 1, NUMBER_MAX, "The client", use="out"),
        integer("glYear", 0, 9999, "Fiscal year", use="out"),
        integer("glPeriod", 1, 12, "Period of the year; absent with level=year", use="out"),
        choice("periodStatus", PERIOD_STATUSES, "Of the period; a year is closed when all its periods are", use="out"),
        text("glAccount", 10, "GL account", use="out"),
        text("glAccountName", 100, "Its name", use="out"),
        text("currency", 3, "Base currency", use="out"),
        money("openingBalance", "Balance before; debit positive", use="out"),
        money("debit", "Posted to the debit side", use="out"),
        money("credit", "Posted to the credit side", use="out"),
        money("netMovement", "debit - credit", use="out"),
        money("closingBalance", "openingBalance + debit - credit", use="out"),
        integer("itemCount", 0, _ITEMS_MAX, "Number of GL items", use="out"),
    ],
    "What was posted to an account in a period or year, with the balance before and after",
)

LATEST_CLOSED = Schema(
    "LatestClosed",
    [
        integer("clientNo", 1, NUMBER_MAX, "The client", use="out", always=True),
        integer("glYear", 0, 9999, "Year of the latest closed period", use="out", always=True),
        integer("glPeriod", 1, 12, "The latest closed period; with level=year 12", use="out", always=True),
        moment("closedAt", "When it was closed", use="out", always=True),
        nested_array("glMovements", GL_MOVEMENT, "Movements of that period or year, by account", use="out", always=True),
    ],
    "The latest closed period or year with its movements",
)


def movement_view(books: Books, movement: Movement, currency: str, *, whole_year: bool) -> dict[str, Any]:
    """A movement as answers show it."""
    view: dict[str, Any] = {"clientNo": books.client_no, "glYear": movement.last[0]}
    if not whole_year:
        view["glPeriod"] = movement.last[1]
    return view | {
        "periodStatus": "CLOSED" if movement.is_closed else "OPEN",
        "glAccount": movement.gl_account,
        "glAccountName": books.accounts[movement.gl_account].name,
        "currency": currency,
        "openingBalance": movement.opening,
        "debit": movement.sums.debit,
        "credit": movement.sums.credit,
        "netMovement": movement.sums.net,
        "closingBalance": movement.closing,
        "itemCount": movement.sums.item_count,
    }
