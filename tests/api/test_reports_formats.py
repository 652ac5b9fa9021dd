"""Aim: every form of a report holds the same lines, opens in the programs it is meant for, and is the same bytes for the same data."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from reskontro.receivable.reports import xlsx
from reskontro.receivable.reports.texts import LABELS, PAPER, TITLES
from tests.api.reports import as_json, content, csv_rows, fill, set_language, year
from tests.house import House
from tests.pdf_pages import text_of

REPORTS: dict[str, dict[str, Any]] = {
    "ageing-total": {"reportType": "AGEING", "level": "TOTAL"},
    "ageing-customer": {"reportType": "AGEING"},
    "ageing-item": {"reportType": "AGEING", "level": "ITEM"},
    "open-items": {"reportType": "OPEN-ITEMS", "asOfDate": "2026-10-31"},
    "statement": {"reportType": "CUSTOMER-STATEMENT", "customerNos": ["100003"], "fromDate": "2026-10-01", "toDate": "2026-11-30"},
    "ledger": year("LEDGER-SPECIFICATION", 9, 11),
    "account": year("ACCOUNT-SPECIFICATION", 9, 11),
    "trial": year("TRIAL-BALANCE"),
}
LANGUAGES = ("en", "nb", "nn")
FORMULA = "=cmd|' /C calc'!A0"
every_report = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
every_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def full(module_house: House) -> House:
    """A ledger with something of everything; these tests only read it."""
    module_house.customer("100001", "Kari Prøve")
    module_house.customer("100002", "Skogly Prøvedrift AS", organizationNo="123456785")
    fill(module_house)
    return module_house


def sheet(data: bytes, name: str | None = None) -> list[tuple[Any, ...]]:
    """The values of a sheet, the first unless it is named."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    return list((book[name] if name else book.worksheets[0]).iter_rows(values_only=True))


def table(data: bytes) -> list[tuple[Any, ...]]:
    """The rows below the head of a sheet, without the labels."""
    rows = sheet(data)
    start = next(number for number, row in enumerate(rows) if row[1] is not None and row[2] is not None and number > 3)
    return rows[start + 1 :]


@every_report
@every_language
def test_csv_holds_the_lines_of_the_json(full: House, report: dict[str, Any], language: str) -> None:
    """Column for column and row for row, with the signs of the language."""
    expected = as_json(full, **report, language=language)
    rows = csv_rows(content(full, {**report, "format": "CSV", "language": language}), language)
    keys = ["lineType", *(column["key"] for column in expected["columns"])]
    kinds = {"lineType": "text"} | {column["key"]: column["kind"] for column in expected["columns"]}
    assert [list(row) for row in rows] == [keys] * len(expected["lines"])
    for row, line in zip(rows, expected["lines"], strict=True):
        for key in keys:
            if line[key] is None:
                assert row[key] == ""
            elif kinds[key] in ("amount", "percent"):
                assert Decimal(row[key].replace(",", ".") if language != "en" else row[key]) == line[key]
                assert ("." if language != "en" else ",") not in row[key]
            elif kinds[key] == "text" and line[key].startswith("="):
                assert row[key] == f"'{line[key]}"
            else:
                assert row[key] == str(line[key])


@every_report
@every_language
def test_xlsx_holds_the_lines_of_the_json(full: House, report: dict[str, Any], language: str) -> None:
    """The same table: texts as texts, amounts and dates as numbers that a sheet can add up and sort."""
    expected = as_json(full, **report, language=language)
    rows = table(content(full, {**report, "format": "XLSX", "language": language}))
    kinds = ["text", *(column["kind"] for column in expected["columns"])]
    assert len(rows) == len(expected["lines"])
    for row, line in zip(rows, expected["lines"], strict=True):
        for found, wanted, kind in zip(row, line.values(), kinds, strict=True):
            if kind == "date" and wanted is not None:
                assert found == datetime.fromisoformat(wanted)
            elif kind in ("amount", "percent") and wanted is not None:
                assert isinstance(found, int | float) and Decimal(str(found)) == wanted
            else:
                assert found == wanted


@every_report
@pytest.mark.parametrize("report_format", ["CSV", "JSON", "XLSX", "PDF"])
def test_the_same_bytes_again(full: House, report: dict[str, Any], report_format: str) -> None:
    """Nothing of the moment or the machine is in a file but the date of preparation."""
    first, second = (content(full, {**report, "format": report_format}) for _ in range(2))
    assert first == second


