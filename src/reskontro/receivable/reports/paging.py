"""Reports as pages: every line broken and every page filled before anything is set, in one pass over the report.

So the number of pages is known before the first is drawn, and thousands of pages are drawn a few at a time. Lengths are hundredths of a
millimetre, from the left and the top of the area inside the margins; sizes are tenths of a point.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from reskontro.kit.shown import shown_date, shown_organization_no
from reskontro.receivable.reports.charting import HEIGHT as CHART_HEIGHT
from reskontro.receivable.reports.charting import HUNDREDTHS_PER_POINT, drawn
from reskontro.receivable.reports.model import STRONG_LINES, Column, Line, ReportTable, Section, shown_value
from reskontro.receivable.reports.texts import paper
from reskontro.receivable.typesetting import Widths, widths

_PORTRAIT, _LANDSCAPE = (17_800, 25_600), (26_500, 16_900)
_SHARE_MIN: Final = 2_000
"""A column of the usual width gets at least so much, else the paper is turned."""
_GUTTER: Final = 180
_SIZES: Final = ((2_000, 82), (1_700, 76), (1_400, 70), (0, 62))
"""From so much for a column of the usual width on, text of that size."""
_SIZE_MIN: Final = 40
_HEAD_GAP: Final = 100
_PITCH_PERCENT: Final = 140
_CELL_LINES_MAX: Final = 4
_HEADING_HEIGHT, _HEADING_SIZE = 620, 98
_SECTION_GAP: Final = 250
_PARAMETER_HEIGHT, _PARAMETER_LABEL, _PARAMETER_SIZE = 450, 4_200, 88
_HEAD_HEIGHT: Final = 2_200
_RULED: Final = frozenset({"SUBTOTAL", "CLOSING", "TOTAL"})


@dataclass(slots=True)
class Page:
    """A page as the template wants it: blocks with their place."""

    blocks: list[dict[str, Any]] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        return {"blocks": self.blocks}


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns a section shows, where they stand and how large their text is."""

    shown: list[tuple[int, Column]]
    starts: list[int]
    room: list[int]
    size: int
    labels: list[list[str]]

    @property
    def line_height(self) -> int:
        return line_height(self.size)

    @property
    def head_height(self) -> int:
        return max(len(lines) for lines in self.labels) * self.line_height + _HEAD_GAP


def line_height(size: int) -> int:
    """From one line to the next."""
    return int(size * _PITCH_PERCENT / 1000 * HUNDREDTHS_PER_POINT)


