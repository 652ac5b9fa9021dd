"""Settling: a credit is matched with claims, and what the match itself posts (small and exchange differences) is made with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from reskontro.kit.ids import new_id
from reskontro.kit.money import ZERO
from reskontro.ledger.accounts import unusable
from reskontro.ledger.books import Books
from reskontro.ledger.matching import Match, MatchLine, allocate, base_part
from reskontro.ledger.posting import ONE, GlLine, LedgerTransaction, OpenItem

DIFFERENCE_JOURNAL = "AUTO"
MADE_BY_MATCH = "matchId"
"""The detail of an item that a match made (EX, SD): the match it goes with."""


@dataclass(slots=True)
class Effects:
    """What a set of settlements adds to the ledger."""

    matches: list[Match] = field(default_factory=list)
    items: list[OpenItem] = field(default_factory=list)
    transactions: list[LedgerTransaction] = field(default_factory=list)


@dataclass(slots=True)
class Settler:
    """Makes matches under the rules of a client's books; collects their effects for one write."""

    books: Books
    base_currency: str
    base_decimals: int
    effects: Effects = field(default_factory=Effects)

    def settle(
        self,
        credit: OpenItem,
        claims: Sequence[Sequence[OpenItem]],
        *,
        source: str,
        created_by: str,
        batch_uuid: UUID | None,
        match_date: date | None = None,
        exact: Sequence[tuple[OpenItem, Decimal]] = (),
    ) -> Match | None:
        """Use a credit item on exact parts of items, then on claims in turn; None when there was nothing to settle.

        The match date is by default the latest glDate of the items settled; it is moved to the first open day when its period is closed.
        """
        order = self.books.config("coverage.order", match_date or credit.gl_date)
        lines = allocate(credit, claims, order, self.base_decimals, exact)
        if not lines:
            return None
        return self._match(lines, credit, order, source, match_date, created_by, batch_uuid)

    def settle_exactly(
        self,
        parts: Sequence[tuple[OpenItem, Decimal]],
        *,
        source: str,
        created_by: str,
        batch_uuid: UUID | None,
        match_date: date | None = None,
        small_differences: bool = True,
    ) -> Match:
        """Match items by the given amounts, signed like the items, which add up to zero and exceed no open amount; dates as in ``settle``.

        Items of one customer and currency, each once.
        """
        credit = next((item for item, amount in parts if amount < 0), parts[0][0])
        lines = [MatchLine(item, amount, base_part(item, amount, self.base_decimals)) for item, amount in parts]
        for line in lines:
            line.item.settle(line.amount, line.base_amount)
        order = self.books.config("coverage.order", match_date or credit.gl_date)
        return self._match(lines, credit, order, source, match_date, created_by, batch_uuid, small_differences=small_differences)

    def _match(
        self,
        lines: list[MatchLine],
        credit: OpenItem,
        order: str,
        source: str,
        match_date: date | None,
        created_by: str,
        batch_uuid: UUID | None,
        *,
        small_differences: bool = True,
    ) -> Match:
        day = self.books.posting_day(match_date or max(line.item.gl_date for line in lines)).day
        match = Match(new_id(), credit.account_no, day, source, order, created_by, lines)
        if small_differences:
            self._small_differences(match, credit, batch_uuid)
        self._exchange_difference(match, credit, batch_uuid)
        self.effects.matches.append(match)
        return match

    def _small_differences(self, match: Match, credit: OpenItem, batch_uuid: UUID | None) -> None:
        limit: Decimal = self.books.config("matching.smallDifferenceLimit", match.match_date)
        if not limit:
            return
        for line in list(match.lines):
            item = line.item
            if item.open_amount and abs(item.base_open_amount) <= limit:
                self._close_difference(match, item, credit, batch_uuid)

    def _close_difference(self, match: Match, item: OpenItem, credit: OpenItem, batch_uuid: UUID | None) -> None:
        """Close what is left of an item by an item of the opposite sign against the account for small differences."""
        accounts = self.books.accounts_for("SMALL-DIFFERENCE", match.match_date)
        if accounts.contra is None or unusable(self.books, accounts.contra) is not None:
            return
        amount, base = item.open_amount, item.base_open_amount
        difference = self._item("SD", credit, item, match, -amount, -base, batch_uuid, accounts.contra)
        item.settle(amount, base)
        difference.settle(-amount, -base)
        for line in match.lines:
            if line.item is item:
                line.amount += amount
                line.base_amount += base
        match.lines.append(MatchLine(difference, -amount, -base))

    def _exchange_difference(self, match: Match, credit: OpenItem, batch_uuid: UUID | None) -> None:
        difference = match.exchange_difference
        if not difference:
            return
        event = "EXCHANGE-GAIN" if difference > 0 else "EXCHANGE-LOSS"
        contra = self.books.accounts_for(event, match.match_date).contra
        assert contra is not None, "the chart has accounts for exchange differences"
        item = self._item("EX", credit, credit, match, ZERO, difference, batch_uuid, contra)
        item.settle(ZERO, difference)
        match.lines.append(MatchLine(item, ZERO, difference))

    def _item(
        self,
        kind: str,
        credit: OpenItem,
        like: OpenItem,
        match: Match,
        amount: Decimal,
        base: Decimal,
        batch_uuid: UUID | None,
        contra: str,
    ) -> OpenItem:
        """A new AR item with its transaction: control account against ``contra``."""
        day = match.match_date
        period = self.books.period_of(day)
        assert period is not None and period.is_open
        item_id = new_id()
        lines = [
            GlLine(credit.control_account, base, amount, None, credit.account_no, item_id),
            GlLine(contra, -base, -amount),
        ]
        posting = LedgerTransaction(
            DIFFERENCE_JOURNAL,
            day,
            period.gl_year,
            period.gl_period,
            day,
            like.currency,
            like.exchange_rate if amount else ONE,
            lines,
            match.created_by,
            batch_uuid=batch_uuid,
        )
        item = OpenItem(
            ar_item_id=item_id,
            account_no=credit.account_no,
            ar_item_type=kind,
            claim_kind="CREDIT" if base < 0 else "PRINCIPAL",
            currency=like.currency,
            due_date=day,
            gl_date=day,
            original_amount=amount,
            base_original_amount=base,
            open_amount=amount,
            base_open_amount=base,
            control_account=credit.control_account,
            item_date=day,
            exchange_rate=like.exchange_rate,
            details={MADE_BY_MATCH: str(match.match_id)},
            transaction=posting,
        )
        self.effects.items.append(item)
        self.effects.transactions.append(posting)
        return item
