"""SQL of matching runs: who has credit and claims, which payments are nobody's, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from reskontro.db.engine import Transaction
from reskontro.receivable.runs.inputs import CustomerInput, candidates

_OPEN: Final = (
    "select distinct a.account_no from ar_item a where a.client_no = %s and a.open_amount {} 0 and (%s::int[] is null or a.account_no = any(%s))"
)
_BOTH_SIDES: Final = (
    f"select c.account_no, c.customer_no from ({_OPEN.format('<')} intersect {_OPEN.format('>')}) o"
    " join customer c on c.client_no = %s and c.account_no = o.account_no order by c.account_no"
)


def customers_with_both(transaction: Transaction, client_no: int, accounts: list[int] | None) -> Iterator[CustomerInput]:
    """The customers with open credit and open claims, by account; only those of ``accounts`` unless it is None."""
    return candidates(transaction, _BOTH_SIDES, (client_no, accounts, accounts, client_no, accounts, accounts, client_no))


def unidentified(transaction: Transaction, client_no: int, until: date) -> list[UUID]:
    """Payments with a KID that are nobody's and were booked by a day, oldest first."""
    rows = transaction.execute(
        "select payment_uuid from payment where client_no = %s and ar_item_id is null and not reversed and kid is not null and amount > 0"
        " and booking_date <= %s order by booking_date, payment_uuid",
        (client_no, until),
    )
    return [row[0] for row in rows]


class KnownPayment(NamedTuple):
    """What is kept of a payment beside its AR item."""

    payment_uuid: UUID
    kid: str | None
    text: str | None
    payer_account_no: str | None


def payments_of_items(transaction: Transaction, client_no: int, items: Sequence[UUID]) -> dict[UUID, KnownPayment]:
    """The payments behind AR items."""
    rows = transaction.execute(
        "select ar_item_id, payment_uuid, kid, payment_text, payer_account_no from payment"
        " where client_no = %s and ar_item_id = any(%s) and not reversed",
        (client_no, list(items)),
    )
    return {item: KnownPayment(*row) for item, *row in rows}


def set_exceptions(transaction: Transaction, client_no: int, exceptions: Sequence[tuple[UUID, str | None]]) -> None:
    """Note what keeps the rest of payments from being placed."""
    if exceptions:
        transaction.execute(
            "update payment p set exception_code = e.code from unnest(%s::uuid[], %s::text[]) as e (payment_uuid, code)"
            " where p.client_no = %s and p.payment_uuid = e.payment_uuid",
            ([key for key, _ in exceptions], [code for _, code in exceptions], client_no),
        )
