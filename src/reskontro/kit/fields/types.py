"""The field types: each makes a ``Field`` with its check, its JSON Schema and what the decoder may make of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, Literal, cast

from msgspec import Meta

from reskontro.kit.fields.schema import Field, Schema
from reskontro.kit.fields.values import (
    AMOUNT_LIMIT,
    CLEARED,
    Invalid,
    clean_text,
    inexact,
    parse_date,
    parse_moment,
    read_integral,
    read_money,
    read_string,
)
from reskontro.kit.ids import IdMalformed, decode_id
from reskontro.kit.money import DIGITS_MAX

MULTILINE_FROM = 200
_TEXT: Any = Annotated[str, Meta(min_length=1)]


def text(name: str, maximum: int, description: str = "", *, pattern: re.Pattern[str] | None = None, **options: Any) -> Field:
    """A text of at most ``maximum`` code points after trimming; ``pattern`` must match it whole (FORMAT)."""
    multiline = maximum >= MULTILINE_FROM
    matches = pattern.fullmatch if pattern is not None else None

    def check(value: Any) -> Any:
        if type(value) is not str:
            raise Invalid("TYPE", type="string")
        cleaned = value.strip() if value.isascii() and value.isprintable() else clean_text(value, multiline=multiline)
        if not cleaned:
            return CLEARED
        if len(cleaned) > maximum:
            raise Invalid("LENGTH", max=maximum)
        if matches is not None and not matches(cleaned):
            raise Invalid("FORMAT", value=value)
        return cleaned

    schema: dict[str, Any] = {"type": "string", "maxLength": maximum}
    if pattern is not None:
        schema["pattern"] = f"^{pattern.pattern}$"
    wire = Annotated[str, Meta(min_length=1, max_length=maximum)]
    return Field(name, check, schema, description, wire=wire, settled=pattern is None, **options)


def texts(
    name: str, element_maximum: int, description: str = "", *, element: Callable[[str], str | None] | None = None, maximum: int = 1000, **options: Any
) -> Field:
    """An array of texts; blank elements are dropped. ``element`` returns the normalised element or raises Invalid."""

    def check(value: Any) -> list[str]:
        if type(value) is not list:
            raise Invalid("TYPE", type="array")
        if len(value) > maximum:
            raise Invalid("COUNT", max=maximum)
        found: list[str] = []
        for index, entry in enumerate(value):
            try:
                if entry is None:
                    continue
                cleaned = (
                    entry.strip()
                    if type(entry) is str and entry.isascii() and entry.isprintable()
                    else clean_text(read_string(entry), multiline=False)
                )
                if not cleaned:
                    continue
                if len(cleaned) > element_maximum:
                    raise Invalid("LENGTH", max=element_maximum)
                normalised = element(cleaned) if element is not None else cleaned
                if normalised is not None:
                    found.append(normalised)
            except Invalid as invalid:
                invalid.parameters["_element"] = index
                raise
        return found

    schema = {"type": "array", "items": {"type": "string", "maxLength": element_maximum}, "maxItems": maximum}
    return Field(name, check, schema, description, wire=list[str], **options)


def integer(name: str, minimum: int, maximum: int, description: str = "", **options: Any) -> Field:
    """A whole number in a range; 10.0 is 10."""

    def check(value: Any) -> int:
        number = value if type(value) is int else read_integral(value)
        if not minimum <= number <= maximum:
            raise Invalid("RANGE", min=minimum, max=maximum)
        return number

    wire = Annotated[int, Meta(ge=minimum, le=maximum)]
    return Field(name, check, {"type": "integer", "minimum": minimum, "maximum": maximum}, description, wire=wire, settled=True, **options)


def decimal(
    name: str,
    decimals: int,
    description: str = "",
    *,
    minimum: Decimal | int | None = None,
    maximum: Decimal | int | None = None,
    above_zero: bool = False,
    **options: Any,
) -> Field:
    """A decimal number with at most so many decimals and 15 digits, optionally in a range."""
    least = Decimal(minimum) if minimum is not None else Decimal(-AMOUNT_LIMIT)
    most = Decimal(maximum) if maximum is not None else Decimal(AMOUNT_LIMIT)
    unit = Decimal(1).scaleb(-decimals)
    smallest = unit if above_zero else least
    to_unit = Context(prec=DIGITS_MAX + decimals, traps=[Inexact, InvalidOperation]).quantize
    nothing = to_unit(Decimal(0), unit)
    unlimited = minimum is None and maximum is None and not above_zero
    to_few_digits = Context(prec=DIGITS_MAX, traps=[Inexact, InvalidOperation]).quantize

    def check(value: Any) -> Decimal:
        if type(value) is not Decimal and type(value) is not int:
            raise Invalid("TYPE", type="number")
        if unlimited:
            try:
                # Nearly all numbers: with all decimals they have 15 digits at most.
                return to_few_digits(value, unit) or nothing
            except (Inexact, InvalidOperation):
                pass
        number = Decimal(value)
        if not least <= number <= most or (above_zero and number <= 0):
            raise Invalid("RANGE", min=smallest, max=most)
        try:
            return to_unit(number, unit) or nothing
        except (Inexact, InvalidOperation):
            raise inexact(number, decimals, smallest, most) from None

    schema: dict[str, Any] = {"type": "number"}
    if minimum is not None:
        schema["minimum"] = minimum
    if maximum is not None:
        schema["maximum"] = maximum
    if above_zero:
        schema["exclusiveMinimum"] = 0
    return Field(name, check, schema, description, wire=Any, **options)


def money(name: str, description: str = "", *, minimum: int | None = None, **options: Any) -> Field:
    """An amount of money, exact."""

    def check(value: Any) -> Decimal:
        amount = read_money(value)
        if minimum is not None and amount < minimum:
            raise Invalid("RANGE", min=minimum, max=AMOUNT_LIMIT)
        return amount

    schema: dict[str, Any] = {"type": "number"}
    if minimum is not None:
        schema["minimum"] = minimum
    return Field(name, check if minimum is not None else read_money, schema, description, wire=Any, **options)


def boolean(name: str, description: str = "", **options: Any) -> Field:
    """true or false."""

    def check(value: Any) -> bool:
        if type(value) is not bool:
            raise Invalid("TYPE", type="boolean")
        return value

    return Field(name, check, {"type": "boolean"}, description, wire=bool, settled=True, **options)


def day(name: str, description: str = "", *, check_day: Callable[[date], None] | None = None, **options: Any) -> Field:
    """A date as YYYY-MM-DD; ``check_day`` may raise Invalid."""

    def check(value: Any) -> date:
        found = parse_date(read_string(value).strip())
        if found is None:
            raise Invalid("FORMAT", value=value)
        if check_day is not None:
            check_day(found)
        return found

    wire: Any = date if check_day is None else _TEXT
    return Field(name, check, {"type": "string", "format": "date"}, description, wire=wire, settled=check_day is None, **options)


def moment(name: str, description: str = "", **options: Any) -> Field:
    """A date-time, RFC 3339."""

    def check(value: Any) -> datetime:
        found = parse_moment(read_string(value).strip())
        if found is None:
            raise Invalid("FORMAT", value=value)
        return found

    return Field(name, check, {"type": "string", "format": "date-time"}, description, wire=_TEXT, **options)


def choice(name: str, values: Iterable[str], description: str = "", **options: Any) -> Field:
    """One of a system list of codes, compared without case and kept in the list's spelling."""
    listed = list(values)
    canonical = {value.casefold(): value for value in listed}
    exact = {value: value for value in listed}

    def check(value: Any) -> str:
        if type(value) is not str:
            raise Invalid("TYPE", type="string")
        found = exact.get(value) or canonical.get(value.strip().casefold())
        if found is None:
            if not value.strip():
                return CLEARED  # type: ignore[return-value]
            raise Invalid("CODE-UNKNOWN", value=value)
        return found

    wire = cast(Any, Literal)[tuple(listed)]
    return Field(name, check, {"type": "string", "enum": listed}, description, wire=wire, settled=True, **options)


