"""Faults that users of other systems reported in public about bank files, played with the files themselves."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from reskontro.norway.nets_transmissions import TransmissionEnd
from reskontro.norway.ocr_giro import read_ocr_giro
from tests.api.support import in_order
from tests.api.uploads import new_file, post_files
from tests.contract.test_strangers import CASES, Story, check_gl, check_items, fits
from tests.house import House, exact_json
from tests.shared_data import shared_path

FILE_CASES = [case for case in CASES if case["input"]["how"] == "file"]


def _content(name: str) -> bytes:
    try:
        return shared_path(f"domain/{name}").read_bytes()
    except FileNotFoundError:
        pytest.skip(f"{name} belongs to others and is not kept in this repository")


def _payments(story: Story) -> list[dict[str, Any]]:
    answer = story.house.get("/payments?pagesize=1000")
    assert answer.status_code == 200, answer.text
    return list(exact_json(answer)["payments"])


def _import(story: Story, upload: dict[str, Any]) -> dict[str, Any]:
    """The batch of an upload; a file that is refused at once counts as a batch that failed."""
    answer = post_files(story.house, new_file(_content(upload["file"]), upload["file"].rpartition("/")[2], upload["fileType"]))
    if answer.status_code == 422:
        (error,) = answer.json()["files"][0]["errors"]
        return {"result": "FAILED", "items": [{"result": "FAILED", "errors": [error]}]}
    assert answer.status_code == 200, answer.text
    story.house.work()
    return dict(story.house.get(f"/batches/{answer.json()['files'][0]['batchUuid']}?expand=diagnostics").json())


def _check_batch(batch: dict[str, Any], expected: dict[str, Any]) -> None:
    results = Counter(item["result"] for item in batch["items"])
    for name, wanted in expected.items():
        if name == "code":
            assert [error["code"] for item in batch["items"] for error in item["errors"]] == [wanted], batch
        elif name.isupper():
            assert results[name] == wanted, batch
        else:
            assert batch[name] == wanted, batch


def _check_payments(payments: list[dict[str, Any]], expected: list[dict[str, Any]] | int) -> None:
    if isinstance(expected, int):
        assert len(payments) == expected
        return
    for wanted in expected:
        assert any(fits({key: _exact(value) for key, value in wanted.items()}, payment) for payment in payments), (wanted, payments)


def _exact(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value


def _check_file(upload: dict[str, Any], expected: dict[str, Any]) -> None:
    end = list(read_ocr_giro([_content(upload["file"])]))[-1]
    assert isinstance(end, TransmissionEnd)
    assert (end.transactions, end.records, end.total) == (expected["transactions"], expected["records"], Decimal(expected["sum"]))


@pytest.mark.parametrize("case", FILE_CASES, ids=lambda case: case["id"])
def test_a_file(module_house: House, monkeypatch: pytest.MonkeyPatch, case: dict[str, Any]) -> None:
    """The files one after the other, then everything that the case expects, and the promises of the ledger."""
    uploads, expected = case["input"]["upload"], dict(case["expected"])
    contents = [_content(upload["file"]) for upload in uploads]
    assert all(contents)
    story = Story(module_house)
    for step in case["input"].get("given", {}).get("setup", ()):
        story.play(step)
        assert story.answers[-1][1].status_code == 201, story.answers[-1][1].text
    asked: list[Any] = []
    if "never" in expected:
        _no_outgoing(monkeypatch, asked)
    batches = []
    for number, upload in enumerate(uploads):
        batches.append(_import(story, upload))
        if number == 0 and "after_first" in expected:
            check_items(story, expected.pop("after_first")["items"])
    payments = _payments(story)
    checks: dict[str, Callable[[Any], None]] = {
        "batch": lambda wanted: _check_batch(batches[-1], wanted),
        "second_batch": lambda wanted: _check_batch(batches[1], wanted),
        "batches": lambda wanted: [_check_batch(batch, one) for batch, one in zip(batches, wanted, strict=True)] and None,
        "payments": lambda wanted: _check_payments(payments, wanted),
        "payments_with_exception": lambda wanted: _check_exceptions(payments, wanted),
        "exceptions": lambda wanted: _check_exceptions(payments, wanted),
        "items": lambda wanted: check_items(story, wanted),
        "gl": lambda wanted: check_gl(story, wanted),
        "file": lambda wanted: _check_file(uploads[0], wanted),
        "never": lambda _: _check_never(asked, batches),
    }
    for name, wanted in expected.items():
        checks[name](wanted)
    in_order(story.house)


def _check_exceptions(payments: list[dict[str, Any]], expected: dict[str, int]) -> None:
    found = Counter(payment["exceptionCode"] for payment in payments if payment["exceptionCode"] is not None)
    assert {code: found[code] for code in expected} == expected


def _no_outgoing(monkeypatch: pytest.MonkeyPatch, asked: list[Any]) -> None:
    """Note every connection to the place that the file names."""
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[1] == 9:
            asked.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noted)


def _check_never(asked: list[Any], batches: list[dict[str, Any]]) -> None:
    assert asked == []
    assert "haha" not in str(batches)
