"""Reports as PDF: all figures on paper, heads on every page, and thousands of pages without thousands of pages in memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args

import pytest

from reskontro.kit.messages import Language
from reskontro.receivable.pdf_joining import NotOurPdf, join_pdfs
from reskontro.receivable.reports import pdf
from reskontro.receivable.reports.model import Chart, ClientHead, Column, Line, Parameter, ReportTable, Section, Series
from reskontro.receivable.reports.paging import broken
from reskontro.receivable.reports.pdf import write_pdf
from reskontro.receivable.typesetting import widths
from tests.pdf_pages import Box, Picture, find, open_pdf, page_texts, plain, text_of

COLUMNS = (
    Column("glDate", "Posting date", "date"),
    Column("documentNo", "Document"),
    Column("text", "Text", "text", 2.2),
    Column("debit", "Debit", "amount"),
    Column("credit", "Credit", "amount"),
    Column("balance", "Balance", "amount"),
)
HEAD = "Posting date Document Text Debit Credit Balance"
BARS = Chart("bars", "By age", ["Not due", "1-30", "31-60"], [Series("Amount", [Decimal(1000), Decimal("250.50"), Decimal(-400)])])
LINE = Chart("line", "Over time", [f"{day}.10" for day in range(1, 32)], [Series("Open", [Decimal(day * 100) for day in range(31)])])


def lines(count: int, text: str = "Invoice") -> Iterator[Line]:
    yield Line("OPENING", (None, None, "Opening balance", None, None, Decimal("500.00")))
    for number in range(count):
        amount = Decimal(number) + Decimal("1000.25")
        yield Line("POSTING", (date(2026, 10, 1 + number % 28), f"D{number:05d}", text, amount, None, amount + 1))
    yield Line("CLOSING", (None, None, "Closing balance", None, None, Decimal("-7654.30")))


def table(
    sections: Iterator[Section] | list[Section] | None = None, language: Language = "en", charts: tuple[Chart, ...] = (), **changes: object
) -> ReportTable:
    report = ReportTable(
        "LEDGER-SPECIFICATION",
        "Customer specification",
        language,
        ClientHead(3107, "Fjordlys Kraft AS", "310044113", ("Havnegata 7", "6003 Ålesund")),
        "NOK",
        datetime(2026, 11, 25, 23, 30, tzinfo=UTC),
        "Europe/Oslo",
        (Parameter("period", "Period", "2026/10"), Parameter("asOfDate", "As of", date(2026, 10, 31))),
        COLUMNS,
        [Section("100001 Kari Prøve", lines(3))] if sections is None else sections,
        charts,
    )
    return replace(report, **changes)  # type: ignore[arg-type]


def written(report: ReportTable) -> bytes:
    return b"".join(write_pdf(report))


@pytest.fixture
def untagged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of any length are made as long ones are."""
    monkeypatch.setattr(pdf, "TAGGED_PAGES_MAX", 0)


class TestWhatItSays:
    def test_head(self) -> None:
        """Whose report it is, what was asked for, and when it was prepared, by the client's calendar."""
        text = text_of(written(table()))
        for said in (
            "Fjordlys Kraft AS Organisation number 310 044 113 · Havnegata 7, 6003 Ålesund Customer specification",
            "Period 2026/10 As of 2026-10-31 Prepared 2026-11-26 Amounts in NOK",
            "Page 1 of 1",
        ):
            assert said in text

    def test_every_figure(self) -> None:
        """Section, names of the columns, opening balance, postings, closing balance."""
        text = text_of(written(table()))
        assert f"100001 Kari Prøve {HEAD} Opening balance 500.00 2026-10-01 D00000 Invoice 1,000.25 1,001.25" in text
        assert "2026-10-03 D00002 Invoice 1,002.25 1,003.25 Closing balance −7,654.30" in text

    @pytest.mark.parametrize(
        ("language", "amount", "day"), [("nb", "1 000,25", "01.10.2026"), ("nn", "1 000,25", "01.10.2026"), ("en", "1,000.25", "2026-10-01")]
    )
    def test_languages(self, language: Language, amount: str, day: str) -> None:
        """Amounts and dates are written as in the language; the words of the page are of it too."""
        text = text_of(written(table(language=language)))
        assert amount in text and day in text
        assert {"nb": "Side 1 av 1", "nn": "Utarbeidd", "en": "Prepared"}[language] in text

    def test_a_section_without_lines_says_so(self) -> None:
        """The note stands in their place."""
        text = text_of(written(table([Section("100002 Nobody", [], note="No postings")])))
        assert "100002 Nobody No postings" in text

    def test_a_report_without_sections(self) -> None:
        """The head alone."""
        assert "Customer specification" in text_of(written(table([])))

    def test_only_the_columns_that_are_shown(self) -> None:
        """In the order in which the section names them."""
        text = text_of(written(table([Section("", lines(1), shown=("documentNo", "balance"))])))
        assert "Document Balance 500.00 D00000 1,001.25 −7,654.30" in text and "Debit" not in text

    @pytest.mark.usefixtures("untagged")
    def test_a_long_report_says_the_same(self) -> None:
        """In the same words and the same order."""
        assert f"100001 Kari Prøve {HEAD} Opening balance 500.00 2026-10-01 D00000 Invoice 1,000.25 1,001.25" in text_of(written(table()))


