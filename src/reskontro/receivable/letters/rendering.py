"""Letters as PDF files."""

from __future__ import annotations

from reskontro.receivable.letters.layout import page_of
from reskontro.receivable.letters.model import Letter
from reskontro.receivable.typesetting import typeset

TEMPLATE = "letters/letter.typ"


def render_letter(letter: Letter) -> bytes:
    """The letter as a PDF file of A4 pages; the same letter gives the same bytes."""
    return typeset(TEMPLATE, page_of(letter), letter.letter_date)
