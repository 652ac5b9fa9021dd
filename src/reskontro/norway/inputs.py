"""Reading the structured input of a calculation: every value checked for its type and range, every complaint naming its
place.

A complaint never repeats the value: it could be a personal number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,2})?")
_RATE = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4})?")

# Far from both ends of the calendar, so that adding a limitation period or a grace period never leaves it.
FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2999, 12, 31)
WHOLE_NUMBER_MAX: Final = 100_000
ELEMENTS_MAX: Final = 100_000
PER_CENT_MAX: Final = 100


class InputInvalid(ValueError):
    """The input of a calculation lacks a value or has one of the wrong type or range."""


class Input:
    """An object of the input. Every reader returns the value of a key and raises InputInvalid when it is missing or
    wrong.

    The readers ending in ``_or_none`` take null and a missing key as None. Keys nobody reads are ignored.
    """

    __slots__ = ("_path", "_values")

    def __init__(self, values: object, path: str = "input") -> None:
        if not isinstance(values, Mapping):
            raise InputInvalid(f"{path} must be an object")
        self._values: Mapping[str, Any] = values
        self._path = path

    def _wrong(self, key: str, wanted: str) -> InputInvalid:
        return InputInvalid(f"{self._path}.{key} must be {wanted}")

    def has(self, key: str) -> bool:
        """Whether the key is there with another value than null."""
        return self._values.get(key) is not None

    def text(self, key: str) -> str:
        """A text, possibly empty."""
        value = self._values.get(key)
        if not isinstance(value, str):
            raise self._wrong(key, "a text")
        return value

    def text_or_none(self, key: str) -> str | None:
        """A text, or None."""
        return self.text(key) if self.has(key) else None

    def choice(self, key: str, *allowed: str) -> str:
        """One of the given texts."""
        value = self._values.get(key)
        if not isinstance(value, str) or value not in allowed:
            raise self._wrong(key, "one of " + ", ".join(allowed))
        return value

    def flag(self, key: str) -> bool:
        """true or false."""
        value = self._values.get(key)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def whole(self, key: str) -> int:
        """A whole number from 0 to 100,000."""
        value = self._values.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= WHOLE_NUMBER_MAX:
            raise self._wrong(key, f"a whole number from 0 to {WHOLE_NUMBER_MAX}")
        return value

    def amount(self, key: str, *, negative: bool = True) -> Decimal:
        """An amount, written as a decimal text of at most 15 digits before the point and 2 after it; perhaps never a
        negative one.
        """
        return self._amount(self._values.get(key), key, negative)

    def _amount(self, value: object, key: str, negative: bool) -> Decimal:
        if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
            raise self._wrong(key, "an amount as text, with at most two decimals")
        amount = Decimal(value)
        if amount < 0 and not negative:
            raise self._wrong(key, "zero or more")
        return amount

    def rate(self, key: str) -> Decimal:
        """A rate in per cent, written as a decimal text from 0 to 100 with at most 4 decimals."""
        value = self._values.get(key)
        if not isinstance(value, str) or not _RATE.fullmatch(value) or Decimal(value) > PER_CENT_MAX:
            raise self._wrong(key, "a rate as text, from 0 to 100")
        return Decimal(value)

    def day(self, key: str) -> date:
        """A date from 1900 to 2999, written YYYY-MM-DD."""
        return self._day(self._values.get(key), key)

    def _day(self, value: object, key: str) -> date:
        if isinstance(value, str) and _DAY.fullmatch(value):
            try:
                day = date.fromisoformat(value)
            except ValueError:
                raise self._wrong(key, "a date that exists") from None
            if FIRST_DAY <= day <= LAST_DAY:
                return day
        raise self._wrong(key, "a date YYYY-MM-DD from 1900 to 2999")

    def day_or_none(self, key: str) -> date | None:
        """A date, or None."""
        return self.day(key) if self.has(key) else None

    def moment(self, key: str) -> datetime:
        """A local time, written YYYY-MM-DDThh:mm; the answer carries no time zone."""
        value = self._values.get(key)
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                raise self._wrong(key, "a time that exists") from None
            if FIRST_DAY <= moment.date() <= LAST_DAY:
                return moment
        raise self._wrong(key, "a time YYYY-MM-DDThh:mm")

    def month(self, key: str) -> tuple[int, int]:
        """Year and month, written YYYY-MM."""
        return self._month(self._values.get(key), key)

    def _month(self, value: object, key: str) -> tuple[int, int]:
        match = _MONTH.fullmatch(value) if isinstance(value, str) else None
        if match is None or not FIRST_DAY.year <= int(match[1]) <= LAST_DAY.year:
            raise self._wrong(key, "a month YYYY-MM")
        return int(match[1]), int(match[2])

    def object(self, key: str) -> Input:
        """An object."""
        return Input(self._values.get(key), f"{self._path}.{key}")

    def object_or_none(self, key: str) -> Input | None:
        """An object, or None."""
        return self.object(key) if self.has(key) else None

    def _elements(self, key: str) -> list[Any]:
        value = self._values.get(key)
        if not isinstance(value, list) or len(value) > ELEMENTS_MAX:
            raise self._wrong(key, f"a list of at most {ELEMENTS_MAX} elements")
        return value

    def objects(self, key: str) -> list[Input]:
        """A list of objects."""
        return [Input(value, f"{self._path}.{key}[{index}]") for index, value in enumerate(self._elements(key))]

    def object_lists(self, key: str) -> list[list[Input]]:
        """A list of lists of objects."""
        path = f"{self._path}.{key}"
        return [Input({"lines": value}, f"{path}[{index}]").objects("lines") for index, value in enumerate(self._elements(key))]

    def texts(self, key: str) -> list[str]:
        """A list of texts."""
        return [Input({key: value}, self._path).text(key) for value in self._elements(key)]

    def text_lists(self, key: str) -> list[list[str]]:
        """A list of lists of texts."""
        path = f"{self._path}.{key}"
        return [Input({"texts": value}, f"{path}[{index}]").texts("texts") for index, value in enumerate(self._elements(key))]

    def amounts(self, key: str, *, negative: bool = True) -> list[Decimal]:
        """A list of amounts."""
        return [self._amount(value, key, negative) for value in self._elements(key)]

    def days(self, key: str) -> list[date]:
        """A list of dates."""
        return [self._day(value, key) for value in self._elements(key)]

    def months(self, key: str) -> list[tuple[int, int]]:
        """A list of months."""
        return [self._month(value, key) for value in self._elements(key)]

    def wholes(self, key: str) -> list[int]:
        """A list of whole numbers from 0 to 100,000."""
        return [Input({key: value}, self._path).whole(key) for value in self._elements(key)]
