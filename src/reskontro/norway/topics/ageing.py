"""Calculations of ageing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reskontro.norway import ageing
from reskontro.norway.inputs import Input, InputInvalid
from reskontro.norway.topics.answers import Functions, money


def _item(values: Input) -> ageing.Item:
    payments = [ageing.Payment(payment.day("date"), payment.amount("amount")) for payment in values.objects("payments")]
    return ageing.Item(values.day("document_date"), values.day("due_date"), values.amount("amount"), payments)


def _buckets(values: Input) -> dict[str, Any]:
    items = [_item(item) for item in values.objects("items")]
    try:
        sums = ageing.buckets(items, values.day("as_of"), values.wholes("bucket_days"))
    except ValueError as error:
        raise InputInvalid(str(error)) from error
    return {
        "buckets": {name: money(amount) for name, amount in sums.items()},
        "total": money(sum(sums.values(), Decimal(0))),
    }


FUNCTIONS: Functions = {"ageing.buckets": _buckets}
