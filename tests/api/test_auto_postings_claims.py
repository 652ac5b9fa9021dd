"""Auto postings on claims: write-off, small difference, interest, fee and transfer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reskontro.kit.ids import encode_id
from tests.api.postings import booked, head, items, lines, matches, open_amounts, post, refused
from tests.api.support import amounts, change_books, configure, created, credit_note, invoice, line
from tests.house import House


def collected(house: House, document_no: str, status: str = "IN-COLLECTION") -> None:
    """Let a claim be with collection, as the hand-over leaves it."""
    change_books(
        house,
        "update ar_item set details = details || jsonb_build_object('collectionStatus', %s::text)"
        " where client_no = current_client_no() and document_no = %s",
        status,
        document_no,
    )


class TestWriteOff:
    def give_up(self, **values: Any) -> dict[str, Any]:
        """A write-off of invoice 1."""
        return {"documentNo": "1", "reasonCode": "BAD-DEBT", "reason": "Bankrupt", **values}

    @pytest.mark.parametrize(
        ("reason", "account"),
        [("BAD-DEBT", "7830"), ("DECEASED", "7830"), ("LAPSED", "7830"), ("NOT-DEDUCTIBLE", "7835"), ("GOODWILL", "7835"), ("OTHER", "7835")],
    )
    def test_the_reason_chooses_the_account(self, books: House, reason: str, account: str) -> None:
        """The whole open amount by default; the item is closed."""
        created(books, invoice(documentNo="1"))
        result = booked(books, "writeoff", self.give_up(reasonCode=reason))[0]
        assert lines(books, result) == [("1500", -1250, None), (account, 1250, None)]
        assert head(books, result)["journal"] == "AUTO"
        assert [(i["arItemType"], i["claimKind"], i["open"]) for i in items(books)] == [("IN", "PRINCIPAL", 0), ("WO", "CREDIT", 0)]
        assert matches(books) == [("MANUAL", "ACTIVE", [1250, -1250])]

    def test_the_vat_share_comes_back_per_code(self, books: House) -> None:
        """Half of what is open: half of the VAT of each code, on the accounts of VAT relief."""
        both = [line(1, 1000, 250), line(2, 1000, 150)]
        created(books, invoice(documentNo="1", currencyAmounts=amounts(2000, 400), documentLines=both))
        result = booked(books, "writeoff", self.give_up(amount=1200, vatRelief=True))[0]
        assert lines(books, result) == [("1500", -1200, None), ("7830", 1000, None), ("2700", 125, "3"), ("2701", 75, "31")]

    def test_the_vat_share_after_a_part_payment(self, books: House) -> None:
        """Part payments reduce the VAT share in proportion, so what is given up in the end carries its own part of it."""
        created(books, invoice(documentNo="1"))
        booked(books, "payment", {"documentNo": "1", "amount": 1000, "paymentDate": "2026-11-01"})
        result = booked(books, "writeoff", self.give_up(vatRelief=True))[0]
        assert lines(books, result) == [("1500", -250, None), ("7830", 200, None), ("2700", 50, "3")]

    def test_without_vat_there_is_no_relief(self, books: House) -> None:
        """An invoice outside the Act loses all of it."""
        created(books, invoice(documentNo="1", currencyAmounts=amounts(100, 0), documentLines=[line(1, 100, vatCode="6")]))
        assert lines(books, booked(books, "writeoff", self.give_up(vatRelief=True))[0]) == [("1500", -100, None), ("7830", 100, None)]

    def test_in_a_foreign_currency_there_is_no_difference(self, books: House) -> None:
        """The item's own base amount goes, in proportion, whatever the rate is now."""
        created(books, invoice(documentNo="1", currency="EUR", exchangeRate=11.333, currencyAmounts=amounts(80, 20)))
        booked(books, "writeoff", self.give_up(amount=33.33, vatRelief=True), self.give_up(vatRelief=True))
        assert [(i["open"], i["baseOpen"]) for i in items(books)] == [(0, 0)] * 3
        assert books.balances().get("1500") is None

    def test_refusals(self, books: House) -> None:
        """More than is open, a closed item, a credit, missing fields, an unknown reason."""
        created(books, invoice(documentNo="1"))
        assert refused(books, "writeoff", self.give_up(amount=1251)) == [("AMOUNT-EXCEEDED", "/amount")]
        assert refused(books, "writeoff", {"documentNo": "1"}) == [("REQUIRED", "/reasonCode"), ("REQUIRED", "/reason")]
        assert refused(books, "writeoff", self.give_up(reasonCode="X")) == [("CODE-UNKNOWN", "/reasonCode")]
        assert refused(books, "writeoff", self.give_up(currency="EUR")) == [("TARGET-CONFLICT", "/currency")]
        created(books, credit_note("1", 1000, 250, documentNo="C1"))
        assert refused(books, "writeoff", self.give_up()) == [("STATE-CONFLICT", "/documentNo")]
        booked(books, "payment", {"customerNo": "100001", "amount": 5, "paymentDate": "2026-11-01"})
        credit = books.rows("select ar_item_id from ar_item where client_no = %s and ar_item_type = 'PY'", books.client_no)[0][0]
        answer = post(books, "writeoff", {"arItemId": encode_id(credit), "reasonCode": "OTHER", "reason": "r"})
        assert answer.json()["autoPostings"][0]["message"] == "Not possible in status CREDIT"

    @pytest.mark.parametrize("method", ["writeoff", "smalldifference", "transfer", "fee", "interest"])
    def test_a_claim_with_collection_is_left_alone(self, books: House, method: str) -> None:
        """STATE-CONFLICT with the collection status; a payment goes on."""
        created(books, invoice(documentNo="1", dueDate="2026-10-06"))
        collected(books, "1")
        needs: dict[str, dict[str, Any]] = {
            "writeoff": {"reasonCode": "OTHER", "reason": "r"},
            "smalldifference": {},
            "transfer": {"toCustomerNo": "100002"},
            "fee": {"feeCode": "OTHER", "amount": 1},
            "interest": {"interestTo": "2026-11-01"},
        }
        configure(books, "matching.smallDifferenceLimit", 5000)
        assert refused(books, method, {"documentNo": "1", **needs[method]}) == [("STATE-CONFLICT", "/documentNo")]
        booked(books, "payment", {"documentNo": "1", "amount": 1, "paymentDate": "2026-11-01"})


