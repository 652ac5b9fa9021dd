"""Events that are no documents: their transaction and the AR items on its control lines. Pure but for the ids it draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from reskontro.kit.ids import new_id
from reskontro.kit.money import ZERO, multiply
from reskontro.ledger.periods import Period
from reskontro.ledger.posting import ONE, GlLine, LedgerTransaction, OpenItem, Part

AMOUNT_MAX = Decimal(10**15 - 1)
"""The largest amount of a GL line, in its own and in base currency: 15 digits."""


class Control(NamedTuple):
    """A line on a control account: of which customer and item, and its amounts, debit positive."""

    gl_account: str
    account_no: int
    ar_item_id: UUID
    amount: Decimal
    base_amount: Decimal


@dataclass(frozen=True, slots=True)
class Booking:
    """What an event is booked with, whatever its accounts."""

    journal: str
    day: date
    period: Period
    document_date: date
    currency: str
    exchange_rate: Decimal
    base_decimals: int
    created_by: str
    text: str | None = None
    dimensions: tuple[tuple[int, str], ...] = ()

    def base(self, amount: Decimal) -> Decimal:
        """An amount in base currency at the rate of the event."""
        return amount if self.exchange_rate == ONE else multiply(amount, self.exchange_rate, self.base_decimals)

    def control(self, gl_account: str, account_no: int, amount: Decimal, base_amount: Decimal | None = None) -> Control:
        """A control line for an item still to be made; its base amount is by default the one at the rate of the event."""
        return Control(gl_account, account_no, new_id(), amount, self.base(amount) if base_amount is None else base_amount)

    def transaction(self, controls: Sequence[Control], parts: Sequence[Part]) -> LedgerTransaction:
        """The transaction: control lines first, then the parts (signed, debit positive), the largest of which takes what rounding leaves in base
        currency. Parts without dimensions get those of the event.
        """
        lines = [GlLine(c.gl_account, c.base_amount, c.amount, None, c.account_no, c.ar_item_id) for c in controls]
        others = [
            GlLine(p.gl_account, self.base(p.amount), p.amount, p.vat_code, None, None, p.dimensions or self.dimensions) for p in parts if p.amount
        ]
        lines += others
        remainder = sum([line.amount for line in lines], ZERO)
        if remainder and others:
            max(others, key=lambda line: abs(line.amount)).amount -= remainder
        return LedgerTransaction(
            self.journal,
            self.day,
            self.period.gl_year,
            self.period.gl_period,
            self.document_date,
            self.currency,
            self.exchange_rate,
            lines,
            self.created_by,
            text=self.text,
        )

    def item(self, posting: LedgerTransaction, control: Control, ar_item_type: str, claim_kind: str, **values: Any) -> OpenItem:
        """The AR item on a control line; ``values`` are further members. Its dates are by default the document date."""
        return OpenItem(
            ar_item_id=control.ar_item_id,
            account_no=control.account_no,
            ar_item_type=ar_item_type,
            claim_kind=claim_kind,
            currency=self.currency,
            due_date=values.pop("due_date", None) or self.document_date,
            gl_date=self.day,
            original_amount=control.amount,
            base_original_amount=control.base_amount,
            open_amount=control.amount,
            base_open_amount=control.base_amount,
            control_account=control.gl_account,
            item_date=values.pop("item_date", None) or self.document_date,
            exchange_rate=values.pop("exchange_rate", None) or self.exchange_rate,
            transaction=posting,
            **values,
        )


def is_too_large(posting: LedgerTransaction) -> bool:
    """Whether an amount of a transaction has more than 15 digits before the point, which the ledger does not hold."""
    return any(abs(line.amount) > AMOUNT_MAX or abs(line.currency_amount) > AMOUNT_MAX for line in posting.lines)
