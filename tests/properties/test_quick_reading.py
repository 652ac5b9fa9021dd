"""The short way of reading an object gives what the long way gives, in value and in type, or nothing: it never differs and never finds fault."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reskontro.kit.fields import (
    Schema,
    anything,
    boolean,
    choice,
    day,
    decimal,
    identifier,
    integer,
    moment,
    money,
    nested,
    nested_array,
    text,
    texts,
)
from reskontro.kit.json import read_json
from reskontro.kit.messages import Messages
from reskontro.kit.quick import QuickReader, Sent
from reskontro.receivable.customers.schemas import CUSTOMER
from reskontro.receivable.documents.rules import Policy, read
from reskontro.receivable.documents.schemas import DOCUMENT, DOCUMENT_TYPES, document_key
from tests.properties.profile import examples

INNER = Schema("Inner", [text("name", 10, required=True), money("amount"), integer("number", 0, 9), day("on")])
OUTER = Schema(
    "Outer",
    [
        text("name", 20, required=True),
        text("long", 300),
        nested("inner", INNER),
        nested_array("list", INNER, maximum=3),
        integer("size", -5, 5),
        money("amount"),
        money("limit", minimum=0),
        decimal("quantity", 6),
        decimal("rate", 10, maximum=100, above_zero=True),
        boolean("flag"),
        choice("kind", ("IN", "CN")),
        day("day"),
        moment("moment"),
        identifier("id"),
        texts("texts", 5),
        anything("any"),
        text("shown", 10, use="out"),
    ],
)

_odd_texts = ["", " ", " a", "a ", "a\u00a0", "\u2003a", "\u00e5", "a\u030a", "\u1e9b\u0323", "\n", "a\tb", "\x7f", "\x85", "\u00ad", "\u200b"]
_odd_texts += ['"', '":', ': "a', "\\", "a, "]
_dates = ["2026-10-01", "2026-02-30", "0000-01-01", "20261001", "2026-10-1", "2026-10-01T10:00:00Z", "2026-10-01 "]
_ids = ["AaICROgAftu1RZnHq2244g", "AaICROgAftu1RZnHq2244h", "x"]
_codes = ["IN", "in", " IN", "XX", "NOK", "nok", "nb", "NO", "PLH", "TXT", "E", "M", "CONS", "true", "123", "post@kunde.example"]
_odd_numbers = [
    Decimal(number) for number in ("-0.0", "1E+5", "1.000000000000000001", "10.0", "1E-7", "0.10", "1E400", "999999999999999.99", "12.345")
]
_letters = "abc xyz æøå ÆØÅ é ü € – “ \u0301 \u00a0 \u3042 \U0001f600 . , : ; / - + ' \" \\ {}[]"


class _Maker:
    """Makes objects and their spelling by chance: mostly in order, so that the short way is taken often, with something odd here and there."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)
        self._oddity = self._chance.choice([0, 0, 0.01, 0.05])
        self._escaped = self._chance.random() < 0.3
        self._spaced = self._chance.randrange(4)
        self._repeating = self._chance.random() < 0.1

    def _odd(self) -> bool:
        return self._chance.random() < self._oddity

    def _text(self, most: int = 8) -> str:
        return "".join(self._chance.choice(_letters) for _ in range(self._chance.randint(0, most)))

    def _anything(self) -> Any:
        choose = self._chance.choice
        kinds = (None, True, False, choose(_odd_texts), self._text(), choose(_dates), choose(_ids), choose(_codes), choose(_odd_numbers))
        return choose([*kinds, self._chance.randint(-12, 400), self._chance.randint(-(2**70), 2**70), [choose(kinds)], {self._text(): choose(kinds)}])

    def _in_order(self, field: Any) -> Any:
        kind, chance = field.schema, self._chance
        if field.inner is not None:
            return [self.object(field.inner) for _ in range(chance.randint(0, 3))] if field.array else self.object(field.inner)
        if "enum" in kind:
            return chance.choice(kind["enum"])
        if kind.get("format") == "date":
            return (date(2026, 1, 1) + timedelta(chance.randrange(700))).isoformat()
        if kind.get("format") == "date-time":
            return chance.choice(["2026-10-01T10:00:00Z", "2026-10-01T10:00:00.5+02:00"])
        if kind.get("minLength") == 22:
            return _ids[0]
        match kind.get("type"):
            case "integer":
                return chance.choice([kind["minimum"], kind["maximum"], chance.randint(kind["minimum"], kind["maximum"])])
            case "number":
                return chance.choice([chance.randint(1, 90), Decimal(chance.randint(1, 9_000)).scaleb(-2)])
            case "boolean":
                return chance.random() < 0.5
            case "array":
                return ["post@kunde.example"] * chance.randint(0, 3)
            case "object":
                return {"a": [Decimal("1.50"), {"b": 1}]}
        found = {"kid": "12345678", "currency": "NOK", "language": "nb", "countryCode": "NO"}.get(field.name)
        return found or chance.choice(["A1", self._text(kind.get("maxLength", 8) + 1 if self._odd() else 8).strip() or "x"])

    def object(self, schema: Schema) -> dict[str, Any]:
        """Values for some fields, and for the required ones nearly always."""
        value: dict[str, Any] = {}
        for field in schema.fields:
            wanted = self._chance.random() < (0.02 if field.use == "out" and self._oddity else 0 if field.use == "out" else 0.3)
            if wanted or (field.required and not self._odd()):
                value[field.name] = self._anything() if self._odd() else self._in_order(field)
        if self._odd():
            value[self._text()] = self._anything()
        return value

    def _blanks(self) -> str:
        return "" if self._spaced < 2 else " " if self._spaced == 2 else self._chance.choice(["", " ", "\n", "\t", "\r\n  "])

    def spelling(self, value: Any) -> str:
        """A JSON text of the value; numbers are spelled exactly."""
        if isinstance(value, dict):
            members = []
            for key, inner in value.items():
                name = json.dumps(key, ensure_ascii=self._escaped)
                member = f"{self._blanks()}{name}{self._blanks()}:{self._blanks()}{self.spelling(inner)}{self._blanks()}"
                members += [member, member] if self._repeating and self._chance.random() < 0.05 else [member]
            return "{" + ",".join(members) + "}"
        if isinstance(value, list):
            return "[" + ",".join(f"{self._blanks()}{self.spelling(inner)}{self._blanks()}" for inner in value) + "]"
        return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=self._escaped)