class TestTargetsOfAnItem:
    def test_exactly_one_item_must_be_meant(self, books: House) -> None:
        """Nothing, an unknown one, several, and keys that do not agree."""
        created(books, invoice(documentNo="1", referenceNo="R", kid="0010017"))
        created(books, invoice(documentNo="2", referenceNo="r"))

        def codes(**target: Any) -> list[tuple[str, str]]:
            return refused(books, "fee", {"feeCode": "OTHER", "amount": 1, **target})

        assert codes() == [("TARGET-MISSING", "")]
        assert codes(customerNo="100001") == [("TARGET-MISSING", "")]
        assert codes(documentUuid="AAAAAAAAAAAAAAAAAAAAAA") == [("DOCUMENT-UNKNOWN", "/documentUuid")]
        assert codes(arItemId="AAAAAAAAAAAAAAAAAAAAAA") == [("ITEM-UNKNOWN", "/arItemId")]
        assert codes(referenceNo="R") == [("TARGET-CONFLICT", "/referenceNo")]
        assert codes(documentNo="2", kid="0010017") == [("TARGET-CONFLICT", "/documentNo")]
        assert codes(documentNo="1", customerNo="100002") == [("TARGET-CONFLICT", "/documentNo")]
        assert codes(documentNo="1", customerNo="x") == [("CUSTOMER-UNKNOWN", "/customerNo")]

    def test_an_open_item_goes_before_closed_ones(self, books: House) -> None:
        """A reference means the open item that has it."""
        created(books, invoice(documentNo="1", referenceNo="R"))
        created(books, invoice(documentNo="2", referenceNo="R"))
        booked(books, "payment", {"documentNo": "1", "amount": 1250, "paymentDate": "2026-11-01"})
        booked(books, "writeoff", {"referenceNo": "R", "reasonCode": "OTHER", "reason": "r"})
        assert open_amounts(books, "IN") == [0, 0]


