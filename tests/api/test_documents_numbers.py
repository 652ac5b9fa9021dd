"""Which number, KID and day a document gets, what makes it unique, and what happens when it is sent again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from reskontro.norway.kid import mod10_check
from tests.api.support import (
    amounts,
    change_books,
    close_periods,
    codes,
    configure,
    created,
    credit_note,
    found,
    invoice,
    item,
    line,
    payment,
    send,
    shown,
    warned,
)
from tests.house import House


class TestSeries:
    def test_each_type_has_its_own(self, books: House) -> None:
        """Prefix by type and year of the document, six digits."""
        configure(books, "document.creditNoteReference", "OPTIONAL")
        for kind, letter in (("IN", "I"), ("CN", "C"), ("IT", "T"), ("RM", "R"), ("PY", "P")):
            for number in (1, 2):
                result = created(books, invoice(documentType=kind, currencyAmounts=amounts(10, 0)))
                assert result["documentNo"] == f"{letter}26-{number:06d}"

    def test_each_year_starts_at_one(self, books: House) -> None:
        """The year is that of documentDate, whatever the order they come in."""
        numbers = [created(books, invoice(documentDate=day))["documentNo"] for day in ("2026-10-05", "2027-01-02", "2026-10-06", "2027-01-03")]
        assert numbers == ["I26-000001", "I27-000001", "I26-000002", "I27-000002"]

    def test_the_configured_form(self, books: House) -> None:
        """Prefix, first number and length are the client's; longer numbers stay whole."""
        configure(books, "series.in", {"mode": "SYSTEM", "prefix": "", "next": 9999, "length": 4})
        assert [created(books, invoice())["documentNo"] for _ in range(2)] == ["9999", "10000"]

    def test_numbers_that_callers_used_are_skipped(self, books: House) -> None:
        """In the set and before it, whatever their case."""
        created(books, invoice(documentNo="i26-000002"))
        batch = books.batch(
            "/documents/batches", {"documents": [invoice(), invoice(), invoice(documentNo="I26-000004"), invoice(), invoice(documentNo="I26-000006")]}
        )
        assert [result["documentNo"] for result in batch["items"]] == ["I26-000001", "I26-000003", "I26-000004", "I26-000005", "I26-000006"]

    def test_a_failed_document_draws_none(self, books: House) -> None:
        """Numbers are drawn in the commit of the posting, so there are no gaps."""
        assert send(books, invoice(customerNo="9")).status_code == 422
        assert created(books, invoice())["documentNo"] == "I26-000001"

    def test_many_at_once_leave_no_gap(self, books: House) -> None:
        """Single writes that come at the same time, some of which fail, draw one number after the other."""
        documents = [invoice(customerNo="nobody") if number % 5 == 0 else invoice() for number in range(50)]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda document: send(books, document), documents))
        numbers = sorted(answer.json()["documentNo"] for answer in answers if answer.status_code == 201)
        assert numbers == [f"I26-{number:06d}" for number in range(1, 41)]
        assert books.rows("select array_agg(transaction_no order by transaction_no) from document") == [(list(range(1, 41)),)]

    def test_only_the_caller_gives_numbers(self, books: House) -> None:
        """Mode CLIENT: without one it is REQUIRED."""
        configure(books, "series.in", {"mode": "CLIENT", "prefix": "I{yy}-", "next": 1, "length": 6})
        assert found(books, invoice()) == [("REQUIRED", "/documentNo")]
        assert warned(books, invoice(documentNo="1")) == []
        assert created(books, payment(10))["documentNo"] == "P26-000001"

    def test_only_the_system_gives_numbers(self, books: House) -> None:
        """Mode SYSTEM: an own number is refused."""
        configure(books, "series.in", {"mode": "SYSTEM", "prefix": "I{yy}-", "next": 1, "length": 6})
        assert found(books, invoice(documentNo="1")) == [("SYSTEM-GIVEN", "/documentNo")]

    def test_one_number_over_all_types(self, books: House) -> None:
        """A payment cannot have the number of an invoice."""
        created(books, invoice(documentNo="X-1"))
        assert found(books, payment(10, documentNo="x-1")) == [("NOT-UNIQUE", "/documentNo")]


