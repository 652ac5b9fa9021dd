"""OCR giro: the file in which Nets tells of payments to an account with a KID agreement (service 09).

    10 ( 20 ( 30 31 [32] )+ 88 )* 89

Rules: Nets, system specification OCR giro. Read in constant memory, with every count, sum and date checked. The wrong
KID of a payment is no fault of the file; what becomes of it is the importer's business. AvtaleGiro mandates in the same
file are read too; other services are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from reskontro.norway.avtalegiro_mandates import Mandate, read_mandates_assignment
from reskontro.norway.format_fault import FormatFault
from reskontro.norway.nets_records import WINDOW_START, Layout, amount_of, digits, filler_digits, kroner, one_of, text, zeros
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

FREE_TEXT_TYPES: Final = frozenset((20, 21))
"""Types of transaction that have a third record with a free text."""

REVERSAL_TYPES: Final = frozenset((18, 20))
"""Types of transaction that take back a purchase: added to the control sums, posted as a negative amount."""

AVTALEGIRO_TYPE: Final = 15

_NO_ACCOUNT = "0" * 11


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment of an OCR file.

    ``place`` counts the payments of the file from 1. ``amount`` is what is to be posted, in kroner: negative when the
    sign field is ``-`` (``negative``) or the type is a reversal (``reversal``). ``kid`` is the field without the blanks
    that fill it, None when it is blank; zeros at both ends are kept. ``settlement_date`` is the day of the booking on
    the account, ``bank_date`` the day on which the payer's bank had it, None when unknown. ``payer_account`` is None
    when unknown, else eleven digits that need not be a valid account number. ``serial_no`` names the lump sum on the
    account statement together with ``centre_id``, ``day_code`` and ``partial_settlement``.
    """

    assignment: Assignment
    place: int
    line: int
    transaction_no: str
    type: int
    amount: Decimal
    negative: bool
    reversal: bool
    kid: str | None
    settlement_date: date
    bank_date: date | None
    payer_account: str | None
    archive_reference: str
    form_no: str
    text: str | None
    centre_id: str
    day_code: str
    partial_settlement: str
    serial_no: str
    card_issuer: str


Part = Transmission | Assignment | Payment | Mandate | AssignmentEnd | TransmissionEnd

_ITEM_1 = Layout(
    "amount item 1",
    "NY09[0-9]{2}30",
    digits(9, 15, "transaction number"),
    digits(16, 21, "settlement date"),
    text(22, 23, "centre"),
    text(24, 25, "day code"),
    text(26, 26, "partial settlement"),
    text(27, 31, "serial number"),
    one_of(32, 32, "[0-]", "sign (0 or -)"),
    digits(33, 49, "amount"),
    text(50, 74, "KID"),
    text(75, 76, "card issuer"),
    zeros(77, 80),
)
_ITEM_2 = Layout(
    "amount item 2",
    "NY09[0-9]{2}31",
    digits(9, 15, "transaction number"),
    text(16, 25, "form number"),
    text(26, 34, "archive reference"),
    filler_digits(35, 41),
    digits(42, 47, "bank date"),
    digits(48, 58, "payer account"),
    zeros(59, 80),
)
_ITEM_3 = Layout("amount item 3", "NY09[0-9]{2}32", digits(9, 15, "transaction number"), text(16, 55, "free text"), zeros(56, 80))
_END = Layout(
    "end of assignment",
    "NY090088",
    digits(9, 16, "number of transactions"),
    digits(17, 24, "number of records"),
    digits(25, 41, "sum"),
    digits(42, 47, "date"),
    digits(48, 53, "first settlement date"),
    digits(54, 59, "last settlement date"),
    zeros(60, 80),
)
_TYPES = {f"{number:02d}": number for number in range(10, 22)}


def read_ocr_giro(pieces: Iterable[bytes], *, window_start: int = WINDOW_START) -> Iterator[Part]:
    """The parts of an OCR giro file in its order: the Transmission, then per assignment its Assignment, its Payments (or
    Mandates, or nothing for a service that is passed over) and its AssignmentEnd, and last the TransmissionEnd.

    ``pieces`` is the file in pieces of any size. Raises FormatFault, possibly after many parts: only when the
    TransmissionEnd has been given is the whole file right.
    """
    return read_transmission(pieces, _READERS, window_start=window_start)


