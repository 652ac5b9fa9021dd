"""SAF-T: files that the official schema takes, whose figures are those of the ledger."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any

import pytest
from lxml import etree

from reskontro.kit.messages import Message, render
from reskontro.ledger.books import open_books
from reskontro.receivable.reports.saft import Unfit, saft
from tests.api.postings import BANK_ACCOUNTS, booked
from tests.api.support import amounts, change_books, configure, created, credit_note, exchange_rate, in_order, invoice, line, payment
from tests.house import House
from tests.shared_data import shared_path

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
_SPACE = "{urn:StandardAuditFile-Taxation-Financial:NO}"
_client_nos = count(8_001)


@cache
def schema() -> etree.XMLSchema:
    """The official schema."""
    try:
        path = shared_path("domain/schemas/Norwegian_SAF-T_Financial_Schema_v_1.30.xsd")
    except FileNotFoundError:
        pytest.skip("the schema of the tax administration is not part of the checkout")
    return etree.XMLSchema(etree.parse(str(path)))


@pytest.fixture
def books(module_house: House) -> Iterator[House]:
    """A client whose ledger starts in 2025, with a consumer and a business; after the test its ledger must be in order."""
    house = replace(module_house, client_no=module_house.add_client(next(_client_nos), ledgerStart="2025-01-01", name="Prøve & Sønn <AS>"))
    house.customer("100001", "Kari Prøve", phoneNo="+47 22 22 22 22", emailAddressDocument=["kari@kunde.example"], dueDays=21)
    address = {"addressLine1": "Skogveien 1", "addressLine2": "Bygg B", "addressLine3": "Inngang 2", "postalCode": "0150", "cityName": "Oslo"}
    house.customer("100002", "Skogly Prøvedrift AS", organizationNo="123456785", postalAddress=address, bankAccountNo="12345678903")
    yield house
    in_order(house)


class File:
    """A SAF-T file that was read back."""

    def __init__(self, content: bytes, name: str, warnings: list[Message]) -> None:
        self.content = content
        self.name = name
        self.warnings = warnings
        self.root = etree.fromstring(content)

    def all(self, path: str, under: Any = None) -> list[Any]:
        """Elements by a path of names."""
        steps = "/".join(f"{_SPACE}{step}" for step in path.split("/"))
        return list((self.root if under is None else under).iterfind(f".//{steps}"))

    def text(self, path: str, under: Any = None) -> str | None:
        """The text of the first element of a path."""
        found = self.all(path, under)
        return found[0].text if found else None

    def texts(self, path: str, under: Any = None) -> list[str]:
        """The texts of all elements of a path."""
        return [entry.text for entry in self.all(path, under)]

    def amount(self, under: Any) -> Decimal:
        """Debit less credit of a line."""
        debit, credit = self.text("DebitAmount/Amount", under), self.text("CreditAmount/Amount", under)
        return Decimal(debit or 0) - Decimal(credit or 0)

    def balances(self, kind: str, key: str) -> dict[str, tuple[Decimal, Decimal]]:
        """Opening and closing, debit positive, of elements by one of their texts."""
        found: dict[str, tuple[Decimal, Decimal]] = {}
        for entry in self.all(kind):
            both = []
            for moment in ("Opening", "Closing"):
                debit, credit = self.text(f"{moment}DebitBalance", entry), self.text(f"{moment}CreditBalance", entry)
                both.append(Decimal(debit or 0) - Decimal(credit or 0))
            found[str(self.text(key, entry))] = (both[0], both[1])
        return found


def export(house: House, gl_year: int = 2026, from_period: int = 1, to_period: int = 12) -> File:
    """A file of periods that is valid and adds up."""
    with house.database.transaction(house.client_no, snapshot=True) as transaction:
        asked = {"glYear": gl_year, "fromPeriod": from_period, "toPeriod": to_period}
        made = saft(transaction, open_books(transaction, house.client_no), asked, NOW, "anne")
        file = File(b"".join(made.pieces), made.file_name, list(made.warnings))
    schema().assertValid(file.root)
    adds_up(house, file, gl_year, from_period, to_period)
    return file


def export_after(house: House, statement: str) -> None:
    """Ask for a file after a statement, and let nothing of it stay when the file is refused."""
    with house.database.transaction(house.client_no) as transaction:
        transaction.execute(statement.encode(), (house.client_no,))
        saft(transaction, open_books(transaction, house.client_no), {"glYear": 2026, "fromPeriod": 1, "toPeriod": 12}, NOW, "anne")


def adds_up(house: House, file: File, gl_year: int, from_period: int, to_period: int) -> None:
    """Require that the file agrees with the ledger and with itself."""
    span = (house.client_no, gl_year, from_period, to_period)
    in_span = "client_no = %s and gl_year = %s and gl_period between %s and %s"
    totals = house.rows(
        "select count(distinct transaction_no), coalesce(sum(greatest(amount, 0)), 0), coalesce(sum(greatest(-amount, 0)), 0), count(*)"
        f" from gl_item where {in_span}",
        *span,
    )[0]
    transactions = file.all("Journal/Transaction")
    lines = file.all("Transaction/Line")
    assert len(transactions) == totals[0] == int(str(file.text("GeneralLedgerEntries/NumberOfEntries")))
    assert Decimal(str(file.text("GeneralLedgerEntries/TotalDebit"))) == totals[1] == sum((max(file.amount(entry), 0) for entry in lines), Decimal(0))
    assert (
        Decimal(str(file.text("GeneralLedgerEntries/TotalCredit"))) == totals[2] == sum((max(-file.amount(entry), 0) for entry in lines), Decimal(0))
    )
    assert len(lines) == totals[3]
    for entry in transactions:
        assert sum(file.amount(part) for part in file.all("Line", entry)) == 0
    accounts = file.balances("Account", "AccountID")
    assert sum(opening for opening, _ in accounts.values()) == sum(closing for _, closing in accounts.values()) == 0
    moved = dict.fromkeys(accounts, Decimal(0))
    for entry in lines:
        moved[str(file.text("AccountID", entry))] += file.amount(entry)
    assert {account: closing - opening for account, (opening, closing) in accounts.items()} == moved
    customers = file.balances("Customer", "CustomerID")
    for moment in (0, 1):
        assert sum(balance[moment] for balance in customers.values()) == accounts.get("1500", (Decimal(0), Decimal(0)))[moment]
    owed = {customer_no: Decimal(0) for customer_no in customers}
    for entry in lines:
        customer_no = file.text("CustomerID", entry)
        assert (customer_no is not None) == (file.text("AccountID", entry) == "1500")
        if customer_no is not None:
            owed[customer_no] += file.amount(entry)
    assert {number: closing - opening for number, (opening, closing) in customers.items()} == owed
    assert set(file.texts("TaxInformation/TaxCode")) <= set(file.texts("TaxCodeDetails/TaxCode"))
    used = {(file.text("AnalysisType", entry), file.text("AnalysisID", entry)) for entry in file.all("Line/Analysis")}
    known = {(file.text("AnalysisType", entry), file.text("AnalysisID", entry)) for entry in file.all("AnalysisTypeTableEntry")}
    assert used == known


def everything(house: House) -> None:
    """A year with every type of document and posting, in 2025 and 2026."""
    configure(house, "bank.accounts", BANK_ACCOUNTS)
    configure(
        house, "gl.dimensions", [{"dimensionNo": 1, "name": "Avdeling", "values": None}, {"dimensionNo": 2, "name": "Prosjekt", "values": None}]
    )
    exchange_rate(house, "EUR", "11.5", "2025-01-01")
    both = [line(1, 1000, 250, dimensions=[{"dimensionNo": 1, "value": "Nord & Sør"}, {"dimensionNo": 2, "value": "P1"}]), line(2, 400, 60)]
    created(house, invoice(documentNo="O1", documentDate="2025-11-03", currencyAmounts=amounts(500, 125)))
    created(house, invoice(documentNo="A1", currencyAmounts=amounts(1400, 310), documentLines=both))
    created(house, invoice(documentNo="A2", customerNo="100002", currency="EUR", currencyAmounts=amounts("33.33", "8.33")))
    created(house, invoice(documentNo="A3", customerNo="100002", currencyAmounts=amounts(200, 0)))
    created(house, credit_note("A1", 1000, 250, documentNo="C1", documentLines=[line(1, 1000, 250)]))
    created(house, payment(500, documentNo="P1", referenceDocumentNo="O1"))
    created(house, invoice(documentType="IT", documentNo="T1", documentDate="2026-11-02", currencyAmounts=amounts(12, 0), referenceDocumentNo="A1"))
    created(house, invoice(documentType="RM", documentNo="R1", documentDate="2026-11-02", currencyAmounts=amounts(38, 0), referenceDocumentNo="A1"))
    paid = booked(house, "payment", {"customerNo": "100001", "amount": 1000, "paymentDate": "2026-11-05", "postingDate": "2026-11-05"})[0]
    booked(house, "reversal", {"glYear": 2026, "transactionNo": paid["transactionNo"], "reason": "Feil kunde <100001>"})
    booked(house, "payment", {"documentNo": "A2", "amount": 41, "currency": "EUR", "exchangeRate": 11.9, "paymentDate": "2026-11-06"})
    booked(house, "writeoff", {"documentNo": "A1", "reasonCode": "BAD-DEBT", "reason": "Konkurs", "amount": 100, "vatRelief": True})
    booked(house, "transfer", {"documentNo": "A3", "toCustomerNo": "100001"})
    booked(house, "fee", {"documentNo": "A2", "feeCode": "OTHER", "amount": 10})
    booked(
        house,
        "journal",
        {"entries": [{"glAccount": "1920", "debit": 125}, {"glAccount": "3000", "credit": 100, "vatCode": "3"}, {"glAccount": "2700", "credit": 25}]},
    )


class TestEverything:
    def test_two_years(self, books: House) -> None:
        """Every kind of document and posting: each year's file, and one of a few periods, is valid and adds up."""
        everything(books)
        whole = export(books)
        assert export(books, 2025).text("GeneralLedgerEntries/NumberOfEntries") == "1"
        assert whole.texts("Journal/JournalID") == ["SALES", "PAYMENTS", "NOTES", "AUTO", "MANUAL", "REVERSAL"]
        assert export(books, 2026, 11, 11).all("Transaction")
        assert whole.warnings == []

    def test_the_same_bytes_again(self, books: House) -> None:
        """A file of the same moment is the same file."""
        everything(books)
        assert export(books).content == export(books).content

    def test_the_result_nobody_booked(self, books: House) -> None:
        """The income of 2025 opens 2026 as one calculated line on 2050; income itself opens at 0."""
        everything(books)
        accounts = export(books).balances("Account", "AccountID")
        assert accounts["2050"] == (-500, -500)
        assert accounts["3000"][0] == 0
        assert accounts["1500"][0] == 625

    def test_an_equity_account_of_the_clients_own(self, books: House) -> None:
        """What was booked to 2050 and the calculated result are one account."""
        everything(books)
        own = {"name": "Annen egenkapital", "accountType": "LIABILITY", "standardAccount": "2050"}
        assert books.put("/glaccounts/2050", {"glAccount": own}).status_code == 201
        booked(books, "journal", {"entries": [{"glAccount": "1920", "debit": 70}, {"glAccount": "2050", "credit": 70}]})
        file = export(books)
        assert file.balances("Account", "AccountID")["2050"] == (-500, -570)
        assert file.texts("Account/AccountID").count("2050") == 1


