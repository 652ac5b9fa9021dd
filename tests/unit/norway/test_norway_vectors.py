"""Aim: every checked input/output pair of the domain gives exactly the expected answer through the one dispatcher."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reskontro.norway.calculations import calculate
from tests.shared_data import shared_path

TOPICS = (
    "kid",
    "accounts",
    "identity",
    "vat",
    "fees",
    "salaer",
    "timeline",
    "interest",
    "coverage",
    "bookkeeping",
    "ageing",
    "ocr",
    "avtalegiro",
    "ehf",
    "gdpr",
)
_INCLUDES = ("_includes", "_include")
GENERATED = ("kid", "identity", "fees-salaer", "interest", "coverage", "ageing")


def _vectors() -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = []
    for topic in TOPICS:
        vectors += json.loads(shared_path(f"domain/vectors/{topic}.json").read_text(encoding="utf-8"))
    for family in GENERATED:
        lines = shared_path(f"domain/vectors/generated/{family}.jsonl").read_text(encoding="utf-8").splitlines()
        vectors += [json.loads(line) for line in lines]
    return vectors


def _reported_faults() -> list[dict[str, Any]]:
    cases = json.loads(shared_path("domain/strangers.json").read_text(encoding="utf-8"))["cases"]
    return [case for case in cases if case["input"]["how"] == "calc" and case["input"]["rule"].split(".")[0] in TOPICS]


@pytest.mark.parametrize("vector", _vectors(), ids=lambda vector: vector["id"])
def test_vector_gives_the_whole_expected_answer(vector: dict[str, Any]) -> None:
    """The answer has exactly the expected keys, in their order, and values."""
    values = dict(vector["input"])
    if "file" in values:
        try:
            values["file"] = str(shared_path(f"domain/{values['file']}"))
        except FileNotFoundError:
            pytest.skip(f"{values['file']} belongs to others and is not kept in this repository")
    answer = calculate(vector["rule"], values)
    expected = vector["expected"]
    if vector["rule"].startswith("ehf."):
        # A change may break more rules than the one it is about, and values to read are named only where they matter.
        assert {key: answer[key] for key in expected if not key.endswith(_INCLUDES)} == {
            key: value for key, value in expected.items() if not key.endswith(_INCLUDES)
        }
        assert all(set(answer[key]) >= set(value) for key, value in expected.items() if key.endswith(_INCLUDES))
        return
    assert answer == expected
    assert list(answer) == list(expected)


@pytest.mark.parametrize("case", _reported_faults(), ids=lambda case: case["id"])
def test_fault_reported_for_other_systems_does_not_occur_here(case: dict[str, Any]) -> None:
    """Every expected key is in the answer with an equal value."""
    answer = calculate(case["input"]["rule"], case["input"]["input"])
    assert {key: answer.get(key) for key in case["expected"]} == case["expected"]
