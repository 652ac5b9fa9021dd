"""The rules of EHF on structure, parties, numbers and dates.

Source: Peppol BIS Billing 3.0.19 (PEPPOL-EN16931-*, PEPPOL-COMMON-*, NO-R-*) and EN 16931 (BR-*).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from stdnum import ean

from reskontro.norway import ehf
from reskontro.norway.ehf import BUYER, SUPPLIER, Element, Finding, Invoice, Rule, text_of
from reskontro.norway.ehf_amounts import AMOUNT_RULES
from reskontro.norway.identities import is_cvr_no, is_norwegian_organization_no, is_norwegian_vat_no, is_swedish_organization_no

CUSTOMIZATION: Final = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
_PROFILE = re.compile(r"urn:fdc:peppol\.eu:2017:poacc:billing:[0-9]{2}:1\.0")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS = re.compile(r"[0-9]+")
_DANISH = re.compile(r"DK[0-9]{8}")
_DIRECT_DEBITS = frozenset(("49", "59"))
_PROJECT, _INVOICED_OBJECT = "50", "130"
_DATES = ("cbc:IssueDate", "cbc:DueDate", "cbc:TaxPointDate", "cbc:StartDate", "cbc:EndDate", "cbc:ActualDeliveryDate")
_NUMBERS = ("cbc:EndpointID", "cac:PartyIdentification/cbc:ID", "cac:PartyLegalEntity/cbc:CompanyID")


def _numbers(scheme: str, valid: Callable[[str], bool]) -> Rule:
    """Every identifier of the scheme is valid; blanks inside are not forgiven."""
    paths = tuple(f".//{path}[@schemeID='{scheme}']" for path in _NUMBERS)
    return lambda document: all(valid(text_of(element)) for element in ehf.every(document, *paths))


def _there(*paths: str) -> Rule:
    """One of the paths has a text."""
    return lambda document: any(document.text(path) for path in paths)


def _in_every_line(path: str) -> Rule:
    return lambda document: all(document.text(path.format(quantity=document.quantity_tag), line) for line in document.lines())


def _one_note(document: Invoice) -> bool:
    countries = {document.text(f"{party}/cac:PostalAddress/cac:Country/cbc:IdentificationCode") for party in (SUPPLIER, BUYER)}
    return len(document.all("cbc:Note")) <= 1 or countries == {"DE"}


def _vat_currency(document: Invoice) -> bool:
    currency = document.text("cbc:TaxCurrencyCode")
    return not currency or currency != document.text("cbc:DocumentCurrencyCode")


def _no_empty_element(document: Invoice) -> bool:
    return all(len(element) or text_of(element) for element in document.root.iter())


def _is_day(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _dates(document: Invoice) -> bool:
    return all(_is_day(element.text or "") for element in ehf.every(document, *(f".//{name}" for name in _DATES)))


def _tax_totals(document: Invoice) -> bool:
    return len(document.all("cac:TaxTotal[cac:TaxSubtotal]")) == 1


def _tax_totals_of_vat_currency(document: Invoice) -> bool:
    plain = [total for total in document.all("cac:TaxTotal") if not document.all("cac:TaxSubtotal", total)]
    return len(plain) == (1 if document.all("cbc:TaxCurrencyCode") else 0)


def _mandate(document: Invoice) -> bool:
    means = [means for means in document.all("cac:PaymentMeans") if document.text("cbc:PaymentMeansCode", means) in _DIRECT_DEBITS]
    return all(document.text("cac:PaymentMandate/cbc:ID", debit) for debit in means)


def _one_project(document: Invoice) -> bool:
    return len(document.all(f"cac:AdditionalDocumentReference[cbc:DocumentTypeCode='{_PROJECT}']")) <= 1


def _one_object_in_a_line(document: Invoice) -> bool:
    return all(len(document.all("cac:DocumentReference", line)) <= 1 for line in document.lines())


def _objects_in_lines(document: Invoice) -> bool:
    references = [reference for line in document.lines() for reference in document.all("cac:DocumentReference", line)]
    return all(document.text("cbc:DocumentTypeCode", reference) == _INVOICED_OBJECT for reference in references)


def _line_period(end: str) -> Rule:
    """The start or the end of every line's period is within the period of the document."""

    def within(document: Invoice) -> bool:
        first, last = document.text("cac:InvoicePeriod/cbc:StartDate"), document.text("cac:InvoicePeriod/cbc:EndDate")
        days = [document.text(f"cac:InvoicePeriod/{end}", line) for line in document.lines()]
        return all(not day or ((not first or first <= day) and (not last or day <= last)) for day in days)

    return within


def _is_norwegian(document: Invoice) -> bool:
    vat_no = ehf.supplier_vat_no(document) or ""
    return vat_no[:2].upper() == "NO" or document.text(f"{SUPPLIER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode") == "NO"


def _norwegian_vat_no(document: Invoice) -> bool:
    vat_no = ehf.supplier_vat_no(document)
    return vat_no is None or not _is_norwegian(document) or is_norwegian_vat_no(vat_no, ehf=True)


def _business_register(document: Invoice) -> bool:
    return not _is_norwegian(document) or ehf.supplier_register(document) == "Foretaksregisteret"