class TestEmpty:
    def test_a_period_without_postings(self, books: House) -> None:
        """Balances and customers as they stand, no journal."""
        everything(books)
        file = export(books, 2026, 2, 2)
        assert (file.text("NumberOfEntries"), file.text("TotalDebit"), file.all("Journal")) == ("0", "0.00", [])
        assert file.balances("Customer", "CustomerID") == {"100001": (625, 625)}

    def test_a_new_ledger(self, books: House) -> None:
        """Nothing was ever posted: no accounts and no customers, which the schema has only when there is one."""
        file = export(books)
        assert (file.all("Customers"), file.all("GeneralLedgerAccounts")) == ([], [])

    def test_periods_the_ledger_does_not_have(self, books: House) -> None:
        """A year before the ledger's start is refused; months before it in its first year are not."""
        with pytest.raises(Unfit) as refused:
            export(books, 2024)
        assert refused.value.message.code == "RANGE"


class TestElements:
    def test_the_header(self, books: House) -> None:
        """Who it is about, who made it, and which periods."""
        file = export(books, 2026, 10, 11)
        header = file.all("Header")[0]
        names = ("AuditFileVersion", "AuditFileCountry", "AuditFileDateCreated", "DefaultCurrencyCode", "TaxAccountingBasis", "UserID")
        assert [file.text(name, header) for name in names] == ["1.30", "NO", "2026-11-25", "NOK", "A", "anne"]
        assert [file.text(f"Company/{name}", header) for name in ("RegistrationNumber", "Name")] == ["310044113", "Prøve & Sønn <AS>"]
        assert file.text("TaxRegistration/TaxRegistrationNumber", header) == "310044113MVA"
        periods = ("PeriodStart", "PeriodStartYear", "PeriodEnd", "PeriodEndYear")
        assert [file.text(f"SelectionCriteria/{name}", header) for name in periods] == ["10", "2026", "11", "2026"]
        assert file.name == "SAF-T Financial_310044113_20261125130000_1_1.xml"

    def test_a_customer(self, books: House) -> None:
        """Address, contact, bank account and terms; no national identity number."""
        books.customer("100003", "Ola Prøve", ssn="13097248022")
        for number in ("100001", "100002", "100003"):
            created(books, invoice(documentNo=f"K{number}", customerNo=number))
        file = export(books)
        kari, skogly, _ = file.all("Customer")
        assert (file.text("Contact/Telephone", kari), file.text("Contact/Email", kari)) == ("+47 22 22 22 22", "kari@kunde.example")
        assert (file.text("PaymentTerms/Days", kari), file.text("PartyInfo/Type", kari)) == ("21", "Private")
        address = ("StreetName", "AdditionalAddressDetail", "City", "PostalCode", "Country")
        assert [file.text(f"Address/{name}", skogly) for name in address] == ["Skogveien 1", "Bygg B, Inngang 2", "Oslo", "0150", "NO"]
        assert (file.text("RegistrationNumber", skogly), file.text("BankAccount/BankAccountNumber", skogly)) == ("123456785", "12345678903")
        assert (file.text("PartyInfo/Type", skogly), b"13097248022" in file.content) == ("Company", False)

    def test_an_account_outside_the_list(self, books: House) -> None:
        """Accounts have the category of their standard account; without one, or with one that the list does not know, NA."""
        own = {"name": "Prøvekonto", "accountType": "INCOME"}
        assert books.put("/glaccounts/3999", {"glAccount": own}).status_code == 201
        created(books, invoice(documentNo="1", documentLines=[line(1, 1000, 250, glAccount="3999")]))
        file = export(books)
        grouping = [(file.text("AccountID", a), file.text("GroupingCategory", a), file.text("GroupingCode", a)) for a in file.all("Account")]
        assert grouping == [("1500", "balanseverdiForOmloepsmiddel", "1500"), ("2700", "kortsiktigGjeld", "2740"), ("3999", "NA", "NA")]

    def test_an_invoice(self, books: House) -> None:
        """What a line of each kind says."""
        result = created(books, invoice(documentNo="26001", kid="0010017", dueDate="2026-10-19"))
        file = export(books)
        entry = file.all("Transaction")[0]
        head = ("TransactionID", "Period", "PeriodYear", "TransactionDate", "VoucherType", "VoucherDescription", "Description", "GLPostingDate")
        assert [file.text(name, entry) for name in head] == ["1", "10", "2026", "2026-10-05", "IN", "Faktura", "Faktura 26001", "2026-10-05"]
        assert file.text("SystemEntryDate", entry) == "2026-11-25"
        claim, income, vat = file.all("Line", entry)
        about = ("AccountID", "SourceDocumentID", "CustomerID", "ReferenceNumber", "CID", "DueDate", "DebitAmount/Amount")
        assert [file.text(name, claim) for name in about] == ["1500", "26001", "100001", "26001", "0010017", "2026-10-19", "1250.00"]
        tax = ("TaxType", "TaxCode", "TaxPercentage", "Country", "TaxBase", "CreditTaxAmount/Amount")
        assert [file.text(f"TaxInformation/{name}", income) for name in tax] == ["MVA", "3", "25", "NO", "1000.00", "250.00"]
        assert (file.all("TaxInformation", vat), file.all("TaxInformation", claim)) == ([], [])
        assert result["status"] == "PROCESSED"

    def test_vat_over_several_lines(self, books: House) -> None:
        """Income of one code on two sets of dimensions: the VAT of the code is divided over them, and adds up to what was posted."""
        configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Avdeling", "values": None}])
        lines = [line(n, 100, 25, dimensions=[{"dimensionNo": 1, "value": str(n)}]) for n in (1, 2, 3)]
        created(books, invoice(documentNo="1", currencyAmounts=amounts(300, "74.98"), documentLines=lines))
        file = export(books)
        taxes = [Decimal(tax) for tax in file.texts("TaxInformation/CreditTaxAmount/Amount")]
        assert (len(taxes), sum(taxes)) == (3, Decimal("74.98"))
        assert file.texts("AnalysisTypeTableEntry/AnalysisTypeDescription") == ["Avdeling"] * 3

    def test_the_vat_of_a_loss(self, books: House) -> None:
        """VAT relief of a loss stands on the VAT account alone, so it is told there, with the base that its rate gives."""
        created(books, invoice(documentNo="1"))
        booked(books, "writeoff", {"documentNo": "1", "reasonCode": "BAD-DEBT", "reason": "Konkurs", "vatRelief": True})
        file = export(books)
        relief = file.all("Transaction")[1]
        assert file.texts("TaxInformation/TaxBase", relief) == ["1000.00"]
        assert file.texts("TaxInformation/DebitTaxAmount/Amount", relief) == ["250.00"]

    def test_a_foreign_currency(self, books: House) -> None:
        """Amounts in base currency, and beside them those of the document with its rate."""
        exchange_rate(books, "EUR", "11.5")
        created(books, invoice(documentNo="1", currency="EUR", currencyAmounts=amounts(100, 25)))
        claim = export(books).all("Line")[0]
        parts = ("Amount", "CurrencyCode", "CurrencyAmount", "ExchangeRate")
        assert [claim.findtext(f"{_SPACE}DebitAmount/{_SPACE}{name}") for name in parts] == ["1437.50", "EUR", "125.00", "11.50000000"]

    def test_an_exchange_difference_has_no_foreign_amount(self, books: House) -> None:
        """It is in base currency only."""
        exchange_rate(books, "EUR", "11.5")
        created(books, invoice(documentNo="1", currency="EUR", currencyAmounts=amounts(100, 25)))
        booked(books, "payment", {"documentNo": "1", "amount": 125, "currency": "EUR", "exchangeRate": 12, "paymentDate": "2026-11-06"})
        file = export(books)
        (difference,) = [entry for entry in file.all("Transaction") if file.text("VoucherType", entry) == "EX"]
        assert sorted(file.amount(part) for part in file.all("Line", difference)) == [Decimal("-62.50"), Decimal("62.50")]
        assert file.texts("CurrencyAmount", difference) == []
        assert "-0.00" not in [element.text for element in file.all("CurrencyAmount")]

    def test_a_dimension_named_since(self, books: House) -> None:
        """Named today, it has that name in the file of an earlier period too."""
        coded = line(1, 1000, 250, dimensions=[{"dimensionNo": 1, "value": "N"}])
        configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Avdeling"}])
        created(books, invoice(documentNo="1", documentLines=[coded]))
        change_books(books, "update client_config set valid_from = '2026-11-25' where config_key = 'gl.dimensions'")
        assert export(books, 2026, 10, 10).texts("AnalysisTypeTableEntry/AnalysisTypeDescription") == ["Avdeling"]


