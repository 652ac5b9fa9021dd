"""PDF files out of templates and data: one typst compiler a thread, no network, no fonts but those in the package.

The same data gives the same bytes: the moment in the file is the one given, its identifiers follow from the content, and nothing of the
machine goes in. Files are tagged and follow PDF/UA-1 (ISO 14289-1), so that screen readers read them in order.
"""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reskontro.kit.json import write_json

if TYPE_CHECKING:
    import typst

_ROOT: Final = Path(str(files("reskontro.receivable")))
_NO_GLYPH: Final = "could not be displayed with font"
_local = threading.local()


def _compiler() -> typst.Compiler:
    """The compiler of this thread: it keeps fonts and parsed templates, and serves one call at a time."""
    import typst  # loaded at first use: it is large, and most processes never set a page

    compiler: typst.Compiler | None = getattr(_local, "compiler", None)
    if compiler is None:
        compiler = typst.Compiler(root=_ROOT, font_paths=typst.Fonts(include_system_fonts=False), ignore_system_fonts=True)
        _local.compiler = compiler
    return compiler


def typeset(template: str, data: Any, day: date) -> bytes:
    """The PDF of a template (its path below this package) with data, which it reads as JSON from ``sys.inputs.data``.

    ``day`` is the moment of creation that stands in the file, its midnight in UTC. A text with characters that no font has, such as
    Chinese, gives a file that is tagged but cannot claim PDF/UA: they are shown as boxes. Raises typst.TypstError when it cannot be set.
    """
    inputs = {"data": write_json(data).decode()}
    moment = datetime.combine(day, time(), UTC)
    try:
        return _compile(template, inputs, moment, ["ua-1"])
    except RuntimeError as error:
        if _NO_GLYPH not in str(error):
            raise
        return _compile(template, inputs, moment, [])


def _compile(template: str, inputs: dict[str, str], moment: datetime, standards: list[Any]) -> bytes:
    content = _compiler().compile(_ROOT / template, format="pdf", sys_inputs=inputs, pdf_standards=standards, timestamp=moment)
    assert isinstance(content, bytes)
    return content
