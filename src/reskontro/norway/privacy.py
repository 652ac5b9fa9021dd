"""When a customer may be deleted and how far, and which national identity numbers a text gives away.

Rules: GDPR Art. 17(3)(b) with bokføringsloven § 13, personopplysningsloven § 12.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Literal, NamedTuple

from reskontro.norway.bookkeeping import deletable_from
from reskontro.norway.calendars import ONE_DAY
from reskontro.norway.national_ids import read_norwegian_id

_ELEVEN_DIGITS = re.compile(r"(?<![0-9])[0-9]{11}(?![0-9])")


class Deletion(NamedTuple):
    """What deleting a customer comes to."""

    action: Literal["ERASE", "PSEUDONYMISE"] | None
    """None when it is refused."""
    documents_kept_until: date | None
    """The last day on which the documents are kept; None when it is refused or there never was one."""


def customer_deletion(as_of: date, *, in_use: bool, last_fiscal_year_end: date | None) -> Deletion:
    """Refused while open items, reservations or collection cases exist (``in_use``); pseudonymised while documents are kept; erased after that.

    ``last_fiscal_year_end`` is the end of the fiscal year of the last document, None without documents.
    """
    if in_use:
        return Deletion(None, None)
    if last_fiscal_year_end is None:
        return Deletion("ERASE", None)
    kept_until = deletable_from(last_fiscal_year_end, "primary") - ONE_DAY
    return Deletion("PSEUDONYMISE" if as_of <= kept_until else "ERASE", kept_until)


def national_ids_in(text: str) -> list[str]:
    """The valid fødselsnummer of a text, in order: eleven digits that stand alone, those of 2032 included."""
    return [found for found in _ELEVEN_DIGITS.findall(text) if read_norwegian_id(found).valid]