class TestSmallDifference:
    def test_within_the_limit(self, books: House) -> None:
        """What is left of an item is closed, of a debit and of a credit."""
        configure(books, "matching.smallDifferenceLimit", 1)
        created(books, invoice(documentNo="1"))
        configure(books, "matching.smallDifferenceLimit", 0)
        booked(books, "payment", {"documentNo": "1", "amount": 1249.4, "paymentDate": "2026-11-01"})
        assert refused(books, "smalldifference", {"documentNo": "1"}) == [("AMOUNT-EXCEEDED", "/amount")]
        configure(books, "matching.smallDifferenceLimit", 1)
        result = booked(books, "smalldifference", {"documentNo": "1"})[0]
        assert lines(books, result) == [("1500", Decimal("-0.6"), None), ("7740", Decimal("0.6"), None)]
        assert matches(books)[-1] == ("SMALL-DIFFERENCE", "ACTIVE", [Decimal("0.6"), Decimal("-0.6")])
        assert open_amounts(books) == [0, 0, 0]

    def test_of_a_credit(self, books: House) -> None:
        """An overpayment is closed to the other side."""
        created(books, invoice(documentNo="1"))
        paid = booked(books, "payment", {"documentNo": "1", "amount": 1250.4, "paymentDate": "2026-11-01"})[0]
        configure(books, "matching.smallDifferenceLimit", 1)
        result = booked(books, "smalldifference", {"arItemId": paid["arItemIds"][0]})[0]
        assert lines(books, result) == [("1500", Decimal("0.4"), None), ("7740", Decimal("-0.4"), None)]
        assert open_amounts(books) == [0, 0, 0]


