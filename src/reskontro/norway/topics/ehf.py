"""Calculations of EHF: validating an e-invoice, perhaps after changes to it."""

from __future__ import annotations

import copy
import re
from typing import Any

from lxml import etree

from reskontro.norway import ehf
from reskontro.norway.ehf import NAMESPACES, Element, Invoice
from reskontro.norway.ehf_rules import findings
from reskontro.norway.format_fault import FormatFault
from reskontro.norway.inputs import Input, InputInvalid
from reskontro.norway.topics.answers import Functions
from reskontro.norway.topics.bank_files import bytes_of

_PREFIXED = re.compile(r"(cac|cbc):([A-Za-z]+)")
_CHILDREN_DEPTH_MAX = 16


def _validate(values: Input) -> dict[str, Any]:
    try:
        document = ehf.read_invoice(bytes_of(values))
    except FormatFault as fault:
        raise InputInvalid(f"the file cannot be read: {fault.detail}") from fault
    for change in values.objects("changes") if values.has("changes") else ():
        _change(document, change)
    found = findings(document)
    fatal = [finding.rule for finding in found if finding.fatal]
    return {
        "valid": not fatal,
        "fatal_includes": fatal,
        "warnings_include": [finding.rule for finding in found if not finding.fatal],
        "endpoint": ehf.endpoint(document, ehf.SUPPLIER),
        "supplier_vat": ehf.supplier_vat_no(document),
        "payment_id": ehf.payment_id(document),
    }


def _change(document: Invoice, change: Input) -> None:
    """Apply {op ``set``, path, value}, {op ``remove`` or ``duplicate``, path} or {op ``insert_before``, path, element, value or children}."""
    operation = change.choice("op", "set", "remove", "duplicate", "insert_before")
    element = _target(document, change)
    parent = element.getparent()
    if parent is None:
        raise InputInvalid("a change is about the root")
    if operation == "set":
        element.text = _text(change)
    elif operation == "remove":
        parent.remove(element)
    elif operation == "duplicate":
        element.addnext(copy.deepcopy(element))
    else:
        element.addprevious(_element(change, 0))


def _target(document: Invoice, change: Input) -> Element:
    """The element at the path; ``index`` picks one of several, ``parent_index`` its parent, both from 0."""
    path = change.text("path")
    *above, last = path.split("/")
    if not all(_PREFIXED.fullmatch(step) for step in (*above, last)):
        raise InputInvalid("a change has a path that is not made of cac: and cbc: names")
    try:
        if change.has("parent_index"):
            parent = document.all("/".join(above))[change.whole("parent_index")] if above else document.root
            return document.all(last, parent)[_index(change)]
        return document.all(path)[_index(change)]
    except IndexError:
        raise InputInvalid("a change is about an element that is not there") from None


def _index(change: Input) -> int:
    return change.whole("index") if change.has("index") else 0


def _text(change: Input) -> str:
    text = change.text("value")
    try:
        etree.Element("text").text = text
    except ValueError:
        raise InputInvalid("a change has a value that cannot stand in XML") from None
    return text


def _element(change: Input, depth: int) -> Element:
    match = _PREFIXED.fullmatch(change.text("element"))
    if match is None or depth > _CHILDREN_DEPTH_MAX:
        raise InputInvalid("a change has an element without a cac: or cbc: name, or too many in one another")
    element = etree.Element(f"{{{NAMESPACES[match[1]]}}}{match[2]}")
    if change.has("children"):
        for child in change.objects("children"):
            element.append(_element(child, depth + 1))
    elif change.has("value"):
        element.text = _text(change)
    return element


FUNCTIONS: Functions = {"ehf.validate": _validate}
