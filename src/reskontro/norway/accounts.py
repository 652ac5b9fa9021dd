"""Bank accounts and references: Norwegian account numbers, IBAN (ISO 13616), BIC (ISO 9362) and RF references (ISO
11649).
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

from reskontro.norway.digits import luhn_remainder, weighted_sum
from reskontro.norway.iso_codes import COUNTRIES

_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_GROUP_00_WEIGHTS = (5, 4, 3, 2, 1)

_ACCOUNT = re.compile(r"[0-9]{11}")
_BASE = re.compile(r"[0-9]{10}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{1,30}")
_BIC = re.compile(r"[A-Z]{4}([A-Z]{2})[0-9A-Z]{2}(?:[0-9A-Z]{3})?")
_RF = re.compile(r"RF([0-9]{2})[0-9A-Z]{1,21}")


def _remainder_97(moved: str) -> int:
    """What ISO 7064 MOD 97-10 leaves of a text of digits and capital letters (A = 10 to Z = 35)."""
    return int("".join(str(int(character, 36)) for character in moved)) % 97


def normalise_account_no(value: str) -> str | None:
    """The eleven digits of a Norwegian account number given with or without dots and blanks, or None when it is not
    valid.

    MOD11 over the whole number, and two older kinds whose check covers a part: account group ``00`` (MOD11 over the
    last five digits) and the numbers of the old postal giro that start ``0000`` (Luhn over the last seven).
    """
    digits = value.replace(".", "").replace(" ", "")
    if not _ACCOUNT.fullmatch(digits):
        return None
    if (
        weighted_sum(digits, _WEIGHTS) % 11 == 0
        or (digits[4:6] == "00" and weighted_sum(digits[6:], _GROUP_00_WEIGHTS) % 11 == 0)
        or (digits[:4] == "0000" and luhn_remainder(digits[4:]) == 0)
    ):
        return digits
    return None


def is_account_no(value: str) -> bool:
    """Whether the value is a valid Norwegian account number; dots and blanks are allowed."""
    return normalise_account_no(value) is not None


def account_check_digit(base: str) -> str | None:
    """The eleventh digit for ten digits, or None when MOD11 leaves none. Raises ValueError unless base is ten
    digits.
    """
    if not _BASE.fullmatch(base):
        raise ValueError("the base of an account number is 10 digits")
    remainder = weighted_sum(base, _WEIGHTS) % 11
    return None if remainder == 1 else str(-remainder % 11)


def iban_of_account(account_no: str) -> str:
    """The Norwegian IBAN, without blanks, of eleven digits that are a valid account number."""
    return f"NO{98 - _remainder_97(account_no + 'NO00'):02d}{account_no}"


@lru_cache(maxsize=65_536)
def _is_foreign_iban(iban: str) -> bool:
    """The verdict of schwifty: country, length, structure, mod 97 and the national check where one is known."""
    from schwifty import IBAN  # loaded at first use: most accounts are Norwegian and do not need the bank registry
    from schwifty.exceptions import NationalChecksumNotVerified, SchwiftyException

    warnings.filterwarnings("ignore", category=NationalChecksumNotVerified)  # a country without a national check is no finding
    try:
        IBAN(iban, validate_bban=True)
    except SchwiftyException:
        return False
    return True


def is_iban(value: str) -> bool:
    """Whether the value is an IBAN, blanks and case forgiven: mod 97, the country's length and form, and its national
    check.

    Of a Norwegian IBAN the account number is checked by the rules of ``normalise_account_no``.
    """
    iban = value.replace(" ", "").upper()
    if not _IBAN.fullmatch(iban):
        return False
    if iban.startswith("NO"):
        return len(iban) == 15 and is_account_no(iban[4:]) and iban_of_account(iban[4:]) == iban
    return _is_foreign_iban(iban)


def is_bank_account(value: str) -> bool:
    """Whether the value is a bank account: eleven digits (dots and blanks aside) by the Norwegian rules, anything else
    as an IBAN.
    """
    if value[:1].isdigit():
        return normalise_account_no(value) is not None
    return is_iban(value)


def is_bic(value: str) -> bool:
    """Whether the value has the form of a BIC in any case: four letters, an ISO 3166 country, two or five letters or
    digits.
    """
    match = _BIC.fullmatch(value.upper())
    return match is not None and match[1] in COUNTRIES


def is_rf_reference(value: str) -> bool:
    """Whether the value is an RF creditor reference with valid check digits, blanks and case forgiven."""
    reference = value.replace(" ", "").upper()
    match = _RF.fullmatch(reference)
    return match is not None and 2 <= int(match[1]) <= 98 and _remainder_97(reference[4:] + reference[:4]) == 1


@lru_cache(maxsize=4_096)
def bic_of_account(account: str) -> str | None:
    """The BIC of the bank of a Norwegian account number (eleven digits) or an IBAN, None when the registry does not know
    it.
    """
    from schwifty import IBAN  # loaded at first use, as above
    from schwifty.exceptions import SchwiftyException

    try:
        bic = IBAN(iban_of_account(account) if is_account_no(account) else account).bic
    except SchwiftyException:
        return None
    return None if bic is None else str(bic)