class TestInterest:
    def claim(self, house: House, amount: Any, due: str, **values: Any) -> None:
        """Invoice 1 without VAT."""
        created(house, invoice(documentNo="1", documentDate="2026-03-01", dueDate=due, currencyAmounts=amounts(amount, 0), **values))

    def test_a_claim_paid_after_a_change_of_rate(self, books: House) -> None:
        """40,000.00 due 30 September, paid 2 November: 33 days at 12.25 %, the payment day counts."""
        self.claim(books, 40000, "2026-09-30")
        booked(books, "payment", {"documentNo": "1", "amount": 40000, "paymentDate": "2026-11-02"})
        result = booked(books, "interest", {"documentNo": "1", "interestTo": "2026-11-25"})[0]
        assert result["amount"] == Decimal("443.01")
        assert lines(books, result) == [("1500", Decimal("443.01"), None), ("8055", Decimal("-443.01"), "7")]
        assert head(books, result)["journal"] == "NOTES"
        item = items(books, "IT")[0]
        assert (item["claimKind"], item["open"], item["dueDate"]) == ("INTEREST", Decimal("443.01"), "2026-11-25")

    def test_over_the_turn_of_the_half_year(self, books: House) -> None:
        """10,000 due 1 June, paid 31 July."""
        self.claim(books, 10000, "2026-06-01")
        booked(books, "payment", {"documentNo": "1", "amount": 10000, "paymentDate": "2026-07-31"})
        assert booked(books, "interest", {"documentNo": "1", "interestTo": "2026-09-01"})[0]["amount"] == Decimal("199.38")

    def test_days_are_charged_once(self, books: House) -> None:
        """The second posting goes on where the first ended; both together are the whole."""
        self.claim(books, 10000, "2026-09-30")
        first, second = (booked(books, "interest", {"documentNo": "1", "interestTo": day})[0]["amount"] for day in ("2026-10-31", "2026-11-20"))
        assert (first, second) == (Decimal("104.04"), Decimal("67.12"))
        assert refused(books, "interest", {"documentNo": "1", "interestTo": "2026-11-20"}) == [("DATE-ORDER", "/interestTo")]
        assert refused(books, "interest", {"documentNo": "1", "interestTo": "2026-09-30"}) == [("DATE-ORDER", "/interestTo")]

    def test_a_reversal_gives_the_days_back(self, books: House) -> None:
        """After interest was taken back it can be charged again."""
        self.claim(books, 10000, "2026-09-30")
        booked(books, "interest", {"documentNo": "1", "interestTo": "2026-10-31"})
        second = booked(books, "interest", {"documentNo": "1", "interestTo": "2026-11-20"})[0]
        booked(books, "reversal", {"glYear": 2026, "transactionNo": second["transactionNo"], "reason": "r"})
        again = booked(books, "interest", {"documentNo": "1", "interestTo": "2026-11-20"})[0]
        assert again["amount"] == second["amount"]

    def test_a_consumer_owes_no_more_than_the_law_says(self, books: House) -> None:
        """FEE-LIMIT above the statutory interest; a business may owe what was agreed."""
        self.claim(books, 10000, "2026-09-30")
        limit = {"documentNo": "1", "interestTo": "2026-10-31"}
        assert refused(books, "interest", {**limit, "amount": 104.05}) == [("FEE-LIMIT", "/amount")]
        assert booked(books, "interest", {**limit, "amount": 104.04})[0]["amount"] == Decimal("104.04")
        created(books, invoice(customerNo="100002", documentNo="2", documentDate="2026-09-01", dueDate="2026-09-30"))
        assert booked(books, "interest", {"documentNo": "2", "interestTo": "2026-10-31", "amount": 500})[0]["amount"] == 500

    def test_an_agreed_rate(self, books: House) -> None:
        """It is used, but above the statutory one refused for a consumer."""
        configure(books, "interest.rate", "AGREED")
        configure(books, "interest.agreedRate", 20)
        self.claim(books, 10000, "2026-09-30")
        assert refused(books, "interest", {"documentNo": "1", "interestTo": "2026-10-31"}) == [("FEE-LIMIT", "/amount")]
        configure(books, "interest.agreedRate", 7.3)
        assert booked(books, "interest", {"documentNo": "1", "interestTo": "2026-10-31"})[0]["amount"] == 62

    def test_other_refusals(self, books: House) -> None:
        """A fee bears no interest of its own, a day without a rate is VALUE-MISSING, a claim with nothing to charge is STATE-CONFLICT."""
        self.claim(books, 10000, "2026-11-15")
        assert refused(books, "interest", {"documentNo": "1", "interestTo": "2029-01-01"}) == [("VALUE-MISSING", "/interestTo")]
        fee = booked(books, "fee", {"documentNo": "1", "feeCode": "OTHER", "amount": 10})[0]
        assert refused(books, "interest", {"arItemId": fee["arItemIds"][0], "interestTo": "2026-11-20"}) == [("STATE-CONFLICT", "/arItemId")]
        booked(books, "payment", {"documentNo": "1", "amount": 10010, "paymentDate": "2026-11-15"})
        assert refused(books, "interest", {"documentNo": "1", "interestTo": "2026-11-20"}) == [("STATE-CONFLICT", "/documentNo")]
        assert refused(books, "interest", {"documentNo": "1"}) == [("REQUIRED", "/interestTo")]


