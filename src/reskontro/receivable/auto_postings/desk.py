"""The desk of a set of auto postings: the AR items and customers they concern, and what an event is booked with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from reskontro.batches.kinds import ChunkContext, Origin
from reskontro.db.engine import Transaction
from reskontro.kit.money import ZERO, multiply
from reskontro.ledger.accounts import unknown_dimensions
from reskontro.ledger.booking import AMOUNT_MAX, is_too_large
from reskontro.ledger.posting import ONE, LedgerTransaction, OpenItem
from reskontro.norway.announced import known_rates, rates_in_use
from reskontro.receivable.auto_postings.drafts import Outcome, check_decimals
from reskontro.receivable.booking_desk import BookingDesk
from reskontro.receivable.drafts import Draft


class PostingDesk(BookingDesk):
    """See the module. The caller's transaction holds the client's write lock."""

    def __init__(self, transaction: Transaction, context: ChunkContext) -> None:
        super().__init__(transaction, context)
        self.known_rates = known_rates()
        """The legal sums and rates that are known."""
        self.rates = rates_in_use()
        """Those that are used: the last ones also for later days, when the installation wants that."""

    def check_common(self, draft: Draft, currency: str, on: date) -> None:
        """PRECISION of the currency, and CODE-UNKNOWN for dimensions that the client does not keep."""
        check_decimals(draft, currency)
        sent = draft.values.get("dimensions")
        if sent:
            for index, name in unknown_dimensions(self.books, on, sent):
                draft.find("CODE-UNKNOWN", "dimensions", inside=(index, name), value=sent[index][name])

    def accept(self, posting: LedgerTransaction, origin: Origin, customer_no: str | None) -> None:
        """Let a transaction take effect, and note it in the log."""
        self.transactions.append(posting)
        self.log_transaction("AUTO-POSTING-BOOKED", posting, origin, customer_no=customer_no)


def too_large(draft: Draft, posting: LedgerTransaction, rate: Decimal) -> bool:
    """Whether the ledger cannot hold the amounts of a posting in base currency; then with RANGE on amount."""
    if not is_too_large(posting):
        return False
    draft.find("RANGE", "entries" if "entries" in draft.values else "amount", min=0, max=multiply(AMOUNT_MAX / rate, ONE, 0))
    return True


def details_of(draft: Draft) -> dict[str, object]:
    """What an AR item keeps of the posting that made it."""
    sent = draft.values.get("dimensions")
    return {"dimensions": sent} if sent else {}


def outcome(posting: LedgerTransaction, amount: Decimal, items: Iterable[OpenItem]) -> Outcome:
    """The outcome with every item once."""
    return Outcome(posting, abs(amount) or ZERO, list({item.ar_item_id: item for item in items}.values()))
