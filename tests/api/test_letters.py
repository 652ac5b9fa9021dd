"""Aim: who is sent a letter by a run can be shown that letter, as a PDF that says what was booked."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from typing import Any

import pytest

from tests.api.dunning import business, claim, consumer, run
from tests.api.support import amounts, configure, shown
from tests.house import House
from tests.pdf_pages import page_texts, text_of


@pytest.fixture
def books(house: House) -> House:
    """A client with a bank account, a consumer and a company."""
    configure(house, "bank.accounts", [{"bankAccountNo": "86011117947", "currency": "NOK", "glAccount": "1920", "source": "OCR"}])
    consumer(house)
    business(house)
    return house


def letter_file(house: House, file_id: str) -> dict[str, Any]:
    """The file as its receiver is given it."""
    answer = house.get(f"/files/{file_id}?expand=content")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def pdf_of(house: House, file_id: str) -> bytes:
    file = letter_file(house, file_id)
    content = b64decode(file["content"])
    assert (file["fileType"], file["contentType"], file["direction"]) == ("LETTER", "application/pdf", "OUT")
    assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    return content


def test_a_reminder_and_a_notice_on_paper(books: House) -> None:
    """The amounts, the deadline, the KID and the account of what was booked; the second letter is a collection notice with both fees."""
    claim(books, "26001", documentLines=[{"lineNo": 1, "lineType": "PLH", "articleName": "Ved", "currencyAmounts": amounts(1000, 250)}])
    (reminded,) = run(books)
    text = text_of(pdf_of(books, reminded["fileId"]))
    kid = shown(books, reminded["documentNo"])["kid"]
    for said in ("Purring", "Kari Prøve", "kr 1 288,00 blir betalt innen 9. desember 2026", "26001 Ved", kid, "8601 11 17947", "kr 38,00"):
        assert said in text
    (noticed,) = run(books, "2026-12-13")
    text = text_of(pdf_of(books, noticed["fileId"]))
    for said in ("inkassovarsel etter inkassoloven § 9", "kr 1 326,00", "27. desember 2026", "Kostnader fra tidligere brev 38,00"):
        assert said in text


@pytest.mark.parametrize(("language", "title"), [("no", "Purring"), ("nn", "Vi kan ikkje sjå"), ("en", "Reminder"), ("pl", "Reminder")])
def test_in_the_language_of_the_customer(books: House, language: str, title: str) -> None:
    """Bokmål, nynorsk, and English for everybody else."""
    consumer(books, language=language)
    claim(books, "26001")
    (result,) = run(books)
    assert title in text_of(pdf_of(books, result["fileId"]))


def test_the_content_does_not_change(books: House) -> None:
    """Whoever comes first, a reader or a worker, and whatever changes afterwards: the letter stays the one that was sent."""
    claim(books, "26001")
    (result,) = run(books)
    first = pdf_of(books, result["fileId"])
    consumer(books, name="Kari Gift")
    books.work()
    assert pdf_of(books, result["fileId"]) == first
    assert "Kari Prøve" in text_of(first)


def test_forty_claims_in_one_letter(books: House) -> None:
    """All of them with their amounts, over two pages."""
    for number in range(40):
        claim(books, f"26{number:03d}", amount=100 + number)
    (result,) = run(books)
    pages = page_texts(pdf_of(books, result["fileId"]))
    assert len(pages) == 2
    for number in range(40):
        assert sum(f"26{number:03d} " in page for page in pages) == 1
    total = sum(100 + number for number in range(40)) * 125 + 3800
    assert f"Å betale kr {total // 100:,}".replace(",", " ") in pages[1]