class TestHead:
    @pytest.mark.parametrize(
        ("language", "title", "prepared"),
        [
            ("en", "Customer specification", "Prepared"),
            ("nb", "Kundespesifikasjon", "Utarbeidet"),
            ("nn", "Kundespesifikasjon", "Utarbeidd"),
        ],
    )
    def test_of_a_sheet(self, full: House, language: str, title: str, prepared: str) -> None:
        """What, whose, over which days, and when it was prepared."""
        rows = sheet(content(full, year("LEDGER-SPECIFICATION", 10, 10, format="XLSX", language=language)))
        head = {row[0]: row[3] for row in rows[:9]}
        assert rows[0][0] == title
        assert rows[1][0] == "Client 3107"
        assert "310044113" in head.values()
        assert head[prepared] == datetime.fromisoformat("2026-11-25")
        assert datetime.fromisoformat("2026-10-01") in head.values() and datetime.fromisoformat("2026-10-31") in head.values()

    def test_of_a_json(self, full: House) -> None:
        """The same as data."""
        report = as_json(full, **year("ACCOUNT-SPECIFICATION", 10, 10), language="en")
        head = {key: value for key, value in report.items() if key not in ("columns", "lines", "charts")}
        assert head == {
            "reportType": "ACCOUNT-SPECIFICATION",
            "title": "Account specification",
            "language": "en",
            "clientNo": 3107,
            "clientName": "Client 3107",
            "organizationNo": "310044113",
            "currency": "NOK",
            "preparedOn": "2026-11-25",
            "parameters": {"glYear": 2026, "period": "10", "fromDate": "2026-10-01", "toDate": "2026-10-31"},
        }

    @pytest.mark.parametrize(("base", "expected"), [("no", "nb"), ("nb", "nb"), ("nn", "nn"), ("en", "en"), ("sv", "en")])
    def test_the_clients_language(self, full: House, base: str, expected: str) -> None:
        """Without a language the client's own, English where there is no report in it."""
        set_language(full, base)
        try:
            assert as_json(full, reportType="AGEING")["language"] == expected
        finally:
            set_language(full, "no")


class TestSheets:
    def test_nothing_is_a_formula(self, full: House) -> None:
        """A name that begins with an equals sign is a text, and the file has no formulas at all."""
        data = content(full, {"reportType": "OPEN-ITEMS", "format": "XLSX"})
        assert any(FORMULA in row for row in sheet(data))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert all(b"<f>" not in archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet"))

    def test_charts(self, full: House) -> None:
        """A bar for each interval, and a line over time, drawn from cells of their own sheet."""
        for report, kind in ((REPORTS["ageing-customer"], "barChart"), (REPORTS["statement"], "lineChart")):
            data = content(full, {**report, "format": "XLSX", "language": "en"})
            expected = as_json(full, **report, language="en")["charts"][0]
            rows = sheet(data, "Chart")
            assert [row[0] for row in rows[1:]] == expected["labels"]
            assert [Decimal(str(row[1])) for row in rows[1:]] == expected["series"][0]["values"]
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                assert kind.encode() in archive.read("xl/charts/chart1.xml")

    def test_a_report_that_is_longer_than_a_sheet(self, full: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """It goes on in another one, under the same labels; no line is lost."""
        expected = as_json(full, **REPORTS["account"], language="en")["lines"]
        monkeypatch.setattr(xlsx, "SHEET_ROWS_MAX", 30)
        book = openpyxl.load_workbook(io.BytesIO(content(full, {**REPORTS["account"], "format": "XLSX", "language": "en"})))
        sheets = [list(one.iter_rows(values_only=True)) for one in book.worksheets]
        assert [one.title for one in book.worksheets][:2] == ["Account specification", "Account specification 2"]
        kinds = ("OPENING", "POSTING", "CLOSING")
        found = [row[0] for rows in sheets for row in rows if row[0] in kinds]
        assert found == [line["lineType"] for line in expected]
        assert all(len(rows) <= 30 for rows in sheets)


class TestPaper:
    def test_a_foreign_currency_is_kept(self, full: House) -> None:
        """A statement with postings in another currency shows their own amounts; another customer's has no column for them."""
        report = {"reportType": "CUSTOMER-STATEMENT", "format": "PDF", "language": "en", "fromDate": "2026-10-01", "toDate": "2026-11-30"}
        foreign, plain = (text_of(content(full, {**report, "customerNos": [number]})).partition("Open items")[0] for number in ("100003", "100001"))
        assert "EUR −60.00" in foreign and "EUR 125.00" in foreign
        assert "Original amount" not in plain


class TestTexts:
    def test_every_language_has_every_word(self) -> None:
        """No empty words, and the same braces in each language."""
        for words in (*LABELS.values(), *PAPER.values(), *TITLES.values()):
            assert all(words)
            assert len({tuple(sorted(part.split("}")[0] for part in word.split("{")[1:])) for word in words}) == 1

    def test_letters_of_other_scripts(self, full: House) -> None:
        """They come back from every form as they were sent."""
        full.customer("100009", "Ærlig Ødegård & Søn «Åse» 漢字 🙂")
        report = {"reportType": "CUSTOMER-STATEMENT", "customerNos": ["100009"], "fromDate": "2026-10-01", "toDate": "2026-10-31"}
        name = "100009 Ærlig Ødegård & Søn «Åse» 漢字 🙂"
        assert json.loads(content(full, {**report, "format": "JSON"}))["parameters"]["customer"] == name
        assert any(name in row for row in sheet(content(full, {**report, "format": "XLSX"})))


def test_csv_opens_in_a_plain_reader(full: House) -> None:
    """RFC 4180: the lines end in CR LF and every row has as many cells as the first."""
    data = content(full, {**REPORTS["open-items"], "format": "CSV", "language": "nb"})
    text = data.decode("utf-8-sig")
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    assert len({len(row) for row in rows}) == 1