class TestFee:
    def charge(self, code: str = "REMINDER", day: str = "2026-11-04", **values: Any) -> dict[str, Any]:
        """A fee on invoice 1."""
        return {"documentNo": "1", "feeCode": code, "postingDate": day, **values}

    @pytest.fixture
    def claim(self, books: House) -> House:
        """Invoice 1 of the consumer, due on 1 October."""
        created(books, invoice(documentNo="1", documentDate="2026-09-20", dueDate="2026-10-01"))
        return books

    def test_the_statutory_amount_by_default(self, claim: House) -> None:
        """A twentieth of 750 is 38; the item is a cost of the claim."""
        result = booked(claim, "fee", self.charge())[0]
        assert result["amount"] == 38
        assert lines(claim, result) == [("1500", 38, None), ("3900", -38, "7")]
        assert items(claim, "FE")[0]["claimKind"] == "COST"

    def test_the_cap(self, claim: House) -> None:
        """FEE-LIMIT above it, with the most that is allowed and the day."""
        answer = post(claim, "fee", self.charge(amount=38.01)).json()["autoPostings"][0]["errors"][0]
        assert (answer["code"], answer["message"]) == ("FEE-LIMIT", "Fee 38.01 is above 38, the most the rules allow on 2026-11-04")
        assert booked(claim, "fee", self.charge(amount=20))[0]["amount"] == 20

    def test_fourteen_days_must_pass(self, claim: House) -> None:
        """On the thirteenth day none is allowed, on the fourteenth it is."""
        answer = post(claim, "fee", self.charge(day="2026-10-14", amount=38)).json()["autoPostings"][0]
        assert answer["message"] == "Fee 38 is above 0, the most the rules allow on 2026-10-14"
        assert refused(claim, "fee", self.charge(day="2026-10-14")) == [("FEE-LIMIT", "/feeCode")]
        booked(claim, "fee", self.charge(day="2026-10-15"))

    def test_two_small_fees_at_most(self, claim: House) -> None:
        """The second after the deadline of the first, a third one never; a fee that was taken back does not count."""
        booked(claim, "fee", self.charge(day="2026-10-15"))
        assert refused(claim, "fee", self.charge(day="2026-10-29", amount=38)) == [("FEE-LIMIT", "/amount")]
        second = booked(claim, "fee", self.charge(day="2026-10-30"))[0]
        assert refused(claim, "fee", self.charge(day="2026-11-25", amount=38)) == [("FEE-LIMIT", "/amount")]
        booked(claim, "reversal", {"glYear": 2026, "transactionNo": second["transactionNo"], "reason": "r"})
        booked(claim, "fee", self.charge(day="2026-11-25"))

    def test_two_in_one_call(self, claim: House) -> None:
        """The second sees the first."""
        assert refused(claim, "fee", self.charge(), self.charge()) == [("FEE-LIMIT", "/feeCode")]

    def test_a_reminder_document_counts(self, claim: House) -> None:
        """Its fee is a small one, its due date the deadline."""
        letter = {"documentType": "RM", "documentNo": "R1", "documentDate": "2026-10-16", "dueDate": "2026-10-30", "currencyAmounts": amounts(38, 0)}
        created(claim, invoice(**letter, referenceDocumentNo="1"))
        assert refused(claim, "fee", self.charge(day="2026-10-30", amount=38)) == [("FEE-LIMIT", "/amount")]
        booked(claim, "fee", self.charge(day="2026-10-31"))

    def test_a_payment_demand_needs_a_notice(self, claim: House) -> None:
        """Three twentieths, after a notice and its deadline."""
        assert refused(claim, "fee", self.charge("PAYMENT-DEMAND", "2026-11-20")) == [("FEE-LIMIT", "/feeCode")]
        booked(claim, "fee", self.charge("COLLECTION-NOTICE", "2026-10-20"))
        assert booked(claim, "fee", self.charge("PAYMENT-DEMAND", "2026-11-20"))[0]["amount"] == 113

    def test_a_disputed_claim_bears_no_statutory_fee(self, claim: House) -> None:
        """FEE-LIMIT with 0 while the dispute stands."""
        change_books(claim, "update ar_item set details = details || '{\"disputed\": true}' where client_no = current_client_no()")
        assert refused(claim, "fee", self.charge()) == [("FEE-LIMIT", "/feeCode")]

    @pytest.mark.parametrize("code", ["OTHER", "COMPENSATION"])
    def test_a_disputed_claim_bears_no_other_charge(self, books: House, code: str) -> None:
        """STATE-CONFLICT while the dispute stands, also when it is only validated."""
        created(books, invoice(customerNo="100002", documentNo="1", documentDate="2026-09-20", dueDate="2026-10-01"))
        books.put("/aritems", {"arItem": {"documentNo": "1", "disputed": True, "disputeReason": "Wrong goods"}})
        fee = self.charge(code, amount=25)
        for sent in (fee, {**fee, "validateOnly": True}):
            (answer,) = post(books, "fee", sent).json()["autoPostings"]
            assert [(error["code"], error["pointer"], error["message"]) for error in answer["errors"]] == [
                ("STATE-CONFLICT", "/autoPostings/0/documentNo", "Not possible in status DISPUTED")
            ]
        books.put("/aritems", {"arItem": {"documentNo": "1", "disputed": False}})
        booked(books, "fee", fee)

    def test_a_closed_claim_needs_no_letter(self, claim: House) -> None:
        """STATE-CONFLICT."""
        booked(claim, "payment", {"documentNo": "1", "amount": 1250, "paymentDate": "2026-10-20"})
        assert refused(claim, "fee", self.charge()) == [("STATE-CONFLICT", "/documentNo")]

    def test_compensation_is_between_businesses(self, books: House) -> None:
        """Never from a consumer; from a business once, and fees only as far as they exceed it."""
        created(books, invoice(documentNo="1", documentDate="2026-09-20", dueDate="2026-10-01"))
        created(books, invoice(customerNo="100002", documentNo="2", documentDate="2026-09-20", dueDate="2026-10-01"))
        assert refused(books, "fee", self.charge("COMPENSATION")) == [("FEE-LIMIT", "/feeCode")]
        business = {**self.charge("COMPENSATION"), "documentNo": "2"}
        assert refused(books, "fee", {**business, "postingDate": "2026-10-01"}) == [("FEE-LIMIT", "/feeCode")]
        first = booked(books, "fee", business)[0]
        assert first["amount"] > 400
        assert refused(books, "fee", business) == [("FEE-LIMIT", "/feeCode")]
        assert refused(books, "fee", {**self.charge(), "documentNo": "2"}) == [("FEE-LIMIT", "/feeCode")]

    def test_compensation_after_a_fee_adds_the_difference(self, books: House) -> None:
        """The larger of the two is owed in the end."""
        created(books, invoice(customerNo="100002", documentNo="1", documentDate="2026-09-20", dueDate="2026-10-01"))
        created(books, invoice(customerNo="100002", documentNo="2", documentDate="2026-09-20", dueDate="2026-10-01"))
        whole = booked(books, "fee", {**self.charge("COMPENSATION"), "documentNo": "2"})[0]["amount"]
        booked(books, "fee", self.charge())
        assert booked(books, "fee", self.charge("COMPENSATION"))[0]["amount"] == whole - 38

    def test_another_fee_has_no_limit_and_no_default(self, claim: House) -> None:
        """OTHER is the creditor's own affair."""
        assert refused(claim, "fee", self.charge("OTHER")) == [("REQUIRED", "/amount")]
        assert booked(claim, "fee", self.charge("OTHER", amount=999, day="2026-10-02"))[0]["amount"] == 999

    def test_in_a_foreign_currency_it_is_rounded_down(self, books: House) -> None:
        """38 kroner at 11.50 are 3.30 euro; without a rate there is none."""
        foreign = {"currency": "EUR", "exchangeRate": 11, "documentDate": "2026-09-20", "dueDate": "2026-10-01"}
        created(books, invoice(documentNo="1", **foreign))
        assert refused(books, "fee", self.charge()) == [("RATE-MISSING", "/exchangeRate")]
        result = booked(books, "fee", self.charge(exchangeRate=11.5))[0]
        assert result["amount"] == Decimal("3.3")
        assert lines(books, result)[0] == ("1500", Decimal("37.95"), None)