def _type_code(document: Invoice) -> bool:
    return bool(document.text(document.type_tag))


def _party_identified(document: Invoice) -> bool:
    identifiers: list[Element] = document.all(f"{SUPPLIER}/cac:PartyIdentification/cbc:ID")
    return bool(any(map(text_of, identifiers)) or document.text(f"{SUPPLIER}/cac:PartyLegalEntity/cbc:CompanyID") or ehf.supplier_vat_no(document))


def _due(document: Invoice) -> bool:
    """A positive amount to pay has a due date or terms."""
    payable = document.text("cac:LegalMonetaryTotal/cbc:PayableAmount")
    nothing_due = payable.startswith("-") or not payable.strip("0.")
    terms = ("cbc:DueDate", "cac:PaymentTerms/cbc:Note", "cac:PaymentMeans/cbc:PaymentDueDate")
    return nothing_due or _there(*terms)(document)


RULES: Final[Mapping[str, Rule]] = {
    "BR-02": _there("cbc:ID"),
    "BR-03": _there("cbc:IssueDate"),
    "BR-04": _type_code,
    "BR-05": _there("cbc:DocumentCurrencyCode"),
    "BR-06": _there(f"{SUPPLIER}/cac:PartyLegalEntity/cbc:RegistrationName"),
    "BR-07": _there(f"{BUYER}/cac:PartyLegalEntity/cbc:RegistrationName"),
    "BR-08": lambda document: bool(document.all(f"{SUPPLIER}/cac:PostalAddress")),
    "BR-09": _there(f"{SUPPLIER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode"),
    "BR-10": lambda document: bool(document.all(f"{BUYER}/cac:PostalAddress")),
    "BR-11": _there(f"{BUYER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode"),
    "BR-16": lambda document: bool(document.lines()),
    "BR-21": _in_every_line("cbc:ID"),
    "BR-22": _in_every_line("{quantity}"),
    "BR-23": lambda document: all(quantity.get("unitCode") for quantity in document.all(f"{document.line_tag}/{document.quantity_tag}")),
    "BR-24": _in_every_line("cbc:LineExtensionAmount"),
    "BR-25": _in_every_line("cac:Item/cbc:Name"),
    "BR-26": _in_every_line("cac:Price/cbc:PriceAmount"),
    "BR-CO-04": _in_every_line("cac:Item/cac:ClassifiedTaxCategory/cbc:ID"),
    "BR-CO-25": _due,
    "BR-CO-26": _party_identified,
    "PEPPOL-EN16931-R001": _there("cbc:ProfileID"),
    "PEPPOL-EN16931-R002": _one_note,
    "PEPPOL-EN16931-R003": _there("cbc:BuyerReference", "cac:OrderReference/cbc:ID"),
    "PEPPOL-EN16931-R004": lambda document: document.text("cbc:CustomizationID").startswith(CUSTOMIZATION),
    "PEPPOL-EN16931-R005": _vat_currency,
    "PEPPOL-EN16931-R007": lambda document: bool(_PROFILE.fullmatch(document.text("cbc:ProfileID"))),
    "PEPPOL-EN16931-R008": _no_empty_element,
    "PEPPOL-EN16931-R010": _there(f"{BUYER}/cbc:EndpointID"),
    "PEPPOL-EN16931-R020": _there(f"{SUPPLIER}/cbc:EndpointID"),
    "PEPPOL-EN16931-R053": _tax_totals,
    "PEPPOL-EN16931-R054": _tax_totals_of_vat_currency,
    "PEPPOL-EN16931-R061": _mandate,
    "PEPPOL-EN16931-R080": _one_project,
    "PEPPOL-EN16931-R100": _one_object_in_a_line,
    "PEPPOL-EN16931-R101": _objects_in_lines,
    "PEPPOL-EN16931-R110": _line_period("cbc:StartDate"),
    "PEPPOL-EN16931-R111": _line_period("cbc:EndDate"),
    "PEPPOL-EN16931-F001": _dates,
    "PEPPOL-COMMON-R040": _numbers("0088", lambda number: bool(_DIGITS.fullmatch(number)) and ean.is_valid(number)),
    "PEPPOL-COMMON-R041": _numbers("0192", lambda number: " " not in number and is_norwegian_organization_no(number)),
    "PEPPOL-COMMON-R042": _numbers("0184", lambda number: bool(_DANISH.fullmatch(number)) and is_cvr_no(number)),
    "PEPPOL-COMMON-R049": _numbers("0007", lambda number: bool(_DIGITS.fullmatch(number)) and is_swedish_organization_no(number)),
    "NO-R-001": _norwegian_vat_no,
}
"""The rules whose breach makes a document invalid, each with its test."""

WARNINGS: Final[Mapping[str, Rule]] = {"NO-R-002": _business_register}
"""The rules whose breach is a warning only."""


def findings(document: Invoice) -> list[Finding]:
    """The rules that the document breaks: the fatal ones, then the warnings."""
    broken = [Finding(name, True) for rules in (RULES, AMOUNT_RULES) for name, keeps in rules.items() if not keeps(document)]
    return broken + [Finding(name, False) for name, keeps in WARNINGS.items() if not keeps(document)]
