"""Numbers that identify organisations and people, with the codes and contact details that go with them.

Organisation numbers are judged by their scheme (ISO 6523), national identity numbers by their country. Whatever a field
check needs can be imported from here; codes live in ``iso_codes`` and phone, e-mail and postal code in ``contacts``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from reskontro.norway.contacts import (
    Phone,
    is_email,
    is_phone_no,
    is_postal_code,
    read_phone_no,
)
from reskontro.norway.digits import luhn_remainder, weighted_sum
from reskontro.norway.iso_codes import (
    COUNTRIES,
    CURRENCIES,
    CURRENCY_DECIMALS,
    ISO_CURRENCIES,
    LANGUAGES,
    country_code,
    country_name,
    currency_code,
    currency_decimals,
    language_code,
)
from reskontro.norway.national_ids import NorwegianId, is_national_id, is_swedish_personal_no, read_norwegian_id
from reskontro.norway.tables import read_rows

__all__ = [
    "COUNTRIES",
    "CURRENCIES",
    "CURRENCY_DECIMALS",
    "DEFAULT_SCHEME",
    "ISO_CURRENCIES",
    "LANGUAGES",
    "ORGANIZATION_SCHEMES",
    "NorwegianId",
    "Phone",
    "country_code",
    "country_name",
    "currency_code",
    "currency_decimals",
    "default_scheme",
    "is_cvr_no",
    "is_email",
    "is_finnish_business_id",
    "is_national_id",
    "is_norwegian_organization_no",
    "is_norwegian_vat_no",
    "is_organization_no",
    "is_phone_no",
    "is_postal_code",
    "is_swedish_organization_no",
    "is_swedish_personal_no",
    "language_code",
    "national_scheme",
    "norwegian_check_digit",
    "read_norwegian_id",
    "read_phone_no",
    "stored_organization_no",
    "translate_scheme",
]

DEFAULT_SCHEME: Final = "0192"
"""Scheme of an organisation number that comes without one and without a country that has its own."""

ORGANIZATION_SCHEMES: Final = MappingProxyType({row["scheme"]: row["name"] for row in read_rows("organization_scheme")})
"""The accepted schemes, code to English name."""

_SCHEME_OF_COUNTRY = {row["country"]: row["scheme"] for row in read_rows("organization_scheme") if row["country"]}
_RETIRED_SCHEME = {"9908": "0192"}  # NO:ORGNR left the Peppol list; old senders still use it

_NINE_DIGITS = re.compile(r"[0-9]{9}")
_EIGHT_DIGITS = re.compile(r"[0-9]{8}")
_TEN_DIGITS = re.compile(r"[0-9]{10}")
_CVR = re.compile(r"(?:DK)?([1-9][0-9]{7})")
_FINNISH = re.compile(r"(?:FI)?([0-9]{8})")
_VAT_NO = re.compile(r"(?:NO)?([0-9]{9})MVA")
_EHF_VAT_NO = re.compile(r"NO([0-9]{9})MVA")
_SEPARATORS = str.maketrans("", "", " .-")
_DANISH_SEPARATORS = str.maketrans("", "", " -.,/:")
_BLANK_AND_HYPHEN = str.maketrans("", "", " -")

_NORWEGIAN_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2, 1)
_CVR_WEIGHTS = (2, 7, 6, 5, 4, 3, 2, 1)
_FINNISH_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1)


def is_norwegian_organization_no(value: str) -> bool:
    """Whether the value is a number of Enhetsregisteret: nine digits (blanks aside) with a MOD11 check digit, and not
    all zeros.
    """
    digits = value.replace(" ", "")
    return bool(_NINE_DIGITS.fullmatch(digits)) and digits != "000000000" and weighted_sum(digits, _NORWEGIAN_WEIGHTS) % 11 == 0


def norwegian_check_digit(base: str) -> str | None:
    """The ninth digit for eight digits of an organisation number, or None when MOD11 leaves none. Raises ValueError for
    another base.
    """
    if not _EIGHT_DIGITS.fullmatch(base):
        raise ValueError("the base of an organisation number is 8 digits")
    remainder = weighted_sum(base, _NORWEGIAN_WEIGHTS) % 11
    return None if remainder == 1 else str(-remainder % 11)


def is_norwegian_vat_no(value: str, *, ehf: bool = False) -> bool:
    """Whether the value is an organisation number followed by ``MVA``, perhaps after ``NO``; blanks and case are
    forgiven.

    With ``ehf`` the strict form of e-invoices is wanted: ``NO``, nine digits, ``MVA``, no blanks (Peppol rule
    NO-R-001).
    """
    match = _EHF_VAT_NO.fullmatch(value) if ehf else _VAT_NO.fullmatch(value.replace(" ", "").upper())
    return match is not None and is_norwegian_organization_no(match[1])


def is_swedish_organization_no(value: str) -> bool:
    """Whether the value is ten digits (blanks, dots and hyphens aside) with a Luhn check digit."""
    digits = value.translate(_SEPARATORS)
    return bool(_TEN_DIGITS.fullmatch(digits)) and luhn_remainder(digits) == 0


def is_cvr_no(value: str) -> bool:
    """Whether the value is a Danish CVR number: eight digits, the first not 0, weighted sum divisible by 11; ``DK`` may
    stand before it.
    """
    match = _CVR.fullmatch(value.translate(_DANISH_SEPARATORS).upper())
    return match is not None and weighted_sum(match[1], _CVR_WEIGHTS) % 11 == 0


def is_finnish_business_id(value: str) -> bool:
    """Whether the value is a Finnish Y-tunnus: seven digits and a MOD11 check digit, with or without hyphen and
    ``FI``.
    """
    match = _FINNISH.fullmatch(value.translate(_BLANK_AND_HYPHEN).upper())
    return match is not None and weighted_sum(match[1], _FINNISH_WEIGHTS) % 11 == 0


_CHECK_OF_SCHEME: dict[str, Callable[[str], bool]] = {
    "0192": is_norwegian_organization_no,
    "0007": is_swedish_organization_no,
    "0184": is_cvr_no,
    "0212": is_finnish_business_id,
}


def is_organization_no(value: str, scheme: str) -> bool:
    """Whether the number is valid in its scheme; schemes without a check accept every text that is not blank."""
    check = _CHECK_OF_SCHEME.get(scheme)
    return check(value) if check is not None else bool(value.strip())


def stored_organization_no(value: str, scheme: str) -> str:
    """The number as it is kept: without blanks, dots and hyphens in a scheme that has a check, else unchanged."""
    return value.translate(_SEPARATORS) if scheme in _CHECK_OF_SCHEME else value


def translate_scheme(scheme: str) -> str | None:
    """The scheme itself when it is in the list, the one that replaced it when it is retired (9908 is 0192), else
    None.
    """
    return scheme if scheme in ORGANIZATION_SCHEMES else _RETIRED_SCHEME.get(scheme)


def national_scheme(country: str) -> str | None:
    """The scheme of a country's own organisation register (NO, SE, DK, FI), or None for another country."""
    return _SCHEME_OF_COUNTRY.get(country)


def default_scheme(country: str | None) -> str:
    """The scheme of an organisation number without one: that of the country's own register, else that of Norway."""
    return _SCHEME_OF_COUNTRY.get(country or "", DEFAULT_SCHEME)
