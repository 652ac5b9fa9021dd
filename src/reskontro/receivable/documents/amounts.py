"""The amounts of a document, pure: whether they add up, which VAT code each line has, and what is to be posted.

Checks, in document currency: the header's own sum (TOTAL-SUM), each line's (VAT-LINE), the lines against the header (ROUNDING within the
tolerance, else TOTAL-SUM), the lines' VAT against the header's (VAT-SUM: the header wins).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from reskontro.kit.messages import Messages, Severity
from reskontro.kit.money import ZERO
from reskontro.ledger.posting import Part
from reskontro.norway.vat import code_for_amounts, output_codes_on, rate_fits

STANDARD_CODE = "3"
EXPORT_CODE = "52"
NO_TREATMENT_CODE = "7"
_AMOUNT_KEYS = ("exclVat", "vat", "inclVat")


@dataclass(frozen=True, slots=True)
class VatPolicy:
    """What the client and the customer mean for VAT."""

    severity: Severity
    """Of VAT-LINE, VAT-SUM and VAT-RATE."""
    registered: bool
    abroad: bool
    zero_code: str
    tolerance: Decimal
    """Largest difference between lines and header that is posted as rounding, in document currency."""
    unit: Decimal
    """The last decimal of the currency: 0.01 or 1."""


class ComposedLine(Struct):
    """A line as it is posted and stored; a text line has no amounts."""

    raw: dict[str, Any]
    line_type: str
    excl_vat: Decimal | None = None
    vat: Decimal | None = None
    incl_vat: Decimal | None = None
    vat_code: str | None = None
    gl_account: str | None = None
    vat_account: str | None = None


class Composition(Struct):
    """The amounts of a document after the checks."""

    excl_vat: Decimal
    vat: Decimal
    incl_vat: Decimal
    lines: list[ComposedLine] = []
    from_header: bool = False
    """The document had no lines; its header stands as one."""


def has_amounts(values: dict[str, Any] | None) -> bool:
    """Whether all three amounts passed their own checks."""
    return values is not None and len(values) == len(_AMOUNT_KEYS)


def check_header(amounts: dict[str, Any], messages: Messages) -> bool:
    """The header's own sum; False with TOTAL-SUM when it does not add up."""
    expected = amounts["exclVat"] + amounts["vat"]
    if expected == amounts["inclVat"]:
        return True
    messages.cross("E", "TOTAL-SUM", "inclVat", "/currencyAmounts/inclVat", value=amounts["inclVat"], expected=expected)
    return False


def compose(
    document_type: str,
    header: dict[str, Any],
    raw_lines: Sequence[dict[str, Any]],
    policy: VatPolicy,
    vat_day: date,
    messages: Messages,
    *,
    as_credited: bool = False,
) -> Composition | None:
    """All amount checks of a document whose fields passed theirs; None when its amounts do not add up.

    Every line with amounts must have all three. Findings come by check, not by line: first what the lines' amounts are, then their sums,
    then their VAT codes. A header without lines that is posted as the document it credits (``as_credited``) needs no code of its own.
    """
    composition = Composition(header["exclVat"], header["vat"], header["inclVat"])
    sound = check_header(header, messages)
    taxed = document_type in ("IN", "CN")
    if not raw_lines:
        line_type = {"IT": "INT", "RM": "FEE"}.get(document_type, "PLH")
        line = ComposedLine({}, line_type, composition.excl_vat, composition.vat, composition.incl_vat)
        composition.from_header = True
        if sound and not as_credited:
            line.vat_code = _line_code(line, policy, vat_day, messages, None, taxed)
        composition.lines.append(line)
        return composition if sound else None
    composition.lines = [_compose_line(raw, index, policy, messages) for index, raw in enumerate(raw_lines)]
    sound = sound and _check_sums(composition, policy, messages)
    for index, line in enumerate(composition.lines):
        if line.excl_vat is not None:
            line.vat_code = _line_code(line, policy, vat_day, messages, index, taxed)
    return composition if sound else None


def _compose_line(raw: dict[str, Any], index: int, policy: VatPolicy, messages: Messages) -> ComposedLine:
    line_type = raw["lineType"]
    if line_type == "TXT":
        return ComposedLine(raw, line_type)
    amounts = raw["currencyAmounts"]
    line = ComposedLine(raw, line_type, amounts["exclVat"], amounts["vat"], amounts["inclVat"])
    used = amounts["inclVat"] - amounts["exclVat"]
    if used != amounts["vat"]:
        messages.cross(policy.severity, "VAT-LINE", "vat", f"/documentLines/{index}/currencyAmounts/vat", line=raw["lineNo"], used=used)
        line.vat = used
    return line


