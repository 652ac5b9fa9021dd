"""What a content is by its bytes, whatever its name says; pure.

Let in are kinds that nothing runs: a page, a drawing with scripts or a program is none of them, under whatever name it comes.
"""

from __future__ import annotations

import codecs
from typing import Any, Final
from xml.parsers import expat

from reskontro.receivable.files.types import ATTACHMENT, CONTENT_TYPES, PDF, XML, media_of

PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
TEXT: Final = "text/plain"

_SIGNATURES: Final = ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG))
_SPELLINGS: Final = {PDF: (PDF,), PNG: (PNG,), JPEG: (JPEG,), XML: (XML, "text/xml"), TEXT: (TEXT, "text/csv", "application/json")}
"""Each kind with the media types it may be called by."""
ATTACHMENT_MEDIA: Final = tuple(media for spellings in _SPELLINGS.values() for media in spellings)
UNTOLD: Final = "application/octet-stream"
"""A media type that says nothing, as if none were sent."""

OCR_START: Final = b"NY000010"
CAMT_NAMESPACES: Final = tuple(f"urn:iso:std:iso:20022:tech:xsd:camt.054.001.{version}" for version in ("02", "08"))
_HEAD_BYTES: Final = 64 << 10
_BOM: Final = codecs.BOM_UTF8
_NO_TEXT: Final = bytes(code for code in range(32) if code not in b"\t\n\f\r") + b"\x7f"
_ACTIVE_TEXT: Final = (b"<!doctype", b"<html", b"<script", b"<svg", b"<iframe", b"<?php")
_ACTIVE_NAMESPACES: Final = ("http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg", "http://www.w3.org/1999/XSL/Transform")
_ACTIVE_ROOTS: Final = ("html", "svg", "stylesheet")
_SEPARATOR: Final = " "


class WrongKind(Exception):
    """A content is not what it is said to be; the text says why."""


def judge(file_type: str, content: bytes, content_type: str | None) -> str:
    """The content type of an uploaded content; ``content_type`` is the one sent. Raises WrongKind."""
    if file_type == ATTACHMENT:
        kind = _kind_of(content)
        usual = _text_type(content) if kind == TEXT else kind
    elif file_type == "CAMT054":
        _check_camt(content)
        kind = usual = XML
    else:
        if not content.removeprefix(_BOM).startswith(OCR_START):
            raise WrongKind("it does not begin with a start record (NY000010)")
        if b"\0" in content or _is_active(content):
            raise WrongKind("it is no text of records")
        kind, usual = TEXT, str(CONTENT_TYPES[file_type])
    if content_type is None or media_of(content_type) == UNTOLD:
        return usual
    if media_of(content_type) not in _SPELLINGS[kind]:
        raise WrongKind(f"by its bytes it is {kind}, not {media_of(content_type)}")
    return content_type


def _kind_of(content: bytes) -> str:
    for signature, media in _SIGNATURES:
        if content.startswith(signature):
            return media
    if not content:
        raise WrongKind("it is empty")
    if _begins_as_xml(content):
        _check_xml(content)
        return XML
    if len(content.translate(None, _NO_TEXT)) != len(content):
        raise WrongKind("by its bytes it is none of the kinds that can be attached")
    if _is_active(content):
        raise WrongKind("pages and programs cannot be attached")
    return TEXT


def _is_active(content: bytes) -> bool:
    """Whether a text begins as a page or a program, or has in its beginning what a browser that guesses takes for a page."""
    start = content[:_HEAD_BYTES].removeprefix(_BOM).lstrip().lower()
    return start.startswith((b"<", b"#!")) or any(mark in start for mark in _ACTIVE_TEXT)


def _text_type(content: bytes) -> str:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "text/plain; charset=iso-8859-1"
    return "text/plain; charset=utf-8"


def _begins_as_xml(content: bytes) -> bool:
    if content.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        return True
    return content.removeprefix(_BOM).lstrip().startswith(b"<?xml")


def _check_xml(content: bytes) -> None:
    """Raise WrongKind for what is not well-formed, declares a document type, or holds elements that a browser runs."""
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    depth = 0

    def start(name: str, attributes: Any) -> None:
        nonlocal depth
        namespace, _, local = name.rpartition(_SEPARATOR)
        if namespace in _ACTIVE_NAMESPACES or (not depth and local.lower() in _ACTIVE_ROOTS):
            raise WrongKind("pages and programs cannot be attached")
        depth += 1

    def instruction(target: str, data: str) -> None:
        if target.lower() == "xml-stylesheet":
            raise WrongKind("pages and programs cannot be attached")

    def doctype(*_: Any) -> None:
        raise WrongKind("a document type declaration is not allowed")

    parser.StartElementHandler = start
    parser.ProcessingInstructionHandler = instruction
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise WrongKind(f"it is not well-formed XML ({str(error)[:100]})") from None


class _Root(Exception):
    """The first element was reached."""


def _check_camt(content: bytes) -> None:
    """Raise WrongKind unless the first element is a Document in a camt.054 namespace; what is inside is read by the import."""
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    found = ""

    def start(name: str, attributes: Any) -> None:
        nonlocal found
        found = name
        raise _Root

    parser.StartElementHandler = start
    try:
        parser.Parse(content[:_HEAD_BYTES], False)
    except _Root:
        pass
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise WrongKind(f"it is not XML ({str(error)[:100]})") from None
    namespace, _, local = found.rpartition(_SEPARATOR)
    if namespace not in CAMT_NAMESPACES or local != "Document":
        raise WrongKind("it is not camt.054.001.02 or camt.054.001.08")
