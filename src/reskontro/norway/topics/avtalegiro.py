"""Calculations of AvtaleGiro: writing and reading files, and what the bank would refuse."""

from __future__ import annotations

from typing import Any

from reskontro.norway import avtalegiro, avtalegiro_mandates
from reskontro.norway.avtalegiro import Claim, ClaimAssignment, ClaimFile, ClaimText, ReadClaim
from reskontro.norway.avtalegiro_mandates import REGISTRATION_CODES, Mandate
from reskontro.norway.calendars import next_working_day
from reskontro.norway.format_fault import FormatFault
from reskontro.norway.inputs import Input, InputInvalid
from reskontro.norway.nets_transmissions import Assignment, AssignmentEnd, TransmissionEnd, read_transmission
from reskontro.norway.topics.answers import Functions, money
from reskontro.norway.topics.bank_files import content_of


def _claim(values: Input) -> Claim:
    texts = tuple(ClaimText(text.whole("line"), text.whole("column"), text.text("text")) for text in values.objects("text"))
    return Claim(
        values.day("due_date"),
        values.amount("amount", negative=False),
        values.text("kid"),
        values.text_or_none("short_name") or "",
        values.text_or_none("external_reference") or "",
        values.has("bank_notice") and values.flag("bank_notice"),
        texts,
    )


def _write(values: Input) -> dict[str, Any]:
    claims = [_claim(claim) for claim in values.objects("claims")]
    try:
        file = ClaimFile(values.text("customer_unit_id"), values.text("transmission_no"))
        lines = list(file.lines([ClaimAssignment(values.text("assignment_no"), values.text("account"), claims)]))
    except ValueError as error:
        raise InputInvalid(str(error)) from error
    return {
        "lines": lines,
        "transactions": file.written.transactions,
        "assignment_records": file.assignments[0].records,
        "transmission_records": file.written.records,
        "sum_ore": file.written.sum_ore,
        "first_due_ddmmyy": f"{file.written.first_due:%d%m%y}",
    }


def _check(values: Input) -> dict[str, Any]:
    reason = avtalegiro.refusal(_claim(values.object("claim")), values.day("sent"), values.day_or_none("previous_use"))
    return {"accepted": reason is None, "reason": reason}


def _pay_day(values: Input) -> dict[str, Any]:
    due_date = values.day("due_date")
    return {"date_in_file": due_date.isoformat(), "paid_on": next_working_day(due_date).isoformat()}


_KINDS = {"CLAIMS": "claims", "DELETIONS": "deletions", "MANDATES": "mandates"}


def _parse(values: Input) -> dict[str, Any]:
    # In the order of the answer.
    answer: dict[str, Any] = dict.fromkeys(("kind", "transactions", "assignment_records", "transmission_records", "sum", "first_kid"))
    registrations: dict[str, None] = {}
    notify: str | None = None
    try:
        for part in read_transmission([content_of(values)], {**avtalegiro.READERS, **avtalegiro_mandates.READERS}):
            match part:
                case Assignment():
                    answer["kind"] = answer["kind"] or _KINDS.get(part.content)
                case ReadClaim():
                    answer["first_kid"] = answer["first_kid"] or part.claim.kid
                case Mandate():
                    answer["first_kid"] = answer["first_kid"] or part.kid
                    registrations[REGISTRATION_CODES[part.registration]] = None
                    notify = notify or ("J" if part.notify else "N")
                case AssignmentEnd():
                    answer["assignment_records"] = answer["assignment_records"] or part.records
                case TransmissionEnd():
                    answer |= {"transactions": part.transactions, "transmission_records": part.records, "sum": money(part.total)}
    except FormatFault as fault:
        raise InputInvalid(f"the file cannot be read: {fault.detail}") from fault
    if answer["kind"] == "mandates":
        answer |= {"registration_types": list(registrations), "first_notify": notify}
    return answer


FUNCTIONS: Functions = {"avtalegiro.write": _write, "avtalegiro.check": _check, "avtalegiro.pay-day": _pay_day, "avtalegiro.parse": _parse}
