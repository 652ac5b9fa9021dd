"""Documents and their customers: created on the way, ignored when they exist, held to their limit."""

from __future__ import annotations

from tests.api.support import amounts, codes, configure, created, found, invoice, line, send, shown, warned
from tests.house import House

NEW = {"name": "Ny Kunde AS", "customerCategory": "BUSN", "dueDays": 20, "postalAddress": {"countryCode": "SE"}}


class TestAutoCreate:
    def test_an_unknown_customer_is_created_with_the_document(self, books: House) -> None:
        """In the same step, with its defaults in force for the document."""
        result = created(books, invoice(documentNo="1", customerNo="N-1", customer=NEW, currencyAmounts=amounts(100, 0)))
        customer = books.get("/customers/N-1").json()
        assert (customer["name"], customer["accountNo"], customer["customerNo"]) == ("Ny Kunde AS", result["accountNo"], "N-1")
        got = shown(books, "1", "glitems")
        assert (got["dueDate"], got["glItems"][1]["vatCode"]) == ("2026-10-25", "52")
        assert books.rows("select event from log_item where customer_no = 'N-1' order by sequence_no") == [
            ("CUSTOMER-CREATED",),
            ("DOCUMENT-POSTED",),
        ]

    def test_the_same_number_may_be_said_twice(self, books: House) -> None:
        """In the customer object too, whatever its case; another number is a conflict."""
        created(books, invoice(documentNo="1", customerNo="N-1", customer={**NEW, "customerNo": "n-1"}))
        wrong = invoice(documentNo="2", customerNo="N-2", customer={**NEW, "customerNo": "N-3"})
        assert found(books, wrong) == [("TARGET-CONFLICT", "/customer/customerNo")]
        assert books.get("/customers/N-3").status_code == 404

    def test_a_number_that_is_no_text(self, books: House) -> None:
        """The customer object is checked like any customer."""
        wrong = invoice(documentNo="2", customerNo="5", customer={**NEW, "customerNo": 5})
        assert found(books, wrong) == [("TYPE", "/customer/customerNo")]

    def test_its_findings_are_the_documents(self, books: House) -> None:
        """With pointers into the customer; an error there fails the document, a warning does not."""
        wrong = invoice(documentNo="1", customerNo="N-1", customer={"name": " ", "postalAddress": {"countryCode": "NX"}, "language": "xx"})
        assert found(books, wrong) == [
            ("REQUIRED", "/customer/name"),
            ("LANGUAGE-CODE", "/customer/language"),
            ("COUNTRY-CODE", "/customer/postalAddress/countryCode"),
        ]
        fine = invoice(documentNo="1", customerNo="N-1", customer={**NEW, "organizationNo": "987654321", "organizationNoScheme": "0192", "zzz": 1})
        assert warned(books, fine) == [("BUSINESS-ID", "/customer/organizationNo"), ("UNKNOWN-FIELD", "/customer/zzz")]

    def test_a_document_that_fails_leaves_no_customer(self, books: House) -> None:
        """All or nothing: no customer, no account number drawn."""
        account = books.get("/customers/100002").json()["accountNo"]
        found(books, invoice(documentNo="1", customerNo="N-1", customer=NEW, currencyAmounts=amounts(1, 1, 3)))
        found(books, invoice(documentNo="1", customerNo="N-1", customer=NEW, documentLines=[line(1, 1000, 250, glAccount="9999")]))
        assert books.get("/customers/N-1").status_code == 404
        assert created(books, invoice(documentNo="1", customerNo="N-1", customer=NEW))["accountNo"] == account + 1

    def test_an_existing_customer_is_not_touched(self, books: House) -> None:
        """The object is ignored, with a warning, even when it is full of mistakes."""
        document = invoice(documentNo="1", customer={"name": "Another", "language": "xx", "zzz": 1})
        assert warned(books, document) == [("CUSTOMER-IGNORED", "/customer")]
        assert books.get("/customers/100001").json()["name"] == "Kari Prøve"

    def test_never_when_the_client_says_so(self, books: House) -> None:
        """document.autoCreateCustomer = NEVER."""
        configure(books, "document.autoCreateCustomer", "NEVER")
        assert found(books, invoice(documentNo="1", customerNo="N-1", customer=NEW)) == [("CUSTOMER-UNKNOWN", "/customerNo")]

    def test_only_the_system_numbers_customers(self, books: House) -> None:
        """A client whose customers are numbered by the system cannot have a chosen number made."""
        configure(books, "series.customer", {"mode": "SYSTEM", "prefix": "", "next": 1, "length": 6})
        assert found(books, invoice(documentNo="1", customerNo="N-1", customer=NEW)) == [("SYSTEM-GIVEN", "/customer/customerNo")]

    def test_in_a_batch_the_next_document_finds_it(self, books: House) -> None:
        """Items see what those before them did; a customer of a failed item does not exist for them."""
        documents = [
            invoice(customerNo="N-1", customer=NEW, currencyAmounts=amounts(1, 1, 3)),
            invoice(customerNo="N-1"),
            invoice(customerNo="N-1", customer=NEW),
            invoice(customerNo="n-1"),
            invoice(customerNo="N-1", customer=NEW),
        ]
        batch = books.batch("/documents/batches", {"documents": documents}, query="?expand=diagnostics")
        assert [item["result"] for item in batch["items"]] == ["FAILED", "FAILED", "CREATED", "CREATED", "CREATED"]
        assert codes(batch["items"][1]["errors"]) == [("CUSTOMER-UNKNOWN", "/customerNo")]
        assert codes(batch["items"][4]["warnings"]) == [("CUSTOMER-IGNORED", "/customer")]
        assert "accountNo" not in batch["items"][0]
        assert batch["items"][0]["customerNo"] == "N-1"
        assert len({item["accountNo"] for item in batch["items"][2:]}) == 1


class TestCreditLimit:
    def test_the_open_total_with_this_document(self, books: House) -> None:
        """A warning when it is above the limit, none when it is just reached; credits count."""
        books.customer("L-1", limitAmount=2500)
        assert warned(books, invoice(documentNo="1", customerNo="L-1")) == []
        assert warned(books, invoice(documentNo="2", customerNo="L-1")) == []
        answer = send(books, invoice(documentNo="3", customerNo="L-1", currencyAmounts=amounts("0.01", 0)))
        (warning,) = answer.json()["warnings"]
        assert (warning["code"], warning["message"]) == ("CREDIT-LIMIT", "The customer's limitAmount 2500 is exceeded")
        created(books, invoice(documentType="PY", customerNo="L-1", currencyAmounts=amounts(1000, 0)))
        assert warned(books, invoice(documentNo="4", customerNo="L-1", currencyAmounts=amounts(500, 0))) == []

    def test_within_one_batch(self, books: House) -> None:
        """Each document counts those before it."""
        books.customer("L-1", limitAmount=2500)
        batch = books.batch("/documents/batches", {"documents": [invoice(customerNo="L-1") for _ in range(3)]}, query="?expand=diagnostics")
        assert [[w["code"] for w in item.get("warnings", [])] for item in batch["items"]] == [[], [], ["CREDIT-LIMIT"]]

    def test_a_limit_of_nothing(self, books: House) -> None:
        """0 is a limit, none is none."""
        books.customer("L-1", limitAmount=0)
        assert [code for code, _ in warned(books, invoice(documentNo="1", customerNo="L-1"))] == ["CREDIT-LIMIT"]
        assert warned(books, invoice(documentNo="2")) == []
