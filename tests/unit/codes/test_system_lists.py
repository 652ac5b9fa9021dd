"""Aim: the system's code lists hold every value that the API can take or answer, with names in both languages."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from reskontro.norway.identities import COUNTRIES, CURRENCIES, LANGUAGES, ORGANIZATION_SCHEMES
from reskontro.receivable.codes.system_lists import CLIENT_LISTS, system_codes, system_list_names
from tests.shared_data import shared_path

LIST_OF_FIELD = {
    ("Action", "actionType"): "ACTION-TYPE",
    ("ArItem", "arItemType"): "AR-ITEM-TYPE",
    ("ArItem", "claimKind"): "CLAIM-KIND",
    ("ArItem", "collectionStatus"): "COLLECTION-STATUS",
    ("ArItem", "status"): "AR-ITEM-STATUS",
    ("AutoPosting", "feeCode"): "FEE-CODE",
    ("AutoPosting", "reasonCode"): "WRITE-OFF-REASON",
    ("AutoPostingResult", "resultType"): "AUTO-POSTING-RESULT",
    ("Batch", "entity"): "BATCH-ENTITY",
    ("Batch", "operation"): "BATCH-OPERATION",
    ("Batch", "result"): "BATCH-RESULT",
    ("Batch", "status"): "BATCH-STATUS",
    ("Client", "status"): "CLIENT-STATUS",
    ("ClientConfig", "type"): "CONFIG-TYPE",
    ("Customer", "activeStatusWeb"): "ACTIVE-STATUS-WEB",
    ("Customer", "customerCategory"): "CUSTOMER-CATEGORY",
    ("Customer", "priceNetOrGross"): "PRICE-NET-OR-GROSS",
    ("Customer", "registrationStatusCode"): "REGISTRATION-STATUS",
    ("Distribution", "type"): "DISTRIBUTION-TYPE",
    ("Document", "documentType"): "DOCUMENT-TYPE",
    ("DocumentBundle", "bundleType"): "BUNDLE-TYPE",
    ("DocumentBundle", "status"): "BUNDLE-STATUS",
    ("DocumentLine", "lineType"): "LINE-TYPE",
    ("File", "direction"): "FILE-DIRECTION",
    ("GlAccount", "accountType"): "ACCOUNT-TYPE",
    ("GlItem", "journal"): "JOURNAL",
    ("LogItem", "entityType"): "LOG-ENTITY",
    ("LogItem", "source"): "LOG-SOURCE",
    ("Match", "source"): "MATCH-SOURCE",
    ("Match", "status"): "MATCH-STATUS",
    ("Payment", "exceptionCode"): "EXCEPTION-CODE",
    ("Payment", "status"): "PAYMENT-STATUS",
    ("PaymentDetails", "paymentMethod"): "PAYMENT-METHOD",
    ("PaymentReservation", "status"): "RESERVATION-STATUS",
    ("PaymentReservation", "targetType"): "RESERVATION-TARGET",
    ("Period", "status"): "PERIOD-STATUS",
    ("PostingRule", "event"): "POSTING-EVENT",
    ("Report", "format"): "REPORT-FORMAT",
    ("Report", "level"): "REPORT-LEVEL",
    ("Report", "reportType"): "REPORT-TYPE",
    ("WriteResult", "result"): "ITEM-RESULT",
    ("Health", "status"): "HEALTH-STATUS",
}
"""The list that stands for each enumerated field of the contract."""


def enumerated_fields() -> dict[tuple[str, str], set[str]]:
    """Every enumerated field of the contract's schemas with its values."""
    operations = yaml.safe_load(shared_path("contract/arm.operations.yaml").read_text(encoding="utf-8"))
    found: dict[tuple[str, str], set[str]] = {}

    def walk(schema: str, fields: dict[str, Any]) -> None:
        for name, field in fields.items():
            if isinstance(field, dict):
                if isinstance(field.get("enum"), list):
                    found.setdefault((schema, name), set()).update(map(str, field["enum"]))
                for inner in ("fields", "item_fields"):
                    if inner in field:
                        walk(field.get("schema", schema), field[inner])

    for operation in operations:
        walk("", (operation["request_body"] or {}).get("fields", {}))
        for response in operation["responses"].values():
            walk((response.get("body") or {}).get("schema", ""), (response.get("body") or {}).get("fields", {}))
    return found


def codes_of(code_type: str) -> set[str]:
    """The codes of a list."""
    return {code for kind, code, _ in system_codes() if kind == code_type}


@pytest.mark.parametrize("field", LIST_OF_FIELD, ids=".".join)
def test_a_list_has_exactly_the_values_of_its_field(field: tuple[str, str]) -> None:
    """As the contract enumerates them."""
    assert codes_of(LIST_OF_FIELD[field]) == enumerated_fields()[field]


def test_the_named_lists_are_there() -> None:
    """Those that the contract asks for by name and that are no enumerated fields."""
    named = "POSTAL-RETURN-STATUS EINVOICE-CODE ORGANIZATION-SCHEME COUNTRY CURRENCY LANGUAGE VAT-CODE FILE-TYPE AUTO-POSTING-METHOD INTEREST-RATE"
    assert {*named.split(), "FEE-RATE", "LOG-EVENT", "ERROR-CODE"} <= system_list_names()
    assert not system_list_names() & set(CLIENT_LISTS)


def test_codes_of_other_parts_are_all_listed() -> None:
    """What the checks accept is what the lists show."""
    assert codes_of("COUNTRY") == COUNTRIES
    assert codes_of("CURRENCY") == CURRENCIES
    assert codes_of("LANGUAGE") == LANGUAGES
    assert codes_of("ORGANIZATION-SCHEME") == set(ORGANIZATION_SCHEMES)
    assert codes_of("VAT-CODE") == {"3", "31", "32", "33", "5", "51", "52", "6", "7"}


def test_every_code_has_names_that_fit() -> None:
    """At most 100 characters, never blank."""
    for code in system_codes().values():
        for name in (code.record.name_en, code.record.name_no):
            assert 0 < len(name) <= 100
            assert name == name.strip()
