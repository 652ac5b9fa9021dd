"""National identity numbers: the Norwegian fødselsnummer with all its kinds, and those of Sweden, Denmark and Finland.

Norwegian rule: folkeregisterforskriften, and Skatteetaten's description of the numbers issued from 2032 on, whose first
check digit may be one of four. Both generations are in use side by side.
"""

from __future__ import annotations

import re
from calendar import monthrange
from functools import lru_cache
from typing import NamedTuple

from reskontro.norway.digits import luhn_remainder, weighted_sum

_ELEVEN_DIGITS = re.compile(r"[0-9]{11}")
_PERSONNUMMER = re.compile(r"(?:[0-9]{2})?([0-9]{6})[-+]?([0-9]{4})")
_FIRST_WEIGHTS = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_FIRST_REMAINDERS_2032 = frozenset((0, 1, 2, 3))

# The longest each month can be in 18yy, 19yy or 20yy: only February depends on the year, and 2000 makes year 00 a leap
# year.
_DAYS_IN_MONTH = tuple(
    tuple(max(monthrange(century + year, month)[1] for century in (1800, 1900, 2000)) for month in range(1, 13)) for year in range(100)
)


class NorwegianId(NamedTuple):
    """What a fødselsnummer turns out to be."""

    valid: bool
    valid_old_rule: bool
    kind: str | None
    """F, D, H, T, D+H or D+T; None when it is not valid."""


_INVALID = NorwegianId(False, False, None)


def read_norwegian_id(value: str, *, allow_2032: bool = True) -> NorwegianId:
    """The verdict on eleven digits (blanks aside): check digits, a date that exists in some century, and the kind of
    number.

    D-numbers add 40 to the day, H-numbers 40 and test numbers (T) 80 to the month. With ``allow_2032`` the first check
    digit may also be one of the three more that the numbers issued from 2032 can have.
    """
    digits = value.replace(" ", "")
    if not _ELEVEN_DIGITS.fullmatch(digits):
        return _INVALID
    remainder = weighted_sum(digits, _FIRST_WEIGHTS) % 11
    if remainder not in _FIRST_REMAINDERS_2032 or weighted_sum(digits, _SECOND_WEIGHTS) % 11:
        return _INVALID
    valid_old_rule = remainder == 0
    if not (valid_old_rule or allow_2032):
        return _INVALID

    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    kind = "F"
    if day > 40:
        day, kind = day - 40, "D"
    if month > 40:
        month, letter = (month - 80, "T") if month > 80 else (month - 40, "H")
        kind = letter if kind == "F" else f"D+{letter}"
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS_IN_MONTH[year][month - 1]:
        return _INVALID
    return NorwegianId(True, valid_old_rule, kind)


def is_swedish_personal_no(value: str) -> bool:
    """Whether the value is a personnummer or samordningsnummer: 10 or 12 digits, Luhn over the last ten, month and day
    in range.
    """
    match = _PERSONNUMMER.fullmatch(value.replace(" ", ""))
    if match is None:
        return False
    day = int(match[1][4:])
    return luhn_remainder(match[1] + match[2]) == 0 and 1 <= int(match[1][2:4]) <= 12 and (1 <= day <= 31 or 61 <= day <= 91)


@lru_cache(maxsize=65_536)
def _is_nordic_id(value: str, country: str) -> bool:
    """The verdict of python-stdnum for Sweden, Denmark and Finland."""
    from stdnum.dk import cpr  # loaded at first use: hardly any installation has customers in all these countries
    from stdnum.fi import hetu
    from stdnum.se import personnummer

    judge = {"SE": personnummer, "DK": cpr, "FI": hetu}[country]
    return value.isascii() and judge.is_valid(value)


def is_national_id(value: str, country: str) -> bool:
    """Whether the value is a national identity number of that country (upper-case code).

    NO: every kind of fødselsnummer, those of 2032 included. SE, DK, FI: as python-stdnum judges. Others: any text that
    is not blank.
    """
    if country == "NO":
        return read_norwegian_id(value).valid
    if country in ("SE", "DK", "FI"):
        return _is_nordic_id(value, country)
    return bool(value.strip())
