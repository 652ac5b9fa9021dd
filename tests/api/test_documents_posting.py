"""Documents in the ledger: what each type posts, on which accounts, with which VAT codes, and what it opens and settles."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.api.support import (
    amounts,
    change_books,
    configure,
    created,
    credit_note,
    exchange_rate,
    found,
    invoice,
    item,
    line,
    payment,
    posting,
    send,
    shown,
    warned,
)
from tests.house import House


class TestPostingTable:
    @pytest.mark.parametrize(
        ("excl", "vat", "code", "income", "tax"),
        [
            (1000, 250, "3", "3000", "2700"),
            (1000, 150, "31", "3030", "2701"),
            (1000, 120, "33", "3050", "2703"),
            (1000, "111.10", "32", "3000", "2702"),
        ],
    )
    def test_an_invoice_with_vat(self, books: House, excl: int, vat: Any, code: str, income: str, tax: str) -> None:
        """Control account against income and VAT, both with the code that the amounts mean."""
        document = invoice(documentNo="1", currencyAmounts=amounts(excl, vat), documentLines=[line(1, excl, vat)])
        assert warned(books, document) == []
        total = excl + Decimal(str(vat))
        assert posting(books, "1") == [("1500", total, None), (income, -excl, code), (tax, -Decimal(str(vat)), code)]
        assert shown(books, "1")["documentLines"][0]["vatCode"] == code
        assert shown(books, "1")["documentLines"][0]["glAccount"] == income

    @pytest.mark.parametrize(("code", "income"), [("5", "3100"), ("51", "3100"), ("52", "3105"), ("6", "3200"), ("7", "3200")])
    def test_an_invoice_without_vat(self, books: House, code: str, income: str) -> None:
        """Each of the codes without VAT has its income account, and no VAT line."""
        document = invoice(documentNo="1", currencyAmounts=amounts(1000, 0), documentLines=[line(1, 1000, vatCode=code)])
        assert warned(books, document) == []
        assert posting(books, "1") == [("1500", 1000, None), (income, -1000, code)]

    def test_an_invoice_without_lines(self, books: House) -> None:
        """The header posts as one line of goods; no line is shown."""
        created(books, invoice(documentNo="1"))
        assert posting(books, "1") == [("1500", 1250, None), ("3000", -1000, "3"), ("2700", -250, "3")]
        assert shown(books, "1")["documentLines"] == []
        one = item(books, "1")
        assert (one["arItemType"], one["claimKind"], one["status"]) == ("IN", "PRINCIPAL", "OPEN")
        assert (one["originalAmount"], one["openAmount"], one["vatOpenAmount"]) == (1250, 1250, 250)

    def test_a_credit_note_takes_back_the_accounts_of_its_invoice(self, books: House) -> None:
        """Without lines, in full: the posting of the invoice with its sides exchanged."""
        lines = [line(1, 600, 150, glAccount="3030"), line(2, 400, 60), line(3, 200, 0, vatCode="6")]
        created(books, invoice(documentNo="1", currencyAmounts=amounts(1200, 210), documentLines=lines))
        created(books, credit_note("1", 1200, 210, documentNo="C1"))
        before, after = posting(books, "1"), posting(books, "C1")
        assert after == [(account, -amount, code) for account, amount, code in before]
        assert before == [
            ("1500", 1410, None),
            ("3030", -600, "3"),
            ("3030", -400, "31"),
            ("3200", -200, "6"),
            ("2700", -150, "3"),
            ("2701", -60, "31"),
        ]
        assert books.balances() == {}
        assert (item(books, "C1")["arItemType"], item(books, "C1")["claimKind"], item(books, "C1")["originalAmount"]) == ("CN", "CREDIT", -1410)

    def test_a_credit_note_in_part_is_in_proportion(self, books: House) -> None:
        """Without lines, in part: income and VAT of each code in proportion, to the øre."""
        lines = [line(1, 600, 150), line(2, 400, 60)]
        created(books, invoice(documentNo="1", currencyAmounts=amounts(1000, 210), documentLines=lines))
        created(books, credit_note("1", 100, 21, documentNo="C1"))
        assert posting(books, "C1") == [("1500", -121, None), ("3000", 60, "3"), ("3030", 40, "31"), ("2700", 15, "3"), ("2701", 6, "31")]

    def test_a_credit_note_with_lines_uses_the_accounts_as_credited(self, books: House) -> None:
        """A line of a credit note without an account goes to the one the invoice used for its code."""
        created(books, invoice(documentNo="1", documentLines=[line(1, 1000, 250, glAccount="3900")]))
        created(books, credit_note("1", 100, 25, documentNo="C1", documentLines=[line(1, 100, 25)]))
        assert posting(books, "C1") == [("1500", -125, None), ("3900", 100, "3"), ("2700", 25, "3")]
        assert shown(books, "C1")["documentLines"][0]["glAccount"] == "3900"

    def test_a_credit_note_without_reference_where_that_is_allowed(self, books: House) -> None:
        """It posts by the rules of its own event and stays open."""
        configure(books, "document.creditNoteReference", "OPTIONAL")
        created(books, invoice(documentType="CN", documentNo="C1"))
        assert posting(books, "C1") == [("1500", -1250, None), ("3000", 1000, "3"), ("2700", 250, "3")]
        assert (item(books, "C1")["status"], item(books, "C1")["openAmount"]) == ("OPEN", -1250)

    def test_an_interest_note(self, books: House) -> None:
        """Interest is income without VAT treatment; the item belongs to the claim."""
        created(books, invoice(documentNo="1"))
        note = invoice(documentType="IT", documentNo="T1", documentDate="2026-11-02", referenceDocumentNo="1", currencyAmounts=amounts(40, 0))
        created(books, note)
        assert posting(books, "T1") == [("1500", 40, None), ("8055", -40, "7")]
        one = item(books, "T1")
        assert (one["arItemType"], one["claimKind"], one["claimArItemId"]) == ("IT", "INTEREST", item(books, "1")["arItemId"])

    def test_a_reminder_with_a_fee(self, books: House) -> None:
        """The fee is income without VAT treatment; the item is a cost of the claim."""
        created(books, invoice(documentNo="1"))
        letter = invoice(documentType="RM", documentNo="R1", documentDate="2026-11-02", referenceDocumentNo="1", currencyAmounts=amounts(38, 0))
        created(books, letter)
        assert posting(books, "R1") == [("1500", 38, None), ("3900", -38, "7")]
        one = item(books, "R1")
        assert (one["arItemType"], one["claimKind"], one["claimArItemId"]) == ("RM", "COST", item(books, "1")["arItemId"])

    def test_a_reminder_without_a_fee_posts_nothing(self, books: House) -> None:
        """A letter of 0 is stored without item and without transaction, and draws no transaction number."""
        created(books, invoice(documentNo="1"))
        text = {"lineNo": 1, "lineType": "TXT", "lineText": "Betal", "referenceDocumentNo": "1"}
        result = created(books, invoice(documentType="RM", documentNo="R1", currencyAmounts=amounts(0, 0), documentLines=[text]))
        assert "arItemId" not in result
        view = shown(books, "R1", "aritem,glitems")
        assert (view["arItemId"], view["transactionNo"], view["arItem"], view["glItems"]) == (None, None, None, [])
        created(books, invoice(documentNo="2"))
        assert (shown(books, "1")["transactionNo"], shown(books, "2")["transactionNo"]) == (1, 2)

    def test_a_text_line_posts_nothing(self, books: House) -> None:
        """Beside a line of goods it only tells; its amounts are shown as 0."""
        text = {"lineNo": 2, "lineType": "TXT", "lineText": "Levert 3. oktober"}
        zeros = {"lineNo": 3, "lineType": "TXT", "lineText": "Takk", "currencyAmounts": amounts(0, 0)}
        assert warned(books, invoice(documentNo="1", documentLines=[line(1, 1000, 250), text, zeros])) == []
        assert posting(books, "1") == [("1500", 1250, None), ("3000", -1000, "3"), ("2700", -250, "3")]
        view = shown(books, "1")["documentLines"][1]
        assert (view["currencyAmounts"], view["vatCode"], view["glAccount"]) == (amounts(0, 0), None, None)

    def test_a_payment(self, books: House) -> None:
        """Bank against the control account; without a claim it stays open on the customer."""
        created(books, payment(500, documentNo="P1"))
        assert posting(books, "P1") == [("1500", -500, None), ("1920", 500, None)]
        one = item(books, "P1")
        assert (one["arItemType"], one["claimKind"], one["openAmount"], one["status"]) == ("PY", "CREDIT", -500, "OPEN")

    def test_a_payment_on_a_bank_account_of_its_own(self, books: House) -> None:
        """The GL account is that of the bank account it names, else of the client's first."""
        kept = [
            {"bankAccountNo": "12345678903", "currency": "NOK", "glAccount": "1920", "source": "OCR"},
            {"bankAccountNo": "86011117947", "currency": "NOK", "glAccount": "2999", "source": "CAMT054"},
        ]
        configure(books, "bank.accounts", kept)
        created(books, payment(500, documentNo="P1", payment={"bankAccountNo": "8601 11 17947"}))
        created(books, payment(500, documentNo="P2"))
        assert posting(books, "P1")[1] == ("2999", 500, None)
        assert posting(books, "P2")[1] == ("1920", 500, None)
        assert shown(books, "P2")["payment"]["bankAccountNo"] == "12345678903"

    def test_a_rounding_line(self, books: House) -> None:
        """It goes to the account for rounding, by its sign, inside the document's item."""
        document = invoice(documentNo="1", currencyAmounts=amounts("1000.40", 250), documentLines=[line(1, 1000, 250), line(2, "0.40", kind="RND")])
        assert warned(books, document) == []
        assert posting(books, "1") == [
            ("1500", Decimal("1250.40"), None),
            ("3000", -1000, "3"),
            ("7740", Decimal("-0.40"), None),
            ("2700", -250, "3"),
        ]

    def test_a_fee_on_an_invoice(self, books: House) -> None:
        """A fee line without VAT is fee income without VAT treatment; with VAT it is income like any other."""
        document = invoice(
            documentNo="1",
            currencyAmounts=amounts(1150, 275),
            documentLines=[line(1, 1000, 250), line(2, 50, kind="FEE"), line(3, 100, 25, kind="FEE")],
        )
        assert warned(books, document) == []
        assert posting(books, "1") == [("1500", 1425, None), ("3000", -1100, "3"), ("3900", -50, "7"), ("2700", -275, "3")]


