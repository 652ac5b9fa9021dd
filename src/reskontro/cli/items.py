"""Files with customers or documents as the lines of an NDJSON batch: CSV, a JSON array, ``{"customers": [...]}`` or NDJSON."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec

from reskontro.cli.common import CommandError
from reskontro.kit.fields import Field, Schema
from reskontro.kit.json import write_json
from reskontro.receivable.customers.schemas import CUSTOMER

Entity = Literal["customers", "documents"]
ENTITIES: tuple[Entity, ...] = ("customers", "documents")
DELIMITERS = ",;\t"
LIST_SEPARATOR = "|"
SNIFF_BYTES = 2 << 20

_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?", re.ASCII)
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class ItemsFile:
    """A file whose items can be sent: their kind, and remarks for whoever sends them."""

    path: Path
    entity: Entity
    form: Literal["csv", "json", "ndjson"]
    size_bytes: int
    remarks: tuple[str, ...] = ()

    def lines(self, place: list[int] | None = None) -> Iterator[bytes]:
        """Each item as a line of NDJSON, made while the file is read; ``place[0]`` says how many bytes of it were read.

        Raises CommandError for a file that cannot be read to its end.
        """
        place = place if place is not None else [0]
        with self.path.open("rb") as file:
            if self.form == "csv":
                yield from _csv_lines(file, self.entity, self.path, place)
            elif self.form == "ndjson":
                for line in file:
                    place[0] += len(line)
                    yield line if line.endswith(b"\n") else line + b"\n"
            else:
                yield from _json_lines(file.read(), self.path)
                place[0] = self.size_bytes


def open_items(path: Path, entity: Entity | None = None) -> ItemsFile:
    """Look at a file: what form it has and, unless ``entity`` says it, what its items are. Raises CommandError."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(SNIFF_BYTES)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text:
        raise CommandError(f"{path} is empty.")
    if text[:1] not in (b"[", b"{"):
        columns = header(path)
        entity = entity or _entity_of_keys([column.split(".")[0] for column in columns], path)
        return ItemsFile(path, entity, "csv", size, tuple(_remarks(columns, entity)))
    first_line = text.split(b"\n", 1)[0]
    one = _decoded(first_line)
    if one is not None and not set(one) & set(ENTITIES) and len(text) > len(first_line.rstrip()):
        keys = list(one)
        if keys == ["metadata"]:
            keys = list(_decoded(text.split(b"\n", 2)[1]) or {})
        return ItemsFile(path, entity or _entity_of_keys(keys, path), "ndjson", size)
    found, keys = _shape(path)
    if found is not None and entity is not None and found != entity:
        raise CommandError(f"{path} holds {found}, not {entity}.")
    return ItemsFile(path, entity or found or _entity_of_keys(keys, path), "json", size)


def schema_of(entity: Entity) -> Schema:
    """The fields of an item."""
    if entity == "customers":
        return CUSTOMER
    from reskontro.receivable.documents.schemas import DOCUMENT

    return DOCUMENT


def _entity_of_keys(keys: Sequence[str], path: Path) -> Entity:
    """Documents have a type, customers a name; anything else has to be said."""
    if "documentType" in keys:
        return "documents"
    if "name" in keys or "customerNo" in keys:
        return "customers"
    raise CommandError(f"It is not clear what {path} holds. Say --entity customers or --entity documents.")


# ------------------------------------------------------------------------------------------------------------------ JSON


def _decoded(data: bytes) -> dict[str, msgspec.Raw] | None:
    try:
        return _object.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None


def _members(data: bytes, path: Path) -> tuple[Entity | None, list[msgspec.Raw], msgspec.Raw | None]:
    """(what they are, items, metadata) of a JSON file that is an array, an object around one, or a single item."""
    data = data.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        if data.startswith(b"["):
            return None, _array.decode(data), None
        outer = _object.decode(data)
        for entity in ENTITIES:
            if entity in outer and bytes(outer[entity])[:1] == b"[":
                return entity, _array.decode(outer[entity]), outer.get("metadata")
    except (msgspec.DecodeError, RecursionError) as error:
        raise CommandError(f"{path} is not JSON: {error}.") from error
    return None, [msgspec.Raw(data)], None


def _shape(path: Path) -> tuple[Entity | None, list[str]]:
    """What a JSON file says it holds, and the keys of its first item."""
    entity, items, _ = _members(path.read_bytes(), path)
    if not items:
        raise CommandError(f"{path} holds no item.")
    return entity, list(_decoded(bytes(items[0])) or {})


def _json_lines(data: bytes, path: Path) -> Iterator[bytes]:
    _, items, metadata = _members(data, path)
    if metadata is not None:
        yield b'{"metadata":' + _one_line(metadata) + b"}\n"
    for item in items:
        yield _one_line(item) + b"\n"


def _one_line(raw: msgspec.Raw) -> bytes:
    """The same JSON without line ends; numbers stay as they were written."""
    data = bytes(raw)
    return msgspec.json.format(data, indent=-1) if b"\n" in data or b"\r" in data else data


# ------------------------------------------------------------------------------------------------------------------- CSV


