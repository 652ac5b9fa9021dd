"""Calculations of deadlines."""

from __future__ import annotations

from typing import Any, cast

from reskontro.norway import deadlines
from reskontro.norway.calendars import ONE_DAY
from reskontro.norway.inputs import Input
from reskontro.norway.topics.answers import Functions, iso


def _regime(values: Input) -> deadlines.Regime:
    return cast(deadlines.Regime, values.choice("regime", "1988", "2026"))


def _earliest(values: Input) -> dict[str, Any]:
    values.choice("regime", "1988")
    chain = deadlines.earliest_chain(values.day("due_date"), values.whole("grace_days"))
    return {name: iso(day) for name, day in chain._asdict().items()}


def _salaer_level(values: Input) -> dict[str, Any]:
    values.day("demand_sent")
    deadline, paid = values.day("demand_deadline"), values.day("paid")
    heavy = paid >= deadlines.heavy_from(deadline)
    return {"level": "heavy" if heavy else "light", "days_after_deadline": (paid - deadline).days}


def _notice_earliest(values: Input) -> dict[str, Any]:
    deadline = deadlines.earliest_deadline(values.day("notice_sent"))
    demand = deadlines.day_after_deadline(deadline, values.whole("grace_days"))
    return {"earliest_deadline": iso(deadline), "earliest_payment_demand": iso(demand)}


def _verdict(reason: str | None) -> dict[str, Any]:
    return {"allowed": reason is None, "reason": reason}


def _notice_check(values: Input) -> dict[str, Any]:
    return _verdict(deadlines.notice_refusal(values.day("due_date"), values.day("notice_sent"), values.day("deadline")))


def _legal_step(values: Input) -> dict[str, Any]:
    return _verdict(deadlines.legal_step_refusal(values.day("demand_sent"), values.day("demand_deadline"), values.day("step_date")))


def _limitation(values: Input) -> dict[str, Any]:
    claim_type = cast(deadlines.ClaimType, values.choice("claim_type", "ordinary", "loan"))
    last_day = deadlines.limitation_date(claim_type, values.day("due_date"), values.days("acknowledged"))
    answer: dict[str, Any] = {"limitation_date": iso(last_day)}
    step_date = values.day_or_none("legal_step_date")
    if step_date is not None:
        answer["lapsed"] = step_date > last_day
    return answer


def _attachment_notice(values: Input) -> dict[str, Any]:
    end = deadlines.attachment_notice_end(values.day("notice_sent"))
    return {"two_weeks_end": iso(end), "earliest_filing": iso(end + ONE_DAY)}


def _business_term(values: Input) -> dict[str, Any]:
    debtor = values.choice("debtor", "business", "public")
    usual = deadlines.is_term_usual(
        "public" if debtor == "public" else "business",
        values.whole("terms_days"),
        express_agreement=values.flag("express_agreement"),
    )
    return {"result": "ok" if usual else "warning"}


FUNCTIONS: Functions = {
    "timeline.earliest": _earliest,
    "timeline.salaer-level": _salaer_level,
    "timeline.notice-earliest": _notice_earliest,
    "timeline.notice-check": _notice_check,
    "timeline.legal-step": _legal_step,
    "timeline.limitation": _limitation,
    "timeline.proclama": lambda values: {"file_by": iso(deadlines.proclama_last_day(values.day("last_notice")))},
    "timeline.attachment-notice": _attachment_notice,
    "timeline.future-settlement": lambda values: {"remit_by": iso(deadlines.remit_by(_regime(values), values.day("received")))},
    "timeline.future-contact-hours": lambda values: {"allowed": deadlines.may_contact(_regime(values), values.moment("at"))},
    "timeline.bad-debt-vat": lambda values: {"relief_from": iso(deadlines.bad_debt_relief_from(values.day("due_date"), values.whole("reminders")))},
    "timeline.b2b-term": _business_term,
}
