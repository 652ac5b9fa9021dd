"""The wire form of GL items."""

from __future__ import annotations

from typing import Final

from reskontro.kit.fields import Schema, choice, day, decimal, identifier, integer, moment, money, nested_array, text
from reskontro.ledger.gl_items_view import JOURNALS
from reskontro.receivable.customers.schemas import NUMBER_MAX
from reskontro.receivable.dimensions import DIMENSION

TRANSACTION_NO_MAX: Final = 2**31 - 1

GL_ITEM = Schema(
    "GlItem",
    [
        identifier("glItemId", "Id of the line", use="out"),
        integer("clientNo", 1, NUMBER_MAX, "The client", use="out"),
        integer("transactionNo", 1, TRANSACTION_NO_MAX, "Transaction, without gaps per client and year", use="out"),
        integer("lineNo", 1, 32_767, "Line of the transaction, from 1", use="out"),
        integer("glYear", 0, 9999, "Fiscal year", use="out"),
        integer("glPeriod", 1, 12, "Period of the year", use="out"),
        day("glDate", "Date in the ledger", use="out"),
        day("documentDate", "Date of what was booked", use="out"),
        choice("journal", JOURNALS, "Journal", use="out"),
        text("glAccount", 10, "GL account", use="out"),
        text("glAccountName", 100, "Its name now", use="out"),
        money("debit", "Base currency; 0 on the credit side", use="out"),
        money("credit", "Base currency; 0 on the debit side", use="out"),
        text("currency", 3, "Currency of the transaction", use="out"),
        money("currencyAmount", "In that currency, debit positive", use="out"),
        decimal("exchangeRate", 10, "Base units for one unit of the currency", use="out"),
        text("vatCode", 2, "SAF-T standard VAT code", use="out"),
        decimal("vatRate", 2, "Rate of the code in per cent on documentDate", use="out"),
        text("text", 200, "Text", use="out"),
        integer("accountNo", 1, NUMBER_MAX, "AR account, on control accounts", use="out"),
        text("customerNo", 20, "Customer, on control accounts", use="out"),
        identifier("arItemId", "AR item, exactly one on a control account", use="out"),
        identifier("documentUuid", "Document", use="out"),
        text("documentType", 2, "Type of the document", use="out"),
        text("documentNo", 35, "Number of the document", use="out"),
        text("kid", 25, "KID of the document", use="out"),
        nested_array("dimensions", DIMENSION, "Accounting dimensions", use="out"),
        integer("reversesTransactionNo", 1, TRANSACTION_NO_MAX, "The transaction this one takes back", use="out"),
        integer("reversedByTransactionNo", 1, TRANSACTION_NO_MAX, "The later transaction that took this one back", use="out"),
        identifier("batchUuid", "Batch it came with", use="out"),
        moment("createdAt", "When it was booked", use="out"),
        text("createdBy", 64, "On whose behalf", use="out"),
    ],
    "A line of a GL transaction; it never changes",
)
