"""An object's fields and the reading of it: it walks over the keys that were sent, so that a sparse object costs little, and collects every finding
of the object at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from reskontro.kit.fields.values import CLEARED, Invalid
from reskontro.kit.messages import Messages, Severity

Use = Literal["in-out", "in", "out"]
Check = Callable[[Any], Any]


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
        self,
        name: str,
        fields: Sequence[Field],
        description: str = "",
        *,
        quick: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None,
        changes: Schema | None = None,
    ) -> None:
        """``quick`` may read an object that is wholly in order without further ado; None from it means: read it field by field.

        ``changes`` is the object that this one changes: its other fields are passed over, so that it may be sent back as it was read.
        """
        self.quick = quick
        self.name = name
        self.description = description
        self.fields = tuple(fields)
        self.by_name = {field.name: field for field in fields}
        for position, field in enumerate(fields):
            field.position = position
        self._known = self.by_name.keys() | (changes.by_name.keys() if changes is not None else ())
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
                if key not in self._known:
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
