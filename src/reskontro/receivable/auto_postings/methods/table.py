"""The methods by name."""

from __future__ import annotations

from reskontro.receivable.auto_postings.methods import fee, interest, journal, payment, refund, reversal, transfer
from reskontro.receivable.auto_postings.methods.method import Method
from reskontro.receivable.auto_postings.methods.write_off import SMALL_DIFFERENCE, WRITE_OFF

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        payment.METHOD,
        refund.METHOD,
        WRITE_OFF,
        SMALL_DIFFERENCE,
        interest.METHOD,
        fee.METHOD,
        transfer.METHOD,
        journal.METHOD,
        reversal.METHOD,
    )
}
"""What may be posted from outside; the methods of collection are the system's own and not among them."""
