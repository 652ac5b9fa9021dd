"""The arithmetic rules of EHF: prices, lines, allowances, VAT and totals.

Source: Peppol BIS Billing 3.0.19 (PEPPOL-EN16931-R040 to R055, R120 to R130) and EN 16931 (BR-CO-10 to 17, BR-27, BR-28).
An amount that is not a number breaks every rule that needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from reskontro.norway.ehf import Element, Invoice, Rule, every, text_of
from reskontro.norway.vat import round_vat

_AMOUNT = re.compile(r"[+-]?([0-9]{1,15}(\.[0-9]{0,10})?|\.[0-9]{1,10})")
_ZERO, _ONE, _HUNDRED = Decimal(0), Decimal(1), Decimal(100)
_SLACK: Final = Decimal("0.02")
"""So far may an allowance or a line be from what its parts come to."""
_VAT_SLACK: Final = _ONE
_TOTALS: Final = "cac:LegalMonetaryTotal/cbc:{}Amount"
_AMOUNT_TAGS: Final = (
    *("cac:LegalMonetaryTotal/*", "cac:TaxTotal[cac:TaxSubtotal]/cbc:TaxAmount", "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount"),
    *(".//cbc:TaxableAmount", ".//cac:AllowanceCharge/cbc:Amount", ".//cac:AllowanceCharge/cbc:BaseAmount", ".//cbc:PriceAmount"),
)


class _NotANumber(Exception):
    """An amount of the rule cannot be read."""


def _number(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise _NotANumber
    return Decimal(text)


def _amount(document: Invoice, path: str, under: Element | None = None, absent: Decimal = _ZERO) -> Decimal:
    """The number at the path; ``absent`` when there is no element."""
    found = document.all(path, under)
    return _number(text_of(found[0])) if found else absent


def _sum(document: Invoice, path: str, under: Element | None = None) -> Decimal:
    return sum((_number(text_of(element)) for element in document.all(path, under)), _ZERO)


def _rule(keeps: Rule) -> Rule:
    def judged(document: Invoice) -> bool:
        try:
            return keeps(document)
        except _NotANumber:
            return False

    return judged


def _each(path: str, keeps: Callable[[Invoice, Element], bool]) -> Rule:
    return _rule(lambda document: all(keeps(document, element) for element in document.all(path)))


def _each_line(keeps: Callable[[Invoice, Element], bool]) -> Rule:
    return _rule(lambda document: all(keeps(document, line) for line in document.lines()))


def _within(found: Decimal, wanted: Decimal, slack: Decimal) -> bool:
    return abs(found - wanted) <= slack


def _charges(document: Invoice, indicator: str, under: Element | None = None) -> Decimal:
    return _sum(document, f"cac:AllowanceCharge[cbc:ChargeIndicator='{indicator}']/cbc:Amount", under)


def _has(document: Invoice, element: Element, tag: str) -> bool:
    return bool(document.all(tag, element))


def _allowance_of_base(document: Invoice, entry: Element) -> bool:
    if not (_has(document, entry, "cbc:MultiplierFactorNumeric") and _has(document, entry, "cbc:BaseAmount")):
        return True
    share = _amount(document, "cbc:MultiplierFactorNumeric", entry) / _HUNDRED
    return _within(_amount(document, "cbc:Amount", entry), _amount(document, "cbc:BaseAmount", entry) * share, _SLACK)


def _price(document: Invoice, entry: Element) -> bool:
    gross = document.all("cac:AllowanceCharge/cbc:BaseAmount", entry)
    net = _amount(document, "cbc:PriceAmount", entry)
    return not gross or net == _number(text_of(gross[0])) - _amount(document, "cac:AllowanceCharge/cbc:Amount", entry)


def _line_net(document: Invoice, line: Element) -> bool:
    quantity = _amount(document, document.quantity_tag, line, _ONE)
    base = _amount(document, "cac:Price/cbc:BaseQuantity", line, _ONE)
    if base <= 0:
        return True  # told by R121
    wanted = quantity * _amount(document, "cac:Price/cbc:PriceAmount", line) / base
    wanted += _charges(document, "true", line) - _charges(document, "false", line)
    return _within(_amount(document, "cbc:LineExtensionAmount", line), wanted, _SLACK)


def _same_unit(document: Invoice, line: Element) -> bool:
    units = [element.get("unitCode") for element in document.all(document.quantity_tag, line)]
    return all(base.get("unitCode") in (None, *units) for base in document.all("cac:Price/cbc:BaseQuantity", line))


def _one_currency(document: Invoice) -> bool:
    currency = document.text("cbc:DocumentCurrencyCode")
    paths = (*_AMOUNT_TAGS, f"{document.line_tag}/cbc:LineExtensionAmount")
    return all(element.get("currencyID") == currency for element in every(document, *paths))


def _signs(document: Invoice) -> bool:
    totals = [_number(text_of(element)) for element in document.all("cac:TaxTotal/cbc:TaxAmount")]
    return not document.all("cbc:TaxCurrencyCode") or all(total >= 0 for total in totals) or all(total <= 0 for total in totals)


def _vat_of_subtotal(document: Invoice, subtotal: Element) -> bool:
    rate = _amount(document, "cac:TaxCategory/cbc:Percent", subtotal)
    wanted = round_vat(_amount(document, "cbc:TaxableAmount", subtotal) * rate / _HUNDRED)
    return _within(_amount(document, "cbc:TaxAmount", subtotal), wanted, _VAT_SLACK)


def _total(name: str, wanted: Callable[[Invoice], Decimal]) -> Rule:
    """The total of that name is what its parts come to; a total that is not there counts as 0."""
    return _rule(lambda document: _amount(document, _TOTALS.format(name)) == wanted(document))


def _of(document: Invoice, name: str) -> Decimal:
    return _amount(document, _TOTALS.format(name))


def _vat(document: Invoice) -> Decimal:
    return _sum(document, "cac:TaxTotal[cac:TaxSubtotal]/cbc:TaxAmount")


AMOUNT_RULES: Final[Mapping[str, Rule]] = {
    "BR-27": _each_line(lambda document, line: _amount(document, "cac:Price/cbc:PriceAmount", line) >= 0),
    "BR-28": _each_line(lambda document, line: _amount(document, "cac:Price/cac:AllowanceCharge/cbc:BaseAmount", line) >= 0),
    "BR-CO-10": _rule(lambda document: _of(document, "LineExtension") == _sum(document, f"{document.line_tag}/cbc:LineExtensionAmount")),
    "BR-CO-11": _total("AllowanceTotal", lambda document: _charges(document, "false")),
    "BR-CO-12": _total("ChargeTotal", lambda document: _charges(document, "true")),
    "BR-CO-13": _total(
        "TaxExclusive", lambda document: _of(document, "LineExtension") - _of(document, "AllowanceTotal") + _of(document, "ChargeTotal")
    ),
    "BR-CO-14": _rule(lambda document: _vat(document) == _sum(document, "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount")),
    "BR-CO-15": _total("TaxInclusive", lambda document: _of(document, "TaxExclusive") + _vat(document)),
    "BR-CO-16": _total("Payable", lambda document: _of(document, "TaxInclusive") - _of(document, "Prepaid") + _of(document, "PayableRounding")),
    "BR-CO-17": _each("cac:TaxTotal/cac:TaxSubtotal", _vat_of_subtotal),
    "PEPPOL-EN16931-R040": _each(".//cac:AllowanceCharge", _allowance_of_base),
    "PEPPOL-EN16931-R041": _each(
        ".//cac:AllowanceCharge[cbc:MultiplierFactorNumeric]", lambda document, entry: _has(document, entry, "cbc:BaseAmount")
    ),
    "PEPPOL-EN16931-R042": _rule(
        # The allowance of a price has a base amount, the gross price, and never a percentage.
        lambda document: all(
            not _has(document, entry, "cbc:BaseAmount") or _has(document, entry, "cbc:MultiplierFactorNumeric")
            for entry in every(document, "cac:AllowanceCharge", f"{document.line_tag}/cac:AllowanceCharge")
        )
    ),
    "PEPPOL-EN16931-R043": _each(".//cac:AllowanceCharge", lambda document, entry: document.text("cbc:ChargeIndicator", entry) in ("true", "false")),
    "PEPPOL-EN16931-R044": _each(".//cac:Price/cac:AllowanceCharge", lambda document, entry: document.text("cbc:ChargeIndicator", entry) == "false"),
    "PEPPOL-EN16931-R046": _each(".//cac:Price", _price),
    "PEPPOL-EN16931-R051": _rule(_one_currency),
    "PEPPOL-EN16931-R055": _rule(_signs),
    "PEPPOL-EN16931-R120": _each_line(_line_net),
    "PEPPOL-EN16931-R121": _each(".//cac:Price/cbc:BaseQuantity", lambda _, base: _number(text_of(base)) > 0),
    "PEPPOL-EN16931-R130": _each_line(_same_unit),
}
"""The arithmetic rules, each with its test; the breach of any makes a document invalid."""
