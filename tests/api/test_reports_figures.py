"""Aim: every report's figures are those of the ledger, for any day and any span, in base currency and in others."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.api.postings import booked
from tests.api.reports import as_json, content, csv_rows, fill, lines, year
from tests.api.support import amounts, created, exchange_rate, invoice
from tests.house import House, exact_json
from tests.pdf_pages import text_of

DAYS = ("2026-08-31", "2026-09-10", "2026-10-01", "2026-10-02", "2026-10-31", "2026-11-01", "2026-11-09", "2026-11-25")


@pytest.fixture
def full(books: House) -> House:
    """A ledger with something of everything."""
    fill(books)
    return books


def total(found: list[dict[str, Any]], key: str) -> Decimal:
    """The sum of a column."""
    return sum((Decimal(line[key]) for line in found if line[key] is not None), Decimal(0))


def listed(house: House, path: str, key: str) -> list[dict[str, Any]]:
    """The records of a list of the API, numbers exact."""
    answer = house.get(path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = exact_json(answer)[key]
    return found


def statement(house: House, customer_no: str, first: str, last: str) -> list[dict[str, Any]]:
    """The lines of a customer's statement."""
    return lines(house, reportType="CUSTOMER-STATEMENT", customerNos=[customer_no], fromDate=first, toDate=last)


class TestAgeing:
    @pytest.mark.parametrize("as_of", DAYS)
    def test_intervals_are_those_of_the_insights(self, full: House, as_of: str) -> None:
        """Amounts, counts and shares of every interval, in total."""
        expected = listed(full, f"/insights/adbintervals?asofdate={as_of}", "adbIntervals")
        found = lines(full, "INTERVAL", reportType="AGEING", level="TOTAL", asOfDate=as_of)
        keys = ("amount", "debitAmount", "creditAmount", "itemCount", "customerCount", "percent")
        assert [[line[key] for key in keys] for line in found] == [[interval[key] for key in keys] for interval in expected]

    @pytest.mark.parametrize("as_of", DAYS)
    def test_customers_and_items_add_up(self, full: House, as_of: str) -> None:
        """By customer and item by item come to the same total, which is the last line."""
        customers = lines(full, reportType="AGEING", asOfDate=as_of)
        items = lines(full, reportType="AGEING", asOfDate=as_of, level="ITEM")
        keys = ("notDue", "days1To30", "days31To60", "days61To90", "days91AndMore", "totalAmount")
        last = {key: customers[-1][key] for key in keys}
        assert {key: total(customers[:-1], key) for key in keys} == last
        assert {key: total([line for line in items if line["lineType"] == "OPEN-ITEM"], key) for key in keys} == last
        assert {key: total([line for line in items if line["lineType"] == "SUBTOTAL"], key) for key in keys} == last
        assert {key: items[-1][key] for key in keys} == last

    def test_intervals_of_its_own(self, full: House) -> None:
        """The columns are named by the bounds that were asked for."""
        report = as_json(full, reportType="AGEING", intervals=[10, 40], asOfDate="2026-11-25")
        assert [column["key"] for column in report["columns"]][3:] == ["notDue", "days11To40", "days41AndMore", "totalAmount"]
        assert [report["lines"][-1][key] for key in ("notDue", "days11To40", "days41AndMore")] == [0, Decimal("3185.5"), 0]

    def test_one_currency(self, full: House) -> None:
        """Only its items, and in it."""
        report = as_json(full, reportType="AGEING", currency="eur", asOfDate="2026-10-31")
        assert report["currency"] == "EUR"
        assert [(line["customerNo"], line["totalAmount"]) for line in report["lines"]] == [("100003", 125), (None, 125)]

    def test_some_customers(self, full: House) -> None:
        """The total is theirs."""
        found = lines(full, reportType="AGEING", customerNos=["100002"])
        assert [(line["lineType"], line["customerNo"], line["totalAmount"]) for line in found] == [
            ("CUSTOMER", "100002", 1900),
            ("TOTAL", None, 1900),
        ]

    def test_a_match_that_is_undone_counts_until_the_day_before(self, full: House) -> None:
        """The item is open again from the day of the undoing on, in every level."""
        match_id = listed(full, "/aritems?documentno=26001&expand=matches", "arItems")[0]["matches"][-1]["matchId"]
        assert full.call("DELETE", f"/matches/{match_id}").status_code == 200
        for as_of, expected in (("2026-11-24", []), ("2026-11-25", [750])):
            report = {"asOfDate": as_of, "customerNos": ["100001"]}
            found = lines(full, "OPEN-ITEM", reportType="OPEN-ITEMS", **report)
            assert [line["openAmount"] for line in found if line["documentNo"] == "26001"] == expected
            by_item = lines(full, "OPEN-ITEM", reportType="AGEING", level="ITEM", **report)
            assert [line["totalAmount"] for line in by_item if line["documentNo"] == "26001"] == expected


