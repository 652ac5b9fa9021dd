"""Which claims a payment means, and settling them: the one implementation for documents, auto postings, captures, runs and bank files.

A claim is a principal with the interest and costs that name it; items that name none are claims of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from reskontro.batches.kinds import Origin
from reskontro.ledger.collection import is_with_collection
from reskontro.ledger.item_desk import ItemDesk
from reskontro.ledger.matching import Match, group_claims
from reskontro.ledger.posting import OpenItem
from reskontro.norway.kid import is_valid

LETTER_CLAIMS: Final = "letterClaimIds"
"""The detail of a letter's AR item that lists every claim it names, when these are more than those whose interest or fee it is."""

MatchSource = Literal["KID", "DOCUMENT-NO", "REFERENCE", "MANUAL", "RUN"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """The claims that a payment means.

    ``exception`` says why there is nothing to settle (an EXCEPTION-CODE); ``understood`` is False when nothing known was named, so that what is left
    of the payment must not go to other claims either.
    """

    source: MatchSource
    claims: Sequence[Sequence[OpenItem]] = ()
    exception: str | None = None
    understood: bool = True

    @property
    def items(self) -> list[OpenItem]:
        """The items of the claims."""
        return [item for claim in self.claims for item in claim]


def claims_of(desk: ItemDesk, target: OpenItem) -> list[OpenItem]:
    """The items of the claims that an item means: a letter means every claim it names, a principal itself with its interest and costs."""
    named = (
        target.details.get(LETTER_CLAIMS) or target.details.get("claimArItemIds") or ([target.claim_ar_item_id] if target.claim_ar_item_id else [])
    )
    wanted = [claim if isinstance(claim, UUID) else UUID(claim) for claim in named]
    desk.load_items(wanted)
    principals = [found.ar_item_id for claim in wanted if (found := desk.item(claim)) is not None]
    items = desk.claim_items(principals or [target.ar_item_id])
    return items if target in items else [*items, target]


def meant_by_items(desk: ItemDesk, targets: Iterable[OpenItem], source: MatchSource) -> Meaning:
    """A payment that names items, or documents and references that lead to them. Exceptions: ITEM-CREDITED, ALREADY-PAID, IN-COLLECTION."""
    named = list(targets)
    found = {claim.ar_item_id: claim for target in named for claim in claims_of(desk, target)}
    if any(claim.open_amount > 0 for claim in found.values()):
        return _without_collected(desk, source, group_claims(found.values()))
    credited = any(target.credited_amount >= target.original_amount > 0 for target in named)
    return Meaning(source, exception="ITEM-CREDITED" if credited else "ALREADY-PAID")


def meant_by_kid(desk: ItemDesk, kid: str, account_no: int, currency: str) -> Meaning:
    """A payment of a known customer with a KID: the KID of items of his first, then his own.

    Exceptions: CURRENCY, ITEM-CREDITED, ALREADY-PAID; KID-INVALID or KID-UNKNOWN for a KID that is not his.
    """
    own = [found for found in desk.items_with_kid(kid) if found.account_no == account_no and found.original_amount > 0]
    if own:
        in_currency = [found for found in own if found.currency == currency]
        if not in_currency:
            return Meaning("KID", exception="CURRENCY", understood=False)
        return meant_by_items(desk, in_currency, "KID")
    customer = desk.debtors.find_account(account_no)
    if customer is not None and customer.customer_kid == kid:
        return meant_by_customer(desk, account_no, currency, "KID")
    well_formed = is_valid(kid, desk.books.config("kid.algorithm", desk.context.today))
    return Meaning("KID", exception="KID-UNKNOWN" if well_formed else "KID-INVALID", understood=False)


def meant_by_customer(desk: ItemDesk, account_no: int, currency: str, source: MatchSource) -> Meaning:
    """All the customer's claims in a currency. Exceptions: CURRENCY when there are only others, ALREADY-PAID when there are none, IN-COLLECTION."""
    claims = desk.account_claims(account_no, currency)
    if claims:
        return _without_collected(desk, source, claims)
    others = any(found.open_amount > 0 for found in desk.account_items(account_no))
    return Meaning(source, exception="CURRENCY" if others else "ALREADY-PAID")


def _without_collected(desk: ItemDesk, source: MatchSource, claims: Sequence[Sequence[OpenItem]]) -> Meaning:
    """The claims but for those that are with collection: money for these stays unapplied until the case says how it is split."""
    free = [claim for claim in claims if not is_collected(desk, claim)]
    if len(free) == len(claims):
        return Meaning(source, claims)
    return Meaning(source, free, exception="IN-COLLECTION", understood=False)


def is_collected(desk: ItemDesk, claim: Sequence[OpenItem]) -> bool:
    """Whether a claim is with collection."""
    if any(is_with_collection(member) for member in claim):
        return True
    named = claim[0].claim_ar_item_id
    principal = desk.item(named) if named is not None else None
    return principal is not None and is_with_collection(principal)


def owners_of_kid(desk: ItemDesk, kid: str) -> list[int]:
    """The accounts that a KID means: customers with open items that have it; when none is open, the customer of the newest item; then the one
    whose own KID it is. Several: the KID is ambiguous. None: it is unknown.
    """
    debits = [found for found in desk.items_with_kid(kid) if found.original_amount > 0]
    opened = list(dict.fromkeys(found.account_no for found in debits if found.open_amount > 0))
    if opened:
        return opened
    if debits:
        return [max(debits, key=lambda found: found.ar_item_id.int).account_no]
    owner = desk.debtors.owner_of_kid(kid)
    return [] if owner is None else [owner]


def matches_by_rule(desk: ItemDesk, on: date, rule: str, *, at_booking: bool = True) -> bool:
    """Whether the client lets a rule of matching.rules match payments that are booked on the day, or that a run of the day looks at."""
    return (not at_booking or bool(desk.books.config("matching.auto", on))) and rule in desk.books.config("matching.rules", on)


def settle_payment(
    desk: ItemDesk,
    credit: OpenItem,
    meaning: Meaning,
    origin: Origin,
    *,
    customer_no: str,
    document_no: str | None = None,
    allocations: Sequence[tuple[OpenItem, Decimal]] = (),
    match_date: date | None = None,
) -> tuple[Match | None, str | None]:
    """Settle exact allocations, then the claims meant, then by coverage.excess others of the customer; returns the match and the exception that
    remains.

    The exception is OVERPAID when something was settled and something is left, None when nothing is left.
    """
    claims = list(meaning.claims)
    if meaning.understood and desk.books.config("coverage.excess", credit.gl_date) == "OLDEST-CLAIM":
        meant = {found.ar_item_id for found in meaning.items} | {found.ar_item_id for found, _ in allocations}
        others = [found for found in desk.account_items(credit.account_no) if found.currency == credit.currency and found.ar_item_id not in meant]
        claims += [claim for claim in group_claims(others) if not is_collected(desk, claim)]
    if match_date is not None:
        # A match is never dated before the items it settles.
        claims = [claim for claim in claims if all(found.gl_date <= match_date for found in claim)]
    match = None
    if claims or allocations:
        match = desk.settler.settle(
            credit,
            claims,
            source=meaning.source,
            created_by=origin.user_id,
            batch_uuid=origin.batch_uuid,
            match_date=match_date,
            exact=allocations,
        )
        if match is not None:
            desk.log_match(match.match_id, origin, customer_no, document_no)
    if not credit.open_amount:
        return match, None
    return match, meaning.exception or ("OVERPAID" if match is not None else None)