class TestGlLines:
    def test_one_line_per_account_code_and_dimensions(self, books: House) -> None:
        """In the order of the first document line that needs it, VAT after income; what adds up to 0 makes no line."""
        configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Avdeling", "values": None}])
        north, south = ([{"dimensionNo": 1, "value": value}] for value in ("N", "S"))
        lines = [
            line(1, 100, 15),
            line(2, 200, 50, dimensions=north),
            line(3, 300, 75, dimensions=south),
            line(4, 50, "12.50", dimensions=north),
            line(5, 70, 0, vatCode="6"),
            line(6, -70, 0, vatCode="6"),
        ]
        created(books, invoice(documentNo="1", currencyAmounts=amounts(650, "152.50"), documentLines=lines))
        shown_items = shown(books, "1", "glitems")["glItems"]
        got = [(g["glAccount"], g["debit"] - g["credit"], g["vatCode"], [d["value"] for d in g["dimensions"]]) for g in shown_items]
        assert got == [
            ("1500", Decimal("802.50"), None, []),
            ("3030", -100, "31", []),
            ("3000", -250, "3", ["N"]),
            ("3000", -300, "3", ["S"]),
            ("2701", -15, "31", []),
            ("2700", Decimal("-137.50"), "3", []),
        ]

    def test_the_documents_dimensions_hold_where_a_line_has_none(self, books: House) -> None:
        """Those of a line go over the document's."""
        configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Avdeling", "values": ["N", "S"]}])
        document = invoice(
            documentNo="1",
            dimensions=[{"dimensionNo": 1, "value": "N"}],
            documentLines=[line(1, 500, 125), line(2, 500, 125, dimensions=[{"dimensionNo": 1, "value": "S"}])],
        )
        created(books, document)
        got = [[d["value"] for d in g["dimensions"]] for g in shown(books, "1", "glitems")["glItems"] if g["glAccount"] == "3000"]
        assert got == [["N"], ["S"]]

    def test_an_account_may_ask_for_dimensions(self, books: House) -> None:
        """A line on it without one is refused, whether the line or the document could have named it."""
        configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Avdeling", "values": None}])
        assert books.put("/glaccounts/3000", {"glAccount": {"requiredDimensions": [1]}}).status_code == 200
        north = [{"dimensionNo": 1, "value": "N"}]
        assert found(books, invoice(documentNo="1")) == [("REQUIRED", "/dimensions")]
        lines = [line(1, 400, 100, dimensions=north), line(2, 600, 150)]
        assert found(books, invoice(documentNo="1", documentLines=lines)) == [("REQUIRED", "/documentLines/1/dimensions")]
        created(books, invoice(documentNo="1", documentLines=lines, dimensions=north))
        created(books, invoice(documentNo="2", documentLines=[line(1, 1000, vatCode="5")], currencyAmounts=amounts(1000, 0)))

    def test_a_credit_note_with_lines_keeps_its_own_dimensions(self, books: House) -> None:
        """The document's dimensions hold for lines of a credit note too."""
        configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Avdeling", "values": None}])
        dimensions = [{"dimensionNo": 1, "value": "N"}]
        created(books, invoice(documentNo="1", dimensions=dimensions))
        created(books, credit_note("1", 100, 25, documentNo="C1", dimensions=dimensions, documentLines=[line(1, 100, 25)]))
        got = [g["dimensions"] for g in shown(books, "C1", "glitems")["glItems"] if g["glAccount"] == "3000"]
        assert got == [dimensions]

    def test_lines_that_cancel_each_other_leave_no_item(self, books: House) -> None:
        """Without a control line there is no AR item; a transfer between income accounts is still posted."""
        lines = [line(1, 100, 0, vatCode="6", glAccount="3200"), line(2, -100, 0, vatCode="6", glAccount="3100")]
        created(books, invoice(documentNo="1", currencyAmounts=amounts(0, 0), documentLines=lines))
        view = shown(books, "1")
        assert (view["arItemId"], view["transactionNo"]) == (None, 1)
        assert posting(books, "1") == [("3200", -100, "6"), ("3100", 100, "6")]

    def test_journal_dates_and_text_of_a_line(self, books: House) -> None:
        """Every line names its document, its customer on the control account, the rate of its code, and who made it."""
        created(books, invoice(documentNo="1", glDate="2026-10-07", kid="0010017"))
        control, income, _ = shown(books, "1", "glitems")["glItems"]
        assert (control["journal"], control["glDate"], control["documentDate"], control["glYear"], control["glPeriod"]) == (
            "SALES",
            "2026-10-07",
            "2026-10-05",
            2026,
            10,
        )
        assert (control["customerNo"], control["arItemId"], control["vatRate"]) == ("100001", shown(books, "1")["arItemId"], None)
        assert (income["customerNo"], income["arItemId"], income["vatRate"], income["documentNo"], income["kid"]) == (None, None, 25, "1", "0010017")

    @pytest.mark.parametrize(("kind", "journal"), [("CN", "SALES"), ("IT", "NOTES"), ("RM", "NOTES"), ("PY", "PAYMENTS")])
    def test_the_journal_of_the_other_types(self, books: House, kind: str, journal: str) -> None:
        """Credit notes are sales, letters notes, payments payments."""
        configure(books, "document.creditNoteReference", "OPTIONAL")
        created(books, invoice(documentType=kind, documentNo="1", currencyAmounts=amounts(10, 0)))
        assert {g["journal"] for g in shown(books, "1", "glitems")["glItems"]} == {journal}


