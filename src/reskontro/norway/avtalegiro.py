"""AvtaleGiro: files with which a payee has claims drawn from accounts whose holders gave a mandate, and takes them back.

    10 ( 20 ( 30 31 49* )+ 88 )+ 89

Rules: AvtaleGiro system specification v3.3, service 21: assignments of claims (type 00) and of deletions (type 36). The
files are written record by record, so that memory does not grow with them. Reading them serves to check what was
written. Mandates are in ``avtalegiro_mandates``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal

from reskontro.norway.calendars import add_months
from reskontro.norway.format_fault import FormatFault
from reskontro.norway.nets_records import ENCODING, WINDOW_START, Layout, amount_of, blanks, digits, in_latin_1, kroner, one_of, text, zeros
from reskontro.norway.nets_transmissions import (
    Assignment,
    AssignmentEnd,
    Readers,
    Source,
    Transmission,
    TransmissionEnd,
    check_total,
    read_transmission,
)

NETS: Final = "00008080"
"""The recipient of the files."""

TEXT_LINES_MAX: Final = 42
TEXT_LENGTH: Final = 40
SHORT_NAME_LENGTH: Final = 10
REFERENCE_LENGTH: Final = 25
_ORE_MAX = 10**17

Refusal = Literal["TEXT_LINE_TOO_HIGH", "DUE_TOO_FAR", "ASSIGNMENT_NUMBER_REUSED"]


@dataclass(frozen=True, slots=True)
class ClaimText:
    """A text on the bank's notice: line 1 to 42, column 1 or 2, at most 40 characters."""

    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim. ``amount`` in kroner, above zero; ``kid`` digits only; ``bank_notice`` whether the bank tells the payer of
    it (only then texts are sent). ``short_name`` and ``external_reference`` are cut to their fields.
    """

    due_date: date
    amount: Decimal
    kid: str
    short_name: str = ""
    external_reference: str = ""
    bank_notice: bool = False
    text: tuple[ClaimText, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadClaim:
    """A claim or deletion read from a file, with its place in it."""

    assignment: Assignment
    line: int
    transaction_no: str
    type: str
    claim: Claim


@dataclass(frozen=True, slots=True)
class ClaimAssignment:
    """Claims to one account of the payee. ``number`` is seven digits that must not come again within 12 months and a day."""

    number: str
    account: str
    claims: Iterable[Claim]


@dataclass(slots=True)
class Written:
    """The totals of what was written, the sum in øre."""

    transactions: int = 0
    records: int = 0
    sum_ore: int = 0
    first_due: date = date.max
    last_due: date = date.min

    def add(self, other: Written) -> None:
        """Count what was written besides."""
        self.transactions += other.transactions
        self.records += other.records
        self.sum_ore += other.sum_ore
        self.first_due = min(self.first_due, other.first_due)
        self.last_due = max(self.last_due, other.last_due)


def refusal(claim: Claim, sent: date, previous_use: date | None) -> Refusal | None:
    """Why the bank would refuse a claim sent on that day, None when it would not. ``previous_use`` is the day on which
    the number of the assignment was used before: it may come again after 12 months and a day.
    """
    if any(not 1 <= text.line <= TEXT_LINES_MAX for text in claim.text):
        return "TEXT_LINE_TOO_HIGH"
    if claim.due_date > add_months(sent, 12):
        return "DUE_TOO_FAR"
    if previous_use is not None and sent < add_months(previous_use, 12) + timedelta(days=1):
        return "ASSIGNMENT_NUMBER_REUSED"
    return None


class ClaimFile:
    """Writes one transmission: claims, or deletions of claims sent before.

    ``customer_unit_id`` is eight digits, ``transmission_no`` seven. Raises ValueError for others. When ``lines`` has come to its end, ``written``
    has the totals of the file and ``assignments`` those of its assignments.
    """

    def __init__(self, customer_unit_id: str, transmission_no: str, *, deletions: bool = False) -> None:
        _check_digits("customer unit id", customer_unit_id, 8)
        _check_digits("transmission number", transmission_no, 7)
        self._start = f"NY000010{customer_unit_id}{transmission_no}{NETS}".ljust(80, "0")
        self._type = "36" if deletions else "00"
        self._deletions = deletions
        self.written = Written(records=2)
        self.assignments: list[Written] = []

    def lines(self, assignments: Iterable[ClaimAssignment]) -> Iterator[str]:
        """The records of the file. Raises ValueError for an assignment or claim that cannot be written, and when there is none."""
        yield self._start
        for assignment in assignments:
            yield from self._assignment(assignment)
        totals = self.written
        if not totals.transactions:
            raise ValueError("a file has one claim at least")
        counts = f"{totals.transactions:08d}{totals.records:08d}{totals.sum_ore:017d}"
        yield f"NY000089{counts}{_ddmmyy(totals.first_due)}".ljust(80, "0")

    def pieces(self, assignments: Iterable[ClaimAssignment]) -> Iterator[bytes]:
        """The file as bytes, a record at a time, with a line feed after each."""
        for line in self.lines(assignments):
            yield (line + "\n").encode(ENCODING)

    def _assignment(self, assignment: ClaimAssignment) -> Iterator[str]:
        _check_digits("assignment number", assignment.number, 7)
        _check_digits("account", assignment.account, 11)
        yield f"NY21{self._type}20{'0' * 9}{assignment.number}{assignment.account}".ljust(80, "0")
        totals = Written(records=2)
        for claim in assignment.claims:
            totals.add(Written(1, 0, _ore(claim), claim.due_date, claim.due_date))
            for line in self._claim(totals.transactions, claim):
                totals.records += 1
                yield line
        if not totals.transactions:
            raise ValueError("an assignment has one claim at least")
        counts = f"{totals.transactions:08d}{totals.records:08d}{totals.sum_ore:017d}"
        yield f"NY21{self._type}88{counts}{_ddmmyy(totals.first_due)}{_ddmmyy(totals.last_due)}".ljust(80, "0")
        self.assignments.append(totals)
        self.written.add(totals)

    def _claim(self, number: int, claim: Claim) -> Iterator[str]:
        if not re.fullmatch("[0-9]{2,25}", claim.kid):
            raise ValueError("the KID of a claim is digits only")
        kind = "93" if self._deletions else "21" if claim.bank_notice else "02"
        head = f"{number:07d}"
        yield f"NY21{kind}30{head}{_ddmmyy(claim.due_date)}{'':11}{_ore(claim):017d}{claim.kid:>25}000000"
        short_name = _field(claim.short_name.upper(), SHORT_NAME_LENGTH)
        reference = _field(claim.external_reference, REFERENCE_LENGTH)
        yield f"NY21{kind}31{head}{short_name}{'':25}{reference}00000"
        if kind != "21":
            return
        for text_line in sorted(claim.text, key=lambda text: (text.line, text.column)):
            if not 1 <= text_line.line <= TEXT_LINES_MAX or text_line.column not in (1, 2):
                raise ValueError("a text has line 1 to 42 and column 1 or 2")
            if text_line.text.strip():  # records without text must not be sent
                yield f"NY212149{head}4{text_line.line:03d}{text_line.column}{_field(text_line.text, TEXT_LENGTH)}".ljust(80, "0")


def _check_digits(name: str, value: str, length: int) -> None:
    if not re.fullmatch(f"[0-9]{{{length}}}", value):
        raise ValueError(f"the {name} is not {length} digits")


def _ddmmyy(day: date) -> str:
    return f"{day:%d%m%y}"


def _ore(claim: Claim) -> int:
    ore = claim.amount.scaleb(2)
    if ore != ore.to_integral_value() or not 0 < ore < _ORE_MAX:
        raise ValueError("the amount of a claim is above zero and has two decimals")
    return int(ore)


def _field(value: str, length: int) -> str:
    return in_latin_1(value)[:length].ljust(length)


# Reading

Part = Transmission | Assignment | ReadClaim | AssignmentEnd | TransmissionEnd

_ITEM_1 = Layout("amount item 1", "NY21[0-9]{2}30", digits(9, 15, "transaction number"), digits(16, 21, "due date"), blanks(22, 32),
                 digits(33, 49, "amount"), text(50, 74, "KID"), zeros(75, 80))  # fmt: skip
_ITEM_2 = Layout("amount item 2", "NY21[0-9]{2}31", digits(9, 15, "transaction number"), text(16, 25, "short name"), blanks(26, 50),
                 text(51, 75, "external reference"), zeros(76, 80))  # fmt: skip
_TEXT = Layout("text", "NY212149", digits(9, 15, "transaction number"), one_of(16, 16, "4", "kind of text (4)"), digits(17, 19, "line"),
               one_of(20, 20, "[12]", "column (1 or 2)"), text(21, 60, "text"), zeros(61, 80))  # fmt: skip
_END = Layout("end of assignment", "NY21(?:00|36)88", digits(9, 16, "number of transactions"), digits(17, 24, "number of records"),
              digits(25, 41, "sum"), digits(42, 47, "first due date"), digits(48, 53, "last due date"), zeros(54, 80))  # fmt: skip


def read_claims(pieces: Iterable[bytes], *, window_start: int = WINDOW_START) -> Iterator[Part]:
    """The parts of a file of claims or deletions in its order; raises FormatFault as ``read_ocr_giro`` does."""
    return read_transmission(pieces, READERS, window_start=window_start)


def _read_assignment(source: Source, assignment: Assignment) -> Iterator[ReadClaim | AssignmentEnd]:
    kinds = ("93",) if assignment.content == "DELETIONS" else ("02", "21")
    lines, record = source.lines, source.record
    count, records, total = 0, 2, 0
    previous = "0000000"
    dates: list[date] = []
    line = record()
    while line[6:8] == "30":
        start, kind = lines.number, line[4:6]
        number, day, ore, kid = _ITEM_1.read(line, start)
        if kind not in kinds:
            raise FormatFault(f"{kind} is not a type of transaction of this assignment", line=start, positions=(5, 6))
        if number <= previous:
            raise FormatFault("the transaction numbers of an assignment must rise", line=start, positions=(9, 15))
        previous = number
        due_date, amount = source.dates.read(day, start, (16, 21)), amount_of(ore, start, (33, 49))
        count, records, total = count + 1, records + 1, total + amount
        short_name = reference = ""
        line = record()
        if line[6:8] == "31" or kind != "93":
            same, short_name, reference = _ITEM_2.read(line, lines.number)
            _check_same(line[4:6] + same, kind + number, lines.number)
            records += 1
            line = record()
        texts: list[ClaimText] = []
        while line[6:8] == "49":
            same, _, text_line, column, free_text = _TEXT.read(line, lines.number)
            _check_same(kind + same, kind + number, lines.number)
            if not 1 <= int(text_line) <= TEXT_LINES_MAX:
                raise FormatFault(f"the line {int(text_line)} is not 1 to 42", line=lines.number, positions=(17, 19))
            texts.append(ClaimText(int(text_line), int(column), free_text.rstrip(" ")))
            records += 1
            line = record()
        dates = [min(*dates, due_date), max(*dates, due_date)] if dates else [due_date, due_date]
        claim = Claim(due_date, kroner(amount), kid.strip(" "), short_name.rstrip(" "), reference.rstrip(" "), kind == "21", tuple(texts))
        yield ReadClaim(assignment, start, number, kind, claim)
    if not dates:
        raise FormatFault("expected amount item 1", line=lines.number, positions=(1, 8))
    transactions, stated_records, stated_total, first, last = _END.read(line, lines.number)
    check_total(lines.number, transactions, count, stated_records, records, stated_total, total)
    for stated, actual, positions in ((first, dates[0], (42, 47)), (last, dates[1], (48, 53))):
        if source.dates.read(stated, lines.number, positions) != actual:
            raise FormatFault(f"the transactions have {actual}", line=lines.number, positions=positions, reason="DATE_MISMATCH")
    yield AssignmentEnd(assignment, count, records, kroner(total), dates[0], dates[1])


def _check_same(found: str, expected: str, line_no: int) -> None:
    if found != expected:
        raise FormatFault("the type and transaction number are not those of amount item 1", line=line_no, positions=(5, 15))


READERS: Readers[ReadClaim] = {("21", "00"): ("CLAIMS", _read_assignment), ("21", "36"): ("DELETIONS", _read_assignment)}
