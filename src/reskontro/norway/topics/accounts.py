"""Calculations of bank accounts and references."""

from __future__ import annotations

from typing import Any

from reskontro.norway import accounts
from reskontro.norway.inputs import Input, InputInvalid
from reskontro.norway.topics.answers import Functions


def _account(values: Input) -> dict[str, Any]:
    normalised = accounts.normalise_account_no(values.text("value"))
    return {
        "valid": normalised is not None,
        "normalised": normalised,
        "iban": None if normalised is None else accounts.iban_of_account(normalised),
    }


def _check_digit(values: Input) -> dict[str, Any]:
    try:
        return {"check_digit": accounts.account_check_digit(values.text("base"))}
    except ValueError as error:
        raise InputInvalid(str(error)) from error


FUNCTIONS: Functions = {
    "accounts.kontonummer": _account,
    "accounts.check-digit": _check_digit,
    "accounts.iban": lambda values: {"valid": accounts.is_iban(values.text("value"))},
    "accounts.bic": lambda values: {"valid": accounts.is_bic(values.text("value"))},
    "accounts.rf": lambda values: {"valid": accounts.is_rf_reference(values.text("value"))},
}
