"""Calculations of letter fees, compensation and court fees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from reskontro.norway import fees
from reskontro.norway.inputs import Input
from reskontro.norway.topics.answers import Functions, money

_ZERO = Decimal(0)
_LETTER_TYPES = ("reminder", "collection_notice", "payment_demand")


def debtor_type(values: Input) -> fees.DebtorType:
    """The kind of debtor the input names."""
    return cast(fees.DebtorType, values.choice("debtor_type", "consumer", "business"))


def _letter_type(values: Input) -> fees.LetterType:
    return cast(fees.LetterType, values.choice("type", *_LETTER_TYPES))


def _dispute(values: Input | None) -> fees.Dispute | None:
    return None if values is None else fees.Dispute(values.day("registered"), values.flag("reasonable_ground"))


def _letter(values: Input) -> dict[str, Any]:
    claim, letter = values.object("claim"), values.object("letter")
    debtor_type(claim)  # the rules are the same for both; a wrong value is refused all the same
    earlier = [
        fees.Letter(_letter_type(item), item.day("sent"), item.day_or_none("deadline"), item.amount("fee"))
        for item in values.objects("earlier_letters")
    ]
    verdict = fees.letter_fee(
        _letter_type(letter),
        letter.day("sent"),
        due_date=claim.day("due_date"),
        earlier=earlier,
        dispute=_dispute(claim.object_or_none("dispute")),
        grace_days=values.whole("grace_days"),
    )
    return {
        "allowed": verdict.allowed,
        "fee": money(verdict.fee),
        "reason": verdict.reason,
        "fees_total": money(sum((item.fee for item in earlier), _ZERO) + verdict.fee),
    }


def _compensation(values: Input) -> dict[str, Any]:
    amount = fees.compensation(debtor_type(values), values.day("due_date"))
    if amount is None:
        return {"allowed": False, "amount": money(_ZERO), "reason": "CONSUMER"}
    return {"allowed": True, "amount": money(amount), "reason": None}


def _compensation_offset(values: Input) -> dict[str, Any]:
    added = fees.added_by_charges(
        fees.Charge(charge.choice("type", "compensation", "cost") == "compensation", charge.amount("amount")) for charge in values.objects("charges")
    )
    return {"added": [money(amount) for amount in added], "total": money(sum(added, _ZERO))}


def _court(values: Input) -> dict[str, Any]:
    return {"amount": money(fees.court_fee(values.choice("step", *fees.COURT_STEPS), values.day("date")))}


FUNCTIONS: Functions = {
    "fees.letter": _letter,
    "fees.compensation": _compensation,
    "fees.compensation-offset": _compensation_offset,
    "fees.court": _court,
}
