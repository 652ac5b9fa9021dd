"""Auto posting journal: entries as they are sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.api.postings import booked, head, items, lines, refused
from tests.api.support import change_books, configure
from tests.house import House


def debit(amount: Any, account: str = "1920", **values: Any) -> dict[str, Any]:
    """An entry on the debit side of an account."""
    return {"glAccount": account, "debit": amount, **values}


def credit(amount: Any, account: str = "3900", **values: Any) -> dict[str, Any]:
    """An entry on the credit side of an account."""
    return {"glAccount": account, "credit": amount, **values}


class TestJournal:
    def test_lines_as_sent(self, books: House) -> None:
        """In their order, with VAT code and text of their own, else the posting's text."""
        entries = [debit(125), credit(100, "3000", vatCode="3", text="Salg"), credit(25, "2700", vatCode="3")]
        result = booked(books, "journal", {"entries": entries, "text": "Kontant"})[0]
        assert result["amount"] == 125
        assert lines(books, result) == [("1920", 125, None), ("3000", -100, "3"), ("2700", -25, "3")]
        texts = books.rows("select line_text from gl_item where client_no = %s order by line_no", books.client_no)
        assert texts == [("Kontant",), ("Salg",), ("Kontant",)]

    def test_customers_get_items(self, books: House) -> None:
        """A debit is a claim with the due date sent, a credit is credit; both on the control account."""
        account_no = books.get("/customers/100002").json()["accountNo"]
        entries = [{"customerNo": "100001", "debit": 70, "dueDate": "2026-12-24"}, {"accountNo": account_no, "credit": 30}, credit(40)]
        result = booked(books, "journal", {"entries": entries, "postingDate": "2026-11-20"})[0]
        assert lines(books, result) == [("1500", 70, None), ("1500", -30, None), ("3900", -40, None)]
        assert [(i["arItemType"], i["claimKind"], i["customerNo"], i["open"], i["dueDate"], i["itemDate"]) for i in items(books)] == [
            ("MJ", "PRINCIPAL", "100001", 70, "2026-12-24", "2026-11-20"),
            ("MJ", "CREDIT", "100002", -30, "2026-11-20", "2026-11-20"),
        ]
        assert len(result["arItemIds"]) == 2
        assert head(books, result)["journal"] == "MANUAL"

    def test_an_account_may_ask_for_dimensions(self, books: House) -> None:
        """Its entry must have them, or the posting."""
        configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Avdeling", "values": None}])
        assert books.put("/glaccounts/3900", {"glAccount": {"requiredDimensions": [1]}}).status_code == 200
        north = [{"dimensionNo": 1, "value": "N"}]
        assert refused(books, "journal", {"entries": [debit(10), credit(10)]}) == [("REQUIRED", "/entries/1/dimensions")]
        booked(books, "journal", {"entries": [debit(10), credit(10, dimensions=north)]})
        booked(books, "journal", {"entries": [debit(10), credit(10)], "dimensions": north})

    def test_one_customer_twice(self, books: House) -> None:
        """Two entries of one customer are two items."""
        booked(books, "journal", {"entries": [{"customerNo": "100001", "debit": 5}, {"customerNo": "100001", "credit": 5}]})
        assert [item["open"] for item in items(books)] == [5, -5]

    def test_a_foreign_currency(self, books: House) -> None:
        """Every line is converted by itself; the largest that is not a customer's takes the remainder."""
        entries = [{"customerNo": "100001", "debit": 100}, credit(33.33), credit(33.33, "3200"), credit(33.34, "3100")]
        result = booked(books, "journal", {"entries": entries, "currency": "EUR", "exchangeRate": 11.111})[0]
        assert [amount for _, amount, _ in lines(books, result)] == [Decimal("1111.1"), Decimal("-370.33"), Decimal("-370.33"), Decimal("-370.44")]
        assert items(books)[0]["baseOpen"] == Decimal("1111.1")

    def test_dimensions_of_the_entry_go_before_the_postings(self, books: House) -> None:
        """An entry without its own has those of the posting."""
        configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Unit", "values": None}])
        own = {"dimensions": [{"dimensionNo": 1, "value": "A"}]}
        booked(books, "journal", {"entries": [debit(1, **own), credit(1)], "dimensions": [{"dimensionNo": 1, "value": "B"}]})
        rows = books.rows("select dimensions -> 0 ->> 'value' from gl_item where client_no = %s order by line_no", books.client_no)
        assert rows == [("A",), ("B",)]

    def test_five_hundred_entries(self, books: House) -> None:
        """The limit; one more is COUNT."""
        entries = [debit(1) if n % 2 else credit(1) for n in range(500)]
        assert len(lines(books, booked(books, "journal", {"entries": entries})[0])) == 500
        assert refused(books, "journal", {"entries": [*entries, debit(1)]}) == [("COUNT", "/entries")]


