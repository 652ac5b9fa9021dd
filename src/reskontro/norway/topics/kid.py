"""Calculations of KIDs."""

from __future__ import annotations

from typing import Any

from reskontro.norway import kid
from reskontro.norway.inputs import Input, InputInvalid
from reskontro.norway.topics.answers import Functions


def _generate(values: Input) -> dict[str, Any]:
    payload = values.text("payload")
    try:
        return {"mod10": payload + kid.mod10_check(payload), "mod11": payload + kid.mod11_check(payload)}
    except ValueError as error:
        raise InputInvalid(str(error)) from error


def _validate(values: Input) -> dict[str, Any]:
    value = values.text("kid")
    normalised = kid.normalise(value)
    return {
        "format_ok": normalised is not None,
        "normalised": normalised,
        "mod10": kid.is_mod10(value),
        "mod11": kid.is_mod11(value),
    }


FUNCTIONS: Functions = {"kid.generate": _generate, "kid.validate": _validate, "kid.format": _validate}