class TestOpenItems:
    @pytest.mark.parametrize("as_of", DAYS)
    def test_items_are_those_of_the_list(self, full: House, as_of: str) -> None:
        """What the list of AR items has as open on that day, with the same amounts."""
        items = listed(full, f"/aritems?asofdate={as_of}&status=OPEN,PARTIAL&pagesize=1000", "arItems")
        found = lines(full, "OPEN-ITEM", reportType="OPEN-ITEMS", asOfDate=as_of)
        keys = ("customerNo", "documentNo", "dueDate", "currency", "originalAmount", "openAmount", "baseOpenAmount")
        expected = sorted(items, key=lambda item: (item["accountNo"], item["dueDate"], item["arItemId"]))
        assert [[line[key] for key in keys] for line in found] == [[item[key] for key in keys] for item in expected]

    @pytest.mark.parametrize("as_of", DAYS)
    def test_the_total_is_the_control_account(self, full: House, as_of: str) -> None:
        """In base currency, whatever the currencies of the items."""
        found = lines(full, reportType="OPEN-ITEMS", asOfDate=as_of)
        row = full.rows("select coalesce(sum(amount), 0) from gl_item where gl_account = '1500' and gl_date <= %s", as_of)[0]
        assert found[-1]["lineType"] == "TOTAL" and found[-1]["baseOpenAmount"] == row[0]
        assert total([line for line in found if line["lineType"] == "OPEN-ITEM"], "baseOpenAmount") == row[0]

    def test_totals_by_currency(self, full: House) -> None:
        """A subtotal for each customer and currency, and for all customers by currency."""
        found = lines(full, "SUBTOTAL", reportType="OPEN-ITEMS", asOfDate="2026-10-31")
        assert [(line["customerNo"], line["currency"], line["openAmount"], line["baseOpenAmount"]) for line in found] == [
            ("100001", "NOK", 1250, 1250),
            ("100002", "NOK", 2000, 2000),
            ("100003", "EUR", 125, Decimal("1437.5")),
            (None, "EUR", 125, Decimal("1437.5")),
            (None, "NOK", 3250, 3250),
        ]


