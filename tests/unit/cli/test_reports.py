"""The report on a batch counts what its items say."""

from __future__ import annotations

import json
from typing import Any

from reskontro.cli.reports import FAILED_KEPT, BatchReport, most_frequent


def batch(**counts: int) -> dict[str, Any]:
    """A batch without its items."""
    return {"batchUuid": "x", "status": "PROCESSED", "countSuccessful": 0, "countFailed": 0, "countNotProcessed": 0, **counts}


def failed(field: str, code: str) -> bytes:
    """The line of a failed item."""
    return json.dumps({"result": "FAILED", "errors": [{"field": field, "code": code, "message": f"{field} is bad"}]}).encode()


def test_errors_are_counted_by_field_and_code_and_the_most_frequent_comes_first() -> None:
    """Two kinds of errors on one field are two findings."""
    report = BatchReport(batch())
    report.add([failed("name", "REQUIRED"), failed("kid", "FORMAT"), failed("name", "REQUIRED"), failed("name", "LENGTH")])
    assert [(one.field, one.code, one.count) for one in most_frequent(report.errors)] == [
        ("name", "REQUIRED", 2),
        ("kid", "FORMAT", 1),
        ("name", "LENGTH", 1),
    ]


def test_warnings_do_not_make_failed_items() -> None:
    """An item with a warning is successful."""
    report = BatchReport(batch(countSuccessful=1))
    report.add([json.dumps({"result": "CREATED", "warnings": [{"field": "kid", "code": "KID-CHECK", "message": "m"}]}).encode()])
    assert report.in_order
    assert report.failed == []
    assert report.results == {"CREATED": 1}
    assert report.as_json()["warnings"] == [{"code": "KID-CHECK", "field": "kid", "count": 1, "example": "m"}]


def test_only_the_first_failed_items_are_kept() -> None:
    """A million failed items do not fill the memory."""
    report = BatchReport(batch(countFailed=50))
    report.add(failed("name", "REQUIRED") for _ in range(50))
    assert len(report.failed) == FAILED_KEPT
    assert not report.in_order


def test_items_that_were_not_processed_are_not_in_order() -> None:
    """A cancelled batch does not count as done."""
    assert not BatchReport(batch(countNotProcessed=1)).in_order
