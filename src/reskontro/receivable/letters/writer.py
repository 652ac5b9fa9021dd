"""Values and texts of a letter, written out in its language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from reskontro.kit.messages import Language
from reskontro.kit.shown import NO_BREAK, shown_amount, shown_date, shown_date_in_words, shown_organization_no, shown_percent
from reskontro.receivable.letters.model import Creditor, Letter
from reskontro.receivable.letters.texts import letter_text

_PLACE: Final = re.compile(r"\{(\w+)\}")
_LONG_WORD: Final = re.compile(r"\S{19,}")
_LINE_CHARACTERS: Final = 40
_MAY_BREAK: Final = "\u200b"
_STRONG: Final = frozenset({"amount", "deadline", "balance"})
"""Values that a reader looks for, in the first sentences of a letter."""


class Writer:
    """Writes values and texts of one letter in its language and currency."""

    def __init__(self, letter: Letter) -> None:
        self.letter = letter
        self.language: Language = letter.language
        self._unit = Decimal(1).scaleb(-letter.decimals)

    def number(self, value: Decimal) -> str:
        """An amount without its currency, with the currency's decimals."""
        exact = value.quantize(self._unit)
        return shown_amount(exact, self.language).replace("-", "−")

    def money(self, value: Decimal, currency: str | None = None) -> str:
        """An amount with its currency: kr 1 250,00 in Norwegian, NOK 1,250.00 in English."""
        code = currency or self.letter.currency
        sign = "kr" if code == "NOK" and self.language != "en" else code
        return f"{sign}{NO_BREAK}{self.number(value)}"

    def percent(self, value: Decimal) -> str:
        """A rate, with no more decimals than it needs: 12,5 %."""
        return shown_percent(Decimal(format(value.normalize(), "f")), self.language)

    def day(self, value: date | None) -> str:
        """A date; empty for none."""
        return "" if value is None else shown_date(value, self.language)

    def words(self, value: date | None) -> str:
        """A date in running text; empty for none."""
        return "" if value is None else shown_date_in_words(value, self.language)

    def text(self, key: str, **values: str) -> str:
        """A text with its values put in."""
        return _PLACE.sub(lambda place: values[place[1]], letter_text(key, self.language))

    def runs(self, key: str, **values: str) -> list[dict[str, Any]]:
        """The same in parts, the values that matter most marked as strong."""
        parts = _PLACE.split(letter_text(key, self.language))
        runs = [{"text": values[part] if at % 2 else part, "strong": bool(at % 2) and part in _STRONG} for at, part in enumerate(parts)]
        return [run for run in runs if run["text"]]


def registration(creditor: Creditor, language: Language) -> str:
    """Organisation number with MVA and Foretaksregisteret as far as registered (bokføringsforskriften § 5-1-2); empty without a number."""
    number = creditor.organization_no
    if not number:
        return "Foretaksregisteret" if creditor.in_business_register else ""
    if creditor.norwegian:
        number = shown_organization_no(number)
    parts = [letter_text("organizationNo", language), number]
    if creditor.vat_registered:
        parts.append("MVA")
    if creditor.in_business_register:
        parts.append("Foretaksregisteret")
    return NO_BREAK.join(parts)


def account_text(account_no: str) -> str:
    """A Norwegian account number in groups of 4, 2 and 5 digits; another text as it is."""
    if len(account_no) == 11 and account_no.isdigit():
        return NO_BREAK.join((account_no[:4], account_no[4:6], account_no[6:]))
    return account_no


def iban_text(iban: str) -> str:
    """An IBAN in groups of four characters."""
    return NO_BREAK.join(iban[at : at + 4] for at in range(0, len(iban), 4))


def breakable(text: str) -> str:
    """The text with places to break in words so long that they would not fit a column; anywhere in those that fit no line."""
    return _LONG_WORD.sub(lambda word: _broken(word[0], 12 if len(word[0]) <= _LINE_CHARACTERS else 1), text)


def within_lines(text: str) -> str:
    """The text with places to break anywhere in words so long that they would not fit a line."""
    return _LONG_WORD.sub(lambda word: word[0] if len(word[0]) <= _LINE_CHARACTERS else _broken(word[0], 1), text)


def _broken(word: str, step: int) -> str:
    return _MAY_BREAK.join(word[at : at + step] for at in range(0, len(word), step))


def cut(text: str, most: int) -> str:
    """The text, with an ellipsis when it has more characters than fit."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def fitted_address(lines: Iterable[str], sizes: tuple[tuple[int, int, int], ...], *, shorten: bool = False) -> dict[str, Any]:
    """The lines that have a text, in the largest size in which they fit; when they fit in none, cut to one line each if that is allowed."""
    shown = [line.strip() for line in lines if line.strip()]
    for size, width, most in sizes:
        if sum(-(-len(line) // width) for line in shown) <= most:
            return {"size": size, "lines": [within_lines(line) for line in shown]}
    size, width, _ = sizes[-1]
    return {"size": size, "lines": [within_lines(cut(line, width) if shorten else line) for line in shown]}
