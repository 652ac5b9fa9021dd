"""Joins PDF files into one while they come, so that a file of thousands of pages is never in memory.

It reads what the typesetter writes, not any PDF: version 1.7 with a plain cross-reference table, no object streams, no encryption, and
texts that look like references only in streams and in the document information.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

_HEAD: Final = b"%PDF-1.7\n%\x80\x80\x80\x80\n\n"
_REFERENCE: Final = re.compile(rb"\b(\d+) 0 R\b")
_TRAILER: Final = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref\s*(\d+)\s*%%EOF\s*$", re.DOTALL)
_PAGES_NO: Final = 1
_CATALOG_NO: Final = 2
_FIRST_NO: Final = 3


class NotOurPdf(ValueError):
    """A file that is not of the kind the typesetter writes."""


def join_pdfs(parts: Iterable[bytes], language: str) -> Iterator[bytes]:
    """The pages of all parts, in order, as the pieces of one file with the document information of the first.

    ``language`` is that of the texts, as an IETF tag. The files must be untagged: a tree of tags is not carried over. Raises NotOurPdf.
    """
    digest = hashlib.sha256()
    offsets: dict[int, int] = {}
    position = 0
    next_no = _FIRST_NO
    kids: list[int] = []
    pages = 0
    information: int | None = None
    yield _HEAD
    position += len(_HEAD)
    for part in parts:
        digest.update(part)
        objects, root_no, information_no = _objects(part)
        tree_no = int(_entry(objects[root_no], rb"/Pages (\d+) 0 R"))
        base = next_no - 1
        for number, body in objects.items():
            if number == root_no or (number == information_no and information is not None):
                continue
            if number == information_no:
                information = base + number
                renumbered = body
            elif number == tree_no:
                pages += int(_entry(body, rb"/Count (\d+)"))
                kids.append(base + number)
                renumbered = _renumbered(body, base).replace(b"<<", b"<</Parent %d 0 R" % _PAGES_NO, 1)
            else:
                renumbered = _renumbered(body, base)
            offsets[base + number] = position
            piece = b"%d 0 obj\n%b\nendobj\n" % (base + number, renumbered)
            position += len(piece)
            yield piece
        next_no = base + max(objects) + 1
    tree = b"<</Type/Pages/Count %d/Kids[%b]>>" % (pages, b" ".join(b"%d 0 R" % kid for kid in kids))
    catalog = b"<</Type/Catalog/Pages %d 0 R/Lang(%b)/ViewerPreferences<</DisplayDocTitle true>>>>" % (_PAGES_NO, language.encode())
    for number, body in ((_PAGES_NO, tree), (_CATALOG_NO, catalog)):
        offsets[number] = position
        piece = b"%d 0 obj\n%b\nendobj\n" % (number, body)
        position += len(piece)
        yield piece
    rows = [b"0000000000 65535 f\r\n"]
    rows += [b"%010d 00000 n\r\n" % offsets[number] if number in offsets else b"0000000000 65535 f\r\n" for number in range(1, next_no)]
    yield b"xref\n0 %d\n%b" % (next_no, b"".join(rows))
    name = digest.hexdigest()[:32].encode()
    extra = b"" if information is None else b"/Info %d 0 R" % information
    trailer = b"trailer\n<</Size %d/Root %d 0 R%b/ID[<%b><%b>]>>\nstartxref\n%d\n%%%%EOF" % (next_no, _CATALOG_NO, extra, name, name, position)
    yield trailer


def _objects(part: bytes) -> tuple[dict[int, bytes], int, int | None]:
    """The bodies of all objects by number, and which are the catalog and the document information."""
    found = _TRAILER.search(part)
    if found is None or not part.startswith(b"%PDF-1.7"):
        raise NotOurPdf("no trailer of the kind the typesetter writes")
    trailer, start = found[1], int(found[2])
    heading, _, table = part[start : found.start()].partition(b"\n")
    count_line, _, rows = table.partition(b"\n")
    if heading.strip() != b"xref" or not count_line.startswith(b"0 "):
        raise NotOurPdf("no plain cross-reference table")
    count = int(count_line.split()[1])
    starts = {number: int(rows[20 * number : 20 * number + 10]) for number in range(1, count) if rows[20 * number + 17 : 20 * number + 18] == b"n"}
    in_order = sorted(starts.values())
    ends = dict(zip(in_order, [*in_order[1:], start], strict=True))
    objects: dict[int, bytes] = {}
    for number, offset in starts.items():
        text = part[offset : ends[offset]]
        opening = b"%d 0 obj\n" % number
        if not text.startswith(opening) or not text.rstrip().endswith(b"endobj"):
            raise NotOurPdf("an object is not where the cross-reference table says")
        objects[number] = text[len(opening) : text.rindex(b"endobj")].strip(b"\n")
    information = re.search(rb"/Info (\d+) 0 R", trailer)
    return objects, int(_entry(trailer, rb"/Root (\d+) 0 R")), None if information is None else int(information[1])


def _entry(body: bytes, pattern: bytes) -> bytes:
    found = re.search(pattern, body)
    if found is None:
        raise NotOurPdf("an entry is missing that the typesetter writes")
    return found[1]


def _renumbered(body: bytes, base: int) -> bytes:
    """The object with its references moved on by ``base``; the bytes of a stream stay as they are."""
    head, keyword, stream = body.partition(b"stream\n")
    return _REFERENCE.sub(lambda found: b"%d 0 R" % (int(found[1]) + base), head) + keyword + stream