class TestAccounts:
    def test_an_account_of_the_line(self, books: House) -> None:
        """glAccount of a line goes before the posting rules."""
        created(books, invoice(documentNo="1", documentLines=[line(1, 1000, 250, glAccount="3900")]))
        assert posting(books, "1")[1] == ("3900", -1000, "3")

    @pytest.mark.parametrize(("account", "code"), [("9999", "ACCOUNT-UNKNOWN"), ("1500", "ACCOUNT-CONTROL")])
    def test_an_account_that_cannot_be_used(self, books: House, account: str, code: str) -> None:
        """Unknown accounts and control accounts are refused, with the place of the line."""
        lines = [line(1, 500, 125), line(2, 500, 125, glAccount=account)]
        assert found(books, invoice(documentNo="1", documentLines=lines)) == [(code, "/documentLines/1/glAccount")]

    def test_an_inactive_account(self, books: House) -> None:
        """An account that is switched off is as good as unknown, whether a line names it or a rule."""
        change_books(books, "update gl_account set active = false where gl_account = '3000'")
        assert found(books, invoice(documentNo="1", documentLines=[line(1, 1000, 250, glAccount="3000")])) == [
            ("ACCOUNT-UNKNOWN", "/documentLines/0/glAccount")
        ]
        assert [code for code, _ in found(books, invoice(documentNo="1"))] == ["ACCOUNT-UNKNOWN"]

    def test_an_inactive_vat_account(self, books: House) -> None:
        """The account for the VAT must be there too."""
        change_books(books, "update gl_account set active = false where gl_account = '2700'")
        assert [code for code, _ in found(books, invoice(documentNo="1"))] == ["ACCOUNT-UNKNOWN"]

    def test_no_rule_names_an_income_account(self, books: House) -> None:
        """When the built-in rule of a code is switched off nothing is posted to an account of chance."""
        change_books(books, "update posting_rule set active = false where event = 'IN' and vat_code = '5'")
        assert [code for code, _ in found(books, invoice(documentNo="1", currencyAmounts=amounts(100, 0)))] == ["ACCOUNT-UNKNOWN"]

    @pytest.mark.parametrize("account", ["1920", "1500"])
    def test_an_inactive_account_of_a_payment(self, books: House, account: str) -> None:
        """A payment needs both its bank account and the control account."""
        change_books(books, "update gl_account set active = false where gl_account = %s", account)
        assert [code for code, _ in found(books, payment(100, documentNo="P1"))] == ["ACCOUNT-UNKNOWN"]

    @pytest.mark.parametrize("event", ["PY", "ROUNDING"])
    def test_without_the_rule_of_an_event(self, books: House, event: str) -> None:
        """A rule that is switched off stops what needs it, with an error about the account, and nothing else."""
        change_books(books, "update posting_rule set active = false where event = %s", event)
        if event == "PY":
            assert [code for code, _ in found(books, payment(100, documentNo="P1"))] == ["ACCOUNT-UNKNOWN"]
        else:
            off = invoice(documentNo="1", currencyAmounts=amounts(1000, 250), documentLines=[line(1, "1000.50", 250)])
            assert [code for code, _ in found(books, off)] == ["ACCOUNT-UNKNOWN"]
        created(books, invoice(documentNo="2"))

    def test_a_rule_of_the_client(self, books: House) -> None:
        """The rule with most conditions wins; what it leaves out comes from the next."""
        change_books(
            books,
            "insert into posting_rule (client_no, posting_rule_no, event, item_group1, vat_code, contra_account, priority, active)"
            " values (current_client_no(), 1001, 'IN', 'wood', '3', '3900', 500, true)",
        )
        created(books, invoice(documentNo="1", documentLines=[line(1, 600, 150, itemGroup1="WOOD"), line(2, 400, 100)]))
        assert posting(books, "1") == [("1500", 1250, None), ("3900", -600, "3"), ("3000", -400, "3"), ("2700", -250, "3")]

    def test_a_vat_account_of_the_client(self, books: House) -> None:
        """A credit note in part takes the VAT from the account that has it, whatever its number."""
        change_books(
            books,
            "insert into gl_account (client_no, gl_account, name, account_type, is_control, required_dimensions, active)"
            " values (current_client_no(), '2650', 'Avgift', 'LIABILITY', false, '{}', true)",
        )
        change_books(books, "update posting_rule set vat_account = '2650' where vat_account = '2700'")
        created(books, invoice(documentNo="1"))
        created(books, credit_note("1", 100, 25, documentNo="C1"))
        assert posting(books, "C1") == [("1500", -125, None), ("3000", 100, "3"), ("2650", 25, "3")]

    def test_the_control_account_is_kept(self, books: House) -> None:
        """A customer keeps the control account of its first posting, whatever the rules say later."""
        created(books, invoice(documentNo="1"))
        change_books(
            books,
            "insert into gl_account (client_no, gl_account, name, account_type, is_control, required_dimensions, active)"
            " values (current_client_no(), '1510', 'Andre kunder', 'ASSET', true, '{}', true)",
        )
        change_books(books, "update posting_rule set control_account = '1510' where event = 'IN' and control_account = '1500'")
        created(books, invoice(documentNo="2"))
        created(books, invoice(documentNo="3", customerNo="100002"))
        assert [posting(books, number)[0][0] for number in ("1", "2", "3")] == ["1500", "1500", "1510"]


