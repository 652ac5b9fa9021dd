"""Amounts, dates and percentages as people of a language write them, and texts that spreadsheets do not run: for readers, never for data."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

from reskontro.kit.messages import Language

NO_BREAK: Final = "\u00a0"
NO_BREAK_NARROW: Final = "\u202f"
_MONTHS_ENGLISH: Final = tuple("January February March April May June July August September October November December".split())
_MONTHS_NORWEGIAN: Final = tuple("januar februar mars april mai juni juli august september oktober november desember".split())
"""The same in bokmål and nynorsk."""
_FORMULA_STARTS: Final = re.compile(r"[=+\-@\t\r]")
_FORMULA: Final = re.compile(r'[,;\t\r\n](?=[ "]*[=+\-@\t\r])')
"""What some spreadsheet takes for the end of a cell or a row, quotes or not, with a formula behind it."""


def plain_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula, whichever separator it expects: an apostrophe goes before what would begin one."""
    return _FORMULA.sub(lambda end: f"{end[0]}'", f"\n{text}")[1:] if _FORMULA_STARTS.search(text) else text


def shown_amount(value: Decimal, language: Language) -> str:
    """An amount with its decimals: 1,250.00, or 1 250,00 with blanks that do not break."""
    text = format(value, ",f")
    if language == "en":
        return text
    return text.replace(",", NO_BREAK).replace(".", ",")


def shown_date(value: date, language: Language) -> str:
    """A date: 2026-10-05, or 05.10.2026."""
    return value.isoformat() if language == "en" else value.strftime("%d.%m.%Y")


def shown_date_in_words(value: date, language: Language) -> str:
    """A date in running text: 5 October 2026, or 5. oktober 2026; its blanks do not break."""
    english = language == "en"
    month = (_MONTHS_ENGLISH if english else _MONTHS_NORWEGIAN)[value.month - 1]
    return NO_BREAK.join((f"{value.day}" if english else f"{value.day}.", month, f"{value.year:04d}"))


def shown_percent(value: Decimal, language: Language) -> str:
    """A percentage, 12.5 being 12.5 %, with the decimals it has."""
    return f"{shown_amount(value, language)}{NO_BREAK_NARROW}%"


def shown_organization_no(number: str) -> str:
    """An organisation number: nine digits, as Norwegian ones have, in groups of three that do not break apart; another one as it is."""
    if len(number) == 9 and number.isdigit():
        return NO_BREAK.join((number[:3], number[3:6], number[6:]))
    return number
