"""The wire form of a request for a report, and the checks that depend on its type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from reskontro.kit.errors import validation_failed
from reskontro.kit.fields import Field, Invalid, Schema, choice, day, integer, looked_up, text, texts
from reskontro.kit.messages import Messages
from reskontro.ledger.ageing import DAYS_MAX
from reskontro.ledger.books import Books
from reskontro.norway.identities import currency_code
from reskontro.receivable.drafts import Draft, check_date_range
from reskontro.receivable.letters.model import letter_language
from reskontro.receivable.reports.ageing import LEVELS

ROOT: Final = "/report"
SAFT: Final = "SAF-T"
REPORT_TYPES: Final = ("AGEING", "OPEN-ITEMS", "CUSTOMER-STATEMENT", "LEDGER-SPECIFICATION", "ACCOUNT-SPECIFICATION", "TRIAL-BALANCE", SAFT)
TABLE_FORMATS: Final = ("PDF", "XLSX", "CSV", "JSON")
XML: Final = "XML"
LANGUAGES: Final = ("en", "nb", "nn")
BOUNDS_MAX: Final = 12
NAMED_MAX: Final = 1_000
_YEAR_MAX: Final = 9_999

_COMMON: Final = frozenset(("reportType", "format", "language", "clientReference"))
_PERIODS: Final = ("glYear", "fromPeriod", "toPeriod")
TAKEN: Final[Mapping[str, frozenset[str]]] = {
    "AGEING": frozenset(("asOfDate", "customerNos", "intervals", "currency", "level")),
    "OPEN-ITEMS": frozenset(("asOfDate", "customerNos", "currency")),
    "CUSTOMER-STATEMENT": frozenset(("fromDate", "toDate", "customerNos")),
    "LEDGER-SPECIFICATION": frozenset((*_PERIODS, "customerNos")),
    "ACCOUNT-SPECIFICATION": frozenset((*_PERIODS, "glAccounts")),
    "TRIAL-BALANCE": frozenset((*_PERIODS, "glAccounts")),
    SAFT: frozenset(_PERIODS),
}
"""The fields that a type takes besides those that every type takes."""
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "CUSTOMER-STATEMENT": ("fromDate", "toDate", "customerNos"),
    **dict.fromkeys(("LEDGER-SPECIFICATION", "ACCOUNT-SPECIFICATION", "TRIAL-BALANCE", SAFT), _PERIODS),
}
"""The fields that a type cannot do without."""


def _bounds(value: Any) -> list[int]:
    """Rising bounds in days."""
    if type(value) is not list:
        raise Invalid("TYPE", type="array")
    if len(value) > BOUNDS_MAX:
        raise Invalid("COUNT", max=BOUNDS_MAX)
    least = 0
    found = []
    for place, bound in enumerate(value):
        try:
            number = integer("intervals", least, DAYS_MAX).check(bound)
        except Invalid as invalid:
            invalid.parameters["_element"] = place
            raise
        found.append(number)
        least = number + 1
    return found


_BOUNDS: Final = {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": DAYS_MAX}, "maxItems": BOUNDS_MAX}

REPORT: Final = Schema(
    "Report",
    [
        choice("reportType", REPORT_TYPES, "Which report", required=True),
        choice("format", (*TABLE_FORMATS, XML), "Form of the file; default PDF. SAF-T is XML only, and XML is for SAF-T only"),
        day("asOfDate", "AGEING, OPEN-ITEMS: at the end of this day; default today"),
        day("fromDate", "CUSTOMER-STATEMENT: first day", conditional=True),
        day("toDate", "CUSTOMER-STATEMENT: last day", conditional=True),
        integer("glYear", 1, _YEAR_MAX, "LEDGER-SPECIFICATION, ACCOUNT-SPECIFICATION, TRIAL-BALANCE, SAF-T: fiscal year", conditional=True),
        integer("fromPeriod", 1, 12, "The same: first period", conditional=True),
        integer("toPeriod", 1, 12, "The same: last period", conditional=True),
        texts("customerNos", 20, "Only these customers; CUSTOMER-STATEMENT needs them", maximum=NAMED_MAX, conditional=True),
        Field("intervals", _bounds, _BOUNDS, "AGEING: rising upper bounds in days; default by config ageing.intervals"),
        looked_up("currency", 3, currency_code, "CURRENCY-CODE", "AGEING, OPEN-ITEMS: only items in this currency, in it"),
        choice("level", LEVELS, "AGEING: all together, by customer (default), or item by item"),
        texts("glAccounts", 10, "ACCOUNT-SPECIFICATION, TRIAL-BALANCE: only these accounts", maximum=NAMED_MAX),
        choice("language", LANGUAGES, "en, nb or nn; default by config base.language"),
        text("clientReference", 64, "The caller's own reference; comes back in the results"),
    ],
    "A report to be made; which fields it takes depends on its type",
)


def read_report(raw: dict[str, Any], books: Books, today: date) -> dict[str, Any]:
    """The fields of a request with their defaults filled in; raises Problem VALIDATION-FAILED with every finding."""
    messages = Messages()
    draft = Draft(REPORT, "report", raw, REPORT.read(raw, messages), messages)
    for name in ("asOfDate", "fromDate", "toDate"):
        check_date_range(draft, name, today)
    report_type = draft.values.get("reportType")
    if report_type is not None:
        _check_by_type(draft, report_type, books)
    if messages.error_count:
        raise validation_failed(messages.in_order(), ROOT)
    return _complete(draft.values, books, today)


def _check_by_type(draft: Draft, report_type: str, books: Books) -> None:
    values = draft.values
    taken = TAKEN[report_type]
    for name in draft.raw:
        if name in REPORT.by_name and draft.was_sent(name) and name not in taken and name not in _COMMON:
            draft.messages.unknown("E", name, f"/{name}")
            values.pop(name, None)
    for name in NEEDED.get(report_type, ()):
        if not values.get(name) and not (draft.was_sent(name) and values.get(name) is None and draft.raw[name] != []):
            draft.find("REQUIRED", name)
    if "format" in values and (values["format"] == XML) != (report_type == SAFT):
        draft.find("CODE-UNKNOWN", "format", value=draft.raw["format"])
    years = sorted({period.gl_year for period in books.calendar.periods})
    if "glYear" in values and values["glYear"] not in years:
        draft.find("RANGE", "glYear", min=years[0] if years else 0, max=years[-1] if years else 0)
    for place, number in enumerate(values.get("glAccounts", ())):
        if books.account(number) is None:
            draft.find("ACCOUNT-UNKNOWN", "glAccounts", inside=(place,), value=number)
    for first, last in (("fromDate", "toDate"), ("fromPeriod", "toPeriod")):
        if first in values and last in values and values[last] < values[first]:
            draft.cross("DATE-ORDER", last, other=first)


def _complete(values: dict[str, Any], books: Books, today: date) -> dict[str, Any]:
    report_type = values["reportType"]
    defaults: dict[str, Any] = {
        "format": XML if report_type == SAFT else "PDF",
        "language": letter_language(books.config("base.language", today)),
    }
    if "asOfDate" in TAKEN[report_type]:
        defaults["asOfDate"] = today
    if report_type == "AGEING":
        defaults |= {"intervals": list(books.config("ageing.intervals", today)), "level": "CUSTOMER"}
    return defaults | {key: value for key, value in values.items() if value != []}


_DATES: Final = ("asOfDate", "fromDate", "toDate")


def stored_report(values: Mapping[str, Any]) -> dict[str, Any]:
    """A complete request as it was stored, with its dates as dates."""
    return {key: date.fromisoformat(value) if key in _DATES else value for key, value in values.items()}
