"""Fields of wire objects, declared once: how a value is checked and normalised, and how the OpenAPI document describes it.

An object's fields are a ``Schema``. Reading an object walks over the keys that were sent, so that a sparse object costs little, and
collects every finding of the object at once. ``None`` means absent. An empty text means "default" in a create and "clear" in an update:
it is kept as ``CLEARED`` and resolved by whoever knows the stored value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, cast

from msgspec import Meta

from reskontro.kit.ids import IdMalformed, decode_id
from reskontro.kit.messages import Messages, Severity
from reskontro.kit.money import DIGITS_MAX, decimals_of, digits_of

Use = Literal["in-out", "in", "out"]
Check = Callable[[Any], Any]
MULTILINE_FROM = 200
_TEXT: Any = Annotated[str, Meta(min_length=1)]
_AMOUNT_LIMIT = 10**DIGITS_MAX - 1
NATURAL_KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*", re.ASCII)


class _Cleared:
    """The value of a field that was sent as an empty text."""

    def __repr__(self) -> str:
        return "CLEARED"

    def __bool__(self) -> bool:
        return False


CLEARED: Final = _Cleared()


class Invalid(Exception):
    """A value breaks the rule of its field; carries the code and the parameters of the message."""

    def __init__(self, code: str, **parameters: Any) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


class Field:
    """One key of a wire object.

    ``check`` returns the normalised value or raises Invalid; ``schema`` is the JSON Schema fragment; nested objects and arrays of them
    carry their own ``Schema`` in ``inner``.
    """

    __slots__ = (
        "always",
        "array",
        "array_max",
        "check",
        "conditional",
        "description",
        "empty_is_value",
        "inner",
        "name",
        "position",
        "required",
        "schema",
        "settled",
        "untouched",
        "use",
        "wire",
    )

    def __init__(
        self,
        name: str,
        check: Check,
        schema: Mapping[str, Any],
        description: str = "",
        *,
        required: bool = False,
        use: Use = "in-out",
        inner: Schema | None = None,
        array: bool = False,
        array_max: int = 1000,
        always: bool = False,
        empty_is_value: bool = False,
        untouched: bool = False,
        conditional: bool = False,
        wire: Any = None,
        settled: bool = False,
    ) -> None:
        self.name = name
        self.check = check
        self.schema = dict(schema)
        self.description = description
        self.required = required
        self.use = use
        self.inner = inner
        self.array = array
        self.array_max = array_max
        self.always = always
        self.empty_is_value = empty_is_value
        self.conditional = conditional
        """Required in some calls with this object only, so that its schema cannot say it."""
        self.untouched = untouched
        """An object whose inner fields are read later, by whoever takes it on."""
        self.wire = wire
        """For ``kit.quick``: the type that a decoder may make of the value, without an object in it, and of which ``check`` clears none; None when
        it may be anything."""
        self.settled = settled
        """For ``kit.quick``: what the decoder makes of a text without blanks at its ends is what ``check`` would give."""
        self.position = 0


class Schema:
    """The fields of an object in their documented order."""

    def __init__(
        self, name: str, fields: Sequence[Field], description: str = "", *, quick: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None
    ) -> None:
        """``quick`` may read an object that is wholly in order without further ado; None from it means: read it field by field."""
        self.quick = quick
        self.name = name
        self.description = description
        self.fields = tuple(fields)
        self.by_name = {field.name: field for field in fields}
        for position, field in enumerate(fields):
            field.position = position
        self._inputs = {field.name: field for field in fields if field.use != "out"}
        self._plain = {field.name: field.check for field in fields if field.use != "out" and field.inner is None and not field.empty_is_value}
        self._required = tuple(field for field in fields if field.required and field.use != "out")
        self._required_names = frozenset(field.name for field in self._required)

    def field(self, name: str) -> Field:
        """The declaration of a field."""
        return self.by_name[name]

    def read(
        self,
        raw: Mapping[str, Any],
        messages: Messages,
        *,
        unknown: Severity = "E",
        pointer: str = "",
        position: tuple[int, ...] = (),
        require: bool = True,
        keep_cleared: bool = False,
    ) -> dict[str, Any]:
        """The values that were sent and hold, by wire name; findings go to ``messages``.

        ``require=False`` leaves out the check for required fields (updates). Unknown keys are findings of the severity ``unknown``.
        Fields sent as an empty text are left out, or kept as CLEARED with ``keep_cleared``.
        """
        values: dict[str, Any] = {}
        refused: set[str] = set()
        inputs, plain = self._inputs, self._plain
        for key, value in raw.items():
            check = plain.get(key)
            if check is not None and (value or (value is not None and value != "")):
                try:
                    checked = check(value)
                except Invalid as invalid:
                    self._refuse(invalid, inputs[key], messages, pointer, position)
                    refused.add(key)
                    continue
                if checked is not CLEARED or keep_cleared:
                    values[key] = checked
                continue
            field = inputs.get(key)
            if field is None:
                if key not in self.by_name:
                    # Repeated digging is not worth it: the key's own name is the finding, cut so that it can be shown.
                    messages.unknown(unknown, key[:64], f"{pointer}/{_escape(key)}"[:200])
                continue
            if value is None:
                continue
            try:
                if field.inner is not None and not field.untouched:
                    checked = self._read_inner(field, value, messages, unknown, pointer, position, require, keep_cleared)
                elif value == "" and not field.empty_is_value:
                    checked = CLEARED
                else:
                    checked = field.check(value)
            except Invalid as invalid:
                self._refuse(invalid, field, messages, pointer, position)
                refused.add(key)
                continue
            if checked is not CLEARED or keep_cleared:
                values[key] = checked
        if require and (keep_cleared or not self._required_names <= values.keys()):
            for field in self._required:
                if values.get(field.name, CLEARED) is CLEARED and field.name not in refused:
                    messages.add("E", "REQUIRED", field.name, f"{pointer}/{field.name}", (*position, field.position))
        return values

    @staticmethod
    def _refuse(invalid: Invalid, field: Field, messages: Messages, pointer: str, position: tuple[int, ...]) -> None:
        place = invalid.parameters.pop("_element", None)
        where = f"{pointer}/{field.name}" if place is None else f"{pointer}/{field.name}/{place}"
        messages.add("E", invalid.code, field.name, where, (*position, field.position), **invalid.parameters)

    @staticmethod
    def _read_inner(
        field: Field,
        value: Any,
        messages: Messages,
        unknown: Severity,
        pointer: str,
        position: tuple[int, ...],
        require: bool,
        keep_cleared: bool,
    ) -> Any:
        inner = field.inner
        assert inner is not None
        where = f"{pointer}/{field.name}"
        place = (*position, field.position)
        if not field.array:
            if value == "":
                return CLEARED
            if type(value) is not dict:
                raise Invalid("TYPE", type="object")
            if inner.quick is not None:
                found = inner.quick(value)
                if found is not None:
                    return found
            return inner.read(value, messages, unknown=unknown, pointer=where, position=place, require=require, keep_cleared=keep_cleared)
        if value == "":
            return CLEARED
        if type(value) is not list:
            raise Invalid("TYPE", type="array")
        if len(value) > field.array_max:
            raise Invalid("COUNT", max=field.array_max)
        elements: list[dict[str, Any]] = []
        for index, element in enumerate(value):
            if type(element) is not dict:
                messages.add("E", "TYPE", field.name, f"{where}/{index}", (*place, index), type="object")
                # Something has to stand in its place, so that the elements after it keep theirs.
                elements.append({})
                continue
            elements.append(inner.read(element, messages, unknown=unknown, pointer=f"{where}/{index}", position=(*place, index), require=True))
        return elements


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


# ---------------------------------------------------------------------------------------------------------------- checks


def _string(value: Any) -> str:
    if type(value) is not str:
        raise Invalid("TYPE", type="string")
    return value


def clean_text(value: str, *, multiline: bool) -> str:
    """The text in NFC, without blanks at its ends; raises Invalid CHARACTER for control characters (tab and line feed pass in long texts)."""
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    if value.isprintable():  # no control characters, no lone surrogates, whatever the script
        return value.strip()
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cs") and not (multiline and character in "\n\t"):
            raise Invalid("CHARACTER")
    return value.strip()


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
                    entry.strip() if type(entry) is str and entry.isascii() and entry.isprintable() else clean_text(_string(entry), multiline=False)
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


def _integral(value: Any) -> int:
    kind = type(value)
    if kind is int:
        return int(value)
    if kind is Decimal:
        if value.adjusted() > 30:
            return 10**31 if value > 0 else -(10**31)
        if value == value.to_integral_value():
            return int(value)
    raise Invalid("TYPE", type="integer")


def integer(name: str, minimum: int, maximum: int, description: str = "", **options: Any) -> Field:
    """A whole number in a range; 10.0 is 10."""

    def check(value: Any) -> int:
        number = value if type(value) is int else _integral(value)
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
    least = Decimal(minimum) if minimum is not None else Decimal(-_AMOUNT_LIMIT)
    most = Decimal(maximum) if maximum is not None else Decimal(_AMOUNT_LIMIT)
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
            raise _inexact(number, decimals, smallest, most) from None

    schema: dict[str, Any] = {"type": "number"}
    if minimum is not None:
        schema["minimum"] = minimum
    if maximum is not None:
        schema["maximum"] = maximum
    if above_zero:
        schema["exclusiveMinimum"] = 0
    return Field(name, check, schema, description, wire=Any, **options)


def _inexact(number: Decimal, decimals: int, least: Decimal | int, most: Decimal | int) -> Invalid:
    """Why a number cannot be held with so many decimals and 15 digits."""
    if number.adjusted() >= DIGITS_MAX or decimals_of(number) <= decimals:
        return Invalid("RANGE", min=least, max=most)
    return Invalid("PRECISION", max=decimals)


_CENT = Decimal("0.01")
_NO_MONEY = Decimal("0.00")
_to_cents = Context(prec=DIGITS_MAX + 2, traps=[Inexact, InvalidOperation]).quantize
_to_few_cents = Context(prec=DIGITS_MAX, traps=[Inexact, InvalidOperation]).quantize


def read_money(value: Any) -> Decimal:
    """An exact amount with two decimals, at most 15 digits without trailing zeros; raises Invalid TYPE, PRECISION or RANGE.

    One amount has one spelling inside, so that equal contents have equal hashes. Currencies without decimals are held to that by whoever
    knows the currency.
    """
    if type(value) is not Decimal and type(value) is not int:
        raise Invalid("TYPE", type="number")
    try:
        # Nearly all amounts: with two decimals they have 15 digits at most.
        return _to_few_cents(value, _CENT) or _NO_MONEY
    except (Inexact, InvalidOperation):
        number = Decimal(value)
    try:
        amount = _to_cents(number, _CENT)
    except (Inexact, InvalidOperation):
        raise _inexact(number, 2, -_AMOUNT_LIMIT, _AMOUNT_LIMIT) from None
    if amount.adjusted() >= DIGITS_MAX - 2 and digits_of(amount) > DIGITS_MAX:
        raise Invalid("RANGE", min=-_AMOUNT_LIMIT, max=_AMOUNT_LIMIT)
    return amount or _NO_MONEY


def money(name: str, description: str = "", *, minimum: int | None = None, **options: Any) -> Field:
    """An amount of money, exact."""

    def check(value: Any) -> Decimal:
        amount = read_money(value)
        if minimum is not None and amount < minimum:
            raise Invalid("RANGE", min=minimum, max=_AMOUNT_LIMIT)
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


@lru_cache(maxsize=8192)
def parse_date(value: str) -> date | None:
    """The date behind YYYY-MM-DD, None when there is no such date or the text has another shape."""
    if len(value) != 10 or value[4] != "-" or value[7] != "-" or not value.isascii():
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def day(name: str, description: str = "", *, check_day: Callable[[date], None] | None = None, **options: Any) -> Field:
    """A date as YYYY-MM-DD; ``check_day`` may raise Invalid."""

    def check(value: Any) -> date:
        found = parse_date(_string(value).strip())
        if found is None:
            raise Invalid("FORMAT", value=value)
        if check_day is not None:
            check_day(found)
        return found

    wire: Any = date if check_day is None else _TEXT
    return Field(name, check, {"type": "string", "format": "date"}, description, wire=wire, settled=check_day is None, **options)


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def parse_moment(value: str) -> datetime | None:
    """The moment behind an RFC 3339 date-time with an offset, None when the text is none."""
    if not _MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        return None


def moment(name: str, description: str = "", **options: Any) -> Field:
    """A date-time, RFC 3339."""

    def check(value: Any) -> datetime:
        found = parse_moment(_string(value).strip())
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
            return decode_id(_string(value))
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
