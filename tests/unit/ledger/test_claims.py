"""Aim: a payment means the claims that its keys name, and nothing is matched by guess."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from reskontro.kit.ids import decode_id
from reskontro.ledger.claims import claims_of, matches_by_rule, meant_by_customer, meant_by_items, meant_by_kid, owners_of_kid
from tests.api.support import amounts, configure, created, credit_note, invoice
from tests.house import House
from tests.unit.ledger.test_item_desk import desk_of, pay

_client_nos = count(4801)


@pytest.fixture
def books(module_house: House) -> House:
    """A client of the test's own with two customers."""
    house = replace(module_house, client_no=module_house.add_client(next(_client_nos)))
    house.customer("100001")
    house.customer("100002")
    return house


def claim(house: House, number: str, **values: Any) -> Any:
    """The id of the item of a document."""
    return decode_id(created(house, invoice(documentNo=number, **values))["arItemId"])


def letter(house: House, number: str, *named: str, **values: Any) -> Any:
    """The id of the item of a reminder about documents."""
    lines = [
        {"lineNo": place, "lineType": "FEE", "currencyAmounts": amounts(10, 0), "referenceDocumentNo": about} for place, about in enumerate(named, 1)
    ]
    total = amounts(10 * len(named), 0)
    return claim(house, number, documentType="RM", documentDate="2026-11-01", currencyAmounts=total, documentLines=lines, **values)


class TestClaimsOf:
    def test_a_principal_with_its_charges(self, books: House) -> None:
        """And of a charge, its whole claim."""
        principal = claim(books, "1")
        fee = letter(books, "R", "1")
        with desk_of(books) as desk:
            for item_id in (principal, fee):
                item = desk.item(item_id)
                assert item is not None
                assert {found.ar_item_id for found in claims_of(desk, item)} == {principal, fee}

    def test_a_letter_about_several(self, books: House) -> None:
        """Every claim it names, and the letter itself."""
        first, second, other = claim(books, "1"), claim(books, "2"), claim(books, "3")
        both = letter(books, "R", "1", "2")
        with desk_of(books) as desk:
            item = desk.item(both)
            assert item is not None
            found = {claim.ar_item_id for claim in claims_of(desk, item)}
        assert found == {first, second, both} and other not in found


class TestMeaningOfAKid:
    def meaning(self, house: House, kid: str, currency: str = "NOK", customer_no: str = "100001") -> tuple[int, str | None, bool]:
        """(claims, exception, understood) of a KID for a customer."""
        with desk_of(house) as desk:
            customer = desk.debtors.find(customer_no)  # type: ignore[attr-defined]
            found = meant_by_kid(desk, kid, customer.account_no, currency)
            return len(found.claims), found.exception, found.understood

    def test_by_what_it_is(self, books: House) -> None:
        """Open, paid, credited, of another currency, of another customer, unknown, without a check digit."""
        for number, kid in (("1", "0010017"), ("2", "0010025"), ("3", "0010033")):
            claim(books, number, kid=kid)
        pay(books, 1250, documentNo="2")
        created(books, credit_note("3", 1000, 250))
        claim(books, "9", customerNo="100002", kid="0010090")
        assert self.meaning(books, "0010017") == (1, None, True)
        assert self.meaning(books, "0010025") == (0, "ALREADY-PAID", True)
        assert self.meaning(books, "0010033") == (0, "ITEM-CREDITED", True)
        assert self.meaning(books, "0010017", "EUR") == (0, "CURRENCY", False)
        assert self.meaning(books, "0010090") == (0, "KID-UNKNOWN", False)
        assert self.meaning(books, "0010041") == (0, "KID-UNKNOWN", False)
        assert self.meaning(books, "0010042") == (0, "KID-INVALID", False)

    def test_several_items_and_the_customers_own(self, books: House) -> None:
        """All open items that have it; the customer's KID means all his claims."""
        claim(books, "1", kid="0010017")
        claim(books, "2", kid="0010017", currency="EUR", exchangeRate=11)
        claim(books, "3", kid="0010017")
        own = books.get("/customers/100001").json()["customerKid"]
        assert self.meaning(books, "0010017") == (2, None, True)
        assert self.meaning(books, own) == (2, None, True)
        assert self.meaning(books, own, "SEK") == (0, "CURRENCY", True)

    def test_whose_it_is(self, books: House) -> None:
        """Open items first, then the newest, then the customer's own KID; several customers make it ambiguous."""
        claim(books, "1", kid="0010017")
        claim(books, "2", kid="0010017", customerNo="100002")
        one, two = (books.get(f"/customers/{number}").json() for number in ("100001", "100002"))

        def owners(kid: str) -> list[int]:
            with desk_of(books) as desk:
                return owners_of_kid(desk, kid)

        assert sorted(owners("0010017")) == sorted([one["accountNo"], two["accountNo"]])
        pay(books, 1250, documentNo="1")
        assert owners("0010017") == [two["accountNo"]]
        assert owners(one["customerKid"]) == [one["accountNo"]]
        assert owners("0010041") == []


class TestOtherMeanings:
    def test_a_customer(self, books: House) -> None:
        """All open claims of the currency; CURRENCY when there are only others, ALREADY-PAID when there are none."""
        claim(books, "1", currency="EUR", exchangeRate=11)
        with desk_of(books) as desk:
            account_no = desk.debtors.find("100001").account_no  # type: ignore[attr-defined]
            assert len(meant_by_customer(desk, account_no, "EUR", "MANUAL").claims) == 1
            assert meant_by_customer(desk, account_no, "NOK", "MANUAL").exception == "CURRENCY"
            other = desk.debtors.find("100002").account_no  # type: ignore[attr-defined]
            assert meant_by_customer(desk, other, "NOK", "MANUAL").exception == "ALREADY-PAID"

    def test_items(self, books: House) -> None:
        """Each claim once, whatever names it."""
        principal, fee = claim(books, "1"), letter(books, "R", "1")
        with desk_of(books) as desk:
            named = [item for item_id in (principal, fee) if (item := desk.item(item_id)) is not None]
            meaning = meant_by_items(desk, named, "DOCUMENT-NO")
            assert (meaning.source, len(meaning.claims), {item.ar_item_id for item in meaning.items}) == ("DOCUMENT-NO", 1, {principal, fee})

    def test_the_rules_of_the_client(self, books: House) -> None:
        """A rule counts when it is listed and matching.auto is on."""
        with desk_of(books) as desk:
            today = desk.context.today
            assert [matches_by_rule(desk, today, rule) for rule in ("KID", "PAYER-ACCOUNT-AND-AMOUNT")] == [True, False]
        configure(books, "matching.auto", False)
        with desk_of(books) as desk:
            assert not matches_by_rule(desk, today, "KID")