class TestSentAgain:
    def test_the_same_content_is_unchanged(self, books: House) -> None:
        """Order of keys, spelling of numbers, blanks, case of codes and the caller's own reference do not count; nothing is posted again."""
        first = invoice(documentNo="ab-1", referenceNo="R", documentLines=[line(1, 1000, 250)], clientReference="one")
        result = created(books, first)
        content = (
            '{"document": {"clientReference": "two", "documentLines": [{"currencyAmounts": {"inclVat": 1250.00, "vat": 25e1, "exclVat": 1000.0},'
            ' "lineType": "plh", "lineNo": 1.0, "glAccount": null}], "referenceNo": " R ",'
            ' "currencyAmounts": {"exclVat": 1e3, "vat": 250, "inclVat": 1250},'
            ' "documentDate": "2026-10-05", "customerNo": "100001", "documentType": "in", "documentNo": "ab-1", "ledgerNote": ""}}'
        )
        again = books.post("/documents", content=content.encode())
        assert again.status_code == 200, again.text
        expected = {**result, "result": "UNCHANGED", "message": "Document unchanged", "clientReference": "two"}
        del expected["kid"]
        assert again.json() == expected
        assert "location" not in again.headers
        assert books.rows("select count(*) from document") == [(1,)]

    def test_warnings_are_about_what_was_sent(self, books: House) -> None:
        """An unchanged document may have them."""
        document = invoice(documentNo="1", kid="0010018")
        assert warned(books, document) == [("KID-CHECK", "/kid")]
        again = send(books, document)
        assert (again.json()["result"], codes(again.json()["warnings"])) == ("UNCHANGED", [("KID-CHECK", "/kid")])

    @pytest.mark.parametrize(
        "change",
        [
            {"currencyAmounts": amounts(1000, "250.01")},
            {"referenceNo": "other"},
            {"customerNo": "100002"},
            {"documentType": "IT", "currencyAmounts": amounts(1250, 0)},
            {"dueDate": "2026-10-19"},
            {"documentLines": [line(1, 1000, 250)]},
        ],
    )
    def test_other_content_is_refused(self, books: House, change: dict[str, Any]) -> None:
        """A key more, a value less: the number is taken. A default that is sent counts as a difference."""
        created(books, invoice(documentNo="ab-1"))
        assert found(books, {**invoice(documentNo="AB-1"), **change}) == [("NOT-UNIQUE", "/documentNo")]

    def test_the_number_in_another_case(self, books: House) -> None:
        """Numbers compare without case and are kept as first written."""
        created(books, invoice(documentNo="ab-1"))
        assert send(books, invoice(documentNo="AB-1", referenceNo="x")).json()["errors"][0]["message"] == "documentNo AB-1 is already in use"
        assert shown(books, "AB-1")["documentNo"] == "ab-1"

    def test_a_customer_in_the_document(self, books: House) -> None:
        """The customer object belongs to the content too, normalised like the rest."""
        document = invoice(documentNo="1", customerNo="C-1", customer={"name": "Ny Kunde", "limitAmount": 100, "customerCategory": "BUSN"})
        created(books, document)
        other_spelling = document | {"customer": {"customerCategory": "busn", "limitAmount": 100.0, "name": " Ny Kunde"}}
        assert send(books, other_spelling).json().get("result") == "UNCHANGED"
        assert found(books, document | {"customer": {"name": "Nyere Kunde"}}) == [("NOT-UNIQUE", "/documentNo")]


