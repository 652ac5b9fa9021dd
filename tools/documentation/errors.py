"""The catalogue of errors: problem codes, field codes and outcomes, with what to do about each."""

from __future__ import annotations

from collections.abc import Iterable

from reskontro.kit.errors import STATUS_OF_CODE, title_of
from reskontro.kit.texts import FIELD_TEXTS, OUTCOME_TEXTS
from tools.documentation.advice import FIELD_ADVICE, PROBLEM_ADVICE
from tools.documentation.tables import code, table

_ERROR_TEXT = "/ERROR"
"""Ends the key of a text that a code has only as an error."""


def _check_complete(known: Iterable[str], advised: Iterable[str]) -> None:
    missing, spare = set(known) - set(advised), set(advised) - set(known)
    if missing or spare:
        raise ValueError(f"tools/documentation/advice.py: no advice for {sorted(missing)}, advice without a code for {sorted(spare)}")


def problems() -> str:
    """Every problem code with its status and what to do."""
    _check_complete(STATUS_OF_CODE, PROBLEM_ADVICE)
    rows = [(status, code(name), title_of(name), PROBLEM_ADVICE[name]) for name, status in sorted(STATUS_OF_CODE.items(), key=lambda entry: entry[1])]
    return table(("status", "code", "title", "what it means and what to do"), rows)


def field_codes() -> str:
    """Every field code with its severity, its texts in both languages and what to do."""
    names = [name for name in FIELD_TEXTS if not name.endswith(_ERROR_TEXT)]
    _check_complete(names, FIELD_ADVICE)
    rows = []
    for name in names:
        severity, advice = FIELD_ADVICE[name]
        english, norwegian = FIELD_TEXTS[name]
        if name + _ERROR_TEXT in FIELD_TEXTS:
            as_error = FIELD_TEXTS[name + _ERROR_TEXT]
            english, norwegian = f"{english} (as an error: {as_error[0]})", f"{norwegian} (som feil: {as_error[1]})"
        rows.append((code(name), severity, english, norwegian, advice))
    return table(("code", "severity", "English", "Norwegian", "what to do"), rows)


def outcomes() -> str:
    """What batches and items say when nothing is wrong."""
    return table(("code", "English", "Norwegian"), [(code(name), *texts) for name, texts in OUTCOME_TEXTS.items()])
