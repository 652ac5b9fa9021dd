"""The rules of customers: what results from what was sent and what was stored, and every finding about it. Pure.

A field's own findings come in the order of the fields; checks that look at two fields follow, and look only at fields that passed their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from reskontro.kit.fields import CLEARED, Invalid, clean_text
from reskontro.kit.messages import Messages, Severity
from reskontro.kit.money import decimals_of
from reskontro.kit.quick import Sent
from reskontro.norway.accounts import is_bank_account
from reskontro.norway.identities import (
    currency_decimals,
    default_scheme,
    is_email,
    is_national_id,
    is_organization_no,
    is_phone_no,
    is_postal_code,
    stored_organization_no,
    translate_scheme,
)
from reskontro.norway.kid import Algorithm, KidTemplate, KidTooLong
from reskontro.receivable.customers.record import Values
from reskontro.receivable.customers.schemas import CUSTOMER, POSTAL_RETURN_STATUSES

EARLIEST_BIRTH: Final = date(1900, 1, 1)
DUE_DAYS_MAX: Final = {"BUSN": 60, "PUBL": 30}
"""Longest usual time to pay: 60 days between businesses, 30 for public bodies (directive 2011/7/EU, articles 3 and 4)."""

_NOT_KEPT = ("accountNo", "customerNo", "clientReference")
_POSITION = {field.name: field.position for field in CUSTOMER.fields}


@dataclass(frozen=True, slots=True)
class Policy:
    """What the client's configs say about customers today."""

    client_no: int
    base_currency: str
    base_country: str
    base_language: str
    identity: Severity
    unknown_fields: Severity
    account_mode: str
    customer_mode: str
    kid_template: KidTemplate | None
    """None when customers have no KID: KIDs are not generated, or the template does not tell one customer from another."""
    kid_algorithm: Algorithm
    group_code: Callable[[str], str | None]
    """The canonical spelling of a CUSTOMER-GROUP code, None for an unknown one."""
    today: date

    def customer_kid(self, account_no: int) -> str | None:
        """The KID of a customer: serial 0 of the template. None when there is none of at most 25 digits."""
        if self.kid_template is None:
            return None
        try:
            return self.kid_template.render(self.client_no, account_no, 0, self.kid_algorithm)
        except KidTooLong:
            return None


class Draft:
    """An item as read: the values that hold by themselves, and the findings so far."""

    __slots__ = (
        "_failed",
        "account_no",
        "client_reference",
        "customer_no",
        "messages",
        "sent",
        "ssn_is_masked",
        "values",
    )

    def __init__(self, sent: Sent, policy: Policy) -> None:
        self.sent = sent
        self.messages = Messages()
        self._failed: set[str] | None = None
        if sent.values is None:
            values = CUSTOMER.read(sent.value, self.messages, unknown=policy.unknown_fields, require=False, keep_cleared=True)
        else:
            values = sent.values
        self.values: Values = values
        # Of these an empty text says as little as no text.
        self.customer_no: str | None = values.get("customerNo") or None
        self.account_no: int | None = values.get("accountNo") or None
        self.client_reference: str | None = values.get("clientReference") or None
        ssn = values.get("ssn")
        self.ssn_is_masked = isinstance(ssn, str) and "*" in ssn
        if self.ssn_is_masked:
            self.values = {name: value for name, value in values.items() if name != "ssn"}

    @property
    def raw(self) -> dict[str, Any]:
        """The object as it was sent."""
        return self.sent.value

    def refused(self, name: str) -> bool:
        """Whether the field was sent and did not pass its own checks."""
        if name in self.values:
            return self._failed is not None and name in self._failed
        return self.sent.known.get(name) is not None and not (name == "ssn" and self.ssn_is_masked)

    def country_refused(self) -> bool:
        """Whether a country was sent that is none."""
        if self.refused("postalAddress"):
            return True
        address = self.values.get("postalAddress")
        if address is None or address is CLEARED or "countryCode" in address:
            return False
        return self.raw["postalAddress"].get("countryCode") is not None

    def find(self, severity: Severity, code: str, name: str, **parameters: Any) -> None:
        """Note a finding of a field of its own; an error takes the field away from the checks that follow."""
        self.messages.add(severity, code, name, f"/{name}", (_POSITION[name],), **parameters)
        if severity == "E":
            self._failed = {name} if self._failed is None else self._failed | {name}


