"""EHF Billing 3.0 (Peppol BIS Billing 3): reading an e-invoice, and the findings of the rules that are checked here.

The rules have the names of the specification (version 3.0.19); they stand in ``ehf_rules`` (structure, parties, numbers)
and ``ehf_amounts`` (arithmetic). They are not the whole specification: code lists and the rules of other countries than
Norway are not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from lxml import etree

from reskontro.norway.format_fault import FormatFault

_CAC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_CBC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
NAMESPACES: Final[Mapping[str, str]] = {"cac": _CAC, "cbc": _CBC}
SUPPLIER: Final = "cac:AccountingSupplierParty/cac:Party"
BUYER: Final = "cac:AccountingCustomerParty/cac:Party"
_ROOTS: Final = {f"{{urn:oasis:names:specification:ubl:schema:xsd:{kind}-2}}{kind}": kind for kind in ("Invoice", "CreditNote")}

Element = Any
"""An element of lxml, which has no types of its own."""


class Finding(NamedTuple):
    """A rule that the document breaks."""

    rule: str
    """The name in the specification, for instance ``PEPPOL-EN16931-R003``."""
    fatal: bool
    """False for a warning: the document may be sent."""


class Invoice:
    """A UBL invoice or credit note."""

    def __init__(self, root: Element) -> None:
        kind = _ROOTS.get(str(root.tag))
        if kind is None:
            raise FormatFault("the document is neither a UBL Invoice nor a UBL CreditNote", path=etree.QName(root).localname)
        self.root = root
        self.line_tag = f"cac:{kind}Line"
        self.quantity_tag = "cbc:InvoicedQuantity" if kind == "Invoice" else "cbc:CreditedQuantity"
        self.type_tag = f"cbc:{kind}TypeCode"

    def all(self, path: str, under: Element | None = None) -> list[Element]:
        """The elements at the path, which has prefixes and begins below the element, else below the root."""
        found: list[Element] = (self.root if under is None else under).findall(path, NAMESPACES)
        return found

    def text(self, path: str, under: Element | None = None) -> str:
        """The text of the first element at the path without white space at its ends; empty when there is none."""
        found = self.all(path, under)
        return text_of(found[0]) if found else ""

    def lines(self) -> list[Element]:
        """The invoice or credit note lines."""
        return self.all(self.line_tag)


Rule = Callable[[Invoice], bool]
"""Whether a document keeps a rule."""


def text_of(element: Element) -> str:
    """The text of an element without white space at its ends."""
    return (element.text or "").strip()


def every(document: Invoice, *paths: str) -> Iterator[Element]:
    """The elements at any of the paths."""
    for path in paths:
        yield from document.all(path)


def read_invoice(content: bytes) -> Invoice:
    """The invoice in an XML file, without document type, entities or anything from outside. Raises FormatFault."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, etree.XMLSyntaxError) else None
        raise FormatFault("not well-formed XML", line=line) from None
    if root.getroottree().docinfo.doctype:
        raise FormatFault("a document type declaration is not allowed", line=1)
    return Invoice(root)


def supplier_vat_no(document: Invoice) -> str | None:
    """The supplier's VAT number as it is written."""
    return _scheme_company(document, "VAT")


def supplier_register(document: Invoice) -> str | None:
    """What the supplier says in the tax scheme TAX: ``Foretaksregisteret`` for a company of that register."""
    return _scheme_company(document, "TAX")


def _scheme_company(document: Invoice, scheme: str) -> str | None:
    for entry in document.all(f"{SUPPLIER}/cac:PartyTaxScheme"):
        if document.text("cac:TaxScheme/cbc:ID", entry) == scheme:
            return document.text("cbc:CompanyID", entry) or None
    return None


def endpoint(document: Invoice, party: str) -> str | None:
    """The electronic address of a party as ``scheme:identifier``; None without one."""
    for element in document.all(f"{party}/cbc:EndpointID"):
        return f"{element.get('schemeID', '')}:{text_of(element)}"
    return None


def payment_id(document: Invoice) -> str | None:
    """The payment reference, in Norway the KID."""
    return document.text("cac:PaymentMeans/cbc:PaymentID") or None
