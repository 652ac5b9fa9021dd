"""Aim: each rule of EHF finds the change that breaks it, and lets pass what it allows."""

from __future__ import annotations

from typing import Any

import pytest

from reskontro.norway.calculations import calculate
from reskontro.norway.ehf import read_invoice
from reskontro.norway.ehf_amounts import AMOUNT_RULES
from reskontro.norway.ehf_rules import RULES, findings
from reskontro.norway.format_fault import FormatFault
from reskontro.norway.inputs import InputInvalid
from tests.shared_data import shared_path

SUPPLIER = "cac:AccountingSupplierParty/cac:Party"
BUYER = "cac:AccountingCustomerParty/cac:Party"
Change = dict[str, Any]


def put(path: str, value: str) -> Change:
    """Give an element another text."""
    return {"op": "set", "path": path, "value": value}


def drop(path: str) -> Change:
    """Remove an element."""
    return {"op": "remove", "path": path}


def before(path: str, element: str, value: str) -> Change:
    """Put an element with a text before another."""
    return {"op": "insert_before", "path": path, "element": element, "value": value}


def parts(path: str, element: str, **children: str) -> Change:
    """Put an element with children (of cbc) before another."""
    return {
        "op": "insert_before",
        "path": path,
        "element": element,
        "children": [{"element": f"cbc:{name}", "value": value} for name, value in children.items()],
    }


def validated(*changes: Change) -> dict[str, Any]:
    """The answer for the sample after the changes."""
    return calculate("ehf.validate", {"file": str(shared_path("domain/samples/ehf-invoice.xml")), "changes": list(changes)})


BROKEN: dict[str, list[Change]] = {
    "BR-02": [drop("cbc:ID")],
    "BR-03": [drop("cbc:IssueDate")],
    "BR-04": [drop("cbc:InvoiceTypeCode")],
    "BR-05": [drop("cbc:DocumentCurrencyCode")],
    "BR-06": [drop(f"{SUPPLIER}/cac:PartyLegalEntity/cbc:RegistrationName")],
    "BR-07": [drop(f"{BUYER}/cac:PartyLegalEntity/cbc:RegistrationName")],
    "BR-08": [drop(f"{SUPPLIER}/cac:PostalAddress")],
    "BR-09": [drop(f"{SUPPLIER}/cac:PostalAddress/cac:Country")],
    "BR-10": [drop(f"{BUYER}/cac:PostalAddress")],
    "BR-11": [drop(f"{BUYER}/cac:PostalAddress/cac:Country")],
    "BR-16": [drop("cac:InvoiceLine")],
    "BR-21": [drop("cac:InvoiceLine/cbc:ID")],
    "BR-22": [drop("cac:InvoiceLine/cbc:InvoicedQuantity")],
    "BR-24": [drop("cac:InvoiceLine/cbc:LineExtensionAmount")],
    "BR-25": [drop("cac:InvoiceLine/cac:Item/cbc:Name")],
    "BR-26": [drop("cac:InvoiceLine/cac:Price/cbc:PriceAmount")],
    "BR-27": [put("cac:InvoiceLine/cac:Price/cbc:PriceAmount", "-500.00")],
    "BR-CO-04": [drop("cac:InvoiceLine/cac:Item/cac:ClassifiedTaxCategory")],
    "BR-CO-10": [put("cac:LegalMonetaryTotal/cbc:LineExtensionAmount", "999.99")],
    "BR-CO-11": [parts("cac:TaxTotal", "cac:AllowanceCharge", ChargeIndicator="false", Amount="10.00")],
    "BR-CO-12": [parts("cac:TaxTotal", "cac:AllowanceCharge", ChargeIndicator="true", Amount="10.00")],
    "BR-CO-13": [put("cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount", "1000.01")],
    "BR-CO-14": [put("cac:TaxTotal/cbc:TaxAmount", "250.01")],
    "BR-CO-15": [put("cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount", "1250.01")],
    "BR-CO-16": [put("cac:LegalMonetaryTotal/cbc:PayableAmount", "1249.99")],
    "BR-CO-17": [put("cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount", "251.01")],
    "BR-CO-25": [drop("cbc:DueDate")],
    "PEPPOL-EN16931-R001": [drop("cbc:ProfileID")],
    "PEPPOL-EN16931-R002": [{"op": "duplicate", "path": "cbc:Note"}],
    "PEPPOL-EN16931-R005": [before("cbc:BuyerReference", "cbc:TaxCurrencyCode", "NOK")],
    "PEPPOL-EN16931-R008": [put("cbc:Note", "  ")],
    "PEPPOL-EN16931-R010": [drop(f"{BUYER}/cbc:EndpointID")],
    "PEPPOL-EN16931-R040": [
        parts("cac:TaxTotal", "cac:AllowanceCharge", ChargeIndicator="false", MultiplierFactorNumeric="10", Amount="10.03", BaseAmount="100.00")
    ],
    "PEPPOL-EN16931-R041": [parts("cac:TaxTotal", "cac:AllowanceCharge", ChargeIndicator="false", MultiplierFactorNumeric="10", Amount="10.00")],
    "PEPPOL-EN16931-R042": [parts("cac:TaxTotal", "cac:AllowanceCharge", ChargeIndicator="false", Amount="10.00", BaseAmount="100.00")],
    "PEPPOL-EN16931-R043": [parts("cac:TaxTotal", "cac:AllowanceCharge", ChargeIndicator="no", Amount="10.00")],
    "PEPPOL-EN16931-R044": [
        parts("cac:InvoiceLine/cac:Price/cbc:PriceAmount", "cac:AllowanceCharge", ChargeIndicator="true", Amount="0.00", BaseAmount="500.00")
    ],
    "PEPPOL-EN16931-R046": [
        parts("cac:InvoiceLine/cac:Price/cbc:PriceAmount", "cac:AllowanceCharge", ChargeIndicator="false", Amount="50.00", BaseAmount="500.00")
    ],
    "PEPPOL-EN16931-R051": [put("cbc:DocumentCurrencyCode", "EUR")],
    "PEPPOL-EN16931-R053": [{"op": "duplicate", "path": "cac:TaxTotal"}],
    "PEPPOL-EN16931-R054": [parts("cac:TaxTotal", "cac:TaxTotal", TaxAmount="250.00")],
    "PEPPOL-EN16931-R055": [
        before("cbc:BuyerReference", "cbc:TaxCurrencyCode", "SEK"),
        parts("cac:TaxTotal", "cac:TaxTotal", TaxAmount="-250.00"),
    ],
    "PEPPOL-EN16931-R061": [put("cac:PaymentMeans/cbc:PaymentMeansCode", "59")],
    "PEPPOL-EN16931-R080": [parts("cac:AccountingSupplierParty", "cac:AdditionalDocumentReference", ID="P", DocumentTypeCode="50")] * 2,
    "PEPPOL-EN16931-R100": [parts("cac:InvoiceLine/cac:Item", "cac:DocumentReference", ID="O", DocumentTypeCode="130")] * 2,
    "PEPPOL-EN16931-R101": [parts("cac:InvoiceLine/cac:Item", "cac:DocumentReference", ID="O", DocumentTypeCode="50")],
    "PEPPOL-EN16931-R110": [
        parts("cac:AccountingSupplierParty", "cac:InvoicePeriod", StartDate="2026-10-01", EndDate="2026-10-31"),
        parts("cac:InvoiceLine/cac:Item", "cac:InvoicePeriod", StartDate="2026-09-30", EndDate="2026-10-31"),
    ],
    "PEPPOL-EN16931-R111": [
        parts("cac:AccountingSupplierParty", "cac:InvoicePeriod", StartDate="2026-10-01", EndDate="2026-10-31"),
        parts("cac:InvoiceLine/cac:Item", "cac:InvoicePeriod", StartDate="2026-10-01", EndDate="2026-11-01"),
    ],
    "PEPPOL-EN16931-R120": [put("cac:InvoiceLine/cbc:InvoicedQuantity", "3")],
    "PEPPOL-EN16931-R121": [before("cac:InvoiceLine/cac:Price/cbc:PriceAmount", "cbc:BaseQuantity", "0")],
    "PEPPOL-EN16931-F001": [put("cbc:DueDate", "2026-11-31")],
    "PEPPOL-COMMON-R041": [put(f"{BUYER}/cbc:EndpointID", "987 654 325")],
}


