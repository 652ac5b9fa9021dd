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
from reskontro.kit.money import decimals_of
from reskontro.receivable.customers.record import Values
from reskontro.receivable.customers.schemas import CUSTOMER, POSTAL_RETURN_STATUSES

EARLIEST_BIRTH: Final = date(1900, 1, 1)
DUE_DAYS_MAX: Final = {"BUSN": 60, "PUBL": 30}
"""Longest usual time to pay: 60 days between businesses, 30 for public bodies (directive 2011/7/EU, articles 3 and 4)."""

_POSITION = {field.name: field.position for field in CUSTOMER.fields}
_NOT_KEPT = frozenset(("accountNo", "customerNo", "clientReference", "postalAddress", "distribution"))
_UNDECIDED: Any = object()


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

    __slots__ = ("messages", "raw", "values")

    def __init__(self, raw: dict[str, Any], policy: Policy) -> None:
        self.raw = raw
        self.messages = Messages()
        self.values = CUSTOMER.read(raw, self.messages, unknown=policy.unknown_fields, require=False, keep_cleared=True)

    @property
    def customer_no(self) -> str | None:
        """The customerNo that was sent and can be one."""
        number = self.values.get("customerNo")
        return number or None

    @property
    def account_no(self) -> int | None:
        """The accountNo that was sent and can be one."""
        number = self.values.get("accountNo")
        return number or None

    @property
    def client_reference(self) -> str | None:
        """What the caller wants to see again in the result."""
        reference = self.values.get("clientReference")
        return reference or None

    def refused(self, name: str) -> bool:
        """Whether the field was sent and did not pass its own checks."""
        return self.raw.get(name) is not None and name not in self.values

    def country_refused(self) -> bool:
        """Whether a country was sent that is none."""
        if self.refused("postalAddress"):
            return True
        address = self.values.get("postalAddress")
        return bool(address) and "countryCode" not in address and self.raw["postalAddress"].get("countryCode") is not None

    def find(self, severity: Severity, code: str, name: str, **parameters: Any) -> None:
        """Note a finding of a field of its own; an error takes the field away from the checks that follow."""
        self.messages.add(severity, code, name, f"/{name}", (_POSITION[name],), **parameters)
        if severity == "E":
            self.values.pop(name, None)


# ---------------------------------------------------------------------------------------------------------------- fields by themselves