# ---------------------------------------------------------------------------------------------------------------- fields by themselves
#
# Checks of single fields that need the day, a config or more than one message. Each returns the value to keep, or None when there is none.

FieldRule = Callable[[Draft, Policy, Any], Any]


def _postal_return_status(draft: Draft, _policy: Policy, status: int) -> int | None:
    if status in POSTAL_RETURN_STATUSES:
        return status
    draft.find("E", "CODE-UNKNOWN", "postalReturnStatus", value=status)
    return None


def _postal_return_date(draft: Draft, policy: Policy, returned: date) -> date:
    if returned > policy.today:
        draft.find("W", "DATE-FUTURE", "postalReturnDate")
    return returned


def _organization_no_scheme(draft: Draft, _policy: Policy, scheme: str) -> str | None:
    known = translate_scheme(scheme)
    if known != scheme:
        draft.find("E" if known is None else "W", "CODE-UNKNOWN", "organizationNoScheme", value=scheme)
    return known


def _date_of_birth(draft: Draft, policy: Policy, born: date) -> date | None:
    if EARLIEST_BIRTH <= born <= policy.today:
        return born
    draft.find("E", "RANGE", "dateOfBirth", min=EARLIEST_BIRTH, max=policy.today)
    return None


def _customer_group_code(draft: Draft, policy: Policy, code: str) -> str | None:
    canonical = policy.group_code(code)
    if canonical is None:
        draft.find("E", "CODE-UNKNOWN", "customerGroupCode", value=code)
    return canonical


def _bank_account_no(draft: Draft, policy: Policy, account: str) -> str | None:
    if not is_bank_account(account):
        draft.find(policy.identity, "BANK-ACCOUNT", "bankAccountNo", value=account)
    return account


def _elements(name: str, maximum: int, holds: Callable[[str], bool], code: str, severity: Severity) -> FieldRule:
    """The rule of an array of texts: each element is judged, blank ones are dropped."""
    position = _POSITION[name]

    def rule(draft: Draft, _policy: Policy, raw: list[Any]) -> list[str] | None:
        kept: list[str] = []
        errors_before = draft.messages.error_count
        for index, entry in enumerate(raw):
            if entry is None:
                continue
            try:
                if type(entry) is not str:
                    raise Invalid("TYPE", type="string")
                cleaned = clean_text(entry, multiline=False)
                if len(cleaned) > maximum:
                    raise Invalid("LENGTH", max=maximum)
                if not cleaned:
                    continue
                kept.append(cleaned)
                if not holds(cleaned):
                    draft.messages.add(severity, code, name, f"/{name}/{index}", (position, index), value=entry)
            except Invalid as invalid:
                draft.messages.add("E", invalid.code, name, f"/{name}/{index}", (position, index), **invalid.parameters)
        return kept if kept and draft.messages.error_count == errors_before else None

    return rule


