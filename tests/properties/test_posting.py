"""Double entry and matching for any amounts: what is posted balances, what is matched is never more than what is open."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reskontro.kit.messages import Messages
from reskontro.kit.money import multiply
from reskontro.ledger.matching import allocate, group_claims, in_coverage_order
from reskontro.ledger.posting import OpenItem, Part, Unbalanced, post_document
from reskontro.receivable.documents.amounts import VatPolicy, compose, parts_of

ITEM = UUID(int=1)
DAY = date(2026, 10, 5)
ORDERS = ("COSTS-INTEREST-PRINCIPAL", "PRINCIPAL-INTEREST-COSTS", "OLDEST-FIRST")
cents = st.integers(-(10**13), 10**13) | st.integers(-200, 200)
amounts = cents.map(lambda number: Decimal(number).scaleb(-2))
above_zero = (st.integers(1, 10**13) | st.integers(1, 300)).map(lambda number: Decimal(number).scaleb(-2))
rates = st.just(Decimal(1)) | st.integers(1, 10**13).map(lambda units: Decimal(units).scaleb(-10))
parts = st.lists(
    st.builds(
        Part,
        st.sampled_from(["3000", "3030", "2700", "7740"]),
        amounts,
        st.sampled_from([None, "3", "31"]),
        st.sampled_from([(), ((1, "A"),), ((1, "B"), (2, "C"))]),
    ),
    max_size=8,
)


def post(total: Decimal, given_parts: list[Part], *, credit: bool, rate: Decimal, decimals: int) -> list[Any]:
    """The lines of a document on account 1500."""
    return post_document(
        control_account="1500",
        account_no=500001,
        ar_item_id=ITEM,
        total=total,
        parts=given_parts,
        credit=credit,
        exchange_rate=rate,
        base_decimals=decimals,
    )


class TestDocuments:
    @given(parts, st.booleans(), rates, st.sampled_from([0, 2]))
    def test_every_posting_balances_in_both_currencies(self, given_parts: list[Part], credit: bool, rate: Decimal, decimals: int) -> None:
        """Any parts, any exchange rate: lines add up to zero in base currency and in their own, and the currency amounts are those stated."""
        total = sum((part.amount for part in given_parts), Decimal(0))
        assume(rate != 1 or decimals == 2)
        lines = post(total, given_parts, credit=credit, rate=rate, decimals=decimals)
        assert sum(line.amount for line in lines) == 0
        assert sum(line.currency_amount for line in lines) == 0
        sign = -1 if credit else 1
        stated: dict[Any, Decimal] = {}
        for part in given_parts:
            key = (part.gl_account, part.vat_code, part.dimensions)
            stated[key] = stated.get(key, Decimal(0)) - part.amount * sign
        posted = {(line.gl_account, line.vat_code, line.dimensions): line.currency_amount for line in lines if line.ar_item_id is None}
        assert posted == {key: amount for key, amount in stated.items() if amount}
        assert all(line.amount == round(line.amount, decimals) for line in lines)

    @given(parts, st.booleans(), rates)
    def test_the_control_line_is_the_total_at_the_rate(self, given_parts: list[Part], credit: bool, rate: Decimal) -> None:
        """First, exactly once, with the customer and the item: the total, converted and rounded by itself, unless it is zero."""
        total = sum((part.amount for part in given_parts), Decimal(0))
        lines = post(total, given_parts, credit=credit, rate=rate, decimals=2)
        control = [line for line in lines if line.ar_item_id is not None]
        if not total:
            assert control == []
            return
        assert control == lines[:1]
        (line,) = control
        assert (line.gl_account, line.account_no, line.ar_item_id) == ("1500", 500001, ITEM)
        assert line.currency_amount == (-total if credit else total)
        if len(lines) > 1:
            assert line.amount == multiply(line.currency_amount, rate, 2)

    @given(parts, amounts.filter(bool), rates)
    def test_parts_that_do_not_add_up_are_never_posted(self, given_parts: list[Part], difference: Decimal, rate: Decimal) -> None:
        """A total that is not the sum of its parts is a fault of the program, whatever the rate."""
        total = sum((part.amount for part in given_parts), Decimal(0)) + difference
        with pytest.raises(Unbalanced):
            post(total, given_parts, credit=False, rate=rate, decimals=2)


small = st.integers(-(10**6), 10**6).map(lambda number: Decimal(number).scaleb(-2))


@st.composite
def stated_documents(draw: st.DrawFn) -> tuple[dict[str, Decimal], list[dict[str, Any]]]:
    """A header and lines that nearly or exactly make it up, as senders state them."""
    lines: list[dict[str, Any]] = []
    for number in range(1, draw(st.integers(0, 5)) + 1):
        excl = draw(small)
        vat = draw(small) if draw(st.booleans()) else round(excl * Decimal(draw(st.sampled_from(["0", "0.25", "0.15", "0.12"]))), 2)
        stated = {"exclVat": excl, "vat": vat + draw(st.sampled_from([0, 0, 1])), "inclVat": excl + vat}
        lines.append({"lineNo": number, "lineType": draw(st.sampled_from(["PLH", "PLH", "FEE", "RND"])), "currencyAmounts": stated})
    off = draw(st.sampled_from([Decimal(0), Decimal("0.01"), Decimal("-1.00")]))
    excl = sum((line["currencyAmounts"]["exclVat"] for line in lines), draw(small) if not lines else Decimal(0)) + off
    vat = sum((line["currencyAmounts"]["inclVat"] - line["currencyAmounts"]["exclVat"] for line in lines), draw(small) if not lines else Decimal(0))
    vat += draw(st.sampled_from([Decimal(0), Decimal("0.01")]))
    return {"exclVat": excl, "vat": vat, "inclVat": excl + vat}, lines


class TestStatedAmounts:
    @given(stated_documents(), st.booleans())
    def test_parts_add_up_to_what_the_header_says(self, stated: tuple[dict[str, Decimal], list[dict[str, Any]]], registered: bool) -> None:
        """Whatever lines say within the tolerance, the document posts its header: the sum of its parts is inclVat, and so it balances."""
        header, lines = stated
        policy = VatPolicy("W", registered, False, "6", Decimal("1.00"), Decimal("0.01"))
        messages = Messages()
        composition = compose("IN", header, lines, policy, DAY, messages)
        if composition is None:
            assert messages.error_count
            return
        for line in composition.lines:
            line.gl_account = "3000"
            line.vat_account = "2700" if line.vat_code in ("3", "31", "33", "32") else None
        made = parts_of(composition, "7740", lambda raw: ())
        assert sum(part.amount for part in made) == header["inclVat"]
        post(header["inclVat"], made, credit=False, rate=Decimal(1), decimals=2)


def item(number: int, kind: str, amount: Decimal, base: Decimal, *, days: int = 0, claim: int | None = None) -> OpenItem:
    """An open item; ``claim`` is the number of the principal it belongs to."""
    return OpenItem(
        ar_item_id=UUID(int=number),
        account_no=500001,
        ar_item_type="IN",
        claim_kind=kind,
        currency="EUR",
        due_date=DAY + timedelta(days=days),
        gl_date=DAY,
        original_amount=amount,
        base_original_amount=base,
        open_amount=amount,
        base_open_amount=base,
        control_account="1500",
        claim_ar_item_id=None if claim is None else UUID(int=claim),
    )


@st.composite
def debts(draw: st.DrawFn) -> list[OpenItem]:
    """Principals, and interest and costs that belong to one of them or to none; base amounts at rates of their own."""
    found: list[OpenItem] = []
    for number in range(1, draw(st.integers(1, 7)) + 1):
        kind = draw(st.sampled_from(["PRINCIPAL", "INTEREST", "COST"]))
        principals = [other.ar_item_id.int for other in found if other.claim_kind == "PRINCIPAL"]
        claim = draw(st.none() | st.sampled_from(principals)) if kind != "PRINCIPAL" and principals else None
        amount = draw(above_zero)
        found.append(item(number, kind, amount, multiply(amount, draw(rates), 2), days=draw(st.integers(0, 3)), claim=claim))
    return found


@st.composite
def credits(draw: st.DrawFn) -> OpenItem:
    """A payment or credit note."""
    amount = -draw(above_zero)
    return item(1000, "CREDIT", amount, multiply(amount, draw(rates), 2))


class TestMatching:
    @given(debts())
    def test_every_debit_is_in_exactly_one_claim(self, items: list[OpenItem]) -> None:
        """Claims have one principal at most, come by due date, and together they are all the items."""
        claims = group_claims(items)
        assert Counter(found.ar_item_id for claim in claims for found in claim) == Counter(found.ar_item_id for found in items)
        assert all(sum(found.claim_kind == "PRINCIPAL" for found in claim) <= 1 for claim in claims)
        firsts = [(claim[0].due_date, claim[0].ar_item_id.int) for claim in claims]
        assert firsts == sorted(firsts)

    @given(credits(), debts(), st.sampled_from(ORDERS))
    def test_a_match_takes_what_there_is_and_no_more(self, credit: OpenItem, items: list[OpenItem], order: str) -> None:
        """Lines add up to zero; no item is taken beyond what it has open; either the credit or every claim is used up."""
        before = {found.ar_item_id: (found.open_amount, found.base_open_amount) for found in [*items, credit]}
        lines = allocate(credit, group_claims(items), order, 2)
        assert sum(line.amount for line in lines) == 0
        assert len({line.item.ar_item_id for line in lines}) == len(lines)
        for line in lines:
            assert abs(line.amount) <= abs(before[line.item.ar_item_id][0])
            assert line.amount * before[line.item.ar_item_id][0] > 0
        for found in [*items, credit]:
            opened, base = before[found.ar_item_id]
            taken = sum((line.amount for line in lines if line.item is found), Decimal(0))
            taken_base = sum((line.base_amount for line in lines if line.item is found), Decimal(0))
            assert (found.open_amount, found.base_open_amount) == (opened - taken, base - taken_base)
            assert found.open_amount * opened >= 0
            assert abs(found.base_open_amount) <= abs(base)
            assert found.open_amount or not found.base_open_amount, "closed, but not in base currency"
        assert not credit.open_amount or not any(found.open_amount for found in items)

    @given(credits(), debts(), st.sampled_from(ORDERS))
    def test_claims_are_covered_in_order(self, credit: OpenItem, items: list[OpenItem], order: str) -> None:
        """Claim by claim, and in a claim by the order of coverage: nothing is touched while something before it is open."""
        in_turn = [found for claim in group_claims(items) for found in in_coverage_order(claim, order)]
        before = [found.open_amount for found in in_turn]
        allocate(credit, group_claims(items), order, 2)
        open_before = False
        for found, opened in zip(in_turn, before, strict=True):
            assert not open_before or found.open_amount == opened
            open_before = open_before or bool(found.open_amount)

    @given(above_zero, rates, st.lists(above_zero, min_size=1, max_size=12))
    def test_base_parts_add_up_to_the_whole(self, amount: Decimal, rate: Decimal, payments: list[Decimal]) -> None:
        """An item that is paid in pieces: its base amounts add up to the original one, to the last hundredth, when it is closed."""
        debt = item(1, "PRINCIPAL", amount, multiply(amount, rate, 2))
        used: list[Decimal] = []
        for number, payment in enumerate([*payments, amount]):
            credit = item(100 + number, "CREDIT", -payment, multiply(-payment, rate, 2))
            used += [line.base_amount for line in allocate(credit, [[debt]], "OLDEST-FIRST", 2) if line.item is debt]
        assert debt.open_amount == 0
        assert sum(used) == debt.base_original_amount
        assert all(part * debt.base_original_amount >= 0 for part in used)

    @given(credits(), debts())
    def test_a_used_credit_matches_nothing(self, credit: OpenItem, items: list[OpenItem]) -> None:
        """Without anything open on one side there is no match."""
        credit.open_amount = credit.base_open_amount = Decimal(0)
        assert allocate(credit, group_claims(items), "OLDEST-FIRST", 2) == []
        for found in items:
            found.open_amount = found.base_open_amount = Decimal(0)
        assert group_claims(items) == []