class TestForeignCurrency:
    def test_each_line_is_rounded_and_the_largest_takes_the_rest(self, books: House) -> None:
        """The transaction balances in both currencies."""
        lines = [line(1, "33.33", "8.33"), line(2, "33.33", "8.33", itemGroup1="x", glAccount="3900"), line(3, "33.34", "8.34", glAccount="3100")]
        document = invoice(documentNo="1", currency="EUR", exchangeRate=Decimal("11.4567"), currencyAmounts=amounts(100, 25), documentLines=lines)
        created(books, document)
        got = posting(books, "1")
        assert sum(amount for _, amount, _ in got) == 0
        assert got[0] == ("1500", Decimal("1432.09"), None)
        assert {account: amount for account, amount, _ in got} == {
            "1500": Decimal("1432.09"),
            "3000": Decimal("-381.85"),
            "3900": Decimal("-381.85"),
            "3100": Decimal("-381.97"),
            "2700": Decimal("-286.42"),
        }
        view = shown(books, "1")
        assert (view["currency"], view["exchangeRate"], view["currencyAmounts"]) == ("EUR", Decimal("11.4567"), amounts(100, 25))
        assert view["baseAmounts"]["inclVat"] == Decimal("1432.09")
        assert view["baseAmounts"]["exclVat"] + view["baseAmounts"]["vat"] == view["baseAmounts"]["inclVat"]

    def test_the_rate_in_force_on_the_documents_date(self, books: House) -> None:
        """The latest rate not after documentDate; a rate in the document goes before it."""
        exchange_rate(books, "EUR", "11.25", "2026-09-01")
        exchange_rate(books, "EUR", "11.75", "2026-10-06")
        for number, day, sent, rate in (("1", "2026-10-05", None, "11.25"), ("2", "2026-10-06", None, "11.75"), ("3", "2026-10-06", 12, "12")):
            created(books, invoice(documentNo=number, documentDate=day, currency="eur", exchangeRate=sent, currencyAmounts=amounts(100, 25)))
            assert (shown(books, number)["exchangeRate"], shown(books, number)["currency"]) == (Decimal(rate), "EUR")

    def test_no_rate(self, books: House) -> None:
        """Without any rate in force on the day the document is refused."""
        exchange_rate(books, "EUR", "11.25", "2026-10-06")
        assert found(books, invoice(documentNo="1", currency="EUR")) == [("RATE-MISSING", "/exchangeRate")]

    def test_a_rate_for_the_base_currency(self, books: House) -> None:
        """Only 1 is right; another one is not used."""
        assert warned(books, invoice(documentNo="1", exchangeRate=1)) == []
        assert warned(books, invoice(documentNo="2", exchangeRate=2)) == [("VALUE-CONFLICT", "/exchangeRate")]
        assert (shown(books, "2")["exchangeRate"], shown(books, "2")["baseAmounts"]) == (1, amounts(1000, 250))

    def test_the_customers_currency_is_the_default(self, books: House) -> None:
        """A document without a currency is in the customer's."""
        books.customer("100009", currency="SEK")
        created(books, invoice(documentNo="1", customerNo="100009", exchangeRate=Decimal("1.02")))
        assert shown(books, "1")["currency"] == "SEK"

    def test_a_currency_without_decimals(self, books: House) -> None:
        """Amounts with decimals are refused one by one; whole ones pass, and VAT within two units fits its rate."""
        part = invoice(documentNo="1", currency="JPY", exchangeRate=Decimal("0.0712345"), currencyAmounts=amounts("1000.5", 250))
        assert found(books, part) == [("PRECISION", "/currencyAmounts/exclVat"), ("PRECISION", "/currencyAmounts/inclVat")]
        whole = part | {"currencyAmounts": amounts(1001, 252), "documentLines": [line(1, 1001, 252)]}
        assert warned(books, whole) == []
        assert posting(books, "1")[0] == ("1500", Decimal("89.26"), None)
        halves = part | {"documentNo": "2", "currencyAmounts": amounts(1000, 250), "documentLines": [line(1, "999.5", "250.5")]}
        assert found(books, halves) == [
            ("PRECISION", "/documentLines/0/currencyAmounts/exclVat"),
            ("PRECISION", "/documentLines/0/currencyAmounts/vat"),
        ]

    @pytest.mark.parametrize("code", ["KWD", "BHD", "XAU", "XTS", "XXX", "CLF", "ZZZ", "KR"])
    def test_a_code_that_is_no_money_here(self, books: House, code: str) -> None:
        """Three decimals, metals, test codes and codes that do not exist are refused, and nothing is said about what depends on them."""
        assert found(books, invoice(documentNo="1", currency=code, currencyAmounts=amounts("1000.5", 250))) == [("CURRENCY-CODE", "/currency")]

    @pytest.mark.parametrize(
        ("rate", "code"), [(0, "RANGE"), (-1, "RANGE"), ("11.5", "TYPE"), (Decimal("1.00000000001"), "PRECISION"), (Decimal("1e12"), "RANGE")]
    )
    def test_a_rate_that_is_none(self, books: House, rate: Any, code: str) -> None:
        """Above 0, at most ten decimals, a number, and no larger than can be stored."""
        assert found(books, invoice(documentNo="1", currency="EUR", exchangeRate=rate)) == [(code, "/exchangeRate")]

    def test_an_amount_too_large_in_base_currency(self, books: House) -> None:
        """What would have more than 15 digits in base currency is refused, not rounded and not a fault."""
        huge = invoice(documentNo="1", currency="EUR", exchangeRate=Decimal("1000.5"), currencyAmounts=amounts("9999999999999.99", 0))
        assert [code for code, _ in found(books, huge)] == ["RANGE"]

    def test_another_base_currency(self, books: House) -> None:
        """A client that keeps its books in yen has whole base amounts, and kroner are foreign to it."""
        configure(books, "base.currency", "JPY")
        for number, customer in (("1", "100001"), ("2", "J-1")):
            # Customers made before keep kroner; new ones get the base currency.
            document = invoice(documentNo=number, customerNo=customer, customer={"name": "Ny"} if customer == "J-1" else None)
            if number == "1":
                assert found(books, document) == [("RATE-MISSING", "/exchangeRate")]
                document["exchangeRate"] = Decimal("14.237")
            created(books, document)
        assert posting(books, "1") == [("1500", 17796, None), ("3000", -14237, "3"), ("2700", -3559, "3")]
        assert posting(books, "2") == [("1500", 1250, None), ("3000", -1000, "3"), ("2700", -250, "3")]
        assert [shown(books, number)["baseAmounts"]["inclVat"] for number in ("1", "2")] == [17796, 1250]
        half = invoice(documentNo="3", customerNo="J-1", currencyAmounts=amounts("0.5", 0))
        assert [code for code, _ in found(books, half)] == ["PRECISION", "PRECISION"]

    def test_a_small_amount_at_a_small_rate(self, books: House) -> None:
        """What rounds to 0 in base currency is still a transaction that balances."""
        created(books, invoice(documentNo="1", currency="JPY", exchangeRate=Decimal("0.001"), currencyAmounts=amounts(1, 0)))
        assert item(books, "1")["baseOriginalAmount"] == 0

    def test_a_credit_note_at_another_rate_leaves_an_exchange_difference(self, books: House) -> None:
        """Invoice and credit note close each other in their currency; the difference in base currency is an item and a posting of its own."""
        created(books, invoice(documentNo="1", currency="EUR", exchangeRate=11, currencyAmounts=amounts(100, 0)))
        created(books, credit_note("1", 100, 0, documentNo="C1", currency="EUR", exchangeRate=12))
        assert [(item(books, n)["openAmount"], item(books, n)["baseOpenAmount"], item(books, n)["status"]) for n in ("1", "C1")] == [
            (0, 0, "CLOSED"),
            (0, 0, "CLOSED"),
        ]
        extra = books.rows("select ar_item_type, original_amount, base_original_amount, base_open_amount from ar_item where ar_item_type = 'EX'")
        assert extra == [("EX", 0, 100, 0)]
        assert books.balances() == {"8060": Decimal(-100), "3100": Decimal(100)}