class TestRefusals:
    def codes(self, house: House, *entries: dict[str, Any], **values: Any) -> list[tuple[str, str]]:
        """The errors of one journal."""
        return refused(house, "journal", {"entries": list(entries), **values})

    def test_it_must_balance(self, books: House) -> None:
        """UNBALANCED about the entries; one entry alone never balances, none is REQUIRED."""
        assert self.codes(books, debit(1), credit(2)) == [("UNBALANCED", "/entries")]
        assert self.codes(books, debit(1)) == [("UNBALANCED", "/entries")]
        assert self.codes(books) == [("REQUIRED", "/entries")]
        assert refused(books, "journal", {}) == [("REQUIRED", "/entries")]

    def test_exactly_one_side(self, books: House) -> None:
        """Both, neither, and nothing above 0."""
        assert self.codes(books, {"glAccount": "1920", "debit": 1, "credit": 1}, credit(1)) == [("RANGE", "/entries/0/credit")]
        assert self.codes(books, {"glAccount": "1920"}, credit(1)) == [("TARGET-MISSING", "/entries/0/debit")]
        assert self.codes(books, debit(0), credit(1)) == [("RANGE", "/entries/0/debit")]
        assert self.codes(books, debit(-1), credit(1)) == [("RANGE", "/entries/0/debit")]

    def test_accounts(self, books: House) -> None:
        """Unknown, inactive, and a control account, which is only reached by a customer."""
        change_books(books, "update gl_account set active = false where client_no = current_client_no() and gl_account = '3200'")
        assert self.codes(books, debit(1, "9999"), credit(1, "3200")) == [
            ("ACCOUNT-UNKNOWN", "/entries/0/glAccount"),
            ("ACCOUNT-UNKNOWN", "/entries/1/glAccount"),
        ]
        assert self.codes(books, debit(1, "1500"), credit(1)) == [("ACCOUNT-CONTROL", "/entries/0/glAccount")]
        assert self.codes(books, {"debit": 1}, credit(1)) == [("TARGET-MISSING", "/entries/0/glAccount")]
        assert self.codes(books, debit(1, customerNo="100001"), credit(1)) == [("TARGET-CONFLICT", "/entries/0/glAccount")]

    def test_customers(self, books: House) -> None:
        """Unknown ones, and two that differ."""
        account_no = books.get("/customers/100002").json()["accountNo"]
        assert self.codes(books, {"customerNo": "x", "debit": 1}, credit(1)) == [("CUSTOMER-UNKNOWN", "/entries/0/customerNo")]
        assert self.codes(books, {"accountNo": 7, "debit": 1}, credit(1)) == [("CUSTOMER-UNKNOWN", "/entries/0/accountNo")]
        both = {"customerNo": "100001", "accountNo": account_no, "debit": 1}
        assert self.codes(books, both, credit(1)) == [("TARGET-CONFLICT", "/entries/0/customerNo")]

    def test_other_fields(self, books: House) -> None:
        """A VAT code that is none, a dimension not kept, a key unknown, an amount of a whole currency."""
        assert self.codes(books, debit(1, vatCode="99"), credit(1)) == [("CODE-UNKNOWN", "/entries/0/vatCode")]
        bad = {"dimensions": [{"dimensionNo": 3, "value": "x"}]}
        assert self.codes(books, debit(1, **bad), credit(1)) == [("CODE-UNKNOWN", "/entries/0/dimensions/0/dimensionNo")]
        assert self.codes(books, debit(1, text=5), credit(1, other=1)) == [("TYPE", "/entries/0/text"), ("UNKNOWN-FIELD", "/entries/1/other")]
        yen = {"currency": "JPY", "exchangeRate": 0.07}
        assert self.codes(books, debit(1.5), credit(1.5), **yen) == [("PRECISION", "/entries/0/debit"), ("PRECISION", "/entries/1/credit")]
        assert self.codes(books, debit(1), credit(1), currency="EUR") == [("RATE-MISSING", "/exchangeRate")]

    def test_an_amount_beyond_the_ledger(self, books: House) -> None:
        """Fifteen digits in a foreign currency do not fit in base currency: RANGE."""
        most = 9_999_999_999_999
        assert self.codes(books, debit(most), credit(most), currency="EUR", exchangeRate=1000) == [("RANGE", "/entries")]