def _read_payments(source: Source, assignment: Assignment) -> Iterator[Payment | AssignmentEnd]:
    lines, dates, record = source.lines, source.dates, source.record
    before = source.transactions
    count, records, total = 0, 1, 0
    previous = ""
    first_date = last_date = date.min
    line = record()
    while line[6:8] == "30":
        start = lines.number
        number, day, centre, day_code, partial, serial, sign, ore, kid, issuer = _ITEM_1.read(line, start)
        type_code = line[4:6]
        transaction_type = _TYPES.get(type_code)
        if transaction_type is None:
            raise FormatFault(f"{type_code} is not a known type of transaction", line=start, positions=(5, 6))
        if number <= (previous or "0000000"):
            raise FormatFault("the transaction numbers of an assignment must rise", line=start, positions=(9, 15))
        previous = number
        settlement_date = dates.read(day, start, (16, 21))
        if settlement_date < last_date:
            raise FormatFault("the settlement dates of an assignment must not fall", line=start, positions=(16, 21))
        last_date = settlement_date
        amount = amount_of(ore, start, (33, 49))
        negative = sign == "-"
        reversal = transaction_type in REVERSAL_TYPES

        line = record()
        same = type_code, number
        form_no, archive_reference, bank_day, payer_account = _same_transaction(_ITEM_2, line, lines.number, same)
        bank_date = dates.read_or_none(bank_day, lines.number, (42, 47))

        line = record()
        free_text = None
        records += 2
        if transaction_type in FREE_TEXT_TYPES:
            (free_text,) = _same_transaction(_ITEM_3, line, lines.number, same)
            records += 1
            line = record()

        count += 1
        if count == 1:
            first_date = settlement_date
        total += -amount if negative else amount
        yield Payment(
            assignment, before + count, start, number, transaction_type, kroner(-amount if negative or reversal else amount),
            negative, reversal, kid.strip(" ") or None, settlement_date, bank_date,
            None if payer_account == _NO_ACCOUNT else payer_account, archive_reference.strip(" "), form_no.strip(" "),
            free_text.strip(" ") or None if free_text else None, centre, day_code, partial, serial, issuer,
        )  # fmt: skip
    if not count:
        _ITEM_1.read(line, lines.number)
        raise AssertionError("a line that begins as an amount item has been read as one")
    yield _end(source, line, AssignmentEnd(assignment, count, records + 1, kroner(total), first_date, last_date))


def _same_transaction(layout: Layout, line: str, line_no: int, same: tuple[str, str]) -> tuple[str, ...]:
    number, *values = layout.read(line, line_no)
    if line[4:6] != same[0]:
        raise FormatFault(f"the type is not {same[0]} as in amount item 1", line=line_no, positions=(5, 6))
    if number != same[1]:
        raise FormatFault(f"the transaction number is not {same[1]} as in amount item 1", line=line_no, positions=(9, 15))
    return tuple(values)


def _end(source: Source, line: str, read: AssignmentEnd) -> AssignmentEnd:
    line_no = source.lines.number
    transactions, records, total, day, first, last = _END.read(line, line_no)
    source.dates.read(day, line_no, (42, 47))
    stated_first, stated_last = source.dates.read(first, line_no, (48, 53)), source.dates.read(last, line_no, (54, 59))
    check_total(line_no, transactions, read.transactions, records, read.records, total, int(read.total.scaleb(2)))
    for name, stated, actual, positions in (
        ("first", stated_first, read.first_date, (48, 53)),
        ("last", stated_last, read.last_date, (54, 59)),
    ):
        if stated != actual:
            what = f"the {name} settlement date {stated} is stated, the transactions have {actual}"
            raise FormatFault(what, line=line_no, positions=positions, reason="DATE_MISMATCH")
    return read


_READERS: Readers[Payment | Mandate] = {("09", "00"): ("PAYMENTS", _read_payments), ("21", "24"): ("MANDATES", read_mandates_assignment)}
