"""An object of a request as it was sent, read by its schema, with the findings about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from reskontro.kit.fields import Schema
from reskontro.kit.messages import Messages, Severity

OLDEST_DATE: Final = date(2000, 1, 1)
DAYS_AHEAD_MAX: Final = 366


@dataclass(slots=True)
class Draft:
    """``entity`` is the field of findings that no key fits."""

    schema: Schema
    entity: str
    raw: dict[str, Any]
    values: dict[str, Any]
    messages: Messages
    index: int = 0
    """Its place in the call."""

    @property
    def failed(self) -> bool:
        """Whether something forbids it."""
        return bool(self.messages.error_count)

    def find(self, code: str, name: str, /, *, severity: Severity = "E", inside: Sequence[str | int] = (), **parameters: Any) -> None:
        """Note a finding of a field; ``inside`` is the way from the field to the key that holds the value, element numbers among names.

        A field that the object does not have is named without a place.
        """
        entry = self.schema.by_name.get(name)
        if entry is None:
            self.messages.cross(severity, code, name, "", **parameters)
            return
        position: tuple[int, ...] = (entry.position,)
        pointer, leaf, inner = f"/{name}", name, entry.inner
        for step in inside:
            pointer += f"/{step}"
            if isinstance(step, int):
                position = (*position, step)
            else:
                assert inner is not None
                found = inner.field(step)
                leaf, position, inner = step, (*position, found.position), found.inner
        self.messages.add(severity, code, leaf, pointer, position, **parameters)

    def cross(self, code: str, name: str | None = None, /, **parameters: Any) -> None:
        """Note a finding of a check that looks at several fields, by default about the whole."""
        if name is None or name == self.entity:
            self.messages.cross("E", code, self.entity, "", **parameters)
        else:
            self.messages.cross("E", code, name, f"/{name}", **parameters)

    def was_sent(self, name: str) -> bool:
        """Whether a field was sent, in order or not."""
        return self.raw.get(name) not in (None, "")

    def refused(self, names: Iterable[str]) -> bool:
        """Whether one of the fields was sent but did not pass."""
        return any(self.was_sent(name) and name not in self.values for name in names)

    def first_sent(self, names: Iterable[str]) -> str:
        """The first of the fields that was sent, else the entity."""
        return next((name for name in names if self.was_sent(name)), self.entity)


def check_date_range(draft: Draft, name: str, today: date) -> None:
    """RANGE for a date before 2000 or more than 366 days ahead, which then counts as refused."""
    latest = today + timedelta(days=DAYS_AHEAD_MAX)
    value = draft.values.get(name)
    if value is not None and not OLDEST_DATE <= value <= latest:
        draft.find("RANGE", name, min=OLDEST_DATE, max=latest)
        del draft.values[name]
