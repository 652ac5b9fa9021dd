"""Calculations of VAT."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reskontro.norway import vat
from reskontro.norway.inputs import Input, InputInvalid
from reskontro.norway.topics.answers import Functions, money, plain

_ZERO = Decimal(0)


def _per_rate(values: Input) -> dict[str, Any]:
    lines = [(line.amount("net"), line.rate("rate")) for line in values.objects("lines")]
    totals = vat.vat_per_rate(lines)
    net_total = sum((total.base for total in totals), _ZERO)
    vat_total = sum((total.vat for total in totals), _ZERO)
    per_line = sum((vat.round_vat(net * rate / 100) for net, rate in lines), _ZERO)
    return {
        "per_rate": [{"rate": plain(total.rate), "base": money(total.base), "vat": money(total.vat)} for total in totals],
        "net_total": money(net_total),
        "vat_total": money(vat_total),
        "gross_total": money(net_total + vat_total),
        "vat_if_rounded_per_line": money(per_line),
    }


def _outside_base(values: Input) -> dict[str, Any]:
    values.choice("kind", "late_interest", "reminder_fee", "compensation")
    values.amount("amount")
    return {"vat": money(_ZERO), "saft_code": vat.NO_TREATMENT_CODE}


def _posting(values: Input) -> dict[str, Any]:
    document = values.choice("document", "invoice", "credit_note")
    try:
        lines = vat.posting_of_gross(values.amount("gross"), values.rate("rate"), credit_note=document == "credit_note")
    except ValueError as error:
        raise InputInvalid(str(error)) from error
    return {
        "lines": [{"account": line.account, "debit": money(line.debit), "credit": money(line.credit)} for line in lines],
        "refers_to": values.text_or_none("original_document_no"),
    }


FUNCTIONS: Functions = {"vat.per-rate": _per_rate, "vat.outside-base": _outside_base, "vat.posting": _posting}
