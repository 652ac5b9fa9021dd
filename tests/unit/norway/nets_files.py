"""Files of Nets for the tests: the samples, and valid files built record by record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from tests.shared_data import shared_path

ACCOUNT = "12345678903"
DAY = "201126"


def sample(name: str) -> bytes:
    """A sample file; a public one that is not beside the checkout skips the test."""
    try:
        return shared_path(f"domain/samples/{name}").read_bytes()
    except FileNotFoundError:
        if not name.startswith("public/"):
            raise
        pytest.skip(f"the sample {name} belongs to others and is not kept in this repository")


def start(number: int = 1) -> str:
    """The start of a transmission from Nets."""
    return f"NY00001000008080{number:07d}00012345".ljust(80, "0")


def assignment(service: str = "09", kind: str = "00", account: str = ACCOUNT) -> str:
    """The start of an assignment."""
    return f"NY{service}{kind}200011112220000001{account}".ljust(80, "0")


def payment(
    number: int = 1,
    ore: int = 125_000,
    kid: str = "0010017",
    *,
    kind: int = 10,
    sign: str = "0",
    day: str = DAY,
    bank_day: str = "000000",
    payer: str = "86011117130",
    archive: str = "123456001",
    text: str | None = None,
) -> list[str]:
    """The two records of a payment, three with a text."""
    records = [
        f"NY09{kind:02d}30{number:07d}{day}0510000001{sign}{ore:017d}{kid:>25}000000",
        f"NY09{kind:02d}31{number:07d}0000000000{archive}0000000{bank_day}{payer}".ljust(80, "0"),
    ]
    if text is not None:
        records.append(f"NY09{kind:02d}32{number:07d}{text:<40}".ljust(80, "0"))
    return records


def end_of_assignment(count: int, records: int, ore: int, first: str = DAY, last: str = DAY) -> str:
    """The end of an assignment of payments; ``records`` counts this record and the start too."""
    return f"NY090088{count:08d}{records:08d}{ore:017d}{last}{first}{last}".ljust(80, "0")


def end(count: int, records: int, ore: int, day: str = DAY) -> str:
    """The end of a transmission; ``records`` counts all of the file."""
    return f"NY000089{count:08d}{records:08d}{ore:017d}{day}".ljust(80, "0")


def ocr_file(payments: Sequence[Sequence[str]], ore: int, *, first: str = DAY, last: str = DAY) -> list[str]:
    """A file of one assignment with these payments, whose signed sum is ``ore``."""
    body = [record for records in payments for record in records]
    count, size = len(payments), len(body) + 2
    return [start(), assignment(), *body, end_of_assignment(count, size, ore, first, last), end(count, size + 2, ore, last)]


def as_bytes(lines: Iterable[str]) -> bytes:
    """The file of these records."""
    return "".join(f"{line}\n" for line in lines).encode("iso-8859-1")


def with_changes(content: bytes, changes: Iterable[dict[str, object]]) -> bytes:
    """The file after the changes of a vector (op set, truncate or drop; line and positions from 1)."""
    lines = content.decode("iso-8859-1").splitlines()
    for change in changes:
        index = int(str(change["line"])) - 1
        if change["op"] == "set":
            first, last = int(str(change["from"])), int(str(change["to"]))
            lines[index] = lines[index][: first - 1] + str(change["value"]) + lines[index][last:]
        elif change["op"] == "truncate":
            lines[index] = lines[index][: int(str(change["length"]))]
        else:
            assert change["op"] == "drop"
            del lines[index]
    return as_bytes(lines)
