"""The wire form of documents: every field with its own rule, in the order in which findings are reported."""

from __future__ import annotations

from typing import Any

from reskontro.kit.fields import (
    NATURAL_KEY,
    Field,
    Invalid,
    Schema,
    anything,
    choice,
    clean_text,
    day,
    decimal,
    identifier,
    integer,
    looked_up,
    moment,
    money,
    nested,
    nested_array,
    passed_on,
    read_money,
    text,
    texts,
)
from reskontro.norway.identities import currency_code, is_email, language_code
from reskontro.receivable.customers.schemas import CUSTOMER, DISTRIBUTION, NUMBER_MAX
from reskontro.receivable.dimensions import DIMENSION
from reskontro.receivable.payment_details import PAYMENT_DETAILS, kid_field

DOCUMENT_TYPES = ("IN", "CN", "IT", "RM", "PY")
LINE_TYPES = ("PLH", "TXT", "INT", "FEE", "RND")
LINES_MAX = 1_000
RATE_MAX = 10**10 - 1
ATTACHMENTS_MAX = 20
CUSTOM_CODES_MAX = 20
DIMENSIONS_MAX = 9
EMAIL_ADDRESSES_MAX = 10


def _email(value: str) -> str:
    if not is_email(value):
        raise Invalid("EMAIL", value=value)
    return value


def _scheme(value: Any) -> str:
    if type(value) is not str:
        raise Invalid("TYPE", type="string")
    cleaned = clean_text(value, multiline=False)
    if len(cleaned) > 4:
        raise Invalid("LENGTH", max=4)
    return cleaned


def amounts(name: str, description: str, **options: Any) -> Field:
    """Three amounts that belong together."""
    return nested(name, AMOUNTS, description, **options)


def _quick_amounts(value: dict[str, Any]) -> dict[str, Any] | None:
    """The three amounts when all are there and nothing else is."""
    if len(value) != 3:
        return None
    try:
        return {"exclVat": read_money(value["exclVat"]), "vat": read_money(value["vat"]), "inclVat": read_money(value["inclVat"])}
    except (KeyError, Invalid):
        return None


AMOUNTS = Schema(
    "Amounts",
    [
        money("exclVat", "Without VAT", required=True, always=True),
        money("vat", "VAT", required=True, always=True),
        money("inclVat", "With VAT", required=True, always=True),
    ],
    "Three amounts of one currency: exclVat + vat = inclVat",
    quick=_quick_amounts,
)

DOCUMENT_LINE = Schema(
    "DocumentLine",
    [
        integer("lineNo", 1, 99_999, "Place on the document, unique and rising", required=True, always=True),
        choice("lineType", LINE_TYPES, "Goods or service, text, interest, fee, rounding", required=True, always=True),
        text("articleNo", 35, "Article number"),
        text("articleName", 100, "Article"),
        text("lineText", 500, "Text of the line"),
        text("quantityUnit", 10, "Unit of the quantity"),
        text("volumeUnit", 10, "Unit of the volume"),
        decimal("quantity", 6, "Quantity, for information"),
        decimal("volume", 6, "Volume, for information"),
        decimal("price", 6, "Price of a unit, for information"),
        text("itemGroup1", 20, "Item group; may choose the income account"),
        text("itemGroup2", 20, "Second item group"),
        text("itemGroup3", 20, "Third item group"),
        amounts("currencyAmounts", "Amounts of the line in document currency; left out in text lines"),
        text("vatCode", 2, "SAF-T standard VAT code; default by the amounts"),
        text("glAccount", 10, "Income account; default by the posting rules"),
        text("referenceDocumentNo", 35, "The claim an interest or fee line concerns"),
        nested_array("dimensions", DIMENSION, "Over the document's", maximum=DIMENSIONS_MAX),
    ],
)

