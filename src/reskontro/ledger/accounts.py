"""Whether an account or a dimension can be posted with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from reskontro.ledger.books import Books


def unusable(books: Books, number: str | None) -> str | None:
    """The code of what keeps an account from being posted to beside the control account; None when it can be used."""
    account = books.account(number) if number else None
    if account is None or not account.active:
        return "ACCOUNT-UNKNOWN"
    return "ACCOUNT-CONTROL" if account.is_control else None


def missing_dimensions(books: Books, number: str, given: Iterable[int]) -> list[int]:
    """The dimensions that a posting to an account must have and does not."""
    account = books.account(number)
    return [] if account is None else sorted(set(account.required_dimensions).difference(given))


def usable_control_account(books: Books, own: str | None, on: date) -> tuple[str | None, str]:
    """(the control account of a customer, the number that was tried): his own, or for a first posting that of the rules; None when it cannot be
    posted to."""
    number = own or books.accounts_for("IN", on).control
    account = books.account(number) if number else None
    return (None if account is None or not account.active else number), number or ""


def unknown_dimensions(books: Books, on: date, dimensions: Sequence[dict[str, Any]]) -> list[tuple[int, str]]:
    """(place, key) of dimensions that the client does not keep (dimensionNo) or whose value is not listed (value)."""
    kept = {entry["dimensionNo"]: entry.get("values") for entry in books.config("gl.dimensions", on) or ()}
    found: list[tuple[int, str]] = []
    for index, dimension in enumerate(dimensions):
        number, value = dimension.get("dimensionNo"), dimension.get("value")
        if number is None:
            continue
        if number not in kept:
            found.append((index, "dimensionNo"))
        elif value is not None and kept[number] is not None and value not in kept[number]:
            found.append((index, "value"))
    return found
