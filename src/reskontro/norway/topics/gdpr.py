"""Calculations of privacy: deleting a customer, and what may not be logged."""

from __future__ import annotations

from typing import Any

from reskontro.norway import privacy
from reskontro.norway.inputs import Input
from reskontro.norway.topics.answers import Functions, iso


def _delete_customer(values: Input) -> dict[str, Any]:
    in_use = [any(values.amounts("open_items")), values.whole("reservations") > 0, values.whole("open_cases") > 0]
    deletion = privacy.customer_deletion(
        values.day("as_of"), in_use=any(in_use), last_fiscal_year_end=values.day_or_none("last_document_fiscal_year_end")
    )
    allowed = deletion.action is not None
    return {
        "allowed": allowed,
        "http_status": None if allowed else 409,
        "action": deletion.action,
        "documents_kept_until": iso(deletion.documents_kept_until),
    }


FUNCTIONS: Functions = {
    "gdpr.delete-customer": _delete_customer,
    "gdpr.mask": lambda values: {"must_not_contain": privacy.national_ids_in(values.text("text"))},
}
