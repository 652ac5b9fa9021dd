"""Aim: a report on paper shows the figures that the same report has as data, for every type and in every language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pytest

from reskontro.kit.messages import Language
from reskontro.kit.shown import shown_amount, shown_date
from tests.api.reports import content, fill, lines, year
from tests.house import House
from tests.pdf_pages import plain, text_of

REPORTS: tuple[dict[str, Any], ...] = (
    {"reportType": "AGEING", "level": "TOTAL"},
    {"reportType": "AGEING", "level": "CUSTOMER"},
    {"reportType": "AGEING", "level": "ITEM"},
    {"reportType": "OPEN-ITEMS"},
    {"reportType": "CUSTOMER-STATEMENT", "customerNos": ["100001"], "fromDate": "2026-09-01", "toDate": "2026-11-25"},
    year("LEDGER-SPECIFICATION", 9, 11),
    year("ACCOUNT-SPECIFICATION", 9, 11),
    year("TRIAL-BALANCE", 9, 11),
)


@pytest.fixture(scope="module")
def full(module_house: House) -> House:
    """A ledger with something of everything."""
    module_house.customer("100001", "Kari Prøve")
    module_house.customer("100002", "Skogly Prøvedrift AS", organizationNo="310044113")
    fill(module_house)
    return module_house


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("report", REPORTS, ids=lambda report: "-".join(str(report[key]) for key in ("reportType", "level") if key in report))
def test_figures_on_paper_are_those_of_the_data(full: House, report: dict[str, Any], language: Language) -> None:
    """Every amount, date and document of the lines stands in the PDF."""
    text = text_of(content(full, {**report, "format": "PDF", "language": language}))
    found = lines(full, **report, language=language)
    assert found
    for line in found:
        for key, value in line.items():
            if key.endswith(("Date",)) and value:
                assert shown_date(date.fromisoformat(value), language) in text
            elif isinstance(value, Decimal):
                assert plain(shown_amount(abs(value), language)) in text
            elif key in ("documentNo", "customerName", "glAccountName") and value:
                assert plain(value) in text
    assert "310 044 113" in text