class Pages:
    """The pages of one report; ``width`` and ``landscape`` are known once iteration has begun."""

    def __init__(self, table: ReportTable) -> None:
        self._table = table
        self._plain, self._bold = widths()
        self.landscape = False
        self.width, self._height = _PORTRAIT
        self._page = Page()
        self._y = 0
        self._known: dict[tuple[int, ...], _Columns] = {}
        self._table_block: dict[str, Any] | None = None

    def __iter__(self) -> Iterator[Page]:
        first = True
        for section in self._table.sections:
            if first:
                self._turn(section)
                yield from self._head()
                first = False
            yield from self._section(section)
        if first:
            yield from self._head()
        yield self._page

    def _turn(self, section: Section) -> None:
        """Turn the paper when the columns of the first section need it."""
        units = sum(column.width for _, column in self._table.shown_columns(section))
        if units and self.width / units < _SHARE_MIN:
            self.landscape = True
            self.width, self._height = _LANDSCAPE

    def _head(self) -> Iterator[Page]:
        """Title, what was asked for, and charts."""
        table = self._table
        self._page.blocks.append({"kind": "head", "y": 0})
        self._y = _HEAD_HEIGHT
        rows = [(parameter.label, shown_value(parameter.value, _NO_COLUMN, table.language)) for parameter in table.parameters]
        rows += [
            (paper("prepared", table.language), shown_date(table.prepared_on, table.language)),
            (paper("currency", table.language, currency=table.currency), ""),
        ]
        for label, value in rows:
            lines = broken(value, self.width - _PARAMETER_LABEL, _PARAMETER_SIZE, self._plain, 40)
            for place, line in enumerate(lines or [""]):
                if self._y + _PARAMETER_HEIGHT > self._height:
                    yield from self._next_page()
                block = {"kind": "parameter", "y": self._y, "label": "" if place else label, "value": line, "x": _PARAMETER_LABEL}
                self._page.blocks.append(block)
                self._y += _PARAMETER_HEIGHT
        self._y += 300
        for chart in table.charts:
            if self._y + CHART_HEIGHT > self._height:
                yield from self._next_page()
            self._page.blocks.append({"kind": "chart", "y": self._y, **drawn(chart, table.language, self.width, self._plain)})
            self._y += CHART_HEIGHT + 300

    def _section(self, section: Section) -> Iterator[Page]:
        columns = self._columns(section)
        heading = section.heading
        self._table_block = None if heading else self._table_block
        started = False
        for line in section.lines:
            row = self._row(line, columns)
            if not started:
                yield from self._begin(heading, columns, row["height"])
                started = True
            elif self._y + row["height"] > self._height:
                yield from self._next_page()
                if heading:
                    self._add_heading(f"{heading} …")
                self._add_table(columns)
            self._add_row(row, columns)
        if not started and (section.note or heading):
            if self._y + _HEADING_HEIGHT + _PARAMETER_HEIGHT + _SECTION_GAP > self._height:
                yield from self._next_page()
            if heading:
                self._gap()
                self._add_heading(heading)
            if section.note:
                self._page.blocks.append({"kind": "note", "y": self._y, "text": section.note})
                self._y += _PARAMETER_HEIGHT
            self._table_block = None

    def _begin(self, heading: str, columns: _Columns, first_row: int) -> Iterator[Page]:
        """The heading and the names of the columns, never alone at the foot of a page."""
        needed = _SECTION_GAP + (_HEADING_HEIGHT if heading else 0) + columns.head_height + first_row + 2 * columns.line_height
        if self._y + needed > self._height:
            yield from self._next_page()
        self._gap()
        if heading:
            self._add_heading(heading)
        self._add_table(columns)

    def _gap(self) -> None:
        if self._page.blocks:
            self._y += _SECTION_GAP

    def _add_heading(self, heading: str) -> None:
        text = broken(heading, self.width, _HEADING_SIZE, self._bold, 1)[0]
        self._page.blocks.append({"kind": "heading", "y": self._y, "text": text})
        self._y += _HEADING_HEIGHT

    def _add_table(self, columns: _Columns) -> None:
        """Begin the part of a table that stands on this page, with the names of its columns."""
        self._table_block = {
            "kind": "table",
            "y": self._y,
            "size": columns.size,
            "line": columns.line_height,
            "columns": [
                {"label": label, "x": start, "width": room, "number": column.is_number}
                for label, start, room, (_, column) in zip(columns.labels, columns.starts, columns.room, columns.shown, strict=True)
            ],
            "head": columns.head_height,
            "rows": [],
        }
        self._page.blocks.append(self._table_block)
        self._y += columns.head_height

    def _add_row(self, row: dict[str, Any], columns: _Columns) -> None:
        assert self._table_block is not None
        self._table_block["rows"].append({**row, "y": self._y})
        self._y += row["height"]

    def _row(self, line: Line, columns: _Columns) -> dict[str, Any]:
        """A line as cells: each its text lines and, when an amount needs it, a size of its own."""
        strong = line.line_type in STRONG_LINES
        measure = self._bold if strong else self._plain
        cells: list[dict[str, Any]] = []
        for (place, column), room in zip(columns.shown, columns.room, strict=True):
            text = shown_value(line.values[place], column, self._table.language).replace("-", "−" if column.is_number else "-")
            if column.is_number or column.kind == "date":
                cells.append({"lines": [text] if text else [], "size": _fitting(text, room, columns.size, measure)})
            else:
                cells.append({"lines": broken(text, room, columns.size, measure, _CELL_LINES_MAX), "size": columns.size})
        count = max((len(cell["lines"]) for cell in cells), default=1) or 1
        height = count * columns.line_height
        return {"cells": cells, "strong": strong, "ruled": line.line_type in _RULED, "height": height}

    def _columns(self, section: Section) -> _Columns:
        shown = self._table.shown_columns(section)
        key = tuple(place for place, _ in shown)
        if key not in self._known:
            units = sum(column.width for _, column in shown)
            share = self.width / units
            size = next(size for least, size in _SIZES if share >= least)
            starts, start = [], 0.0
            for _, column in shown:
                starts.append(int(start))
                start += column.width * share
            ends = [*starts[1:], self.width + _GUTTER]
            room = [end - begin - _GUTTER for begin, end in zip(starts, ends, strict=True)]
            for place, ((_, left), (_, right)) in enumerate(pairwise(shown)):
                if left.is_number and not right.is_number:
                    room[place] -= _GUTTER
            labels = [broken(column.label, space, size, self._plain, 3) or [""] for (_, column), space in zip(shown, room, strict=True)]
            self._known[key] = _Columns(shown, starts, room, size, labels)
        return self._known[key]

    def _next_page(self) -> Iterator[Page]:
        yield self._page
        self._page = Page()
        self._y = 0
        self._table_block = None


