"""Aim: the line reader answers every line, good or bad, and never stops."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reskontro.norway.calculations import RULES, RuleUnknown, calculate, run_lines
from reskontro.norway.inputs import InputInvalid
from reskontro.norway.rates import ValueMissing
from tests.shared_data import shared_path

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["2026-01-01", "2027-01-01", "1000.00", "-5.00", "1988", "consumer", "NO", "2026-13-01", "9" * 40])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _samples() -> dict[str, dict[str, Any]]:
    """One good input per rule, from the vectors."""
    samples: dict[str, dict[str, Any]] = {}
    for path in sorted(shared_path("domain/vectors").glob("*.json")):
        for vector in json.loads(path.read_text(encoding="utf-8")):
            values = vector["input"]
            if "file" in values:
                values["file"] = str(shared_path("domain") / values["file"])
            samples.setdefault(vector["rule"], values)
            samples.setdefault(".".join(vector["rule"].split(".")[:2]), values)
    return samples


SAMPLES = _samples()


def answer_of(line: str) -> dict[str, Any]:
    """The answer to one line."""
    [answer] = run_lines([line])
    return json.loads(answer)


class TestCalculate:
    def test_every_rule_has_a_good_input_among_the_vectors(self) -> None:
        """So that the tests below reach all of them."""
        assert set(RULES) <= set(SAMPLES)

    def test_an_unknown_rule_is_refused(self) -> None:
        """Named by its first two parts."""
        with pytest.raises(RuleUnknown, match=r"^gdpr\.export is"):
            calculate("gdpr.export.letters", {})

    @pytest.mark.parametrize("rule", RULES)
    def test_a_missing_value_is_named(self, rule: str) -> None:
        """Without any input the complaint names the place of the first value that is missing."""
        with pytest.raises(InputInvalid, match=r"^(input|interest|country)"):
            calculate(rule, {})

    def test_a_day_outside_the_known_values_is_refused(self) -> None:
        """Not guessed."""
        with pytest.raises(ValueMissing):
            calculate("fees.compensation", {"debtor_type": "business", "due_date": "2027-01-01"})

    @pytest.mark.parametrize("amount", [1000.0, 1000, "1e3", "1,000.00", " 1.00", "1.005", "NaN", "", None, "１.00", "1" * 16])
    def test_an_amount_is_a_decimal_text(self, amount: object) -> None:
        """JSON numbers, exponents, separators and a third decimal are refused."""
        with pytest.raises(InputInvalid, match="principal"):
            calculate("interest.late", {**SAMPLES["interest.late"], "principal": amount})

    @pytest.mark.parametrize("day", ["2026-02-29", "20260201", "2026-W05-1", "1899-12-31", "3000-01-01", 20260201, ""])
    def test_a_date_is_written_with_hyphens_and_exists(self, day: object) -> None:
        """Other forms of ISO 8601 are refused."""
        with pytest.raises(InputInvalid, match="due_date"):
            calculate("interest.late", {**SAMPLES["interest.late"], "due_date": day})

    @pytest.mark.parametrize(
        ("rule", "change"),
        [
            ("interest.late", {"principal": "-1.00"}),
            ("interest.late", {"credits": [{"date": "2026-01-01", "amount": "-1.00"}]}),
            ("interest.late", {"payments": [{"date": "2026-01-01", "principal": "-1.00"}]}),
            ("interest.no-compounding", {"principal": "-1.00"}),
            ("interest.no-compounding", {"interest_already_posted": "-1.00"}),
            ("coverage.settlement", {"payment": "1.00"}),
            ("coverage.allocate", {"payments": ["-1.00"]}),
            ("coverage.allocate", {"order": "OLDEST_FIRST"}),
            ("ageing.buckets", {"bucket_days": [60, 30]}),
            ("vat.posting", {"rate": "24"}),
            ("vat.posting", {"rate": "101"}),
            ("kid.generate", {"payload": "12a"}),
            ("accounts.check-digit", {"base": "123"}),
            ("identity.no-orgnr-check-digit", {"base": "1"}),
            ("identity.phone", {"country": "XK"}),
            ("timeline.earliest", {"regime": "2026"}),
            ("timeline.earliest", {"grace_days": True}),
            ("timeline.future-contact-hours", {"at": "2026-01-01T25:00"}),
            ("timeline.future-contact-hours", {"at": "2026-01-01T10:00:00"}),
            ("bookkeeping.saft-version", {"period": "2026-13"}),
        ],
    )
    def test_a_value_out_of_its_range_is_refused(self, rule: str, change: dict[str, object]) -> None:
        """Each of these is an error, not an answer."""
        with pytest.raises(InputInvalid):
            calculate(rule, {**SAMPLES[rule], **change})


class TestRunLines:
    def test_answers_keep_order_and_identifiers_and_a_bad_line_stops_nothing(self) -> None:
        """Good, unknown, incomplete, outside the known days, not JSON; blank lines are passed over."""
        good = {"payload": "1234567"}
        lines = [
            json.dumps({"id": "a", "rule": "kid.generate", "input": good}) + "\n",
            "\n",
            json.dumps({"id": 2, "rule": "gdpr.export", "input": {}}),
            json.dumps({"id": "c", "rule": "kid.generate"}),
            json.dumps({"id": "d", "rule": "fees.court", "input": {"step": "attachment", "date": "2027-01-01"}}),
            "{",
            "[]",
            json.dumps({"id": "g", "rule": None, "input": good}),
            json.dumps({"id": "h", "rule": "kid.generate", "input": [good]}),
        ]
        assert [json.loads(answer) for answer in run_lines(lines)] == [
            {"id": "a", "result": {"mod10": "12345674", "mod11": "12345674"}},
            {"id": 2, "error": "RULE-UNKNOWN: gdpr.export is not a known rule"},
            {"id": "c", "error": "INPUT-INVALID: input.payload must be a text"},
            {"id": "d", "error": "VALUE-MISSING: No court step (attachment) is known for 2027-01-01"},
            {"id": None, "error": "LINE-MALFORMED: the line is not JSON with each key once"},
            {"id": None, "error": "LINE-MALFORMED: the line is not an object"},
            {"id": "g", "error": "INPUT-INVALID: rule must be a text"},
            {"id": "h", "error": "INPUT-INVALID: input must be an object"},
        ]

    @pytest.mark.parametrize(
        ("line", "complaint"),
        [
            ('{"id": 1, "id": 2, "rule": "kid.generate", "input": {"payload": "1"}}', "the line is not JSON with each key once"),
            ('{"id": 1, "rule": "kid.generate", "input": {"payload": "1", "payload": "2"}}', "the line is not JSON with each key once"),
            (b'{"id": 1, "rule": "kid.\xff"}'.decode("utf-8", "surrogateescape"), "the line is not UTF-8"),
        ],
    )
    def test_a_line_that_could_be_read_in_two_ways_is_malformed(self, line: str, complaint: str) -> None:
        """A key twice, at any depth, and bytes that are no text."""
        assert answer_of(line) == {"id": None, "error": f"LINE-MALFORMED: {complaint}"}

    @given(st.text(max_size=60))
    def test_any_text_is_answered(self, line: str) -> None:
        """Blank lines apart, one answer of JSON for each line."""
        for answer in run_lines([line]):
            assert set(json.loads(answer)) in ({"id", "error"}, {"id", "result"})

    def test_a_line_nested_beyond_reason_is_answered(self) -> None:
        """Depth is no way to stop the reader."""
        assert answer_of('{"id":1,"input":' + "[" * 100_000)["error"].startswith("LINE-MALFORMED")
        deep = "[" * 900 + "]" * 900
        line = f'{{"id": 1, "rule": "kid.validate", "input": {{"kid": {deep}}}}}'
        assert answer_of(line) == {"id": 1, "error": "INPUT-INVALID: input.kid must be a text"}

    def test_a_personal_number_is_never_repeated_in_an_error(self) -> None:
        """The complaint names the place, not the value."""
        line = json.dumps({"id": 1, "rule": "identity.fnr", "input": {"value": 14885558500, "allow_2032": True}})
        assert "14885558500" not in json.dumps(answer_of(line))

    @settings(suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(RULES), st.data())
    def test_any_value_in_any_place_is_answered(self, rule: str, data: st.DataObject) -> None:
        """A good input with one value, at any depth, replaced by anything at all."""
        changed = json.loads(json.dumps(SAMPLES[rule]))
        place: Any = changed
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
                place = place[key]
                continue
            place[key] = data.draw(values)
            break
        answer = answer_of(json.dumps({"id": "x", "rule": rule, "input": changed}))
        assert answer["id"] == "x"
        assert ("result" in answer) != ("error" in answer)
