"""The wire form of files."""

from __future__ import annotations

import binascii
import re
from typing import Any, Final

from reskontro.batches.schemas import FIELD_MESSAGE, PROBLEM_SCHEMA
from reskontro.kit.fields import (
    CLEARED,
    Field,
    Invalid,
    Schema,
    choice,
    clean_text,
    identifier,
    integer,
    moment,
    nested_array,
    text,
)
from reskontro.receivable.customers.schemas import NUMBER_MAX
from reskontro.receivable.files.types import DIRECTIONS

FILE_NAME_MAX: Final = 120
FILE_TYPE_MAX: Final = 20
_SIZE_MAX: Final = 2**53 - 1

FILE: Final = Schema(
    "File",
    [
        identifier("fileId", "Id of the file", use="out"),
        integer("clientNo", 1, NUMBER_MAX, "The client", use="out"),
        text("fileName", 120, "Name", use="out"),
        text("fileType", 120, "Type: code list FILE-TYPE", use="out"),
        text("contentType", 120, "Media type", use="out"),
        choice("direction", DIRECTIONS, "Uploaded or produced", use="out"),
        integer("size", 0, _SIZE_MAX, "Bytes; null while a letter is not rendered", use="out"),
        text("sha256", 64, "SHA-256 of the content, hex; null while a letter is not rendered", use="out"),
        text("documentNo", 35, "Document it belongs to", use="out"),
        identifier("documentBundleId", "Bundle it is in", use="out"),
        identifier("batchUuid", "Batch or run it was made or imported by", use="out"),
        moment("createdAt", "When it was stored", use="out"),
        text("createdBy", 64, "On whose behalf", use="out"),
        text("content", 2**31 - 1, "Base64; only of one file, with expand=content", use="out"),
    ],
)

_PATH_CHARACTERS: Final = re.compile("[/\\\\:\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What leads out of a folder, and what lets a name be shown from right to left."""
_RUN_BY_NAME: Final = frozenset(
    (
        "apk app appimage application appref-ms appx bash bat chm cmd com command cpl csh deb desktop diagcab dll dmg exe fileloc gadget hlp hta "
        "htm html inetloc inf jar jnlp js jse ksh library-ms lnk mht mhtml mjs msc msi msix msp mst ocx php pif pkg ps1 ps1xml psd1 psm1 py pyw reg "
        "rpm run scf scr sct search-ms searchconnector-ms settingcontent-ms sh shb shs shtml svg svgz swf sys terminal theme url vb vbe vbs "
        "vbscript webloc website workflow ws wsc wsf wsh xbap xht xhtml xll zsh"
    ).split()
)
"""Endings of names by which systems run whatever a file holds, or whatever it points to."""


def _file_name(value: Any) -> Any:
    if type(value) is not str:
        raise Invalid("TYPE", type="string")
    name = clean_text(value, multiline=False)
    if not name:
        return CLEARED
    if len(name) > FILE_NAME_MAX:
        raise Invalid("LENGTH", max=FILE_NAME_MAX)
    if _PATH_CHARACTERS.search(name):
        raise Invalid("CHARACTER")
    if not name.strip(". "):
        raise Invalid("FORMAT", value=value)
    return name


def runs_by_name(file_name: str) -> bool:
    """Whether a system would run a file of this name when it is opened."""
    _, dot, ending = file_name.rstrip(". ").rpartition(".")
    return bool(dot) and ending.lower() in _RUN_BY_NAME


def _content(value: Any) -> Any:
    if type(value) is not str:
        raise Invalid("TYPE", type="string")
    return value


class NoBase64(ValueError):
    """A text is not the base64 of RFC 4648 with padding."""


def read_base64(content: str) -> bytes:
    """The bytes behind base64: no line breaks, no missing or superfluous padding, no spare bits. Raises NoBase64."""
    try:
        found = binascii.a2b_base64(content.encode("ascii"), strict_mode=True)
    except (UnicodeEncodeError, binascii.Error):
        raise NoBase64 from None
    last = (len(found) - 1) // 3 * 3
    if len(content) % 4 or binascii.b2a_base64(found[last:], newline=False) != content[-4:].encode():
        raise NoBase64
    return found


FILE_UPLOAD: Final = Schema(
    "FileUpload",
    [
        Field("fileName", _file_name, {"type": "string", "maxLength": FILE_NAME_MAX}, "Name, without path", required=True),
        text("fileType", FILE_TYPE_MAX, "Type: code list FILE-TYPE, one of files.allowedTypes", required=True),
        text("contentType", 80, "Media type; default by fileType", pattern=re.compile(r"[\w.+-]+/[\w.+-]+( *; *charset=[\w-]+)?", re.ASCII)),
        Field("content", _content, {"type": "string"}, "Base64, padded; at most files.maxSizeMiB unpacked", required=True),
        text("sha256", 64, "SHA-256 of the content in hex, compared when sent", pattern=re.compile("[0-9A-Fa-f]{64}")),
        text("documentNo", 35, "ATTACHMENT: document it belongs to"),
        text("clientReference", 64, "Echoed"),
    ],
    "A file to store; bank files are imported too",
)

FILE_RESULT: Final = Schema(
    "FileResult",
    [
        choice("status", ("PROCESSED",), "Always PROCESSED", always=True),
        choice("result", ("CREATED", "UNCHANGED", "FAILED"), "What became of it; UNCHANGED: same type and content are stored already", always=True),
        text("message", 500, "Outcome; of a failed one the first error", always=True),
        identifier("fileId", "Id of the stored file"),
        text("fileName", FILE_NAME_MAX, "Name", always=True),
        text("fileType", FILE_TYPE_MAX, "Type", always=True),
        identifier("batchUuid", "Batch that imports a bank file"),
        text("clientReference", 64, "Echo of the input"),
        nested_array("warnings", FIELD_MESSAGE, "Findings that did not stop it"),
        nested_array("errors", FIELD_MESSAGE, "Findings that did"),
    ],
)

FILE_ANSWER: Final = Schema(
    "FileAnswer",
    [
        integer("clientNo", 1, NUMBER_MAX, "The client", always=True),
        integer("countSuccessful", 0, NUMBER_MAX, "How many are stored", always=True),
        integer("countFailed", 0, NUMBER_MAX, "How many were refused", always=True),
        nested_array("files", FILE_RESULT, "One result per file, in the order of the request", always=True),
    ],
    "What became of an upload",
)

FILES_REJECTED: Final = Schema("FilesRejected", [*PROBLEM_SCHEMA.fields, *FILE_ANSWER.fields], "No file was accepted")
