"""The wire form of customers: every field with its own rule, in the order in which findings are reported."""

from __future__ import annotations

from typing import Any

from reskontro.kit.fields import (
    NATURAL_KEY,
    Field,
    Invalid,
    Schema,
    boolean,
    choice,
    clean_text,
    day,
    decimal,
    integer,
    looked_up,
    money,
    nested,
    text,
)
from reskontro.norway.identities import country_code, currency_code, language_code

NUMBER_MAX = 999_999_999
CUSTOMER_NO_CHARACTERS_MAX = 20
CLIENT_REFERENCE_CHARACTERS_MAX = 64
EMAIL_ADDRESSES_MAX = 10
BLOCK_IDS_MAX = 50

CUSTOMER_CATEGORIES = ("CONS", "BUSN", "PUBL", "INTR")
PRICES = ("B", "N")
WEB_STATUSES = ("Active", "Passive")
REGISTRATION_STATUSES = ("NORMAL", "FICTITIOUS", "DECEASED", "GUARDIANSHIP", "BANKRUPT", "DISSOLVED", "EMIGRATED")
DISTRIBUTION_TYPES = ("H", "M", "E", "D", "N")
POSTAL_RETURN_STATUSES = (0, 100, 200)
"""None, returned, confirmed after a return: the codes of the list POSTAL-RETURN-STATUS."""


def masked_text(name: str, maximum: int, description: str) -> Field:
    """A text that answers may show masked: a value with an asterisk passes untouched, and whoever applies it takes it as absent."""
    plain = text(name, maximum)

    def check(value: Any) -> Any:
        return value if type(value) is str and "*" in value else plain.check(value)

    return Field(name, check, plain.schema, description)


def elements(name: str, element_maximum: int, maximum: int, description: str) -> Field:
    """An array of texts whose elements are judged one by one in ``rules``, so that every bad element has its finding."""

    def check(value: Any) -> Any:
        if type(value) is not list:
            raise Invalid("TYPE", type="array")
        if len(value) > maximum:
            raise Invalid("COUNT", max=maximum)
        return value

    schema = {"type": "array", "items": {"type": "string", "maxLength": element_maximum}, "maxItems": maximum}
    return Field(name, check, schema, description)


ADDRESS_KEYS = ("addressLine1", "addressLine2", "addressLine3", "postalCode", "cityName", "countryText", "countryCode")

POSTAL_ADDRESS = Schema(
    "PostalAddress",
    [
        text("addressLine1", 70, "First line: street and number, or box"),
        text("addressLine2", 70, "Second line"),
        text("addressLine3", 70, "Third line"),
        text("postalCode", 10, "Postal code; Norway and Denmark 4 digits, Sweden and Finland 5, elsewhere unchecked"),
        text("cityName", 50, "Postal town"),
        text("countryText", 50, "Country as it is printed"),
        looked_up(
            "countryCode",
            2,
            country_code,
            "COUNTRY-CODE",
            "ISO 3166-1 alpha-2 in any case; default the client's base country",
        ),
    ],
    "Where letters go; in an update one key replaces all seven, those left out by blank",
)

DISTRIBUTION = Schema(
    "Distribution",
    [
        choice("type", DISTRIBUTION_TYPES, "H letter, M e-mail, E e-invoice, D Digipost, N none; default H"),
        integer(
            "einvoiceCode",
            0,
            99,
            "0 none, 10 EHF or Peppol, 20 eFaktura, 30 AvtaleGiro with eFaktura, 90 refused by the receiver; default 0",
        ),
    ],
    "How documents reach the customer; each key changes by itself",
)

BALANCE = Schema(
    "Balance",
    [
        money("openAmount", "All open items, credits with their sign, in base currency", use="out"),
        money("overdueAmount", "Open debit items whose due date has passed, in base currency", use="out"),
        money("unappliedCredit", "Open credits as a positive amount, in base currency", use="out"),
        money("reservedAmount", "Active payment reservations, in base currency", use="out"),
        integer("openItemCount", 0, NUMBER_MAX, "Number of open items", use="out"),
        day("oldestDueDate", "Earliest due date of an open debit item", use="out"),
    ],
    "What the customer owes today",
)

