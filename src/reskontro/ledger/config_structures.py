"""Checks of the client configs that have parts: number series, the dunning plan, bank accounts, dimensions, account
roles. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from reskontro.kit.fields import Field, Invalid, Schema, boolean, choice, clean_text, integer, looked_up, text, texts
from reskontro.kit.messages import Messages
from reskontro.ledger.config_checks import ValueCheck, structure, structures
from reskontro.norway.accounts import is_bank_account
from reskontro.norway.identities import currency_code

_DIGITS = re.compile(r"[0-9]{1,10}")
_PREFIX = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
PREFIX_CHARACTERS_MAX: Final = 20
YEAR_PLACEHOLDER: Final = "{yy}"

# --------------------------------------------------------------------------------------------------------------- series

SERIES_MODES: Final = ("CLIENT", "SYSTEM", "EITHER")
NUMBER_DIGITS_MAX: Final = 12


def _prefix_field() -> Field:
    def check(value: Any) -> str:
        if type(value) is not str:
            raise Invalid("TYPE", type="string")
        cleaned = clean_text(value, multiline=False)
        if len(cleaned) > PREFIX_CHARACTERS_MAX:
            raise Invalid("LENGTH", max=PREFIX_CHARACTERS_MAX)
        # The number that follows completes the natural key, so the prefix alone needs no more than its beginning.
        if cleaned and not _PREFIX.fullmatch(cleaned.replace(YEAR_PLACEHOLDER, "26")):
            raise Invalid("FORMAT", value=value)
        return cleaned

    return Field(
        "prefix",
        check,
        {"type": "string", "maxLength": PREFIX_CHARACTERS_MAX},
        "What stands before the number",
        empty_is_value=True,
    )


def series(defaults: Mapping[str, Any], *, characters_max: int, plain: bool = False) -> ValueCheck:
    """How numbers are given: mode, prefix, next, length. A ``plain`` series makes bare numbers."""
    schema = Schema(
        "NumberSeries",
        [
            choice("mode", SERIES_MODES, "Who gives the number"),
            _prefix_field(),
            integer("next", 1, 10**NUMBER_DIGITS_MAX - 1, "First number"),
            integer("length", 1, NUMBER_DIGITS_MAX, "Digits, filled with zeros"),
        ],
    )

    def cross(found: dict[str, Any], messages: Messages, pointer: str, place: tuple[int, ...]) -> None:
        if plain and found["prefix"]:
            messages.cross("E", "FORMAT", "prefix", f"{pointer}/prefix", value=found["prefix"])
        digits = max(len(str(found["next"])), found["length"])
        if len(found["prefix"].replace(YEAR_PLACEHOLDER, "26")) + digits > characters_max:
            messages.cross("E", "LENGTH", "length", f"{pointer}/length", max=characters_max)

    return structure(schema, defaults, cross)


# -------------------------------------------------------------------------------------------------------------- dunning

DUNNING_TYPES: Final = ("REMINDER", "COLLECTION-NOTICE", "HANDOVER")
_DUNNING_STEP = Schema(
    "DunningStep",
    [
        integer("step", 1, 9, "Place in the plan", required=True),
        choice("type", DUNNING_TYPES, "What is done", required=True),
        integer("afterDays", 0, 365, "Days after the due date, or after the last deadline and the days of grace"),
        integer("deadlineDays", 0, 365, "Days the letter gives"),
        boolean("fee", "Whether the statutory fee is charged"),
    ],
)
LETTER_DEADLINE_DAYS_MIN: Final = 14
"""A collection notice, and a reminder that a second fee shall follow, gives at least so many days (inkassoloven § 9,
inkassoforskriften § 1-2).
"""


def dunning_plan() -> ValueCheck:
    """The steps from the first letter to the hand-over, numbered 1, 2, 3 without a gap; nothing follows a hand-over."""

    def cross(steps: list[dict[str, Any]], messages: Messages) -> None:
        for index, step in enumerate(steps):
            if step["step"] != index + 1:
                messages.cross("E", "RANGE", "step", f"/{index}/step", min=index + 1, max=index + 1)
            if step["type"] == "HANDOVER":
                if index + 1 < len(steps):
                    messages.cross("E", "FORMAT", "type", f"/{index}/type", value="HANDOVER")
                if step["fee"]:
                    messages.cross("E", "FORMAT", "fee", f"/{index}/fee", value=True)
                step["deadlineDays"], step["fee"] = None, False
                continue
            if step["deadlineDays"] is None:
                step["deadlineDays"] = LETTER_DEADLINE_DAYS_MIN
            if step["type"] == "COLLECTION-NOTICE" and step["deadlineDays"] < LETTER_DEADLINE_DAYS_MIN:
                messages.cross("E", "RANGE", "deadlineDays", f"/{index}/deadlineDays", min=LETTER_DEADLINE_DAYS_MIN, max=365)

    return structures(_DUNNING_STEP, {"afterDays": 0, "fee": False}, unique="step", most=9, cross=cross)


# ----------------------------------------------------------------------------------------------------------- the ledger


def _account_digits(value: str) -> str | None:
    return value if _DIGITS.fullmatch(value) else None


def account_field(name: str, description: str) -> Field:
    """The number of a GL account; whether it exists is asked of the chart."""
    return looked_up(name, 10, _account_digits, "FORMAT", description)


def account_roles(defaults: Mapping[str, str]) -> ValueCheck:
    """An object that names a GL account for each of some purposes."""
    return structure(Schema("AccountRoles", [account_field(name, f"Account for {name}") for name in defaults]), defaults)


def _bank_account(value: str) -> str | None:
    compact = value.replace(" ", "").replace(".", "").upper()
    return compact if is_bank_account(compact) else None


BANK_SOURCES: Final = ("OCR", "CAMT054")
_BANK_ACCOUNT = Schema(
    "BankAccount",
    [
        looked_up("bankAccountNo", 34, _bank_account, "BANK-ACCOUNT", "Own account: eleven digits or IBAN", required=True),
        looked_up("currency", 3, currency_code, "CURRENCY-CODE", "Currency of the account; none = base currency"),
        account_field("glAccount", "GL account of the money"),
        choice("source", BANK_SOURCES, "Kind of file its payments come in; none = no import"),
    ],
)


def bank_accounts() -> ValueCheck:
    """The client's own bank accounts, the first one the default."""
    return structures(_BANK_ACCOUNT, {"glAccount": "1920"}, unique="bankAccountNo", most=50)


_DIMENSION = Schema(
    "DimensionDefinition",
    [
        integer("dimensionNo", 1, 9, "Number of the dimension", required=True),
        text("name", 60, "What it stands for", required=True),
        texts("values", 20, "Allowed values; none = free"),
    ],
)


def dimensions() -> ValueCheck:
    """The accounting dimensions in use."""
    return structures(_DIMENSION, {}, unique="dimensionNo", most=9)
