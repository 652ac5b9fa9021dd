"""What the tests of dunning share: customers and claims, runs on a day, and what came of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.api.support import amounts, created, invoice
from tests.house import House, exact_json

ADDRESS = {"addressLine1": "Prøveveien 4", "postalCode": "0150", "cityName": "Oslo", "countryCode": "NO"}


def consumer(house: House, number: str = "100001", **values: Any) -> None:
    """A consumer with an address."""
    house.customer(number, **{"name": "Kari Prøve", "customerCategory": "CONS", "postalAddress": ADDRESS, **values})


def business(house: House, number: str = "100002", **values: Any) -> None:
    """A company with an address."""
    house.customer(number, **{"name": "Skogly Prøvedrift AS", "customerCategory": "BUSN", "postalAddress": ADDRESS, **values})


def claim(house: House, number: str, due: str = "2026-10-19", amount: int = 1000, **values: Any) -> dict[str, Any]:
    """An invoice of an amount and a quarter of it in VAT."""
    sent = {"documentDate": "2026-10-05" if due >= "2026-10-05" else "2026-01-05", **values}
    return created(house, invoice(documentNo=number, dueDate=due, currencyAmounts=amounts(amount, Decimal(amount) / 4), **sent))


def on(house: House, day: str) -> None:
    """Let it be noon of a day."""
    house.clock.set(datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    house._tokens.clear()


def run(house: House, day: str | None = None, **action: Any) -> list[dict[str, Any]]:
    """The items of a dunning run, on a day when one is given."""
    if day is not None:
        on(house, day)
    batch = house.batch("/actions", {"action": {"actionType": "DUNNING-RUN", **action}}, query="?expand=diagnostics")
    assert batch["status"] == "PROCESSED", batch
    return list(batch.get("items", []))


def item(house: House, number: str) -> dict[str, Any]:
    """The AR item of a document."""
    (found,) = exact_json(house.get(f"/aritems?documentno={number}"))["arItems"]
    return dict(found)


def fees(house: House) -> list[tuple[str, Decimal]]:
    """(type, amount) of every fee item, oldest first."""
    rows = house.rows("select ar_item_type, original_amount from ar_item where claim_kind = 'COST' order by ar_item_id")
    return [(kind, amount) for kind, amount in rows]


def letters(house: House) -> list[dict[str, Any]]:
    """Everything that the queued letters say, oldest first."""
    return [letter for (letter,) in house.rows("select letter from file where file_type = 'LETTER' order by created_at, file_id")]
