"""The wire form of document bundles."""

from __future__ import annotations

from typing import Final

from reskontro.kit.fields import Schema, choice, identifier, integer, moment, money, nested_array, text
from reskontro.receivable.customers.schemas import NUMBER_MAX
from reskontro.receivable.files.schemas import FILE

BUNDLE_TYPES: Final = ("INVOICING", "REMINDER", "INTEREST", "STATEMENT")
STATUSES: Final = ("OPEN", "SEALED")

BUNDLE_DOCUMENT = Schema(
    "BundleDocument",
    [
        identifier("documentUuid", "Id of the document", use="out"),
        text("documentNo", 35, "Number of the document", use="out"),
        text("documentType", 2, "Type of the document", use="out"),
        money("inclVat", "Its total, as the document states it", use="out"),
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
