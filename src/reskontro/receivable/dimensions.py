"""Accounting dimensions: their wire form, and the filter that finds GL items by them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from reskontro.kit.errors import Problem
from reskontro.kit.fields import Schema, integer, text
from reskontro.web.operations import Parameter

DIMENSION: Final = Schema(
    "Dimension",
    [
        integer("dimensionNo", 1, 9, "Number of an accounting dimension of the client", required=True, always=True),
        text("value", 20, "Value in that dimension", required=True, always=True),
    ],
)
DIMENSION_FILTER: Final = Parameter("dimension", "texts", "Dimensions as dimensionNo:value")

HAS_DIMENSION: Final = (
    "exists (select from jsonb_array_elements(g.dimensions) e join unnest(%s::int[], %s::text[]) w (dimension_no, wanted)"
    " on (e ->> 'dimensionNo')::int = w.dimension_no and lower(e ->> 'value') = w.wanted)"
)
"""Condition on ``gl_item g``; its values come from ``wanted_dimensions``."""


def wanted_dimensions(values: Iterable[str]) -> tuple[list[int], list[str]]:
    """The numbers and values, without case, of a filter such as ``1:north``; raises Problem INVALID-PARAMETER."""
    numbers, wanted = [], []
    for value in values:
        number, colon, name = (part.strip() for part in value.partition(":"))
        if not (colon and name and len(number) == 1 and number.isascii() and number.isdigit()):
            raise Problem("INVALID-PARAMETER", f"dimension: {value[:40]} is not of the form dimensionNo:value")
        numbers.append(int(number))
        wanted.append(name.lower())
    return numbers, wanted
