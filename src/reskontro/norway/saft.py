"""What SAF-T Financial 1.30 fixes: versions, lengths of texts, and the grouping of accounts.

Source: the schema and the code lists of the Norwegian Tax Administration (github.com/Skatteetaten/saf-t);
bokføringsforskriften § 7-8. ``data/saft_grouping.csv`` has the codes of the business specification
(næringsspesifikasjon) with four digits, each with its category.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final

from reskontro.norway.tables import read_rows
from reskontro.norway.vat import VAT_CODES, rate_on

VERSION: Final = "1.30"
NAMESPACE: Final = "urn:StandardAuditFile-Taxation-Financial:NO"

CODE_CHARACTERS_MAX: Final = 9
SHORT_CHARACTERS_MAX: Final = 18
MIDDLE_CHARACTERS_MAX: Final = 35
WIDE_CHARACTERS_MAX: Final = 70
LONG_CHARACTERS_MAX: Final = 256
"""The text types of the schema: SAFcodeType, SAFshorttextType, SAFmiddle1textType, SAFmiddle2textType, SAFlongtextType."""
EXCHANGE_RATE_DECIMALS: Final = 8

NOT_APPLICABLE: Final = "NA"
"""Category and code of an account that fits none of the list."""

_OUTPUT_TWIN: Final = {"1": "3", "11": "31", "12": "32", "13": "33", "14": "3", "15": "31"}
"""Codes of input and import VAT, each with the output code that has its rate."""


@cache
def _categories() -> dict[str, str]:
    return {row["code"]: row["category"] for row in read_rows("saft_grouping")}


def grouping(standard_account: str | None) -> tuple[str, str]:
    """GroupingCategory and GroupingCode of an account by its standard account; both NA when that is not in the list."""
    category = _categories().get(standard_account or "")
    return (NOT_APPLICABLE, NOT_APPLICABLE) if category is None or standard_account is None else (category, standard_account)


@cache
def rate_text(code: str, day: str) -> str | None:
    """The rate of a standard VAT code on a day (YYYY-MM-DD) in per cent as the file shows it; None for codes that have none."""
    rate = rate_on(_OUTPUT_TWIN.get(code, code), date.fromisoformat(day))
    return None if rate is None else f"{rate:f}"


def tax_codes(first: date, last: date, used: set[str]) -> list[tuple[str, date | None, date | None, str | None]]:
    """The rows of the tax table: every output code in force between two days, and the other codes that were used.

    Each row is the code, the first and the last day of its rate (None: not known, still in force), and the rate in per cent.
    """
    rows: list[tuple[str, date | None, date | None, str | None]] = [
        (row.code, row.valid_from, row.valid_to, f"{row.rate:f}")
        for row in VAT_CODES
        if row.valid_from <= last and (row.valid_to is None or row.valid_to >= first)
    ]
    known = {row[0] for row in rows}
    return rows + [(code, None, None, rate_text(code, last.isoformat())) for code in sorted(used - known)]