class TestTransfer:
    def test_an_item_goes_over(self, books: House) -> None:
        """The receiver owes what the giver owed, with the same due date and numbers; the giver's item is closed."""
        created(books, invoice(documentNo="1", referenceNo="R", kid="0010017", dueDate="2026-10-19"))
        result = booked(books, "transfer", {"documentNo": "1", "toCustomerNo": "100002"})[0]
        assert lines(books, result) == [("1500", 1250, None), ("1500", -1250, None)]
        assert head(books, result)["journal"] == "AUTO"
        taken, given = items(books, "TR")
        assert [taken[key] for key in ("customerNo", "claimKind", "open", "dueDate", "documentNo", "kid")] == [
            "100002",
            "PRINCIPAL",
            1250,
            "2026-10-19",
            "1",
            "0010017",
        ]
        assert [given[key] for key in ("customerNo", "claimKind", "open", "documentNo", "kid")] == ["100001", "CREDIT", 0, None, None]
        assert open_amounts(books, "IN") == [0]

    @pytest.mark.parametrize("key", ["documentNo", "referenceNo", "kid"])
    def test_its_keys_mean_the_receivers_item_from_then_on(self, books: House, key: str) -> None:
        """A payment with the number, the reference or the KID settles what is open now."""
        created(books, invoice(documentNo="1", referenceNo="R", kid="0010017"))
        booked(books, "transfer", {"documentNo": "1", "toCustomerNo": "100002"})
        booked(books, "payment", {key: {"documentNo": "1", "referenceNo": "R", "kid": "0010017"}[key], "amount": 1250, "paymentDate": "2026-11-20"})
        assert [(item["customerNo"], item["open"]) for item in items(books, "PY")] == [("100002", 0)]

    def test_a_part(self, books: House) -> None:
        """The rest stays with the giver; VAT relief of the receiver's part is its share."""
        created(books, invoice(documentNo="1"))
        booked(books, "transfer", {"documentNo": "1", "toCustomerNo": "100002", "amount": 500})
        assert open_amounts(books, "IN") == [750]
        item_id = books.rows("select ar_item_id from ar_item where client_no = %s and ar_item_type = 'TR' and original_amount > 0", books.client_no)
        give_up = {"arItemId": encode_id(item_id[0][0]), "reasonCode": "BAD-DEBT", "reason": "r", "vatRelief": True}
        result = booked(books, "writeoff", give_up)[0]
        assert lines(books, result) == [("1500", -500, None), ("7830", 400, None), ("2700", 100, "3")]

    def test_a_credit_goes_over(self, books: House) -> None:
        """A payment that came to the wrong customer."""
        paid = booked(books, "payment", {"customerNo": "100001", "amount": 70, "paymentDate": "2026-11-20"})[0]
        booked(books, "transfer", {"arItemId": paid["arItemIds"][0], "toCustomerNo": "100002"})
        assert [(item["customerNo"], item["claimKind"], item["open"]) for item in items(books, "TR")] == [
            ("100001", "PRINCIPAL", 0),
            ("100002", "CREDIT", -70),
        ]

    def test_the_giver_owes_the_interest_until_then(self, books: House) -> None:
        """Days are not charged to both."""
        created(books, invoice(documentNo="1", documentDate="2026-09-01", dueDate="2026-09-30", currencyAmounts=amounts(10000, 0)))
        original = books.rows("select ar_item_id from ar_item where client_no = %s", books.client_no)[0][0]
        booked(books, "transfer", {"documentNo": "1", "toCustomerNo": "100002", "postingDate": "2026-10-31"})
        giver = booked(books, "interest", {"arItemId": encode_id(original), "interestTo": "2026-11-20"})[0]["amount"]
        receiver = booked(books, "interest", {"documentNo": "1", "interestTo": "2026-11-20"})[0]["amount"]
        assert (giver, receiver) == (Decimal("104.04"), Decimal("67.12"))

    def test_refusals(self, books: House) -> None:
        """An unknown receiver, the giver himself, nobody."""
        created(books, invoice(documentNo="1"))
        assert refused(books, "transfer", {"documentNo": "1", "toCustomerNo": "x"}) == [("CUSTOMER-UNKNOWN", "/toCustomerNo")]
        assert refused(books, "transfer", {"documentNo": "1", "toCustomerNo": "100001"}) == [("TARGET-CONFLICT", "/toCustomerNo")]
        assert refused(books, "transfer", {"documentNo": "1"}) == [("REQUIRED", "/toCustomerNo")]
