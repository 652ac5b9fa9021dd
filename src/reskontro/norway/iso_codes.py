"""Country (ISO 3166-1), currency (ISO 4217) and language (ISO 639-1) codes: as sent in any case, answered in their
canonical one.

The lists are those of pycountry. Currencies are narrowed to money that an amount with 0 or 2 decimals can hold;
``data/currency.csv`` names the exceptions and why.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import pycountry

from reskontro.norway.tables import read_rows

COUNTRIES: Final[frozenset[str]] = frozenset(country.alpha_2 for country in pycountry.countries)
"""All ISO 3166-1 alpha-2 codes, upper case."""

LANGUAGES: Final[frozenset[str]] = frozenset(language.alpha_2 for language in pycountry.languages if hasattr(language, "alpha_2"))
"""All ISO 639-1 codes, lower case."""

ISO_CURRENCIES: Final[frozenset[str]] = frozenset(currency.alpha_3 for currency in pycountry.currencies)
"""All ISO 4217 codes, upper case, those that are no money included."""

_EXCEPTIONS = {row["code"]: row for row in read_rows("currency")}

CURRENCY_DECIMALS: Final = MappingProxyType(
    {
        code: int(_EXCEPTIONS[code]["decimals"]) if code in _EXCEPTIONS else 2
        for code in sorted(ISO_CURRENCIES)
        if code not in _EXCEPTIONS or _EXCEPTIONS[code]["accepted"] == "yes"
    }
)
"""Decimals (0 or 2) of every currency that is accepted, by code."""

CURRENCIES: Final[frozenset[str]] = frozenset(CURRENCY_DECIMALS)
"""The accepted currencies: real money with 0 or 2 decimals."""


def country_code(value: str) -> str | None:
    """The ISO 3166-1 alpha-2 code in upper case, or None when the value is not one."""
    code = value.upper()
    return code if code in COUNTRIES and value.isascii() else None


def country_name(code: str) -> str:
    """The English name of a country by its ISO 3166-1 alpha-2 code in upper case, the usual one where it has one; an unknown code as it is."""
    country = pycountry.countries.get(alpha_2=code)
    return code if country is None else str(getattr(country, "common_name", country.name))


def currency_code(value: str) -> str | None:
    """The ISO 4217 code in upper case, or None when it is no code or no accepted money."""
    code = value.upper()
    return code if code in CURRENCY_DECIMALS and value.isascii() else None


def currency_decimals(code: str) -> int | None:
    """How many decimals amounts in that currency have, 0 or 2; None for a currency that is not accepted. Case does not
    matter.
    """
    return CURRENCY_DECIMALS.get(code) if code in CURRENCY_DECIMALS else CURRENCY_DECIMALS.get(code.upper())


def language_code(value: str) -> str | None:
    """The ISO 639-1 code in lower case, or None when the value is not one."""
    code = value.lower()
    return code if code in LANGUAGES and value.isascii() else None
