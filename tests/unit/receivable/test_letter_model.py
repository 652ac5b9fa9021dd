"""A letter as data: it keeps everything as JSON, its sums keep principal, costs and interest apart, and it refuses what the law forbids."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import get_args

import msgspec
import pytest

from reskontro.receivable.letters.model import Kind, Letter, letter_language
from tests.unit.receivable.letters_data import claim, letter


@pytest.mark.parametrize("kind", get_args(Kind))
def test_json_keeps_everything(kind: Kind) -> None:
    original = letter(kind, claims=(claim(original=Decimal("9999999999999.99"), text="Blåbær & «æøå»", interest=Decimal("0.10")),))
    assert Letter.from_json(json.loads(json.dumps(original.to_json()))) == original


def test_sums_keep_principal_costs_and_interest_apart() -> None:
    notice = letter("COLLECTION-NOTICE", claims=(claim(1, fee=Decimal(38), interest=Decimal("2.50")), claim(2, open_amount=Decimal("100.25"))))
    assert (notice.principal, notice.earlier_fees, notice.new_fees, notice.interest_amount) == (
        Decimal("1350.25"),
        Decimal(38),
        Decimal(38),
        Decimal("2.50"),
    )
    assert notice.to_pay == Decimal("1428.75")


def test_an_interest_note_asks_for_the_interest_alone() -> None:
    assert letter("INTEREST-NOTE").to_pay == Decimal("6787.67")


def test_a_statement_in_the_customers_favour_asks_for_nothing() -> None:
    statement = letter("STATEMENT").statement
    assert statement is not None
    assert letter("STATEMENT").to_pay == Decimal("1250.00")
    assert letter("STATEMENT", statement=replace(statement, closing_balance=Decimal(-300))).to_pay == 0


def test_a_notice_gives_fourteen_days() -> None:
    with pytest.raises(ValueError, match="14 days"):
        letter("COLLECTION-NOTICE", deadline=date(2026, 12, 9))
    assert letter("COLLECTION-NOTICE", deadline=date(2026, 12, 10)).deadline == date(2026, 12, 10)


def test_a_reminder_may_give_fewer_days() -> None:
    assert letter(deadline=date(2026, 11, 26)).deadline == date(2026, 11, 26)
    with pytest.raises(ValueError, match="deadline"):
        letter(deadline=date(2026, 11, 25))
    with pytest.raises(ValueError, match="deadline"):
        letter(deadline=None)


def test_what_is_no_letter_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        Letter.from_json(letter().to_json() | {"kind": "POEM"})
    with pytest.raises(ValueError, match="at least one claim"):
        letter(claims=())


@pytest.mark.parametrize(("given", "used"), [("no", "nb"), ("nb", "nb"), ("nn", "nn"), ("en", "en"), ("sv", "en"), ("pl", "en")])
def test_language_of_a_letter(given: str, used: str) -> None:
    assert letter_language(given) == used
