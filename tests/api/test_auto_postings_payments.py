"""Auto postings of money: what a payment means and settles, and what a refund pays back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.api.postings import BANK_ACCOUNTS, booked, head, items, lines, matches, open_amounts, payments, refused
from tests.api.support import amounts, change_books, configure, created, credit_note, exchange_rate, invoice
from tests.house import House

DAY = {"paymentDate": "2026-11-02", "postingDate": "2026-11-02"}


def pay(amount: Any, **values: Any) -> dict[str, Any]:
    """A payment of 2 November."""
    return {"amount": amount, **DAY, **values}


def two_claims(house: House) -> list[dict[str, Any]]:
    """Two invoices of customer 100001 over 500, due on 1 and 15 October, with KIDs."""
    return [
        created(house, invoice(documentNo=number, documentDate="2026-09-20", dueDate=due, kid=kid, currencyAmounts=amounts(400, 100)))
        for number, due, kid in (("1", "2026-10-01", "0010017"), ("2", "2026-10-15", "0010025"))
    ]


class TestPayment:
    def test_what_is_booked(self, books: House) -> None:
        """The bank account against the control account, a PY item dated as paid, and a payment beside it."""
        configure(books, "bank.accounts", BANK_ACCOUNTS)
        details = {"paymentMethod": "MOBILE", "bankAccountNo": "8601.11.17947", "bankReference": "R-1", "payerName": "Kari", "payerAccountNo": "1"}
        sent = pay(100, customerNo="100001", paymentDate="2026-10-30", text="Vipps", payment=details)
        result = booked(books, "payment", sent)[0]
        assert lines(books, result) == [("1500", -100, None), ("1920", 100, None)]
        assert head(books, result) == {
            "journal": "PAYMENTS",
            "glDate": "2026-11-02",
            "documentDate": "2026-10-30",
            "currency": "NOK",
            "rate": 1,
            "text": "Vipps",
            "createdBy": books.rows("select actor from log_item where client_no = %s order by sequence_no desc limit 1", books.client_no)[0][0],
            "reverses": None,
        }
        item = items(books)[0]
        assert (item["arItemType"], item["claimKind"], item["original"], item["itemDate"], item["dueDate"]) == (
            "PY",
            "CREDIT",
            -100,
            "2026-10-30",
            "2026-10-30",
        )
        kept = payments(books)[0]
        assert (kept["amount"], kept["method"], kept["bankReference"], kept["placed"]) == (100, "MOBILE", "R-1", True)
        assert kept["exception"] == "ALREADY-PAID"

    @pytest.mark.parametrize("key", ["arItemId", "documentUuid", "documentNo", "referenceNo", "kid"])
    def test_each_key_means_its_claim(self, books: House, key: str) -> None:
        """The second invoice is settled, though the first is older."""
        created(books, invoice(documentNo="1", dueDate="2026-10-06"))
        second = created(books, invoice(documentNo="2", referenceNo="Ref-2", kid="0010025", dueDate="2026-10-20"))
        value = {"documentNo": "2", "referenceNo": "REF-2", "kid": "001 0025"}.get(key) or second[key]
        booked(books, "payment", pay(1250, **{key: value}))
        assert open_amounts(books, "IN") == [1250, 0]
        source = {"arItemId": "MANUAL", "referenceNo": "REFERENCE", "kid": "KID"}.get(key, "DOCUMENT-NO")
        assert matches(books) == [(source, "ACTIVE", [1250, -1250])]

    @pytest.mark.parametrize("key", ["customerNo", "accountNo", "kid"])
    def test_a_customer_alone_means_all_his_claims_by_due_date(self, books: House, key: str) -> None:
        """600 for claims of 500 and 500: the older is closed, 400 is left of the younger."""
        account_no = books.customer("100003")["accountNo"]
        own_kid = books.get("/customers/100003").json()["customerKid"]
        for number, due in (("1", "2026-10-15"), ("2", "2026-10-01")):
            created(books, invoice(customerNo="100003", documentNo=number, documentDate="2026-09-20", dueDate=due, currencyAmounts=amounts(400, 100)))
        booked(books, "payment", pay(600, **{key: {"customerNo": "100003", "accountNo": account_no, "kid": own_kid}[key]}))
        assert open_amounts(books, "IN") == [400, 0]

    @pytest.mark.parametrize(("order", "left"), [("COSTS-INTEREST-PRINCIPAL", [788, 0]), ("PRINCIPAL-INTEREST-COSTS", [750, 38])])
    def test_the_coverage_order_inside_a_claim(self, books: House, order: str, left: list[int]) -> None:
        """An invoice of 1250 with a reminder of 38, paid with 500 and the invoice's KID."""
        configure(books, "coverage.order", order)
        created(books, invoice(documentNo="1", dueDate="2026-10-19", kid="0010017"))
        fee_line = {"lineNo": 1, "lineType": "FEE", "currencyAmounts": amounts(38, 0), "referenceDocumentNo": "1"}
        letter = {"documentType": "RM", "documentNo": "R1", "documentDate": "2026-11-05", "currencyAmounts": amounts(38, 0)}
        created(books, invoice(**letter, documentLines=[fee_line]))
        booked(books, "payment", pay(500, kid="0010017", paymentDate="2026-11-10", postingDate="2026-11-10"))
        assert open_amounts(books, "IN") + open_amounts(books, "RM") == left
        assert books.rows("select coverage_order from match where client_no = %s", books.client_no) == [(order,)]

    def test_the_kid_of_a_letter_means_every_claim_it_names(self, books: House) -> None:
        """The debtor pays the total of the letter with its KID."""
        two_claims(books)
        named = [{"lineNo": n, "lineType": "FEE", "currencyAmounts": amounts(19, 0), "referenceDocumentNo": str(n)} for n in (1, 2)]
        letter = {"documentType": "RM", "documentNo": "R1", "documentDate": "2026-11-01", "kid": "0010033"}
        created(books, invoice(**letter, currencyAmounts=amounts(38, 0), documentLines=named))
        created(books, invoice(documentNo="3", documentDate="2026-09-01", dueDate="2026-09-02"))
        booked(books, "payment", pay(1038, kid="0010033"))
        assert open_amounts(books, "IN") == [0, 0, 1250]
        assert open_amounts(books, "RM") == [0]

    @pytest.mark.parametrize(("excess", "left"), [("UNAPPLIED", ([0, 500], -100, "OVERPAID")), ("OLDEST-CLAIM", ([0, 400], 0, None))])
    def test_what_is_left_goes_by_coverage_excess(self, books: House, excess: str, left: tuple[list[int], int, str | None]) -> None:
        """The remainder stays open, or goes to the customer's other claims."""
        configure(books, "coverage.excess", excess)
        two_claims(books)
        booked(books, "payment", pay(600, kid="0010017"))
        assert (open_amounts(books, "IN"), open_amounts(books, "PY")[0], payments(books)[0]["exception"]) == left

    def test_what_was_paid_before_goes_to_the_next_claim_too(self, books: House) -> None:
        """With OLDEST-CLAIM the KID of a closed claim leaves the whole payment for the others."""
        configure(books, "coverage.excess", "OLDEST-CLAIM")
        two_claims(books)
        booked(books, "payment", pay(500, kid="0010017"), pay(300, kid="0010017"))
        assert open_amounts(books, "IN") == [0, 200]

    @pytest.mark.parametrize(
        ("target", "settled"), [({"customerNo": "100001"}, 500), ({"kid": "0010017"}, 500), ({"referenceNo": "R"}, 500), ({"documentNo": "1"}, 0)]
    )
    def test_without_automatic_matching_only_a_named_target_is_matched(self, books: House, target: dict[str, str], settled: int) -> None:
        """matching.auto false leaves payments by customer, KID and reference unapplied."""
        configure(books, "matching.auto", False)
        created(books, invoice(documentNo="1", kid="0010017", referenceNo="R", currencyAmounts=amounts(400, 100)))
        booked(books, "payment", pay(500, **target))
        assert open_amounts(books, "IN") == [settled]

    def test_a_small_difference_is_closed(self, books: House) -> None:
        """An underpayment and an overpayment within the limit are written off by the match."""
        configure(books, "matching.smallDifferenceLimit", 1)
        two_claims(books)
        booked(books, "payment", pay(499.5, kid="0010017"), pay(500.9, kid="0010025"))
        assert open_amounts(books) == [0] * 6
        assert books.balances()["7740"] == Decimal("-0.4")

    def test_a_claim_that_is_paid_or_credited(self, books: House) -> None:
        """The payment is booked and stays with the customer; the exception says why."""
        two_claims(books)
        created(books, credit_note("2", 400, 100))
        booked(books, "payment", pay(500, kid="0010017"), pay(500, kid="0010017"), pay(500, documentNo="2"))
        assert [payment["exception"] for payment in payments(books)] == [None, "ALREADY-PAID", "ITEM-CREDITED"]

    def test_a_customer_in_another_currency_than_his_claims(self, books: House) -> None:
        """No match across currencies: the payment waits, with CURRENCY."""
        two_claims(books)
        booked(books, "payment", pay(50, customerNo="100001", currency="EUR", exchangeRate=11.25))
        assert open_amounts(books) == [500, 500, -50]
        assert payments(books)[0]["exception"] == "CURRENCY"
        assert books.balances()["1920"] == Decimal("562.5")

    def test_the_rate_of_the_day_it_was_paid(self, books: House) -> None:
        """Without a rate the client's own of the payment date is taken; without one RATE-MISSING."""
        exchange_rate(books, "EUR", "11.5", "2026-10-01")
        exchange_rate(books, "EUR", "12", "2026-11-01")
        booked(books, "payment", pay(10, customerNo="100001", currency="EUR", paymentDate="2026-10-31"))
        assert books.balances()["1920"] == 115
        assert refused(books, "payment", pay(10, customerNo="100001", currency="SEK")) == [("RATE-MISSING", "/exchangeRate")]

    def test_a_rate_of_the_base_currency_is_not_used(self, books: House) -> None:
        """WARNING VALUE-CONFLICT, in the result."""
        result = booked(books, "payment", pay(10, customerNo="100001", exchangeRate=2))[0]
        assert [(w["code"], w["field"], w["pointer"]) for w in result["warnings"]] == [
            ("VALUE-CONFLICT", "exchangeRate", "/autoPostings/0/exchangeRate")
        ]
        assert books.balances()["1920"] == 10

    def test_a_whole_currency(self, books: House) -> None:
        """PRECISION for half a yen."""
        sent = pay(10.5, customerNo="100001", currency="JPY", exchangeRate=0.07)
        assert refused(books, "payment", sent) == [("PRECISION", "/amount")]

    def test_a_first_posting_fixes_the_control_account(self, books: House) -> None:
        """It is that of the rule for invoices, and stays when the rule changes."""
        booked(books, "payment", pay(1, customerNo="100002"))
        change_books(books, "update posting_rule set control_account = '1510' where client_no = current_client_no() and event = 'IN'")
        result = booked(books, "payment", pay(1, customerNo="100002"))[0]
        assert lines(books, result)[0][0] == "1500"