class TestTexts:
    def test_long_texts_are_cut(self, books: House) -> None:
        """With a warning that names customer and field."""
        email = f"{'a' * 60}@{'b' * 20}.example"
        books.customer("100009", "N" * 100, emailAddressDocument=[email])
        created(books, invoice(documentNo="1", customerNo="100009"))
        file = export(books)
        assert (file.text("Customer/Name"), file.text("Customer/Contact/Email")) == ("N" * 100, email[:70])
        assert file.text("Customer/Contact/ContactPerson/LastName") == "N" * 70
        assert [(warning.code, warning.pointer) for warning in file.warnings] == [
            ("LENGTH", "/100009/name"),
            ("LENGTH", "/100009/emailAddressDocument"),
        ]
        assert render(file.warnings[1], "en") == "100009: emailAddressDocument must have at most 70 characters"

    def test_a_long_user_is_cut_once(self, books: House) -> None:
        """Whoever posted many transactions is warned about once."""
        for number in ("1", "2"):
            sent = {"metadata": {"userId": "u" * 64}, "document": invoice(documentNo=number)}
            assert books.post("/documents", sent).status_code == 201
        file = export(books)
        assert file.texts("Transaction/SourceID") == ["u" * 35] * 2
        assert [warning.field for warning in file.warnings] == ["createdBy"]