def identifier(name: str, description: str = "", **options: Any) -> Field:
    """An id of 22 characters."""

    def check(value: Any) -> Any:
        try:
            return decode_id(read_string(value))
        except IdMalformed:
            raise Invalid("FORMAT", value=value) from None

    schema = {"type": "string", "minLength": 22, "maxLength": 22, "pattern": "^[A-Za-z0-9_-]{22}$"}
    return Field(name, check, schema, description, wire=_TEXT, **options)


def looked_up(name: str, maximum: int, look_up: Callable[[str], str | None], code: str, description: str = "", **options: Any) -> Field:
    """A text that a look-up turns into its canonical form; None from it is an error with that code."""

    known = lru_cache(maxsize=1024)(look_up)

    def check(value: Any) -> Any:
        if type(value) is not str:
            raise Invalid("TYPE", type="string")
        cleaned = value.strip() if value.isascii() and value.isprintable() else clean_text(value, multiline=False)
        if not cleaned:
            return CLEARED
        found = known(cleaned)
        if found is None:
            raise Invalid(code, value=value)
        return found

    return Field(name, check, {"type": "string", "maxLength": maximum}, description, wire=_TEXT, **options)


def nested(name: str, inner: Schema, description: str = "", **options: Any) -> Field:
    """An object inside the object."""
    return Field(name, _unused, {"type": "object"}, description, inner=inner, **options)


def _object(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise Invalid("TYPE", type="object")
    return value


def passed_on(name: str, inner: Schema, description: str = "", **options: Any) -> Field:
    """An object inside the object that somebody else reads: here only its being an object is checked."""
    return Field(name, _object, {"type": "object"}, description, inner=inner, untouched=True, **options)


def nested_array(name: str, inner: Schema, description: str = "", *, maximum: int = 1000, **options: Any) -> Field:
    """An array of objects."""
    return Field(name, _unused, {"type": "array"}, description, inner=inner, array=True, array_max=maximum, **options)


def anything(name: str, description: str = "", **options: Any) -> Field:
    """A value of any JSON type, checked by whoever knows what it should be."""
    return Field(name, lambda value: value, {}, description, empty_is_value=True, **options)


def _unused(value: Any) -> Any:
    raise AssertionError("nested fields are read by their own schema")
