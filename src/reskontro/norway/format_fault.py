"""What is wrong with a bank file: one exception for every format, naming the place."""

from __future__ import annotations

from typing import Literal

FaultReason = Literal[
    "LINE_LENGTH",
    "GRAMMAR",
    "MISSING_END",
    "DATE_INVALID",
    "COUNT_MISMATCH",
    "RECORD_COUNT_MISMATCH",
    "SUM_MISMATCH",
    "DATE_MISMATCH",
    "ENCODING",
    "AMOUNT",
    "VERSION",
]
"""Why a file was refused. The first eight are those of Nets files, in the order in which they are looked for."""

AMOUNT_DIGITS_MAX = 15
"""A file whose amounts have more digits, decimals included, is refused: no account of this ledger could hold them."""

DETAIL_MAX = 400
"""Characters of a fault's sentence."""


class FormatFault(ValueError):
    """A bank file cannot be read. The whole file is refused: structure is all or nothing.

    ``detail`` is one English sentence that begins with the place: the line (from 1) and the positions (from 1, both
    inclusive) in a file of records, the path of the element in an XML file. It repeats no free text of the file, and has at
    most DETAIL_MAX characters.
    """

    def __init__(
        self,
        what: str,
        *,
        line: int | None = None,
        positions: tuple[int, int] | None = None,
        path: str | None = None,
        reason: FaultReason = "GRAMMAR",
    ) -> None:
        places = []
        if path is not None:
            places.append(path)
        if line is not None:
            places.append(f"line {line}")
        if positions is not None:
            first, last = positions
            places.append(f"position {first}" if first == last else f"positions {first}-{last}")
        self.detail = (f"{', '.join(places)}: {what}" if places else what)[:DETAIL_MAX]
        self.line = line
        self.positions = positions
        self.path = path
        self.reason: FaultReason = reason
        super().__init__(self.detail)
