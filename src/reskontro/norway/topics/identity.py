"""Calculations of identity numbers, codes and contact details."""

from __future__ import annotations

from typing import Any

from reskontro.kit.texts import FIELD_TEXTS
from reskontro.norway import identities
from reskontro.norway.inputs import Input, InputInvalid
from reskontro.norway.topics.answers import Functions

_BUSINESS_ID = FIELD_TEXTS["BUSINESS-ID"][0]
_COUNTRY_CODE = FIELD_TEXTS["COUNTRY-CODE"][0]
_NAMED = "value"


def _business_id_message(value: str) -> str:
    return _BUSINESS_ID.format(value=value, scheme=identities.DEFAULT_SCHEME)


def _organization_no_message(values: Input) -> dict[str, Any]:
    value = values.text(_NAMED)
    if identities.is_norwegian_organization_no(value):
        return {"valid": True, "severity": None, "message": None}
    return {"valid": False, "severity": "warning", "message": _business_id_message(value)}


def _check_digit(values: Input) -> dict[str, Any]:
    try:
        return {"check_digit": identities.norwegian_check_digit(values.text("base"))}
    except ValueError as error:
        raise InputInvalid(str(error)) from error


def _norwegian_id(values: Input) -> dict[str, Any]:
    return identities.read_norwegian_id(values.text(_NAMED), allow_2032=values.flag("allow_2032"))._asdict()


def _country_of(values: Input, key: str) -> str:
    code = identities.country_code(values.text(key))
    if code is None:
        raise InputInvalid(f"{key} must be an ISO 3166-1 alpha-2 country code")
    return code


def _country(values: Input) -> dict[str, Any]:
    value = values.text(_NAMED)
    stored = identities.country_code(value)
    return {
        "valid": stored is not None,
        "stored": stored,
        "message": None if stored is not None else _COUNTRY_CODE.format(value=value),
    }


def _currency(values: Input) -> dict[str, Any]:
    value = values.text(_NAMED)
    return {
        "iso_4217": value.upper() in identities.ISO_CURRENCIES,
        "accepted": identities.currency_code(value) is not None,
    }


def _scheme_code(values: Input) -> dict[str, Any]:
    scheme = values.text("scheme")
    return {"in_list": scheme in identities.ORGANIZATION_SCHEMES, "translated": identities.translate_scheme(scheme)}


def _customer(customer: Input) -> dict[str, Any]:
    """The result of one customer of a batch: an unknown country is an error, a wrong Norwegian number a warning."""
    value = customer.text("countryCode")
    country = identities.country_code(value)
    if country is None:
        return {"result": "FAILED", "warnings": [], "errors": [_COUNTRY_CODE.format(value=value)]}
    number = customer.text_or_none("organizationNo")
    wrong = country == "NO" and number is not None and not identities.is_norwegian_organization_no(number)
    return {"result": "CREATED", "warnings": [_business_id_message(number)] if wrong and number else [], "errors": []}


def _customer_batch(values: Input) -> dict[str, Any]:
    items = [_customer(customer) for customer in values.objects("customers")]
    failed = sum(item["result"] == "FAILED" for item in items)
    result = "SUCCESS" if not failed else "FAILED" if failed == len(items) else "PARTIAL-SUCCESS"
    return {
        "status": "PROCESSED",
        "result": result,
        "successful": len(items) - failed,
        "failed": failed,
        "items": items,
    }


FUNCTIONS: Functions = {
    "identity.no-orgnr": lambda values: {"valid": identities.is_norwegian_organization_no(values.text(_NAMED))},
    "identity.no-orgnr-message": _organization_no_message,
    "identity.no-orgnr-check-digit": _check_digit,
    "identity.no-vat": lambda values: {"valid": identities.is_norwegian_vat_no(values.text(_NAMED), ehf=values.flag("ehf"))},
    "identity.fnr": _norwegian_id,
    "identity.se-orgnr": lambda values: {"valid": identities.is_swedish_organization_no(values.text(_NAMED))},
    "identity.se-personnummer": lambda values: {"valid": identities.is_swedish_personal_no(values.text(_NAMED))},
    "identity.dk-cvr": lambda values: {"valid": identities.is_cvr_no(values.text(_NAMED))},
    "identity.fi-ytunnus": lambda values: {"valid": identities.is_finnish_business_id(values.text(_NAMED))},
    "identity.postal-code": lambda values: {"valid": identities.is_postal_code(values.text(_NAMED), _country_of(values, "country"))},
    "identity.country": _country,
    "identity.currency": _currency,
    "identity.language": lambda values: {"valid": identities.language_code(values.text(_NAMED)) is not None},
    "identity.phone": lambda values: identities.read_phone_no(values.text(_NAMED), _country_of(values, "country"))._asdict(),
    "identity.email": lambda values: {"valid": identities.is_email(values.text(_NAMED))},
    "identity.scheme-of-country": lambda values: {"scheme": identities.national_scheme(_country_of(values, "country"))},
    "identity.scheme-code": _scheme_code,
    "identity.customer-batch": _customer_batch,
}
