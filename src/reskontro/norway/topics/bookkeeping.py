"""Calculations of bookkeeping rules."""

from __future__ import annotations

from typing import Any, cast

from reskontro.norway import bookkeeping
from reskontro.norway.calendars import ONE_DAY
from reskontro.norway.inputs import Input
from reskontro.norway.topics.answers import Functions, iso, money


def _retention(values: Input) -> dict[str, Any]:
    document_class = cast(bookkeeping.DocumentClass, values.choice("document_class", "primary", "secondary"))
    deletable_from = bookkeeping.deletable_from(values.day("fiscal_year_end"), document_class)
    return {"keep_through": iso(deletable_from - ONE_DAY), "deletable_from": iso(deletable_from)}


def _invoice_deadline(values: Input) -> dict[str, Any]:
    if values.choice("kind", "single_delivery", "continuous_monthly") == "single_delivery":
        return {"issue_by": iso(bookkeeping.invoice_by(values.day("delivered")))}
    return {"issue_by": iso(bookkeeping.monthly_invoice_by(values.month("month")))}


def _ledger_action(values: Input) -> dict[str, Any]:
    action = cast(bookkeeping.Action, values.choice("action", "post", "change_amount", "delete"))
    verdict = bookkeeping.ledger_action(action, values.month("period"), values.months("closed_periods"))
    return {"allowed": verdict.allowed, "reason": verdict.reason, "correction": verdict.correction}


def _saft_totals(values: Input) -> dict[str, Any]:
    totals = bookkeeping.saft_totals(
        [(line.amount("debit"), line.amount("credit")) for line in lines] for lines in values.object_lists("transactions")
    )
    return {
        "number_of_entries": totals.number_of_entries,
        "total_debit": money(totals.total_debit),
        "total_credit": money(totals.total_credit),
    }


def _control_account(values: Input) -> dict[str, Any]:
    difference = bookkeeping.control_difference(values.amounts("open_items"), values.amount("gl_balance"))
    return {"equal": difference == 0, "difference": money(difference)}


FUNCTIONS: Functions = {
    "bookkeeping.retention": _retention,
    "bookkeeping.invoice-deadline": _invoice_deadline,
    "bookkeeping.ledger-action": _ledger_action,
    "bookkeeping.saft-totals": _saft_totals,
    "bookkeeping.saft-version": lambda values: {"audit_file_version": bookkeeping.saft_version(values.month("period"))},
    "bookkeeping.control-account": _control_account,
}
