"""Files of customers and documents become lines of NDJSON that say exactly what the file says."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reskontro.cli.common import CommandError
from reskontro.cli.items import open_items


def items_of(path: Path) -> list[Any]:
    """The items that a file turns into, numbers as they are written."""
    return [json.loads(line, parse_float=Decimal) for line in open_items(path).lines()]


def write(tmp_path: Path, content: str | bytes, name: str = "items.csv") -> Path:
    """A file with that content."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


class TestCsv:
    def test_types_follow_the_fields_and_not_the_look_of_the_values(self, tmp_path: Path) -> None:
        """A number is one only where the field is one: customerNo 007 stays a text, dueDays 14 becomes a number."""
        path = write(tmp_path, "customerNo,name,dueDays,vatLiable,limitAmount,postalAddress.postalCode\n007,Kari,14,TRUE,1000.50,0150\n")
        assert items_of(path) == [
            {
                "customerNo": "007",
                "name": "Kari",
                "dueDays": 14,
                "vatLiable": True,
                "limitAmount": Decimal("1000.50"),
                "postalAddress": {"postalCode": "0150"},
            }
        ]

    def test_what_is_no_number_is_passed_on_as_text(self, tmp_path: Path) -> None:
        """The API, not the reader, says what is wrong with a value."""
        path = write(tmp_path, 'customerNo,name,dueDays,limitAmount,vatLiable\n1,Kari,fjorten,"1000,50",ja\n')
        assert items_of(path) == [{"customerNo": "1", "name": "Kari", "dueDays": "fjorten", "limitAmount": "1000,50", "vatLiable": "ja"}]

    def test_amounts_keep_every_digit(self, tmp_path: Path) -> None:
        """No amount passes through a binary number."""
        path = write(tmp_path, "documentType,currencyAmounts.inclVat\nIN,9007199254740993.10\n")
        assert b"9007199254740993.1" in b"".join(open_items(path).lines())

    def test_empty_cells_leave_fields_out_and_empty_rows_are_no_items(self, tmp_path: Path) -> None:
        """An empty cell says nothing, not that a field is to be cleared."""
        path = write(tmp_path, "customerNo,name,postalAddress.cityName\n1,,\n,,\n2,Ola,Oslo\n")
        assert items_of(path) == [{"customerNo": "1"}, {"customerNo": "2", "name": "Ola", "postalAddress": {"cityName": "Oslo"}}]

    def test_several_values_in_a_cell(self, tmp_path: Path) -> None:
        """An array of texts is separated by bars."""
        path = write(tmp_path, "customerNo,name,emailAddressDocument\n1,Kari,a@b.no | c@d.no\n")
        assert items_of(path)[0]["emailAddressDocument"] == ["a@b.no", "c@d.no"]

    def test_numbered_columns_make_arrays_without_gaps(self, tmp_path: Path) -> None:
        """Lines that no cell fills are left out."""
        header = "documentType,documentLines.0.lineNo,documentLines.0.currencyAmounts.vat,documentLines.1.lineNo,documentLines.2.lineNo"
        path = write(tmp_path, f"{header}\nIN,1,2.50,,3\n")
        assert items_of(path) == [
            {"documentType": "IN", "documentLines": [{"lineNo": 1, "currencyAmounts": {"vat": Decimal("2.50")}}, {"lineNo": 3}]}
        ]

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_spreadsheets_of_all_countries(self, tmp_path: Path, delimiter: str) -> None:
        """Comma, semicolon and tab, with the mark that some programs put before UTF-8."""
        text = "\ufeffcustomerNo,name\r\n1,Øystein\r\n".replace(",", delimiter)
        assert items_of(write(tmp_path, text)) == [{"customerNo": "1", "name": "Øystein"}]

    def test_another_encoding_is_refused_with_the_remedy(self, tmp_path: Path) -> None:
        """A file in Windows-1252 would store wrong names."""
        path = write(tmp_path, "customerNo,name\n1,Øystein\n".encode("cp1252"))
        with pytest.raises(CommandError, match=r"not UTF-8.*iconv"):
            items_of(path)

    @pytest.mark.parametrize(
        ("header", "reason"),
        [
            ("customerNo,name,name", "the column name twice"),
            ("name,postalAddress,postalAddress.cityName", "contradict each other"),
            ("documentType,documentLines.0.lineNo,documentLines.lineNo", "contradict each other"),
            ("colour,shape", "not clear what"),
        ],
    )
    def test_headers_that_make_no_sense(self, tmp_path: Path, header: str, reason: str) -> None:
        """They are refused before anything is sent."""
        with pytest.raises(CommandError, match=reason):
            items_of(write(tmp_path, f"{header}\n"))

    def test_a_row_with_too_many_cells_names_its_place(self, tmp_path: Path) -> None:
        """A stray comma must not shift values into other fields."""
        path = write(tmp_path, "customerNo,name\n1,Kari\n2,Prøve, Ola\n")
        with pytest.raises(CommandError, match="Row 3"):
            items_of(path)

    def test_unknown_columns_are_remarked_on(self, tmp_path: Path) -> None:
        """A slip of the pen in the header is told, with what was probably meant."""
        remarks = open_items(write(tmp_path, "customerNo,name,dueDay\n")).remarks
        assert remarks == ("The column dueDay is no field of customers; did you mean dueDays?",)


