"""What a payment covers, how a collected claim is settled, and the security an agency must give.

No statute fixes the order for ordinary invoices: costs, then interest, then principal is custom, and a client can
choose another one. The order that was used is kept with every payment.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, NamedTuple

from reskontro.norway.tables import read_rows

Order = Literal["COSTS_INTEREST_PRINCIPAL", "PRINCIPAL_INTEREST_COSTS"]

_ZERO = Decimal(0)
_ORE = Decimal("0.01")
_SECURITY = {row["name"]: Decimal(row["value"]) for row in read_rows("agency_security")}

COMPONENTS: Final[dict[Order, tuple[str, str, str]]] = {
    "COSTS_INTEREST_PRINCIPAL": ("costs", "interest", "principal"),
    "PRINCIPAL_INTEREST_COSTS": ("principal", "interest", "costs"),
}


class Open(NamedTuple):
    """What is open on a claim, by component."""

    costs: Decimal
    """The creditor's fees, the salær and court fees."""
    interest: Decimal
    principal: Decimal


class Split(NamedTuple):
    """What one payment covers."""

    costs: Decimal
    interest: Decimal
    principal: Decimal
    unapplied: Decimal
    """What is left of the payment when everything is covered."""


def allocate(payment: Decimal, claim: Open, order: Order) -> tuple[Split, Open]:
    """The split of a payment, which is not negative, over the components in the given order, and what stays open."""
    rest = payment
    covered: dict[str, Decimal] = {}
    for component in COMPONENTS[order]:
        part = min(rest, max(getattr(claim, component), _ZERO))
        covered[component] = part
        rest -= part
    split = Split(covered["costs"], covered["interest"], covered["principal"], rest)
    left = Open(claim.costs - split.costs, claim.interest - split.interest, claim.principal - split.principal)
    return split, left


class Settlement(NamedTuple):
    """How a fully paid claim is shared."""

    creditor: Decimal
    """Principal, interest, the creditor's own fees and the court fees, which the creditor owes."""
    agency: Decimal
    """The salær."""
    agency_vat: Decimal
    """VAT that the agency invoices the creditor on its salær."""


def settle(*, fees: Decimal, salaer: Decimal, court_fees: Decimal, interest: Decimal, principal: Decimal, vat_rate: Decimal) -> Settlement:
    """The shares of creditor and agency in a claim that was paid in full; vat_rate in per cent, VAT rounded to øre."""
    vat = (salaer * vat_rate / 100).quantize(_ORE, ROUND_HALF_UP)
    return Settlement(principal + interest + fees + court_fees, salaer, vat)


def agency_security(portfolio: Decimal, client_funds: Decimal) -> Decimal:
    """The security in NOK: the largest of a minimum, a share of the portfolio and twice the client funds
    (inkassoforskriften § 3-4).
    """
    return max(
        _SECURITY["minimum"],
        (portfolio * _SECURITY["portfolio_share"]).quantize(_ORE, ROUND_HALF_UP),
        client_funds * _SECURITY["client_funds_multiple"],
    )
