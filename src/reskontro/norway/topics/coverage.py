"""Calculations of what payments cover."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from reskontro.norway import coverage
from reskontro.norway.inputs import Input, InputInvalid
from reskontro.norway.topics.answers import Functions, money

_PARTS = ("fees", "salaer", "court_fees", "interest", "principal")


def _claim(values: Input) -> dict[str, Decimal]:
    claim = values.object("claim")
    return {part: claim.amount(part, negative=False) for part in _PARTS}


def _allocate(values: Input) -> dict[str, Any]:
    parts = _claim(values)
    order = cast(coverage.Order, values.choice("order", *coverage.COMPONENTS))
    left = coverage.Open(parts["fees"] + parts["salaer"] + parts["court_fees"], parts["interest"], parts["principal"])
    splits: list[coverage.Split] = []
    for payment in values.amounts("payments", negative=False):
        split, left = coverage.allocate(payment, left, order)
        splits.append(split)
    return {
        "splits": [{name: money(amount) for name, amount in split._asdict().items()} for split in splits],
        "left": {name: money(amount) for name, amount in left._asdict().items()},
    }


def _settlement(values: Input) -> dict[str, Any]:
    parts = _claim(values)
    if values.amount("payment") != sum(parts.values()):
        raise InputInvalid("input.payment must be the sum of the claim")
    shares = coverage.settle(
        fees=parts["fees"],
        salaer=parts["salaer"],
        court_fees=parts["court_fees"],
        interest=parts["interest"],
        principal=parts["principal"],
        vat_rate=values.rate("vat_rate"),
    )
    return {name: money(amount) for name, amount in shares._asdict().items()}


def _agency_security(values: Input) -> dict[str, Any]:
    return {"security": money(coverage.agency_security(values.amount("portfolio"), values.amount("client_funds")))}


FUNCTIONS: Functions = {
    "coverage.allocate": _allocate,
    "coverage.settlement": _settlement,
    "coverage.agency-security": _agency_security,
}
