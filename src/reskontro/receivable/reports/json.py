"""Reports as JSON, written as a stream: the head, the columns, and one object per line."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from reskontro.kit.json import write_json
from reskontro.receivable.reports.csv import LINE_TYPE
from reskontro.receivable.reports.model import ReportTable, Value

CONTENT_TYPE: Final = "application/json"
_LINES_AT_ONCE: Final = 500


def write_json_report(table: ReportTable) -> Iterator[bytes]:
    """The report in pieces; memory does not grow with its lines. The keys of a line are those of the columns; empty cells are null."""
    head: dict[str, Any] = {
        "reportType": table.report_type,
        "title": table.title,
        "language": table.language,
        "clientNo": table.client.client_no,
        "clientName": table.client.name,
        "organizationNo": table.client.organization_no,
        "currency": table.currency,
        "preparedOn": table.prepared_on,
        "parameters": {parameter.key: parameter.value for parameter in table.parameters},
        "columns": [{"key": column.key, "label": column.label, "kind": column.kind} for column in table.columns],
    }
    yield write_json(head)[:-1] + b',"lines":['
    keys = [f',"{column.key}":'.encode() for column in table.columns]
    pieces: list[bytes] = []
    separator = b""
    for section in table.sections:
        for line in section.lines:
            members = b"".join([key + _member(value) for key, value in zip(keys, line.values, strict=True)])
            pieces.append(separator + b'{"' + LINE_TYPE.encode() + b'":"' + line.line_type.encode() + b'"' + members + b"}")
            separator = b",\n"
            if len(pieces) >= _LINES_AT_ONCE:
                yield b"".join(pieces)
                pieces.clear()
    charts = [
        {
            "kind": chart.kind,
            "title": chart.title,
            "labels": list(chart.labels),
            "series": [{"name": series.name, "values": list(series.values)} for series in chart.series],
        }
        for chart in table.charts
    ]
    yield b"".join(pieces) + b'],"charts":' + write_json(charts) + b"}\n"


def _member(value: Value) -> bytes:
    """A value as ``write_json`` writes it, without its looking for containers: there are a million lines of twenty values."""
    if value is None:
        return b"null"
    if isinstance(value, Decimal):
        text = format(value, "f")
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return text.encode()
    return write_json(value)
