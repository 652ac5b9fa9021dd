"""The mistakes in the demonstration's data: what real systems send when they are wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

Record = dict[str, Any]
Mistake = Callable[[Record], None]

CUSTOMER_SHARE = 0.04
DOCUMENT_SHARE = 0.03


def _country(record: Record) -> None:
    record["postalAddress"] = record["postalAddress"] | {"countryCode": "NX"}


def _email(record: Record) -> None:
    record["emailAddressDocument"] = ["ola.normann@"]


def _organization_no(record: Record) -> None:
    record |= {"organizationNo": "987654321", "organizationNoScheme": "0192"}


def _postal_code(record: Record) -> None:
    record["postalAddress"] = record["postalAddress"] | {"postalCode": "015", "countryCode": "NO"}


def _unknown_key(record: Record) -> None:
    record["favouriteColour"] = "blue"


def _due_days(record: Record) -> None:
    record["dueDays"] = "14 dager"


CUSTOMER_MISTAKES: tuple[Mistake, ...] = (_country, _email, _organization_no, _postal_code, _unknown_key, _due_days)


def _total(record: Record) -> None:
    record["currencyAmounts"] = record["currencyAmounts"] | {"inclVat": record["currencyAmounts"]["inclVat"] + 100}


def _customer(record: Record) -> None:
    record["customerNo"] = "999999"


def _date(record: Record) -> None:
    record["documentDate"] = f"{record['documentDate'][:4]}-02-30"


def _due_date(record: Record) -> None:
    record["dueDate"] = f"{int(record['documentDate'][:4]) - 1}{record['documentDate'][4:8]}01"


def _precision(record: Record) -> None:
    record["currencyAmounts"] = record["currencyAmounts"] | {"exclVat": record["currencyAmounts"]["exclVat"] + Decimal("0.001")}


def _number_as_text(record: Record) -> None:
    record["currencyAmounts"] = record["currencyAmounts"] | {"inclVat": str(record["currencyAmounts"]["inclVat"]).replace(".", ",")}


def _no_amounts(record: Record) -> None:
    del record["currencyAmounts"]


def _currency(record: Record) -> None:
    record["currency"] = "KRO"


def _vat_code(record: Record) -> None:
    record["documentLines"] = [record["documentLines"][0] | {"vatCode": "99"}, *record["documentLines"][1:]]


def _type(record: Record) -> None:
    record["documentType"] = "INVOICE"


def _line_vat(record: Record) -> None:
    """Only a warning: the line's VAT does not fit its other amounts."""
    first = record["documentLines"][0]
    record["documentLines"] = [first | {"currencyAmounts": first["currencyAmounts"] | {"vat": Decimal(1)}}, *record["documentLines"][1:]]


def _kid(record: Record) -> None:
    """Only a warning: a KID with a wrong check digit."""
    record["kid"] = "12345678901"


INVOICE_MISTAKES: tuple[Mistake, ...] = (
    *(_total, _customer, _date, _due_date, _precision, _number_as_text, _no_amounts, _currency, _vat_code, _type),
    *(_line_vat, _line_vat, _kid, _kid, _unknown_key),
)


def spoil_customers(random: Random, records: list[Record]) -> list[Record]:
    """The records with mistakes in some of them."""
    return [_spoiled(random, record, CUSTOMER_MISTAKES) if random.random() < CUSTOMER_SHARE else record for record in records]


def spoil_documents(random: Random, records: list[Record]) -> list[Record]:
    """The records with mistakes in some invoices, and one credit note or payment in a hundred sent twice."""
    result: list[Record] = []
    for record in records:
        if record["documentType"] == "IN" and random.random() < DOCUMENT_SHARE:
            result.append(_spoiled(random, record, INVOICE_MISTAKES))
            continue
        result.append(record)
        if record["documentType"] in ("CN", "PY") and random.random() < 0.01:
            result.append(record)
    return result


def _spoiled(random: Random, record: Record, mistakes: tuple[Mistake, ...]) -> Record:
    spoiled = copy.deepcopy(record)
    random.choice(mistakes)(spoiled)
    return spoiled