class TestCreditNotes:
    def test_it_settles_what_is_open_of_its_invoice(self, books: House) -> None:
        """Up to the open amount; the rest stays open as credit."""
        created(books, invoice(documentNo="1", kid="0010017"))
        created(books, payment(500, documentNo="P1", kid="0010017"))
        created(books, credit_note("1", 1000, 250, documentNo="C1", documentDate="2026-11-10"))
        assert [(item(books, n)["openAmount"], item(books, n)["status"]) for n in ("1", "P1", "C1")] == [
            (0, "CLOSED"),
            (0, "CLOSED"),
            (-500, "PARTIAL"),
        ]
        assert item(books, "1")["creditedAmount"] == 1250
        assert books.rows("select source from match order by created_at, match_id") == [("KID",), ("CREDIT-NOTE",)]

    def test_an_amount_beyond_what_is_left(self, books: House) -> None:
        """The sum of all credit notes stays within the invoice, for the total and for the VAT."""
        created(books, invoice(documentNo="1"))
        created(books, credit_note("1", 800, 200, documentNo="C1"))
        over = send(books, credit_note("1", 201, "50.25", documentNo="C2"))
        assert {(e["code"], e["field"]) for e in over.json()["errors"]} == {("AMOUNT-EXCEEDED", "inclVat"), ("AMOUNT-EXCEEDED", "vat")}
        assert found(books, credit_note("1", 199, 51, documentNo="C2")) == [("AMOUNT-EXCEEDED", "/currencyAmounts/vat")]
        assert found(books, credit_note("1", 201, 50, documentNo="C2")) == [("AMOUNT-EXCEEDED", "/currencyAmounts/inclVat")]
        created(books, credit_note("1", 200, 50, documentNo="C2"))
        assert books.balances() == {}

    def test_an_interest_note_can_be_credited(self, books: House) -> None:
        """Interest is taken back from the account it went to."""
        created(books, invoice(documentNo="1"))
        created(books, invoice(documentType="IT", documentNo="T1", referenceDocumentNo="1", currencyAmounts=amounts(40, 0)))
        created(books, credit_note("T1", 40, 0, documentNo="C1"))
        assert posting(books, "C1") == [("1500", -40, None), ("8055", 40, "7")]

    @pytest.mark.parametrize("kind", ["RM", "PY", "CN"])
    def test_other_types_cannot(self, books: House, kind: str) -> None:
        """A reminder, a payment or a credit note is not credited."""
        configure(books, "document.creditNoteReference", "OPTIONAL")
        created(books, invoice(documentType=kind, documentNo="X1", currencyAmounts=amounts(10, 0)))
        assert found(books, credit_note("X1", 10, 0, documentNo="C1")) == [("STATE-CONFLICT", "/referenceDocumentNo")]

    def test_it_needs_its_invoice(self, books: House) -> None:
        """A reference is required, known, of the same customer and currency, and not later than the credit note."""
        created(books, invoice(documentNo="1"))
        created(books, invoice(documentNo="2", customerNo="100002"))
        missing = credit_note("1", 10, 0)
        del missing["referenceDocumentNo"]
        assert found(books, missing) == [("REQUIRED", "/referenceDocumentNo")]
        assert found(books, credit_note("9", 10, 0)) == [("DOCUMENT-UNKNOWN", "/referenceDocumentNo")]
        assert found(books, credit_note("2", 10, 0)) == [("TARGET-CONFLICT", "/referenceDocumentNo")]
        assert found(books, credit_note("1", 10, 0, currency="EUR", exchangeRate=11)) == [("TARGET-CONFLICT", "/referenceDocumentNo")]
        assert found(books, credit_note("1", 10, 0, documentDate="2026-10-04")) == [("DATE-ORDER", "/documentDate")]

    def test_its_due_date_is_its_own_date(self, books: House) -> None:
        """Another one is not used, with a warning."""
        created(books, invoice(documentNo="1"))
        assert warned(books, credit_note("1", 10, 0, documentNo="C1", dueDate="2026-12-01")) == [("VALUE-CONFLICT", "/dueDate")]
        assert shown(books, "C1")["dueDate"] == "2026-10-20"
        assert warned(books, credit_note("1", 10, 0, documentNo="C2", dueDate="2026-10-20")) == []

    def test_a_fee_of_the_claim_stays(self, books: House) -> None:
        """Crediting the invoice does not touch costs and interest."""
        created(books, invoice(documentNo="1"))
        created(books, invoice(documentType="RM", documentNo="R1", referenceDocumentNo="1", currencyAmounts=amounts(38, 0)))
        created(books, credit_note("1", 1000, 250, documentNo="C1"))
        assert [item(books, n)["openAmount"] for n in ("1", "R1", "C1")] == [0, 38, 0]

    def test_in_pieces_nothing_is_left_over(self, books: House) -> None:
        """Three thirds and the rest of an odd invoice leave every account at 0."""
        created(books, invoice(documentNo="1", currencyAmounts=amounts("99.99", 25)))
        for number, excl, vat in (("a", "33.33", "8.33"), ("b", "33.33", "8.33"), ("c", "33.33", "8.34")):
            created(books, credit_note("1", excl, vat, documentNo=number))
        assert books.balances() == {}
        assert item(books, "1")["openAmount"] == 0


