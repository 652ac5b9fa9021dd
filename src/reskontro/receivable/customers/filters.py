"""The filters of the list of customers, as SQL conditions on ``customer c``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from reskontro.ledger.books import Books
from reskontro.ledger.moments import first_moment
from reskontro.norway.identities import read_phone_no
from reskontro.norway.kid import normalise
from reskontro.receivable.customers.schemas import CUSTOMER_CATEGORIES
from reskontro.receivable.sql import Condition, chosen, lower, taken_apart
from reskontro.web.operations import Parameter
from reskontro.web.parameters import within_integer

FILTERS = (
    Parameter("customerno", "texts", "Customer numbers"),
    Parameter("accountno", "integers", "AR account numbers"),
    Parameter("name", "text", "Part of the name or the informal name", length_max=175),
    Parameter("organizationno", "texts", "Organisation numbers"),
    Parameter("kid", "text", "KID of the customer, or of one of its documents", length_max=25),
    Parameter("phoneno", "text", "One of the two phone numbers", length_max=20),
    Parameter("emailaddress", "text", "One of the e-mail addresses", length_max=254),
    Parameter("customercategory", "choices", "Categories", values=CUSTOMER_CATEGORIES),
    Parameter("customergroupcode", "texts", "Customer group codes"),
    Parameter("openitems", "boolean", "Whether there are open AR items"),
    Parameter("changedfrom", "moment", "Changed at this moment or later"),
)

_OPEN_ITEMS = (
    "exists (select from ar_item a where a.client_no = c.client_no and a.account_no = c.account_no"
    " and (a.open_amount <> 0 or a.base_open_amount <> 0))"
)
_SEPARATORS = str.maketrans("", "", " .-")


def _organization_nos(values: Iterable[str]) -> list[str]:
    """Every spelling a stored number can have: the column is compared as it is, so that its index serves."""
    return sorted({form for value in values for bare in (value, value.translate(_SEPARATORS)) for form in (bare, bare.upper(), bare.lower())})


def _phone_nos(value: str, country: str) -> list[str]:
    """Every spelling, blanks aside, a number asked for can be stored in: as it is, and with and without its country.

    A ``+`` that was not escaped in the address has become a blank, and is gone.
    """
    compact = value.replace(" ", "")
    forms = {compact, f"+{compact}"}
    for written in tuple(forms):
        e164 = read_phone_no(written, country).e164
        if e164 is None:
            continue
        forms.add(e164)
        # The national number is what is left when the country (one to three digits after the +) is cut off and can be put back.
        forms.update(e164[cut:] for cut in (2, 3, 4) if read_phone_no(e164[cut:], country).e164 == e164)
    return sorted(forms)


def _kid(value: str) -> Condition:
    kid = normalise(value)
    if kid is None:
        return "false", []
    in_documents = "exists (select from ar_item a where a.client_no = c.client_no and a.account_no = c.account_no and a.kid = %s)"
    return f"(c.customer_kid = %s or {in_documents})", [kid, kid]


def conditions_of(filters: dict[str, Any], books: Books, now: datetime) -> tuple[list[str], list[Any]]:
    """Conditions and their values for the filters that were given."""
    today = books.today(now)

    def changed_from(moment: datetime | date) -> Condition:
        return "c.changed_at >= %s", [first_moment(moment, books, now)]

    def phone(value: str) -> Condition:
        numbers = _phone_nos(value, books.config("base.country", today))
        return "(replace(c.phone_no, ' ', '') = any(%s) or replace(c.secondary_phone_no, ' ', '') = any(%s))", [
            numbers,
            numbers,
        ]

    builders: dict[str, Callable[[Any], Condition]] = {
        "customerno": lambda numbers: ("c.customer_key = any(%s)", [lower(numbers)]),
        "accountno": lambda numbers: ("c.account_no = any(%s)", [within_integer(numbers)]),
        "name": lambda part: ("strpos(c.search_name, %s) > 0", [part.casefold()]),
        "organizationno": lambda numbers: ("c.organization_no = any(%s)", [_organization_nos(numbers)]),
        "kid": _kid,
        "phoneno": phone,
        "emailaddress": lambda address: ("%s = any(c.email_addresses)", [address.lower()]),
        "customercategory": lambda categories: ("c.customer_category = any(%s)", [categories]),
        "customergroupcode": lambda codes: (
            "lower(c.customer_group_code) in (select lower(v) from unnest(%s::text[]) v)",
            [codes],
        ),
        "openitems": lambda wanted: (_OPEN_ITEMS if wanted else f"not {_OPEN_ITEMS}", []),
        "changedfrom": changed_from,
    }
    return taken_apart(chosen(builders, filters))
