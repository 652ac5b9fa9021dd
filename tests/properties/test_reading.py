"""What comes in from outside: JSON, batches, texts, dates and ids are read exactly, or refused in one known way."""

from __future__ import annotations

import json
import string
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reskontro.batches.accept import split_document
from reskontro.batches.slices import SLICE_ITEMS, Filling, compress, expand, slices_of
from reskontro.kit.errors import Problem
from reskontro.kit.fields import CLEARED, Invalid, Schema, clean_text, day, identifier, integer, moment, nested, nested_array, parse_moment, text
from reskontro.kit.ids import IdMalformed, decode_id, encode_id, new_id
from reskontro.kit.json import JsonMalformed, canonical_json, read_json, write_json
from reskontro.kit.messages import Messages

letters = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
leaves = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | letters
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(letters, inner, max_size=4), max_leaves=12)
objects = st.dictionaries(letters, values, max_size=5)


class TestJson:
    @given(values)
    def test_what_is_written_is_read(self, value: Any) -> None:
        """Any value of JSON comes back from its text, ours and another writer's."""
        assert read_json(write_json(value)) == value
        assert read_json(json.dumps(value).encode()) == value

    @given(st.binary(max_size=60) | letters.map(str.encode) | values.map(lambda value: json.dumps(value)[:-1].encode()))
    @example(b'{"a":1,"a":2}')
    @example(b'"\\ud800"')
    @example(b"NaN")
    @example(b"[" * 33 + b"]" * 33)
    @example(b"1e99999999999999999999")
    def test_anything_else_is_malformed(self, data: bytes) -> None:
        """Whatever the bytes: a value that another reader agrees with, or JsonMalformed and no other exception."""
        try:
            value = read_json(data)
        except JsonMalformed:
            return
        assert value == json.loads(data, parse_float=Decimal)

    @given(st.dictionaries(letters, values, min_size=2, max_size=6), st.randoms())
    def test_the_canonical_text_ignores_the_order_of_keys(self, value: dict[str, Any], shuffle: Any) -> None:
        """Equal contents have equal hashes, however their keys were ordered."""
        keys = list(value)
        shuffle.shuffle(keys)
        assert canonical_json({key: value[key] for key in keys}) == canonical_json(value)


class TestBatches:
    @given(st.lists(objects, min_size=1, max_size=6), st.none() | st.just("anne"), st.booleans(), st.sampled_from([None, 1, "\t"]))
    def test_items_are_split_as_they_were_sent(self, items: list[Any], user_id: str | None, metadata_first: bool, indent: Any) -> None:
        """Splitting a body gives each item's own bytes: read by itself it is the same object."""
        metadata = {} if user_id is None else {"metadata": {"userId": user_id, "other": [1, {"documents": 2}]}}
        body = {**metadata, "documents": items} if metadata_first else {"documents": items, **metadata}
        found_user, found = split_document(json.dumps(body, indent=indent, ensure_ascii=False).encode(), "documents")
        assert found_user == user_id
        assert [json.loads(bytes(memoryview(item))) for item in found] == items

    @given(st.lists(objects, min_size=1, max_size=40), st.integers(1, 60))
    def test_slices_keep_items_and_order(self, items: list[Any], times: int) -> None:
        """Cut, compressed and expanded, the items are the same in the same order, and no slice is too long."""
        _, found = split_document(json.dumps({"documents": items}).encode(), "documents")
        many = list(found) * times
        back: list[bytes] = []
        for members in slices_of(many):
            assert 1 <= len(members) <= SLICE_ITEMS
            back += expand(compress(members))
        assert len(back) == len(many)
        assert [json.loads(item) for item in back[-len(items) :]] == items
        assert back[: len(items)] == back[-len(items) :]

    @given(st.binary(max_size=80) | st.builds(lambda head, tail: head + b'"documents":[{}]' + tail, st.binary(max_size=12), st.binary(max_size=12)))
    @example(b'{"documents":[{}],"documents":[{}]}')
    @example(b'{"documents":[{}],"\\u0064ocuments":[{}]}')
    @example(b'{"documents":[{}]}x')
    @example(b'\xef\xbb\xbf{"documents":[{}]}')
    @example(b'{"documents":[{},1]}')
    def test_a_body_that_is_no_batch_is_a_problem(self, body: bytes) -> None:
        """Nothing but a refusal with 400 or 422 comes of other bytes; what is accepted is a batch for another reader too."""
        try:
            _, items = split_document(body, "documents")
        except Problem as problem:
            assert problem.status in (400, 422)
            return
        assert len(items) == len(json.loads(body)["documents"])


