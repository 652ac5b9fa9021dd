"""Aim: KIDs are checked, read and made as the OCR giro specification says, and templates refuse what could not work."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum import luhn

from reskontro.norway.kid import (
    KID_LENGTH_MAX,
    KidTemplate,
    KidTooLong,
    is_mod10,
    is_mod11,
    is_valid,
    mod10_check,
    mod11_check,
    normalise,
)

DEFAULT_TEMPLATE = "{account:6}{serial:8}{check}"
payloads = st.text("0123456789", min_size=1, max_size=24)


def mod11_by_the_book(payload: str) -> str:
    """The specification in plain words: weights 2 to 7 from the right, 11 less the remainder, 1 gives ``-``."""
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(payload)))
    remainder = total % 11
    return "0" if remainder == 0 else "-" if remainder == 1 else str(11 - remainder)


class TestCheckCharacters:
    @given(payloads)
    def test_mod10_is_the_luhn_digit_of_another_implementation(self, payload: str) -> None:
        """python-stdnum computes the same digit."""
        assert mod10_check(payload) == luhn.calc_check_digit(payload)

    @given(payloads)
    def test_mod11_follows_the_specification_step_by_step(self, payload: str) -> None:
        """A slow implementation of the text computes the same character."""
        assert mod11_check(payload) == mod11_by_the_book(payload)

    @given(payloads)
    def test_a_made_kid_is_valid_by_its_own_algorithm(self, payload: str) -> None:
        """What is generated passes the check it was generated for, and ANY accepts both."""
        by_mod10, by_mod11 = payload + mod10_check(payload), payload + mod11_check(payload)
        assert is_mod10(by_mod10) and is_valid(by_mod10, "MOD10") and is_valid(by_mod10, "ANY")
        assert is_mod11(by_mod11) and is_valid(by_mod11, "MOD11") and is_valid(by_mod11, "ANY")

    @given(payloads, st.data())
    def test_one_wrong_digit_is_always_found(self, payload: str, data: st.DataObject) -> None:
        """Both algorithms detect every change of a single digit."""
        place = data.draw(st.integers(0, len(payload) - 1))
        digit = data.draw(st.sampled_from("0123456789"))
        assume(digit != payload[place])
        changed = payload[:place] + digit + payload[place + 1 :]
        assert not is_mod10(changed + mod10_check(payload))
        assert not is_mod11(changed + mod11_check(payload))

    @pytest.mark.parametrize("payload", ["", "12a", "1 2", "１２", "1" * 25])
    def test_a_payload_that_is_not_1_to_24_digits_is_refused(self, payload: str) -> None:
        """ValueError from both functions."""
        with pytest.raises(ValueError, match="1 to 24 digits"):
            mod10_check(payload)
        with pytest.raises(ValueError, match="1 to 24 digits"):
            mod11_check(payload)


class TestFormat:
    @given(st.text(max_size=30))
    def test_normalised_is_what_the_format_says_or_nothing(self, text: str) -> None:
        """2 to 25 characters, ASCII digits, a hyphen in the last place only."""
        kid = normalise(text)
        compact = text.replace(" ", "")
        well_formed = (
            2 <= len(compact) <= KID_LENGTH_MAX and all(character in "0123456789" for character in compact[:-1]) and compact[-1] in "0123456789-"
        )
        assert kid == (compact if well_formed else None)

    def test_a_kid_of_wrong_format_is_not_valid_by_any_algorithm(self) -> None:
        """A check character that fits does not help."""
        assert not is_valid("1-2", "ANY")
        assert not is_mod10("")
        assert not is_mod11("12\n")

    def test_the_algorithm_of_the_client_decides(self) -> None:
        """A KID right by one algorithm only is refused when the other one is set."""
        assert is_valid("0010017", "MOD10") and not is_valid("0010017", "MOD11")
        assert is_valid("000149-", "MOD11") and not is_valid("000149-", "MOD10")


class TestTemplate:
    def test_serials_of_the_default_template(self) -> None:
        """Serial 0 is the customer's own KID, 1 and 4 those of its documents."""
        template = KidTemplate(DEFAULT_TEMPLATE)
        assert [template.render(2218, 600001, serial) for serial in (0, 1, 4)] == [
            "600001000000002",
            "600001000000010",
            "600001000000044",
        ]

    def test_literal_digits_and_the_client_number_stand_where_the_template_has_them(self) -> None:
        """The parts keep their order and are filled with zeros."""
        template = KidTemplate("77{client:5}0{serial:3}{check}")
        assert template.render(2218, 600001, 9) == "77022180009" + mod10_check("77022180009")

    def test_a_number_longer_than_its_place_stays_whole(self) -> None:
        """Nothing is cut, the KID grows."""
        kid = KidTemplate("{account:3}{serial:2}{check}").render(1, 600001, 12345)
        assert kid is not None and kid[:-1] == "60000112345"

    def test_a_serial_whose_mod11_character_is_a_hyphen_is_skipped(self) -> None:
        """render answers None for exactly those serials."""
        template = KidTemplate("{serial:6}{check}")
        assert template.render(1, 1, 149, "MOD11") is None
        assert template.render(1, 1, 149, "MOD10") == "0001495"

    @given(st.integers(1, 999_999), st.integers(1, 999_999_999), st.integers(0, 99_999_999))
    def test_any_means_mod10_and_mod11_only_when_it_is_set(self, client_no: int, account_no: int, serial: int) -> None:
        """The rendered KID is valid by the algorithm it was asked for."""
        template = KidTemplate("{client:4}{account:6}{serial:5}{check}")
        kid = template.render(client_no, account_no, serial, "ANY")
        assert kid == template.render(client_no, account_no, serial, "MOD10")
        assert kid is not None and is_mod10(kid)
        by_mod11 = template.render(client_no, account_no, serial, "MOD11")
        assert (by_mod11 is None) == (mod11_check(kid[:-1]) == "-")
        assert by_mod11 is None or is_mod11(by_mod11)

    @given(st.integers(0, 10**8 - 1), st.integers(0, 10**8 - 1))
    def test_two_serials_never_share_a_kid(self, first: int, second: int) -> None:
        """Within the digits of the template different serials give different KIDs."""
        assume(first != second)
        template = KidTemplate(DEFAULT_TEMPLATE)
        assert template.render(1, 600001, first) != template.render(1, 600001, second)

    def test_more_than_25_characters_are_refused(self) -> None:
        """The error says how long it would have been; 25 is still allowed."""
        template = KidTemplate("{account:6}{serial:18}{check}")
        kid = template.render(1, 600001, 7)
        assert kid is not None and len(kid) == KID_LENGTH_MAX
        with pytest.raises(KidTooLong) as refusal:
            template.render(1, 1_000_000, 7)
        assert refusal.value.length == 26

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{check}",
            "{serial:8}",
            "{check}{serial:8}",
            "{serial:8}{check}{check}",
            "{serial:8}{check}1",
            "{account:6}{check}",
            "{serial:3}{serial:3}{check}",
            "{account:3}{account:3}{serial:3}{check}",
            "{serial}{check}",
            "{serial:0}{check}",
            "{serial:x}{check}",
            "{customer:6}{serial:8}{check}",
            "KID{serial:8}{check}",
            "{{serial:8}}{check}",
            "１{serial:8}{check}",
            "{serial:2}{check}",
            "{account:9}{serial:16}{check}",
        ],
    )
    def test_an_invalid_template_is_refused_when_it_is_parsed(self, text: str) -> None:
        """Missing, repeated, unknown or misplaced parts, and results that are too short or too long."""
        with pytest.raises(ValueError, match=r"KID template|placeholder"):
            KidTemplate(text)
