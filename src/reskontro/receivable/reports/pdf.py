"""Reports as PDF: a head, charts, and tables whose column names stand on every page, with page n of m.

A report of some pages is tagged for screen readers (PDF/UA-1). A longer one is drawn some pages at a time and joined, so that memory does
not grow with it, and is untagged: tags would make it twenty times as large. Equal reports give equal bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import IO, Any, Final

from reskontro.kit.json import read_json, write_json
from reskontro.receivable.pdf_joining import join_pdfs
from reskontro.receivable.reports.model import ReportTable
from reskontro.receivable.reports.paging import Pages, data_of
from reskontro.receivable.typesetting import Sheets, forget

CONTENT_TYPE: Final = "application/pdf"
TAGGED_PAGES_MAX: Final = 20
PART_PAGES: Final = 20
_TEMPLATE: Final = "reports/report.typ"
_SPOOL_BYTES: Final = 4 << 20


def write_pdf(table: ReportTable, before: Callable[[], bytes] | None = None) -> Iterator[bytes]:
    """The report in pieces; after the untagged file that ``before`` makes, when there is one."""
    pages = Pages(table)
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
        total = sum(1 for page in pages if spool.write(write_json(page.data()) + b"\n"))
        spool.seek(0)
        if before is not None:
            yield from join_pdfs(chain((before(),), _parts(table, pages, spool, total)), table.language)
        elif total <= TAGGED_PAGES_MAX:
            yield _part(table, pages, _read(spool, total), 1, total, tagged=True)
        else:
            yield from join_pdfs(_parts(table, pages, spool, total), table.language)
        forget()


def _parts(table: ReportTable, pages: Pages, spool: IO[bytes], total: int) -> Iterator[bytes]:
    for first in range(1, total + 1, PART_PAGES):
        yield _part(table, pages, _read(spool, PART_PAGES), first, total, tagged=False)
        forget()


def _read(spool: IO[bytes], count: int) -> list[dict[str, Any]]:
    return [read_json(line) for line in islice(spool, count)]


def _part(table: ReportTable, pages: Pages, part: list[dict[str, Any]], first: int, total: int, *, tagged: bool) -> bytes:
    sheets = Sheets(_TEMPLATE, [data_of(table, pages, part, first, total, tagged=tagged)])
    return sheets.pdf(0, table.prepared_on, tagged=tagged)
