"""A short way for objects that are wholly in order: from their bytes straight to the values that ``Schema.read`` gives.

The decoder checks types, lengths and ranges while it decodes; what it cannot say is checked by the field's own ``check``. Whatever is not in
order, or might not be, is left to the long way, which makes the findings: the short way never makes one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Final, NotRequired, Required, TypedDict, cast

import msgspec

from reskontro.kit.fields import CLEARED, Field, Invalid, Schema
from reskontro.kit.json import DEPTH_MAX, read_json

_DELETE: Final = b"\x7f"
_MORE_CONTROLS: Final = b"\xc2"
"""First byte of the characters U+0080 to U+00BF: control characters, a blank and a hyphen that does not show are among them."""

_DEPTH_MAX: Final = DEPTH_MAX // 2
"""Nothing in order is nested like that; deeper values are left to whoever counts exactly."""

_untyped = msgspec.json.Decoder(float_hook=Decimal)
# These find a text of two bytes in half the time of ``in``.
_blank_before = re.compile(b' "').search
_blank_after = re.compile(b'" ').search
_encoder = msgspec.json.Encoder(decimal_format="number")

Finish = Callable[[dict[str, Any]], int]


class _NotInOrder(Exception):
    """The object has to be read the long way."""


_LONG_WAY: Final = (_NotInOrder, Invalid, msgspec.MsgspecError, UnicodeError, OverflowError, RecursionError)


class Sent:
    """An object as it was sent.

    ``values`` is what the short way made of it, None when there is no such thing. ``value`` is the parsed JSON, made when somebody asks: of
    objects that are in order hardly anybody does.
    """

    __slots__ = ("_data", "_value", "values")

    def __init__(self, value: dict[str, Any] | None = None, *, data: bytes = b"", values: dict[str, Any] | None = None) -> None:
        self._value = value
        self._data = data
        self.values = values

    @property
    def value(self) -> dict[str, Any]:
        """The object as ``read_json`` gives it; raises JsonMalformed."""
        if self._value is None:
            self._value = cast(dict[str, Any], read_json(self._data))
        return self._value

    def forget_values(self) -> None:
        """What the short way made is about to be changed: from now on the object is what its JSON says."""
        self.values = None

    @property
    def known(self) -> dict[str, Any]:
        """The values of the short way, else the parsed object: enough for whoever asks for numbers and texts by name."""
        return self.value if self.values is None else self.values


class QuickReader:
    """Reads objects of one schema. ``require`` is that of ``Schema.read``: whether required fields have to be there."""

    def __init__(self, schema: Schema, *, require: bool = True) -> None:
        self._schema = schema
        self._require = require

    @cached_property
    def _parts(self) -> tuple[Callable[[bytes], dict[str, Any]], Finish]:
        kind, plan = _compile(self._schema, require=self._require)
        return msgspec.json.Decoder(kind, float_hook=Decimal).decode, _finish(plan)

    def __call__(self, data: bytes) -> dict[str, Any] | None:
        """The values of an object without any finding; None when it has to be read the long way."""
        decode, finish = self._parts
        try:
            plain, members = _plain(data)
            values = decode(plain)
            # Keys that are repeated or unknown are missing among the decoded ones.
            return values if finish(values) == members else None
        except _LONG_WAY:
            return None


def _plain(data: bytes) -> tuple[bytes, int]:
    """The same JSON without blanks around its texts and without escapes, and the number of its members, or more.

    Raises when a text may hold something that reading would change or refuse: a blank at an end, a control character, a form that is not NFC.
    """
    if _blank_before(data) or _blank_after(data) or b"\n" in data or b"\t" in data or b"\r" in data:
        data = msgspec.json.format(data, indent=-1)
        if _blank_before(data) or _blank_after(data):
            raise _NotInOrder
    # Every key ends like this; inside a text it can only stand after an escape or at the beginning, which counts a member too many.
    members = data.count(b'":')
    if b"\\" in data:
        data = _encoder.encode(_untyped.decode(data))
        if b"\\" in data or _blank_before(data) or _blank_after(data):
            raise _NotInOrder
    if _DELETE in data:
        raise _NotInOrder
    if not data.isascii() and not _is_clean(data):
        raise _NotInOrder
    return data, members


def _is_clean(data: bytes) -> bool:
    """Whether all characters can be shown and none of them combines with another."""
    text = data.decode()
    # Below U+0100 nothing combines, which is quicker to see.
    return (_MORE_CONTROLS not in data and _is_latin(text)) or (text.isprintable() and unicodedata.is_normalized("NFC", text))


def _is_latin(text: str) -> bool:
    """Whether all characters are below U+0100."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


