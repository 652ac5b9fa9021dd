"""AvtaleGiro mandates (FBO): what the bank tells the payee about who lets claims be drawn from an account.

    10 ( 20 70* 88 )* 89

Rules: AvtaleGiro system specification v3.3, assignments of service 21 and type 24. They come in files of their own or
among the assignments of an OCR giro file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from reskontro.norway.format_fault import FormatFault
from reskontro.norway.nets_records import WINDOW_START, Layout, digits, kroner, one_of, text, zeros
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

Registration = Literal["ALL", "NEW-OR-CHANGED", "DELETED"]

_REGISTRATIONS: dict[str, Registration] = {"0": "ALL", "1": "NEW-OR-CHANGED", "2": "DELETED"}
REGISTRATION_CODES: Final = {registration: code for code, registration in _REGISTRATIONS.items()}


@dataclass(frozen=True, slots=True)
class Mandate:
    """A registration of a mandate.

    ``place`` counts the transactions of the file from 1. ``registration`` ALL says that the assignment lists every
    mandate there is, and that this is one of them. ``kid`` is the field without the blanks that fill it, None when it is
    blank. ``notify`` says whether the payer wants a notice from the bank before a claim is drawn.
    """

    assignment: Assignment
    place: int
    line: int
    transaction_no: str
    registration: Registration
    kid: str | None
    notify: bool


_ITEM = Layout(
    "mandate",
    "NY219470",
    digits(9, 15, "transaction number"),
    one_of(16, 16, "[012]", "registration type (0, 1 or 2)"),
    text(17, 41, "KID"),
    one_of(42, 42, "[JN]", "notice (J or N)"),
    zeros(43, 80),
)
_END = Layout("end of assignment", "NY212488", digits(9, 16, "number of transactions"), digits(17, 24, "number of records"), zeros(25, 80))


def read_mandates(
    pieces: Iterable[bytes], *, window_start: int = WINDOW_START
) -> Iterator[Transmission | Assignment | Mandate | AssignmentEnd | TransmissionEnd]:
    """The parts of a file of mandates in its order, as ``read_ocr_giro`` gives them; assignments of other services,
    payments among them, are passed over.

    Raises FormatFault, possibly after many parts: only when the TransmissionEnd has been given is the whole file right.
    """
    return read_transmission(pieces, READERS, window_start=window_start)


def read_mandates_assignment(source: Source, assignment: Assignment) -> Iterator[Mandate | AssignmentEnd]:
    """The reader of an assignment of mandates, for ``read_transmission``."""
    before = source.transactions
    count = 0
    previous = "0000000"
    line = source.record()
    while line[6:8] == "70":
        line_no = source.lines.number
        number, registration, kid, notify = _ITEM.read(line, line_no)
        if number <= previous:
            raise FormatFault("the transaction numbers of an assignment must rise", line=line_no, positions=(9, 15))
        previous = number
        count += 1
        yield Mandate(assignment, before + count, line_no, number, _REGISTRATIONS[registration], kid.strip(" ") or None, notify == "J")
        line = source.record()
    line_no = source.lines.number
    transactions, records = _END.read(line, line_no)
    check_total(line_no, transactions, count, records, count + 2, "0", 0)
    yield AssignmentEnd(assignment, count, count + 2, kroner(0))


READERS: Readers[Mandate] = {("21", "24"): ("MANDATES", read_mandates_assignment)}
