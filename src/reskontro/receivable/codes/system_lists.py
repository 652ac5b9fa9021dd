"""The code lists of the system: those of the file beside this module, and those that other parts of the software know."""

from __future__ import annotations

import csv
import gettext
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import pycountry

from reskontro.kit.texts import FIELD_TEXTS
from reskontro.ledger.books import CodeRecord
from reskontro.ledger.log_events import LOG_EVENTS
from reskontro.norway.announced import known_rates
from reskontro.norway.identities import COUNTRIES, CURRENCIES, LANGUAGES, currency_decimals
from reskontro.norway.rates import DatedTable
from reskontro.norway.vat import VAT_CODES

CLIENT_LISTS: Final = ("CUSTOMER-GROUP", "ATTACHMENT", "MARKETING-MESSAGE", "CUSTOM", "EXCHANGE-RATE")
"""The lists that a client keeps itself."""

_NAME_CHARACTERS_MAX = 100
_DESCRIPTION_CHARACTERS_MAX = 300


class SystemCode(NamedTuple):
    """A code of the system with its description in English and in Norwegian."""

    record: CodeRecord
    descriptions: tuple[str, str] | None


def _code(
    code_type: str,
    code: str,
    name_en: str,
    name_no: str,
    *,
    span: tuple[date | None, date | None] = (None, None),
    attributes: dict[str, Any] | None = None,
    descriptions: tuple[str, str] | None = None,
) -> SystemCode:
    record = CodeRecord(
        code_type=code_type,
        code=code,
        valid_from=span[0],
        valid_to=span[1],
        name_en=name_en[:_NAME_CHARACTERS_MAX],
        name_no=name_no[:_NAME_CHARACTERS_MAX],
        active=True,
        attributes=attributes or {},
    )
    return SystemCode(record, descriptions)


@cache
def system_codes() -> dict[tuple[str, str, str], SystemCode]:
    """Every code of the system by list, code and first day (an empty text without one), in that order."""
    found: dict[tuple[str, str, str], SystemCode] = {}
    for code in (*_of_file(), *_countries(), *_currencies(), *_languages(), *_errors(), *_events()):
        record = code.record
        found[record.code_type, record.code, str(record.valid_from or "")] = code
    return dict(sorted(found.items()))


@cache
def system_list_names() -> frozenset[str]:
    """The names of the system's lists."""
    return frozenset(code_type for code_type, _, _ in system_codes())


def _of_file() -> Iterator[SystemCode]:
    """The codes of the file; those that have values of their time get a row for each span."""
    text = (files(__package__) / "data" / "system_code.csv").read_text(encoding="utf-8")
    rates = {
        ("INTEREST-RATE", "LATE"): known_rates().late_interest,
        ("FEE-RATE", "INKASSOSATS"): known_rates().inkassosats,
        ("FEE-RATE", "COMPENSATION"): known_rates().compensation,
        ("FEE-RATE", "COURT-FEE"): known_rates().court_fee,
    }
    for row in csv.DictReader(text.splitlines()):
        key = (row["code_type"], row["code"])
        names = (row["name_en"], row["name_no"])
        if key[0] == "VAT-CODE":
            yield from _vat_rows(key[1], names)
        elif key in rates:
            yield from _rate_rows(key, names, rates[key])
        else:
            yield _code(*key, *names)


def _vat_rows(code: str, names: tuple[str, str]) -> Iterator[SystemCode]:
    for row in VAT_CODES:
        if row.code == code:
            attributes = {"rate": row.rate}
            yield _code("VAT-CODE", code, *names, span=(row.valid_from, row.valid_to), attributes=attributes)


def _rate_rows(key: tuple[str, str], names: tuple[str, str], table: DatedTable) -> Iterator[SystemCode]:
    value = "rate" if key[0] == "INTEREST-RATE" else "amount"
    for row in table.rows:
        attributes = {value: row.value, "source": row.source}
        yield _code(*key, *names, span=(row.valid_from, row.valid_to), attributes=attributes)


def _translated(domain: str, names: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Code, English and Norwegian name; the translations are those of Debian's iso-codes, which pycountry brings along."""
    norwegian = gettext.translation(domain, pycountry.LOCALES_DIR, languages=["nb"], fallback=True)
    for code, name in names:
        yield code, name, norwegian.gettext(name)


def _countries() -> Iterator[SystemCode]:
    names = [(country.alpha_2, country.name) for country in pycountry.countries if country.alpha_2 in COUNTRIES]
    for code, english, norwegian in _translated("iso3166-1", names):
        yield _code("COUNTRY", code, english, norwegian)


def _currencies() -> Iterator[SystemCode]:
    names = [(currency.alpha_3, currency.name) for currency in pycountry.currencies if currency.alpha_3 in CURRENCIES]
    for code, english, norwegian in _translated("iso4217", names):
        yield _code("CURRENCY", code, english, norwegian, attributes={"decimals": currency_decimals(code)})


def _languages() -> Iterator[SystemCode]:
    names = [(language.alpha_2, language.name) for language in pycountry.languages if getattr(language, "alpha_2", None) in LANGUAGES]
    for code, english, norwegian in _translated("iso639-3", names):
        yield _code("LANGUAGE", code, english, norwegian)


def _errors() -> Iterator[SystemCode]:
    """The field codes; the description is the text with its placeholders."""
    for code, (english, norwegian) in FIELD_TEXTS.items():
        if "/" not in code:
            name = code.replace("-", " ").capitalize()
            texts = (english[:_DESCRIPTION_CHARACTERS_MAX], norwegian[:_DESCRIPTION_CHARACTERS_MAX])
            yield _code("ERROR-CODE", code, name, name, descriptions=texts)


def _events() -> Iterator[SystemCode]:
    for event, (english, norwegian) in LOG_EVENTS.items():
        yield _code("LOG-EVENT", event, english, norwegian)