_NO_COLUMN: Final = Column("", "")


def _fitting(text: str, room: int, size: int, measure: Widths) -> int:
    """The size in which a number fits its column: it is set smaller rather than broken or cut."""
    width = measure.of(text) * size / 10_000 * HUNDREDTHS_PER_POINT
    return size if width <= room else max(int(size * room / width), _SIZE_MIN)


def broken(text: str, room: int, size: int, measure: Widths, lines_max: int) -> list[str]:
    """The text in lines that fit, broken at blanks, or inside a word that is longer than a line; what is more than allowed ends in an ellipsis."""
    most = int(room / HUNDREDTHS_PER_POINT * 10_000 / size)
    if measure.of(text) <= most and "\n" not in text:
        return [text] if text else []
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in _pieces(paragraph, most, measure):
            joined = f"{line} {word}" if line else word
            if measure.of(joined) <= most:
                line = joined
            else:
                lines.append(line)
                line = word
        if line:
            lines.append(line)
    if len(lines) <= lines_max:
        return lines
    last = lines[lines_max - 1]
    while last and measure.of(f"{last}…") > most:
        last = last[:-1]
    return [*lines[: lines_max - 1], f"{last}…"]


def _pieces(text: str, most: int, measure: Widths) -> Iterator[str]:
    """The words of a text; one that is longer than a line in parts."""
    for word in text.split():
        rest = word
        while measure.of(rest) > most and len(rest) > 1:
            end = next(end for end in range(len(rest) - 1, 0, -1) if end == 1 or measure.of(rest[:end]) <= most)
            yield rest[:end]
            rest = rest[end:]
        yield rest


def as_lines(block: dict[str, Any]) -> dict[str, Any]:
    """A block as the template draws it without tags: of a table all lines, each the gaps and texts that follow each other on it.

    A text of known width needs no box to be set to the right, and a table that is one paragraph is drawn several times as fast.
    """
    if block["kind"] != "table":
        return block
    plain, bold = widths()
    columns, size = block["columns"], block["size"]
    labels = [{"lines": column["label"], "size": size} for column in columns]
    depth = max(len(label["lines"]) for label in labels)
    head = [_line_parts(labels, columns, number, plain) for number in range(depth)]
    rows: list[dict[str, Any]] = []
    for row in block["rows"]:
        measure = bold if row["strong"] else plain
        for number in range(max(1, *(len(cell["lines"]) for cell in row["cells"]))):
            rows.append({"strong": row["strong"], "parts": _line_parts(row["cells"], columns, number, measure)})
    rules = [row["y"] for row in block["rows"] if row["ruled"]]
    return {key: block[key] for key in ("kind", "y", "size", "line", "head")} | {"labels": head, "lines": rows, "rules": rules}


def _line_parts(cells: Sequence[dict[str, Any]], columns: Sequence[dict[str, Any]], number: int, measure: Widths) -> list[list[Any]]:
    """The texts of one line: the gap before each, the text, and its size."""
    parts: list[list[Any]] = []
    end = 0
    for cell, column in zip(cells, columns, strict=True):
        if number < len(cell["lines"]):
            text, size = cell["lines"][number], cell["size"]
            width = int(measure.of(text) * size / 10_000 * HUNDREDTHS_PER_POINT)
            start = column["x"] + (column["width"] - width if column["number"] else 0)
            parts.append([max(start - end, 0), text, size])
            end = max(start, end) + width
    return parts


def data_of(table: ReportTable, pages: Pages, part: Sequence[dict[str, Any]], first: int, total: int, *, tagged: bool) -> dict[str, Any]:
    """Some pages of a report as the data of ``report.typ``; ``first`` is the number of the first of them."""
    client = table.client
    page = paper("page", table.language, page="\n", pages="\n").split("\n")
    day = table.prepared_on
    return {
        "language": table.language,
        "title": table.title,
        "client": client.name,
        "address": ", ".join(client.address),
        "number": f"{paper('organization', table.language)} {shown_organization_no(client.organization_no)}",
        "prepared": f"{paper('prepared', table.language)} {shown_date(day, table.language)}",
        "date": [day.year, day.month, day.day],
        "landscape": pages.landscape,
        "width": pages.width,
        "page": page,
        "first": first,
        "total": total,
        "tagged": tagged,
        "pages": [page if tagged else {"blocks": [as_lines(block) for block in page["blocks"]]} for page in part],
    }