def _sent(schema: Schema) -> st.SearchStrategy[bytes]:
    def make(seed: int) -> bytes:
        maker = _Maker(seed)
        return maker.spelling(maker.object(schema)).encode("utf-8", "surrogatepass")

    return st.integers(0, 2**64).map(make)


def _same(one: Any, other: Any) -> bool:
    """Equal in type and value, amounts with the same number of decimals."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return str(one) == str(other) if isinstance(one, Decimal) else bool(one == other)


def _check(schema: Schema, quick: QuickReader, data: bytes, *, require: bool, keep_cleared: bool) -> dict[str, Any] | None:
    found = quick(data)
    if found is not None:
        messages = Messages()
        expected = schema.read(read_json(data), messages, require=require, keep_cleared=keep_cleared)
        assert not messages
        assert _same(found, expected)
    return found


class TestShortWay:
    outer = QuickReader(OUTER)
    documents = QuickReader(DOCUMENT)
    customers = QuickReader(CUSTOMER, require=False)

    @settings(max_examples=examples(10))
    @given(_sent(OUTER))
    def test_any_object(self, data: bytes) -> None:
        """Fields of all kinds, in order and not, in any spelling of JSON."""
        _check(OUTER, self.outer, data, require=True, keep_cleared=False)

    @settings(max_examples=examples(10))
    @given(_sent(DOCUMENT))
    def test_documents(self, data: bytes) -> None:
        """Documents, with lines and customers in them."""
        _check(DOCUMENT, self.documents, data, require=True, keep_cleared=False)

    @settings(max_examples=examples(10))
    @given(_sent(CUSTOMER))
    def test_customers(self, data: bytes) -> None:
        """Customers, of which an update may leave out everything."""
        _check(CUSTOMER, self.customers, data, require=False, keep_cleared=True)

    @given(st.binary(max_size=60) | st.text(max_size=30).map(lambda text: f'{{"name":"{text}"}}'.encode("utf-8", "surrogatepass")))
    def test_any_bytes(self, data: bytes) -> None:
        """Whatever the bytes: no exception, and nothing that the long way would refuse."""
        _check(OUTER, self.outer, data, require=True, keep_cleared=False)

    @given(st.decimals(allow_nan=False, allow_infinity=False))
    def test_amounts_are_exact(self, number: Decimal) -> None:
        """An amount is the number that was written, or is left to the long way."""
        found = self.outer(f'{{"name":"a","amount":{number!s}}}'.encode())
        assert found is None or (found["amount"] == number and found["amount"].as_tuple().exponent == -2)
        if number == number.quantize(Decimal("0.01")) if abs(number) < 10**12 else False:
            assert found is not None

    def test_what_it_takes(self) -> None:
        """The usual spellings take the short way; what is not in order takes the long one."""
        usual = {"name": "Åse", "inner": {"name": "a", "amount": 12.5}, "list": [{"name": "b c"}], "kind": "IN", "any": [{"a": 1}]}
        for ascii_only in (True, False):
            for separators in ((",", ":"), (", ", ": ")):
                for indent in (None, 2):
                    data = json.dumps(usual, ensure_ascii=ascii_only, separators=separators, indent=indent).encode()
                    assert _check(OUTER, self.outer, data, require=True, keep_cleared=False) is not None, data
        for name in _odd_texts:
            found = self.outer(json.dumps({"name": name}).encode())
            assert found is None or name in ("\u00e5", "\u1e9b\u0323")
        for data in (
            b'{"name":"a","name":"a"}',
            b'{"name":"a","name" :"a"}',
            b'{"name":"a","\\u006eame":"a"}',
            b'{"name":"a","any":{"x":1,"x":1}}',
            b'{"name":"a","other":1}',
            b'{"name":"a","shown":"b"}',
            b'{"name":"a","size":null}',
            b'{"name":"a","amount":"1.00"}',
            b'{"name":"a","amount":1.005}',
            b'{"name":"a","amount":true}',
            b'{"name":"a","kind":"in"}',
            b'{"name":"\\ud800"}',
            b'{"name":"\xff"}',
            b'\xef\xbb\xbf{"name":"a"}',
            b'{"name":"a"} x',
            b'{"name":"a","any":' + b"[" * 40 + b"]" * 40 + b"}",
            b'{"size":1}',
        ):
            assert self.outer(data) is None, data

    @settings(max_examples=examples(10))
    @given(_sent(DOCUMENT))
    def test_drafts_of_documents(self, data: bytes) -> None:
        """What is made of a document does not depend on the way: values, content hash, findings, and which fields were refused."""
        policy = Policy(date(2026, 11, 26), "W", "W", "W", "MOD10", False, dict.fromkeys(DOCUMENT_TYPES, "CLIENT"))
        values = self.documents(data)
        if values is None:
            return
        short, long = read(Sent(data=data, values=values), policy), read(Sent(read_json(data)), policy)
        assert _same(short.values, long.values)
        assert short.content_hash == long.content_hash
        assert short.messages.in_order() == long.messages.in_order()
        assert short.reference == long.reference
        names = [field.name for field in DOCUMENT.fields]
        assert [name for name in names if short.refused(name)] == [name for name in names if long.refused(name)]
        assert document_key(short.sent.known) == document_key(long.raw)
        again = read(short.sent, policy)
        assert again.messages.in_order() == long.messages.in_order()