def _block_id(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: compiled.fullmatch(value) is not None


PHONE, ORGANIZATION, BIRTH, SSN, DUE_DAYS, LIMIT = 1, 2, 4, 8, 16, 32
"""Checks that look at two fields, as flags: a field that was sent asks for those it is part of."""

_RULES: dict[str, tuple[FieldRule | None, int]] = {
    "postalReturnStatus": (_postal_return_status, 0),
    "postalReturnDate": (_postal_return_date, 0),
    "customerCategory": (None, DUE_DAYS),
    "phoneNo": (None, PHONE),
    "secondaryPhoneNo": (None, PHONE),
    "organizationNo": (None, ORGANIZATION),
    "organizationNoScheme": (_organization_no_scheme, ORGANIZATION),
    "dateOfBirth": (_date_of_birth, BIRTH),
    "yearOfBirth": (None, BIRTH),
    "ssn": (None, SSN),
    "ssnCountry": (None, SSN),
    "customerGroupCode": (_customer_group_code, 0),
    "currency": (None, LIMIT),
    "bankAccountNo": (_bank_account_no, 0),
    "dueDays": (None, DUE_DAYS),
    "limitAmount": (None, LIMIT),
    "emailAddressDocument": (_elements("emailAddressDocument", 254, is_email, "EMAIL", "E"), 0),
    "secondaryEmailAddress": (_elements("secondaryEmailAddress", 254, is_email, "EMAIL", "E"), 0),
    "efakturaBlockIds": (_elements("efakturaBlockIds", 8, _block_id("[0-9]{8}"), "FORMAT", "W"), 0),
    "peppolBlockIds": (_elements("peppolBlockIds", 9, _block_id("[0-9]{9}"), "FORMAT", "W"), 0),
    "digipostBlockIds": (_elements("digipostBlockIds", 60, _block_id(r"[^\s#]+#[0-9A-Z]{3,6}"), "FORMAT", "W"), 0),
}
"""The fields with a rule of their own beyond their type, or with a part in a check of two fields. All others are kept as read."""


# ---------------------------------------------------------------------------------------------------------------- what results


def resulting_values(draft: Draft, stored: Values | None, policy: Policy) -> Values:
    """The values a customer would have: of a new one when ``stored`` is None, else of the stored one after an update.

    Findings go to the draft's messages; with an error among them the values mean nothing. A draft is resolved once.
    """
    sent = draft.values
    values: Values = sent.copy() if stored is None else {**stored, **sent}
    pairs = 0
    for name, value in sent.items():
        if value is CLEARED:
            del values[name]
        if name in _RULES:
            rule, flags = _RULES[name]
            pairs |= flags
            if rule is not None and value is not CLEARED:
                kept = rule(draft, policy, value)
                if kept is None:
                    del values[name]
                else:
                    values[name] = kept
    for name in _NOT_KEPT:
        values.pop(name, None)
    if sent.get("name") is CLEARED or (stored is None and "name" not in values and not draft.refused("name")):
        draft.messages.add("E", "REQUIRED", "name", "/name", (_POSITION["name"],))
    moved = _apply_address(sent, values, stored, policy)
    if "distribution" in sent:
        _apply_distribution(sent["distribution"], values, stored)
    _fill_defaults(draft, values, policy)
    if pairs or moved:
        _check_pairs(draft, values, policy, pairs, address_sent=moved)
    return values


def _apply_address(sent: Values, values: Values, stored: Values | None, policy: Policy) -> bool:
    """One key of the address replaces the group; returns whether one was sent.

    When the address changes and no day of its own comes with it, today is the day of the change.
    """
    before = {"countryCode": policy.base_country} if stored is None else stored["postalAddress"]
    given = sent.get("postalAddress")
    if not given and given is not CLEARED:
        values["postalAddress"] = before
        return False
    after = _without_cleared(given)
    if "countryCode" not in after:
        after["countryCode"] = policy.base_country
    values["postalAddress"] = after
    if after != before:
        changed = sent.get("postalAddressChanged") or None
        if changed is None or (stored is not None and changed == stored.get("postalAddressChanged")):
            values["postalAddressChanged"] = policy.today
    return True


def _apply_distribution(given: Any, values: Values, stored: Values | None) -> None:
    """The two keys change one by one; a cleared one goes back to its default."""
    before = stored.get("distribution") if stored is not None else None
    after = _without_cleared(given if given is CLEARED or before is None else {**before, **given})
    if after:
        values["distribution"] = after
    else:
        values.pop("distribution", None)


def _without_cleared(group: Any) -> Values:
    """A copy of a group of fields with the keys that have a value."""
    if group is CLEARED:
        return {}
    if CLEARED not in group.values():
        return dict(group)
    return {key: value for key, value in group.items() if value is not CLEARED}


def _fill_defaults(draft: Draft, values: Values, policy: Policy) -> None:
    """The defaults of a new customer for every field that is unset: at creation, and for what an update cleared."""
    organization_no = values.get("organizationNo")
    if "customerCategory" not in values:
        values["customerCategory"] = "BUSN" if organization_no else "CONS"
    category = values["customerCategory"]
    if organization_no:
        if "organizationNoScheme" not in values and not draft.refused("organizationNoScheme"):
            values["organizationNoScheme"] = default_scheme(values["postalAddress"]["countryCode"])
    elif draft.values.get("organizationNo") is CLEARED:
        values.pop("organizationNoScheme", None)
    if "ssn" in values and "ssnCountry" not in values:
        values["ssnCountry"] = "NO"
    if "priceNetOrGross" not in values:
        values["priceNetOrGross"] = "B" if category == "CONS" else "N"
    if "language" not in values:
        values["language"] = policy.base_language
    if "currency" not in values:
        values["currency"] = policy.base_currency
    if "vatLiable" not in values:
        values["vatLiable"] = category == "BUSN"


# ---------------------------------------------------------------------------------------------------------------- two fields together


def _none_refused(_name: str) -> bool:
    return False


def _check_pairs(draft: Draft, values: Values, policy: Policy, pairs: int, *, address_sent: bool) -> None:
    """The checks asked for, over the values that result; a check is left out when one of its fields was refused for itself."""
    messages, identity = draft.messages, policy.identity
    refused = draft.refused if messages.error_count else _none_refused
    country_known = not (messages.error_count and draft.country_refused())
    country = values["postalAddress"]["countryCode"]
    if (address_sent or pairs & PHONE) and country_known:
        for name in ("phoneNo", "secondaryPhoneNo"):
            phone = values.get(name)
            if phone and (address_sent or name in draft.values) and not refused(name) and not is_phone_no(phone, country):
                messages.cross(identity, "PHONE-NO", name, f"/{name}", value=phone)
    if pairs & ORGANIZATION:
        number = values.get("organizationNo")
        # Without a scheme of its own the number has that of the country, which has to be known then.
        known = country_known or "organizationNoScheme" in draft.values
        if number and known and not refused("organizationNo") and not refused("organizationNoScheme"):
            scheme = values["organizationNoScheme"]
            if not is_organization_no(number, scheme):
                messages.cross(identity, "BUSINESS-ID", "organizationNo", "/organizationNo", value=number, scheme=scheme)
            if not number.isalnum():
                values["organizationNo"] = stored_organization_no(number, scheme)
    if pairs & BIRTH:
        born, year = values.get("dateOfBirth"), values.get("yearOfBirth")
        if born and year and year != born.year and not refused("dateOfBirth") and not refused("yearOfBirth"):
            messages.cross("W", "VALUE-CONFLICT", "yearOfBirth", "/yearOfBirth", other="dateOfBirth")
            values["yearOfBirth"] = born.year
    if pairs & SSN:
        ssn = values.get("ssn")
        if ssn and not refused("ssn") and not refused("ssnCountry") and not is_national_id(ssn, values["ssnCountry"]):
            messages.cross(identity, "NATIONAL-ID", "ssn", "/ssn", country=values["ssnCountry"])
    if pairs & DUE_DAYS:
        due_days, most = values.get("dueDays"), DUE_DAYS_MAX.get(values["customerCategory"])
        if due_days and most and due_days > most and not refused("dueDays") and not refused("customerCategory"):
            messages.cross("W", "RANGE", "dueDays", "/dueDays", min=0, max=most)
    if pairs & LIMIT:
        limit = values.get("limitAmount")
        if limit and not refused("limitAmount") and not refused("currency"):
            decimals = currency_decimals(values["currency"])
            if decimals is not None and decimals_of(limit) > decimals:
                messages.cross("E", "PRECISION", "limitAmount", "/limitAmount", max=decimals)
    if address_sent and country_known:
        postal_code = values["postalAddress"].get("postalCode")
        if postal_code and not is_postal_code(postal_code, country):
            messages.cross(identity, "POSTAL-CODE", "postalCode", "/postalAddress/postalCode", value=postal_code, country=country)
