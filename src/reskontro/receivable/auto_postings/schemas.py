"""The wire form of auto postings: every field with its own rule, in the order in which findings are reported."""

from __future__ import annotations

from typing import Final

from reskontro.batches.schemas import FIELD_MESSAGE
from reskontro.kit.fields import (
    Field,
    Schema,
    boolean,
    choice,
    day,
    decimal,
    identifier,
    integer,
    looked_up,
    money,
    nested,
    nested_array,
    text,
)
from reskontro.norway.identities import currency_code
from reskontro.receivable.customers.schemas import NUMBER_MAX
from reskontro.receivable.dimensions import DIMENSION
from reskontro.receivable.payment_details import PAYMENT_DETAILS, amount_field, kid_field

METHODS: Final = ("payment", "refund", "writeoff", "smalldifference", "interest", "fee", "transfer", "journal", "reversal")
"""What may be posted from outside."""
REASON_CODES: Final = ("BAD-DEBT", "NOT-DEDUCTIBLE", "GOODWILL", "DECEASED", "LAPSED", "OTHER")
FEE_CODES: Final = ("REMINDER", "COLLECTION-NOTICE", "PAYMENT-DEMAND", "COMPENSATION", "OTHER")
ENTRIES_MAX: Final = 500
ALLOCATIONS_MAX: Final = 1_000
DIMENSIONS_MAX: Final = 9
RATE_MAX: Final = 10**10 - 1
YEAR_MAX: Final = 9_999
TRANSACTION_NO_MAX: Final = 2**31 - 1


ALLOCATION: Final = Schema(
    "Allocation",
    [
        identifier("arItemId", "The item to settle", required=True, always=True),
        amount_field("amount", "How much of it, at most what is open", required=True, always=True),
    ],
)

JOURNAL_ENTRY: Final = Schema(
    "JournalEntry",
    [
        text("glAccount", 10, "GL account; or else the customer", conditional=True),
        text("customerNo", 20, "Customer: its control account, with an AR item of type MJ", conditional=True),
        integer("accountNo", 1, NUMBER_MAX, "AR account of the customer", conditional=True),
        amount_field("debit", "Debit; or else credit", conditional=True),
        amount_field("credit", "Credit; or else debit", conditional=True),
        text("vatCode", 2, "SAF-T standard VAT code; the amount is net, VAT is an entry of its own"),
        text("text", 200, "Text of the line"),
        day("dueDate", "Due date of the AR item"),
        nested_array("dimensions", DIMENSION, "Over the posting's", maximum=DIMENSIONS_MAX),
    ],
)

AUTO_POSTING: Final = Schema(
    "AutoPosting",
    [
        boolean("validateOnly", "true on any posting: the whole call only validates"),
        text("clientReference", 64, "Echoed; unique within the call"),
        identifier("arItemId", "Item meant", conditional=True),
        identifier("documentUuid", "Document whose item is meant", conditional=True),
        text("documentNo", 35, "Document whose item is meant", conditional=True),
        text("referenceNo", 35, "Reference whose item is meant", conditional=True),
        kid_field("KID of the item or customer meant"),
        text("customerNo", 20, "Customer meant", conditional=True),
        integer("accountNo", 1, NUMBER_MAX, "AR account of the customer meant", conditional=True),
        text("toCustomerNo", 20, "transfer: who takes the item over", conditional=True),
        amount_field("amount", "Amount; its default depends on the method", conditional=True),
        looked_up("currency", 3, currency_code, "CURRENCY-CODE", "ISO 4217; that of what is meant, also by default"),
        decimal("exchangeRate", 10, "Base units for one unit of the currency", maximum=RATE_MAX, above_zero=True),
        day("postingDate", "Date in the ledger; default today"),
        text("text", 200, "Text of the transaction"),
        day("paymentDate", "payment, refund: when it was paid", conditional=True),
        nested("payment", PAYMENT_DETAILS, "payment, refund: how it was paid"),
        text("payeeBankAccountNo", 34, "refund: where the money goes", conditional=True),
        nested_array("allocations", ALLOCATION, "payment: exact parts instead of the coverage order", maximum=ALLOCATIONS_MAX),
        choice("reasonCode", REASON_CODES, "writeoff: why", conditional=True),
        boolean("vatRelief", "writeoff: take back the VAT share too"),
        day("interestTo", "interest: last interest day", conditional=True),
        choice("feeCode", FEE_CODES, "fee: which; all but OTHER are held to the statutory maximum", conditional=True),
        nested_array("entries", JOURNAL_ENTRY, "journal: 2 to 500 entries that balance", maximum=ENTRIES_MAX),
        integer("transactionNo", 1, TRANSACTION_NO_MAX, "reversal: the transaction to take back", conditional=True),
        integer("glYear", 1, YEAR_MAX, "reversal: its year", conditional=True),
        text("reason", 200, "reversal, writeoff: the reason in words", conditional=True),
        nested_array("dimensions", DIMENSION, "Accounting dimensions", maximum=DIMENSIONS_MAX),
    ],
    "One event with all its debit and credit lines; which fields it takes depends on the method",
)

AUTO_POSTING_RESULT: Final = Schema(
    "AutoPostingResult",
    [
        integer("index", 0, NUMBER_MAX, "Place in the request", always=True),
        text("clientReference", 64, "Echo of the input"),
        choice("resultType", ("BOOKED", "VALIDATED", "FAILED", "BATCH-REJECTED"), "What became of it", always=True),
        text("message", 500, "Outcome; of a failed one the first error", always=True),
        integer("transactionNo", 1, TRANSACTION_NO_MAX, "GL transaction, when booked"),
        integer("glYear", 1, YEAR_MAX, "Its fiscal year"),
        Field("arItemIds", lambda value: value, {"type": "array", "items": {"type": "string"}}, "Items made or changed"),
        money("amount", "Amount booked, or that would be booked"),
        nested_array("warnings", FIELD_MESSAGE, "Findings that did not stop it"),
        nested_array("errors", FIELD_MESSAGE, "Findings that did"),
    ],
)

AUTO_POSTING_ANSWER: Final = Schema(
    "AutoPostingAnswer",
    [
        integer("clientNo", 1, NUMBER_MAX, "The client", always=True),
        choice("autoPostingMethod", METHODS, "The method", always=True),
        choice("resultType", ("BOOKED", "VALIDATED", "FAILED"), "What became of the whole call", always=True),
        text("message", 200, "The same in words", always=True),
        integer("countSuccessful", 0, NUMBER_MAX, "How many were booked or are valid", always=True),
        integer("countFailed", 0, NUMBER_MAX, "How many were refused, all of a refused call", always=True),
        nested_array("autoPostings", AUTO_POSTING_RESULT, "One result per posting, in the order of the request", always=True),
    ],
    "What became of a set of auto postings",
)
