"""KID, the payment reference of Norwegian giro: check characters, validation and templates that number documents.

Rules: Nets, system specification OCR giro, section 5. A KID has 2 to 25 ASCII digits of which the last is a check
character; by MOD11 that character may be ``-``.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from reskontro.norway.digits import luhn_remainder, weighted_sum

Algorithm = Literal["MOD10", "MOD11", "ANY"]

KID_LENGTH_MAX: Final = 25
GENERATED_LENGTH_MIN: Final = 4
"""The bank manual wants three digits and a check character at least; shorter ones are read but never made."""

_FORMAT = re.compile(r"[0-9]{1,24}[0-9-]")
_PAYLOAD = re.compile(r"[0-9]{1,24}")
_PLACEHOLDER = re.compile(r"\{(account|client|serial):([1-9][0-9]?)\}")
_ARGUMENT = {"client": 0, "account": 1, "serial": 2}

_MOD10_CHARACTER = tuple(str(-remainder % 10) for remainder in range(10))
_MOD11_WEIGHTS = (2, 3, 4, 5, 6, 7) * 4
_MOD11_CHARACTER = ("0", "-", *(str(11 - remainder) for remainder in range(2, 11)))


class KidTooLong(ValueError):
    """A template and its numbers give more than 25 characters."""

    def __init__(self, length: int) -> None:
        super().__init__(f"a KID has at most {KID_LENGTH_MAX} characters, this one would have {length}")
        self.length = length


def _checked(payload: str) -> str:
    if not _PAYLOAD.fullmatch(payload):
        raise ValueError("the payload of a KID is 1 to 24 digits")
    return payload


def _mod10(payload: str) -> str:
    return _MOD10_CHARACTER[luhn_remainder(payload + "0")]


def _mod11(payload: str) -> str:
    return _MOD11_CHARACTER[weighted_sum(payload[::-1], _MOD11_WEIGHTS) % 11]


def mod10_check(payload: str) -> str:
    """The check digit by MOD10 (Luhn: weights 2, 1, 2, 1 from the right). Raises ValueError unless payload is 1 to 24
    digits.
    """
    return _mod10(_checked(payload))


def mod11_check(payload: str) -> str:
    """The check character by MOD11 (weights 2 to 7 from the right), ``-`` for remainder 1. Raises ValueError as
    ``mod10_check``.
    """
    return _mod11(_checked(payload))


def normalise(kid: str) -> str | None:
    """The KID without blanks, or None when it is not 2 to 25 ASCII digits (a ``-`` may stand in the last place)."""
    compact = kid.replace(" ", "")
    return compact if _FORMAT.fullmatch(compact) else None


def is_mod10(kid: str) -> bool:
    """Whether the KID is well formed and its last digit is the MOD10 check digit."""
    compact = normalise(kid)
    return compact is not None and _mod10(compact[:-1]) == compact[-1]


def is_mod11(kid: str) -> bool:
    """Whether the KID is well formed and its last character is the MOD11 check character."""
    compact = normalise(kid)
    return compact is not None and _mod11(compact[:-1]) == compact[-1]


def is_valid(kid: str, algorithm: Algorithm = "ANY") -> bool:
    """Whether the KID is well formed and its check character fits the algorithm (ANY: at least one of the two)."""
    compact = normalise(kid)
    if compact is None:
        return False
    payload, check = compact[:-1], compact[-1]
    if algorithm != "MOD11" and _mod10(payload) == check:
        return True
    return algorithm != "MOD10" and _mod11(payload) == check


class KidTemplate:
    """A parsed KID template such as ``{account:6}{serial:8}{check}``.

    Parts are digits, ``{client:n}``, ``{account:n}``, ``{serial:n}`` (numbers filled with zeros on the left to n
    digits; longer ones stay whole) and ``{check}`` as the last one. The serial is required, because without it no two
    documents of a customer would differ.
    """

    __slots__ = ("_pattern", "text")

    def __init__(self, text: str) -> None:
        """Parse the template. Raises ValueError saying what is wrong with it."""
        body, check, rest = text.partition("{check}")
        if not check or rest:
            raise ValueError("a KID template ends with {check} and has it once")
        pattern: list[str] = []
        names: list[str] = []
        length = len(check[:1])
        for part in re.split(r"(\{[^{}]*\})", body):
            placeholder = _PLACEHOLDER.fullmatch(part)
            if placeholder:
                name, width = placeholder[1], int(placeholder[2])
                names.append(name)
                pattern.append(f"{{{_ARGUMENT[name]}:0{width}d}}")
                length += width
            elif not part or (part.isascii() and part.isdigit()):
                pattern.append(part)
                length += len(part)
            else:
                raise ValueError(f"{part!r} is neither digits nor a placeholder of a KID template")
        if names.count("serial") != 1 or len(set(names)) != len(names):
            raise ValueError("a KID template has {serial:n} once, and {account:n} and {client:n} at most once")
        if not GENERATED_LENGTH_MIN <= length <= KID_LENGTH_MAX:
            raise ValueError(f"a KID template gives {GENERATED_LENGTH_MIN} to {KID_LENGTH_MAX} characters, this one {length}")
        self.text = text
        self._pattern = "".join(pattern).format

    def __repr__(self) -> str:
        return f"KidTemplate({self.text!r})"

    def render(self, client_no: int, account_no: int, serial: int, algorithm: Algorithm = "MOD10") -> str | None:
        """The KID for these numbers (none of them negative), with a MOD11 check character for MOD11 and a MOD10 digit
        otherwise.

        None when the check character would be ``-``: the caller skips that serial. Raises KidTooLong over 25
        characters.
        """
        payload = self._pattern(client_no, account_no, serial)
        if len(payload) >= KID_LENGTH_MAX:
            raise KidTooLong(len(payload) + 1)
        if algorithm != "MOD11":
            return payload + _mod10(payload)
        check = _mod11(payload)
        return None if check == "-" else payload + check