DOCUMENT = Schema(
    "Document",
    [
        identifier("documentUuid", "Id of the document", use="out"),
        integer("clientNo", 1, NUMBER_MAX, "The client", use="out"),
        integer("accountNo", 1, NUMBER_MAX, "AR account of the customer", use="out"),
        choice("documentType", DOCUMENT_TYPES, "Invoice, credit note, interest note, reminder, payment", required=True, always=True),
        text("customerNo", 20, "The customer", pattern=NATURAL_KEY, required=True, always=True),
        passed_on("customer", CUSTOMER, "The customer to create when it is unknown", use="in"),
        text("subCustomerNo", 20, "Part of the customer, free text"),
        text("documentNo", 35, "Number of the document, unique over all types; drawn when it may be left out", pattern=NATURAL_KEY),
        text("referenceNo", 35, "The caller's own reference"),
        text("referenceDocumentNo", 35, "The credited document of a credit note, the claim of other types"),
        day("documentDate", "Date of the document", required=True, always=True),
        day("dueDate", "Due date; default by the customer's dueDays"),
        day("deliveryDate", "Date of delivery, decides the VAT rate"),
        day("glDate", "Date in the ledger; default documentDate"),
        looked_up("currency", 3, currency_code, "CURRENCY-CODE", "ISO 4217; default the customer's"),
        decimal("exchangeRate", 10, "Base units for one unit of the currency", maximum=RATE_MAX, above_zero=True),
        looked_up("language", 2, language_code, "LANGUAGE-CODE", "ISO 639-1; default the customer's"),
        kid_field("Payment reference; generated for IN, IT and RM when left out"),
        text("marketingMessageCode", 10, "Code of a marketing message"),
        text("customerMessage", 500, "Printed on the document"),
        text("ledgerNote", 500, "Note that is never printed"),
        text("salesOrderId", 35, "Sales order"),
        text("purchaseOrderId", 35, "Purchase order"),
        text("sellerReference", 35, "Seller's reference"),
        text("buyerReference", 35, "Buyer's reference"),
        text("additionalReference", 35, "Another reference"),
        text("bundleReference", 64, "Documents of one batch and customer with the same value form a bundle"),
        amounts("currencyAmounts", "Totals in document currency", required=True, always=True),
        amounts("baseAmounts", "Totals in base currency", use="out"),
        nested("distribution", DISTRIBUTION, "How it is sent; default the customer's"),
        nested(
            "einvoiceAddress",
            Schema(
                "EinvoiceAddress",
                [
                    text("address", 254, "Receiver's address"),
                    Field("addressScheme", _scheme, {"type": "string", "maxLength": 4}, "ISO 6523 code, or empty", empty_is_value=True),
                    text("operator", 50, "Receiver's operator"),
                ],
            ),
            "Where an e-invoice goes",
        ),
        texts("emailAddress", 254, "Where e-mail goes; default the customer's", element=_email, maximum=EMAIL_ADDRESSES_MAX),
        nested_array(
            "attachmentFiles",
            Schema(
                "AttachmentFile",
                [
                    identifier("fileId", "An uploaded file of type ATTACHMENT", required=True, always=True),
                    text("fileName", 120, "Name shown to the receiver"),
                ],
            ),
            "Files sent with the document",
            maximum=ATTACHMENTS_MAX,
        ),
        texts("attachmentCodes", 20, "Standard attachments, by code", maximum=ATTACHMENTS_MAX),
        nested_array(
            "customCodes",
            Schema("CustomCode", [text("code", 20, "Code", required=True, always=True), text("value", 100, "Value")]),
            "Codes of the client's own",
            maximum=CUSTOM_CODES_MAX,
        ),
        nested_array("dimensions", DIMENSION, "Accounting dimensions", maximum=DIMENSIONS_MAX),
        nested("payment", PAYMENT_DETAILS, "How it was paid; only for payments"),
        nested_array("documentLines", DOCUMENT_LINE, "The lines", maximum=LINES_MAX),
        identifier("arItemId", "AR item; null when nothing was posted", use="out"),
        integer("glYear", 0, 9999, "Fiscal year", use="out"),
        integer("glPeriod", 1, 12, "Period", use="out"),
        integer("transactionNo", 1, NUMBER_MAX, "GL transaction", use="out"),
        identifier("documentBundleId", "Bundle the document is in", use="out"),
        identifier("batchUuid", "Batch it came with", use="out"),
        moment("createdAt", "When it was stored", use="out"),
        text("createdBy", 64, "On whose behalf", use="out"),
        text("clientReference", 64, "Echoed in results", use="in"),
        Field("arItem", anything("arItem").check, {"type": "object"}, "The AR item; with expand=aritem", use="out"),
        Field("glItems", anything("glItems").check, {"type": "array", "items": {"type": "object"}}, "GL lines; with expand=glitems", use="out"),
        Field("customerDetails", anything("customerDetails").check, {"type": "object"}, "The customer as it is now; with expand=customer", use="out"),
    ],
    "An invoice, credit note, interest note, reminder or payment, with its posting",
)


def document_key(value: dict[str, Any]) -> str | None:
    """The documentNo of an item without case, None when it has none that could be one."""
    number = value.get("documentNo")
    if not isinstance(number, str) or "\x00" in number:
        return None
    return number.strip().lower() or None


def sent_reference(value: dict[str, Any]) -> str | None:
    """The clientReference of an item as far as it was sent in a usable form."""
    reference = value.get("clientReference")
    return reference.strip()[:64] or None if isinstance(reference, str) and "\x00" not in reference else None


def identify(value: dict[str, Any]) -> tuple[int | None, str | None, str | None, str | None]:
    """(accountNo, customerNo, documentNo, clientReference) of an item as far as they were sent in a usable form."""
    customer_no, document_no = value.get("customerNo"), value.get("documentNo")
    return (
        None,
        customer_no.strip()[:20] or None if isinstance(customer_no, str) and "\x00" not in customer_no else None,
        document_no.strip()[:35] or None if isinstance(document_no, str) and "\x00" not in document_no else None,
        sent_reference(value),
    )
