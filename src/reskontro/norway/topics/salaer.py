"""Calculations of what an agency may charge."""

from __future__ import annotations

from typing import Any, cast

from reskontro.norway import salaer
from reskontro.norway.inputs import Input
from reskontro.norway.topics.answers import Functions, money
from reskontro.norway.topics.fees import debtor_type


def _cap(values: Input) -> dict[str, Any]:
    for without_influence in ("late_interest", "fees"):
        values.amount(without_influence)
    band_base = values.amount("principal", negative=False) + values.amount("interest_before_due", negative=False)
    amount = salaer.cap(
        band_base,
        values.day("covered_date"),
        level=cast(salaer.Level, values.choice("level", "light", "heavy")),
        debtor_type=debtor_type(values),
        creditor_vat_deductible=values.flag("creditor_vat_deductible"),
        due_date=values.day_or_none("due_date"),
    )
    return {"band_base": money(band_base), "cap": money(amount)}


def _plan_supplement(values: Input) -> dict[str, Any]:
    debtor_type(values)  # the supplement is the same for both; a wrong value is refused all the same
    amount = salaer.plan_supplement(
        values.whole("instalments"),
        values.day("agreed_date"),
        creditor_vat_deductible=values.flag("creditor_vat_deductible"),
        brought_to_court=values.flag("brought_to_court"),
    )
    return {"supplement": money(amount)}


def _notice_deadline(values: Input) -> dict[str, Any]:
    values.day("notice_sent")
    allowed = salaer.agency_fee_allowed(values.day("notice_deadline"), values.day("order_reached_bank"))
    return {"agency_fee_allowed": allowed}


FUNCTIONS: Functions = {
    "salaer.cap": _cap,
    "salaer.plan-supplement": _plan_supplement,
    "salaer.notice-deadline": _notice_deadline,
}
