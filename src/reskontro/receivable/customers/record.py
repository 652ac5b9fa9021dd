"""A customer as it is stored, as answers show it, and what changed between two states of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from reskontro.kit.json import read_json
from reskontro.receivable.customers.schemas import ADDRESS_KEYS, CUSTOMER

Values = dict[str, Any]
"""Fields by wire name: dates as date, amounts as Decimal; an unset field, and one whose default is the same for everybody, may be missing."""

FIXED_DEFAULTS: Final[Mapping[str, Any]] = {
    "postalReturnStatus": 0,
    "discountRate": Decimal(0),
    "activeStatusWeb": "Passive",
    "registrationStatusCode": "NORMAL",
}
DISTRIBUTION_DEFAULTS: Final[Mapping[str, Any]] = {"type": "H", "einvoiceCode": 0}
ARRAYS: Final = frozenset(("emailAddressDocument", "secondaryEmailAddress", "efakturaBlockIds", "peppolBlockIds", "digipostBlockIds"))
DATES: Final = frozenset(field.name for field in CUSTOMER.fields if field.schema.get("format") == "date")

COLUMN_FIELDS: Final = (
    "name",
    "customerCategory",
    "organizationNo",
    "phoneNo",
    "secondaryPhoneNo",
    "customerGroupCode",
    "currency",
    "language",
    "dueDays",
    "limitAmount",
    "registrationStatusCode",
)
"""The fields that have a column of their own; the others are kept together by wire name."""

_APART = frozenset(
    (
        "clientNo",
        "accountNo",
        "customerNo",
        "customerKid",
        "balance",
        "clientReference",
        "postalAddress",
        "distribution",
    )
)
_PLAIN_FIELDS = tuple(field.name for field in CUSTOMER.fields if field.name not in _APART)
_MASKED_IN_LOG = frozenset(("ssn", "bankAccountNo", "phoneNo", "secondaryPhoneNo"))
MASKED_CHARACTERS = 5


class Customer:
    """A customer. Nobody changes one: an update makes a new record with the values that result."""

    __slots__ = (
        "_column_values",
        "_details",
        "_values",
        "account_no",
        "control_account",
        "country_code",
        "currency",
        "customer_category",
        "customer_kid",
        "customer_no",
        "due_days",
        "language",
        "limit_amount",
    )

    account_no: int
    customer_no: str
    customer_kid: str | None
    control_account: str | None
    """Fixed by the first posting, None before it."""
    country_code: str
    currency: str
    customer_category: str
    due_days: int | None
    language: str
    limit_amount: Decimal | None

    def __init__(self, account_no: int, customer_no: str, customer_kid: str | None, control_account: str | None, values: Values) -> None:
        self.account_no = account_no
        self.customer_no = customer_no
        self.customer_kid = customer_kid
        self.control_account = control_account
        self.country_code = values["postalAddress"]["countryCode"]
        self.currency = values["currency"]
        self.customer_category = values["customerCategory"]
        self.due_days = values.get("dueDays")
        self.language = values["language"]
        self.limit_amount = values.get("limitAmount")
        self._values: Values | None = values
        self._column_values: tuple[Any, ...] = ()
        self._details = ""

    @classmethod
    def stored(
        cls,
        account_no: int,
        customer_no: str,
        customer_kid: str | None,
        control_account: str | None,
        country_code: str,
        column_values: tuple[Any, ...],
        details: str,
    ) -> Customer:
        """A customer read from its row; ``column_values`` are those of COLUMN_FIELDS, ``details`` the JSON text of the other fields."""
        customer = cls.__new__(cls)
        customer.account_no = account_no
        customer.customer_no = customer_no
        customer.customer_kid = customer_kid
        customer.control_account = control_account
        customer.country_code = country_code
        (
            _,
            customer.customer_category,
            _,
            _,
            _,
            _,
            customer.currency,
            customer.language,
            customer.due_days,
            customer.limit_amount,
            _,
        ) = column_values
        customer._values = None
        customer._column_values = column_values
        customer._details = details
        return customer

    @property
    def values(self) -> Values:
        """All fields by wire name; not to be changed."""
        if self._values is None:
            # Most customers that a set of documents looks up are asked for their columns only, so the rest is read when it is wanted.
            values: Values = read_json(self._details.encode())
            for name in DATES & values.keys():
                values[name] = date.fromisoformat(values[name])
            values.update((name, value) for name, value in zip(COLUMN_FIELDS, self._column_values, strict=True) if value is not None)
            self._values = values
        return self._values

    @property
    def name(self) -> str:
        """The customer's name."""
        name: str = self.values["name"] if self._values is not None else self._column_values[0]
        return name

    @property
    def distribution(self) -> dict[str, Any]:
        """How documents reach the customer, with both keys."""
        return {**DISTRIBUTION_DEFAULTS, **self.values.get("distribution", {})}

    @property
    def stored_details(self) -> str | None:
        """The JSON text of the fields without a column, when that is all that was read; None when ``values`` are there."""
        return self._details if self._values is None else None

    @property
    def document_emails(self) -> list[str]:
        """The addresses that documents are mailed to."""
        emails: list[str] = self.values.get("emailAddressDocument", [])
        return emails

    @property
    def registration_status_code(self) -> str:
        """The status in the public register."""
        status: str = self.values.get("registrationStatusCode", "NORMAL")
        return status

    def with_control_account(self, control_account: str) -> Customer:
        """The same customer with its control account; nothing else is read for it."""
        fixed = Customer.__new__(Customer)
        for name in Customer.__slots__:
            setattr(fixed, name, getattr(self, name))
        fixed.control_account = control_account
        return fixed


