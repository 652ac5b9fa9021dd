"""Aim: Norwegian account numbers, IBAN, BIC and RF references are accepted and refused by the rules of their
standards.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649
from stdnum.no import kontonr

from reskontro.norway import accounts


class TestAccountNumbers:
    @given(st.integers(0, 10**11 - 1))
    def test_ordinary_numbers_agree_with_stdnum(self, number: int) -> None:
        """Outside the two kinds with a check of their own, whatever the library says."""
        value = f"{number:011d}"
        if value[4:6] != "00" and value[:4] != "0000":
            assert accounts.is_account_no(value) == kontonr.is_valid(value)

    @given(st.integers(100_000, 10**7 - 1))
    def test_old_postal_giro_numbers_pass_by_either_check(self, number: int) -> None:
        """stdnum knows the Luhn check of the last seven digits only; MOD11 over the whole number is accepted as
        well.
        """
        value = f"0000{number:07d}"
        by_mod11 = accounts.account_check_digit(value[:10]) == value[10]
        assert accounts.is_account_no(value) == (kontonr.is_valid(value) or by_mod11)

    @given(st.integers(0, 10**10 - 1))
    def test_the_check_digit_completes_a_valid_number(self, number: int) -> None:
        """With the answered digit the number is valid by MOD11; None means that remainder 1 leaves no digit."""
        base = f"{number:010d}"
        digit = accounts.account_check_digit(base)
        if digit is not None:
            assert accounts.normalise_account_no(base + digit) == base + digit

    def test_a_base_of_another_length_is_refused(self) -> None:
        """ValueError, as the answer would be meaningless."""
        with pytest.raises(ValueError, match="10 digits"):
            accounts.account_check_digit("123")

    @given(st.integers(0, 10**10 - 1))
    def test_the_iban_of_an_account_is_that_of_stdnum(self, number: int) -> None:
        """Same check digits as the library computes."""
        base = f"{number:010d}"
        digit = accounts.account_check_digit(base)
        if digit is not None:
            iban = accounts.iban_of_account(base + digit)
            assert iban == kontonr.to_iban(base + digit)
            assert accounts.is_iban(iban)


class TestBankAccounts:
    @pytest.mark.parametrize(
        ("value", "valid"),
        [
            ("86011117947", True),
            ("8601.11.17947", True),
            ("8601 11 17947", True),
            ("86011117948", False),
            ("8601111794", False),
            ("８6011117947", False),
            ("12340056715", True),
            ("00001234566", True),
            ("00001234567", False),
            ("NO9386011117947", True),
            ("no93 8601 1117 947", True),
            ("NO9386011117948", False),
            ("NO0012345678903", False),
            ("NO938601111794", False),
            ("DE89370400440532013000", True),
            ("DE89370400440532013001", False),
            ("SE4550000000058398257466", True),
            ("XX00", False),
            ("-", False),
            ("", False),
        ],
    )
    def test_account_number_or_iban(self, value: str, valid: bool) -> None:
        """Digits are a Norwegian account, everything else must be an IBAN with its national check."""
        assert accounts.is_bank_account(value) is valid

    def test_a_norwegian_iban_needs_a_valid_account_number_too(self) -> None:
        """Check digits by mod 97 alone are not enough."""
        wrong = "86011117948"
        assert accounts.iban_of_account(wrong) == "NO66" + wrong
        assert not accounts.is_iban(accounts.iban_of_account(wrong))


class TestReferences:
    @pytest.mark.parametrize(
        ("value", "valid"),
        [
            ("DNBANOKK", True),
            ("dnbanokkxxx", True),
            ("DNBANOK", False),
            ("DNBAXXKK", False),
            ("DNB1NOKK", False),
            ("DNBANOKKXX", False),
            ("", False),
        ],
    )
    def test_bic(self, value: str, valid: bool) -> None:
        """Four letters, a country, two or five more."""
        assert accounts.is_bic(value) is valid

    @given(st.text("0123456789ABCXYZ", min_size=1, max_size=21), st.integers(2, 98))
    def test_rf_reference_agrees_with_stdnum(self, reference: str, check: int) -> None:
        """ISO 11649, the check digits before and after they are right."""
        value = f"RF{check:02d}{reference}"
        assert accounts.is_rf_reference(value) == iso11649.is_valid(value)

    @pytest.mark.parametrize("value", ["RF18 5390 0754 7034", "rf18539007547034"])
    def test_blanks_and_case_of_an_rf_reference_do_not_matter(self, value: str) -> None:
        """Printed references have blanks every four characters."""
        assert accounts.is_rf_reference(value)

    @pytest.mark.parametrize("value", ["", "RF", "RF18", "18539007547034", "RF18539007547034539007547034"])
    def test_what_has_not_the_form_is_no_rf_reference(self, value: str) -> None:
        """Letters, check digits and 1 to 21 more characters."""
        assert not accounts.is_rf_reference(value)
