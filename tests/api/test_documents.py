"""Documents through the API: posting, amounts, numbers, KIDs, references."""

from __future__ import annotations

from decimal import Decimal

from tests.house import House


class TestCreate:
    def test_an_invoice_is_posted_to_customer_income_and_vat(self, house: House) -> None:
        """An invoice debits the control account and credits income and VAT."""
        result = house.document(documentNo="26001001")
        assert (result["result"], result["documentNo"], result["message"]) == ("CREATED", "26001001", "Document created")
        assert house.balances() == {"1500": Decimal(1250), "3000": Decimal(-1000), "2700": Decimal(-250)}
