"""The wire form of GL accounts, posting rules and periods, and the way between it and the ledger's own records."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from reskontro.kit.fields import Field, Invalid, Schema, boolean, choice, day, integer, looked_up, moment, money, text
from reskontro.ledger.chart import ACCOUNT_TYPES, GlAccount
from reskontro.ledger.posting_rules import DEFAULT_PRIORITY, EVENTS, PostingRule
from reskontro.norway.identities import country_code
from reskontro.norway.vat import VAT_CODES
from reskontro.receivable.customers.schemas import CUSTOMER_CATEGORIES

ACCOUNT_DIGITS = re.compile(r"[0-9]{1,10}")
OUTPUT_CODES = tuple(dict.fromkeys(row.code for row in VAT_CODES))
LINE_TYPES = ("PLH", "TXT", "INT", "FEE", "RND")
FEE_CODES = ("REMINDER", "COLLECTION-NOTICE", "PAYMENT-DEMAND", "COMPENSATION", "OTHER")
WRITE_OFF_REASONS = ("BAD-DEBT", "NOT-DEDUCTIBLE", "GOODWILL", "DECEASED", "LAPSED", "OTHER")
PERIOD_STATUSES = ("OPEN", "CLOSED")
DIMENSIONS_MAX = 9
RULE_NO_MAX = 99_999


def _dimension_numbers() -> Field:
    number = integer("requiredDimensions", 1, DIMENSIONS_MAX)

    def check(value: Any) -> list[int]:
        if type(value) is not list:
            raise Invalid("TYPE", type="array")
        if len(value) > DIMENSIONS_MAX:
            raise Invalid("COUNT", max=DIMENSIONS_MAX)
        found: list[int] = []
        for index, element in enumerate(value):
            try:
                found.append(number.check(element))
            except Invalid as invalid:
                invalid.parameters["_element"] = index
                raise
        return sorted(set(found))

    schema = {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": DIMENSIONS_MAX},
        "maxItems": DIMENSIONS_MAX,
    }
    return Field("requiredDimensions", check, schema, "Dimensions that a posting to the account must have", always=True)


GL_ACCOUNT = Schema(
    "GlAccount",
    [
        text("glAccount", 10, "Number of the account, from the path", use="out", always=True),
        text("name", 100, "Name; required for a new account", always=True),
        choice("accountType", ACCOUNT_TYPES, "Required for a new account; fixed once posted to", always=True),
        text("standardAccount", 4, "Grouping code of SAF-T"),
        boolean("isControl", "Whether it is a control account of receivables; fixed once posted to", always=True),
        choice("defaultVatCode", OUTPUT_CODES, "VAT code that goes with the account"),
        _dimension_numbers(),
        boolean("active", "Whether it takes postings; default true", always=True),
    ],
    "An account of the general ledger",
)
ACCOUNT_DEFAULTS: dict[str, Any] = {
    "name": None,
    "accountType": None,
    "standardAccount": None,
    "isControl": False,
    "defaultVatCode": None,
    "requiredDimensions": [],
    "active": True,
}


def account_view(account: GlAccount) -> dict[str, Any]:
    """A GL account as answers show it."""
    return {
        "glAccount": account.gl_account,
        "name": account.name,
        "accountType": account.account_type,
        "standardAccount": account.standard_account,
        "isControl": account.is_control,
        "defaultVatCode": account.default_vat_code,
        "requiredDimensions": list(account.required_dimensions),
        "active": account.active,
    }


def account_of(view: dict[str, Any]) -> GlAccount:
    """The account that a complete view describes."""
    return GlAccount(
        gl_account=view["glAccount"],
        name=view["name"],
        account_type=view["accountType"],
        standard_account=view["standardAccount"],
        is_control=view["isControl"],
        default_vat_code=view["defaultVatCode"],
        required_dimensions=tuple(view["requiredDimensions"]),
        active=view["active"],
    )


RULE_ACCOUNTS = ("controlAccount", "contraAccount", "vatAccount", "vatReliefAccount")


def _account(name: str, description: str) -> Field:
    return looked_up(
        name,
        10,
        lambda value: value if ACCOUNT_DIGITS.fullmatch(value) else None,
        "ACCOUNT-UNKNOWN",
        description,
    )


POSTING_RULE = Schema(
    "PostingRule",
    [
        integer(
            "postingRuleNo",
            1,
            RULE_NO_MAX,
            "Number of the rule, from the path; 1 to 999 are built in",
            use="out",
            always=True,
        ),
        choice("event", EVENTS, "What is posted; required for a new rule", always=True),
        choice("lineType", LINE_TYPES, "Condition: type of the document line"),
        choice("vatCode", OUTPUT_CODES, "Condition: VAT code"),
        text("itemGroup1", 35, "Condition: first item group of the line"),
        text("articleNo", 35, "Condition: article of the line"),
        choice("customerCategory", CUSTOMER_CATEGORIES, "Condition: category of the customer"),
        looked_up("countryCode", 35, country_code, "COUNTRY-CODE", "Condition: country of the customer"),
        choice("feeCode", FEE_CODES, "Condition: kind of fee"),
        choice("reasonCode", WRITE_OFF_REASONS, "Condition: reason of a write-off"),
        _account("controlAccount", "Control account; left out = from the next rule that fits"),
        _account("contraAccount", "Account on the other side; left out = from the next rule that fits"),
        _account("vatAccount", "VAT account; left out = from the next rule that fits"),
        _account(
            "vatReliefAccount",
            "Account of the VAT share that a write-off gives back; left out = from the next rule that fits",
        ),
        integer("priority", 0, 999, "Lower wins among equally specific rules; default 500", always=True),
        day("validFrom", "First day"),
        day("validTo", "Last day"),
        boolean("active", "Whether the rule counts; default true", always=True),
    ],
    "Which accounts an event is posted to",
)
_RULE_COLUMN = {field.name: re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), field.name) for field in POSTING_RULE.fields}
assert set(_RULE_COLUMN.values()) == {field.name for field in fields(PostingRule)}
RULE_DEFAULTS: dict[str, Any] = dict.fromkeys(_RULE_COLUMN) | {"priority": DEFAULT_PRIORITY, "active": True}


def rule_view(rule: PostingRule) -> dict[str, Any]:
    """A posting rule as answers show it."""
    return {name: getattr(rule, column) for name, column in _RULE_COLUMN.items()}


def rule_of(view: dict[str, Any]) -> PostingRule:
    """The rule that a complete view describes."""
    return PostingRule(**{column: view[name] for name, column in _RULE_COLUMN.items()})


PERIOD = Schema(
    "Period",
    [
        integer("clientNo", 1, 999_999_999, "Client", use="out", always=True),
        integer("glYear", 1900, 9999, "Calendar year in which the fiscal year begins", use="out", always=True),
        integer("glPeriod", 1, 12, "Month of the fiscal year", use="out", always=True),
        day("fromDate", "First day", use="out", always=True),
        day("toDate", "Last day", use="out", always=True),
        choice("status", PERIOD_STATUSES, "Whether it takes postings", use="out", always=True),
        moment("closedAt", "When it was closed", use="out"),
        text("closedBy", 64, "Who closed it", use="out"),
        money(
            "controlDifference",
            "AR items of the period minus the movement of the control accounts; 0 in a sound ledger",
            use="out",
            always=True,
        ),
    ],
    "A month of a fiscal year",
)
PERIOD_WRITE = Schema(
    "PeriodWrite",
    [
        choice(
            "status",
            PERIOD_STATUSES,
            "CLOSED closes the oldest open period, OPEN opens the latest closed one again",
            required=True,
        ),
        text("reason", 200, "Required to reopen"),
    ],
    "What shall become of a period",
)