def _text(file: BinaryIO) -> io.TextIOWrapper:
    return io.TextIOWrapper(file, encoding="utf-8-sig", newline="")


def _reader(text: io.TextIOWrapper, path: Path) -> tuple[Iterator[list[str]], list[str]]:
    """The rows after the header, and the header."""
    try:
        first = text.readline()
        delimiter = max(DELIMITERS, key=first.count)
        columns = [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter), [])]
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    repeated = sorted({column for column in columns if column and columns.count(column) > 1})
    if repeated:
        raise CommandError(f"{path} has the column {repeated[0]} twice.")
    if not any(columns):
        raise CommandError(f"{path} has no header: its first line must name the columns, for instance customerNo,name,postalAddress.postalCode.")
    _check_paths([column for column in columns if column], path)
    return csv.reader(text, delimiter=delimiter, strict=True), columns


def header(path: Path) -> list[str]:
    """The names of a CSV file's columns, those without a name left out; raises CommandError."""
    with path.open("rb") as file, _text(file) as text:
        return [column for column in _reader(text, path)[1] if column]


def _not_utf8(path: Path) -> CommandError:
    return CommandError(f"{path} is not UTF-8. Save it as CSV in UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8 {path}")


def _remarks(columns: Sequence[str], entity: Entity) -> Iterator[str]:
    schema = schema_of(entity)
    for column in columns:
        if _field(schema, _path(column)) is None:
            close = difflib.get_close_matches(column.split(".")[-1], [field.name for field in schema.fields], 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            yield f"The column {column} is no field of {entity}{hint}"


def _path(column: str) -> tuple[str | int, ...]:
    """``documentLines.0.lineType`` as ("documentLines", 0, "lineType")."""
    return tuple(int(part) if part.isascii() and part.isdigit() else part for part in column.split("."))


def _field(schema: Schema | None, path: Sequence[str | int]) -> Field | None:
    """The field at the end of a path, None when there is none."""
    field: Field | None = None
    for part in path:
        if isinstance(part, int):
            if field is None or not (field.array or field.schema.get("type") == "array"):
                return None
            continue
        field = schema.by_name.get(part) if schema is not None else None
        if field is None:
            return None
        schema = field.inner
    return field


def read_cell(text: str, field: Field | None, *, element: bool = False) -> Any:
    """The JSON value of a cell: a number only where the field is one, so that 007 stays a text where it is one.

    What does not look like the field's type is passed on as text, and the API says what is wrong with it.
    """
    kind = field.schema.get("type") if field is not None else None
    if kind in ("integer", "number") and _NUMBER.fullmatch(text):
        return Decimal(text) if "." in text else int(text)
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "array" and field is not None and field.inner is None and not element:
        return [part.strip() for part in text.split(LIST_SEPARATOR) if part.strip()]
    return text


def _put(item: dict[str | int, Any], path: Sequence[str | int], value: Any) -> None:
    """Put a value at its path, with the objects on the way; arrays are objects with numbers as keys until ``_finished``."""
    for part in path[:-1]:
        item = item.setdefault(part, {})
    item[path[-1]] = value


def _finished(value: Any) -> Any:
    """The value with its arrays in place; elements that no cell of the row filled are left out."""
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(key, int) for key in value):
        return [_finished(value[key]) for key in sorted(value)]
    return {key: _finished(inner) for key, inner in value.items()}


def _check_paths(columns: Sequence[str], path: Path) -> None:
    """Raise CommandError when columns contradict each other: one is a value and another a part of it, or names stand beside numbers."""
    kinds: dict[tuple[str | int, ...], tuple[str, str]] = {}
    for column in columns:
        parts = _path(column)
        for length in range(len(parts) + 1):
            kind = "value" if length == len(parts) else "array" if isinstance(parts[length], int) else "object"
            other, first = kinds.setdefault(parts[:length], (kind, column))
            if other != kind:
                raise CommandError(f"The columns {first} and {column} of {path} contradict each other.")


def _csv_lines(file: BinaryIO, entity: Entity, path: Path, place: list[int]) -> Iterator[bytes]:
    schema = schema_of(entity)
    with _text(file) as text:
        rows, names = _reader(text, path)
        columns = [(_path(name), _field(schema, _path(name))) for name in names]
        line_no = 1
        try:
            for line_no, row in enumerate(rows, 2):
                if len(row) > len(names) and any(row[len(names) :]):
                    raise CommandError(f"Row {line_no} of {path} has {len(row)} cells, its header {len(names)}. Nothing was stored.")
                item: dict[str | int, Any] = {}
                for (where, field), cell in zip(columns, row, strict=False):
                    value = cell.strip()
                    if value and where != ("",):
                        _put(item, where, read_cell(value, field, element=isinstance(where[-1], int)))
                place[0] = file.tell()
                if item:
                    yield write_json(_finished(item)) + b"\n"
        except UnicodeDecodeError as error:
            raise _not_utf8(path) from error
        except csv.Error as error:
            raise CommandError(f"{path} is not CSV after row {line_no}: {error}. Nothing was stored.") from error