class TestAllocations:
    def test_exact_parts(self, books: House) -> None:
        """The parts as sent, whatever the coverage order; the rest stays open."""
        first, second = two_claims(books)
        parts = [{"arItemId": second["arItemId"], "amount": 300}, {"arItemId": first["arItemId"], "amount": 100}]
        booked(books, "payment", pay(450, customerNo="100001", allocations=parts))
        assert open_amounts(books) == [400, 200, -50]
        assert matches(books) == [("MANUAL", "ACTIVE", [300, 100, -400])]

    def test_the_rest_by_coverage_excess(self, books: House) -> None:
        """OLDEST-CLAIM gives it to claims that were not allocated to."""
        configure(books, "coverage.excess", "OLDEST-CLAIM")
        first, second = two_claims(books)
        booked(books, "payment", pay(450, customerNo="100001", allocations=[{"arItemId": second["arItemId"], "amount": 300}]))
        assert open_amounts(books) == [350, 200, 0]
        assert first["documentNo"] == "1"

    def test_refusals(self, books: House) -> None:
        """Too much of an item, more than was paid, an item twice, another customer's, an unknown one."""
        first, _ = two_claims(books)
        other = created(books, invoice(customerNo="100002", documentNo="9"))
        unknown = "AAAAAAAAAAAAAAAAAAAAAA"

        def codes(amount: int, *parts: tuple[str, int]) -> list[tuple[str, str]]:
            allocations = [{"arItemId": item, "amount": part} for item, part in parts]
            return refused(books, "payment", pay(amount, customerNo="100001", allocations=allocations))

        assert codes(900, (first["arItemId"], 501)) == [("AMOUNT-EXCEEDED", "/allocations/0/amount")]
        assert codes(300, (first["arItemId"], 400)) == [("AMOUNT-EXCEEDED", "/allocations")]
        assert codes(300, (first["arItemId"], 100), (first["arItemId"], 100)) == [("NOT-UNIQUE", "/allocations/1/arItemId")]
        assert codes(300, (other["arItemId"], 100)) == [("TARGET-CONFLICT", "/allocations/0/arItemId")]
        assert codes(300, (unknown, 100)) == [("ITEM-UNKNOWN", "/allocations/0/arItemId")]
        assert codes(300, ("x", 100)) == [("FORMAT", "/allocations/0/arItemId")]