class TestJson:
    @pytest.mark.parametrize(
        ("content", "entity"),
        [
            ('[{"customerNo": "1", "name": "Kari"}]', "customers"),
            ('{"customers": [{"customerNo": "1", "name": "Kari"}]}', "customers"),
            ('{"documents": [{"documentType": "IN"}]}', "documents"),
            ('{\n "documentType": "IN"\n}', "documents"),
            ('{"documentType": "IN"}\n{"documentType": "CN"}\n', "documents"),
            ('{"metadata": {"userId": "anne"}}\n{"documentType": "CN"}\n', "documents"),
        ],
    )
    def test_every_form_is_recognised(self, tmp_path: Path, content: str, entity: str) -> None:
        """An array, an object around one, a single item, and NDJSON with and without metadata."""
        assert open_items(write(tmp_path, content, "items.json")).entity == entity

    def test_numbers_and_texts_stay_as_they_were_written(self, tmp_path: Path) -> None:
        """Only line ends between the parts of an item are taken out."""
        path = write(tmp_path, '[\n {"documentType": "IN",\n  "x": 1.10, "t": "a\\nb"}\n]', "items.json")
        assert list(open_items(path).lines()) == [b'{"documentType":"IN","x":1.10,"t":"a\\nb"}\n']

    def test_metadata_becomes_the_first_line(self, tmp_path: Path) -> None:
        """Whoever acts is told once for the whole batch."""
        path = write(tmp_path, '{"metadata": {"userId": "anne"}, "customers": [{"customerNo": "1"}]}', "items.json")
        assert list(open_items(path).lines()) == [b'{"metadata":{"userId": "anne"}}\n', b'{"customerNo": "1"}\n']

    @pytest.mark.parametrize(("content", "reason"), [("", "is empty"), ("[]", "no item"), ("[1,", "not JSON"), ('{"a": ', "not JSON")])
    def test_files_without_items(self, tmp_path: Path, content: str, reason: str) -> None:
        """Nothing is sent, and the reason is told."""
        with pytest.raises(CommandError, match=reason):
            open_items(write(tmp_path, content, "items.json"))

    def test_what_the_file_says_wins_over_a_wrong_option(self, tmp_path: Path) -> None:
        """Customers are not sent as documents."""
        with pytest.raises(CommandError, match="holds customers, not documents"):
            open_items(write(tmp_path, '{"customers": [{"name": "Kari"}]}', "items.json"), "documents")

    def test_the_place_in_the_file_is_told(self, tmp_path: Path) -> None:
        """The progress bar ends where the file ends."""
        for name, content in (("a.csv", "name\nKari\n"), ("a.ndjson", '{"name": "a"}\n{"name": "b"}'), ("a.json", '[{"name": "a"}]')):
            file = open_items(write(tmp_path, content, name))
            place = [0]
            assert list(file.lines(place))
            assert place[0] == file.size_bytes


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The error says which file, not which system call."""
    with pytest.raises(CommandError, match=r"nowhere\.csv cannot be read"):
        open_items(tmp_path / "nowhere.csv")