class TestUnfit:
    @pytest.mark.parametrize(
        ("broken", "pointer"),
        [
            ("update account_balance set debit = debit + 1 where client_no = %s and gl_account = '1500'", "/closings"),
            (
                "update account_balance set debit = debit + 1, credit = credit + case when gl_account = '3000' then 2 else 0 end"
                " where client_no = %s and gl_account in ('1500', '3000')",
                "/glAccounts/1500",
            ),
        ],
    )
    def test_a_ledger_that_does_not_balance(self, books: House, broken: str, pointer: str) -> None:
        """Is refused before the first byte is made."""
        created(books, invoice(documentNo="1"))
        with pytest.raises(Unfit) as refused:
            export_after(books, broken)
        assert (refused.value.message.code, refused.value.message.pointer) == ("UNBALANCED", pointer)


class TestReport:
    def ask(self, house: House, **values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The batch of a report, and its item."""
        report = {"reportType": "SAF-T", "format": "XML", "glYear": 2026, "fromPeriod": 1, "toPeriod": 12, **values}
        batch = house.batch("/actions/reports", {"metadata": {"userId": "anne"}, "report": report}, query="?expand=diagnostics")
        assert len(batch["items"]) == 1, batch
        return batch, batch["items"][0]

    def test_a_file_of_the_client(self, books: House) -> None:
        """Asked for over the API: a file of type SAF-T with its name, whose content is valid, and warnings at the item."""
        everything(books)
        books.customer("100009", "N" * 100, emailAddressDocument=["kari@kunde.example"])
        created(books, invoice(documentNo="L1", customerNo="100009"))
        batch, item = self.ask(books)
        assert (batch["result"], item["result"]) == ("SUCCESS", "CREATED")
        assert [warning["field"] for warning in item["warnings"]] == ["name"]
        found = books.get(f"/files/{item['fileId']}?expand=content").json()
        assert (found["fileType"], found["contentType"]) == ("SAF-T", "application/xml")
        assert found["fileName"].startswith("SAF-T Financial_310044113_20261125")
        file = File(base64.b64decode(found["content"]), found["fileName"], [])
        schema().assertValid(file.root)
        adds_up(books, file, 2026, 1, 12)
        assert file.text("Header/UserID") == "anne"

    def test_a_ledger_that_does_not_balance(self, books: House) -> None:
        """One FAILED item that says where, and no file."""
        created(books, invoice(documentNo="1"))
        damage = "update account_balance set debit = debit + %s where client_no = current_client_no() and gl_account = '1500'"
        change_books(books, damage, 1)
        _, item = self.ask(books)
        change_books(books, damage, -1)
        assert (item["result"], [error["code"] for error in item["errors"]]) == ("FAILED", ["UNBALANCED"])
        assert "fileId" not in item
        assert books.rows("select count(*) from file") == [(0,)]
