"""PDF files out of templates and data: one typst compiler a thread, no network, no fonts but those in the package.

The same data gives the same bytes: the moment in the file is the one given, its identifiers follow from the content, and nothing of the
machine goes in. Files are tagged and follow PDF/UA-1 (ISO 14289-1), so that screen readers read them in order.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reskontro.kit.json import read_json, write_json

if TYPE_CHECKING:
    import typst

_ROOT: Final = Path(str(files("reskontro.receivable")))
_NO_GLYPH: Final = "could not be displayed with font"
_PAGES: Final = re.compile(rb"/Type/Pages/Count (\d+)")
_REMEMBERED_COMPILATIONS: Final = 10
"""So many compilations after its last use, what a compilation has made is forgotten."""
_OTHER_WIDTH: Final = 600
_local = threading.local()


class Sheets:
    """Documents of one template, which are set one by one.

    ``template`` is a path below this package; it reads the data of all of them as a JSON array from ``sys.inputs.data`` and has a function
    ``draw`` that takes the place of one. What equals in documents of a set is laid out once, so setting some dozens together takes two thirds
    of the time.
    """

    def __init__(self, template: str, documents: Sequence[Any]) -> None:
        self._template = template
        self._inputs = {"data": write_json(documents).decode()}

    def pdf(self, number: int, day: date, *, tagged: bool = True) -> bytes:
        """The PDF of a document.

        ``day`` is the moment of creation that stands in the file, its midnight in UTC. A text with characters that no font has, such as
        Chinese, gives a file that is tagged but cannot claim PDF/UA: they are shown as boxes. Raises typst.TypstError when it cannot be set.
        """
        moment = datetime.combine(day, time(), UTC)
        if not tagged:
            return self._compile(number, moment, [], tagged=False)
        try:
            return self._compile(number, moment, ["ua-1"])
        except RuntimeError as error:
            if _NO_GLYPH not in str(error):
                raise
            return self._compile(number, moment, [])

    def _compile(self, number: int, moment: datetime, standards: list[Any], *, tagged: bool = True) -> bytes:
        source = f'#import "/{self._template}": draw\n#draw({number})'.encode()
        content = _compiler().compile(source, format="pdf", sys_inputs=self._inputs, pdf_standards=standards, timestamp=moment, pdf_tags=tagged)
        assert isinstance(content, bytes)
        return content


def page_count(content: bytes) -> int:
    """How many pages a PDF of a template has."""
    found = _PAGES.search(content)
    assert found is not None, "every file of the typesetter counts its pages"
    return int(found[1])


def forget() -> None:
    """Let go of what large pages have left in memory, which would otherwise stay for some compilations."""
    compiler = _compiler()
    for number in range(_REMEMBERED_COMPILATIONS + 1):
        compiler.compile(b"", format="pdf", sys_inputs={"data": str(number)}, pdf_tags=False)


class Widths(dict[str, int]):
    """How wide characters are in the font of all pages, in thousandths of their size; without kerning, and with digits of one width."""

    def __missing__(self, character: str) -> int:
        return _OTHER_WIDTH

    def of(self, text: str) -> int:
        """The width of a text in thousandths of its size."""
        return sum(map(self.__getitem__, text))


@lru_cache(maxsize=1)
def widths() -> tuple[Widths, Widths]:
    """Of plain and of bold texts."""
    compiler = _new_compiler(_ROOT / "widths.typ")
    found = read_json(compiler.query("<widths>", field="value").encode())
    plain, bold = (Widths({chr(int(code)): int(width) for code, width in weight["widths"].items()}) for weight in found)
    for measure in (plain, bold):
        measure |= {" ": measure["\u00a0"], "\u200b": 0}
    return plain, bold


def _compiler() -> typst.Compiler:
    """The compiler of this thread: it keeps fonts and parsed templates, and serves one call at a time."""
    compiler: typst.Compiler | None = getattr(_local, "compiler", None)
    if compiler is None:
        compiler = _new_compiler()
        _local.compiler = compiler
    return compiler


def _new_compiler(template: Path | None = None) -> typst.Compiler:
    import typst  # loaded at first use: it is large, and most processes never set a page

    return typst.Compiler(input=template, root=_ROOT, font_paths=typst.Fonts(include_system_fonts=False), ignore_system_fonts=True)