def masked(value: str) -> str:
    """The value with its last five characters as asterisks."""
    shown = max(len(value) - MASKED_CHARACTERS, 0)
    return value[:shown] + "*" * (len(value) - shown)


def field_value(values: Mapping[str, Any], name: str) -> Any:
    """A field as answers show it: its own value, its fixed default, or unset as an empty list or None."""
    value = values.get(name)
    if value is None:
        return [] if name in ARRAYS else FIXED_DEFAULTS.get(name)
    return value


def customer_view(client_no: int, customer: Customer, *, mask_ssn: bool) -> dict[str, Any]:
    """The customer as answers show it, every key present."""
    values = customer.values
    address = values["postalAddress"]
    view: dict[str, Any] = {}
    for name in _VIEW_FIELDS:
        if name == "postalAddress":
            view[name] = {key: address.get(key) for key in ADDRESS_KEYS}
        elif name == "distribution":
            view[name] = customer.distribution
        else:
            view[name] = field_value(values, name)
    view |= {
        "clientNo": client_no,
        "accountNo": customer.account_no,
        "customerNo": customer.customer_no,
        "customerKid": customer.customer_kid,
    }
    if mask_ssn and view["ssn"] is not None:
        view["ssn"] = masked(view["ssn"])
    return view


_VIEW_FIELDS = tuple(field.name for field in CUSTOMER.fields if field.name not in ("balance", "clientReference"))


def _logged(name: str, value: Any) -> Any:
    return masked(value) if name in _MASKED_IN_LOG and value is not None else value


def changes_between(before: Values, after: Values) -> list[dict[str, Any]]:
    """Every field that differs, as the log keeps it: ``field``, ``oldValue``, ``newValue``; national id, bank account and phones masked.

    Keys of the address and the distribution are named with a dot.
    """
    found: list[dict[str, Any]] = []

    def compare(name: str, old: Any, new: Any) -> None:
        if old != new:
            found.append({"field": name, "oldValue": _logged(name, old), "newValue": _logged(name, new)})

    for name in _PLAIN_FIELDS:
        if before.get(name) != after.get(name):
            compare(name, field_value(before, name), field_value(after, name))
    old_address, new_address = before["postalAddress"], after["postalAddress"]
    if old_address != new_address:
        for key in ADDRESS_KEYS:
            compare(f"postalAddress.{key}", old_address.get(key), new_address.get(key))
    old_distribution, new_distribution = before.get("distribution", {}), after.get("distribution", {})
    if old_distribution != new_distribution:
        for key, default in DISTRIBUTION_DEFAULTS.items():
            compare(f"distribution.{key}", old_distribution.get(key, default), new_distribution.get(key, default))
    return found
