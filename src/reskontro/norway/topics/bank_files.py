"""The file of a calculation: given as lines, or by a path that is read from where the program stands."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from reskontro.norway.inputs import Input, InputInvalid
from reskontro.norway.nets_records import ENCODING

SIZE_MAX: Final = 64 * 1024 * 1024


def bytes_of(values: Input) -> bytes:
    """The bytes of the file named ``file``."""
    try:
        with Path(values.text("file")).open("rb") as file:
            content = file.read(SIZE_MAX + 1)
    except (OSError, ValueError):
        raise InputInvalid("input.file cannot be read") from None
    if len(content) > SIZE_MAX:
        raise InputInvalid("input.file is too large")
    return content


def content_of(values: Input) -> bytes:
    """The bytes of the file named ``file``, or of the texts in ``lines``, after the ``changes`` that may be given: {op
    ``set``, line, from, to, value}, {op ``truncate``, line, length} or {op ``drop``, line}, lines and positions from 1.
    """
    if values.has("lines"):
        lines = values.texts("lines")
    else:
        content = bytes_of(values)
        if not values.has("changes"):
            return content
        lines = content.decode(ENCODING).splitlines()
    for change in values.objects("changes") if values.has("changes") else ():
        _change(lines, change)
    try:
        return "".join(f"{line}\n" for line in lines).encode(ENCODING)
    except UnicodeEncodeError:
        raise InputInvalid("the lines have a character that is not in ISO-8859-1") from None


def _change(lines: list[str], change: Input) -> None:
    operation = change.choice("op", "set", "truncate", "drop")
    index = change.whole("line") - 1
    if not 0 <= index < len(lines):
        raise InputInvalid("a change is about a line that is not there")
    if operation == "drop":
        del lines[index]
    elif operation == "truncate":
        lines[index] = lines[index][: change.whole("length")]
    else:
        lines[index] = lines[index][: max(change.whole("from") - 1, 0)] + change.text("value") + lines[index][change.whole("to") :]