@dataclass
class _Plan:
    """What is left to do with the values of an object when it is decoded, by name of the field."""

    checks: list[tuple[str, Callable[[Any], Any]]]
    opened: list[Field]
    flat: list[tuple[str, list[tuple[str, Callable[[Any], Any]]]]]
    """Nested objects with nothing but checks, and these."""
    objects: list[tuple[str, Finish]]
    arrays: list[tuple[str, Finish]]

    @property
    def is_flat(self) -> bool:
        return not (self.opened or self.flat or self.objects or self.arrays)


def _compile(schema: Schema, *, require: bool) -> tuple[Any, _Plan]:
    """The type that the decoder makes of an object, and what is left to do then."""
    members: dict[str, Any] = {}
    plan = _Plan([], [], [], [], [])
    for field in schema.fields:
        if field.use == "out":
            continue
        kind: Any = field.wire
        if field.inner is not None and not field.untouched:
            # The elements of an array must be whole in an update too.
            kind, inner = _compile(field.inner, require=require or field.array)
            if field.array:
                kind = Annotated[list[kind], msgspec.Meta(max_length=field.array_max)]
                plan.arrays.append((field.name, _finish(inner)))
            elif inner.is_flat:
                plan.flat.append((field.name, inner.checks))
            else:
                plan.objects.append((field.name, _finish(inner)))
        elif kind is None:
            kind = Any
            plan.opened.append(field)
        elif not field.settled:
            plan.checks.append((field.name, field.check))
        members[field.name] = Required[kind] if require and field.required else NotRequired[kind]
    typed = cast(Any, TypedDict)(schema.name, members)
    return typed, plan


def _finish(plan: _Plan) -> Finish:
    """The function that finishes the values of an object and counts its members, those of nested objects included."""
    checks, opened, flat, objects, arrays = plan.checks, plan.opened, plan.flat, plan.objects, plan.arrays

    def finish(values: dict[str, Any]) -> int:
        count = len(values)
        for name, check in checks:
            if name in values:
                values[name] = check(values[name])
        for name, inner_checks in flat:
            if name in values:
                inside = values[name]
                count += len(inside)
                for key, check in inner_checks:
                    if key in inside:
                        inside[key] = check(inside[key])
        for field in opened:
            if field.name in values:
                count += _finish_open(field, values)
        for name, inner in objects:
            if name in values:
                count += inner(values[name])
        for name, inner in arrays:
            if name in values:
                for element in values[name]:
                    count += inner(element)
        return count

    return finish


def _finish_open(field: Field, values: dict[str, Any]) -> int:
    """Check a value of any shape; returns how many members are inside it."""
    value = values[field.name]
    if value is None or (value == "" and not field.empty_is_value):
        raise _NotInOrder
    inside = _members_inside(value, 2)
    checked = field.check(value)
    if checked is CLEARED:
        raise _NotInOrder
    values[field.name] = checked
    return inside


def _members_inside(value: Any, depth: int) -> int:
    if type(value) is dict:
        inner: Any = value.values()
        count = len(value)
    elif type(value) is list:
        inner, count = value, 0
    else:
        return 0
    if depth > _DEPTH_MAX:
        raise _NotInOrder
    for element in inner:
        count += _members_inside(element, depth + 1)
    return count


def read_sent(data: bytes, quick: QuickReader | None) -> Sent:
    """An object read the short way when there is one and the object is in order, else parsed; raises JsonMalformed."""
    values = quick(data) if quick is not None else None
    return Sent(read_json(data)) if values is None else Sent(data=data, values=values)
