"""Texts in English and Norwegian: chosen by Accept-Language, told in Content-Language, while codes never change."""

from __future__ import annotations

import pytest

from reskontro.kit.texts import FIELD_TEXTS, OUTCOME_TEXTS
from tests.api.support import invoice, send
from tests.house import House
from tests.shared_data import shared_path


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("en", "en"),
        ("nb", "nb"),
        ("nn", "nn"),
        ("no", "nb"),
        ("NB", "nb"),
        ("nb-NO", "nb"),
        ("en-GB,nb;q=0.9", "en"),
        ("nb;q=0.5, en;q=0.4", "nb"),
        ("nb;q=0.4, en;q=0.5", "en"),
        ("sv, da;q=0.9", "en"),
        ("sv, nn;q=0.1", "nn"),
        ("nb;q=0", "en"),
        ("*", "en"),
        ("nb;q=x", "en"),
        (";;;,,,", "en"),
    ],
)
def test_the_language_of_an_answer(module_house: House, header: str | None, language: str) -> None:
    """The best of en, nb and nn that the caller names; no is nb; English when it names none."""
    answer = module_house.get("/customers/nobody", headers={} if header is None else {"Accept-Language": header})
    assert answer.headers["content-language"] == language
    assert answer.json()["title"] == "Not found"


class TestFieldMessages:
    def test_norwegian_and_english(self, books: House) -> None:
        """The text changes, code, field and pointer do not."""
        document = invoice(customerNo="999", currency="KR")
        answers = {language: send(books, document, headers={"Accept-Language": language}).json()["errors"] for language in ("en", "nb", "nn", "no")}
        assert [error["message"] for error in answers["en"]] == ["Customer 999 does not exist", "KR is not a valid ISO 4217 currency code"]
        assert [error["message"] for error in answers["nb"]] == ["Kunde 999 finnes ikke", "KR er ikke en gyldig valutakode etter ISO 4217"]
        assert answers["nb"] == answers["nn"] == answers["no"]
        for errors in answers.values():
            assert [{key: error[key] for key in ("field", "code", "pointer")} for error in errors] == [
                {"field": "customerNo", "code": "CUSTOMER-UNKNOWN", "pointer": "/document/customerNo"},
                {"field": "currency", "code": "CURRENCY-CODE", "pointer": "/document/currency"},
            ]

    def test_results(self, books: House) -> None:
        """Messages of single writes too."""
        answer = send(books, invoice(), headers={"Accept-Language": "nb"})
        assert (answer.json()["result"], answer.json()["message"]) == ("CREATED", OUTCOME_TEXTS["DOCUMENT-CREATED"][1])
        assert answer.json()["message"] != "Document created"


def test_the_catalogue_is_that_of_the_contract() -> None:
    """Every field code with both its texts, to the letter."""
    try:
        contract = shared_path("contract/arm.md").read_text(encoding="utf-8")
    except FileNotFoundError:
        pytest.skip("the contract is not beside the checkout")
    section = contract.split("## 18. Field codes and texts")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip().strip("|").split(" | ")] for line in section.splitlines() if line.startswith("| ")]
    table = {row[0].rstrip("*"): (row[2], row[3]) for row in rows if row[0] not in ("code", "---")}
    assert len(table) > 50
    # The text of PERIOD-CLOSED ends earlier when it is an error.
    left_out = {"PERIOD-CLOSED"}
    assert {code: FIELD_TEXTS.get(code) for code in table if code not in left_out} == {
        code: texts for code, texts in table.items() if code not in left_out
    }
