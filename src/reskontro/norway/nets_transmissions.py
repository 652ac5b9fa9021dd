"""The frame of every file of Nets: a transmission of assignments, each with its totals.

    10 ( 20 ... 88 )* 89

What is inside an assignment depends on its service; the readers of the services this program knows are given by the
caller (``ocr_giro``, ``avtalegiro``), all others are counted and passed over.

Rules: Nets, system specification OCR giro; AvtaleGiro system specification v3.3. Order of the checks: the lengths of all
lines, then whether the last record is the end of the transmission, then record by record with the totals of an
assignment at its end and those of the transmission at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal, TypeVar

from reskontro.norway.format_fault import FormatFault
from reskontro.norway.nets_records import (
    WINDOW_START,
    Dates,
    Layout,
    Lines,
    digits,
    kroner,
    text,
    zeros,
)

Content = Literal["PAYMENTS", "MANDATES", "CLAIMS", "DELETIONS", "OTHER"]

START_OF_TRANSMISSION: Final = "NY000010"
END_OF_TRANSMISSION: Final = "NY000089"


@dataclass(frozen=True, slots=True)
class Transmission:
    """The start of a file. Sender, number and recipient together name it for all time."""

    sender: str
    number: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """The start of an assignment. ``place`` counts the assignments of the file from 1; ``service`` and ``type`` are
    positions 3-4 and 5-6 of its first record; ``content`` is OTHER when it is passed over, and then the agreement,
    number and account are empty texts.
    """

    place: int
    line: int
    service: str
    type: str
    content: Content
    agreement_id: str = ""
    number: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class AssignmentEnd:
    """The totals of an assignment, checked (those of a service that is passed over: as the file states them)."""

    assignment: Assignment
    transactions: int
    records: int
    total: Decimal
    first_date: date | None = None
    last_date: date | None = None


@dataclass(frozen=True, slots=True)
class TransmissionEnd:
    """The totals of the file, checked. ``date`` is that of its last record, None for zeros."""

    assignments: int
    transactions: int
    records: int
    total: Decimal
    date: date | None


@dataclass(slots=True)
class Source:
    """What the readers of assignments share: the records, the dates and how many transactions came before."""

    lines: Lines
    dates: Dates
    transactions: int = 0

    def record(self) -> str:
        """The next record. Raises FormatFault, reason MISSING_END, when there is none."""
        for line in self.lines:
            return line
        if not self.lines.last:
            raise FormatFault("the file is empty", reason="MISSING_END")
        raise FormatFault("the last record is not the end of the transmission (NY000089)", line=self.lines.number, reason="MISSING_END")


Event = TypeVar("Event")
Reader = Callable[[Source, Assignment], Iterator[Event | AssignmentEnd]]
"""Reads an assignment from the record after its first one to its last one; its last event is the AssignmentEnd."""

Readers = Mapping[tuple[str, str], tuple[Content, Reader[Event]]]
"""The reader for a service and a type of assignment."""

_START = Layout("start of transmission", START_OF_TRANSMISSION, digits(9, 16, "sender"), digits(17, 23, "transmission number"),
                digits(24, 31, "recipient"), zeros(32, 80))  # fmt: skip
_ASSIGNMENT = Layout("start of assignment", "NY[0-9]{4}20", digits(9, 17, "agreement"), digits(18, 24, "assignment number"),
                     digits(25, 35, "account"), zeros(36, 80))  # fmt: skip
_OTHER_END = Layout("end of assignment", "NY[0-9]{4}88", digits(9, 16, "number of transactions"), digits(17, 24, "number of records"),
                    digits(25, 41, "sum"), text(42, 80, "rest"))  # fmt: skip
_END = Layout("end of transmission", END_OF_TRANSMISSION, digits(9, 16, "number of transactions"), digits(17, 24, "number of records"),
              digits(25, 41, "sum"), digits(42, 47, "date"), zeros(48, 80))  # fmt: skip


def read_transmission(
    pieces: Iterable[bytes], readers: Readers[Event], *, window_start: int = WINDOW_START
) -> Iterator[Transmission | Assignment | Event | AssignmentEnd | TransmissionEnd]:
    """The parts of a file in its order, from a file of any size in constant memory.

    Raises FormatFault, which can come after any number of parts: only when TransmissionEnd has been given is the whole
    file right. Who must not act on a part of a wrong file reads it twice.
    """
    source = Source(Lines(pieces), Dates(window_start))
    try:
        yield from _parts(source, readers)
    except FormatFault as fault:
        if fault.reason not in ("LINE_LENGTH", "MISSING_END"):
            for _ in source.lines:  # the lengths of all lines come first, then the end
                pass
            if source.lines.last[:8] != END_OF_TRANSMISSION:
                source.record()
        raise


def _parts(source: Source, readers: Readers[Event]) -> Iterator[Transmission | Assignment | Event | AssignmentEnd | TransmissionEnd]:
    sender, number, recipient = _START.read(source.record(), source.lines.number)
    yield Transmission(sender, number, recipient)
    place, records, total = 0, 2, 0
    while (line := source.record())[:8] != END_OF_TRANSMISSION:
        place += 1
        if line[:2] != "NY" or line[6:8] != "20":
            raise FormatFault("expected the start of an assignment or the end of the transmission", line=source.lines.number, positions=(1, 8))
        known = readers.get((line[2:4], line[4:6]))
        reader: Reader[Event]
        if known is None:
            if any(service == line[2:4] and content == "PAYMENTS" for (service, _type), (content, _reader) in readers.items()):
                raise FormatFault(f"service {line[2:4]} has no assignments of type {line[4:6]}", line=source.lines.number, positions=(5, 6))
            reader = _pass_over
            assignment = Assignment(place, source.lines.number, line[2:4], line[4:6], "OTHER")
        else:
            content, reader = known
            agreement, assignment_number, account = _ASSIGNMENT.read(line, source.lines.number)
            assignment = Assignment(place, source.lines.number, line[2:4], line[4:6], content, agreement, assignment_number, account)
        yield assignment
        end: AssignmentEnd | None = None
        for part in reader(source, assignment):
            yield part
            if isinstance(part, AssignmentEnd):
                end = part
        assert end is not None, "a reader of an assignment ends with its totals"
        records += end.records
        source.transactions += end.transactions
        total += int(end.total.scaleb(2))
    yield _transmission_end(source, line, place, records, total)
    for _ in source.lines:
        raise FormatFault("a record follows the end of the transmission", line=source.lines.number)


def _transmission_end(source: Source, line: str, assignments: int, records: int, total: int) -> TransmissionEnd:
    number = source.lines.number
    stated_transactions, stated_records, stated_total, day = _END.read(line, number)
    check_total(number, stated_transactions, source.transactions, stated_records, records, stated_total, total)
    return TransmissionEnd(assignments, source.transactions, records, kroner(total), source.dates.read_or_none(day, number, (42, 47)))


def check_total(number: int, stated_transactions: str, transactions: int, stated_records: str, records: int, stated_total: str, total: int) -> None:
    """Compare the totals of an end record with what was read; the sums are in øre. Raises FormatFault."""
    if int(stated_transactions) != transactions:
        what = f"{int(stated_transactions)} transactions are stated, {transactions} are there"
        raise FormatFault(what, line=number, positions=(9, 16), reason="COUNT_MISMATCH")
    if int(stated_records) != records:
        what = f"{int(stated_records)} records are stated, {records} are there"
        raise FormatFault(what, line=number, positions=(17, 24), reason="RECORD_COUNT_MISMATCH")
    if int(stated_total) != total:
        what = f"the sum {kroner(int(stated_total))} is stated, the transactions add up to {kroner(total)}"
        raise FormatFault(what, line=number, positions=(25, 41), reason="SUM_MISMATCH")


def _pass_over(source: Source, assignment: Assignment) -> Iterator[AssignmentEnd]:
    records = 1
    while True:
        line = source.record()
        records += 1
        if line[:2] != "NY" or line[2:4] != assignment.service:
            raise FormatFault(f"expected a record of service {assignment.service}", line=source.lines.number, positions=(1, 4))
        if line[6:8] == "88":
            break
    number = source.lines.number
    transactions, stated_records, total, _rest = _OTHER_END.read(line, number)
    if int(stated_records) != records:
        what = f"{int(stated_records)} records are stated, {records} are there"
        raise FormatFault(what, line=number, positions=(17, 24), reason="RECORD_COUNT_MISMATCH")
    yield AssignmentEnd(assignment, int(transactions), records, kroner(int(total)))
