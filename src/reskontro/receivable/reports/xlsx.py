"""Reports as XLSX: the head, one table of all lines that can be sorted and filtered, and the charts on a sheet of their own.

Equal reports give equal bytes: the properties have the day of preparation as their times, and the archive has fixed ones. Texts are written
as texts, never as formulas. Rows go to disk as they are written, so memory does not grow with them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from reskontro.receivable.reports.csv import LINE_TYPE
from reskontro.receivable.reports.model import STRONG_LINES, Chart, Column, ReportTable, Value
from reskontro.receivable.reports.texts import paper

CONTENT_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_ROWS_MAX: Final = 1_048_576
"""Rows that a sheet of the format can have; a longer report goes on in another."""
TEXT_CHARACTERS_MAX: Final = 32_767
_PIECE_BYTES: Final = 256 * 1024
_CHARACTERS_PER_WIDTH: Final = 13
_OPTIONS: Final = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_xlsx(table: ReportTable) -> Iterator[bytes]:
    """The report in pieces."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as file:
        workbook: Workbook = xlsxwriter.Workbook(file, {**_OPTIONS, "tmpdir": folder})
        moment = datetime.combine(table.prepared_on, time())
        workbook.set_properties({"title": table.title, "author": table.client.name, "company": table.client.name, "created": moment})
        _Sheets(workbook, table).write()
        workbook.close()
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece


class _Sheets:
    """The sheets of one report as they are being written."""

    def __init__(self, workbook: Workbook, table: ReportTable) -> None:
        self._workbook = workbook
        self._table = table
        date_format = "yyyy-mm-dd" if table.language == "en" else "dd.mm.yyyy"
        formats = {"text": {}, "integer": {"num_format": "0"}, "date": {"num_format": date_format, "align": "left"}}
        formats |= {"amount": {"num_format": "#,##0.00"}, "percent": {"num_format": "0.00"}}
        self._plain: dict[str, Format] = {kind: workbook.add_format(options) for kind, options in formats.items()}
        self._strong: dict[str, Format] = {kind: workbook.add_format({**options, "bold": True}) for kind, options in formats.items()}
        self._title = workbook.add_format({"bold": True, "font_size": 14})
        self._header = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._columns = (Column(LINE_TYPE, paper("line", table.language), "text", 0.9), *table.columns)
        self._sheet: Worksheet
        self._row = 0
        self._header_row = 0
        self._sheets = 0

    def write(self) -> None:
        """Write all of it."""
        self._new_sheet()
        for section in self._table.sections:
            for line in section.lines:
                if self._row >= SHEET_ROWS_MAX:
                    self._close_sheet()
                    self._new_sheet()
                formats = self._strong if line.line_type in STRONG_LINES else self._plain
                self._cell(0, line.line_type, formats["text"])
                for place, (column, value) in enumerate(zip(self._table.columns, line.values, strict=True), 1):
                    self._cell(place, value, formats[column.kind])
                self._row += 1
        self._close_sheet()
        if self._table.charts:
            self._charts()

    def _new_sheet(self) -> None:
        self._sheets += 1
        name = self._table.title[:25] if self._sheets == 1 else f"{self._table.title[:25]} {self._sheets}"
        self._sheet = self._workbook.add_worksheet(name)
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, round(_CHARACTERS_PER_WIDTH * column.width, 1))
        self._sheet.set_landscape()
        self._sheet.set_paper(9)
        self._sheet.fit_to_pages(1, 0)
        self._row = 0
        if self._sheets == 1:
            self._head()
        self._header_row = self._row
        for place, column in enumerate(self._columns):
            self._sheet.write_string(self._row, place, column.label, self._header)
        self._sheet.repeat_rows(self._header_row)
        self._sheet.freeze_panes(self._header_row + 1, 0)
        self._row += 1

    def _head(self) -> None:
        table = self._table
        self._cell(0, table.title, self._title)
        rows: list[tuple[str, Value]] = [
            (table.client.name, None),
            (paper("organization", table.language), table.client.organization_no),
            *((parameter.label, parameter.value) for parameter in table.parameters),
            (paper("currency", table.language, currency=table.currency), None),
            (paper("prepared", table.language), table.prepared_on),
        ]
        for self._row, (name, value) in enumerate(rows, 1):
            self._cell(0, name, self._plain["text"])
            self._cell(3, value, self._plain["date" if isinstance(value, date) else "text"])
        self._row += 2

    def _close_sheet(self) -> None:
        self._sheet.autofilter(self._header_row, 0, max(self._row - 1, self._header_row), len(self._columns) - 1)

    def _cell(self, place: int, value: Value, style: Format) -> None:
        _write(self._sheet, self._row, place, value, style)

    def _charts(self) -> None:
        """Figures of each chart beside each other, and the charts drawn from them."""
        sheet = self._workbook.add_worksheet(paper("chart", self._table.language))
        charts = self._table.charts
        name = sheet.get_name()
        rows = max(len(chart.labels) for chart in charts)
        starts = []
        place = 0
        for chart in charts:
            starts.append(place)
            place += len(chart.series) + 2
        for row in range(rows + 1):
            for start, chart in zip(starts, charts, strict=True):
                if row > len(chart.labels):
                    continue
                if row:
                    _write(sheet, row, start, chart.labels[row - 1], self._plain["text"])
                for number, series in enumerate(chart.series, 1):
                    value: Value = series.values[row - 1] if row else series.name
                    _write(sheet, row, start + number, value, self._plain["amount"] if row else self._header)
        for number, (start, chart) in enumerate(zip(starts, charts, strict=True)):
            sheet.insert_chart(1 + 20 * number, place + 1, self._drawn(chart, name, start))

    def _drawn(self, chart: Chart, sheet: str, start: int) -> Any:
        kind = {"bars": "column", "line": "line"}[chart.kind]
        drawn = self._workbook.add_chart({"type": kind})
        last = len(chart.labels)
        for number, _ in enumerate(chart.series, 1):
            drawn.add_series(
                {
                    "name": [sheet, 0, start + number],
                    "categories": [sheet, 1, start, last, start],
                    "values": [sheet, 1, start + number, last, start + number],
                }
            )
        drawn.set_title({"name": chart.title})
        if len(chart.series) == 1:
            drawn.set_legend({"none": True})
        drawn.set_size({"width": 720, "height": 380})
        return drawn


def _write(sheet: Worksheet, row: int, place: int, value: Value, style: Format) -> None:
    if value is None:
        return
    if isinstance(value, str):
        sheet.write_string(row, place, value[:TEXT_CHARACTERS_MAX], style)
    elif isinstance(value, date):
        sheet.write_datetime(row, place, value, style)
    else:
        sheet.write_number(row, place, float(value) if isinstance(value, Decimal) else value, style)
