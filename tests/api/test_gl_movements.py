"""Aim: movements and balances are exact at the moment they are read, over periods, years and fiscal years of any beginning."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from reskontro.ledger.movements import balance_on
from tests.api.support import amounts, configure, created, invoice, payment
from tests.house import House, exact_json

NAMES = (
    "clientNo glYear glPeriod periodStatus glAccount glAccountName currency openingBalance debit credit netMovement closingBalance itemCount"
).split()


def listed(house: House, query: str = "") -> list[dict[str, Any]]:
    """Movements of a list."""
    answer = house.get(f"/glmovements?{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = exact_json(answer)["glMovements"]
    return found


def moved(house: House, query: str) -> list[tuple[Any, ...]]:
    """Account, year, period, opening, debit, credit and closing balance of movements."""
    names = ("glAccount", "glYear", "glPeriod", "openingBalance", "debit", "credit", "closingBalance")
    return [tuple(item.get(name) for name in names) for item in listed(house, query)]


def balance(house: House, account: str, day: str) -> Decimal:
    """The balance of an account at the end of a day."""
    with house.database.transaction(house.client_no) as transaction:
        return balance_on(transaction, house.client_no, account, date.fromisoformat(day))


def close(house: House, *months: int, year: int = 2026) -> None:
    """Close periods through the API."""
    for month in months:
        answer = house.put(f"/periods/{year}/{month}", {"period": {"status": "CLOSED"}})
        assert answer.status_code == 200, answer.text


@pytest.fixture
def moving(books: House) -> House:
    """Invoices of 1250 in October and 2500 in November, a payment of 500 in November."""
    created(books, invoice(kid="0010017"))
    created(books, invoice(documentDate="2026-11-10", currencyAmounts=amounts(2000, 500)))
    created(books, payment(500, kid="0010017"))
    return books


class TestList:
    def test_one_record_per_account_and_period(self, moving: House) -> None:
        """Of the current year, for the accounts that have something; the chart's other accounts are left out."""
        found = listed(moving)
        assert [(item["glAccount"], item["glPeriod"]) for item in found] == [
            (account, period) for account in ("1500", "1920", "2700", "3000") for period in range(1, 13)
        ]
        assert list(found[9].items()) == list(
            zip(NAMES, (moving.client_no, 2026, 10, "OPEN", "1500", "Kundefordringer", "NOK", 0, 1250, 0, 1250, 1250, 1), strict=True)
        )
        assert list(found[10].items()) == list(
            zip(NAMES, (moving.client_no, 2026, 11, "OPEN", "1500", "Kundefordringer", "NOK", 1250, 2500, 500, 2000, 3250, 2), strict=True)
        )

    def test_periods_accounts_and_empty_ones(self, moving: House) -> None:
        """A range of periods and of accounts; with nonzero=false also accounts without anything."""
        assert moved(moving, "glperiodfrom=10&glperiodto=11&glaccount=1500-1999") == [
            ("1500", 2026, 10, 0, 1250, 0, 1250),
            ("1500", 2026, 11, 1250, 2500, 500, 3250),
            ("1920", 2026, 10, 0, 0, 0, 0),
            ("1920", 2026, 11, 0, 500, 0, 500),
        ]
        assert moved(moving, "glperiodfrom=10&glperiodto=10&glaccount=1920,3000") == [("3000", 2026, 10, 0, 0, 1000, -1000)]
        assert moved(moving, "glperiodfrom=10&glperiodto=10&glaccount=1920,3000&nonzero=false")[0] == ("1920", 2026, 10, 0, 0, 0, 0)
        assert moved(moving, "glyear=2019") == []
        assert moved(moving, "glperiodfrom=11&glperiodto=10") == []

    def test_a_year(self, moving: House) -> None:
        """One record per account, without glPeriod; a range of periods cuts the year."""
        found = listed(moving, "level=year&glaccount=1500")
        assert [list(item.items()) for item in found] == [
            list(
                zip(
                    [name for name in NAMES if name != "glPeriod"],
                    (moving.client_no, 2026, "OPEN", "1500", "Kundefordringer", "NOK", 0, 3750, 500, 3250, 3250, 3),
                    strict=True,
                )
            )
        ]
        assert moved(moving, "level=year&glaccount=1500&glperiodfrom=11") == [("1500", 2026, None, 1250, 2500, 500, 3250)]

    def test_balances_carry_over_years_and_results_do_not(self, moving: House) -> None:
        """In January the receivables open with what December closed with, income with 0."""
        created(moving, invoice(documentDate="2027-01-15", currencyAmounts=amounts(80, 20)))
        accounts = "glaccount=1500,3000"
        assert moved(moving, f"glyear=2027,2026&level=year&{accounts}") == [
            ("1500", 2026, None, 0, 3750, 500, 3250),
            ("1500", 2027, None, 3250, 100, 0, 3350),
            ("3000", 2026, None, 0, 0, 3000, -3000),
            ("3000", 2027, None, 0, 0, 80, -80),
        ]
        assert moved(moving, f"glyear=2027&glperiodto=2&{accounts}") == [
            ("1500", 2027, 1, 3250, 100, 0, 3350),
            ("1500", 2027, 2, 3350, 0, 0, 3350),
            ("3000", 2027, 1, 0, 0, 80, -80),
            ("3000", 2027, 2, -80, 0, 0, -80),
        ]

    def test_a_posting_shows_at_once(self, moving: House) -> None:
        """Also on a page of a list that was made before."""
        query = exact_json(moving.get("/glmovements?glaccount=1500&glperiodfrom=11&glperiodto=11"))["summary"]["queryId"]
        created(moving, invoice(documentDate="2026-11-20", currencyAmounts=amounts(8, 2)))
        assert moved(moving, f"query={query}") == [("1500", 2026, 11, 1250, 2510, 500, 3260)]

    def test_the_current_year_is_the_clocks(self, moving: House) -> None:
        """Without glyear the fiscal year of today."""
        house = replace(moving, _tokens={})
        before = house.clock.now()
        house.clock.set(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
        try:
            assert moved(house, "level=year&glaccount=1500") == [("1500", 2027, None, 3250, 0, 0, 3250)]
        finally:
            house.clock.set(before)

    def test_dimensions(self, books: House) -> None:
        """Only the items that have one of the dimensions are added up; the balance carries over all the same."""
        configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Region"}])
        for region, month, amount in (("North", 10, 1000), ("South", 10, 40), ("North", 11, 200)):
            dimensions = [{"dimensionNo": 1, "value": region}]
            created(books, invoice(documentDate=f"2026-{month}-05", currencyAmounts=amounts(amount, amount / 4), dimensions=dimensions))
        assert moved(books, "dimension=1:north&glaccount=3000&glperiodfrom=10&glperiodto=11") == [
            ("3000", 2026, 10, 0, 0, 1000, -1000),
            ("3000", 2026, 11, -1000, 0, 200, -1200),
        ]
        assert moved(books, "dimension=1:south,1:North&glaccount=3000&level=year") == [("3000", 2026, None, 0, 0, 1240, -1240)]
        assert moved(books, "dimension=1:west") == []

    def test_dimensions_hold_on_over_pages(self, books: House) -> None:
        """The following pages add up the same items."""
        configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Region"}])
        created(books, invoice(dimensions=[{"dimensionNo": 1, "value": "North"}]))
        created(books, invoice(documentDate="2026-10-06", currencyAmounts=amounts(4, 1)))
        first = exact_json(books.get("/glmovements?dimension=1:north&glaccount=3000&pagesize=5"))
        assert moved(books, f"query={first['summary']['queryId']}&pageno=2")[4] == ("3000", 2026, 10, 0, 0, 1000, -1000)

    @pytest.mark.parametrize("query", ["level=month", "dimension=x", "glaccount=1-b", "nonzero=yes", "glperiodfrom=ten"])
    def test_what_cannot_be_understood(self, books: House, query: str) -> None:
        """400 INVALID-PARAMETER."""
        answer = books.get(f"/glmovements?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID-PARAMETER")


class TestLatestClosed:
    def test_nothing_is_closed_yet(self, books: House) -> None:
        """404."""
        for level in ("period", "year"):
            answer = books.get(f"/glmovements/latestclosed?level={level}")
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND")

    def test_the_latest_closed_period(self, moving: House) -> None:
        """With the movements of that period, and the moment it was closed."""
        close(moving, *range(1, 11))
        answer = exact_json(moving.get("/glmovements/latestclosed?glaccount=1500"))
        assert list(answer) == ["clientNo", "glYear", "glPeriod", "closedAt", "glMovements"]
        assert (answer["glYear"], answer["glPeriod"], answer["closedAt"]) == (2026, 10, "2026-11-25T12:00:00.000Z")
        assert [list(item.items()) for item in answer["glMovements"]] == [
            list(zip(NAMES, (moving.client_no, 2026, 10, "CLOSED", "1500", "Kundefordringer", "NOK", 0, 1250, 0, 1250, 1250, 1), strict=True))
        ]
        whole = exact_json(moving.get("/glmovements/latestclosed"))["glMovements"]
        assert [(item["glAccount"], item["closingBalance"]) for item in whole] == [("1500", 1250), ("2700", -250), ("3000", -1000)]

    def test_the_latest_closed_year(self, moving: House) -> None:
        """Only when all its periods are; a period of the next year that is closed too does not matter."""
        close(moving, *range(1, 12))
        assert moving.get("/glmovements/latestclosed?level=year").status_code == 404
        close(moving, 12)
        close(moving, 1, year=2027)
        answer = exact_json(moving.get("/glmovements/latestclosed?level=year&glaccount=1500,3000"))
        assert (answer["glYear"], answer["glPeriod"]) == (2026, 12)
        assert [(item["glAccount"], "glPeriod" in item, item["debit"], item["closingBalance"]) for item in answer["glMovements"]] == [
            ("1500", False, 3750, 3250),
            ("3000", False, 0, -3000),
        ]
        assert [item["periodStatus"] for item in listed(moving, "level=year&glaccount=1500&glyear=2026,2027")] == ["CLOSED", "OPEN"]
        assert exact_json(moving.get("/glmovements/latestclosed"))["glYear"] == 2027


class TestFiscalYear:
    def test_a_year_that_begins_in_july(self, books: House) -> None:
        """July 2026 is period 1 of 2026, June 2026 period 12 of 2025; income starts at 0 in July."""
        answer = books.put("/clientconfigs/gl.fiscalYearStart", {"clientConfig": {"value": 7}})
        assert answer.status_code == 200, answer.text
        for day, amount in (("2026-05-20", 100), ("2026-06-30", 200), ("2026-07-01", 400), ("2026-11-20", 800)):
            created(books, invoice(documentDate=day, currencyAmounts=amounts(amount, 0)))
        accounts = "glaccount=1500,3100"
        assert moved(books, f"level=year&glyear=2025,2026&{accounts}") == [
            ("1500", 2025, None, 0, 300, 0, 300),
            ("1500", 2026, None, 300, 1200, 0, 1500),
            ("3100", 2025, None, 0, 0, 300, -300),
            ("3100", 2026, None, 0, 0, 1200, -1200),
        ]
        assert moved(books, f"glperiodto=1&{accounts}") == [("1500", 2026, 1, 300, 400, 0, 700), ("3100", 2026, 1, 0, 0, 400, -400)]
        assert moved(books, "glyear=2025&glperiodfrom=12&glaccount=3100") == [("3100", 2025, 12, -100, 0, 200, -300)]
        found = [balance(books, "3100", day) for day in ("2026-06-29", "2026-06-30", "2026-07-01", "2026-11-19", "2026-11-20", "2027-06-30")]
        assert found == [-100, -300, -400, -400, -1200, -1200]


class TestBalance:
    def test_every_day_equals_the_sum_of_the_items(self, moving: House) -> None:
        """Whichever end of the month the items are read from."""
        for day, amount in (("2026-10-05", 7), ("2026-10-15", 11), ("2026-10-16", 13), ("2026-10-31", 17), ("2026-12-01", 19), ("2027-01-31", 23)):
            created(moving, invoice(documentDate=day, currencyAmounts=amounts(amount, 0)))
        days = [date.fromordinal(number) for number in range(date(2026, 9, 29).toordinal(), date(2027, 2, 3).toordinal())]
        for account, condition in (("1500", ""), ("3100", " and gl_year = extract(year from %s::date)")):
            statement = f"select coalesce(sum(amount), 0) from gl_item where gl_account = %s and gl_date <= %s{condition}"
            for day in days:
                values = (account, day, day) if condition else (account, day)
                assert balance(moving, account, str(day)) == moving.rows(statement, *values)[0][0], (account, day)

    def test_days_outside_the_ledger(self, moving: House) -> None:
        """Nothing before its start; after its last period an asset keeps its balance, income has none."""
        assert [balance(moving, account, day) for account in ("1500", "3000") for day in ("2025-12-31", "2031-05-05")] == [0, 3250, 0, 0]
        assert balance(moving, "9999", "2026-11-25") == 0
