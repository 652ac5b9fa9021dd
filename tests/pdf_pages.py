"""Reading PDF files in tests: their text, where it stands, and what the pages look like."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pypdfium2

MM = 72 / 25.4
DOTS_PER_MM = 4


@dataclass(frozen=True)
class Box:
    """Millimetres from the left and the top of the page."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: Box) -> bool:
        return self.left <= other.left and self.top <= other.top and self.right >= other.right and self.bottom >= other.bottom


def open_pdf(content: bytes) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(content)


def plain(text: str) -> str:
    """The text with every kind of blank as one blank, without places to break."""
    return re.sub(r"\s+", " ", text.replace("\u200b", "").replace("\ufffe", "-")).strip()


def page_texts(content: bytes) -> list[str]:
    """The text of every page."""
    return [plain(page.get_textpage().get_text_range()) for page in open_pdf(content)]


def text_of(content: bytes) -> str:
    """The text of all pages."""
    return " ".join(page_texts(content))


def find(content: bytes, text: str, *, page_no: int = 0, occurrence: int = 0) -> Box:
    """Where a text without blanks stands on a page."""
    page = open_pdf(content)[page_no]
    textpage = page.get_textpage()
    searcher = textpage.search(text, match_case=True)
    for _ in range(occurrence + 1):
        place = searcher.get_next()
        assert place is not None, f"{text} is not on the page"
    boxes = [textpage.get_charbox(place[0] + at) for at in range(place[1])]
    height = page.get_height()
    return Box(
        min(box[0] for box in boxes) / MM,
        (height - max(box[3] for box in boxes)) / MM,
        max(box[2] for box in boxes) / MM,
        (height - min(box[1] for box in boxes)) / MM,
    )


class Picture:
    """A page in shades of grey, four dots a millimetre."""

    def __init__(self, content: bytes, page_no: int = 0) -> None:
        page = open_pdf(content)[page_no]
        bitmap = page.render(scale=DOTS_PER_MM / MM, grayscale=True)
        self.width, self.height = bitmap.width, bitmap.height
        raw = bytes(bitmap.buffer)
        self.rows = [raw[y * bitmap.stride : y * bitmap.stride + bitmap.width] for y in range(bitmap.height)]

    def ink(self, box: Box) -> int:
        """How many dots of a region are dark."""
        return sum(sum(dot < 128 for dot in row[int(box.left * DOTS_PER_MM) : int(box.right * DOTS_PER_MM)]) for row in self._rows(box))

    def differs(self, other: Picture) -> Box | None:
        """The region that holds every difference, None without one."""
        assert (self.width, self.height) == (other.width, other.height)
        places = [
            (x, y)
            for y, (mine, theirs) in enumerate(zip(self.rows, other.rows, strict=True))
            if mine != theirs
            for x in range(self.width)
            if mine[x] != theirs[x]
        ]
        if not places:
            return None
        xs, ys = [x for x, _ in places], [y for _, y in places]
        return Box(min(xs) / DOTS_PER_MM, min(ys) / DOTS_PER_MM, (max(xs) + 1) / DOTS_PER_MM, (max(ys) + 1) / DOTS_PER_MM)

    def _rows(self, box: Box) -> list[bytes]:
        return self.rows[int(box.top * DOTS_PER_MM) : int(box.bottom * DOTS_PER_MM)]
