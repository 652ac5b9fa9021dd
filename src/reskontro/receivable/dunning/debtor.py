"""A customer as a debtor of the Collection API, and what a handler has to do about it at once. Pure."""

from __future__ import annotations

from typing import Any, Final

from reskontro.norway.contacts import norwegian_mobile_no
from reskontro.norway.identities import is_organization_no
from reskontro.norway.national_ids import is_national_id
from reskontro.receivable.claim_charges import CONSUMER
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.letters.model import letter_language

NORWEGIAN_SCHEME: Final = "0192"
NORWAY: Final = "NO"
UNREACHABLE_STATUSES: Final = frozenset(("EMIGRATED", "FICTITIOUS"))
"""Customers in these register statuses have no address that a letter could be relied upon to reach."""
_ADDRESS: Final = {
    "line1": "addressLine1",
    "line2": "addressLine2",
    "line3": "addressLine3",
    "postalCode": "postalCode",
    "city": "cityName",
    "countryCode": "countryCode",
}


def debtor(customer: Customer) -> dict[str, Any]:
    """The block of the debtor; keys without a value are left out, and so are numbers that fail their check."""
    values = customer.values
    category = customer.customer_category
    private = category == CONSUMER or (category == "BUSN" and bool(values.get("ssn")) and not values.get("organizationNo"))
    address = values["postalAddress"]
    phone = values.get("phoneNo")
    block: dict[str, Any] = {
        "type": "PRIVATE" if private else "COMPANY",
        "consumer": category == CONSUMER,
        "customerNumber": customer.customer_no,
        "fullName": customer.name,
        "language": letter_language(customer.language),
        "email": next(iter(customer.document_emails), None),
        "phone": phone,
        "mobile": norwegian_mobile_no(phone, address.get("countryCode") or NORWAY) if phone else None,
        "birthDate": values["dateOfBirth"].isoformat() if values.get("dateOfBirth") else None,
        "address": {name: address[key] for name, key in _ADDRESS.items() if address.get(key)},
        # Who the guardian is, the ledger does not know.
        "guardian": {"kind": "GUARDIAN"} if customer.registration_status_code == "GUARDIANSHIP" else None,
    }
    wrong = failed_numbers(customer)
    if values.get("organizationNo") and "organizationNo" not in wrong:
        block |= {"organizationNumber": values["organizationNo"], "organizationNumberScheme": _scheme(customer)}
    if values.get("ssn") and _is_norwegian_id(customer) and "ssn" not in wrong:
        block["nationalId"] = values["ssn"]
    return {name: value for name, value in block.items() if value is not None}


def failed_numbers(customer: Customer) -> list[str]:
    """The fields of the customer whose number fails its check, so that the case goes on without it."""
    values = customer.values
    wrong = []
    number = values.get("organizationNo")
    if number and _scheme(customer) == NORWEGIAN_SCHEME and not is_organization_no(number, NORWEGIAN_SCHEME):
        wrong.append("organizationNo")
    if values.get("ssn") and _is_norwegian_id(customer) and not is_national_id(values["ssn"], NORWAY):
        wrong.append("ssn")
    return wrong


def needs_address(customer: Customer) -> bool:
    """Whether a handler has to find an address before a letter is of use."""
    return customer.registration_status_code in UNREACHABLE_STATUSES


def _scheme(customer: Customer) -> str:
    scheme: str = customer.values.get("organizationNoScheme", NORWEGIAN_SCHEME)
    return scheme


def _is_norwegian_id(customer: Customer) -> bool:
    return bool(customer.values.get("ssnCountry", NORWAY) == NORWAY)
