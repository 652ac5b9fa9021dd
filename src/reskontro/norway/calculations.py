"""One door to all calculations: a rule's name and its input in, the whole answer out. Used by the command line and by
the tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reskontro.norway.inputs import Input, InputInvalid
from reskontro.norway.rates import ValueMissing
from reskontro.norway.topics import (
    accounts,
    ageing,
    avtalegiro,
    bookkeeping,
    coverage,
    ehf,
    fees,
    gdpr,
    identity,
    interest,
    kid,
    ocr,
    salaer,
    timeline,
    vat,
)
from reskontro.norway.topics.answers import Calculation

_TOPICS = (kid, accounts, identity, vat, fees, salaer, timeline, interest, coverage, bookkeeping, ageing, ocr, avtalegiro, ehf, gdpr)
_FUNCTIONS: dict[str, Calculation] = {name: function for topic in _TOPICS for name, function in topic.FUNCTIONS.items()}

RULES: tuple[str, ...] = tuple(_FUNCTIONS)
"""The names of all rules."""


class RuleUnknown(ValueError):
    """No calculation has that name."""


def calculate(rule: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a rule, in JSON values: amounts and rates as decimal texts, dates as YYYY-MM-DD.

    The first two dotted parts of the name choose the function; further parts only say what a case stresses, unless the
    whole name is that of a function. Raises RuleUnknown for a name that is not known, InputInvalid for an input that
    lacks something, and ValueMissing for a day outside the known legal values.
    """
    name = ".".join(rule.split(".")[:2])
    function = _FUNCTIONS.get(rule) or _FUNCTIONS.get(name)
    if function is None:
        raise RuleUnknown(f"{name[:80]} is not a known rule")
    return function(Input(values))


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of the line; raises ValueError for a key given twice, which could be read in two ways."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key is given twice")
    return members


def _calculate_line(line: str) -> dict[str, Any]:
    try:
        line.encode()
    except UnicodeEncodeError:
        return {"id": None, "error": "LINE-MALFORMED: the line is not UTF-8"}
    try:
        request = json.loads(line, object_pairs_hook=_object_of)
    except (ValueError, RecursionError):
        return {"id": None, "error": "LINE-MALFORMED: the line is not JSON with each key once"}
    if not isinstance(request, dict):
        return {"id": None, "error": "LINE-MALFORMED: the line is not an object"}
    identifier = request.get("id")
    if not isinstance(identifier, str | int):
        identifier = None
    rule = request.get("rule")
    try:
        if not isinstance(rule, str):
            raise InputInvalid("rule must be a text")
        return {"id": identifier, "result": calculate(rule, request.get("input", {}))}
    except RuleUnknown as error:
        return {"id": identifier, "error": f"RULE-UNKNOWN: {error}"}
    except InputInvalid as error:
        return {"id": identifier, "error": f"INPUT-INVALID: {error}"}
    except ValueMissing as error:
        return {"id": identifier, "error": f"VALUE-MISSING: {error}"}


def run_lines(lines: Iterable[str]) -> Iterator[str]:
    """The answers to JSON Lines ``{"id", "rule", "input"}``, one line each without line end: ``{"id", "result"}`` or
    ``{"id", "error"}``.

    The error is a text that starts with its code: LINE-MALFORMED, RULE-UNKNOWN, INPUT-INVALID or VALUE-MISSING. Bytes
    that are not UTF-8 come as lone surrogates. Blank lines are passed over; a bad line never stops the others. The answers
    are ASCII, so that any text that can be read can also be written.
    """
    for line in lines:
        if line.strip():
            yield json.dumps(_calculate_line(line))
