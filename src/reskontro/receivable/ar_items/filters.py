"""The filters of the list of AR items, as SQL conditions on ``ar_item a``; a search is made of them in ``search``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from reskontro.ledger.books import Books
from reskontro.ledger.collection import COLLECTION_STATUSES, NO_COLLECTION
from reskontro.ledger.items_view import AR_ITEM_TYPES, CLAIM_KINDS, ITEM_STATUSES
from reskontro.ledger.moments import first_moment
from reskontro.receivable.sql import Condition, chosen, likely, taken_apart
from reskontro.web.operations import Parameter

FILTERS: Final = (
    Parameter("customerno", "texts", "Customer numbers"),
    Parameter("accountno", "integers", "AR account numbers"),
    Parameter("documentno", "texts", "Document numbers"),
    Parameter("documentuuid", "ids", "Document ids"),
    Parameter("referenceno", "texts", "References"),
    Parameter("kid", "texts", "KIDs"),
    Parameter("aritemtype", "choices", "Types", values=AR_ITEM_TYPES),
    Parameter("claimkind", "choices", "Kinds of claim", values=CLAIM_KINDS),
    Parameter("status", "choices", "Statuses, now or on asofdate", values=ITEM_STATUSES),
    Parameter("duedatefrom", "date", "Due on or after"),
    Parameter("duedateto", "date", "Due on or before"),
    Parameter("gldatefrom", "date", "Booked on or after"),
    Parameter("gldateto", "date", "Booked on or before"),
    Parameter("currency", "texts", "Currencies"),
    Parameter("overdue", "boolean", "Whether it is an open claim past due on asofdate, else today"),
    Parameter("disputed", "boolean", "Whether it is disputed"),
    Parameter("collectionstatus", "choices", "Collection statuses", values=COLLECTION_STATUSES),
    Parameter("asofdate", "date", "Items and open amounts as they were at the end of that day; without it as they are now"),
    Parameter("changedfrom", "moment", "Changed at this moment or later"),
)

INVOICE: Final = "IN"
USUAL_CURRENCY: Final = "NOK"
_NEVER: Final = {"INTEREST": {INVOICE, "CN", "PY", "RM", "FE"}, "COST": {INVOICE, "CN", "PY", "IT"}, "CREDIT": {INVOICE}}
"""Types that items of a kind of claim never have."""
_DISPUTED: Final = "a.details @> '{\"disputed\": true}'"


def _types(wanted: Sequence[str]) -> Condition:
    # What is no invoice has an index of its own, and the planner cannot see in the values that it would do.
    others = "" if INVOICE in wanted else f" and a.ar_item_type <> '{INVOICE}'"
    return f"a.ar_item_type = any(%s){others}", [list(wanted)]


def _kinds(wanted: Sequence[str]) -> Condition:
    if "PRINCIPAL" in wanted:
        return "a.claim_kind = any(%s)", [list(wanted)]
    never = set.intersection(*(_NEVER[kind] for kind in wanted))
    types, values = _types([kind for kind in AR_ITEM_TYPES if kind not in never])
    return f"a.claim_kind = any(%s) and {types}", [list(wanted), *values]


def _currencies(wanted: Sequence[str]) -> Condition:
    codes = [code.upper() for code in wanted]
    foreign = "" if USUAL_CURRENCY in codes else f" and a.currency <> '{USUAL_CURRENCY}'"
    return f"a.currency = any(%s){foreign}", [codes]


def _collection(wanted: Sequence[str]) -> Condition:
    if NO_COLLECTION in wanted:
        return likely(f"coalesce(a.details ->> 'collectionStatus', '{NO_COLLECTION}') = any(%s)"), [list(wanted)]
    return "a.details ? 'collectionStatus' and a.details ->> 'collectionStatus' = any(%s)", [list(wanted)]


def conditions_of(filters: dict[str, Any], books: Books, now: datetime) -> list[Condition]:
    """Conditions for those of the filters that hold of an item whatever its open amount, and that name no single items or customers."""

    def changed_from(moment: datetime | date) -> Condition:
        return "a.changed_at >= %s", [first_moment(moment, books, now)]

    builders: dict[str, Callable[[Any], Condition]] = {
        "aritemtype": _types,
        "claimkind": _kinds,
        "duedatefrom": lambda day: ("a.due_date >= %s", [day]),
        "duedateto": lambda day: ("a.due_date <= %s", [day]),
        "gldatefrom": lambda day: ("a.gl_date >= %s", [day]),
        "gldateto": lambda day: ("a.gl_date <= %s", [day]),
        "currency": _currencies,
        "disputed": lambda wanted: (_DISPUTED if wanted else f"not {_DISPUTED}", []),
        "collectionstatus": _collection,
        "asofdate": lambda day: ("a.gl_date <= %s", [day]),
        "changedfrom": changed_from,
    }
    return chosen(builders, filters)


def joined(conditions: Iterable[Condition]) -> Condition:
    """All conditions as one."""
    texts, values = taken_apart(conditions)
    return " and ".join(texts), values