class TestTexts:
    @given(st.text(max_size=60))
    def test_a_clean_text_stays_as_it_is(self, value: str) -> None:
        """Cleaning is NFC and trimming, once and for all; control characters and lone surrogates never pass."""
        try:
            cleaned = clean_text(value, multiline=False)
        except Invalid as invalid:
            assert invalid.code == "CHARACTER"
            assert any(unicodedata.category(character) in ("Cc", "Cs") for character in value)
            return
        assert cleaned == unicodedata.normalize("NFC", value).strip()
        assert clean_text(cleaned, multiline=False) == cleaned

    @given(st.text(max_size=30), st.integers(1, 20))
    def test_lengths_count_code_points_after_cleaning(self, value: str, maximum: int) -> None:
        """A text passes exactly when it is clean and short enough; a blank one clears."""
        field = text("x", maximum)
        try:
            checked = field.check(value)
        except Invalid as invalid:
            assert invalid.code in ("CHARACTER", "LENGTH")
            if invalid.code == "LENGTH":
                assert len(unicodedata.normalize("NFC", value).strip()) > maximum
            return
        assert checked is CLEARED or 1 <= len(checked) <= maximum

    @given(st.dates() | st.text("0123456789-", min_size=8, max_size=11).map(str))
    def test_dates(self, value: date | str) -> None:
        """A date is read as written; other texts are FORMAT."""
        field = day("x")
        if isinstance(value, date):
            assert field.check(value.isoformat()) == value
            return
        try:
            assert field.check(value).isoformat() == value
        except Invalid as invalid:
            assert invalid.code == "FORMAT"

    @given(st.datetimes(timezones=st.timezones()), st.text(max_size=30))
    def test_moments(self, value: datetime, other: str) -> None:
        """A moment with an offset means the same instant; without one, or in another shape, it is none."""
        sent = value.isoformat()
        found = parse_moment(sent)
        # By their timestamps: moments of two zones are never equal for Python when a clock was being changed.
        assert found is None or found.timestamp() == value.timestamp()
        assert parse_moment(value.replace(tzinfo=None).isoformat()) is None
        moved = value.astimezone(UTC).replace(microsecond=0)
        assert parse_moment(moved.isoformat()) == parse_moment(moved.isoformat().replace("+00:00", "z")) == moved
        with pytest.raises(Invalid):
            moment("x").check(other)


class TestIds:
    @given(st.uuids(version=None))
    def test_an_id_comes_back(self, value: UUID) -> None:
        """22 characters stand for exactly one id."""
        encoded = encode_id(value)
        assert len(encoded) == 22
        assert decode_id(encoded) == value
        assert identifier("x").check(encoded) == value

    @given(st.text(string.ascii_letters + string.digits + "-_+/=", min_size=20, max_size=24) | st.text(min_size=22, max_size=22))
    @example("AaICROgAftu1RZnHq2244h")
    def test_no_other_text_is_an_id(self, value: str) -> None:
        """A text is refused, or it is the one spelling of its id."""
        try:
            found = decode_id(value)
        except IdMalformed:
            return
        assert encode_id(found) == value

    def test_fresh_ids_are_distinct_and_rise_with_time(self) -> None:
        """UUID version 7, variant 2: never twice, and sorted by the millisecond they were made in."""
        made = [new_id() for _ in range(20_000)]
        assert len(set(made)) == len(made)
        assert {(value.version, value.variant) for value in made} == {(7, "specified in RFC 4122")}
        milliseconds = [value.int >> 80 for value in made]
        assert milliseconds == sorted(milliseconds)


INNER = Schema("Inner", [text("name", 10, required=True), integer("number", 0, 9)])
OUTER = Schema("Outer", [text("name", 20, required=True), nested("inner", INNER), nested_array("list", INNER, maximum=3), integer("size", -5, 5)])


class TestSchemas:
    @given(st.dictionaries(st.sampled_from(["name", "inner", "list", "size", "other"]), values | objects | st.lists(objects, max_size=5)))
    def test_any_object_is_read_with_findings_and_never_fails(self, raw: dict[str, Any]) -> None:
        """Whatever the types: values that hold, and a finding with a field and a pointer for everything that does not."""
        messages = Messages()
        found = OUTER.read(raw, messages)
        assert found.keys() <= {"name", "inner", "list", "size"}
        for message in messages.in_order():
            assert message.field in {"name", "inner", "list", "size", "number"} or message.code == "UNKNOWN-FIELD"
            assert message.pointer.startswith("/")
        again = Messages()
        if not messages.error_count:
            assert OUTER.read(found, again) == found
            assert not again


def test_items_that_come_in_pieces_fill_the_same_slices() -> None:
    """Also when the last item comes by itself and the slice before it is full."""
    items = [b"{}"] * (2 * SLICE_ITEMS + 1)
    filling = Filling()
    found = [members for piece in (items[:5], items[5:-1], items[-1:]) for members in filling.take(piece)] + list(filling.rest())
    assert [len(members) for members in found] == [len(members) for members in slices_of(items)] == [SLICE_ITEMS, SLICE_ITEMS, 1]
