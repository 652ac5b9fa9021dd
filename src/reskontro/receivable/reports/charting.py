"""Charts of reports as shapes: where every bar, line and word goes, so that the typesetter only draws them.

Lengths are hundredths of a millimetre from the left and the top of the chart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

from reskontro.kit.messages import Language
from reskontro.kit.money import ZERO
from reskontro.kit.shown import shown_amount, shown_date
from reskontro.receivable.reports.model import Chart
from reskontro.receivable.typesetting import Widths

HEIGHT: Final = 5_600
_TOP, _BOTTOM, _LEFT = 900, 700, 2_600
_LABEL_SIZE: Final = 70
"""Tenths of a point."""
_TICKS: Final = 5
_LABELS_MAX: Final = 12
_GAP_PERCENT: Final = 30
_STEPS: Final = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
HUNDREDTHS_PER_POINT: Final = 35.2778


def drawn(chart: Chart, language: Language, width: int, widths: Widths) -> dict[str, Any]:
    """The shapes of a chart, and its figures as a text for those who cannot see it."""
    values = [value for series in chart.series for value in series.values]
    step, low, high = _scale(values)
    plot = _Plot(_LEFT, _TOP, width - _LEFT, HEIGHT - _TOP - _BOTTOM, low, high)
    shapes: dict[str, Any] = {"rectangles": [], "lines": [], "paths": [], "texts": []}
    mark = low
    while mark <= high:
        y = plot.y(mark)
        shapes["lines"].append([plot.left, y, plot.left + plot.width, y, 1 if mark == ZERO else 0])
        text = shown_amount(mark.quantize(Decimal(1)) if step == step.to_integral_value() else mark, language).replace("-", "−")
        shapes["texts"].append([plot.left - 150 - _text_width(text, widths), y - 110, text])
        mark += step
    slots = max(len(chart.labels), 1)
    every = -(-slots // _LABELS_MAX)
    labels = [_shown(label, language) for label in chart.labels]
    for place, label in enumerate(labels):
        if place % every == 0:
            shapes["texts"].append([plot.middle(place, slots) - _text_width(label, widths) // 2, HEIGHT - _BOTTOM + 130, label])
    draw = _bars if chart.kind == "bars" else _line
    for number, series in enumerate(chart.series):
        draw(shapes, plot, series.values, slots, number, len(chart.series))
    legend = [series.name for series in chart.series] if len(chart.series) > 1 else []
    said = "; ".join(
        f"{series.name}: " + ", ".join(f"{label} {shown_amount(value, language)}" for label, value in zip(labels, series.values, strict=True))
        for series in chart.series
    )
    return {"title": chart.title, "legend": legend, "said": f"{chart.title}. {said}", "width": plot.left + plot.width, "height": HEIGHT, **shapes}


def _shown(label: str, language: Language) -> str:
    """A label on paper: one that is a date, as charts of time have, is written as in the language."""
    return shown_date(date.fromisoformat(label), language) if _DATE.fullmatch(label) else label


class _Plot:
    """The area of the figures and the scale of its height."""

    def __init__(self, left: int, top: int, width: int, height: int, low: Decimal, high: Decimal) -> None:
        self.left, self.top, self.width, self.height = left, top, width, height
        self._low, self._span = low, high - low

    def y(self, value: Decimal) -> int:
        return self.top + self.height - int((value - self._low) * self.height / self._span)

    def middle(self, place: int, slots: int) -> int:
        return self.left + (2 * place + 1) * self.width // (2 * slots)


def _scale(values: Sequence[Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    """A round step, and the lowest and highest mark; zero is always on the scale."""
    low, high = min([ZERO, *values]), max([ZERO, *values])
    if low == high:
        high = Decimal(1)
    rough = (high - low) / _TICKS
    power = Decimal(10) ** rough.adjusted()
    step = next(power * factor for factor in _STEPS if power * factor >= rough)
    return step, (low / step).to_integral_value(ROUND_FLOOR) * step, (high / step).to_integral_value(ROUND_CEILING) * step


def _bars(shapes: dict[str, Any], plot: _Plot, values: Sequence[Decimal], slots: int, number: int, count: int) -> None:
    slot = plot.width // slots
    bar = slot * (100 - _GAP_PERCENT) // (100 * count)
    zero = plot.y(ZERO)
    for place, value in enumerate(values):
        left = plot.middle(place, slots) - bar * count // 2 + number * bar
        y = plot.y(value)
        shapes["rectangles"].append([left, min(y, zero), bar, abs(y - zero), number])


def _line(shapes: dict[str, Any], plot: _Plot, values: Sequence[Decimal], slots: int, number: int, _count: int) -> None:
    shapes["paths"].append({"points": [[plot.middle(place, slots), plot.y(value)] for place, value in enumerate(values)], "series": number})


def _text_width(text: str, widths: Widths) -> int:
    return int(widths.of(text) * _LABEL_SIZE / 10_000 * HUNDREDTHS_PER_POINT)
