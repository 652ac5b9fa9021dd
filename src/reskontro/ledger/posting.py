"""Double entry, pure: what an event debits and credits, and the proof that it balances. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct

from reskontro.kit.money import ZERO, multiply

ONE = Decimal(1)


class Unbalanced(ValueError):
    """Debit and credit of a transaction differ: a fault of the program, never of the input."""


class Part(NamedTuple):
    """One side of an event before it becomes a line: an amount in document currency on an account, positive as the event states it."""

    gl_account: str
    amount: Decimal
    vat_code: str | None
    dimensions: tuple[tuple[int, str], ...] = ()


class GlLine(Struct):
    """One line of a transaction; amounts are signed, debit positive."""

    gl_account: str
    amount: Decimal
    """Base currency."""
    currency_amount: Decimal
    vat_code: str | None = None
    account_no: int | None = None
    """The customer, on control accounts."""
    ar_item_id: UUID | None = None
    """Exactly one on control accounts."""
    dimensions: tuple[tuple[int, str], ...] = ()
    text: str | None = None
    """A text of its own, over that of the transaction."""


class LedgerTransaction(Struct):
    """A balanced set of lines with one date; it gets its number when it is written."""

    journal: str
    gl_date: date
    gl_year: int
    gl_period: int
    document_date: date
    currency: str
    exchange_rate: Decimal
    lines: list[GlLine]
    created_by: str
    document_uuid: UUID | None = None
    batch_uuid: UUID | None = None
    text: str | None = None
    transaction_no: int = 0
    reverses: LedgerTransaction | None = None
    """The transaction that this one takes back; it has its number before this one gets its own."""


def check_balance(lines: Sequence[GlLine]) -> None:
    """Raise Unbalanced unless the lines add up to zero, in base currency and in their own."""
    left = currency_left = ZERO
    for line in lines:
        left += line.amount
        currency_left += line.currency_amount
    if left or currency_left:
        raise Unbalanced(f"lines add up to {sum(line.amount for line in lines)}")


def exceeds(lines: Sequence[GlLine], most: Decimal) -> bool:
    """Whether an amount of a line is larger than that, whatever its sign and in either currency."""
    least = -most
    for line in lines:  # noqa: SIM110 - asked for every document, and a generator takes as long again
        if not least <= line.amount <= most or not least <= line.currency_amount <= most:
            return True
    return False


def gather(parts: Sequence[Part]) -> list[Part]:
    """One part per account, VAT code and set of dimensions, in the order of the first that needs it; sums of zero are left out."""
    if len(parts) == 1:
        return [part for part in parts if part.amount]
    sums: dict[tuple[Any, ...], Decimal] = {}
    for account, amount, vat_code, dimensions in parts:
        key = (account, vat_code, dimensions)
        sums[key] = sums[key] + amount if key in sums else amount
    return [Part(account, amount, code, dimensions) for (account, code, dimensions), amount in sums.items() if amount]


def post_document(
    *,
    control_account: str,
    account_no: int,
    ar_item_id: UUID,
    total: Decimal,
    parts: Sequence[Part],
    credit: bool,
    exchange_rate: Decimal,
    base_decimals: int,
) -> list[GlLine]:
    """The lines of a document: the control line first, then its gathered parts with the opposite sign.

    ``total`` and the parts are positive for what the document states; ``credit`` turns the sides (credit notes, payments). In a foreign
    currency every line is converted and rounded by itself and the largest part takes the remainder, so that the transaction balances.
    Raises Unbalanced when the parts do not add up to the total. Returns no lines for a total of zero without parts.
    """
    sign = -1 if credit else 1
    gathered = gather(parts)
    domestic = exchange_rate == ONE
    lines: list[GlLine] = []
    if total:
        signed = total * sign
        base = signed if domestic else multiply(signed, exchange_rate, base_decimals)
        lines.append(GlLine(control_account, base, signed, None, account_no, ar_item_id))
    for account, amount, vat_code, dimensions in gathered:
        signed = -amount * sign
        base = signed if domestic else multiply(signed, exchange_rate, base_decimals)
        lines.append(GlLine(account, base, signed, vat_code, None, None, dimensions))
    if not domestic and lines:
        remainder = sum([line.amount for line in lines], ZERO)
        if remainder:
            candidates = lines[1:] if total and len(lines) > 1 else lines
            largest = max(candidates, key=lambda line: abs(line.amount))
            largest.amount -= remainder
    check_balance(lines)
    return lines


class OpenItem(Struct):
    """An AR item with its state: what is written once, and what matches change."""

    ar_item_id: UUID
    account_no: int
    ar_item_type: str
    claim_kind: str
    currency: str
    due_date: date
    gl_date: date
    original_amount: Decimal
    base_original_amount: Decimal
    open_amount: Decimal
    base_open_amount: Decimal
    control_account: str
    claim_ar_item_id: UUID | None = None
    vat_amount: Decimal = ZERO
    credited_amount: Decimal = ZERO
    credited_vat: Decimal = ZERO
    document_uuid: UUID | None = None
    document_no: str | None = None
    reference_no: str | None = None
    kid: str | None = None
    item_date: date | None = None
    exchange_rate: Decimal = ONE
    reversal: bool = False
    details: dict[str, Any] = {}
    transaction: LedgerTransaction | None = None
    """The transaction of an item that is still to be written; None for a stored one."""
    sent: bool = False
    """Whether the row of an item of this set is on its way already."""
    changed: bool = False
    """Whether amounts changed since the item was looked up or sent."""
    details_changed: bool = False
    """Whether the details or the due date changed since then."""

    @property
    def has_row(self) -> bool:
        """Whether changes go to a row that is there: that of an item looked up, or one of this set that was sent."""
        return self.transaction is None or self.sent

    @property
    def is_open(self) -> bool:
        """Whether something is left to settle."""
        return bool(self.open_amount)

    def settle(self, amount: Decimal, base_amount: Decimal) -> None:
        """Take an amount, signed like the item, off what is open."""
        self.open_amount -= amount
        self.base_open_amount -= base_amount
        self.changed = True

    def change_details(self, changes: Mapping[str, Any]) -> None:
        """Set details by wire name; None takes one away."""
        self.details = {name: value for name, value in {**self.details, **changes}.items() if value is not None}
        self.details_changed = True
