"""The VAT in a part of a document, pure."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reskontro.ledger.posting import Part
from reskontro.receivable.ar_items.crediting import vat_share

amount = st.integers(0, 10**9).map(lambda value: Decimal(value) / 100)


def test_each_code_is_rounded_by_itself() -> None:
    """A third of 0.10 and 0.10 is 0.03 twice, where a third of 0.20 would be 0.07."""
    parts = [Part("2700", Decimal("0.10"), "3"), Part("2701", Decimal("0.10"), "31")]
    assert vat_share(Decimal(1), Decimal(3), Decimal("0.20"), parts, 2) == Decimal("0.06")
    assert vat_share(Decimal(1), Decimal(3), Decimal("0.20"), [Part("2700", Decimal("0.20"), "3")], 2) == Decimal("0.07")


def test_one_code_on_two_lines_is_rounded_once() -> None:
    """Lines of one code (with dimensions of their own) are one sum."""
    parts = [Part("2700", Decimal("0.10"), "3", ((1, "a"),)), Part("2700", Decimal("0.10"), "3", ((1, "b"),))]
    assert vat_share(Decimal(1), Decimal(3), Decimal("0.20"), parts, 2) == Decimal("0.07")


@given(amount, amount, st.sampled_from((0, 2)))
def test_the_whole_has_all_of_it(net: Decimal, vat: Decimal, decimals: int) -> None:
    """The whole of a document has its whole VAT, nothing of it none, also where no account took the VAT."""
    for parts in ([Part("2700", vat, "3")], []):
        assert vat_share(net + vat, net + vat, vat, parts, decimals) == (vat if net + vat else 0)
        assert vat_share(Decimal(0), net + vat, vat, parts, decimals) == 0