class TestTargetsOfAPayment:
    def test_refusals(self, books: House) -> None:
        """Nothing named, unknown things, keys that do not agree, a KID of two customers, another currency."""
        two_claims(books)
        created(books, invoice(customerNo="100002", documentNo="9", kid="0010017"))

        def codes(**target: Any) -> list[tuple[str, str]]:
            return refused(books, "payment", pay(100, **target))

        assert codes() == [("TARGET-MISSING", "")]
        assert codes(customerNo="x") == [("CUSTOMER-UNKNOWN", "/customerNo")]
        assert codes(accountNo=1) == [("CUSTOMER-UNKNOWN", "/accountNo")]
        assert codes(documentNo="77") == [("DOCUMENT-UNKNOWN", "/documentNo")]
        assert codes(referenceNo="77") == [("ITEM-UNKNOWN", "/referenceNo")]
        assert codes(kid="0010058") == [("ITEM-UNKNOWN", "/kid")]
        assert codes(kid="12a") == [("FORMAT", "/kid")]
        assert codes(documentNo="1", customerNo="100002") == [("TARGET-CONFLICT", "/documentNo")]
        assert codes(documentNo="1", kid="0010025") == [("TARGET-CONFLICT", "/documentNo")]
        assert codes(kid="0010025", customerNo="100002") == [("TARGET-CONFLICT", "/kid")]
        assert codes(kid="0010017") == [("TARGET-CONFLICT", "/kid")]
        assert codes(documentNo="1", currency="EUR", exchangeRate=11) == [("TARGET-CONFLICT", "/currency")]

    def test_a_shared_kid_with_its_customer(self, books: House) -> None:
        """The customer says which of the two is meant."""
        two_claims(books)
        created(books, invoice(customerNo="100002", documentNo="9", kid="0010017"))
        booked(books, "payment", pay(500, kid="0010017", customerNo="100001"))
        assert open_amounts(books, "IN") == [0, 500, 1250]

    def test_keys_that_agree(self, books: House) -> None:
        """All keys of one item and its customer."""
        first, _ = two_claims(books)
        booked(books, "payment", pay(500, documentNo="1", kid="0010017", arItemId=first["arItemId"], customerNo="100001"))
        assert open_amounts(books, "IN") == [0, 500]

    def test_the_bank_account_and_its_reference(self, books: House) -> None:
        """The account must be the client's; a reference is booked once, also inside a call."""
        configure(books, "bank.accounts", BANK_ACCOUNTS)
        strange = pay(1, customerNo="100001", payment={"bankAccountNo": "70580917111"})
        assert refused(books, "payment", strange) == [("CODE-UNKNOWN", "/payment/bankAccountNo")]
        with_reference = pay(1, customerNo="100001", payment={"bankReference": "Ab"})
        assert refused(books, "payment", with_reference, with_reference) == [("BANK-DUPLICATE", "/payment/bankReference")]
        booked(books, "payment", with_reference)
        again = pay(1, customerNo="100001", payment={"bankReference": "aB", "bankAccountNo": "12345678903"})
        assert refused(books, "payment", again) == [("BANK-DUPLICATE", "/payment/bankReference")]

    def test_a_bank_account_of_the_chart_that_cannot_be_posted_to(self, books: House) -> None:
        """ACCOUNT-UNKNOWN, about the posting as a whole."""
        change_books(books, "update gl_account set active = false where client_no = current_client_no() and gl_account = '1920'")
        assert refused(books, "payment", pay(1, customerNo="100001")) == [("ACCOUNT-UNKNOWN", "")]