class TestStatement:
    @pytest.mark.parametrize("customer_no", ["100001", "100002", "100003"])
    @pytest.mark.parametrize(("first", "last"), [("2026-09-01", "2026-11-30"), ("2026-10-01", "2026-10-31"), ("2026-11-10", "2026-11-10")])
    def test_it_adds_up(self, full: House, customer_no: str, first: str, last: str) -> None:
        """Opening balance, debits and credits come to the closing balance, line by line and altogether."""
        found = [line for line in statement(full, customer_no, first, last) if line["lineType"] in ("OPENING", "POSTING", "CLOSING")]
        opening, *postings, closing = found
        balance = opening["balance"]
        for posting in postings:
            balance += posting["debit"] - posting["credit"]
            assert posting["balance"] == balance
        assert (closing["balance"], closing["debit"], closing["credit"]) == (balance, total(postings, "debit"), total(postings, "credit"))
        before = full.rows(
            "select coalesce(sum(base_original_amount), 0) from ar_item a join customer c using (client_no, account_no)"
            " where c.customer_no = %s and gl_date < %s",
            customer_no,
            first,
        )
        assert opening["balance"] == before[0][0]

    def test_spans_follow_each_other(self, full: House) -> None:
        """What one closes with, the next opens with."""
        spans = [("2026-09-01", "2026-09-30"), ("2026-10-01", "2026-10-31"), ("2026-11-01", "2026-11-30")]
        found = [statement(full, "100001", *span) for span in spans]
        closing = [next(line["balance"] for line in one if line["lineType"] == "CLOSING") for one in found]
        opening = [next(line["balance"] for line in one if line["lineType"] == "OPENING") for one in found]
        assert closing[:-1] == opening[1:]
        assert closing == [1250, 1250, 538]

    def test_what_was_open_at_the_end(self, full: House) -> None:
        """The invoice of September after its first part payment, as it stood then, and what that comes to."""
        found = statement(full, "100001", "2026-10-01", "2026-10-31")
        opened = [(line["documentNo"], line["openAmount"], line["daysOverdue"]) for line in found if line["lineType"] == "OPEN-ITEM"]
        assert opened == [("26001", 750, 37), ("26002", 500, 12)]
        assert [(line["currency"], line["openAmount"]) for line in found if line["lineType"] == "TOTAL"] == [("NOK", 1250)]

    def test_a_foreign_currency(self, full: House) -> None:
        """Balances are in base currency, each posting has its own amount besides; the exchange difference has none."""
        found = statement(full, "100003", "2026-10-01", "2026-11-30")
        postings = [(line["itemType"], line["currency"], line["originalAmount"], line["balance"]) for line in found if line["lineType"] == "POSTING"]
        assert postings[0] == ("IN", "EUR", 125, Decimal("1437.5"))
        assert postings[1][:3] == ("PY", "EUR", -60)
        assert [line["openAmount"] for line in found if line["lineType"] == "TOTAL"] == [65]
        assert next(line["balance"] for line in found if line["lineType"] == "CLOSING") == Decimal("747.5")

    def test_nothing_posted(self, books: House) -> None:
        """A balance of 0 at both ends and no open items."""
        found = statement(books, "100001", "2026-10-01", "2026-10-31")
        assert [(line["lineType"], line["balance"]) for line in found] == [("OPENING", 0), ("CLOSING", 0)]

    def test_the_line_over_time(self, full: House) -> None:
        """Begins on the first day, ends on the last with the closing balance, and has few points however long the span is."""
        report = as_json(full, reportType="CUSTOMER-STATEMENT", customerNos=["100001"], fromDate="2025-01-01", toDate="2026-11-30")
        chart = report["charts"][0]
        assert (chart["kind"], chart["labels"][0], chart["labels"][-1]) == ("line", "2025-01-01", "2026-11-30")
        assert chart["series"][0]["values"][-1] == 538
        assert len(chart["labels"]) == len(chart["series"][0]["values"]) <= 62


