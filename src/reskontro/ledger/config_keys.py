"""What is known of one client config, and short ways to write the common kinds down. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from reskontro.ledger import config_checks as checks
from reskontro.ledger import config_structures as structures
from reskontro.ledger.config_checks import ValueCheck

ConfigType = Literal["BOOLEAN", "INTEGER", "MONEY", "DECIMAL", "STRING", "ENUM", "LIST", "OBJECT"]


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """One key. ``changes_postings``: a value of it may not begin before the first open period; ``fixed_by_posting``: it
    cannot be changed any more once something is posted.
    """

    key: str
    type: ConfigType
    default: Any
    check: ValueCheck
    english: str
    norwegian: str
    allowed_values: tuple[str, ...] | None = None
    changes_postings: bool = False
    fixed_by_posting: bool = False


def enum_key(key: str, values: Sequence[str], default: str, english: str, norwegian: str, *, changes_postings: bool = False) -> ConfigKey:
    return ConfigKey(key, "ENUM", default, checks.one_of(*values), english, norwegian, tuple(values), changes_postings)


def boolean_key(key: str, default: bool, english: str, norwegian: str, *, changes_postings: bool = False) -> ConfigKey:
    return ConfigKey(key, "BOOLEAN", default, checks.truth(), english, norwegian, None, changes_postings)


def integer_key(key: str, default: int, minimum: int, maximum: int, english: str, norwegian: str) -> ConfigKey:
    return ConfigKey(key, "INTEGER", default, checks.whole(minimum, maximum), english, norwegian)


def money_key(key: str, default: str, english: str, norwegian: str, *, changes_postings: bool = False) -> ConfigKey:
    return ConfigKey(key, "MONEY", Decimal(default), checks.amount(), english, norwegian, None, changes_postings)


def series_key(
    key: str,
    mode: str,
    prefix: str,
    english: str,
    norwegian: str,
    *,
    first: int = 1,
    characters_max: int = 35,
    plain: bool = False,
) -> ConfigKey:
    default = {"mode": mode, "prefix": prefix, "next": first, "length": 6}
    return ConfigKey(
        key,
        "OBJECT",
        default,
        structures.series(default, characters_max=characters_max, plain=plain),
        english,
        norwegian,
    )
