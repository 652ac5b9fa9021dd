"""What became of a batch, for people: counters, the most frequent errors and warnings, the first failed items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from reskontro.cli.api import Api
from reskontro.cli.common import out, print_table

FAILED_KEPT = 10
KINDS_SHOWN = 10
_COUNTERS = (("successful", "countSuccessful"), ("failed", "countFailed"), ("not processed", "countNotProcessed"))


@dataclass(slots=True)
class Finding:
    """One kind of message: how often it came, and one of its texts."""

    code: str
    field: str
    example: str
    count: int = 0


@dataclass(slots=True)
class BatchReport:
    """A batch and what its items say."""

    batch: dict[str, Any]
    results: dict[str, int] = field(default_factory=dict)
    errors: dict[tuple[str, str], Finding] = field(default_factory=dict)
    warnings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    failed: list[dict[str, Any]] = field(default_factory=list)

    def add(self, lines: Iterable[bytes]) -> None:
        """Take in the item lines of an NDJSON answer."""
        for line in lines:
            item = msgspec.json.decode(line)
            self.results[item["result"]] = self.results.get(item["result"], 0) + 1
            for messages, findings in ((item.get("errors", ()), self.errors), (item.get("warnings", ()), self.warnings)):
                for message in messages:
                    key = (message["field"], message.get("code", ""))
                    finding = findings.setdefault(key, Finding(key[1], key[0], message["message"]))
                    finding.count += 1
            if item["result"] == "FAILED" and len(self.failed) < FAILED_KEPT:
                self.failed.append(item)

    @property
    def in_order(self) -> bool:
        """Whether every item was processed without error."""
        return not self.batch["countFailed"] and not self.batch["countNotProcessed"]

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "batch": self.batch,
            "results": self.results,
            "errors": [_finding(finding) for finding in most_frequent(self.errors)],
            "warnings": [_finding(finding) for finding in most_frequent(self.warnings)],
            "failedItems": self.failed,
        }


def _finding(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "field": finding.field, "count": finding.count, "example": finding.example}


def most_frequent(findings: dict[tuple[str, str], Finding]) -> list[Finding]:
    """The findings, the most frequent first."""
    return sorted(findings.values(), key=lambda finding: (-finding.count, finding.field, finding.code))


def read_report(api: Api, client_no: int, batch_uuid: str) -> BatchReport:
    """The batch as it is now, with all its items taken into account; memory does not grow with their number."""
    with api.lines(f"/clients/{client_no}/batches/{batch_uuid}", expand="diagnostics") as lines:
        report = BatchReport(msgspec.json.decode(next(lines)))
        report.add(lines)
    return report


def print_report(report: BatchReport) -> None:
    """The report for people, on standard output."""
    print_summary(report)
    print_findings([report])


def print_summary(report: BatchReport) -> None:
    """State and counters of a batch in one line."""
    batch = report.batch
    state = batch.get("result") or batch["status"]
    colour = {"SUCCESS": "green", "PARTIAL-SUCCESS": "yellow", "FAILED": "red"}.get(state, "cyan")
    counters = ", ".join(f"{batch[key]:,} {name}" for name, key in _COUNTERS if batch[key] or name == "successful")
    results = ", ".join(f"{count:,} {name.lower()}" for name, count in sorted(report.results.items()))
    out().print(f"Batch {batch['batchUuid']}: [{colour}]{state}[/{colour}], {counters}" + (f" ({results})" if results else ""), soft_wrap=True)


def print_findings(reports: Sequence[BatchReport], *, failed_shown: int = FAILED_KEPT) -> None:
    """The most frequent errors and warnings of all the batches together, and some failed items."""
    for title, kinds in (("Most frequent errors", [one.errors for one in reports]), ("Most frequent warnings", [one.warnings for one in reports])):
        findings = _together(kinds)
        if findings:
            rows = [(f"{one.count:,}", one.field, one.code, one.example) for one in most_frequent(findings)[:KINDS_SHOWN]]
            print_table(title, ("count", "field", "code", "for instance"), rows, numbers=("count",))
    failed = [item for report in reports for item in report.failed][:failed_shown]
    if failed:
        total = sum(report.batch["countFailed"] for report in reports)
        named = [(item.get("index"), _name(item), "; ".join(message["message"] for message in item["errors"])) for item in failed]
        title = f"The first {len(failed)} of {total:,} failed items" if total > len(failed) else "Failed items"
        print_table(title, ("index", "item", "errors"), named, numbers=("index",))


def _together(parts: Iterable[dict[tuple[str, str], Finding]]) -> dict[tuple[str, str], Finding]:
    total: dict[tuple[str, str], Finding] = {}
    for part in parts:
        for key, finding in part.items():
            total.setdefault(key, Finding(finding.code, finding.field, finding.example)).count += finding.count
    return total


def _name(item: dict[str, Any]) -> str:
    """What the item is called: by its number, or else by the sender's own reference."""
    parts = (("documentNo", "document"), ("customerNo", "customer"), ("clientReference", "reference"))
    return next((f"{word} {item[key]}" for key, word in parts if item.get(key)), "")