class TestLedgerSpecification:
    @pytest.mark.parametrize(("first", "last"), [(1, 12), (9, 9), (10, 11), (12, 12)])
    def test_it_is_the_control_account(self, full: House, first: int, last: int) -> None:
        """All customers together open, move and close as the account does."""
        found = lines(full, **year("LEDGER-SPECIFICATION", first, last))
        opening, closing, control = found[-3:]
        assert [line["lineType"] for line in found[-3:]] == ["OPENING", "TOTAL", "CONTROL"]
        moved = listed(full, f"/glmovements?glyear=2026&glperiodfrom={first}&glperiodto={last}&glaccount=1500&nonzero=false", "glMovements")
        assert (opening["balance"], closing["balance"]) == (moved[0]["openingBalance"], moved[-1]["closingBalance"])
        assert (closing["debit"], closing["credit"]) == (total(moved, "debit"), total(moved, "credit"))
        assert control["balance"] == closing["balance"]
        postings = [line for line in found if line["lineType"] == "POSTING"]
        assert (total(postings, "debit"), total(postings, "credit")) == (closing["debit"], closing["credit"])

    def test_every_customer_and_period(self, full: House) -> None:
        """What the regulation wants: number and name, each posting with date and reference, between two balances that follow each other."""
        found = lines(full, "OPENING", "POSTING", "CLOSING", **year("LEDGER-SPECIFICATION", 9, 11, customerNos=["100001", "100002"]))
        own = [line for line in found if line["customerNo"] == "100001"]
        assert {line["customerName"] for line in own} == {"Kari Prøve"}
        names = [(line["lineType"], line["glPeriod"], line["balance"]) for line in own]
        assert names == [
            ("OPENING", 9, 0),
            ("POSTING", 9, 1250),
            ("CLOSING", 9, 1250),
            ("OPENING", 10, 1250),
            ("POSTING", 10, 750),
            ("POSTING", 10, 1250),
            ("CLOSING", 10, 1250),
            ("OPENING", 11, 1250),
            ("POSTING", 11, 1288),
            ("POSTING", 11, 538),
            ("CLOSING", 11, 538),
        ]
        assert all(line["documentDate"] and line["transactionNo"] for line in own if line["lineType"] == "POSTING")
        assert "100003" not in {line["customerNo"] for line in found}

    def test_nothing_of_other_customers_is_compared(self, full: House) -> None:
        """With some customers there is no line about the control accounts."""
        assert lines(full, "CONTROL", **year("LEDGER-SPECIFICATION", customerNos=["100001"])) == []


class TestAccountSpecification:
    def test_every_account_and_period_is_the_movement(self, full: House) -> None:
        """Opening, debit, credit and closing balance of each are those of the movements, and its postings lead from one to the other."""
        report = as_json(full, **year("ACCOUNT-SPECIFICATION", 9, 11))["lines"]
        moved = listed(full, "/glmovements?glyear=2026&glperiodfrom=9&glperiodto=11&pagesize=1000", "glMovements")
        expected = [
            (one["glAccount"], one["glPeriod"], one["openingBalance"], one["debit"], one["credit"], one["closingBalance"])
            for one in moved
            if one["openingBalance"] or one["itemCount"]
        ]
        found = []
        for line in report:
            if line["lineType"] == "OPENING":
                opening = balance = line["balance"]
            elif line["lineType"] == "POSTING":
                balance += line["debit"] - line["credit"]
                assert line["balance"] == balance
            else:
                found.append((line["glAccount"], line["glPeriod"], opening, line["debit"], line["credit"], line["balance"]))
                assert line["balance"] == balance
        assert found == expected

    def test_what_a_posting_says(self, full: House) -> None:
        """Date, voucher, document, text, VAT code, and the amount in its own currency."""
        found = lines(full, "POSTING", **year("ACCOUNT-SPECIFICATION", 10, 10, glAccounts=["3000"], language="en"))
        assert [line["text"] for line in found] == ["Invoice 26002", "Invoice 26004", "Invoice 26003", "Credit note C26001"]
        euro = found[1]
        assert [euro[key] for key in ("glDate", "documentNo", "vatCode", "credit", "currency", "currencyAmount")] == [
            *("2026-10-12", "26004", "3", 1150, "EUR", -100)
        ]

    def test_some_accounts(self, full: House) -> None:
        """Only those that were asked for."""
        found = lines(full, **year("ACCOUNT-SPECIFICATION", 9, 11, glAccounts=["1920", "2700"]))
        assert {line["glAccount"] for line in found} == {"1920", "2700"}


