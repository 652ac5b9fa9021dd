"""Faults that users of other systems reported in public about bank files, played as cases of this one.

The files are those of others and are not in this repository: without the folder beside the checkout they cannot be played.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.api.support import in_order
from tests.api.uploads import new_file, post_files
from tests.contract.test_strangers import Story, check_gl, check_items, fits, how
from tests.house import House, exact_json
from tests.shared_data import shared_path


def content_of(name: str) -> bytes:
    """The file of a case; skips the case where it is missing."""
    try:
        return shared_path(f"domain/{name}").read_bytes()
    except FileNotFoundError:
        pytest.skip(f"{name} is not beside the checkout")


@how("file")
def test_a_file(module_house: House, case: dict[str, Any]) -> None:
    """The files one after the other, then everything that the case expects, and the promises of the ledger."""
    contents = [(content_of(upload["file"]), upload["fileType"]) for upload in case["input"]["upload"]]
    story = Story(module_house)
    for step in case["input"].get("given", {}).get("setup", ()):
        story.play(step)
        assert story.answers[-1][1].status_code == 201, story.answers[-1][1].text
    batches: list[dict[str, Any]] = []
    for number, (content, file_type) in enumerate(contents, 1):
        answer = post_files(story.house, new_file(content, f"{number}.dat", file_type))
        assert answer.status_code == 200, answer.text
        story.house.work()
        batches.append(story.house.get(f"/batches/{answer.json()['files'][0]['batchUuid']}?expand=diagnostics").json())
        if number == 1 and "after_first" in case["expected"]:
            check_items(story, case["expected"]["after_first"]["items"])
    for step in case["input"].get("then", ()):
        story.play(step)
    for name, expected in case["expected"].items():
        _check(story, name, expected, batches)
    in_order(story.house)


def _check(story: Story, name: str, expected: Any, batches: list[dict[str, Any]]) -> None:
    payments = exact_json(story.house.get("/payments?pagesize=1000"))["payments"]
    if name in ("batch", "second_batch"):
        _check_batch(batches[-1], expected)
    elif name == "batches":
        for batch, wanted in zip(batches, expected, strict=True):
            _check_batch(batch, wanted)
    elif name == "payments" and isinstance(expected, int):
        assert len(payments) == expected
    elif name == "payments":
        for wanted in expected:
            assert any(fits(wanted, payment) for payment in payments), (wanted, payments)
    elif name in ("exceptions", "payments_with_exception"):
        assert Counter(payment["exceptionCode"] for payment in payments if payment["exceptionCode"]) == expected
    elif name == "items":
        check_items(story, expected)
    elif name == "gl":
        check_gl(story, expected)
    elif name == "file":
        assert len(batches[-1]["items"]) == expected["transactions"]
        assert sum(payment["amount"] for payment in payments) == expected["sum"]
    elif name == "never":
        assert "ha" * 8 not in str(batches)
    else:
        assert name == "after_first"


def _check_batch(batch: dict[str, Any], expected: dict[str, Any]) -> None:
    results = Counter(item["result"] for item in batch["items"])
    for name, wanted in expected.items():
        if name == "code":
            assert [error["code"] for item in batch["items"] for error in item["errors"]] == [wanted], batch
        elif name in ("CREATED", "UNCHANGED"):
            assert results[name] == wanted, batch
        else:
            assert batch[name] == wanted, batch
