"""How the values of client configs are checked and normalised: one function per kind of value. Pure.

A check takes a value as read from JSON and returns the normalised one; findings go to the ``Messages`` with pointers
from the value itself. It returns ``None`` when it found an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfoNotFoundError

from reskontro.kit.clock import zone
from reskontro.kit.fields import (
    Field,
    Invalid,
    Schema,
    boolean,
    choice,
    decimal,
    integer,
    looked_up,
    read_money,
    text,
)
from reskontro.kit.messages import Messages
from reskontro.norway.identities import country_code, currency_code, language_code
from reskontro.norway.kid import KidTemplate

ValueCheck = Callable[[Any, Messages], Any]
ELEMENTS_MAX: Final = 100
_PLACE = (0,)
_KEY = "value"
_ZONE = re.compile(r"[A-Za-z]+(?:/[A-Za-z0-9_+-]+){0,2}")


def single(check: Callable[[Any], Any]) -> ValueCheck:
    """A value without parts: ``check`` returns it normalised or raises Invalid."""

    def checked(value: Any, messages: Messages) -> Any:
        try:
            return check(value)
        except Invalid as invalid:
            messages.add("E", invalid.code, _KEY, "", _PLACE, **invalid.parameters)
            return None

    return checked


def field_check(field: Field) -> ValueCheck:
    """The check of an ordinary field; an empty text is refused, since a config is reset by null."""

    def check(value: Any) -> Any:
        found = field.check(value)
        if not found and isinstance(value, str):
            raise Invalid("FORMAT", value=value)
        return found

    return single(check)


def truth() -> ValueCheck:
    """true or false."""
    return field_check(boolean(_KEY))


def whole(minimum: int, maximum: int) -> ValueCheck:
    """A whole number in a range."""
    return field_check(integer(_KEY, minimum, maximum))


def one_of(*values: str) -> ValueCheck:
    """One of the codes, compared without case."""
    return field_check(choice(_KEY, values))


def one_number_of(*values: int) -> ValueCheck:
    """One of the whole numbers."""
    number = integer(_KEY, min(values), max(values))

    def check(value: Any) -> int:
        found: int = number.check(value)
        if found not in values:
            raise Invalid("CODE-UNKNOWN", value=value)
        return found

    return single(check)


def amount(*, only: Sequence[Decimal] = ()) -> ValueCheck:
    """An amount of at least 0 in base currency; with ``only`` one of those."""

    def check(value: Any) -> Decimal:
        found = read_money(value)
        if only and found not in only:
            raise Invalid("CODE-UNKNOWN", value=value)
        if found < 0:
            raise Invalid("RANGE", min=0, max=10**13)
        return found

    return single(check)


def short_text(maximum: int, pattern: re.Pattern[str] | None = None) -> ValueCheck:
    """A text that is not blank."""
    return field_check(text(_KEY, maximum, pattern=pattern))


def code_text(look_up: Callable[[str], str | None], code: str) -> ValueCheck:
    """A text that a look-up knows; the error otherwise is ``code``."""
    return field_check(looked_up(_KEY, 60, look_up, code))


def country() -> ValueCheck:
    """An ISO 3166-1 country code."""
    return code_text(country_code, "COUNTRY-CODE")


def currency() -> ValueCheck:
    """An ISO 4217 currency code that the ledger accepts."""
    return code_text(currency_code, "CURRENCY-CODE")


def language() -> ValueCheck:
    """An ISO 639-1 language code."""
    return code_text(language_code, "LANGUAGE-CODE")


def _known_zone(name: str) -> str | None:
    if not _ZONE.fullmatch(name):
        return None
    try:
        zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return name


def time_zone() -> ValueCheck:
    """The IANA name of a time zone."""
    return code_text(_known_zone, "CODE-UNKNOWN")


def kid_template() -> ValueCheck:
    """A template that numbers documents with KIDs of at most 25 digits."""

    def check(value: Any) -> str:
        found = text(_KEY, 60).check(value)
        if not found:
            raise Invalid("FORMAT", value=value)
        try:
            KidTemplate(found)
        except ValueError:
            raise Invalid("FORMAT", value=value) from None
        return str(found)

    return single(check)


def list_of(check: Callable[[Any], Any], *, least: int = 0, most: int = ELEMENTS_MAX, rising: bool = False) -> ValueCheck:
    """An array of values, each once; with ``rising`` each above the one before."""

    def checked(value: Any, messages: Messages) -> list[Any] | None:
        if type(value) is not list:
            messages.add("E", "TYPE", _KEY, "", _PLACE, type="array")
            return None
        if len(value) > most:
            messages.add("E", "COUNT", _KEY, "", _PLACE, max=most)
            return None
        if len(value) < least:
            messages.add("E", "REQUIRED", _KEY, "", _PLACE)
            return None
        found: list[Any] = []
        for index, element in enumerate(value):
            try:
                one = check(element)
                if one in found:
                    raise Invalid("NOT-UNIQUE", value=element)
                if rising and found and one <= found[-1]:
                    raise Invalid("RANGE", min=found[-1] + 1, max=9999)
                found.append(one)
            except Invalid as invalid:
                messages.add("E", invalid.code, _KEY, f"/{index}", (0, index), **invalid.parameters)
        return found

    return checked


def whole_numbers(minimum: int, maximum: int, *, least: int = 0, most: int = ELEMENTS_MAX) -> ValueCheck:
    """An array of rising whole numbers."""
    return list_of(integer(_KEY, minimum, maximum).check, least=least, most=most, rising=True)


def codes(*values: str) -> ValueCheck:
    """An array of codes, each at most once, in the order given."""
    field = choice(_KEY, values)

    def check(value: Any) -> str:
        found = field.check(value)
        if not found:
            raise Invalid("CODE-UNKNOWN", value=value)
        return str(found)

    return list_of(check)


Cross = Callable[[dict[str, Any], Messages, str, tuple[int, ...]], None]


def structure(schema: Schema, defaults: Mapping[str, Any], cross: Cross | None = None) -> ValueCheck:
    """An object; keys left out take their default. ``cross`` looks at the whole."""

    def checked(value: Any, messages: Messages) -> dict[str, Any] | None:
        return _read_object(value, messages, schema, defaults, cross, "", _PLACE)

    return checked


def structures(
    schema: Schema,
    defaults: Mapping[str, Any],
    *,
    unique: str,
    most: int,
    cross: Callable[[list[dict[str, Any]], Messages], None] | None = None,
) -> ValueCheck:
    """An array of objects that differ in the key ``unique``."""

    def checked(value: Any, messages: Messages) -> list[dict[str, Any]] | None:
        if type(value) is not list:
            messages.add("E", "TYPE", _KEY, "", _PLACE, type="array")
            return None
        if len(value) > most:
            messages.add("E", "COUNT", _KEY, "", _PLACE, max=most)
            return None
        found: list[dict[str, Any]] = []
        seen: set[Any] = set()
        for index, element in enumerate(value):
            one = _read_object(element, messages, schema, defaults, None, f"/{index}", (0, index))
            if one is None:
                continue
            identity = one.get(unique)
            if identity is not None and identity in seen:
                messages.cross("E", "NOT-UNIQUE", unique, f"/{index}/{unique}", value=identity)
            seen.add(identity)
            found.append(one)
        if cross is not None and not messages.error_count:
            cross(found, messages)
        return found

    return checked


def _read_object(
    value: Any,
    messages: Messages,
    schema: Schema,
    defaults: Mapping[str, Any],
    cross: Cross | None,
    pointer: str,
    place: tuple[int, ...],
) -> dict[str, Any] | None:
    if type(value) is not dict:
        messages.add("E", "TYPE", _KEY, pointer, place, type="object")
        return None
    errors = messages.error_count
    read = schema.read(value, messages, pointer=pointer, position=place)
    found = {field.name: read.get(field.name, defaults.get(field.name)) for field in schema.fields}
    if cross is not None and messages.error_count == errors:
        cross(found, messages, pointer, place)
    return found


def percentage(decimals: int, maximum: int) -> ValueCheck:
    """A rate in per cent, at least 0."""
    return field_check(decimal(_KEY, decimals, minimum=0, maximum=maximum))