class TestKid:
    @pytest.mark.parametrize(("algorithm", "right"), [("ANY", (True, True, False)), ("MOD10", (True, False, False)), ("MOD11", (False, True, False))])
    def test_the_check_digit(self, books: House, algorithm: str, right: tuple[bool, ...]) -> None:
        """By the client's algorithm: one KID right by MOD10, one by MOD11, one by neither. A wrong one is a warning, and the KID is kept."""
        configure(books, "kid.algorithm", algorithm)
        for number, (kid, fits) in enumerate(zip(("7788995", "7788991", "7788990"), right, strict=True)):
            assert warned(books, invoice(documentNo=str(number), kid=kid)) == ([] if fits else [("KID-CHECK", "/kid")])
            assert shown(books, str(number))["kid"] == kid

    def test_a_wrong_check_digit_as_an_error(self, books: House) -> None:
        """validation.kid = ERROR; of payments too."""
        configure(books, "validation.kid", "ERROR")
        assert found(books, invoice(documentNo="1", kid="0010018")) == [("KID-CHECK", "/kid")]
        assert found(books, payment(10, kid="0010018")) == [("KID-CHECK", "/kid")]

    def test_a_kid_of_another_open_item(self, books: House) -> None:
        """A warning while that is open; closed items and the types that pay and credit do not ask."""
        created(books, invoice(documentNo="1", kid="0010017"))
        assert warned(books, invoice(documentNo="2", kid="0010017")) == [("KID-SHARED", "/kid")]
        assert warned(books, payment(2500, documentNo="P1", kid="0010017")) == []
        assert [item(books, number)["openAmount"] for number in ("1", "2")] == [0, 0]
        assert warned(books, invoice(documentNo="3", kid="0010017")) == []
        assert warned(books, credit_note("3", 10, 0, documentNo="C1", kid="0010017")) == []
        assert shown(books, "C1")["kid"] == "0010017"

    def test_one_is_made_for_claims_only(self, books: House) -> None:
        """Invoices, interest notes and reminders get one; credit notes and payments do not."""
        configure(books, "document.creditNoteReference", "OPTIONAL")
        for kind in ("IN", "CN", "IT", "RM", "PY"):
            result = created(books, invoice(documentType=kind, documentNo=kind, currencyAmounts=amounts(10, 0)))
            assert ("kid" in result) == (kind in ("IN", "IT", "RM"))
            assert shown(books, kind)["kid"] == result.get("kid")
            assert item(books, kind)["kid"] == result.get("kid")

    def test_a_sent_one_is_not_told_in_the_result(self, books: House) -> None:
        """The result names the KID only when it was generated."""
        assert "kid" not in created(books, invoice(documentNo="1", kid="0010017"))

    def test_none_is_made_when_the_client_wants_none(self, books: House) -> None:
        """kid.generate = false."""
        configure(books, "kid.generate", False)
        result = created(books, invoice(documentNo="1"))
        assert ("kid" in result, shown(books, "1")["kid"], item(books, "1")["kid"]) == (False, None, None)

    def test_the_template(self, books: House) -> None:
        """Digits, client, account and serial, filled with zeros; a KID in use is skipped."""
        configure(books, "kid.template", "9{client:4}{serial:3}{check}")
        first = created(books, invoice(documentNo="1"))["kid"]
        assert first[:-1] == f"9{books.client_no}001"
        payload = f"9{books.client_no}002"
        created(books, invoice(documentNo="2", kid=payload + mod10_check(payload)))
        assert created(books, invoice(documentNo="3"))["kid"][:-1] == f"9{books.client_no}003"

    def test_mod11_skips_serials_without_a_digit(self, books: House) -> None:
        """With MOD11 a serial whose check character would be a hyphen is not used."""
        configure(books, "kid.algorithm", "MOD11")
        kids = [created(books, invoice())["kid"] for _ in range(24)]
        assert all(kid.isdigit() for kid in kids)
        serials = [int(kid[6:14]) for kid in kids]
        assert serials[-1] > 24
        assert serials == sorted(set(serials))

    def test_a_kid_that_would_be_too_long(self, books: House) -> None:
        """Over 25 digits is an error of the field, not a fault."""
        configure(books, "kid.template", "1{client:9}{account:6}{serial:8}{check}")
        change_books(books, "insert into number_series (client_no, series, series_year, last_no) values (current_client_no(), 'kid', 0, 99999999)")
        assert found(books, invoice(documentNo="1")) == [("LENGTH", "/kid")]
        assert warned(books, invoice(documentNo="1", kid="0010017")) == []

    def test_serials_are_per_client_not_per_account(self, books: House) -> None:
        """Two customers share the row of serials."""
        kids = [created(books, invoice(customerNo=number))["kid"] for number in ("100001", "100002", "100001")]
        assert [kid[6:14] for kid in kids] == ["00000001", "00000002", "00000003"]


