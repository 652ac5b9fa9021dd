"""The wire form of AR items, and of what can be changed of them."""

from __future__ import annotations

from typing import Final

from reskontro.kit.fields import (
    Field,
    Schema,
    anything,
    boolean,
    choice,
    day,
    decimal,
    identifier,
    integer,
    moment,
    money,
    nested,
    nested_array,
    text,
)
from reskontro.ledger.collection import COLLECTION_STATUSES
from reskontro.ledger.items_view import AR_ITEM_TYPES, CLAIM_KINDS, ITEM_STATUSES
from reskontro.ledger.matches_view import MATCH
from reskontro.receivable.customers.schemas import NUMBER_MAX
from reskontro.receivable.dimensions import DIMENSION
from reskontro.receivable.documents.schemas import AMOUNTS, DOCUMENT_LINE, LINES_MAX
from reskontro.receivable.payment_details import amount_field, kid_field


def _objects(name: str, description: str) -> Field:
    return Field(name, anything(name).check, {"type": "array", "items": {"type": "object"}}, description)


AR_ITEM: Final = Schema(
    "ArItem",
    [
        identifier("arItemId", "Id of the item", always=True),
        integer("clientNo", 1, NUMBER_MAX, "The client", always=True),
        integer("accountNo", 1, NUMBER_MAX, "AR account of the customer", always=True),
        text("customerNo", 20, "The customer", always=True),
        text("subCustomerNo", 20, "Part of the customer, free text"),
        choice("arItemType", AR_ITEM_TYPES, "What made it", always=True),
        choice("claimKind", CLAIM_KINDS, "Decides the order of coverage", always=True),
        identifier("claimArItemId", "Of fees and interest: the principal they belong to; null when they concern several"),
        choice("status", ITEM_STATUSES, "By what is open", always=True),
        identifier("documentUuid", "The document behind it; null for auto postings"),
        text("documentNo", 35, "Number of the document"),
        text("referenceNo", 35, "The caller's own reference"),
        text("kid", 25, "Payment reference"),
        day("itemDate", "Date of the document, the payment or the posting", always=True),
        day("dueDate", "Due date", always=True),
        day("glDate", "Date in the ledger", always=True),
        integer("glYear", 0, 9999, "Fiscal year", always=True),
        integer("glPeriod", 1, 12, "Period", always=True),
        integer("transactionNo", 1, NUMBER_MAX, "GL transaction", always=True),
        text("currency", 3, "Currency", always=True),
        money("originalAmount", "In the item's currency, debit positive", always=True),
        money("openAmount", "What is left of it", always=True),
        money("baseOriginalAmount", "In base currency", always=True),
        money("baseOpenAmount", "What is left of it in base currency", always=True),
        decimal("exchangeRate", 10, "Base units for one unit of the currency", always=True),
        money("reservedAmount", "Running reservations", always=True),
        money("creditedAmount", "Credit notes so far", always=True),
        money("vatOpenAmount", "VAT share of what is open, in proportion", always=True),
        integer("reminderLevel", 0, 9, "Dunning steps done", always=True),
        day("lastReminderDate", "Date of the last letter"),
        day("interestCalculatedUntil", "Last day with interest charged"),
        choice("collectionStatus", COLLECTION_STATUSES, "Where it is in collection", always=True),
        text("collectionCaseId", 36, "Case in the Collection API"),
        day("stopReminderUntil", "No letters up to this day"),
        day("stopDebtCollectionUntil", "No hand-over up to this day"),
        day("stopInterestCalcUntil", "No interest up to this day"),
        boolean("disputed", "Stops dunning, fees and hand-over", always=True),
        text("disputeReason", 500, "Why it is disputed"),
        text("ledgerNote", 500, "Note that is never printed"),
        text("sellerReference", 35, "Seller's reference"),
        text("buyerReference", 35, "Buyer's reference"),
        nested_array("dimensions", DIMENSION, "Accounting dimensions", always=True),
        boolean("reversal", "Whether a reversal made it", always=True),
        moment("createdAt", "When it was stored", always=True),
        moment("changedAt", "When it was last changed", always=True),
        nested_array("matches", MATCH, "Matches it has or had a part in; with expand=matches"),
        _objects("reservations", "Payment reservations on it; with expand=reservations"),
        Field("document", anything("document").check, {"type": "object"}, "The document behind it; with expand=document"),
        _objects("glItems", "GL lines of its transaction; with expand=glitems"),
    ],
    "An open item: one line on a control account, and what is left of it",
)

CREDIT_NOTE: Final = Schema(
    "CreditNoteRequest",
    [
        text("documentNo", 35, "Number of the credit note; drawn when it may be left out"),
        day("documentDate", "Date of the credit note; default today"),
        nested("currencyAmounts", AMOUNTS, "What is credited, positive; default everything not yet credited"),
        amount_field("inclVat", "Short form: VAT in proportion to the original"),
        text("reason", 500, "Printed on the credit note", required=True, always=True),
        nested_array("documentLines", DOCUMENT_LINE, "The lines; without amounts beside them they are summed", maximum=LINES_MAX),
        text("ledgerNote", 500, "Note that is never printed"),
    ],
    "A credit note for the invoice or interest note behind an item",
)

AR_ITEM_UPDATE: Final = Schema(
    "ArItemUpdate",
    [
        identifier("arItemId", "Names the item, as do the next four keys; at least one is needed"),
        identifier("documentUuid", "The document behind it"),
        text("documentNo", 35, "Number of the document"),
        text("referenceNo", 35, "The caller's own reference"),
        kid_field("Payment reference: the open items that have it, or when none is open all of them"),
        day("dueDate", "A later due date"),
        day("stopReminderUntil", "No letters up to this day"),
        day("stopDebtCollectionUntil", "No hand-over up to this day"),
        day("stopInterestCalcUntil", "No interest up to this day"),
        boolean("disputed", "Stops dunning, fees and hand-over; true needs a reason"),
        text("disputeReason", 500, "Why it is disputed"),
        text("ledgerNote", 500, "Note that is never printed"),
        text("subCustomerNo", 20, "Part of the customer, free text"),
        text("sellerReference", 35, "Seller's reference"),
        text("buyerReference", 35, "Buyer's reference"),
        nested("creditNote", CREDIT_NOTE, "Credit the invoice or interest note behind it"),
    ],
    "New details of an AR item, a credit note for it, or both; exactly one item must be meant",
    changes=AR_ITEM,
)
