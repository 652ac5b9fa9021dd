"""Reports as CSV: encoding, signs of the language, and texts that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from reskontro.kit.messages import Language
from reskontro.receivable.reports.csv import proposal_csv, write_csv
from reskontro.receivable.reports.model import ClientHead, Column, Line, ReportTable, Section, Value

COLUMNS = (
    Column("customerNo", "Customer"),
    Column("dueDate", "Due", "date"),
    Column("openAmount", "Open", "amount"),
    Column("days", "Days", "integer"),
)


def written(rows: list[tuple[Value, ...]], language: Language = "en") -> bytes:
    return b"".join(proposal_csv(COLUMNS, rows, language))


def read(content: bytes, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


class TestCells:
    def test_english(self) -> None:
        """Commas between, a point in amounts, a byte order mark before everything."""
        content = written([("Øvelse", date(2026, 10, 5), Decimal("1250.50"), 14)])
        assert content == "\ufeffcustomerNo,dueDate,openAmount,days\r\nØvelse,2026-10-05,1250.50,14\r\n".encode()

    @pytest.mark.parametrize("language", ["nb", "nn"])
    def test_norwegian(self, language: Language) -> None:
        """Semicolons between, a comma in amounts; dates as everywhere."""
        content = written([("100001", date(2026, 10, 5), Decimal("-1250.50"), 14)], language)
        assert read(content, ";")[1] == ["100001", "2026-10-05", "-1250,50", "14"]

    @pytest.mark.parametrize("text", ["=1+1", "+47 22", "-5", "@SUM(A1)", "\t=1+1", "\r=1+1", "\tsum", '"=1+1"', " =1+1"])
    def test_texts_like_formulas(self, text: str) -> None:
        """A text gets an apostrophe, an amount that begins with a minus does not."""
        rows = read(written([(text, None, Decimal(-5), -5)]), ",")
        assert rows[1] == [f"'{text}".replace("\t=", "\t'=").replace("\r=", "\r'="), "", "-5", "-5"]

    @pytest.mark.parametrize("language", ["en", "nb"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize(
        "text", ["Fjord;=1+1", "Fjord,=1+1", "Fjord\t@SUM(A1)", "a\n=1+1", "a\r\n+1", 'a;"=1+1"', 'a,"";-1', "a, =1+1", 'say "x",=1', '";=1"', ",;=1"]
    )
    def test_formulas_in_the_middle(self, text: str, delimiter: str, language: Language) -> None:
        """Whichever separator a spreadsheet expects, no cell that it finds begins like a formula."""
        content = written([("100001", None, Decimal("12.50"), 14), (text, None, None, None)], language).decode("utf-8-sig")
        for rows in (read(written([(text, None, None, None)], language), delimiter), [row.split(delimiter) for row in content.splitlines()]):
            assert not [cell for row in rows for cell in row if cell.lstrip(' "').startswith(("=", "+", "-", "@", "\t", "\r"))]

    @pytest.mark.parametrize("text", ["2026-10-05", "a+b", "anne@example.no", "Storgata 5, 0155 Oslo", "A=B; c", "x - y, z"])
    def test_other_texts_stay(self, text: str) -> None:
        """The signs of formulas elsewhere than at a beginning do nothing."""
        assert read(written([(text, None, None, None)]), ",")[1][0] == text

    @pytest.mark.parametrize("text", ["a,b", 'he said "no"', "two\nlines", " blanks "])
    def test_texts_that_need_quotes(self, text: str) -> None:
        """They come back as they were."""
        assert read(written([(text, None, None, None)]), ",")[1][0] == text

    def test_many_rows_come_in_pieces(self) -> None:
        """The pieces are small, and nothing is lost between them."""
        pieces = list(proposal_csv(COLUMNS, ((f"{number}", None, None, number) for number in range(50_000)), "en"))
        assert max(map(len, pieces)) < 200_000
        assert [row[3] for row in read(b"".join(pieces), ",")[1:]] == [str(number) for number in range(50_000)]


def test_a_report() -> None:
    """A row for every line of every section, led by its type."""
    sections = (
        Section("1500", [Line("OPENING", ("1500", None, Decimal("1.00"), None))]),
        Section("1920", [Line("CLOSING", ("1920", None, Decimal("2.00"), None))]),
    )
    head = ClientHead(3107, "Prøve AS", "310044113")
    table = ReportTable("TRIAL-BALANCE", "Trial balance", "en", head, "NOK", datetime(2026, 11, 1, tzinfo=UTC), "Europe/Oslo", (), COLUMNS, sections)
    rows = read(b"".join(write_csv(table)), ",")
    assert rows == [
        ["lineType", "customerNo", "dueDate", "openAmount", "days"],
        ["OPENING", "1500", "", "1.00", ""],
        ["CLOSING", "1920", "", "2.00", ""],
    ]