class TestPeriods:
    def test_a_closed_period(self, books: House) -> None:
        """The posting moves to the first day of the oldest open period, with a warning that says so; the document keeps its date."""
        close_periods(books, "2026-09-30")
        answer = send(books, invoice(documentNo="1", documentDate="2026-09-20"))
        (warning,) = answer.json()["warnings"]
        assert (warning["code"], warning["field"]) == ("PERIOD-CLOSED", "glDate")
        assert warning["message"] == "Period 2026/9 is closed; glDate 2026-10-01 was used"
        got = shown(books, "1", "aritem,glitems")
        assert (got["documentDate"], got["glDate"], got["glYear"], got["glPeriod"]) == ("2026-09-20", "2026-10-01", 2026, 10)
        assert {g["glDate"] for g in got["glItems"]} == {"2026-10-01"}
        assert (got["arItem"]["glDate"], got["arItem"]["itemDate"]) == ("2026-10-01", "2026-09-20")

    def test_refused_when_the_client_says_so(self, books: House) -> None:
        """document.closedPeriod = ERROR; the text ends after "closed"."""
        close_periods(books, "2026-09-30")
        configure(books, "document.closedPeriod", "ERROR")
        answer = send(books, invoice(documentNo="1", documentDate="2026-09-20"))
        assert [(e["code"], e["message"]) for e in answer.json()["errors"]] == [("PERIOD-CLOSED", "Period 2026/9 is closed")]
        assert warned(books, invoice(documentNo="1", documentDate="2026-09-20", glDate="2026-10-02")) == []

    def test_refused_by_the_value_of_today(self, books: House) -> None:
        """Whatever held on the day of the document, and before the ledger starts too."""
        close_periods(books, "2026-09-30")
        books.put("/clientconfigs/document.closedPeriod", {"clientConfig": {"value": "ERROR"}})
        for day in ("2026-09-20", "2025-12-31"):
            answer = send(books, invoice(documentNo="1", documentDate=day))
            assert [error["code"] for error in answer.json()["errors"]] == ["PERIOD-CLOSED"]

    def test_before_the_ledger_starts(self, books: House) -> None:
        """Such days count as closed."""
        assert warned(books, invoice(documentNo="1", documentDate="2025-12-31")) == [("PERIOD-CLOSED", "/glDate")]
        assert (shown(books, "1")["glDate"], shown(books, "1")["glPeriod"]) == ("2026-01-01", 1)

    def test_after_the_last_period(self, books: House) -> None:
        """There are periods to the end of the next fiscal year and no further."""
        assert warned(books, invoice(documentNo="1", glDate="2027-12-31")) == []
        assert found(books, invoice(documentNo="2", glDate="2028-01-01")) == [("RANGE", "/glDate")]

    def test_a_gl_date_of_its_own(self, books: House) -> None:
        """glDate decides the period, not documentDate."""
        close_periods(books, "2026-10-31")
        assert warned(books, invoice(documentNo="1", glDate="2026-11-02")) == []
        assert warned(books, invoice(documentNo="2", documentDate="2026-11-02", glDate="2026-10-02")) == [("PERIOD-CLOSED", "/glDate")]
        assert [shown(books, number)["glDate"] for number in ("1", "2")] == ["2026-11-02", "2026-11-01"]

    def test_all_periods_closed(self, books: House) -> None:
        """Then no day takes a posting."""
        close_periods(books, "2027-12-31")
        assert found(books, invoice(documentNo="1")) == [("RANGE", "/glDate")]

    def test_a_fiscal_year_that_begins_in_july(self, module_house: House) -> None:
        """glYear is the calendar year in which the fiscal year begins; months count from its first."""
        house = replace(module_house, client_no=module_house.add_client(6901, ledgerStart="2026-07-01"))
        assert house.put("/clientconfigs/gl.fiscalYearStart", {"clientConfig": {"value": 7}}).status_code == 200
        house.customer("100001")
        created(house, invoice(documentNo="1", documentDate="2026-10-05"))
        assert (shown(house, "1")["glYear"], shown(house, "1")["glPeriod"]) == (2026, 4)

    def test_a_match_in_a_closed_period(self, books: House) -> None:
        """A payment that is booked late settles on the first open day."""
        created(books, invoice(documentNo="1", kid="0010017"))
        close_periods(books, "2026-11-30")
        assert warned(books, payment(1250, documentNo="P1", kid="0010017")) == [("PERIOD-CLOSED", "/glDate")]
        assert [str(day) for (day,) in books.rows("select match_date from match")] == ["2026-12-01"]


class TestDates:
    def test_today_is_that_of_the_client(self, books: House) -> None:
        """The last day allowed is 366 days from the client's own today."""
        assert warned(books, invoice(documentNo="1", documentDate="2027-11-26", glDate="2026-10-05")) == []
        assert found(books, invoice(documentNo="2", documentDate="2027-11-27", glDate="2026-10-05")) == [("RANGE", "/documentDate")]
        configure(books, "base.timeZone", "Pacific/Kiritimati")
        assert warned(books, invoice(documentNo="2", documentDate="2027-11-27", glDate="2026-10-05")) == []

    def test_the_oldest_day(self, books: House) -> None:
        """From the year 2000 on."""
        assert warned(books, invoice(documentNo="1", documentDate="2000-01-01", currencyAmounts=amounts(1, 0))) == [("PERIOD-CLOSED", "/glDate")]

    def test_due_at_once(self, books: House) -> None:
        """The day of the document itself is allowed, the day before is not."""
        assert warned(books, invoice(documentNo="1", dueDate="2026-10-05")) == []
        assert found(books, invoice(documentNo="2", dueDate="2026-10-04")) == [("DATE-ORDER", "/dueDate")]