class TestPayments:
    def test_a_kid_closes_its_claim(self, books: House) -> None:
        """The claim of the KID, with a match that names the rule."""
        created(books, invoice(documentNo="1", kid="0010017"))
        created(books, payment(1250, documentNo="P1", kid="0010017"))
        assert [item(books, n)["status"] for n in ("1", "P1")] == ["CLOSED", "CLOSED"]
        assert books.rows("select source, coverage_order from match") == [("KID", "COSTS-INTEREST-PRINCIPAL")]
        assert books.rows("select amount, exception_code, payment_method from payment") == [(1250, None, "BANK")]

    def test_the_named_document_goes_before_the_kid(self, books: House) -> None:
        """referenceDocumentNo says which claim; the KID is then only kept."""
        created(books, invoice(documentNo="1", kid="0010017"))
        created(books, invoice(documentNo="2"))
        created(books, payment(1250, documentNo="P1", kid="0010017", referenceDocumentNo="2"))
        assert [item(books, n)["openAmount"] for n in ("1", "2")] == [1250, 0]

    def test_more_than_the_claim(self, books: House) -> None:
        """What is left stays on the customer, or goes to the oldest other claim when the client says so."""
        created(books, invoice(documentNo="1", kid="0010017", dueDate="2026-10-20"))
        created(books, invoice(documentNo="2", dueDate="2026-10-19"))
        created(books, invoice(documentNo="3", dueDate="2026-10-18"))
        created(books, payment(1300, documentNo="P1", referenceDocumentNo="1"))
        assert [item(books, n)["openAmount"] for n in ("1", "2", "3", "P1")] == [0, 1250, 1250, -50]
        assert books.rows("select exception_code from payment") == [("OVERPAID",)]
        configure(books, "coverage.excess", "OLDEST-CLAIM")
        created(books, payment(1300, documentNo="P2", referenceDocumentNo="2"))
        assert [item(books, n)["openAmount"] for n in ("2", "3", "P2")] == [0, 1200, 0]

    def test_the_kid_of_a_letter_means_the_claims_it_names(self, books: House) -> None:
        """All of them, with the fee, oldest first."""
        for number, due in (("1", "2026-10-19"), ("2", "2026-10-12"), ("3", "2026-10-05")):
            created(books, invoice(documentNo=number, dueDate=due))
        fees = [line(1, 20, kind="FEE", referenceDocumentNo="1"), line(2, 18, kind="FEE", referenceDocumentNo="2")]
        letter = invoice(
            documentType="RM", documentNo="R1", documentDate="2026-11-02", kid="0010025", currencyAmounts=amounts(38, 0), documentLines=fees
        )
        created(books, letter)
        assert item(books, "R1")["claimArItemId"] is None
        created(books, payment(2538, documentNo="P1", documentDate="2026-11-10", kid="0010025"))
        assert [item(books, n)["openAmount"] for n in ("1", "2", "3", "R1", "P1")] == [0, 0, 1250, 0, 0]

    def test_a_kid_or_document_of_somebody_else(self, books: House) -> None:
        """Refused: a payment never settles another customer's claim; the KID of another customer is somebody else's too."""
        created(books, invoice(documentNo="1", customerNo="100002", kid="0010017"))
        other = books.get("/customers/100002").json()["customerKid"]
        assert found(books, payment(1250, kid="0010017")) == [("TARGET-CONFLICT", "/kid")]
        assert found(books, payment(1250, referenceDocumentNo="1")) == [("TARGET-CONFLICT", "/referenceDocumentNo")]
        assert found(books, payment(1250, kid=other)) == [("TARGET-CONFLICT", "/kid")]

    def test_a_kid_that_nobody_has(self, books: House) -> None:
        """It stays unapplied on the customer, as an exception."""
        assert warned(books, payment(100, documentNo="P1", kid="0010041")) == []
        assert item(books, "P1")["openAmount"] == -100
        assert books.rows("select exception_code from payment") == [("KID-UNKNOWN",)]

    @pytest.mark.parametrize(("credited", "code"), [(True, "ITEM-CREDITED"), (False, "ALREADY-PAID")])
    def test_a_claim_that_is_closed(self, books: House, credited: bool, code: str) -> None:
        """The payment stays unapplied, with the reason."""
        created(books, invoice(documentNo="1", kid="0010017"))
        if credited:
            created(books, credit_note("1", 1000, 250, documentNo="C1"))
        else:
            created(books, payment(1250, documentNo="P1", kid="0010017"))
        created(books, payment(1250, documentNo="P2", kid="0010017"))
        assert item(books, "P2")["openAmount"] == -1250
        assert books.rows("select exception_code from payment where exception_code is not null") == [(code,)]

    def test_another_currency_than_the_claim(self, books: House) -> None:
        """A claim in EUR is not settled by kroner: the payment stays unapplied in its currency."""
        created(books, invoice(documentNo="1", kid="0010017", currency="EUR", exchangeRate=11))
        created(books, payment(1250, documentNo="P1", kid="0010017"))
        assert [item(books, n)["openAmount"] for n in ("1", "P1")] == [1250, -1250]
        assert books.rows("select exception_code from payment") == [("CURRENCY",)]

    def test_a_bank_reference_counts_once(self, books: House) -> None:
        """Case does not count, the bank account does; a document that failed has used nothing."""
        kept = [
            {"bankAccountNo": "12345678903", "currency": "NOK", "glAccount": "1920"},
            {"bankAccountNo": "86011117947", "currency": "NOK", "glAccount": "1920"},
        ]
        configure(books, "bank.accounts", kept)
        created(books, payment(100, documentNo="P1", payment={"bankReference": "Ref-1"}))
        assert found(books, payment(100, documentNo="P2", payment={"bankReference": "REF-1"})) == [("BANK-DUPLICATE", "/payment/bankReference")]
        named = payment(100, documentNo="P2", payment={"bankReference": "ref-1", "bankAccountNo": "12345678903"})
        assert found(books, named) == [("BANK-DUPLICATE", "/payment/bankReference")]
        created(books, payment(100, documentNo="P2", payment={"bankReference": "ref-1", "bankAccountNo": "86011117947"}))

    def test_an_account_that_is_not_the_clients(self, books: House) -> None:
        """The receiving account is one of those the client keeps."""
        configure(books, "bank.accounts", [{"bankAccountNo": "12345678903", "currency": "NOK", "glAccount": "1920"}])
        assert found(books, payment(100, payment={"bankAccountNo": "86011117947"})) == [("CODE-UNKNOWN", "/payment/bankAccountNo")]

    def test_without_automatic_matching(self, books: House) -> None:
        """Only what names its target is matched at booking."""
        configure(books, "matching.auto", False)
        created(books, invoice(documentNo="1", kid="0010017"))
        created(books, payment(500, documentNo="P1", kid="0010017"))
        created(books, payment(600, documentNo="P2", referenceDocumentNo="1"))
        assert [item(books, n)["openAmount"] for n in ("1", "P1", "P2")] == [650, -500, 0]

    @pytest.mark.parametrize(("paid", "open_amount", "sign"), [("1249.50", 0, -1), ("1250.75", 0, 1), ("1249", 1, 0)])
    def test_a_small_difference(self, books: House, paid: str, open_amount: int, sign: int) -> None:
        """Within the limit what is left over is closed by an item of its own against rounding; beyond it stays open."""
        configure(books, "matching.smallDifferenceLimit", 0.99)
        created(books, invoice(documentNo="1", kid="0010017"))
        created(books, payment(paid, documentNo="P1", kid="0010017"))
        assert item(books, "1")["openAmount"] == open_amount
        assert item(books, "P1")["openAmount"] == 0
        differences = books.rows("select sign(original_amount) from ar_item where ar_item_type = 'SD'")
        assert differences == ([(sign,)] if sign else [])

    def test_details_are_shown(self, books: House) -> None:
        """What was said about the payment, with its defaults; other types have no such key."""
        sent = {"bankReference": "R-1", "payerName": "Kari", "payerAccountNo": "86011117947", "paymentMethod": "card"}
        created(books, payment(100, documentNo="P1", payment=sent))
        created(books, invoice(documentNo="1"))
        assert shown(books, "P1")["payment"] == {
            "paymentMethod": "CARD",
            "bankAccountNo": None,
            "bankReference": "R-1",
            "payerName": "Kari",
            "payerAccountNo": "86011117947",
        }
        assert "payment" not in shown(books, "1")
        keys = list(shown(books, "P1"))
        assert keys.index("dimensions") < keys.index("payment") < keys.index("documentLines")
        listed = {d["documentNo"]: d for d in books.get("/documents").json()["documents"]}
        assert listed["P1"]["payment"]["payerName"] == "Kari"
        assert "payment" not in listed["1"]