class TestPages:
    def test_heads_stand_on_every_page(self) -> None:
        """Client, report, section, names of the columns, page n of m; every line on one page."""
        pages = page_texts(written(table([Section("100001 Kari Prøve", lines(150))])))
        assert len(pages) == 3
        for number, page in enumerate(pages, 1):
            assert HEAD in page and f"Page {number} of 3" in page and "100001 Kari Prøve" in page and "Fjordlys Kraft AS" in page
        assert "100001 Kari Prøve …" in pages[1] and "Customer specification" in pages[2]
        for number in range(150):
            assert sum(page.count(f"D{number:05d}") for page in pages) == 1

    def test_a_heading_is_never_alone_at_the_foot(self) -> None:
        """Wherever a section begins, its first lines are on the same page."""
        sections = [Section(f"Section{number:03d}", lines(number % 5)) for number in range(60)]
        for page in page_texts(written(table(sections))):
            for heading in re.findall(r"Section\d{3}(?! …)", page):
                assert f"{heading} {HEAD} Opening balance" in page

    def test_amounts_end_at_one_edge(self) -> None:
        """Right-aligned, whatever their length, in both ways of drawing."""
        for most in (20, 0):
            pdf_module_limit, pdf.TAGGED_PAGES_MAX = pdf.TAGGED_PAGES_MAX, most
            try:
                content = written(table())
            finally:
                pdf.TAGGED_PAGES_MAX = pdf_module_limit
            edges = [find(content, text).right for text in ("500.00", "1,001.25", "7,654.30", "Balance")]
            assert max(edges) - min(edges) < 0.6 and 193 < edges[0] < 194.5

    def test_long_texts_are_broken_and_stay_in_their_column(self) -> None:
        """A text of many words goes over some lines; one that never ends is cut with an ellipsis."""
        words = "postering " * 12
        content = written(table([Section("", [Line("POSTING", (None, "X" * 35, words, None, None, Decimal(1)))])]))
        assert plain(words) in text_of(content) and "X" * 35 in text_of(content).replace(" ", "")
        cut = text_of(written(table([Section("", [Line("POSTING", (None, None, "ord " * 300, None, None, None))])])))
        assert "…" in cut and cut.count("ord ") < 100

    def test_amounts_of_fifteen_digits_are_whole(self) -> None:
        """They are set smaller rather than broken."""
        longest = Decimal("-9999999999999.99")
        report = table([Section("", [Line("TOTAL", (None, None, "Total", longest, longest, longest))])], language="nb")
        content = written(report)
        assert text_of(content).count("−9 999 999 999 999,99") == 3
        assert Picture(content).ink(Box(194.5, 0, 210, 297)) == 0

    def test_many_columns_turn_the_paper(self) -> None:
        """An ageing of many intervals lies across."""
        many = tuple(Column(f"days{number}", f"Days {number}", "amount") for number in range(11))
        total = Line("TOTAL", tuple(Decimal(f"{number}123456.78") for number in range(1, 12)))
        content = written(table([Section("", [total])], columns=many))
        width, height = open_pdf(content)[0].get_size()
        assert width > height
        assert all(f"{number},123,456.78" in text_of(content) for number in range(1, 12))

    def test_values_are_never_markup(self) -> None:
        """What looks like the language of the template is shown as it is."""
        hostile = '#import "x" $y$ *z* <a> @b [c] \\d'
        report = table([Section(hostile, [Line("POSTING", (None, None, hostile, None, None, None))])], title=hostile)
        assert text_of(written(report)).count(hostile) >= 3


