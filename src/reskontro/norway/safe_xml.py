"""XML from outside, read piece by piece: no document type, no entities, nothing fetched, memory that does not grow.

Expat tells of the elements; the elements of one namespace become small trees, of which the reader keeps only those it is
working on. What a reader does not ask for is passed over.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import Final
from xml.parsers import expat

from reskontro.norway.format_fault import FormatFault

DEPTH_MAX: Final = 64
NODES_MAX: Final = 5_000
"""Elements of one record, those that are passed over included; the records inside it count for themselves."""
UNFINISHED_MAX: Final = 1 << 20
"""Bytes of a tag, comment or instruction whose end is not there yet: some parsers read it from its start with every piece."""
_PIECE_MAX = 65_536
_ENCODING_ERRORS = frozenset(
    expat.errors.codes[text] for text in (expat.errors.XML_ERROR_UNKNOWN_ENCODING, expat.errors.XML_ERROR_INCORRECT_ENCODING)
)
_SEPARATOR = "\n"  # cannot occur in the name of a namespace or of an element


class Node:
    """An element: its name without namespace, its attributes, its own text and its children in their order.

    ``place`` is its path in the document, given to the nodes at which a reader begins to search; the paths in faults
    begin with it. Every search raises FormatFault when an element that may stand once stands twice.
    """

    __slots__ = ("attributes", "children", "place", "tag", "text_parts")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.text_parts: list[str] = []
        self.children: list[Node] = []
        self.place = ""

    def fault(self, what: str, *path: str) -> FormatFault:
        """A fault at the element below this one."""
        return FormatFault(what, path="/".join((self.place or self.tag, *path)))

    def one_or_none(self, *path: str) -> Node | None:
        """The element at the path, or None."""
        node = self
        for depth, tag in enumerate(path, 1):
            found: Node | None = None
            for child in node.children:
                if child.tag == tag:
                    if found is not None:
                        raise self.fault("the element is there twice", *path[:depth])
                    found = child
            if found is None:
                return None
            node = found
        return node

    def one(self, *path: str) -> Node:
        """The element at the path. Raises FormatFault when it is not there."""
        node = self.one_or_none(*path)
        if node is None:
            raise self.fault("the element is missing", *path)
        return node

    def each(self, *path: str) -> list[Node]:
        """The elements at the path, of which the last may stand several times, with their places."""
        *above, last = path
        parent = self.one_or_none(*above)
        if parent is None:
            return []
        found = [child for child in parent.children if child.tag == last]
        for number, child in enumerate(found, 1):
            child.place = f"{'/'.join((self.place or self.tag, *path))}[{number}]"
        return found

    def own_text(self) -> str:
        """The text of this element: composed letters (NFC), every run of white space one blank, none at the ends."""
        text = " ".join("".join(self.text_parts).split())
        return text if text.isascii() else unicodedata.normalize("NFC", text)

    def text(self, *path: str) -> str | None:
        """The text of the element at the path, None when the element is not there or empty."""
        node = self.one_or_none(*path)
        return node.own_text() or None if node is not None else None

    def required_text(self, *path: str) -> str:
        """The text of the element at the path. Raises FormatFault when it is not there or empty."""
        text = self.one(*path).own_text()
        if not text:
            raise self.fault("the element is empty", *path)
        return text


class Reader:
    """Feeds a document to expat and builds the nodes.

    ``root(tag, namespace)`` is called once and says which namespace is read (or raises FormatFault). ``begins(node,
    depth)`` is called for every element of it and says whether it is a record: a record is not kept by its parent, and
    ``ends(node, depth)`` is called when it is complete. The root has depth 0.
    """

    def __init__(self, root: Callable[[str, str], str], begins: Callable[[Node, int], bool], ends: Callable[[Node, int], None]) -> None:
        self._root = root
        self._begins = begins
        self._ends = ends
        self._namespace = ""
        self._stack: list[Node] = []
        self._records: list[bool] = []
        self._nodes = [0]  # elements so far of the document and of every open record: what a record keeps counts until it ends
        parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser = parser

    def feed(self, pieces: Iterable[bytes]) -> Iterable[None]:
        """Read the pieces; every step of the iteration has read at most 64 KiB. Raises FormatFault."""
        parser = self._parser
        fed = read = 0
        try:
            for piece in pieces:
                for start in range(0, len(piece), _PIECE_MAX):
                    part = piece[start : start + _PIECE_MAX]
                    parser.Parse(part, False)
                    fed += len(part)
                    # It is -1 after a piece at which the parser has not looked yet.
                    read = max(read, parser.CurrentByteIndex)
                    if fed - read > UNFINISHED_MAX:
                        raise FormatFault("a tag, comment or instruction is too long", line=parser.CurrentLineNumber)
                    yield
            parser.Parse(b"", True)
            yield
        except expat.ExpatError as error:
            encoding = error.code in _ENCODING_ERRORS
            what = f"not well-formed XML ({expat.ErrorString(error.code)}) in column {error.offset + 1}"
            raise FormatFault(what, line=error.lineno, reason="ENCODING" if encoding else "GRAMMAR") from None
        except FormatFault:
            raise
        except (LookupError, ValueError):
            raise FormatFault("the encoding named in the XML declaration is not known", line=1, reason="ENCODING") from None

    def _doctype(self, *_: object) -> None:
        raise FormatFault("a document type declaration is not allowed", line=self._parser.CurrentLineNumber)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, tag = name.rpartition(_SEPARATOR)
        stack = self._stack
        depth = len(stack)
        if not depth:
            self._namespace = self._root(tag, namespace)
        node = Node(tag, attributes)
        record = False
        if namespace == self._namespace:
            record = self._begins(node, depth)
        if record:
            self._nodes.append(0)
        else:
            self._nodes[-1] += 1
        if depth >= DEPTH_MAX or self._nodes[-1] > NODES_MAX:
            raise FormatFault("too many elements in one another or in one record", line=self._parser.CurrentLineNumber)
        if depth and not record and namespace == self._namespace:
            stack[-1].children.append(node)
        stack.append(node)
        self._records.append(record)

    def _text(self, text: str) -> None:
        self._stack[-1].text_parts.append(text)

    def _end(self, _name: str) -> None:
        node = self._stack.pop()
        if self._records.pop():
            self._nodes.pop()
            if self._stack:
                self._stack[-1].text_parts.clear()  # what stands between its records, which would gather otherwise
            self._ends(node, len(self._stack))
