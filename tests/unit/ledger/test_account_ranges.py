"""Aim: a filter of GL accounts means the numbers and ranges it names."""

from __future__ import annotations

import pytest

from reskontro.kit.errors import Problem
from reskontro.ledger.account_ranges import AccountRanges


def test_numbers_and_ranges_with_both_ends() -> None:
    """Ranges compare as numbers."""
    wanted = AccountRanges(["1920", "1500-1599", "30000 - 30010"])
    inside = ["1920", "1500", "1599", "30005"]
    outside = ["1921", "1499", "1600", "15001", "3000"]
    assert [account in wanted for account in inside + outside] == [True] * 4 + [False] * 5


def test_what_is_no_number_matches_nothing() -> None:
    """As any natural key that is unknown."""
    assert "1500" not in AccountRanges(["kunder"])


@pytest.mark.parametrize("text", ["1500-", "-1500", "1500-x", "1-2-3", "12345678901-12345678902", "١-٢"])
def test_half_a_range_is_refused(text: str) -> None:
    """400 INVALID-PARAMETER."""
    with pytest.raises(Problem) as caught:
        AccountRanges([text])
    assert caught.value.code == "INVALID-PARAMETER"
