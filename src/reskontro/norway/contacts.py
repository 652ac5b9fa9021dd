"""Phone numbers (E.164), e-mail addresses (RFC 5321 with international names) and postal codes.

phonenumbers and email-validator are the judges. Both cost tens of microseconds a call, so numbers and addresses of the
plainest form are passed by patterns first: those patterns say yes only where the library does, everything else is asked
of the library.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

_POSTAL_CODE = {
    "NO": re.compile(r"[0-9]{4}"),
    "DK": re.compile(r"[0-9]{4}"),
    "SE": re.compile(r"[0-9]{3} ?[0-9]{2}"),
    "FI": re.compile(r"[0-9]{5}"),
}

_DIGITS = re.compile(r"\+?[0-9]{5,15}")
_NORDIC_CALLING_CODES = {"47": "NO", "46": "SE", "45": "DK", "358": "FI"}
_WITHOUT_NATIONAL_PREFIX = ("NO", "DK")

_PLAIN_LABEL = r"[a-z0-9](?:[a-z0-9]|-(?!-)){0,61}(?<!-)"
_PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+){0,8}")
_PLAIN_DOMAIN = re.compile(rf"(?:{_PLAIN_LABEL}\.){{1,4}}([a-z]{{2,20}})")
_PLAIN_LOCAL_PART_MAX = 64
_PLAIN_EMAIL_MAX = 200


def is_postal_code(value: str, country: str) -> bool:
    """Whether the value has the form of the country's postal codes (NO, DK four digits, SE and FI five); others are not
    checked.
    """
    pattern = _POSTAL_CODE.get(country)
    return pattern is None or pattern.fullmatch(value) is not None


class Phone(NamedTuple):
    """What a phone number turns out to be."""

    possible: bool
    valid: bool
    e164: str | None
    """The number in E.164 form; None when it is not valid."""


@lru_cache(maxsize=65_536)
def read_phone_no(value: str, country: str | None) -> Phone:
    """The verdict of phonenumbers on a number written for that country (upper-case code) or in E.164 form."""
    import phonenumbers  # loaded at first use: its metadata is large

    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return Phone(False, False, None)
    valid = phonenumbers.is_valid_number(number)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else None
    return Phone(phonenumbers.is_possible_number(number), valid, e164)


def norwegian_mobile_no(value: str, country: str | None) -> str | None:
    """The number in E.164 form when it is a Norwegian mobile number, written for that country (upper-case code) or with ``+``; else None."""
    import phonenumbers  # loaded at first use: its metadata is large

    e164 = read_phone_no(value, country).e164
    if e164 is None:
        return None
    number = phonenumbers.parse(e164)
    mobile = phonenumbers.region_code_for_number(number) == "NO" and phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    return e164 if mobile else None


@cache
def _valid_national_number(region: str) -> re.Pattern[str]:
    """One pattern for all national numbers that phonenumbers calls valid in the region, made of the library's own
    metadata.
    """
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.general_desc is None:
        return re.compile(r"(?!)")  # never matches, so that the library is asked
    kinds = (
        metadata.fixed_line,
        metadata.mobile,
        metadata.toll_free,
        metadata.premium_rate,
        metadata.shared_cost,
        metadata.personal_number,
        metadata.voip,
        metadata.pager,
        metadata.uan,
        metadata.voicemail,
    )
    valid = "|".join(kind.national_number_pattern for kind in kinds if kind is not None and kind.national_number_pattern)
    general, leading = metadata.general_desc.national_number_pattern, metadata.leading_digits or ""
    return re.compile(rf"(?=(?:{general})\Z)(?={leading})(?:{valid})\Z")


def is_phone_no(value: str, country: str | None) -> bool:
    """Whether the value is a valid phone number of the country (upper-case code) or in E.164 form with its ``+``."""
    compact = value.replace(" ", "")
    if _DIGITS.fullmatch(compact):
        if compact[0] == "+":
            for length in (2, 3):
                region = _NORDIC_CALLING_CODES.get(compact[1 : 1 + length])
                if region and _valid_national_number(region).match(compact, 1 + length):
                    return True
        elif country in _WITHOUT_NATIONAL_PREFIX and compact[:2] != "00" and _valid_national_number(country).match(compact):
            return True
    return read_phone_no(value, country).valid


@cache
def _special_use_top_levels() -> frozenset[str]:
    """The top-level domains that email-validator refuses because nobody can receive mail there."""
    from email_validator import SPECIAL_USE_DOMAIN_NAMES

    return frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


@lru_cache(maxsize=65_536)
def _is_unusual_email(value: str) -> bool:
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(value, check_deliverability=False)
    except (EmailNotValidError, UnicodeError):  # a lone surrogate cannot even be encoded
        return False
    return True


def is_email(value: str) -> bool:
    """Whether the value is an e-mail address by its syntax, international names included; whether it can be reached is
    not asked.
    """
    local_part, _, domain = value.rpartition("@")
    if (
        len(value) <= _PLAIN_EMAIL_MAX
        and len(local_part) <= _PLAIN_LOCAL_PART_MAX
        and _PLAIN_LOCAL_PART.fullmatch(local_part) is not None
        and _is_plain_domain(domain)
    ):
        return True
    return _is_unusual_email(value)


@lru_cache(maxsize=8_192)
def _is_plain_domain(domain: str) -> bool:
    """Whether a domain is made of usual labels and can have mail; many addresses share few domains."""
    plain = _PLAIN_DOMAIN.fullmatch(domain)
    return plain is not None and plain[1] not in _special_use_top_levels()