def _line_code(line: ComposedLine, policy: VatPolicy, vat_day: date, messages: Messages, index: int | None, taxed: bool) -> str | None:
    """The VAT code of a line; findings carry the place of the line, or of the header for a document without lines."""
    if line.line_type == "RND":
        return None
    if not taxed or (line.line_type == "FEE" and not line.vat and "vatCode" not in line.raw):
        return NO_TREATMENT_CODE
    assert line.excl_vat is not None and line.vat is not None
    pointer = "/currencyAmounts/vat" if index is None else f"/documentLines/{index}/currencyAmounts/vat"
    sent = line.raw.get("vatCode")
    if sent is not None:
        if all(code != sent for code, _ in output_codes_on(vat_day)):
            messages.cross("E", "CODE-UNKNOWN", "vatCode", f"/documentLines/{index}/vatCode", value=sent)
            return STANDARD_CODE
        if rate_fits(sent, line.excl_vat, line.vat, vat_day, policy.unit) and (policy.registered or not line.vat):
            return sent  # type: ignore[no-any-return]
    elif not line.vat:
        return EXPORT_CODE if policy.abroad else policy.zero_code
    elif policy.registered:
        found = code_for_amounts(line.excl_vat, line.vat, vat_day, policy.unit)
        if found is not None:
            return found
    messages.cross(policy.severity, "VAT-RATE", "vat", pointer, line=line.raw.get("lineNo", 1), code=STANDARD_CODE)
    return STANDARD_CODE


def _check_sums(composition: Composition, policy: VatPolicy, messages: Messages) -> bool:
    excl = vat = incl = ZERO
    for line in composition.lines:
        if line.excl_vat is not None and line.vat is not None and line.incl_vat is not None:
            excl += line.excl_vat
            vat += line.vat
            incl += line.incl_vat
    in_order = True
    rounding_noted = False
    for key, header, lines in (("exclVat", composition.excl_vat, excl), ("inclVat", composition.incl_vat, incl)):
        difference = lines - header
        if abs(difference) > policy.tolerance:
            messages.cross("E", "TOTAL-SUM", key, f"/currencyAmounts/{key}", value=header, expected=lines)
            in_order = False
        elif difference and not rounding_noted:
            messages.cross("W", "ROUNDING", key, f"/currencyAmounts/{key}", value=difference)
            rounding_noted = True
    if in_order and vat != composition.vat:
        messages.cross(policy.severity, "VAT-SUM", "vat", "/currencyAmounts/vat", sum=vat, value=composition.vat)
    return in_order


def parts_of(composition: Composition, rounding_account: str, dimensions_of: Callable[[dict[str, Any]], tuple[tuple[int, str], ...]]) -> list[Part]:
    """What a document credits (an invoice) or debits (a credit note): income, then VAT, then what is left as rounding.

    Every line with amounts has its account, and its VAT account when its code has VAT. The header's VAT wins over the lines': the difference
    goes to the code with the largest base.
    """
    income: list[Part] = []
    vat: dict[tuple[str, str], Decimal] = {}
    bases: dict[tuple[str, str], Decimal] = {}
    left = composition.incl_vat - composition.vat
    lines_vat = ZERO
    for line in composition.lines:
        if line.excl_vat is None or line.gl_account is None:
            continue
        income.append(Part(line.gl_account, line.excl_vat, line.vat_code, dimensions_of(line.raw)))
        left -= line.excl_vat
        if line.vat and line.vat_account is not None and line.vat_code is not None:
            key = (line.vat_account, line.vat_code)
            vat[key] = vat.get(key, ZERO) + line.vat
            bases[key] = bases.get(key, ZERO) + line.excl_vat
            lines_vat += line.vat
        elif line.vat_account is not None and line.vat_code is not None:
            bases.setdefault((line.vat_account, line.vat_code), ZERO)
    difference = composition.vat - lines_vat
    if difference:
        if bases:
            largest = max(bases, key=lambda key: abs(bases[key]))
            vat[largest] = vat.get(largest, ZERO) + difference
        else:
            # No line has a VAT account, so the header's VAT has nowhere to go: it is left over with the rounding.
            left += difference
    parts = income + [Part(account, amount, code) for (account, code), amount in vat.items()]
    if left:
        parts.append(Part(rounding_account, left, None))
    return parts