class TestRefund:
    def refund(self, amount: Any, **values: Any) -> dict[str, Any]:
        """A refund to a valid account."""
        return {"amount": amount, "payeeBankAccountNo": "8601 11 17947", **DAY, **values}

    def test_open_credit_is_paid_back(self, books: House) -> None:
        """The oldest credit first; the RF item is matched with it."""
        booked(books, "payment", pay(100, customerNo="100001", paymentDate="2026-10-30"), pay(50, customerNo="100001", paymentDate="2026-10-20"))
        result = booked(books, "refund", self.refund(120, customerNo="100001"))[0]
        assert lines(books, result) == [("1500", 120, None), ("1920", -120, None)]
        assert head(books, result)["journal"] == "PAYMENTS"
        assert [(i["arItemType"], i["claimKind"], i["open"]) for i in items(books)] == [
            ("PY", "CREDIT", -30),
            ("PY", "CREDIT", 0),
            ("RF", "PRINCIPAL", 0),
        ]
        assert matches(books) == [("MANUAL", "ACTIVE", [120, -50, -70])]
        kept = books.rows("select details ->> 'payeeBankAccountNo' from ar_item where client_no = %s and ar_item_type = 'RF'", books.client_no)
        assert kept == [("86011117947",)]

    def test_one_credit_item(self, books: House) -> None:
        """A credit note that is named is the only one used."""
        created(books, invoice(documentNo="1"))
        booked(books, "payment", pay(1250, documentNo="1"), pay(10, customerNo="100001"))
        created(books, credit_note("1", 1000, 250, documentNo="C1"))
        booked(books, "refund", self.refund(1250, documentNo="C1"))
        assert open_amounts(books, "CN") == [0]
        assert open_amounts(books, "PY") == [0, -10]

    def test_refusals(self, books: House) -> None:
        """More than the credit, an invalid account, a debit item, an item that is closed, nothing named."""
        created(books, invoice(documentNo="1"))
        booked(books, "payment", pay(1300, documentNo="1"))
        assert refused(books, "refund", self.refund(51, customerNo="100001")) == [("AMOUNT-EXCEEDED", "/amount")]
        assert refused(books, "refund", self.refund(1, customerNo="100002")) == [("AMOUNT-EXCEEDED", "/amount")]
        nowhere = self.refund(1, customerNo="100001", payeeBankAccountNo="86011117948")
        assert refused(books, "refund", nowhere) == [("BANK-ACCOUNT", "/payeeBankAccountNo")]
        assert refused(books, "refund", self.refund(1, documentNo="1")) == [("STATE-CONFLICT", "/documentNo")]
        created(books, invoice(documentNo="2"))
        assert refused(books, "refund", self.refund(1, documentNo="2")) == [("STATE-CONFLICT", "/documentNo")]
        missing = [("TARGET-MISSING", "")]
        assert refused(books, "refund", self.refund(1)) == missing
        required = [("REQUIRED", "/amount"), ("REQUIRED", "/paymentDate"), ("REQUIRED", "/payeeBankAccountNo")]
        assert refused(books, "refund", {"customerNo": "100001"}) == required

    def test_the_second_refund_of_a_call_finds_what_the_first_left(self, books: House) -> None:
        """Two refunds of 60 of a credit of 100: the second is too much."""
        booked(books, "payment", pay(100, customerNo="100001"))
        half = self.refund(60, customerNo="100001")
        assert refused(books, "refund", half, half) == [("AMOUNT-EXCEEDED", "/amount")]

    def test_a_credit_in_a_foreign_currency(self, books: House) -> None:
        """The gain or loss since the payment is posted with the match."""
        booked(books, "payment", pay(10, customerNo="100001", currency="EUR", exchangeRate=11))
        booked(books, "refund", self.refund(10, customerNo="100001", currency="EUR", exchangeRate=12))
        assert books.balances() == {"1920": -10, "8160": 10}
        assert [item["baseOpen"] for item in items(books)] == [0, 0, 0]
