"""Files of Nets: lines of 80 characters, and records described by their fields.

A record is described once, by positions; the description gives the pattern that reads it and the place of what is wrong
with a line that does not fit. Positions count from 1 and are inclusive, as in the specifications.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from reskontro.norway.format_fault import AMOUNT_DIGITS_MAX, FormatFault

RECORD_LENGTH: Final = 80
ENCODING: Final = "iso-8859-1"
WINDOW_START: Final = 1980
"""A year of two digits is one of the hundred years from here on: 80 is 1980, 79 is 2079."""

NO_DATE: Final = "000000"
PRINTABLE: Final = r"[^\x00-\x1f\x7f-\x9f]"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf".decode(ENCODING)
_LINE_MAX = RECORD_LENGTH + 2  # with the two characters of a line end


class Lines:
    """The records of a file, read piece by piece: iterating gives texts of exactly 80 characters.

    Passed over are a UTF-8 byte order mark before the first record, CR before LF, and blank lines after the last
    record. Any other line that is longer or shorter is a FormatFault with reason LINE_LENGTH. ``number`` is the line
    number of the record given last (from 1), ``last`` that record, empty before the first.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.number = 0
        self.last = ""
        self._records = self._read(pieces)

    def __iter__(self) -> Iterator[str]:
        return self._records

    def _read(self, pieces: Iterable[bytes]) -> Iterator[str]:
        number = 0
        blank = 0
        for text in self._lines(pieces):
            number += 1
            line = text[:-1] if text.endswith("\r") else text
            if line[:2] != "NY" and not line.strip(" \t"):
                blank = blank or number
                continue
            if blank:
                raise FormatFault("the line is blank, and records follow it", line=blank, reason="LINE_LENGTH")
            if len(line) != RECORD_LENGTH:
                raise FormatFault(f"the record has {len(line)} characters instead of 80", line=number, reason="LINE_LENGTH")
            self.number = number
            self.last = line
            yield line

    @staticmethod
    def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
        rest = ""
        begun = False
        number = 1
        for piece in pieces:
            rest += piece.decode(ENCODING)
            if not begun:
                if len(rest) < len(_BYTE_ORDER_MARK):
                    continue
                rest = rest.removeprefix(_BYTE_ORDER_MARK)
                begun = True
            lines = rest.split("\n")
            rest = lines.pop()
            yield from lines
            number += len(lines)
            if len(rest) > _LINE_MAX and rest.strip(" \t"):
                # Without this a file without line ends would be gathered in memory as one line.
                raise FormatFault("the record has more than 80 characters", line=number, reason="LINE_LENGTH")
            if len(rest) > _LINE_MAX:
                rest = " " * _LINE_MAX
        if not begun:
            rest = rest.removeprefix(_BYTE_ORDER_MARK)
        if rest:
            yield rest


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record: where it is, which characters it takes, what to call it, and whether its value is wanted."""

    first: int
    last: int
    pattern: str
    name: str
    wanted: bool = True


def digits(first: int, last: int, name: str) -> Field:
    """Digits, filled with zeros on the left."""
    return Field(first, last, f"[0-9]{{{last - first + 1}}}", name)


def text(first: int, last: int, name: str) -> Field:
    """Any characters but control characters: information that never refuses a file."""
    return Field(first, last, f"{PRINTABLE}{{{last - first + 1}}}", name)


def one_of(first: int, last: int, alternatives: str, name: str) -> Field:
    """What the regular expression ``alternatives`` takes; it must take as many characters as there are positions."""
    return Field(first, last, alternatives, name)


def zeros(first: int, last: int) -> Field:
    """Filler."""
    return Field(first, last, f"0{{{last - first + 1}}}", "filler, which must be zeros", wanted=False)


def blanks(first: int, last: int) -> Field:
    """Filler."""
    return Field(first, last, f" {{{last - first + 1}}}", "filler, which must be blanks", wanted=False)


def filler_digits(first: int, last: int) -> Field:
    """Filler that is zeros by the text of a specification and digits in its own example."""
    return Field(first, last, f"[0-9]{{{last - first + 1}}}", "filler, which must be digits", wanted=False)


class Layout:
    """A kind of record. ``prefix`` is a pattern for the eight characters that say what kind it is."""

    __slots__ = ("_fields", "_fullmatch", "_name", "_prefix")

    def __init__(self, name: str, prefix: str, *fields: Field) -> None:
        expected = 9
        for field in fields:
            if field.first != expected:
                raise ValueError(f"{name}: position {expected} is in no field")
            expected = field.last + 1
        if expected != RECORD_LENGTH + 1:
            raise ValueError(f"{name}: position {expected} is in no field")
        self._name = name
        self._prefix = re.compile(prefix)
        self._fields = fields
        self._fullmatch = re.compile(f"(?:{prefix})" + "".join(f"({field.pattern})" if field.wanted else field.pattern for field in fields)).fullmatch

    def is_kind_of(self, line: str) -> bool:
        """Whether the line begins as this kind of record does."""
        return self._prefix.fullmatch(line[:8]) is not None

    def read(self, line: str, number: int) -> tuple[str, ...]:
        """The values of the wanted fields, in order. Raises FormatFault at the first field that does not fit."""
        match = self._fullmatch(line)
        if match is None:
            raise self._fault(line, number)
        return match.groups()

    def _fault(self, line: str, number: int) -> FormatFault:
        if not self.is_kind_of(line):
            return FormatFault(f"expected {self._name}", line=number, positions=(1, 8))
        for field in self._fields:
            if not re.fullmatch(field.pattern, line[field.first - 1 : field.last]):
                what = f"{self._name}: not a valid {field.name}" if field.wanted else f"{self._name}: {field.name}"
                return FormatFault(what, line=number, positions=(field.first, field.last))
        raise AssertionError(f"{self._name} fits field by field but not as a whole")


class Dates:
    """Dates written DDMMYY. A file has few different ones, so each is worked out once."""

    __slots__ = ("_known", "_window_start")

    def __init__(self, window_start: int = WINDOW_START) -> None:
        self._window_start = window_start
        self._known: dict[str, date] = {}

    def read(self, value: str, number: int, positions: tuple[int, int]) -> date:
        """The date. Raises FormatFault, reason DATE_INVALID, when there is no such day."""
        known = self._known.get(value)
        if known is None:
            try:
                known = date_of(value, self._window_start)
            except ValueError:
                raise FormatFault(f"{value} is not a date DDMMYY", line=number, positions=positions, reason="DATE_INVALID") from None
            if len(self._known) < 10_000:
                self._known[value] = known
        return known

    def read_or_none(self, value: str, number: int, positions: tuple[int, int]) -> date | None:
        """The date, or None for six zeros."""
        return None if value == NO_DATE else self.read(value, number, positions)


def date_of(value: str, window_start: int = WINDOW_START) -> date:
    """The date of six digits DDMMYY; the year is one of the hundred that start with ``window_start``. Raises
    ValueError when there is no such day.
    """
    year = window_start + (int(value[4:]) - window_start) % 100
    return date(year, int(value[2:4]), int(value[:2]))


def kroner(ore: int) -> Decimal:
    """The amount in kroner, with two decimals, of an amount in øre."""
    return Decimal(ore).scaleb(-2)


def amount_of(value: str, number: int, positions: tuple[int, int]) -> int:
    """The amount in øre of a field of digits. Raises FormatFault when it has more digits than the ledger holds."""
    ore = int(value)
    if ore >= 10**AMOUNT_DIGITS_MAX:
        raise FormatFault(f"the amount has more than {AMOUNT_DIGITS_MAX} digits", line=number, positions=positions, reason="AMOUNT")
    return ore


def in_latin_1(value: str) -> str:
    """The text in letters of ISO-8859-1: a letter the encoding lacks is written without its accent, or as ``?``; control
    characters become blanks.
    """
    characters = []
    for character in unicodedata.normalize("NFC", value):
        if ord(character) >= 256:
            base = unicodedata.normalize("NFKD", character)[0]
            characters.append(base if ord(base) < 128 else "?")
        else:
            characters.append(character if character.isprintable() else " ")
    return "".join(characters)
