"""Reports as CSV: UTF-8 with a byte order mark, so that spreadsheets read letters as they are; separator and decimal sign by language.

One row per line of the report; columns are named as the keys of its JSON form, dates are YYYY-MM-DD.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from reskontro.kit.messages import Language
from reskontro.kit.shown import plain_cell
from reskontro.receivable.reports.model import Column, ReportTable, Value

LINE_TYPE: Final = "lineType"
CONTENT_TYPE: Final = "text/csv; charset=utf-8"
_BYTE_ORDER_MARK: Final = "\ufeff"
_PIECE_CHARACTERS: Final = 64 * 1024


def write_csv(table: ReportTable) -> Iterator[bytes]:
    """The report in pieces; memory does not grow with its lines."""
    keys = (LINE_TYPE, *(column.key for column in table.columns))
    lines = (line for section in table.sections for line in section.lines)
    return csv_pieces(keys, ((line.line_type, *line.values) for line in lines), table.language)


def proposal_csv(columns: Sequence[Column], rows: Iterable[Sequence[Value]], language: Language) -> Iterator[bytes]:
    """The list of what a run would do, in pieces: a row has a value for each column."""
    return csv_pieces([column.key for column in columns], rows, language)


def csv_pieces(keys: Sequence[str], rows: Iterable[Sequence[Value]], language: Language) -> Iterator[bytes]:
    """Rows under a line of keys, in pieces of some ten thousand characters."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter="," if language == "en" else ";", lineterminator="\r\n")
    comma = language != "en"
    buffer.write(_BYTE_ORDER_MARK)
    writer.writerow(keys)
    for row in rows:
        writer.writerow([_cell(value, comma=comma) for value in row])
        if buffer.tell() >= _PIECE_CHARACTERS:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _cell(value: Value, *, comma: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return plain_cell(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.replace(".", ",") if comma else text
    return str(value)
