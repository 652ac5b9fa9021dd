"""Aim: the calculator tells people amounts, rates and sources, exactly as the rules of the law have them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reskontro.cli import run


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are not broken."""
    monkeypatch.setenv("COLUMNS", "200")


def told(capsys: pytest.CaptureFixture[str], words: str) -> str:
    """What a calculation writes."""
    assert run(["calc", *words.split()]) == 0
    return capsys.readouterr().out


def figures(capsys: pytest.CaptureFixture[str], words: str) -> dict[str, Any]:
    """The same for programs."""
    found: dict[str, Any] = json.loads(told(capsys, f"{words} --json"))
    return found


class TestInterest:
    def test_each_half_year_at_its_rate(self, capsys: pytest.CaptureFixture[str]) -> None:
        """1250 from 2 March to 15 September 2026: 121 days at 12 % and 77 at 12.25 %."""
        lines = told(capsys, "interest --principal 1250 --due 2026-03-01 --paid 2026-09-15").splitlines()
        assert lines[0].strip() == "Late interest: 82.03 NOK"
        cells = [line.split()[:7] for line in lines]
        assert ["2026-03-02", "2026-06-30", "121", "1", "250.00", "12.00", "49.73"] in cells
        assert ["2026-07-01", "2026-09-15", "77", "1", "250.00", "12.25", "32.30"] in cells
        assert lines[5].rstrip().endswith("forsinkelsesrenteloven § 3; FOR-2026-06-25-1372")

    def test_vectors(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The two published claims."""
        assert figures(capsys, "interest --principal 40000 --due 2026-09-30 --paid 2026-11-02")["interest"] == 443.01
        assert figures(capsys, "interest --principal 10000,00 --due 2026-06-01 --paid 2026-07-31")["interest"] == 199.38

    def test_payments_lower_the_principal_from_the_day_after(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Two payments, the second of them all that is left."""
        found = figures(capsys, "interest --principal 1000 --due 2026-06-01 --paid 2026-06-30 --payment 2026-06-11:400 --payment 2026-06-21:600")
        assert [(one["fromDate"], one["toDate"], one["principal"]) for one in found["segments"]] == [
            ("2026-06-02", "2026-06-11", 1000),
            ("2026-06-12", "2026-06-21", 600),
        ]
        assert (found["days"], found["interest"]) == (20, 5.26)

    def test_an_agreed_rate(self, capsys: pytest.CaptureFixture[str]) -> None:
        """One rate, whatever the half-year; in a leap year a day is 1/366, or 1/365 when that was agreed."""
        words = "interest --principal 36600 --due 2028-01-31 --paid 2028-02-10 --rate 10"
        assert figures(capsys, words)["interest"] == 100
        assert figures(capsys, f"{words} --day-count ACT-365")["interest"] == 100.27

    def test_paid_in_time(self, capsys: pytest.CaptureFixture[str]) -> None:
        """No interest, and a word why."""
        out = told(capsys, "interest --principal 1250 --due 2026-03-01 --paid 2026-03-01")
        assert "0.00 NOK" in out
        assert "There is no interest day" in out

    def test_a_rate_that_is_not_announced_is_not_guessed(self, capsys: pytest.CaptureFixture[str]) -> None:
        """An error that names the day."""
        assert run("calc interest --principal 1 --due 2026-12-01 --paid 2027-01-02".split()) == 1
        assert "No late interest rate is known for 2027-01-01" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "words",
        [
            "--principal ten --due 2026-03-01 --paid 2026-09-15",
            "--principal 1.005 --due 2026-03-01 --paid 2026-09-15",
            "--principal -5 --due 2026-03-01 --paid 2026-09-15",
            "--principal 99999999999999 --due 2026-03-01 --paid 2026-09-15",
            "--principal 5 --due 2026-02-30 --paid 2026-09-15",
            "--principal 5 --due 2026-03-01 --paid 2026-09-15 --payment 2026-04-01",
            "--principal 5 --due 2026-03-01 --paid 2026-09-15 --rate 101",
        ],
    )
    def test_what_cannot_be_understood(self, words: str) -> None:
        """Wrong usage: status 2."""
        assert run(["calc", "interest", *words.split()]) == 2


class TestFee:
    def test_a_reminder(self, capsys: pytest.CaptureFixture[str]) -> None:
        """One twentieth of the inkassosats of 750 in whole kroner."""
        found = figures(capsys, "fee --due 2026-10-19 --sent 2026-11-05")
        assert (found["fee"], found["maximum"], found["inkassosats"], found["compensation"]) == (38, 38, 750, None)

    def test_too_early(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Before the 14th day after the due date nothing may be charged."""
        assert figures(capsys, "fee --due 2026-10-23 --sent 2026-11-05")["reason"] == "TOO_EARLY"
        assert "no fee yet" in told(capsys, "fee --due 2026-10-23 --sent 2026-11-05")

    def test_a_business_owes_the_compensation(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Of the half-year of the due date."""
        assert figures(capsys, "fee --due 2026-10-19 --sent 2026-11-05 --business")["compensation"] == 430

    def test_a_demand_needs_a_notice(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The first letter cannot be a payment demand with a fee."""
        found = figures(capsys, "fee --due 2026-10-19 --sent 2026-11-05 --letter payment-demand")
        assert (found["fee"], found["allowed"], found["reason"]) == (0, False, "NO_NOTICE")


class TestSalaer:
    @pytest.mark.parametrize(
        ("words", "light", "heavy"),
        [
            ("--principal 5000 --covered 2026-09-15", 600, 1200),
            ("--principal 5000 --covered 2026-09-15 --business", 900, 1800),
            ("--principal 5000 --covered 2026-09-15 --no-deduction", 750, 1500),
        ],
    )
    def test_light_and_heavy(self, capsys: pytest.CaptureFixture[str], words: str, light: int, heavy: int) -> None:
        """The band's multiple of 750, half as much again for a business, a quarter more without deduction."""
        found = figures(capsys, f"salaer {words}")
        assert (found["light"], found["heavy"]) == (light, heavy)
        assert f"{light}.00" in told(capsys, f"salaer {words}")


class TestKid:
    def test_a_valid_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The first KID of account 600001 has a MOD10 digit."""
        assert figures(capsys, "kid 600001000000010") == {
            "kid": "600001000000010",
            "valid": {"MOD10": True, "MOD11": False},
            "withCheck": {"MOD10": "6000010000000105", "MOD11": "6000010000000101"},
        }
        assert "not valid" in told(capsys, "kid 600001000000010")

    def test_digits_get_a_check_character(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Of 60000100000001 the first KID is made."""
        assert figures(capsys, "kid 60000100000001")["withCheck"]["MOD10"] == "600001000000010"

    def test_what_is_no_kid(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Letters, and too many digits."""
        assert run(["calc", "kid", "abc"]) == 2
        assert run(["calc", "kid", "1" * 26]) == 2
        assert "no KID" in capsys.readouterr().err
