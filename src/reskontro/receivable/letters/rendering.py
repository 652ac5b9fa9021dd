"""Letters as PDF files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reskontro.receivable.letters.layout import page_of
from reskontro.receivable.letters.model import Letter
from reskontro.receivable.typesetting import Sheets, page_count

_TEMPLATE: Final = "letters/letter.typ"
_SINGLE_LINES_MAX: Final = 12
"""A letter of at most so many lines is taken to have one page until it turns out to have more."""


class LetterSet:
    """Letters that are rendered one by one; a set takes less time than as many letters alone, and gives the same bytes."""

    def __init__(self, letters: Sequence[Letter]) -> None:
        self._letters = letters
        self._pages = [page_of(letter) for letter in letters]
        self._singles = Sheets(_TEMPLATE, [page | {"single": True} for page in self._pages])

    def render(self, number: int) -> bytes:
        """The letter at a place of the set, as a PDF file of A4 pages. Raises typst.TypstError when it cannot be set."""
        letter = self._letters[number]
        if _lines(letter) <= _SINGLE_LINES_MAX:
            content = self._singles.pdf(number, letter.letter_date)
            if page_count(content) == 1:
                return content
        return Sheets(_TEMPLATE, [self._pages[number] | {"single": False}]).pdf(0, letter.letter_date)


def _lines(letter: Letter) -> int:
    postings = letter.statement.postings if letter.statement else ()
    segments = letter.interest.segments if letter.interest else ()
    return len(letter.claims) + len(postings) + len(segments)


def render_untagged(letter: Letter) -> bytes:
    """A letter to be joined with other pages (see pdf_joining), which carries no tags over."""
    return Sheets(_TEMPLATE, [page_of(letter) | {"single": False}]).pdf(0, letter.letter_date, tagged=False)


def render_letter(letter: Letter) -> bytes:
    """One letter; the same letter gives the same bytes."""
    return LetterSet([letter]).render(0)