class TestTrialBalance:
    def test_it_is_the_ledger(self, full: House) -> None:
        """Each account closes with its balance, and everything adds up to 0."""
        found = lines(full, **year("TRIAL-BALANCE"))
        assert {line["glAccount"]: line["closingBalance"] for line in found[:-1] if line["closingBalance"]} == full.balances()
        last = found[-1]
        assert (last["lineType"], last["openingBalance"], last["closingBalance"]) == ("TOTAL", 0, 0)
        assert last["debit"] == last["credit"] == total(found[:-1], "debit")

    def test_periods_follow_each_other(self, full: House) -> None:
        """What September closes with, October opens with."""
        september = {line["glAccount"]: line["closingBalance"] for line in lines(full, "ACCOUNT", **year("TRIAL-BALANCE", 1, 9))}
        october = {line["glAccount"]: line["openingBalance"] for line in lines(full, "ACCOUNT", **year("TRIAL-BALANCE", 10, 12))}
        assert {account: balance for account, balance in october.items() if balance} == september

    def test_the_result_of_earlier_years(self, full: House) -> None:
        """In the next year income and expense begin at 0, and one calculated line 2050 keeps the openings at 0 together."""
        created(full, invoice(documentNo="27001", documentDate="2027-01-05"))
        found = lines(full, reportType="TRIAL-BALANCE", glYear=2027, fromPeriod=1, toPeriod=12)
        own = full.rows("select sum(amount) from gl_item where gl_year = 2026 and gl_account >= '3000'")[0][0]
        assert [(line["openingBalance"], line["debit"], line["credit"], line["closingBalance"]) for line in found if line["glAccount"] == "2050"] == [
            (own, 0, 0, own)
        ]
        assert next(line["openingBalance"] for line in found if line["glAccount"] == "3000") == 0
        assert (found[-1]["openingBalance"], found[-1]["closingBalance"]) == (0, 0)

    def test_a_result_that_was_booked_is_not_calculated(self, full: House) -> None:
        """Who books the year's result to equity has no calculated line for it."""
        own = -full.rows("select sum(amount) from gl_item where gl_year = 2026 and gl_account >= '3000'")[0][0]
        for number, kind in (("2050", "LIABILITY"), ("8960", "EXPENSE")):
            assert full.put(f"/glaccounts/{number}", {"glAccount": {"name": number, "accountType": kind}}).status_code == 201
        entries = [{"glAccount": "8960", "debit": own}, {"glAccount": "2050", "credit": own}]
        booked(full, "journal", {"postingDate": "2026-12-31", "text": "Result", "entries": entries})
        found = lines(full, reportType="TRIAL-BALANCE", glYear=2027, fromPeriod=1, toPeriod=1)
        assert [(line["glAccountName"], line["openingBalance"]) for line in found if line["glAccount"] == "2050"] == [("2050", -own)]
        assert found[-1]["openingBalance"] == 0

    def test_some_accounts(self, full: House) -> None:
        """Only those, and their sum."""
        found = lines(full, **year("TRIAL-BALANCE", glAccounts=["1500", "1920"]))
        assert [line["glAccount"] for line in found] == ["1500", "1920", None]
        assert found[-1]["closingBalance"] == total(found[:-1], "closingBalance")


class TestEmptyLedger:
    """Nothing was ever posted: every report is there and says so."""

    @pytest.mark.parametrize("level", ["TOTAL", "CUSTOMER", "ITEM"])
    def test_ageing(self, books: House, level: str) -> None:
        """The total is 0."""
        found = lines(books, reportType="AGEING", level=level)
        assert found[-1]["lineType"] == "TOTAL"
        assert found[-1]["amount" if level == "TOTAL" else "totalAmount"] == 0

    def test_the_others(self, books: House) -> None:
        """Totals of 0 and nothing else."""
        assert [line["baseOpenAmount"] for line in lines(books, reportType="OPEN-ITEMS")] == [0]
        assert [line["balance"] for line in lines(books, **year("LEDGER-SPECIFICATION"))] == [0, 0, 0]
        assert lines(books, **year("ACCOUNT-SPECIFICATION")) == []
        assert "No postings" in text_of(content(books, year("ACCOUNT-SPECIFICATION", format="PDF", language="en")))
        assert [line["closingBalance"] for line in lines(books, **year("TRIAL-BALANCE"))] == [0]


