"""Reading query parameters and headers: everything a URL can get wrong is refused before anything is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl

from reskontro.kit.errors import Problem
from reskontro.kit.fields import Invalid, clean_text, parse_date, parse_moment
from reskontro.kit.ids import IdMalformed, decode_id
from reskontro.kit.messages import Language
from reskontro.web.operations import Parameter

LIST_VALUES_MAX = 100
_INTEGER_LIMIT = 2**31


def _invalid(name: str, why: str) -> Problem:
    return Problem("INVALID-PARAMETER", f"{name}: {why}")


def _integer(name: str, text: str) -> int:
    digits = text[1:] if text[:1] == "-" else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise _invalid(name, f"{text[:40]} is not an integer")
    return int(text)


def _choice(name: str, text: str, values: Sequence[str]) -> str:
    for value in values:
        if value.casefold() == text.casefold():
            return value
    raise _invalid(name, f"{text[:40]} is none of {', '.join(values)}")


def _id(text: str) -> Any:
    try:
        return decode_id(text)
    except IdMalformed:
        raise Problem("ID-MALFORMED", f"{text[:40]} is not an id of 22 characters") from None


def _moment(name: str, text: str) -> datetime | date:
    found: datetime | date | None = parse_moment(text) or parse_date(text)
    if found is None:
        raise _invalid(name, f"{text[:40]} is neither a date-time with an offset nor a date")
    try:
        return found.astimezone(UTC) if isinstance(found, datetime) else found
    except OverflowError:
        raise _invalid(name, f"{text[:40]} is before or after all years") from None


def _value(parameter: Parameter, text: str) -> Any:
    name, kind = parameter.name, parameter.kind
    if "\x00" in text:
        raise _invalid(name, "contains a character that is not allowed")
    if kind in ("texts", "integers", "ids", "choices"):
        parts = [part for part in (piece.strip() for piece in text.split(",")) if part]
        if len(parts) > LIST_VALUES_MAX:
            raise _invalid(name, f"has more than {LIST_VALUES_MAX} values")
        single = Parameter(name, {"texts": "text", "integers": "integer", "ids": "id", "choices": "choice"}[kind], "", parameter.values)  # type: ignore[arg-type]
        return [_value(single, part) for part in parts]
    if kind == "integer":
        number = _integer(name, text)
        if parameter.minimum is not None and number < parameter.minimum:
            raise _invalid(name, f"must be at least {parameter.minimum}")
        return number
    if kind == "date":
        found = parse_date(text)
        if found is None:
            raise _invalid(name, f"{text[:40]} is not a date")
        return found
    if kind == "moment":
        return _moment(name, text)
    if kind == "boolean":
        if text not in ("true", "false"):
            raise _invalid(name, "must be true or false")
        return text == "true"
    if kind == "id":
        return _id(text)
    if kind == "choice":
        return _choice(name, text, parameter.values)
    try:
        cleaned = clean_text(text, multiline=False)
    except Invalid:
        raise _invalid(name, "contains a character that is not allowed") from None
    if len(cleaned) > parameter.length_max:
        raise _invalid(name, f"has more than {parameter.length_max} characters")
    return cleaned


def read_parameters(query: bytes, known: Sequence[Parameter]) -> dict[str, Any]:
    """The parameters of a query string by name; raises Problem UNKNOWN-PARAMETER, INVALID-PARAMETER or ID-MALFORMED.

    An empty parameter counts as absent, one given twice is refused.
    """
    if not query:
        return {}
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise Problem("INVALID-PARAMETER", "the query string cannot be read") from None
    by_name = {parameter.name: parameter for parameter in known}
    values: dict[str, Any] = {}
    seen: set[str] = set()
    for name, text in pairs:
        parameter = by_name.get(name)
        if parameter is None:
            raise Problem("UNKNOWN-PARAMETER", f"{name[:64]} is not a parameter of this call")
        if name in seen:
            raise _invalid(name, "is given twice")
        seen.add(name)
        if text.strip():
            values[name] = _value(parameter, text.strip())
    return values


def path_id(text: str) -> Any:
    """The id in a path; raises Problem ID-MALFORMED."""
    return _id(text)


def within_integer(values: Sequence[int]) -> list[int]:
    """Only the numbers that a database integer can hold: the others match nothing anyway."""
    return [value for value in values if -_INTEGER_LIMIT <= value < _INTEGER_LIMIT]


_LANGUAGES: dict[str, Language] = {"en": "en", "nb": "nb", "nn": "nn", "no": "nb"}


def accepted_language(header: str | None) -> Language:
    """The best of en, nb and nn for an Accept-Language header; English when it names none of them."""
    best: tuple[float, Language] = (0.0, "en")
    for part in (header or "")[:500].split(","):
        tag, _, options = part.partition(";")
        language = _LANGUAGES.get(tag.strip().split("-")[0].lower())
        if language is None:
            continue
        try:
            quality = float(options.strip().removeprefix("q=")) if options.strip() else 1.0
        except ValueError:
            continue
        if quality > best[0]:
            best = (quality, language)
    return best[1]


def accepted_media(header: str | None, offered: Sequence[str]) -> str:
    """The first offered media type with the highest quality in an Accept header; raises Problem NOT-ACCEPTABLE."""
    if not header or header.strip() == "*/*":
        return offered[0]
    ranges: list[tuple[str, float]] = []
    for part in header[:2000].split(","):
        media, *options = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for option in options:
            if option.startswith("q="):
                try:
                    quality = float(option[2:])
                except ValueError:
                    quality = 0.0
        ranges.append((media.lower(), quality))

    def quality_of(media: str) -> float:
        kind = media.split("/")[0]
        for wanted in (media, f"{kind}/*", "*/*"):
            found = [quality for name, quality in ranges if name == wanted]
            if found:
                return max(found)
        return 0.0

    best = max(offered, key=quality_of)
    if quality_of(best) <= 0:
        raise Problem("NOT-ACCEPTABLE", f"this call answers {', '.join(offered)}")
    return best