@pytest.mark.parametrize("rule", BROKEN)
def test_rule_finds_the_change_that_breaks_it(rule: str) -> None:
    """The rule is among the fatal findings, and was not before the change."""
    assert rule not in validated()["fatal_includes"]
    answer = validated(*BROKEN[rule])
    assert rule in answer["fatal_includes"] and not answer["valid"]


BROKEN_IN_ATTRIBUTES = {
    "BR-23": (b' unitCode="HUR"', b""),
    "BR-28": (
        b"<cac:Price><cbc:PriceAmount",
        b'<cac:Price><cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:Amount currencyID="NOK">0</cbc:Amount>'
        b'<cbc:BaseAmount currencyID="NOK">-1</cbc:BaseAmount></cac:AllowanceCharge><cbc:PriceAmount',
    ),
    "PEPPOL-EN16931-R130": (b"</cbc:PriceAmount>", b'</cbc:PriceAmount><cbc:BaseQuantity unitCode="DAY">1</cbc:BaseQuantity>'),
    "PEPPOL-COMMON-R040": (b'schemeID="0192">987654325</cbc:EndpointID>', b'schemeID="0088">7080000000014</cbc:EndpointID>'),
    "PEPPOL-COMMON-R042": (b'schemeID="0192">987654325</cbc:EndpointID>', b'schemeID="0184">DK12345678</cbc:EndpointID>'),
    "PEPPOL-COMMON-R049": (b'schemeID="0192">987654325</cbc:EndpointID>', b'schemeID="0007">5560360794</cbc:EndpointID>'),
}
BY_VECTORS = {f"PEPPOL-EN16931-R{number}" for number in ("003", "004", "007", "020")} | {"NO-R-001"}
"""Rules that the shared vectors break."""


