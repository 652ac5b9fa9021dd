"""Field messages: what is wrong, or worth knowing, about one field of an input; stored as a code with parameters, worded when read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from reskontro.kit.details import norwegian_detail
from reskontro.kit.texts import FIELD_TEXTS, OUTCOME_TEXTS

Severity = Literal["E", "W"]
Language = Literal["en", "nb", "nn"]
PLACES: Final[Mapping[Language, int]] = {"en": 0, "nb": 1, "nn": 2}
"""Where a triple of texts has each language."""

VALUE_CHARACTERS_MAX = 100
MESSAGE_CHARACTERS_MAX = 500
POINTER_CHARACTERS_MAX = 200


class Message(NamedTuple):
    """One finding about one field; ``pointer`` starts at the root of the item."""

    severity: Severity
    code: str
    field: str
    pointer: str
    parameters: Mapping[str, Any]


class Messages:
    """Collects the findings about one item and gives them back in the order that readers are promised.

    Order: the fields' own findings by place of the field, then cross-field findings in the order they were made, then unknown keys.
    """

    __slots__ = ("_entries", "error_count")

    _CROSS_FIELD = (1_000_000,)
    _UNKNOWN = (2_000_000,)

    def __init__(self) -> None:
        self._entries: list[tuple[tuple[int, ...], Message]] = []
        self.error_count = 0

    def add(self, severity: Severity, code: str, field: str, pointer: str, position: tuple[int, ...], /, **parameters: Any) -> None:
        """Note a finding of a field; ``position`` is the place of the field (and of the elements above it)."""
        if severity == "E":
            self.error_count += 1
        self._entries.append((position, Message(severity, code, field, pointer, parameters)))

    def cross(self, severity: Severity, code: str, field: str, pointer: str, /, **parameters: Any) -> None:
        """Note a finding of a check that looks at several fields; these follow the fields' own."""
        self.add(severity, code, field, pointer, self._CROSS_FIELD, **parameters)

    def unknown(self, severity: Severity, field: str, pointer: str) -> None:
        """Note a key that nobody knows; these come last, in the order sent."""
        self.add(severity, "UNKNOWN-FIELD", field, pointer, self._UNKNOWN)

    def join(self, other: Messages, pointer: str, position: tuple[int, ...]) -> None:
        """Take over the findings about a nested object that was checked by itself."""
        self.error_count += other.error_count
        for place, found in other._entries:
            self._entries.append((position + place, found._replace(pointer=pointer + found.pointer)))

    def retold(self, tell: Callable[[Message], Message | None]) -> Messages:
        """The findings as ``tell`` puts each, in the same order; those it makes None of are left out."""
        told = Messages()
        for place, found in self._entries:
            message = tell(found)
            if message is not None:
                told._entries.append((place, message))
                told.error_count += message.severity == "E"
        return told

    def __bool__(self) -> bool:
        return bool(self._entries)

    def in_order(self) -> list[Message]:
        """All findings, errors and warnings together, in the promised order."""
        if len(self._entries) > 1:
            self._entries.sort(key=lambda entry: entry[0])
        return [message for _, message in self._entries]


def shown(value: Any) -> str:
    """A value as a message shows it: as sent, numbers without trailing zeros, cut at 100 characters."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, Decimal):
        text = format(value, "f") if -20 < value.adjusted() < 40 else str(value)
        if "." in text and "E" not in text:
            text = text.rstrip("0").rstrip(".")
    else:
        text = value if isinstance(value, str) else str(value)
    return text[:VALUE_CHARACTERS_MAX]


def _fill(text: str, message: Message) -> str:
    values = {name: shown(value) for name, value in message.parameters.items()}
    values.setdefault("field", message.field)
    return text.format_map(values)[:MESSAGE_CHARACTERS_MAX]


def render(message: Message, language: Language) -> str:
    """The text of a finding in a language; Norwegian serves bokmål and nynorsk."""
    texts = FIELD_TEXTS.get(f"{message.code}/ERROR") if message.severity == "E" else None
    english, norwegian = texts or FIELD_TEXTS[message.code]
    if language == "en":
        return _fill(english, message)
    if "detail" in message.parameters:
        message = message._replace(parameters={**message.parameters, "detail": norwegian_detail(str(message.parameters["detail"]))})
    return _fill(norwegian, message)


def outcome_text(code: str, language: Language) -> str:
    """The text of an outcome such as CUSTOMER-CREATED in a language."""
    english, norwegian = OUTCOME_TEXTS[code]
    return english if language == "en" else norwegian


def wire_messages(messages: Iterable[Message], language: Language, *, diagnostics: bool, root: str = "") -> list[dict[str, Any]]:
    """The messages as ``{field, message}``, with ``code`` and ``pointer`` when diagnostics are asked for."""
    shown_messages: list[dict[str, Any]] = []
    for message in messages:
        entry: dict[str, Any] = {"field": message.field, "message": render(message, language)}
        if diagnostics:
            entry["code"] = message.code
            if root or message.pointer:
                entry["pointer"] = (root + message.pointer)[:POINTER_CHARACTERS_MAX]
        shown_messages.append(entry)
    return shown_messages


def pack(messages: Sequence[Message]) -> list[list[Any]] | None:
    """Messages as they are stored with a result; None when there are none."""
    if not messages:
        return None
    return [
        [m.severity, m.code, _storable(m.field), _storable(m.pointer), {name: _storable(shown(value)) for name, value in m.parameters.items()}]
        for m in messages
    ]


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL; what was sent with one is shown with a replacement character."""
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def unpack(stored: Sequence[Sequence[Any]] | None) -> list[Message]:
    """Messages from their stored form."""
    return [Message(*entry) for entry in stored or ()]