def _block_id(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: compiled.fullmatch(value) is not None


_ELEMENT_RULES: dict[str, tuple[int, Callable[[str], bool], str, Severity]] = {
    "emailAddressDocument": (254, is_email, "EMAIL", "E"),
    "secondaryEmailAddress": (254, is_email, "EMAIL", "E"),
    "efakturaBlockIds": (8, _block_id("[0-9]{8}"), "FORMAT", "W"),
    "peppolBlockIds": (9, _block_id("[0-9]{9}"), "FORMAT", "W"),
    "digipostBlockIds": (60, _block_id(r"[^\s#]+#[0-9A-Z]{3,6}"), "FORMAT", "W"),
}


def _read_elements(draft: Draft, name: str, raw: list[Any]) -> None:
    """Judge each element of an array of texts; blank ones are dropped."""
    maximum, holds, code, severity = _ELEMENT_RULES[name]
    kept: list[str] = []
    failed = False
    for index, entry in enumerate(raw):
        if entry is None:
            continue
        place, pointer = (_POSITION[name], index), f"/{name}/{index}"
        try:
            if type(entry) is not str:
                raise Invalid("TYPE", type="string")
            cleaned = clean_text(entry, multiline=False)
            if len(cleaned) > maximum:
                raise Invalid("LENGTH", max=maximum)
        except Invalid as invalid:
            draft.messages.add("E", invalid.code, name, pointer, place, **invalid.parameters)
            failed = True
            continue
        if cleaned and not holds(cleaned):
            draft.messages.add(severity, code, name, pointer, place, value=entry)
            failed = failed or severity == "E"
        if cleaned:
            kept.append(cleaned)
    if failed:
        del draft.values[name]
    else:
        draft.values[name] = kept


def _check_fields(draft: Draft, policy: Policy) -> None:
    """The checks of single fields that need the day, a config or more than one message."""
    sent = draft.values
    if sent.get("postalReturnStatus", CLEARED) is not CLEARED and sent["postalReturnStatus"] not in POSTAL_RETURN_STATUSES:
        draft.find("E", "CODE-UNKNOWN", "postalReturnStatus", value=sent["postalReturnStatus"])
    returned = sent.get("postalReturnDate")
    if returned and returned > policy.today:
        draft.find("W", "DATE-FUTURE", "postalReturnDate")
    scheme = sent.get("organizationNoScheme")
    if scheme:
        known = translate_scheme(scheme)
        if known is None:
            draft.find("E", "CODE-UNKNOWN", "organizationNoScheme", value=scheme)
        elif known != scheme:
            draft.find("W", "CODE-UNKNOWN", "organizationNoScheme", value=scheme)
            sent["organizationNoScheme"] = known
    born = sent.get("dateOfBirth")
    if born and not EARLIEST_BIRTH <= born <= policy.today:
        draft.find("E", "RANGE", "dateOfBirth", min=EARLIEST_BIRTH, max=policy.today)
    ssn = sent.get("ssn")
    if ssn and "*" in ssn:
        del sent["ssn"]
    group = sent.get("customerGroupCode")
    if group:
        canonical = policy.group_code(group)
        if canonical is None:
            draft.find("E", "CODE-UNKNOWN", "customerGroupCode", value=group)
        else:
            sent["customerGroupCode"] = canonical
    account = sent.get("bankAccountNo")
    if account and not is_bank_account(account):
        draft.find(policy.identity, "BANK-ACCOUNT", "bankAccountNo", value=account)
    for name in _ELEMENT_RULES:
        if sent.get(name):
            _read_elements(draft, name, sent[name])


# ---------------------------------------------------------------------------------------------------------------- what results


def resulting_values(draft: Draft, stored: Values | None, policy: Policy) -> Values:
    """The values a customer would have: of a new one when ``stored`` is None, else of the stored one after an update.

    Findings go to the draft's messages; with an error among them the values mean nothing. A draft is resolved once.
    """
    sent = draft.values
    _check_fields(draft, policy)
    name = sent.get("name")
    if (name is CLEARED or (name is None and stored is None)) and not draft.refused("name"):
        draft.messages.add("E", "REQUIRED", "name", "/name", (_POSITION["name"],))
    values: Values = {} if stored is None else dict(stored)
    for key, value in sent.items():
        if key in _NOT_KEPT:
            continue
        if value is CLEARED or value == []:
            values.pop(key, None)
        else:
            values[key] = value
    _apply_address(sent, values, stored, policy)
    if "distribution" in sent:
        _apply_distribution(sent["distribution"], values)
    _fill_defaults(draft, values, policy)
    _check_pairs(draft, values, policy, creating=stored is None)
    return values


def _apply_address(sent: Values, values: Values, stored: Values | None, policy: Policy) -> None:
    """One key of the address replaces the group; whoever moves it without a date of its own gets today's."""
    before = {"countryCode": policy.base_country} if stored is None else stored["postalAddress"]
    given = sent.get("postalAddress")
    if given is CLEARED:
        after = {"countryCode": policy.base_country}
    elif given:
        after = {key: value for key, value in given.items() if value is not CLEARED}
        after.setdefault("countryCode", policy.base_country)
    else:
        values["postalAddress"] = before
        return
    values["postalAddress"] = after
    if after != before:
        changed = sent.get("postalAddressChanged") or None
        if changed is None or (stored is not None and changed == stored.get("postalAddressChanged")):
            values["postalAddressChanged"] = policy.today


def _apply_distribution(given: Any, values: Values) -> None:
    """The two keys change one by one; a cleared one goes back to its default."""
    merged = {} if given is CLEARED else {**values.get("distribution", {}), **given}
    kept = {key: value for key, value in merged.items() if value is not CLEARED}
    if kept:
        values["distribution"] = kept
    else:
        values.pop("distribution", None)


def _fill_defaults(draft: Draft, values: Values, policy: Policy) -> None:
    """The defaults of a new customer for every field that is unset: at creation, and for what an update cleared."""
    organization_no = values.get("organizationNo")
    category = values.setdefault("customerCategory", "BUSN" if organization_no else "CONS")
    if draft.values.get("organizationNo") is CLEARED:
        values.pop("organizationNoScheme", None)
    elif organization_no and "organizationNoScheme" not in values and not draft.refused("organizationNoScheme"):
        values["organizationNoScheme"] = default_scheme(values["postalAddress"]["countryCode"])
    if "ssn" in values and "ssnCountry" not in values:
        values["ssnCountry"] = "NO"
    values.setdefault("priceNetOrGross", "B" if category == "CONS" else "N")
    values.setdefault("language", policy.base_language)
    values.setdefault("currency", policy.base_currency)
    values.setdefault("vatLiable", category == "BUSN")


# ---------------------------------------------------------------------------------------------------------------- two fields together


def _check_pairs(draft: Draft, values: Values, policy: Policy, *, creating: bool) -> None:
    """Checks over the values that result, each when one of its fields was sent."""
    sent, messages, identity = draft.values, draft.messages, policy.identity
    address_sent = bool(sent.get("postalAddress")) or sent.get("postalAddress") is CLEARED
    country = values["postalAddress"]["countryCode"]
    # Nothing is asked of a country that was refused: the finding about it says enough.
    country_known = not (messages.error_count and draft.country_refused())
    for name in ("phoneNo", "secondaryPhoneNo"):
        phone = values.get(name)
        if phone and country_known and (name in sent or address_sent) and not is_phone_no(phone, country):
            messages.cross(identity, "PHONE-NO", name, f"/{name}", value=phone)
    organization_no = values.get("organizationNo")
    if organization_no and ("organizationNo" in sent or "organizationNoScheme" in sent):
        _check_organization_no(draft, values, organization_no, identity, country_known)
    if "dateOfBirth" in sent or "yearOfBirth" in sent:
        born, year = values.get("dateOfBirth"), values.get("yearOfBirth")
        if born and year and year != born.year and not draft.refused("dateOfBirth"):
            messages.cross("W", "VALUE-CONFLICT", "yearOfBirth", "/yearOfBirth", other="dateOfBirth")
            values["yearOfBirth"] = born.year
    if "ssn" in sent or "ssnCountry" in sent:
        ssn = values.get("ssn")
        if ssn and not draft.refused("ssnCountry") and not draft.refused("ssn") and not is_national_id(ssn, values["ssnCountry"]):
            messages.cross(identity, "NATIONAL-ID", "ssn", "/ssn", country=values["ssnCountry"])
    if "dueDays" in sent or "customerCategory" in sent:
        due_days, most = values.get("dueDays"), DUE_DAYS_MAX.get(values["customerCategory"])
        if due_days and most and due_days > most and not draft.refused("customerCategory") and not draft.refused("dueDays"):
            messages.cross("W", "RANGE", "dueDays", "/dueDays", min=0, max=most)
    if "limitAmount" in sent or "currency" in sent:
        limit = values.get("limitAmount")
        if limit and not draft.refused("currency") and not draft.refused("limitAmount"):
            decimals = currency_decimals(values["currency"])
            if decimals is not None and decimals_of(limit) > decimals:
                messages.cross("E", "PRECISION", "limitAmount", "/limitAmount", max=decimals)
    if address_sent and country_known:
        postal_code = values["postalAddress"].get("postalCode")
        if postal_code and not is_postal_code(postal_code, country):
            messages.cross(identity, "POSTAL-CODE", "postalCode", "/postalAddress/postalCode", value=postal_code, country=country)


def _check_organization_no(draft: Draft, values: Values, organization_no: str, identity: Severity, country_known: bool) -> None:
    scheme_sent = "organizationNoScheme" in draft.values
    if draft.refused("organizationNo") or draft.refused("organizationNoScheme") or not (country_known or scheme_sent):
        return
    scheme = values["organizationNoScheme"]
    if not is_organization_no(organization_no, scheme):
        draft.messages.cross(identity, "BUSINESS-ID", "organizationNo", "/organizationNo", value=organization_no, scheme=scheme)
    values["organizationNo"] = stored_organization_no(organization_no, scheme)