class TestCharts:
    @pytest.mark.parametrize("limit", [20, 0])
    def test_they_are_drawn(self, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Titles, marks and labels are there, and ink where the bars are; without charts that place is of the table."""
        monkeypatch.setattr(pdf, "TAGGED_PAGES_MAX", limit)
        content = written(table(charts=(BARS, LINE)))
        text = text_of(content)
        for said in ("By age", "Not due", "1-30", "31-60", "Over time", "1,000", "−500", "1.10", "31.10"):
            assert said in text
        bar = find(content, "Not")
        axis = find(content, "1,000")
        picture = Picture(content)
        assert picture.ink(Box(bar.left - 5, axis.bottom + 4, bar.right + 5, axis.bottom + 14)) > 1_000
        assert picture.ink(Box(find(content, "1-30").left, axis.bottom + 1, find(content, "1-30").right, axis.bottom + 4)) == 0

    def test_their_figures_are_told_to_who_cannot_see_them(self) -> None:
        """A tagged chart has its figures as an alternative text."""
        content = written(table(charts=(BARS,)))
        told = "By age. Amount: Not due 1,000, 1-30 250.50, 31-60 -400"
        assert told.encode() in content or told.encode("utf-16-be") in content

    def test_charts_of_nothing(self) -> None:
        """No figures, or zeros alone, are no fault."""
        empty = (Chart("bars", "None", [], [Series("A", [])]), Chart("line", "Zero", ["a"], [Series("A", [Decimal(0)]), Series("B", [Decimal(0)])]))
        assert "Zero" in text_of(written(table(charts=empty)))


class TestTheFile:
    @pytest.mark.parametrize("language", get_args(Language))
    def test_short_reports_are_accessible(self, language: Language) -> None:
        """Tagged, with language and title, as PDF/UA wants it."""
        content = written(table(language=language))
        assert f"/Lang({language})".encode() in content and b"/StructTreeRoot" in content and b"pdfuaid:part" in content
        assert open_pdf(content).get_metadata_value("Title") == "Customer specification"

    @pytest.mark.usefixtures("untagged")
    def test_a_joined_report_keeps_its_properties(self) -> None:
        """Title, author, date and language of the first part."""
        content = written(table([Section("S", lines(2_000))], language="nn"))
        document = open_pdf(content)
        assert len(document) == len(page_texts(content)) > pdf.PART_PAGES
        assert document.get_metadata_value("Title") == "Customer specification" and b"/Lang(nn)" in content
        assert document.get_metadata_value("CreationDate").startswith("D:20261126")
        assert f"Side {len(document)} av {len(document)}" in page_texts(content)[-1]

    @pytest.mark.parametrize("count", [3, 2_000])
    def test_the_same_report_is_the_same_bytes(self, count: int) -> None:
        """Short or long."""
        first, second = (written(table([Section("S", lines(count))], charts=(BARS,))) for _ in range(2))
        assert first == second

    def test_both_ways_look_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A page of a long report looks like one of a short report."""
        pictures = []
        for limit in (20, 0):
            monkeypatch.setattr(pdf, "TAGGED_PAGES_MAX", limit)
            pictures.append(Picture(written(table([Section("S", lines(30, "Text that has to be broken since it is far too long for a line"))]))))
        for top in range(20, 280, 5):
            band = Box(10, top, 200, top + 5)
            one, other = (picture.ink(band) for picture in pictures)
            assert abs(one - other) <= 40 + one // 10

    @pytest.mark.slow
    def test_memory_does_not_grow_with_the_lines(self) -> None:
        """Four times the lines take about the same memory."""
        small, large = peak_of(3_000), peak_of(12_000)
        assert large < small + 40_000

    def test_what_is_no_pdf_of_ours_is_not_joined(self) -> None:
        """The reader of parts does not guess."""
        for part in (b"", b"%PDF-1.4\n", written(table())[:-200]):
            with pytest.raises(NotOurPdf):
                list(join_pdfs([part], "en"))

    def test_a_joined_file_can_be_read_by_the_reader_of_parts(self) -> None:
        """Its cross-reference table names every object where it is."""
        part = written(table())
        joined = b"".join(join_pdfs([part, part], "en"))
        again = b"".join(join_pdfs([joined], "en"))
        assert page_texts(again) == page_texts(part) * 2


def peak_of(count: int) -> int:
    """The most memory, in KiB, that a process needs to write a report of so many lines."""
    program = (
        "import resource, sys; from tests.unit.reports.test_pdf import lines, table; from reskontro.receivable.reports.model import Section;"
        "from reskontro.receivable.reports.pdf import write_pdf;"
        f"size = sum(len(piece) for piece in write_pdf(table([Section('S', lines({count}))])));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    return int(printed.stdout)


class TestBrokenLines:
    def test_every_line_fits_and_nothing_is_lost(self) -> None:
        """Words stay whole when they fit a line, and all letters come back in order."""
        measure = widths()[0]
        text = "Kraftleveranse for oktober til Åsgårdstrand " + "x" * 80 + " og Ørje"
        found = broken(text, 3_000, 80, measure, 40)
        assert all(measure.of(line) * 80 / 10_000 * 35.2778 <= 3_000 for line in found)
        assert "".join(found).replace(" ", "") == text.replace(" ", "")

    def test_nothing_is_no_line(self) -> None:
        """An empty cell has none."""
        assert broken("", 3_000, 80, widths()[0], 4) == []
