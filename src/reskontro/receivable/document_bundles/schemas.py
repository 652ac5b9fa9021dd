"""The wire form of document bundles."""

from __future__ import annotations

from typing import Final

from reskontro.kit.fields import Schema, choice, identifier, integer, moment, money, nested_array, text
from reskontro.receivable.customers.schemas import NUMBER_MAX

BUNDLE_TYPES: Final = ("INVOICING", "REMINDER", "INTEREST", "STATEMENT")
STATUSES: Final = ("OPEN", "SEALED")
_SIZE_MAX: Final = 2**53 - 1

BUNDLE_DOCUMENT = Schema(
    "BundleDocument",
    [
        identifier("documentUuid", "Id of the document", use="out"),
        text("documentNo", 35, "Number of the document", use="out"),
        text("documentType", 2, "Type of the document", use="out"),
        money("inclVat", "Its total, as the document states it", use="out"),
    ],
)

FILE = Schema(
    "File",
    [
        identifier("fileId", "Id of the file", use="out"),
        integer("clientNo", 1, NUMBER_MAX, "The client", use="out"),
        text("fileName", 120, "Name", use="out"),
        text("fileType", 120, "Type: code list FILE-TYPE", use="out"),
        text("contentType", 120, "Media type", use="out"),
        choice("direction", ("IN", "OUT"), "Uploaded or produced", use="out"),
        integer("size", 0, _SIZE_MAX, "Bytes", use="out"),
        text("sha256", 64, "SHA-256 of the content, hex", use="out"),
        text("documentNo", 35, "Document it belongs to", use="out"),
        identifier("documentBundleId", "Bundle it is in", use="out"),
        identifier("batchUuid", "Batch or run it was made or imported by", use="out"),
        moment("createdAt", "When it was stored", use="out"),
        text("createdBy", 64, "On whose behalf", use="out"),
        text("content", 2**31 - 1, "Base64; only of one file, with expand=content", use="out"),
    ],
)

DOCUMENT_BUNDLE = Schema(
    "DocumentBundle",
    [
        identifier("documentBundleId", "Id of the bundle", use="out"),
        integer("clientNo", 1, NUMBER_MAX, "The client", use="out"),
        integer("accountNo", 1, NUMBER_MAX, "AR account of the customer", use="out"),
        text("customerNo", 20, "The customer that gets it", use="out"),
        choice("bundleType", BUNDLE_TYPES, "What it is about", use="out"),
        text("bundleReference", 64, "What its documents share; null for letters and notes of a run", use="out"),
        identifier("batchUuid", "Batch or run it was made by", use="out"),
        choice("status", STATUSES, "OPEN until that batch is final", use="out"),
        text("currency", 3, "Currency of its documents; null when mixed", use="out"),
        money("totalInclVat", "Its documents added up, credit notes and payments taken off; null when currencies are mixed", use="out"),
        integer("documentCount", 0, NUMBER_MAX, "Number of its documents", use="out"),
        integer("fileCount", 0, NUMBER_MAX, "Number of its files", use="out"),
        moment("createdAt", "When its first document came", use="out"),
        nested_array("documents", BUNDLE_DOCUMENT, "Its documents; in lists with expand=documents", use="out"),
        nested_array("files", FILE, "Its files without content; in lists with expand=files", use="out"),
    ],
    "What goes to one receiver together",
)
