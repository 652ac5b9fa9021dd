"""The table of client configs: every key with its type, default, check and meaning. Pure data."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from reskontro.ledger import config_checks as checks
from reskontro.ledger import config_structures as structures
from reskontro.ledger.config_keys import ConfigKey, boolean_key, enum_key, integer_key, money_key, series_key

_SEVERITIES = ("WARN", "ERROR")
MATCHING_RULES: Final = ("KID", "DOCUMENT-NO", "REFERENCE", "PAYER-ACCOUNT-AND-AMOUNT")
UPLOAD_TYPES: Final = ("ATTACHMENT", "OCR", "CAMT054", "MANDATES")
DEFAULT_DUNNING_PLAN: Final = [
    {"step": 1, "type": "REMINDER", "afterDays": 14, "deadlineDays": 14, "fee": True},
    {"step": 2, "type": "COLLECTION-NOTICE", "afterDays": 0, "deadlineDays": 14, "fee": True},
    {"step": 3, "type": "HANDOVER", "afterDays": 0, "deadlineDays": None, "fee": False},
]
COLLECTION_ACCOUNTS: Final = {
    "clearing": "1575",
    "agency": "2975",
    "interest": "8055",
    "fees": "3900",
    "inputVat": "2710",
    "cost": "6750",
    "loss": "7830",
    "recovered": "7820",
}

KEYS: Final[tuple[ConfigKey, ...]] = (
    ConfigKey(
        "base.currency",
        "STRING",
        "NOK",
        checks.currency(),
        "Currency of the books; fixed after the first posting",
        "Regnskapets valuta; kan ikke endres etter første postering",
        changes_postings=True,
        fixed_by_posting=True,
    ),
    ConfigKey(
        "base.country", "STRING", "NO", checks.country(), "Country of the client, default for addresses", "Kundens land, standard for adresser"
    ),
    ConfigKey("base.language", "STRING", "no", checks.language(), "Language of new customers and of reports", "Språk for nye kunder og rapporter"),
    ConfigKey(
        "base.timeZone",
        "STRING",
        "Europe/Oslo",
        checks.time_zone(),
        "Time zone that decides which day it is",
        "Tidssone som avgjør hvilken dag det er",
    ),
    enum_key("validation.vat", _SEVERITIES, "WARN", "How VAT that does not add up is treated", "Hvordan merverdiavgift som ikke stemmer behandles"),
    enum_key("validation.kid", _SEVERITIES, "WARN", "How a KID with a wrong check digit is treated", "Hvordan KID med feil kontrollsiffer behandles"),
    enum_key(
        "validation.identity",
        _SEVERITIES,
        "WARN",
        "How invalid identity, account, phone and postal numbers are treated",
        "Hvordan ugyldige identitets-, konto-, telefon- og postnumre behandles",
    ),
    enum_key(
        "validation.unknownFields",
        _SEVERITIES,
        "WARN",
        "How unknown fields of customers and documents are treated",
        "Hvordan ukjente felt i kunder og dokumenter behandles",
    ),
    enum_key(
        "document.autoCreateCustomer",
        ("NEVER", "WHEN-GIVEN"),
        "WHEN-GIVEN",
        "Whether a document may create its customer",
        "Om et dokument kan opprette kunden sin",
    ),
    enum_key(
        "document.closedPeriod",
        ("NEXT-OPEN", "ERROR"),
        "NEXT-OPEN",
        "What happens to a document dated in a closed period",
        "Hva som skjer med et dokument i en lukket periode",
    ),
    enum_key(
        "document.creditNoteReference",
        ("REQUIRED", "OPTIONAL"),
        "REQUIRED",
        "Whether a credit note must name the document it credits",
        "Om en kreditnota må vise til dokumentet den krediterer",
    ),
    integer_key(
        "document.defaultDueDays", 14, 0, 365, "Days to pay when the customer has none of its own", "Betalingsfrist i dager når kunden ikke har egen"
    ),
    money_key(
        "document.totalTolerance",
        "1",
        "Largest difference between lines and header that is posted as rounding",
        "Største differanse mellom linjer og hode som føres som avrunding",
        changes_postings=True,
    ),
    enum_key("vat.zeroCode", ("5", "6", "7"), "5", "VAT code of lines without VAT", "Mva-kode for linjer uten merverdiavgift", changes_postings=True),
    enum_key("kid.algorithm", ("MOD10", "MOD11", "ANY"), "ANY", "Accepted check digit of KIDs", "Godtatt kontrollsiffer i KID"),
    boolean_key("kid.generate", True, "Whether documents without KID get one", "Om dokumenter uten KID får en"),
    ConfigKey(
        "kid.template",
        "STRING",
        "{account:6}{serial:8}{check}",
        checks.kid_template(),
        "How generated KIDs are built",
        "Hvordan genererte KID-numre bygges opp",
    ),
    series_key("series.in", "EITHER", "I{yy}-", "Numbers of invoices", "Nummerserie for fakturaer"),
    series_key("series.cn", "EITHER", "C{yy}-", "Numbers of credit notes", "Nummerserie for kreditnotaer"),
    series_key("series.it", "EITHER", "T{yy}-", "Numbers of interest notes", "Nummerserie for rentenotaer"),
    series_key("series.rm", "EITHER", "R{yy}-", "Numbers of reminders", "Nummerserie for purringer"),
    series_key("series.py", "EITHER", "P{yy}-", "Numbers of payments", "Nummerserie for betalinger"),
    series_key("series.account", "EITHER", "", "Account numbers of customers", "Kontonumre for kunder", first=500001, characters_max=9, plain=True),
    series_key("series.customer", "CLIENT", "", "Customer numbers", "Kundenumre", characters_max=20),
    enum_key(
        "coverage.order",
        ("COSTS-INTEREST-PRINCIPAL", "PRINCIPAL-INTEREST-COSTS", "OLDEST-FIRST"),
        "COSTS-INTEREST-PRINCIPAL",
        "Order in which a payment covers a claim",
        "Rekkefølgen en betaling dekker et krav i",
        changes_postings=True,
    ),
    enum_key(
        "coverage.excess",
        ("UNAPPLIED", "OLDEST-CLAIM"),
        "UNAPPLIED",
        "What happens to the rest of a payment",
        "Hva som skjer med resten av en betaling",
        changes_postings=True,
    ),
    boolean_key("matching.auto", True, "Whether payments are matched when booked", "Om betalinger utlignes når de bokføres"),
    ConfigKey(
        "matching.rules",
        "LIST",
        list(MATCHING_RULES[:3]),
        checks.codes(*MATCHING_RULES),
        "Rules that find what a payment is for, in order",
        "Regler som finner hva en betaling gjelder, i rekkefølge",
    ),
    money_key(
        "matching.smallDifferenceLimit",
        "0",
        "Largest difference written off by itself, per item; 0 = never",
        "Største differanse som avskrives av seg selv, per post; 0 = aldri",
        changes_postings=True,
    ),
    ConfigKey(
        "ageing.intervals",
        "LIST",
        [0, 30, 60, 90],
        checks.whole_numbers(0, 9999, least=1, most=20),
        "Upper bounds of the ageing intervals in days",
        "Øvre grenser for aldersintervallene i dager",
    ),
    ConfigKey(
        "dunning.plan",
        "LIST",
        DEFAULT_DUNNING_PLAN,
        structures.dunning_plan(),
        "Steps from the first letter to hand-over",
        "Trinnene fra første brev til overlevering",
    ),
    integer_key("dunning.graceDays", 3, 0, 90, "Days of grace after a deadline", "Dager man venter etter en frist"),
    money_key("dunning.minimumAmount", "50", "Least total of a letter", "Minste sum i et brev"),
    enum_key(
        "dunning.weekendRule",
        ("NEXT-BUSINESS-DAY", "NONE"),
        "NEXT-BUSINESS-DAY",
        "Whether a deadline on a day off moves to the next business day",
        "Om en frist på en fridag flyttes til neste virkedag",
    ),
    boolean_key("interest.enabled", True, "Whether late-payment interest is charged", "Om det beregnes forsinkelsesrente"),
    enum_key(
        "interest.rate", ("STATUTORY", "AGREED"), "STATUTORY", "Which interest rate is used", "Hvilken rentesats som brukes", changes_postings=True
    ),
    ConfigKey(
        "interest.agreedRate",
        "DECIMAL",
        None,
        checks.percentage(4, 100),
        "Agreed rate of interest in per cent a year",
        "Avtalt rente i prosent per år",
        changes_postings=True,
    ),
    enum_key(
        "interest.dayCount",
        ("ACT-ACT", "ACT-365"),
        "ACT-ACT",
        "How days of a year are counted",
        "Hvordan dagene i et år telles",
        changes_postings=True,
    ),
    money_key("interest.minimumNote", "50", "Least total of an interest note", "Minste sum på en rentenota", changes_postings=True),
    boolean_key("interest.onCosts", False, "Whether fees bear interest", "Om gebyrer er rentebærende", changes_postings=True),
    boolean_key(
        "interest.compensation",
        False,
        "Whether businesses are charged the standard compensation",
        "Om næringsdrivende belastes standardkompensasjon",
        changes_postings=True,
    ),
    enum_key(
        "rounding.vat",
        ("PER-CODE", "PER-LINE"),
        "PER-CODE",
        "How VAT that the system computes is rounded",
        "Hvordan merverdiavgift som systemet beregner avrundes",
        changes_postings=True,
    ),
    ConfigKey(
        "rounding.noteUnit",
        "MONEY",
        Decimal("0.01"),
        checks.amount(only=(Decimal("0.01"), Decimal(1))),
        "Unit that interest notes are rounded to",
        "Enheten rentenotaer avrundes til",
        changes_postings=True,
    ),
    ConfigKey(
        "gl.fiscalYearStart",
        "INTEGER",
        1,
        checks.whole(1, 12),
        "First month of the fiscal year; fixed after the first posting",
        "Regnskapsårets første måned; kan ikke endres etter første postering",
        changes_postings=True,
        fixed_by_posting=True,
    ),
    ConfigKey(
        "gl.dimensions", "LIST", [], structures.dimensions(), "Accounting dimensions in use", "Dimensjoner som er i bruk", changes_postings=True
    ),
    boolean_key(
        "period.reopenTwoPersons",
        True,
        "Whether another person than the closer must reopen a period",
        "Om en annen enn den som lukket må åpne en periode igjen",
    ),
    ConfigKey(
        "files.allowedTypes",
        "LIST",
        list(UPLOAD_TYPES),
        checks.codes(*UPLOAD_TYPES),
        "File types that may be uploaded",
        "Filtyper som kan lastes opp",
    ),
    integer_key("files.maxSizeMiB", 20, 1, 32, "Largest uploaded file in MiB", "Største opplastede fil i MiB"),
    ConfigKey(
        "avtalegiro.customerUnitId",
        "STRING",
        None,
        checks.short_text(8, re.compile("[0-9]{8}")),
        "Sender of the AvtaleGiro files: customer unit ID",
        "Avsender av AvtaleGiro-filene: kundeenhets-ID",
    ),
    ConfigKey("bank.accounts", "LIST", [], structures.bank_accounts(), "Own bank accounts", "Egne bankkontoer", changes_postings=True),
    integer_key("reservation.defaultHours", 72, 1, 8760, "Life of a reservation in hours", "Varighet for en reservasjon i timer"),
    integer_key("reservation.maximumHours", 720, 1, 8760, "Longest life of a reservation in hours", "Lengste varighet for en reservasjon i timer"),
    enum_key(
        "reservation.overOpenAmount",
        ("ERROR", "WARN"),
        "ERROR",
        "Whether more than the open amount may be reserved",
        "Om mer enn åpent beløp kan reserveres",
    ),
    enum_key("privacy.ssnMasking", ("NONE", "LISTS", "ALWAYS"), "LISTS", "Where national identity numbers are masked", "Hvor fødselsnumre maskeres"),
    ConfigKey(
        "collection.organizationId", "STRING", None, checks.short_text(36), "Organization in the Collection API", "Organisasjon i inkasso-API-et"
    ),
    ConfigKey(
        "collection.creditorNumber", "STRING", None, checks.short_text(36), "Creditor number in the Collection API", "Kreditornummer i inkasso-API-et"
    ),
    enum_key(
        "collection.entryStage", ("REMINDER", "NOTICE"), "NOTICE", "Stage at which claims enter collection", "Trinnet krav går inn i inkasso på"
    ),
    ConfigKey(
        "collection.transferOption",
        "INTEGER",
        30,
        checks.one_number_of(10, 20, 30),
        "How claims are transferred: 10, 20 or 30",
        "Hvordan krav overføres: 10, 20 eller 30",
    ),
    money_key("collection.minimumAmount", "50", "Least amount handed over", "Minste beløp som overleveres"),
    enum_key(
        "collection.writeOffMode",
        ("PROPOSE", "POST"),
        "PROPOSE",
        "Whether a case written off is posted or proposed",
        "Om en avskrevet sak bokføres eller foreslås",
    ),
    boolean_key(
        "collection.returnFees", False, "Whether creditor fees of a returned case come back", "Om kreditors gebyrer i en returnert sak føres tilbake"
    ),
    ConfigKey(
        "collection.accounts",
        "OBJECT",
        COLLECTION_ACCOUNTS,
        structures.account_roles(COLLECTION_ACCOUNTS),
        "GL accounts of the collection postings",
        "Hovedbokskonti for inkassoposteringer",
        changes_postings=True,
    ),
)
"""Every key in its documented order."""
