"""Calculations of OCR giro: reading a file, and judging what an import would do with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reskontro.norway import kid
from reskontro.norway.format_fault import FormatFault
from reskontro.norway.inputs import Input, InputInvalid
from reskontro.norway.nets_records import date_of
from reskontro.norway.nets_transmissions import Assignment, AssignmentEnd, Transmission, TransmissionEnd
from reskontro.norway.ocr_giro import Part, Payment, read_ocr_giro
from reskontro.norway.topics.answers import Functions, iso, money
from reskontro.norway.topics.bank_files import content_of

_DDMMYY = re.compile("[0-9]{6}")
_ALGORITHMS: tuple[kid.Algorithm, ...] = ("MOD10", "MOD11", "ANY")


def _parts(values: Input) -> Iterator[Part]:
    try:
        yield from read_ocr_giro([content_of(values)])
    except FormatFault as fault:
        raise InputInvalid(f"the file cannot be read: {fault.detail}") from fault


def _parse(values: Input) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    assignments: list[dict[str, Any]] = []
    for part in _parts(values):
        match part:
            case Transmission():
                answer = {"sender": part.sender, "transmission_no": part.number, "recipient": part.recipient}
            case Assignment(content="PAYMENTS"):
                assignments.append({"account": part.account, "items": []})
            case Payment():
                assignments[-1]["items"].append(
                    {
                        "tx_no": part.transaction_no,
                        "type": part.type,
                        "settlement_date": part.settlement_date.isoformat(),
                        "amount": money(part.amount),
                        "kid": part.kid,
                        "debit_account": part.payer_account,
                    }
                )
            case AssignmentEnd(assignment=Assignment(content="PAYMENTS")):
                assignments[-1] |= {"transactions": part.transactions, "records": part.records, "sum": money(part.total)}
            case TransmissionEnd():
                answer |= {"records": part.records, "transactions": part.transactions, "sum": money(part.total), "assignments": assignments}
    return answer


def _parse_totals(values: Input) -> dict[str, Any]:
    parts = list(_parts(values))
    end = parts[-1]
    assert isinstance(end, TransmissionEnd), "a file that was read ends with its totals"
    return {
        "records": end.records,
        "transactions": end.transactions,
        "sum": money(end.total),
        "assignment_records": [part.records for part in parts if isinstance(part, AssignmentEnd)],
        "first_settlement_date": iso(next((part.settlement_date for part in parts if isinstance(part, Payment)), None)),
    }


def _import(values: Input) -> dict[str, Any]:
    own_accounts = set(values.texts("own_accounts"))
    agreements = [(agreement.whole("length"), _algorithm(agreement)) for agreement in values.objects("kid_agreements")]
    open_kids = {item.text("kid") for item in values.objects("open_items")}
    known = {tuple(key) for key in values.text_lists("already_imported")}
    exceptions: list[dict[str, Any]] = []
    payments: list[Payment] = []
    accounts: list[str] = []
    key: tuple[str, str, str] = ("", "", "")
    try:
        for part in read_ocr_giro([content_of(values)]):
            match part:
                case Transmission():
                    key = (part.sender, part.number, part.recipient)
                case Assignment(content="PAYMENTS"):
                    accounts.append(part.account)
                case Payment():
                    payments.append(part)
    except FormatFault as fault:
        return _refused("GRAMMAR" if fault.reason == "AMOUNT" else fault.reason)
    if not own_accounts.issuperset(accounts):
        return _refused("ACCOUNT_UNKNOWN")
    if key in known:
        return _refused("DUPLICATE_FILE")
    for payment in payments:
        reason = _exception(payment, agreements, open_kids)
        if reason is not None:
            exceptions.append({"assignment": payment.assignment.place, "tx_no": payment.transaction_no, "reason": reason})
    return {"accepted": True, "reason": None, "posted": len(payments) - len(exceptions), "exceptions": exceptions}


def _algorithm(values: Input) -> kid.Algorithm:
    return next(name for name in _ALGORITHMS if name == values.choice("algorithm", *_ALGORITHMS))


def _refused(reason: str) -> dict[str, Any]:
    return {"accepted": False, "reason": reason, "posted": 0, "exceptions": []}


def _exception(payment: Payment, agreements: list[tuple[int, kid.Algorithm]], open_kids: set[str]) -> str | None:
    if payment.amount < 0:
        return "NEGATIVE_LINE"
    reference = kid.normalise(payment.kid or "")
    if reference is None or not any(len(reference) == length and kid.is_valid(reference, algorithm) for length, algorithm in agreements):
        return "INVALID_KID"
    return None if reference in open_kids else "UNKNOWN_KID"


def _card_reversal(values: Input) -> dict[str, Any]:
    parts = list(_parts(values))
    end = parts[-1]
    assert isinstance(end, TransmissionEnd), "a file that was read ends with its totals"
    return {"control_sum": money(end.total), "posted_amounts": [money(part.amount) for part in parts if isinstance(part, Payment)]}


def _date(values: Input) -> dict[str, Any]:
    written = values.text("ddmmyy")
    if not _DDMMYY.fullmatch(written):
        raise InputInvalid("input.ddmmyy must be six digits")
    try:
        return {"date": date_of(written, values.whole("window_start")).isoformat()}
    except ValueError:
        raise InputInvalid("input.ddmmyy must be a date that exists") from None


FUNCTIONS: Functions = {
    "ocr.parse": _parse,
    "ocr.parse.public": _parse_totals,  # the vector of a file that belongs to others asks for its totals alone
    "ocr.import": _import,
    "ocr.card-reversal": _card_reversal,
    "ocr.date": _date,
}