CUSTOMER = Schema(
    "Customer",
    [
        integer("clientNo", 1, NUMBER_MAX, "Client the customer belongs to", use="out"),
        integer("accountNo", 1, NUMBER_MAX, "AR account; given by the series or chosen at creation, then fixed"),
        text(
            "customerNo",
            CUSTOMER_NO_CHARACTERS_MAX,
            "The client's number for the customer, compared without case",
            pattern=NATURAL_KEY,
        ),
        text("name", 175, "Name; needed at creation and never blank"),
        integer("postalReturnStatus", 0, 999, "Code list POSTAL-RETURN-STATUS; default 0"),
        day("postalReturnDate", "Day on which mail came back"),
        choice(
            "customerCategory",
            CUSTOMER_CATEGORIES,
            "Consumer, business, public body or own group; default by organizationNo",
        ),
        text("phoneNo", 20, "Phone number of the address's country or with + and country"),
        text("secondaryPhoneNo", 20, "Another phone number"),
        text("organizationNo", 20, "Organisation number, judged by its scheme"),
        text("organizationNoScheme", 4, "Code list ORGANIZATION-SCHEME (ISO 6523); default by country"),
        day("dateOfBirth", "Date of birth, from 1900 on"),
        integer("yearOfBirth", 1900, 2200, "Year of birth; the date's year wins"),
        masked_text("ssn", 20, "National identity number; answers may mask it, and a masked value changes nothing"),
        looked_up("ssnCountry", 2, country_code, "COUNTRY-CODE", "Country of ssn; default NO"),
        text("informalName", 60, "Name for greetings"),
        text("customerGroupCode", 10, "Code list CUSTOMER-GROUP when the client keeps one"),
        choice("priceNetOrGross", PRICES, "B prices with VAT, N without; default B for consumers"),
        looked_up("language", 2, language_code, "LANGUAGE-CODE", "ISO 639-1; default the client's base language"),
        looked_up("currency", 3, currency_code, "CURRENCY-CODE", "ISO 4217; default the client's base currency"),
        text("sellerReference", 35, "The creditor's reference, printed on documents"),
        text("buyerReference", 35, "The customer's reference, printed on documents"),
        text("bankAccountNo", 34, "Norwegian account number or IBAN"),
        day("stopReminderUntil", "No reminders up to and including this day"),
        day("stopDebtCollectionUntil", "No collection up to and including this day"),
        day("stopInterestCalcUntil", "No interest up to and including this day"),
        integer("dueDays", 0, 365, "Days from document date to due date"),
        boolean("vatLiable", "Whether the customer accounts for VAT; default true for businesses"),
        decimal("discountRate", 4, "Discount in per cent; default 0", minimum=0, maximum=100),
        choice("activeStatusWeb", WEB_STATUSES, "Whether the customer uses the web pages; default Passive"),
        text("customerMessage", 500, "Text printed on the customer's documents"),
        money("limitAmount", "Credit limit in the customer's currency", minimum=0),
        choice("registrationStatusCode", REGISTRATION_STATUSES, "Status in the public register; default NORMAL"),
        day("registrationStatusDate", "Since when the status holds"),
        day("postalAddressChanged", "Day of the last change of address"),
        nested("postalAddress", POSTAL_ADDRESS, "Where letters go"),
        elements("emailAddressDocument", 254, EMAIL_ADDRESSES_MAX, "Addresses that documents are mailed to"),
        elements("secondaryEmailAddress", 254, EMAIL_ADDRESSES_MAX, "Other e-mail addresses"),
        nested("distribution", DISTRIBUTION, "How documents reach the customer"),
        elements("efakturaBlockIds", 8, BLOCK_IDS_MAX, "eFaktura issuers the customer has blocked, 8 digits"),
        elements("peppolBlockIds", 9, BLOCK_IDS_MAX, "Peppol senders the customer has blocked, 9 digits"),
        elements("digipostBlockIds", 60, BLOCK_IDS_MAX, "Digipost senders the customer has blocked"),
        text("customerKid", 25, "KID of the customer: the KID template with serial 0", use="out"),
        nested("balance", BALANCE, "Only with expand=balance", use="out"),
        text("clientReference", CLIENT_REFERENCE_CHARACTERS_MAX, "Echoed in results, not stored", use="in"),
    ],
    "Somebody who owes the client, or will",
)


def sent_text(value: Any, maximum: int) -> str | None:
    """The text of a key as far as it can be shown in a result: trimmed, or None when it is no text, blank, too long or not allowed."""
    if type(value) is not str:
        return None
    try:
        cleaned = clean_text(value, multiline=False)
    except Invalid:
        return None
    return cleaned if 0 < len(cleaned) <= maximum else None


def sent_number(value: Any) -> int | None:
    """The account number as far as it can be shown in a result, None when the value is none."""
    try:
        number: int = CUSTOMER.by_name["accountNo"].check(value)
    except Invalid:
        return None
    return number


def customer_key(raw: dict[str, Any]) -> str | None:
    """The natural key of an item, without case; None when it has no usable customerNo."""
    number = sent_text(raw.get("customerNo"), CUSTOMER_NO_CHARACTERS_MAX)
    return number.lower() if number is not None and NATURAL_KEY.fullmatch(number) else None


def identify(raw: dict[str, Any]) -> tuple[int | None, str | None, str | None, str | None]:
    """(accountNo, customerNo, documentNo, clientReference) of an item as far as they were sent and can be shown."""
    return (
        sent_number(raw.get("accountNo")),
        sent_text(raw.get("customerNo"), CUSTOMER_NO_CHARACTERS_MAX),
        None,
        sent_text(raw.get("clientReference"), CLIENT_REFERENCE_CHARACTERS_MAX),
    )