class TestLetters:
    def test_several_claims(self, books: House) -> None:
        """An interest note over two claims belongs to neither alone; one over a single claim to that."""
        for number in ("1", "2"):
            created(books, invoice(documentNo=number))
        both = [line(1, 10, kind="INT", referenceDocumentNo="1"), line(2, 10, kind="INT", referenceDocumentNo="2")]
        same = [line(1, 10, kind="INT", referenceDocumentNo="2"), line(2, 10, kind="INT", referenceDocumentNo="2")]
        for number, lines in (("T1", both), ("T2", same)):
            created(books, invoice(documentType="IT", documentNo=number, currencyAmounts=amounts(20, 0), documentLines=lines))
        assert item(books, "T1")["claimArItemId"] is None
        assert item(books, "T2")["claimArItemId"] == item(books, "2")["arItemId"]

    def test_an_unknown_claim(self, books: House) -> None:
        """Of the header and of a line, each with its place; another customer's is none of this letter."""
        created(books, invoice(documentNo="2", customerNo="100002"))
        letter = invoice(documentType="RM", currencyAmounts=amounts(38, 0))
        assert found(books, letter | {"referenceDocumentNo": "9"}) == [("DOCUMENT-UNKNOWN", "/referenceDocumentNo")]
        lines = [line(1, 20, kind="FEE"), line(2, 18, kind="FEE", referenceDocumentNo="9")]
        assert found(books, letter | {"documentLines": lines}) == [("DOCUMENT-UNKNOWN", "/documentLines/1/referenceDocumentNo")]
        assert found(books, letter | {"referenceDocumentNo": "2"}) == [("TARGET-CONFLICT", "/referenceDocumentNo")]
