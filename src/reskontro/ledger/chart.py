"""The built-in chart of accounts and posting rules that a new client starts with: pure data.

Account numbers follow NS 4102; ``standard_account`` is the grouping code of the Norwegian Tax Administration's list for
SAF-T Financial 1.30 (naeringsspesifikasjon.csv), which knows fewer accounts than NS 4102. VAT codes are the SAF-T
standard codes; which account belongs to an output code comes from the dated table of ``norway.vat``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from reskontro.ledger.posting_rules import PostingRule
from reskontro.norway.vat import VAT_CODES

AccountType = Literal["ASSET", "LIABILITY", "INCOME", "EXPENSE"]
ACCOUNT_TYPES: Final[tuple[AccountType, ...]] = ("ASSET", "LIABILITY", "INCOME", "EXPENSE")


@dataclass(frozen=True, slots=True)
class GlAccount:
    """An account of the general ledger."""

    gl_account: str
    name: str
    account_type: AccountType
    standard_account: str | None = None
    is_control: bool = False
    default_vat_code: str | None = None
    required_dimensions: tuple[int, ...] = ()
    active: bool = True

    @property
    def carries_balance(self) -> bool:
        """Whether the closing balance of a year opens the next one; income and expense start at 0."""
        return self.account_type in ("ASSET", "LIABILITY")


CONTROL_ACCOUNT: Final = "1500"
BANK_ACCOUNT: Final = "1920"
SUSPENSE_ACCOUNT: Final = "2999"
ROUNDING_ACCOUNT: Final = "7740"

DEFAULT_CHART: Final[tuple[GlAccount, ...]] = (
    GlAccount(CONTROL_ACCOUNT, "Kundefordringer", "ASSET", "1500", is_control=True),
    GlAccount("1575", "Avregning med inkassobyrå", "ASSET", "1570"),
    GlAccount(BANK_ACCOUNT, "Bankinnskudd", "ASSET", "1920"),
    GlAccount("2700", "Utgående merverdiavgift, alminnelig sats", "LIABILITY", "2740"),
    GlAccount("2701", "Utgående merverdiavgift, middels sats", "LIABILITY", "2740"),
    GlAccount("2702", "Utgående merverdiavgift, råfisk", "LIABILITY", "2740"),
    GlAccount("2703", "Utgående merverdiavgift, lav sats", "LIABILITY", "2740"),
    GlAccount("2710", "Inngående merverdiavgift, alminnelig sats", "LIABILITY", "2740"),
    GlAccount("2975", "Gjeld til inkassobyrå", "LIABILITY", "2990"),
    GlAccount(SUSPENSE_ACCOUNT, "Innbetalinger uten kjent kunde", "LIABILITY", "2990"),
    GlAccount("3000", "Salgsinntekt, alminnelig sats", "INCOME", "3000", default_vat_code="3"),
    GlAccount("3030", "Salgsinntekt, middels sats", "INCOME", "3000", default_vat_code="31"),
    GlAccount("3050", "Salgsinntekt, lav sats", "INCOME", "3000", default_vat_code="33"),
    GlAccount("3100", "Salgsinntekt, avgiftsfri", "INCOME", "3100", default_vat_code="5"),
    GlAccount("3105", "Salgsinntekt, utførsel", "INCOME", "3100", default_vat_code="52"),
    GlAccount("3200", "Salgsinntekt, utenfor avgiftsområdet", "INCOME", "3200", default_vat_code="6"),
    GlAccount("3900", "Gebyrinntekter", "INCOME", "3900", default_vat_code="7"),
    GlAccount("6750", "Inkasso- og rettskostnader", "EXPENSE", "6700"),
    GlAccount(ROUNDING_ACCOUNT, "Øreavrunding", "EXPENSE", "7700"),
    GlAccount("7820", "Innkommet på tidligere tapsførte fordringer", "EXPENSE", "7830"),
    GlAccount("7830", "Tap på fordringer, fradragsberettiget", "EXPENSE", "7830"),
    GlAccount("7835", "Tap på fordringer, ikke fradragsberettiget", "EXPENSE", "7830"),
    GlAccount("8055", "Forsinkelsesrenter fra kunder", "INCOME", "8050", default_vat_code="7"),
    GlAccount("8060", "Valutagevinst", "INCOME", "8060"),
    GlAccount("8160", "Valutatap", "EXPENSE", "8160"),
)
"""What a new client has, by account number."""

_DEDUCTIBLE_LOSSES = ("BAD-DEBT", "DECEASED", "LAPSED")


def _built_in_rules() -> tuple[PostingRule, ...]:
    """Numbers leave room between the events, so that a later version can add rules beside their kin."""
    accounts_of_code = {row.code: (row.income_account, row.vat_account) for row in VAT_CODES}
    rules: list[PostingRule] = []
    for first, event in ((1, "IN"), (101, "CN")):
        rules.append(PostingRule(first, event, control_account=CONTROL_ACCOUNT))
        rules += (
            PostingRule(number, event, vat_code=code, contra_account=income, vat_account=vat)
            for number, (code, (income, vat)) in enumerate(accounts_of_code.items(), start=first + 1)
        )
        # A rounding line is no sale, whatever code it carries: it goes before the equally specific rules for codes.
        rules.append(PostingRule(first + 50, event, line_type="RND", contra_account=ROUNDING_ACCOUNT, priority=100))
    rules += (
        PostingRule(201, "IT", control_account=CONTROL_ACCOUNT, contra_account="8055"),
        PostingRule(211, "RM", control_account=CONTROL_ACCOUNT, contra_account="3900"),
        PostingRule(221, "FEE", control_account=CONTROL_ACCOUNT, contra_account="3900"),
        PostingRule(301, "PY", control_account=CONTROL_ACCOUNT, contra_account=BANK_ACCOUNT),
        PostingRule(311, "SUSPENSE", control_account=CONTROL_ACCOUNT, contra_account=SUSPENSE_ACCOUNT),
        PostingRule(321, "REFUND", control_account=CONTROL_ACCOUNT, contra_account=BANK_ACCOUNT),
        PostingRule(401, "WRITE-OFF", control_account=CONTROL_ACCOUNT, contra_account="7835"),
    )
    rules += (
        PostingRule(number, "WRITE-OFF", reason_code=reason, contra_account="7830") for number, reason in enumerate(_DEDUCTIBLE_LOSSES, start=402)
    )
    rules += (
        PostingRule(number, "WRITE-OFF", vat_code=code, vat_relief_account=vat)
        for number, (code, vat) in enumerate(((code, vat) for code, (_, vat) in accounts_of_code.items() if vat), start=411)
    )
    rules += (
        PostingRule(501, "SMALL-DIFFERENCE", control_account=CONTROL_ACCOUNT, contra_account=ROUNDING_ACCOUNT),
        PostingRule(511, "ROUNDING", control_account=CONTROL_ACCOUNT, contra_account=ROUNDING_ACCOUNT),
        PostingRule(601, "EXCHANGE-GAIN", control_account=CONTROL_ACCOUNT, contra_account="8060"),
        PostingRule(611, "EXCHANGE-LOSS", control_account=CONTROL_ACCOUNT, contra_account="8160"),
    )
    return tuple(rules)


BUILT_IN_RULE_MAX: Final = 999
"""Rules up to this number come with the software; a client can switch them off and put its own above them."""

BUILT_IN_RULES: Final[tuple[PostingRule, ...]] = _built_in_rules()
"""The rules of a new client, by number."""
