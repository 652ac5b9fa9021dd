"""Calculations of late-payment interest."""

from __future__ import annotations

from typing import Any

from reskontro.norway import interest
from reskontro.norway.calendars import ONE_DAY
from reskontro.norway.inputs import Input, InputInvalid
from reskontro.norway.topics.answers import Functions, iso, money


def _late(values: Input) -> dict[str, Any]:
    try:
        due = interest.due_day(due_date=values.day_or_none("due_date"), demand_date=values.day_or_none("demand_date"))
    except ValueError as error:
        raise InputInvalid(str(error)) from error
    reductions = [interest.Reduction(credit.day("date"), credit.amount("amount", negative=False)) for credit in values.objects("credits")]
    reductions += [interest.Reduction(payment.day("date"), payment.amount("principal", negative=False)) for payment in values.objects("payments")]
    pieces = interest.segments(values.amount("principal", negative=False), due, reductions, values.day("until"))
    return {
        "first_interest_day": iso(due + ONE_DAY),
        "days": sum(piece.days for piece in pieces),
        "segments": [
            {
                "from": iso(piece.first_day),
                "to": iso(piece.last_day),
                "days": piece.days,
                "principal": money(piece.principal),
                "rate": money(piece.rate),
                "year_days": piece.year_days,
            }
            for piece in pieces
        ],
        "interest": money(interest.interest_of(pieces)),
        "interest_act_365": money(interest.interest_of(pieces, "ACT-365")),
    }


def _no_compounding(values: Input) -> dict[str, Any]:
    values.amount("interest_already_posted", negative=False)  # checked like every value, and without influence on the answer
    due = values.day("from") - ONE_DAY
    return {"interest": money(interest.late_interest(values.amount("principal", negative=False), due, (), values.day("to")))}


FUNCTIONS: Functions = {"interest.late": _late, "interest.no-compounding": _no_compounding}