class TestOtherSettings:
    def test_a_fiscal_year_that_begins_in_july(self, books: House) -> None:
        """Period 4 of 2026 is October; the year goes on in the next calendar year, and its income with it."""
        answer = books.put("/clientconfigs/gl.fiscalYearStart", {"clientConfig": {"value": 7}})
        assert answer.status_code == 200, answer.text
        created(books, invoice(documentNo="26001", documentDate="2026-10-05"))
        created(books, invoice(documentNo="27001", documentDate="2027-02-05"))
        report = as_json(books, **year("LEDGER-SPECIFICATION", 4, 4))
        assert (report["parameters"]["fromDate"], report["parameters"]["toDate"]) == ("2026-10-01", "2026-10-31")
        assert [line["balance"] for line in report["lines"] if line["lineType"] == "CLOSING"] == [1250]
        found = {line["glAccount"]: line for line in lines(books, **year("TRIAL-BALANCE", 8, 8))}
        assert (found["3000"]["openingBalance"], found["3000"]["credit"], found["3000"]["closingBalance"]) == (-1000, 1000, -2000)
        assert [line["glDate"] for line in lines(books, "POSTING", **year("ACCOUNT-SPECIFICATION", 1, 12, glAccounts=["3000"]))] == [
            *("2026-10-05", "2027-02-05")
        ]

    def test_a_currency_without_decimals(self, books: House) -> None:
        """Yen are shown as yen."""
        exchange_rate(books, "JPY", "0.07")
        created(books, invoice(documentNo="26001", currency="JPY", currencyAmounts=amounts(100000, 25000)))
        found = csv_rows(content(books, {"reportType": "OPEN-ITEMS", "format": "CSV", "currency": "JPY", "language": "en"}))
        assert [(line["openAmount"], line["baseOpenAmount"]) for line in found if line["lineType"] == "OPEN-ITEM"] == [("125000", "8750.00")]
        aged = csv_rows(content(books, {"reportType": "AGEING", "format": "CSV", "currency": "JPY", "language": "en"}))
        assert [line["totalAmount"] for line in aged] == ["125000", "125000"]

    def test_open_items_of_one_currency_and_some_customers(self, full: House) -> None:
        """Both limits hold for the items and the totals."""
        euro = lines(full, "OPEN-ITEM", reportType="OPEN-ITEMS", currency="EUR")
        assert [(line["customerNo"], line["currency"]) for line in euro] == [("100003", "EUR")]
        some = lines(full, reportType="OPEN-ITEMS", customerNos=["100002", "100001"])
        assert {line["customerNo"] for line in some} == {"100001", "100002", None}
        assert some[-1]["baseOpenAmount"] == 538 + 1900

    def test_a_ledger_that_starts_in_the_year(self, books: House) -> None:
        """Periods before its start are no part of a report that asks for the whole year."""
        house = replace(books, client_no=books.add_client(books.client_no + 30_000, ledgerStart="2026-09-01"))
        house.customer("100001", "Kari Prøve")
        created(house, invoice(documentNo="26001", documentDate="2026-09-05"))
        report = as_json(house, **year("ACCOUNT-SPECIFICATION"))
        assert report["parameters"] == {"glYear": 2026, "period": "1-12", "fromDate": "2026-09-01", "toDate": "2026-12-31"}
        assert lines(house, **year("LEDGER-SPECIFICATION", 1, 3)) == []
        assert [line["closingBalance"] for line in lines(house, **year("TRIAL-BALANCE", 1, 3))] == [0]