@pytest.mark.parametrize("rule", BROKEN_IN_ATTRIBUTES)
def test_rule_finds_the_attribute_that_breaks_it(rule: str) -> None:
    """What a change of elements cannot say is changed in the text."""
    content = shared_path("domain/samples/ehf-invoice.xml").read_bytes()
    old, new = BROKEN_IN_ATTRIBUTES[rule]
    assert old in content
    assert rule in [finding.rule for finding in findings(read_invoice(content.replace(old, new)))]


@pytest.mark.parametrize("number", [b'0088">1238764941386', b'0184">DK13585628', b'0007">5560160680'])
def test_valid_numbers_of_other_schemes_pass(number: bytes) -> None:
    """A location number, a Danish and a Swedish company."""
    content = shared_path("domain/samples/ehf-invoice.xml").read_bytes()
    changed = content.replace(b'0192">987654325</cbc:EndpointID>', number + b"</cbc:EndpointID>")
    assert changed != content and findings(read_invoice(changed)) == []


def test_supplier_without_any_number_is_found() -> None:
    """BR-CO-26 asks for one of three."""
    party = (f"{SUPPLIER}/cac:PartyTaxScheme", f"{SUPPLIER}/cac:PartyTaxScheme", f"{SUPPLIER}/cac:PartyLegalEntity/cbc:CompanyID")
    assert "BR-CO-26" in validated(*map(drop, party))["fatal_includes"]
    assert "BR-CO-26" not in validated(*map(drop, party[:2]))["fatal_includes"]


def test_every_rule_is_broken_somewhere() -> None:
    """By a change above, or by a vector."""
    assert RULES.keys() | AMOUNT_RULES.keys() == BROKEN.keys() | BROKEN_IN_ATTRIBUTES.keys() | BY_VECTORS | {"BR-CO-26"}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([drop("cbc:BuyerReference"), parts("cac:AccountingSupplierParty", "cac:OrderReference", ID="4711")], id="order reference"),
        pytest.param([put("cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:Percent", "25.1")], id="VAT within the tolerance"),
        pytest.param(
            [
                put("cac:InvoiceLine/cac:Price/cbc:PriceAmount", "50000"),
                before("cac:InvoiceLine/cac:Price/cbc:PriceAmount", "cbc:BaseQuantity", "100"),
            ],
            id="price of a hundred",
        ),
        pytest.param([put("cbc:ProfileID", "urn:fdc:peppol.eu:2017:poacc:billing:99:1.0")], id="another profile"),
        pytest.param([drop("cbc:DueDate"), parts("cac:TaxTotal", "cac:PaymentTerms", Note="14 dager")], id="terms in place of a due date"),
        pytest.param([drop(f"{SUPPLIER}/cac:PartyTaxScheme")], id="supplier outside the VAT register"),
    ],
)
def test_what_the_rules_allow_is_valid(changes: list[Change]) -> None:
    """No fatal finding."""
    assert validated(*changes)["fatal_includes"] == []


def test_values_are_read_from_the_document() -> None:
    """Addresses, VAT number and payment reference, each None without its element."""
    assert validated()["payment_id"] is None
    answer = validated(drop(f"{SUPPLIER}/cac:PartyTaxScheme"), before("cac:PaymentMeans/cac:PayeeFinancialAccount", "cbc:PaymentID", "0010017"))
    assert answer["supplier_vat"] is None
    assert answer["endpoint"] == "0192:123456785"
    assert answer["payment_id"] == "0010017"


def test_credit_note_is_read_with_its_own_names() -> None:
    """A credit note has lines, a quantity and a type code of its own."""
    content = shared_path("domain/samples/ehf-invoice.xml").read_bytes()
    for invoice, credit in ((b"InvoiceLine", b"CreditNoteLine"), (b"InvoicedQuantity", b"CreditedQuantity"), (b"InvoiceType", b"CreditNoteType")):
        content = content.replace(invoice, credit)
    content = content.replace(b"Invoice-2", b"CreditNote-2").replace(b"<Invoice ", b"<CreditNote ").replace(b"</Invoice>", b"</CreditNote>")
    assert findings(read_invoice(content)) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"<Invoice", b"<a/>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"\xff\xfe", b"NY000010"],
)
def test_what_is_no_invoice_is_refused(content: bytes) -> None:
    """With the place of the fault, and without a look at anything outside the file."""
    with pytest.raises(FormatFault):
        read_invoice(content)


@pytest.mark.parametrize(
    "change",
    [
        put("cbc:Nothing", "x"),
        put("..", "x"),
        put("cbc:ID[1]", "x"),
        put("cbc:ID", "\x00"),
        {**put("cbc:ID", "x"), "index": 1},
        {"op": "swap", "path": "cbc:ID"},
        before("cbc:ID", "ID", "x"),
    ],
)
def test_change_that_cannot_be_made_is_refused(change: Change) -> None:
    """Like every input that is not right."""
    with pytest.raises(InputInvalid):
        validated(change)
